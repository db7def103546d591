/* SPDX-License-Identifier: MIT */
#include "display/display.h"
#include "display/input.h"
#include "host/thread.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { W = 40, H = 30 };

static const struct head_mode preferred = {true, W, H, 60000};
static const struct rect all = {0, 0, W, H};

static void count_wake(void *ctx)
{
    ++*(unsigned *)ctx;
}

static void fill(struct image *img, const struct rect *r, uint32_t color)
{
    uint32_t stride;
    uint8_t *p = image_write_begin(img, r, &stride);
    for (uint32_t y = r->y; y < r->y + r->h; y++)
        for (uint32_t x = r->x; x < r->x + r->w; x++)
            memcpy(p + (size_t)y * stride + x * 4, &color, 4);
    image_write_end(img);
}

static uint32_t snap(struct display *d, unsigned head, uint32_t x, uint32_t y)
{
    struct picture *p = display_snapshot(d, head, false);
    assert_non_null(p);
    uint32_t v;
    memcpy(&v, p->data + (size_t)y * p->stride + x * 4, 4);
    picture_destroy(p);
    return v & 0xffffff;
}

static struct image *image_of(uint32_t color)
{
    struct image *img = image_create(W, H, PIXEL_BGRX);
    fill(img, &all, color);
    return img;
}

static void test_nothing_yet(void **state)
{
    (void)state;
    struct display *d = display_create(2, &preferred);
    struct head_state s;
    struct head_mode w;
    display_state(d, 0, &s);
    assert_false(s.active);
    assert_int_equal(s.width, W); /* the preferred width */
    display_preferred(d, 1, &w);
    assert_false(w.connected);
    assert_int_equal(snap(d, 0, 0, 0), 0);
    assert_false(display_read(d, 0, &all, NULL, 0));
    assert_null(display_cursor(d, 0));
    display_destroy(d);
    display_destroy(NULL);
}

static void test_shows_at_flush(void **state)
{
    (void)state;
    struct display *d = display_create(1, &preferred);
    struct image *a = image_of(1), *b = image_of(2);
    display_set_scanout(d, 0, a, &all);
    struct head_state s;
    display_state(d, 0, &s);
    assert_false(s.active);
    display_flush(d, a, &(struct rect){0, 0, 1, 1}); /* any flush brings all of it */
    assert_int_equal(snap(d, 0, 20, 20), 1);
    display_set_scanout(d, 0, b, &all);
    assert_int_equal(snap(d, 0, 20, 20), 1);
    fill(b, &all, 3);
    display_flush(d, b, &all);
    assert_int_equal(snap(d, 0, 20, 20), 3);
    fill(b, &all, 4); /* never flushed: never seen */
    assert_int_equal(snap(d, 0, 20, 20), 3);
    display_flush(d, a, &all); /* shown nowhere: fine */
    assert_int_equal(snap(d, 0, 20, 20), 3);
    display_set_scanout(d, 0, NULL, NULL);
    display_state(d, 0, &s);
    assert_false(s.active);
    assert_int_equal(s.width, W);
    assert_int_equal(snap(d, 0, 20, 20), 0);
    image_unref(a);
    image_unref(b);
    display_destroy(d);
}

/* A mode set of Linux: clear, then a new picture. A viewer that looks late sees no black. */
static void test_clear_then_picture(void **state)
{
    (void)state;
    struct display *d = display_create(1, &preferred);
    struct image *a = image_of(1), *b = image_of(2);
    unsigned woken = 0;
    struct viewer *v = display_attach(d, count_wake, &woken);
    struct head_state s, before;
    pixman_region32_t damage;
    pixman_region32_init(&damage);
    display_set_scanout(d, 0, a, &all);
    display_flush(d, a, &all);
    assert_int_equal(woken, 1);
    assert_true(viewer_take(v, 0, &before, &damage));
    assert_false(viewer_take(v, 0, &s, &damage));
    display_set_scanout(d, 0, NULL, NULL);
    display_set_scanout(d, 0, b, &all);
    display_flush(d, b, &(struct rect){0, 0, 2, 2});
    assert_int_equal(woken, 2); /* coalesced */
    assert_true(viewer_take(v, 0, &s, &damage));
    assert_true(s.active);
    assert_int_not_equal(s.mode_gen, before.mode_gen);
    assert_true(pixman_region32_contains_rectangle(&damage, &(pixman_box32_t){0, 0, W, H}) ==
                PIXMAN_REGION_IN);
    display_detach(v);
    display_detach(NULL);
    pixman_region32_fini(&damage);
    image_unref(a);
    image_unref(b);
    display_destroy(d);
}

