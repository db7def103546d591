/* SPDX-License-Identifier: MIT */
/*
 * A trace written by the GPU and played again: the same pictures, the same answers; what is wrong
 * with a file is found; a full disk ends the trace and nothing else.
 */
#include "kit/gpu.h"
#include "display/gpu_info.h"
#include "replay/player.h"
#include "virtio/gpu/state.h"
#include "virtio/gpu/trace.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#define RAM    (UINT64_C(16) << 20)
#define BUDGET (UINT64_C(16) << 20)
#define WIDTH  64
#define HEIGHT 48

static const struct rect all = {0, 0, WIDTH, HEIGHT};

struct session {
    struct gpu_driver g;
    char path[64];
    uint64_t pixels; /* guest physical */
    uint32_t picture[WIDTH * HEIGHT];
};

static void begin(struct session *s, bool threaded)
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

static void end(struct session *s)
{
    gd_finish(&s->g);
}

/* A resource over two pieces of memory, the second one first. */
static void make(struct session *s, uint32_t id)
{
    uint32_t half = WIDTH * HEIGHT * 2;
    struct gpu_mem_entry e[2] = {gd_entry(s->pixels + half, half), gd_entry(s->pixels, half)};
    assert_int_equal(gd_create(&s->g, id, PIXEL_BGRX, WIDTH, HEIGHT), GPU_OK_NODATA);
    assert_int_equal(gd_attach(&s->g, id, e, 2), GPU_OK_NODATA);
}

/* Draws a row in guest memory, transfers and flushes some rows around it. */
static void draw(struct session *s, uint32_t id, uint32_t y, uint32_t colour)
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

static void look(struct session *s)
{
    assert_true(display_read(s->g.display, 0, &all, (uint8_t *)s->picture, WIDTH * 4));
}

struct played {
    struct player p;
    enum trace_read end;
    bool ok;
    struct error err;
};

/* Plays a file; player_finish is the caller's, if ok. */
static void play(struct played *d, const char *path, uint64_t limit)
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

static void test_same_again(void **state)
{
    struct session s;
    struct played d;
    uint32_t seen[WIDTH * HEIGHT];
    bool threaded = *state != NULL;
    begin(&s, threaded);
    make(&s, 7);
    gd_scanout(&s.g, 0, 7, all);
    for (uint32_t y = 0; y < HEIGHT; y += 5)
        draw(&s, 7, y, y << 16 | 0xff000000);
    assert_true(gd_cursor(&s.g, GPU_MOVE_CURSOR, 0, 3, -4, 0, 0, 0));
    assert_int_equal(gd_flush(&s.g, 99, all), GPU_ERR_INVALID_RESOURCE_ID);
    look(&s);
    end(&s);
    play(&d, s.path, BUDGET);
    assert_true(d.ok);
    assert_int_equal(d.end, TRACE_READ_END);
    assert_true(d.p.ended);
    assert_true(d.p.checks >= 1);
    assert_int_equal(d.p.wrong_checks + d.p.wrong_codes, 0);
    assert_int_equal(d.p.step, 3 + 2 * ((HEIGHT + 4) / 5) + 2);
    assert_true(display_read(driver_display(d.p.driver), 0, &all, (uint8_t *)seen, WIDTH * 4));
    assert_memory_equal(seen, s.picture, sizeof(seen));
    player_finish(&d.p);
    unlink(s.path);
}

/* A reset in the middle; other features after it; the picture of the second life. */
static void test_two_lives(void **state)
{
    (void)state;
    struct session s;
    struct played d;
    uint32_t seen[WIDTH * HEIGHT];
    begin(&s, false);
    make(&s, 1);
    gd_scanout(&s.g, 0, 1, all);
    draw(&s, 1, 3, 0x112233);
    assert_true(kit_start(&s.g.kit, 0));
    make(&s, 1);
    gd_scanout(&s.g, 0, 1, all);
    draw(&s, 1, 9, 0x445566);
    look(&s);
    end(&s);
    play(&d, s.path, BUDGET);
    assert_true(d.ok && d.p.ended);
    assert_int_equal(d.p.resets, 1);
    assert_int_equal(d.p.wrong_checks + d.p.wrong_codes, 0);
    assert_true(d.p.checks >= 2);
    assert_true(display_read(driver_display(d.p.driver), 0, &all, (uint8_t *)seen, WIDTH * 4));
    assert_memory_equal(seen, s.picture, sizeof(seen));
    player_finish(&d.p);
    unlink(s.path);
}

