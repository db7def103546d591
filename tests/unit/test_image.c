/* SPDX-License-Identifier: MIT */
#include "display/display.h"
#include "display/image_kind.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

enum { W = 61, H = 47 };

static const struct rect all = {0, 0, W, H};

/* Writes `color` to a rectangle, as a transfer would. */
static void fill(struct image *img, const struct rect *r, uint32_t color)
{
    uint32_t stride;
    uint8_t *p = image_write_begin(img, r, &stride);
    assert_non_null(p);
    assert_int_equal(stride, image_width(img) * 4);
    for (uint32_t y = r->y; y < r->y + r->h; y++)
        for (uint32_t x = r->x; x < r->x + r->w; x++)
            memcpy(p + (size_t)y * stride + x * 4, &color, 4);
    image_write_end(img);
}

static uint32_t pixel(struct image *img, uint32_t x, uint32_t y)
{
    uint32_t p = 0x12345678;
    image_read(img, &(struct rect){x, y, 1, 1}, (uint8_t *)&p, 4, true);
    return p;
}

static void test_limits(void **state)
{
    (void)state;
    assert_null(image_create(0, 1, PIXEL_BGRX));
    assert_null(image_create(1, 16385, PIXEL_BGRX));
    assert_null(image_create(1, 1, 5));
    struct image *img = image_create(16384, 16384, PIXEL_RGBA); /* lazily: costs nothing */
    assert_non_null(img);
    assert_true(image_bytes(img) == UINT64_C(1) << 30);
    assert_true(image_reserve(img));
    assert_true(image_bytes(img) == UINT64_C(1) << 31);
    image_unref(img);
    image_unref(NULL);
}

static void test_hidden_is_one_buffer(void **state)
{
    (void)state;
    struct image *img = image_create(W, H, PIXEL_BGRA);
    fill(img, &all, 0x11223344);
    assert_int_equal(pixel(img, 5, 5), 0x11223344);
    assert_int_equal(image_bytes(img), W * H * 4);
    image_unref(img);
}

static void test_shown_waits_for_flush(void **state)
{
    (void)state;
    struct image *img = image_create(W, H, PIXEL_BGRA);
    fill(img, &all, 1);
    image_show(img);
    assert_int_equal(pixel(img, 5, 5), 1);
    fill(img, &(struct rect){0, 0, 10, 10}, 2); /* partial */
    assert_int_equal(pixel(img, 5, 5), 1);
    image_flush(img, &(struct rect){0, 0, 6, 6});
    assert_int_equal(pixel(img, 5, 5), 2);
    assert_int_equal(pixel(img, 6, 5), 1);
    fill(img, &all, 3); /* whole, with something held back already */
    assert_int_equal(pixel(img, 5, 5), 2);
    assert_int_equal(pixel(img, 6, 5), 1);
    assert_int_equal(pixel(img, 60, 46), 1);
    image_flush(img, &all);
    assert_int_equal(pixel(img, 60, 46), 3);
    fill(img, &all, 4); /* whole: the buffers change places */
    fill(img, &all, 5);
    fill(img, &(struct rect){1, 1, 1, 1}, 6);
    assert_int_equal(pixel(img, 1, 1), 3);
    image_flush(img, &all);
    assert_int_equal(pixel(img, 1, 1), 6);
    assert_int_equal(pixel(img, 2, 1), 5);
    image_hide(img);
    image_unref(img);
}

/* Back and front buffer of an image against plain arrays. */
struct model {
    uint32_t fresh[H][W], seen[H][W];
    unsigned shown;
};

static struct rect random_rect(void)
{
    struct rect r;
    switch (rand() % 8) {
    case 0: return all;
    case 1: r = (struct rect){0, (uint32_t)rand() % H, W, 1}; break;
    default: r = (struct rect){(uint32_t)rand() % W, (uint32_t)rand() % H, 1, 1}; break;
    }
    r.w = r.w == W ? W : 1 + (uint32_t)rand() % (W - r.x);
    r.h = 1 + (uint32_t)rand() % (H - r.y);
    if (rand() % 4 == 0)
        r.w = r.h = 1; /* scattered pixels make long lists of boxes */
    return r;
}

