/* SPDX-License-Identifier: MIT */
/*
 * The display, inside; for display.c (the GPU's side), viewer.c (the viewers' side), hotplug.c
 * (what the host prefers) and snapshot.c (reading pictures) alone.
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
    /* the GPU's thread alone */
    struct scanout_src next; /* named by set_scanout; img holds a reference */
    /* written by the GPU's thread under the display's lock, so that thread reads it without */
    struct scanout_src shown; /* img holds a reference and is image_show'n */
    struct head_state state;
    uint32_t cursor_width, cursor_height;
    uint8_t cursor[DISPLAY_CURSOR * DISPLAY_CURSOR * 4]; /* BGRA, no padding */
    /* under the display's lock */
    struct head_mode preferred;
    bool preferred_remote;
};

struct viewer_head {
    bool woken; /* wake was called and the viewer has not taken since */
    bool taken;
    bool pacing;
    uint32_t mode_gen, frame_gen, cursor_gen, cursor_pos_gen; /* as last taken */
    uint32_t preferred_notified; /* the preferred_gen it was last woken for */
    uint32_t presented_gen;      /* the last frame it showed its user; frame_gen or older */
    pixman_region32_t damage;
};

struct viewer {
    struct display *display;
    void (*wake)(void *ctx);
    void *ctx;
    /* under the display's lock */
    struct viewer *next;
    void (*last)(void *ctx, unsigned head); /* NULL: not wanted */
    bool leaving;
    unsigned waking; /* calls of wake and last that are running */
    struct viewer_head head[DISPLAY_MAX_HEADS];
};

/* Someone who wants to know of something; the lock is held while fn runs, and comes before the
 * display's. */
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
    bool presented_awaited; /* a caller waits for on_presented */
    struct display_listener on_preferred, on_presented;
    struct head head[DISPLAY_MAX_HEADS];
};

void display_listener_set(struct display_listener *l, void (*fn)(void *ctx), void *ctx);

/* Under the lock: part of a head's picture changed. */
void viewers_damage(struct display *d, struct head *h, const struct rect *part);
/* Under the lock: nothing that was damaged before matters now. */
void viewers_drop_damage(struct display *d, const struct head *h);
/* Without the lock. A viewer stays in the list while its wake runs: display_detach waits. */
void viewers_wake(struct display *d);
/* Without the lock, on the GPU's thread: the head shows something, and is about to go dark. */
void viewers_last_look(struct display *d, const struct head *h);

#endif
