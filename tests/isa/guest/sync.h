/* SPDX-License-Identifier: MIT */
/* What harts that race need: barriers, fences, yielding. */
#ifndef SYNC_H
#define SYNC_H

#include "guest.h"

#define FENCE(before, after) ({ __asm__ volatile("fence " #before ", " #after ::: "memory"); })
#define FENCE_I()            __asm__ volatile("fence.i" ::: "memory")

/* pause: the emulator may let another hart have the host's processor. */
static inline void relax(void)
{
    __asm__ volatile(".word 0x0100000f" ::: "memory");
}

static inline uint32_t load32(const volatile uint32_t *p)
{
    return *p;
}

/* Spins until *p is at least value; ordered before what follows. */
static inline void wait_for(const volatile uint32_t *p, uint32_t value)
{
    while ((int32_t)(*p - value) < 0)
        relax();
    FENCE(r, rw);
}

static inline void publish(volatile uint32_t *p, uint32_t value)
{
    FENCE(rw, w);
    *p = value;
}

static inline uint32_t atomic_add(volatile uint32_t *p, uint32_t v)
{
    return __atomic_fetch_add(p, v, __ATOMIC_ACQ_REL);
}

/* Ends a line with the time in milliseconds since the start of the machine. */
static inline void put_time(void)
{
    put(" [");
    put_dec(CSR_READ(time) / 10000);
    put(" ms]\n");
}

struct barrier {
    volatile uint32_t arrived, round;
};

/* All of n harts meet here. */
static inline void barrier_wait(struct barrier *b, uint32_t n)
{
    uint32_t round = b->round;
    if (atomic_add(&b->arrived, 1) == n - 1) {
        b->arrived = 0;
        publish(&b->round, round + 1);
    } else {
        wait_for(&b->round, round + 1);
    }
}

#endif
