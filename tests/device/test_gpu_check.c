/* SPDX-License-Identifier: MIT */
/* --gpu-check reports each mistake of a driver once, with its coordinates, and reports nothing of a
 * correct driver. */
#include "kit/gpu.h"
#include "virtio/gpu/info.h"
#include "virtio/devices.h"
#include "virtio/gpu/check.h"
#include "virtio/gpu/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#define WIDTH  64
#define HEIGHT 32
#define PITCH  (WIDTH * 4)
#define BYTES  (PITCH * HEIGHT)

#define SOON UINT64_C(100000000) /* ns: a patience that a test can wait for */

static const struct rect all = {0, 0, WIDTH, HEIGHT};

struct fixture {
    struct gpu_driver g;
    uint64_t pixels;
    uint64_t pc; /* 0: not on a hart */
    bool stopped;
    FILE *said;
    int stderr_fd;
    char text[65536];
};

static bool place(void *ctx, uint64_t *pc, uint64_t *ra)
{
    struct fixture *f = ctx;
    *pc = f->pc;
    *ra = f->pc + 0x100;
    return f->pc;
}

static bool running(void *ctx)
{
    return !((struct fixture *)ctx)->stopped;
}

static void open_with(struct fixture *f, uint64_t patience)
{
    const struct gpu_check_config config = {place, f, running, patience};
    gd_init(&f->g, 16 << 20, 2, 4 << 20, false);
    assert_true(virtio_gpu_check(f->g.kit.dev, &config));
    assert_true(kit_start(&f->g.kit, KIT_ALL_FEATURES));
    f->pixels = kit_alloc(&f->g.kit, BYTES, 4096);
}

/* Mistakes are mistakes at once, or, for a good driver, after a while. */
static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    f->said = tmpfile();
    fflush(stderr);
    f->stderr_fd = dup(2);
    dup2(fileno(f->said), 2);
    f->pc = 0x1234;
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    dup2(f->stderr_fd, 2);
    close(f->stderr_fd);
    fclose(f->said);
    free(f);
    return 0;
}

static const char *said(struct fixture *f)
{
    rewind(f->said);
    size_t n = fread(f->text, 1, sizeof(f->text) - 1, f->said);
    f->text[n] = 0;
    return f->text;
}

/* How often a text was said. */
static unsigned count(struct fixture *f, const char *what)
{
    unsigned n = 0;
    for (const char *p = said(f); (p = strstr(p, what)); p++)
        n++;
    return n;
}

static void make(struct fixture *f, uint32_t id)
{
    struct gpu_mem_entry e = gd_entry(f->pixels, BYTES);
    assert_int_equal(gd_create(&f->g, id, PIXEL_BGRX, WIDTH, HEIGHT), GPU_OK_NODATA);
    assert_int_equal(gd_attach(&f->g, id, &e, 1), GPU_OK_NODATA);
}

static void draw(struct fixture *f, uint32_t x, uint32_t y, uint32_t colour)
{
    kit_write(&f->g.kit, f->pixels + y * PITCH + x * 4, &colour, 4);
}

static void update(struct fixture *f, uint32_t id, struct rect r)
{
    gd_transfer(&f->g, id, r, r.y * PITCH + r.x * 4);
    gd_flush(&f->g, id, r);
}

/* The first frame, without time to lose. */
static void show(struct fixture *f, uint32_t id)
{
    gd_transfer(&f->g, id, all, 0);
    gd_scanout(&f->g, 0, id, all);
    gd_flush(&f->g, id, all);
}

/* A patience passes. */
static void pass(struct fixture *f)
{
    usleep(SOON / 1000 + 1000);
    kit_run(&f->g.kit);
}

static void test_good_driver(void **state)
{
    struct fixture *f = *state;
    open_with(f, 0);
    make(f, 1);
    draw(f, 0, 0, 7);
    show(f, 1);
    for (uint32_t i = 0; i < HEIGHT; i++) {
        draw(f, i, i, i + 1);
        update(f, 1, (struct rect){i, i, 1, 1});
        draw(f, 0, 0, i); /* in time for the next update */
        update(f, 1, (struct rect){0, 0, 4, 4});
    }
    make(f, 2);
    gd_cursor(&f->g, GPU_UPDATE_CURSOR, 0, 1, 1, 2, 0, 0);
    gd_cursor(&f->g, GPU_UPDATE_CURSOR, 0, 1, 1, 0, 0, 0);
    gd_unref(&f->g, 2);
    gd_scanout(&f->g, 0, 0, (struct rect){0});
    gd_detach(&f->g, 1);
    gd_unref(&f->g, 1);
    kit_reset(&f->g.kit);
    gd_finish(&f->g);
    assert_string_equal(said(f), "");
}

