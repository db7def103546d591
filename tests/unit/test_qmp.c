/* SPDX-License-Identifier: MIT */
#include "monitor/qmp.h"

#include "host/clock.h"
#include "monitor/keys.h"
#include "monitor/screendump.h"
#include "unit/stub_machine.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct talk {
    struct machine m;
    struct qmp_target target;
    struct qmp q;
    char out[1 << 18];
    size_t n;
};

static void on_send(void *ctx, const char *bytes, size_t n)
{
    struct talk *t = ctx;
    assert_true(n < sizeof(t->out) - t->n);
    memcpy(t->out + t->n, bytes, n);
    t->n += n;
    t->out[t->n] = 0;
}

/* What was said since the last look. */
static const char *said(struct talk *t)
{
    t->out[t->n] = 0;
    t->n = 0;
    return t->out;
}

static const char *ask(struct talk *t, const char *text)
{
    t->n = 0;
    assert_int_equal(qmp_input(&t->q, text, strlen(text)), strlen(text));
    return said(t);
}

static int set_up(void **state)
{
    struct talk *t = calloc(1, sizeof(*t));
    *state = t;
    stub_init(&t->m);
    t->target = (struct qmp_target){
        .machine = &t->m,
        .display = t->m.display,
        .input = t->m.input,
        .keys = key_queue_create(t->m.loop, t->m.input),
    };
    return !qmp_init(&t->q, &t->target, on_send, t);
}

static int tear_down(void **state)
{
    struct talk *t = *state;
    qmp_finish(&t->q);
    key_queue_destroy(t->target.keys);
    stub_finish(&t->m);
    free(t);
    return 0;
}

static void negotiate(struct talk *t)
{
    assert_string_equal(ask(t, "{\"execute\":\"qmp_capabilities\"}"), "{\"return\":{}}\r\n");
}

#define assert_says(text, part)                                                                    \
    do {                                                                                           \
        const char *text_ = (text);                                                                \
        if (!strstr(text_, part))                                                                  \
            fail_msg("no '%s' in '%s'", part, text_);                                              \
    } while (0)

static void test_greeting(void **state)
{
    struct talk *t = *state;
    assert_says(said(t), "{\"QMP\":{\"version\":{\"qemu\":{\"micro\":");
    assert_says(ask(t, "{\"execute\":\"query-status\",\"id\":1}"),
                "{\"error\":{\"class\":\"CommandNotFound\",\"desc\":\"Expecting capabilities "
                "negotiation with 'qmp_capabilities'\"},\"id\":1}\r\n");
    qmp_event(&t->q, MACHINE_EVENT_STOP, CAUSE_NONE, 0);
    assert_string_equal(said(t), "");
    negotiate(t);
    assert_says(ask(t, "{\"execute\":\"qmp_capabilities\"}"), "already complete");
    assert_says(ask(t, "{\"execute\":\"query-commands\"}"), "{\"name\":\"input-send-event\"}");
}

static void test_query_gpu(void **state)
{
    struct talk *t = *state;
    struct gpu_info *info = calloc(1, sizeof(*info));
    assert_non_null(info);
    negotiate(t);
    assert_says(ask(t, "{\"execute\":\"query-gpu\"}"), "There is no GPU");
    info->memory = 1000;
    info->used = 10;
    info->flushes = 3;
    info->scanouts = 2;
    info->scanout[0] = (struct gpu_info_scanout){.resource = 7, .rect = {1, 2, 3, 4}, .frames = 9};
    info->resources = 2000;
    info->listed = 1;
    info->resource[0] = (struct gpu_info_resource){
        .id = 7, .kind = "2d", .width = 3, .height = 4, .format = PIXEL_BGRX, .backing = 48};
    t->m.gpu = info;
    const char *said = ask(t, "{\"execute\":\"query-gpu\"}");
    assert_says(said, "\"memory\":{\"used\":10,\"limit\":1000}");
    assert_says(said, "\"resource\":7,\"rectangle\":{\"x\":1,\"y\":2,\"width\":3,\"height\":4}");
    assert_says(said, "\"head\":1");
    assert_says(said, "\"resource-count\":2000");
    assert_says(said, "{\"id\":7,\"kind\":\"2d\",\"width\":3,\"height\":4,\"format\":\"BGRX\"");
    t->m.gpu = NULL;
    free(info);
}

