/* SPDX-License-Identifier: MIT */
/*
 * A machine of nothing but a display, an input hub, a loop and notes of what was asked for: the
 * monitor's tests link stub_machine.c, which defines machine_* in place of the real ones.
 */
#ifndef TESTS_STUB_MACHINE_H
#define TESTS_STUB_MACHINE_H

#include "board/machine.h"
#include "display/display.h"
#include "virtio/gpu/info.h"
#include "display/input.h"
#include "host/loop.h"

#include <pthread.h>

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

void stub_init(struct machine *m);
void stub_finish(struct machine *m);
/* Shows an image of one colour, BGRX as a number. */
void stub_show(struct machine *m, uint32_t w, uint32_t h, uint32_t bgrx);

#endif
