/* SPDX-License-Identifier: MIT */
/* What an HTTP request says. Pure functions over text; any thread. */
#ifndef UI_HTTP_REQUEST_H
#define UI_HTTP_REQUEST_H

#include "base/util.h"

/* Texts are printable ASCII without blanks; "" if the client does not say it or says something
 * else.
 */
struct http_request {
    bool get;         /* GET; false: some other method */
    bool websocket;   /* wants to go on as one */
    char path[256];   /* without "?..."; "" if it is none that a file may have */
    char host[128];   /* what the client calls this server, with a port if it is not 80 */
    char origin[160]; /* whose page asks */
    char key[32];     /* Sec-WebSocket-Key */
    char version[8];  /* Sec-WebSocket-Version */
    bool binary;      /* Sec-WebSocket-Protocol offers "binary" */
};

/* The length of a request's head, to the empty line and with it, in n bytes; 0: not all there. */
size_t http_head_length(const char *text, size_t n);
/* head: a whole one, ended by a 0. False: it is no HTTP, or it says Host or Origin twice (RFC 9112,
 * 3.2). */
bool http_parse(struct http_request *r, const char *head);
/*
 * Is this server called by a name that it may answer to? local: by one that is this machine's own
 * (localhost, 127.x.y.z, [::1]), which no name server can give to somebody else's page.
 */
bool http_host_ok(const struct http_request *r, bool local);
/* Does a page of this very server ask? local: as above. */
bool http_same_origin(const struct http_request *r, bool local);
/* A file's type by its name. */
const char *http_type(const char *path);

#endif
