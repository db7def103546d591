/* SPDX-License-Identifier: MIT */
/*
 * The built-in SBI (RISC-V SBI specification 2.0): the firmware of a machine that was given none.
 * An S-mode kernel's ecall ends here, on its hart's thread, with the registers in place.
 * Extensions: BASE, TIME, IPI, RFENCE, HSM with suspend, SRST, DBCN, and the legacy calls 0 to 8;
 * PMU is absent and probes as 0.
 *
 * Each extension is one function with a row in a const table; the functions return the pair of
 * error and value that the specification asks for.
 */
#ifndef SBI_SBI_H
#define SBI_SBI_H

#include "cpu/cpu.h"

enum sbi_power { SBI_POWER_OFF, SBI_POWER_REBOOT };

/* What the board provides; called on harts' threads. */
struct sbi_host {
    /* The debug console: bytes taken or given, possibly less than n; never blocks. */
    size_t (*console_write)(void *ctx, const uint8_t *bytes, size_t n);
    size_t (*console_read)(void *ctx, uint8_t *bytes, size_t n);
    /* failed: the guest gave "system failure" as its reason. */
    void (*power)(void *ctx, enum sbi_power what, bool failed);
    void *ctx;
};

struct sbi;

/* For cpu_config.sbi, with the struct sbi as sbi_ctx. */
extern const struct cpu_sbi_ops sbi_ops;

struct sbi *sbi_create(struct gmem *mem, struct log *log, const struct sbi_host *host);
void sbi_destroy(struct sbi *sbi);
/* The cpu is made after its SBI; before the first ecall. */
void sbi_set_cpu(struct sbi *sbi, struct cpu *cpu);

#endif
