/* SPDX-License-Identifier: MIT */
/*
 * Regular expressions compiled to a graph and matched by backtracking, line by line as grep does: calls, byte compares and
 * unpredictable branches. Of the syntax: characters, . [a-z] (a|b) * + ?
 */
#include "kernels.h"

enum { LINES = 7000, TEXT = 1 << 20 };
enum kind { CHAR, ANY, SET, SPLIT, MATCH };

struct node {
    enum kind kind;
    uint8_t c;
    uint32_t set[8];           /* 256 bits */
    struct node *next, *other; /* of SPLIT: next is tried first; no other: it joins two ways */
};

struct compiler {
    const char *at;
    struct node *free;
};

struct fragment {
    struct node *first, *last; /* last->next is where it goes on */
};

static struct fragment alternatives(struct compiler *c);

static struct node *make(struct compiler *c, enum kind kind)
{
    struct node *n = c->free++;
    *n = (struct node){.kind = kind};
    return n;
}

static struct node *make_set(struct compiler *c)
{
    struct node *n = make(c, SET);
    int inverse = *c->at == '^';
    c->at += inverse;
    while (*c->at != ']') {
        unsigned low = (uint8_t)*c->at++, high = low;
        if (*c->at == '-') {
            high = (uint8_t)c->at[1];
            c->at += 2;
        }
        for (; low <= high; low++)
            n->set[low / 32] |= 1u << low % 32;
    }
    c->at++;
    for (int i = 0; inverse && i < 8; i++)
        n->set[i] = ~n->set[i];
    return n;
}

static struct fragment atom(struct compiler *c)
{
    char got = *c->at++;
    if (got == '(') {
        struct fragment f = alternatives(c);
        c->at++;
        return f;
    }
    struct node *n = got == '[' ? make_set(c) : make(c, got == '.' ? ANY : CHAR);
    n->c = (uint8_t)got;
    return (struct fragment){n, n};
}

static struct fragment repeat(struct compiler *c)
{
    struct fragment f = atom(c);
    char how = *c->at;
    if (how != '*' && how != '+' && how != '?')
        return f;
    c->at++;
    struct node *split = make(c, SPLIT), *join = make(c, SPLIT);
    split->next = f.first;
    split->other = join;
    f.last->next = how == '?' ? join : split;
    return (struct fragment){how == '+' ? f.first : split, join};
}

static struct fragment sequence(struct compiler *c)
{
    struct fragment f = repeat(c);
    while (*c->at && *c->at != '|' && *c->at != ')') {
        struct fragment g = repeat(c);
        f.last->next = g.first;
        f.last = g.last;
    }
    return f;
}

static struct fragment alternatives(struct compiler *c)
{
    struct fragment f = sequence(c);
    while (*c->at == '|') {
        c->at++;
        struct fragment g = sequence(c);
        struct node *split = make(c, SPLIT), *join = make(c, SPLIT);
        split->next = f.first;
        split->other = g.first;
        f.last->next = g.last->next = join;
        f = (struct fragment){split, join};
    }
    return f;
}

/* Returns the end of a match that begins at s, or NULL. */
static const char *match(const struct node *n, const char *s)
{
    for (;;) {
        switch (n->kind) {
        case MATCH: return s;
        case CHAR:
            if ((uint8_t)*s++ != n->c)
                return NULL;
            break;
        case ANY:
            if (*s++ == '\n')
                return NULL;
            break;
        case SET: {
            uint8_t c = (uint8_t)*s++;
            if (c == '\n' || !(n->set[c / 32] >> c % 32 & 1))
                return NULL;
            break;
        }
        case SPLIT:
            if (n->other) {
                const char *end = match(n->next, s);
                if (end)
                    return end;
                n = n->other;
                continue;
            }
        }
        n = n->next;
    }
}

/* Mixes where the expression matches in each line of the text. */
static uint64_t search(const struct node *expression, const char *text, uint64_t sum)
{
    while (*text) {
        const char *end = NULL, *s = text;
        while (*s != '\n' && !(end = match(expression, s)))
            s++;
        if (end)
            sum = mix(sum, (uint64_t)(s - text) << 16 | (uint64_t)(end - s));
        while (*text++ != '\n')
            continue;
    }
    return sum;
}

static void write_text(char *at)
{
    static const char *const words[] = {"error",     "warning:",    "disk",       "192.168.0.17",
                                        "user=root", "0x7ffe12",    "timeout",    "ok",
                                        "GET",       "/index.html", "2024-11-05", "retry"};
    uint64_t seed = 424242424242u;
    for (int line = 0; line < LINES; line++) {
        for (unsigned n = 2 + next_random(&seed) % 6; n; n--) {
            for (const char *w = words[next_random(&seed) % 12]; *w;)
                *at++ = *w++;
            *at++ = ' ';
        }
        *at++ = '\n';
    }
    *at = 0;
}

uint64_t kernel_regex(void *arena)
{
    static const char *const expressions[] = {
        "(error|warning:) .*timeout",
        "[0-9]+[.][0-9]+[.][0-9]+[.][0-9]+ (ok|retry)",
        "0x[0-9a-f]+ .*(GET|user=[a-z]*) ",
        "[a-z]+[0-9]*=?[a-z]+ (disk )+ok",
    };
    char *text = arena;
    struct compiler *c = (struct compiler *)(text + TEXT);
    uint64_t sum = 0;
    write_text(text);
    for (int i = 0; i < 4; i++) {
        c->at = expressions[i];
        c->free = (struct node *)(c + 1);
        struct fragment f = alternatives(c);
        f.last->next = make(c, MATCH);
        sum = search(f.first, text, sum);
    }
    return sum;
}
