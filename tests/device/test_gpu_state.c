/* SPDX-License-Identifier: MIT */
/* The GPU's state, saved at any point of its work and loaded again. */
#include "kit/gpu.h"
#include "virtio/gpu/gpu.h"
#include "virtio/gpu/state.h"
#include "virtio/mmio.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { W = 64, H = 48, BYTES = W * H * 4, HEADS = 3 };

static const struct rect all = {0, 0, W, H};

static void no_wake(void *ctx)
{
    (void)ctx;
}

struct fixture {
    struct gpu_driver g;
    struct viewer *v;
    uint64_t pa[3]; /* the buffers' memory */
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    gd_init(&f->g, 16 << 20, HEADS, 1 << 20, false);
    display_set_preferred(f->g.display, 0,
                          &(struct head_mode){true, W, H, 10}); /* no deadline in time */
    f->v = display_attach(f->g.display, no_wake, NULL);
    viewer_pace(f->v, 0, true);
    *state = f;
    return kit_start(&f->g.kit, KIT_ALL_FEATURES) ? 0 : -1;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    display_detach(f->v);
    gd_finish(&f->g);
    free(f);
    return 0;
}

static void paint(struct fixture *f, unsigned buffer, uint32_t color)
{
    for (uint64_t off = 0; off < BYTES; off += 4, color++)
        kit_write(&f->g.kit, f->pa[buffer] + off, &color, 4);
}

static void make(struct fixture *f, uint32_t id, uint32_t color, bool blob)
{
    f->pa[id] = kit_alloc(&f->g.kit, BYTES + 8192, 4096);
    /* two pieces, the second before the first would be: no neighbours */
    struct gpu_mem_entry e[2] = {gd_entry(f->pa[id], 4096), gd_entry(f->pa[id] + 4096, BYTES)};
    paint(f, id, color);
    if (blob) {
        assert_int_equal(gd_create_blob(&f->g, id, BYTES, e, 2), GPU_OK_NODATA);
        return;
    }
    assert_int_equal(gd_create(&f->g, id, PIXEL_BGRX, W, H), GPU_OK_NODATA);
    assert_int_equal(gd_attach(&f->g, id, e, 2), GPU_OK_NODATA);
    assert_int_equal(gd_transfer(&f->g, id, all, 0), GPU_OK_NODATA);
}

static uint16_t send_flush(struct fixture *f, uint32_t id, uint64_t fence)
{
    struct kit *kit = &f->g.kit;
    struct gpu_resource_flush req = {gd_hdr(GPU_RESOURCE_FLUSH), gd_rect(all), le32_make(id),
                                     le32_make(0)};
    req.hdr.flags = le32_make(GPU_FLAG_FENCE);
    req.hdr.fence_id = le64_make(fence);
    struct kit_buf buf[2] = {
        {kit_put(kit, &req, sizeof(req)), sizeof(req), false},
        {kit_alloc(kit, sizeof(req.hdr), 8), sizeof(req.hdr), true},
    };
    int head = kit_add(kit, 0, buf, 2);
    kit_kick(kit, 0);
    kit_run(kit);
    return (uint16_t)head;
}

/* What a snapshot does around the two: the queues' indices stay, the transport keeps them. */
static uint8_t *save_and_forget(struct fixture *f, size_t *size)
{
    struct virtio_dev *dev = f->g.kit.dev;
    struct head_state s;
    dev->ops->quiesce(dev);
    uint8_t *bytes = gd_save(dev, size);
    dev->ops->reset(dev);
    dev->ops->resume(dev);
    assert_non_null(bytes);
    display_state(f->g.display, 0, &s);
    assert_false(s.active);
    return bytes;
}

static bool load(struct fixture *f, const uint8_t *bytes, size_t size)
{
    struct virtio_dev *dev = f->g.kit.dev;
    dev->ops->quiesce(dev);
    bool ok = gd_load(dev, bytes, size);
    dev->ops->resume(dev);
    return ok;
}

