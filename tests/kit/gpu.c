/* SPDX-License-Identifier: MIT */
#include "kit/gpu.h"

#include "virtio/gpu/gpu.h"
#include "virtio/gpu/state.h"

#include <string.h>

void gd_init(struct gpu_driver *g, uint64_t ram, unsigned heads, uint64_t memory, bool threaded)
{
    static const struct head_mode preferred = {true, 1280, 800, 60000};
    kit_init(&g->kit, ram);
    g->display = display_create(heads, &preferred);
    const struct virtio_gpu_config config = {
        .display = g->display,
        .memory = memory,
        .edid = true,
        .blob = true,
        .pacing = true,
        .threaded = threaded,
    };
    struct virtio_dev *dev = virtio_gpu_create(g->kit.mem, NULL, &config);
    kit_attach(&g->kit, dev, virtio_gpu_worker(dev));
}

void gd_finish(struct gpu_driver *g)
{
    kit_finish(&g->kit);
    display_destroy(g->display);
}

struct gpu_ctrl_hdr gd_hdr(uint32_t type)
{
    return (struct gpu_ctrl_hdr){.type = le32_make(type)};
}

uint32_t gd_send(struct gpu_driver *g, unsigned queue, const void *req, uint32_t len)
{
    struct gpu_ctrl_hdr resp = {0};
    uint32_t n = kit_request(&g->kit, queue, req, len, &resp, sizeof(resp));
    return n == sizeof(resp) ? le32_get(resp.type) : 0;
}

struct gpu_rect gd_rect(struct rect r)
{
    return (struct gpu_rect){le32_make(r.x), le32_make(r.y), le32_make(r.w), le32_make(r.h)};
}

uint32_t gd_create(struct gpu_driver *g, uint32_t id, uint32_t format, uint32_t w, uint32_t h)
{
    struct gpu_resource_create_2d req = {gd_hdr(GPU_RESOURCE_CREATE_2D), le32_make(id),
                                         le32_make(format), le32_make(w), le32_make(h)};
    return GD_SEND(g, req);
}

uint32_t gd_unref(struct gpu_driver *g, uint32_t id)
{
    struct gpu_resource_unref req = {gd_hdr(GPU_RESOURCE_UNREF), le32_make(id), le32_make(0)};
    return GD_SEND(g, req);
}

uint32_t gd_detach(struct gpu_driver *g, uint32_t id)
{
    struct gpu_resource_unref req = {gd_hdr(GPU_RESOURCE_DETACH_BACKING), le32_make(id),
                                     le32_make(0)};
    return GD_SEND(g, req);
}

uint32_t gd_send_list(struct gpu_driver *g, const void *req, uint32_t len, uint64_t pa,
                      uint32_t entries)
{
    struct kit *kit = &g->kit;
    struct gpu_ctrl_hdr resp = {0};
    uint64_t brk = kit->brk, out = kit_alloc(kit, sizeof(resp), 8);
    struct kit_buf bufs[3] = {{kit_put(kit, req, len), len, false},
                              {pa, entries * (uint32_t)sizeof(struct gpu_mem_entry), false},
                              {out, sizeof(resp), true}};
    uint16_t head;
    uint32_t used = 0;
    if (!entries)
        bufs[1] = bufs[2];
    if (kit_add(kit, GPU_QUEUE_CONTROL, bufs, entries ? 3 : 2) >= 0) {
        kit_kick(kit, GPU_QUEUE_CONTROL);
        kit_wait(kit, GPU_QUEUE_CONTROL, &head, &used);
        kit_read(kit, out, &resp, sizeof(resp));
    }
    kit_free_to(kit, brk);
    return le32_get(resp.type);
}

uint32_t gd_attach_at(struct gpu_driver *g, uint32_t id, uint64_t pa, uint32_t entries)
{
    struct gpu_resource_attach_backing req = {gd_hdr(GPU_RESOURCE_ATTACH_BACKING), le32_make(id),
                                              le32_make(entries)};
    return gd_send_list(g, &req, sizeof(req), pa, entries);
}

uint32_t gd_attach(struct gpu_driver *g, uint32_t id, const struct gpu_mem_entry *entry,
                   uint32_t entries)
{
    uint64_t brk = g->kit.brk, pa = kit_put(&g->kit, entry, entries * sizeof(*entry));
    uint32_t type = gd_attach_at(g, id, pa, entries);
    kit_free_to(&g->kit, brk);
    return type;
}