static void test_query_stats(void **state)
{
    struct talk *t = *state;
    negotiate(t);
    assert_says(ask(t, "{\"execute\":\"query-stats\"}"),
                "{\"instructions\":9007199254740992,\"mips\":0.1,\"harts\":[{\"traps\":3}]}");
    assert_says(ask(t, "{\"execute\":\"query-stats\",\"arguments\":{\"target\":\"vm\"}}"), "error");
}

static void test_ids(void **state)
{
    struct talk *t = *state;
    negotiate(t);
    assert_says(ask(t, "{\"execute\":\"cont\",\"id\":{\"a\":[1,null]}}"),
                "{\"return\":{},\"id\":{\"a\":[1,null]}}");
    assert_says(ask(t, "{\"execute\":\"cont\",\"id\":null}"), "{\"return\":{},\"id\":null}");
    assert_says(ask(t, "{\"execute\":\"nope\",\"id\":\"x\"}"), "not been found\"},\"id\":\"x\"}");
}

static void test_errors(void **state)
{
    struct talk *t = *state;
    negotiate(t);
    static const char *const cases[][2] = {
        {"[1]", "must be a JSON object"},
        {"3\n", "must be a JSON object"},
        {"{}", "lacks member 'execute'"},
        {"{\"execute\":1}", "'execute' must be a string"},
        {"{\"execute\":\"cont\",\"arguments\":3}", "'arguments' must be an object"},
        {"{\"execute\":\"cont\",\"x\":3}", "member 'x' is unexpected"},
        {"{\"execute\":\"cont\",\"arguments\":{\"x\":1}}", "Parameter 'x' is unexpected"},
        {"{\"execute\":\"screendump\"}", "Parameter 'filename' is missing"},
        {"{\"execute\":\"screendump\",\"arguments\":{\"filename\":1}}", "expected: string"},
        {"{\"execute\":\"screendump\",\"arguments\":{\"filename\":\"x\",\"format\":\"gif\"}}",
         "does not accept value 'gif'"},
        {"{\"execute\":\"screendump\",\"arguments\":{\"filename\":\"x\",\"head\":16}}", "'head'"},
        {"{\"execute\":\"screendump\",\"arguments\":{\"filename\":\"/no/x\"}}", "failed to open"},
        {"{\"execute\":\"send-key\",\"arguments\":{\"keys\":[3]}}", "'keys[0]', expected: object"},
        {"{\"execute\":\"send-key\",\"arguments\":{\"keys\":[{\"type\":\"qcode\"}]}}",
         "'keys[0].data' is missing"},
        {"{\"execute\":\"send-key\",\"arguments\":{\"keys\":[{\"type\":\"qcode\",\"data\":\"zz\"}]}"
         "}",
         "does not accept value 'zz'"},
        {"{\"execute\":\"input-send-event\",\"arguments\":{\"events\":[{\"type\":\"abs\",\"data\":"
         "{\"axis\":\"z\",\"value\":1}}]}}",
         "does not accept value 'z'"},
        {"{\"execute\":\"qom-list\"}", "CommandNotFound"},
        {"{\"execute\":\"screendump\",\"arguments\":{\"filename\":\"/no/\\u0000x\"}}", "NUL"},
        {"{\"execute\":\"cont\\\\\\u0000\"}", "NUL"},
        {"{\"execute\":\"cont\",\"arguments\":{\"a\\u0000b\":1}}", "NUL"},
        {"{\"execute\":\"\\\\u0000\"}", "CommandNotFound"}, /* a backslash and u0000 */
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        assert_says(ask(t, cases[i][0]), cases[i][1]);
    assert_int_equal(t->m.input_n, 0);
}

/* Any input gets an error, and the next line is read. */
static void test_garbage(void **state)
{
    struct talk *t = *state;
    negotiate(t);
    static const char *const lines[] = {
        "}",
        "{bad}",
        "\xff\xfe",
        "{\"execute\":\"cont\"",
        "{\"execute\":\"\xc3\x28\"}",
        "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
        "nul",
        "{\"a\":tru}",
        "\"\\u12\"",
    };
    for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
        char text[256];
        snprintf(text, sizeof(text), "%s\n\n\"\n{\"execute\":\"query-status\",\"id\":77}",
                 lines[i]);
        const char *out = ask(t, text);
        assert_says(out, "GenericError");
        (void)out;
        ask(t, "\n\"\"]}\n");
        ask(t, "\n");
        assert_says(ask(t, "\n{\"execute\":\"query-status\",\"id\":77}"), "\"id\":77");
    }
    t->n = 0;
    assert_int_equal(qmp_input(&t->q, "{\0\0\n", 4), 4);
    assert_says(said(t), "NUL");
}