static void test_generations(void **state)
{
    (void)state;
    struct display *d = display_create(1, &preferred);
    struct image *a = image_of(1);
    struct head_state s, t;
    display_set_scanout(d, 0, a, &(struct rect){10, 10, 20, 10});
    display_flush(d, a, &all);
    display_state(d, 0, &s);
    display_flush(d, a, &(struct rect){0, 0, 10, 10}); /* outside of what is shown */
    display_set_scanout(d, 0, a, &(struct rect){10, 10, 20, 10});
    display_move_cursor(d, 0, 0, 0);
    display_set_cursor(d, 0, NULL, 0, 0, 3, 3);
    display_state(d, 0, &t);
    assert_memory_equal(&s, &t, sizeof(s));
    display_flush(d, a, &(struct rect){10, 10, 1, 1});
    display_move_cursor(d, 0, -5, 7);
    display_state(d, 0, &t);
    assert_int_equal(t.frame_gen, s.frame_gen + 1);
    assert_int_equal(t.cursor_pos_gen, s.cursor_pos_gen + 1);
    assert_int_equal(t.mode_gen, s.mode_gen);
    assert_int_equal(t.cursor_gen, s.cursor_gen);
    assert_int_equal(t.cursor_x, -5);
    image_unref(a);
    display_destroy(d);
}

static void test_cursor(void **state)
{
    (void)state;
    struct display *d = display_create(1, &preferred);
    struct image *a = image_of(0x204060);
    struct picture *pic = picture_create(2, 2);
    const uint32_t colors[4] = {0xffff0000, 0x80800000, 0, 0xff00ff00};
    memcpy(pic->data, colors, sizeof(colors));
    display_set_scanout(d, 0, a, &all);
    display_flush(d, a, &all);
    display_set_cursor(d, 0, pic, -1, 0, 1, 1);
    struct picture *got = display_cursor(d, 0);
    assert_int_equal(got->width, 2);
    assert_memory_equal(got->data, colors, sizeof(colors));
    picture_destroy(got);
    got = display_snapshot(d, 0, true);
    const uint32_t *px = (const uint32_t *)got->data;
    assert_int_equal(px[0], 0xff902030); /* half red, premultiplied, over 204060 */
    assert_int_equal(px[W], 0xff00ff00);
    assert_int_equal(px[1], 0xff204060);
    picture_destroy(got);
    struct head_state s, t;
    display_state(d, 0, &s);
    display_set_cursor(d, 0, pic, -1, 0, 1, 1); /* the same again */
    display_state(d, 0, &t);
    assert_int_equal(s.cursor_gen, t.cursor_gen);
    display_set_cursor(d, 0, NULL, 4, 4, 0, 0);
    assert_null(display_cursor(d, 0));
    picture_destroy(pic);
    image_unref(a);
    display_destroy(d);
}

