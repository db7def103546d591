/* SPDX-License-Identifier: MIT */
#include "backend/chr_stdio.h"

#include "host/clock.h"
#include "host/terminal.h"
#include "host/thread.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define IN_ROOM  4096
#define OUT_ROOM (256u << 10)
#define OUT_HIGH (64u << 10)             /* from here on write returns false */
#define OUT_LOW  (32u << 10)             /* below it chr_writable is called */
#define CHUNK    4096                    /* a pipe that is ready takes it without blocking */
#define PAUSE_NS (2 * NS_PER_SEC / 1000) /* between two writes: bytes gather meanwhile */
#define LAST_NS  NS_PER_SEC              /* at most this long at the end */
#define AWAY_NS  NS_PER_SEC /* between two checks of a terminal that another job reads */
#define ESCAPE   1          /* Ctrl-A */

static const char help[] = "\r\nCtrl-A x       end the machine\r\n"
                           "Ctrl-A h       this list\r\n"
                           "Ctrl-A Ctrl-A  send Ctrl-A to the guest\r\n";

struct chr_stdio {
    struct chr chr; /* first */
    void (*quit)(void *ctx);
    void *ctx;
    struct loop_event written;  /* calls write_output */
    struct loop_event accepted; /* calls offer_input */
    /* the loop's thread */
    int in, out;
    bool out_ours; /* `out` was opened by us, to be non-blocking */
    bool out_gone; /* its reader is gone */
    struct loop_fd *in_src, *out_src;
    struct loop_timer *timer;
    struct host_terminal *terminal;
    bool away;                /* the terminal is another job's */
    struct loop_timer *again; /* ends a pause in watching it */
    bool escaped;
    uint8_t ahead[IN_ROOM];
    size_t ahead_count;
    /* under lock */
    pthread_mutex_t lock;
    uint8_t *ring;
    size_t ring_at, ring_count;
    bool busy; /* the loop's thread is about to read the ring: no post is needed */
    bool full; /* write returned false, and chr_writable was not called since */
};

/* --- output --- */

/* Takes n bytes out of the ring; true if a waiting writer may go on. */
static bool ring_drop(struct chr_stdio *c, size_t n)
{
    pthread_mutex_lock(&c->lock);
    c->ring_at = (c->ring_at + n) % OUT_ROOM;
    c->ring_count -= n;
    bool writable = c->full && c->ring_count < OUT_LOW;
    if (writable)
        c->full = false;
    pthread_mutex_unlock(&c->lock);
    return writable;
}

/* The next bytes to write, in place: only this thread removes bytes, so they stay. */
static size_t ring_peek(struct chr_stdio *c, const uint8_t **bytes)
{
    pthread_mutex_lock(&c->lock);
    size_t n = MIN(MIN(c->ring_count, OUT_ROOM - c->ring_at), CHUNK);
    *bytes = c->ring + c->ring_at;
    pthread_mutex_unlock(&c->lock);
    return n;
}

/*
 * Writes what the host takes now, at most the ring's size: a guest may fill it as fast as we empty
 * it, and the loop has others to serve. False: there is, or may be, more to write.
 */
static bool write_ring(struct chr_stdio *c)
{
    const uint8_t *bytes;
    size_t n, left = OUT_ROOM;
    while ((n = ring_peek(c, &bytes))) {
        if (n > left)
            return false;
        ssize_t done = c->out_gone ? (ssize_t)n : write(c->out, bytes, n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0 && errno == EAGAIN)
            return false;
        if (done < 0) {
            c->out_gone = true;
            continue;
        }
        left -= (size_t)done;
        if (ring_drop(c, (size_t)done))
            chr_writable(&c->chr);
        if (!c->out_ours && !c->out_gone)
            return false; /* it might block: ask poll before each chunk */
    }
    return true;
}

/* Writes, then either waits for the host, or pauses to let more bytes gather. */
static void write_output(void *arg)
{
    struct chr_stdio *c = arg;
    bool done = write_ring(c);
    if (c->out_src)
        loop_fd_set(c->out_src, done ? 0 : LOOP_WRITE);
    loop_timer_set(c->timer, done || !c->out_src ? host_now_ns() + PAUSE_NS : HOST_FOREVER);
}

