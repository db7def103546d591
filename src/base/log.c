/* SPDX-License-Identifier: MIT */
#include "base/log.h"

#include "base/log_sink.h"
#include "base/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LINES_PER_SECOND 5
#define TEXT_MAX         1024 /* of a message, before it is made printable */
#define LINE_MAX         4096 /* what a pipe takes as a whole */

struct log {
    unsigned on; /* bit per enum log_cat */
    struct log_sink *sink;
};

static const char *const cat_names[LOG_CATS] = {
    [LOG_CPU] = "cpu", [LOG_BUS] = "bus",     [LOG_VIRTIO] = "virtio", [LOG_GPU] = "gpu",
    [LOG_BLK] = "blk", [LOG_INPUT] = "input", [LOG_SBI] = "sbi",       [LOG_UI] = "ui",
};

const char *log_cat_name(enum log_cat cat)
{
    return cat < LOG_CATS ? cat_names[cat] : NULL;
}

static unsigned cat_bits(const char *name, size_t len)
{
    if (len == 3 && !memcmp(name, "all", 3))
        return (1u << LOG_CATS) - 1;
    for (unsigned i = 0; i < LOG_CATS; i++)
        if (strlen(cat_names[i]) == len && !memcmp(cat_names[i], name, len))
            return 1u << i;
    return 0;
}

struct log *log_create(const char *categories, const char **bad)
{
    unsigned on = 0;
    for (const char *p = categories ? categories : ""; *p;) {
        size_t len = strcspn(p, ",");
        unsigned b = cat_bits(p, len);
        if (!b) {
            if (bad)
                *bad = p;
            return NULL;
        }
        on |= b;
        p += len + (p[len] == ',');
    }
    struct log *log = calloc(1, sizeof(*log));
    if (bad)
        *bad = NULL;
    if (!log || !(log->sink = log_sink_create(STDERR_FILENO))) {
        free(log);
        return NULL;
    }
    log->on = on;
    return log;
}

void log_destroy(struct log *log)
{
    if (!log)
        return;
    log_sink_destroy(log->sink);
    free(log);
}

struct log_sink *log_sink(struct log *log)
{
    return log->sink;
}

bool log_on(const struct log *log, enum log_cat cat)
{
    return log && (log->on >> cat & 1);
}

/* Before there is a log nothing runs that its reader could hold up: this waits for it. */
static void write_all(const char *line, size_t n)
{
    for (size_t at = 0; at < n;) {
        ssize_t done = write(STDERR_FILENO, line + at, n - at);
        if (done < 0 && errno != EINTR)
            break;
        at += done > 0 ? (size_t)done : 0;
    }
}

/* One write per line, so that lines of different threads do not mix. */
static void print_line(struct log *log, const char *prefix, const char *fmt, va_list ap,
                       const char *suffix)
{
    char text[TEXT_MAX], line[LINE_MAX];
    size_t n = (size_t)snprintf(line, sizeof(line), "%s", prefix), tail = strlen(suffix) + 1;
    vsnprintf(text, sizeof(text), fmt, ap);
    n += text_printable(line + n, sizeof(line) - n - tail, text);
    n += (size_t)snprintf(line + n, sizeof(line) - n, "%s\n", suffix);
    if (log)
        log_sink_put(log->sink, line, n);
    else
        write_all(line, n);
}

void log_error(const char *who, const char *fmt, ...)
{
    char prefix[64];
    snprintf(prefix, sizeof(prefix), "%s: ", who);
    va_list ap;
    va_start(ap, fmt);
    print_line(NULL, prefix, fmt, ap, "");
    va_end(ap);
}

void log_debug(struct log *log, enum log_cat cat, const char *fmt, ...)
{
    if (!log_on(log, cat))
        return;
    char prefix[32];
    snprintf(prefix, sizeof(prefix), "%s: ", cat_names[cat]);
    va_list ap;
    va_start(ap, fmt);
    print_line(log, prefix, fmt, ap, "");
    va_end(ap);
}

void log_warn(struct log *log, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    print_line(log, "riscreen: ", fmt, ap, "");
    va_end(ap);
}

void log_limited(struct log *log, struct log_limit *limit, enum log_by by, const char *fmt, ...)
{
    static const char *const prefixes[] = {
        [LOG_BY_GUEST] = "riscreen: guest: ",
        [LOG_BY_CLIENT] = "riscreen: client: ",
        [LOG_BY_HOST] = "riscreen: host: ",
    };
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    char suffix[64] = "";
    uint64_t window = atomic_load(&limit->window);
    if (window != (uint64_t)now.tv_sec + 1 &&
        atomic_compare_exchange_strong(&limit->window, &window, (uint64_t)now.tv_sec + 1)) {
        uint32_t said = atomic_exchange(&limit->count, 0);
        if (said > LINES_PER_SECOND)
            snprintf(suffix, sizeof(suffix), " (and %u more like it)", said - LINES_PER_SECOND);
    }
    if (atomic_fetch_add(&limit->count, 1) >= LINES_PER_SECOND)
        return;
    va_list ap;
    va_start(ap, fmt);
    print_line(log, prefixes[by], fmt, ap, suffix);
    va_end(ap);
}
