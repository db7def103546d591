/* SPDX-License-Identifier: MIT */
/* Parses HTTP requests. Pure functions over text; any thread. */
#ifndef UI_HTTP_REQUEST_H
#define UI_HTTP_REQUEST_H

#include "base/util.h"

/* Texts are printable ASCII without blanks; "" if the header is missing or its value is anything
 * else. */
struct http_request {
    bool get;         /* the method is GET */
    bool websocket;   /* asks for an upgrade to a WebSocket */
    char path[256];   /* without "?..."; "" if it is no path of a file (copy_path) */
    char host[128];   /* the Host header: this server's name, with its port if that is not 80 */
    char origin[160]; /* the server whose page sends the request */
    char key[32];     /* Sec-WebSocket-Key */
    char version[8];  /* Sec-WebSocket-Version */
    bool binary;      /* Sec-WebSocket-Protocol offers "binary" */
};

/* Returns the length of a request's head, with its empty line, in n bytes; 0: it is not
 * complete. */
size_t http_head_length(const char *text, size_t n);
/* Parses a complete head, ended by a NUL. False: it is not HTTP, or has two Host or Origin headers
 * (RFC 9112, 3.2). */
bool http_parse(struct http_request *r, const char *head);
/*
 * True if there is a Host header and, with `local`, its name always means this machine (localhost,
 * 127.x.y.z, [::1]): the page of another server cannot have such a name by way of DNS.
 */
bool http_host_ok(const struct http_request *r, bool local);
/* True if a page of this server sends the request. local: as above. */
bool http_same_origin(const struct http_request *r, bool local);
/* Returns the media type of a file by the ending of its name. */
const char *http_type(const char *path);

#endif