static void test_never_flushed(void **state)
{
    struct fixture *f = *state;
    open_with(f, SOON);
    make(f, 1);
    gd_scanout(&f->g, 0, 1, all);
    gd_transfer(&f->g, 1, all, 0);
    pass(f);
    gd_transfer(&f->g, 1, all, 0);
    assert_int_equal(count(f, "resource 1: scanned out for 0 s and never flushed"), 1);
    assert_int_equal(count(f, "(pc 0x1234, ra 0x1334)"), 1);
    gd_flush(&f->g, 1, all);
    f->pc = 0x5678;
    gd_transfer(&f->g, 1, (struct rect){0, 8, 16, 8}, 8 * PITCH);
    f->pc = 0x9999;
    gd_flush(&f->g, 1, (struct rect){0, 8, 16, 4});
    pass(f);
    gd_flush(&f->g, 1, (struct rect){0, 8, 16, 4});
    assert_int_equal(count(f, "resource 1: 16x4+0+12 was transferred and not flushed"), 1);
    assert_int_equal(count(f, "(pc 0x5678"), 1); /* who transferred it */
    gd_finish(&f->g);
}

/* Drawn, and not part of any transfer, while other updates go on. */
static void test_forgotten_rows(void **state)
{
    struct fixture *f = *state;
    open_with(f, SOON);
    make(f, 1);
    show(f, 1);
    draw(f, 5, 20, 3);
    draw(f, 9, 21, 3);
    for (unsigned i = 0; i < 10; i++) {
        update(f, 1, (struct rect){0, 0, 8, 8});
        usleep(SOON / 4000);
    }
    assert_int_equal(count(f, "resource 1: 5x2+5+20 changed in the guest's memory and no "
                              "TRANSFER_TO_HOST_2D"),
                     1);
    assert_int_equal(count(f, "gpu-check"), 1);
    gd_finish(&f->g);
}

/* Memory that was not zero when it was attached was not drawn on. */
static void test_old_memory(void **state)
{
    struct fixture *f = *state;
    open_with(f, SOON / 10);
    for (uint32_t y = 0; y < HEIGHT; y++)
        draw(f, y, y, 0xabcdef);
    make(f, 1);
    gd_transfer(&f->g, 1, (struct rect){0, 0, 8, 8}, 0);
    gd_scanout(&f->g, 0, 1, all);
    gd_flush(&f->g, 1, (struct rect){0, 0, 8, 8});
    for (unsigned i = 0; i < 5; i++) {
        update(f, 1, (struct rect){0, 0, 8, 8});
        pass(f);
    }
    assert_int_equal(count(f, "changed in"), 0);
    gd_finish(&f->g);
}

static void test_forgotten_blob_rows(void **state)
{
    struct fixture *f = *state;
    struct gpu_mem_entry e = gd_entry(f->pixels, BYTES);
    open_with(f, SOON);
    e = gd_entry(f->pixels, BYTES);
    assert_int_equal(gd_create_blob(&f->g, 1, BYTES, &e, 1), GPU_OK_NODATA);
    assert_int_equal(gd_scanout_blob(&f->g, 0, 1, WIDTH, HEIGHT, all), GPU_OK_NODATA);
    draw(f, 1, 1, 1);
    gd_flush(&f->g, 1, all);
    draw(f, 1, 3, 1);
    for (unsigned i = 0; i < 10; i++) {
        gd_flush(&f->g, 1, (struct rect){0, 0, 64, 3});
        usleep(SOON / 4000);
    }
    assert_int_equal(
        count(f, "resource 1: 1x1+1+3 changed in the guest's memory and no RESOURCE_FLUSH"), 1);
    assert_int_equal(count(f, "gpu-check"), 1);
    gd_finish(&f->g);
}

