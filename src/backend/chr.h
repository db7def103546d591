/* SPDX-License-Identifier: MIT */
/*
 * A stream of bytes both ways between a device (the UART) and something of the host's: the terminal
 * (chr_stdio.c), what stands between the two (board/console.c), in tests a fake. The back-end embeds
 * struct chr and fills a const chr_ops table; the device attaches itself with chr_user_ops.
 *
 * Neither direction blocks or loses bytes. Output: chr_write takes all bytes; once it returns
 * false, the device writes no more until `writable`. Input: the device takes what it has room for;
 * if that is not all, the back-end keeps the rest and offers it again after chr_accept.
 */
#ifndef BACKEND_CHR_H
#define BACKEND_CHR_H

#include "base/util.h"

struct chr;

/* The back-end's. Any thread; the device may hold a lock in write, that its user ops take, so write
 * calls none of them. */
struct chr_ops {
    /* Takes all n bytes. False: no more than a few from now on, until chr_writable. */
    bool (*write)(struct chr *c, const uint8_t *bytes, size_t n);
    /* The device has room again, after `input` took less than it was offered. */
    void (*accept)(struct chr *c);
};

/* The device's. Any thread. */
struct chr_user_ops {
    size_t (*input)(void *user, const uint8_t *bytes, size_t n); /* returns how many it took */
    void (*writable)(void *user);                                /* after write returned false */
};

struct chr {
    const struct chr_ops *ops;
    const struct chr_user_ops *user_ops; /* NULL: nobody is attached */
    void *user;
};

/* While nobody writes or reads. user_ops NULL: detaches. */
static inline void chr_attach(struct chr *c, const struct chr_user_ops *user_ops, void *user)
{
    c->user_ops = user_ops;
    c->user = user;
}

static inline bool chr_write(struct chr *c, const uint8_t *bytes, size_t n)
{
    return c->ops->write(c, bytes, n);
}

static inline void chr_accept(struct chr *c)
{
    c->ops->accept(c);
}

/* For back-ends. */
static inline size_t chr_input(struct chr *c, const uint8_t *bytes, size_t n)
{
    return c->user_ops ? c->user_ops->input(c->user, bytes, n) : 0;
}

static inline void chr_writable(struct chr *c)
{
    if (c->user_ops)
        c->user_ops->writable(c->user);
}

#endif
