/* SPDX-License-Identifier: MIT */
/*
 * Thousands of random commands, in random framings, over scattered guest memory and all formats;
 * what the display shows is compared with a naive model that keeps back and front buffers in plain arrays.
 */
#include "kit/gpu.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { MAX_W = 70, MAX_H = 50, RESOURCES = 5, HEADS = 2, PIECES = 64 };

static const uint32_t formats[] = {PIXEL_BGRA, PIXEL_BGRX, PIXEL_ARGB, PIXEL_XRGB,
                                   PIXEL_RGBA, PIXEL_XBGR, PIXEL_ABGR, PIXEL_RGBX};

struct model_res {
    bool exists;
    uint32_t format, w, h;
    uint32_t fresh[MAX_W * MAX_H], seen[MAX_W * MAX_H]; /* as the guest's words */
    uint32_t entries;                                   /* 0: no backing */
    uint64_t size;
    uint64_t pa[PIECES];
    uint32_t len[PIECES];
};

struct model_shot {
    struct model_res *res;
    struct rect src;
};

struct model {
    struct gpu_driver g;
    struct model_res res[RESOURCES];
    struct model_shot next[HEADS], shown[HEADS];
    uint64_t pool, pool_size; /* guest memory that backings come from */
};

static uint32_t below(uint32_t n)
{
    return (uint32_t)rand() % n;
}

static uint32_t id_of(const struct model *m, const struct model_res *r)
{
    return 1 + (uint32_t)(r - m->res) * 1024; /* also hash neighbours */
}

static bool is_shown(const struct model *m, const struct model_res *r)
{
    for (int h = 0; h < HEADS; h++)
        if (m->shown[h].res == r)
            return true;
    return false;
}

static struct rect random_rect(const struct model_res *r)
{
    if (below(4) == 0)
        return (struct rect){0, 0, r->w, r->h};
    struct rect rect = {below(r->w), below(r->h), 0, 0};
    rect.w = 1 + below(r->w - rect.x);
    rect.h = 1 + below(r->h - rect.y);
    if (below(4) == 0) {
        rect.x = 0;
        rect.w = r->w;
    }
    return rect;
}

static void step_create(struct model *m, struct model_res *r)
{
    uint32_t format = formats[below(8)], w = 1 + below(MAX_W), h = 1 + below(MAX_H);
    uint32_t got = gd_create(&m->g, id_of(m, r), format, w, h);
    assert_int_equal(got, r->exists ? GPU_ERR_INVALID_RESOURCE_ID : GPU_OK_NODATA);
    if (r->exists)
        return;
    memset(r, 0, sizeof(*r));
    r->exists = true;
    r->format = format;
    r->w = w;
    r->h = h;
}

static void step_unref(struct model *m, struct model_res *r)
{
    uint32_t got = gd_unref(&m->g, id_of(m, r));
    assert_int_equal(got, r->exists ? GPU_OK_NODATA : GPU_ERR_INVALID_RESOURCE_ID);
    r->exists = false;
    for (int h = 0; h < HEADS; h++) {
        bool next = m->next[h].res == r;
        if (next)
            m->next[h].res = NULL;
        if (next || m->shown[h].res == r)
            m->shown[h].res = NULL;
    }
}

/* Cuts a size into pieces somewhere in the pool: pages, neighbours, odd lengths, none at all. */
static void scatter(struct model *m, struct model_res *r, struct gpu_mem_entry *e)
{
    uint64_t want = (uint64_t)r->w * r->h * 4 + below(2) * below(5000);
    if (below(8) == 0)
        want /= 2; /* too short */
    r->size = r->entries = 0;
    while (r->size < want && r->entries < PIECES) {
        uint32_t i = r->entries++;
        bool neighbour =
            i && below(4) == 0 && r->pa[i - 1] + r->len[i - 1] + 8192 < m->pool + m->pool_size;
        r->len[i] = r->entries == PIECES ? 8192 : below(3) ? 4096 : below(700);
        r->pa[i] = neighbour ? r->pa[i - 1] + r->len[i - 1]
                             : m->pool + below((uint32_t)m->pool_size - 8192);
        r->size += r->len[i];
        e[i] = gd_entry(r->pa[i], r->len[i]);
    }
}

static void step_attach(struct model *m, struct model_res *r)
{
    struct gpu_mem_entry e[PIECES];
    if (!r->exists)
        return;
    if (r->entries) {
        assert_int_equal(gd_detach(&m->g, id_of(m, r)), GPU_OK_NODATA);
        r->entries = 0;
    } else {
        scatter(m, r, e);
        assert_int_equal(gd_attach(&m->g, id_of(m, r), e, r->entries), GPU_OK_NODATA);
    }
}

/* The byte at an offset of the backing, found the slow way. */
static uint8_t *backing_byte(struct model *m, struct model_res *r, uint64_t off)
{
    for (uint32_t i = 0; i < r->entries; i++) {
        if (off < r->len[i])
            return gmem_span(m->g.kit.mem, r->pa[i] + off, 1);
        off -= r->len[i];
    }
    return NULL;
}

static uint32_t expect_transfer(struct model *m, struct model_res *r, const struct rect *rect,
                                uint64_t off)
{
    if (!r->entries)
        return GPU_ERR_UNSPEC;
    uint64_t last = off + ((uint64_t)(rect->h - 1) * r->w + rect->w) * 4;
    if (last > r->size)
        return GPU_ERR_INVALID_PARAMETER;
    for (uint32_t y = 0; y < rect->h; y++)
        for (uint32_t b = 0; b < rect->w * 4; b++) {
            uint8_t *dst = (uint8_t *)&r->fresh[(rect->y + y) * r->w + rect->x];
            dst[b] = *backing_byte(m, r, off + (uint64_t)y * r->w * 4 + b);
        }
    if (!is_shown(m, r))
        memcpy(r->seen, r->fresh, sizeof(r->seen));
    return GPU_OK_NODATA;
}

