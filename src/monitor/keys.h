/* SPDX-License-Identifier: MIT */
/*
 * Keys that a program presses take time: send-key holds them for a while and the next send-key
 * waits its turn. The queue plays such sequences on the loop, in order, and sleeps in between.
 * Bounded: a sequence that does not fit is refused as a whole. The loop's thread only.
 */
#ifndef MONITOR_KEYS_H
#define MONITOR_KEYS_H

#include "base/util.h"

struct input_hub;
struct loop;
struct key_queue;

#define KEY_QUEUE_ROOM 1024 /* steps */
#define KEY_CHORD_MAX  64   /* keys at once */

struct key_queue *key_queue_create(struct loop *loop, struct input_hub *hub);
void key_queue_destroy(struct key_queue *q); /* lets go of everything at once; NULL is fine */

/* Presses codes (KEY_*) in order, holds them hold_ms, releases in reverse order. False: full. */
bool key_queue_chord(struct key_queue *q, const unsigned *codes, unsigned n, uint32_t hold_ms);

#endif
