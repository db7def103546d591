/* SPDX-License-Identifier: MIT */
/*
 * The GPU against a hostile driver: commands of any type, size and framing, mostly near to what
 * makes sense, with the host looking at the picture in between. The budget holds, every chain of
 * a proper queue comes back, and afterwards a well-behaved driver still gets its frame.
 */
#include "kit/gpu_hostile.h"
#include "virtio/gpu/gpu.h"
#include "virtio/gpu/check.h"
#include "virtio/gpu/state.h"
#include "virtio/gpu/trace.h"

#define MAX_OPS 120

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
    if (fuzz_u8(in) & 1)
        viewer_presented(v, head);
    viewer_pace(v, head, fuzz_u8(in) & 1);
    picture_destroy(display_snapshot(g->display, head, true));
}

static void change_mode(struct fuzz_input *in, struct gpu_driver *g)
{
    struct head_mode w = {fuzz_u8(in) & 1, fuzz_u8(in), fuzz_u8(in), fuzz_u32(in)};
    display_set_preferred(g->display, fuzz_u8(in) & 1, &w);
}

/* The state goes out and comes back, perhaps with a byte changed. */
static void restore(struct fuzz_input *in, struct gpu_driver *g)
{
    struct virtio_dev *dev = g->kit.dev;
    size_t size;
    dev->ops->quiesce(dev);
    uint8_t *bytes = gd_save(dev, &size);
    dev->ops->reset(dev);
    FUZZ_CHECK(bytes);
    bool change = fuzz_u8(in) & 1;
    if (change)
        bytes[fuzz_u16(in) % size] = fuzz_u8(in);
    bool ok = gd_load(dev, bytes, size);
    FUZZ_CHECK(ok || change);
    dev->ops->resume(dev);
    free(bytes);
}

static void step(struct fuzz_input *in, struct gpu_driver *g, struct viewer *v)
{
    struct kit *kit = &g->kit;
    uint8_t op = fuzz_u8(in), byte = op;
    switch (op & 15) {
    case 8: gh_command(in, kit, GPU_QUEUE_CURSOR); break;
    case 9: look(in, g, v); break;
    case 10: change_mode(in, g); break;
    case 11:
        if (op & 0x80) {
            kit_free_to(kit, KIT_RAM_BASE);
            kit_start(kit, fuzz_u64(in));
        } else {
            kit_wr(kit, MMIO_QUEUE_SEL, op >> 4 & 1);
            kit_wr(kit, MMIO_QUEUE_RESET, 1);
        }
        break;
    case 12:
        kit_desc_set(kit, kit->queue[0].desc, fuzz_u8(in), fuzz_u64(in), fuzz_u32(in), fuzz_u16(in),
                     fuzz_u16(in));
        break;
    case 13: kit_avail_push(kit, op >> 4 & 1, fuzz_u8(in)); break;
    case 15: restore(in, g); break;
    case 14: kit_config_write(kit, fuzz_u8(in), &byte, 1); break;
    default: gh_command(in, kit, GPU_QUEUE_CONTROL); break;
    }
    if (op & 0x40) {
        kit_notify(kit, op >> 5 & 1);
        kit_run(kit);
    }
    const struct gpu *gpu = container_of(kit->dev, struct gpu, dev);
    FUZZ_CHECK(gpu->used <= gpu->memory);
}

static void no_wake(void *ctx)
{
    (void)ctx;
}

/* Sometimes under the eyes of --gpu-check and --trace-gpu, which see all of it. */
static void watch(struct gpu_driver *g, size_t size)
{
    const struct gpu_check_config config = {.patience_ns = size % 4 + 1};
    struct error err;
    if (size % 2)
        FUZZ_CHECK(virtio_gpu_check(g->kit.dev, &config));
    if (size % 32 == 3)
        FUZZ_CHECK(virtio_gpu_trace(g->kit.dev, "/dev/null", 0, &err));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    struct gpu_driver g;
    gd_init(&g, GH_RAM, GH_HEADS, GH_BUDGET, false);
    display_set_preferred(g.display, 0,
                          &(struct head_mode){true, 64, 64, 1}); /* held flushes stay */
    display_set_preferred(g.display, 1, &(struct head_mode){false, 64, 64, 60000});
    struct viewer *v = display_attach(g.display, no_wake, NULL);
    watch(&g, size);
    FUZZ_CHECK(v && kit_start(&g.kit, KIT_ALL_FEATURES));
    for (unsigned i = 0; in.left && i < MAX_OPS; i++)
        step(&in, &g, v);
    gh_check_alive(&g);
    display_detach(v);
    gd_finish(&g);
    return 0;
}
