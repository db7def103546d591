/* SPDX-License-Identifier: MIT */
/* Blobs of guest memory: images whose pixels are copied only when a viewer reads them. */
#include "kit/gpu.h"
#include "virtio/gpu/resource.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { W = 64, H = 48, BYTES = W * H * 4, PAGES = BYTES / 4096 };

static const struct rect all = {0, 0, W, H};

static int setup(void **state)
{
    struct gpu_driver *g = calloc(1, sizeof(*g));
    gd_init(g, 16 << 20, 3, 1 << 20, false);
    *state = g;
    return kit_start(&g->kit, KIT_ALL_FEATURES) ? 0 : -1;
}

static int teardown(void **state)
{
    struct gpu_driver *g = *state;
    kit_reset(&g->kit);
    assert_int_equal(container_of(g->kit.dev, struct gpu, dev)->used, 0);
    gd_finish(g);
    free(g);
    return 0;
}

static uint32_t seen(struct gpu_driver *g, unsigned head, uint32_t x, uint32_t y)
{
    uint32_t p = 0xdeadbeef;
    display_read(g->display, head, &(struct rect){x, y, 1, 1}, (uint8_t *)&p, 4);
    return p;
}

static void draw(struct gpu_driver *g, uint64_t pa, uint32_t color)
{
    kit_write(&g->kit, pa, &color, 4);
}

/* Pixel i has colour i; in single pages, last first. */
static uint64_t make(struct gpu_driver *g, uint32_t id)
{
    uint64_t pa = kit_alloc(&g->kit, BYTES, 4096);
    struct gpu_mem_entry e[PAGES];
    for (uint32_t i = 0; i < PAGES; i++)
        e[i] = gd_entry(pa + (PAGES - 1 - i) * 4096, 4096);
    for (uint32_t i = 0; i < W * H; i++)
        draw(g, le64_get(e[i / 1024].addr) + i % 1024 * 4, i);
    assert_int_equal(gd_create_blob(g, id, BYTES, e, PAGES), GPU_OK_NODATA);
    return pa;
}

static void test_shown_where_it_is(void **state)
{
    struct gpu_driver *g = *state;
    uint64_t pa = make(g, 1);
    assert_int_equal(gd_scanout_blob(g, 0, 1, W, H, all), GPU_OK_NODATA);
    struct head_state s;
    display_state(g->display, 0, &s);
    assert_false(s.active); /* at the first flush */
    assert_int_equal(gd_transfer(g, 1, all, 0), GPU_OK_NODATA);
    assert_int_equal(gd_flush(g, 1, all), GPU_OK_NODATA);
    struct picture *p = display_snapshot(g->display, 0, false);
    assert_non_null(p);
    for (uint32_t i = 0; i < W * H; i++)
        assert_int_equal(((uint32_t *)p->data)[i], 0xff000000 | i);
    picture_destroy(p);
    draw(g, pa + (PAGES - 1) * 4096, 0x777777); /* no transfer, no flush: it is the memory itself */
    assert_int_equal(seen(g, 0, 0, 0), 0xff777777);
    assert_int_equal(gd_unref(g, 1), GPU_OK_NODATA);
    assert_int_equal(seen(g, 0, 0, 0), 0xdeadbeef);
    display_state(g->display, 0, &s);
    assert_false(s.active);
}

