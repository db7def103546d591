/* SPDX-License-Identifier: MIT */
/* How signals end a process, each time in a child of its own. */
#include "host/ending.h"
#include "host/process.h"
#include "host/signals.h"

#include "base/util.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

static void say(void *ctx, char c)
{
    if (write(*(int *)ctx, &c, 1) != 1)
        _exit(99);
}

static void on_end(void *ctx, int signo)
{
    (void)signo;
    say(ctx, 'e');
}

static void on_hard(void *ctx)
{
    say(ctx, 'h');
}

static const struct host_ending_ops ops = {on_end, on_hard};

/* A child that never ends by itself; its words come through *from. */
static pid_t start(bool served, int *from)
{
    int ends[2];
    char c;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    pid_t child = fork();
    if (!child) {
        host_signals_block();
        struct host_ending *e = host_ending_create();
        if (served)
            host_ending_serve(e, &ops, &ends[1]);
        say(&ends[1], 'r');
        for (;;)
            pause();
    }
    close(ends[1]);
    *from = ends[0];
    assert_int_equal(read(ends[0], &c, 1), 1);
    return child;
}

static void ends_with(pid_t child, int signo, int from, const char *words)
{
    char text[16] = {0};
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 128 + signo);
    assert_true(read(from, text, sizeof(text) - 1) >= 0);
    assert_string_equal(text, words);
    close(from);
}

/* While it starts, each of them ends it, whatever its own thread is doing. */
static void test_start(void **state)
{
    (void)state;
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    for (unsigned i = 0; i < ARRAY_SIZE(signals); i++) {
        int from;
        pid_t child = start(false, &from);
        kill(child, signals[i]);
        ends_with(child, signals[i], from, "");
    }
}

/* Once it runs: the first asks, twins of it do nothing, a later one ends it. */
static void test_twice(void **state)
{
    (void)state;
    int from;
    pid_t child = start(true, &from);
    kill(child, SIGTERM);
    usleep(100000);
    kill(child, SIGTERM);
    kill(child, SIGHUP);
    usleep(HOST_ENDING_TWICE_S * 1000000 + 100000);
    kill(child, SIGHUP); /* a shell's and its terminal's */
    usleep(100000);
    assert_int_equal(waitpid(child, NULL, WNOHANG), 0);
    kill(child, SIGINT);
    ends_with(child, SIGTERM, from, "eh");
}

static void test_long(void **state)
{
    (void)state;
    int from;
    pid_t child = start(true, &from);
    kill(child, SIGHUP);
    ends_with(child, SIGHUP, from, "eh");
}

/* Closed standard streams are taken by nothing that is opened later. */
static void test_streams(void **state)
{
    (void)state;
    for (unsigned closed = 1; closed < 8; closed++) {
        pid_t child = fork();
        if (!child) {
            for (int fd = 0; fd < 3; fd++)
                if (closed >> fd & 1)
                    close(fd);
            host_process_begin();
            int next = open("/dev/null", O_RDONLY | O_CLOEXEC);
            char c;
            bool right = next > 2 && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1;
            for (int fd = 0; fd < 3; fd++)
                right &= fcntl(fd, F_GETFD) == 0;
            if (closed & 1)
                right &= read(0, &c, 1) == 0;
            if (closed & 2)
                right &= write(1, "x", 1) == 1;
            _exit(!right);
        }
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_start),
        cmocka_unit_test(test_twice),
        cmocka_unit_test(test_long),
        cmocka_unit_test(test_streams),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
