/* SPDX-License-Identifier: MIT */
#include "ui/websocket_relay.h"

#include "host/clock.h"
#include "host/thread.h"
#include "ui/websocket.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define IN        4096        /* bytes from the client to the pair that are buffered */
#define OUT       (64u << 10) /* bytes from the pair to the client that are buffered */
#define NS_PER_MS UINT64_C(1000000)

struct relay {
    struct websockets *all;
    int client, pair;
    struct loop_fd *client_source, *pair_source;
    struct loop_timer *stall;
    struct websocket_reader reader;
    bool ending; /* the close frame, which is the last, is in `out` */
    /* bytes [at, size) are to be sent */
    size_t in_at, in_size, out_at, out_size;
    uint8_t in[IN], out[OUT + WEBSOCKET_HEADER];
};

struct websockets {
    struct loop *loop;
    void (*welcome)(void *ctx, int fd, const struct peer *peer);
    void *ctx;
    struct relay *relay[WEBSOCKETS];
};

static void relay_close(struct relay *r)
{
    for (unsigned i = 0; i < WEBSOCKETS; i++)
        if (r->all->relay[i] == r)
            r->all->relay[i] = NULL;
    loop_fd_remove(r->client_source);
    loop_fd_remove(r->pair_source);
    loop_timer_remove(r->stall);
    close(r->client);
    close(r->pair);
    free(r);
}

static void on_stall(void *arg)
{
    relay_close(arg);
}

static void expect_progress(struct relay *r)
{
    loop_timer_set(r->stall, host_now_ns() + WEBSOCKET_STALL_MS * NS_PER_MS);
}

/* True if a result of send or recv means that the connection is closed. */
static bool is_closed(ssize_t n)
{
    return n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
}

/* Sends bytes [*at, size); false: the other side has closed. */
static bool send_buffered(int fd, const uint8_t *data, size_t *at, size_t size)
{
    if (*at == size)
        return true;
    ssize_t n = send(fd, data + *at, size - *at, MSG_NOSIGNAL | MSG_DONTWAIT);
    *at += n > 0 ? (size_t)n : 0;
    return !is_closed(n);
}

/* Puts a header in front of the `size` bytes that are in `out` behind WEBSOCKET_HEADER. */
static void put_frame(struct relay *r, unsigned opcode, size_t size)
{
    uint8_t head[WEBSOCKET_HEADER];
    size_t n = websocket_put_header(head, opcode, size);
    memcpy(r->out + WEBSOCKET_HEADER - n, head, n);
    r->out_at = WEBSOCKET_HEADER - n;
    r->out_size = WEBSOCKET_HEADER + size;
}

/* Makes the close frame, and closes the pair so that the viewer ends at once. */
static void put_close(struct relay *r, unsigned status)
{
    r->out[WEBSOCKET_HEADER] = (uint8_t)(status >> 8);
    r->out[WEBSOCKET_HEADER + 1] = (uint8_t)status;
    put_frame(r, WEBSOCKET_CLOSE, 2);
    r->ending = true;
    shutdown(r->pair, SHUT_RDWR);
}

/* Client to pair; false: the client has closed. */
static bool pump_in(struct relay *r)
{
    if (r->in_at == r->in_size && !r->reader.status) {
        ssize_t n = recv(r->client, r->in, sizeof(r->in), MSG_DONTWAIT);
        if (is_closed(n))
            return false;
        r->in_at = 0;
        r->in_size = n > 0 ? websocket_read(&r->reader, r->in, (size_t)n) : 0;
    }
    if (!send_buffered(r->pair, r->in, &r->in_at, r->in_size))
        r->in_at = r->in_size; /* the viewer has ended; pump_out sends the rest of what it wrote */
    return true;
}

/* Makes the next frame for the client: a close, a pong, or what the viewer sent. */
static void fill_out(struct relay *r)
{
    if (r->reader.status && r->in_at == r->in_size) {
        put_close(r, r->reader.status);
    } else if (r->reader.pinged) {
        r->reader.pinged = false;
        memcpy(r->out + WEBSOCKET_HEADER, r->reader.ping, r->reader.ping_size);
        put_frame(r, WEBSOCKET_PONG, r->reader.ping_size);
    } else {
        ssize_t n = recv(r->pair, r->out + WEBSOCKET_HEADER, OUT, MSG_DONTWAIT);
        if (n > 0)
            put_frame(r, WEBSOCKET_BINARY, (size_t)n);
        else if (is_closed(n))
            put_close(r, WEBSOCKET_NORMAL);
    }
}

/* Pair to client; false: the relay has ended. */
static bool pump_out(struct relay *r)
{
    bool fresh = r->out_at == r->out_size && !r->ending;
    if (fresh)
        fill_out(r);
    size_t before = r->out_at;
    bool ok = send_buffered(r->client, r->out, &r->out_at, r->out_size);
    if (r->out_at == r->out_size)
        loop_timer_set(r->stall, HOST_FOREVER);
    else if (fresh || r->out_at != before)
        expect_progress(r);
    return ok && !(r->ending && r->out_at == r->out_size);
}

