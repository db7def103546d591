/* SPDX-License-Identifier: MIT */
/*
 * Hostile drivers. One by one: what a driver can do wrong with rings, features, resets and
 * resources; after each the device gives its display info and shows a frame with each pixel right.
 * And a storm: random commands without end, on the device's own thread, with viewers beside it that
 * look, pace, and change the heads' sizes. GPU_STORM=N in the environment makes it N commands:
 *
 *     GPU_STORM=10000000 build-asan/tests/device/test_device_gpu_hostile
 *     GPU_STORM=100000 build-tsan/tests/device/test_device_gpu_hostile
 */
#include "kit/gpu_hostile.h"
#include "host/thread.h"
#include "virtio/gpu/gpu.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <cmocka.h>

enum { W = 64, H = 64, BYTES = W * H * 4 };

static const struct rect all = {0, 0, W, H};

static void no_wake(void *ctx)
{
    (void)ctx;
}

/* --- one by one --- */

struct victim {
    struct gpu_driver g;
    struct viewer *v;
};

/* Resource 1 is 2D and shown on head 0, 2 is a blob on head 1, 3 a cursor. */
static void set_scene(struct gpu_driver *g)
{
    kit_free_to(&g->kit, KIT_RAM_BASE);
    assert_true(kit_start(&g->kit, KIT_ALL_FEATURES));
    struct gpu_mem_entry e = gd_entry(kit_alloc(&g->kit, BYTES, 4096), BYTES);
    assert_int_equal(gd_create(g, 1, PIXEL_BGRX, W, H), GPU_OK_NODATA);
    assert_int_equal(gd_attach(g, 1, &e, 1), GPU_OK_NODATA);
    assert_int_equal(gd_create_blob(g, 2, BYTES, &e, 1), GPU_OK_NODATA);
    assert_int_equal(gd_scanout(g, 0, 1, all), GPU_OK_NODATA);
    assert_int_equal(gd_scanout_blob(g, 1, 2, W, H, all), GPU_OK_NODATA);
    assert_int_equal(gd_flush(g, 1, all), GPU_OK_NODATA);
    assert_int_equal(gd_flush(g, 2, all), GPU_OK_NODATA);
    assert_true(gd_cursor(g, GPU_UPDATE_CURSOR, 0, 1, 1, 2, 0, 0));
}

static void desc(struct victim *t, unsigned i, uint64_t addr, uint32_t len, uint16_t flags,
                 uint16_t next)
{
    kit_desc_set(&t->g.kit, t->g.kit.queue[0].desc, i, addr, len, flags, next);
}

static void offer(struct victim *t, uint16_t head)
{
    kit_avail_push(&t->g.kit, 0, head);
    kit_notify(&t->g.kit, 0);
    kit_run(&t->g.kit);
}

static void buffers_outside_ram(struct victim *t)
{
    static const uint64_t where[] = {0,
                                     KIT_RAM_BASE - 1,
                                     KIT_RAM_BASE + GH_RAM - 8,
                                     KIT_RAM_BASE + GH_RAM,
                                     UINT64_MAX - 3,
                                     UINT64_C(1) << 63};
    for (size_t i = 0; i < ARRAY_SIZE(where); i++) {
        desc(t, 0, where[i], 24, 0, 0);
        offer(t, 0);
        desc(t, 0, KIT_RAM_BASE, 24, VRING_DESC_NEXT, 1);
        desc(t, 1, where[i], UINT32_MAX, VRING_DESC_WRITE, 0);
        offer(t, 0);
        desc(t, 0, where[i], 64, VRING_DESC_INDIRECT, 0);
        offer(t, 0);
    }
}

static void loops(struct victim *t)
{
    for (uint16_t next = 0; next < 3; next++) {
        desc(t, 0, KIT_RAM_BASE, 8, VRING_DESC_NEXT, 1);
        desc(t, 1, KIT_RAM_BASE, 8, VRING_DESC_NEXT, 2);
        desc(t, 2, KIT_RAM_BASE, 8, VRING_DESC_NEXT, next);
        offer(t, 0);
    }
    desc(t, 0, KIT_RAM_BASE, 8, VRING_DESC_NEXT, UINT16_MAX);
    offer(t, 0);
}

