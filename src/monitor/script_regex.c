/* SPDX-License-Identifier: MIT */
#include "monitor/script.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define MAX_DEPTH  32    /* of brackets */
#define MAX_NODES  10000 /* characters and groups, each as often as regcomp copies it */
#define MAX_REPEAT 32767 /* RE_DUP_MAX: regcomp refuses more */

/* The last character of a bracket expression that begins at p. */
static const char *skip_set(const char *p)
{
    p += p[1] == '^' ? 2 : 1;
    p += *p == ']'; /* the first one is a member */
    while (*p && *p != ']') {
        const char kind = p[0] == '[' ? p[1] : 0;
        const char end[] = {kind, ']', 0};
        const char *close = kind && strchr(":.=", kind) ? strstr(p + 2, end) : NULL;
        p = close ? close + 2 : p + 1;
    }
    return *p ? p : p - 1;
}

/* How often {n}, {n,} or {n,m} at p repeats; *end: its last character that was read. */
static uint64_t repeat(const char *p, const char **end)
{
    char *e;
    unsigned long n = strtoul(p + 1, &e, 10), m = 0;
    if (*e == ',')
        m = strtoul(e + 1, &e, 10);
    *end = e - 1;
    return MIN(MAX(MAX(n, m), 1), MAX_REPEAT);
}

bool script_regex_small(const char *pattern)
{
    uint64_t sum[MAX_DEPTH] = {0}, last = 0; /* nodes of each open group; of its last piece */
    unsigned depth = 0;
    for (const char *p = pattern; *p; p++) {
        uint64_t more = 1;
        if (*p == '(') {
            if (++depth == MAX_DEPTH)
                return false;
            sum[depth] = more = last = 0;
        } else if (*p == ')' && depth) {
            more = last = sum[depth--] + 1;
        } else if (*p == '{' && isdigit((unsigned char)p[1])) {
            uint64_t times = repeat(p, &p);
            more = last * (times - 1);
            last *= times;
        } else {
            last = 1;
            if (*p == '\\' && p[1])
                p++;
            else if (*p == '[')
                p = skip_set(p);
        }
        if ((sum[depth] += more) > MAX_NODES)
            return false;
    }
    return true;
}
