/* SPDX-License-Identifier: MIT */
/* Conjugate gradients on a sparse matrix of compressed rows, that of a plate of 120 by 120 points with some far links. */
#include "kernels.h"

enum { SIDE = 120, N = SIDE * SIDE, LINKS = 6, STEPS = 60, PASSES = 4 };

struct matrix {
    uint32_t begin[N + 1];
    uint32_t column[N * LINKS];
    double value[N * LINKS];
};

static void link_to(struct matrix *m, uint32_t *count, int column, double value)
{
    if (column < 0 || column >= N)
        return;
    m->column[*count] = (uint32_t)column;
    m->value[(*count)++] = value;
}

/* Symmetric, and heavier on the diagonal than off it. */
static void make_matrix(struct matrix *m)
{
    uint32_t count = 0;
    for (int i = 0; i < N; i++) {
        m->begin[i] = count;
        link_to(m, &count, i, 5.5);
        link_to(m, &count, i - 1, -1);
        link_to(m, &count, i + 1, -1);
        link_to(m, &count, i - SIDE, -1);
        link_to(m, &count, i + SIDE, -1);
        link_to(m, &count, N - 1 - i, -0.25);
    }
    m->begin[N] = count;
}

static void multiply(const struct matrix *m, const double *x, double *y)
{
    for (int i = 0; i < N; i++) {
        double sum = 0;
        for (uint32_t k = m->begin[i]; k < m->begin[i + 1]; k++)
            sum += m->value[k] * x[m->column[k]];
        y[i] = sum;
    }
}

static double dot(const double *a, const double *b)
{
    double sum = 0;
    for (int i = 0; i < N; i++)
        sum += a[i] * b[i];
    return sum;
}

static void add_scaled(double *a, const double *b, double scale)
{
    for (int i = 0; i < N; i++)
        a[i] += b[i] * scale;
}

/* Solves m x = b for a b that depends on seed; behind x there is room for three vectors more. */
static void solve(const struct matrix *m, double *x, int seed)
{
    double *rest = x + N, *way = rest + N, *product = way + N;
    for (int i = 0; i < N; i++) {
        x[i] = 0;
        rest[i] = way[i] = (i + seed) % 11 - 3;
    }
    double square = dot(rest, rest);
    for (int step = 0; step < STEPS; step++) {
        multiply(m, way, product);
        double length = square / dot(way, product), before = square;
        add_scaled(x, way, length);
        add_scaled(rest, product, -length);
        square = dot(rest, rest);
        for (int i = 0; i < N; i++)
            way[i] = rest[i] + way[i] * (square / before);
    }
}

uint64_t kernel_sparse(void *arena)
{
    struct matrix *m = arena;
    double *x = (double *)(m + 1);
    double sum = 0;
    make_matrix(m);
    for (int pass = 0; pass < PASSES; pass++) {
        solve(m, x, pass);
        for (int i = 0; i < N; i++)
            sum += x[i] * (i % 5 + 1);
    }
    return (uint64_t)(sum * 100 + 0.5);
}
