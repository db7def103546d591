/* SPDX-License-Identifier: MIT */
/* Files of traces: damaged ones, differing ones, ones that must not be overwritten, full disks,
 * pipes. */
#include "trace_session.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static void record_some(struct session *s)
{
    session_begin(s, false);
    session_create(s, 1);
    gd_scanout(&s->g, 0, 1, all);
    for (uint32_t y = 0; y < 20; y++)
        session_draw(s, 1, y, 0x102030 * y);
    session_end(s);
}

static void patch(const char *path, off_t at, uint8_t by)
{
    uint8_t byte;
    int fd = open(path, O_RDWR);
    assert_int_equal(pread(fd, &byte, 1, at), 1);
    byte ^= by;
    assert_int_equal(pwrite(fd, &byte, 1, at), 1);
    close(fd);
}

/* A file cut anywhere is good as far as it goes; one with a bit turned over is found out. */
static void test_damaged_files(void **state)
{
    (void)state;
    struct session s;
    struct played d;
    record_some(&s);
    patch(s.path, sizeof(struct trace_head) + sizeof(struct trace_block) + 5, 4);
    trace_play(&d, s.path, BUDGET);
    assert_int_equal(d.end, TRACE_READ_BAD);
    assert_non_null(strstr(d.err.text, "checksum"));
    player_finish(&d.p);
    patch(s.path, 9, 1);
    trace_play(&d, s.path, BUDGET);
    assert_false(d.ok);
    assert_non_null(strstr(d.err.text, "version"));
    patch(s.path, 9, 1);
    patch(s.path, 20, 1);
    trace_play(&d, s.path, BUDGET);
    assert_non_null(strstr(d.err.text, "damaged"));
    patch(s.path, 0, 1);
    trace_play(&d, s.path, BUDGET);
    assert_non_null(strstr(d.err.text, "no trace"));
    unlink(s.path);
    record_some(&s);
    assert_int_equal(truncate(s.path, sizeof(struct trace_head) + 40), 0);
    trace_play(&d, s.path, BUDGET);
    assert_true(d.ok && d.end == TRACE_READ_END && !d.p.ended);
    player_finish(&d.p);
    trace_play(&d, s.path, BUDGET / 2); /* the GPU had more */
    assert_false(d.ok);
    assert_non_null(strstr(d.err.text, "--memory"));
    unlink(s.path);
}

/* The device does something else than in the trace: a checksum that differs is counted. */
static void test_a_difference_is_seen(void **state)
{
    (void)state;
    struct session s;
    struct played d;
    struct error err;
    record_some(&s);
    trace_play(&d, s.path, BUDGET);
    assert_true(d.ok);
    struct trace_check check = {.width = le32_make(WIDTH),
                                .height = le32_make(HEIGHT),
                                .r = {.w = le32_make(WIDTH), .h = le32_make(HEIGHT)}};
    struct trace_item item = {TRACE_CHECK, 0, (const uint8_t *)&check, sizeof(check)};
    assert_int_equal(d.p.wrong_checks, 0);
    assert_true(player_play(&d.p, &item, &err));
    assert_int_equal(d.p.wrong_checks, 1);
    player_finish(&d.p);
    unlink(s.path);
}

static void test_other_files_are_kept(void **state)
{
    (void)state;
    struct session s;
    struct error err;
    char text[8] = {0};
    record_some(&s);
    gd_init(&s.g, RAM, 1, BUDGET, false);
    assert_true(virtio_gpu_trace(s.g.kit.dev, s.path, 0, &err)); /* a trace: replaced */
    session_end(&s);
    int fd = open(s.path, O_RDWR | O_TRUNC);
    assert_int_equal(write(fd, "my work", 7), 7);
    gd_init(&s.g, RAM, 1, BUDGET, false);
    assert_false(virtio_gpu_trace(s.g.kit.dev, s.path, 0, &err));
    assert_non_null(strstr(err.text, "no trace"));
    assert_false(virtio_gpu_trace(s.g.kit.dev, "/nowhere/a", 0, &err));
    assert_non_null(strstr(err.text, "/nowhere/a"));
    session_end(&s);
    assert_int_equal(pread(fd, text, 7, 0), 7);
    assert_string_equal(text, "my work");
    close(fd);
    unlink(s.path);
}

/* The disk is full after some blocks: the trace ends in order there, the guest sees nothing. */
static void test_full_disk(void **state)
{
    (void)state;
    struct session s;
    struct played d;
    struct rlimit was, small;
    session_begin(&s, true);
    session_create(&s, 1);
    gd_scanout(&s.g, 0, 1, all);
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &was);
    small = (struct rlimit){600000, was.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    uint32_t random = 1;
    for (unsigned i = 0; i < 300; i++) {
        for (unsigned p = 0; p < WIDTH * HEIGHT; p++)
            s.picture[p] = random = random * 1664525 + 1013904223;
        kit_write(&s.g.kit, s.pixels, s.picture, sizeof(s.picture));
        assert_int_equal(gd_transfer(&s.g, 1, all, 0), GPU_OK_NODATA);
        assert_int_equal(gd_flush(&s.g, 1, all), GPU_OK_NODATA);
    }
    session_end(&s);
    setrlimit(RLIMIT_FSIZE, &was);
    trace_play(&d, s.path, BUDGET);
    assert_true(d.ok && d.end == TRACE_READ_END && !d.p.ended);
    assert_int_equal(d.p.wrong_checks + d.p.wrong_codes, 0);
    player_finish(&d.p);
    unlink(s.path);
}

/* A pipe that is never read: the GPU's thread goes on without the trace, and so does the end of the
 * device. If either waited for the reader, this test would hang. */
static void test_unread_pipe(void **state)
{
    (void)state;
    enum { SIDE = 512, BYTES = SIDE * SIDE * 4, FRAMES = 40 }; /* more than pipe and queue hold */
    struct rect frame = {0, 0, SIDE, SIDE};
    struct gpu_driver g;
    char folder[] = "/tmp/riscreen-trace-XXXXXX", path[64];
    struct error err;
    uint32_t *row = malloc(BYTES), noise = 1;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/pipe", folder);
    assert_int_equal(mkfifo(path, 0600), 0);
    int reader = open(path, O_RDONLY | O_NONBLOCK); /* and it reads nothing */
    assert_true(reader >= 0);
    gd_init(&g, 16 << 20, 1, 16 << 20, true);
    assert_true(virtio_gpu_trace(g.kit.dev, path, 0, &err));
    assert_true(kit_start(&g.kit, KIT_ALL_FEATURES));
    uint64_t pa = kit_alloc(&g.kit, BYTES, 4096);
    struct gpu_mem_entry e = gd_entry(pa, BYTES);
    assert_int_equal(gd_create(&g, 1, PIXEL_BGRX, SIDE, SIDE), GPU_OK_NODATA);
    assert_int_equal(gd_attach(&g, 1, &e, 1), GPU_OK_NODATA);
    for (unsigned n = 0; n < FRAMES; n++) {
        for (unsigned i = 0; i < BYTES / 4; i++)
            row[i] = noise = noise * 1664525 + 1013904223;
        kit_write(&g.kit, pa, row, BYTES);
        assert_int_equal(gd_transfer(&g, 1, frame, 0), GPU_OK_NODATA);
    }
    gd_finish(&g);
    close(reader);
    unlink(path);
    rmdir(folder);
    free(row);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_damaged_files),        cmocka_unit_test(test_a_difference_is_seen),
        cmocka_unit_test(test_other_files_are_kept), cmocka_unit_test(test_full_disk),
        cmocka_unit_test(test_unread_pipe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