static void test_long_message(void **state)
{
    struct talk *t = *state;
    negotiate(t);
    ask(t, "{\"execute\":\"");
    for (int i = 0; i < 200; i++) {
        char part[1024];
        memset(part, 'a', sizeof(part));
        qmp_input(&t->q, part, sizeof(part));
    }
    assert_says(said(t), "too long");
    assert_says(ask(t, "\"}\n{\"execute\":\"cont\"}"), "{\"return\":{}}");
}

/* Messages need no separator and may come byte by byte. */
static void test_framing(void **state)
{
    struct talk *t = *state;
    negotiate(t);
    const char *two = "{\"execute\":\"cont\",\"id\":1}{\"execute\":\"cont\",\"id\":2} \r\n";
    assert_string_equal(ask(t, two), "{\"return\":{},\"id\":1}\r\n{\"return\":{},\"id\":2}\r\n");
    for (const char *p = two; *p; p++)
        qmp_input(&t->q, p, 1);
    assert_string_equal(said(t), "{\"return\":{},\"id\":1}\r\n{\"return\":{},\"id\":2}\r\n");
}

/* Power actions are answered after their event; what follows waits. */
static void test_power(void **state)
{
    struct talk *t = *state;
    negotiate(t);
    const char *text = "{\"execute\":\"stop\",\"id\":5}{\"execute\":\"query-status\"}";
    size_t n = qmp_input(&t->q, text, strlen(text));
    assert_int_equal(n, 25);
    assert_string_equal(said(t), "");
    assert_int_equal(t->m.stops, 1);
    qmp_event(&t->q, MACHINE_EVENT_STOP, CAUSE_NONE, 5 * NS_PER_SEC + 7000);
    assert_string_equal(said(t), "{\"timestamp\":{\"seconds\":5,\"microseconds\":7},\"event\":"
                                 "\"STOP\"}\r\n{\"return\":{},\"id\":5}\r\n");
    assert_says(ask(t, text + n), "{\"status\":\"paused\",\"singlestep\":false,\"running\":false}");
    assert_string_equal(ask(t, "{\"execute\":\"stop\"}"), "{\"return\":{}}\r\n");
    assert_string_equal(ask(t, "{\"execute\":\"system_reset\"}"), "");
    assert_int_equal(t->m.resets, 1);
    qmp_event(&t->q, MACHINE_EVENT_RESET, CAUSE_HOST_QMP_RESET, 0);
    assert_says(said(t), "\"event\":\"RESET\",\"data\":{\"guest\":false,\"reason\":"
                         "\"host-qmp-system-reset\"}}\r\n{\"return\":{}}\r\n");
    ask(t, "{\"execute\":\"quit\",\"id\":9}");
    assert_int_equal(t->m.quit_status, 0);
    assert_int_equal(t->m.cause, CAUSE_HOST_QMP_QUIT);
    qmp_event(&t->q, MACHINE_EVENT_SHUTDOWN, CAUSE_GUEST_SHUTDOWN, 0);
    assert_says(said(t),
                "{\"guest\":true,\"reason\":\"guest-shutdown\"}}\r\n{\"return\":{},\"id\":9}");
}