/* Rows and pixels that lie in two pieces, a stride and an offset that are no multiple of 4. */
static void test_odd_pieces(void **state)
{
    struct gpu_driver *g = *state;
    enum { STRIDE = 53, OFFSET = 7, WIDE = 13, HIGH = 9, SIZE = OFFSET + STRIDE * HIGH };
    static const uint32_t formats[] = {PIXEL_BGRX, PIXEL_RGBX, PIXEL_XRGB, PIXEL_XBGR};
    uint8_t bytes[SIZE];
    struct gpu_mem_entry e[SIZE];
    for (unsigned i = 0; i < SIZE; i++)
        bytes[i] = (uint8_t)(i * 37 + 11);
    for (uint32_t piece = 1; piece < 23; piece += 3) {
        uint32_t n = 0, format = formats[piece % 4];
        for (uint32_t off = 0; off < SIZE; off += piece, n++) {
            uint32_t len = MIN(piece, SIZE - off);
            e[n] = gd_entry(kit_alloc(&g->kit, len + 3, 1), len);
            kit_write(&g->kit, le64_get(e[n].addr), bytes + off, len);
        }
        assert_int_equal(gd_create_blob(g, piece, SIZE, e, n), GPU_OK_NODATA);
        struct rect r = {1, 2, WIDE - 1, HIGH - 2};
        struct gpu_set_scanout_blob shape = gd_shape(0, piece, WIDE, HIGH, r);
        shape.strides[0] = le32_make(STRIDE);
        shape.offsets[0] = le32_make(OFFSET);
        shape.format = le32_make(format);
        assert_int_equal(GD_SEND(g, shape), GPU_OK_NODATA);
        assert_int_equal(gd_flush(g, piece, r), GPU_OK_NODATA);
        for (uint32_t y = 0; y < r.h; y++) {
            _Alignas(4) uint8_t row[WIDE * 4], want[WIDE * 4], in[WIDE * 4];
            memcpy(in, bytes + OFFSET + (y + r.y) * STRIDE + r.x * 4, r.w * 4);
            pixel_row_to_bgra(format, want, in, r.w, false);
            assert_true(
                display_read(g->display, 0, &(struct rect){0, y, r.w, 1}, row, sizeof(row)));
            assert_memory_equal(row, want, r.w * 4);
        }
        assert_int_equal(gd_unref(g, piece), GPU_OK_NODATA);
    }
}

/* One framebuffer: left half, right half, and the right half mirrored on a third. */
static void test_two_heads(void **state)
{
    struct gpu_driver *g = *state;
    const struct rect left = {0, 0, W / 2, H}, right = {W / 2, 0, W / 2, H};
    uint64_t pa = make(g, 1);
    struct gpu *gpu = container_of(g->kit.dev, struct gpu, dev);
    assert_int_equal(gd_scanout_blob(g, 0, 1, W, H, left), GPU_OK_NODATA);
    uint64_t used = gpu->used;
    assert_int_equal(gd_scanout_blob(g, 1, 1, W, H, right), GPU_OK_NODATA);
    assert_int_equal(gd_scanout_blob(g, 2, 1, W, H, right), GPU_OK_NODATA);
    assert_true(gpu->used == used); /* one view for all */
    assert_int_equal(gd_flush(g, 1, all), GPU_OK_NODATA);
    draw(g, pa + (PAGES - 1) * 4096 + (W / 2 + 3) * 4, 0xabcdef);
    assert_int_equal(gd_flush(g, 1, (struct rect){W / 2, 0, 8, 1}), GPU_OK_NODATA);
    assert_int_equal(seen(g, 0, 3, 0), 0xff000003);
    assert_int_equal(seen(g, 1, 3, 0), 0xffabcdef);
    assert_int_equal(seen(g, 2, 3, 0), 0xffabcdef);
    assert_int_equal(seen(g, 2, 4, 1), 0xff000000 | (W + W / 2 + 4));
}

/* Flips through shapes and blobs keep the views of what is shown and no more. */
static void test_views_are_bounded(void **state)
{
    struct gpu_driver *g = *state;
    struct gpu *gpu = container_of(g->kit.dev, struct gpu, dev);
    make(g, 1);
    uint64_t most = 0;
    for (uint32_t i = 0; i < 5000; i++) {
        uint32_t h = 1 + i % H;
        assert_int_equal(gd_scanout_blob(g, i % 3, 1, W, h, (struct rect){0, 0, W, h}),
                         GPU_OK_NODATA);
        if (i % 7 < 4)
            assert_int_equal(gd_flush(g, 1, (struct rect){0, 0, W, 1}), GPU_OK_NODATA);
        most = MAX(most, gpu->used);
    }
    assert_true(most < 16384);
}

