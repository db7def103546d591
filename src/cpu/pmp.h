/* SPDX-License-Identifier: MIT */
/* Physical memory protection. The hart's own thread. */
#ifndef CPU_PMP_H
#define CPU_PMP_H

#include "cpu/hart.h"

/*
 * May priv do this to [pa, pa+len)? *whole: the answer holds for all of the 4 KiB page, so it may
 * be cached.
 */
bool pmp_allows(const struct hart *h, uint64_t pa, uint64_t len, enum access acc, unsigned priv,
                bool *whole);
/* pmpcfg or pmpaddr were written: flushes all that was allowed by the old ones. */
void pmp_changed(struct hart *h);

#endif