static void test_scanouts(void **state)
{
    struct talk *t = *state;
    struct head_mode w;
    negotiate(t);
    assert_string_equal(ask(t, "{\"execute\":\"x-scanout-plug\",\"arguments\":{\"head\":0,"
                               "\"width\":1024,\"height\":768}}"),
                        "{\"return\":{}}\r\n");
    display_preferred(t->m.display, 0, &w);
    assert_true(w.connected && w.width == 1024 && w.height == 768);
    ask(t, "{\"execute\":\"x-scanout-unplug\",\"arguments\":{\"head\":0}}");
    display_preferred(t->m.display, 0, &w);
    assert_false(w.connected);
    ask(t, "{\"execute\":\"x-scanout-plug\",\"arguments\":{\"head\":0}}");
    display_preferred(t->m.display, 0, &w);
    assert_true(w.connected && w.width == 1024 && w.height == 768);
    static const char *const wrong[] = {
        "{\"execute\":\"x-scanout-plug\"}",
        "{\"execute\":\"x-scanout-plug\",\"arguments\":{\"head\":16}}",
        "{\"execute\":\"x-scanout-plug\",\"arguments\":{\"head\":-1}}",
        "{\"execute\":\"x-scanout-plug\",\"arguments\":{\"head\":0,\"width\":63}}",
        "{\"execute\":\"x-scanout-plug\",\"arguments\":{\"head\":0,\"height\":4294967396}}",
        "{\"execute\":\"x-scanout-unplug\",\"arguments\":{\"head\":16}}",
    };
    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
        assert_non_null(strstr(ask(t, wrong[i]), "GenericError"));
    display_preferred(t->m.display, 0, &w);
    assert_true(w.connected && w.width == 1024 && w.height == 768);
}

static void test_screendump(void **state)
{
    struct talk *t = *state;
    char head[16] = "";
    negotiate(t);
    stub_show(&t->m, 64, 48, 0x102030ff);
    char path[] = "/tmp/test-qmp-XXXXXX", text[256];
    int fd = mkstemp(path);
    snprintf(text, sizeof(text), "{\"execute\":\"screendump\",\"arguments\":{\"filename\":\"%s\"}}",
             path);
    assert_string_equal(ask(t, text), "{\"return\":{}}\r\n");
    assert_int_equal(pread(fd, head, 16, 0), 16);
    assert_memory_equal(head, "P6\n64 48\n255\n\x30\x20\x10", 16);
    snprintf(text, sizeof(text),
             "{\"execute\":\"screendump\",\"arguments\":{\"filename\":\"%s\",\"format\":\"png\","
             "\"device\":\"video0\",\"head\":0,\"cursor\":true}}",
             path);
    assert_string_equal(ask(t, text), "{\"return\":{}}\r\n");
    assert_int_equal(pread(fd, head, 8, 0), 8);
    assert_memory_equal(head, "\x89PNG\r\n\x1a\n", 8);
    close(fd);
    unlink(path);
}

/* Reads all that a pipe gives until the conversation goes on, in the loop's rounds. */
static size_t drain(struct talk *t, int fd)
{
    static char bytes[65536];
    size_t total = 0;
    while (t->q.waiting) {
        ssize_t n = read(fd, bytes, sizeof(bytes));
        total += n > 0 ? (size_t)n : 0;
        loop_step(t->m.loop, NS_PER_SEC / 100);
    }
    return total;
}

/*
 * A screendump into a pipe whose reader is slow: the client that asked waits, others do not; at the
 * end it is given up.
 */
static void test_slow_screendump(void **state)
{
    struct talk *t = *state;
    struct talk *other = calloc(1, sizeof(*other));
    char folder[] = "/tmp/test-qmp-XXXXXX", path[64], text[256];
    const char *status = "{\"execute\":\"query-status\"}";
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/pipe", folder);
    assert_int_equal(mkfifo(path, 0600), 0);
    int fd = open(path, O_RDONLY | O_NONBLOCK);
    stub_show(&t->m, 256, 256, 0x102030ff); /* more than a pipe holds */
    t->target.dumps = screendumps_create(t->m.loop, t->m.display);
    assert_true(qmp_init(&other->q, &t->target, on_send, other));
    negotiate(t);
    ask(other, "{\"execute\":\"qmp_capabilities\"}");
    snprintf(text, sizeof(text),
             "{\"execute\":\"screendump\",\"id\":7,\"arguments\":{\"filename\":\"%s\"}}", path);
    assert_string_equal(ask(t, text), "");
    assert_int_equal(qmp_input(&t->q, status, strlen(status)), 0);
    assert_non_null(strstr(ask(other, status), "\"running\""));
    assert_true(t->q.waiting);
    qmp_event(&t->q, MACHINE_EVENT_SHUTDOWN, CAUSE_HOST_SIGNAL, 0); /* an event, no answer */
    assert_null(strstr(said(t), "return"));
    size_t size = drain(t, fd);
    assert_string_equal(said(t), "{\"return\":{},\"id\":7}\r\n");
    for (char c[4096]; (size < 256 * 256 * 3);) {
        ssize_t n = read(fd, c, sizeof(c));
        assert_true(n > 0);
        size += (size_t)n;
    }
    ask(t, text);
    ask(other, text); /* behind it */
    screendumps_destroy(t->target.dumps);
    t->target.dumps = NULL;
    assert_non_null(strstr(said(t), "error"));
    assert_non_null(strstr(said(other), "error"));
    qmp_finish(&other->q);
    free(other);
    close(fd);
    unlink(path);
    rmdir(folder);
}

