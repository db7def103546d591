/* SPDX-License-Identifier: MIT */
/* The GPU, command by command, by a driver without a CPU. */
#include "kit/gpu.h"
#include "virtio/gpu/resource.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { W = 64, H = 48, BYTES = W * H * 4 };

static const struct rect all = {0, 0, W, H};

static int setup(void **state)
{
    struct gpu_driver *g = calloc(1, sizeof(*g));
    gd_init(g, 16 << 20, 2, 8 << 20, false);
    *state = g;
    return kit_start(&g->kit, KIT_ALL_FEATURES) ? 0 : -1;
}

static int teardown(void **state)
{
    gd_finish(*state);
    free(*state);
    return 0;
}

/* A resource of W x H in one piece of guest memory, whose pixels are all `color`; the piece. */
static uint64_t make(struct gpu_driver *g, uint32_t id, uint32_t color)
{
    uint64_t pa = kit_alloc(&g->kit, BYTES, 4096);
    struct gpu_mem_entry e = gd_entry(pa, BYTES);
    assert_int_equal(gd_create(g, id, PIXEL_BGRX, W, H), GPU_OK_NODATA);
    assert_int_equal(gd_attach(g, id, &e, 1), GPU_OK_NODATA);
    for (uint64_t off = 0; off < BYTES; off += 4)
        kit_write(&g->kit, pa + off, &color, 4);
    assert_int_equal(gd_transfer(g, id, all, 0), GPU_OK_NODATA);
    return pa;
}

static uint32_t seen(struct gpu_driver *g, unsigned head, uint32_t x, uint32_t y)
{
    uint32_t p = 0xdeadbeef;
    display_read(g->display, head, &(struct rect){x, y, 1, 1}, (uint8_t *)&p, 4);
    return p;
}

static void test_features(void **state)
{
    struct gpu_driver *g = *state;
    struct gpu_config config;
    assert_int_equal(kit_rd(&g->kit, MMIO_DEVICE_ID), 16);
    assert_true(kit_offered(&g->kit) & 1 << GPU_F_EDID);
    assert_true(kit_offered(&g->kit) & VIRTIO_F_VERSION_1);
    kit_config_read(&g->kit, 0, &config, sizeof(config));
    assert_int_equal(le32_get(config.num_scanouts), 2);
    assert_int_equal(le32_get(config.num_capsets), 0);
    assert_int_equal(kit_rd(&g->kit, MMIO_SHM_LEN), UINT32_MAX);
}

static void test_display_info(void **state)
{
    struct gpu_driver *g = *state;
    struct gpu_ctrl_hdr req = gd_hdr(GPU_GET_DISPLAY_INFO);
    struct gpu_resp_display_info info;
    display_set_preferred(g->display, 1, &(struct head_mode){true, 800, 600, 60000});
    assert_int_equal(kit_request(&g->kit, 0, &req, sizeof(req), &info, sizeof(info)), sizeof(info));
    assert_int_equal(le32_get(info.hdr.type), GPU_OK_DISPLAY_INFO);
    assert_int_equal(le32_get(info.pmodes[0].enabled), 1);
    assert_int_equal(le32_get(info.pmodes[0].r.w), 1280);
    assert_int_equal(le32_get(info.pmodes[1].r.x), 1280);
    assert_int_equal(le32_get(info.pmodes[1].r.h), 600);
    assert_int_equal(le32_get(info.pmodes[2].enabled), 0);
}

static void test_edid(void **state)
{
    struct gpu_driver *g = *state;
    struct gpu_get_edid req = {.hdr = gd_hdr(GPU_GET_EDID), .scanout = le32_make(1)};
    struct gpu_resp_edid resp;
    assert_int_equal(kit_request(&g->kit, 0, &req, sizeof(req), &resp, sizeof(resp)), sizeof(resp));
    assert_int_equal(le32_get(resp.hdr.type), GPU_OK_EDID); /* the disabled head's, too */
    assert_int_equal(le32_get(resp.size), 256);
    assert_memory_equal(resp.edid + 77, "riscreen 2", 10);
    assert_memory_equal(resp.edid, "\0\xff\xff\xff\xff\xff\xff\0", 8);
    req.scanout = le32_make(2);
    assert_int_equal(GD_SEND(g, req), GPU_ERR_INVALID_SCANOUT_ID);
    assert_true(kit_start(&g->kit, VIRTIO_F_INDIRECT_DESC)); /* without EDID */
    req.scanout = le32_make(0);
    assert_int_equal(GD_SEND(g, req), GPU_ERR_UNSPEC);
}

