/* SPDX-License-Identifier: MIT */
/* The fast Fourier transform of 16384 complex doubles, forth and back: butterflies over strides that are powers of two. */
#include "kernels.h"

enum { LOG = 14, N = 1 << LOG, PASSES = 30 };

struct complex {
    double re, im;
};

/* The roots of unity, by halving the angle: cos and sin of the half from those of the whole. */
static void make_roots(struct complex *root)
{
    root[0] = (struct complex){1, 0};
    double re = -1, im = 0; /* half a turn */
    for (int step = N / 2; step >= 1; step /= 2) {
        for (int i = 0; i < N; i += 2 * step)
            root[i + step] = (struct complex){root[i].re * re - root[i].im * im,
                                              root[i].re * im + root[i].im * re};
        im = __builtin_sqrt((1 - re) / 2);
        re = __builtin_sqrt((1 + re) / 2);
    }
}

static void reorder(struct complex *v)
{
    for (unsigned i = 1, j = 0; i < N; i++) {
        unsigned bit = N / 2;
        for (; j & bit; bit /= 2)
            j ^= bit;
        j ^= bit;
        if (i < j) {
            struct complex t = v[i];
            v[i] = v[j];
            v[j] = t;
        }
    }
}

/* sign: 1 forth, -1 back, which leaves each value N times itself. */
static void transform(struct complex *v, const struct complex *root, double sign)
{
    reorder(v);
    for (int half = 1; half < N; half *= 2) {
        int step = N / (2 * half);
        for (int i = 0; i < N; i += 2 * half) {
            for (int k = 0; k < half; k++) {
                struct complex w = root[k * step], *a = &v[i + k], *b = a + half;
                w.im *= sign;
                double re = b->re * w.re - b->im * w.im, im = b->re * w.im + b->im * w.re;
                *b = (struct complex){a->re - re, a->im - im};
                *a = (struct complex){a->re + re, a->im + im};
            }
        }
    }
}

uint64_t kernel_fft(void *arena)
{
    struct complex *v = arena, *root = v + N;
    double error = 0, power = 0;
    make_roots(root);
    for (int i = 0; i < N; i++)
        v[i] = (struct complex){i % 19, i % 7};
    for (int pass = 0; pass < PASSES; pass++) {
        transform(v, root, 1);
        for (int i = 0; i < N; i++)
            power += (v[i].re * v[i].re + v[i].im * v[i].im) / N / N;
        transform(v, root, -1);
        for (int i = 0; i < N; i++)
            v[i] = (struct complex){v[i].re / N, v[i].im / N};
    }
    for (int i = 0; i < N; i++)
        error += __builtin_fabs(v[i].re - i % 19) + __builtin_fabs(v[i].im - i % 7);
    return error > 1e-6 ? 0 : (uint64_t)(power * 1000 + 0.5);
}
