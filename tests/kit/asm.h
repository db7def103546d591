/* SPDX-License-Identifier: MIT */
/*
 * RISC-V instructions as constant expressions, for code that unit tests put into RAM:
 *
 *     static const uint32_t code[] = {AUIPC(T0, 0), ADDI(T0, T0, 0x100), CSRW(CSR_STVEC, T0), J(0)};
 *
 * Operands stand as in assembly: LD(T1, -28, T0) is `ld t1, -28(t0)`. Offsets of branches and jumps
 * are bytes from the instruction. Nothing is checked: an operand that does not fit is cut off.
 */
#ifndef TESTS_KIT_ASM_H
#define TESTS_KIT_ASM_H

#include <stdint.h>

/* clang-format off */
enum {
    ZERO, RA, SP, GP, TP, T0, T1, T2, S0, S1, A0, A1, A2, A3, A4, A5,
    A6, A7, S2, S3, S4, S5, S6, S7, S8, S9, S10, S11, T3, T4, T5, T6
};

enum {
    CSR_SSTATUS = 0x100, CSR_SIE = 0x104, CSR_STVEC = 0x105, CSR_SSCRATCH = 0x140,
    CSR_SEPC = 0x141, CSR_SCAUSE = 0x142, CSR_SIP = 0x144, CSR_STIMECMP = 0x14d, CSR_SATP = 0x180, CSR_MSTATUS = 0x300, CSR_TIME = 0xc01
};

/* --- the formats --- */

#define ASM_FIELD(v, shift, bits) (((uint32_t)(v) & ((1u << (bits)) - 1)) << (shift))
/* `bits` bits of v from bit `from` on, at bit `to` of the word */
#define ASM_BITS(v, from, bits, to) ASM_FIELD((uint32_t)(v) >> (from), to, bits)

#define ASM_R(op, f3, f7, rd, rs1, rs2) \
    ((op) | ASM_FIELD(rd, 7, 5) | ASM_FIELD(f3, 12, 3) | ASM_FIELD(rs1, 15, 5) | \
     ASM_FIELD(rs2, 20, 5) | ASM_FIELD(f7, 25, 7))
#define ASM_I(op, f3, rd, rs1, imm) \
    ((op) | ASM_FIELD(rd, 7, 5) | ASM_FIELD(f3, 12, 3) | ASM_FIELD(rs1, 15, 5) | \
     ASM_FIELD(imm, 20, 12))
#define ASM_S(op, f3, rs2, imm, rs1) \
    ((op) | ASM_BITS(imm, 0, 5, 7) | ASM_FIELD(f3, 12, 3) | ASM_FIELD(rs1, 15, 5) | \
     ASM_FIELD(rs2, 20, 5) | ASM_BITS(imm, 5, 7, 25))
#define ASM_B(f3, rs1, rs2, off) \
    (0x63u | ASM_BITS(off, 11, 1, 7) | ASM_BITS(off, 1, 4, 8) | ASM_FIELD(f3, 12, 3) | \
     ASM_FIELD(rs1, 15, 5) | ASM_FIELD(rs2, 20, 5) | ASM_BITS(off, 5, 6, 25) | \
     ASM_BITS(off, 12, 1, 31))
#define ASM_U(op, rd, imm) ((op) | ASM_FIELD(rd, 7, 5) | ASM_FIELD(imm, 12, 20))
#define ASM_J(rd, off) \
    (0x6fu | ASM_FIELD(rd, 7, 5) | ASM_BITS(off, 12, 8, 12) | ASM_BITS(off, 11, 1, 20) | \
     ASM_BITS(off, 1, 10, 21) | ASM_BITS(off, 20, 1, 31))

/* --- instructions --- */

#define LUI(rd, imm)         ASM_U(0x37u, rd, imm)
#define AUIPC(rd, imm)       ASM_U(0x17u, rd, imm)
#define ADDI(rd, rs1, imm)   ASM_I(0x13u, 0, rd, rs1, imm)
#define XORI(rd, rs1, imm)   ASM_I(0x13u, 4, rd, rs1, imm)
#define LW(rd, off, rs1)     ASM_I(0x03u, 2, rd, rs1, off)
#define LD(rd, off, rs1)     ASM_I(0x03u, 3, rd, rs1, off)
#define SH(rs2, off, rs1)    ASM_S(0x23u, 1, rs2, off, rs1)
#define SW(rs2, off, rs1)    ASM_S(0x23u, 2, rs2, off, rs1)
#define SD(rs2, off, rs1)    ASM_S(0x23u, 3, rs2, off, rs1)
#define ADD(rd, rs1, rs2)    ASM_R(0x33u, 0, 0, rd, rs1, rs2)
#define AMOADD_W(rd, rs2, rs1) ASM_R(0x2fu, 2, 0, rd, rs1, rs2)
#define BEQ(rs1, rs2, off)   ASM_B(0, rs1, rs2, off)
#define BNE(rs1, rs2, off)   ASM_B(1, rs1, rs2, off)
#define JAL(rd, off)         ASM_J(rd, off)
#define JALR(rd, off, rs1)   ASM_I(0x67u, 0, rd, rs1, off)
#define CSRRW(rd, csr, rs1)  ASM_I(0x73u, 1, rd, rs1, csr)
#define CSRRS(rd, csr, rs1)  ASM_I(0x73u, 2, rd, rs1, csr)
#define CSRRC(rd, csr, rs1)  ASM_I(0x73u, 3, rd, rs1, csr)
#define SFENCE_VMA(rs1, rs2) ASM_R(0x73u, 0, 9, ZERO, rs1, rs2)
#define FENCE_I 0x0000100fu
#define ECALL   0x00000073u
#define EBREAK  0x00100073u
#define SRET    0x10200073u
#define WFI     0x10500073u
#define ILLEGAL 0u

/* Pseudo-instructions. LI: of 12 bits. */
#define NOP            ADDI(ZERO, ZERO, 0)
#define LI(rd, imm)    ADDI(rd, ZERO, imm)
#define J(off)         JAL(ZERO, off)
#define JR(rs1)        JALR(ZERO, 0, rs1)
#define RET            JR(RA)
#define BEQZ(rs1, off) BEQ(rs1, ZERO, off)
#define BNEZ(rs1, off) BNE(rs1, ZERO, off)
#define CSRR(rd, csr)  CSRRS(rd, csr, ZERO)
#define CSRW(csr, rs1) CSRRW(ZERO, csr, rs1)
#define CSRS(csr, rs1) CSRRS(ZERO, csr, rs1)
#define CSRC(csr, rs1) CSRRC(ZERO, csr, rs1)
/* clang-format on */

/* One of each format, as GNU as assembles it. */
_Static_assert(AMOADD_W(T0, T1, T2) == 0x0063a2af, "R");
_Static_assert(LD(T1, -28, T0) == 0xfe42b303, "I");
_Static_assert(SD(T1, -28, T0) == 0xfe62b223, "S");
_Static_assert(BNE(S0, A5, -4094) == 0x80f41163 && BEQ(S0, S1, 2050) == 0x009401e3, "B");
_Static_assert(LUI(S1, 0xfedcb) == 0xfedcb4b7, "U");
_Static_assert(JAL(RA, -4) == 0xffdff0ef && JAL(ZERO, 0xff802) == 0x003ff06f, "J");

#endif
