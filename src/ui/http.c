/* SPDX-License-Identifier: MIT */
#include "ui/http.h"

#include "host/beneath.h"
#include "host/clock.h"
#include "host/thread.h"
#include "ui/http_request.h"
#include "ui/websocket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define NS_PER_MS UINT64_C(1000000)
#define SLICE     (256 << 10) /* bytes of a file sent at once; then other connections are served */

struct connection {
    struct http *http;
    bool busy;
    int fd;
    uint64_t since;
    struct loop_fd *source;
    struct loop_timer *timeout;
    char request[HTTP_REQUEST + 1];
    size_t request_size;
    /* the response */
    char head[1024];
    size_t head_size, head_sent;
    int file; /* the response's body; -1: none, or it is in `head` */
    off_t file_sent, file_size;
};

struct http {
    struct http_config config;
    int folder;
    struct connection connection[HTTP_MAX];
    struct log_limit limit;
};

static void close_connection(struct connection *c, bool close_fd)
{
    loop_fd_remove(c->source);
    loop_timer_remove(c->timeout);
    if (c->file >= 0)
        close(c->file);
    if (close_fd)
        close(c->fd);
    c->busy = false;
}

static void on_timeout(void *arg)
{
    close_connection(arg, true);
}

static void restart_timeout(struct connection *c)
{
    loop_timer_set(c->timeout, host_now_ns() + HTTP_TIMEOUT_MS * NS_PER_MS);
}

/* --- responses --- */

/* Sends what the socket accepts, a slice of the file at most. Returns true when all is sent, or the
 * connection has failed. */
static bool send_response(struct connection *c)
{
    while (c->head_sent < c->head_size) {
        ssize_t n = send(c->fd, c->head + c->head_sent, c->head_size - c->head_sent, MSG_NOSIGNAL);
        if (n < 0)
            return errno != EAGAIN && errno != EINTR;
        c->head_sent += (size_t)n;
    }
    if (c->file < 0 || c->file_sent >= c->file_size)
        return true;
    size_t slice = (size_t)MIN(c->file_size - c->file_sent, SLICE);
    ssize_t n = sendfile(c->fd, c->file, &c->file_sent, slice);
    if (n <= 0)
        return n == 0 || (errno != EAGAIN && errno != EINTR);
    restart_timeout(c);
    return c->file_sent >= c->file_size;
}

/* Reads and drops what the client has sent, up to a few requests. If unread data were left, close()
 * would reset the connection, and the client might lose the response. */
static void drain_socket(int fd)
{
    char text[HTTP_REQUEST];
    for (unsigned i = 0; i < 4 && recv(fd, text, sizeof(text), MSG_DONTWAIT) > 0; i++)
        ;
}

/* Sends on, and closes the connection when all is sent. */
static void send_and_close(struct connection *c)
{
    if (!send_response(c)) {
        loop_fd_set(c->source, LOOP_WRITE);
        return;
    }
    shutdown(c->fd, SHUT_WR);
    drain_socket(c->fd);
    close_connection(c, true);
}

/* Begins the response. more: header lines, each with its CR LF. The body is `text`, or the file. */
static void respond(struct connection *c, const char *status, const char *more, const char *text)
{
    static const char common[] = "Connection: close\r\n"
                                 "X-Content-Type-Options: nosniff\r\n"
                                 "Content-Security-Policy: frame-ancestors 'self'\r\n"
                                 "Cross-Origin-Resource-Policy: same-origin\r\n"
                                 "Cross-Origin-Opener-Policy: same-origin\r\n"
                                 "Referrer-Policy: no-referrer\r\n"
                                 "Cache-Control: no-cache\r\n";
    long long size = c->file >= 0 ? (long long)c->file_size : (long long)strlen(text);
    int n = snprintf(c->head, sizeof(c->head), "HTTP/1.1 %s\r\n%s%sContent-Length: %lld\r\n\r\n%s",
                     status, common, more, size, text);
    c->head_size = MIN((size_t)n, sizeof(c->head) - 1);
    send_and_close(c);
}

static void respond_error(struct connection *c, const char *status, const char *text)
{
    respond(c, status, "Content-Type: text/plain\r\n", text);
}

static void send_file(struct connection *c, const char *path)
{
    struct stat st;
    char type[80];
    c->file = host_open_beneath(c->http->folder, path + 1);
    if (c->file >= 0 && fstat(c->file, &st)) {
        close(c->file);
        c->file = -1;
    }
    if (c->file < 0) {
        respond_error(c, "404 Not Found", "There is no such file.\n");
        return;
    }
    c->file_size = st.st_size;
    snprintf(type, sizeof(type), "Content-Type: %s\r\n", http_type(path));
    respond(c, "200 OK", type, "");
}

