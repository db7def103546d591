/* SPDX-License-Identifier: MIT */
/*
 * A GPU whose trace goes to a file, a driver that draws on it, and the file played again. The
 * functions assert with cmocka.
 */
#ifndef TESTS_DEVICE_TRACE_SESSION_H
#define TESTS_DEVICE_TRACE_SESSION_H

#include "kit/gpu.h"
#include "replay/player.h"
#include "virtio/gpu/trace.h"

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

/* Creates the device and its trace in a new file, s->path; session_end keeps that file. */
void session_begin(struct session *s, bool threaded);
void session_end(struct session *s);
/* Creates a resource over two pieces of memory, the second one first. */
void session_create(struct session *s, uint32_t id);
/* Draws a row in guest memory, transfers and flushes some rows around it. */
void session_draw(struct session *s, uint32_t id, uint32_t y, uint32_t colour);
/* Reads what head 0 shows into s->picture. */
void session_look(struct session *s);

struct played {
    struct player p;
    enum trace_read end;
    bool ok;
    struct error err;
};

/* Plays a file; the caller calls player_finish if ok. */
void trace_play(struct played *d, const char *path, uint64_t limit);

#endif
