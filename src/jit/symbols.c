/* SPDX-License-Identifier: MIT */
#include "jit/symbols.h"

#include "base/util.h"
#include "host/file.h"

#include <stdlib.h>
#include <string.h>

#define MAX_FILE ((size_t)32 << 20)
#define MIN_LINE 6   /* bytes of `0 T a', with its end */
#define MAX_NAME 200 /* longer ones are cut */

struct symbol {
    uint64_t address;
    const char *name;
    bool code;
};

struct symbols {
    char *text; /* holds the names */
    struct symbol *symbol;
    size_t count;
};

static const char cure[] =
    "give the kernel's System.map, or what a guest's root reads from /proc/kallsyms";

static int symbol_compare(const void *a, const void *b)
{
    const struct symbol *s = a, *t = b;
    if (s->address != t->address)
        return s->address < t->address ? -1 : 1;
    return s->name < t->name ? -1 : s->name > t->name; /* of one address, in the file's order */
}

/* -1: it is none. */
static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* 1 to 16 hex digits and a space; the number of characters, or 0. */
static size_t take_address(const char *line, uint64_t *address)
{
    size_t n = 0;
    *address = 0;
    for (; n <= 16 && hex_digit(line[n]) >= 0; n++)
        *address = *address << 4 | (unsigned)hex_digit(line[n]);
    return n && n <= 16 && line[n] == ' ' ? n + 1 : 0;
}

/* The compiler's marks inside a function: the ELF psABI's mapping symbols, and local labels. */
static bool is_mark(const char *name)
{
    return name[0] == '$' || !strncmp(name, ".L", 2);
}

/* One line, which ends with a NUL. False: it is no symbol. */
static bool take_line(struct symbols *s, char *line)
{
    uint64_t address;
    size_t n = take_address(line, &address);
    char type = line[n];
    if (!n || type <= ' ' || type > '~' || line[n + 1] != ' ')
        return false;
    char *name = line + n + 2, *end = name;
    while (*end > ' ' && *end <= '~')
        end++;
    if (end == name || (*end && *end != '\t' && *end != ' ' && *end != '\r'))
        return false;
    *(end - name > MAX_NAME ? name + MAX_NAME : end) = '\0';
    if (!is_mark(name))
        s->symbol[s->count++] = (struct symbol){address, name, strchr("tTwW", type) != NULL};
    return true;
}

static bool take_lines(struct symbols *s, size_t n, struct error *err)
{
    char *end = s->text + n;
    size_t lines = 1;
    for (const char *c = s->text; c < end; c++)
        lines += *c == '\n';
    s->symbol = malloc(MIN(lines, n / MIN_LINE + 1) * sizeof(*s->symbol));
    if (!s->symbol)
        return error_no_memory(err);
    char *line = s->text;
    for (size_t i = 1; line < end; i++) {
        char *next = memchr(line, '\n', (size_t)(end - line));
        next = next ? next : end;
        *next = '\0';
        if (strlen(line) != (size_t)(next - line) || (*line && !take_line(s, line)))
            return error_set(err, "line %zu is no `ADDRESS TYPE NAME'; %s", i, cure);
        line = next + 1;
    }
    return true;
}

/* Are there functions, at different addresses? */
static bool symbols_check(const struct symbols *s, struct error *err)
{
    const struct symbol *first = NULL, *last = NULL;
    for (size_t i = 0; i < s->count; i++)
        if (s->symbol[i].code) {
            first = first ? first : &s->symbol[i];
            last = &s->symbol[i];
        }
    if (!first)
        return error_set(err, "it has no functions (types t and T); %s", cure);
    if (first->address == last->address && first != last)
        return error_set(err, "all functions are at %llx; read /proc/kallsyms as root",
                         (unsigned long long)first->address);
    return true;
}

struct symbols *symbols_parse(char *text, size_t n, struct error *err)
{
    struct symbols *s = calloc(1, sizeof(*s));
    if (!s) {
        free(text);
        error_no_memory(err);
        return NULL;
    }
    s->text = text;
    bool ok = take_lines(s, n, err);
    if (ok) {
        qsort(s->symbol, s->count, sizeof(*s->symbol), symbol_compare);
        ok = symbols_check(s, err);
    }
    if (ok)
        return s;
    symbols_free(s);
    return NULL;
}

struct symbols *symbols_read(const char *path, struct error *err)
{
    struct host_bytes b = {NULL, 0};
    struct error why;
    if (!host_file_read(&b, path, MAX_FILE, false, &why))
        return symbols_parse((char *)b.data, b.size, err);
    error_set(err, "cannot be read: %s; %s", why.text, cure);
    return NULL;
}

void symbols_free(struct symbols *s)
{
    if (!s)
        return;
    free(s->text);
    free(s->symbol);
    free(s);
}

const char *symbols_find(const struct symbols *s, uint64_t address)
{
    size_t low = 0, high = s->count; /* the last at or before the address is below high */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (s->symbol[middle].address <= address)
            low = middle + 1;
        else
            high = middle;
    }
    if (!low--)
        return NULL;
    while (!s->symbol[low].code && low && s->symbol[low - 1].address == s->symbol[low].address)
        low--; /* of several at one address, a function */
    return s->symbol[low].code ? s->symbol[low].name : NULL;
}
