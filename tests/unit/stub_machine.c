/* SPDX-License-Identifier: MIT */
#include "unit/stub_machine.h"

#include <stdio.h>
#include <string.h>

static void stub_on_input(void *ctx, const struct input_event_raw *ev, unsigned n)
{
    struct machine *m = ctx;
    pthread_mutex_lock(&m->lock);
    for (unsigned i = 0; i + 1 < n && m->input_n + 32 < sizeof(m->input_log); i++)
        m->input_n += (size_t)sprintf(m->input_log + m->input_n, "%u %u %d ", ev[i].type,
                                      ev[i].code, ev[i].value);
    pthread_mutex_unlock(&m->lock);
}

void stub_init(struct machine *m)
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

void stub_show(struct machine *m, uint32_t w, uint32_t h, uint32_t bgrx)
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

void stub_finish(struct machine *m)
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

enum machine_query machine_query(struct machine *m, const char *device, struct visitor *v)
{
    if (!m->gpu || strcmp(device, "gpu") != 0)
        return QUERY_NO_DEVICE;
    gpu_info_visit(m->gpu, v);
    return QUERY_DONE;
}

void machine_report(struct machine *m, struct visitor *v)
{
    (void)m;
    v->number(v, "instructions", UINT64_C(1) << 53);
    v->real(v, "mips", 0.1);
    v->begin_list(v, "harts");
    v->begin_object(v, NULL);
    v->number(v, "traps", 3);
    v->end(v);
    v->end(v);
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
