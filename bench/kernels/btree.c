/* SPDX-License-Identifier: MIT */
/* A B-tree as databases have it, of 31 keys a node: insertions with splits, look-ups, and a walk in order. */
#include "kernels.h"

enum { KEYS = 31, INSERTS = 60000, LOOKUPS = 100000 };

struct node {
    uint32_t count; /* of keys; an inner node has one child more */
    uint32_t leaf;
    uint64_t key[KEYS], value[KEYS];
    struct node *child[KEYS + 1];
};

struct tree {
    struct node *root, *free;
};

static struct node *make(struct tree *t, uint32_t leaf)
{
    struct node *n = t->free++;
    n->count = 0;
    n->leaf = leaf;
    return n;
}

/* Returns the index of the first key that is not below `key`. */
static uint32_t position(const struct node *n, uint64_t key)
{
    uint32_t low = 0, high = n->count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (n->key[middle] < key)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void open_gap(struct node *n, uint32_t at)
{
    for (uint32_t i = n->count++; i > at; i--) {
        n->key[i] = n->key[i - 1];
        n->value[i] = n->value[i - 1];
        if (!n->leaf)
            n->child[i + 1] = n->child[i];
    }
}

/* Splits the full child `at` of n, which is not full: the upper half moves to a new node, the middle key to n. */
static void split(struct tree *t, struct node *n, uint32_t at)
{
    struct node *low = n->child[at], *high = make(t, low->leaf);
    const uint32_t half = KEYS / 2;
    for (uint32_t i = half + 1; i < KEYS; i++) {
        high->key[high->count] = low->key[i];
        high->value[high->count] = low->value[i];
        high->child[high->count++] = low->child[i];
    }
    high->child[high->count] = low->child[KEYS];
    low->count = half;
    open_gap(n, at);
    n->key[at] = low->key[half];
    n->value[at] = low->value[half];
    n->child[at + 1] = high;
}

static void insert(struct tree *t, uint64_t key, uint64_t value)
{
    if (t->root->count == KEYS) {
        struct node *root = make(t, 0);
        root->child[0] = t->root;
        t->root = root;
        split(t, root, 0);
    }
    struct node *n = t->root;
    for (;;) {
        uint32_t at = position(n, key);
        if (at < n->count && n->key[at] == key) {
            n->value[at] += value;
            return;
        }
        if (n->leaf) {
            open_gap(n, at);
            n->key[at] = key;
            n->value[at] = value;
            return;
        }
        if (n->child[at]->count == KEYS)
            split(t, n, at);
        else
            n = n->child[at];
    }
}

static const uint64_t *find(const struct tree *t, uint64_t key)
{
    for (const struct node *n = t->root;;) {
        uint32_t at = position(n, key);
        if (at < n->count && n->key[at] == key)
            return &n->value[at];
        if (n->leaf)
            return NULL;
        n = n->child[at];
    }
}

static uint64_t walk(const struct node *n, uint64_t sum)
{
    for (uint32_t i = 0; i < n->count; i++) {
        if (!n->leaf)
            sum = walk(n->child[i], sum);
        sum = sum * 31 + (n->key[i] ^ n->value[i]);
    }
    return n->leaf ? sum : walk(n->child[n->count], sum);
}

uint64_t kernel_btree(void *arena)
{
    struct tree t = {.free = arena};
    uint64_t seed = 31415926535u, sum = 0;
    t.root = make(&t, 1);
    for (uint32_t i = 0; i < INSERTS; i++)
        insert(&t, (next_random(&seed) >> 20) % (INSERTS * 2), i);
    for (uint32_t i = 0; i < LOOKUPS; i++) {
        const uint64_t *value = find(&t, (next_random(&seed) >> 20) % (INSERTS * 2));
        sum = sum * 5 + (value ? *value : 1);
    }
    return walk(t.root, sum);
}
