/* SPDX-License-Identifier: MIT */
/*
 * The control socket's clients on the io loop: bytes in and out, and events on their way from the
 * machine's thread to all clients.
 */
#include "monitor/monitor.h"

#include "display/input.h"
#include "host/clock.h"
#include "host/loop.h"
#include "monitor/keys.h"
#include "monitor/qmp.h"
#include "monitor/screendump.h"
#include "monitor/socket.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_CLIENTS 16
#define MAX_OUTPUT  (1u << 20)   /* bytes a client may leave unread before it is dropped */
#define LAST_WAIT   100          /* ms: for a client to read its last bytes */
#define RETRY       (NS_PER_SEC) /* after accept failed for want of descriptors */
#define MAX_NOTES   256          /* that wait; then one that was repeated is left out */

struct client {
    struct monitor *mon;
    struct client *next;
    int fd;
    struct loop_fd *src;
    struct qmp qmp;
    char in[4096]; /* read, but not taken yet: the client waits for an event */
    size_t in_at, in_n;
    char *out;
    size_t out_at, out_n, out_room;
    bool closing; /* no more input; freed once the output is gone */
    bool broken;
};

/* An event on its way to the loop. */
struct note {
    enum machine_event event;
    enum machine_cause cause;
    uint64_t wall_ns;
};

struct monitor {
    struct loop *loop;
    struct log *log;
    struct qmp_target target;
    struct unix_listener listener;
    struct loop_fd *listen_src;
    struct loop_timer *retry;
    struct client *clients;
    unsigned count;
    /* any thread */
    pthread_mutex_t lock;
    struct note note[MAX_NOTES]; /* the oldest first */
    unsigned notes;
    struct loop_event noted; /* calls send_events */
    struct machine_listener events;
};

/* --- output --- */

static void flush_output(struct client *c)
{
    while (c->out_at < c->out_n && !c->broken) {
        ssize_t n = send(c->fd, c->out + c->out_at, c->out_n - c->out_at, MSG_NOSIGNAL);
        if (n >= 0)
            c->out_at += (size_t)n;
        else if (errno == EAGAIN)
            return;
        else if (errno != EINTR)
            c->broken = true;
    }
    c->out_at = c->out_n = 0;
}

static void client_send(void *ctx, const char *bytes, size_t n)
{
    struct client *c = ctx;
    if (c->out_at) {
        memmove(c->out, c->out + c->out_at, c->out_n - c->out_at);
        c->out_n -= c->out_at;
        c->out_at = 0;
    }
    if (c->broken || n > MAX_OUTPUT - c->out_n) {
        c->broken = true;
        return;
    }
    if (c->out_n + n > c->out_room) {
        size_t room = MAX(c->out_n + n, 2 * c->out_room);
        char *grown = realloc(c->out, room);
        if (!grown) {
            c->broken = true;
            return;
        }
        c->out = grown;
        c->out_room = room;
    }
    memcpy(c->out + c->out_n, bytes, n);
    c->out_n += n;
}

/* --- clients --- */

static void client_destroy(struct client *c)
{
    struct monitor *mon = c->mon;
    for (struct client **p = &mon->clients; *p; p = &(*p)->next) {
        if (*p == c) {
            *p = c->next;
            break;
        }
    }
    mon->count--;
    loop_fd_remove(c->src);
    qmp_finish(&c->qmp);
    close(c->fd);
    free(c->out);
    free(c);
}

/* After anything happened to a client: sends what can be sent, asks for what can be used. */
static void client_settle(struct client *c)
{
    flush_output(c);
    bool unsent = c->out_at < c->out_n;
    if (c->broken || (c->closing && !unsent && !c->qmp.waiting)) {
        client_destroy(c);
        return;
    }
    bool read = !unsent && !c->qmp.waiting && !c->closing;
    loop_fd_set(c->src, (read ? LOOP_READ : 0) | (unsent ? LOOP_WRITE : 0));
}

static void take_input(struct client *c)
{
    c->in_at += qmp_input(&c->qmp, c->in + c->in_at, c->in_n - c->in_at);
    if (c->in_at == c->in_n)
        c->in_at = c->in_n = 0;
}

/* A command that took its time is over. */
static void on_resume(void *ctx)
{
    struct client *c = ctx;
    take_input(c);
    client_settle(c);
}

static void on_client(void *arg, unsigned events)
{
    struct client *c = arg;
    if (events & LOOP_READ) {
        ssize_t n = recv(c->fd, c->in, sizeof(c->in), 0);
        if (n > 0) {
            c->in_at = 0;
            c->in_n = (size_t)n;
            take_input(c);
        } else if (n == 0) {
            c->closing = true;
        } else if (errno != EAGAIN && errno != EINTR) {
            c->broken = true;
        }
    } else if (events & LOOP_HANGUP) {
        c->broken = true;
    }
    client_settle(c);
}

static void client_create(struct monitor *mon, int fd)
{
    struct client *c = calloc(1, sizeof(*c));
    if (!c) {
        close(fd);
        return;
    }
    c->mon = mon;
    c->fd = fd;
    c->src = loop_fd_add(mon->loop, fd, LOOP_READ, on_client, c);
    if (!c->src || !qmp_init(&c->qmp, &mon->target, client_send, c)) {
        loop_fd_remove(c->src);
        close(fd);
        free(c);
        return;
    }
    c->qmp.resume = on_resume;
    c->next = mon->clients;
    mon->clients = c;
    mon->count++;
    client_settle(c);
}