/* The user's own: served as it is, for every head. */
static void test_own_edid(void **state)
{
    struct gpu_driver *g = *state;
    struct gpu *gpu = container_of(g->kit.dev, struct gpu, dev);
    uint8_t own[1024];
    for (size_t i = 0; i < sizeof(own); i++)
        own[i] = (uint8_t)(i * 7);
    gpu->edid_data = own;
    for (uint32_t size = 128; size <= sizeof(own); size += 128) {
        struct gpu_get_edid req = {.hdr = gd_hdr(GPU_GET_EDID),
                                   .scanout = le32_make(size / 128 & 1)};
        struct gpu_resp_edid resp;
        gpu->edid_size = size;
        assert_int_equal(kit_request(&g->kit, 0, &req, sizeof(req), &resp, sizeof(resp)),
                         sizeof(resp));
        assert_int_equal(le32_get(resp.size), size);
        assert_memory_equal(resp.edid, own, size);
    }
}

static void test_display_event(void **state)
{
    struct gpu_driver *g = *state;
    struct gpu_config config;
    uint32_t gen = kit_rd(&g->kit, MMIO_CONFIG_GENERATION), one = GPU_EVENT_DISPLAY;
    kit_isr(&g->kit);
    display_set_preferred(g->display, 0, &(struct head_mode){true, 1024, 768, 60000});
    assert_int_not_equal(kit_rd(&g->kit, MMIO_CONFIG_GENERATION), gen);
    assert_int_equal(kit_isr(&g->kit), 2);
    kit_config_read(&g->kit, 0, &config, sizeof(config));
    assert_int_equal(le32_get(config.events_read), GPU_EVENT_DISPLAY);
    kit_config_write(&g->kit, 0, &(uint32_t){0}, 4); /* read-only */
    kit_config_write(&g->kit, 4, &one, 4);
    kit_config_read(&g->kit, 0, &config, sizeof(config));
    assert_int_equal(le32_get(config.events_read), 0);
    assert_int_equal(le32_get(config.events_clear), 0);
}

static uint32_t events_read(struct gpu_driver *g)
{
    struct gpu_config config;
    kit_config_read(&g->kit, 0, &config, sizeof(config));
    return le32_get(config.events_read);
}

/* A mode that is set after a driver read the display info, and before the driver clears that event,
 * raises another event. */
static void test_display_event_again(void **state)
{
    struct gpu_driver *g = *state;
    uint32_t one = GPU_EVENT_DISPLAY;
    struct gpu_resp_display_info info;
    struct gpu_ctrl_hdr req = gd_hdr(GPU_GET_DISPLAY_INFO);
    display_set_preferred(g->display, 0, &(struct head_mode){true, 1024, 768, 60000});
    display_set_preferred(g->display, 0,
                          &(struct head_mode){true, 1024, 700, 60000}); /* not asked yet */
    kit_request(&g->kit, 0, &req, sizeof(req), &info, sizeof(info));
    kit_config_write(&g->kit, 4, &one, 4);
    assert_int_equal(events_read(g), 0);
    display_set_preferred(g->display, 0, &(struct head_mode){true, 1000, 700, 60000});
    kit_request(&g->kit, 0, &req, sizeof(req), &info, sizeof(info));
    display_set_preferred(g->display, 0, &(struct head_mode){true, 900, 700, 60000});
    kit_isr(&g->kit);
    kit_config_write(&g->kit, 4, &one, 4);
    assert_int_equal(events_read(g), GPU_EVENT_DISPLAY);
    assert_int_equal(kit_isr(&g->kit), 2);
    kit_config_write(&g->kit, 4, &one, 4); /* once is enough */
    assert_int_equal(events_read(g), 0);
    assert_int_equal(kit_isr(&g->kit), 0);
}

