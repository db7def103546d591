/* SPDX-License-Identifier: MIT */
/* A trace written by the GPU and played again: the same pictures, the same answers. */
#include "trace_session.h"
#include "virtio/gpu/state.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static void test_same_again(void **state)
{
    struct session s;
    struct played d;
    uint32_t seen[WIDTH * HEIGHT];
    bool threaded = *state != NULL;
    session_begin(&s, threaded);
    session_create(&s, 7);
    gd_scanout(&s.g, 0, 7, all);
    for (uint32_t y = 0; y < HEIGHT; y += 5)
        session_draw(&s, 7, y, y << 16 | 0xff000000);
    assert_true(gd_cursor(&s.g, GPU_MOVE_CURSOR, 0, 3, -4, 0, 0, 0));
    assert_int_equal(gd_flush(&s.g, 99, all), GPU_ERR_INVALID_RESOURCE_ID);
    session_look(&s);
    session_end(&s);
    trace_play(&d, s.path, BUDGET);
    assert_true(d.ok);
    assert_int_equal(d.end, TRACE_READ_END);
    assert_true(d.p.ended);
    assert_true(d.p.checks >= 1);
    assert_int_equal(d.p.wrong_checks + d.p.wrong_codes, 0);
    assert_int_equal(d.p.step, 3 + 2 * ((HEIGHT + 4) / 5) + 2);
    assert_true(display_read(driver_display(d.p.driver), 0, &all, (uint8_t *)seen, WIDTH * 4));
    assert_memory_equal(seen, s.picture, sizeof(seen));
    player_finish(&d.p);
    unlink(s.path);
}

/* A reset in the middle; other features after it; the picture of the second life. */
static void test_two_lives(void **state)
{
    (void)state;
    struct session s;
    struct played d;
    uint32_t seen[WIDTH * HEIGHT];
    session_begin(&s, false);
    session_create(&s, 1);
    gd_scanout(&s.g, 0, 1, all);
    session_draw(&s, 1, 3, 0x112233);
    assert_true(kit_start(&s.g.kit, 0));
    session_create(&s, 1);
    gd_scanout(&s.g, 0, 1, all);
    session_draw(&s, 1, 9, 0x445566);
    session_look(&s);
    session_end(&s);
    trace_play(&d, s.path, BUDGET);
    assert_true(d.ok && d.p.ended);
    assert_int_equal(d.p.resets, 1);
    assert_int_equal(d.p.wrong_checks + d.p.wrong_codes, 0);
    assert_true(d.p.checks >= 2);
    assert_true(display_read(driver_display(d.p.driver), 0, &all, (uint8_t *)seen, WIDTH * 4));
    assert_memory_equal(seen, s.picture, sizeof(seen));
    player_finish(&d.p);
    unlink(s.path);
}

/* What was transferred and never flushed is in the resource and not on the screen. */
static void test_unflushed(void **state)
{
    (void)state;
    struct session s;
    struct played d;
    session_begin(&s, false);
    session_create(&s, 1);
    gd_scanout(&s.g, 0, 1, all);
    session_draw(&s, 1, 0, 0x010101);
    kit_write(&s.g.kit, s.pixels + WIDTH * HEIGHT * 2, &(uint32_t){0x999999}, 4);
    gd_transfer(&s.g, 1, all, 0);
    session_end(&s);
    trace_play(&d, s.path, BUDGET);
    assert_true(d.ok && d.p.ended && !d.p.wrong_checks);
    struct picture *res = player_resource(&d.p, 1), *screen = player_screen(&d.p, 0);
    assert_non_null(res);
    assert_non_null(screen);
    assert_null(player_resource(&d.p, 2));
    assert_int_equal(*(uint32_t *)res->data, 0xff999999);
    assert_int_equal(*(uint32_t *)screen->data, 0xff010101);
    picture_destroy(res);
    picture_destroy(screen);
    player_finish(&d.p);
    unlink(s.path);
}