/* The answer is written over the request, the rings, and the descriptors. */
static void overlaps(struct victim *t)
{
    const struct kit_queue *q = &t->g.kit.queue[0];
    const uint64_t where[] = {q->desc, q->avail, q->used, KIT_RAM_BASE};
    struct gpu_ctrl_hdr ask = gd_hdr(GPU_GET_DISPLAY_INFO);
    for (size_t i = 0; i < ARRAY_SIZE(where); i++) {
        uint64_t pa = kit_put(&t->g.kit, &ask, sizeof(ask));
        desc(t, 4, pa, sizeof(ask), VRING_DESC_NEXT, 5);
        desc(t, 5, i == 3 ? pa : where[i], 1024, VRING_DESC_WRITE, 0);
        offer(t, 4);
        set_scene(&t->g);
    }
}

static void same_head_again(struct victim *t)
{
    struct gpu_ctrl_hdr ask = gd_hdr(GPU_GET_DISPLAY_INFO);
    desc(t, 0, kit_put(&t->g.kit, &ask, sizeof(ask)), sizeof(ask), 0, 0);
    for (int i = 0; i < 300; i++)
        kit_avail_push(&t->g.kit, 0, 0);
    kit_notify(&t->g.kit, 0);
    kit_run(&t->g.kit);
}

static void jumping_indices(struct victim *t)
{
    for (uint32_t jump = 1; jump < 65536; jump = jump * 3 + 1) {
        kit_avail_set(&t->g.kit, 0, (uint16_t)(t->g.kit.queue[0].avail_idx + jump));
        kit_notify(&t->g.kit, 0);
        kit_run(&t->g.kit);
        kit_wr(&t->g.kit, MMIO_QUEUE_SEL, 0);
        kit_wr(&t->g.kit, MMIO_QUEUE_RESET, 1);
        assert_true(kit_queue_setup(&t->g.kit, 0, 0));
    }
    offer(t, UINT16_MAX);
}

static void rings_outside_ram(struct victim *t)
{
    kit_reset(&t->g.kit);
    kit_negotiate(&t->g.kit, KIT_ALL_FEATURES);
    static const uint32_t regs[] = {MMIO_QUEUE_DESC, MMIO_QUEUE_DRIVER, MMIO_QUEUE_DEVICE};
    for (unsigned i = 0; i < 3; i++) {
        kit_wr(&t->g.kit, MMIO_QUEUE_SEL, 0);
        kit_wr(&t->g.kit, MMIO_QUEUE_SIZE, 64);
        for (unsigned k = 0; k < 3; k++) {
            kit_wr(&t->g.kit, regs[k], k == i ? 0xfffffff0 : (uint32_t)KIT_RAM_BASE);
            kit_wr(&t->g.kit, regs[k] + 4, 0);
        }
        kit_wr(&t->g.kit, MMIO_QUEUE_READY, 1);
        assert_int_equal(kit_rd(&t->g.kit, MMIO_QUEUE_READY), 0);
    }
    kit_notify(&t->g.kit, 0);
    kit_run(&t->g.kit);
}

/* Commands before DRIVER_OK, queues without features, features without queues. */
static void half_negotiated(struct victim *t)
{
    struct kit *kit = &t->g.kit;
    struct gpu_ctrl_hdr ask = gd_hdr(GPU_GET_DISPLAY_INFO);
    kit_reset(kit);
    kit_notify(kit, 0);
    kit_wr(kit, MMIO_STATUS, STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_DRIVER_OK);
    kit_notify(kit, 0);
    kit_queue_setup(kit, 0, 0);
    kit_wr(kit, MMIO_DRIVER_FEATURES_SEL, 0);
    kit_wr(kit, MMIO_DRIVER_FEATURES, UINT32_MAX); /* not offered */
    kit_wr(kit, MMIO_STATUS, STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_FEATURES_OK);
    assert_false(kit_rd(kit, MMIO_STATUS) & STATUS_FEATURES_OK);
    kit_reset(kit);
    kit_negotiate(kit, KIT_ALL_FEATURES);
    kit_queue_setup(kit, 0, 0);
    struct kit_buf buf = {kit_put(kit, &ask, sizeof(ask)), sizeof(ask), false};
    kit_add(kit, 0, &buf, 1);
    kit_notify(kit, 0);
    kit_run(kit);
    uint16_t head;
    uint32_t len;
    assert_true(kit_used(kit, 0, &head, &len)); /* without DRIVER_OK, as on QEMU */
}

