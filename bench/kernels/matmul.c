/* SPDX-License-Identifier: MIT */
/* Double matrices, the middle loop kept in registers: loads, multiplies and adds. */
#include "kernels.h"

enum { N = 200, PASSES = 4 };

static __attribute__((noinline, noclone, noipa)) void multiply(double (*c)[N], double (*a)[N],
                                                               double (*b)[N])
{
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < N; j++) {
            double sum = 0;
            for (int k = 0; k < N; k++)
                sum += a[i][k] * b[k][j];
            c[i][j] = sum;
        }
    }
}

uint64_t kernel_matmul(void *arena)
{
    double(*a)[N] = arena, (*b)[N] = a + N, (*c)[N] = b + N;
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < N; j++) {
            a[i][j] = (i * 3 + j) % 17;
            b[i][j] = (i + j * 5) % 13;
        }
    }
    double trace = 0;
    for (int pass = 0; pass < PASSES; pass++) {
        multiply(c, a, b);
        a[pass][pass] += 1;
        for (int i = 0; i < N; i++)
            trace += c[i][(i * 7) % N];
    }
    return (uint64_t)trace;
}