/* What was transferred and never flushed is in the resource and not on the screen. */
static void test_unflushed(void **state)
{
    (void)state;
    struct session s;
    struct played d;
    begin(&s, false);
    make(&s, 1);
    gd_scanout(&s.g, 0, 1, all);
    draw(&s, 1, 0, 0x010101);
    kit_write(&s.g.kit, s.pixels + WIDTH * HEIGHT * 2, &(uint32_t){0x999999}, 4);
    gd_transfer(&s.g, 1, all, 0);
    end(&s);
    play(&d, s.path, BUDGET);
    assert_true(d.ok && d.p.ended && !d.p.wrong_checks);
    struct picture *res = player_resource(&d.p, 1), *screen = player_screen(&d.p, 0);
    assert_non_null(res);
    assert_non_null(screen);
    assert_null(player_resource(&d.p, 2));
    assert_int_equal(*(uint32_t *)res->data, 0xff999999);
    assert_int_equal(*(uint32_t *)screen->data, 0xff010101);
    picture_destroy(res);
    picture_destroy(screen);
    player_finish(&d.p);
    unlink(s.path);
}

/* Blobs are recorded as they are flushed; what the guest draws afterwards is not in the trace. */
static void test_blobs(void **state)
{
    (void)state;
    struct session s;
    struct played d;
    uint32_t seen[WIDTH * HEIGHT], row[WIDTH], bytes = WIDTH * HEIGHT * 4, half = bytes / 2;
    struct rect part = {4, 10, 32, 20}, flushed = {0, 8, WIDTH, 4};
    begin(&s, false);
    struct gpu_mem_entry e[2] = {gd_entry(s.pixels + half, half), gd_entry(s.pixels, half)};
    assert_int_equal(gd_create_blob(&s.g, 1, bytes, e, 2), GPU_OK_NODATA);
    assert_int_equal(gd_scanout_blob(&s.g, 0, 1, WIDTH, HEIGHT, part), GPU_OK_NODATA);
    for (uint32_t x = 0; x < WIDTH; x++)
        row[x] = 0xff000000 | x;
    kit_write(&s.g.kit, s.pixels + half + 10 * sizeof(row), row, sizeof(row));
    assert_int_equal(gd_transfer(&s.g, 1, flushed, 0), GPU_OK_NODATA);
    assert_int_equal(gd_flush(&s.g, 1, flushed), GPU_OK_NODATA);
    look(&s);
    row[20] = 0;
    kit_write(&s.g.kit, s.pixels + half + 10 * sizeof(row), row, sizeof(row));
    gd_cursor(&s.g, GPU_UPDATE_CURSOR, 0, 0, 0, 1, 0, 0); /* too small: an error */
    end(&s);
    play(&d, s.path, BUDGET);
    assert_true(d.ok && d.p.ended);
    assert_int_equal(d.p.checks, 1);
    assert_int_equal(d.p.wrong_checks + d.p.wrong_codes, 0);
    memset(seen, 0, sizeof(seen));
    assert_true(display_read(driver_display(d.p.driver), 0, &all, (uint8_t *)seen, WIDTH * 4));
    assert_int_equal(seen[16], 0xff000014);
    for (uint32_t y = 0; y < part.h; y++)
        assert_memory_equal(seen + y * WIDTH, s.picture + y * WIDTH, part.w * 4);
    struct picture *res = player_resource(&d.p, 1);
    assert_non_null(res);
    assert_int_equal(((uint32_t *)res->data)[10 * WIDTH + 63], 0xff00003f);
    picture_destroy(res);
    player_finish(&d.p);
    unlink(s.path);
}

