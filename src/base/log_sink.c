/* SPDX-License-Identifier: MIT */
#include "base/log_sink.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define HELD_MAX 65536u
#define NOTE_MAX 128u
#define LAST_MS  500

struct log_sink {
    int fd;
    bool own;    /* opened here, and non-blocking */
    bool socket; /* send takes MSG_DONTWAIT */
    bool ready;  /* a file: writes do not wait for a reader */
    pthread_mutex_t lock;
    void (*held_fn)(void *ctx);
    void *held_ctx;
    char *held; /* HELD_MAX + NOTE_MAX bytes; the first of a line that was begun comes first */
    size_t held_n;
    unsigned long lost; /* lines, since the last one that was held or written */
};

/*
 * O_NONBLOCK belongs to the open file, which other processes share: a pipe or terminal is opened
 * anew for it. Where that is refused (a terminal of another user), poll is asked before each line.
 */
static void open_again(struct log_sink *s, int fd)
{
    struct stat st;
    char path[32];
    s->fd = fd;
    if (fstat(fd, &st))
        return;
    s->socket = S_ISSOCK(st.st_mode);
    s->ready = S_ISREG(st.st_mode);
    if (!S_ISFIFO(st.st_mode) && !S_ISCHR(st.st_mode))
        return;
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    int again = open(path, O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (again < 0)
        return;
    s->fd = again;
    s->own = true;
}

struct log_sink *log_sink_create(int fd)
{
    struct log_sink *s = calloc(1, sizeof(*s));
    if (!s)
        return NULL;
    s->held = malloc(HELD_MAX + NOTE_MAX);
    if (!s->held) {
        free(s);
        return NULL;
    }
    pthread_mutex_init(&s->lock, NULL);
    open_again(s, fd);
    return s;
}

/* Without waiting. How many bytes were taken; what cannot be written ever counts as taken. */
static size_t write_some(struct log_sink *s, const char *text, size_t n)
{
    struct pollfd p = {.fd = s->fd, .events = POLLOUT};
    if (!s->own && !s->socket && !s->ready && poll(&p, 1, 0) == 0)
        return 0;
    ssize_t done;
    do
        done =
            s->socket ? send(s->fd, text, n, MSG_DONTWAIT | MSG_NOSIGNAL) : write(s->fd, text, n);
    while (done < 0 && errno == EINTR);
    if (done < 0)
        return errno == EAGAIN ? 0 : n;
    return (size_t)done;
}

static void sink_hold(struct log_sink *s, const char *text, size_t n)
{
    memcpy(s->held + s->held_n, text, n);
    s->held_n += n;
}

/* Puts a note where dropped lines are missing. */
static void note_lost(struct log_sink *s)
{
    char note[NOTE_MAX];
    if (!s->lost)
        return;
    int n = snprintf(note, sizeof(note),
                     "riscreen: %lu lines are missing here: nobody read standard error\n", s->lost);
    sink_hold(s, note, (size_t)n);
    s->lost = 0;
}

/* Under the lock. */
static void write_held(struct log_sink *s)
{
    size_t at = 0, n;
    while (at < s->held_n && (n = write_some(s, s->held + at, MIN(s->held_n - at, 4096))))
        at += n;
    s->held_n -= at;
    memmove(s->held, s->held + at, s->held_n);
    if (s->lost && s->held_n < HELD_MAX)
        note_lost(s);
}

void log_sink_put(struct log_sink *s, const char *text, size_t n)
{
    pthread_mutex_lock(&s->lock);
    bool was_held = s->held_n;
    if (was_held)
        write_held(s);
    size_t at = s->held_n ? 0 : write_some(s, text, n);
    if (n - at > HELD_MAX - MIN(s->held_n, HELD_MAX))
        s->lost++;
    else
        sink_hold(s, text + at, n - at);
    if (s->held_n && !was_held && s->held_fn)
        s->held_fn(s->held_ctx);
    pthread_mutex_unlock(&s->lock);
}

bool log_sink_flush(struct log_sink *s)
{
    pthread_mutex_lock(&s->lock);
    write_held(s);
    bool done = !s->held_n;
    pthread_mutex_unlock(&s->lock);
    return done;
}

int log_sink_fd(const struct log_sink *s)
{
    return s->fd;
}

void log_sink_on_held(struct log_sink *s, void (*fn)(void *ctx), void *ctx)
{
    pthread_mutex_lock(&s->lock);
    s->held_fn = fn;
    s->held_ctx = ctx;
    pthread_mutex_unlock(&s->lock);
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void log_sink_destroy(struct log_sink *s)
{
    if (!s)
        return;
    int64_t end = now_ms() + LAST_MS, now;
    while (!log_sink_flush(s) && (now = now_ms()) < end) {
        struct pollfd p = {.fd = s->fd, .events = POLLOUT};
        poll(&p, 1, (int)(end - now));
    }
    if (s->own)
        close(s->fd);
    pthread_mutex_destroy(&s->lock);
    free(s->held);
    free(s);
}
