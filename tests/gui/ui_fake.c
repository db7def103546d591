/* SPDX-License-Identifier: MIT */
/*
 * Front-ends without a machine: a display with a pattern, driven by lines on standard input, and
 * what the front-ends send printed on standard output. The GUI tests run it in a fake X server and
 * compare what is on its screen with what the display says was flushed.
 *
 * ui_fake NAME ARGS [NAME ARGS]...
 *
 *   head N          the lines below are about this one of the three heads
 *   mode W H        a new image with the pattern, shown and flushed
 *   paint X Y W H C transfers a rectangle of colour C (hexadecimal RRGGBB) without flushing it
 *   flush X Y W H
 *   flash X Y W H C transfers and flushes; says "flash NS", the clock before the flush
 *   cursor W H X Y HEX  a cursor of one colour, BGRA as a hexadecimal number; W 0: none
 *   move X Y
 *   paced N         N flushes, each when the one before was consumed; says "paced MS", how long
 *   off             shows nothing
 *   plug W H        the head is connected and prefers this mode
 *   unplug
 *   finger WHAT ID X Y  down, move or up; thousandths of the first window
 *   leds N          the guest sets the keyboard's LEDs
 *   waiting N       so many keys wait for the guest to read them
 *   snap FILE       what was flushed, as PPM
 *   snapc FILE      the same with the cursor
 *   storm N         N flushes as fast as possible
 *   stop            ends the front-ends, as the machine's end would
 * Every line is answered by "ok LINE". The mode that a front-end prefers is printed as
 * "preferred HEAD CONNECTED W H" for each head that changed.
 */
#include "fake_finger.h"
#include "host/clock.h"
#include "host/thread.h"
#include "ui/ui.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HEADS 3

struct fake {
    struct display *display;
    struct input_hub *input;
    struct front_ends *uis;
    unsigned head;
    struct image *images[HEADS];
    struct host_wakeup consumed;
    struct head_mode printed[DISPLAY_MAX_HEADS];
    unsigned quits;
};

/* A pattern in which every pixel differs from its neighbours, and no channel is like another. */
static void paint(struct image *image, const struct rect *r, long colour)
{
    uint32_t stride;
    uint8_t *base = image_write_begin(image, r, &stride);
    for (uint32_t y = r->y; y < r->y + r->h; y++) {
        for (uint32_t x = r->x; x < r->x + r->w; x++) {
            uint8_t *px = base + (size_t)y * stride + (size_t)x * 4;
            px[0] = colour < 0 ? (uint8_t)(x + 3 * y) : (uint8_t)colour;
            px[1] = colour < 0 ? (uint8_t)(7 * x + y) : (uint8_t)(colour >> 8);
            px[2] = colour < 0 ? (uint8_t)(x ^ y) : (uint8_t)(colour >> 16);
            px[3] = 0;
        }
    }
    image_write_end(image);
}

static void set_mode(struct fake *f, uint32_t width, uint32_t height)
{
    struct rect all = {0, 0, width, height};
    struct image *image = image_create(width, height, PIXEL_BGRX);
    paint(image, &all, -1);
    display_set_scanout(f->display, f->head, image, &all);
    display_flush(f->display, image, &all);
    image_unref(f->images[f->head]);
    f->images[f->head] = image;
}

static void set_cursor(struct fake *f, uint32_t w, uint32_t h, int x, int y, unsigned long bgra)
{
    struct picture *pic = w ? picture_create(w, h) : NULL;
    for (uint32_t i = 0; i < w * h; i++)
        for (unsigned c = 0; c < 4; c++)
            pic->data[i / w * pic->stride + i % w * 4 + c] = (uint8_t)(bgra >> (24 - 8 * c));
    display_set_cursor(f->display, f->head, pic, x, y, 0, 0);
    picture_destroy(pic);
}

static void snap(struct fake *f, const char *path, bool cursor)
{
    struct picture *pic = display_snapshot(f->display, f->head, cursor);
    ui_save_ppm(pic, path);
    picture_destroy(pic);
}

static void on_presented(void *ctx)
{
    struct fake *f = ctx;
    host_wakeup_raise(&f->consumed);
}

/* As the GPU does with --gpu pacing=on, but for its deadline. */
static void paced(struct fake *f, unsigned n)
{
    uint64_t begin = host_now_ns();
    for (unsigned i = 0; i < n; i++) {
        struct rect r = {0, 0, 100, 100};
        struct display_frame frame = {0};
        paint(f->images[f->head], &r, (long)(i * 2654435761u & 0xffffff));
        display_flush(f->display, f->images[f->head], &r);
        display_frame(f->display, f->images[f->head], &frame);
        while (display_frame_pending(f->display, &frame))
            host_wakeup_wait(&f->consumed, HOST_FOREVER);
    }
    printf("paced %llu\n", (unsigned long long)((host_now_ns() - begin) / 1000000));
}