/* Saves the state, resets the device, and loads the state, as a snapshot would. */
static void save_and_load(struct session *s)
{
    struct virtio_dev *dev = s->g.kit.dev;
    size_t size;
    dev->ops->quiesce(dev);
    uint8_t *bytes = gd_save(dev, &size);
    dev->ops->reset(dev);
    assert_true(gd_load(dev, bytes, size));
    dev->ops->resume(dev);
    free(bytes);
}

/* What no command of the trace has made is there from a state: a 2D resource, with the half of its
 * next picture that was transferred, on one head, and a blob on the other. */
static void test_loaded_state(void **state)
{
    (void)state;
    struct session s;
    struct played d;
    uint32_t seen[WIDTH * HEIGHT], bytes = WIDTH * HEIGHT * 4, colour = 0x777777;
    begin(&s, false);
    make(&s, 1);
    gd_scanout(&s.g, 0, 1, all);
    for (uint32_t y = 0; y < HEIGHT; y++)
        draw(&s, 1, y, 0x010203 * y);
    uint64_t blob = kit_alloc(&s.g.kit, bytes, 4096);
    struct gpu_mem_entry e = gd_entry(blob, bytes);
    assert_int_equal(gd_create_blob(&s.g, 2, bytes, &e, 1), GPU_OK_NODATA);
    assert_int_equal(gd_scanout_blob(&s.g, 1, 2, WIDTH, HEIGHT, all), GPU_OK_NODATA);
    kit_write(&s.g.kit, blob + 40, &colour, 4);
    assert_int_equal(gd_flush(&s.g, 2, all), GPU_OK_NODATA);
    kit_write(&s.g.kit, s.pixels + bytes / 2, &colour, 4);
    assert_int_equal(gd_transfer(&s.g, 1, (struct rect){0, 0, WIDTH, HEIGHT / 2}, 0),
                     GPU_OK_NODATA);
    save_and_load(&s);
    draw(&s, 1, HEIGHT - 1, 0xabcdef); /* the first command; its other rows are as they were */
    assert_int_equal(gd_flush(&s.g, 1, all), GPU_OK_NODATA);
    look(&s);
    end(&s);
    play(&d, s.path, BUDGET);
    if (!d.ok || !d.p.ended || d.p.wrong_checks || d.p.wrong_codes)
        fail_msg("%s; %u checksums and %u answers differ", d.err, (unsigned)d.p.wrong_checks,
                 (unsigned)d.p.wrong_codes);
    assert_int_equal(d.p.resets, 1);
    assert_true(display_read(driver_display(d.p.driver), 0, &all, (uint8_t *)seen, WIDTH * 4));
    assert_memory_equal(seen, s.picture, sizeof(seen));
    assert_int_equal(seen[0], 0xff777777);
    assert_true(display_read(driver_display(d.p.driver), 1, &all, (uint8_t *)seen, WIDTH * 4));
    assert_int_equal(seen[10], 0xff777777);
    player_finish(&d.p);
    unlink(s.path);
}

/* --- any commands --- */

static uint32_t dice(uint32_t *random, uint32_t sides)
{
    *random = *random * 1664525 + 1013904223;
    return (uint32_t)((uint64_t)*random * sides >> 32);
}

static struct rect any_rect(uint32_t *r)
{
    struct rect rect = {dice(r, WIDTH), dice(r, HEIGHT), 1 + dice(r, WIDTH), 1 + dice(r, HEIGHT)};
    if (dice(r, 8)) { /* mostly inside */
        rect.w = MIN(rect.w, WIDTH - rect.x);
        rect.h = MIN(rect.h, HEIGHT - rect.y);
    }
    return dice(r, 4) ? rect : all;
}

/* Memory in pieces, which may overlap. */
static uint32_t any_entries(struct session *s, uint32_t *r, struct gpu_mem_entry e[4])
{
    for (unsigned i = 0; i < 4; i++)
        e[i] = gd_entry(s->pixels + dice(r, 16) * 64, WIDTH * HEIGHT * (dice(r, 8) ? 1 : 4));
    return 1 + dice(r, 4);
}