static void test_create_errors(void **state)
{
    struct gpu_driver *g = *state;
    assert_int_equal(gd_create(g, 0, PIXEL_BGRX, W, H), GPU_ERR_INVALID_RESOURCE_ID);
    assert_int_equal(gd_create(g, 1, 5, W, H), GPU_ERR_INVALID_PARAMETER);
    assert_int_equal(gd_create(g, 1, PIXEL_BGRX, 0, H), GPU_ERR_INVALID_PARAMETER);
    assert_int_equal(gd_create(g, 1, PIXEL_BGRX, W, 16385), GPU_ERR_INVALID_PARAMETER);
    assert_int_equal(gd_create(g, 1, PIXEL_BGRX, UINT32_MAX, UINT32_MAX),
                     GPU_ERR_INVALID_PARAMETER);
    assert_int_equal(gd_create(g, 1, PIXEL_BGRX, 16384, 16384), GPU_ERR_OUT_OF_MEMORY);
    assert_int_equal(gd_create(g, 1, PIXEL_BGRX, W, H), GPU_OK_NODATA);
    assert_int_equal(gd_create(g, 1, PIXEL_BGRX, W, H), GPU_ERR_INVALID_RESOURCE_ID);
    assert_int_equal(gd_unref(g, 1), GPU_OK_NODATA);
    assert_int_equal(gd_unref(g, 1), GPU_ERR_INVALID_RESOURCE_ID);
    assert_int_equal(gd_unref(g, 0), GPU_ERR_INVALID_RESOURCE_ID);
}

/* 8 MiB: two images of nearly 4, one of them shown, never a third. All comes back. */
static void test_budget(void **state)
{
    struct gpu_driver *g = *state;
    const struct rect big = {0, 0, 1000, 1000};
    for (int round = 0; round < 3; round++) {
        assert_int_equal(gd_create(g, 1, PIXEL_BGRX, 1000, 1000), GPU_OK_NODATA);
        assert_int_equal(gd_scanout(g, 0, 1, big), GPU_OK_NODATA);
        assert_int_equal(gd_create(g, 2, PIXEL_BGRX, 1000, 1000), GPU_ERR_OUT_OF_MEMORY);
        assert_int_equal(gd_unref(g, 1), GPU_OK_NODATA);
        assert_int_equal(gd_create(g, 2, PIXEL_BGRX, 1000, 1000), GPU_OK_NODATA);
        assert_int_equal(gd_create(g, 3, PIXEL_BGRX, 1000, 1000), GPU_OK_NODATA);
        assert_int_equal(gd_scanout(g, 0, 3, big), GPU_ERR_OUT_OF_MEMORY);
        assert_int_equal(gd_unref(g, 2), GPU_OK_NODATA);
        assert_int_equal(gd_scanout(g, 0, 3, big), GPU_OK_NODATA);
        assert_int_equal(gd_unref(g, 3), GPU_OK_NODATA);
    }
    /* small ones cost at least a page each */
    uint32_t id = 1;
    while (gd_create(g, id, PIXEL_BGRX, 1, 1) == GPU_OK_NODATA)
        id++;
    assert_in_range(id, 1500, 2048);
    for (uint32_t i = 1; i < id; i++)
        assert_int_equal(gd_unref(g, i), GPU_OK_NODATA);
    assert_int_equal(container_of(g->kit.dev, struct gpu, dev)->used, 0);
}

/* The table of a long list is charged as well; what is refused leaves no trace. */
static void test_backing_budget(void **state)
{
    struct gpu_driver *g = *state;
    struct gpu *gpu = container_of(g->kit.dev, struct gpu, dev);
    enum { N = 50000 };
    struct gpu_mem_entry *e = calloc(N, sizeof(*e));
    for (uint32_t i = 0; i < N; i++) /* backwards: no two merge; every third is empty */
        e[i] = gd_entry(KIT_RAM_BASE + (N - i) * 16, i % 3 ? 16 : 0);
    assert_int_equal(gd_create(g, 1, PIXEL_BGRX, 1430, 1430), GPU_OK_NODATA);
    uint64_t used = gpu->used;
    assert_int_equal(gd_attach(g, 1, e, N), GPU_ERR_OUT_OF_MEMORY);
    assert_true(gpu->used == used);
    assert_int_equal(gd_unref(g, 1), GPU_OK_NODATA);
    assert_int_equal(gd_create(g, 1, PIXEL_BGRX, W, H), GPU_OK_NODATA);
    assert_int_equal(gd_attach(g, 1, e, N), GPU_OK_NODATA);
    const struct gpu_resource *res = gpu_resource_find(gpu, 1);
    struct gpu_layout layout;
    assert_true(res->ops->layout(res, 0, &layout));
    assert_false(res->ops->layout(res, 1, &layout));
    assert_int_equal(res->backing->size, (N - (N + 2) / 3) * 16);
    assert_int_equal(layout.width, W);
    assert_int_equal(layout.format, PIXEL_BGRX);
    assert_int_equal(gd_transfer(g, 1, all, 16), GPU_OK_NODATA);
    assert_int_equal(gd_unref(g, 1), GPU_OK_NODATA);
    for (uint32_t i = 0; i < N; i++) /* all neighbours: one span */
        e[i] = gd_entry(KIT_RAM_BASE + i * 16, 16);
    assert_int_equal(gd_create(g, 1, PIXEL_BGRX, W, H), GPU_OK_NODATA);
    assert_int_equal(gd_attach(g, 1, e, N), GPU_OK_NODATA);
    assert_int_equal(gpu_resource_find(gpu, 1)->backing->count, 1);
    free(e);
}

