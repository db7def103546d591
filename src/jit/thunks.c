/* SPDX-License-Identifier: MIT */
/*
 * The code that every region uses: how translated code is entered and left, and how it calls C.
 * Made once, at the start of the code cache.
 */
#include "jit/internal.h"

static const uint8_t saved[] = {RBX, RBP, R12, R13, R14, R15};

static void push(struct x86 *x, unsigned reg)
{
    if (reg >= R8)
        x86_byte(x, 0x41);
    x86_byte(x, 0x50 | (reg & 7));
}

static void pop(struct x86 *x, unsigned reg)
{
    if (reg >= R8)
        x86_byte(x, 0x41);
    x86_byte(x, 0x58 | (reg & 7));
}

static void load_guest(struct x86 *x)
{
    for (unsigned i = 1; i < 32; i++)
        if (gen_canonical[i] != X86_NONE)
            x86_mov(x, X86_W, gen_canonical[i], x86_m(RBP, X_DISP(i)));
    x86_mov(x, X86_W, R14, x86_m(RBP, HART_DISP(data)));
}

/* See gen_reg.c for the extension on RV32. */
static void store_guest(struct x86 *x, bool rv32)
{
    for (unsigned i = 1; i < 32; i++) {
        unsigned host = gen_canonical[i];
        if (host == X86_NONE)
            continue;
        if (rv32)
            x86_movsxd(x, host, x86_r(host));
        x86_mov_to(x, X86_W, x86_m(RBP, X_DISP(i)), host);
    }
    x86_mov_to(x, X86_W, x86_m(RBP, HART_DISP(icount)), R15);
}

/* The code lies in the executable mapping at the same distance. */
static const uint8_t *runs_at(const struct jit *j, const uint8_t *at)
{
    return j->rx + (at - j->rw);
}

static void make_enter(struct x86 *x)
{
    for (unsigned i = 0; i < sizeof(saved); i++)
        push(x, saved[i]);
    x86_alu_imm(x, ALU_SUB, X86_W, x86_r(RSP), 8);
    x86_mov(x, X86_W, RAX, x86_r(RSI));
    x86_lea(x, X86_W, RBP, x86_m(RDI, 128));
    load_guest(x);
    x86_mov(x, X86_W, R15, x86_m(RBP, HART_DISP(icount)));
    x86_op(x, 0xff, 4, x86_r(RAX)); /* jmp rax */
}

/* Returns to C with the reason in eax; all state is in the hart. */
static void make_return(struct x86 *x)
{
    x86_alu_imm(x, ALU_ADD, X86_W, x86_r(RSP), 8);
    for (unsigned i = sizeof(saved); i-- > 0;)
        pop(x, saved[i]);
    x86_byte(x, 0xc3);
}

/* Goes on where the hart's pc is, in translated code if its view has some there. */
static void make_resume(struct x86 *x, const struct thunks *t)
{
    load_guest(x);
    x86_mov(x, X86_W, R15, x86_m(RBP, HART_DISP(icount)));
    x86_mov(x, X86_W, RAX, x86_m(RBP, HART_DISP(arch.pc)));
    gen_jump_rax(x, t);
}

/* Calls a C function of (hart, rax, rdx, ecx) that returns struct jit_value. */
static const uint8_t *make_call(struct x86 *x, const void *function, const uint8_t *resume,
                                bool rv32)
{
    const uint8_t *at = x->at;
    store_guest(x, rv32);
    x86_alu_imm(x, ALU_SUB, X86_W, x86_r(RSP), 8);
    x86_lea(x, X86_W, RDI, x86_m(RBP, -128));
    x86_mov(x, X86_W, RSI, x86_r(RAX));
    x86_mov_imm(x, RAX, (uint64_t)(uintptr_t)function);
    x86_op(x, 0xff, 2, x86_r(RAX)); /* call rax */
    x86_alu_imm(x, ALU_ADD, X86_W, x86_r(RSP), 8);
    x86_op(x, X86_W | 0x85, RDX, x86_r(RDX)); /* test */
    uint8_t *out = x86_jcc(x, CC_NE, NULL);
    load_guest(x);
    x86_byte(x, 0xc3);
    x86_patch(out, x->at);
    x86_alu_imm(x, ALU_ADD, X86_W, x86_r(RSP), 8); /* its return address */
    x86_jmp(x, resume);
    return at;
}

void thunks_make(struct jit *j)
{
    struct x86 x = {.at = j->rw, .end = j->rw + 4096};
    struct thunks *t = &j->thunks;
    bool rv32 = !hart_is64(j->cpu->hart[0]);
    const uint8_t *enter = x.at;
    make_enter(&x);
    t->enter = (uint64_t(*)(struct hart *, const uint8_t *))(uintptr_t)runs_at(j, enter);
    x86_align(&x, 16);
    const uint8_t *back = x.at;
    make_return(&x);
    for (unsigned i = 0; i < EXIT_KINDS; i++) {
        t->exit[i] = x.at;
        x86_movsxd(&x, RCX, x86_r(RCX));
        x86_alu(&x, ALU_ADD, X86_W, RCX, x86_m(RBP, HART_DISP(vbase)));
        if (rv32)
            x86_mov(&x, 0, RCX, x86_r(RCX));
        x86_mov_to(&x, X86_W, x86_m(RBP, HART_DISP(arch.pc)), RCX);
        store_guest(&x, rv32);
        x86_mov_imm(&x, RAX, i);
        x86_jmp(&x, back);
    }
    t->lookup = x.at;
    x86_mov_to(&x, X86_W, x86_m(RBP, HART_DISP(arch.pc)), RAX);
    store_guest(&x, rv32);
    x86_mov_imm(&x, RAX, EXIT_LOOKUP);
    x86_jmp(&x, back);
    t->resume = x.at;
    make_resume(&x, t);
    t->load = make_call(&x, (const void *)(uintptr_t)jit_load, t->resume, rv32);
    t->store = make_call(&x, (const void *)(uintptr_t)jit_store, t->resume, rv32);
    t->atomic = make_call(&x, (const void *)(uintptr_t)jit_atomic, t->resume, rv32);
    t->sys = make_call(&x, (const void *)(uintptr_t)jit_sys, t->resume, rv32);
    j->used = ALIGN_UP((uint64_t)(x.at - j->rw), 64);
}
