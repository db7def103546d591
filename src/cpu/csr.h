/* SPDX-License-Identifier: MIT */
/* Control and status registers: the Zicsr instructions. The hart's own thread. */
#ifndef CPU_CSR_H
#define CPU_CSR_H

#include "cpu/hart.h"

enum csr_result {
    CSR_OK,      /* done, go on */
    CSR_CHANGED, /* done; state that blocks or interrupts depend on may have changed */
    CSR_ILLEGAL,
};

/*
 * Carries out one Zicsr instruction word, rd included. hart.icount must count the instructions
 * before it and hart.pc be its own.
 */
enum csr_result csr_execute(struct hart *h, uint32_t word);

#endif
