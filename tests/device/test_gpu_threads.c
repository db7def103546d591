/* SPDX-License-Identifier: MIT */
/*
 * The GPU on its own thread, while viewers read and the driver resets it at any moment; and
 * commands that are answered later than others that came after them. Run it under TSan, too.
 */
#include "kit/gpu.h"
#include "host/thread.h"
#include "virtio/gpu/gpu.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <cmocka.h>

enum { W = 200, H = 150, BYTES = W * H * 4 };

static const struct rect all = {0, 0, W, H};

/* --- viewers beside the GPU's thread --- */

struct watcher {
    struct display *display;
    struct viewer *viewer;
    struct host_wakeup wakeup;
    atomic_bool stop;
    pthread_t thread;
    unsigned looks, torn; /* frames that were not all of one colour */
    uint32_t last;        /* colour of the newest */
    uint32_t kept[W * H];
};

static void wake(void *ctx)
{
    host_wakeup_raise(&((struct watcher *)ctx)->wakeup);
}

static void look(struct watcher *w)
{
    struct head_state s;
    pixman_region32_t damage;
    pixman_region32_init(&damage);
    viewer_take(w->viewer, 0, &s, &damage);
    if (s.active && display_read(w->display, 0, &all, (uint8_t *)w->kept, W * 4)) {
        w->looks++;
        w->last = w->kept[0];
        for (int i = 1; i < W * H; i++)
            if (w->kept[i] != w->last) {
                w->torn++;
                break;
            }
    }
    pixman_region32_fini(&damage);
    struct picture *cursor = display_cursor(w->display, 0);
    picture_destroy(cursor);
}

static void *watch(void *arg)
{
    struct watcher *w = arg;
    while (!atomic_load(&w->stop)) {
        host_wakeup_wait(&w->wakeup, HOST_FOREVER);
        look(w);
    }
    look(w);
    return NULL;
}

static void watcher_start(struct watcher *w, struct display *d)
{
    w->display = d;
    host_wakeup_init(&w->wakeup);
    w->viewer = display_attach(d, wake, w);
    assert_int_equal(host_thread_start(&w->thread, "watcher", watch, w), 0);
}

static void watcher_stop(struct watcher *w)
{
    atomic_store(&w->stop, true);
    wake(w);
    pthread_join(w->thread, NULL);
    display_detach(w->viewer);
    host_wakeup_finish(&w->wakeup);
}

static void make(struct gpu_driver *g, uint32_t id, uint64_t pa)
{
    struct gpu_mem_entry e = gd_entry(pa, BYTES);
    assert_int_equal(gd_create(g, id, PIXEL_BGRX, W, H), GPU_OK_NODATA);
    assert_int_equal(gd_attach(g, id, &e, 1), GPU_OK_NODATA);
}

static void paint(struct gpu_driver *g, uint64_t pa, uint32_t color)
{
    static uint32_t pixels[W * H];
    for (int i = 0; i < W * H; i++)
        pixels[i] = color;
    kit_write(&g->kit, pa, pixels, sizeof(pixels));
}

/* Flushed frames have one colour; the viewers never see any other, and do see the last. */
static void test_viewers(void **state)
{
    (void)state;
    struct gpu_driver *g = calloc(1, sizeof(*g));
    struct watcher *w = calloc(2, sizeof(*w));
    gd_init(g, 16 << 20, 1, 64 << 20, true);
    assert_true(kit_start(&g->kit, KIT_ALL_FEATURES));
    uint64_t pa[2] = {kit_alloc(&g->kit, BYTES, 4096), kit_alloc(&g->kit, BYTES, 4096)};
    make(g, 1, pa[0]);
    make(g, 2, pa[1]);
    watcher_start(&w[0], g->display);
    watcher_start(&w[1], g->display);
    for (uint32_t i = 1; i <= 1000; i++) {
        uint32_t id = i % 8 == 7 ? 2 : 1; /* now and then a flip to the other and back */
        paint(g, pa[id - 1], i);
        if (i % 3) {
            assert_int_equal(gd_transfer(g, id, all, 0), GPU_OK_NODATA);
        } else {
            gd_transfer(g, id, (struct rect){0, 0, W / 2, H}, 0);
            gd_transfer(g, id, (struct rect){W / 2, 0, W / 2, H}, W / 2 * 4);
        }
        if (i % 8 == 1 || i % 8 == 7 || i % 8 == 0)
            gd_scanout(g, 0, id, all);
        assert_int_equal(gd_flush(g, id, all), GPU_OK_NODATA);
        gd_cursor(g, GPU_MOVE_CURSOR, 0, (int32_t)i, -5, 0, 0, 0);
    }
    for (int i = 0; i < 2; i++) {
        watcher_stop(&w[i]);
        assert_int_equal(w[i].torn, 0);
        assert_int_equal(w[i].last, 0xff000000 | 1000);
        assert_true(w[i].looks > 0);
    }
    gd_finish(g);
    free(w);
    free(g);
}

