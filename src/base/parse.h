/* SPDX-License-Identifier: MIT */
/*
 * Values that a person wrote on a command line or in a script: numbers, sizes, switches, and lists
 * such as "fps=25,head=1,overwrite". What an option or a list may hold is a const table of struct
 * parse_key: for each name the form of its value, its bounds, its default, and the field of the
 * caller's struct that takes it. Parsing, defaults and the text of errors follow from the table.
 * Nothing is allocated and nothing is global; any thread.
 */
#ifndef BASE_PARSE_H
#define BASE_PARSE_H

#include "base/error.h"

/* Decimal and all of text, in min..max. False: *out is unchanged. */
bool parse_number(const char *text, uint64_t min, uint64_t max, uint64_t *out);
bool parse_unsigned(const char *text, unsigned min, unsigned max, unsigned *out);
/* May begin with a sign. */
bool parse_integer(const char *text, int64_t min, int64_t max, int64_t *out);
/* Bytes in min..max: "512M", "1G", "2GiB", "65536K", also in lower case; MiB without a letter. */
bool parse_size(const char *text, uint64_t min, uint64_t max, uint64_t *bytes);
/* "on" or "off". */
bool parse_on_off(const char *text, bool *out);

enum parse_form {
    PARSE_FORM_FLAG,     /* bool: true if the name is given; it has no value */
    PARSE_FORM_TEXT,     /* const char *: points into what was parsed; not empty */
    PARSE_FORM_NUMBER,   /* uint64_t in min..max */
    PARSE_FORM_UNSIGNED, /* unsigned in min..max */
    PARSE_FORM_SIZE,     /* uint64_t, bytes in min..max */
    PARSE_FORM_BOOL,     /* bool: true if the value is word number `max` (from 0) of syntax */
    PARSE_FORM_CHOICE,   /* an enum: the value's number (from 0) among the words of syntax */
    PARSE_FORM_CALL, /* what `read` makes of it; not empty, if there is a syntax that demands it */
};

struct parse_key {
    const char *name;
    const char *syntax; /* the value, for people: "SIZE", "on|off"; NULL: there is none;
                           "[=FILE]": it may be left out, and is "" then */
    const char *def;    /* what parse_defaults takes; NULL: the field stays as it is */
    enum parse_form form;
    size_t field; /* offset in the caller's struct */
    uint64_t min, max;
    /* False with the reason in err, without the name and the value: the caller puts those before. */
    bool (*read)(void *field, const char *value, struct error *err);
};

/* May the value be left out? */
static inline bool parse_optional(const struct parse_key *key)
{
    return key->syntax && key->syntax[0] == '[';
}

/* The columns behind `def`. T: the caller's struct; m: the member, which must have the form's type. */
#define PARSE_FIELD(T, m, type)                                                                    \
    (offsetof(T, m) +                                                                              \
     0 * sizeof(char[__builtin_types_compatible_p(__typeof__(((T *)0)->m), type) ? 1 : -1]))
#define PARSE_FLAG(T, m)   PARSE_FORM_FLAG, PARSE_FIELD(T, m, bool), 0, 0, NULL
#define PARSE_TEXT(T, m)   PARSE_FORM_TEXT, PARSE_FIELD(T, m, const char *), 0, 0, NULL
#define PARSE_ON_OFF(T, m) PARSE_FORM_BOOL, PARSE_FIELD(T, m, bool), 0, 0, NULL
#define PARSE_SECOND(T, m) PARSE_FORM_BOOL, PARSE_FIELD(T, m, bool), 0, 1, NULL
#define PARSE_CHOICE(T, m)                                                                         \
    PARSE_FORM_CHOICE,                                                                             \
        offsetof(T, m) + 0 * sizeof(char[sizeof(((T *)0)->m) == sizeof(unsigned) ? 1 : -1]), 0, 0, \
        NULL
#define PARSE_NUMBER(T, m, min, max) PARSE_FORM_NUMBER, PARSE_FIELD(T, m, uint64_t), min, max, NULL
#define PARSE_UNSIGNED(T, m, min, max)                                                             \
    PARSE_FORM_UNSIGNED, PARSE_FIELD(T, m, unsigned), min, max, NULL
#define PARSE_SIZE(T, m, min, max) PARSE_FORM_SIZE, PARSE_FIELD(T, m, uint64_t), min, max, NULL
#define PARSE_CALL(field, read)    PARSE_FORM_CALL, field, 0, 0, read

/* Puts the value into key's field of the struct at target. False with the reason in err, which
 * does not repeat the name or the value. */
bool parse_value(const struct parse_key *key, void *target, const char *value, struct error *err);

/* Takes the defaults of a table. They are the program's own: a wrong one aborts. */
void parse_defaults(const struct parse_key *keys, unsigned count, void *target);

/* One "name=value", or a flag's "name". False: "'WORD' is no setting; there are ...",
 * "WORD needs a value; ..." or "WORD: reason" in err. */
bool parse_setting(const struct parse_key *keys, unsigned count, void *target, const char *word,
                   struct error *err);

/* Settings with commas between them; "" holds none. Overwrites the commas of `list`, whose storage
 * must live as long as the fields of PARSE_TEXT. Stops at the first that is wrong. */
bool parse_list(const struct parse_key *keys, unsigned count, void *target, char *list,
                struct error *err);

#endif
