/* SPDX-License-Identifier: MIT */
#include "trace_session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

void session_begin(struct session *s, bool threaded)
{
    struct error err;
    strcpy(s->path, "/tmp/riscreen-trace-XXXXXX");
    int fd = mkstemp(s->path);
    assert_true(fd >= 0);
    close(fd);
    gd_init(&s->g, RAM, 2, BUDGET, threaded);
    assert_true(virtio_gpu_trace(s->g.kit.dev, s->path, 0, &err));
    assert_true(kit_start(&s->g.kit, KIT_ALL_FEATURES));
    s->pixels = kit_alloc(&s->g.kit, WIDTH * HEIGHT * 4, 4096);
}

void session_end(struct session *s)
{
    gd_finish(&s->g);
}

void session_create(struct session *s, uint32_t id)
{
    uint32_t half = WIDTH * HEIGHT * 2;
    struct gpu_mem_entry e[2] = {gd_entry(s->pixels + half, half), gd_entry(s->pixels, half)};
    assert_int_equal(gd_create(&s->g, id, PIXEL_BGRX, WIDTH, HEIGHT), GPU_OK_NODATA);
    assert_int_equal(gd_attach(&s->g, id, e, 2), GPU_OK_NODATA);
}

void session_draw(struct session *s, uint32_t id, uint32_t y, uint32_t colour)
{
    uint32_t row[WIDTH], top = y & ~3u;
    for (uint32_t x = 0; x < WIDTH; x++)
        row[x] = colour + x;
    uint64_t off = (uint64_t)y * sizeof(row), half = sizeof(s->picture) / 2;
    kit_write(&s->g.kit, s->pixels + (off < half ? off + half : off - half), row, sizeof(row));
    struct rect r = {0, top, WIDTH, 4};
    assert_int_equal(gd_transfer(&s->g, id, r, top * sizeof(row)), GPU_OK_NODATA);
    assert_int_equal(gd_flush(&s->g, id, r), GPU_OK_NODATA);
}

void session_look(struct session *s)
{
    assert_true(display_read(s->g.display, 0, &all, (uint8_t *)s->picture, WIDTH * 4));
}

void trace_play(struct played *d, const char *path, uint64_t limit)
{
    const struct player_config config = {.limit = limit};
    struct trace_head head;
    struct trace_item item;
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    memset(d, 0, sizeof(*d));
    struct trace_reader *r = trace_reader_create(f, limit, &head, &d->err);
    if (r && player_init(&d->p, &config, &head, &d->err)) {
        d->ok = true;
        while (d->ok && (d->end = trace_reader_next(r, &item, &d->err)) == TRACE_READ_ITEM)
            d->ok = player_play(&d->p, &item, &d->err);
    }
    trace_reader_destroy(r);
    fclose(f);
}
