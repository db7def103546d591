/* SPDX-License-Identifier: MIT */
/*
 * A hart from the inside; only src/cpu and engines include this. Fields are grouped under the
 * thread that owns them. The hot part comes first, at small offsets, so that translated code can
 * reach it.
 *
 * How a hart runs: block.c finds or decodes the block of ops at pc, the engine (engine.h;
 * interp.inc) runs blocks and follows their links until `limit` says that somebody wants something
 * (cpu.c) or an instruction changed the state that blocks are found by (csr.c, trap.c). mmu.c fills
 * the TLB.
 */
#ifndef CPU_HART_H
#define CPU_HART_H

#include "base/blob.h"
#include "base/counter.h"
#include "cpu/cpu.h"
#include "cpu/decode.h"
#include "host/thread.h"

#include <stdatomic.h>
#include <stddef.h>

enum { PRIV_U = 0, PRIV_S = 1, PRIV_M = 3 };

/* Exception codes (privileged ISA, "mcause"). */
enum {
    EXC_INSN_MISALIGNED = 0,
    EXC_INSN_ACCESS = 1,
    EXC_ILLEGAL = 2,
    EXC_BREAKPOINT = 3,
    EXC_LOAD_MISALIGNED = 4,
    EXC_LOAD_ACCESS = 5,
    EXC_STORE_MISALIGNED = 6,
    EXC_STORE_ACCESS = 7,
    EXC_ECALL_U = 8,
    EXC_ECALL_S = 9,
    EXC_ECALL_M = 11,
    EXC_INSN_PAGE = 12,
    EXC_LOAD_PAGE = 13,
    EXC_STORE_PAGE = 15,
};

enum access { ACCESS_LOAD, ACCESS_STORE, ACCESS_FETCH };

/* --- translation contexts: tlb.h --- */
#define CTX_CACHE 16
#define CTX_MODES 16 /* privilege, SUM, MXR */

struct tlb_view;
struct native_jump;
struct tlb_context {
    uint64_t satp;
    uint64_t used; /* for replacement; 0: it is no context's */
    uint32_t mode; /* privilege, SUM, MXR; see tlb.c */
    struct tlb_view *view;
};

/* --- blocks --- */
#define JUMP_CACHE_BITS 14
#define JUMP_CACHE_SIZE (1u << JUMP_CACHE_BITS)

struct block;
struct jump {
    uint64_t pc;
    struct block *block;
    uint64_t key; /* hart.jump_key when it was entered */
};

/* What hart_stats copies. Counted by the hart's thread, instructions by hart_publish. */
struct hart_counts {
#define COUNT(name) struct counter name;
    HART_STATS(COUNT)
#undef COUNT
};

#define PMP_ENTRIES 16

#define TRIGGERS 2
struct trigger {
    uint64_t data1, data2; /* tdata1, tdata2 */
};

/* An instruction that is being done: what `locate` needs. */
struct access_place {
    const struct op *op;
    const struct block *block;
    uint64_t page;  /* virtual, of the block */
    uint64_t steps; /* icount with the whole block counted */
};

struct pending_fence {
    uint64_t va, size, asid;
    bool with_asid;
};
#define FENCE_QUEUE 16

/* Bits of the pending word. */
enum {
    PEND_IRQ = 1,   /* irq_lines changed */
    PEND_PARK = 2,  /* go to the parking loop */
    PEND_FENCE = 4, /* the fence mailbox has something */
    PEND_STATE = 8, /* started, or asked to end */
    PEND_CLOCK = 16,
};

/*
 * The architectural state of a hart: what the specification defines, and the timer that the
 * built-in SBI adds. All other fields of struct hart are caches computed from it, the means to run
 * it, or messages from other threads (of which irq_lines and the HSM fields are state, too).
 */
struct hart_arch {
    uint64_t x[33]; /* x[32] swallows writes to x0; RV32 values are sign-extended */
    uint64_t pc;
    uint64_t f[32]; /* narrower values are NaN-boxed */
    uint32_t fflags, frm;
    uint8_t priv;
    bool wfi; /* the hart waits for an interrupt */
    /* LR's reservation: its physical address, with bit 0 set for a doubleword, or RES_NONE */
    uint64_t res_addr;
    uint64_t res_value; /* what LR read there */
    /* mstatus is kept in its RV64 form; its FS lags behind while hart.fp_dirty is set */
    uint64_t mstatus, mtvec, mepc, mcause, mtval, mscratch, medeleg, mideleg, mie;
    uint64_t mip_soft; /* the bits of mip that software wrote */
    uint64_t stvec, sepc, scause, stval, sscratch, satp, stimecmp;
    uint64_t menvcfg, senvcfg, mseccfg;
    uint64_t mcounteren, scounteren;
    uint32_t mcountinhibit;
    uint64_t sbi_timer; /* tick, UINT64_MAX never */
    uint64_t pmpaddr[PMP_ENTRIES];
    uint8_t pmpcfg[PMP_ENTRIES];
    struct trigger trigger[TRIGGERS];
    uint8_t trigger_at; /* tselect */
};

