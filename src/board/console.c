/* SPDX-License-Identifier: MIT */
#include "board/console.h"

#include "backend/chr_stdio.h"
#include "board/panic.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct console {
    struct console_config config;
    struct chr chr;           /* the UART's */
    struct panic_watch watch; /* under the UART's lock */
    struct chr_stdio *stdio;  /* NULL: closed, or not connected */
    struct loop_event moved;  /* calls pump */
    pthread_mutex_t lock;
    /* under lock: typed and not yet taken by the UART */
    uint8_t *typed;
    size_t typed_at, typed_count, typed_room;
};

static bool console_write(struct chr *chr, const uint8_t *bytes, size_t n)
{
    struct console *c = container_of(chr, struct console, chr);
    enum panic_event event = panic_watch_feed(&c->watch, bytes, n);
    if (event && c->config.panic)
        c->config.panic(c->config.panic_ctx, event == PANIC_SAID);
    if (c->config.tap)
        c->config.tap(c->config.tap_ctx, bytes, n);
    if (!c->stdio || chr_write(chr_stdio_chr(c->stdio), bytes, n))
        return true;
    if (!c->config.hold)
        return false;
    c->config.hold(c->config.ctx, true);
    if (!chr_stdio_full(c->stdio)) /* the io thread was faster */
        c->config.hold(c->config.ctx, false);
    return true;
}

/* Gives the UART what was typed; true once nothing of it is left. */
static bool give_typed(struct console *c)
{
    pthread_mutex_lock(&c->lock);
    size_t took = c->typed_count ? chr_input(&c->chr, c->typed + c->typed_at, c->typed_count) : 0;
    c->typed_at += took;
    c->typed_count -= took;
    bool empty = !c->typed_count;
    if (empty)
        c->typed_at = 0;
    pthread_mutex_unlock(&c->lock);
    return empty;
}

/* The io thread: moves input on, typed bytes first. */
static void pump(void *arg)
{
    struct console *c = arg;
    if (give_typed(c) && c->stdio)
        chr_accept(chr_stdio_chr(c->stdio));
}

/* The UART has room: for typed bytes, which the io thread gives it, or for the terminal's. */
static void console_accept(struct chr *chr)
{
    struct console *c = container_of(chr, struct console, chr);
    pthread_mutex_lock(&c->lock);
    bool typed = c->typed_count;
    pthread_mutex_unlock(&c->lock);
    if (typed || !c->stdio)
        loop_event_post(&c->moved);
    else
        chr_accept(chr_stdio_chr(c->stdio));
}

static size_t stdio_input(void *ctx, const uint8_t *bytes, size_t n)
{
    struct console *c = ctx;
    return give_typed(c) ? chr_input(&c->chr, bytes, n) : 0;
}

static void stdio_writable(void *ctx)
{
    struct console *c = ctx;
    if (c->config.hold)
        c->config.hold(c->config.ctx, false);
    chr_writable(&c->chr);
}

static void stdio_quit(void *ctx)
{
    struct console *c = ctx;
    c->config.quit(c->config.ctx);
}

static const struct chr_ops console_ops = {console_write, console_accept};
static const struct chr_user_ops stdio_user = {stdio_input, stdio_writable};

struct console *console_create(const struct console_config *config)
{
    struct console *c = calloc(1, sizeof(*c));
    if (!c)
        return NULL;
    c->config = *config;
    c->chr.ops = &console_ops;
    panic_watch_reset(&c->watch);
    loop_event_init(&c->moved, config->loop, pump, c);
    pthread_mutex_init(&c->lock, NULL);
    return c;
}

struct chr *console_chr(struct console *c)
{
    return &c->chr;
}

bool console_open(struct console *c)
{
    if (!c->config.stdio)
        return true;
    c->stdio = chr_stdio_create(c->config.loop, 0, 1, stdio_quit, c);
    if (c->stdio)
        chr_attach(chr_stdio_chr(c->stdio), &stdio_user, c);
    return c->stdio;
}

void console_close(struct console *c)
{
    chr_stdio_destroy(c->stdio);
    c->stdio = NULL;
}

void console_terminal(struct console *c, bool take)
{
    if (c->stdio)
        chr_stdio_terminal(c->stdio, take);
}

/* Makes room for n more bytes behind those that wait; lock held. */
static bool reserve(struct console *c, size_t n)
{
    if (c->typed_at) {
        memmove(c->typed, c->typed + c->typed_at, c->typed_count);
        c->typed_at = 0;
    }
    if (n <= c->typed_room - c->typed_count)
        return true;
    size_t room = (c->typed_count + n) * 2;
    uint8_t *grown = realloc(c->typed, room);
    if (!grown)
        return false;
    c->typed = grown;
    c->typed_room = room;
    return true;
}

void console_type(struct console *c, const void *bytes, size_t n)
{
    pthread_mutex_lock(&c->lock);
    if (n && reserve(c, n)) {
        memcpy(c->typed + c->typed_count, bytes, n);
        c->typed_count += n;
    }
    pthread_mutex_unlock(&c->lock);
    loop_event_post(&c->moved);
}

static void console_reset(void *dev)
{
    struct console *c = dev;
    panic_watch_reset(&c->watch);
}

static void console_destroy(void *dev)
{
    struct console *c = dev;
    console_close(c);
    loop_event_cancel(&c->moved);
    pthread_mutex_destroy(&c->lock);
    free(c->typed);
    free(c);
}

/* What was typed and the terminal are the host's and stay as they are. */
static void console_save(void *dev, struct blob_out *out)
{
    const struct console *c = dev;
    panic_watch_save(&c->watch, out);
}

static bool console_load(void *dev, struct blob_in *in)
{
    struct console *c = dev;
    return panic_watch_load(&c->watch, in);
}

const struct chip_ops console_chip = {
    .name = "console",
    .reset = console_reset,
    .version = 1,
    .save = console_save,
    .load = console_load,
    .destroy = console_destroy,
};