static void test_wrong_offset(void **state)
{
    struct fixture *f = *state;
    open_with(f, 0);
    make(f, 1);
    gd_transfer(&f->g, 1, (struct rect){4, 2, 8, 8}, 0);
    gd_transfer(&f->g, 1, (struct rect){4, 2, 8, 8}, 0);
    make(f, 2);
    gd_transfer(&f->g, 2, (struct rect){0, 2, 8, 30}, 5 * PITCH); /* past the end: an error, too */
    assert_int_equal(count(f, "resource 1: TRANSFER_TO_HOST_2D of 8x8+4+2 reads from offset 0; "
                              "these pixels lie at 528 (y * 256 + x * 4) (pc 0x1234"),
                     1);
    assert_int_equal(count(f, "resource 2: TRANSFER_TO_HOST_2D of 8x30+0+2 reads from"), 1);
    gd_finish(&f->g);
}

static void test_flushed_without_transfer(void **state)
{
    struct fixture *f = *state;
    open_with(f, 0);
    make(f, 1);
    gd_scanout(&f->g, 0, 1, all);
    gd_flush(&f->g, 1, all);
    gd_flush(&f->g, 1, all);
    assert_int_equal(count(f, "resource 1: flushed, but nothing was ever transferred"), 1);
    gd_finish(&f->g);
}

static void test_freed_in_use(void **state)
{
    struct fixture *f = *state;
    open_with(f, 0);
    make(f, 1);
    show(f, 1);
    gd_detach(&f->g, 1);
    gd_unref(&f->g, 1);
    make(f, 2);
    gd_cursor(&f->g, GPU_UPDATE_CURSOR, 1, 0, 0, 2, 0, 0);
    gd_unref(&f->g, 2);
    assert_int_equal(count(f, "resource 1: its memory is detached while a scanout shows it"), 1);
    assert_int_equal(count(f, "resource 1: freed by RESOURCE_UNREF while a scanout shows it"), 1);
    assert_int_equal(count(f, "resource 2: freed by RESOURCE_UNREF while it is the cursor"), 1);
    assert_int_equal(count(f, "gpu-check"), 3);
    gd_finish(&f->g);
}

static void test_leaks(void **state)
{
    struct fixture *f = *state;
    open_with(f, SOON);
    make(f, 1);
    show(f, 1);
    make(f, 2);
    kit_reset(&f->g.kit); /* by the guest */
    assert_int_equal(count(f, "resource 2: not shown, and not freed before the driver reset"), 1);
    assert_int_equal(count(f, "gpu-check"), 1);
    assert_true(kit_start(&f->g.kit, KIT_ALL_FEATURES));
    for (uint32_t id = 10; id < 60; id++) {
        gd_create(&f->g, id, PIXEL_BGRX, 8, 8);
        if (id == 50)
            pass(f);
    }
    assert_int_equal(count(f, "resource 10: not used for 0 s, like 40 others"), 1);
    f->pc = 0;
    kit_reset(&f->g.kit); /* by the host: the guest could not help it */
    assert_int_equal(count(f, "gpu-check"), 2);
    gd_finish(&f->g);
}

/* Lets the GPU's thread do what the time makes due, until it has said something; ten seconds. */
static bool says_in_time(struct fixture *f, const char *what)
{
    for (unsigned i = 0; i < 2000; i++) {
        kit_run(&f->g.kit);
        if (count(f, what))
            return true;
        usleep(5000);
    }
    return false;
}

/* The last update is missing and no command follows: it is reported while the picture is wrong. */
static void test_last_rows_forgotten(void **state)
{
    struct fixture *f = *state;
    open_with(f, SOON);
    make(f, 1);
    show(f, 1);
    draw(f, 2, 2, 2);
    assert_true(says_in_time(f, "resource 1: 1x1+2+2 changed in the guest's memory"));
    gd_transfer(&f->g, 1, all, 0);
    gd_flush(&f->g, 1, all);
    assert_int_equal(count(f, "gpu-check"), 1);
    gd_finish(&f->g);
}