static void test_attach_errors(void **state)
{
    struct gpu_driver *g = *state;
    uint64_t pa = kit_alloc(&g->kit, 8192, 4096);
    const uint64_t end = KIT_RAM_BASE + (16 << 20);
    struct gpu_mem_entry good = gd_entry(pa, 8192);
    const struct gpu_mem_entry bad[] = {gd_entry(0, 16), gd_entry(end - 8, 16),
                                        gd_entry(UINT64_MAX - 7, 16), gd_entry(pa, UINT32_MAX)};
    assert_int_equal(gd_attach(g, 1, &good, 1), GPU_ERR_INVALID_RESOURCE_ID);
    assert_int_equal(gd_create(g, 1, PIXEL_BGRX, 16, 16), GPU_OK_NODATA);
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        assert_int_equal(gd_attach(g, 1, &bad[i], 1), GPU_ERR_INVALID_PARAMETER);
    /* more entries than were sent, and more than anyone may send */
    struct gpu_resource_attach_backing req = {gd_hdr(GPU_RESOURCE_ATTACH_BACKING), le32_make(1),
                                              le32_make(1)};
    assert_int_equal(GD_SEND(g, req), GPU_ERR_INVALID_PARAMETER);
    req.nr_entries = le32_make(UINT32_MAX);
    assert_int_equal(GD_SEND(g, req), GPU_ERR_INVALID_PARAMETER);
    assert_int_equal(gd_transfer(g, 1, (struct rect){0, 0, 16, 16}, 0), GPU_ERR_UNSPEC);
    assert_int_equal(gd_detach(g, 1), GPU_ERR_UNSPEC);
    assert_int_equal(gd_detach(g, 2), GPU_ERR_INVALID_RESOURCE_ID);
    assert_int_equal(gd_attach(g, 1, &good, 1), GPU_OK_NODATA);
    assert_int_equal(gd_attach(g, 1, &good, 1), GPU_ERR_UNSPEC);
    assert_int_equal(gd_detach(g, 1), GPU_OK_NODATA);
    assert_int_equal(gd_attach(g, 1, NULL, 0), GPU_OK_NODATA); /* empty: nothing can be read */
    assert_int_equal(gd_transfer(g, 1, (struct rect){0, 0, 1, 1}, 0), GPU_ERR_INVALID_PARAMETER);
}

static void test_transfer_errors(void **state)
{
    struct gpu_driver *g = *state;
    make(g, 1, 0);
    assert_int_equal(gd_transfer(g, 9, all, 0), GPU_ERR_INVALID_RESOURCE_ID);
    assert_int_equal(gd_transfer(g, 1, (struct rect){1, 0, W, H}, 0), GPU_ERR_INVALID_PARAMETER);
    assert_int_equal(gd_transfer(g, 1, (struct rect){UINT32_MAX, 0, 2, 1}, 0),
                     GPU_ERR_INVALID_PARAMETER);
    assert_int_equal(gd_transfer(g, 1, all, 4), GPU_ERR_INVALID_PARAMETER);
    assert_int_equal(gd_transfer(g, 1, all, UINT64_MAX - 3), GPU_ERR_INVALID_PARAMETER);
    /* the last pixel fits, the one after does not */
    assert_int_equal(gd_transfer(g, 1, (struct rect){0, 0, 1, 1}, BYTES - 4), GPU_OK_NODATA);
    assert_int_equal(gd_transfer(g, 1, (struct rect){0, 0, 1, 1}, BYTES - 3),
                     GPU_ERR_INVALID_PARAMETER);
    assert_int_equal(gd_transfer(g, 1, (struct rect){0, 0, 1, 2}, BYTES - W * 4),
                     GPU_ERR_INVALID_PARAMETER);
    assert_int_equal(gd_transfer(g, 1, (struct rect){W, H, 0, 0}, 0), GPU_OK_NODATA);
}

