/* SPDX-License-Identifier: MIT */
#include "monitor/script.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define MAX_DEPTH  32    /* of brackets */
#define MAX_NODES  2000  /* characters and groups, each as often as regcomp copies it */
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

/* How many copies of the piece before it regcomp makes for {n}, {n,} or {n,m} at p; *end: the last
 * character that was read. */
static uint64_t interval_copies(const char *p, const char **end)
{
    char *e;
    unsigned long n = strtoul(p + 1, &e, 10), m = 0;
    if (*e == ',') {
        m = strtoul(e + 1, &e, 10);
        m = MAX(m, MIN(n, MAX_REPEAT) + 1); /* {n,} is n copies and one with a star */
    }
    *end = e - 1;
    return MIN(MAX(MAX(n, m), 1), MAX_REPEAT + 1);
}

static bool repeats(const char *p)
{
    return *p == '*' || *p == '?' || *p == '+' || (*p == '{' && isdigit((unsigned char)p[1]));
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
        } else if (repeats(p)) {
            uint64_t copies = *p == '+'   ? 2
                              : *p == '{' ? interval_copies(p, &p)
                                          : 1; /* x+ is xx* */
            more = last * (copies - 1) + 1;
            last = last * copies + 1;
            if (repeats(p + 1)) /* POSIX leaves x++ undefined, and glibc takes exponential time */
                return false;
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
