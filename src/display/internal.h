/* SPDX-License-Identifier: MIT */
/*
 * The structs of the display. Only display.c (the GPU's side), viewer.c (the viewers' side),
 * hotplug.c (preferred modes) and snapshot.c (reading pictures) include this header.
 */
#ifndef DISPLAY_INTERNAL_H
#define DISPLAY_INTERNAL_H

#include "display/display.h"

#include <pthread.h>

struct scanout_src {   /* what a head shows: a rectangle of an image */
    struct image *img; /* NULL: nothing */
    struct rect src;
};

struct head {
    /* the GPU's thread only */
    struct scanout_src next; /* named by set_scanout; owns a reference of img */
    /* written by the GPU's thread under the display's lock; that thread reads without the lock */
    struct scanout_src shown; /* owns a reference of img, and image_show was called */
    struct head_state state;
    uint32_t cursor_width, cursor_height;
    uint8_t cursor[DISPLAY_CURSOR * DISPLAY_CURSOR * 4]; /* BGRA, no padding */
    /* under the display's lock */
    struct head_mode preferred;
    bool preferred_remote;
};

struct viewer_head {
    bool woken; /* wake was called, and viewer_take not since */
    bool taken;
    bool pacing;
    uint32_t mode_gen, frame_gen, cursor_gen, cursor_pos_gen; /* as last taken */
    uint32_t preferred_notified; /* the preferred_gen it was last woken for */
    uint32_t presented_gen; /* the frame_gen that the user saw last; not newer than frame_gen */
    pixman_region32_t damage;
};

struct viewer {
    struct display *display;
    void (*wake)(void *ctx);
    void *ctx;
    /* under the display's lock */
    struct viewer *next;
    void (*last)(void *ctx, unsigned head); /* of viewer_on_dark; NULL: none */
    bool leaving;                           /* display_detach was called */
    unsigned waking;                        /* calls of wake and last that are running */
    struct viewer_head head[DISPLAY_MAX_HEADS];
};

/* A callback that can be removed: the lock is held while fn runs. It is taken before the display's
 * lock. */
struct display_listener {
    pthread_mutex_t lock;
    void (*fn)(void *ctx);
    void *ctx;
};

struct display {
    unsigned heads;
    pthread_mutex_t lock;
    pthread_cond_t woke; /* a call of wake returned */
    struct viewer *viewers;
    bool presented_awaited; /* display_frame_pending returned true since on_presented was called */
    struct display_listener on_preferred, on_presented;
    struct head head[DISPLAY_MAX_HEADS];
};

void display_listener_set(struct display_listener *l, void (*fn)(void *ctx), void *ctx);

/* Adds a changed part of a head's picture to the damage of all viewers. Under the lock. */
void viewers_damage(struct display *d, struct head *h, const struct rect *part);
/* Empties the damage of a head in all viewers. Under the lock. */
void viewers_drop_damage(struct display *d, const struct head *h);
/* Calls wake of all viewers that are behind. Without the lock. A viewer stays in the list while its
 * wake runs: display_detach waits for it. */
void viewers_wake(struct display *d);
/* Calls the viewers' `last`: the head is active and will be inactive next. Without the lock, on the
 * GPU's thread. */
void viewers_last_look(struct display *d, const struct head *h);

#endif
