/* SPDX-License-Identifier: MIT */
/*
 * The steps: each sets up some of the privileged state at random, makes one access or jump from S
 * or U (or from M with MPRV) and mixes what the trap says into a hash. A delegated trap goes to an
 * stvec that is never mapped: the fetch fault there, never delegated, brings it to M with scause,
 * sepc and stval to look at. No AMOs: QEMU 7.2 begins them with a load, and faults and marks as
 * one.
 */
#include "priv.h"

#ifndef STEPS
#define STEPS 60000
#endif
#ifndef PRINT_EVERY
#define PRINT_EVERY 1000
#endif
#ifndef TRACE_FROM
#define TRACE_FROM (-1)
#endif
enum { ACCESSES = 16, MPRV_ACCESSES = 10, LR = 9, DATA = 0x800, TRACE_STEPS = 40 };
enum {
    CAUSE_FETCH_ACCESS = 1,
    CAUSE_LOAD_ACCESS = 5,
    CAUSE_STORE_ACCESS = 7,
    CAUSE_FETCH_PAGE = 12
};

struct frame { /* priv_run.S */
    uint64_t a0, a1, a2, host_sp, cause, epc, tval, status;
};

extern const uint8_t priv_accesses[], priv_accesses_end[];
void priv_enter(struct frame *f);
void priv_mprv(struct frame *f, int kind);
void priv_trap(void);

static struct tables tables;
static unsigned modes[4], mode_count;
static uint32_t hash = 1;

static void mix(uint64_t v)
{
    hash = (hash << 5 | hash >> 27) + (uint32_t)v;
    hash = (hash << 5 | hash >> 27) + (uint32_t)(v >> 32);
}

/* Every page the tables can reach: ecalls, the accesses at the start, junk in the data half. */
static void fill_page(uint8_t *page)
{
    for (unsigned i = 0; i < PAGE / 4; i++)
        ((uint32_t *)page)[i] = i < DATA / 4 ? 0x73 : 0x01010101u * (i & 255);
    for (unsigned i = 0; priv_accesses + i < priv_accesses_end; i++)
        page[i + 64] = priv_accesses[i];
    ((uint32_t *)page)[PAGE / 4 - 1] = 0x00730073;
}

static void fill_pool(void)
{
    for (unsigned i = 0; i < POOL_PAGES; i++)
        fill_page(POOL + i * PAGE);
    fill_page(POOL + 511 * PAGE);
    __asm__ volatile("fence.i");
}

static uint32_t pool_hash(void)
{
    uint32_t h = 0;
    for (unsigned i = 0; i < POOL_PAGES * PAGE / 4; i++)
        h = (h << 5 | h >> 27) + ((uint32_t *)POOL)[i];
    return h;
}

static void find_modes(void)
{
    modes[mode_count++] = 0;
#if __riscv_xlen == 64
    static const uint8_t levels[] = {3, 4, 5};
#else
    static const uint8_t levels[] = {2};
#endif
    for (unsigned i = 0; i < sizeof(levels); i++) {
        ulong mode = __riscv_xlen == 64 ? (ulong)(levels[i] + 5) << (__riscv_xlen - 4)
                                        : 1ul << (__riscv_xlen - 1);
        CSR_WRITE(satp, mode);
        if (CSR_READ(satp) == mode)
            modes[mode_count++] = levels[i];
    }
    CSR_WRITE(satp, 0);
}

/*
 * PMP: entries 0..3 over the pool and the tables, the last one over everything. Entries that cover
 * tables are readable and writable or neither: an A/D update by a walker that may not write is a
 * question on which the two emulators need not agree.
 */
static void random_pmp(void)
{
    static const uint8_t any[] = {0, 1, 3, 4, 5, 7}, table[] = {0, 3, 7, 7, 7, 7};
    ulong cfg = 0;
    for (unsigned i = 0; i < 4; i++) {
        int on_table = random_chance(8);
        ulong base = on_table ? TABLES + random_below(TABLE_PAGES) * PAGE
                              : (ulong)POOL + random_below(POOL_PAGES) * PAGE;
        ulong size_bits = 9 + random_below(3); /* 4 KiB to 16 KiB: trailing ones of NAPOT */
        ulong perm = on_table ? table[random_below(6)] : any[random_below(6)];
        ulong value = base >> 2 | ((1ul << size_bits) - 1);
        ulong kind = random_below(3); /* off, TOR, NAPOT */
        if (kind == 1)
            value = base >> 2;
        else if (kind == 2)
            kind = 3;
        if (kind == 1 && (on_table || i == 0 || cfg >> (8 * (i - 1)) & 0x18))
            kind = 0; /* the range must start at an entry that is off */
        switch (i) {
        case 0: CSR_WRITE(pmpaddr0, value); break;
        case 1: CSR_WRITE(pmpaddr1, value); break;
        case 2: CSR_WRITE(pmpaddr2, value); break;
        default: CSR_WRITE(pmpaddr3, value); break;
        }
        cfg |= (perm | kind << 3) << (8 * i);
    }
    CSR_WRITE(pmpcfg0, cfg);
}

