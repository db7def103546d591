/* SPDX-License-Identifier: MIT */
/*
 * A command is one row: two made-up ones in a table of their own are dispatched, read, described,
 * counted and watched as the device's own, and where a row says that observers cannot follow the
 * command, traces and --gpu-check leave it out and say so.
 */
#include "kit/gpu.h"
#include "virtio/gpu/info.h"
#include "replay/player.h"
#include "virtio/gpu/check.h"
#include "virtio/gpu/resource.h"
#include "virtio/gpu/trace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

enum { W = 32, H = 16, FLIP = 0x7001, FILL };

static const struct rect all = {0, 0, W, H};

/* A flush with other fields in other places. */
struct flip {
    struct gpu_ctrl_hdr hdr;
    le32 padding;
    le32 resource_id;
    le32 more_padding[2];
    struct gpu_rect r;
};

static uint32_t flip(struct gpu_command *cmd)
{
    struct gpu_resource *res = gpu_resource_find(cmd->gpu, gpu_command_resource(cmd));
    struct rect r = gpu_command_rect(cmd);
    struct display_frame frame = {0};
    return res ? res->ops->flush(res, &r, &frame) : GPU_ERR_INVALID_RESOURCE_ID;
}

static void describe_flip(const union gpu_request *req, char *buf, size_t size)
{
    snprintf(buf, size, " of %u", le32_get(((const struct flip *)req)->resource_id));
}

/* Draws as a host's renderer would: no observer sees where from. */
static uint32_t fill(struct gpu_command *cmd)
{
    struct gpu_resource *res = gpu_resource_find(cmd->gpu, gpu_command_resource(cmd));
    return res ? GPU_OK_NODATA : GPU_ERR_INVALID_RESOURCE_ID;
}

static const struct gpu_row rows[] = {
    {.type = FLIP,
     .name = "FLIP",
     .size = sizeof(struct flip),
     .handler = flip,
     .effect = GPU_EFFECT_FLUSH,
     .resource = offsetof(struct flip, resource_id),
     .rect = offsetof(struct flip, r),
     .describe = describe_flip},
    {.type = FILL,
     .name = "FILL",
     .size = sizeof(struct flip),
     .handler = fill,
     .effect = GPU_EFFECT_OPAQUE,
     .resource = offsetof(struct flip, resource_id)},
};

static const struct gpu_table table = {rows, ARRAY_SIZE(rows)};

static struct gpu *gpu_of(struct gpu_driver *g)
{
    return container_of(g->kit.dev, struct gpu, dev);
}

static void make(struct gpu_driver *g, uint32_t id)
{
    static const uint32_t pixels[W * H] = {0x112233};
    struct gpu_mem_entry e = gd_entry(kit_put(&g->kit, pixels, sizeof(pixels)), sizeof(pixels));
    gpu_of(g)->table[GPU_TABLES - 1] = &table;
    assert_int_equal(gd_create(g, id, PIXEL_BGRX, W, H), GPU_OK_NODATA);
    assert_int_equal(gd_attach(g, id, &e, 1), GPU_OK_NODATA);
    assert_int_equal(gd_transfer(g, id, all, 0), GPU_OK_NODATA);
    assert_int_equal(gd_scanout(g, 0, id, all), GPU_OK_NODATA);
}

static uint32_t send(struct gpu_driver *g, uint32_t type, uint32_t id, struct rect r)
{
    struct flip req = {.hdr = gd_hdr(type), .resource_id = le32_make(id), .r = gd_rect(r)};
    return GD_SEND(g, req);
}

/* Each column of a row is in use. */
static void test_one_row_makes_a_command(void **state)
{
    struct gpu_driver g;
    struct gpu_info info;
    uint32_t pixel = 0;
    (void)state;
    gd_init(&g, 16 << 20, 1, 1 << 20, false);
    assert_true(kit_start(&g.kit, KIT_ALL_FEATURES));
    make(&g, 3);
    assert_int_equal(send(&g, FLIP, 3, (struct rect){1, 2, 5, 4}), GPU_OK_NODATA);
    assert_int_equal(send(&g, FLIP, 4, all), GPU_ERR_INVALID_RESOURCE_ID);
    assert_int_equal(send(&g, FLIP + 7, 3, all), GPU_ERR_UNSPEC);
    assert_true(display_read(g.display, 0, &(struct rect){0, 0, 1, 1}, (uint8_t *)&pixel, 4));
    assert_int_equal(pixel, 0xff112233);
    virtio_gpu_info(g.kit.dev, &info);
    assert_int_equal(info.flushes, 1);
    assert_int_equal(info.flushed, 5 * 4);
    assert_int_equal(info.scanout[0].frames, 1);
    assert_int_equal(info.errors, 2);
    gd_finish(&g);
}

static void test_described_by_its_row(void **state)
{
    struct flip req = {.resource_id = le32_make(77)};
    struct gpu_command cmd = {.row = &rows[0]};
    char text[40];
    (void)state;
    memcpy(&cmd.req, &req, sizeof(req));
    gpu_command_describe(&cmd, text, sizeof(text));
    assert_string_equal(text, "FLIP of 77");
    cmd.row = &rows[1];
    gpu_command_describe(&cmd, text, sizeof(text));
    assert_string_equal(text, "FILL");
}