static void any_command(struct session *s, uint32_t *r)
{
    struct gpu_driver *g = &s->g;
    struct gpu_mem_entry e[4];
    uint32_t id = 1 + dice(r, 4), entries, noise[64];
    struct rect rect = any_rect(r);
    switch (dice(r, 16)) {
    case 0: gd_create(g, id, dice(r, 9) ? PIXEL_RGBX : 9, WIDTH, HEIGHT); break;
    case 1:
        entries = any_entries(s, r, e);
        gd_create_blob(g, id, WIDTH * HEIGHT * 4, e, entries);
        break;
    case 2:
        entries = any_entries(s, r, e);
        gd_attach(g, id, e, entries);
        break;
    case 3: dice(r, 3) ? 0 : gd_detach(g, id); break;
    case 4: dice(r, 3) ? 0 : gd_unref(g, id); break;
    case 5: gd_scanout(g, dice(r, 3), dice(r, 5), rect); break;
    case 6: gd_scanout_blob(g, dice(r, 3), id, WIDTH, HEIGHT, rect); break;
    case 7: gd_cursor(g, GPU_UPDATE_CURSOR, dice(r, 3), 1, 2, id, 0, 0); break;
    case 8: dice(r, 8) ? 0 : kit_start(&g->kit, KIT_ALL_FEATURES); break;
    case 9:
    case 10:
    case 11: gd_flush(g, id, rect); break;
    default:
        for (unsigned i = 0; i < 64; i++)
            noise[i] = dice(r, UINT32_MAX);
        kit_write(&g->kit, s->pixels + dice(r, WIDTH * HEIGHT - 64) * 4, noise, sizeof(noise));
        gd_transfer(g, id, rect, (rect.y * WIDTH + rect.x) * 4ul * (dice(r, 4) != 0));
    }
}

/* Whatever was asked and refused: played again, all answers and pictures are the same. */
static void test_any_commands(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= 20; seed++) {
        struct session s;
        struct played d;
        uint32_t random = seed;
        begin(&s, false);
        s.pixels = kit_alloc(&s.g.kit, WIDTH * HEIGHT * 8, 4096);
        for (unsigned i = 0; i < 400; i++) {
            uint64_t brk = s.g.kit.brk;
            any_command(&s, &random);
            if (s.g.kit.brk > brk + 4096)
                s.pixels = kit_alloc(&s.g.kit, WIDTH * HEIGHT * 8, 4096);
        }
        end(&s);
        play(&d, s.path, BUDGET);
        if (!d.ok || !d.p.ended || d.p.wrong_checks || d.p.wrong_codes)
            fail_msg("seed %u: %s, %u checksums and %u answers differ", seed, d.err,
                     (unsigned)d.p.wrong_checks, (unsigned)d.p.wrong_codes);
        assert_true(d.p.step > 200);
        player_finish(&d.p);
        unlink(s.path);
    }
}

/* --- files --- */

static void record_some(struct session *s)
{
    begin(s, false);
    make(s, 1);
    gd_scanout(&s->g, 0, 1, all);
    for (uint32_t y = 0; y < 20; y++)
        draw(s, 1, y, 0x102030 * y);
    end(s);
}

static void patch(const char *path, off_t at, uint8_t by)
{
    uint8_t byte;
    int fd = open(path, O_RDWR);
    assert_int_equal(pread(fd, &byte, 1, at), 1);
    byte ^= by;
    assert_int_equal(pwrite(fd, &byte, 1, at), 1);
    close(fd);
}