static void freed_in_use(struct victim *t)
{
    struct gpu_driver *g = &t->g;
    for (uint32_t id = 1; id <= 2; id++) {
        assert_int_equal(gd_unref(g, id), GPU_OK_NODATA);
        assert_int_equal(gd_flush(g, id, all), GPU_ERR_INVALID_RESOURCE_ID);
        assert_int_equal(gd_transfer(g, id, all, 0), GPU_ERR_INVALID_RESOURCE_ID);
        struct head_state s;
        display_state(g->display, id - 1, &s);
        assert_false(s.active);
    }
    set_scene(&t->g);
    assert_int_equal(gd_detach(g, 1), GPU_OK_NODATA); /* its pages go, the picture stays */
    assert_int_equal(gd_detach(g, 2), GPU_OK_NODATA); /* the pages were the picture */
    assert_int_equal(gd_flush(g, 1, all), GPU_OK_NODATA);
    assert_int_equal(gd_transfer(g, 1, all, 0), GPU_ERR_UNSPEC);
}

/* A flush of `id` with a fence that the viewer holds; nothing is waited for. */
static void send_held(struct victim *t, uint32_t id)
{
    struct gpu_resource_flush req = {gd_hdr(GPU_RESOURCE_FLUSH), gd_rect(all), le32_make(id),
                                     le32_make(0)};
    req.hdr.flags = le32_make(GPU_FLAG_FENCE);
    struct kit_buf buf[2] = {
        {kit_put(&t->g.kit, &req, sizeof(req)), sizeof(req), false},
        {kit_alloc(&t->g.kit, sizeof(req.hdr), 8), sizeof(req.hdr), true},
    };
    assert_true(kit_add(&t->g.kit, 0, buf, 2) >= 0);
    kit_kick(&t->g.kit, 0);
    kit_run(&t->g.kit);
}

static void freed_while_held(struct victim *t)
{
    struct gpu *gpu = container_of(t->g.kit.dev, struct gpu, dev);
    for (uint32_t id = 1; id <= 2; id++) {
        uint16_t head;
        uint32_t len;
        send_held(t, id);
        assert_int_equal(gpu->held, 1);
        struct gpu_resource_unref req = {gd_hdr(GPU_RESOURCE_UNREF), le32_make(id), le32_make(0)};
        struct kit_buf buf = {kit_put(&t->g.kit, &req, sizeof(req)), sizeof(req), false};
        kit_add(&t->g.kit, 0, &buf, 1);
        kit_kick(&t->g.kit, 0);
        kit_run(&t->g.kit);
        assert_int_equal(gpu->held, 0);
        assert_true(kit_used(&t->g.kit, 0, &head, &len) && kit_used(&t->g.kit, 0, &head, &len));
    }
    for (int i = 0; i < 50; i++) { /* as many as fit, then a reset */
        set_scene(&t->g);
        for (int k = 0; k < 40; k++)
            send_held(t, 1 + (uint32_t)k % 2);
        assert_int_equal(gpu->held, 40);
        if (i % 2) {
            kit_wr(&t->g.kit, MMIO_QUEUE_SEL, 0);
            kit_wr(&t->g.kit, MMIO_QUEUE_RESET, 1);
            assert_int_equal(gpu->held, 0);
        }
    }
}

/* The host resizes as fast as it can; each time the guest asks. */
static void resize_storm(struct victim *t)
{
    struct gpu_driver *g = &t->g;
    for (uint32_t i = 0; i < 2000; i++) {
        struct head_mode w = {i % 3 != 0, i * 7919 % 9000, i * 104729 % 9000, i * 31 % 70000};
        display_set_preferred(g->display, i % 2, &w);
        struct gpu_ctrl_hdr ask = gd_hdr(GPU_GET_DISPLAY_INFO);
        struct gpu_resp_display_info info;
        assert_int_equal(kit_request(&g->kit, 0, &ask, sizeof(ask), &info, sizeof(info)),
                         sizeof(info));
        assert_int_equal(le32_get(info.pmodes[i % 2].enabled), w.connected);
        assert_int_equal(le32_get(info.pmodes[i % 2].r.w), w.connected ? w.width : 0);
        struct gpu_get_edid edid = {.hdr = gd_hdr(GPU_GET_EDID), .scanout = le32_make(i % 2)};
        struct gpu_resp_edid resp;
        assert_int_equal(kit_request(&g->kit, 0, &edid, sizeof(edid), &resp, sizeof(resp)),
                         sizeof(resp));
    }
    for (unsigned i = 0; i < GH_HEADS; i++)
        display_set_preferred(g->display, i, &(struct head_mode){true, W, H, 1});
}

