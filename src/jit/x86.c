/* SPDX-License-Identifier: MIT */
#include "jit/x86.h"

#include <string.h>

void x86_byte(struct x86 *x, unsigned byte)
{
    if (x->at < x->end)
        *x->at++ = (uint8_t)byte;
    else
        x->full = true;
}

void x86_u32(struct x86 *x, uint32_t v)
{
    for (unsigned i = 0; i < 4; i++)
        x86_byte(x, v >> 8 * i & 0xff);
}

void x86_u64(struct x86 *x, uint64_t v)
{
    x86_u32(x, (uint32_t)v);
    x86_u32(x, (uint32_t)(v >> 32));
}

/* ModRM, SIB and displacement. */
static void put_rm(struct x86 *x, unsigned reg, struct x86_rm rm)
{
    unsigned r = (reg & 7) << 3, base = rm.reg & 7;
    if (!rm.is_mem) {
        x86_byte(x, 0xc0 | r | base);
        return;
    }
    bool sib = rm.index != X86_NONE || base == RSP;
    bool none = rm.disp == 0 && base != RBP, small = rm.disp == (int8_t)rm.disp;
    x86_byte(x, (none ? 0 : small ? 0x40 : 0x80) | r | (sib ? 4 : base));
    if (sib)
        x86_byte(x,
                 (unsigned)rm.scale << 6 | (rm.index == X86_NONE ? 4 : rm.index & 7) << 3 | base);
    if (none)
        return;
    if (small)
        x86_byte(x, (uint8_t)rm.disp);
    else
        x86_u32(x, (uint32_t)rm.disp);
}

static unsigned rex_bits(unsigned reg, struct x86_rm rm)
{
    return (reg >> 3 & 1) << 2 | (rm.index != X86_NONE && rm.index & 8 ? 2 : 0) | (rm.reg >> 3 & 1);
}

void x86_op(struct x86 *x, unsigned opcode, unsigned reg, struct x86_rm rm)
{
    static const uint8_t prefix[4] = {0, 0x66, 0xf3, 0xf2};
    unsigned map = opcode >> 8 & 0xf, rex = rex_bits(reg, rm) | (opcode & X86_W ? 8 : 0);
    x->count++;
    if (opcode & X86_LOCK)
        x86_byte(x, 0xf0);
    if (opcode >> 12 & 3)
        x86_byte(x, prefix[opcode >> 12 & 3]);
    if (rex || (opcode & X86_BYTE && (reg >= RSP || (!rm.is_mem && rm.reg >= RSP))))
        x86_byte(x, 0x40 | rex);
    if (map)
        x86_byte(x, 0x0f);
    if (map > 1)
        x86_byte(x, map == 2 ? 0x38 : 0x3a);
    x86_byte(x, opcode & 0xff);
    put_rm(x, reg, rm);
}

static void put_imm(struct x86 *x, int32_t imm, unsigned size)
{
    for (unsigned i = 0; i < size; i++)
        x86_byte(x, (uint32_t)imm >> 8 * i & 0xff);
}

void x86_op_imm(struct x86 *x, unsigned opcode, unsigned reg, struct x86_rm rm, int32_t imm,
                unsigned size)
{
    x86_op(x, opcode, reg, rm);
    put_imm(x, imm, size);
}

void x86_vex(struct x86 *x, unsigned opcode, unsigned reg, unsigned v, struct x86_rm rm)
{
    unsigned map = opcode >> 8 & 0xf, pp = opcode >> 12 & 3, rex = ~rex_bits(reg, rm) & 7;
    unsigned w = opcode & X86_W ? 0x80 : 0, l = opcode & X86_L ? 4 : 0;
    x->count++;
    if (map == 1 && !w && (rex & 3) == 3) {
        x86_byte(x, 0xc5);
        x86_byte(x, (rex & 4) << 5 | (~v & 15) << 3 | l | pp);
    } else {
        x86_byte(x, 0xc4);
        x86_byte(x, rex << 5 | map);
        x86_byte(x, w | (~v & 15) << 3 | l | pp);
    }
    x86_byte(x, opcode & 0xff);
    put_rm(x, reg, rm);
}

