/* SPDX-License-Identifier: MIT */
#include "monitor/script.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/*
 * An escape in double quotes, at the character after the backslash. Writes to *to, returns how many
 * characters it took. Any other pair stays as it is, so that regular expressions keep theirs.
 */
static size_t word_unescape(const char *from, char **to)
{
    static const char names[] = "nrteb\"\\", values[] = "\n\r\t\x1b\b\"\\";
    const char *at = from[0] ? strchr(names, from[0]) : NULL;
    if (at) {
        *(*to)++ = values[at - names];
        return 1;
    }
    if (from[0] == 'x' && hex(from[1]) >= 0 && hex(from[2]) >= 0) {
        *(*to)++ = (char)(hex(from[1]) * 16 + hex(from[2]));
        return 3;
    }
    *(*to)++ = '\\';
    return 0;
}

/* A quoted part, from its quote on; NULL if it does not end. */
static const char *read_quoted(const char *p, char **to)
{
    char quote = *p++;
    while (*p && *p != quote) {
        if (*p == '\\' && quote == '"' && p[1])
            p += 1 + word_unescape(p + 1, to);
        else
            *(*to)++ = *p++;
    }
    return *p ? p + 1 : NULL;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The length of the small letters that an equals sign follows, or 0. */
static size_t name_length(const char *p)
{
    size_t n = 0;
    while (p[n] >= 'a' && p[n] <= 'z')
        n++;
    return p[n] == '=' ? n : 0;
}

/* A word from p on; returns where it ends, or NULL: an open quote, or no memory. */
static const char *read_word(const char *p, struct word *w)
{
    *w = (struct word){.text = malloc(strlen(p) + 1), .name = name_length(p)};
    char *to = w->text;
    while (to && p && *p && !is_blank(*p)) {
        if (*p == '"' || *p == '\'')
            p = read_quoted(p, &to);
        else
            *to++ = *p++;
    }
    if (!to || !p)
        return NULL;
    *to = 0;
    w->len = (size_t)(to - w->text);
    return p;
}

void script_free_words(struct word *words, int n)
{
    for (int i = 0; i < n; i++)
        free(words[i].text);
}

int script_split(const char *line, struct word *words, struct error *err)
{
    int n = 0;
    const char *p = line, *why = NULL;
    for (;;) {
        while (is_blank(*p))
            p++;
        if (!*p || *p == '#')
            return n;
        if (n == SCRIPT_MAX_WORDS) {
            why = "the line has too many words";
            break;
        }
        p = read_word(p, &words[n++]);
        if (!p) {
            why = "a quote is not closed";
            break;
        }
    }
    script_free_words(words, n);
    error_set(err, "%s", why);
    return -1;
}
