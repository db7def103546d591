/* SPDX-License-Identifier: MIT */
/* Lines of QEMU's human monitor: one table of commands, at the end. */
#include "monitor/hmp.h"

#include "base/error.h"
#include "display/input.h"
#include "monitor/keys.h"
#include "monitor/qmp_args.h"
#include "ui/keymap.h"

#include <errno.h>
#include <linux/input-event-codes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_WORDS 8
#define MAX_MOVE  32767

struct hmp_row;

/* One line. words point into text. */
struct hmp {
    struct qmp *q;
    const struct hmp_row *row;
    char *text;
    char *word[MAX_WORDS + 1]; /* word[0] is the command */
    unsigned words;
    bool later; /* the answer is a QMP command's */
    char out[4096];
    size_t n;
};

struct hmp_row {
    const char *name, *alias, *params, *help;
    unsigned least, most; /* words behind the command */
    const char *what;     /* that is expected when there are too few */
    void (*run)(struct hmp *h);
};

static const struct hmp_row commands[], infos[];

static void PRINTF_LIKE(2, 3) hmp_say(struct hmp *h, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(h->out + h->n, sizeof(h->out) - h->n, fmt, ap);
    va_end(ap);
    h->n = MIN(h->n + (size_t)MAX(n, 0), sizeof(h->out) - 1);
}

/* What is wrong with the line, and where its help is. */
static void say_try_help(struct hmp *h)
{
    hmp_say(h, "\r\nTry \"help %s\" for more information\r\n", h->word[0]);
}

static bool is_named(const struct hmp_row *row, const char *name)
{
    return !strcmp(row->name, name) || (row->alias && !strcmp(row->alias, name));
}

static const struct hmp_row *hmp_find(const struct hmp_row *rows, const char *name)
{
    for (; rows->name; rows++)
        if (is_named(rows, name))
            return rows;
    return NULL;
}

/* A decimal, octal or hexadecimal number; on failure the answer names the wrong character. */
static bool hmp_number(struct hmp *h, const char *text, long *value)
{
    char *end;
    errno = 0;
    *value = strtol(text, &end, 0);
    if (!*end && end != text && !errno)
        return true;
    hmp_say(h, "invalid char '%.1s' in expression", end);
    say_try_help(h);
    return false;
}

/* --- the commands --- */

static void say_row(struct hmp *h, const char *prefix, const struct hmp_row *row)
{
    hmp_say(h, "%s%s%s%s %s -- %s\r\n", prefix, row->name, row->alias ? "|" : "",
            row->alias ? row->alias : "", row->params, row->help);
}

static void hmp_help(struct hmp *h)
{
    const char *name = h->words > 1 ? h->word[1] : NULL;
    if (name && !hmp_find(commands, name))
        hmp_say(h, "unknown command: '%s'\r\n", name);
    for (const struct hmp_row *row = commands; row->name; row++)
        if (!name || is_named(row, name))
            say_row(h, "", row);
}

static void hmp_info(struct hmp *h)
{
    const struct hmp_row *row = h->words > 1 ? hmp_find(infos, h->word[1]) : NULL;
    if (row)
        row->run(h);
    else if (h->words > 1)
        hmp_say(h, "unknown command: 'info %s'\r\n", h->word[1]);
    else
        for (row = infos; row->name; row++)
            say_row(h, "info ", row);
}

static void info_status(struct hmp *h)
{
    hmp_say(h, "VM status: %s\r\n", machine_running(h->q->target->machine) ? "running" : "paused");
}

static void info_version(struct hmp *h)
{
    struct json_object *version = qmp_version(), *qemu = qmp_member(version, "qemu");
    hmp_say(h, "%d.%d.%d%s\r\n", (int)qmp_int(qemu, "major", 0), (int)qmp_int(qemu, "minor", 0),
            (int)qmp_int(qemu, "micro", 0), qmp_string(version, "package", ""));
    json_object_put(version);
}

/* The QMP command of a name; its answer is the line's. */
static void hmp_call(struct hmp *h, const char *name, struct json_object *args)
{
    struct qmp_error err = {0};
    const struct qmp_command *command = qmp_find(name);
    if (qmp_check(args, command->args, "", &err))
        json_object_put(command->run(h->q, args, &err));
    json_object_put(args);
    h->later = h->q->waiting;
    if (err.class_name)
        hmp_say(h, "Error: %s\r\n", err.desc);
}