/* A field that a row names lies behind the header and inside of its request. */
static void check_rows_of(const struct gpu_table *t)
{
    for (size_t i = 0; i < t->count; i++) {
        const struct gpu_row *row = &t->row[i];
        const struct {
            uint16_t at;
            size_t size;
        } field[] = {{row->resource, sizeof(le32)},
                     {row->scanout, sizeof(le32)},
                     {row->rect, sizeof(struct gpu_rect)},
                     {row->offset, sizeof(le64)}};
        assert_true(row->size <= sizeof(union gpu_request));
        for (size_t k = 0; k < ARRAY_SIZE(field); k++)
            if (field[k].at)
                assert_in_range(field[k].at, sizeof(struct gpu_ctrl_hdr),
                                row->size - field[k].size);
    }
}

static void test_fields_of_rows_lie_inside(void **state)
{
    struct gpu_driver g;
    (void)state;
    gd_init(&g, 16 << 20, 1, 1 << 20, false);
    for (unsigned t = 0; t < GPU_TABLES; t++)
        if (gpu_of(&g)->table[t])
            check_rows_of(gpu_of(&g)->table[t]);
    gd_finish(&g);
}

/* The lines on stderr while fn runs. */
static void capture(char *text, size_t size, void (*fn)(void *ctx), void *ctx)
{
    FILE *f = tmpfile();
    fflush(stderr);
    int saved = dup(2);
    assert_true(f && saved >= 0 && dup2(fileno(f), 2) >= 0);
    fn(ctx);
    fflush(stderr);
    dup2(saved, 2);
    close(saved);
    rewind(f);
    text[fread(text, 1, size - 1, f)] = 0;
    fclose(f);
}

static void run_traced(void *ctx)
{
    struct gpu_driver g;
    struct error err;
    gd_init(&g, 16 << 20, 1, 1 << 20, false);
    assert_true(virtio_gpu_trace(g.kit.dev, ctx, 0, &err));
    assert_true(kit_start(&g.kit, KIT_ALL_FEATURES));
    make(&g, 3);
    assert_int_equal(send(&g, FILL, 4, all), GPU_ERR_INVALID_RESOURCE_ID); /* draws nothing */
    assert_int_equal(gd_flush(&g, 3, all), GPU_OK_NODATA);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(send(&g, FILL, 3, all), GPU_OK_NODATA);
        assert_int_equal(gd_transfer(&g, 3, all, 0), GPU_OK_NODATA);
        assert_int_equal(gd_flush(&g, 3, all), GPU_OK_NODATA);
    }
    assert_true(kit_start(&g.kit, KIT_ALL_FEATURES)); /* with a reset: covered again */
    make(&g, 5);
    assert_int_equal(gd_flush(&g, 5, all), GPU_OK_NODATA);
    gd_finish(&g);
}

/* The replay has no such command: it plays what is in the trace, and nothing differs. */
static void test_opaque_is_left_out_of_traces(void **state)
{
    char path[] = "/tmp/riscreen-trace-XXXXXX", text[1024];
    struct error err;
    const struct player_config config = {.limit = 16 << 20};
    struct trace_head head;
    struct trace_item item;
    struct player p;
    (void)state;
    close(mkstemp(path));
    capture(text, sizeof(text), run_traced, path);
    const char *line = strstr(text, "FILL is not covered");
    assert_non_null(line);
    assert_null(strstr(line + 1, "FILL is not covered"));
    FILE *f = fopen(path, "rb");
    struct trace_reader *r = trace_reader_create(f, 16 << 20, &head, &err);
    assert_true(r && player_init(&p, &config, &head, &err));
    while (trace_reader_next(r, &item, &err) == TRACE_READ_ITEM)
        assert_true(player_play(&p, &item, &err));
    assert_true(p.ended);
    assert_int_equal(p.step, 4 + 1 + 3 * 2 + 4 + 1);
    assert_int_equal(p.checks, 3); /* two flushes, and the end of the second life */
    assert_int_equal(p.wrong_checks + p.wrong_codes, 0);
    player_finish(&p);
    trace_reader_destroy(r);
    fclose(f);
    unlink(path);
}

static void run_checked(void *ctx)
{
    const struct gpu_check_config config = {.patience_ns = 1};
    struct gpu_driver g;
    (void)ctx;
    gd_init(&g, 16 << 20, 1, 1 << 20, false);
    assert_true(virtio_gpu_check(g.kit.dev, &config));
    assert_true(kit_start(&g.kit, KIT_ALL_FEATURES));
    make(&g, 3);
    assert_int_equal(gd_flush(&g, 3, all), GPU_OK_NODATA);
    assert_int_equal(send(&g, FILL, 3, all), GPU_OK_NODATA);
    assert_int_equal(send(&g, FILL, 3, all), GPU_OK_NODATA);
    assert_int_equal(gd_transfer(&g, 3, all, 0), GPU_OK_NODATA); /* and no flush: not watched */
    assert_true(gd_cursor(&g, GPU_MOVE_CURSOR, 0, 1, 1, 0, 0, 0));
    gd_finish(&g);
}

static void test_opaque_ends_the_check(void **state)
{
    char text[1024];
    (void)state;
    capture(text, sizeof(text), run_checked, NULL);
    const char *line = strstr(text, "resource 3: FILL is not covered");
    assert_non_null(line);
    assert_null(strchr(strchr(line, '\n') + 1, '\n'));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_row_makes_a_command),
        cmocka_unit_test(test_described_by_its_row),
        cmocka_unit_test(test_fields_of_rows_lie_inside),
        cmocka_unit_test(test_opaque_is_left_out_of_traces),
        cmocka_unit_test(test_opaque_ends_the_check),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
