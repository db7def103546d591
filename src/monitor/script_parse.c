/* SPDX-License-Identifier: MIT */
#include "monitor/script.h"

#include "base/parse.h"
#include "display/display.h"
#include "monitor/compare.h"
#include "ui/keymap.h"
#include "ui/picture.h"

#include <errno.h>
#include <linux/input-event-codes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_SECONDS 86400

/* --- values --- */

static bool read_seconds(const char *text, uint64_t *ns)
{
    char *end;
    double v = strtod(text, &end);
    if (end == text || (*end && strcmp(end, "s")) || !isfinite(v) || v < 0 || v > MAX_SECONDS)
        return false;
    *ns = (uint64_t)(v * 1e9);
    return true;
}

/* WxH+X+Y */
static bool read_region(const char *text, struct rect *r)
{
    int end = 0;
    if (sscanf(text, "%5ux%5u+%5u+%5u%n", &r->w, &r->h, &r->x, &r->y, &end) != 4 || text[end])
        return false;
    return r->w && r->h;
}

static char *full_path(const struct script *s, const char *path)
{
    char *full;
    const char *folder = path[0] == '/' ? "" : s->folder;
    return asprintf(&full, "%s%s", folder, path) < 0 ? NULL : full;
}

/* --- arguments --- */

static bool arg_reference(struct script *s, struct step *step, const char *text, struct error *err)
{
    step->string = full_path(s, text);
    if (!step->string)
        return error_no_memory(err);
    step->reference = ui_load_picture(step->string, err);
    if (!step->reference)
        return error_set(err, "the reference '%s' cannot be read: %s: make it with snap",
                         step->string, err->text);
    return true;
}

static bool arg_output(struct script *s, struct step *step, const char *text, struct error *err)
{
    step->string = full_path(s, text);
    if (!step->string)
        return error_no_memory(err);
    char *slash = strrchr(step->string, '/');
    if (!slash)
        return true;
    *slash = 0;
    bool ok = !access(slash == step->string ? "/" : step->string, W_OK | X_OK);
    int error = errno;
    *slash = '/';
    return ok ||
           error_set(err, "'%s' cannot be written: its folder: %s", step->string, strerror(error));
}

static bool arg_regex(struct step *step, const char *text, struct error *err)
{
    if (!script_regex_small(text))
        return error_set(err, "'%.64s' is too large: use fewer repetitions and brackets", text);
    step->regex = calloc(1, sizeof(*step->regex));
    if (!step->regex)
        return error_no_memory(err);
    int error = regcomp(step->regex, text, REG_EXTENDED | REG_NEWLINE);
    if (!error)
        return true;
    char why[128];
    regerror(error, step->regex, why, sizeof(why));
    free(step->regex);
    step->regex = NULL;
    return error_set(err, "'%s' is no regular expression: %s", text, why);
}

static bool arg_text(struct step *step, const struct word *w, bool keyboard, struct error *err)
{
    bool shift;
    for (size_t i = 0; keyboard && i < w->len; i++)
        if (!keymap_from_char(w->text[i], &shift))
            return error_set(err,
                             "byte 0x%02x is on no key of a US keyboard: use key or type-serial",
                             (unsigned char)w->text[i]);
    step->string = malloc(w->len + 1);
    if (!step->string)
        return error_no_memory(err);
    memcpy(step->string, w->text, w->len + 1);
    step->string_len = w->len;
    return true;
}

/* ctrl-alt-f2 */
static bool arg_chord(struct step *step, const char *text, struct error *err)
{
    for (const char *p = text;;) {
        size_t n = strcspn(p, "-");
        unsigned code = keymap_from_name(p, n);
        if (!code)
            return error_set(err, "'%.*s' is no key: use names as in ctrl-alt-f2, ret, spc, minus",
                             (int)MIN(n, 64), p);
        if (step->key_count == SCRIPT_MAX_CHORD)
            return error_set(err, "at most %d keys can be held together", SCRIPT_MAX_CHORD);
        step->keys[step->key_count++] = code;
        if (!p[n])
            return true;
        p += n + 1;
    }
}

static bool arg_coordinate(const char *text, int64_t *to, struct error *err)
{
    return parse_integer(text, 0, UI_PICTURE_MAX - 1, to) ||
           error_set(err, "'%s' is no coordinate: use pixels from 0 on", text);
}

static bool read_arg(struct script *s, struct step *step, enum step_arg arg, const struct word *w,
                     struct error *err)
{
    switch (arg) {
    case ARG_REFERENCE: return arg_reference(s, step, w->text, err);
    case ARG_OUTPUT: return arg_output(s, step, w->text, err);
    case ARG_REGEX: return arg_regex(step, w->text, err);
    case ARG_TYPED_TEXT: return arg_text(step, w, true, err);
    case ARG_SERIAL_TEXT: return arg_text(step, w, false, err);
    case ARG_CHORD: return arg_chord(step, w->text, err);
    case ARG_X: return arg_coordinate(w->text, &step->x, err);
    case ARG_Y: return arg_coordinate(w->text, &step->y, err);
    case ARG_WHEEL:
        return parse_integer(w->text, -100, 100, &step->y) ||
               error_set(err, "'%s' is no wheel count: use -100..100, up is positive", w->text);
    case ARG_DURATION:
        return read_seconds(w->text, &step->time_ns) ||
               error_set(err, "'%s' is no duration: use seconds, 0..%d", w->text, MAX_SECONDS);
    case ARG_STATUS:
        return parse_unsigned(w->text, 0, 255, &step->status) ||
               error_set(err, "'%s' is no exit status: use 0..255", w->text);
    case ARG_NONE: break;
    }
    return error_set(err, "%s does not take '%s'", step->type->name, w->text);
}

