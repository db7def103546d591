/* SPDX-License-Identifier: MIT */
/* Fences of flushes that wait for the viewer that paces the head. */
#include "kit/gpu.h"
#include "virtio/gpu/gpu.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

enum { W = 64, H = 64, BYTES = W * H * 4, SLOW = 10 /* mHz: never while a test runs */ };

static const struct rect all = {0, 0, W, H};

struct pacing {
    struct gpu_driver g;
    struct viewer *v;
    uint16_t last; /* head of the chain sent last */
};

static void no_wake(void *ctx)
{
    (void)ctx;
}

static void show(struct gpu_driver *g)
{
    struct gpu_mem_entry e = gd_entry(kit_alloc(&g->kit, BYTES, 4096), BYTES);
    assert_true(kit_start(&g->kit, KIT_ALL_FEATURES));
    assert_int_equal(gd_create_blob(g, 1, BYTES, &e, 1), GPU_OK_NODATA);
    assert_int_equal(gd_scanout_blob(g, 0, 1, W, H, all), GPU_OK_NODATA);
    assert_int_equal(gd_flush(g, 1, all), GPU_OK_NODATA);
}

static struct pacing *begin(uint32_t refresh_mhz, bool threaded)
{
    struct pacing *p = calloc(1, sizeof(*p));
    gd_init(&p->g, 16 << 20, 2, 1 << 20, threaded);
    display_set_preferred(p->g.display, 0, &(struct head_mode){true, W, H, refresh_mhz});
    p->v = display_attach(p->g.display, no_wake, NULL);
    viewer_pace(p->v, 0, true);
    show(&p->g);
    return p;
}

static int setup(void **state)
{
    *state = begin(SLOW, false);
    return 0;
}

static int teardown(void **state)
{
    struct pacing *p = *state;
    display_detach(p->v);
    gd_finish(&p->g);
    free(p);
    return 0;
}

/* Sends without waiting; the chain's head. */
static uint16_t send(struct pacing *p, unsigned queue, const void *req, uint32_t len)
{
    struct kit *kit = &p->g.kit;
    struct kit_buf buf[2] = {
        {kit_put(kit, req, len), len, false},
        {kit_alloc(kit, sizeof(struct gpu_ctrl_hdr), 8), sizeof(struct gpu_ctrl_hdr), true}};
    int head = kit_add(kit, queue, buf, 2);
    assert_true(head >= 0);
    kit_kick(kit, queue);
    kit_run(kit);
    return (uint16_t)head;
}

/* type 0: a flush; fence 0: none. */
static uint16_t send_control(struct pacing *p, uint32_t type, uint64_t fence)
{
    struct gpu_resource_flush req = {gd_hdr(type ? type : GPU_RESOURCE_FLUSH), gd_rect(all),
                                     le32_make(1), le32_make(0)};
    req.hdr.flags = le32_make(fence ? GPU_FLAG_FENCE : 0);
    req.hdr.fence_id = le64_make(fence);
    return send(p, GPU_QUEUE_CONTROL, &req, sizeof(req));
}

static bool answered(struct pacing *p, uint16_t head)
{
    uint16_t got;
    uint32_t len;
    if (!kit_used(&p->g.kit, 0, &got, &len))
        return false;
    assert_int_equal(got, head);
    assert_int_equal(len, sizeof(struct gpu_ctrl_hdr));
    return true;
}

static void consume(struct pacing *p)
{
    struct head_state s;
    pixman_region32_t damage;
    pixman_region32_init(&damage);
    viewer_take(p->v, 0, &s, &damage);
    pixman_region32_fini(&damage);
    viewer_presented(p->v, 0);
    kit_run(&p->g.kit);
}

static void test_held_until_consumed(void **state)
{
    struct pacing *p = *state;
    for (uint64_t fence = 1; fence < 50; fence++) {
        uint16_t head = send_control(p, 0, fence);
        assert_false(answered(p, 0));
        consume(p);
        assert_true(answered(p, head));
    }
    uint16_t head = send_control(p, 0, 0); /* no fence: no wait */
    assert_true(answered(p, head));
}

static void test_nobody_paces(void **state)
{
    struct pacing *p = *state;
    uint16_t head = send_control(p, 0, 1);
    viewer_pace(p->v, 0, false); /* the window is hidden */
    kit_run(&p->g.kit);
    assert_true(answered(p, head));
    head = send_control(p, 0, 2);
    assert_true(answered(p, head));
    viewer_pace(p->v, 1, true); /* another head */
    head = send_control(p, 0, 3);
    assert_true(answered(p, head));
    viewer_pace(p->v, 0, true);
    head = send_control(p, 0, 4);
    assert_false(answered(p, 0));
    display_detach(p->v); /* the window is closed */
    p->v = NULL;
    kit_run(&p->g.kit);
    assert_true(answered(p, head));
    head = send_control(p, 0, 5);
    assert_true(answered(p, head));
}

