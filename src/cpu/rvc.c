/* SPDX-License-Identifier: MIT */
/*
 * Compressed instructions (C and Zcb) as the 32-bit instructions they abbreviate (RISC-V
 * unprivileged ISA, "RVC Instruction Set Listings"). Only words that the model has expand; whether
 * the long form is switched on is the decoder's question.
 */
#include "cpu/decode.h"

#define BIT(w, from, to) (((w) >> (from)&1u) << (to))
#define FLD(w, hi, lo, to)                                                                         \
    (((w) >> (lo) & ((1u << ((hi) - (lo) + 1)) - 1)) << (to)) /* bits hi..lo moved to `to` */

static uint32_t enc_i(unsigned opcode, unsigned f3, unsigned rd, unsigned rs1, int32_t imm)
{
    return opcode | rd << 7 | f3 << 12 | rs1 << 15 | (uint32_t)imm << 20;
}

static uint32_t enc_s(unsigned opcode, unsigned f3, unsigned rs1, unsigned rs2, uint32_t imm)
{
    return opcode | (imm & 0x1f) << 7 | f3 << 12 | rs1 << 15 | rs2 << 20 | (imm >> 5 & 0x7f) << 25;
}

static uint32_t enc_r(unsigned opcode, unsigned f3, unsigned f7, unsigned rd, unsigned rs1,
                      unsigned rs2)
{
    return opcode | rd << 7 | f3 << 12 | rs1 << 15 | rs2 << 20 | f7 << 25;
}

static uint32_t enc_j(unsigned rd, int32_t imm)
{
    uint32_t u = (uint32_t)imm;
    return 0x6f | rd << 7 | (u >> 20 & 1) << 31 | (u >> 1 & 0x3ff) << 21 | (u >> 11 & 1) << 20 |
           (u >> 12 & 0xff) << 12;
}

static uint32_t enc_b(unsigned f3, unsigned rs1, int32_t imm)
{
    uint32_t u = (uint32_t)imm;
    return 0x63 | f3 << 12 | rs1 << 15 | (u >> 12 & 1) << 31 | (u >> 5 & 0x3f) << 25 |
           (u >> 1 & 0xf) << 8 | (u >> 11 & 1) << 7;
}

static int32_t sext(uint32_t v, unsigned width)
{
    return (int32_t)(v << (32 - width)) >> (32 - width);
}

/* Offsets of the loads and stores, scaled. */
static uint32_t off_w(uint32_t w)
{
    return FLD(w, 12, 10, 3) | BIT(w, 6, 2) | BIT(w, 5, 6);
}
static uint32_t off_d(uint32_t w)
{
    return FLD(w, 12, 10, 3) | FLD(w, 6, 5, 6);
}
static uint32_t off_lwsp(uint32_t w)
{
    return BIT(w, 12, 5) | FLD(w, 6, 4, 2) | FLD(w, 3, 2, 6);
}
static uint32_t off_ldsp(uint32_t w)
{
    return BIT(w, 12, 5) | FLD(w, 6, 5, 3) | FLD(w, 4, 2, 6);
}
static uint32_t off_swsp(uint32_t w)
{
    return FLD(w, 12, 9, 2) | FLD(w, 8, 7, 6);
}
static uint32_t off_sdsp(uint32_t w)
{
    return FLD(w, 12, 10, 3) | FLD(w, 9, 7, 6);
}

/* Zcb loads and stores: c.lbu, c.lhu, c.lh, c.sb, c.sh. */
static uint32_t expand_zcb_memory(uint32_t w, unsigned rs1, unsigned r2)
{
    uint32_t byte_off = BIT(w, 6, 0) | BIT(w, 5, 1), half_off = BIT(w, 5, 1);
    switch (w >> 10 & 7) {
    case 0: return enc_i(0x03, 4, r2, rs1, (int32_t)byte_off);
    case 1: return enc_i(0x03, w >> 6 & 1 ? 1 : 5, r2, rs1, (int32_t)half_off);
    case 2: return enc_s(0x23, 0, rs1, r2, byte_off);
    case 3: return w >> 6 & 1 ? 0 : enc_s(0x23, 1, rs1, r2, half_off);
    default: return 0;
    }
}