/* --- options --- */

static bool option_timeout(struct step *step, const char *text, struct error *err)
{
    return read_seconds(text, &step->time_ns) ||
           error_set(err, "timeout=%s: use seconds, 0..%d", text, MAX_SECONDS);
}

static bool option_tolerance(struct step *step, const char *text, struct error *err)
{
    return parse_unsigned(text, 0, 255, &step->tolerance) ||
           error_set(err, "tolerance=%s: use 0..255, the difference a colour may have", text);
}

static bool option_region(struct step *step, const char *text, struct error *err)
{
    step->has_region = read_region(text, &step->region);
    return step->has_region || error_set(err, "region=%s: use WxH+X+Y in pixels", text);
}

static bool option_head(struct step *step, const char *text, struct error *err)
{
    return parse_unsigned(text, 0, DISPLAY_MAX_HEADS - 1, &step->head) ||
           error_set(err, "head=%s: use 0..%d", text, DISPLAY_MAX_HEADS - 1);
}

static bool option_cursor(struct step *step, const char *text, struct error *err)
{
    return parse_on_off(text, &step->cursor) || error_set(err, "cursor=%s: use on or off", text);
}

static bool option_button(struct step *step, const char *text, struct error *err)
{
    step->button = keymap_button(text);
    return step->button ||
           error_set(err, "button=%s: use left, middle, right, side or extra", text);
}

static const struct {
    const char *name;
    enum step_option bit;
    bool (*read)(struct step *step, const char *text, struct error *err);
} options[] = {
    {"timeout", OPTION_TIMEOUT, option_timeout}, {"tolerance", OPTION_TOLERANCE, option_tolerance},
    {"region", OPTION_REGION, option_region},    {"head", OPTION_HEAD, option_head},
    {"cursor", OPTION_CURSOR, option_cursor},    {"button", OPTION_BUTTON, option_button},
};

static bool is_option_of(const struct step *step, const struct word *w, size_t i)
{
    return strlen(options[i].name) == w->name && !memcmp(options[i].name, w->text, w->name) &&
           (step->type->options & options[i].bit);
}

/* Text and regular expressions may hold an equals sign: there only known names are options. */
static bool looks_like_option(const struct step *step, const struct word *w)
{
    enum step_arg first = step->type->args[0];
    bool free_text = first == ARG_REGEX || first == ARG_TYPED_TEXT || first == ARG_SERIAL_TEXT;
    for (size_t i = 0; i < ARRAY_SIZE(options); i++)
        if (is_option_of(step, w, i))
            return true;
    return w->name && !free_text;
}

static bool read_option(struct step *step, const struct word *w, struct error *err)
{
    char known[128] = "";
    for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
        if (is_option_of(step, w, i))
            return options[i].read(step, w->text + w->name + 1, err);
        if (step->type->options & options[i].bit)
            snprintf(known + strlen(known), sizeof(known) - strlen(known), " %s=", options[i].name);
    }
    return error_set(err, "%s has no option '%s': it takes%s", step->type->name, w->text,
                     known[0] ? known : " none");
}

/* --- the line --- */

static const struct step_type *find_type(const char *name)
{
    for (const struct step_type *t = script_step_types; t->name; t++)
        if (!strcmp(t->name, name))
            return t;
    return NULL;
}

/* A region and a reference belong together: afterwards they have the same size. */
static bool fit_region(struct step *step, struct error *err)
{
    const struct picture *ref = step->reference;
    const struct rect *r = &step->region;
    if (!ref || !step->has_region || (ref->width == r->w && ref->height == r->h))
        return true;
    if (!rect_inside(r, ref->width, ref->height))
        return error_set(err,
                         "the reference is %ux%u: it must have the region's size or contain it",
                         ref->width, ref->height);
    struct picture *part = compare_crop(ref, r);
    if (!part)
        return error_no_memory(err);
    picture_destroy(step->reference);
    step->reference = part;
    return true;
}

bool script_parse_step(struct script *s, struct step *step, struct word *words, int n,
                       struct error *err)
{
    step->type = find_type(words[0].text);
    if (!step->type)
        return error_set(err, "'%s' is no command: riscreen --help lists them", words[0].text);
    step->button = BTN_LEFT;
    step->time_ns = SCRIPT_TIMEOUT_NS;
    unsigned args = 0;
    for (int i = 1; i < n; i++) {
        if (looks_like_option(step, &words[i])) {
            if (!read_option(step, &words[i], err))
                return false;
            continue;
        }
        enum step_arg arg = args < SCRIPT_MAX_ARGS ? step->type->args[args++] : ARG_NONE;
        if (!read_arg(s, step, arg, &words[i], err))
            return false;
    }
    if (!step->type->args_optional && args < SCRIPT_MAX_ARGS && step->type->args[args])
        return error_set(err, "%s needs more words", step->type->name);
    return fit_region(step, err);
}

void script_free_step(struct step *step)
{
    if (step->regex) {
        regfree(step->regex);
        free(step->regex);
    }
    picture_destroy(step->reference);
    free(step->string);
    free(step->text);
    free(step->message);
    free(step->detail);
}
