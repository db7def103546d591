/* SPDX-License-Identifier: MIT */
/*
 * The translator from the inside: only src/jit includes this.
 *
 * Host registers in translated code:
 *   rbp         the hart + 128, so that x0..x30 and limit have short displacements
 *   r14         the TLB's view for loads and stores (tlb.h)
 *   r15         icount
 *   rbx rdi rsi r8-r13   guest sp a0 a1 a2 a3 a4 a5 s0 s1, or others inside a region: gen_reg.c
 *   xmm3-15     f registers inside a region: gen_freg.c
 *   rax rcx rdx xmm0-2   free between two instructions; rcx holds a group's addend
 * icount counts a basic block's instructions at its head. Cold code that leaves in the middle says
 * how many have not run yet (struct place).
 */
#ifndef JIT_INTERNAL_H
#define JIT_INTERNAL_H

#include "base/counter.h"
#include "cpu/block.h"
#include "cpu/hart.h"
#include "cpu/mmu.h"
#include "cpu/system.h"
#include "jit/jit.h"
#include "jit/perf_map.h"
#include "jit/x86.h"

#define REGION_MAX_INSNS  512
#define REGION_MAX_BLOCKS 96
#define REGION_LISTS      1024
#define CACHE_DEFAULT     (UINT64_C(32) << 20)     /* bytes of code */
#define CODE_MAX          (REGION_MAX_INSNS * 192) /* bytes that one region may take */

/* Why translated code came back. */
enum jit_exit {
    EXIT_LOOKUP, /* go on at hart.arch.pc, by a lookup */
    EXIT_LIMIT,  /* limit is reached */
    EXIT_INTERP, /* the instruction at hart.arch.pc is the interpreter's */
    EXIT_STALE,  /* the region at hart.arch.pc is of an older epoch */
    EXIT_FP,     /* MXCSR must become the guest's before the code at hart.arch.pc */
    EXIT_KINDS
};

struct extent {
    uint16_t start, end; /* in the page */
};
#define EXTENTS_MAX 8

/* A host register that holds x[own] inside the region, and x[canonical] outside. */
struct swap {
    uint8_t host, canonical, own;
};
#define SWAPS_MAX 9

struct region_block {
    uint16_t offset; /* in the page */
    uint8_t flags;
    uint32_t singles; /* see struct bb */
    uint32_t code;    /* offset in the cache */
};

/* What a region is, in the data part of the cache. Shared by all harts. */
struct region {
    _Atomic uint64_t epoch; /* in which it was last found equal to memory; 0: dead */
    uint64_t pa;            /* of its page */
    const uint8_t *src;     /* the bytes of its extents, one after the other */
    struct extent extent[EXTENTS_MAX];
    uint8_t extents;
    uint16_t insns;
    uint32_t bytes; /* of code */
    /* for entries that are made later: */
    struct region *next; /* of those with the same hash of page and FS */
    struct region_block *block;
    uint16_t blocks;
    bool fp_on, fp_used;
    uint8_t swaps;
    struct swap swap[SWAPS_MAX];
    uint8_t fhome[32];
};

/* An entry point: the code for a physical address. */
struct jit_entry {
    const uint8_t *code;
    struct region *region;
};

/* Code that all regions use, made once (thunks.c); in the writable mapping, but for enter. */
struct thunks {
    uint64_t (*enter)(struct hart *h, const uint8_t *code); /* returns enum jit_exit */
    const uint8_t *exit[EXIT_KINDS]; /* jump there with the page offset in ecx */
    const uint8_t *
        lookup; /* jump there with the pc in rax, which the view's native jumps lack; not its bit 0 */
    const uint8_t *resume;       /* goes on at hart.arch.pc; all state is in the hart */
    const uint8_t *load, *store; /* call: va in rax, value in rdx, place in ecx */
    const uint8_t *atomic;       /* call: the same; rdx points nowhere, rax: host address */
    const uint8_t *verify;       /* call: region in rax; then rax is not 0 if it is current */
    const uint8_t *sys;          /* call: place in ecx, id | len << 16 in edx, word in eax */
};

/* What was translated since the machine was created. Counted under jit.lock. */
struct jit_counts {
    struct counter regions, bytes, insns; /* guest instructions */
    struct counter x86;                   /* instructions on the main paths, without cold code */
    struct counter ns;                    /* processor time for it */
    struct counter flushes;               /* times the cache was full and all code was dropped */
};