static uint32_t expand_q0(uint32_t w, const struct cpu_model *m)
{
    unsigned rs1 = 8 + (w >> 7 & 7), r2 = 8 + (w >> 2 & 7);
    switch (w >> 13) {
    case 0: {
        uint32_t imm = FLD(w, 12, 11, 4) | FLD(w, 10, 7, 6) | BIT(w, 6, 2) | BIT(w, 5, 3);
        return imm ? enc_i(0x13, 0, r2, 2, (int32_t)imm) : 0;
    }
    case 1: return enc_i(0x07, 3, r2, rs1, (int32_t)off_d(w));
    case 2: return enc_i(0x03, 2, r2, rs1, (int32_t)off_w(w));
    case 3:
        return m->xlen == 64 ? enc_i(0x03, 3, r2, rs1, (int32_t)off_d(w))
                             : enc_i(0x07, 2, r2, rs1, (int32_t)off_w(w));
    case 4: return model_has(m, EXT_ZCB) ? expand_zcb_memory(w, rs1, r2) : 0;
    case 5: return enc_s(0x27, 3, rs1, r2, off_d(w));
    case 6: return enc_s(0x23, 2, rs1, r2, off_w(w));
    default:
        return m->xlen == 64 ? enc_s(0x23, 3, rs1, r2, off_d(w))
                             : enc_s(0x27, 2, rs1, r2, off_w(w));
    }
}

/* Zcb: c.zext.b and its kin, on one register. */
static uint32_t expand_zcb_unary(unsigned which, unsigned rd, const struct cpu_model *m)
{
    switch (which) {
    case 0: return enc_i(0x13, 7, rd, rd, 0xff);
    case 1: return enc_i(0x13, 1, rd, rd, 0x604);
    case 2: return enc_r(m->xlen == 64 ? 0x3b : 0x33, 4, 4, rd, rd, 0);
    case 3: return enc_i(0x13, 1, rd, rd, 0x605);
    case 4: return m->xlen == 64 ? enc_r(0x3b, 0, 4, rd, rd, 0) : 0;
    case 5: return enc_i(0x13, 4, rd, rd, -1);
    default: return 0;
    }
}

/* Quadrant 1, funct3 4: shifts, andi and register arithmetic on x8..x15. */
static uint32_t expand_q1_alu(uint32_t w, const struct cpu_model *m)
{
    unsigned rd = 8 + (w >> 7 & 7), rs2 = 8 + (w >> 2 & 7);
    uint32_t sh = BIT(w, 12, 5) | FLD(w, 6, 2, 0);
    switch (w >> 10 & 3) {
    case 0:
    case 1:
        if (m->xlen == 32 && sh > 31)
            return 0;
        return enc_i(0x13, 5, rd, rd, (int32_t)(sh | (w >> 10 & 1 ? 0x400 : 0)));
    case 2: return enc_i(0x13, 7, rd, rd, sext(sh, 6));
    default: break;
    }
    switch ((w >> 12 & 1) << 2 | (w >> 5 & 3)) {
    case 0: return enc_r(0x33, 0, 0x20, rd, rd, rs2);
    case 1: return enc_r(0x33, 4, 0, rd, rd, rs2);
    case 2: return enc_r(0x33, 6, 0, rd, rd, rs2);
    case 3: return enc_r(0x33, 7, 0, rd, rd, rs2);
    case 4: return m->xlen == 64 ? enc_r(0x3b, 0, 0x20, rd, rd, rs2) : 0;
    case 5: return m->xlen == 64 ? enc_r(0x3b, 0, 0, rd, rd, rs2) : 0;
    case 6: return model_has(m, EXT_ZCB) ? enc_r(0x33, 0, 1, rd, rd, rs2) : 0;
    default: return model_has(m, EXT_ZCB) ? expand_zcb_unary(w >> 2 & 7, rd, m) : 0;
    }
}