static void test_last_blob_rows_forgotten(void **state)
{
    struct fixture *f = *state;
    open_with(f, SOON);
    struct gpu_mem_entry e = gd_entry(f->pixels, BYTES);
    assert_int_equal(gd_create_blob(&f->g, 1, BYTES, &e, 1), GPU_OK_NODATA);
    assert_int_equal(gd_scanout_blob(&f->g, 0, 1, WIDTH, HEIGHT, all), GPU_OK_NODATA);
    gd_flush(&f->g, 1, all);
    draw(f, 2, 2, 2);
    assert_true(says_in_time(f, "resource 1: 1x1+2+2 changed in the guest's memory"));
    gd_finish(&f->g);
}

/* Drawn after a long stillness. */
static void test_late_rows_forgotten(void **state)
{
    struct fixture *f = *state;
    open_with(f, SOON);
    make(f, 1);
    show(f, 1);
    for (unsigned i = 0; i < 12; i++) {
        kit_run(&f->g.kit);
        usleep(SOON / 4000);
    }
    draw(f, 2, 2, 2);
    assert_true(says_in_time(f, "resource 1: 1x1+2+2 changed in the guest's memory"));
    gd_finish(&f->g);
}

static void test_last_flush_forgotten(void **state)
{
    struct fixture *f = *state;
    open_with(f, SOON);
    make(f, 1);
    show(f, 1);
    gd_transfer(&f->g, 1, (struct rect){0, 8, 16, 8}, 8 * PITCH);
    assert_true(says_in_time(f, "resource 1: 16x8+0+8 was transferred and not flushed"));
    gd_scanout(&f->g, 0, 0, all);
    make(f, 2);
    gd_scanout(&f->g, 0, 2, all);
    assert_true(says_in_time(f, "resource 2: scanned out for 0 s and never flushed"));
    gd_finish(&f->g);
}

/* What the next full flush covers was wrong until then, also if the thread had no time to look. */
static void test_covered_late(void **state)
{
    struct fixture *f = *state;
    open_with(f, SOON);
    make(f, 1);
    show(f, 1);
    gd_transfer(&f->g, 1, (struct rect){0, 8, 16, 8}, 8 * PITCH);
    usleep(SOON / 1000 + 1000);
    gd_flush(&f->g, 1, all);
    assert_int_equal(count(f, "resource 1: 16x8+0+8 was transferred and not flushed"), 1);
    gd_finish(&f->g);
}

/* While the machine is stopped no time passes: the guest could not have flushed. */
static void test_stopped_meanwhile(void **state)
{
    struct fixture *f = *state;
    open_with(f, SOON);
    make(f, 1);
    show(f, 1);
    gd_transfer(&f->g, 1, (struct rect){0, 8, 16, 8}, 8 * PITCH);
    draw(f, 2, 2, 2);
    f->stopped = true;
    for (unsigned i = 0; i < 4; i++) {
        usleep(SOON / 1000);
        kit_run(&f->g.kit);
    }
    assert_string_equal(said(f), "");
    f->stopped = false;
    assert_true(says_in_time(f, "resource 1: 16x8+0+8 was transferred and not flushed"));
    gd_finish(&f->g);
}

/* A GPU whose guest is still looks less and less often, and one that shows nothing not at all. */
static void test_idle_is_idle(void **state)
{
    struct fixture *f = *state;
    open_with(f, 4000000);
    unsigned runs = 0;
    make(f, 1);
    kit_run(&f->g.kit);
    assert_false(worker_step(f->g.kit.worker));
    show(f, 1);
    for (unsigned i = 0; i < 1000; i++) {
        runs += worker_step(f->g.kit.worker);
        usleep(1000);
    }
    assert_in_range(runs, 8, 24); /* a second is 250 patiences */
    gd_scanout(&f->g, 0, 0, all);
    usleep(5000);
    kit_run(&f->g.kit);
    usleep(10000);
    assert_false(worker_step(f->g.kit.worker));
    gd_finish(&f->g);
}

