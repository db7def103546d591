/* SPDX-License-Identifier: MIT */
#include "kernels.h"

const struct kernel kernels[KERNEL_COUNT] = {
    {"sort", kernel_sort},         {"sha256", kernel_sha256}, {"fib", kernel_fib},
    {"bytecode", kernel_bytecode}, {"matmul", kernel_matmul}, {"nbody", kernel_nbody},
    {"sieve", kernel_sieve},       {"chase", kernel_chase},   {"copy", kernel_copy},
    {"atomic", kernel_atomic},     {"crc", kernel_crc},       {"queens", kernel_queens},
};