struct jit {
    struct cpu *cpu;
    uint8_t *rw, *rx;              /* two mappings of the same memory */
    uint64_t code_size, data_size; /* of the two parts; regions lie behind the code */
    uint64_t used, data_used;
    struct thunks thunks;
    pthread_mutex_t lock;        /* translating and publishing */
    _Atomic uint64_t generation; /* changes when all code is dropped */
    _Atomic bool flushing;       /* the cache is full: no hart may enter code */
    struct entry_slot *table;
    unsigned entries;
    struct region *pages[REGION_LISTS]; /* under lock */
    struct gen *gen;                    /* under lock */
    bool cold;                          /* for tests: the TLB is never hit inline */
    bool verify;                        /* for tests: see verify.c */
    bool full;                          /* the last translation found no room */
    struct jit_counts counts;
};

/* Functions that translated code calls and comes back from. */
enum jit_call { CALL_LOAD, CALL_STORE, CALL_ATOMIC, CALL_SYSTEM, CALL_KINDS };

/* Counted by the hart's thread, only where it is in C anyway. */
struct jit_hart_counts {
    struct counter native;   /* instructions retired from entering translated code to leaving it */
    struct counter verified; /* regions that were compared with memory */
    struct counter exits[EXIT_KINDS], calls[CALL_KINDS];
};

#define KNOWN_BITS 15 /* log2 of the entries of jit_hart.known */

/* A hart's part of the engine: hart.engine_data. */
struct jit_hart {
    /* Code by the host address of the guest's instruction, with bit 0 set if FS is not Off: the same
     * for all address spaces, behind the native jumps of the views. thunks.c reads it, too. */
    struct native_jump known[1 << KNOWN_BITS];
    struct verify *verify; /* verify.c; NULL: not verified */
    uint64_t differences;  /* that it has found */
    _Atomic bool inside;   /* it may run or hold translated code */
    uint64_t generation;
    uint32_t host_mxcsr;
    struct jit_hart_counts counts;
};

static inline struct native_jump *jit_known(struct jit_hart *jh, uint64_t host_address)
{
    return &jh->known[(uint32_t)host_address * TLB_HASH >> (32 - KNOWN_BITS)];
}

/* Where a cold path stands. */
static inline uint32_t place_of(unsigned offset, unsigned left, unsigned kind)
{
    return offset | left << 12 | kind << 24;
}
static inline unsigned place_offset(uint32_t place)
{
    return place & 0xfff;
}
static inline unsigned place_left(uint32_t place)
{
    return place >> 12 & 0xfff;
}
static inline unsigned place_kind(uint32_t place)
{
    return place >> 24;
}
/* place_kind of an access: log2 of its size, and: */
enum {
    PLACE_SIGNED = 4, /* a load extends the sign */
    PLACE_READS = 8,  /* an atomic only reads */
};
static inline unsigned gen_log2(unsigned size)
{
    return (unsigned)__builtin_ctz(size);
}

/* --- cache.c --- */

/* NULL: out of memory. If the host refuses memory for code, jit.rw is NULL: all is interpreted. */
struct jit *cache_create(struct cpu *cpu);
void cache_destroy(struct jit *j);
/* The code for physical address pa (bit 0: FS is not Off); NULL: none. Any hart. */
const struct jit_entry *cache_find(struct jit *j, uint64_t key);
/* Under the lock: room for a region with so many blocks, and a copy of src, in the cache's data;
 * NULL: full. */
struct region *cache_region(struct jit *j, const struct region *like, const uint8_t *src,
                            unsigned bytes);
/* Under the lock: a living region with a block that begins at pa; NULL: none. */
struct region *cache_region_at(struct jit *j, uint64_t pa, bool fp_on);
void cache_publish(struct jit *j, uint64_t key, const uint8_t *code, struct region *r);
void cache_empty(struct jit *j); /* under the lock; no hart is inside */
/* The writable mapping drops its pages, which the other mapping keeps: what was written long ago counts
 * once as resident. Any thread. */
void cache_trim(struct jit *j);

/* --- thunks.c --- */

void thunks_make(struct jit *j);

/* --- region.c, gen*.c --- */

/* Sees to it that the code at pa is entered, which the hart could fetch just now. False: nothing there can be. Under the lock. */
bool jit_translate(struct jit *j, struct hart *h, uint64_t pa);

/* --- stats.c --- */

