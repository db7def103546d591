/* SPDX-License-Identifier: MIT */
/*
 * The inside of --gpu-check: its state, for check.c (commands) and check_look.c (pictures that stay
 * wrong). The GPU's thread only, except pc and ra.
 */
#ifndef VIRTIO_GPU_CHECK_LOOK_H
#define VIRTIO_GPU_CHECK_LOOK_H

#include "virtio/gpu/check.h"
#include "virtio/gpu/check_rows.h"
#include "virtio/gpu/observe.h"

#define CHECK_BUCKETS 256u

/* What is reported, once for each resource. */
enum check_mistake {
    NOT_FLUSHED = 1,     /* transferred */
    NOT_TRANSFERRED = 2, /* drawn; of a blob: not flushed */
    NEVER_FLUSHED = 4,   /* scanned out */
    NOTHING_THERE = 8,   /* flushed, but never transferred */
    WRONG_OFFSET = 16,
    FREED_IN_USE = 32,
    DETACHED_IN_USE = 64,
    LEAKED = 128,
    NOT_COVERED = 256,
};

struct code_location {
    uint64_t pc, ra; /* 0, 0: unknown */
};

struct watched {
    struct watched *next; /* in its bucket */
    uint32_t id;
    uint32_t reported;           /* enum check_mistake */
    uint64_t used;               /* when a command last named it */
    bool moved, flushed, packed; /* packed: its memory does not hold the picture row by row */
    pixman_region32_t unflushed; /* what was transferred since its last flush */
    uint64_t since;              /* when unflushed became not empty */
    struct code_location transferred_by; /* the code of the last transfer */
    uint64_t shown; /* when it was scanned out and not flushed since; 0: it was */
    struct check_rows rows;
};

struct check {
    struct gpu_observer observer;
    struct gpu_check_config config;
    struct log_limit limit;
    _Atomic uint64_t pc, ra; /* of the last doorbell */
    struct watched *bucket[CHECK_BUCKETS];
    uint32_t count;
    uint64_t budget; /* for check_rows */
    uint64_t now;    /* the host's time without the time for which the machine was stopped */
    uint64_t host_now, stood;           /* the host's; ns that the machine was stopped */
    uint64_t look_at;                   /* when to look at rows; HOST_FOREVER: no need to */
    uint32_t looks;                     /* since the last command */
    uint32_t cursor[DISPLAY_MAX_HEADS]; /* resources */
    bool leak_reported;
};

static inline struct check *check_of(struct gpu_observer *o)
{
    return container_of(o, struct check, observer);
}

static inline struct code_location check_location(const struct check *c)
{
    return (struct code_location){atomic_load(&c->pc), atomic_load(&c->ra)};
}

/* The arguments of "%ux%u+%u+%u". */
#define CHECK_RECT(r) (r).w, (r).h, (r).x, (r).y

/* Logs a mistake with a resource, unless it was reported; `by`: the code that made it. */
void check_report(struct check *c, struct watched *w, enum check_mistake kind,
                  struct code_location by, const char *fmt, ...) PRINTF_LIKE(5, 6);
struct watched *check_find(struct check *c, uint32_t id); /* NULL: not watched */
/* The part of it that scanouts show, as one box; false: none does. */
bool check_seen_part(const struct check *c, const struct watched *w, struct rect *seen);
uint64_t check_seconds(const struct check *c, uint64_t since);

/* Reads the host's clock; before each of the calls below. */
void check_take_time(struct check *c);
/* Reports what was transferred, is scanned out and was not flushed for too long. */
void check_look_at_flushes(struct check *c, struct watched *w);
/* The same for all that is scanned out: few resources, and a compare for each. */
void check_look_around(struct check *c);
/* Schedules a comparison of rows, after a command. */
void check_look_soon(struct check *c);
/* Does what is due by time; returns when to call it next (host_now_ns), or HOST_FOREVER. */
uint64_t check_due(struct check *c);
/* Compares rows for the last time: each that differs is reported. */
void check_look_last(struct check *c);

#endif
