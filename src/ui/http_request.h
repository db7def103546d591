/* SPDX-License-Identifier: MIT */
/* What an HTTP request says. Pure functions over text; any thread. */
#ifndef UI_HTTP_REQUEST_H
#define UI_HTTP_REQUEST_H

#include "base/util.h"

struct http_request {
    bool get;         /* GET; false: some other method */
    bool websocket;   /* wants to go on as one */
    char path[256];   /* without "?..."; "" if it is none that a file may have */
    char host[128];   /* "" if it is not said */
    char origin[160]; /* whose page asks; "" if it is not said */
};

/* The length of a request's head, to the empty line and with it, in n bytes; 0: not all there. */
size_t http_head_length(const char *text, size_t n);
/* head: a whole one, ended by a 0. False: it is no HTTP. */
bool http_parse(struct http_request *r, const char *head);
/* Does a page of this very server ask? local: and under a name that is this machine's own. */
bool http_same_origin(const struct http_request *r, bool local);
/* A file's type by its name. */
const char *http_type(const char *path);

#endif
