/* SPDX-License-Identifier: MIT */
/*
 * The processor: all harts of one machine and what they share. The board creates it, the SBI and
 * the interrupt controllers talk to it through this header. Other headers of src/cpu are for
 * src/cpu and for engines, but engine.h, from which the board takes what runs the code.
 *
 * Each hart runs on a thread of its own (or all of them, round-robin, on one: single). Another
 * thread never touches a hart's state: it sets bits in the hart's pending word and wakes it. The
 * hart looks at that word at the head of each block. Interrupt lines, stop requests and remote
 * fences all travel that way. Functions marked "self" may only be called on the hart's own thread
 * (from an SBI call), or while all harts are parked.
 */
#ifndef CPU_CPU_H
#define CPU_CPU_H

#include "base/error.h"
#include "base/log.h"
#include "bus/fdt.h"
#include "bus/gmem.h"
#include "bus/map.h"
#include "bus/vclock.h"

#define CPU_MAX_HARTS 32

struct cpu;
struct engine_ops;
struct entropy;
struct hart;
struct perf_map;

/* Extensions that can be switched; the table of names is in cpu/ext.c. */
enum cpu_ext {
    EXT_M,
    EXT_A,
    EXT_F,
    EXT_D,
    EXT_C,
    EXT_ZBA,
    EXT_ZBB,
    EXT_ZBS,
    EXT_ZBC,
    EXT_ZICOND,
    EXT_ZICBOM,
    EXT_ZICBOP,
    EXT_ZICBOZ,
    EXT_ZAWRS,
    EXT_ZCB,
    EXT_ZFA,
    EXT_ZFHMIN,
    EXT_ZKR,
    EXT_ZIHINTPAUSE,
    EXT_ZICNTR,
    EXT_ZIHPM,
    EXT_SSTC,
    EXT_SVINVAL,
    EXT_SVNAPOT,
    EXT_SVPBMT,
    EXT_SVADU,
    EXT_SVVPTC,
    EXT_SV48,
    EXT_SV57,
    EXT_COUNT
};

struct cpu_model {
    unsigned xlen; /* 32 or 64 */
    uint64_t ext;  /* bit per enum cpu_ext */
};

/*
 * `--cpu` argument: "rv64" or "rv32", then ",name=on|off"... Dependencies are resolved (d=on needs
 * f). False with what is wrong and the cure in err, which does not repeat "--cpu" and arg.
 */
bool cpu_model_parse(const char *arg, struct cpu_model *model, struct error *err);

/* What a supervisor call does: the built-in SBI. NULL ops: ecall from S traps to M (firmware). */
struct cpu_sbi_ops {
    /* ecall from S-mode on the hart's own thread; registers by hart_reg. */
    void (*ecall)(void *ctx, struct hart *hart);
};

struct cpu_config {
    struct cpu_model model;
    unsigned harts;     /* 1..CPU_MAX_HARTS */
    bool single_thread; /* all harts in one thread, deterministic: cpu/single.c */
    bool firmware;      /* an M-mode program runs: no Zkr */
    struct gmem *mem;
    struct map *map;
    struct vclock *clock;
    struct log *log;
    struct entropy *entropy; /* for Zkr; NULL: the host's */
    const struct cpu_sbi_ops *sbi;
    void *sbi_ctx;
    const struct engine_ops *engine; /* what runs the harts' code: &interp_engine (cpu/engine.h) */
    unsigned engine_hot;    /* for engines that translate: runs that make a block hot; 0: the
                                        engine's default */
    uint64_t engine_memory; /* bytes of code at most; 0: the default */
    bool engine_cold;       /* and for their tests: no fast path of a memory access is taken */
    bool engine_verify; /* interpret what was translated, too, and compare; single_thread only */
    const uint64_t *engine_dump; /* a pc: what it is translated to is printed; NULL: none */
    struct perf_map *perf_map; /* names what they translate (jit/perf_map.h); NULL: nothing does */
};

/* NULL: out of memory. Harts exist, are stopped, and no thread runs. */
struct cpu *cpu_create(const struct cpu_config *config);
void cpu_destroy(struct cpu *cpu); /* stops the threads first */

/* Starts the threads; they find every hart stopped until hart_start. */
int cpu_start(struct cpu *cpu);
/* Parks every hart at a block boundary, and returns when all are parked. Nests. Not from a hart's
 * thread. */
void cpu_park(struct cpu *cpu);
void cpu_unpark(struct cpu *cpu);
/* Parked only: every hart to its reset state and stopped; TLBs, blocks and reservations gone. */
void cpu_reset(struct cpu *cpu);
/*
 * Parked, or before cpu_start: saves the state of all harts, or loads it into harts of the same
 * number and model, after the clock was loaded. cpu_load accepts only values that harts can have;
 * false: the reason is in `in`, and all harts were reset. With all harts in one thread, whose turn it
 * is and how much of it is left are not part of the state.
 */
struct blob_in;
struct blob_out;
void cpu_save(struct cpu *cpu, struct blob_out *out);
bool cpu_load(struct cpu *cpu, struct blob_in *in);
/* The virtual clock stopped, went on or was set: harts compare their timers and compute their
 * deadlines anew. */
void cpu_clock_changed(struct cpu *cpu);
/*
 * With all harts in one thread: from the next block on no hart runs and the clock stands, until it
 * is let go again, so what holds it costs the guest no time and no instruction. With a thread for
 * each hart: nothing. Any thread; cpu_reset lets go of CPU_HOLD_POWER.
 */