/* Reset while large transfers run: it returns soon, and nothing of the guest's is touched after. */
static void test_reset_at_any_moment(void **state)
{
    (void)state;
    struct gpu_driver *g = calloc(1, sizeof(*g));
    gd_init(g, 64 << 20, 1, 256 << 20, true);
    struct rect big = {0, 0, 2048, 1024};
    for (unsigned round = 0; round < 60; round++) {
        g->kit.brk = KIT_RAM_BASE;
        assert_true(kit_start(&g->kit, KIT_ALL_FEATURES));
        uint64_t pa = kit_alloc(&g->kit, 8 << 20, 4096);
        struct gpu_mem_entry e = gd_entry(pa, 8 << 20);
        assert_int_equal(gd_create(g, 1, PIXEL_BGRX, big.w, big.h), GPU_OK_NODATA);
        assert_int_equal(gd_attach(g, 1, &e, 1), GPU_OK_NODATA);
        gd_scanout(g, 0, 1, big);
        gd_flush(g, 1, big);
        struct gpu_transfer_to_host_2d req = {gd_hdr(GPU_TRANSFER_TO_HOST_2D), gd_rect(big),
                                              le64_make(0), le32_make(1), le32_make(0)};
        for (int i = 0; i < 40; i++) {
            struct kit_buf buf = {kit_put(&g->kit, &req, sizeof(req)), sizeof(req), false};
            kit_add(&g->kit, 0, &buf, 1);
        }
        kit_kick(&g->kit, 0);
        struct timespec t = {.tv_nsec = (round * 37 % 50) * 20000};
        nanosleep(&t, NULL);
        kit_reset(&g->kit);
        assert_int_equal(kit_rd(&g->kit, MMIO_STATUS), 0);
        struct head_state s;
        display_state(g->display, 0, &s);
        assert_false(s.active);
    }
    gd_finish(g);
    free(g);
}

/* A pause in the middle of a transfer, without a reset: the command starts over and is answered. */
static void test_pause_resumes(void **state)
{
    (void)state;
    struct gpu_driver *g = calloc(1, sizeof(*g));
    gd_init(g, 64 << 20, 1, 256 << 20, true);
    assert_true(kit_start(&g->kit, KIT_ALL_FEATURES));
    struct rect big = {0, 0, 2048, 1024};
    uint64_t pa = kit_alloc(&g->kit, 8 << 20, 4096);
    struct gpu_mem_entry e = gd_entry(pa, 8 << 20);
    gd_create(g, 1, PIXEL_BGRX, big.w, big.h);
    gd_attach(g, 1, &e, 1);
    gd_scanout(g, 0, 1, big);
    gd_flush(g, 1, big);
    struct gpu_transfer_to_host_2d req = {gd_hdr(GPU_TRANSFER_TO_HOST_2D), gd_rect(big),
                                          le64_make(0), le32_make(1), le32_make(0)};
    for (unsigned round = 0; round < 100; round++) {
        req.r.w = le32_make(round % 2 ? 2047 : 2048); /* by rows, in one stream */
        uint64_t brk = g->kit.brk;
        struct gpu_ctrl_hdr resp = {0};
        uint64_t out = kit_alloc(&g->kit, sizeof(resp), 8);
        struct kit_buf buf[2] = {{kit_put(&g->kit, &req, sizeof(req)), sizeof(req), false},
                                 {out, sizeof(resp), true}};
        uint16_t head;
        uint32_t len;
        kit_add(&g->kit, 0, buf, 2);
        kit_kick(&g->kit, 0);
        struct timespec t = {.tv_nsec = round * 20000};
        nanosleep(&t, NULL);
        worker_pause(g->kit.worker);
        worker_resume(g->kit.worker);
        assert_true(kit_wait(&g->kit, 0, &head, &len));
        kit_read(&g->kit, out, &resp, sizeof(resp));
        assert_int_equal(len, sizeof(resp));
        assert_int_equal(le32_get(resp.type), GPU_OK_NODATA);
        kit_free_to(&g->kit, brk);
    }
    gd_finish(g);
    free(g);
}