void jit_report(const struct cpu *cpu, struct visitor *v); /* engine_ops.report */

/* --- dump.c --- */

struct gen;
/* Prints the region that g has translated to stderr, if it holds cfg.engine_dump; page: its virtual
 * address. Under the lock. */
void jit_dump(const struct gen *g, uint64_t page);

/* --- perf_map.c --- */

/* Names the code of thunks.c, all there is yet. */
void perf_map_thunks(struct perf_map *map, const struct jit *j);
/* Names the region that g has translated; page: its virtual address. Under the lock. */
void perf_map_region(struct perf_map *map, const struct gen *g, uint64_t page);
/* Names an entry that g has added to a region; pc: where it leads. */
void perf_map_entry(struct perf_map *map, const struct gen *g, uint64_t pc);

/* --- run.c: what thunks call --- */

struct jit_value {
    uint64_t value, leave; /* leave: go on at hart.arch.pc, all state is in the hart */
};
struct jit_value jit_load(struct hart *h, uint64_t va, uint64_t unused, uint32_t place);
struct jit_value jit_store(struct hart *h, uint64_t va, uint64_t value, uint32_t place);
struct jit_value jit_atomic(struct hart *h, uint64_t va, uint64_t unused, uint32_t place);
struct jit_value jit_verify(struct hart *h, uint64_t region, uint64_t unused, uint32_t place);
struct jit_value jit_sys(struct hart *h, uint64_t word, uint64_t id_len, uint32_t place);

/* --- run.c --- */

/* The live code for pc, or NULL; *key: how it is found, 0: never. */
const uint8_t *run_find_code(struct jit *j, struct hart *h, uint64_t pc, uint64_t *key);
/* Runs translated code from h->arch.pc. EXIT_INTERP: the interpreter has to do what comes next. */
enum jit_exit run_code(struct hart *h, const struct thunks *t, const uint8_t *code);
/* Before C runs that may look at fflags or compute: MXCSR becomes the host's again. */
bool run_fp_pause(struct hart *h);
/* Translates the code at key. False: there is none that can be; or *later: another hart translates, or
 * there is no room and the cache is about to be emptied. */
bool run_translate(struct jit *j, struct hart *h, uint64_t key, bool *later);

/* --- verify.c --- */

/* Each hart gets a log of stores. False: out of memory. */
bool verify_create(struct jit *j);
void verify_destroy(struct jit *j);
/* As engine_ops.run. */
void verify_run(struct jit *j, struct hart *h);

/* --- the generator --- */

enum { HEAD_LOOP = 1, HEAD_ENTRY = 2 };

struct insn {
    struct op op;
    uint16_t id, offset;
};

struct bb {
    uint16_t first, count; /* of gen.insn */
    uint16_t offset, end;  /* in the page */
    uint8_t flags;
    uint32_t singles; /* f registers that must hold boxed singles where it is entered */
    uint32_t steady;  /* in a loop: x registers that stay, or move on by small steps */
    const uint8_t *label;
};

enum cold_kind {
    COLD_LOAD,
    COLD_STORE,
    COLD_EXIT,
    COLD_ATOMIC,
    COLD_JUMP,
    COLD_NAN,
    COLD_GROUP,
    COLD_CELL,
    COLD_SYS
};
struct cold {
    uint8_t kind, reg, exit; /* reg: of the value */
    uint8_t xmm;             /* X86_NONE, or that of the value */
    uint16_t size; /* of an access; COLD_EXIT: instructions that were counted and have not run */
    uint32_t place;
    int32_t offset;
    uint8_t *from, *back; /* rel32 that jumps here; where it goes on */
    uint64_t value;
    int32_t disp;
    uint32_t narrow, extended, boxed, nan; /* see struct gen */
    uint16_t insn, last, end;              /* COLD_GROUP: of gen.insn */
    uint8_t then, cell, access, bytes;     /* COLD_CELL; then: the kind if the TLB misses */
    const uint8_t *hit;                    /* COLD_CELL: where rcx is used */
    bool fp_noted;
    bool outside; /* the canonical mapping holds there */
};
#define COLDS_MAX (REGION_MAX_INSNS * 4)

/* Accesses off one base register that share a look-up of the TLB: see gen_mem.c. */
struct group {
    uint16_t first, last; /* of gen.insn; first > last: there is none */
    uint16_t members;
    uint8_t base, size; /* size: of the largest access */
    bool stores;
    int32_t low, high;    /* offsets from the base: of the first byte, and behind the last */
    struct cold *cold[2]; /* where it is done by single look-ups */
};

