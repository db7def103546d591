/* SPDX-License-Identifier: MIT */
#include "host/entropy.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define WHOLE 256 /* getrandom gives so many bytes whole and uninterrupted */

struct entropy {
    pthread_mutex_t lock;
    uint64_t state; /* under lock */
};

struct entropy *entropy_create(uint64_t seed)
{
    struct entropy *e = calloc(1, sizeof(*e));
    if (!e)
        return NULL;
    pthread_mutex_init(&e->lock, NULL);
    e->state = seed;
    return e;
}

void entropy_destroy(struct entropy *e)
{
    if (!e)
        return;
    pthread_mutex_destroy(&e->lock);
    free(e);
}

static bool fill_from_host(uint8_t *p, size_t size)
{
    for (size_t n; size; p += n, size -= n) {
        n = size < WHOLE ? size : WHOLE;
        if (getrandom(p, n, 0) != (ssize_t)n)
            return false;
    }
    return true;
}

/* A step of splitmix64. */
static uint64_t entropy_next(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

bool entropy_fill(struct entropy *e, void *buf, size_t size)
{
    uint8_t *p = buf;
    if (!e)
        return fill_from_host(p, size);
    pthread_mutex_lock(&e->lock);
    for (size_t i = 0; i < size; i += 8) {
        uint64_t word = entropy_next(&e->state);
        memcpy(p + i, &word, size - i < 8 ? size - i : 8);
    }
    pthread_mutex_unlock(&e->lock);
    return true;
}