static void test_scanout_errors(void **state)
{
    struct gpu_driver *g = *state;
    make(g, 1, 0);
    assert_int_equal(gd_scanout(g, 2, 1, all), GPU_ERR_INVALID_SCANOUT_ID);
    assert_int_equal(gd_scanout(g, 2, 0, all), GPU_ERR_INVALID_SCANOUT_ID);
    assert_int_equal(gd_scanout(g, 0, 9, all), GPU_ERR_INVALID_RESOURCE_ID);
    assert_int_equal(gd_scanout(g, 0, 1, (struct rect){0, 0, W + 1, H}), GPU_ERR_INVALID_PARAMETER);
    assert_int_equal(gd_scanout(g, 0, 1, (struct rect){0, 0, 0, H}), GPU_ERR_INVALID_PARAMETER);
    assert_int_equal(gd_flush(g, 9, all), GPU_ERR_INVALID_RESOURCE_ID);
    assert_int_equal(gd_flush(g, 1, (struct rect){0, 1, W, H}), GPU_ERR_INVALID_PARAMETER);
    assert_int_equal(gd_flush(g, 1, all), GPU_OK_NODATA); /* bound nowhere */
}

static void test_picture(void **state)
{
    struct gpu_driver *g = *state;
    uint64_t pa = make(g, 1, 0x112233);
    assert_int_equal(gd_scanout(g, 0, 1, all), GPU_OK_NODATA);
    assert_int_equal(gd_flush(g, 1, all), GPU_OK_NODATA);
    assert_int_equal(seen(g, 0, 3, 3), 0xff112233);
    uint32_t color = 0x445566;
    kit_write(&g->kit, pa + (3 * W + 3) * 4, &color, 4);
    assert_int_equal(gd_transfer(g, 1, (struct rect){3, 3, 1, 1}, (3 * W + 3) * 4), GPU_OK_NODATA);
    assert_int_equal(seen(g, 0, 3, 3), 0xff112233); /* not flushed: not seen */
    assert_int_equal(gd_flush(g, 1, (struct rect){0, 0, 4, 4}), GPU_OK_NODATA);
    assert_int_equal(seen(g, 0, 3, 3), 0xff445566);
    /* a mode set as Linux does it */
    make(g, 2, 0x777777);
    assert_int_equal(gd_scanout(g, 0, 0, (struct rect){0}), GPU_OK_NODATA);
    assert_int_equal(gd_scanout(g, 0, 2, (struct rect){8, 8, 32, 32}), GPU_OK_NODATA);
    assert_int_equal(gd_flush(g, 2, all), GPU_OK_NODATA);
    assert_int_equal(seen(g, 0, 31, 31), 0xff777777);
    /* UNREF without DETACH while it is scanned out */
    assert_int_equal(gd_unref(g, 2), GPU_OK_NODATA);
    struct head_state s;
    display_state(g->display, 0, &s);
    assert_false(s.active);
}