static void assert_same_picture(struct picture *a, struct display *d, unsigned head)
{
    struct picture *b = display_snapshot(d, head, true);
    assert_true(a && b && a->width == b->width && a->height == b->height);
    assert_memory_equal(a->data, b->data, (size_t)a->stride * a->height);
    picture_destroy(a);
    picture_destroy(b);
}

static void set_cursor(struct fixture *f)
{
    static const uint8_t pixels[16 * 16 * 4] = {1, 2, 3, 255};
    struct gpu_mem_entry e = gd_entry(kit_put(&f->g.kit, pixels, sizeof(pixels)), sizeof(pixels));
    gd_create(&f->g, 9, PIXEL_BGRA, 16, 16);
    gd_attach(&f->g, 9, &e, 1);
    gd_transfer(&f->g, 9, (struct rect){0, 0, 16, 16}, 0);
    gd_cursor(&f->g, GPU_UPDATE_CURSOR, 0, -3, 20, 9, 4, 5);
}

/* One buffer is shown, half of its next picture transferred; the other is set and not flushed yet;
 * two fences are held. All of it goes on after as if nothing had been. */
static void middle_of_a_flip(void **state, bool blob)
{
    struct fixture *f = *state;
    struct gpu_driver *g = &f->g;
    make(f, 1, 0x100000, blob);
    make(f, 2, 0x200000, blob);
    set_cursor(f);
    if (blob) {
        gd_scanout_blob(g, 0, 1, W, H, all);
        gd_scanout_blob(g, 1, 1, W, H, (struct rect){8, 8, 16, 16});
    } else {
        gd_scanout(g, 0, 1, all);
        gd_scanout(g, 1, 1, (struct rect){8, 8, 16, 16});
    }
    assert_int_equal(gd_flush(g, 1, all), GPU_OK_NODATA);
    uint16_t a = send_flush(f, 1, 7), b = send_flush(f, 1, 8), got;
    if (!blob) {
        paint(f, 1, 0x300000);
        gd_transfer(g, 1, (struct rect){0, 0, W, H / 2}, 0);
        gd_transfer(g, 1, (struct rect){5, 30, 7, 9}, (30 * W + 5) * 4);
    }
    assert_int_equal(blob ? gd_scanout_blob(g, 0, 2, W, H, all) : gd_scanout(g, 0, 2, all),
                     GPU_OK_NODATA);
    struct picture *before[HEADS];
    for (unsigned i = 0; i < HEADS; i++)
        before[i] = display_snapshot(g->display, i, true);
    size_t size, size2;
    uint32_t len;
    uint8_t *bytes = save_and_forget(f, &size), *bytes2;
    assert_false(kit_used(&g->kit, 0, &got, &len));
    assert_true(load(f, bytes, size));
    for (unsigned i = 0; i < HEADS; i++)
        assert_same_picture(before[i], g->display, i);
    bytes2 = save_and_forget(f, &size2);
    assert_true(load(f, bytes2, size2));
    free(bytes2);
    kit_run(&g->kit); /* the held fences */
    assert_true(kit_used(&g->kit, 0, &got, &len) && got == a && len == 24);
    assert_true(kit_used(&g->kit, 0, &got, &len) && got == b);
    assert_int_equal(gd_flush(g, 2, all), GPU_OK_NODATA); /* the flip comes to its end */
    assert_int_equal(gd_flush(g, 1, all), GPU_OK_NODATA); /* on the other head, what was there */
    uint32_t p = 0;
    assert_true(display_read(g->display, 0, &(struct rect){1, 1, 1, 1}, (uint8_t *)&p, 4));
    assert_int_equal(p, 0xff200000 + W + 1);
    assert_true(display_read(g->display, 1, &(struct rect){0, 0, 1, 1}, (uint8_t *)&p, 4));
    assert_int_equal(p, (blob ? 0xff100000 : 0xff300000) + 8 * W + 8);
    struct head_state s;
    display_state(g->display, 0, &s);
    assert_true(s.cursor_visible && s.cursor_x == -3 && s.cursor_y == 20 && s.hot_x == 4);
    free(bytes);
}

