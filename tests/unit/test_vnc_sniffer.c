/* SPDX-License-Identifier: MIT */
/* Viewers and browsers on one port: each is passed on with every byte unread. */
#include "ui/vnc_sniffer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define STEP UINT64_C(20000000000) /* more than any of it takes */

struct fixture {
    struct loop *loop;
    struct vnc_sniffer *sniffer;
    unsigned viewers, browsers;
    int last; /* who came */
};

static void on_viewer(void *ctx, int fd)
{
    struct fixture *f = ctx;
    f->viewers++;
    f->last = fd;
}

static void on_browser(void *ctx, int fd)
{
    struct fixture *f = ctx;
    f->browsers++;
    f->last = fd;
}

static int set_up(void **state)
{
    struct fixture *f = test_calloc(1, sizeof(*f));
    f->loop = loop_create();
    const struct vnc_sniffer_config config = {f->loop, on_viewer, on_browser, f};
    f->sniffer = vnc_sniffer_create(&config);
    *state = f;
    return !f->loop || !f->sniffer;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    vnc_sniffer_destroy(f->sniffer);
    loop_destroy(f->loop);
    test_free(f);
    return 0;
}

/* A connection at the sniffer; its other end. */
static int admit(struct fixture *f, int *ours)
{
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), 0);
    vnc_sniffer_admit(f->sniffer, pair[0]);
    *ours = pair[0];
    return pair[1];
}

/* What came last came with this. */
static void expect_last(const struct fixture *f, int ours, const char *text)
{
    char got[64];
    assert_int_equal(f->last, ours);
    ssize_t n = recv(ours, got, sizeof(got), MSG_DONTWAIT);
    assert_int_equal(n < 0 ? 0 : (size_t)n, strlen(text));
    assert_memory_equal(got, text, strlen(text));
    close(ours);
}

static void test_first_byte(void **state)
{
    struct fixture *f = *state;
    int ours, peer = admit(f, &ours);
    assert_int_equal(send(peer, "GET /", 5, 0), 5);
    loop_step(f->loop, STEP);
    assert_int_equal(f->browsers, 1);
    expect_last(f, ours, "GET /");
    close(peer);
    peer = admit(f, &ours);
    assert_int_equal(send(peer, "RFB 003.008\n", 12, 0), 12);
    loop_step(f->loop, STEP);
    assert_int_equal(f->viewers, 1);
    expect_last(f, ours, "RFB 003.008\n");
    close(peer);
}

static void test_silence(void **state)
{
    struct fixture *f = *state;
    int ours, peer = admit(f, &ours);
    while (!f->viewers)
        loop_step(f->loop, STEP);
    expect_last(f, ours, "");
    assert_int_equal(f->browsers, 0);
    close(peer);
}

/* The other end sees it closed. */
static void expect_closed(int peer)
{
    char byte;
    assert_int_equal(recv(peer, &byte, 1, MSG_DONTWAIT), 0);
    close(peer);
}

static void test_gone(void **state)
{
    struct fixture *f = *state;
    int ours, peer = admit(f, &ours);
    shutdown(peer, SHUT_WR);
    loop_step(f->loop, STEP);
    expect_closed(peer);
    assert_int_equal(f->viewers + f->browsers, 0);
}

/* There are more than may wait: the oldest counts as a viewer, and those that wait are closed as
 * the sniffer goes. */
static void test_crowd(void **state)
{
    struct fixture *f = *state;
    int ours[VNC_SNIFFER_WAITING + 1], peer[VNC_SNIFFER_WAITING + 1];
    for (unsigned i = 0; i < VNC_SNIFFER_WAITING; i++)
        peer[i] = admit(f, &ours[i]);
    assert_int_equal(f->viewers, 0);
    peer[VNC_SNIFFER_WAITING] = admit(f, &ours[VNC_SNIFFER_WAITING]);
    assert_int_equal(f->viewers, 1);
    expect_last(f, ours[0], "");
    vnc_sniffer_destroy(f->sniffer);
    f->sniffer = NULL;
    for (unsigned i = 0; i <= VNC_SNIFFER_WAITING; i++)
        expect_closed(peer[i]);
    assert_int_equal(f->viewers + f->browsers, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_first_byte, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_silence, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_gone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_crowd, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