static void check(struct image *img, struct model *m)
{
    static uint32_t got[H][W];
    struct rect r = random_rect();
    image_read(img, &r, (uint8_t *)got, W * 4, true);
    for (uint32_t y = 0; y < r.h; y++)
        assert_memory_equal(got[y], &m->seen[r.y + y][r.x], r.w * 4);
}

static void model_step(struct image *img, struct model *m, unsigned i)
{
    struct rect r = random_rect();
    switch (rand() % 16) {
    case 0:
        if (m->shown++ == 0)
            memcpy(m->seen, m->fresh, sizeof(m->seen));
        image_show(img);
        break;
    case 1:
        if (m->shown) {
            image_hide(img);
            m->shown--;
        }
        break;
    case 2:
    case 3:
    case 4:
    case 5:
        for (uint32_t y = r.y; y < r.y + r.h; y++)
            memcpy(&m->seen[y][r.x], &m->fresh[y][r.x], r.w * 4);
        image_flush(img, &r);
        break;
    default:
        for (uint32_t y = r.y; y < r.y + r.h; y++)
            for (uint32_t x = r.x; x < r.x + r.w; x++)
                m->fresh[y][x] = i;
        fill(img, &r, i);
        break;
    }
    if (!m->shown)
        memcpy(m->seen, m->fresh, sizeof(m->seen));
}

static void test_random(void **state)
{
    (void)state;
    static struct model m;
    for (unsigned seed = 1; seed <= 20; seed++) {
        srand(seed);
        memset(&m, 0, sizeof(m));
        struct image *img = image_create(W, H, PIXEL_BGRA);
        for (unsigned i = 1; i < 3000; i++) {
            model_step(img, &m, i);
            check(img, &m);
        }
        while (m.shown--)
            image_hide(img);
        image_unref(img);
    }
}

/* A guest that scatters pixels, so that the list of what is held back has to be merged. */
static void test_scattered(void **state)
{
    (void)state;
    static struct model m;
    memset(&m, 0, sizeof(m));
    struct image *img = image_create(W, H, PIXEL_BGRA);
    image_show(img);
    m.shown = 1;
    for (uint32_t round = 1; round < 4; round++) {
        for (uint32_t i = 0; i < 900; i++) {
            struct rect r = {i % 30 * 2 + round % 2, i / 30, 1, 1};
            bool flush = round == 3 || i % 50 == 7;
            m.fresh[r.y][r.x] = round * 1000 + i;
            fill(img, &r, round * 1000 + i);
            if (flush) {
                m.seen[r.y][r.x] = m.fresh[r.y][r.x];
                image_flush(img, &r);
            }
            check(img, &m);
        }
    }
    memcpy(m.seen, m.fresh, sizeof(m.seen));
    image_flush(img, &all);
    check(img, &m);
    /* one large piece, then holes in it */
    fill(img, &all, 7);
    for (uint32_t i = 0; i < 900; i++) {
        struct rect r = {i % 30 * 2, i / 30, 1, 1};
        m.seen[r.y][r.x] = 7;
        image_flush(img, &r);
        check(img, &m);
    }
    image_hide(img);
    image_unref(img);
}

/* A reader that always holds the image sees whole flushed frames only: all pixels alike. */
struct race {
    struct image *img;
    atomic_bool stop;
    unsigned torn, frames;
};

static void *reader(void *arg)
{
    struct race *race = arg;
    static uint32_t got[H][W];
    uint32_t last = 0;
    while (!atomic_load(&race->stop)) {
        image_read(race->img, &all, (uint8_t *)got, W * 4, true);
        for (int i = 1; i < W * H; i++)
            race->torn += got[i / W][i % W] != got[0][0];
        race->frames += got[0][0] != last;
        last = got[0][0];
    }
    return NULL;
}

