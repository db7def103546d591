/* SPDX-License-Identifier: MIT */
/*
 * Engines: what runs the code of harts. The rest of src/cpu decides when a hart runs, finds and
 * decodes its code (block.h), translates its addresses (mmu.h) and carries out what is rare
 * (system.h, trap.c); an engine does what lies between: it executes blocks, one after the other.
 * The interpreter is the first engine. Any other has a folder of its own, which may include any
 * header of src/cpu: a translator to native code will live in src/jit, and use the interpreter for
 * blocks that are not worth translating.
 *
 * What an engine keeps to:
 * - Before each block it compares hart.icount with hart.limit, and returns from run() once limit is
 *   reached. That is how interrupts, parking, fences and timers get through.
 * - Before each block it compares the block's epoch with hart.code_epoch (block_verify).
 * - hart.arch and hart.icount are exact whenever it calls what may look at them: sys_execute and
 *   its kin, trap_take, mmu_load and mmu_store of a device (with hart.access), and when run()
 *   returns.
 * - Pointers to blocks end with forget(); block_next may call it.
 * - An engine that lowers hart.limit for itself, to come back early, puts the old value back with a
 *   compare-and-swap, so that it keeps what another thread has set meanwhile. With
 *   cfg.single_thread it calls hart_limit_to_timers then: an instruction may have set a timer that
 *   is due before the old limit. interp_step is an example.
 */
#ifndef CPU_ENGINE_H
#define CPU_ENGINE_H

#include "cpu/cpu.h"

struct block;
struct visitor;

/* Const; one for all machines. Functions with a hart are called on that hart's thread, or while it
 * is parked. */
struct engine_ops {
    /*
     * What all harts of this processor share; the engine finds it again as hart->cpu->engine. Harts
     * exist, none runs. NULL: out of memory. The pointer itself may be NULL: nothing is shared.
     */
    void *(*create)(struct cpu *cpu);
    void (*destroy)(void *engine); /* what create made; no hart runs any more */
    /* Runs the hart from hart.arch.pc until hart.icount reaches hart.limit. Returns between two
     * blocks. Whatever ends a run lowers limit: another thread, or an instruction such as wfi. */
    void (*run)(struct hart *h);
    /* A block was decoded: sets the handler of each of its ops (interp_bind), or leaves that for
     * later; it is called once for each block. */
    void (*bind)(struct hart *h, struct block *b);
    /* All blocks of the hart are about to be freed, and with them native, heat and links. May be
     * NULL. */
    void (*forget)(struct hart *h);
    /* Reports to v what the engine counted, as one named object (cpu_report). Any thread, while
     * harts run. NULL: nothing. */
    void (*report)(const struct cpu *cpu, struct visitor *v);
    /* The harts are idle: gives memory back to the host that the engine can do without. Any thread,
     * while harts run. May be NULL. */
    void (*trim)(void *engine);
};

extern const struct engine_ops interp_engine;

/* What interp_engine is made of, for engines that interpret what they do not translate. */
void interp_run(struct hart *h);
void interp_bind(struct hart *h, struct block *b);
/*
 * For engines that count runs. Binds b so that each entry increments its `heat`; one that brings
 * heat to hart.hot (or finds it there) does not enter the block: interp_run returns, with the block
 * not counted in hart.icount and hart.arch.pc at it. The engine tells that from a limit that was
 * reached by comparing icount with limit.
 */
void interp_bind_counting(struct hart *h, struct block *b);
/* A block that is bound: from now on interp_run returns before it, as above, but always. */
void interp_bind_leave(struct hart *h, struct block *b);
/* A block that is bound: from now on it is entered without being counted. */
void interp_bind_plain(struct block *b);
/*
 * Executes one instruction, at hart.arch.pc, or takes the trap that it raises (and after a system
 * instruction an interrupt that it let through). False, with nothing done: hart.limit is reached.
 * No block is looked up, so none is freed, but by the instruction itself.
 */
bool interp_step(struct hart *h);

#endif