void x86_vex_imm(struct x86 *x, unsigned opcode, unsigned reg, unsigned v, struct x86_rm rm,
                 unsigned imm)
{
    x86_vex(x, opcode, reg, v, rm);
    x86_byte(x, imm);
}

void x86_alu(struct x86 *x, enum x86_alu op, unsigned w, unsigned reg, struct x86_rm rm)
{
    x86_op(x, w | (op << 3) | 3, reg, rm);
}

void x86_alu_imm(struct x86 *x, enum x86_alu op, unsigned w, struct x86_rm rm, int32_t imm)
{
    bool small = imm == (int8_t)imm;
    x86_op_imm(x, w | (small ? 0x83 : 0x81), op, rm, imm, small ? 1 : 4);
}

void x86_shift_imm(struct x86 *x, enum x86_shift op, unsigned w, unsigned reg, unsigned by)
{
    x86_op_imm(x, w | 0xc1, op, x86_r(reg), (int32_t)by, 1);
}

void x86_mov(struct x86 *x, unsigned w, unsigned to, struct x86_rm from)
{
    x86_op(x, w | 0x8b, to, from);
}

void x86_mov_to(struct x86 *x, unsigned w, struct x86_rm to, unsigned from)
{
    x86_op(x, w | 0x89, from, to);
}

void x86_mov_imm(struct x86 *x, unsigned to, uint64_t imm)
{
    if (imm >> 32 == 0) {
        x->count++;
        if (to >= R8)
            x86_byte(x, 0x41);
        x86_byte(x, 0xb8 | (to & 7));
        x86_u32(x, (uint32_t)imm);
    } else if ((int64_t)imm == (int32_t)imm) {
        x86_op_imm(x, X86_W | 0xc7, 0, x86_r(to), (int32_t)imm, 4);
    } else {
        x->count++;
        x86_byte(x, 0x48 | to >> 3);
        x86_byte(x, 0xb8 | (to & 7));
        x86_u64(x, imm);
    }
}

void x86_lea(struct x86 *x, unsigned w, unsigned to, struct x86_rm from)
{
    x86_op(x, w | 0x8d, to, from);
}

void x86_movsxd(struct x86 *x, unsigned to, struct x86_rm from)
{
    x86_op(x, X86_W | 0x63, to, from);
}

static uint8_t *put_rel32(struct x86 *x, const uint8_t *target)
{
    uint8_t *at = x->at;
    x86_u32(x, 0);
    if (!x->full && target)
        x86_patch(at, target);
    return at;
}

uint8_t *x86_jmp(struct x86 *x, const uint8_t *target)
{
    x->count++;
    x86_byte(x, 0xe9);
    return put_rel32(x, target);
}

uint8_t *x86_jcc(struct x86 *x, enum x86_cond cc, const uint8_t *target)
{
    x->count++;
    x86_byte(x, 0x0f);
    x86_byte(x, 0x80 | cc);
    return put_rel32(x, target);
}

void x86_call(struct x86 *x, const uint8_t *target)
{
    x->count++;
    x86_byte(x, 0xe8);
    put_rel32(x, target);
}

void x86_patch(uint8_t *rel32, const uint8_t *target)
{
    int32_t distance = (int32_t)(target - (rel32 + 4));
    memcpy(rel32, &distance, 4);
}

void x86_align(struct x86 *x, unsigned to)
{
    static const uint8_t nops[9][9] = {
        {0x90},
        {0x66, 0x90},
        {0x0f, 0x1f, 0x00},
        {0x0f, 0x1f, 0x40, 0x00},
        {0x0f, 0x1f, 0x44, 0x00, 0x00},
        {0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00},
        {0x0f, 0x1f, 0x80, 0x00, 0x00, 0x00, 0x00},
        {0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00},
        {0x66, 0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00},
    };
    unsigned left = -(unsigned)(uintptr_t)x->at & (to - 1);
    while (left) {
        unsigned n = left < 9 ? left : 9;
        for (unsigned i = 0; i < n; i++)
            x86_byte(x, nops[n - 1][i]);
        left -= n;
    }
}