/* A file cut anywhere is good as far as it goes; one with a bit turned over is found out. */
static void test_damaged_files(void **state)
{
    (void)state;
    struct session s;
    struct played d;
    record_some(&s);
    patch(s.path, sizeof(struct trace_head) + sizeof(struct trace_block) + 5, 4);
    play(&d, s.path, BUDGET);
    assert_int_equal(d.end, TRACE_READ_BAD);
    assert_non_null(strstr(d.err.text, "checksum"));
    player_finish(&d.p);
    patch(s.path, 9, 1);
    play(&d, s.path, BUDGET);
    assert_false(d.ok);
    assert_non_null(strstr(d.err.text, "version"));
    patch(s.path, 9, 1);
    patch(s.path, 20, 1);
    play(&d, s.path, BUDGET);
    assert_non_null(strstr(d.err.text, "damaged"));
    patch(s.path, 0, 1);
    play(&d, s.path, BUDGET);
    assert_non_null(strstr(d.err.text, "no trace"));
    unlink(s.path);
    record_some(&s);
    assert_int_equal(truncate(s.path, sizeof(struct trace_head) + 40), 0);
    play(&d, s.path, BUDGET);
    assert_true(d.ok && d.end == TRACE_READ_END && !d.p.ended);
    player_finish(&d.p);
    play(&d, s.path, BUDGET / 2); /* the GPU had more */
    assert_false(d.ok);
    assert_non_null(strstr(d.err.text, "--memory"));
    unlink(s.path);
}

/* The device does something else than in the trace: a checksum that differs is counted. */
static void test_a_difference_is_seen(void **state)
{
    (void)state;
    struct session s;
    struct played d;
    struct error err;
    record_some(&s);
    play(&d, s.path, BUDGET);
    assert_true(d.ok);
    struct trace_check check = {.width = le32_make(WIDTH),
                                .height = le32_make(HEIGHT),
                                .r = {.w = le32_make(WIDTH), .h = le32_make(HEIGHT)}};
    struct trace_item item = {TRACE_CHECK, 0, (const uint8_t *)&check, sizeof(check)};
    assert_int_equal(d.p.wrong_checks, 0);
    assert_true(player_play(&d.p, &item, &err));
    assert_int_equal(d.p.wrong_checks, 1);
    player_finish(&d.p);
    unlink(s.path);
}

static void test_other_files_are_kept(void **state)
{
    (void)state;
    struct session s;
    struct error err;
    char text[8] = {0};
    record_some(&s);
    gd_init(&s.g, RAM, 1, BUDGET, false);
    assert_true(virtio_gpu_trace(s.g.kit.dev, s.path, 0, &err)); /* a trace: replaced */
    end(&s);
    int fd = open(s.path, O_RDWR | O_TRUNC);
    assert_int_equal(write(fd, "my work", 7), 7);
    gd_init(&s.g, RAM, 1, BUDGET, false);
    assert_false(virtio_gpu_trace(s.g.kit.dev, s.path, 0, &err));
    assert_non_null(strstr(err.text, "no trace"));
    assert_false(virtio_gpu_trace(s.g.kit.dev, "/nowhere/a", 0, &err));
    assert_non_null(strstr(err.text, "/nowhere/a"));
    end(&s);
    assert_int_equal(pread(fd, text, 7, 0), 7);
    assert_string_equal(text, "my work");
    close(fd);
    unlink(s.path);
}

/* The disk is full after some blocks: the trace ends in order there, the guest sees nothing. */
static void test_full_disk(void **state)
{
    (void)state;
    struct session s;
    struct played d;
    struct rlimit was, small;
    begin(&s, true);
    make(&s, 1);
    gd_scanout(&s.g, 0, 1, all);
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &was);
    small = (struct rlimit){600000, was.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    uint32_t random = 1;
    for (unsigned i = 0; i < 300; i++) {
        for (unsigned p = 0; p < WIDTH * HEIGHT; p++)
            s.picture[p] = random = random * 1664525 + 1013904223;
        kit_write(&s.g.kit, s.pixels, s.picture, sizeof(s.picture));
        assert_int_equal(gd_transfer(&s.g, 1, all, 0), GPU_OK_NODATA);
        assert_int_equal(gd_flush(&s.g, 1, all), GPU_OK_NODATA);
    }
    end(&s);
    setrlimit(RLIMIT_FSIZE, &was);
    play(&d, s.path, BUDGET);
    assert_true(d.ok && d.end == TRACE_READ_END && !d.p.ended);
    assert_int_equal(d.p.wrong_checks + d.p.wrong_codes, 0);
    player_finish(&d.p);
    unlink(s.path);
}