/* Each command with all prefixes of its request and all lengths of its answer. */
static void cut_short(struct victim *t)
{
    for (uint32_t type = 0x0ff; type < 0x120; type++) {
        for (uint32_t len = 0; len <= sizeof(union gpu_request); len += 4) {
            union gpu_request req = {.hdr = gd_hdr(type)};
            struct gpu_ctrl_hdr resp;
            kit_request(&t->g.kit, 0, &req, MAX(len, 1), &resp, len % (sizeof(resp) + 1));
        }
    }
    for (uint32_t len = 1; len < sizeof(struct gpu_update_cursor); len++) {
        union gpu_request req = {.hdr = gd_hdr(GPU_UPDATE_CURSOR)};
        kit_request(&t->g.kit, GPU_QUEUE_CURSOR, &req, len, NULL, 0);
    }
}

/* The same command on the wrong queue, and a reset before, between and after kick and answer. */
static void reset_at_every_step(struct victim *t)
{
    struct kit *kit = &t->g.kit;
    for (uint32_t type = 0x100; type < 0x10e; type++) {
        for (unsigned step = 0; step < 8; step++) {
            union gpu_request req = {.hdr = gd_hdr(type)};
            req.hdr.flags = le32_make(step & 1);
            req.flush.r = gd_rect(all);
            req.flush.resource_id = le32_make(1 + (step >> 2));
            set_scene(&t->g);
            struct kit_buf buf[2] = {{kit_put(kit, &req, sizeof(req)), sizeof(req), false},
                                     {kit_alloc(kit, 1200, 8), 1200, true}};
            kit_add(kit, step == 7, buf, 2);
            if (step >= 1)
                kit_notify(kit, step == 7);
            if (step >= 2)
                kit_run(kit);
            if (step & 2) {
                kit_reset(kit);
            } else {
                kit_wr(kit, MMIO_QUEUE_SEL, 0);
                kit_wr(kit, MMIO_QUEUE_RESET, 1);
            }
            kit_run(kit);
        }
    }
}

static const struct {
    const char *name;
    void (*fn)(struct victim *t);
} attacks[] = {
    {"buffers outside RAM", buffers_outside_ram},
    {"loops", loops},
    {"overlaps", overlaps},
    {"the same head again", same_head_again},
    {"jumping indices", jumping_indices},
    {"rings outside RAM", rings_outside_ram},
    {"half negotiated", half_negotiated},
    {"freed in use", freed_in_use},
    {"freed while held", freed_while_held},
    {"resize storm", resize_storm},
    {"cut short", cut_short},
    {"reset at every step", reset_at_every_step},
};

static void test_attacks(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(attacks); i++) {
        struct victim *t = calloc(1, sizeof(*t));
        print_message("%s\n", attacks[i].name);
        gd_init(&t->g, GH_RAM, GH_HEADS, GH_BUDGET, false);
        for (unsigned h = 0; h < GH_HEADS; h++)
            display_set_preferred(t->g.display, h, &(struct head_mode){true, W, H, 1});
        t->v = display_attach(t->g.display, no_wake, NULL);
        viewer_pace(t->v, 0, true);
        viewer_pace(t->v, 1, true);
        set_scene(&t->g);
        attacks[i].fn(t);
        gh_check_alive(&t->g);
        display_detach(t->v);
        gd_finish(&t->g);
        free(t);
    }
}

/* --- a host without memory --- */

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED true /* they need memory of their own, and end when there is none */
#endif
#endif
#if !defined(SANITIZED)
#define SANITIZED false
#endif