/* A blob that no head shows may be flushed by any rectangle: none of them reaches a library. */
static void test_odd_flushes(void **state)
{
    static const struct rect odd[] = {
        {0x80000000, 0x80000000, 0x80000000, 0x80000000},
        {0x7fffffff, 0, 2, 2},
        {0xffffffff, 0xffffffff, 1, 1},
        {0, 0, 0xffffffff, 0xffffffff},
        {5, 5, 0, 0xffffffff},
    };
    struct fixture *f = *state;
    open_with(f, 1);
    struct gpu_mem_entry e = gd_entry(f->pixels, BYTES);
    assert_int_equal(gd_create_blob(&f->g, 1, BYTES, &e, 1), GPU_OK_NODATA);
    for (size_t i = 0; i < ARRAY_SIZE(odd); i++)
        assert_int_equal(gd_flush(&f->g, 1, odd[i]), GPU_OK_NODATA);
    assert_string_equal(said(f), "");
    gd_finish(&f->g);
}

/* A mistake that no look found while commands came is found at the end. */
static void test_at_the_end(void **state)
{
    struct fixture *f = *state;
    open_with(f, SOON);
    make(f, 1);
    show(f, 1);
    draw(f, 2, 2, 2);
    usleep(SOON / 1000 + 1000); /* its thread does not come to look */
    assert_string_equal(said(f), "");
    gd_finish(&f->g);
    assert_int_equal(count(f, "resource 1: 1x1+2+2 changed in the guest's memory"), 1);
}

/* After a state was loaded: its resources are tracked from then on. */
static void test_loaded_state(void **state)
{
    struct fixture *f = *state;
    struct virtio_dev *dev;
    struct gpu_info info;
    size_t size;
    open_with(f, SOON);
    dev = f->g.kit.dev;
    make(f, 1);
    show(f, 1);
    make(f, 2);
    dev->ops->quiesce(dev);
    uint8_t *bytes = gd_save(dev, &size);
    f->pc = 0; /* the host resets it: no leak */
    dev->ops->reset(dev);
    assert_true(gd_load(dev, bytes, size));
    dev->ops->resume(dev);
    free(bytes);
    f->pc = 0x1234;
    virtio_gpu_info(dev, &info);
    assert_int_equal(info.scanout[0].resource, 1);
    gd_flush(&f->g, 1, all);
    assert_string_equal(said(f), "");
    draw(f, 3, 4, 5);
    assert_int_equal(gd_transfer(&f->g, 1, (struct rect){0, 4, WIDTH, 1}, 4 * PITCH),
                     GPU_OK_NODATA);
    pass(f);
    gd_scanout(&f->g, 1, 0, all);
    assert_int_equal(count(f, "resource 1: 64x1+0+4 was transferred and not flushed"), 1);
    gd_unref(&f->g, 1);
    assert_int_equal(count(f, "resource 1: freed by RESOURCE_UNREF while a scanout"), 1);
    kit_reset(&f->g.kit);
    assert_int_equal(count(f, "not shown, and not freed before the driver reset"), 1);
    gd_finish(&f->g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_good_driver, setup, teardown),
        cmocka_unit_test_setup_teardown(test_never_flushed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_forgotten_rows, setup, teardown),
        cmocka_unit_test_setup_teardown(test_old_memory, setup, teardown),
        cmocka_unit_test_setup_teardown(test_forgotten_blob_rows, setup, teardown),
        cmocka_unit_test_setup_teardown(test_wrong_offset, setup, teardown),
        cmocka_unit_test_setup_teardown(test_flushed_without_transfer, setup, teardown),
        cmocka_unit_test_setup_teardown(test_freed_in_use, setup, teardown),
        cmocka_unit_test_setup_teardown(test_leaks, setup, teardown),
        cmocka_unit_test_setup_teardown(test_last_rows_forgotten, setup, teardown),
        cmocka_unit_test_setup_teardown(test_last_blob_rows_forgotten, setup, teardown),
        cmocka_unit_test_setup_teardown(test_late_rows_forgotten, setup, teardown),
        cmocka_unit_test_setup_teardown(test_last_flush_forgotten, setup, teardown),
        cmocka_unit_test_setup_teardown(test_covered_late, setup, teardown),
        cmocka_unit_test_setup_teardown(test_stopped_meanwhile, setup, teardown),
        cmocka_unit_test_setup_teardown(test_idle_is_idle, setup, teardown),
        cmocka_unit_test_setup_teardown(test_odd_flushes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_at_the_end, setup, teardown),
        cmocka_unit_test_setup_teardown(test_loaded_state, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