#define RES_NONE UINT64_MAX

struct hart {
    /* --- hot, the hart's thread --- */
    /* Leave the blocks once icount reaches it; other threads set it to 0. At offset 0: the
     * interpreter addresses it through the hart pointer and needs no second base register. */
    _Atomic uint64_t limit;
    struct hart_arch arch; /* x right behind limit, in reach of translated code's short offsets */
    /* Steps: instructions retired and traps taken (the interpreter keeps it in a register). Traps
     * count, since a hart whose handler traps retires nothing for ever. */
    uint64_t icount;
    /* This hart's view of cpu.code_epoch: code that was last found equal to memory in an older epoch
     * is compared with memory again before it runs. */
    uint64_t code_epoch;
    /* the engine's; nothing else looks at them, but for hot */
    void *engine_data;
    struct store_log *log; /* mmu.h; NULL, but for an engine that undoes stores */
    uint64_t vbase;        /* virtual address of the page that translated code runs in */
    uint16_t hot;          /* interp_bind_counting: at this heat a block is left to the engine */
    bool fp_live;          /* the host's FP environment is the guest's */
    struct tlb_view *fetch, *data;    /* for fetching, and for loads and stores */
    struct native_jump *jumps_native; /* of the fetch view, for the present FS */
    uint64_t jump_key;                /* generation of the fetch view's jumps, and FS */
    uint32_t jump_salt;               /* spreads views in the jump cache */
    bool fp_dirty;                    /* FS became Dirty since mstatus was last looked at */
    bool fp_on;                       /* FS is not Off */
    uint8_t align_mask;               /* bits that must be zero in a jump's target */
    /* a fault on its way to trap_take */
    uint32_t exc;
    uint64_t exc_tval;

    struct access_place access; /* the last load or store that took the slow path */

    /* single-thread mode: the icount up to which the machine's clock has moved on; its turn is over
     * before its time */
    uint64_t clocked;
    bool gave_up;

    /* spinning on pause */
    uint64_t pause_icount;
    uint32_t pauses;

    /* --- computed from arch, the hart's thread --- */
    bool timer_stip;                    /* STIP as driven by stimecmp or the built-in SBI */
    bool triggers_on;                   /* some trigger can fire */
    bool pmp_active;                    /* some entry is on */
    bool pmp_locked;                    /* some entry that is on binds M-mode too */
    uint64_t next_timer;                /* the earliest tick that raises something */
    int64_t minstret_base, mcycle_base; /* minstret and mcycle less hart_retired, or while
                                           mcountinhibit stops them the counters themselves */

    /* --- caches, the hart's thread --- */
    struct jump jumps[JUMP_CACHE_SIZE];
    struct tlb_context contexts[CTX_CACHE];
    uint8_t last_context[CTX_MODES]; /* by mode: the one it used last */
    uint64_t ctx_clock;
    uint64_t jump_gen; /* the latest of any view */
    void *views;       /* memory of all */
    struct block_cache *blocks;
    uint64_t trim_time, trim_icount; /* when to look whether it was idle, and since what icount */
    struct hart_counts counts;

    /* --- identity, const --- */
    struct cpu *cpu;
    const struct cpu_model *model;
    struct gmem *mem;
    struct map *map;
    unsigned id;
    uint8_t *ram; /* host address of RAM */
    uint64_t ram_base, ram_size;

    /* --- any thread --- */
    _Atomic uint32_t pending;
    _Atomic uint32_t irq_lines; /* bits of mip driven from outside */
    _Atomic uint32_t state;     /* enum hart_state */
    _Atomic bool asleep;        /* will look at pending before it runs anything */
    struct host_wakeup *wakeup; /* its thread's */
    struct host_wakeup own_wakeup;
    pthread_mutex_t fence_lock;
    struct pending_fence fences[FENCE_QUEUE]; /* under fence_lock */
    unsigned fence_count;                     /* FENCE_QUEUE + 1: overflowed: flush all */
    bool fence_i;
    _Atomic uint64_t fence_asked, fence_done;
    /* start parameters, written by the starter while state is START_PENDING */
    uint64_t start_pc, start_a0, start_a1;
    bool start_machine;
    /* self, for HSM */
    bool stop_wanted, suspend_wanted, suspend_retentive;
    bool again_wanted; /* the ecall is not done: hart_again_self */
    uint64_t suspend_pc, suspend_opaque;
};

