/* SPDX-License-Identifier: MIT */
#include "kit/gpu_hostile.h"

#include "virtio/gpu/gpu.h"

static uint32_t gh_small(struct fuzz_input *in)
{
    uint8_t how = fuzz_u8(in);
    return how < 250 ? how : fuzz_u32(in);
}

static le32 gh_id(struct fuzz_input *in)
{
    uint8_t how = fuzz_u8(in);
    return le32_make(how < 250 ? how % 4 : fuzz_u32(in));
}

static struct gpu_rect gh_rect(struct fuzz_input *in)
{
    if (fuzz_u8(in) & 1)
        return gd_rect((struct rect){0, 0, 64, 64});
    return gd_rect((struct rect){gh_small(in), gh_small(in), gh_small(in), gh_small(in)});
}

static const uint8_t formats[] = {1, 2, 3, 4, 67, 68, 121, 134};

/* how: random bits, of which most say "as a driver would". */
static uint32_t gh_make_blob(struct fuzz_input *in, union gpu_request *req, uint8_t how)
{
    req->create_blob.resource_id = gh_id(in);
    req->create_blob.blob_mem = le32_make(how >= 240 ? fuzz_u8(in) : GPU_BLOB_MEM_GUEST);
    req->create_blob.blob_flags = le32_make(how >= 240 ? fuzz_u32(in) : 2);
    req->create_blob.nr_entries = le32_make(gh_small(in) % 64);
    req->create_blob.size = le64_make(how & 1 ? 64 * 64 * 4 : gh_small(in) * 64);
    return sizeof(req->create_blob);
}

static uint32_t gh_make_scanout_blob(struct fuzz_input *in, union gpu_request *req, uint8_t how)
{
    req->scanout_blob.r = gh_rect(in);
    req->scanout_blob.scanout_id = le32_make(fuzz_u8(in) % 3);
    req->scanout_blob.resource_id = gh_id(in);
    req->scanout_blob.width = le32_make(how & 1 ? 64 : gh_small(in));
    req->scanout_blob.height = le32_make(how & 1 ? 64 : gh_small(in));
    req->scanout_blob.format = le32_make(formats[fuzz_u8(in) % 8]);
    req->scanout_blob.strides[0] = le32_make(how & 1 ? 256 : gh_small(in) * 4);
    req->scanout_blob.offsets[0] = le32_make(how & 2 ? 0 : gh_small(in));
    return sizeof(req->scanout_blob);
}

/* A command like a driver's; returns its size. */
static uint32_t gh_make(struct fuzz_input *in, union gpu_request *req, unsigned queue)
{
    uint8_t type = fuzz_u8(in);
    memset(req, 0, sizeof(*req));
    req->hdr.type = le32_make(queue == GPU_QUEUE_CURSOR ? 0x300u + (type & 1) : 0x100u + type % 15);
    if (type >= 250)
        req->hdr.type = le32_make(fuzz_u32(in));
    req->hdr.flags = le32_make(type >> 6);
    req->hdr.fence_id = le64_make(fuzz_u8(in));
    switch (le32_get(req->hdr.type)) {
    case GPU_GET_EDID: req->get_edid.scanout = gh_id(in); return sizeof(req->get_edid);
    case GPU_RESOURCE_CREATE_2D:
        req->create_2d.resource_id = gh_id(in);
        req->create_2d.format = le32_make(formats[fuzz_u8(in) % 8]);
        req->create_2d.width = le32_make(gh_small(in));
        req->create_2d.height = le32_make(gh_small(in));
        return sizeof(req->create_2d);
    case GPU_SET_SCANOUT:
        req->set_scanout.r = gh_rect(in);
        req->set_scanout.scanout_id = le32_make(fuzz_u8(in) % 3);
        req->set_scanout.resource_id = gh_id(in);
        return sizeof(req->set_scanout);
    case GPU_RESOURCE_FLUSH:
        req->flush.r = gh_rect(in);
        req->flush.resource_id = gh_id(in);
        return sizeof(req->flush);
    case GPU_TRANSFER_TO_HOST_2D:
        req->transfer.r = gh_rect(in);
        req->transfer.offset = le64_make(fuzz_u8(in) & 3 ? 0 : fuzz_u64(in));
        req->transfer.resource_id = gh_id(in);
        return sizeof(req->transfer);
    case GPU_RESOURCE_ATTACH_BACKING:
        req->attach.resource_id = gh_id(in);
        req->attach.nr_entries = le32_make(gh_small(in) % 64);
        return sizeof(req->attach);
    case GPU_RESOURCE_CREATE_BLOB: return gh_make_blob(in, req, type);
    case GPU_SET_SCANOUT_BLOB: return gh_make_scanout_blob(in, req, type);
    case GPU_UPDATE_CURSOR:
    case GPU_MOVE_CURSOR:
        req->cursor.pos.scanout_id = le32_make(fuzz_u8(in) % 3);
        req->cursor.pos.x = le32_make(gh_small(in));
        req->cursor.resource_id = gh_id(in);
        return sizeof(req->cursor);
    default: req->unref.resource_id = gh_id(in); return sizeof(req->unref);
    }
}

