/* SPDX-License-Identifier: MIT */
/*
 * Standard error as the place for whole lines, written without ever waiting for its reader. Lines
 * that do not fit into the pipe or terminal now are held, 64 KiB of them; what comes after that is
 * dropped and counted, and a line says how many. Any thread may put lines.
 */
#ifndef BASE_LOG_SINK_H
#define BASE_LOG_SINK_H

#include "base/util.h"

struct log_sink;

/* fd: standard error; stays the caller's. NULL: out of memory. */
struct log_sink *log_sink_create(int fd);
/* Waits for the reader of held lines, half a second at most; NULL is fine. */
void log_sink_destroy(struct log_sink *s);
/* text: n bytes that end in a newline. */
void log_sink_put(struct log_sink *s, const char *text, size_t n);
/* Writes held lines as far as the reader takes them; true: none is held any more. */
bool log_sink_flush(struct log_sink *s);
/* What to poll for writing while lines are held. */
int log_sink_fd(const struct log_sink *s);
/* fn(ctx) is called when lines begin to be held, on the thread that put them, which may hold any
 * lock; the caller runs log_sink_flush when log_sink_fd can be written. fn NULL: no call. */
void log_sink_on_held(struct log_sink *s, void (*fn)(void *ctx), void *ctx);

#endif