static void test_create_errors(void **state)
{
    struct gpu_driver *g = *state;
    uint64_t pa = kit_alloc(&g->kit, BYTES, 4096);
    struct gpu_mem_entry e = gd_entry(pa, BYTES), wild = gd_entry(16, BYTES);
    assert_int_equal(gd_create_blob(g, 0, BYTES, &e, 1), GPU_ERR_INVALID_RESOURCE_ID);
    assert_int_equal(gd_create_blob(g, 1, 0, &e, 1), GPU_ERR_INVALID_PARAMETER);
    assert_int_equal(gd_create_blob(g, 1, BYTES + 1, &e, 1), GPU_ERR_INVALID_PARAMETER);
    assert_int_equal(gd_create_blob(g, 1, UINT64_MAX, &e, 1), GPU_ERR_INVALID_PARAMETER);
    assert_int_equal(gd_create_blob(g, 1, BYTES, &wild, 1), GPU_ERR_INVALID_PARAMETER);
    struct gpu_resource_create_blob req = {
        .hdr = gd_hdr(GPU_RESOURCE_CREATE_BLOB),
        .resource_id = le32_make(1),
        .blob_mem = le32_make(GPU_BLOB_MEM_HOST3D),
        .size = le64_make(4096),
    };
    assert_int_equal(GD_SEND(g, req), GPU_ERR_INVALID_PARAMETER);
    req.blob_mem = le32_make(GPU_BLOB_MEM_GUEST);
    req.blob_flags = le32_make(8);
    assert_int_equal(GD_SEND(g, req), GPU_ERR_INVALID_PARAMETER);
    req.blob_flags = le32_make(1);
    req.nr_entries = le32_make(1); /* and none sent */
    assert_int_equal(GD_SEND(g, req), GPU_ERR_INVALID_PARAMETER);
    req.nr_entries = le32_make(0);
    assert_int_equal(GD_SEND(g, req), GPU_ERR_INVALID_PARAMETER);
    assert_int_equal(gd_create_blob(g, 1, BYTES, &e, 1), GPU_OK_NODATA);
    assert_int_equal(gd_create_blob(g, 1, BYTES, &e, 1), GPU_ERR_INVALID_RESOURCE_ID);
    assert_int_equal(gd_create(g, 1, PIXEL_BGRX, W, H), GPU_ERR_INVALID_RESOURCE_ID);
}

static void test_scanout_errors(void **state)
{
    struct gpu_driver *g = *state;
    make(g, 1);
    gd_create(g, 2, PIXEL_BGRX, W, H);
    const struct gpu_set_scanout_blob good = gd_shape(0, 1, W, H, all);
    assert_int_equal(gd_scanout_blob(g, 3, 1, W, H, all), GPU_ERR_INVALID_SCANOUT_ID);
    assert_int_equal(gd_scanout_blob(g, 0, 9, W, H, all), GPU_ERR_INVALID_RESOURCE_ID);
    assert_int_equal(gd_scanout_blob(g, 0, 2, W, H, all), GPU_ERR_INVALID_RESOURCE_ID);
    assert_int_equal(gd_scanout(g, 0, 1, all), GPU_ERR_INVALID_RESOURCE_ID); /* a blob */
    assert_int_equal(gd_scanout_blob(g, 0, 1, W, H + 1, all), GPU_ERR_INVALID_PARAMETER);
    assert_int_equal(gd_scanout_blob(g, 0, 1, 0, H, all), GPU_ERR_INVALID_PARAMETER);
    assert_int_equal(gd_scanout_blob(g, 0, 1, W, 0, all), GPU_ERR_INVALID_PARAMETER);
    assert_int_equal(gd_scanout_blob(g, 0, 1, 1u << 30, 1, all), GPU_ERR_INVALID_PARAMETER);
    assert_int_equal(gd_scanout_blob(g, 0, 1, W, H, (struct rect){1, 0, W, H}),
                     GPU_ERR_INVALID_PARAMETER);
    assert_int_equal(gd_scanout_blob(g, 0, 1, W, H, (struct rect){0, 0, 0, 0}),
                     GPU_ERR_INVALID_PARAMETER);
    struct gpu_set_scanout_blob bad = good;
    bad.format = le32_make(5);
    assert_int_equal(GD_SEND(g, bad), GPU_ERR_INVALID_PARAMETER);
    bad = good;
    bad.strides[0] = le32_make(W * 4 - 1);
    assert_int_equal(GD_SEND(g, bad), GPU_ERR_INVALID_PARAMETER);
    bad.strides[0] = le32_make(UINT32_MAX);
    assert_int_equal(GD_SEND(g, bad), GPU_ERR_INVALID_PARAMETER);
    bad = good;
    bad.offsets[0] = le32_make(1);
    assert_int_equal(GD_SEND(g, bad), GPU_ERR_INVALID_PARAMETER);
    bad.offsets[0] = le32_make(UINT32_MAX);
    assert_int_equal(GD_SEND(g, bad), GPU_ERR_INVALID_PARAMETER);
    /* a flush has to lie in what is shown */
    assert_int_equal(gd_flush(g, 1, (struct rect){0, 0, 9999, 9999}), GPU_OK_NODATA); /* nothing */
    assert_int_equal(gd_scanout_blob(g, 0, 1, W, H, all), GPU_OK_NODATA);
    assert_int_equal(gd_flush(g, 1, (struct rect){1, 0, W, H}), GPU_ERR_INVALID_PARAMETER);
    assert_int_equal(gd_flush(g, 1, (struct rect){UINT32_MAX, 0, 2, 2}), GPU_ERR_INVALID_PARAMETER);
    assert_int_equal(gd_scanout_blob(g, 0, 0, 0, 0, all), GPU_OK_NODATA); /* off */
    struct head_state s;
    display_state(g->display, 0, &s);
    assert_false(s.active);
}

