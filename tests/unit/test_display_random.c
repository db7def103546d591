/* SPDX-License-Identifier: MIT */
/*
 * Random transfers, flushes, scanouts and frees of images, against a model of plain arrays: each
 * image has a back buffer (what was transferred) and a front buffer (what was flushed), and viewers
 * and snapshots see the front buffer.
 */
#include "display/display.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { W = 40, H = 30, HEADS = 3, IMAGES = 4, VIEWERS = 3 };

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

struct model_image {
    struct image *img;
    uint32_t back[H][W], front[H][W];
};
struct model_scanout {
    struct model_image *img;
    struct rect src;
};
struct model_viewer {
    struct viewer *viewer;
    unsigned woken;
    uint32_t copy[HEADS][H][W]; /* the picture it keeps */
};
struct model {
    struct display *d;
    struct model_image image[IMAGES];
    struct model_scanout next[HEADS], shown[HEADS];
    struct model_viewer viewer[VIEWERS];
};

static bool model_is_shown(const struct model *m, const struct model_image *img)
{
    for (int h = 0; h < HEADS; h++)
        if (m->shown[h].img == img)
            return true;
    return false;
}

static struct rect random_rect(void)
{
    if (rand() % 4 == 0)
        return all;
    struct rect r = {(uint32_t)rand() % W, (uint32_t)rand() % H, 0, 0};
    r.w = 1 + (uint32_t)rand() % (W - r.x);
    r.h = 1 + (uint32_t)rand() % (H - r.y);
    return r;
}

static void flush_rect(struct model_image *mi, const struct rect *r)
{
    for (uint32_t y = r->y; y < r->y + r->h; y++)
        memcpy(&mi->front[y][r->x], &mi->back[y][r->x], r->w * 4);
}

static void step_transfer(struct model *m, struct model_image *mi, uint32_t color)
{
    struct rect r = random_rect();
    for (uint32_t y = r.y; y < r.y + r.h; y++)
        for (uint32_t x = r.x; x < r.x + r.w; x++)
            mi->back[y][x] = color;
    if (!model_is_shown(m, mi))
        memcpy(mi->front, mi->back, sizeof(mi->front));
    fill(mi->img, &r, color);
}

static void step_scanout(struct model *m, struct model_image *mi)
{
    unsigned h = (unsigned)rand() % HEADS;
    struct rect r = random_rect();
    if (rand() % 6 == 0) {
        m->next[h].img = m->shown[h].img = NULL;
        display_set_scanout(m->d, h, NULL, NULL);
        return;
    }
    bool same = m->shown[h].img == mi && !memcmp(&m->shown[h].src, &r, sizeof(r));
    m->next[h] = (struct model_scanout){same ? NULL : mi, r};
    display_set_scanout(m->d, h, mi->img, &r);
}

static void step_flush(struct model *m, struct model_image *mi)
{
    struct rect r = random_rect();
    flush_rect(mi, &r);
    for (int h = 0; h < HEADS; h++) {
        if (m->next[h].img != mi)
            continue;
        if (!model_is_shown(m, mi))
            flush_rect(mi, &all);
        m->shown[h] = m->next[h];
        m->next[h].img = NULL;
    }
    display_flush(m->d, mi->img, &r);
}

static void step_forget(struct model *m, struct model_image *mi)
{
    display_forget(m->d, mi->img);
    for (int h = 0; h < HEADS; h++) {
        bool next = m->next[h].img == mi;
        if (next)
            m->next[h].img = NULL;
        if (next || m->shown[h].img == mi)
            m->shown[h].img = NULL;
    }
    image_unref(mi->img);
    mi->img = image_create(W, H, PIXEL_BGRX);
    memset(mi->back, 0, sizeof(mi->back));
    memset(mi->front, 0, sizeof(mi->front));
}

static uint32_t expected(const struct model_scanout *s, uint32_t x, uint32_t y)
{
    return s->img->front[s->src.y + y][s->src.x + x] | 0xff000000;
}

/* A front-end: copies what is damaged into the picture it keeps; that must be the flushed one. */
static void check_viewer(struct model *m, struct model_viewer *v, unsigned h)
{
    pixman_region32_t damage;
    pixman_region32_init(&damage);
    struct head_state s;
    viewer_take(v->viewer, h, &s, &damage);
    int n;
    const pixman_box32_t *b = pixman_region32_rectangles(&damage, &n);
    for (; n > 0; n--, b++) {
        struct rect r = {(uint32_t)b->x1, (uint32_t)b->y1, (uint32_t)(b->x2 - b->x1),
                         (uint32_t)(b->y2 - b->y1)};
        assert_true(rect_inside(&r, s.width, s.height));
        assert_true(display_read(m->d, h, &r, (uint8_t *)&v->copy[h][r.y][r.x], W * 4));
    }
    pixman_region32_fini(&damage);
    const struct model_scanout *scanout = &m->shown[h];
    assert_int_equal(s.active, scanout->img != NULL);
    for (uint32_t y = 0; scanout->img && y < scanout->src.h; y++)
        for (uint32_t x = 0; x < scanout->src.w; x++)
            assert_int_equal(v->copy[h][y][x], expected(scanout, x, y));
}

static void check_snapshot(struct model *m, unsigned h)
{
    struct picture *p = display_snapshot(m->d, h, false);
    const struct model_scanout *scanout = &m->shown[h];
    for (uint32_t y = 0; y < p->height; y++)
        for (uint32_t x = 0; x < p->width; x++)
            assert_int_equal(((uint32_t *)p->data)[y * p->width + x],
                             scanout->img ? expected(scanout, x, y) : 0xff000000);
    picture_destroy(p);
}

static void model_run(struct model *m, unsigned steps)
{
    for (unsigned i = 1; i <= steps; i++) {
        struct model_image *mi = &m->image[rand() % IMAGES];
        int op = rand() % 100;
        if (op < 40)
            step_transfer(m, mi, i);
        else if (op < 80)
            step_flush(m, mi);
        else if (op < 98)
            step_scanout(m, mi);
        else
            step_forget(m, mi);
        check_snapshot(m, (unsigned)rand() % HEADS);
        struct model_viewer *v = &m->viewer[rand() % VIEWERS];
        if (v != &m->viewer[0] || rand() % 50 == 0) /* viewer 0 is slow */
            check_viewer(m, v, (unsigned)rand() % HEADS);
    }
}

static void test_random(void **state)
{
    (void)state;
    static struct model m;
    for (unsigned seed = 1; seed <= 10; seed++) {
        srand(seed);
        memset(&m, 0, sizeof(m));
        m.d = display_create(HEADS, &preferred);
        for (int i = 0; i < IMAGES; i++)
            m.image[i].img = image_create(W, H, PIXEL_BGRX);
        for (int i = 0; i < VIEWERS; i++)
            m.viewer[i].viewer = display_attach(m.d, count_wake, &m.viewer[i].woken);
        model_run(&m, 3000);
        for (int i = 0; i < VIEWERS; i++)
            display_detach(m.viewer[i].viewer);
        display_destroy(m.d);
        for (int i = 0; i < IMAGES; i++)
            image_unref(m.image[i].img);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
