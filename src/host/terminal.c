/* SPDX-License-Identifier: MIT */
#include "host/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

struct modes {
    struct termios saved, raw;
};

struct host_terminal {
    int fd;
    bool taken;
    struct modes modes; /* valid once it was taken */
    int life; /* our end of a pipe: modes for the guardian, and end-of-file when we are gone */
    pid_t guardian;
};

static bool same_modes(const struct termios *a, const struct termios *b)
{
    return a->c_iflag == b->c_iflag && a->c_oflag == b->c_oflag && a->c_lflag == b->c_lflag &&
           !memcmp(a->c_cc, b->c_cc, sizeof(a->c_cc));
}

/* True if the modes are those set here: no shell, for example, has changed them. */
static bool is_raw(int fd, const struct modes *m)
{
    struct termios now;
    return !tcgetattr(fd, &now) && same_modes(&now, &m->raw);
}

/* What the guardian process runs; async-signal-safe calls only. */
static _Noreturn void terminal_guard(int fd, int life)
{
    sigset_t all;
    struct modes m, update;
    bool taken = false;
    ssize_t n;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL); /* SIGTTOU too: a background process may restore */
    setpgid(0, 0);
    int tty = fcntl(fd, F_DUPFD, 100), end = fcntl(life, F_DUPFD, 100);
    for (int i = 0; i < 100; i++)
        close(i);
    close_range((unsigned)(tty > end ? tty : end) + 1, ~0u, 0);
    while ((n = read(end, &update, sizeof(update))) == (ssize_t)sizeof(update) ||
           (n < 0 && errno == EINTR)) {
        if (n > 0)
            m = update;
        taken |= n > 0;
    }
    if (taken && is_raw(tty, &m))
        tcsetattr(tty, TCSANOW, &m.saved);
    _exit(0);
}

/* Without a guardian (no processes left) the terminal works too, it is just not crash-proof. */
static void start_guardian(struct host_terminal *t)
{
    int ends[2];
    t->life = -1;
    t->guardian = -1;
    if (pipe2(ends, O_CLOEXEC))
        return;
    t->guardian = fork();
    if (t->guardian == 0) {
        close(ends[1]);
        terminal_guard(t->fd, ends[0]);
    }
    close(ends[0]);
    t->life = ends[1];
}

/* Before the modes are changed. A pipe takes so little at once or not at all. */
static void tell_guardian(const struct host_terminal *t, struct modes m)
{
    while (t->life >= 0 && write(t->life, &m, sizeof(m)) < 0 && errno == EINTR) {
    }
}

struct host_terminal *host_terminal_create(int fd)
{
    struct host_terminal *t;
    if (!isatty(fd) || !(t = calloc(1, sizeof(*t))))
        return NULL;
    t->fd = fd;
    start_guardian(t);
    return t;
}

void host_terminal_destroy(struct host_terminal *t)
{
    if (!t)
        return;
    host_terminal_give(t);
    if (t->life >= 0)
        close(t->life);
    if (t->guardian > 0)
        while (waitpid(t->guardian, NULL, 0) < 0 && errno == EINTR) {
        }
    free(t);
}

bool host_terminal_ours(const struct host_terminal *t)
{
    pid_t foreground = tcgetpgrp(t->fd);
    /* not our session's terminal: it has no jobs that are ours, and reads and modes work */
    return foreground < 0 ? errno == ENOTTY : foreground == getpgrp();
}

bool host_terminal_take(struct host_terminal *t)
{
    if (!host_terminal_ours(t)) {
        host_terminal_give(t);
        return false;
    }
    if (t->taken && is_raw(t->fd, &t->modes))
        return true;
    tcgetattr(t->fd, &t->modes.saved);
    t->modes.raw = t->modes.saved;
    cfmakeraw(&t->modes.raw);
    tell_guardian(t, t->modes);
    tcsetattr(t->fd, TCSANOW, &t->modes.raw);
    tcgetattr(t->fd, &t->modes.raw); /* as the terminal took it */
    tell_guardian(t, t->modes);
    t->taken = true;
    return true;
}

void host_terminal_give(struct host_terminal *t)
{
    if (t->taken && (host_terminal_ours(t) || is_raw(t->fd, &t->modes)))
        tcsetattr(t->fd, TCSANOW, &t->modes.saved);
    t->taken = false;
}