static void hmp_namesake(struct hmp *h)
{
    hmp_call(h, h->row->name, NULL);
}

/* FILENAME [-f FORMAT] [DEVICE [HEAD]] */
static void hmp_screendump(struct hmp *h)
{
    static const char *const places[] = {"filename", "device"};
    struct json_object *args = json_object_new_object();
    unsigned given = 0;
    long head;
    for (unsigned i = 1; i < h->words; i++) {
        if (!strcmp(h->word[i], "-f") && i + 1 < h->words) {
            json_object_object_add(args, "format", json_object_new_string(h->word[++i]));
        } else if (given < ARRAY_SIZE(places)) {
            json_object_object_add(args, places[given++], json_object_new_string(h->word[i]));
        } else if (hmp_number(h, h->word[i], &head)) {
            json_object_object_add(args, "head", json_object_new_int64(head));
        } else {
            json_object_put(args);
            return;
        }
    }
    hmp_call(h, "screendump", args);
}

/* "ctrl-alt-f1", "0x1e-ret", "<"; false: the name that is no key was said. */
static bool hmp_chord(struct hmp *h, char *text, unsigned *codes, unsigned *n)
{
    char *rest = text, *name, *end;
    while ((name = strsep(&rest, "-"))) {
        long code = strtol(name, &end, 16);
        if (strncmp(name, "0x", 2) || *end)
            code = keymap_from_qcode(!strcmp(name, "<") ? "less" : name);
        else
            code = keymap_from_number(code);
        if (!code || *n == KEY_CHORD_MAX) {
            hmp_say(h, code ? "too many keys\r\n" : "invalid parameter: %s\r\n", name);
            return false;
        }
        codes[(*n)++] = (unsigned)code;
    }
    return true;
}

static void hmp_sendkey(struct hmp *h)
{
    unsigned codes[KEY_CHORD_MAX], n = 0;
    long hold = 100;
    if (h->words > 2 && !hmp_number(h, h->word[2], &hold))
        return;
    if (hold < 0 || hold > QMP_MAX_HOLD_MS)
        hmp_say(h, "Error: Parameter 'hold-time' expects at most %d milliseconds\r\n",
                QMP_MAX_HOLD_MS);
    else if (hmp_chord(h, h->word[1], codes, &n) &&
             !key_queue_chord(h->q->target->keys, codes, n, (uint32_t)hold))
        hmp_say(h, "Error: too many keys are waiting to be pressed\r\n");
}

/* DX DY [DZ]. As in QEMU, a word that is no number counts as 0, and a stopped machine ignores the
 * line. */
static void mouse_move(struct hmp *h)
{
    struct qmp_target *t = h->q->target;
    long by[3] = {0};
    for (unsigned i = 1; i < h->words; i++)
        by[i - 1] = MIN(MAX(strtol(h->word[i], NULL, 0), -MAX_MOVE), MAX_MOVE);
    if (!machine_running(t->machine))
        return;
    t->relative = true;
    input_rel(t->input, (int32_t)by[0], (int32_t)by[1]);
    if (by[2])
        input_wheel(t->input, by[2] > 0 ? 1 : -1, 0, true);
}

/* Which buttons are down: 1 left, 2 middle, 4 right. */
static void mouse_button(struct hmp *h)
{
    static const unsigned buttons[] = {BTN_LEFT, BTN_MIDDLE, BTN_RIGHT};
    struct qmp_target *t = h->q->target;
    long state;
    if (!hmp_number(h, h->word[1], &state) || !machine_running(t->machine))
        return;
    unsigned changed = ((unsigned)state ^ t->buttons) & 7;
    t->buttons = state & 7;
    for (unsigned i = 0; i < ARRAY_SIZE(buttons); i++)
        if (changed >> i & 1)
            input_button(t->input, buttons[i], t->buttons >> i & 1, t->relative);
}

static const struct hmp_row infos[] = {
    {"status", NULL, "", "show the current VM status (running|paused)", 0, 0, NULL, info_status},
    {"version", NULL, "", "show the version of QEMU", 0, 0, NULL, info_version},
    {0},
};