/* --- query-gpu --- */

static void test_info(void **state)
{
    struct session s;
    struct gpu_info *i = calloc(1, sizeof(*i));
    assert_non_null(i);
    begin(&s, *state != NULL);
    make(&s, 5);
    make(&s, 3);
    gd_scanout(&s.g, 1, 5, (struct rect){0, 8, WIDTH, 16});
    draw(&s, 5, 4, 1);
    draw(&s, 5, 9, 1);
    gd_flush(&s.g, 3, all);
    gd_flush(&s.g, 4, all);
    virtio_gpu_info(s.g.kit.dev, i);
    assert_int_equal(i->memory, BUDGET);
    assert_true(i->used > 3 * WIDTH * HEIGHT * 4 && i->used < BUDGET);
    assert_int_equal(i->commands, 11);
    assert_int_equal(i->errors, 1);
    assert_int_equal(i->transfers, 2);
    assert_int_equal(i->transferred, 2 * 4 * WIDTH * 4);
    assert_int_equal(i->flushes, 3);
    assert_int_equal(i->scanouts, 2);
    assert_int_equal(i->scanout[0].resource, 0);
    assert_false(i->scanout[0].state.active);
    assert_int_equal(i->scanout[1].resource, 5);
    assert_int_equal(i->scanout[1].rect.y, 8);
    assert_int_equal(i->scanout[1].frames, 1); /* the other flush lies beside it */
    assert_int_equal(i->scanout[1].damage, 4 * WIDTH);
    assert_int_equal(i->listed, 2);
    assert_int_equal(i->resource[0].id, 3);
    assert_int_equal(i->resource[1].id, 5);
    assert_int_equal(i->resource[1].width, WIDTH);
    assert_int_equal(i->resource[1].backing, WIDTH * HEIGHT * 4);
    assert_true(i->resource[1].scanout && !i->resource[0].scanout);
    assert_true(kit_start(&s.g.kit, KIT_ALL_FEATURES));
    virtio_gpu_info(s.g.kit.dev, i);
    assert_int_equal(i->resets, 1);
    assert_int_equal(i->listed, 0);
    assert_int_equal(i->used, 0);
    assert_int_equal(i->scanout[1].resource, 0);
    end(&s);
    unlink(s.path);
    free(i);
}

static void *ask_often(void *arg)
{
    struct virtio_dev *dev = arg;
    struct gpu_info *i = calloc(1, sizeof(*i));
    for (unsigned n = 0; i && n < 300; n++)
        virtio_gpu_info(dev, i);
    free(i);
    return NULL;
}

/* Asked from another thread while the guest draws and resets: for the sanitizers to look at. */
static void test_asked_meanwhile(void **state)
{
    (void)state;
    struct session s;
    pthread_t thread;
    begin(&s, true);
    assert_int_equal(pthread_create(&thread, NULL, ask_often, s.g.kit.dev), 0);
    for (unsigned life = 0; life < 5; life++) {
        make(&s, 1);
        gd_scanout(&s.g, 0, 1, all);
        for (uint32_t y = 0; y < HEIGHT; y++)
            draw(&s, 1, y, life);
        assert_true(kit_start(&s.g.kit, KIT_ALL_FEATURES));
    }
    pthread_join(thread, NULL);
    end(&s);
    unlink(s.path);
}

/*
 * A pipe that nobody reads: the GPU's thread goes on without the trace, and so does the end. Were
 * it to wait for the reader, this would hang.
 */
