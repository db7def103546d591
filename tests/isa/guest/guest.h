/* SPDX-License-Identifier: MIT */
/* What all bare-metal test programs share: the UART, the finisher, numbers. M-mode, no libc. */
#ifndef GUEST_H
#define GUEST_H

#include <stddef.h>
#include <stdint.h>

typedef unsigned long ulong; /* XLEN bits */

#define CSR_READ(name)                                                                             \
    ({                                                                                             \
        ulong csr_value_;                                                                          \
        __asm__ volatile("csrr %0, " #name : "=r"(csr_value_));                                    \
        csr_value_;                                                                                \
    })
#define CSR_WRITE(name, value)                                                                     \
    __asm__ volatile("csrw " #name ", %0" ::"r"((ulong)(value)) : "memory")
#define CSR_SET(name, value) __asm__ volatile("csrs " #name ", %0" ::"r"((ulong)(value)) : "memory")
#define CSR_CLEAR(name, value)                                                                     \
    __asm__ volatile("csrc " #name ", %0" ::"r"((ulong)(value)) : "memory")

enum {
    MSTATUS_SIE = 1 << 1,
    MSTATUS_MIE = 1 << 3,
    MSTATUS_MPIE = 1 << 7,
    MSTATUS_SPP = 1 << 8,
    MSTATUS_MPP = 3 << 11,
    MSTATUS_FS = 3 << 13,
    MSTATUS_MPRV = 1 << 17,
    MSTATUS_SUM = 1 << 18,
    MSTATUS_MXR = 1 << 19,
    MSTATUS_TVM = 1 << 20,
    MSTATUS_TW = 1 << 21,
    MSTATUS_TSR = 1 << 22
};

void guest_main(ulong hart);
void put_char(char c);
void put(const char *s);
void put_hex(uint64_t value);
void put_dec(ulong value);
/* Ends the machine: 0 is success, anything else the emulator's exit status. */
void finish(unsigned code) __attribute__((noreturn));

#endif