struct gen {
    struct x86 x;
    struct jit *j;
    struct hart *h;
    struct region *r;
    bool rv32, fp_on, align4;
    uint16_t insns, bbs, colds, fixups;
    unsigned left;           /* instructions of the block from the present one on */
    unsigned end;            /* of gen.insn: where the block ends */
    uint32_t steady;         /* of the block */
    uint8_t cell[32], cells; /* of x registers as bases; 0 is sp's */
    struct group group;
    const struct insn *cur;
    uint8_t home[33]; /* host register of x[i], or X86_NONE: it is in the hart */
    struct swap swap[SWAPS_MAX];
    uint8_t swaps;
    uint32_t written;            /* x registers that the region writes */
    const uint8_t *spill, *fill; /* code that does gen_spill and gen_fill, for cold code */
    uint32_t
        narrow; /* x registers whose value is the sign extension of their low half, not done yet */
    uint32_t
        extended; /* x registers whose value is known to be the sign extension of their low half */
    uint8_t fhome[32]; /* xmm register of f[i], or X86_NONE: it is in the hart */
    uint8_t fhomes;
    uint32_t fwritten; /* f registers that the region writes */
    uint32_t singles;  /* f registers to which the region writes no double: see gen_freg.c */
    uint32_t nan;      /* f registers with results that may be NaNs other than the canonical one */
    uint32_t boxed;    /* f registers that are known to hold boxed singles */
    /* rax holds x[rax_holds] if nothing was written behind rax_at yet */
    const uint8_t *rax_at;
    uint8_t rax_holds;
    bool rax_narrow; /* its low half only, and the hart has an older value: see gen_reg.c */
    uint8_t skip; /* instructions that are translated together with the present one: set before the
                     result is written */
    bool single;  /* no groups: this is their cold code */
    bool outside; /* this is written for entries: the canonical mapping holds */
    bool fp_used, fp_noted;
    const uint8_t *start, *main_end; /* of the region's code; where its cold code begins */
    unsigned main_count;             /* x86 instructions of its blocks */
    uint8_t mark[GMEM_PAGE / 2];     /* what is at each halfword of the page: enum mark */
    uint8_t page[GMEM_PAGE];         /* a copy, read once */
    struct insn insn[REGION_MAX_INSNS];
    const uint8_t *code[REGION_MAX_INSNS]; /* of each; NULL: it is part of the one before */
    struct bb bb[REGION_MAX_BLOCKS];
    struct cold cold[COLDS_MAX];
    struct {
        uint8_t *from;
        uint16_t bb;
    } fixup[REGION_MAX_INSNS];
};

#define HART_DISP(field) ((int32_t)offsetof(struct hart, field) - 128)
#define X_DISP(i)        (HART_DISP(arch.x) + 8 * (int32_t)(i))
#define F_DISP(i)        (HART_DISP(arch.f) + 8 * (int32_t)(i))

/* --- gen_reg.c --- */

extern const uint8_t gen_canonical[33]; /* host register of x[i] between regions, or X86_NONE */

void gen_choose_homes(struct gen *g); /* once all blocks are there */
/* From the canonical mapping to the region's, and back. They change no other register, nor flags.
 * Nothing may be deferred. */
void gen_fill(struct gen *g);
void gen_spill(struct gen *g);
void gen_make_stubs(struct gen *g);
void gen_call_stub(struct gen *g, const uint8_t *stub); /* g->fill or g->spill */

/* The guest's width as an operand size: X86_W or 0. */
static inline unsigned gen_w(const struct gen *g)
{
    return g->rv32 ? 0 : X86_W;
}
struct x86_rm gen_x(struct gen *g, unsigned i); /* x[i] as an operand, not x0 */
struct x86_rm gen_x32(const struct gen *g,
                      unsigned i);                     /* the same; its upper half is not defined */
