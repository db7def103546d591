/* SPDX-License-Identifier: MIT */
/*
 * An encoder of x86-64 instructions, as far as the translator uses them. Code is written through the
 * writable mapping of the code cache (cache.h); all distances inside the cache are the same in both
 * of its mappings. Intel's manual, volume 2, "Instruction Format".
 */
#ifndef JIT_X86_H
#define JIT_X86_H

#include <stdbool.h>
#include <stdint.h>

enum x86_reg { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15 };
enum { XMM0, XMM1, XMM2 };
#define X86_NONE 0xff /* as index: none */

/* Conditions, as they are encoded. */
enum x86_cond {
    CC_B = 2,
    CC_AE = 3,
    CC_E = 4,
    CC_NE = 5,
    CC_BE = 6,
    CC_A = 7,
    CC_S = 8,
    CC_P = 10,
    CC_NP = 11,
    CC_L = 12,
    CC_GE = 13,
    CC_LE = 14,
    CC_G = 15,
};

/* Opcodes: the byte, with its map and mandatory prefix above it. */
enum {
    X86_0F = 0x100,
    X86_0F38 = 0x200,
    X86_0F3A = 0x300,
    X86_66 = 0x1000,
    X86_F3 = 0x2000,
    X86_F2 = 0x3000,
    X86_W = 0x10000,    /* 64 bits: REX.W, VEX.W */
    X86_BYTE = 0x20000, /* a register operand is a byte: its low one, whatever its number */
    X86_LOCK = 0x40000,
    X86_L = 0x80000, /* VEX.L: 256 bits */
};

/* An operand that is a register, or [base + index * scale + disp]. */
struct x86_rm {
    uint8_t reg;   /* if is_mem: the base */
    uint8_t index; /* X86_NONE */
    uint8_t scale; /* log2 */
    bool is_mem;
    int32_t disp;
};

static inline struct x86_rm x86_r(unsigned reg)
{
    return (struct x86_rm){(uint8_t)reg, X86_NONE, 0, false, 0};
}

static inline struct x86_rm x86_m(unsigned base, int32_t disp)
{
    return (struct x86_rm){(uint8_t)base, X86_NONE, 0, true, disp};
}

static inline struct x86_rm x86_mx(unsigned base, unsigned index, unsigned scale, int32_t disp)
{
    return (struct x86_rm){(uint8_t)base, (uint8_t)index, (uint8_t)scale, true, disp};
}

/* Where code is written. Past `end` nothing is written, and `full` is set: the caller gives up. */
struct x86 {
    uint8_t *at, *end;
    bool full;
    unsigned count; /* instructions emitted */
};

void x86_byte(struct x86 *x, unsigned byte);
void x86_u32(struct x86 *x, uint32_t v);
void x86_u64(struct x86 *x, uint64_t v);

/* opcode reg, rm: either operand may be written, as the opcode says. */
void x86_op(struct x86 *x, unsigned opcode, unsigned reg, struct x86_rm rm);
/* The same, followed by an immediate of `size` bytes. */
void x86_op_imm(struct x86 *x, unsigned opcode, unsigned reg, struct x86_rm rm, int32_t imm,
                unsigned size);
/* VEX-encoded, 128 bits or scalar: opcode reg, v, rm. */
void x86_vex(struct x86 *x, unsigned opcode, unsigned reg, unsigned v, struct x86_rm rm);
void x86_vex_imm(struct x86 *x, unsigned opcode, unsigned reg, unsigned v, struct x86_rm rm,
                 unsigned imm);

/* The eight of add, or, adc, sbb, and, sub, xor, cmp; w: X86_W or 0. */
enum x86_alu { ALU_ADD, ALU_OR, ALU_ADC, ALU_SBB, ALU_AND, ALU_SUB, ALU_XOR, ALU_CMP };
void x86_alu(struct x86 *x, enum x86_alu op, unsigned w, unsigned reg, struct x86_rm rm);
void x86_alu_imm(struct x86 *x, enum x86_alu op, unsigned w, struct x86_rm rm, int32_t imm);
/* Shifts by a constant: rol 0, ror 1, shl 4, shr 5, sar 7. */
enum x86_shift { SHIFT_ROL = 0, SHIFT_ROR = 1, SHIFT_SHL = 4, SHIFT_SHR = 5, SHIFT_SAR = 7 };
void x86_shift_imm(struct x86 *x, enum x86_shift op, unsigned w, unsigned reg, unsigned by);

void x86_mov(struct x86 *x, unsigned w, unsigned to, struct x86_rm from);
void x86_mov_to(struct x86 *x, unsigned w, struct x86_rm to, unsigned from);
void x86_mov_imm(struct x86 *x, unsigned to, uint64_t imm); /* the shortest form; keeps flags */
void x86_lea(struct x86 *x, unsigned w, unsigned to, struct x86_rm from);
void x86_movsxd(struct x86 *x, unsigned to, struct x86_rm from);

/* Jumps: the target is known, or x86_patch sets it later at what these return. */
uint8_t *x86_jmp(struct x86 *x, const uint8_t *target);
uint8_t *x86_jcc(struct x86 *x, enum x86_cond cc, const uint8_t *target);
void x86_call(struct x86 *x, const uint8_t *target);
void x86_patch(uint8_t *rel32, const uint8_t *target);
/* Multi-byte nops up to a multiple of `to` (a power of two) of the address. */
void x86_align(struct x86 *x, unsigned to);

#endif
