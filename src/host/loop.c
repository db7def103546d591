/* SPDX-License-Identifier: MIT */
#include "host/loop.h"

#include "base/util.h"
#include "host/clock.h"
#include "host/thread.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define FIRST_ROOM 8                        /* pollfds: a machine has a handful of sources */
#define RETRY_NS   (10 * NS_PER_SEC / 1000) /* after pollfds found no memory */

/*
 * Sources are in plain lists. Removing a source only marks it dead, so that pointers of the current
 * round stay valid; loop_dispatch frees dead sources at its end.
 */
struct loop_fd {
    struct loop *loop;
    struct loop_fd *next;
    int fd;
    unsigned events;
    void (*fn)(void *arg, unsigned events);
    void *arg;
    bool dead;
};

struct loop_timer {
    struct loop *loop;
    struct loop_timer *next;
    uint64_t deadline;
    void (*fn)(void *arg);
    void *arg;
    bool dead;
};

struct loop {
    /* the loop's thread */
    struct loop_fd *fds;
    struct loop_timer *timers;
    unsigned fd_count;
    bool changed;  /* a source was added, changed or removed since loop_prepare */
    bool has_dead; /* some source is dead */
    /* one round, from loop_prepare to loop_dispatch */
    struct pollfd *poll;
    struct loop_fd **polled; /* polled[i] belongs to poll[i + 1] */
    unsigned poll_room, poll_count;
    uint64_t deadline; /* of the first timer */
    /* any thread */
    int wake_fd;
    atomic_bool quit;
    pthread_mutex_t lock;
    struct loop_event *posts, **posts_end;
    unsigned round; /* counts calls of run_posts */
};

/* Makes room for n pollfds; false: out of memory, the room is what it was. */
static bool poll_reserve(struct loop *loop, unsigned n)
{
    if (n <= loop->poll_room)
        return true;
    struct pollfd *poll = realloc(loop->poll, n * sizeof(*poll));
    if (!poll)
        return false;
    loop->poll = poll;
    struct loop_fd **polled = realloc(loop->polled, n * sizeof(struct loop_fd *));
    if (!polled)
        return false;
    loop->polled = polled;
    loop->poll_room = n;
    return true;
}

struct loop *loop_create(void)
{
    struct loop *loop = calloc(1, sizeof(*loop));
    if (!loop)
        return NULL;
    pthread_mutex_init(&loop->lock, NULL);
    loop->posts_end = &loop->posts;
    loop->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (loop->wake_fd < 0 || !poll_reserve(loop, FIRST_ROOM)) {
        loop_destroy(loop);
        return NULL;
    }
    return loop;
}

static void free_dead_sources(struct loop *loop)
{
    for (struct loop_fd **p = &loop->fds; *p;) {
        struct loop_fd *src = *p;
        if (src->dead) {
            *p = src->next;
            loop->fd_count--;
            free(src);
        } else {
            p = &src->next;
        }
    }
    for (struct loop_timer **p = &loop->timers; *p;) {
        struct loop_timer *t = *p;
        if (t->dead) {
            *p = t->next;
            free(t);
        } else {
            p = &t->next;
        }
    }
    loop->has_dead = false;
}

void loop_destroy(struct loop *loop)
{
    if (!loop)
        return;
    for (struct loop_fd *src = loop->fds; src; src = src->next)
        src->dead = true;
    for (struct loop_timer *t = loop->timers; t; t = t->next)
        t->dead = true;
    free_dead_sources(loop);
    if (loop->wake_fd >= 0)
        close(loop->wake_fd);
    pthread_mutex_destroy(&loop->lock);
    free(loop->poll);
    free(loop->polled);
    free(loop);
}

void loop_wake(struct loop *loop)
{
    uint64_t one = 1;
    while (write(loop->wake_fd, &one, sizeof(one)) < 0 && errno == EINTR) {
    }
}

void loop_quit(struct loop *loop)
{
    atomic_store(&loop->quit, true);
    loop_wake(loop);
}

void loop_event_init(struct loop_event *e, struct loop *loop, void (*fn)(void *arg), void *arg)
{
    *e = (struct loop_event){.loop = loop, .fn = fn, .arg = arg};
}

void loop_event_post(struct loop_event *e)
{
    struct loop *loop = e->loop;
    pthread_mutex_lock(&loop->lock);
    bool first = !e->posted;
    if (first) {
        e->posted = true;
        e->round = loop->round;
        e->next = NULL;
        *loop->posts_end = e;
        loop->posts_end = &e->next;
    }
    pthread_mutex_unlock(&loop->lock);
    if (first)
        loop_wake(loop);
}

void loop_event_cancel(struct loop_event *e)
{
    struct loop *loop = e->loop;
    if (!loop)
        return;
    pthread_mutex_lock(&loop->lock);
    struct loop_event **p = &loop->posts;
    while (*p && *p != e)
        p = &(*p)->next;
    if (*p) {
        *p = e->next;
        if (!e->next)
            loop->posts_end = p;
    }
    e->posted = false;
    pthread_mutex_unlock(&loop->lock);
}

/* Runs the events that were posted before this round. One by one: each may cancel others. */
static void run_posts(struct loop *loop)
{
    pthread_mutex_lock(&loop->lock);
    unsigned round = ++loop->round;
    struct loop_event *e;
    while ((e = loop->posts) && e->round != round) {
        loop->posts = e->next;
        if (!e->next)
            loop->posts_end = &loop->posts;
        e->posted = false;
        pthread_mutex_unlock(&loop->lock);
        e->fn(e->arg);
        pthread_mutex_lock(&loop->lock);
    }
    pthread_mutex_unlock(&loop->lock);
}

