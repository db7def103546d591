/* SPDX-License-Identifier: MIT */
/* What the translator counted, for --stats and query-stats. */
#include "base/visit.h"
#include "jit/internal.h"

static const char *const exit_names[EXIT_KINDS] = {
    [EXIT_LOOKUP] = "lookup", [EXIT_LIMIT] = "limit", [EXIT_INTERP] = "interpreter",
    [EXIT_STALE] = "stale",   [EXIT_FP] = "float",
};
static const char *const call_names[CALL_KINDS] = {
    [CALL_LOAD] = "load",
    [CALL_STORE] = "store",
    [CALL_ATOMIC] = "atomic",
    [CALL_SYSTEM] = "system",
};

struct totals {
    uint64_t native, verified, exits[EXIT_KINDS], calls[CALL_KINDS];
};

static void add_hart(struct totals *t, const struct jit_hart_counts *c)
{
    t->native += counter_get(&c->native);
    t->verified += counter_get(&c->verified);
    for (unsigned i = 0; i < EXIT_KINDS; i++)
        t->exits[i] += counter_get(&c->exits[i]);
    for (unsigned i = 0; i < CALL_KINDS; i++)
        t->calls[i] += counter_get(&c->calls[i]);
}

static double ratio_of(uint64_t part, uint64_t whole)
{
    return whole ? (double)part / (double)whole : 0;
}

static void report_names(struct visitor *v, const char *name, const char *const *names,
                         const uint64_t *counts, unsigned n)
{
    v->begin_object(v, name);
    for (unsigned i = 0; i < n; i++)
        v->number(v, names[i], counts[i]);
    v->end(v);
}

static void report_code(const struct jit_counts *c, struct visitor *v)
{
    uint64_t insns = counter_get(&c->insns);
    v->number(v, "regions", counter_get(&c->regions));
    v->number(v, "instructions", insns);
    v->number(v, "x86-instructions", counter_get(&c->x86));
    v->number(v, "bytes", counter_get(&c->bytes));
    v->real(v, "x86-per-instruction", ratio_of(counter_get(&c->x86), insns));
    v->real(v, "bytes-per-instruction", ratio_of(counter_get(&c->bytes), insns));
    v->real(v, "ns-per-instruction", ratio_of(counter_get(&c->ns), insns));
    v->number(v, "cache-flushes", counter_get(&c->flushes));
}

void jit_report(const struct cpu *cpu, struct visitor *v)
{
    const struct jit *j = cpu->engine;
    struct totals t = {0};
    for (unsigned i = 0; i < cpu->cfg.harts; i++) {
        const struct jit_hart *jh = cpu->hart[i]->engine_data;
        add_hart(&t, &jh->counts);
    }
    v->begin_object(v, "translator");
    v->number(v, "native-instructions", t.native);
    v->real(v, "native-share", ratio_of(t.native, cpu_instructions(cpu)));
    report_code(&j->counts, v);
    v->number(v, "verified-regions", t.verified);
    v->number(v, "tlb-refills", t.calls[CALL_LOAD] + t.calls[CALL_STORE] + t.calls[CALL_ATOMIC]);
    report_names(v, "exits", exit_names, t.exits, EXIT_KINDS);
    report_names(v, "calls", call_names, t.calls, CALL_KINDS);
    v->end(v);
}