static void open_pmp(void)
{
    CSR_WRITE(pmpaddr15, -1ul);
#if __riscv_xlen == 64
    CSR_WRITE(pmpcfg2, 0x1ful << 56);
#else
    CSR_WRITE(pmpcfg3, 0x1ful << 24);
#endif
    CSR_WRITE(pmpcfg0, 0);
}

/*
 * medeleg: anything but the fetch faults that bring a delegated trap home.
 */
static void random_delegation(void)
{
    static const uint16_t causes[] = {1 << 0, 1 << 2, 1 << 3, 5 << 4, 5 << 5, 1 << 8, 5 << 13};
    ulong medeleg = 0;
    for (unsigned i = 0; i < sizeof(causes) / sizeof(causes[0]); i++)
        if (random_chance(3))
            medeleg |= causes[i];
    CSR_WRITE(medeleg, medeleg);
}

/* Root index 5 is never used: unmapped in every mode, and no memory when bare. */
static ulong nowhere(void)
{
    unsigned levels = tables.levels ? tables.levels : (__riscv_xlen == 64 ? 3 : 2);
    return 5ul << (12 + INDEX_BITS * (levels - 1));
}

static void enter_space(unsigned space)
{
    CSR_WRITE(satp, tables_satp(&tables, space));
    CSR_WRITE(stvec, nowhere());
}

static void new_tables(void)
{
    tables_build(&tables, modes[random_below(mode_count)]);
    fill_pool();
    enter_space(0);
    __asm__ volatile("sfence.vma" ::: "memory");
}

/* Changes one entry and fences no more than the manual asks for. */
static void change_entry(ulong address)
{
    if (!tables.leaves)
        return;
    tables_change(&tables);
    if (random_chance(2))
        __asm__ volatile("sfence.vma" ::: "memory");
    else
        for (unsigned i = 0; i < tables.leaves; i++)
            __asm__ volatile("sfence.vma zero, %0" ::"r"((ulong)(i & 1) + 1) : "memory");
    (void)address;
}

static void random_status(void)
{
    ulong bits = 0;
    CSR_CLEAR(mstatus, MSTATUS_MPP | MSTATUS_SUM | MSTATUS_MXR | MSTATUS_TVM | MSTATUS_TW |
                           MSTATUS_TSR | MSTATUS_SPP | MSTATUS_SIE | MSTATUS_MIE | 1 << 5);
    bits |= random_chance(2) ? MSTATUS_SUM : 0;
    bits |= random_chance(2) ? MSTATUS_MXR : 0;
    bits |= random_chance(4) ? MSTATUS_TVM : 0;
    bits |= random_chance(4) ? MSTATUS_TSR : 0;
    bits |= random_chance(2) ? MSTATUS_SPP : 0;
    bits |= MSTATUS_TW;                     /* wfi must trap: nothing wakes it */
    bits |= random_chance(2) ? 1 << 11 : 0; /* MPP: S or U */
    CSR_SET(mstatus, bits);
}

/*
 * Across two pages only where just one kind of fault can come: which half of an access faults first
 * is the machine's choice.
 */
static int crossing_allowed(void)
{
    return !tables.holes && !CSR_READ(pmpcfg0);
}

static ulong data_offset(void)
{
    if (random_chance(4) && crossing_allowed())
        return PAGE - 1 - random_below(7);
    return DATA + random_below(PAGE - DATA - 8);
}

static ulong code_offset(int *kind)
{
    *kind = -1;
    switch (random_below(5)) {
    case 0: return crossing_allowed() ? PAGE - 2 : PAGE - 4;
    case 1: return random_below(16) * 2;
    default: *kind = (int)random_below(ACCESSES); return 64 + (ulong)*kind * 8;
    }
}

static void print_code(ulong physical)
{
    put(" code");
    if (physical < 0x80000000ul || physical >= 0x8f000000ul)
        return;
    for (unsigned i = 0; i < 6; i += 2) {
        put(" ");
        put_hex(*(const uint16_t *)(physical + i));
    }
}