static void test_flip_2d(void **state)
{
    middle_of_a_flip(state, false);
}

static void test_flip_blob(void **state)
{
    middle_of_a_flip(state, true);
}

/* Reading back what was just written, and writing again, gives the same bytes. */
static void test_twice(void **state)
{
    struct fixture *f = *state;
    make(f, 1, 1, false);
    make(f, 2, 2, true);
    set_cursor(f);
    gd_scanout(&f->g, 0, 1, all);
    gd_flush(&f->g, 1, all);
    gd_transfer(&f->g, 1, (struct rect){3, 3, 9, 9}, 0);
    gd_scanout_blob(&f->g, 1, 2, W, H / 2, (struct rect){1, 1, 5, 5});
    gd_transfer(&f->g, 2, all, 0); /* its shape, if it becomes a cursor */
    size_t size, size2;
    uint8_t *bytes = save_and_forget(f, &size);
    assert_true(load(f, bytes, size));
    uint8_t *bytes2 = save_and_forget(f, &size2);
    assert_int_equal(size, size2);
    assert_memory_equal(bytes, bytes2, size);
    free(bytes);
    free(bytes2);
}

static void assert_same_bytes(uint8_t *a, size_t a_size, uint8_t *b, size_t b_size)
{
    assert_true(a && b && a_size == b_size);
    assert_memory_equal(a, b, a_size);
    free(a);
    free(b);
}

/*
 * All kinds at once: a scanout that is to flip from a 2D resource, of which something is not
 * flushed, to a blob; one that shows another picture of that blob; one that shows nothing yet; a
 * blob without memory; a cursor; two held fences.
 */
static void prepare_everything(struct fixture *f)
{
    struct gpu_driver *g = &f->g;
    make(f, 1, 0x100000, false);
    make(f, 2, 0x200000, true);
    struct gpu_mem_entry e = gd_entry(f->pa[2], BYTES);
    assert_int_equal(gd_create_blob(g, 7, BYTES, &e, 1), GPU_OK_NODATA);
    assert_int_equal(gd_detach(g, 7), GPU_OK_NODATA);
    set_cursor(f);
    gd_scanout(g, 0, 1, all);
    gd_flush(g, 1, all);
    gd_scanout_blob(g, 1, 2, W, H, (struct rect){8, 8, 16, 16});
    gd_flush(g, 2, all);
    send_flush(f, 1, 7);
    send_flush(f, 1, 8);
    gd_transfer(g, 1, (struct rect){5, 30, 7, 9}, (30 * W + 5) * 4);
    gd_scanout_blob(g, 0, 2, W, H, all); /* the view that scanout 1 shows */
    gd_scanout_blob(g, 2, 2, W / 2, H / 2, (struct rect){1, 2, 3, 4});
}

/* A save, a load and a save give the same bytes, and so once more. */
static void test_everything_twice(void **state)
{
    struct fixture *f = *state;
    size_t size[3];
    uint8_t *bytes[3];
    prepare_everything(f);
    for (int i = 0; i < 3; i++) {
        bytes[i] = save_and_forget(f, &size[i]);
        assert_true(load(f, bytes[i], size[i]));
    }
    assert_same_bytes(bytes[0], size[0], bytes[1], size[1]);
    free(bytes[2]);
}

static uint8_t *slot_save(struct fixture *f, size_t *size)
{
    struct blob_out out = {0};
    virtio_mmio_save(f->g.kit.slot, &out);
    return blob_out_take(&out, size);
}

/* With its slot, into a device that no driver has touched, over a copy of the RAM: it shows the
 * same, saves the same, and answers the fences that the first one held. */
