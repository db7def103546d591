/* SPDX-License-Identifier: MIT */
/* A linked list in random order over 4 MB: each load needs the last one's value. */
#include "kernels.h"

enum { NODES = 1 << 16, HOPS = 1500000 };

struct node {
    struct node *next;
    uint64_t value[7]; /* a cache line each */
};

uint64_t kernel_chase(void *arena)
{
    struct node *node = arena;
    uint32_t *order = (uint32_t *)(node + NODES);
    uint64_t seed = 0x2545f4914f6cdd1du, sum = 0;
    for (uint32_t i = 0; i < NODES; i++)
        order[i] = i;
    for (uint32_t i = NODES - 1; i > 0; i--) {
        uint32_t j = (uint32_t)(next_random(&seed) % (i + 1)), t = order[i];
        order[i] = order[j];
        order[j] = t;
    }
    for (uint32_t i = 0; i < NODES; i++) {
        node[order[i]].next = &node[order[(i + 1) % NODES]];
        node[order[i]].value[0] = i;
    }
    const struct node *at = node;
    for (long i = 0; i < HOPS; i++, at = at->next)
        sum += at->value[0];
    return sum;
}