static const struct hmp_row commands[] = {
    {"cont", "c", "", "resume emulation", 0, 0, NULL, hmp_namesake},
    {"help", "?", "[cmd]", "show the help", 0, MAX_WORDS, NULL, hmp_help},
    {"info", NULL, "[subcommand]", "show various information about the system state", 0, MAX_WORDS,
     NULL, hmp_info},
    {"mouse_button", NULL, "state", "change mouse button state (1=L, 2=M, 4=R)", 1, 1, NULL,
     mouse_button},
    {"mouse_move", NULL, "dx dy [dz]", "send mouse move events", 2, 3, "string", mouse_move},
    {"quit", "q", "", "quit the emulator", 0, 0, NULL, hmp_namesake},
    {"screendump", NULL, "filename [-f format] [device [head]]", "save the screen to a file", 1, 5,
     "filename", hmp_screendump},
    {"sendkey", NULL, "keys [hold_ms]",
     "send keys to the VM (e.g. 'sendkey ctrl-alt-f1', default hold time=100 ms)", 1, 2, "string",
     hmp_sendkey},
    {"stop", "s", "", "stop emulation", 0, 0, NULL, hmp_namesake},
    {"system_powerdown", NULL, "", "send system power down event", 0, 0, NULL, hmp_namesake},
    {"system_reset", NULL, "", "reset the system", 0, 0, NULL, hmp_namesake},
    {0},
};

/* --- a line --- */

/* The character behind a backslash in quotes. 0: there is no such escape. */
static char hmp_unescape(char c)
{
    return c == 'n' ? '\n' : c == 'r' ? '\r' : strchr("\\'\"", c) ? c : 0;
}

/* A word in quotes, from behind the first of them; the place behind the last. NULL: it is wrong. */
static char *hmp_quoted(char *from, char *to)
{
    for (; *from && *from != '"'; from++) {
        char c = *from == '\\' ? hmp_unescape(*++from) : *from;
        if (!c)
            return NULL;
        *to++ = c;
    }
    *to = 0;
    return *from ? from + 1 : NULL;
}

/* Splits the line into words. False: it cannot be split; the answer has the reason. */
static bool hmp_split(struct hmp *h)
{
    for (char *p = h->text; *(p += strspn(p, " \t\r\n"));) {
        if (h->words == ARRAY_SIZE(h->word)) {
            hmp_say(h, "too many words\r\n");
            return false;
        }
        char *word = p;
        if (*p == '"') {
            if (!(p = hmp_quoted(p + 1, word))) {
                hmp_say(h, "unterminated string\r\n");
                return false;
            }
        } else {
            p += strcspn(p, " \t\r\n");
            if (*p)
                *p++ = 0;
        }
        h->word[h->words++] = word;
    }
    return true;
}

static void hmp_execute(struct hmp *h)
{
    const struct hmp_row *row = h->row = hmp_find(commands, h->word[0]);
    if (!row) {
        hmp_say(h, "unknown command: '%s'\r\n", h->word[0]);
    } else if (h->words <= row->least) {
        if (row->what)
            hmp_say(h, "%s: %s expected", row->name, row->what);
        else
            hmp_say(h, "unexpected end of expression");
        say_try_help(h);
    } else if (h->words > row->most + 1) {
        hmp_say(h, "%s%s%s: extraneous characters at the end of line", row->name,
                row->alias ? "|" : "", row->alias ? row->alias : "");
        say_try_help(h);
    } else {
        row->run(h);
    }
}

struct json_object *hmp_run(struct qmp *q, const char *line)
{
    struct hmp h = {.q = q, .text = strdup(line)};
    if (!h.text)
        return json_object_new_string("Error: " ERROR_NO_MEMORY "\r\n");
    if (hmp_split(&h) && h.words)
        hmp_execute(&h);
    free(h.text);
    return h.later ? NULL : json_object_new_string(h.out);
}

struct json_object *hmp_answer(const struct qmp_error *err)
{
    char text[sizeof(err->desc) + 16] = "";
    if (err->class_name)
        snprintf(text, sizeof(text), "Error: %s\r\n", err->desc);
    return json_object_new_string(text);
}