/* Whatever a guest says of its cursor, viewers and snapshots get numbers whose sums fit. */
static void test_cursor_numbers(void **state)
{
    (void)state;
    static const uint32_t ends[] = {
        0,          1,          63,         64,       0x10000,       0x10001,
        0x7fffffbf, 0x7fffffc0, 0x7fffffff, 1u << 31, 1u << 31 | 64, 0xfffeffff,
        0xffff0000, 0xffffffc0, 0xffffffff};
    struct display *d = display_create(1, &preferred);
    struct image *a = image_of(0x204060);
    struct picture *pic = picture_create(5, 3), none = {0, 3, 0, NULL};
    struct head_state s;
    memset(pic->data, 0xff, 5 * 3 * 4);
    display_set_scanout(d, 0, a, &all);
    display_flush(d, a, &all);
    for (size_t i = 0; i < ARRAY_SIZE(ends) * ARRAY_SIZE(ends); i++) {
        uint32_t x = ends[i % ARRAY_SIZE(ends)], y = ends[i / ARRAY_SIZE(ends)];
        display_set_cursor(d, 0, pic, (int32_t)x, (int32_t)y, y, x);
        display_state(d, 0, &s);
        assert_in_range(s.cursor_x + DISPLAY_CURSOR_FAR, 0, 2 * DISPLAY_CURSOR_FAR);
        assert_in_range(s.cursor_y + DISPLAY_CURSOR_FAR, 0, 2 * DISPLAY_CURSOR_FAR);
        assert_in_range(s.hot_x, 0, 4);
        assert_in_range(s.hot_y, 0, 2);
        assert_true((s.cursor_x < 0) == ((int32_t)x < 0) && (s.cursor_y < 0) == ((int32_t)y < 0));
        picture_destroy(display_snapshot(d, 0, true)); /* UBSan looks on */
        display_move_cursor(d, 0, (int32_t)y, (int32_t)x);
        display_state(d, 0, &s);
        assert_in_range(s.cursor_x + DISPLAY_CURSOR_FAR, 0, 2 * DISPLAY_CURSOR_FAR);
        assert_in_range(s.cursor_y + DISPLAY_CURSOR_FAR, 0, 2 * DISPLAY_CURSOR_FAR);
        picture_destroy(display_snapshot(d, 0, true));
    }
    assert_true(s.cursor_visible);
    display_set_cursor(d, 0, &none, 0, 0, 0, 0);
    assert_null(display_cursor(d, 0));
    picture_destroy(pic);
    image_unref(a);
    display_destroy(d);
}

/* A mode outside of the range of images is clamped. */
static void test_preferred_sizes(void **state)
{
    (void)state;
    struct display *d = display_create(2, &preferred);
    struct head_mode w = {true, 0, UINT32_MAX, 60000};
    display_set_preferred(d, 0, &w);
    display_preferred(d, 0, &w);
    assert_int_equal(w.width, 1);
    assert_int_equal(w.height, IMAGE_MAX_SIDE);
    display_destroy(d);
}

struct keeper {
    struct display *display;
    unsigned looks;
    uint32_t colour;
};

static void keep_last(void *ctx, unsigned head)
{
    struct keeper *k = ctx;
    k->looks++;
    k->colour = snap(k->display, head, 0, 0);
}

static void no_wake(void *ctx)
{
    (void)ctx;
}

/* Who keeps pictures sees the last one, however soon the head goes dark after its flush. */
static void test_on_dark(void **state)
{
    (void)state;
    struct keeper k = {.display = display_create(2, &preferred)};
    struct image *a = image_of(1), *b = image_of(2);
    struct viewer *v = display_attach(k.display, no_wake, &k);
    viewer_on_dark(v, keep_last);
    display_set_scanout(k.display, 1, NULL, NULL); /* it was dark already */
    display_set_scanout(k.display, 1, a, &all);
    display_flush(k.display, a, &all);
    display_set_scanout(k.display, 1, b, &all);
    display_flush(k.display, b, &all);
    assert_int_equal(k.looks, 0);
    fill(b, &all, 3);
    display_flush(k.display, b, &all);
    fill(b, &all, 4); /* not flushed */
    display_set_scanout(k.display, 1, NULL, NULL);
    assert_int_equal(k.looks, 1);
    assert_int_equal(k.colour, 3);
    display_set_scanout(k.display, 1, a, &all);
    display_flush(k.display, a, &all);
    display_forget(k.display, a);
    assert_int_equal(k.looks, 2);
    assert_int_equal(k.colour, 1);
    display_detach(v);
    image_unref(a);
    image_unref(b);
    display_destroy(k.display);
}