static void storm(struct fake *f, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        struct rect r = {i % 100, i % 70, 200, 100};
        paint(f->images[f->head], &r, (long)(i * 2654435761u & 0xffffff));
        display_flush(f->display, f->images[f->head], &r);
    }
}

static void plug(struct fake *f, bool connected, uint32_t width, uint32_t height)
{
    display_set_preferred(f->display, f->head,
                          &(struct head_mode){connected, width, height, 60000});
}

/* In place of the GPU, which would raise its event: prints what changed. Any thread. */
static void on_preferred(void *ctx)
{
    struct fake *f = ctx;
    for (unsigned i = 0; i < HEADS; i++) {
        struct head_mode w, *old = &f->printed[i];
        display_preferred(f->display, i, &w);
        if (w.connected != old->connected || w.width != old->width || w.height != old->height)
            printf("preferred %u %d %u %u\n", i, w.connected, w.width, w.height);
        *old = w;
    }
}

/* A line's words behind its name: numbers, or one text. */
struct args {
    long n[5];
    const char *text;
};

static struct rect rect_of(const struct args *a)
{
    return (struct rect){(uint32_t)a->n[0], (uint32_t)a->n[1], (uint32_t)a->n[2],
                         (uint32_t)a->n[3]};
}

static void do_head(struct fake *f, const struct args *a)
{
    f->head = (unsigned)a->n[0] % HEADS;
}

static void do_plug(struct fake *f, const struct args *a)
{
    plug(f, true, (uint32_t)a->n[0], (uint32_t)a->n[1]);
}

static void do_unplug(struct fake *f, const struct args *a)
{
    (void)a;
    struct head_mode preferred;
    display_preferred(f->display, f->head, &preferred);
    plug(f, false, preferred.width, preferred.height);
}

static void do_finger(struct fake *f, const struct args *a)
{
    fake_finger(a->text, (int)a->n[0], (int)a->n[1], (int)a->n[2]);
    input_set_waiting(f->input, INPUT_KIND_TOUCH, 1); /* its X connection would wake it */
    input_set_waiting(f->input, INPUT_KIND_TOUCH, 0);
}

static void do_leds(struct fake *f, const struct args *a)
{
    input_set_leds(f->input, (unsigned)a->n[0]);
}

static void do_waiting(struct fake *f, const struct args *a)
{
    input_set_waiting(f->input, INPUT_KIND_KEYBOARD, (unsigned)a->n[0]);
}

static void do_mode(struct fake *f, const struct args *a)
{
    set_mode(f, (uint32_t)a->n[0], (uint32_t)a->n[1]);
}

static void do_paint(struct fake *f, const struct args *a)
{
    struct rect r = rect_of(a);
    paint(f->images[f->head], &r, a->n[4]);
}

static void do_flush(struct fake *f, const struct args *a)
{
    struct rect r = rect_of(a);
    display_flush(f->display, f->images[f->head], &r);
}

static void do_flash(struct fake *f, const struct args *a)
{
    do_paint(f, a);
    uint64_t begin = host_now_ns();
    do_flush(f, a);
    printf("flash %llu\n", (unsigned long long)begin);
}

static void do_cursor(struct fake *f, const struct args *a)
{
    set_cursor(f, (uint32_t)a->n[0], (uint32_t)a->n[1], (int)a->n[2], (int)a->n[3],
               (unsigned long)a->n[4]);
}

static void do_move(struct fake *f, const struct args *a)
{
    display_move_cursor(f->display, f->head, (int)a->n[0], (int)a->n[1]);
}

static void do_off(struct fake *f, const struct args *a)
{
    (void)a;
    display_set_scanout(f->display, f->head, NULL, NULL);
}

static void do_snap(struct fake *f, const struct args *a)
{
    snap(f, a->text, false);
}

static void do_snapc(struct fake *f, const struct args *a)
{
    snap(f, a->text, true);
}

static void do_paced(struct fake *f, const struct args *a)
{
    paced(f, (unsigned)a->n[0]);
}

static void do_storm(struct fake *f, const struct args *a)
{
    storm(f, (unsigned)a->n[0]);
}

static void do_stop(struct fake *f, const struct args *a)
{
    (void)a;
    front_ends_stop(f->uis);
}