static void step_transfer(struct model *m, struct model_res *r)
{
    if (!r->exists)
        return;
    struct rect rect = random_rect(r);
    uint64_t off = ((uint64_t)rect.y * r->w + rect.x) * 4;
    if (below(8) == 0)
        off = below((uint32_t)r->size + 100);
    uint32_t want = expect_transfer(m, r, &rect, off);
    assert_int_equal(gd_transfer(&m->g, id_of(m, r), rect, off), want);
}

static void step_scanout(struct model *m, struct model_res *r)
{
    uint32_t h = below(HEADS);
    if (below(6) == 0) {
        assert_int_equal(gd_scanout(&m->g, h, 0, (struct rect){0}), GPU_OK_NODATA);
        m->next[h].res = m->shown[h].res = NULL;
    } else if (r->exists) {
        struct rect src = random_rect(r);
        bool same = m->shown[h].res == r && !memcmp(&m->shown[h].src, &src, sizeof(src));
        assert_int_equal(gd_scanout(&m->g, h, id_of(m, r), src), GPU_OK_NODATA);
        m->next[h] = (struct model_shot){same ? NULL : r, src};
    }
}

static void step_flush(struct model *m, struct model_res *r)
{
    if (!r->exists)
        return;
    struct rect rect = random_rect(r);
    for (uint32_t y = rect.y; y < rect.y + rect.h; y++)
        for (uint32_t x = rect.x; x < rect.x + rect.w; x++)
            r->seen[y * r->w + x] = r->fresh[y * r->w + x];
    for (int h = 0; h < HEADS; h++) {
        if (m->next[h].res != r)
            continue;
        if (!is_shown(m, r))
            memcpy(r->seen, r->fresh, sizeof(r->seen));
        m->shown[h] = m->next[h];
        m->next[h].res = NULL;
    }
    assert_int_equal(gd_flush(&m->g, id_of(m, r), rect), GPU_OK_NODATA);
}

/* By the name of the format: where blue, green and red are in memory. */
static uint32_t to_bgrx(uint32_t format, uint32_t word)
{
    static const struct {
        uint32_t format;
        uint8_t b, g, r;
    } where[] = {{PIXEL_BGRA, 0, 1, 2}, {PIXEL_BGRX, 0, 1, 2}, {PIXEL_ARGB, 3, 2, 1},
                 {PIXEL_XRGB, 3, 2, 1}, {PIXEL_RGBA, 2, 1, 0}, {PIXEL_RGBX, 2, 1, 0},
                 {PIXEL_ABGR, 1, 2, 3}, {PIXEL_XBGR, 1, 2, 3}};
    for (size_t i = 0; i < ARRAY_SIZE(where); i++)
        if (where[i].format == format)
            return 0xff000000 | (word >> 8 * where[i].r & 255) << 16 |
                   (word >> 8 * where[i].g & 255) << 8 | (word >> 8 * where[i].b & 255);
    return 0;
}

static void check(struct model *m, unsigned h)
{
    const struct model_shot *s = &m->shown[h];
    struct picture *p = display_snapshot(m->g.display, h, false);
    const uint32_t *px = (const uint32_t *)p->data;
    if (s->res) {
        assert_int_equal(p->width, s->src.w);
        assert_int_equal(p->height, s->src.h);
    }
    for (uint32_t y = 0; s->res && y < p->height; y++)
        for (uint32_t x = 0; x < p->width; x++)
            assert_int_equal(
                px[y * p->width + x],
                to_bgrx(s->res->format, s->res->seen[(s->src.y + y) * s->res->w + s->src.x + x]));
    if (!s->res)
        assert_int_equal(px[0], 0xff000000);
    picture_destroy(p);
}

static void draw(struct model *m)
{
    uint32_t n = 1 + below(8192);
    uint8_t *p = gmem_span(m->g.kit.mem, m->pool + below((uint32_t)m->pool_size - n), n);
    uint32_t seed = (uint32_t)rand();
    for (uint32_t i = 0; i < n; i++)
        p[i] = (uint8_t)(seed = seed * 1664525 + 1013904223, seed >> 24);
}

static void random_framing(struct model *m)
{
    m->g.kit.framing = (struct kit_framing){.indirect = below(2)};
    if (m->g.kit.framing.indirect) {
        m->g.kit.framing.split = below(3) ? 1 + below(40) : 0;
        m->g.kit.framing.direct = below(3);
    }
}

static void run(struct model *m, unsigned steps)
{
    for (unsigned i = 0; i < steps; i++) {
        struct model_res *r = &m->res[below(RESOURCES)];
        uint32_t op = below(100);
        random_framing(m);
        draw(m);
        if (op < 4)
            step_unref(m, r);
        else if (op < 12)
            step_create(m, r);
        else if (op < 20)
            step_attach(m, r);
        else if (op < 55)
            step_transfer(m, r);
        else if (op < 65)
            step_scanout(m, r);
        else
            step_flush(m, r);
        check(m, below(HEADS));
    }
}

static void test_random(void **state)
{
    (void)state;
    struct model *m = malloc(sizeof(*m));
    for (unsigned seed = 1; seed <= 6; seed++) {
        memset(m, 0, sizeof(*m));
        srand(seed);
        gd_init(&m->g, 16 << 20, HEADS, 64 << 20, false);
        assert_true(kit_start(&m->g.kit, KIT_ALL_FEATURES));
        m->pool_size = 1 << 20;
        m->pool = kit_alloc(&m->g.kit, m->pool_size, 4096);
        run(m, 2500);
        gd_finish(&m->g);
    }
    free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_random)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