_Static_assert(offsetof(struct hart, limit) == 0, "the interpreter relies on it");
_Static_assert(offsetof(struct hart, arch.x) == 8, "translated code is to reach x in 8 bits");

/* What all harts share. */
struct cpu {
    struct cpu_config cfg;
    struct decoder *decoder;
    void *engine; /* what cfg.engine->create made */
    /* Incremented by each fence.i, local or remote, after a full barrier: what was read of code in
     * an older epoch may be stale. One for all harts, from 1: an engine may share code. */
    _Atomic uint64_t code_epoch;
    struct hart *hart[CPU_MAX_HARTS];
    pthread_t thread[CPU_MAX_HARTS];
    unsigned threads;         /* running */
    _Atomic uint64_t started; /* host_now_ns() at cpu_start; 0: not yet */
    /* parking */
    pthread_mutex_t park_lock;
    pthread_cond_t park_cond; /* parked count changed, or unparked */
    unsigned park_wanted, parked;
    atomic_bool quit;
    _Atomic uint64_t fence_waiters; /* harts that sleep until some other has done their fence */
    struct hart *running;           /* single-thread mode, its thread: the hart whose turn it is */
    struct host_wakeup single_wakeup; /* single-thread mode sleeps here */
    _Atomic uint32_t held;            /* single-thread mode: enum cpu_hold */
};

static inline bool hart_is64(const struct hart *h)
{
    return h->model->xlen == 64;
}

static inline uint64_t hart_retired(const struct hart *h)
{
    return h->icount - counter_get(&h->counts.traps);
}

/* Copies the number of retired instructions to where other threads read it. */
static inline void hart_publish(struct hart *h)
{
    counter_set(&h->counts.instructions, hart_retired(h));
}

/* --- hart.c --- */

bool hart_create(struct cpu *cpu, unsigned id); /* false: out of memory; finds it in cpu->hart */
void hart_destroy(struct hart *h);
/* Parked: sets the reset state, stopped; empties the TLB, the blocks and the mailbox. */
void hart_reset(struct hart *h);
/* Any thread: sets bits of the pending word, ends the blocks and wakes the hart's thread. */
void hart_set_pending(struct hart *h, uint32_t bits);

/* The hart's own thread from here on. */
void hart_see_to_park(struct hart *h); /* parks while that is asked for */
void hart_service(struct hart *h);     /* handles all pending bits */
/* Carries out the hart's own stop and suspend requests. True: there is something to run. */
bool hart_runnable(struct hart *h);
/* Runs until icount reaches `end`, a bit pends, or there is nothing to run. */
void hart_run(struct hart *h, uint64_t end);
/* mip: the lines, the bits that software wrote, and the timer. */
uint64_t hart_mip(struct hart *h);
/* Call after priv, satp, mstatus or FS changed: selects the views and computes jump_key. */
void hart_refresh(struct hart *h);
/* Call after timer registers changed or time passed: computes next_timer and mip.STIP. */
void hart_timer_update(struct hart *h);

/* --- hart_thread.c --- */

void *hart_thread_main(void *hart); /* the thread of one hart */

/* --- hart_save.c --- */

/* Parked, or before the threads start; hart_load after the clock was loaded. False: the reason is
 * in `in`, and the hart was reset. */
void hart_save(struct hart *h, struct blob_out *out);
bool hart_load(struct hart *h, struct blob_in *in);

/* --- single.c --- */

void *cpu_single_main(void *cpu); /* the thread that runs all harts */
/*
 * Time is counted in steps. These move the clock on to where the hart is: between two instructions
 * (icount is exact), or inside a load or store that reaches a device. Nothing in other modes.
 */
void hart_sync_clock(struct hart *h);
void hart_sync_access(struct hart *h);
/* Single-thread mode: lowers `limit` to where the hart's timer or a device's is due. */
void hart_limit_to_timers(struct hart *h);

/* --- fence.c --- */

/* Carries out all fences in the hart's mailbox; its own thread, or parked. */
void hart_apply_fences(struct hart *h);
/* fence.i: starts a new code epoch, which the hart takes over at once; its own thread, or parked. */
void hart_fence_i(struct hart *h);

/* --- trap.c --- */

/* Enters the trap handler for exc/tval; pc is the faulting instruction's. */
void trap_take(struct hart *h, uint64_t cause, bool interrupt, uint64_t tval);
/* Takes the highest pending and enabled interrupt, if any; true if pc moved. */
bool trap_interrupt(struct hart *h);
/* Is any interrupt pending and enabled in mie, whatever the global enables say (WFI)? */
bool trap_wakes(struct hart *h);
bool trap_mret(struct hart *h); /* false: illegal here */
bool trap_sret(struct hart *h);

#endif
