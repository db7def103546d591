/* SPDX-License-Identifier: MIT */
#include "base/parse.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- plain values --- */

/* The digits at the start of text; *end is behind them. False: there are none, or they are too
 * many. */
static bool read_digits(const char *text, char **end, uint64_t *out)
{
    errno = 0;
    *out = strtoull(text, end, 10);
    return text[0] >= '0' && text[0] <= '9' && !errno;
}

bool parse_number(const char *text, uint64_t min, uint64_t max, uint64_t *out)
{
    char *end;
    uint64_t v;
    if (!read_digits(text, &end, &v) || *end || v < min || v > max)
        return false;
    *out = v;
    return true;
}

bool parse_unsigned(const char *text, unsigned min, unsigned max, unsigned *out)
{
    uint64_t v;
    if (!parse_number(text, min, max, &v))
        return false;
    *out = (unsigned)v;
    return true;
}

bool parse_integer(const char *text, int64_t min, int64_t max, int64_t *out)
{
    uint64_t v;
    bool minus = text[0] == '-';
    if (!parse_number(text + (minus || text[0] == '+'), 0, INT64_MAX, &v))
        return false;
    int64_t n = minus ? -(int64_t)v : (int64_t)v;
    if (n < min || n > max)
        return false;
    *out = n;
    return true;
}

bool parse_size(const char *text, uint64_t min, uint64_t max, uint64_t *bytes)
{
    static const char units[] = "KMGT";
    char *end;
    uint64_t v;
    unsigned shift = 20;
    if (!read_digits(text, &end, &v))
        return false;
    if (*end) {
        const char *unit = strchr(units, *end >= 'a' ? *end - 'a' + 'A' : *end);
        if (!unit || (end[1] && strcmp(end + 1, "iB") != 0))
            return false;
        shift = 10 * (unsigned)(unit - units + 1);
    }
    if (v > max >> shift || v << shift < min)
        return false;
    *bytes = v << shift;
    return true;
}

bool parse_on_off(const char *text, bool *out)
{
    bool on = !strcmp(text, "on");
    if (!on && strcmp(text, "off") != 0)
        return false;
    *out = on;
    return true;
}

/* The number of the word among those of "fit|integer|none". */
static bool parse_choice(const char *text, const char *choices, unsigned *out)
{
    size_t len = strlen(text);
    for (unsigned i = 0; *choices; i++) {
        size_t n = strcspn(choices, "|");
        if (n == len && !memcmp(choices, text, n)) {
            *out = i;
            return true;
        }
        choices += n + (choices[n] == '|');
    }
    return false;
}

/* --- tables --- */

/* "64M" */
static const char *write_size(char out[24], uint64_t bytes)
{
    static const char units[] = " KMGT";
    unsigned unit = 0;
    while (unit < 4 && bytes && bytes % 1024 == 0) {
        bytes /= 1024;
        unit++;
    }
    snprintf(out, 24, unit ? "%llu%c" : "%llu", (unsigned long long)bytes, units[unit]);
    return out;
}

/* Says why the value is not key's number, and which are. Returns false. */
static bool number_explain(const struct parse_key *key, const char *value, struct error *err)
{
    unsigned long long min = key->min, max = key->max;
    bool digits = *value && !value[strspn(value, "0123456789")];
    const char *why = digits ? "out of range" : "not a whole number";
    if (strchr(key->syntax, '.')) /* "1..16" says all */
        return error_set(err, "%s; give %s", why, key->syntax);
    return max == UINT64_MAX
               ? error_set(err, "%s; give %s from %llu on", why, key->syntax, min)
               : error_set(err, "%s; give %s from %llu to %llu", why, key->syntax, min, max);
}

