/* SPDX-License-Identifier: MIT */
/* Writes on the lines that a log holds (base/log_sink.h), on a loop, when stderr takes them. */
#ifndef HOST_LOG_DRAIN_H
#define HOST_LOG_DRAIN_H

#include "base/log.h"
#include "host/loop.h"

struct log_drain;

/* Before loop_run. NULL: out of memory; held lines then wait for the next line, or the end. */
struct log_drain *log_drain_create(struct loop *loop, struct log *log);
void log_drain_destroy(struct log_drain *d); /* the loop does not run any more; NULL is fine */

#endif