static void trace(long step, const struct frame *f, ulong pc)
{
    const uint64_t value[] = {pc,
                              f->a1,
                              f->cause,
                              f->epc,
                              f->tval,
                              f->status,
                              f->a0,
                              CSR_READ(scause),
                              CSR_READ(sepc),
                              CSR_READ(stval),
                              CSR_READ(satp),
                              CSR_READ(medeleg),
                              CSR_READ(pmpcfg0),
                              CSR_READ(pmpaddr0),
                              CSR_READ(pmpaddr1),
                              CSR_READ(pmpaddr2),
                              CSR_READ(pmpaddr3),
                              tables_hash(),
                              hash};
    static const char *const name[] = {
        "pc",   "va",      "cause",   "epc",  "tval", "status", "a0",   "scause", "sepc", "stval",
        "satp", "medeleg", "pmpcfg0", "pmp0", "pmp1", "pmp2",   "pmp3", "tables", "hash"};
    if (TRACE_FROM < 0 || step < TRACE_FROM || step >= TRACE_FROM + TRACE_STEPS)
        return;
    put_dec((ulong)step);
    for (unsigned i = 0; i < sizeof(value) / sizeof(value[0]); i++) {
        put(" ");
        put(name[i]);
        put("=");
        put_hex((ulong)value[i]);
    }
    put(" walk pc");
    print_code(tables_print_walk(&tables, CSR_READ(satp), pc));
    put(" va");
    tables_print_walk(&tables, CSR_READ(satp), (ulong)f->a1);
    put("\n");
}

/* What both emulators must agree on after a trap. */
static void mix_trap(const struct frame *f)
{
    enum { KEEP = MSTATUS_MPP | MSTATUS_SPP | MSTATUS_SUM | MSTATUS_MXR | MSTATUS_MPRV | 1 << 5 };
    mix(f->cause);
    mix(f->epc);
    /* QEMU takes a misaligned access to no memory apart and names the aligned piece. */
    mix(f->cause == CAUSE_LOAD_ACCESS || f->cause == CAUSE_STORE_ACCESS ? f->tval & ~7ull
                                                                        : f->tval);
    mix(f->status & KEEP);
    mix(f->a0);
    if (f->cause == CAUSE_FETCH_ACCESS || f->cause == CAUSE_FETCH_PAGE) {
        mix(CSR_READ(scause));
        mix(CSR_READ(sepc));
        mix(CSR_READ(stval) & ~7ul);
    }
}

static void step_once(long step)
{
    static struct frame f;
    int kind;
    if (random_chance(40))
        new_tables();
    else if (random_chance(4))
        change_entry(tables_address(&tables));
    if (tables.levels && random_chance(3))
        enter_space(random_below(SPACES)); /* the ASID changes, no fence */
    if (random_chance(8)) {
        random_pmp();
        __asm__ volatile("sfence.vma" ::: "memory");
    } else if (random_chance(4)) {
        CSR_WRITE(pmpcfg0, 0);
        __asm__ volatile("sfence.vma" ::: "memory");
    }
    if (random_chance(6))
        random_delegation();
    random_status();
    CSR_WRITE(scause, 0);
    CSR_WRITE(stval, 0);
    f.a0 = 0x5a5a;
    f.a1 = tables_address(&tables) + data_offset();
    f.a2 = (f.a1 & (PAGE - 1)) < PAGE - 8 ? random_next() : 0; /* at a page's end is code */
    ulong pc = tables_address(&tables) + code_offset(&kind);
    CSR_WRITE(sepc, nowhere());
    if (random_chance(3)) {
        kind = (int)random_below(MPRV_ACCESSES);
        pc = (ulong)kind;
        if (kind == LR)
            f.a1 &= ~3ull;
        priv_mprv(&f, kind);
        f.epc -= (ulong)priv_accesses;
    } else {
        if (kind == LR)
            f.a1 &= ~3ull;
        CSR_WRITE(mepc, pc);
        __asm__ volatile("fence.i"); /* stores across pages reach code */
        priv_enter(&f);
    }
    if (kind == 15 || kind == 14) /* mstatus and sstatus: fields differ by right */
        f.a0 = 0;
    mix_trap(&f);
    trace(step, &f, pc);
}

/* Hardware updates of A and D where it is a choice (QEMU 7.2 always does). */
static void choose_updates(void)
{
#if __riscv_xlen == 64
    CSR_SET(0x30a, 1ul << 61); /* menvcfg.ADUE */
    CSR_SET(0x30a, 1ul << 62); /* menvcfg.PBMTE */
#else
    CSR_SET(0x31a, 1ul << 29);
#endif
}

static void skip_trap(void) __attribute__((naked, aligned(4)));
static void skip_trap(void)
{
    __asm__ volatile("csrw mscratch, t0\n csrr t0, mepc\n addi t0, t0, 4\n csrw mepc, t0\n"
                     "csrr t0, mscratch\n mret");
}

void guest_main(ulong hart)
{
    if (hart)
        for (;;)
            continue;
    CSR_WRITE(mtvec, skip_trap);
    choose_updates();
    open_pmp();
    find_modes();
    put("modes ");
    put_dec(mode_count);
    put("\n");
    CSR_WRITE(mtvec, priv_trap);
    new_tables();
    for (long step = 0; step < STEPS; step++) {
        step_once(step);
        if (step % PRINT_EVERY == PRINT_EVERY - 1) {
            mix(tables_hash());
            mix(pool_hash());
            put_dec((ulong)step);
            put(" ");
            put_hex(hash);
            put("\n");
        }
    }
    put("DONE\n");
    finish(0);
}