static void on_listener(void *arg, unsigned events)
{
    struct monitor *mon = arg;
    (void)events;
    int fd = unix_listener_accept(&mon->listener);
    if (fd >= 0 && mon->count < MAX_CLIENTS) {
        client_create(mon, fd);
    } else if (fd >= 0) {
        close(fd);
    } else if (errno != EAGAIN && errno != ECONNABORTED) {
        loop_fd_set(mon->listen_src, 0);
        loop_timer_set(mon->retry, host_now_ns() + RETRY);
    }
}

static void on_retry(void *arg)
{
    struct monitor *mon = arg;
    loop_fd_set(mon->listen_src, LOOP_READ);
}

/* --- events --- */

/* Takes the oldest note; false: there is none. */
static bool take_note(struct monitor *mon, struct note *note)
{
    pthread_mutex_lock(&mon->lock);
    bool any = mon->notes;
    if (any) {
        *note = mon->note[0];
        memmove(&mon->note[0], &mon->note[1], --mon->notes * sizeof(*note));
    }
    pthread_mutex_unlock(&mon->lock);
    return any;
}

static void send_events(void *arg)
{
    struct monitor *mon = arg;
    struct note note;
    while (take_note(mon, &note)) {
        for (struct client *c = mon->clients, *after; c; c = after) {
            after = c->next;
            qmp_event(&c->qmp, note.event, note.cause, note.wall_ns);
            take_input(c);
            client_settle(c);
        }
    }
}

/* A note that may be left out when there is no room: the oldest whose event happened again later.
 * MAX_NOTES is more than there are events, so there is one. */
static unsigned repeated_note(const struct monitor *mon)
{
    for (unsigned i = 0; i < mon->notes; i++)
        for (unsigned j = i + 1; j < mon->notes; j++)
            if (mon->note[j].event == mon->note[i].event)
                return i;
    return 0;
}

/* Allocates nothing: a client may wait for any event. */
static void on_machine(void *ctx, enum machine_event event, enum machine_cause cause)
{
    struct monitor *mon = ctx;
    pthread_mutex_lock(&mon->lock);
    if (mon->notes == MAX_NOTES) {
        unsigned i = repeated_note(mon);
        memmove(&mon->note[i], &mon->note[i + 1], (--mon->notes - i) * sizeof(mon->note[0]));
    }
    mon->note[mon->notes++] = (struct note){event, cause, host_wall_ns()};
    pthread_mutex_unlock(&mon->lock);
    loop_event_post(&mon->noted);
}

/* --- beginning and end --- */

/* The path in an address; false if it is none. */
static bool address_path(const char *address, char *path, size_t size, struct error *err)
{
    static const char *const options[] = {",wait=off", ",nowait", ",server=on", ",server"};
    const char *bare = !strncmp(address, "unix:", 5) ? address + 5 : "";
    if (!bare[0])
        return error_set(err, "'%s' is no address of a control socket: use unix:PATH", address);
    if ((size_t)snprintf(path, size, "%s", bare) >= size)
        return error_set(err, "the socket's path is too long: choose a shorter one");
    for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
        char *end = path + strlen(path) - MIN(strlen(path), strlen(options[i]));
        if (!strcmp(end, options[i]))
            *end = 0;
    }
    return true;
}

static bool set_up(struct monitor *mon)
{
    mon->target.keys = key_queue_create(mon->loop, mon->target.input);
    if (mon->target.display)
        mon->target.dumps = screendumps_create(mon->loop, mon->target.display);
    mon->retry = loop_timer_add(mon->loop, on_retry, mon);
    mon->listen_src = loop_fd_add(mon->loop, mon->listener.fd, LOOP_READ, on_listener, mon);
    return mon->target.keys && (mon->target.dumps || !mon->target.display) && mon->retry &&
           mon->listen_src;
}

struct monitor *monitor_create(struct machine *m, const char *address, struct log *log,
                               struct error *err)
{
    char path[512];
    struct unix_listener listener;
    if (!address_path(address, path, sizeof(path), err) ||
        !unix_listener_open(&listener, path, err))
        return NULL;
    struct monitor *mon = calloc(1, sizeof(*mon));
    if (!mon) {
        unix_listener_close(&listener);
        error_no_memory(err);
        return NULL;
    }
    mon->loop = machine_loop(m);
    mon->log = log;
    mon->target.machine = m;
    mon->target.display = machine_has_screen(m) ? machine_display(m) : NULL;
    mon->target.input = machine_input(m);
    mon->listener = listener;
    loop_event_init(&mon->noted, mon->loop, send_events, mon);
    pthread_mutex_init(&mon->lock, NULL);
    if (!set_up(mon)) {
        monitor_destroy(mon);
        error_no_memory(err);
        return NULL;
    }
    machine_on_event(m, &mon->events, on_machine, mon);
    return mon;
}

void monitor_destroy(struct monitor *mon)
{
    if (!mon)
        return;
    loop_event_cancel(&mon->noted);
    send_events(mon);
    screendumps_destroy(mon->target.dumps);
    mon->target.dumps = NULL;
    for (struct client *c = mon->clients, *after; c; c = after) {
        after = c->next;
        struct pollfd last = {.fd = c->fd, .events = POLLOUT};
        if (c->out_at < c->out_n && poll(&last, 1, LAST_WAIT) > 0)
            flush_output(c);
        client_destroy(c);
    }
    key_queue_destroy(mon->target.keys);
    loop_fd_remove(mon->listen_src);
    loop_timer_remove(mon->retry);
    unix_listener_close(&mon->listener);
    pthread_mutex_destroy(&mon->lock);
    free(mon);
}