/* Blobs are recorded as they are flushed; what the guest draws afterwards is not in the trace. */
static void test_blobs(void **state)
{
    (void)state;
    struct session s;
    struct played d;
    uint32_t seen[WIDTH * HEIGHT], row[WIDTH], bytes = WIDTH * HEIGHT * 4, half = bytes / 2;
    struct rect part = {4, 10, 32, 20}, flushed = {0, 8, WIDTH, 4};
    session_begin(&s, false);
    struct gpu_mem_entry e[2] = {gd_entry(s.pixels + half, half), gd_entry(s.pixels, half)};
    assert_int_equal(gd_create_blob(&s.g, 1, bytes, e, 2), GPU_OK_NODATA);
    assert_int_equal(gd_scanout_blob(&s.g, 0, 1, WIDTH, HEIGHT, part), GPU_OK_NODATA);
    for (uint32_t x = 0; x < WIDTH; x++)
        row[x] = 0xff000000 | x;
    kit_write(&s.g.kit, s.pixels + half + 10 * sizeof(row), row, sizeof(row));
    assert_int_equal(gd_transfer(&s.g, 1, flushed, 0), GPU_OK_NODATA);
    assert_int_equal(gd_flush(&s.g, 1, flushed), GPU_OK_NODATA);
    session_look(&s);
    row[20] = 0;
    kit_write(&s.g.kit, s.pixels + half + 10 * sizeof(row), row, sizeof(row));
    gd_cursor(&s.g, GPU_UPDATE_CURSOR, 0, 0, 0, 1, 0, 0); /* too small: an error */
    session_end(&s);
    trace_play(&d, s.path, BUDGET);
    assert_true(d.ok && d.p.ended);
    assert_int_equal(d.p.checks, 1);
    assert_int_equal(d.p.wrong_checks + d.p.wrong_codes, 0);
    memset(seen, 0, sizeof(seen));
    assert_true(display_read(driver_display(d.p.driver), 0, &all, (uint8_t *)seen, WIDTH * 4));
    assert_int_equal(seen[16], 0xff000014);
    for (uint32_t y = 0; y < part.h; y++)
        assert_memory_equal(seen + y * WIDTH, s.picture + y * WIDTH, part.w * 4);
    struct picture *res = player_resource(&d.p, 1);
    assert_non_null(res);
    assert_int_equal(((uint32_t *)res->data)[10 * WIDTH + 63], 0xff00003f);
    picture_destroy(res);
    player_finish(&d.p);
    unlink(s.path);
}

/* Saves the state, resets the device, and loads the state, as a snapshot would. */
static void save_and_load(struct session *s)
{
    struct virtio_dev *dev = s->g.kit.dev;
    size_t size;
    dev->ops->quiesce(dev);
    uint8_t *bytes = gd_save(dev, &size);
    dev->ops->reset(dev);
    assert_true(gd_load(dev, bytes, size));
    dev->ops->resume(dev);
    free(bytes);
}

/* What no command of the trace has made is there from a state: a 2D resource, with the half of its
 * next picture that was transferred, on one head, and a blob on the other. */