/* The deadline starts when the head goes dark, does not move while it stays dark, and ends with
 * it. */
static void test_blank_deadline(void **state)
{
    (void)state;
    const struct head_state on = {.active = true}, off = {.active = false};
    assert_int_equal(viewer_blank_deadline(&off, &off, 0, 5), 0); /* never was lit */
    assert_int_equal(viewer_blank_deadline(&off, &on, 0, 5), HOST_FOREVER);
    assert_int_equal(viewer_blank_deadline(&on, &on, HOST_FOREVER, 5), HOST_FOREVER);
    uint64_t due = viewer_blank_deadline(&on, &off, HOST_FOREVER, 5);
    assert_int_equal(due, 5 + DISPLAY_KEEP_NS);
    assert_int_equal(viewer_blank_deadline(&off, &off, due, 7), due);
    assert_int_equal(viewer_blank_deadline(&off, &on, due, 8), HOST_FOREVER);
}

/* A head that is plugged or unplugged wakes its viewers even if they do not look at it. */
static void test_preferred_wakes(void **state)
{
    (void)state;
    unsigned woken = 0;
    struct display *d = display_create(2, &preferred);
    struct viewer *v = display_attach(d, count_wake, &woken);
    struct head_mode w = preferred;
    struct head_state before, after;
    display_state(d, 1, &before);
    display_set_preferred(d, 1, &w); /* plugged */
    assert_int_equal(woken, 1);
    display_set_preferred(d, 1, &w); /* nothing new */
    assert_int_equal(woken, 1);
    w.connected = false;
    display_set_preferred(d, 1, &w);
    assert_int_equal(woken, 2);
    display_state(d, 1, &after);
    assert_int_equal(after.preferred_gen - before.preferred_gen, 2);
    assert_int_equal(after.mode_gen, before.mode_gen);
    display_detach(v);
    display_destroy(d);
}

static void test_preferred(void **state)
{
    (void)state;
    struct display *d = display_create(1, &preferred);
    unsigned notified = 0;
    struct head_mode w = preferred;
    display_on_preferred(d, count_wake, &notified);
    display_set_preferred(d, 0, &w);
    assert_int_equal(notified, 0); /* nothing new */
    w.width = 77;
    display_set_preferred(d, 0, &w);
    assert_int_equal(notified, 1);
    display_reset(d);
    display_preferred(d, 0, &w);
    assert_int_equal(w.width, 77);
    display_on_preferred(d, NULL, NULL);
    w.connected = false;
    display_set_preferred(d, 0, &w);
    assert_int_equal(notified, 1);
    display_destroy(d);
}

/* A viewer that comes late gets all of it; one that never takes does not collect boxes for ever. */
static void test_late_and_slow(void **state)
{
    (void)state;
    struct display *d = display_create(1, &preferred);
    struct image *a = image_of(1);
    unsigned woken = 0;
    struct head_state s;
    pixman_region32_t damage;
    pixman_region32_init(&damage);
    display_set_scanout(d, 0, a, &all);
    display_flush(d, a, &all);
    struct viewer *v = display_attach(d, count_wake, &woken);
    assert_true(viewer_take(v, 0, &s, &damage));
    assert_int_equal(pixman_region32_contains_rectangle(&damage, &(pixman_box32_t){0, 0, W, H}),
                     PIXMAN_REGION_IN);
    assert_false(viewer_take(v, 0, &s, &damage));
    assert_false(pixman_region32_not_empty(&damage));
    for (uint32_t i = 0; i < W * H / 2; i++)
        display_flush(d, a, &(struct rect){i * 2 % W, i * 2 / W, 1, 1});
    assert_int_equal(woken, 1);
    assert_true(viewer_take(v, 0, &s, &damage));
    assert_true(pixman_region32_n_rects(&damage) <= 64);
    for (int32_t i = 0; i < W * H / 2; i++)
        assert_true(
            pixman_region32_contains_point(&damage, i * 2 % W, i * 2 / W, &(pixman_box32_t){0}));
    display_detach(v);
    pixman_region32_fini(&damage);
    image_unref(a);
    display_destroy(d);
}

