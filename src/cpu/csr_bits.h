/* SPDX-License-Identifier: MIT */
/* Field masks of control and status registers (privileged ISA). mstatus is stored in its RV64
 * form. */
#ifndef CPU_CSR_BITS_H
#define CPU_CSR_BITS_H

#define MSTATUS_SIE  (UINT64_C(1) << 1)
#define MSTATUS_MIE  (UINT64_C(1) << 3)
#define MSTATUS_SPIE (UINT64_C(1) << 5)
#define MSTATUS_MPIE (UINT64_C(1) << 7)
#define MSTATUS_SPP  (UINT64_C(1) << 8)
#define MSTATUS_MPP  (UINT64_C(3) << 11)
#define MSTATUS_FS   (UINT64_C(3) << 13)
#define MSTATUS_MPRV (UINT64_C(1) << 17)
#define MSTATUS_SUM  (UINT64_C(1) << 18)
#define MSTATUS_MXR  (UINT64_C(1) << 19)
#define MSTATUS_TVM  (UINT64_C(1) << 20)
#define MSTATUS_TW   (UINT64_C(1) << 21)
#define MSTATUS_TSR  (UINT64_C(1) << 22)
#define MSTATUS_UXL  (UINT64_C(3) << 32)
#define MSTATUS_SXL  (UINT64_C(3) << 34)

/* What sstatus and mstatus read and write of it, but for SD, UXL and SXL. */
#define SSTATUS_MASK                                                                               \
    (MSTATUS_SIE | MSTATUS_SPIE | MSTATUS_SPP | MSTATUS_FS | MSTATUS_SUM | MSTATUS_MXR)
#define MSTATUS_MASK                                                                               \
    (SSTATUS_MASK | MSTATUS_MIE | MSTATUS_MPIE | MSTATUS_MPP | MSTATUS_MPRV | MSTATUS_TVM |        \
     MSTATUS_TW | MSTATUS_TSR)

/* Which interrupts are enabled, and where a return goes: neither blocks nor translation depend on
 * them. */
#define MSTATUS_STACK (MSTATUS_SIE | MSTATUS_MIE | MSTATUS_SPIE | MSTATUS_MPIE | MSTATUS_SPP)

#define MPP_SHIFT 11
#define FS_SHIFT  13

#define ENVCFG_FIOM  (UINT64_C(1) << 0)
#define ENVCFG_CBIE  (UINT64_C(3) << 4)
#define ENVCFG_CBCFE (UINT64_C(1) << 6)
#define ENVCFG_CBZE  (UINT64_C(1) << 7)
#define ENVCFG_ADUE  (UINT64_C(1) << 61)
#define ENVCFG_PBMTE (UINT64_C(1) << 62)
#define ENVCFG_STCE  (UINT64_C(1) << 63)

#define MSECCFG_MML   (UINT64_C(1) << 0)
#define MSECCFG_USEED (UINT64_C(1) << 8)
#define MSECCFG_SSEED (UINT64_C(1) << 9)

#define MIP_SSIP (1u << 1)
#define MIP_MSIP (1u << 3)
#define MIP_STIP (1u << 5)
#define MIP_MTIP (1u << 7)
#define MIP_SEIP (1u << 9)
#define MIP_MEIP (1u << 11)
#define S_IRQS   (MIP_SSIP | MIP_STIP | MIP_SEIP)

#define PMP_R 1
#define PMP_W 2
#define PMP_X 4
#define PMP_A 0x18
#define PMP_L 0x80

#define PTE_V    1u
#define PTE_R    2u
#define PTE_W    4u
#define PTE_X    8u
#define PTE_U    16u
#define PTE_G    32u
#define PTE_A    64u
#define PTE_D    128u
#define PTE_PBMT (UINT64_C(3) << 61)
#define PTE_N    (UINT64_C(1) << 63)

#endif