/* Writes the list that follows ATTACH_BACKING or CREATE_BLOB, most often pages of RAM. Returns its
 * size. */
static uint32_t gh_entries(struct fuzz_input *in, struct kit *kit, uint32_t n, uint64_t *pa)
{
    uint8_t lies = fuzz_u8(in);
    uint32_t sent = lies >= 240 ? n / 2 : n, len = sent * (uint32_t)sizeof(struct gpu_mem_entry);
    *pa = kit_alloc(kit, len, 8);
    for (uint32_t i = 0; i < sent; i++) {
        uint32_t bytes = lies & 1 ? 4096 : gh_small(in) * 16;
        uint64_t at = lies & 2 ? fuzz_u16(in) * UINT64_C(61) : i * UINT64_C(4096);
        struct gpu_mem_entry e = gd_entry(KIT_RAM_BASE + (lies & 4 ? fuzz_u64(in) : at), bytes);
        kit_write(kit, *pa + i * sizeof(e), &e, sizeof(e));
    }
    return len;
}

void gh_command(struct fuzz_input *in, struct kit *kit, unsigned queue)
{
    union gpu_request req;
    struct kit_buf bufs[3];
    unsigned n = 0;
    uint32_t len = gh_make(in, &req, queue);
    uint8_t shape = fuzz_u8(in);
    if (kit->brk - KIT_RAM_BASE > GH_RAM - (UINT64_C(1) << 20))
        return;
    if (shape >= 240)
        len = fuzz_u8(in) % (len + 1);
    kit->framing = (struct kit_framing){.split = shape & 1 ? 1 + (shape >> 3 & 31) : 0,
                                        .indirect = (shape & 2) &&
                                                    virtio_has(kit->dev, VIRTIO_F_INDIRECT_DESC)};
    if (len)
        bufs[n++] = (struct kit_buf){kit_put(kit, &req, len), len, false};
    uint32_t type = le32_get(req.hdr.type), expect = 0;
    if (type == GPU_RESOURCE_ATTACH_BACKING)
        expect = le32_get(req.attach.nr_entries);
    else if (type == GPU_RESOURCE_CREATE_BLOB)
        expect = le32_get(req.create_blob.nr_entries);
    if (expect) {
        uint64_t pa;
        uint32_t list = gh_entries(in, kit, expect, &pa);
        if (list)
            bufs[n++] = (struct kit_buf){pa, list, false};
    }
    uint32_t room = shape & 4 ? sizeof(union gpu_response) : fuzz_u8(in) % 48;
    if (room)
        bufs[n++] = (struct kit_buf){kit_alloc(kit, room, 8), room, true};
    if (n)
        kit_add(kit, queue, bufs, n);
}

void gh_check_alive(struct gpu_driver *g)
{
    const struct rect all = {0, 0, 64, 64};
    struct gpu_ctrl_hdr ask = gd_hdr(GPU_GET_DISPLAY_INFO);
    struct gpu_resp_display_info info;
    struct gpu *gpu = container_of(g->kit.dev, struct gpu, dev);
    uint32_t pixels[64 * 64], got[64 * 64];
    for (uint32_t i = 0; i < ARRAY_SIZE(pixels); i++)
        pixels[i] = 0xff000000 | i * 2654435761u >> 8;
    g->kit.framing = (struct kit_framing){0};
    kit_free_to(&g->kit, KIT_RAM_BASE);
    FUZZ_CHECK(kit_start(&g->kit, KIT_ALL_FEATURES));
    FUZZ_CHECK(gpu->used == 0 && gpu->held == 0 && !gpu->waiting);
    FUZZ_CHECK(kit_request(&g->kit, 0, &ask, sizeof(ask), &info, sizeof(info)) == sizeof(info));
    FUZZ_CHECK(le32_get(info.hdr.type) == GPU_OK_DISPLAY_INFO);
    struct gpu_mem_entry e = gd_entry(kit_put(&g->kit, pixels, sizeof(pixels)), sizeof(pixels));
    FUZZ_CHECK(gd_create(g, 1, PIXEL_BGRX, 64, 64) == GPU_OK_NODATA);
    FUZZ_CHECK(gd_attach(g, 1, &e, 1) == GPU_OK_NODATA);
    FUZZ_CHECK(gd_transfer(g, 1, all, 0) == GPU_OK_NODATA);
    FUZZ_CHECK(gd_scanout(g, 0, 1, all) == GPU_OK_NODATA);
    FUZZ_CHECK(gd_flush(g, 1, all) == GPU_OK_NODATA);
    FUZZ_CHECK(display_read(g->display, 0, &all, (uint8_t *)got, 256));
    FUZZ_CHECK(!memcmp(got, pixels, sizeof(got)));
    FUZZ_CHECK(gd_create_blob(g, 2, sizeof(pixels), &e, 1) == GPU_OK_NODATA);
    FUZZ_CHECK(gd_scanout_blob(g, 1, 2, 64, 64, all) == GPU_OK_NODATA);
    FUZZ_CHECK(gd_flush(g, 2, all) == GPU_OK_NODATA);
    FUZZ_CHECK(display_read(g->display, 1, &all, (uint8_t *)got, 256));
    FUZZ_CHECK(!memcmp(got, pixels, sizeof(got)));
}