static void test_backing_changes(void **state)
{
    struct gpu_driver *g = *state;
    make(g, 1);
    uint64_t pa = kit_alloc(&g->kit, BYTES, 4096);
    struct gpu_mem_entry e = gd_entry(pa, BYTES), little = gd_entry(pa, BYTES - 1);
    draw(g, pa, 0x112233);
    gd_scanout_blob(g, 0, 1, W, H, all);
    gd_flush(g, 1, all);
    assert_int_equal(gd_attach(g, 1, &e, 1), GPU_ERR_UNSPEC);
    assert_int_equal(gd_detach(g, 1), GPU_OK_NODATA);
    assert_int_equal(gd_detach(g, 1), GPU_ERR_UNSPEC);
    assert_int_equal(seen(g, 0, 0, 0), 0xdeadbeef); /* off: the pages are the guest's again */
    assert_int_equal(gd_scanout_blob(g, 0, 1, W, H, all), GPU_ERR_INVALID_PARAMETER);
    assert_int_equal(gd_flush(g, 1, all), GPU_OK_NODATA);
    assert_int_equal(gd_attach(g, 1, &little, 1), GPU_ERR_INVALID_PARAMETER);
    assert_int_equal(gd_attach(g, 1, &e, 1), GPU_OK_NODATA);
    assert_int_equal(gd_scanout_blob(g, 0, 1, W, H, all), GPU_OK_NODATA);
    assert_int_equal(gd_flush(g, 1, all), GPU_OK_NODATA);
    assert_int_equal(seen(g, 0, 0, 0), 0xff112233);
}

static void test_cursor(void **state)
{
    struct gpu_driver *g = *state;
    enum { SIDE = DISPLAY_CURSOR, SIZE = SIDE * SIDE * 4 };
    uint64_t pa = kit_alloc(&g->kit, SIZE, 4096);
    struct gpu_mem_entry e = gd_entry(pa, SIZE);
    draw(g, pa + 4, 0x80402010);
    assert_int_equal(gd_create_blob(g, 1, SIZE, &e, 1), GPU_OK_NODATA);
    assert_true(gd_cursor(g, GPU_UPDATE_CURSOR, 0, 5, -6, 1, 2, 3));
    struct picture *p = display_cursor(g->display, 0);
    assert_non_null(p);
    assert_int_equal(p->width, SIDE);
    assert_int_equal(((uint32_t *)p->data)[1], 0x80402010); /* alpha and all */
    picture_destroy(p);
    draw(g, pa + 4, 0);
    assert_int_equal(gd_unref(g, 1), GPU_OK_NODATA); /* it was copied */
    p = display_cursor(g->display, 0);
    assert_int_equal(((uint32_t *)p->data)[1], 0x80402010);
    picture_destroy(p);
    make(g, 2); /* too small for a cursor */
    assert_true(gd_cursor(g, GPU_UPDATE_CURSOR, 1, 0, 0, 2, 0, 0));
    assert_null(display_cursor(g->display, 1));
}

/* Makes a blob of `size` bytes the cursor, with the value i + 1 in pixel i. Returns the cursor's
 * shape, or 0 x 0 if the device refused it. */
