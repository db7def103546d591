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

struct host_terminal {
    int fd;
    struct termios saved, raw;
    int life; /* our end of a pipe; the guardian reads end-of-file when we are gone */
    pid_t guardian;
};

static bool same_modes(const struct termios *a, const struct termios *b)
{
    return a->c_iflag == b->c_iflag && a->c_oflag == b->c_oflag && a->c_lflag == b->c_lflag &&
           !memcmp(a->c_cc, b->c_cc, sizeof(a->c_cc));
}

/*
 * The guardian's whole life; async-signal-safe calls only. It leaves the terminal alone if someone
 * else, a shell say, has set other modes in the meantime.
 */
static _Noreturn void guard(const struct host_terminal *t, int life)
{
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL); /* SIGTTOU too: a background process may restore */
    setpgid(0, 0);
    int tty = fcntl(t->fd, F_DUPFD, 100), end = fcntl(life, F_DUPFD, 100);
    for (int fd = 0; fd < 100; fd++)
        close(fd);
    close_range((unsigned)(tty > end ? tty : end) + 1, ~0u, 0);
    char c;
    while (read(end, &c, 1) < 0 && errno == EINTR) {
    }
    struct termios now;
    if (!tcgetattr(tty, &now) && same_modes(&now, &t->raw))
        tcsetattr(tty, TCSANOW, &t->saved);
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
        guard(t, ends[0]);
    }
    close(ends[0]);
    t->life = ends[1];
}

struct host_terminal *host_terminal_raw(int fd)
{
    struct host_terminal *t;
    if (!isatty(fd) || tcgetpgrp(fd) != getpgrp() || !(t = calloc(1, sizeof(*t))))
        return NULL;
    t->fd = fd;
    tcgetattr(fd, &t->saved);
    t->raw = t->saved;
    cfmakeraw(&t->raw);
    tcsetattr(fd, TCSANOW, &t->raw);
    tcgetattr(fd, &t->raw); /* as the terminal took it */
    start_guardian(t);
    return t;
}

void host_terminal_restore(struct host_terminal *t)
{
    if (!t)
        return;
    tcsetattr(t->fd, TCSANOW, &t->saved);
    if (t->life >= 0)
        close(t->life);
    if (t->guardian > 0)
        while (waitpid(t->guardian, NULL, 0) < 0 && errno == EINTR) {
        }
    free(t);
}