static void on_writable(void *arg, unsigned events)
{
    (void)events; /* a hang-up shows as an error of write */
    write_output(arg);
}

static void on_timer(void *arg)
{
    struct chr_stdio *c = arg;
    pthread_mutex_lock(&c->lock);
    c->busy = c->ring_count > 0;
    bool more = c->busy;
    pthread_mutex_unlock(&c->lock);
    if (more)
        write_output(c);
}

static struct chr_stdio *stdio_of(struct chr *chr)
{
    return container_of(chr, struct chr_stdio, chr);
}

static bool stdio_write(struct chr *chr, const uint8_t *bytes, size_t n)
{
    struct chr_stdio *c = stdio_of(chr);
    pthread_mutex_lock(&c->lock);
    n = MIN(n, OUT_ROOM - c->ring_count);
    for (size_t i = 0; i < n; i++)
        c->ring[(c->ring_at + c->ring_count + i) % OUT_ROOM] = bytes[i];
    c->ring_count += n;
    c->full = c->full || c->ring_count >= OUT_HIGH;
    bool more = !c->full, wake = n && !c->busy;
    c->busy = c->busy || wake;
    pthread_mutex_unlock(&c->lock);
    if (wake)
        loop_event_post(&c->written);
    return more;
}

bool chr_stdio_full(struct chr_stdio *c)
{
    pthread_mutex_lock(&c->lock);
    bool full = c->full;
    pthread_mutex_unlock(&c->lock);
    return full;
}

/*
 * Non-blocking, without setting O_NONBLOCK on a file description that we share with a shell: opened
 * anew. That works for terminals and pipes; a file never blocks for long.
 */
static void open_output(struct chr_stdio *c, int out)
{
    struct stat st;
    c->out = out;
    if (out < 0 || fstat(out, &st)) {
        c->out_gone = true;
        return;
    }
    if (!S_ISCHR(st.st_mode) && !S_ISFIFO(st.st_mode))
        return;
    char path[32];
    snprintf(path, sizeof(path), "/proc/self/fd/%d", out);
    int fd = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd >= 0) {
        c->out = fd;
        c->out_ours = true;
    }
}

/* At the end: what is left, unless nobody takes it. */
static void write_rest(struct chr_stdio *c)
{
    uint64_t deadline = host_now_ns() + LAST_NS, now;
    const uint8_t *bytes;
    while (ring_peek(c, &bytes) && (now = host_now_ns()) < deadline) {
        struct pollfd p = {.fd = c->out, .events = POLLOUT};
        if (c->out_gone || poll(&p, 1, (int)((deadline - now) / 1000000) + 1) > 0)
            write_ring(c);
    }
}

/* --- input --- */

static void stdio_accept(struct chr *chr)
{
    loop_event_post(&stdio_of(chr)->accepted);
}

/* Offers the device what was read ahead, and reads on if that leaves room. */
static void offer_input(void *arg)
{
    struct chr_stdio *c = arg;
    size_t took = c->ahead_count ? chr_input(&c->chr, c->ahead, c->ahead_count) : 0;
    c->ahead_count -= took;
    memmove(c->ahead, c->ahead + took, c->ahead_count);
    if (c->in_src)
        loop_fd_set(c->in_src, c->ahead_count < IN_ROOM ? LOOP_READ : 0);
}

/* The key after Ctrl-A; true: it is for the guest. */
static bool handle_escape(struct chr_stdio *c, uint8_t key)
{
    switch (key) {
    case ESCAPE: return true;
    case 'x': c->quit(c->ctx); return false;
    case 'h':
    case '?': stdio_write(&c->chr, (const uint8_t *)help, sizeof(help) - 1); return false;
    default: return false;
    }
}

