/* SPDX-License-Identifier: MIT */
#include "main/options.h"

#include <stdlib.h>
#include <string.h>

#define MAX_RAM_32  (UINT64_C(1) << 30)
#define MAX_CMDLINE 4096 /* with its NUL */

static const struct option_row *find_letter(char letter)
{
    for (unsigned i = 0; i < option_count; i++)
        if (letter && option_rows[i].letter == letter)
            return &option_rows[i];
    return NULL;
}

static const struct option_row *find_name(const char *name, size_t n)
{
    for (unsigned i = 0; i < option_count; i++)
        if (strlen(option_rows[i].key.name) == n && !memcmp(option_rows[i].key.name, name, n))
            return &option_rows[i];
    return NULL;
}

struct cursor {
    int at, argc;
    char **argv;
    struct error *err;
};

/* The value of an option: the rest of its own word, or the next word. NULL: there is none. */
static const char *value_of(struct cursor *p, const char *rest)
{
    if (rest)
        return rest;
    return p->at < p->argc ? p->argv[p->at++] : NULL;
}

static bool option_take(struct config *c, struct cursor *p, const struct option_row *row,
                        const char *rest)
{
    const struct parse_key *key = &row->key;
    bool left_out = !key->syntax || (parse_optional(key) && !rest);
    const char *value = left_out ? "" : value_of(p, rest);
    char letter[2] = {row->letter};
    if (!value)
        return error_set(p->err, "--%s needs a value; write --%s %s", key->name, key->name,
                         key->syntax);
    if (!left_out && !*value)
        return error_set(p->err, "--%s has an empty value; give %s", key->name, key->syntax);
    return parse_value(key, c, value, p->err) ||
           error_set(p->err, "%s%s%s%s: %s", row->letter ? "-" : "--",
                     row->letter ? letter : key->name, key->syntax ? " " : "", value, p->err->text);
}

/* "--name", "--name=value" */
static bool take_long(struct config *c, struct cursor *p, const char *word)
{
    const char *name = word + 2;
    size_t n = strcspn(name, "=");
    const struct option_row *row = find_name(name, n);
    if (!row)
        return error_set(p->err, "%s: no such option; see riscreen --help", word);
    if (name[n] && !row->key.syntax)
        return error_set(p->err, "--%s takes no value; leave it out", row->key.name);
    return option_take(c, p, row, name[n] ? name + n + 1 : NULL);
}

/* Options of QEMU's that have no namesake here. */
static const char *const qemu_words[] = {"accel",  "action",  "chardev", "device", "drive",
                                         "fsdev",  "icount",  "machine", "nic",    "nographic",
                                         "object", "perfmap", "qmp",     "serial", "vnc"};

/* "-name", a long option with one dash, as QEMU's are; err says what to write. */
static bool one_dash(const char *word, struct error *err)
{
    const char *name = word + 1;
    if (strlen(name) < 2)
        return false;
    if (find_name(name, strlen(name))) {
        error_set(err, "%s: write -%s; long options have two dashes", word, word);
        return true;
    }
    for (unsigned i = 0; i < ARRAY_SIZE(qemu_words); i++)
        if (!strcmp(name, qemu_words[i])) {
            error_set(err, "%s is QEMU's; docs/qemu.md says what to write instead", word);
            return true;
        }
    return false;
}

/* "-x", "-xvalue", "-xyz" */
static bool take_letters(struct config *c, struct cursor *p, const char *word)
{
    if (one_dash(word, p->err))
        return false;
    for (const char *l = word + 1; *l; l++) {
        const struct option_row *row = find_letter(*l);
        if (!row)
            return error_set(p->err, "-%c: no such option; see riscreen --help", *l);
        if (row->key.syntax)
            return option_take(c, p, row, l[1] ? l + 1 : NULL);
        if (!option_take(c, p, row, NULL))
            return false;
    }
    return true;
}

/* The first display that needs a screen, or NULL. */
static const char *needs_screen(const struct config *c)
{
    for (unsigned i = 0; i < c->displays; i++)
        if (strcmp(c->display[i].name, ui_headless_ops.name) != 0)
            return c->display[i].name;
    return NULL;
}

/* What no option can see alone. */
static bool config_check(const struct config *c, struct error *err)
{
    const struct machine_config *m = &c->machine;
    const char *why = NULL, *shown = needs_screen(c);
    if (c->help || c->version || c->man)
        return true;
    if (!m->gpu.scanouts && shown) {
        bool record = !strcmp(shown, ui_record_ops.name);
        return error_set(err, "--%s%s needs a screen; leave out --gpu none",
                         record ? "" : "display ", shown);
    }
    if (!m->kernel && !m->bios && !c->dumpdtb)
        why = "nothing to run; give a kernel (-k Image) or a firmware (--bios FILE)";
    else if (m->bios && !strcmp(m->bios, "none") && !m->kernel && !c->dumpdtb)
        why = "--bios none leaves nothing to run; give the program with -k";
    else if (m->ram % (1 << 20))
        why = "guest memory is whole MiB; round -m, as in -m 512M";
    else if (m->cpu.xlen == 32 && m->ram > MAX_RAM_32)
        why = "rv32 takes at most 1G of memory; lower -m";
    else if (m->initrd && !m->kernel)
        why = "an initrd needs a kernel; give one with -k";
    else if (m->cmdline && strlen(m->cmdline) >= MAX_CMDLINE)
        why = "-a: the command line has more than 4095 bytes; shorten it";
    else if (m->cmdline && !m->kernel && !m->bios && !c->dumpdtb)
        why = "a command line needs a kernel; give one with -k";
    else if ((c->junit || c->script_out) && !c->script)
        why = "--junit and --script-out belong to a script; give one with --script";
    else if (m->jit.verify && !m->single_thread)
        why = "--jit verify needs --threads single: add that";
    else if (m->jit.perf_map && m->jit.off)
        why = "--perf-map names translated code, and --jit off makes none; leave one out";
    else if ((m->gpu.trace || m->gpu.check) && !m->gpu.scanouts)
        why = "--trace-gpu and --gpu-check have nothing to look at; leave out --gpu none";
    if (why)
        error_set(err, "%s", why);
    return !why;
}

bool config_parse(struct config *c, int argc, char **argv, struct error *err)
{
    struct cursor p = {1, argc, argv, err};
    *c = (struct config){0};
    c->machine.console = true; /* no option: there is always one */
    for (unsigned i = 0; i < option_count; i++)
        parse_defaults(&option_rows[i].key, 1, c);
    c->on_panic = false; /* its default was nobody's choice */
    while (p.at < argc) {
        const char *word = argv[p.at++];
        if (word[0] != '-' || !word[1])
            return error_set(err, "%s: unexpected; files are given with an option, as in -k %s",
                             word, word);
        if (!(word[1] == '-' ? take_long(c, &p, word) : take_letters(c, &p, word)))
            return false;
        if (c->help || c->version || c->man)
            return true;
    }
    if (c->script && !c->on_panic)
        c->machine.on_panic = ON_PANIC_EXIT;
    return config_check(c, err);
}

void config_finish(struct config *c)
{
    for (unsigned i = 0; i < c->copies; i++)
        free(c->copy[i]);
    c->copies = 0;
}