static void test_forget(void **state)
{
    (void)state;
    struct display *d = display_create(2, &preferred);
    struct image *a = image_of(1), *b = image_of(2);
    struct head_state s;
    display_set_scanout(d, 0, a, &all);
    display_set_scanout(d, 1, a, &all);
    display_flush(d, a, &all);
    display_set_scanout(d, 1, b, &all); /* head 1 is about to show b */
    display_forget(d, a);
    display_state(d, 0, &s);
    assert_false(s.active);
    display_state(d, 1, &s);
    assert_false(s.active);
    display_flush(d, b, &all);
    assert_int_equal(snap(d, 1, 0, 0), 2);
    display_set_scanout(d, 0, b, &all);
    display_forget(d, b);
    display_flush(d, b, &all);
    display_state(d, 0, &s);
    assert_false(s.active);
    image_unref(a);
    image_unref(b);
    display_destroy(d);
}

static void test_places(void **state)
{
    (void)state;
    struct display *d = display_create(3, &(struct head_mode){true, 100, 50, 60000});
    struct head_mode w[DISPLAY_MAX_HEADS];
    display_set_preferred(d, 2, &(struct head_mode){true, 300, 80, 60000});
    display_preferred_all(d, w);
    assert_true(w[0].connected && !w[1].connected && w[2].connected && w[2].width == 300);
    struct rect r = desktop_position(w, 0);
    assert_true(r.x == 0 && r.y == 0 && r.w == 100 && r.h == 50);
    r = desktop_position(w, 1);
    assert_true(r.x == 0 && r.w == 0 && r.h == 0); /* not connected: no room */
    r = desktop_position(w, 2);
    assert_true(r.x == 100 && r.y == 0 && r.w == 300 && r.h == 80);
    display_destroy(d);
}

/* The guest turns a position back into the very pixel, on its head, whatever the scale. */
static void test_abs(void **state)
{
    (void)state;
    static const struct head_mode modes[] = {{true, 1280, 800, 60000}, {true, 1024, 768, 60000}};
    struct display *d = display_create(2, &modes[0]);
    int32_t ax, ay;
    for (uint32_t x = 0; x < 1280; x++) { /* one head: all of the tablet */
        display_abs(d, 0, x, x * 800 / 1280, 1280, 800, &ax, &ay);
        assert_int_equal(ax * 1280 / (INPUT_ABS_MAX + 1), x);
        assert_int_equal(ay * 800 / (INPUT_ABS_MAX + 1), x * 800 / 1280);
    }
    display_set_preferred(d, 1, &modes[1]);
    for (uint32_t x = 0; x < 1024; x++) { /* the right one of two, the lower */
        display_abs(d, 1, x, x * 768 / 1024, 1024, 768, &ax, &ay);
        assert_int_equal(ax * (1280 + 1024) / (INPUT_ABS_MAX + 1), 1280 + x);
        assert_int_equal(ay * 800 / (INPUT_ABS_MAX + 1), x * 768 / 1024);
    }
    for (uint32_t x = 0; x < 2560; x++) { /* drawn twice as large */
        display_abs(d, 0, x, 0, 2560, 1600, &ax, &ay);
        assert_int_equal(ax * (1280 + 1024) / (INPUT_ABS_MAX + 1), x / 2);
    }
    display_abs(d, 1, 5000, 5000, 1024, 800, &ax, &ay); /* outside: the edge */
    assert_int_equal(ax, INPUT_ABS_MAX - 7);
    assert_in_range(ay, 767 * 32768 / 800, 768 * 32768 / 800);
    display_abs(d, 1, 0, 0, 0, 0, &ax, &ay); /* no picture at all */
    assert_in_range(ax, 0, INPUT_ABS_MAX);
    display_set_preferred(d, 0, &(struct head_mode){false, 1, 1, 1});
    display_set_preferred(d, 1, &(struct head_mode){false, 1, 1, 1});
    display_abs(d, 1, 5, 5, 10, 10, &ax, &ay); /* no desktop */
    assert_true(ax == 0 && ay == 0);
    display_destroy(d);
}

