/* SPDX-License-Identifier: MIT */
#include "monitor/script.h"

#include "host/clock.h"

#include <stdlib.h>
#include <string.h>

#define SETTLE_NS (5 * NS_PER_SEC / 1000) /* output comes in bursts: search once for each */
#define MATCH_MAX 4096                    /* bytes a match may reach back before new output */

/* --- the hart's side --- */

/* Makes room for n more bytes, forgetting the oldest beyond SCRIPT_CONSOLE. Under the lock. */
static bool make_room(struct script *s, size_t n)
{
    size_t kept = (size_t)(s->console_to - s->console_from);
    if (kept + n <= s->console_room)
        return true;
    if (s->console_room < 2 * (size_t)SCRIPT_CONSOLE) {
        size_t room = MIN(2 * (size_t)SCRIPT_CONSOLE, MAX(2 * (kept + n), 4096));
        char *grown = realloc(s->console, room);
        if (!grown)
            return false;
        s->console = grown;
        s->console_room = room;
    }
    if (kept + n > s->console_room) {
        size_t keep = MIN(kept, SCRIPT_CONSOLE);
        memmove(s->console, s->console + kept - keep, keep);
        s->console_from = s->console_to - keep;
        kept = keep;
    }
    return kept + n <= s->console_room;
}

void script_console_out(void *script, const uint8_t *bytes, size_t n)
{
    struct script *s = script;
    n = MIN(n, SCRIPT_CONSOLE);
    pthread_mutex_lock(&s->lock);
    if (make_room(s, n)) {
        char *to = s->console + (s->console_to - s->console_from);
        for (size_t i = 0; i < n; i++)
            if (bytes[i] != '\r')
                *to++ = (char)bytes[i];
        s->console_to = s->console_from + (uint64_t)(to - s->console);
    }
    if (!s->console_spoke)
        pthread_cond_signal(&s->cond);
    s->console_spoke = true;
    pthread_mutex_unlock(&s->lock);
}

/* --- the script's side --- */

/* A copy of what must be searched: new output, and before it what a match may begin in. */
static char *copy_output(struct script *s, uint64_t *from, size_t *n, bool *line_start)
{
    pthread_mutex_lock(&s->lock);
    uint64_t begin = MAX(s->console_seen, s->console_from);
    uint64_t back = MIN(begin - s->console_from, MATCH_MAX);
    const char *first = s->console + (begin - back - s->console_from);
    const char *newline = back == MATCH_MAX ? memchr(first, '\n', back) : NULL;
    if (newline) {
        back -= (uint64_t)(newline + 1 - first);
        first = newline + 1;
    }
    *from = begin - back;
    *line_start = newline || *from == s->console_from;
    *n = (size_t)(s->console_to - *from);
    s->console_seen = s->console_to;
    char *copy = malloc(*n + 1);
    if (copy && *n)
        memcpy(copy, first, *n);
    pthread_mutex_unlock(&s->lock);
    return copy;
}

/* Output up to `to` was matched: the next wait begins there. */
static void console_consume(struct script *s, uint64_t to)
{
    pthread_mutex_lock(&s->lock);
    if (to > s->console_from) {
        size_t left = (size_t)(s->console_to - to);
        memmove(s->console, s->console + (to - s->console_from), left);
        s->console_from = to;
    }
    s->console_seen = s->console_from;
    pthread_mutex_unlock(&s->lock);
}

static bool console_search(struct script *s, const struct step *step)
{
    uint64_t from;
    size_t n;
    bool line_start;
    char *text = copy_output(s, &from, &n, &line_start);
    if (!text)
        return false;
    text[n] = 0;
    regmatch_t match = {0, (regoff_t)n};
    int flags = REG_STARTEND | (line_start ? 0 : REG_NOTBOL);
    bool found = !regexec(step->regex, text, 1, &match, flags);
    if (found)
        console_consume(s, from + (uint64_t)match.rm_eo);
    free(text);
    return found;
}

/* The last line of output, for the message of a failure. */
static void last_line(struct script *s, char *line, size_t size)
{
    pthread_mutex_lock(&s->lock);
    const char *end = s->console + (s->console_to - s->console_from), *p = end;
    while (p > s->console && (p[-1] == '\n' || p[-1] == ' '))
        end = --p;
    while (p > s->console && p[-1] != '\n' && (size_t)(end - p) < size - 1)
        p--;
    size_t n = (size_t)(end - p);
    for (size_t i = 0; i < n; i++)
        line[i] = p[i] ? p[i] : '?'; /* other controls are made printable with the message */
    line[n] = 0;
    pthread_mutex_unlock(&s->lock);
}

bool step_wait_serial(struct script *s, struct step *step)
{
    uint64_t deadline = host_now_ns() + step->time_ns;
    char line[128];
    while (!console_search(s, step)) {
        if (script_wait(s, &s->console_spoke, deadline)) {
            script_sleep(s, SETTLE_NS);
            continue;
        }
        last_line(s, line, sizeof(line));
        if (script_ended(s))
            return script_fail(step, "the machine ended; the console's last line was '%s'", line);
        return script_fail(step, "not said within %.3g s; the console's last line is '%s'",
                           (double)step->time_ns / 1e9, line);
    }
    return true;
}