static uint32_t expand_q1(uint32_t w, const struct cpu_model *m)
{
    unsigned rd = w >> 7 & 0x1f;
    int32_t imm = sext(BIT(w, 12, 5) | FLD(w, 6, 2, 0), 6);
    int32_t jump = sext(BIT(w, 12, 11) | BIT(w, 11, 4) | FLD(w, 10, 9, 8) | BIT(w, 8, 10) |
                            BIT(w, 7, 6) | BIT(w, 6, 7) | FLD(w, 5, 3, 1) | BIT(w, 2, 5),
                        12);
    int32_t branch = sext(
        BIT(w, 12, 8) | FLD(w, 11, 10, 3) | FLD(w, 6, 5, 6) | FLD(w, 4, 3, 1) | BIT(w, 2, 5), 9);
    switch (w >> 13) {
    case 0: return enc_i(0x13, 0, rd, rd, imm);
    case 1:
        if (m->xlen == 32)
            return enc_j(1, jump);
        return rd ? enc_i(0x1b, 0, rd, rd, imm) : 0;
    case 2: return enc_i(0x13, 0, rd, 0, imm);
    case 3:
        if (!imm)
            return 0;
        if (rd == 2)
            return enc_i(
                0x13, 0, 2, 2,
                sext(BIT(w, 12, 9) | BIT(w, 6, 4) | BIT(w, 5, 6) | FLD(w, 4, 3, 7) | BIT(w, 2, 5),
                     10));
        return 0x37 | rd << 7 | (uint32_t)imm << 12;
    case 4: return expand_q1_alu(w, m);
    case 5: return enc_j(0, jump);
    case 6: return enc_b(0, 8 + (w >> 7 & 7), branch);
    default: return enc_b(1, 8 + (w >> 7 & 7), branch);
    }
}

static uint32_t expand_q2(uint32_t w, const struct cpu_model *m)
{
    unsigned rd = w >> 7 & 0x1f, rs2 = w >> 2 & 0x1f;
    uint32_t sh = BIT(w, 12, 5) | FLD(w, 6, 2, 0);
    switch (w >> 13) {
    case 0: return m->xlen == 32 && sh > 31 ? 0 : enc_i(0x13, 1, rd, rd, (int32_t)sh);
    case 1: return enc_i(0x07, 3, rd, 2, (int32_t)off_ldsp(w));
    case 2: return rd ? enc_i(0x03, 2, rd, 2, (int32_t)off_lwsp(w)) : 0;
    case 3:
        if (m->xlen == 32)
            return enc_i(0x07, 2, rd, 2, (int32_t)off_lwsp(w));
        return rd ? enc_i(0x03, 3, rd, 2, (int32_t)off_ldsp(w)) : 0;
    case 4:
        if (!(w >> 12 & 1)) {
            if (rs2)
                return enc_r(0x33, 0, 0, rd, 0, rs2);
            return rd ? enc_i(0x67, 0, 0, rd, 0) : 0;
        }
        if (rs2)
            return enc_r(0x33, 0, 0, rd, rd, rs2);
        return rd ? enc_i(0x67, 0, 1, rd, 0) : 0x00100073;
    case 5: return enc_s(0x27, 3, 2, rs2, off_sdsp(w));
    case 6: return enc_s(0x23, 2, 2, rs2, off_swsp(w));
    default:
        return m->xlen == 64 ? enc_s(0x23, 3, 2, rs2, off_sdsp(w))
                             : enc_s(0x27, 2, 2, rs2, off_swsp(w));
    }
}

uint32_t rvc_expand(uint16_t word, const struct cpu_model *m)
{
    switch (word & 3) {
    case 0: return expand_q0(word, m);
    case 1: return expand_q1(word, m);
    case 2: return expand_q2(word, m);
    default: return 0;
    }
}