static void test_loaded_state(void **state)
{
    (void)state;
    struct session s;
    struct played d;
    uint32_t seen[WIDTH * HEIGHT], bytes = WIDTH * HEIGHT * 4, colour = 0x777777;
    session_begin(&s, false);
    session_create(&s, 1);
    gd_scanout(&s.g, 0, 1, all);
    for (uint32_t y = 0; y < HEIGHT; y++)
        session_draw(&s, 1, y, 0x010203 * y);
    uint64_t blob = kit_alloc(&s.g.kit, bytes, 4096);
    struct gpu_mem_entry e = gd_entry(blob, bytes);
    assert_int_equal(gd_create_blob(&s.g, 2, bytes, &e, 1), GPU_OK_NODATA);
    assert_int_equal(gd_scanout_blob(&s.g, 1, 2, WIDTH, HEIGHT, all), GPU_OK_NODATA);
    kit_write(&s.g.kit, blob + 40, &colour, 4);
    assert_int_equal(gd_flush(&s.g, 2, all), GPU_OK_NODATA);
    kit_write(&s.g.kit, s.pixels + bytes / 2, &colour, 4);
    assert_int_equal(gd_transfer(&s.g, 1, (struct rect){0, 0, WIDTH, HEIGHT / 2}, 0),
                     GPU_OK_NODATA);
    save_and_load(&s);
    session_draw(&s, 1, HEIGHT - 1,
                 0xabcdef); /* the first command; its other rows are as they were */
    assert_int_equal(gd_flush(&s.g, 1, all), GPU_OK_NODATA);
    session_look(&s);
    session_end(&s);
    trace_play(&d, s.path, BUDGET);
    if (!d.ok || !d.p.ended || d.p.wrong_checks || d.p.wrong_codes)
        fail_msg("%s; %u checksums and %u answers differ", d.err.text, (unsigned)d.p.wrong_checks,
                 (unsigned)d.p.wrong_codes);
    assert_int_equal(d.p.resets, 1);
    assert_true(display_read(driver_display(d.p.driver), 0, &all, (uint8_t *)seen, WIDTH * 4));
    assert_memory_equal(seen, s.picture, sizeof(seen));
    assert_int_equal(seen[0], 0xff777777);
    assert_true(display_read(driver_display(d.p.driver), 1, &all, (uint8_t *)seen, WIDTH * 4));
    assert_int_equal(seen[10], 0xff777777);
    player_finish(&d.p);
    unlink(s.path);
}

/* --- any commands --- */

static uint32_t dice(uint32_t *random, uint32_t sides)
{
    *random = *random * 1664525 + 1013904223;
    return (uint32_t)((uint64_t)*random * sides >> 32);
}

static struct rect any_rect(uint32_t *r)
{
    struct rect rect = {dice(r, WIDTH), dice(r, HEIGHT), 1 + dice(r, WIDTH), 1 + dice(r, HEIGHT)};
    if (dice(r, 8)) { /* mostly inside */
        rect.w = MIN(rect.w, WIDTH - rect.x);
        rect.h = MIN(rect.h, HEIGHT - rect.y);
    }
    return dice(r, 4) ? rect : all;
}

/* Memory in pieces, which may overlap. */
static uint32_t any_entries(struct session *s, uint32_t *r, struct gpu_mem_entry e[4])
{
    for (unsigned i = 0; i < 4; i++)
        e[i] = gd_entry(s->pixels + dice(r, 16) * 64, WIDTH * HEIGHT * (dice(r, 8) ? 1 : 4));
    return 1 + dice(r, 4);
}

static void any_command(struct session *s, uint32_t *r)
{
    struct gpu_driver *g = &s->g;
    struct gpu_mem_entry e[4];
    uint32_t id = 1 + dice(r, 4), entries, noise[64];
    struct rect rect = any_rect(r);
    switch (dice(r, 16)) {
    case 0: gd_create(g, id, dice(r, 9) ? PIXEL_RGBX : 9, WIDTH, HEIGHT); break;
    case 1:
        entries = any_entries(s, r, e);
        gd_create_blob(g, id, WIDTH * HEIGHT * 4, e, entries);
        break;
    case 2:
        entries = any_entries(s, r, e);
        gd_attach(g, id, e, entries);
        break;
    case 3: dice(r, 3) ? 0 : gd_detach(g, id); break;
    case 4: dice(r, 3) ? 0 : gd_unref(g, id); break;
    case 5: gd_scanout(g, dice(r, 3), dice(r, 5), rect); break;
    case 6: gd_scanout_blob(g, dice(r, 3), id, WIDTH, HEIGHT, rect); break;
    case 7: gd_cursor(g, GPU_UPDATE_CURSOR, dice(r, 3), 1, 2, id, 0, 0); break;
    case 8: dice(r, 8) ? 0 : kit_start(&g->kit, KIT_ALL_FEATURES); break;
    case 9:
    case 10:
    case 11: gd_flush(g, id, rect); break;
    default:
        for (unsigned i = 0; i < 64; i++)
            noise[i] = dice(r, UINT32_MAX);
        kit_write(&g->kit, s->pixels + dice(r, WIDTH * HEIGHT - 64) * 4, noise, sizeof(noise));
        gd_transfer(g, id, rect, (rect.y * WIDTH + rect.x) * 4ul * (dice(r, 4) != 0));
    }
}