static void test_reader_never_sees_half(void **state)
{
    (void)state;
    struct race race = {.img = image_create(W, H, PIXEL_BGRA)};
    pthread_t thread;
    image_show(race.img);
    assert_int_equal(pthread_create(&thread, NULL, reader, &race), 0);
    for (uint32_t i = 1; i < 4000; i++) {
        if (i % 3) {
            fill(race.img, &all, i);
        } else { /* the same by parts */
            fill(race.img, &(struct rect){0, 0, W / 2, H}, i);
            fill(race.img, &(struct rect){W / 2, 0, W - W / 2, H}, i);
        }
        image_flush(race.img, &all);
    }
    atomic_store(&race.stop, true);
    pthread_join(thread, NULL);
    assert_int_equal(race.torn, 0);
    image_hide(race.img);
    image_unref(race.img);
}

/* A window whose owner takes it away while its first row is being read. */
struct revoker {
    struct image *img;
    pthread_t thread;
    unsigned rows;
};

static void *take_away(void *arg)
{
    image_revoke(((struct revoker *)arg)->img);
    return NULL;
}

static void slow_row(void *ctx, uint64_t off, uint32_t format, uint8_t *dst, size_t n, bool alpha)
{
    struct revoker *r = ctx;
    (void)off, (void)format, (void)dst, (void)n, (void)alpha;
    if (!r->rows++)
        assert_int_equal(pthread_create(&r->thread, NULL, take_away, r), 0);
    usleep(1000);
}

/* Whoever revokes waits for a row, not for a picture: a hart may be behind it. */
static void test_revoked_meanwhile(void **state)
{
    static const struct image_source source = {slow_row};
    enum { ROWS = 16384 };
    struct revoker r = {0};
    uint32_t *pixels = malloc(ROWS * 4);
    (void)state;
    r.img = image_create_window(1, ROWS, PIXEL_BGRX, &source, &r, 0, 4);
    assert_false(image_read(r.img, &(struct rect){0, 0, 1, ROWS}, (uint8_t *)pixels, 4, false));
    pthread_join(r.thread, NULL);
    assert_true(r.rows < ROWS);
    image_unref(r.img);
    free(pixels);
}

/* A kind in a file of its own, as a texture would be: a read gives its colour, all ops that it
 * does not have are no work. */
struct solid {
    struct image base;
    uint32_t colour;
    unsigned *destroyed;
};

static bool solid_read(struct image *img, const struct image_target *t)
{
    for (uint32_t y = 0; y < t->rect->h; y++)
        for (uint32_t x = 0; x < t->rect->w; x++)
            memcpy(t->dst + y * t->stride + x * 4, &container_of(img, struct solid, base)->colour,
                   4);
    return true;
}

static void solid_destroy(struct image *img)
{
    struct solid *s = container_of(img, struct solid, base);
    ++*s->destroyed;
    image_finish(img);
    free(s);
}

static void test_another_kind(void **state)
{
    static const struct image_ops ops = {.read = solid_read, .destroy = solid_destroy};
    static const struct head_mode mode = {true, W, H, 60000};
    unsigned destroyed = 0;
    struct solid *s = calloc(1, sizeof(*s));
    uint32_t seen[2][2] = {0};
    (void)state;
    assert_false(image_init(&s->base, &ops, W, 0, PIXEL_BGRX));
    assert_true(image_init(&s->base, &ops, W, H, PIXEL_BGRX));
    s->colour = 0xff123456;
    s->destroyed = &destroyed;
    assert_true(image_reserve(&s->base));
    struct display *d = display_create(1, &mode);
    display_set_scanout(d, 0, &s->base, &all);
    display_flush(d, &s->base, &all);
    assert_true(display_read(d, 0, &(struct rect){3, 3, 2, 2}, (uint8_t *)seen, 8));
    assert_int_equal(seen[1][1], 0xff123456);
    image_unref(&s->base);
    assert_int_equal(destroyed, 0);
    display_destroy(d);
    assert_int_equal(destroyed, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_hidden_is_one_buffer),
        cmocka_unit_test(test_shown_waits_for_flush),
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_scattered),
        cmocka_unit_test(test_reader_never_sees_half),
        cmocka_unit_test(test_revoked_meanwhile),
        cmocka_unit_test(test_another_kind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