static void take(struct viewer *v, unsigned head)
{
    struct head_state s;
    pixman_region32_t damage;
    pixman_region32_init(&damage);
    viewer_take(v, head, &s, &damage);
    pixman_region32_fini(&damage);
}

static struct display_frame flush(struct display *d, struct image *img)
{
    struct display_frame f = {0};
    display_flush(d, img, &all);
    display_frame(d, img, &f);
    return f;
}

static void test_pacing(void **state)
{
    (void)state;
    struct display *d = display_create(2, &preferred);
    struct image *a = image_of(1), *b = image_of(2);
    unsigned woken = 0, notified = 0;
    struct viewer *v = display_attach(d, count_wake, &woken),
                  *other = display_attach(d, count_wake, &woken);
    display_on_presented(d, count_wake, &notified);
    display_set_scanout(d, 0, a, &all);
    struct display_frame f = flush(d, a);
    assert_false(display_frame_pending(d, &f)); /* nobody paces */
    viewer_pace(v, 0, true);
    assert_false(display_frame_pending(d, &f)); /* pending is what is flushed from now on */
    f = flush(d, a);
    assert_true(display_frame_pending(d, &f));
    viewer_presented(v, 0); /* what it has not taken it can not have shown */
    assert_true(display_frame_pending(d, &f));
    take(v, 0);
    assert_true(display_frame_pending(d, &f));
    viewer_presented(other, 0);
    assert_true(display_frame_pending(d, &f));
    notified = 0;
    viewer_presented(v, 0);
    assert_int_equal(notified, 1);
    assert_false(display_frame_pending(d, &f));
    viewer_presented(v, 0);
    assert_int_equal(notified, 1); /* nobody waits: no notification */
    f = flush(d, a);
    struct display_frame newer = flush(d, a);
    take(v, 0); /* skips a frame */
    viewer_presented(v, 0);
    assert_false(display_frame_pending(d, &f) || display_frame_pending(d, &newer));
    f = flush(d, b); /* shown nowhere */
    assert_false(display_frame_pending(d, &f));
    f = flush(d, a);
    assert_true(display_frame_pending(d, &f));
    notified = 0;
    viewer_pace(v, 0, false); /* its window was hidden */
    assert_int_equal(notified, 1);
    assert_false(display_frame_pending(d, &f));
    viewer_pace(v, 0, true);
    f = flush(d, a);
    assert_true(display_frame_pending(d, &f));
    display_forget(d, a); /* nothing is shown: nothing to wait for */
    assert_false(display_frame_pending(d, &f));
    display_set_scanout(d, 0, b, &all);
    f = flush(d, b);
    assert_true(display_frame_pending(d, &f));
    notified = 0;
    display_detach(v);
    assert_int_equal(notified, 1);
    assert_false(display_frame_pending(d, &f));
    display_detach(other);
    image_unref(a);
    image_unref(b);
    display_destroy(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_yet),
        cmocka_unit_test(test_shows_at_flush),
        cmocka_unit_test(test_clear_then_picture),
        cmocka_unit_test(test_generations),
        cmocka_unit_test(test_cursor),
        cmocka_unit_test(test_cursor_numbers),
        cmocka_unit_test(test_preferred_sizes),
        cmocka_unit_test(test_on_dark),
        cmocka_unit_test(test_blank_deadline),
        cmocka_unit_test(test_preferred),
        cmocka_unit_test(test_preferred_wakes),
        cmocka_unit_test(test_forget),
        cmocka_unit_test(test_late_and_slow),
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_abs),
        cmocka_unit_test(test_pacing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
