/* SPDX-License-Identifier: MIT */
#include "board/panic.h"

#include <string.h>

#define BRACKET_MAX 32 /* bytes in a bracket; a time has 12 */

static const char first_words[] = "Kernel panic"; /* Linux: " - not syncing: ..." */
static const char last_words[] = "---[ end Kernel panic";

static void begin_line(struct panic_watch *w)
{
    w->state = PANIC_LINE_START;
    w->line = true;
    w->bracket = false;
}

/* A byte with which neither words nor a bracket went on. */
static void restart(struct panic_watch *w, uint8_t byte)
{
    w->line = false;
    w->bracket = false;
    w->state = PANIC_REST;
    w->at = 0;
    w->dot = false;
    if (byte == '\n')
        begin_line(w);
    else if (byte == '[')
        w->state = PANIC_BRACKET;
}

/* "[   12.345678]", "[    T1]", "[  C0]" */
static void in_bracket(struct panic_watch *w, uint8_t byte)
{
    bool digit = byte >= '0' && byte <= '9';
    w->dot = w->dot || byte == '.';
    if (byte == ']' && (w->line || w->bracket || w->dot)) {
        w->state = PANIC_LINE_START;
        w->bracket = true;
    } else if (!(digit || byte == '.' || byte == ' ' || byte == 'T' || byte == 'C') ||
               ++w->at > BRACKET_MAX) {
        restart(w, byte);
    }
}

static void at_start(struct panic_watch *w, uint8_t byte)
{
    w->at = 0;
    w->dot = false;
    if (byte == '[') {
        w->state = PANIC_BRACKET;
    } else if (byte == (uint8_t)(w->begun ? last_words : first_words)[0]) {
        w->state = PANIC_WORDS;
        w->at = 1;
    } else if (byte != ' ' && byte != '\r') {
        restart(w, byte);
    }
}

static enum panic_event in_words(struct panic_watch *w, uint8_t byte)
{
    const char *words = w->begun ? last_words : first_words;
    if (byte != (uint8_t)words[w->at]) {
        restart(w, byte);
        return PANIC_NONE;
    }
    if (words[++w->at])
        return PANIC_NONE;
    if (!w->begun) {
        w->state = PANIC_FOUND;
        return PANIC_NONE;
    }
    w->ending = true;
    restart(w, 0);
    return PANIC_NONE;
}

/* The byte behind the first words: "Kernel panics" and "Kernel panic_handler" are others. */
static enum panic_event found_words(struct panic_watch *w, uint8_t byte)
{
    bool other = (byte | 0x20) >= 'a' && (byte | 0x20) <= 'z';
    w->begun = !other && byte != '_' && byte != '=';
    restart(w, byte);
    return w->begun ? PANIC_BEGUN : PANIC_NONE;
}

/* The rest of a line, until it ends or a bracket begins. */
static enum panic_event in_rest(struct panic_watch *w, uint8_t byte)
{
    bool said = w->ending && byte == '\n';
    if (byte == '\n' || (byte == '[' && !w->ending))
        restart(w, byte);
    w->ending = w->ending && !said;
    return said ? PANIC_SAID : PANIC_NONE;
}

void panic_watch_reset(struct panic_watch *w)
{
    *w = (struct panic_watch){0};
    begin_line(w);
}

enum panic_event panic_watch_feed(struct panic_watch *w, const uint8_t *bytes, size_t n)
{
    enum panic_event event = PANIC_NONE;
    for (size_t i = 0; i < n; i++) {
        enum panic_event found = PANIC_NONE;
        if (w->state == PANIC_REST) /* nearly all bytes of nearly all lines */
            while (i + 1 < n && bytes[i] != '\n' && bytes[i] != '[')
                i++;
        switch (w->state) {
        case PANIC_LINE_START: at_start(w, bytes[i]); break;
        case PANIC_BRACKET: in_bracket(w, bytes[i]); break;
        case PANIC_WORDS: found = in_words(w, bytes[i]); break;
        case PANIC_FOUND: found = found_words(w, bytes[i]); break;
        default: found = in_rest(w, bytes[i]); break;
        }
        event = found ? found : event;
    }
    return event;
}

void panic_watch_save(const struct panic_watch *w, struct blob_out *out)
{
    blob_put_u8(out, (uint8_t)w->state);
    blob_put_u8(out, (uint8_t)w->at);
    blob_put_bool(out, w->line);
    blob_put_bool(out, w->dot);
    blob_put_bool(out, w->bracket);
    blob_put_bool(out, w->begun);
    blob_put_bool(out, w->ending);
}

bool panic_watch_load(struct panic_watch *w, struct blob_in *in)
{
    uint8_t state = blob_get_u8(in), at = blob_get_u8(in);
    struct panic_watch loaded = {.at = at};
    loaded.line = blob_get_bool(in);
    loaded.dot = blob_get_bool(in);
    loaded.bracket = blob_get_bool(in);
    loaded.begun = blob_get_bool(in);
    loaded.ending = blob_get_bool(in);
    size_t words = strlen(loaded.begun ? last_words : first_words);
    blob_check(in, state <= PANIC_REST && at <= MAX(BRACKET_MAX, words), "no state of a line");
    if (!blob_check(in, state != PANIC_WORDS || at < words, "more words than there are"))
        return false;
    loaded.state = state;
    *w = loaded;
    return true;
}