/* No more than `more` bytes from now on. */
static void limit_memory(struct rlimit *old, uint64_t more)
{
    unsigned long pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    assert_true(f && fscanf(f, "%lu", &pages) == 1);
    fclose(f);
    assert_int_equal(getrlimit(RLIMIT_AS, old), 0);
    struct rlimit now = {pages * (rlim_t)sysconf(_SC_PAGESIZE) + more, old->rlim_max};
    assert_int_equal(setrlimit(RLIMIT_AS, &now), 0);
}

/* Within its budget, but the host has none: the commands say so, and what was is still there. */
static void test_no_host_memory(void **state)
{
    (void)state;
    enum { ENTRIES = 1 << 18 };
    if (SANITIZED)
        skip();
    struct gpu_driver *g = calloc(1, sizeof(*g));
    struct rlimit old;
    gd_init(g, 64 << 20, GH_HEADS, UINT64_C(8) << 30, false);
    set_scene(g);
    uint64_t list = kit_alloc(&g->kit, ENTRIES * sizeof(struct gpu_mem_entry), 8);
    struct gpu_mem_entry e = gd_entry(KIT_RAM_BASE, 4096);
    for (uint32_t i = 0; i < ENTRIES; i++)
        kit_write(&g->kit, list + i * sizeof(e), &e, sizeof(e));
    assert_int_equal(gd_create(g, 4, PIXEL_BGRX, 2000, 2000), GPU_OK_NODATA);
    limit_memory(&old, 1 << 20);
    uint32_t create = gd_create(g, 5, PIXEL_BGRX, 8192, 8192);
    uint32_t attach = gd_attach_at(g, 4, list, ENTRIES);
    uint32_t scanout = gd_scanout(g, 0, 4, (struct rect){0, 0, 2000, 2000});
    setrlimit(RLIMIT_AS, &old);
    assert_int_equal(create, GPU_ERR_OUT_OF_MEMORY);
    assert_int_equal(attach, GPU_ERR_OUT_OF_MEMORY);
    assert_int_equal(scanout, GPU_ERR_OUT_OF_MEMORY);
    struct head_state s;
    display_state(g->display, 0, &s);
    assert_true(s.active && s.width == W);
    assert_int_equal(gd_create(g, 5, PIXEL_BGRX, 8192, 8192), GPU_OK_NODATA);
    gh_check_alive(g);
    gd_finish(g);
    free(g);
}

/* --- the storm --- */

struct onlooker {
    struct display *display;
    struct viewer *viewer;
    struct host_wakeup wakeup;
    atomic_bool stop;
    pthread_t thread;
    uint64_t dice;
    unsigned looks;
    uint8_t picture[256 * 256 * 4];
};

static uint32_t roll(uint64_t *dice)
{
    *dice = *dice * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*dice >> 33);
}

static void wake(void *ctx)
{
    host_wakeup_raise(&((struct onlooker *)ctx)->wakeup);
}

static void look(struct onlooker *o, unsigned head)
{
    struct head_state s;
    pixman_region32_t damage;
    pixman_region32_init(&damage);
    viewer_take(o->viewer, head, &s, &damage);
    int n;
    const pixman_box32_t *b = pixman_region32_rectangles(&damage, &n);
    for (; s.active && n > 0; n--, b++) {
        struct rect r = {(uint32_t)b->x1, (uint32_t)b->y1, MIN((uint32_t)(b->x2 - b->x1), 256),
                         MIN((uint32_t)(b->y2 - b->y1), 256)};
        o->looks += display_read(o->display, head, &r, o->picture, 256 * 4);
    }
    pixman_region32_fini(&damage);
    if (roll(&o->dice) % 4)
        viewer_presented(o->viewer, head);
    if (roll(&o->dice) % 16 == 0)
        viewer_pace(o->viewer, head, roll(&o->dice) & 1);
    if (roll(&o->dice) % 64 == 0)
        picture_destroy(display_snapshot(o->display, head, true));
    if (roll(&o->dice) % 64 == 0) {
        struct head_mode w = {roll(&o->dice) & 1, 32 + roll(&o->dice) % 300,
                              32 + roll(&o->dice) % 300, 60000 + roll(&o->dice) % 440000};
        display_set_preferred(o->display, head, &w);
    }
}