/* Whatever was asked and refused: played again, all answers and pictures are the same. */
static void test_any_commands(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= 20; seed++) {
        struct session s;
        struct played d;
        uint32_t random = seed;
        session_begin(&s, false);
        s.pixels = kit_alloc(&s.g.kit, WIDTH * HEIGHT * 8, 4096);
        for (unsigned i = 0; i < 400; i++) {
            uint64_t brk = s.g.kit.brk;
            any_command(&s, &random);
            if (s.g.kit.brk > brk + 4096)
                s.pixels = kit_alloc(&s.g.kit, WIDTH * HEIGHT * 8, 4096);
        }
        session_end(&s);
        trace_play(&d, s.path, BUDGET);
        if (!d.ok || !d.p.ended || d.p.wrong_checks || d.p.wrong_codes)
            fail_msg("seed %u: %s, %u checksums and %u answers differ", seed, d.err.text,
                     (unsigned)d.p.wrong_checks, (unsigned)d.p.wrong_codes);
        assert_true(d.p.step > 200);
        player_finish(&d.p);
        unlink(s.path);
    }
}

/* A hart that changes a list of pages again and again, from RAM to no RAM and back. */
struct changer {
    struct gpu_driver *g;
    uint64_t list;
    atomic_bool end;
};

static void *change_list(void *arg)
{
    struct changer *c = arg;
    for (uint32_t i = 0; !atomic_load(&c->end); i++) {
        le64 addr = le64_make(i & 1 ? KIT_RAM_BASE : 0);
        kit_write(&c->g->kit, c->list, &addr, sizeof(addr));
    }
    return NULL;
}

/* The trace has the list that the handler read, not one of a moment earlier. */
static void test_changed_meanwhile(void **state)
{
    (void)state;
    struct session s;
    struct played d;
    pthread_t thread;
    struct gpu_mem_entry e = gd_entry(KIT_RAM_BASE, 4096);
    session_begin(&s, false);
    struct changer c = {.g = &s.g, .list = kit_put(&s.g.kit, &e, sizeof(e))};
    assert_int_equal(gd_create(&s.g, 1, PIXEL_BGRX, 32, 32), GPU_OK_NODATA);
    assert_int_equal(pthread_create(&thread, NULL, change_list, &c), 0);
    for (unsigned i = 0; i < 3000; i++)
        if (gd_attach_at(&s.g, 1, c.list, 1) == GPU_OK_NODATA)
            assert_int_equal(gd_detach(&s.g, 1), GPU_OK_NODATA);
    atomic_store(&c.end, true);
    pthread_join(thread, NULL);
    session_end(&s);
    trace_play(&d, s.path, BUDGET);
    assert_true(d.ok && d.p.ended);
    assert_int_equal(d.p.wrong_codes, 0);
    player_finish(&d.p);
    unlink(s.path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_again),
        cmocka_unit_test_prestate(test_same_again, (void *)"threaded"),
        cmocka_unit_test(test_two_lives),
        cmocka_unit_test(test_unflushed),
        cmocka_unit_test(test_blobs),
        cmocka_unit_test(test_loaded_state),
        cmocka_unit_test(test_any_commands),
        cmocka_unit_test(test_changed_meanwhile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