static void serve_file(struct connection *c, const struct http_request *r)
{
    char location[200];
    if (!r->get) {
        respond(c, "405 Method Not Allowed", "Allow: GET\r\n", "");
    } else if (!r->path[0] || !c->http->config.folder) {
        respond_error(c, "404 Not Found", "There is no such file.\n");
    } else if (!http_host_ok(r, c->http->config.local_only)) {
        respond_error(
            c, "403 Forbidden",
            "Without a password this server answers to localhost, 127.0.0.1 and [::1] only. "
            "Open the address that riscreen printed.\n");
    } else if (!strcmp(r->path, "/")) {
        snprintf(location, sizeof(location), "Location: %s\r\n", c->http->config.start);
        respond(c, "302 Found", location, "");
    } else {
        send_file(c, r->path);
    }
}

/* --- requests --- */

static void refuse_page(struct connection *c, const struct http_request *r)
{
    struct http *h = c->http;
    log_limited(h->config.log, &h->limit, LOG_BY_CLIENT,
                "a page of %s wanted to see the screen and was refused; open the address that "
                "riscreen printed",
                r->origin[0] ? r->origin : "nobody");
    respond_error(c, "403 Forbidden", "This page may not see the screen.\n");
}

/* early: bytes that the client sent behind its request. */
static void upgrade_to_websocket(struct connection *c, const struct http_request *r,
                                 const char *early, size_t early_size)
{
    struct http *h = c->http;
    char proof[WEBSOCKET_ACCEPT], hello[256];
    if (!http_same_origin(r, h->config.local_only) && !h->config.any_page) {
        refuse_page(c, r);
    } else if (strcmp(r->version, "13") != 0) {
        respond(c, "426 Upgrade Required", "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n",
                "");
    } else if (!websocket_accept(proof, r->key)) {
        respond_error(c, "400 Bad Request", "That is no WebSocket.\n");
    } else {
        snprintf(hello, sizeof(hello),
                 "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                 "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n%s\r\n",
                 proof, r->binary ? "Sec-WebSocket-Protocol: binary\r\n" : "");
        close_connection(c, false);
        websockets_admit(h->config.websockets, c->fd, hello, early, early_size);
    }
}

static void serve_request(struct connection *c, size_t length)
{
    struct http_request r;
    char after = c->request[length];
    c->request[length] = 0;
    bool ok = http_parse(&r, c->request);
    c->request[length] = after;
    if (!ok)
        respond_error(c, "400 Bad Request", "This is a web server.\n");
    else if (r.get && r.websocket)
        upgrade_to_websocket(c, &r, c->request + length, c->request_size - length);
    else
        serve_file(c, &r);
}

static void read_request(struct connection *c)
{
    ssize_t n = recv(c->fd, c->request + c->request_size, HTTP_REQUEST - c->request_size, 0);
    if (n <= 0) {
        if (n == 0 || (errno != EAGAIN && errno != EINTR))
            close_connection(c, true);
        return;
    }
    c->request_size += (size_t)n;
    size_t length = http_head_length(c->request, c->request_size);
    if (length)
        serve_request(c, length);
    else if (c->request_size == HTTP_REQUEST)
        respond_error(c, "431 Request Header Fields Too Large", "That is too long a request.\n");
}

static void on_connection(void *arg, unsigned events)
{
    struct connection *c = arg;
    if (c->head_size)
        send_and_close(c);
    else if (events & LOOP_READ)
        read_request(c);
    else
        close_connection(c, true);
}

/* --- connections --- */

/* Returns a free slot; if there is none, closes the oldest connection. */
static struct connection *free_slot(struct http *h)
{
    struct connection *oldest = &h->connection[0];
    for (struct connection *c = h->connection; c < h->connection + HTTP_MAX; c++) {
        if (!c->busy)
            return c;
        if (c->since < oldest->since)
            oldest = c;
    }
    close_connection(oldest, true);
    return oldest;
}

void http_admit(struct http *h, int fd)
{
    struct connection *c = free_slot(h);
    c->http = h;
    c->busy = true;
    c->fd = fd;
    c->since = host_now_ns();
    c->request_size = c->head_size = c->head_sent = 0;
    c->file = -1;
    c->file_sent = 0;
    c->source = loop_fd_add(h->config.loop, fd, LOOP_READ, on_connection, c);
    c->timeout = loop_timer_add(h->config.loop, on_timeout, c);
    if (c->source && c->timeout) {
        restart_timeout(c);
        return;
    }
    if (c->source)
        loop_fd_remove(c->source);
    if (c->timeout)
        loop_timer_remove(c->timeout);
    close(fd);
    c->busy = false;
}

struct http *http_create(const struct http_config *config, struct error *err)
{
    struct http *h = calloc(1, sizeof(*h));
    if (!h) {
        error_no_memory(err);
        return NULL;
    }
    h->config = *config;
    h->folder = config->folder ? open(config->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (h->folder >= 0 || !config->folder)
        return h;
    error_set(err, "%s: %s", config->folder, strerror(errno));
    free(h);
    return NULL;
}

void http_destroy(struct http *h)
{
    if (!h)
        return;
    for (struct connection *c = h->connection; c < h->connection + HTTP_MAX; c++)
        if (c->busy)
            close_connection(c, true);
    if (h->folder >= 0)
        close(h->folder);
    free(h);
}