static void test_cursor(void **state)
{
    struct gpu_driver *g = *state;
    uint64_t pa = kit_alloc(&g->kit, 64 * 64 * 4, 4096);
    struct gpu_mem_entry e = gd_entry(pa, 64 * 64 * 4);
    uint32_t half = 0x80402010;
    kit_write(&g->kit, pa + 5 * 4, &half, 4);
    assert_int_equal(gd_create(g, 5, PIXEL_BGRX, 64, 64), GPU_OK_NODATA);
    assert_int_equal(gd_attach(g, 5, &e, 1), GPU_OK_NODATA);
    assert_int_equal(gd_transfer(g, 5, (struct rect){0, 0, 64, 64}, 0), GPU_OK_NODATA);
    assert_true(gd_cursor(g, GPU_UPDATE_CURSOR, 0, -3, -7, 5, 4, 6));
    struct head_state s;
    display_state(g->display, 0, &s);
    assert_true(s.cursor_visible);
    assert_int_equal(s.cursor_x, -3);
    assert_int_equal(s.cursor_y, -7);
    assert_int_equal(s.hot_x, 4);
    struct picture *p = display_cursor(g->display, 0);
    assert_int_equal(((uint32_t *)p->data)[5], half); /* the X byte is alpha */
    picture_destroy(p);
    assert_true(gd_cursor(g, GPU_MOVE_CURSOR, 0, 100, 200, 0, 0, 0));
    assert_int_equal(gd_unref(g, 5), GPU_OK_NODATA); /* the cursor stays */
    display_state(g->display, 0, &s);
    assert_true(s.cursor_visible);
    assert_int_equal(s.cursor_x, 100);
    assert_int_equal(s.hot_x, 4);
    assert_true(gd_cursor(g, GPU_UPDATE_CURSOR, 0, 0, 0, 0, 0, 0));
    display_state(g->display, 0, &s);
    assert_false(s.cursor_visible);
}

static void test_cursor_errors(void **state)
{
    struct gpu_driver *g = *state;
    struct gpu_update_cursor req = {.hdr = gd_hdr(GPU_UPDATE_CURSOR)};
    const uint32_t len = sizeof(req);
    req.pos.scanout_id = le32_make(2);
    assert_int_equal(gd_send(g, GPU_QUEUE_CURSOR, &req, len), GPU_ERR_INVALID_SCANOUT_ID);
    req.hdr = gd_hdr(GPU_MOVE_CURSOR);
    assert_int_equal(gd_send(g, GPU_QUEUE_CURSOR, &req, len), GPU_ERR_INVALID_SCANOUT_ID);
    req.hdr = gd_hdr(GPU_UPDATE_CURSOR);
    req.pos.scanout_id = le32_make(0);
    req.resource_id = le32_make(77);
    assert_int_equal(gd_send(g, GPU_QUEUE_CURSOR, &req, len), GPU_ERR_INVALID_RESOURCE_ID);
    assert_int_equal(gd_create(g, 77, PIXEL_BGRA, 65, 64), GPU_OK_NODATA);
    assert_int_equal(gd_send(g, GPU_QUEUE_CURSOR, &req, len), GPU_ERR_INVALID_PARAMETER);
    req.resource_id = le32_make(0);
    assert_int_equal(gd_send(g, GPU_QUEUE_CURSOR, &req, len), GPU_OK_NODATA);
    assert_int_equal(gd_send(g, GPU_QUEUE_CONTROL, &req, len), GPU_ERR_UNSPEC); /* wrong queue */
    struct gpu_ctrl_hdr info = gd_hdr(GPU_GET_DISPLAY_INFO);
    assert_int_equal(gd_send(g, GPU_QUEUE_CURSOR, &info, sizeof(info)), GPU_ERR_UNSPEC);
}

static void test_fences(void **state)
{
    struct gpu_driver *g = *state;
    struct gpu_resource_flush req = {.hdr = gd_hdr(GPU_RESOURCE_FLUSH)};
    struct gpu_ctrl_hdr resp;
    req.hdr.fence_id = le64_make(0x123456789abcdef0);
    req.hdr.ctx_id = le32_make(7);
    req.hdr.ring_idx = 3;
    for (uint32_t flags = 0; flags < 4; flags++) { /* an error is fenced as well */
        req.hdr.flags = le32_make(flags);
        kit_request(&g->kit, 0, &req, sizeof(req), &resp, sizeof(resp));
        assert_int_equal(le32_get(resp.type), GPU_ERR_INVALID_RESOURCE_ID);
        assert_int_equal(le32_get(resp.flags), flags & 1 ? flags : 0);
        assert_true(le64_get(resp.fence_id) == (flags & 1 ? 0x123456789abcdef0 : 0));
        assert_int_equal(le32_get(resp.ctx_id), flags & 1 ? 7 : 0);
        assert_int_equal(resp.ring_idx, flags == 3 ? 3 : 0);
    }
}

