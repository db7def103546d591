/* SPDX-License-Identifier: MIT */
/* What harts counted, for --stats, query-stats and the window's title. */
#include "base/visit.h"
#include "cpu/engine.h"
#include "cpu/hart.h"
#include "host/clock.h"

void hart_stats(const struct hart *h, struct hart_stats *out)
{
#define COUNT(name) out->name = counter_get(&h->counts.name);
    HART_STATS(COUNT)
#undef COUNT
}

uint64_t cpu_instructions(const struct cpu *cpu)
{
    uint64_t n = 0;
    for (unsigned i = 0; i < cpu->cfg.harts; i++)
        n += counter_get(&cpu->hart[i]->counts.instructions);
    return n;
}

static void add_stats(struct hart_stats *sum, const struct hart_stats *s)
{
#define COUNT(name) sum->name += s->name;
    HART_STATS(COUNT)
#undef COUNT
}

/* Instructions by time, in millions a second; 0 if no time has passed. */
static double mips_of(uint64_t instructions, uint64_t ns)
{
    return ns ? (double)instructions * 1e3 / (double)ns : 0;
}

static void report_time(struct cpu *cpu, uint64_t instructions, struct visitor *v)
{
    uint64_t started = atomic_load(&cpu->started), used = cpu_time(cpu);
    uint64_t wall = started ? host_now_ns() - started : 0;
    v->number(v, "instructions", instructions);
    v->real(v, "seconds", (double)wall / NS_PER_SEC);
    v->real(v, "hart-seconds", (double)used / NS_PER_SEC);
    v->real(v, "mips", mips_of(instructions, wall));
    v->real(v, "hart-mips", mips_of(instructions, used));
}

static void report_counts(const struct hart_stats *s, struct visitor *v)
{
    v->number(v, "traps", s->traps);
    v->number(v, "ecalls", s->ecalls);
    v->number(v, "sleeps", s->wfi_sleeps);
    v->begin_object(v, "tlb");
    v->number(v, "misses", s->tlb_misses);
    v->number(v, "walks", s->page_walks);
    v->number(v, "flushes", s->tlb_flushes);
    v->end(v);
    v->begin_object(v, "decoded");
    v->number(v, "blocks", s->blocks_decoded);
    v->number(v, "instructions", s->instructions_decoded);
    v->end(v);
}

void cpu_report(struct cpu *cpu, struct visitor *v)
{
    struct hart_stats all[CPU_MAX_HARTS], sum = {0};
    for (unsigned i = 0; i < cpu->cfg.harts; i++) {
        hart_stats(cpu->hart[i], &all[i]);
        add_stats(&sum, &all[i]);
    }
    report_time(cpu, sum.instructions, v);
    report_counts(&sum, v);
    v->begin_list(v, "harts");
    for (unsigned i = 0; i < cpu->cfg.harts; i++) {
        v->begin_object(v, NULL);
        v->number(v, "instructions", all[i].instructions);
        v->number(v, "traps", all[i].traps);
        v->number(v, "sleeps", all[i].wfi_sleeps);
        v->end(v);
    }
    v->end(v);
    if (cpu->cfg.engine->report)
        cpu->cfg.engine->report(cpu, v);
}