static struct rect cursor_of(struct gpu_driver *g, uint64_t size, const struct rect *transfer)
{
    uint64_t brk = g->kit.brk, pa = kit_alloc(&g->kit, size, 4096);
    struct gpu_mem_entry e = gd_entry(pa, (uint32_t)size);
    struct rect shape = {0};
    for (uint32_t i = 0; i < size / 4; i++)
        draw(g, pa + i * 4, i + 1);
    assert_int_equal(gd_create_blob(g, 9, size, &e, 1), GPU_OK_NODATA);
    if (transfer)
        gd_transfer(g, 9, *transfer, 0);
    gd_cursor(g, GPU_UPDATE_CURSOR, 0, 0, 0, 0, 0, 0);
    gd_cursor(g, GPU_UPDATE_CURSOR, 0, 0, 0, 9, 0, 0);
    struct picture *p = display_cursor(g->display, 0);
    if (p) {
        shape.w = p->width;
        shape.h = p->height;
        for (uint32_t y = 0; y < p->height; y++)
            for (uint32_t x = 0; x < p->width; x++)
                assert_int_equal(((uint32_t *)(p->data + y * p->stride))[x], y * p->width + x + 1);
    }
    picture_destroy(p);
    gd_unref(g, 9);
    kit_free_to(&g->kit, brk);
    return shape;
}

/* A blob has no shape. A cursor takes its own from the transfer of the whole image, which Linux
 * sends, or from the blob's size. */
static void test_cursor_shapes(void **state)
{
    static const struct {
        uint32_t size, x, w, h; /* w: of the transfer; 0: none */
        uint32_t width, height; /* 0: refused */
    } c[] = {
        {4096, 0, 32, 32, 32, 32},  /* all of it */
        {4096, 0, 24, 24, 24, 24},  /* and the rest of a page */
        {12288, 0, 48, 48, 48, 48}, /* 9216 and the rest */
        {16384, 0, 64, 64, 64, 64}, {8192, 0, 32, 64, 32, 64},
        {16384, 0, 60, 64, 60, 64}, {65536, 0, 128, 128, 0, 0}, /* too large, as without blobs */
        {16384, 0, 128, 32, 0, 0},  {16384, 0, 16, 16, 64, 64}, /* a part: the size counts */
        {16384, 4, 60, 64, 64, 64}, {16384, 0, 0x40000010, 0x10, 64, 64}, /* a product that wraps */
        {16384, 0, 0, 0, 64, 64},   {2304, 0, 0, 0, 24, 24},
        {4096, 0, 0, 0, 32, 32},    {8192, 0, 0, 0, 0, 0},  /* no square */
        {16400, 0, 0, 0, 0, 0},     {65536, 0, 0, 0, 0, 0}, /* a square, too large */
        {2, 0, 0, 0, 0, 0},
    };
    struct gpu_driver *g = *state;
    for (size_t i = 0; i < ARRAY_SIZE(c); i++) {
        struct rect t = {c[i].x, 0, c[i].w, c[i].h};
        struct rect got = cursor_of(g, c[i].size, c[i].w ? &t : NULL);
        assert_int_equal(got.w, c[i].width);
        assert_int_equal(got.h, c[i].height);
    }
}

static const char *cursor_size(struct gpu *gpu, uint32_t *width, uint32_t *height)
{
    const struct gpu_resource *res = gpu_resource_find(gpu, 1);
    return res->ops->cursor_size(res, width, height);
}

/* What is refused is so in words that name the cure. */
static void test_cursor_refused(void **state)
{
    struct gpu_driver *g = *state;
    struct gpu *gpu = container_of(g->kit.dev, struct gpu, dev);
    uint32_t width, height;
    make(g, 1); /* 64x48: no square, and nothing was transferred */
    const char *why = cursor_size(gpu, &width, &height);
    assert_non_null(strstr(why, "TRANSFER_TO_HOST_2D"));
    assert_non_null(strstr(why, "blob=off"));
    assert_int_equal(gd_transfer(g, 1, all, 0), GPU_OK_NODATA);
    assert_null(cursor_size(gpu, &width, &height));
    assert_int_equal(width, W);
    assert_int_equal(height, H);
    gd_detach(g, 1);
    assert_non_null(cursor_size(gpu, &width, &height));
}