struct gpu_mem_entry gd_entry(uint64_t pa, uint32_t len)
{
    return (struct gpu_mem_entry){le64_make(pa), le32_make(len), le32_make(0)};
}

uint32_t gd_create_blob(struct gpu_driver *g, uint32_t id, uint64_t size,
                        const struct gpu_mem_entry *entry, uint32_t entries)
{
    struct gpu_resource_create_blob req = {
        .hdr = gd_hdr(GPU_RESOURCE_CREATE_BLOB),
        .resource_id = le32_make(id),
        .blob_mem = le32_make(GPU_BLOB_MEM_GUEST),
        .blob_flags = le32_make(2),
        .nr_entries = le32_make(entries),
        .size = le64_make(size),
    };
    uint64_t brk = g->kit.brk, pa = kit_put(&g->kit, entry, entries * sizeof(*entry));
    uint32_t type = gd_send_list(g, &req, sizeof(req), pa, entries);
    kit_free_to(&g->kit, brk);
    return type;
}

struct gpu_set_scanout_blob gd_shape(uint32_t head, uint32_t id, uint32_t w, uint32_t h,
                                     struct rect r)
{
    return (struct gpu_set_scanout_blob){
        .hdr = gd_hdr(GPU_SET_SCANOUT_BLOB),
        .r = gd_rect(r),
        .scanout_id = le32_make(head),
        .resource_id = le32_make(id),
        .width = le32_make(w),
        .height = le32_make(h),
        .format = le32_make(PIXEL_BGRX),
        .strides = {le32_make(w * 4)},
    };
}

uint32_t gd_scanout_blob(struct gpu_driver *g, uint32_t head, uint32_t id, uint32_t w, uint32_t h,
                         struct rect r)
{
    struct gpu_set_scanout_blob req = gd_shape(head, id, w, h, r);
    return GD_SEND(g, req);
}

uint32_t gd_transfer(struct gpu_driver *g, uint32_t id, struct rect r, uint64_t off)
{
    struct gpu_transfer_to_host_2d req = {gd_hdr(GPU_TRANSFER_TO_HOST_2D), gd_rect(r),
                                          le64_make(off), le32_make(id), le32_make(0)};
    return GD_SEND(g, req);
}

uint32_t gd_scanout(struct gpu_driver *g, uint32_t head, uint32_t id, struct rect r)
{
    struct gpu_set_scanout req = {gd_hdr(GPU_SET_SCANOUT), gd_rect(r), le32_make(head),
                                  le32_make(id)};
    return GD_SEND(g, req);
}

uint32_t gd_flush(struct gpu_driver *g, uint32_t id, struct rect r)
{
    struct gpu_resource_flush req = {gd_hdr(GPU_RESOURCE_FLUSH), gd_rect(r), le32_make(id),
                                     le32_make(0)};
    return GD_SEND(g, req);
}

bool gd_cursor(struct gpu_driver *g, uint32_t type, uint32_t head, int32_t x, int32_t y,
               uint32_t id, uint32_t hot_x, uint32_t hot_y)
{
    struct gpu_update_cursor req = {
        .hdr = gd_hdr(type),
        .pos = {le32_make(head), le32_make((uint32_t)x), le32_make((uint32_t)y), le32_make(0)},
        .resource_id = le32_make(id),
        .hot_x = le32_make(hot_x),
        .hot_y = le32_make(hot_y),
    };
    return kit_request(&g->kit, GPU_QUEUE_CURSOR, &req, sizeof(req), NULL, 0) == 0;
}

uint8_t *gd_save(struct virtio_dev *dev, size_t *size)
{
    struct blob_out out = {0};
    gpu_save(container_of(dev, struct gpu, dev), true, &out);
    return blob_out_take(&out, size);
}

bool gd_load(struct virtio_dev *dev, const uint8_t *bytes, size_t size)
{
    struct blob_in in;
    blob_in_init(&in, bytes, size);
    bool ok = gpu_load(container_of(dev, struct gpu, dev), &in);
    if (!ok)
        dev->ops->reset(dev);
    return ok;
}
