/* SPDX-License-Identifier: MIT */
/*
 * Runs the instruction cases that cases.py made: for each record one stub (32 bytes: ecall, prefix,
 * the instruction, ecalls), entered by mret with prepared registers and left by a trap. Everything
 * the hart then shows is compared: all registers, flags, memory, cause, pc, tval and mode. Prints
 * `PASS n`, or `FAIL name what got want` for each difference.
 */
#include "guest.h"

#define STUBS  0x80800000ul
#define WINDOW ((uint8_t *)0x805fff80ul)
enum { WINDOW_SIZE = 256, STUB_SIZE = 32, STUB_ENTRY = 4, MAX_REPORTS = 60, ANY_FS = 0xff };
enum { FLAG_MEMORY = 1, FLAG_TVAL = 2, FLAG_PENDING = 4, FLAG_FP = 8 };

struct record { /* cases.py: RECORD */
    char name[32];
    uint8_t mode, flags, nx_in, nf_in, nx_out, nf_out, mode_after, pad;
    uint32_t mstatus;
    uint32_t pad2;
    uint8_t x_in[4], f_in[4], x_out[4], f_out[4];
    uint64_t x_in_val[3], f_in_val[3], x_out_val[2], f_out_val[1];
    uint64_t sscratch_in, sscratch_out, sepc, tval;
    uint32_t cause;
    int32_t offset;
    uint32_t fcsr_in, fcsr_out, memory_hash, fs_after;
};

struct context { /* case_run.S */
    uint64_t x_in[32], x_out[32], f_in[32], f_out[32];
    uint64_t fcsr_in, fcsr_out, has_fp, host_sp, cause, epc, tval, status;
};

extern const struct record records[], records_end[];
void run_case(struct context *c);
void case_trap(void);

static struct context context;
static unsigned failures;

static ulong pattern_x(unsigned i)
{
    return (ulong)(i * 0x0102030405060708ull + 0x1111);
}

static uint64_t pattern_f(unsigned i)
{
    return 0xffffffff00000000ull | ((0x3f800000u + i * 0x00123457u) & 0x7f7fffffu);
}

static void fill_window(void)
{
    for (unsigned i = 0; i < WINDOW_SIZE; i++)
        WINDOW[i] = (uint8_t)(i * 37 + 11);
}

static uint32_t window_hash(void)
{
    uint32_t h = 1;
    for (unsigned i = 0; i < WINDOW_SIZE; i += 4)
        h = (h << 5 | h >> 27) + *(const uint32_t *)(WINDOW + i);
    return h;
}

static void differ(const struct record *r, const char *what, uint64_t got, uint64_t want)
{
    if (got == want)
        return;
    if (failures++ >= MAX_REPORTS)
        return;
    put("FAIL ");
    put_dec((ulong)(r - records));
    put(" ");
    put(r->name);
    put(" ");
    put_hex(((const uint32_t *)(STUBS + (ulong)(r - records) * STUB_SIZE))[2]);
    put(" ");
    put(what);
    put(" got ");
    put_hex(got);
    put(" want ");
    put_hex(want);
    put("\n");
}

static void prepare(const struct record *r, struct context *c)
{
    for (unsigned i = 1; i < 32; i++)
        c->x_in[i] = pattern_x(i);
    for (unsigned i = 0; i < r->nx_in; i++)
        c->x_in[r->x_in[i]] = r->x_in_val[i];
    c->has_fp = !!(r->flags & FLAG_FP);
    for (unsigned i = 0; c->has_fp && i < 32; i++)
        c->f_in[i] = pattern_f(i);
    for (unsigned i = 0; i < r->nf_in; i++)
        c->f_in[r->f_in[i]] = r->f_in_val[i];
    c->fcsr_in = r->fcsr_in;
    if (r->flags & FLAG_MEMORY)
        fill_window();
    CSR_WRITE(sscratch, r->sscratch_in);
    CSR_WRITE(sepc, r->sepc);
    CSR_WRITE(mie, r->flags & FLAG_PENDING ? 2 : 0);
    CSR_WRITE(mepc, STUBS + (ulong)(r - records) * STUB_SIZE + STUB_ENTRY);
    CSR_CLEAR(mstatus, MSTATUS_MPP | MSTATUS_MIE | MSTATUS_MPIE | MSTATUS_SPP | MSTATUS_TVM |
                           MSTATUS_TW | MSTATUS_TSR | MSTATUS_SIE);
    CSR_SET(mstatus, MSTATUS_FS | r->mstatus | (uint32_t)r->mode << 11);
    c->status = r->mstatus;
}

static void compare_registers(const struct record *r, struct context *c)
{
    for (unsigned i = 0; i < r->nx_out; i++)
        c->x_in[r->x_out[i]] = r->x_out_val[i];
    for (unsigned i = 1; i < 32; i++)
        differ(r, "x", (ulong)c->x_out[i], (ulong)c->x_in[i]);
    if (!c->has_fp)
        return;
    for (unsigned i = 0; i < r->nf_out; i++)
        c->f_in[r->f_out[i]] = r->f_out_val[i];
    for (unsigned i = 0; i < 32; i++)
        differ(r, "f", c->f_out[i], c->f_in[i]);
    differ(r, "fcsr", (uint32_t)c->fcsr_out, r->fcsr_out);
}

static void compare(const struct record *r, struct context *c)
{
    ulong stub = STUBS + (ulong)(r - records) * STUB_SIZE;
    differ(r, "cause", (ulong)c->cause, r->cause);
    differ(r, "pc", (ulong)c->epc, stub + (ulong)(long)r->offset);
    differ(r, "mode", c->status >> 11 & 3, r->mode_after);
    if (r->flags & FLAG_TVAL)
        differ(r, "tval", (ulong)c->tval, (ulong)r->tval);
    if (r->fs_after != ANY_FS)
        differ(r, "fs", c->status >> 13 & 3, r->fs_after);
    differ(r, "sscratch", CSR_READ(sscratch), (ulong)r->sscratch_out);
    if (r->flags & FLAG_MEMORY)
        differ(r, "memory", window_hash(), r->memory_hash);
    compare_registers(r, c);
}

static void trap_skip(void) __attribute__((naked, aligned(4)));
static void trap_skip(void)
{
    __asm__ volatile("csrw mscratch, t0\n csrr t0, mepc\n addi t0, t0, 4\n csrw mepc, t0\n"
                     "csrr t0, mscratch\n mret");
}

/* Opens what a bare machine closes: PMP, the cache-block instructions below M. Absent CSRs trap. */
static void open_machine(void)
{
    CSR_WRITE(mtvec, trap_skip);
    CSR_WRITE(pmpaddr0, -1ul);
    CSR_WRITE(pmpcfg0, 0x1f);
    CSR_WRITE(0x30a, 0xf0); /* menvcfg: CBIE, CBCFE, CBZE */
    CSR_WRITE(0x10a, 0xf0); /* senvcfg */
    CSR_WRITE(medeleg, 0);
    CSR_WRITE(mideleg, 2); /* so that a pending SSI wakes wfi without being taken in M */
    CSR_SET(mip, 2);
    CSR_WRITE(mtvec, case_trap);
}

void guest_main(ulong hart)
{
    ulong count = (ulong)(records_end - records);
    if (hart)
        for (;;)
            continue;
    open_machine();
    for (const struct record *r = records; r < records_end; r++) {
        prepare(r, &context);
        run_case(&context);
        compare(r, &context);
    }
    put(failures ? "FAILED " : "PASS ");
    put_dec(failures ? failures : count);
    put("\n");
    finish(failures ? 1 : 0);
}