static void test_slot_into_fresh_device(void **state)
{
    struct fixture *a = *state, b = {0};
    size_t size, size2;
    uint16_t head;
    uint32_t len;
    prepare_everything(a);
    gd_init(&b.g, 16 << 20, HEADS, 1 << 20, false);
    memcpy(gmem_span(b.g.kit.mem, KIT_RAM_BASE, 16 << 20),
           gmem_span(a->g.kit.mem, KIT_RAM_BASE, 16 << 20), 16 << 20);
    memcpy(b.g.kit.queue, a->g.kit.queue, sizeof(b.g.kit.queue));
    uint8_t *bytes = slot_save(a, &size);
    struct blob_in in;
    assert_non_null(bytes);
    blob_in_init(&in, bytes, size);
    assert_true(virtio_mmio_load(b.g.kit.slot, &in) && blob_in_done(&in));
    uint8_t *bytes2 = slot_save(&b, &size2);
    assert_same_bytes(bytes, size, bytes2, size2);
    for (unsigned i = 0; i < HEADS; i++)
        assert_same_picture(display_snapshot(a->g.display, i, true), b.g.display, i);
    kit_run(&b.g.kit);
    assert_true(kit_used(&b.g.kit, 0, &head, &len) && len == 24);
    assert_true(kit_used(&b.g.kit, 0, &head, &len) && len == 24);
    assert_false(kit_used(&b.g.kit, 0, &head, &len));
    gd_finish(&b.g);
}

/* Whatever the bytes are: read or refused, and the device works. */
static void test_hostile(void **state)
{
    struct fixture *f = *state;
    struct gpu *gpu = container_of(f->g.kit.dev, struct gpu, dev);
    make(f, 1, 1, false);
    make(f, 2, 2, true);
    set_cursor(f);
    gd_scanout(&f->g, 0, 1, all);
    gd_flush(&f->g, 1, all);
    gd_transfer(&f->g, 1, (struct rect){3, 3, 9, 9}, 0);
    gd_scanout_blob(&f->g, 1, 2, W, H, all);
    send_flush(f, 1, 1);
    size_t size;
    uint8_t *bytes = save_and_forget(f, &size), *bad = malloc(size + 1);
    srand(1);
    for (size_t n = 0; n < size; n += n < 300 ? 1 : 97)
        assert_false(load(f, bytes, n));
    memcpy(bad, bytes, size);
    assert_false(load(f, bad, size + 1));
    unsigned taken = 0;
    for (int round = 0; round < 1000; round++) {
        memcpy(bad, bytes, size);
        for (int k = rand() % 3; k >= 0; k--) {
            size_t at = (size_t)rand() % (round % 2 ? size : MIN(size, 400));
            bad[at] = rand() % 2 ? (uint8_t)rand() : (uint8_t)(bad[at] ^ 1u << rand() % 8);
        }
        bool ok = load(f, bad, size);
        taken += ok;
        assert_true(gpu->used <= gpu->memory);
        picture_destroy(display_snapshot(f->g.display, 0, true));
        picture_destroy(display_snapshot(f->g.display, 1, true));
        gpu->dev.ops->quiesce(&gpu->dev);
        gpu->dev.ops->reset(&gpu->dev);
        gpu->dev.ops->resume(&gpu->dev);
        assert_int_equal(gpu->used, 0);
    }
    assert_in_range(taken, 25, 975); /* both happened */
    free(bad);
    free(bytes);
    assert_true(kit_start(&f->g.kit, KIT_ALL_FEATURES));
    make(f, 1, 0x55, false);
    gd_scanout(&f->g, 0, 1, all);
    assert_int_equal(gd_flush(&f->g, 1, all), GPU_OK_NODATA);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_flip_2d, setup, teardown),
        cmocka_unit_test_setup_teardown(test_flip_blob, setup, teardown),
        cmocka_unit_test_setup_teardown(test_twice, setup, teardown),
        cmocka_unit_test_setup_teardown(test_everything_twice, setup, teardown),
        cmocka_unit_test_setup_teardown(test_slot_into_fresh_device, setup, teardown),
        cmocka_unit_test_setup_teardown(test_hostile, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
