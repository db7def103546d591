/* SPDX-License-Identifier: MIT */
/* A JSON text (RFC 8259) is written, parsed into a tree by recursive descent, and the tree is walked. */
#include "kernels.h"

enum { RECORDS = 1500, PASSES = 40, TEXT = 1 << 20 };
enum kind { J_NULL, J_TRUE, J_FALSE, J_NUMBER, J_STRING, J_ARRAY, J_OBJECT };

struct value {
    enum kind kind;
    uint32_t length;     /* of text; how many children */
    const char *name;    /* of a member of an object */
    const char *text;    /* of a string, escapes resolved */
    struct value *first; /* child */
    struct value *next;  /* sibling */
    int64_t number;      /* thousandths */
};

struct parser {
    const char *at;
    char *free; /* memory is taken from here on */
};

static struct value *parse_value(struct parser *p);

static void *take(struct parser *p, size_t size)
{
    void *got = p->free;
    p->free += (size + 7) & ~(size_t)7;
    return got;
}

static void skip_blanks(struct parser *p)
{
    while (*p->at == ' ' || *p->at == '\n' || *p->at == '\t' || *p->at == '\r')
        p->at++;
}

static unsigned parse_hex(struct parser *p)
{
    unsigned value = 0;
    for (int i = 0; i < 4; i++) {
        char c = *p->at++;
        value = value << 4 | (unsigned)(c <= '9' ? c - '0' : (c | 32) - 'a' + 10);
    }
    return value;
}

static char *parse_escape(struct parser *p, char *out)
{
    static const char from[] = "nrtbf", to[] = "\n\r\t\b\f";
    char c = *p->at++;
    if (c == 'u') {
        unsigned code = parse_hex(p);
        if (code >= 0x80) {
            *out++ = (char)(0xc0 | code >> 6);
            code = 0x80 | (code & 63);
        }
        *out++ = (char)code;
        return out;
    }
    for (int i = 0; from[i]; i++)
        if (c == from[i])
            c = to[i];
    *out++ = c;
    return out;
}

/* At the character behind the opening quote. */
static const char *parse_string(struct parser *p, uint32_t *length)
{
    char *start = p->free, *out = start;
    while (*p->at != '"') {
        if (*p->at != '\\') {
            *out++ = *p->at++;
            continue;
        }
        p->at++;
        out = parse_escape(p, out);
    }
    p->at++;
    *length = (uint32_t)(out - start);
    *out++ = 0;
    return take(p, (size_t)(out - start));
}

static int64_t parse_number(struct parser *p)
{
    int negative = *p->at == '-';
    p->at += negative;
    int64_t value = 0;
    for (; *p->at >= '0' && *p->at <= '9'; p->at++)
        value = value * 10 + (*p->at - '0');
    int digits = 0;
    if (*p->at == '.')
        for (p->at++; *p->at >= '0' && *p->at <= '9'; p->at++)
            if (digits < 3) {
                value = value * 10 + (*p->at - '0');
                digits++;
            }
    for (; digits < 3; digits++)
        value *= 10;
    return negative ? -value : value;
}

/* The children of an array or object, up to its closing bracket. */
static void parse_children(struct parser *p, struct value *parent, char close)
{
    struct value **link = &parent->first;
    for (skip_blanks(p); *p->at != close; skip_blanks(p)) {
        const char *name = NULL;
        uint32_t length;
        if (close == '}') {
            p->at++;
            name = parse_string(p, &length);
            skip_blanks(p);
            p->at++; /* the colon */
        }
        *link = parse_value(p);
        (*link)->name = name;
        link = &(*link)->next;
        parent->length++;
        skip_blanks(p);
        if (*p->at == ',') {
            p->at++;
        }
    }
    p->at++;
}

static struct value *parse_value(struct parser *p)
{
    struct value *v = take(p, sizeof(*v));
    *v = (struct value){.kind = J_NUMBER};
    skip_blanks(p);
    switch (*p->at) {
    case '{':
        v->kind = J_OBJECT;
        p->at++;
        parse_children(p, v, '}');
        break;
    case '[':
        v->kind = J_ARRAY;
        p->at++;
        parse_children(p, v, ']');
        break;
    case '"':
        v->kind = J_STRING;
        p->at++;
        v->text = parse_string(p, &v->length);
        break;
    case 'n': v->kind = J_NULL, p->at += 4; break;
    case 't': v->kind = J_TRUE, p->at += 4; break;
    case 'f': v->kind = J_FALSE, p->at += 5; break;
    default: v->number = parse_number(p);
    }
    return v;
}

static uint64_t walk(const struct value *v, uint64_t sum)
{
    sum = mix(sum, v->kind * 131u + v->length);
    sum += (uint64_t)v->number;
    for (const char *s = v->name; s && *s; s++)
        sum = sum * 31 + (unsigned char)*s;
    for (uint32_t i = 0; v->kind == J_STRING && i < v->length; i++)
        sum = sum * 31 + (unsigned char)v->text[i];
    for (const struct value *child = v->first; child; child = child->next)
        sum = walk(child, sum);
    return sum;
}

static char *put(char *at, const char *text)
{
    while (*text)
        *at++ = *text++;
    return at;
}

static char *put_number(char *at, uint32_t value)
{
    char digits[12];
    int n = 0;
    do
        digits[n++] = (char)('0' + value % 10);
    while (value /= 10);
    while (n)
        *at++ = digits[--n];
    return at;
}

static void write_text(char *at)
{
    static const char *const names[] = {"\"Ada\"", "\"b\\u00e9la \\\"B\\\"\"",
                                        "\"a line\\nand another\"", "null"};
    uint64_t seed = 99887766554433u;
    *at++ = '[';
    for (uint32_t i = 0; i < RECORDS; i++) {
        uint32_t r = (uint32_t)next_random(&seed);
        at = put_number(put(at, i ? ",\n  {\"id\": " : "\n  {\"id\": "), i);
        at = put(put(at, ", \"name\": "), names[r & 3]);
        at = put_number(put(at, r & 4 ? ", \"balance\": -" : ", \"balance\": "), r >> 8 & 0xffff);
        at = put_number(put(at, "."), r >> 3 & 1023);
        at = put(put(at, ", \"active\": "), r & 8 ? "true" : "false");
        at = put(at, ", \"tags\": [");
        for (uint32_t n = 0; n < (r >> 28); n++)
            at = put_number(put(at, n ? ", " : ""), (r ^ n * 7919) & 4095);
        at = put(at, "], \"place\": {\"x\": ");
        at = put_number(at, r >> 12 & 1023);
        at = put(at, ", \"label\": \"somewhere over there\"}}");
    }
    put(at, "\n]\n\0")[0] = 0;
}

uint64_t kernel_json(void *arena)
{
    char *text = arena;
    uint64_t sum = 0;
    write_text(text);
    for (int pass = 0; pass < PASSES; pass++) {
        struct parser p = {text, text + TEXT};
        sum = walk(parse_value(&p), sum);
        text[1] ^= '\n' ^ ' ';
    }
    return sum;
}
