/* SPDX-License-Identifier: MIT */
/*
 * A machine of nothing but a display, an input hub, a loop and notes of what was asked for: the
 * monitor's tests define machine_* with it, in place of the real ones. Include once.
 */
#ifndef TESTS_STUB_MACHINE_H
#define TESTS_STUB_MACHINE_H

#include "board/machine.h"
#include "display/display.h"
#include "display/gpu_info.h"
#include "display/input.h"
#include "host/loop.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

struct machine {
    struct display *display;
    struct input_hub *input;
    struct loop *loop;
    struct image *image;
    const struct gpu_info *gpu; /* NULL: none */
    bool running;
    bool blind;        /* no screen */
    _Atomic int quits; /* counted last */
    int quit_status, resets, powerdowns, stops, conts;
    enum machine_cause cause;
    enum machine_on_panic on_panic;
    bool panic_stopped;
    char typed[256];
    char input_log[8192]; /* "type code value " for each event, SYN left out */
    size_t input_n;
    pthread_mutex_t lock;
    void (*listener)(void *ctx, enum machine_event ev, enum machine_cause cause);
    void *listener_ctx;
};

__attribute__((unused)) static void stub_on_input(void *ctx, const struct input_event_raw *ev,
                                                  unsigned n)
{
    struct machine *m = ctx;
    pthread_mutex_lock(&m->lock);
    for (unsigned i = 0; i + 1 < n && m->input_n + 32 < sizeof(m->input_log); i++)
        m->input_n += (size_t)sprintf(m->input_log + m->input_n, "%u %u %d ", ev[i].type,
                                      ev[i].code, ev[i].value);
    pthread_mutex_unlock(&m->lock);
}

__attribute__((unused)) static void stub_init(struct machine *m)
{
    const struct head_mode preferred = {true, 64, 48, 60000};
    *m = (struct machine){.running = true, .quit_status = -1};
    pthread_mutex_init(&m->lock, NULL);
    m->display = display_create(1, &preferred);
    m->input = input_hub_create();
    m->loop = loop_create();
    for (unsigned i = 0; i < INPUT_KINDS; i++)
        input_hub_set_sink(m->input, i, stub_on_input, m);
}

/* Shows an image of one colour, BGRX as a number. */
__attribute__((unused)) static void stub_show(struct machine *m, uint32_t w, uint32_t h,
                                              uint32_t bgrx)
{
    struct rect all = {0, 0, w, h};
    struct image *image = image_create(w, h, PIXEL_BGRX);
    uint32_t stride;
    uint8_t *base = image_write_begin(image, &all, &stride);
    for (uint32_t i = 0; i < w * h * 4; i++)
        base[i] = (uint8_t)(bgrx >> (24 - 8 * (i % 4)));
    image_write_end(image);
    display_set_scanout(m->display, 0, image, &all);
    display_flush(m->display, image, &all);
    image_unref(m->image);
    m->image = image;
}

__attribute__((unused)) static void stub_finish(struct machine *m)
{
    display_reset(m->display);
    image_unref(m->image);
    loop_destroy(m->loop);
    display_destroy(m->display);
    input_hub_destroy(m->input);
    pthread_mutex_destroy(&m->lock);
}

struct display *machine_display(struct machine *m)
{
    return m->display;
}
bool machine_has_screen(struct machine *m)
{
    return !m->blind;
}
struct input_hub *machine_input(struct machine *m)
{
    return m->input;
}
bool machine_gpu_info(struct machine *m, struct gpu_info *info)
{
    if (m->gpu)
        *info = *m->gpu;
    return m->gpu;
}
struct loop *machine_loop(struct machine *m)
{
    return m->loop;
}
void machine_quit(struct machine *m, int status, enum machine_cause cause)
{
    m->quit_status = status;
    m->cause = cause;
    m->quits++;
}
void machine_reset(struct machine *m, enum machine_cause cause)
{
    m->resets++;
    m->cause = cause;
}
void machine_stop(struct machine *m)
{
    m->stops++;
    m->running = false;
}
void machine_cont(struct machine *m)
{
    m->conts++;
    m->running = true;
}
bool machine_running(struct machine *m)
{
    return m->running;
}
bool machine_panic_stopped(struct machine *m)
{
    return m->panic_stopped;
}
enum machine_on_panic machine_on_panic(struct machine *m)
{
    return m->on_panic;
}
void machine_powerdown(struct machine *m)
{
    m->powerdowns++;
}
void machine_on_event(struct machine *m, struct machine_listener *l,
                      void (*fn)(void *ctx, enum machine_event ev, enum machine_cause cause),
                      void *ctx)
{
    (void)l;
    m->listener = fn;
    m->listener_ctx = ctx;
}
void machine_console_type(struct machine *m, const void *bytes, size_t n)
{
    snprintf(m->typed, sizeof(m->typed), "%.*s", (int)n, (const char *)bytes);
}

#endif
