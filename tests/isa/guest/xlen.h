/* SPDX-License-Identifier: MIT */
/* Assembly for both word sizes. */
#ifndef XLEN_H
#define XLEN_H

#if __riscv_xlen == 64
#define LX     ld
#define SX     sd
#define XBYTES 8
#else
#define LX     lw
#define SX     sw
#define XBYTES 4
#endif

#endif