/* --- quick commands on the hart's thread --- */

static int add_flush(struct gpu_driver *g, uint32_t type, uint32_t id)
{
    struct gpu_resource_flush req = {gd_hdr(type), gd_rect(all), le32_make(id), le32_make(0)};
    struct gpu_transfer_to_host_2d move = {gd_hdr(type), gd_rect(all), le64_make(0), le32_make(id),
                                           le32_make(0)};
    bool is_move = type == GPU_TRANSFER_TO_HOST_2D;
    uint32_t len = is_move ? sizeof(move) : sizeof(req);
    struct kit_buf buf[2] = {{kit_put(&g->kit, is_move ? (void *)&move : &req, len), len, false},
                             {kit_alloc(&g->kit, 24, 8), 24, true}};
    return kit_add(&g->kit, 0, buf, 2);
}

/* A blob's flush is done when the doorbell's write returns; what is slow goes to the worker, and
 * all is answered in order. */
static void test_quick(void **state)
{
    (void)state;
    struct gpu_driver *g = calloc(1, sizeof(*g));
    gd_init(g, 16 << 20, 2, 64 << 20, true);
    assert_true(kit_start(&g->kit, KIT_ALL_FEATURES));
    uint64_t pa = kit_alloc(&g->kit, BYTES, 4096);
    struct gpu_mem_entry e = gd_entry(pa, BYTES);
    make(g, 1, pa);
    assert_int_equal(gd_create_blob(g, 2, BYTES, &e, 1), GPU_OK_NODATA);
    assert_int_equal(gd_scanout(g, 0, 1, all), GPU_OK_NODATA);
    assert_int_equal(gd_scanout_blob(g, 1, 2, W, H, all), GPU_OK_NODATA);
    uint64_t brk = g->kit.brk;
    uint16_t got;
    uint32_t len;
    for (int i = 0; i < 200; i++) {
        kit_free_to(&g->kit, brk);
        kit_run(&g->kit); /* the worker sleeps */
        int head = add_flush(g, GPU_RESOURCE_FLUSH, 2);
        kit_notify(&g->kit, 0);
        assert_true(kit_used(&g->kit, 0, &got, &len) && got == head && len == 24);
        int heads[100];
        for (int k = 0; k < 100; k++)
            heads[k] = k % 50 == 30 ? add_flush(g, GPU_TRANSFER_TO_HOST_2D, 1)
                                    : add_flush(g, GPU_RESOURCE_FLUSH, 1 + (k % 7 != 0));
        kit_notify(&g->kit, 0);
        for (int k = 0; k < 100; k++) {
            assert_true(kit_wait(&g->kit, 0, &got, &len));
            assert_int_equal(got, heads[k]);
        }
    }
    gd_finish(g);
    free(g);
}

/* --- deferred commands --- */

enum { DEFER = 0x7001, PROMPT = 0x7002 };

static struct gpu_command *deferred[8];
static unsigned defers;

static uint32_t defer(struct gpu_command *cmd)
{
    deferred[defers++] = cmd;
    return GPU_DEFERRED;
}

static uint32_t prompt(struct gpu_command *cmd)
{
    (void)cmd;
    return GPU_OK_NODATA;
}

static const struct gpu_row test_rows[] = {
    {.type = DEFER, .name = "DEFER", .size = sizeof(struct gpu_ctrl_hdr), .handler = defer},
    {.type = PROMPT, .name = "PROMPT", .size = sizeof(struct gpu_ctrl_hdr), .handler = prompt},
};
static const struct gpu_table test_table = {test_rows, ARRAY_SIZE(test_rows)};

/* ring: -1: the device's timeline; fence 0: none. The chain's head. */
static uint16_t put(struct gpu_driver *g, uint32_t type, uint64_t fence, int ring)
{
    struct gpu_ctrl_hdr hdr = gd_hdr(type);
    uint32_t flags = (fence ? GPU_FLAG_FENCE : 0) | (ring >= 0 ? GPU_FLAG_INFO_RING_IDX : 0);
    hdr.flags = le32_make(flags);
    hdr.fence_id = le64_make(fence);
    hdr.ring_idx = (uint8_t)ring;
    struct kit_buf buf[2] = {
        {kit_put(&g->kit, &hdr, sizeof(hdr)), sizeof(hdr), false},
        {kit_alloc(&g->kit, sizeof(hdr), 8), sizeof(hdr), true},
    };
    int head = kit_add(&g->kit, 0, buf, 2);
    kit_kick(&g->kit, 0);
    kit_run(&g->kit);
    return (uint16_t)head;
}