/* Closes both sides. Some unread bytes of the client are read and dropped first: if unread data
 * were left, close() would reset the connection, and the client might lose the close frame. */
static void close_gracefully(struct relay *r)
{
    shutdown(r->client, SHUT_WR);
    for (unsigned i = 0; i < 4 && recv(r->client, r->in, sizeof(r->in), MSG_DONTWAIT) > 0; i++)
        ;
    relay_close(r);
}

static void update_events(struct relay *r)
{
    bool in = r->in_at != r->in_size, out = r->out_at != r->out_size;
    unsigned client = (in || r->reader.status ? 0 : LOOP_READ) | (out ? LOOP_WRITE : 0);
    unsigned pair = (out ? 0 : LOOP_READ) | (in ? LOOP_WRITE : 0);
    loop_fd_set(r->client_source, client | LOOP_HANGUP);
    loop_fd_set(r->pair_source, r->ending ? 0 : pair | LOOP_HANGUP);
}

/* Moves bytes once in each direction; the loop calls again while there is more. */
static void relay_pump(struct relay *r)
{
    if (!r->ending && !pump_in(r))
        relay_close(r);
    else if (!pump_out(r))
        close_gracefully(r);
    else
        update_events(r);
}

static void on_client(void *arg, unsigned events)
{
    struct relay *r = arg;
    if ((events & LOOP_HANGUP) && !(events & LOOP_READ))
        relay_close(r);
    else
        relay_pump(r);
}

/* When the viewer has closed and the client does not read, the connection is cut, so that the
 * viewer's thread, which may be blocked on a full pair, can end. */
static void on_pair(void *arg, unsigned events)
{
    struct relay *r = arg;
    if ((events & LOOP_HANGUP) && r->out_at != r->out_size)
        relay_close(r);
    else
        relay_pump(r);
}

/* --- connections --- */

/* Returns a free slot, or that of a relay which has only to send its last bytes; NULL: none. */
static struct relay **find_slot(struct websockets *w)
{
    struct relay **ending = NULL;
    for (struct relay **r = w->relay; r < w->relay + WEBSOCKETS; r++) {
        if (!*r)
            return r;
        if ((*r)->ending)
            ending = r;
    }
    if (ending)
        relay_close(*ending);
    return ending;
}

/* Returns a relay between two sockets; NULL: out of memory, and both stay open. */
static struct relay *relay_create(struct websockets *w, int client, int pair)
{
    struct relay *r = calloc(1, sizeof(*r));
    if (!r)
        return NULL;
    r->all = w;
    r->client = client;
    r->pair = pair;
    r->client_source = loop_fd_add(w->loop, client, LOOP_READ, on_client, r);
    r->pair_source = loop_fd_add(w->loop, pair, LOOP_READ, on_pair, r);
    r->stall = loop_timer_add(w->loop, on_stall, r);
    if (r->client_source && r->pair_source && r->stall)
        return r;
    loop_fd_remove(r->client_source);
    loop_fd_remove(r->pair_source);
    loop_timer_remove(r->stall);
    free(r);
    return NULL;
}

void websockets_admit(struct websockets *w, int fd, const char *hello, const void *early,
                      size_t early_size)
{
    int pair[2], on = 1;
    struct relay **slot = find_slot(w);
    if (!slot || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair)) {
        close(fd);
        return;
    }
    struct relay *r = *slot = relay_create(w, fd, pair[0]);
    if (!r) {
        close(pair[0]);
        close(pair[1]);
        close(fd);
        return;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    struct peer peer;
    peer_of(&peer, fd);
    r->out_size = MIN(strlen(hello), sizeof(r->out));
    memcpy(r->out, hello, r->out_size);
    memcpy(r->in, early, MIN(early_size, sizeof(r->in)));
    r->in_size = websocket_read(&r->reader, r->in, MIN(early_size, sizeof(r->in)));
    expect_progress(r);
    update_events(r);
    w->welcome(w->ctx, pair[1], &peer);
}

struct websockets *websockets_create(struct loop *loop,
                                     void (*welcome)(void *ctx, int fd, const struct peer *peer),
                                     void *ctx)
{
    struct websockets *w = calloc(1, sizeof(*w));
    if (!w)
        return NULL;
    w->loop = loop;
    w->welcome = welcome;
    w->ctx = ctx;
    return w;
}

void websockets_destroy(struct websockets *w)
{
    if (!w)
        return;
    for (unsigned i = 0; i < WEBSOCKETS; i++)
        if (w->relay[i])
            relay_close(w->relay[i]);
    free(w);
}
