/* SPDX-License-Identifier: MIT */
#include "kernels.h"

#ifdef __riscv
#define RUN_GUEST(name) kernel_##name
#else
#define RUN_GUEST(name) NULL
#endif
#define RUN_INTEGER(name)   kernel_##name
#define RUN_FLOATING(name)  kernel_##name
#define RUN_ISOLATING(name) kernel_##name

#define KERNEL(name, group) {#name, RUN_##group(name)},
const struct kernel kernels[KERNEL_COUNT] = {
#include "kernels.def"
};