struct loop_fd *loop_fd_add(struct loop *loop, int fd, unsigned events,
                            void (*fn)(void *arg, unsigned events), void *arg)
{
    struct loop_fd *src = malloc(sizeof(*src));
    if (!src)
        return NULL;
    *src = (struct loop_fd){loop, loop->fds, fd, events, fn, arg, false};
    loop->fds = src;
    loop->fd_count++;
    loop->changed = true;
    return src;
}

void loop_fd_set(struct loop_fd *src, unsigned events)
{
    src->loop->changed |= src->events != events;
    src->events = events;
}

void loop_fd_remove(struct loop_fd *src)
{
    if (!src)
        return;
    src->dead = true;
    src->loop->has_dead = src->loop->changed = true;
}

struct loop_timer *loop_timer_add(struct loop *loop, void (*fn)(void *arg), void *arg)
{
    struct loop_timer *t = malloc(sizeof(*t));
    if (!t)
        return NULL;
    *t = (struct loop_timer){loop, loop->timers, HOST_FOREVER, fn, arg, false};
    loop->timers = t;
    return t;
}

void loop_timer_set(struct loop_timer *t, uint64_t deadline_ns)
{
    t->loop->changed |= t->deadline != deadline_ns;
    t->deadline = deadline_ns;
}

void loop_timer_remove(struct loop_timer *t)
{
    if (!t)
        return;
    t->dead = true;
    t->loop->has_dead = t->loop->changed = true;
}

static bool has_posts(struct loop *loop)
{
    pthread_mutex_lock(&loop->lock);
    bool any = loop->posts != NULL;
    pthread_mutex_unlock(&loop->lock);
    return any;
}

/* Fills the pollfds, as many as there is room for. */
static void poll_fill(struct loop *loop)
{
    unsigned n = 0;
    loop->poll[0] = (struct pollfd){.fd = loop->wake_fd, .events = POLLIN};
    for (struct loop_fd *src = loop->fds; src && n + 1 < loop->poll_room; src = src->next) {
        if (src->dead || !src->events)
            continue;
        loop->polled[n++] = src;
        loop->poll[n] = (struct pollfd){
            .fd = src->fd,
            .events = (short)((src->events & LOOP_READ ? POLLIN : 0) |
                              (src->events & LOOP_WRITE ? POLLOUT : 0)),
        };
    }
    loop->poll_count = n;
}

void loop_prepare(struct loop *loop)
{
    loop->deadline = HOST_FOREVER;
    for (const struct loop_timer *t = loop->timers; t; t = t->next)
        if (!t->dead)
            loop->deadline = MIN(loop->deadline, t->deadline);
    if (!poll_reserve(loop, loop->fd_count + 1)) /* watch what fits, and try again soon */
        loop->deadline = MIN(loop->deadline, host_now_ns() + RETRY_NS);
    poll_fill(loop);
    loop->changed = false;
}

bool loop_changed(const struct loop *loop)
{
    return loop->changed;
}

bool loop_poll(struct loop *loop, uint64_t max_wait)
{
    uint64_t now = host_now_ns(), wait = HOST_FOREVER;
    unsigned n = loop->poll_count;
    if (loop->deadline != HOST_FOREVER)
        wait = loop->deadline > now ? loop->deadline - now : 0;
    wait = has_posts(loop) ? 0 : MIN(wait, max_wait);
    struct timespec ts = {(time_t)(wait / NS_PER_SEC), (long)(wait % NS_PER_SEC)};
    int ready = ppoll(loop->poll, n + 1, wait == HOST_FOREVER ? NULL : &ts, NULL);
    if (ready <= 0)
        for (unsigned i = 0; i <= n; i++)
            loop->poll[i].revents = 0;
    if (loop->poll[0].revents) {
        uint64_t count;
        while (read(loop->wake_fd, &count, sizeof(count)) < 0 && errno == EINTR) {
        }
        ready--;
    }
    return ready > 0 || has_posts(loop) || loop->deadline <= host_now_ns();
}

static void run_fds(struct loop *loop)
{
    for (unsigned i = 0; i < loop->poll_count; i++) {
        struct loop_fd *src = loop->polled[i];
        short got = loop->poll[i + 1].revents;
        unsigned events = (got & POLLIN ? LOOP_READ : 0) | (got & POLLOUT ? LOOP_WRITE : 0) |
                          (got & (POLLHUP | POLLERR | POLLNVAL) ? LOOP_HANGUP : 0);
        events &= src->events | LOOP_HANGUP; /* an earlier callback may have changed src->events */
        if (events && src->events && !src->dead)
            src->fn(src->arg, events);
    }
}

static void run_timers(struct loop *loop)
{
    uint64_t now = host_now_ns();
    for (struct loop_timer *t = loop->timers; t; t = t->next) {
        if (t->dead || t->deadline > now)
            continue;
        t->deadline = HOST_FOREVER;
        t->fn(t->arg);
    }
}

void loop_dispatch(struct loop *loop)
{
    run_posts(loop);
    run_fds(loop);
    run_timers(loop);
    if (loop->has_dead)
        free_dead_sources(loop);
    loop->poll_count = 0;
}

bool loop_step(struct loop *loop, uint64_t max_wait)
{
    if (!atomic_load(&loop->quit)) {
        loop_prepare(loop);
        loop_poll(loop, max_wait);
        loop_dispatch(loop);
    }
    return !atomic_load(&loop->quit);
}

void loop_run(struct loop *loop)
{
    prctl(PR_SET_TIMERSLACK, 1000); /* ns, of this thread: its deadlines are a guest's timers */
    while (loop_step(loop, HOST_FOREVER)) {
    }
}
