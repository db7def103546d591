/* SPDX-License-Identifier: MIT */
/*
 * The inside of --gpu-check: what it keeps, for check.c (commands) and check_look.c (pictures that
 * stay wrong). The GPU's thread, but for pc and ra.
 */
#ifndef VIRTIO_GPU_CHECK_LOOK_H
#define VIRTIO_GPU_CHECK_LOOK_H

#include "virtio/gpu/check.h"
#include "virtio/gpu/check_rows.h"
#include "virtio/gpu/observe.h"

#define CHECK_BUCKETS 256u

/* What can be said, once for each resource. */
enum kind {
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

struct place {
    uint64_t pc, ra; /* 0, 0: not known */
};

struct watched {
    struct watched *next; /* in its bucket */
    uint32_t id;
    uint32_t said;               /* kinds */
    uint64_t used;               /* when a command last named it */
    bool moved, flushed, packed; /* packed: its memory does not hold the picture row by row */
    pixman_region32_t unflushed; /* transferred */
    uint64_t since;              /* unflushed is not empty, */
    struct place by;             /* and who transferred it */
    uint64_t shown;              /* when it was scanned out and not flushed since; 0: it was */
    struct check_rows rows;
};

struct check {
    struct gpu_observer observer;
    struct gpu_check_config config;
    struct log_limit limit;
    _Atomic uint64_t pc, ra; /* of the last doorbell */
    struct watched *bucket[CHECK_BUCKETS];
    uint32_t count;
    uint64_t budget;                    /* for check_rows */
    uint64_t now;                       /* the time: the host's, but for that in which it stood */
    uint64_t host_now, stood;           /* the host's; ns that the machine was stopped */
    uint64_t look_at;                   /* when to look at rows; HOST_FOREVER: no need to */
    uint32_t looks;                     /* since the last command */
    uint32_t cursor[DISPLAY_MAX_HEADS]; /* resources */
    bool leak_said;
};

static inline struct check *check_of(struct gpu_observer *o)
{
    return container_of(o, struct check, observer);
}

static inline struct place check_here(const struct check *c)
{
    return (struct place){atomic_load(&c->pc), atomic_load(&c->ra)};
}

/* For "%ux%u+%u+%u". */
#define CHECK_RECT(r) (r).w, (r).h, (r).x, (r).y

/* Says it of a resource, if it was not said yet; `by`: which code did it. */
void check_say(struct check *c, struct watched *w, enum kind kind, struct place by, const char *fmt,
               ...) PRINTF_LIKE(5, 6);
struct watched *check_find(struct check *c, uint32_t id); /* NULL: not watched */
/* The part of it that scanouts show, as one box; false: none does. */
bool check_seen_part(const struct check *c, const struct watched *w, struct rect *seen);
uint64_t check_seconds(const struct check *c, uint64_t since);

/* The time is taken from the host, once for each of the calls below. */
void check_take_time(struct check *c);
/* What was transferred, is scanned out, and waits for a flush; or was never flushed at all. */
void check_look_at_flushes(struct check *c, struct watched *w);
/* The same of all that is scanned out: few resources, and none costs more than a compare. */
void check_look_around(struct check *c);
/* A command has run: rows will be looked at in a while. */
void check_look_soon(struct check *c);
/* Does what the time makes due; when to be called next (host_now_ns), or HOST_FOREVER. */
uint64_t check_due(struct check *c);
/* The last look at rows: what differs now stays so. */
void check_look_last(struct check *c);

#endif
