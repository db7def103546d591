/* SPDX-License-Identifier: MIT */
/* Calls to the SBI, for programs that start in S-mode. */
#ifndef GUEST_SBI_H
#define GUEST_SBI_H

#include "guest.h"

struct sbi_result {
    long error, value;
};

enum { SBI_IPI = 0x735049, SBI_RFENCE = 0x52464e43, SBI_HSM = 0x48534d, SBI_SRST = 0x53525354 };
enum { HSM_STARTED, HSM_STOPPED, HSM_START_PENDING, HSM_STOP_PENDING };

static inline struct sbi_result sbi(ulong extension, ulong function, ulong x0, ulong x1, ulong x2,
                                    ulong x3, ulong x4)
{
    register ulong a0 __asm__("a0") = x0;
    register ulong a1 __asm__("a1") = x1;
    register ulong a2 __asm__("a2") = x2;
    register ulong a3 __asm__("a3") = x3;
    register ulong a4 __asm__("a4") = x4;
    register ulong a6 __asm__("a6") = function;
    register ulong a7 __asm__("a7") = extension;
    __asm__ volatile("ecall"
                     : "+r"(a0), "+r"(a1)
                     : "r"(a2), "r"(a3), "r"(a4), "r"(a6), "r"(a7)
                     : "memory");
    return (struct sbi_result){(long)a0, (long)a1};
}

static inline struct sbi_result hart_start(ulong hart, ulong entry, ulong opaque)
{
    return sbi(SBI_HSM, 0, hart, entry, opaque, 0, 0);
}

static inline long hart_status(ulong hart)
{
    return sbi(SBI_HSM, 2, hart, 0, 0, 0, 0).value;
}

static inline void hart_stop(void)
{
    sbi(SBI_HSM, 1, 0, 0, 0, 0, 0);
}

static inline long send_ipi(ulong mask)
{
    return sbi(SBI_IPI, 0, mask, 0, 0, 0, 0).error;
}

static inline long remote_fence_i(ulong mask)
{
    return sbi(SBI_RFENCE, 0, mask, 0, 0, 0, 0).error;
}

static inline long remote_sfence(ulong mask, ulong start, ulong size)
{
    return sbi(SBI_RFENCE, 1, mask, 0, start, size, 0).error;
}

static inline long remote_sfence_asid(ulong mask, ulong start, ulong size, ulong asid)
{
    return sbi(SBI_RFENCE, 2, mask, 0, start, size, asid).error;
}

#endif