/* Whoever asked has gone before the file was complete. */
static void test_forgotten_screendump(void **state)
{
    struct talk *t = *state;
    struct talk *other = calloc(1, sizeof(*other));
    const char *text = "{\"execute\":\"screendump\",\"arguments\":{\"filename\":\"/dev/null\"}}";
    stub_show(&t->m, 256, 256, 0x102030ff);
    t->target.dumps = screendumps_create(t->m.loop, t->m.display);
    negotiate(t);
    for (unsigned i = 0; i < 20; i++) {
        assert_true(qmp_init(&other->q, &t->target, on_send, other));
        ask(other, "{\"execute\":\"qmp_capabilities\"}");
        ask(other, text);
        qmp_finish(&other->q);
        other->n = 0;
    }
    assert_string_equal(ask(t, text), "");
    while (t->q.waiting)
        loop_step(t->m.loop, NS_PER_SEC);
    assert_string_equal(said(t), "{\"return\":{}}\r\n");
    assert_int_equal(other->n, 0);
    screendumps_destroy(t->target.dumps);
    t->target.dumps = NULL;
    free(other);
}

static void test_no_screen(void **state)
{
    struct talk *t = *state;
    negotiate(t);
    t->target.display = NULL;
    assert_says(ask(t, "{\"execute\":\"screendump\",\"arguments\":{\"filename\":\"/tmp/none\"}}"),
                "There is no console to take a screendump from");
    assert_says(ask(t, "{\"execute\":\"x-scanout-plug\",\"arguments\":{\"head\":0}}"),
                "There is no screen to plug");
}

static void test_send_key(void **state)
{
    struct talk *t = *state;
    negotiate(t);
    const char *chord =
        "{\"execute\":\"send-key\",\"arguments\":{\"hold-time\":20,\"keys\":["
        "{\"type\":\"qcode\",\"data\":\"ctrl\"},{\"type\":\"number\",\"data\":30}]}}";
    uint64_t begin = host_now_ns();
    assert_string_equal(ask(t, chord), "{\"return\":{}}\r\n");
    assert_string_equal(ask(t, chord), "{\"return\":{}}\r\n");
    assert_string_equal(t->m.input_log, "1 29 1 1 30 1 ");
    while (t->m.input_n < 56 && host_now_ns() - begin < 5 * NS_PER_SEC)
        loop_step(t->m.loop, NS_PER_SEC);
    assert_string_equal(t->m.input_log, "1 29 1 1 30 1 1 30 0 1 29 0 1 29 1 1 30 1 1 30 0 1 29 0 ");
    assert_true(host_now_ns() - begin >= 40 * NS_PER_SEC / 1000);
    bool full = false;
    for (int i = 0; i < 400 && !full; i++)
        full = strstr(ask(t, chord), "too many keys");
    assert_true(full);
}

static void test_input_events(void **state)
{
    struct talk *t = *state;
    negotiate(t);
    ask(t,
        "{\"execute\":\"input-send-event\",\"arguments\":{\"device\":\"video0\",\"events\":["
        "{\"type\":\"abs\",\"data\":{\"axis\":\"x\",\"value\":100}},"
        "{\"type\":\"abs\",\"data\":{\"axis\":\"y\",\"value\":99999}},"
        "{\"type\":\"btn\",\"data\":{\"down\":true,\"button\":\"left\"}},"
        "{\"type\":\"btn\",\"data\":{\"down\":false,\"button\":\"left\"}},"
        "{\"type\":\"btn\",\"data\":{\"down\":true,\"button\":\"wheel-down\"}},"
        "{\"type\":\"btn\",\"data\":{\"down\":false,\"button\":\"wheel-down\"}},"
        "{\"type\":\"key\",\"data\":{\"down\":true,\"key\":{\"type\":\"qcode\",\"data\":\"a\"}}},"
        "{\"type\":\"key\",\"data\":{\"down\":false,\"key\":{\"type\":\"qcode\",\"data\":\"a\"}}},"
        "{\"type\":\"rel\",\"data\":{\"axis\":\"x\",\"value\":-3}}]}}");
    assert_string_equal(t->m.input_log, "3 0 100 3 1 32767 1 272 1 1 272 0 2 8 -1 1 30 1 1 30 0 "
                                        "2 0 -3 ");
    machine_stop(&t->m);
    assert_says(ask(t, "{\"execute\":\"input-send-event\",\"arguments\":{\"events\":[]}}"),
                "VM not running");
}

