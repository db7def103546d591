/* SPDX-License-Identifier: MIT */
/*
 * The GPU against a hostile driver: commands of any type, size and framing, mostly near to what
 * makes sense, with the host looking at the picture in between. The budget holds, every chain of
 * a proper queue comes back, and afterwards a well-behaved driver still gets its frame.
 */
#include "device/gpu_driver.h"
#include "fuzz/fuzz.h"
#include "virtio/gpu/gpu.h"

#define RAM     (UINT64_C(4) << 20)
#define BUDGET  (UINT64_C(1) << 20)
#define MAX_OPS 120

static uint32_t small(struct fuzz_input *in)
{
    uint8_t how = fuzz_u8(in);
    return how < 250 ? how : fuzz_u32(in);
}

static le32 id(struct fuzz_input *in)
{
    uint8_t how = fuzz_u8(in);
    return le32_make(how < 250 ? how % 4 : fuzz_u32(in));
}

static struct gpu_rect any_rect(struct fuzz_input *in)
{
    if (fuzz_u8(in) & 1)
        return gd_rect((struct rect){0, 0, 64, 64});
    return gd_rect((struct rect){small(in), small(in), small(in), small(in)});
}

/* A command like a driver's; its size. */
static uint32_t make(struct fuzz_input *in, union gpu_request *req, unsigned queue)
{
    static const uint8_t formats[] = {1, 2, 3, 4, 67, 68, 121, 134};
    uint8_t type = fuzz_u8(in);
    memset(req, 0, sizeof(*req));
    req->hdr.type = le32_make(queue == GPU_QUEUE_CURSOR ? 0x300u + (type & 1) : 0x100u + type % 12);
    if (type >= 250)
        req->hdr.type = le32_make(fuzz_u32(in));
    req->hdr.flags = le32_make(type >> 6);
    req->hdr.fence_id = le64_make(fuzz_u8(in));
    switch (le32_get(req->hdr.type)) {
    case GPU_GET_EDID: req->get_edid.scanout = id(in); return sizeof(req->get_edid);
    case GPU_RESOURCE_CREATE_2D:
        req->create_2d.resource_id = id(in);
        req->create_2d.format = le32_make(formats[fuzz_u8(in) % 8]);
        req->create_2d.width = le32_make(small(in));
        req->create_2d.height = le32_make(small(in));
        return sizeof(req->create_2d);
    case GPU_SET_SCANOUT:
        req->set_scanout.r = any_rect(in);
        req->set_scanout.scanout_id = le32_make(fuzz_u8(in) % 3);
        req->set_scanout.resource_id = id(in);
        return sizeof(req->set_scanout);
    case GPU_RESOURCE_FLUSH:
        req->flush.r = any_rect(in);
        req->flush.resource_id = id(in);
        return sizeof(req->flush);
    case GPU_TRANSFER_TO_HOST_2D:
        req->transfer.r = any_rect(in);
        req->transfer.offset = le64_make(fuzz_u8(in) & 3 ? 0 : fuzz_u64(in));
        req->transfer.resource_id = id(in);
        return sizeof(req->transfer);
    case GPU_RESOURCE_ATTACH_BACKING:
        req->attach.resource_id = id(in);
        req->attach.nr_entries = le32_make(small(in) % 64);
        return sizeof(req->attach);
    case GPU_UPDATE_CURSOR:
    case GPU_MOVE_CURSOR:
        req->cursor.pos.scanout_id = le32_make(fuzz_u8(in) % 3);
        req->cursor.pos.x = le32_make(small(in));
        req->cursor.resource_id = id(in);
        return sizeof(req->cursor);
    default: req->unref.resource_id = id(in); return sizeof(req->unref);
    }
}

/* The list behind ATTACH_BACKING: usually pages of RAM. */
static uint32_t entries(struct fuzz_input *in, struct kit *kit, uint32_t n, uint64_t *pa)
{
    uint8_t lies = fuzz_u8(in);
    uint32_t sent = lies >= 240 ? n / 2 : n, len = sent * (uint32_t)sizeof(struct gpu_mem_entry);
    *pa = kit_alloc(kit, len, 8);
    for (uint32_t i = 0; i < sent; i++) {
        uint32_t bytes = lies & 1 ? 4096 : small(in) * 16;
        uint64_t at = lies & 2 ? fuzz_u16(in) * UINT64_C(61) : i * UINT64_C(4096);
        struct gpu_mem_entry e = gd_entry(KIT_RAM_BASE + (lies & 4 ? fuzz_u64(in) : at), bytes);
        kit_write(kit, *pa + i * sizeof(e), &e, sizeof(e));
    }
    return len;
}

static void command(struct fuzz_input *in, struct kit *kit, unsigned queue)
{
    union gpu_request req;
    struct kit_buf bufs[3];
    unsigned n = 0;
    uint32_t len = make(in, &req, queue);
    uint8_t shape = fuzz_u8(in);
    if (kit->brk - KIT_RAM_BASE > RAM - (UINT64_C(1) << 20))
        return;
    if (shape >= 240)
        len = fuzz_u8(in) % (len + 1);
    kit->framing = (struct kit_framing){.split = shape & 1 ? 1 + (shape >> 3 & 31) : 0,
                                        .indirect = (shape & 2) &&
                                                    virtio_has(kit->dev, VIRTIO_F_INDIRECT_DESC)};
    if (len)
        bufs[n++] = (struct kit_buf){kit_put(kit, &req, len), len, false};
    if (le32_get(req.hdr.type) == GPU_RESOURCE_ATTACH_BACKING) {
        uint64_t pa;
        uint32_t list = entries(in, kit, le32_get(req.attach.nr_entries), &pa);
        if (list)
            bufs[n++] = (struct kit_buf){pa, list, false};
    }
    uint32_t room = shape & 4 ? sizeof(union gpu_response) : fuzz_u8(in) % 48;
    if (room)
        bufs[n++] = (struct kit_buf){kit_alloc(kit, room, 8), room, true};
    if (n)
        kit_add(kit, queue, bufs, n);
}