void gen_read(struct gen *g, unsigned to, unsigned i); /* to = x[i] */
void gen_read32(struct gen *g, unsigned to, unsigned i); /* the low half; zero-extended */
/* The same, but a register that is there already stays. word: the low half is enough. */
void gen_into(struct gen *g, unsigned host, unsigned i, bool word);
bool gen_in_rax(const struct gen *g, unsigned i);  /* does rax hold x[i] still? */
bool gen_is_word(const struct gen *g, unsigned i); /* is x[i] the sign extension of its low half? */
unsigned gen_target(const struct gen *g, unsigned rd, unsigned temp); /* the home of rd, or temp */
/* x[rd] = from, if it is not there. From rax: the last that the instruction emits. */
void gen_write(struct gen *g, unsigned rd, unsigned from);
void gen_write_word(struct gen *g, unsigned rd, unsigned from);     /* the low half, to be extended;
                                                                   from may change */
void gen_write_extended(struct gen *g, unsigned rd, unsigned from); /* it is extended already */
void gen_wrote(struct gen *g, unsigned rd, bool extended);          /* x[rd] has been written */
void gen_settle(struct gen *g); /* does what is deferred; changes flags, rax */
void gen_settle_cold(struct gen *g, const struct cold *c);

/* --- gen_freg.c --- */

struct fp_use {
    uint32_t reads, writes; /* f registers */
    uint32_t singles;       /* of those read: as boxed singles */
    bool is_double;         /* what it writes */
};
struct fp_use gen_fp_use(const struct insn *i);

/* weight: by block, how often it runs. */
void gen_choose_f_homes(struct gen *g, const uint16_t *weight);
void gen_f_fill(struct gen *g);
void gen_f_spill(struct gen *g);
struct x86_rm gen_f(const struct gen *g, unsigned i);          /* f[i] as an operand */
unsigned gen_f_read(struct gen *g, unsigned temp, unsigned i); /* its home, or temp with it */
unsigned gen_f_target(const struct gen *g, unsigned rd, unsigned temp);
void gen_f_copy(struct gen *g, unsigned to, unsigned xmm);
/* f[rd] = xmm, boxed if it is a single. computed: it may be a NaN other than the canonical one. */
void gen_f_write(struct gen *g, unsigned rd, unsigned xmm, unsigned size, bool computed);
void gen_f_box(struct gen *g, unsigned to, unsigned from, unsigned temp); /* a single */
void gen_f_check_boxed(struct gen *g, unsigned i); /* leaves if it is not; changes rax */
void gen_f_settle(struct gen *g, unsigned i);      /* its bits will be seen; changes flags, rax */
void gen_f_settle_all(struct gen *g);
void gen_f_settle_cold(struct gen *g, const struct cold *c); /* changes rcx */
void gen_leave_if(struct gen *g, enum x86_cond cc);
void gen_note_dirty(struct gen *g); /* FS becomes Dirty */

struct cold *gen_cold(struct gen *g, enum cold_kind kind, enum x86_cond cc);

/* Each translates one instruction; false: it is not theirs, or cannot be translated. */
bool gen_int(struct gen *g, const struct insn *i); /* and gen_bit */
bool gen_bit(struct gen *g, const struct insn *i);
bool gen_mem(struct gen *g, const struct insn *i);
bool gen_amo(struct gen *g, const struct insn *i);
bool gen_fp(struct gen *g, const struct insn *i);
bool gen_sys(struct gen *g, const struct insn *i); /* also cbo.* */
void gen_sys_cold(struct gen *g, const struct cold *c);
/* rax holds the address; then rcx holds the addend. A miss goes to cold code of this kind. */
struct cold *gen_probe(struct gen *g, enum access access, unsigned size, enum cold_kind kind);
/* To the pc in rax, but for its bit 0, by the fetch view's native jumps (mmu_native_jump). */
void gen_jump_rax(struct x86 *x, const struct thunks *t);
void gen_end_group(struct gen *g); /* cur has been translated: if it ends a group, so it is */
/* A load into reg, extended to 64 bits. */
void gen_load_as(struct gen *g, unsigned reg, unsigned size, bool is_signed, struct x86_rm from);
void gen_cold_cell(struct gen *g, const struct cold *c);
void gen_colds(struct gen *g);
void gen_address(struct gen *g, unsigned rs1, int32_t imm); /* rax = the address */

/* Translates the instruction that cur is, and says in skip how many more. */
bool gen_one(struct gen *g);
void gen_jump_out(struct gen *g, int32_t offset); /* to this offset from the page's start */
bool gen_branch_cc(struct gen *g, const struct insn *i, enum x86_cond *cc); /* compares */
bool gen_fp_knows(const struct insn *i);
bool gen_fp_computes(const struct insn *i); /* needs the guest's MXCSR */

#endif