/* A line of the human monitor. */
static const char *human(struct talk *t, const char *line)
{
    char text[512];
    snprintf(text, sizeof(text),
             "{\"execute\":\"human-monitor-command\",\"arguments\":{\"command-line\":\"%s\"}}",
             line);
    return ask(t, text);
}

#define NOTHING "{\"return\":\"\"}\r\n"

/* What the lines do to the guest; compat/monitor compares their texts with QEMU's. */
static void test_human(void **state)
{
    struct talk *t = *state;
    negotiate(t);
    assert_string_equal(human(t, "sendkey shift-a 1"), NOTHING);
    while (!strstr(t->m.input_log, "1 42 0"))
        loop_step(t->m.loop, NS_PER_SEC);
    assert_string_equal(human(t, "mouse_move 3 -4 -1"), NOTHING);
    assert_string_equal(human(t, "mouse_button 5"), NOTHING);
    assert_string_equal(human(t, "mouse_button 4"), NOTHING);
    assert_string_equal(human(t, "mouse_button 0"), NOTHING);
    assert_string_equal(t->m.input_log, "1 42 1 1 30 1 1 30 0 1 42 0 2 0 3 2 1 -4 2 8 -1 "
                                        "1 272 1 1 273 1 1 272 0 1 273 0 ");
    assert_string_equal(human(t, "stop"), ""); /* follows its event */
    qmp_event(&t->q, MACHINE_EVENT_STOP, CAUSE_NONE, 0);
    assert_says(said(t), "\"event\":\"STOP\"}\r\n" NOTHING);
    assert_string_equal(human(t, "info status"), "{\"return\":\"VM status: paused\\r\\n\"}\r\n");
    size_t before = t->m.input_n;
    assert_string_equal(human(t, "mouse_move 1 1"), NOTHING);
    assert_int_equal(t->m.input_n, before);
    assert_string_equal(
        ask(t, "{\"execute\":\"query-status\",\"arguments\":{}}"),
        "{\"return\":{\"status\":\"paused\",\"singlestep\":false,\"running\":false}}\r\n");
}

static void test_human_garbage(void **state)
{
    struct talk *t = *state;
    static const char *const lines[][2] = {
        {"screendump \\\"x", "unterminated string"},
        {"screendump \\\"x\\\\", "unterminated string"},
        {"screendump \\\"x\\\\q\\\"", "unterminated string"},
        {"a b c d e f g h i j k l m", "too many words"},
        {"sendkey a 99999999999999999999", "invalid char"},
        {"sendkey a 60001", "at most 60000"},
        {"sendkey a -1", "at most 60000"},
        {"sendkey "
         "a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-"
         "a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a",
         "too many keys"},
        {"sendkey 0xffffffffffffffffff", "invalid parameter"},
        {"screendump /no/a dev 99", "'head'"},
        {"screendump a b 1 c", "invalid char"},
    };
    negotiate(t);
    t->target.display = t->m.display;
    for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
        assert_says(human(t, lines[i][0]), lines[i][1]);
    assert_int_equal(t->m.input_n, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_greeting),        TEST(test_ids),
        TEST(test_query_gpu),       TEST(test_query_stats),
        TEST(test_errors),          TEST(test_garbage),
        TEST(test_long_message),    TEST(test_framing),
        TEST(test_power),           TEST(test_screendump),
        TEST(test_slow_screendump), TEST(test_forgotten_screendump),
        TEST(test_scanouts),        TEST(test_send_key),
        TEST(test_input_events),    TEST(test_no_screen),
        TEST(test_human),           TEST(test_human_garbage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
