/* SPDX-License-Identifier: MIT */
/* The control socket: who may connect, how it ends, and clients that never read. */
#include "monitor/monitor.h"

#include "host/clock.h"
#include "kit/no_memory.h"
#include "unit/stub_machine.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

static int set_up(void **state)
{
    struct machine *m = calloc(1, sizeof(*m));
    stub_init(m);
    *state = m;
    return 0;
}

static int tear_down(void **state)
{
    stub_finish(*state);
    free(*state);
    return 0;
}

#define assert_says(text, part)                                                                    \
    do {                                                                                           \
        const char *text_ = (text);                                                                \
        if (!strstr(text_, part))                                                                  \
            fail_msg("no '%s' in '%s'", part, text_);                                              \
    } while (0)

static int client(const char *path)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
    if (!connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
        return fd;
    close(fd);
    return -1;
}

static void steps(struct machine *m)
{
    for (int i = 0; i < 20; i++)
        loop_step(m->loop, NS_PER_SEC / 1000);
}

static const char *hear(int fd, char *buffer, size_t size)
{
    ssize_t n = recv(fd, buffer, size - 1, MSG_DONTWAIT);
    buffer[n > 0 ? n : 0] = 0;
    return buffer;
}

static void test_socket(void **state)
{
    struct machine *m = *state;
    char folder[] = "/tmp/test-qmp-XXXXXX", address[128], path[64], text[4096];
    struct error err;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/m.sock", folder);
    snprintf(address, sizeof(address), "unix:%s,server=on,wait=off", path);
    assert_null(monitor_create(m, "tcp:1", NULL, &err));
    assert_says(err.text, "use unix:PATH");
    close(open(path, O_CREAT | O_WRONLY, 0600));
    assert_null(monitor_create(m, address, NULL, &err));
    assert_says(err.text, "is no socket");
    unlink(path);
    struct monitor *mon = monitor_create(m, address, NULL, &err);
    assert_non_null(mon);
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_null(monitor_create(m, address, NULL, &err));
    assert_says(err.text, "is in use");

    int a = client(path), b = client(path);
    steps(m);
    assert_says(hear(a, text, sizeof(text)), "QMP");
    assert_says(hear(b, text, sizeof(text)), "QMP");
    const char *hello = "{\"execute\":\"qmp_capabilities\"}{\"execute\":\"query-status\",\"id\":3}";
    assert_int_equal(send(a, hello, strlen(hello), 0), strlen(hello));
    steps(m);
    assert_says(hear(a, text, sizeof(text)), "\"id\":3");
    m->listener(m->listener_ctx, MACHINE_EVENT_STOP, CAUSE_NONE);
    steps(m);
    assert_says(hear(a, text, sizeof(text)), "STOP");
    assert_string_equal(hear(b, text, sizeof(text)), "");
    close(b);
    steps(m);
    const char *quit = "{\"execute\":\"quit\",\"id\":4}";
    assert_int_equal(send(a, quit, strlen(quit), 0), strlen(quit));
    steps(m);
    m->listener(m->listener_ctx, MACHINE_EVENT_SHUTDOWN, CAUSE_HOST_QMP_QUIT);
    monitor_destroy(mon); /* without another round of the loop */
    assert_says(hear(a, text, sizeof(text)), "\"id\":4");
    assert_int_equal(stat(path, &st), -1);
    close(a);
    rmdir(folder);
}

static unsigned count(const char *text, const char *part)
{
    unsigned n = 0;
    for (; (text = strstr(text, part)); text += strlen(part))
        n++;
    return n;
}

/* A client that waits for an event gets it, also when there is no memory as it happens and when a
 * guest makes more events than wait. */
static void test_no_event_is_lost(void **state)
{
    struct machine *m = *state;
    char path[] = "/tmp/test-qmp-events-XXXXXX", address[64];
    static char text[1 << 20];
    struct error err;
    close(mkstemp(path));
    unlink(path);
    snprintf(address, sizeof(address), "unix:%s", path);
    struct monitor *mon = monitor_create(m, address, NULL, &err);
    assert_non_null(mon);
    int fd = client(path);
    const char *hello = "{\"execute\":\"qmp_capabilities\"}";
    assert_int_equal(send(fd, hello, strlen(hello), 0), strlen(hello));
    steps(m);
    no_memory = true;
    m->listener(m->listener_ctx, MACHINE_EVENT_POWERDOWN, CAUSE_NONE);
    for (int i = 0; i < 500; i++) {
        m->listener(m->listener_ctx, MACHINE_EVENT_PANIC, CAUSE_GUEST_PANIC);
        m->listener(m->listener_ctx, MACHINE_EVENT_RESET, CAUSE_GUEST_RESET);
    }
    m->listener(m->listener_ctx, MACHINE_EVENT_STOP, CAUSE_NONE);
    no_memory = false;
    steps(m);
    hear(fd, text, sizeof(text));
    assert_true(count(text, "\"POWERDOWN\"") == 1 && count(text, "\"STOP\"") == 1);
    assert_in_range(count(text, "\"RESET\""), 100, 500);
    assert_true(strstr(text, "\"STOP\"") > strstr(text, "\"RESET\""));
    monitor_destroy(mon);
    close(fd);
}

static void test_stale_socket(void **state)
{
    struct machine *m = *state;
    char path[] = "/tmp/test-qmp-stale-XXXXXX", address[64];
    struct error err;
    close(mkstemp(path));
    unlink(path);
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
    close(fd);
    snprintf(address, sizeof(address), "unix:%s", path);
    struct monitor *mon = monitor_create(m, address, NULL, &err);
    assert_non_null(mon);
    monitor_destroy(mon);
}

/* A client that floods and never reads costs no more than its bound, and others are served. */
static void test_hostile_client(void **state)
{
    struct machine *m = *state;
    char path[] = "/tmp/test-qmp-flood-XXXXXX", address[64], text[4096];
    struct error err;
    close(mkstemp(path));
    unlink(path);
    snprintf(address, sizeof(address), "unix:%s", path);
    struct monitor *mon = monitor_create(m, address, NULL, &err);
    assert_non_null(mon);
    int bad[20];
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        bad[i] = client(path);
        loop_step(m->loop, 0);
    }
    steps(m);
    for (int i = 0; i < 2000; i++) {
        send(bad[0], "}\n}\n}\n}\n}\n}\n}\n}\n", 16, MSG_DONTWAIT | MSG_NOSIGNAL);
        loop_step(m->loop, 0);
    }
    for (size_t i = 1; i < ARRAY_SIZE(bad); i++)
        close(bad[i]);
    steps(m);
    steps(m);
    int good = client(path);
    steps(m);
    assert_says(hear(good, text, sizeof(text)), "QMP");
    monitor_destroy(mon);
    close(bad[0]);
    close(good);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_socket),
        TEST(test_no_event_is_lost),
        TEST(test_stale_socket),
        TEST(test_hostile_client),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
