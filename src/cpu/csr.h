/* SPDX-License-Identifier: MIT */
/*
 * Control and status registers. All of them are rows of one table, cpu/csrs.def: its columns say
 * what a register is called, who may access it, and what reading and writing it does. The Zicsr
 * instructions, a debugger and saved state use the same rows. Called on the hart's own thread, or
 * while it is parked.
 */
#ifndef CPU_CSR_H
#define CPU_CSR_H

#include "cpu/hart.h"

enum csr_result {
    CSR_OK,      /* done; continue with the next op */
    CSR_CHANGED, /* done; block lookup may have changed, or an interrupt may be due */
    CSR_ILLEGAL,
};

/*
 * Carries out one Zicsr instruction word, rd included. hart.icount must count the instructions
 * before it and hart.pc be its own.
 */
enum csr_result csr_execute(struct hart *h, uint32_t word);

#define CSR_NAME_MAX 24

/* The specification's name of a register; false: no model has one with this number. */
bool csr_name(unsigned number, char name[CSR_NAME_MAX]);
/* The number of the register with this name; -1: there is none. Slow. */
int csr_find(const char *name);
/* True if harts of this model have the register, in whatever privilege. */
bool csr_exists(const struct hart *h, unsigned number);
/* Reads a register whatever the hart's privilege is, without an effect that the guest could see:
 * seed reads as 0. On RV32 the upper half of *v is 0. False: it does not exist. */
bool csr_peek(struct hart *h, unsigned number, uint64_t *v);

#endif
