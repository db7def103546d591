/* SPDX-License-Identifier: MIT */
/*
 * A count that one thread makes and any thread may read, for statistics. Adding is a load and a
 * store, not a locked instruction, so two threads that add at once would lose a count. A reader gets a
 * whole value of some recent moment; two counters that are read one after the other may be of two
 * moments.
 */
#ifndef BASE_COUNTER_H
#define BASE_COUNTER_H

#include <stdatomic.h>
#include <stdint.h>

struct counter {
    _Atomic uint64_t value;
};

/* Any thread. */
static inline uint64_t counter_get(const struct counter *c)
{
    return atomic_load_explicit(&c->value, memory_order_relaxed);
}

/* Only the thread that counts, or whoever holds the lock under which it is counted. */
static inline void counter_set(struct counter *c, uint64_t value)
{
    atomic_store_explicit(&c->value, value, memory_order_relaxed);
}

static inline void counter_add(struct counter *c, uint64_t n)
{
    counter_set(c, counter_get(c) + n);
}

#endif