static void test_uuid(void **state)
{
    struct gpu_driver *g = *state;
    struct gpu_resource_unref req = {gd_hdr(GPU_RESOURCE_ASSIGN_UUID), le32_make(1), le32_make(0)};
    struct gpu_resp_resource_uuid a, b;
    assert_int_equal(GD_SEND(g, req), GPU_ERR_INVALID_RESOURCE_ID);
    make(g, 1);
    for (int i = 0; i < 2; i++) {
        b = a;
        assert_int_equal(kit_request(&g->kit, 0, &req, sizeof(req), &a, sizeof(a)), sizeof(a));
        assert_int_equal(le32_get(a.hdr.type), GPU_OK_RESOURCE_UUID);
    }
    assert_memory_equal(a.uuid, b.uuid, 16);
    assert_int_equal(a.uuid[6] >> 4, 4); /* random, RFC 9562 */
    assert_int_equal(a.uuid[8] >> 6, 2);
    gd_unref(g, 1);
    gd_create(g, 1, PIXEL_BGRX, W, H);
    assert_int_equal(kit_request(&g->kit, 0, &req, sizeof(req), &b, sizeof(b)), sizeof(b));
    assert_memory_not_equal(a.uuid, b.uuid, 16); /* another resource by that number */
}

/* Commands of features that were not negotiated do not exist. */
static void test_not_negotiated(void **state)
{
    struct gpu_driver *g = *state;
    assert_true(kit_offered(&g->kit) & 1 << GPU_F_RESOURCE_BLOB);
    assert_true(kit_offered(&g->kit) & 1 << GPU_F_RESOURCE_UUID);
    assert_true(kit_start(&g->kit, 1 << GPU_F_EDID));
    uint64_t pa = kit_alloc(&g->kit, BYTES, 4096);
    struct gpu_mem_entry e = gd_entry(pa, BYTES);
    struct gpu_resource_unref req = {gd_hdr(GPU_RESOURCE_ASSIGN_UUID), le32_make(1), le32_make(0)};
    assert_int_equal(gd_create_blob(g, 1, BYTES, &e, 1), GPU_ERR_UNSPEC);
    assert_int_equal(gd_scanout_blob(g, 0, 0, 0, 0, all), GPU_ERR_UNSPEC);
    assert_int_equal(GD_SEND(g, req), GPU_ERR_UNSPEC);
}

/* The list of a blob's pages is charged; what is refused leaves no trace. */
static void test_budget(void **state)
{
    struct gpu_driver *g = *state;
    struct gpu *gpu = container_of(g->kit.dev, struct gpu, dev);
    enum { N = 1000 };
    struct gpu_mem_entry *e = calloc(N, sizeof(*e));
    for (uint32_t i = 0; i < N; i++)
        e[i] = gd_entry(KIT_RAM_BASE + (N - i) * 4096, 4096);
    uint32_t id = 1;
    while (gd_create_blob(g, id, N * 4096, e, N) == GPU_OK_NODATA)
        id++;
    assert_in_range(id, 30, 66); /* a mebibyte, 16 KiB each */
    assert_int_equal(gd_create_blob(g, id, N * 4096, e, N), GPU_ERR_OUT_OF_MEMORY);
    assert_true(gpu->used <= gpu->memory);
    free(e);
}

/* A budget that is used up: no view, no other list of pages; the old state stays. */
static void test_nothing_left(void **state)
{
    struct gpu_driver *g = *state;
    struct gpu *gpu = container_of(g->kit.dev, struct gpu, dev);
    make(g, 1);
    make(g, 2);
    struct gpu_mem_entry e = gd_entry(KIT_RAM_BASE, BYTES);
    assert_int_equal(gd_scanout_blob(g, 0, 1, W, H, all), GPU_OK_NODATA);
    assert_int_equal(gd_flush(g, 1, all), GPU_OK_NODATA);
    assert_int_equal(gd_detach(g, 2), GPU_OK_NODATA);
    uint64_t memory = gpu->memory;
    gpu->memory = gpu->used;
    assert_int_equal(gd_scanout_blob(g, 0, 1, W, H - 1, (struct rect){0, 0, 1, 1}),
                     GPU_ERR_OUT_OF_MEMORY);
    assert_int_equal(gd_attach(g, 2, &e, 1), GPU_ERR_OUT_OF_MEMORY);
    assert_int_equal(gd_create_blob(g, 3, BYTES, &e, 1), GPU_ERR_OUT_OF_MEMORY);
    assert_int_equal(seen(g, 0, 1, 0), 0xff000001);
    assert_true(gpu->used <= gpu->memory);
    gpu->memory = memory;
    assert_int_equal(gd_attach(g, 2, &e, 1), GPU_OK_NODATA);
}

