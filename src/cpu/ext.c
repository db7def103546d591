/* SPDX-License-Identifier: MIT */
#include "cpu/ext.h"

#include "base/parse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BIT(e)   (UINT64_C(1) << (e))
#define RV64_ALL (BIT(EXT_COUNT) - 1)
/* These need 64-bit page tables. */
#define RV64_ONLY (BIT(EXT_SVNAPOT) | BIT(EXT_SVPBMT) | BIT(EXT_SV48) | BIT(EXT_SV57))

struct ext_row {
    const char *name; /* as the user writes it */
    const char *tree; /* in the device tree, comma-separated; "": not there */
    uint8_t ext;
    uint8_t needs; /* another extension, or itself: none */
};

/* In the canonical order of ISA strings. */
static const struct ext_row table[] = {
    {"m", "m", EXT_M, EXT_M},
    {"a", "a", EXT_A, EXT_A},
    {"f", "f", EXT_F, EXT_F},
    {"d", "d", EXT_D, EXT_F},
    {"c", "c", EXT_C, EXT_C},
    {"zicbom", "zicbom", EXT_ZICBOM, EXT_ZICBOM},
    {"zicbop", "zicbop", EXT_ZICBOP, EXT_ZICBOP},
    {"zicboz", "zicboz", EXT_ZICBOZ, EXT_ZICBOZ},
    {"zicntr", "zicntr", EXT_ZICNTR, EXT_ZICNTR},
    {"zicond", "zicond", EXT_ZICOND, EXT_ZICOND},
    {"zihintpause", "zihintpause", EXT_ZIHINTPAUSE, EXT_ZIHINTPAUSE},
    {"zihpm", "zihpm", EXT_ZIHPM, EXT_ZICNTR},
    {"zawrs", "zawrs", EXT_ZAWRS, EXT_A},
    {"zfa", "zfa", EXT_ZFA, EXT_F},
    {"zfhmin", "zfhmin", EXT_ZFHMIN, EXT_F},
    {"zcb", "zca,zcb", EXT_ZCB, EXT_C},
    {"zba", "zba", EXT_ZBA, EXT_ZBA},
    {"zbb", "zbb", EXT_ZBB, EXT_ZBB},
    {"zbc", "zbc", EXT_ZBC, EXT_ZBC},
    {"zbs", "zbs", EXT_ZBS, EXT_ZBS},
    {"zkr", "zkr", EXT_ZKR, EXT_ZKR},
    {"sstc", "sstc", EXT_SSTC, EXT_SSTC},
    {"svadu", "svadu", EXT_SVADU, EXT_SVADU},
    {"svinval", "svinval", EXT_SVINVAL, EXT_SVINVAL},
    {"svnapot", "svnapot", EXT_SVNAPOT, EXT_SVNAPOT},
    {"svpbmt", "svpbmt", EXT_SVPBMT, EXT_SVPBMT},
    {"svvptc", "svvptc", EXT_SVVPTC, EXT_SVVPTC},
    {"sv48", "", EXT_SV48, EXT_SV48},
    {"sv57", "", EXT_SV57, EXT_SV48},
};

/* The extensions that a name switches, as bits; 0: unknown. b is Zba, Zbb and Zbs. */
static uint64_t find_ext(const char *name, size_t len)
{
    if (len == 1 && *name == 'b')
        return BIT(EXT_ZBA) | BIT(EXT_ZBB) | BIT(EXT_ZBS);
    for (unsigned i = 0; i < ARRAY_SIZE(table); i++)
        if (strlen(table[i].name) == len && !memcmp(table[i].name, name, len))
            return BIT(table[i].ext);
    return 0;
}

/* Switching one off switches off what needs it. */
static void ext_resolve(struct cpu_model *m)
{
    for (bool again = true; again;) {
        again = false;
        for (unsigned i = 0; i < ARRAY_SIZE(table); i++) {
            const struct ext_row *r = &table[i];
            if (r->needs != r->ext && (m->ext & BIT(r->ext)) && !(m->ext & BIT(r->needs))) {
                m->ext &= ~BIT(r->ext);
                again = true;
            }
        }
    }
}

/* One "EXT=on" or "EXT=off"; *on: the extensions that were switched on by name. */
static bool switch_ext(struct cpu_model *model, const char *word, uint64_t *on, struct error *err)
{
    size_t len = strcspn(word, "=");
    uint64_t ext = find_ext(word, len);
    bool enable;
    if (!ext || !word[len] || !parse_on_off(word + len + 1, &enable))
        return error_set(err,
                         "'%s' is not NAME=on or NAME=off of a known extension; for example: "
                         "--cpu rv64,zbc=off",
                         word);
    if (enable && model->xlen == 32 && (ext & RV64_ONLY))
        return error_set(err, "%.*s does not exist on rv32; leave it out", (int)len, word);
    model->ext = enable ? model->ext | ext : model->ext & ~ext;
    *on = enable ? *on | ext : *on & ~ext;
    return true;
}

bool cpu_model_parse(const char *arg, struct cpu_model *model, struct error *err)
{
    char list[1024], *rest = list, *word;
    uint64_t on = 0;
    if (strlen(arg) >= sizeof(list))
        return error_set(err, "too many extensions; leave out what is on already");
    strcpy(list, arg);
    word = strsep(&rest, ",");
    if (!strcmp(word, "rv64"))
        *model = (struct cpu_model){64, RV64_ALL};
    else if (!strcmp(word, "rv32"))
        *model = (struct cpu_model){32, RV64_ALL & ~RV64_ONLY};
    else
        return error_set(err, "unknown processor; use rv64 or rv32");
    while ((word = strsep(&rest, ",")))
        if (!switch_ext(model, word, &on, err))
            return false;
    ext_resolve(model);
    for (unsigned i = 0; i < ARRAY_SIZE(table); i++) {
        if ((on & BIT(table[i].ext)) && !(model->ext & BIT(table[i].ext)))
            return error_set(err, "%s needs an extension that is off; switch both on",
                             table[i].name);
    }
    return true;
}

static size_t ext_append(char *buf, size_t at, size_t size, const char *s, size_t len)
{
    if (at + len < size)
        memcpy(buf + at, s, len);
    return at + len;
}

size_t ext_strings(const struct cpu_model *m, bool firmware, char *isa, size_t isa_size, char *list,
                   size_t list_size)
{
    static const char always[] = "zicsr\0zifencei";
    size_t at = (size_t)snprintf(isa, isa_size, "rv%ui", m->xlen),
           ln = ext_append(list, 0, list_size, "i", 2);
    bool base_done = false;
    for (unsigned i = 0; i < ARRAY_SIZE(table); i++) {
        const struct ext_row *r = &table[i];
        if (!base_done && r->name[1]) { /* the first multi-letter one */
            base_done = true;
            at = ext_append(isa, at, isa_size, "_zicsr_zifencei", 15);
            ln = ext_append(list, ln, list_size, always, sizeof(always));
        }
        if (!(m->ext & BIT(r->ext)) || (firmware && r->ext == EXT_ZKR))
            continue;
        for (const char *p = r->tree; *p;) {
            size_t n = strcspn(p, ",");
            if (n > 1)
                at = ext_append(isa, at, isa_size, "_", 1);
            at = ext_append(isa, at, isa_size, p, n);
            ln = ext_append(list, ln, list_size, p, n);
            ln = ext_append(list, ln, list_size, "", 1);
            p += n + (p[n] == ',');
        }
    }
    isa[MIN(at, isa_size - 1)] = 0;
    return ln;
}