/* Whatever is sent, an answer comes, and the next command works. */
static void test_nonsense(void **state)
{
    struct gpu_driver *g = *state;
    uint8_t req[64] = {0}, resp[64];
    struct gpu_ctrl_hdr info = gd_hdr(GPU_GET_DISPLAY_INFO), unknown = gd_hdr(0xdeadbeef);
    struct gpu_ctrl_hdr capset = gd_hdr(GPU_GET_CAPSET_INFO), three_d = gd_hdr(0x200);
    assert_int_equal(GD_SEND(g, unknown), GPU_ERR_UNSPEC);
    assert_int_equal(GD_SEND(g, capset), GPU_ERR_UNSPEC);
    assert_int_equal(GD_SEND(g, three_d), GPU_ERR_UNSPEC);
    for (uint32_t n = 0; n < 24; n++) /* no whole header */
        assert_int_equal(gd_send(g, 0, req, n), GPU_ERR_UNSPEC);
    memcpy(req, &(uint32_t){GPU_SET_SCANOUT}, 4);
    for (uint32_t n = 24; n < sizeof(struct gpu_set_scanout); n++)
        assert_int_equal(gd_send(g, 0, req, n), GPU_ERR_INVALID_PARAMETER);
    assert_int_equal(gd_send(g, 0, req, sizeof(req)), GPU_OK_NODATA); /* longer is fine */
    for (uint32_t n = 0; n < 24; n++) /* no room for an answer, or for half of one */
        assert_int_equal(kit_request(&g->kit, 0, &info, sizeof(info), resp, n), n);
    assert_int_equal(GD_SEND(g, info), GPU_ERR_INVALID_PARAMETER); /* no room for its body */
    assert_int_equal(kit_request(&g->kit, 0, NULL, 0, resp, 0), UINT32_MAX); /* kit: no chain */
    struct gpu_resp_display_info answer;
    assert_int_equal(kit_request(&g->kit, 0, &info, sizeof(info), &answer, sizeof(answer)),
                     sizeof(answer));
}

static void test_reset(void **state)
{
    struct gpu_driver *g = *state;
    make(g, 1, 0x112233);
    assert_int_equal(gd_scanout(g, 0, 1, all), GPU_OK_NODATA);
    assert_int_equal(gd_flush(g, 1, all), GPU_OK_NODATA);
    display_set_preferred(g->display, 0, &(struct head_mode){true, 1024, 768, 60000});
    kit_reset(&g->kit);
    struct head_state s;
    display_state(g->display, 0, &s);
    assert_false(s.active);
    struct gpu_config config;
    kit_config_read(&g->kit, 0, &config, sizeof(config));
    assert_int_equal(le32_get(config.events_read), 0);
    assert_true(kit_start(&g->kit, KIT_ALL_FEATURES));
    assert_int_equal(gd_unref(g, 1), GPU_ERR_INVALID_RESOURCE_ID);
    struct gpu_resp_display_info info;
    struct gpu_ctrl_hdr req = gd_hdr(GPU_GET_DISPLAY_INFO);
    kit_request(&g->kit, 0, &req, sizeof(req), &info, sizeof(info));
    assert_int_equal(le32_get(info.pmodes[0].r.w), 1024); /* the host's geometry stays */
}

/* The whole test again, in descriptors of one byte, in an indirect table. */
static int setup_bytes(void **state)
{
    int bad = setup(state);
    struct gpu_driver *g = *state;
    g->kit.framing = (struct kit_framing){.split = 1, .indirect = true};
    return bad;
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
#define TEST_BYTES(fn)                                                                             \
    {                                                                                              \
#fn "_in_bytes", fn, setup_bytes, teardown, NULL                                           \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_features),
        TEST(test_display_info),
        TEST(test_edid),
        TEST(test_own_edid),
        TEST(test_display_event),
        TEST(test_display_event_again),
        TEST(test_create_errors),
        TEST(test_budget),
        TEST(test_backing_budget),
        TEST(test_attach_errors),
        TEST(test_transfer_errors),
        TEST(test_scanout_errors),
        TEST(test_picture),
        TEST(test_cursor),
        TEST(test_cursor_errors),
        TEST(test_fences),
        TEST(test_nonsense),
        TEST(test_reset),
        TEST_BYTES(test_display_info),
        TEST_BYTES(test_edid),
        TEST_BYTES(test_attach_errors),
        TEST_BYTES(test_picture),
        TEST_BYTES(test_cursor),
        TEST_BYTES(test_fences),
        TEST_BYTES(test_nonsense),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