/*
 * A list of pages may name one page again and again: the picture is large, the guest small. What
 * the heads show together, and the shape of each view, is bounded by the GPU's memory.
 */
static void test_giant(void **state)
{
    struct gpu_driver *g = *state;
    struct gpu *gpu = container_of(g->kit.dev, struct gpu, dev);
    enum { N = 256, PIECE = 4 << 20 }; /* 256 times the same 4 MiB: 16384 x 16384 */
    static struct gpu_mem_entry e[N];
    struct rect half = {0, 0, 512, 256}, whole = {0, 0, 512, 512}, giant = {0, 0, 16384, 16384};
    uint64_t pa = kit_alloc(&g->kit, PIECE, 4096);
    for (uint32_t i = 0; i < N; i++)
        e[i] = gd_entry(pa, PIECE);
    assert_int_equal(gpu->memory, 1 << 20);
    assert_int_equal(gd_create_blob(g, 1, (uint64_t)N * PIECE, e, N), GPU_OK_NODATA);
    assert_int_equal(gd_scanout_blob(g, 0, 1, 16384, 16384, giant), GPU_ERR_OUT_OF_MEMORY);
    assert_int_equal(gd_scanout_blob(g, 0, 1, 16384, 16384, half), GPU_ERR_OUT_OF_MEMORY);
    assert_int_equal(gd_scanout_blob(g, 0, 1, 512, 513, half), GPU_ERR_OUT_OF_MEMORY);
    assert_int_equal(gd_scanout_blob(g, 0, 1, 512, 512, whole), GPU_OK_NODATA);
    assert_int_equal(gd_scanout_blob(g, 1, 1, 512, 512, half), GPU_ERR_OUT_OF_MEMORY);
    assert_int_equal(gd_scanout_blob(g, 0, 1, 512, 512, half), GPU_OK_NODATA);
    assert_int_equal(gd_scanout_blob(g, 1, 1, 512, 512, half), GPU_OK_NODATA);
    assert_int_equal(gd_scanout_blob(g, 2, 1, 512, 512, (struct rect){0, 0, 1, 1}),
                     GPU_ERR_OUT_OF_MEMORY);
    assert_int_equal(gd_flush(g, 1, whole), GPU_OK_NODATA);
    assert_int_equal(gd_scanout_blob(g, 0, 1, 512, 512, (struct rect){0, 0, 8, 8}), GPU_OK_NODATA);
    assert_int_equal(gd_scanout_blob(g, 1, 1, 512, 512, whole), GPU_ERR_OUT_OF_MEMORY);
    assert_int_equal(gd_create(g, 2, PIXEL_BGRX, 64, 64),
                     GPU_OK_NODATA); /* of the other kind, too */
    assert_int_equal(gd_scanout(g, 2, 2, (struct rect){0, 0, 64, 64}), GPU_ERR_OUT_OF_MEMORY);
    assert_int_equal(gd_scanout_blob(g, 0, 0, 0, 0, (struct rect){0}), GPU_OK_NODATA);
    assert_int_equal(gd_scanout(g, 2, 2, (struct rect){0, 0, 64, 64}), GPU_OK_NODATA);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_shown_where_it_is, setup, teardown),
        cmocka_unit_test_setup_teardown(test_odd_pieces, setup, teardown),
        cmocka_unit_test_setup_teardown(test_two_heads, setup, teardown),
        cmocka_unit_test_setup_teardown(test_views_are_bounded, setup, teardown),
        cmocka_unit_test_setup_teardown(test_create_errors, setup, teardown),
        cmocka_unit_test_setup_teardown(test_scanout_errors, setup, teardown),
        cmocka_unit_test_setup_teardown(test_backing_changes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cursor, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cursor_shapes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cursor_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_giant, setup, teardown),
        cmocka_unit_test_setup_teardown(test_uuid, setup, teardown),
        cmocka_unit_test_setup_teardown(test_not_negotiated, setup, teardown),
        cmocka_unit_test_setup_teardown(test_budget, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nothing_left, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