static void test_off(void **state)
{
    struct pacing *p = *state;
    container_of(p->g.kit.dev, struct gpu, dev)->pacing = false;
    uint16_t head = send_control(p, 0, 1);
    assert_true(answered(p, head));
}

/* The second reason: one refresh period went by. */
static void test_deadline(void **state)
{
    (void)state;
    struct pacing *p = begin(500000, true);
    for (uint64_t fence = 1; fence < 20; fence++) {
        uint16_t head = send_control(p, 0, fence), got;
        uint32_t len;
        assert_true(kit_wait(&p->g.kit, 0, &got, &len));
        assert_int_equal(got, head);
    }
    void *s = p;
    teardown(&s);
}

static void test_others_go_on(void **state)
{
    struct pacing *p = *state;
    uint16_t held = send_control(p, 0, 1);
    for (int i = 0; i < 40; i++)
        assert_true(gd_cursor(&p->g, GPU_MOVE_CURSOR, 0, i, i, 0, 0, 0));
    struct head_state s;
    display_state(p->g.display, 0, &s);
    assert_int_equal(s.cursor_x, 39);
    uint16_t head = send_control(p, GPU_GET_DISPLAY_INFO, 0);
    assert_true(answered(p, head));
    uint16_t behind = send_control(p, GPU_GET_DISPLAY_INFO, 2); /* done, but in order */
    uint16_t flush = send_control(p, 0, 3);
    assert_false(answered(p, 0));
    consume(p); /* the newest frame: both flushes */
    assert_true(answered(p, held));
    assert_true(answered(p, behind));
    assert_true(answered(p, flush));
}

/* A frame that is no longer visible ends the wait. */
static void test_gone_while_held(void **state)
{
    struct pacing *p = *state;
    uint16_t held = send_control(p, 0, 1);
    struct gpu_resource_unref req = {gd_hdr(GPU_RESOURCE_UNREF), le32_make(1), le32_make(0)};
    uint16_t unref = send(p, GPU_QUEUE_CONTROL, &req, sizeof(req));
    assert_true(answered(p, unref));
    assert_true(answered(p, held));
    show(&p->g);
    consume(p);
    held = send_control(p, 0, 2);
    struct gpu_set_scanout off = {.hdr = gd_hdr(GPU_SET_SCANOUT)};
    uint16_t set = send(p, GPU_QUEUE_CONTROL, &off, sizeof(off));
    assert_true(answered(p, set));
    assert_true(answered(p, held));
}

static void test_reset_while_held(void **state)
{
    struct pacing *p = *state;
    struct gpu *gpu = container_of(p->g.kit.dev, struct gpu, dev);
    send_control(p, 0, 1);
    send_control(p, GPU_GET_DISPLAY_INFO, 2);
    assert_int_equal(gpu->held, 1);
    show(&p->g); /* another driver */
    assert_int_equal(gpu->held, 0);
    consume(p);
    assert_false(answered(p, 0));
    send_control(p, 0, 3); /* one queue alone */
    assert_true(virtio_has(p->g.kit.dev, VIRTIO_F_RING_RESET));
    kit_wr(&p->g.kit, MMIO_QUEUE_SEL, 0);
    kit_wr(&p->g.kit, MMIO_QUEUE_RESET, 1);
    assert_int_equal(kit_rd(&p->g.kit, MMIO_QUEUE_RESET), 0);
    assert_int_equal(gpu->held, 0);
    assert_true(kit_queue_setup(&p->g.kit, 0, 0));
    consume(p);
    assert_false(answered(p, 0));
    uint16_t head = send_control(p, 0, 4); /* the picture is still there */
    assert_false(answered(p, 0));
    consume(p);
    assert_true(answered(p, head));
    send_control(p, 0, 5); /* destroyed with one held */
}

/* A pause (stop, snapshot) in the middle: it is answered once the worker goes on. */
static void test_pause_while_held(void **state)
{
    struct pacing *p = *state;
    uint16_t held = send_control(p, 0, 1);
    worker_pause(p->g.kit.worker);
    consume(p);
    assert_false(answered(p, 0));
    worker_resume(p->g.kit.worker);
    kit_run(&p->g.kit);
    assert_true(answered(p, held));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_held_until_consumed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nobody_paces, setup, teardown),
        cmocka_unit_test_setup_teardown(test_off, setup, teardown),
        cmocka_unit_test(test_deadline),
        cmocka_unit_test_setup_teardown(test_others_go_on, setup, teardown),
        cmocka_unit_test_setup_teardown(test_gone_while_held, setup, teardown),
        cmocka_unit_test_setup_teardown(test_reset_while_held, setup, teardown),
        cmocka_unit_test_setup_teardown(test_pause_while_held, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
