/* SPDX-License-Identifier: MIT */
/*
 * As much of HTTP/1.1 (RFC 9112) as a page in a browser needs: files of one folder by GET, and the
 * request to go on as a WebSocket, which is answered and handed on with the connection. One request
 * a connection, all on one loop, no thread: a client that is slow or silent holds one of HTTP_MAX
 * places for some seconds. The loop's thread only.
 */
#ifndef UI_HTTP_H
#define UI_HTTP_H

#include "base/error.h"
#include "base/log.h"
#include "host/loop.h"
#include "ui/websocket_relay.h"

#define HTTP_MAX        64    /* connections at a time; the oldest goes when there are more */
#define HTTP_REQUEST    4095  /* bytes of a request, at most */
#define HTTP_TIMEOUT_MS 10000 /* without progress */

struct http;
struct http_config {
    struct loop *loop;
    struct log *log;
    const char *folder; /* of the files; NULL: there are none */
    const char *start;  /* where "/" leads */
    /*
     * Without a password: only under a name of this machine, and only pages that this server itself
     * gave out may open a WebSocket. Otherwise any page that the user visits could, since browsers
     * do not stop it.
     */
    bool local_only;
    bool any_page; /* a page of any server may open a WebSocket: the password protects it */
    struct websockets *websockets; /* take over the connections that want to be one */
};

/* NULL with one line in err, which does not say whose folder it is. */
struct http *http_create(const struct http_config *config, struct error *err);
void http_destroy(struct http *h);       /* NULL is fine */
void http_admit(struct http *h, int fd); /* a connection, not blocking, which is http's from now */

#endif