static void expect_used(struct gpu_driver *g, int head)
{
    uint16_t got;
    uint32_t len;
    if (head < 0) {
        assert_false(kit_used(&g->kit, 0, &got, &len));
        return;
    }
    assert_true(kit_used(&g->kit, 0, &got, &len));
    assert_int_equal(got, head);
    assert_int_equal(len, sizeof(struct gpu_ctrl_hdr));
}

static void deferring(struct gpu_driver *g)
{
    defers = 0;
    gd_init(g, 1 << 20, 1, 1 << 20, false);
    container_of(g->kit.dev, struct gpu, dev)->table[1] = &test_table;
    assert_true(kit_start(&g->kit, KIT_ALL_FEATURES));
}

static void test_fences_in_order(void **state)
{
    (void)state;
    struct gpu_driver *g = calloc(1, sizeof(*g));
    deferring(g);
    uint16_t a = put(g, DEFER, 1, -1), b = put(g, PROMPT, 2, -1);
    expect_used(g, -1); /* b is done, but a comes before it */
    uint16_t c = put(g, PROMPT, 0, -1);
    expect_used(g, c); /* not fenced: waits for no other command */
    uint16_t d = put(g, PROMPT, 1, 3);
    expect_used(g, d); /* another timeline */
    uint16_t e = put(g, DEFER, 2, 3), f = put(g, PROMPT, 3, 3), h = put(g, PROMPT, 3, 4);
    expect_used(g, h);
    gpu_command_finish(deferred[0], GPU_OK_NODATA);
    expect_used(g, a);
    expect_used(g, b);
    expect_used(g, -1);
    gpu_command_finish(deferred[1], GPU_ERR_UNSPEC);
    expect_used(g, e);
    expect_used(g, f);
    gd_finish(g);
    free(g);
}

static void test_deferred_out_of_order(void **state)
{
    (void)state;
    struct gpu_driver *g = calloc(1, sizeof(*g));
    deferring(g);
    uint16_t a = put(g, DEFER, 1, -1), b = put(g, DEFER, 2, -1), c = put(g, DEFER, 0, -1);
    gpu_command_finish(deferred[1], GPU_OK_NODATA);
    expect_used(g, -1);
    gpu_command_finish(deferred[2], GPU_OK_NODATA);
    expect_used(g, c);
    gpu_command_finish(deferred[0], GPU_OK_NODATA);
    expect_used(g, a);
    expect_used(g, b);
    uint16_t d = put(g, DEFER, 0, -1), e = put(g, PROMPT, 3, -1);
    expect_used(g, e); /* not fenced: delays no other command */
    gpu_command_finish(deferred[3], GPU_OK_NODATA);
    expect_used(g, d);
    gd_finish(g);
    free(g);
}

/* A reset drops what is deferred; the next driver sees nothing of it. */
static void test_deferred_reset(void **state)
{
    (void)state;
    struct gpu_driver *g = calloc(1, sizeof(*g));
    deferring(g);
    put(g, DEFER, 1, -1);
    put(g, PROMPT, 2, -1);
    assert_true(kit_start(&g->kit, KIT_ALL_FEATURES));
    expect_used(g, -1);
    uint16_t a = put(g, PROMPT, 3, -1);
    expect_used(g, a);
    put(g, DEFER, 4, -1); /* one queue alone */
    kit_wr(&g->kit, MMIO_QUEUE_SEL, 0);
    kit_wr(&g->kit, MMIO_QUEUE_RESET, 1);
    assert_true(kit_queue_setup(&g->kit, 0, 0));
    a = put(g, PROMPT, 5, -1);
    expect_used(g, a);
    put(g, DEFER, 6, -1); /* destroyed with one outstanding */
    gd_finish(g);
    free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_viewers),         cmocka_unit_test(test_reset_at_any_moment),
        cmocka_unit_test(test_pause_resumes),   cmocka_unit_test(test_quick),
        cmocka_unit_test(test_fences_in_order), cmocka_unit_test(test_deferred_out_of_order),
        cmocka_unit_test(test_deferred_reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