/* The same of a size. */
static bool size_explain(const struct parse_key *key, const char *value, struct error *err)
{
    uint64_t bytes;
    char low[24], high[24];
    if (!parse_size(value, 0, UINT64_MAX, &bytes))
        return error_set(err, "not a size; write a whole number and K, M, G or T, as in 512M");
    write_size(low, key->min);
    return key->max == UINT64_MAX
               ? error_set(err, "too small; give %s or more", low)
               : error_set(err, "out of range; give %s to %s", low, write_size(high, key->max));
}

/* Says what key's value may be. Returns false. */
static bool key_explain(const struct parse_key *key, const char *value, struct error *err)
{
    switch (key->form) {
    case PARSE_FORM_FLAG: return error_set(err, "it takes no value; leave that out");
    case PARSE_FORM_TEXT:
    case PARSE_FORM_CALL: return error_set(err, "it is empty; give %s", key->syntax);
    case PARSE_FORM_NUMBER:
    case PARSE_FORM_UNSIGNED: return number_explain(key, value, err);
    case PARSE_FORM_SIZE: return size_explain(key, value, err);
    default: return error_set(err, "unknown; give %s", key->syntax);
    }
}

bool parse_value(const struct parse_key *key, void *target, const char *value, struct error *err)
{
    void *field = (char *)target + key->field;
    unsigned choice;
    bool ok = true;
    switch (key->form) {
    case PARSE_FORM_FLAG:
        ok = !*value;
        *(bool *)field |= ok;
        break;
    case PARSE_FORM_TEXT:
        ok = *value;
        *(const char **)field = value;
        break;
    case PARSE_FORM_NUMBER: ok = parse_number(value, key->min, key->max, field); break;
    case PARSE_FORM_UNSIGNED:
        ok = parse_unsigned(value, (unsigned)key->min, (unsigned)key->max, field);
        break;
    case PARSE_FORM_SIZE: ok = parse_size(value, key->min, key->max, field); break;
    case PARSE_FORM_BOOL:
        ok = parse_choice(value, key->syntax, &choice);
        if (ok)
            *(bool *)field = choice == key->max;
        break;
    case PARSE_FORM_CHOICE: ok = parse_choice(value, key->syntax, field); break;
    case PARSE_FORM_CALL:
        ok = *value || !key->syntax || parse_optional(key);
        if (ok)
            return key->read(field, value, err);
        break;
    }
    return ok || key_explain(key, value, err);
}

void parse_defaults(const struct parse_key *keys, unsigned count, void *target)
{
    struct error err;
    for (unsigned i = 0; i < count; i++)
        if (keys[i].def && !parse_value(&keys[i], target, keys[i].def, &err))
            abort();
}

/* "'WORD' is no setting; there are NAME=SYNTAX, ..." Returns false. */
static bool list_settings(const struct parse_key *keys, unsigned count, const char *word,
                          struct error *err)
{
    error_set(err, "'%s' is no setting; there are", word);
    for (unsigned i = 0; i < count; i++)
        error_set(err, "%s%s%s%s%s", err->text, i ? ", " : " ", keys[i].name,
                  keys[i].syntax ? "=" : "", keys[i].syntax ? keys[i].syntax : "");
    return false;
}

bool parse_setting(const struct parse_key *keys, unsigned count, void *target, const char *word,
                   struct error *err)
{
    size_t n = strcspn(word, "=");
    for (unsigned i = 0; i < count; i++) {
        const struct parse_key *key = &keys[i];
        if (strlen(key->name) != n || memcmp(key->name, word, n) != 0)
            continue;
        if (key->syntax && !word[n])
            return error_set(err, "%s needs a value; write %s=%s", word, word, key->syntax);
        return parse_value(key, target, word + n + (word[n] == '='), err) ||
               error_set(err, "%s: %s", word, err->text);
    }
    return list_settings(keys, count, word, err);
}

bool parse_list(const struct parse_key *keys, unsigned count, void *target, char *list,
                struct error *err)
{
    char *rest = *list ? list : NULL, *word;
    while ((word = strsep(&rest, ",")))
        if (!parse_setting(keys, count, target, word, err))
            return false;
    return true;
}
