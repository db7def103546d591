/* SPDX-License-Identifier: MIT */
#include "base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LINES_PER_SECOND 5

struct log {
    unsigned on; /* bit per enum log_cat */
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
    if (log)
        log->on = on;
    return log;
}

void log_destroy(struct log *log)
{
    free(log);
}

bool log_on(const struct log *log, enum log_cat cat)
{
    return log && (log->on >> cat & 1);
}

/* One write per line, so that lines of different threads do not mix. */
static void print_line(const char *prefix, const char *fmt, va_list ap, const char *suffix)
{
    char line[1024];
    int n = snprintf(line, sizeof(line), "%s", prefix);
    n += vsnprintf(line + n, sizeof(line) - (size_t)n, fmt, ap);
    if (n > (int)sizeof(line) - 80)
        n = (int)sizeof(line) - 80;
    snprintf(line + n, sizeof(line) - (size_t)n, "%s\n", suffix);
    fputs(line, stderr);
}

void log_debug(struct log *log, enum log_cat cat, const char *fmt, ...)
{
    if (!log_on(log, cat))
        return;
    char prefix[32];
    snprintf(prefix, sizeof(prefix), "%s: ", cat_names[cat]);
    va_list ap;
    va_start(ap, fmt);
    print_line(prefix, fmt, ap, "");
    va_end(ap);
}

void log_warn(struct log *log, const char *fmt, ...)
{
    (void)log;
    va_list ap;
    va_start(ap, fmt);
    print_line("riscreen: ", fmt, ap, "");
    va_end(ap);
}

void log_limited(struct log *log, struct log_limit *limit, const char *fmt, ...)
{
    (void)log;
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
    print_line("riscreen: guest: ", fmt, ap, suffix);
    va_end(ap);
}