static void test_unread_pipe(void **state)
{
    (void)state;
    enum { SIDE = 512, BYTES = SIDE * SIDE * 4, FRAMES = 40 }; /* more than pipe and queue hold */
    struct rect frame = {0, 0, SIDE, SIDE};
    struct gpu_driver g;
    char folder[] = "/tmp/riscreen-trace-XXXXXX", path[64];
    struct error err;
    uint32_t *row = malloc(BYTES), noise = 1;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/pipe", folder);
    assert_int_equal(mkfifo(path, 0600), 0);
    int reader = open(path, O_RDONLY | O_NONBLOCK); /* and it reads nothing */
    assert_true(reader >= 0);
    gd_init(&g, 16 << 20, 1, 16 << 20, true);
    assert_true(virtio_gpu_trace(g.kit.dev, path, 0, &err));
    assert_true(kit_start(&g.kit, KIT_ALL_FEATURES));
    uint64_t pa = kit_alloc(&g.kit, BYTES, 4096);
    struct gpu_mem_entry e = gd_entry(pa, BYTES);
    assert_int_equal(gd_create(&g, 1, PIXEL_BGRX, SIDE, SIDE), GPU_OK_NODATA);
    assert_int_equal(gd_attach(&g, 1, &e, 1), GPU_OK_NODATA);
    for (unsigned n = 0; n < FRAMES; n++) {
        for (unsigned i = 0; i < BYTES / 4; i++)
            row[i] = noise = noise * 1664525 + 1013904223;
        kit_write(&g.kit, pa, row, BYTES);
        assert_int_equal(gd_transfer(&g, 1, frame, 0), GPU_OK_NODATA);
    }
    gd_finish(&g);
    close(reader);
    unlink(path);
    rmdir(folder);
    free(row);
}

/* A hart that changes a list of pages again and again, from RAM to no RAM and back. */
struct changer {
    struct gpu_driver *g;
    uint64_t list;
    atomic_bool end;
};

static void *change_list(void *arg)
{
    struct changer *c = arg;
    for (uint32_t i = 0; !atomic_load(&c->end); i++) {
        le64 addr = le64_make(i & 1 ? KIT_RAM_BASE : 0);
        kit_write(&c->g->kit, c->list, &addr, sizeof(addr));
    }
    return NULL;
}

/* The trace has the list that the handler read, not one of a moment earlier. */
static void test_changed_meanwhile(void **state)
{
    (void)state;
    struct session s;
    struct played d;
    pthread_t thread;
    struct gpu_mem_entry e = gd_entry(KIT_RAM_BASE, 4096);
    begin(&s, false);
    struct changer c = {.g = &s.g, .list = kit_put(&s.g.kit, &e, sizeof(e))};
    assert_int_equal(gd_create(&s.g, 1, PIXEL_BGRX, 32, 32), GPU_OK_NODATA);
    assert_int_equal(pthread_create(&thread, NULL, change_list, &c), 0);
    for (unsigned i = 0; i < 3000; i++)
        if (gd_attach_at(&s.g, 1, c.list, 1) == GPU_OK_NODATA)
            assert_int_equal(gd_detach(&s.g, 1), GPU_OK_NODATA);
    atomic_store(&c.end, true);
    pthread_join(thread, NULL);
    end(&s);
    play(&d, s.path, BUDGET);
    assert_true(d.ok && d.p.ended);
    assert_int_equal(d.p.wrong_codes, 0);
    player_finish(&d.p);
    unlink(s.path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_again),
        cmocka_unit_test_prestate(test_same_again, (void *)"threaded"),
        cmocka_unit_test(test_two_lives),
        cmocka_unit_test(test_unflushed),
        cmocka_unit_test(test_blobs),
        cmocka_unit_test(test_loaded_state),
        cmocka_unit_test(test_any_commands),
        cmocka_unit_test(test_damaged_files),
        cmocka_unit_test(test_a_difference_is_seen),
        cmocka_unit_test(test_other_files_are_kept),
        cmocka_unit_test(test_full_disk),
        cmocka_unit_test(test_info),
        cmocka_unit_test_prestate(test_info, (void *)"threaded"),
        cmocka_unit_test(test_asked_meanwhile),
        cmocka_unit_test(test_unread_pipe),
        cmocka_unit_test(test_changed_meanwhile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
