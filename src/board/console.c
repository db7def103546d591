/* SPDX-License-Identifier: MIT */
#include "board/console.h"

#include "backend/chr_stdio.h"
#include "board/panic.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct console {
    struct console_config config;
    struct uart *uart;
    struct panic_watch watch; /* under the UART's lock */
    struct chr_stdio *stdio;  /* NULL: closed, or not connected */
    struct loop_event moved;  /* calls pump */
    pthread_mutex_t lock;
    /* under lock: typed and not yet taken by the UART */
    uint8_t *typed;
    size_t typed_at, typed_count, typed_room;
};

static bool output(void *ctx, const uint8_t *bytes, size_t n)
{
    struct console *c = ctx;
    enum panic_event event = panic_watch_feed(&c->watch, bytes, n);
    if (event && c->config.panic)
        c->config.panic(c->config.panic_ctx, event == PANIC_SAID);
    if (c->config.tap)
        c->config.tap(c->config.tap_ctx, bytes, n);
    if (!c->stdio || chr_stdio_write(c->stdio, bytes, n))
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
    size_t took = c->typed_count ? uart_input(c->uart, c->typed + c->typed_at, c->typed_count) : 0;
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
        chr_stdio_pump(c->stdio);
}

static void room(void *ctx)
{
    struct console *c = ctx;
    loop_event_post(&c->moved);
}

static size_t stdio_input(void *ctx, const uint8_t *bytes, size_t n)
{
    struct console *c = ctx;
    return give_typed(c) ? uart_input(c->uart, bytes, n) : 0;
}

static void stdio_writable(void *ctx)
{
    struct console *c = ctx;
    if (c->config.hold)
        c->config.hold(c->config.ctx, false);
    uart_output_ready(c->uart);
}

static void stdio_quit(void *ctx)
{
    struct console *c = ctx;
    c->config.quit(c->config.ctx);
}

static const struct chr_stdio_ops stdio_ops = {stdio_input, stdio_writable, stdio_quit};

struct console *console_create(const struct console_config *config)
{
    struct console *c = calloc(1, sizeof(*c));
    if (!c)
        return NULL;
    c->config = *config;
    panic_watch_reset(&c->watch);
    loop_event_init(&c->moved, config->loop, pump, c);
    pthread_mutex_init(&c->lock, NULL);
    return c;
}

struct uart_host console_host(struct console *c)
{
    return (struct uart_host){output, room, c};
}

void console_set_uart(struct console *c, struct uart *uart)
{
    c->uart = uart;
}

bool console_open(struct console *c)
{
    if (!c->config.stdio)
        return true;
    c->stdio = chr_stdio_create(c->config.loop, 0, 1, &stdio_ops, c);
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

const struct chip_ops console_chip = {
    .name = "console", .reset = console_reset, .destroy = console_destroy};
