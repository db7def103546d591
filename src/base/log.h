/* SPDX-License-Identifier: MIT */
/*
 * Messages for the person who runs riscreen. A log belongs to a machine and is handed to whoever
 * writes to it; any thread may use it. What a guest or client can provoke goes through log_limited,
 * which prints at most a few lines a second for one place and then how many it left out. Names of
 * categories (`--log gpu,virtio`) switch on what is off by default. NULL as log means: warnings to
 * stderr.
 *
 * A message is one line, whatever it holds: control characters, also of names and texts that come
 * from a guest, file or peer, are printed as \xNN (base/text.h). No thread waits for the reader of
 * stderr: see base/log_sink.h.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/util.h"

enum log_cat {
    LOG_CPU,
    LOG_BUS,
    LOG_VIRTIO,
    LOG_GPU,
    LOG_BLK,
    LOG_INPUT,
    LOG_SBI,
    LOG_UI,
    LOG_CATS
};

struct log;
struct log_sink;

/* Who caused a line of log_limited, which its prefix names. */
enum log_by { LOG_BY_GUEST, LOG_BY_CLIENT, LOG_BY_HOST };

/* One for each place that logs what others cause; zero-initialised, kept in the device's state. */
struct log_limit {
    _Atomic uint64_t window; /* second in which `count` was counted */
    _Atomic uint32_t count;
};

/*
 * categories: comma-separated names, NULL or "" for none, "all" for all. On an unknown name NULL
 * is returned and *bad points at it (inside categories); *bad is NULL if there is no memory.
 */
struct log *log_create(const char *categories, const char **bad);
void log_destroy(struct log *log); /* waits for stderr's reader, half a second at most */
/* Where its lines go, for who can write on held ones. */
struct log_sink *log_sink(struct log *log);
const char *log_cat_name(enum log_cat cat);

bool log_on(const struct log *log, enum log_cat cat);
/* A line of an optional category; printed only if log_on. */
void log_debug(struct log *log, enum log_cat cat, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* For messages before the log is set up: prints `who`, a colon and the message to stderr. May
 * block. */
void log_error(const char *who, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Something the user should know; always printed, prefixed `riscreen: `. */
void log_warn(struct log *log, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* What a guest or client did wrong, or the host could not do for it: always printed, prefixed
 * `riscreen: guest: ` and so on, but at most 5 lines a second per limit. */
void log_limited(struct log *log, struct log_limit *limit, enum log_by by, const char *fmt, ...)
    PRINTF_LIKE(4, 5);

#endif
