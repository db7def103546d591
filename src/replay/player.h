/* SPDX-License-Identifier: MIT */
/*
 * Plays a trace's records on a GPU without a machine (driver.h), counts what the commands did and
 * how long they took, and compares answers and checksums with what the trace says. Nothing in a
 * trace is trusted: a record that makes no sense ends the replay with a line of words, and memory
 * is bounded by the player's limit.
 */
#ifndef REPLAY_PLAYER_H
#define REPLAY_PLAYER_H

#include "base/error.h"
#include "replay/driver.h"
#include "replay/reader.h"

#define PLAYER_KINDS 32 /* commands with statistics of their own */

struct player_stats {
    const char *name; /* the device's; "unknown" */
    uint64_t count, errors, ns;
    uint64_t bytes; /* of pixels that it moved or showed */
};

struct player_config {
    uint64_t limit;      /* bytes of guest pages, and again of resources */
    FILE *list;          /* each command in words; NULL: nowhere */
    FILE *wrong;         /* differences, the first few; NULL: nowhere */
    struct bench *bench; /* compares transfers and flushes with memcpy; NULL: no. The caller's */
};

struct player {
    struct player_config config;
    struct gpu_observer observer;
    struct driver *driver;
    uint64_t step; /* commands so far */
    uint64_t us;   /* of the trace's time */
    uint64_t resets, checks;
    uint64_t wrong_checks, wrong_codes;
    bool live, ended;
    bool fresh; /* just started: a state may come */
    struct player_stats stats[PLAYER_KINDS];
    unsigned kinds;
    /* the command under way */
    uint32_t ran; /* its result */
    struct player_stats *running;
    uint8_t *touched; /* a bit for each page of guest RAM */
    uint64_t pages;   /* touched ones */
    uint8_t *picture; /* for checksums */
    size_t picture_size;
};

/* head: checked by the reader. False with a line in err; player_finish is due all the same. */
bool player_init(struct player *p, const struct player_config *config,
                 const struct trace_head *head, struct error *err);
void player_finish(struct player *p);

/* Plays one record. False: it makes no sense; err says why. */
bool player_play(struct player *p, const struct trace_item *item, struct error *err);

/* What a head shows; what a resource holds, transferred or not yet flushed. NULL: nothing, or no
 * memory. The caller destroys it. */
struct picture *player_screen(struct player *p, unsigned head);
struct picture *player_resource(struct player *p, uint32_t id);

#endif