enum cpu_hold { CPU_HOLD_POWER = 1 /* turned off, or about to be reset */, CPU_HOLD_CONSOLE = 2 };
void cpu_hold(struct cpu *cpu, enum cpu_hold why, bool on);

unsigned cpu_harts(const struct cpu *cpu);
/* The harts are idle: the engine gives memory back to the host that it need not have. Any thread. */
void cpu_trim(struct cpu *cpu);
uint64_t cpu_time(struct cpu *cpu); /* processor time of all harts so far, ns; any thread */
struct hart *cpu_hart(struct cpu *cpu, unsigned id);
const struct cpu_model *cpu_model_of(const struct cpu *cpu);
unsigned hart_id(const struct hart *hart);

/* Writes /cpus with every hart's node and cpu-map. intc_phandle[i] receives hart i's controller. */
void cpu_fdt(const struct cpu *cpu, struct fdt_builder *b, uint32_t *intc_phandle);

/* --- from any thread --- */

/* Interrupt lines into a hart: numbers are bits of mip. Level-triggered. Never blocks. */
enum {
    HART_IRQ_SSI = 1,
    HART_IRQ_MSI = 3,
    HART_IRQ_STI = 5,
    HART_IRQ_MTI = 7,
    HART_IRQ_SEI = 9,
    HART_IRQ_MEI = 11
};
void hart_irq(struct hart *hart, unsigned irq, bool level);

/* Hart states of SBI HSM ("Hart States"). */
enum hart_state {
    HART_STARTED = 0,
    HART_STOPPED = 1,
    HART_START_PENDING = 2,
    HART_STOP_PENDING = 3,
    HART_SUSPENDED = 4
};
enum hart_state hart_state(const struct hart *hart);
/*
 * Starts a stopped hart: at pc (its lowest bit counts as 0), in S-mode (or M-mode), a0 and a1 set,
 * MMU off. False if it was not stopped. Any thread.
 */
bool hart_start(struct hart *hart, uint64_t pc, bool machine_mode, uint64_t a0, uint64_t a1);

/* Remote fences for a set of harts (bit mask), complete when the call returns. From a hart's own
 * thread (`from` may be in the mask) or, with from NULL, any other. size 0 or UINT64_MAX: all
 * addresses. */
void cpu_remote_fence_i(struct cpu *cpu, struct hart *from, uint64_t mask);
void cpu_remote_sfence(struct cpu *cpu, struct hart *from, uint64_t mask, uint64_t va,
                       uint64_t size, bool with_asid, uint64_t asid);

/* --- self --- */

/* Integer register i (0..31); RV32 values are sign-extended. */
uint64_t hart_reg(const struct hart *hart, unsigned i);
void hart_set_reg(struct hart *hart, unsigned i, uint64_t val);
uint64_t hart_pc(const struct hart *hart);
/* From a device's write function, on the hart's thread: the address of the store that is being
 * done; hart_pc is behind it. */
uint64_t hart_store_pc(const struct hart *hart);
/* The hart that runs on this thread; NULL: none of this machine's. */
struct hart *cpu_current(struct cpu *cpu);
/* The built-in SBI's timer: raises HART_IRQ_STI at this tick (UINT64_MAX: never). Clears it now. */
void hart_set_timer(struct hart *hart, uint64_t ticks);
/* Software interrupt to a hart's S-mode (mip.SSIP), from any thread; the guest clears it. */
void hart_send_ssi(struct hart *hart);
/* Stops this hart: its thread sleeps until hart_start. Takes effect when ecall returns. */
void hart_stop_self(struct hart *hart);
/* The call can not be answered yet: the ecall is executed again a moment later. Until then the hart
 * can be parked, stopped and interrupted; no time passes for it with --threads=single. */
void hart_again_self(struct hart *hart);
/* HSM suspend: sleeps until an enabled interrupt is pending; then resumes after the ecall, or, if
 * non-retentive, restarts in S-mode at pc with a0 = hart id, a1 = opaque, MMU off. */
void hart_suspend_self(struct hart *hart, bool retentive, uint64_t pc, uint64_t opaque);
/* Copies from the hart's virtual memory as S-mode sees it, each byte read once (legacy SBI hart
 * masks). False: fault. */
bool hart_copy_from_virt(struct hart *hart, uint64_t va, void *dst, size_t len);

/* --- statistics, since cpu_create; any thread --- */

/* Exact in an ecall on the hart's own thread and while the hart is parked; else up to one run of the
 * engine (16,384 instructions) old, and its numbers may be of slightly different moments. */
#define HART_STATS(COUNT)                                                                          \
    COUNT(instructions)                                                                            \
    COUNT(blocks_decoded)                                                                          \
    COUNT(instructions_decoded)                                                                    \
    COUNT(tlb_misses)                                                                              \
    COUNT(tlb_flushes)                                                                             \
    COUNT(page_walks)                                                                              \
    COUNT(traps)                                                                                   \
    COUNT(ecalls)                                                                                  \
    COUNT(wfi_sleeps)                                                                              \
    COUNT(wake_ups)
struct hart_stats {
#define COUNT(name) uint64_t name;
    HART_STATS(COUNT)
#undef COUNT
};
void hart_stats(const struct hart *hart, struct hart_stats *out);
uint64_t cpu_instructions(const struct cpu *cpu); /* of all harts */
/* Reports to v what the harts and their engine did, and how fast. */
struct visitor;
void cpu_report(struct cpu *cpu, struct visitor *v);

#endif