/* form: what follows the name, n a decimal number, x a hexadecimal one, t a text. */
static const struct command {
    const char *name, *form;
    void (*run)(struct fake *f, const struct args *a);
} commands[] = {
    {"head", "n", do_head},        {"plug", "nn", do_plug},        {"unplug", "", do_unplug},
    {"finger", "tnnn", do_finger}, {"leds", "n", do_leds},         {"waiting", "n", do_waiting},
    {"mode", "nn", do_mode},       {"paint", "nnnnx", do_paint},   {"flush", "nnnn", do_flush},
    {"flash", "nnnnx", do_flash},  {"cursor", "nnnnx", do_cursor}, {"move", "nn", do_move},
    {"off", "", do_off},           {"snap", "t", do_snap},         {"snapc", "t", do_snapc},
    {"paced", "n", do_paced},      {"storm", "n", do_storm},       {"stop", "", do_stop},
};

/* Reads the words of a form; writes into *rest. False: there are fewer, or one is no number. */
static bool parse(const char *form, char *rest, struct args *a)
{
    unsigned numbers = 0;
    for (; *form; form++) {
        char *end, *word = strtok_r(NULL, " ", &rest);
        if (!word)
            return false;
        if (*form == 't') {
            a->text = word;
            continue;
        }
        a->n[numbers++] = strtol(word, &end, *form == 'x' ? 16 : 10);
        if (*end)
            return false;
    }
    return true;
}

static void command(struct fake *f, const char *line)
{
    char copy[256], *rest;
    struct args a = {.text = ""};
    snprintf(copy, sizeof(copy), "%s", line);
    const char *name = strtok_r(copy, " ", &rest);
    unsigned i = 0;
    while (name && i < ARRAY_SIZE(commands) && strcmp(commands[i].name, name))
        i++;
    if (name && i < ARRAY_SIZE(commands) && parse(commands[i].form, rest, &a))
        commands[i].run(f, &a);
    else
        printf("what? ");
    printf("ok %s\n", line);
}

static void *read_commands(void *arg)
{
    struct fake *f = arg;
    char line[256];
    while (fgets(line, sizeof(line), stdin)) {
        line[strcspn(line, "\n")] = 0;
        command(f, line);
    }
    front_ends_stop(f->uis);
    return NULL;
}

static void on_input(void *ctx, const struct input_event_raw *ev, unsigned n)
{
    for (unsigned i = 0; i + 1 < n; i++)
        printf("%s %u %u %d\n", (const char *)ctx, ev[i].type, ev[i].code, ev[i].value);
}

static void on_powerdown(void *ctx)
{
    (void)ctx;
    printf("powerdown\n");
}

static void on_quit(void *ctx)
{
    struct fake *f = ctx;
    printf("quit\n");
    front_ends_stop(f->uis);
}

/* One of two harts works. */
static uint64_t half_busy(void *ctx)
{
    (void)ctx;
    return host_now_ns();
}

/* At 100 million instructions a second. */
static uint64_t instructions(void *ctx)
{
    (void)ctx;
    return host_now_ns() / 10;
}

static bool is_built(const char *name)
{
    for (unsigned i = 0; ui_list[i]; i++)
        if (!strcmp(ui_list[i]->name, name))
            return true;
    return false;
}

int main(int argc, char **argv)
{
    static const char *const kinds[INPUT_KINDS] = {"keyboard", "tablet", "mouse", "touch"};
    const struct head_mode preferred = {true, 320, 200, 60000};
    struct fake f = {.display = display_create(HEADS, &preferred), .input = input_hub_create()};
    struct error err;
    display_preferred_all(f.display, f.printed);
    display_on_preferred(f.display, on_preferred, &f);
    host_wakeup_init(&f.consumed);
    display_on_presented(f.display, on_presented, &f);
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (unsigned i = 0; i < INPUT_KINDS; i++)
        input_hub_set_sink(f.input, i, on_input, (void *)kinds[i]);
    for (int i = 1; i < argc; i += 2)
        if (!is_built(argv[i]))
            return 77; /* skip */
    const struct ui_env env = {
        .display = f.display,
        .input = f.input,
        .name = "fake",
        .ctx = &f,
        .powerdown = on_powerdown,
        .quit = on_quit,
        .busy = half_busy,
        .instructions = instructions,
        .harts = 2,
    };
    f.uis = front_ends_create(NULL);
    for (int i = 1; i < argc; i += 2) {
        if (!front_ends_add(f.uis, &env, argv[i], i + 1 < argc ? argv[i + 1] : "", &err)) {
            fprintf(stderr, "%s\n", err.text);
            front_ends_destroy(f.uis);
            input_hub_destroy(f.input);
            display_destroy(f.display);
            return 1;
        }
    }
    front_ends_start(f.uis);
    pthread_t thread;
    pthread_create(&thread, NULL, read_commands, &f);
    front_ends_run(f.uis);
    printf("end\n");
    front_ends_destroy(f.uis);
    _exit(0); /* the reader may wait for a line */
}