static void *onlook(void *arg)
{
    struct onlooker *o = arg;
    while (!atomic_load(&o->stop)) {
        host_wakeup_wait(&o->wakeup, HOST_FOREVER);
        for (unsigned i = 0; i < GH_HEADS; i++)
            look(o, i);
    }
    return NULL;
}

static struct onlooker *onlooker_start(struct display *d, uint64_t dice)
{
    struct onlooker *o = calloc(1, sizeof(*o));
    o->display = d;
    o->dice = dice;
    host_wakeup_init(&o->wakeup);
    o->viewer = display_attach(d, wake, o);
    assert_int_equal(host_thread_start(&o->thread, "onlooker", onlook, o), 0);
    return o;
}

static unsigned onlooker_stop(struct onlooker *o)
{
    atomic_store(&o->stop, true);
    wake(o);
    pthread_join(o->thread, NULL);
    unsigned looks = o->looks;
    display_detach(o->viewer);
    host_wakeup_finish(&o->wakeup);
    free(o);
    return looks;
}

/* Some commands from a handful of random bytes; now and then something worse. */
static unsigned gust(struct gpu_driver *g, uint64_t mark, uint64_t *dice)
{
    struct kit *kit = &g->kit;
    uint8_t bytes[1024];
    for (size_t i = 0; i < sizeof(bytes); i += 4) {
        uint32_t v = roll(dice);
        memcpy(bytes + i, &v, 4);
    }
    struct fuzz_input in = {bytes, sizeof(bytes)};
    unsigned n = 0;
    kit_free_to(kit, mark);
    for (; in.left > 64; n++)
        gh_command(&in, kit, roll(dice) % 8 ? GPU_QUEUE_CONTROL : GPU_QUEUE_CURSOR);
    kit_notify(kit, 0);
    kit_notify(kit, 1);
    uint32_t worse = roll(dice) % 256;
    if (worse == 0)
        kit_desc_set(kit, kit->queue[0].desc, roll(dice) % 256, roll(dice), roll(dice),
                     (uint16_t)roll(dice), (uint16_t)roll(dice));
    else if (worse == 1)
        kit_avail_push(kit, roll(dice) & 1, (uint16_t)(roll(dice) % 300));
    else if (worse == 2)
        kit_avail_set(kit, roll(dice) & 1, (uint16_t)roll(dice));
    return n;
}

/* Fresh rings and something to see; where the guest memory behind them begins. */
static uint64_t restart(struct gpu_driver *g)
{
    g->kit.framing = (struct kit_framing){0};
    set_scene(g);
    return g->kit.brk;
}

/* What the driver is given back; held flushes are not waited for. */
static void collect(struct kit *kit)
{
    uint16_t head;
    uint32_t len;
    kit_run(kit);
    for (unsigned q = 0; q < GPU_QUEUES; q++)
        while (kit_used(kit, q, &head, &len)) {
        }
}

static void test_storm(void **state)
{
    (void)state;
    const char *asked = getenv("GPU_STORM");
    unsigned long want = asked ? strtoul(asked, NULL, 10) : 20000, sent = 0;
    struct gpu_driver *g = calloc(1, sizeof(*g));
    uint64_t dice = 1;
    gd_init(g, GH_RAM, GH_HEADS, GH_BUDGET, true);
    struct gpu *gpu = container_of(g->kit.dev, struct gpu, dev);
    struct onlooker *o[2] = {onlooker_start(g->display, 2), onlooker_start(g->display, 3)};
    uint64_t mark = restart(g);
    for (unsigned gusts = 1; sent < want; gusts++) {
        sent += gust(g, mark, &dice);
        collect(&g->kit);
        if (roll(&dice) % 16 == 0 || g->kit.queue[0].num_free < 128)
            mark = restart(g);
        if (gusts % 500 == 0) {
            worker_pause(g->kit.worker);
            assert_true(gpu->used <= gpu->memory);
            worker_resume(g->kit.worker);
            gh_check_alive(g);
            mark = restart(g);
        }
    }
    unsigned looks = 0;
    for (int i = 0; i < 2; i++)
        looks += onlooker_stop(o[i]);
    gh_check_alive(g);
    print_message("%lu commands, %u looks\n", sent, looks);
    assert_true(looks > 0);
    gd_finish(g);
    free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_attacks),
        cmocka_unit_test(test_no_host_memory),
        cmocka_unit_test(test_storm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
