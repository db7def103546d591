/* SPDX-License-Identifier: MIT */
#include "ui/vnc_tries.h"

#include <pthread.h>
#include <stdlib.h>

#define ADDRESSES 64 /* with a try in the last second; others wait */
#define TRY_NS    (VNC_TRY_MS * UINT64_C(1000000))

struct vnc_tries {
    struct log *log;
    struct log_limit limit;
    pthread_mutex_t lock;
    struct {
        uint64_t key;
        uint64_t next; /* no try before; once that has passed, the row is free */
    } row[ADDRESSES];
};

uint64_t vnc_tries_begin(struct vnc_tries *t, const struct peer *peer, uint64_t now)
{
    uint64_t again = now + TRY_NS; /* if no row is free */
    int free_row = -1;
    pthread_mutex_lock(&t->lock);
    for (int i = 0; i < ADDRESSES; i++) {
        if (t->row[i].next <= now) {
            free_row = i;
        } else if (t->row[i].key == peer->key) {
            again = t->row[i].next;
            free_row = -1;
            break;
        }
    }
    if (free_row >= 0) {
        t->row[free_row].key = peer->key;
        t->row[free_row].next = now + TRY_NS;
    }
    pthread_mutex_unlock(&t->lock);
    return free_row >= 0 ? 0 : again;
}

void vnc_tries_end(struct vnc_tries *t, const struct peer *peer, bool right)
{
    if (!right) {
        log_limited(t->log, &t->limit, LOG_BY_CLIENT, "a wrong VNC password from %s", peer->text);
        return;
    }
    pthread_mutex_lock(&t->lock);
    for (unsigned i = 0; i < ADDRESSES; i++)
        if (t->row[i].key == peer->key)
            t->row[i].next = 0;
    pthread_mutex_unlock(&t->lock);
}

struct vnc_tries *vnc_tries_create(struct log *log)
{
    struct vnc_tries *t = calloc(1, sizeof(*t));
    if (!t)
        return NULL;
    t->log = log;
    pthread_mutex_init(&t->lock, NULL);
    return t;
}

void vnc_tries_destroy(struct vnc_tries *t)
{
    if (!t)
        return;
    pthread_mutex_destroy(&t->lock);
    free(t);
}
