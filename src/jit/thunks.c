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

static const uint8_t *leave_for_lookup(struct x86 *x, const uint8_t *back, bool rv32)
{
    const uint8_t *at = x->at;
    x86_mov_to(x, X86_W, x86_m(RBP, HART_DISP(arch.pc)), RAX);
    store_guest(x, rv32);
    x86_mov_imm(x, RAX, EXIT_LOOKUP);
    x86_jmp(x, back);
    return at;
}

#define VIEW_DISP(field) ((int32_t)offsetof(struct tlb_view, field))

/* rcx = the host address of the instruction at rax, with bit 0 set if FS is not Off. */
static void make_host_address(struct x86 *x, const uint8_t *miss)
{
    const unsigned rorx = X86_W | X86_F2 | X86_0F3A | 0xf0;
    x86_vex_imm(x, rorx, RCX, 0, x86_r(RAX), 12 - 5); /* see tlb_slot */
    x86_vex_imm(x, rorx, RDX, 0, x86_r(RAX), 19 - 5);
    x86_alu(x, ALU_XOR, 0, RCX, x86_r(RDX));
    x86_alu_imm(x, ALU_AND, 0, x86_r(RCX), (TLB_SIZE - 1) << 5);
    x86_alu(x, ALU_ADD, X86_W, RCX, x86_m(RBP, HART_DISP(fetch)));
    x86_mov(x, X86_W, RDX, x86_r(RAX));
    x86_alu_imm(x, ALU_AND, X86_W, x86_r(RDX), -4096);
    x86_alu(x, ALU_CMP, X86_W, RDX, x86_m(RCX, VIEW_DISP(entry[0].tag[ACCESS_FETCH])));
    x86_jcc(x, CC_NE, miss);
    x86_mov(x, X86_W, RCX, x86_m(RCX, VIEW_DISP(entry[0].addend)));
    x86_alu(x, ALU_ADD, X86_W, RCX, x86_r(RAX));
    x86_op(x, X86_0F | 0xb6, RDX, x86_m(RBP, HART_DISP(fp_on))); /* movzx */
    x86_alu(x, ALU_OR, X86_W, RCX, x86_r(RDX));
}

/* The same as mmu_set_native: rdx is the code for the pc in rax. Changes rcx. */
static void make_set_native(struct x86 *x)
{
    const unsigned bts = X86_W | X86_0F | 0xab;
    push(x, RDX);
    x86_mov(x, 0, RCX, x86_r(RAX));
    x86_shift_imm(x, SHIFT_SHL, 0, RCX, 4 - 1);
    x86_alu_imm(x, ALU_AND, 0, x86_r(RCX), (NATIVE_JUMPS - 1) << 4);
    x86_alu(x, ALU_ADD, X86_W, RCX, x86_m(RBP, HART_DISP(jumps_native)));
    x86_mov_to(x, X86_W, x86_m(RCX, offsetof(struct native_jump, pc)), RAX);
    x86_mov_to(x, X86_W, x86_m(RCX, offsetof(struct native_jump, code)), RDX);
    x86_mov(x, X86_W, RDX, x86_m(RBP, HART_DISP(fetch)));
    x86_alu(x, ALU_SUB, X86_W, RCX, x86_r(RDX));
    x86_alu_imm(x, ALU_SUB, X86_W, x86_r(RCX), VIEW_DISP(native));
    x86_shift_imm(x, SHIFT_SHR, X86_W, RCX,
                  (unsigned)__builtin_ctz(NATIVE_CHUNK * sizeof(struct native_jump)));
    x86_op(x, bts, RCX, x86_m(RDX, VIEW_DISP(native_filled)));
    x86_mov(x, X86_W, RCX, x86_r(RAX)); /* see tlb_jump_page */
    x86_shift_imm(x, SHIFT_SHR, X86_W, RCX, 12);
    x86_op_imm(x, 0x69, RCX, x86_r(RCX), (int32_t)TLB_HASH, 4); /* imul */
    x86_shift_imm(x, SHIFT_SHR, 0, RCX, 32 - JUMP_PAGE_BITS);
    x86_op(x, bts, RCX, x86_m(RDX, VIEW_DISP(jump_pages)));
    pop(x, RDX);
}

/*
 * To the pc in rax, which the view's native jumps lack: by the fetch view's TLB and the hart's
 * known code, which gets it into them. Pages where PMP or a trigger tells parts apart are not in the
 * TLB.
 */
static void make_lookup(struct x86 *x, const uint8_t *miss)
{
    x86_alu_imm(x, ALU_AND, X86_W, x86_r(RAX), -2);
    make_host_address(x, miss);
    x86_op_imm(x, 0x69, RDX, x86_r(RCX), (int32_t)TLB_HASH, 4); /* imul: see jit_known */
    x86_shift_imm(x, SHIFT_SHR, 0, RDX, 32 - KNOWN_BITS);
    x86_shift_imm(x, SHIFT_SHL, 0, RDX, 4);
    x86_alu(x, ALU_ADD, X86_W, RDX, x86_m(RBP, HART_DISP(engine_data)));
    x86_alu(x, ALU_CMP, X86_W, RCX, x86_m(RDX, offsetof(struct jit_hart, known[0].pc)));
    x86_jcc(x, CC_NE, miss);
    x86_mov(x, X86_W, RDX, x86_m(RDX, offsetof(struct jit_hart, known[0].code)));
    make_set_native(x);
    x86_alu_imm(x, ALU_AND, X86_W, x86_r(RAX), -4096);
    x86_mov_to(x, X86_W, x86_m(RBP, HART_DISP(vbase)), RAX);
    x86_op(x, 0xff, 4, x86_r(RDX)); /* jmp rdx */
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
    const uint8_t *miss = leave_for_lookup(&x, back, rv32);
    t->lookup = x.at;
    make_lookup(&x, miss);
    t->resume = x.at;
    if (j->verify) {
        x86_mov_imm(&x, RAX, EXIT_INTERP);
        x86_jmp(&x, back);
    } else {
        make_resume(&x, t);
    }
    t->load = make_call(&x, (const void *)(uintptr_t)jit_load, t->resume, rv32);
    t->store = make_call(&x, (const void *)(uintptr_t)jit_store, t->resume, rv32);
    t->atomic = make_call(&x, (const void *)(uintptr_t)jit_atomic, t->resume, rv32);
    t->verify = make_call(&x, (const void *)(uintptr_t)jit_verify, t->resume, rv32);
    t->sys = make_call(&x, (const void *)(uintptr_t)jit_sys, t->resume, rv32);
    j->used = ALIGN_UP((uint64_t)(x.at - j->rw), 64);
}