static void look(struct fuzz_input *in, struct gpu_driver *g, struct viewer *v)
{
    unsigned head = fuzz_u8(in) & 1;
    struct head_state s;
    pixman_region32_t damage;
    pixman_region32_init(&damage);
    viewer_take(v, head, &s, &damage);
    if (s.active && pixman_region32_not_empty(&damage)) {
        const pixman_box32_t *e = pixman_region32_extents(&damage);
        FUZZ_CHECK(e->x1 >= 0 && e->y1 >= 0 && (uint32_t)e->x2 <= s.width &&
                   (uint32_t)e->y2 <= s.height);
    }
    pixman_region32_fini(&damage);
    picture_destroy(display_snapshot(g->display, head, true));
}

static void wish(struct fuzz_input *in, struct gpu_driver *g)
{
    struct head_wish w = {fuzz_u8(in) & 1, fuzz_u8(in), fuzz_u8(in), fuzz_u32(in)};
    display_set_wish(g->display, fuzz_u8(in) & 1, &w);
}

static void step(struct fuzz_input *in, struct gpu_driver *g, struct viewer *v)
{
    struct kit *kit = &g->kit;
    uint8_t op = fuzz_u8(in), byte = op;
    switch (op & 15) {
    case 8: command(in, kit, GPU_QUEUE_CURSOR); break;
    case 9: look(in, g, v); break;
    case 10: wish(in, g); break;
    case 11:
        if (op & 0x80) {
            kit_free_to(kit, KIT_RAM_BASE);
            kit_start(kit, fuzz_u64(in));
        } else {
            kit_wr(kit, KIT_QUEUE_SEL, op >> 4 & 1);
            kit_wr(kit, KIT_QUEUE_RESET, 1);
        }
        break;
    case 12:
        kit_desc_set(kit, kit->queue[0].desc, fuzz_u8(in), fuzz_u64(in), fuzz_u32(in), fuzz_u16(in),
                     fuzz_u16(in));
        break;
    case 13: kit_avail_push(kit, op >> 4 & 1, fuzz_u8(in)); break;
    case 14: kit_config_write(kit, fuzz_u8(in), &byte, 1); break;
    default: command(in, kit, GPU_QUEUE_CONTROL); break;
    }
    if (op & 0x40) {
        kit_notify(kit, op >> 5 & 1);
        kit_run(kit);
    }
    const struct gpu *gpu = container_of(kit->dev, struct gpu, dev);
    FUZZ_CHECK(gpu->used <= gpu->memory);
}

static void check_alive(struct gpu_driver *g)
{
    const struct rect all = {0, 0, 64, 64};
    struct gpu *gpu = container_of(g->kit.dev, struct gpu, dev);
    uint32_t color = 0x123456, got = 0;
    g->kit.framing = (struct kit_framing){0};
    kit_free_to(&g->kit, KIT_RAM_BASE);
    FUZZ_CHECK(kit_start(&g->kit, KIT_ALL_FEATURES));
    FUZZ_CHECK(gpu->used == 0);
    uint64_t pa = kit_put(&g->kit, &color, 4);
    struct gpu_mem_entry e = gd_entry(pa, 64 * 64 * 4);
    FUZZ_CHECK(gd_create(g, 1, PIXEL_BGRX, 64, 64) == GPU_OK_NODATA);
    FUZZ_CHECK(gd_attach(g, 1, &e, 1) == GPU_OK_NODATA);
    FUZZ_CHECK(gd_transfer(g, 1, all, 0) == GPU_OK_NODATA);
    FUZZ_CHECK(gd_scanout(g, 0, 1, all) == GPU_OK_NODATA);
    FUZZ_CHECK(gd_flush(g, 1, all) == GPU_OK_NODATA);
    FUZZ_CHECK(display_read(g->display, 0, &(struct rect){0, 0, 1, 1}, (uint8_t *)&got, 4));
    FUZZ_CHECK(got == (0xff000000 | color));
}

static void no_wake(void *ctx)
{
    (void)ctx;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    struct gpu_driver g;
    gd_init(&g, RAM, 2, BUDGET, false);
    display_set_wish(g.display, 0, &(struct head_wish){true, 64, 64, 60000});
    display_set_wish(g.display, 1, &(struct head_wish){false, 64, 64, 60000});
    struct viewer *v = display_attach(g.display, no_wake, NULL);
    FUZZ_CHECK(v && kit_start(&g.kit, KIT_ALL_FEATURES));
    for (unsigned i = 0; in.left && i < MAX_OPS; i++)
        step(&in, &g, v);
    check_alive(&g);
    display_detach(v);
    gd_finish(&g);
    return 0;
}
