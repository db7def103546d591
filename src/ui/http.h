/* SPDX-License-Identifier: MIT */
/*
 * The part of HTTP/1.1 (RFC 9112) that a page in a browser needs: GET of the files of one folder,
 * and the upgrade to a WebSocket, whose connection is passed on. One request for each connection.
 * All connections are served on one loop without blocking: a slow or silent client occupies one of
 * HTTP_MAX slots until HTTP_TIMEOUT_MS pass without progress. The loop's thread only.
 */
#ifndef UI_HTTP_H
#define UI_HTTP_H

#include "base/error.h"
#include "base/log.h"
#include "host/loop.h"
#include "ui/websocket_relay.h"

#define HTTP_MAX        64    /* connections at a time; one more closes the oldest */
#define HTTP_REQUEST    4095  /* bytes of a request, at most */
#define HTTP_TIMEOUT_MS 10000 /* without progress */

struct http;
struct http_config {
    struct loop *loop;
    struct log *log;
    const char *folder; /* of the files; NULL: all answers are 404 */
    const char *start;  /* "/" is redirected here */
    /*
     * For a server without a password: answers only if the Host header is a name of this machine,
     * and lets only its own pages open a WebSocket. Browsers let any page that the user visits open
     * one to any host, so any page could otherwise use the screen.
     */
    bool local_only;
    bool any_page; /* pages of any server may open a WebSocket: a password is asked for */
    struct websockets *websockets; /* gets the connections that were upgraded */
};

/* Returns NULL with one line in err that names the folder, not the option. */
struct http *http_create(const struct http_config *config, struct error *err);
void http_destroy(struct http *h);       /* NULL is fine */
void http_admit(struct http *h, int fd); /* takes over a non-blocking socket */

#endif