static void take_input(struct chr_stdio *c, const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        bool pass = true;
        if (c->escaped) {
            c->escaped = false;
            pass = handle_escape(c, bytes[i]);
        } else if (c->terminal && bytes[i] == ESCAPE) {
            c->escaped = true;
            pass = false;
        }
        if (pass)
            c->ahead[c->ahead_count++] = bytes[i];
    }
}

/*
 * Does the terminal's input belong to riscreen? Most shells send SIGCONT to the job that they put
 * into the foreground, bash not always: then the terminal is taken here, when the first line is
 * typed. Input for another job keeps the descriptor readable until that job reads it, so the
 * descriptor is not watched for AWAY_NS.
 */
static bool is_ours(struct chr_stdio *c)
{
    if (!c->terminal)
        return true;
    if (c->away || !host_terminal_ours(c->terminal))
        chr_stdio_terminal(c, true);
    if (!c->away)
        return true;
    loop_fd_set(c->in_src, 0);
    loop_timer_set(c->again, host_now_ns() + AWAY_NS);
    return false;
}

/* After an error of read. A terminal's EIO: it became another job's just now. */
static bool may_go_on(const struct chr_stdio *c, bool gone)
{
    return errno == EINTR || errno == EAGAIN || (errno == EIO && c->terminal && !gone);
}

static void on_readable(void *arg, unsigned events)
{
    struct chr_stdio *c = arg;
    uint8_t bytes[IN_ROOM];
    bool gone = events & LOOP_HANGUP; /* shows as end of file or an error, too */
    if (!gone && !is_ours(c))
        return;
    ssize_t n = read(c->in, bytes, IN_ROOM - c->ahead_count);
    if (n > 0) {
        take_input(c, bytes, (size_t)n);
        offer_input(c);
    } else if (n == 0 || !may_go_on(c, gone)) {
        loop_fd_remove(c->in_src);
        c->in_src = NULL;
    }
}

/* --- both --- */

static const struct chr_ops stdio_ops = {stdio_write, stdio_accept};

struct chr_stdio *chr_stdio_create(struct loop *loop, int in, int out, void (*quit)(void *ctx),
                                   void *ctx)
{
    struct chr_stdio *c = calloc(1, sizeof(*c));
    if (!c)
        return NULL;
    c->chr.ops = &stdio_ops;
    c->quit = quit;
    c->ctx = ctx;
    loop_event_init(&c->written, loop, write_output, c);
    loop_event_init(&c->accepted, loop, offer_input, c);
    c->in = in;
    pthread_mutex_init(&c->lock, NULL);
    open_output(c, out);
    c->ring = malloc(OUT_ROOM);
    c->timer = loop_timer_add(loop, on_timer, c);
    c->again = loop_timer_add(loop, offer_input, c);
    if (!c->ring || !c->timer || !c->again) {
        chr_stdio_destroy(c);
        return NULL;
    }
    if (c->out >= 0)
        c->out_src = loop_fd_add(loop, c->out, 0, on_writable, c);
    c->terminal = host_terminal_create(in);
    chr_stdio_terminal(c, true);
    if (in >= 0)
        c->in_src = loop_fd_add(loop, in, LOOP_READ, on_readable, c);
    return c;
}

struct chr *chr_stdio_chr(struct chr_stdio *c)
{
    return &c->chr;
}

void chr_stdio_terminal(struct chr_stdio *c, bool take)
{
    if (c->terminal && take)
        c->away = !host_terminal_take(c->terminal);
    else if (c->terminal)
        host_terminal_give(c->terminal);
}

void chr_stdio_destroy(struct chr_stdio *c)
{
    if (!c)
        return;
    if (c->ring)
        write_rest(c);
    loop_event_cancel(&c->written);
    loop_event_cancel(&c->accepted);
    host_terminal_destroy(c->terminal);
    loop_fd_remove(c->in_src);
    loop_fd_remove(c->out_src);
    loop_timer_remove(c->timer);
    loop_timer_remove(c->again);
    if (c->out_ours)
        close(c->out);
    pthread_mutex_destroy(&c->lock);
    free(c->ring);
    free(c);
}
