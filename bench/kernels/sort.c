/* SPDX-License-Identifier: MIT */
/* Quicksort through a comparison callback, as libc's qsort is used: unpredictable branches. */
#include "kernels.h"

enum { COUNT = 300000 };

typedef int (*compare_fn)(const void *a, const void *b);

static int compare_u32(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void swap(uint32_t *a, uint32_t *b)
{
    uint32_t t = *a;
    *a = *b;
    *b = t;
}

static void insertion_sort(uint32_t *v, long n, compare_fn compare)
{
    for (long i = 1; i < n; i++)
        for (long j = i; j > 0 && compare(&v[j - 1], &v[j]) > 0; j--)
            swap(&v[j - 1], &v[j]);
}

static void quick_sort(uint32_t *v, long n, compare_fn compare)
{
    while (n > 12) {
        uint32_t pivot = v[n / 2];
        long i = 0, j = n - 1;
        while (i <= j) {
            while (compare(&v[i], &pivot) < 0)
                i++;
            while (compare(&v[j], &pivot) > 0)
                j--;
            if (i <= j)
                swap(&v[i++], &v[j--]);
        }
        quick_sort(v, j + 1, compare);
        v += i;
        n -= i;
    }
    insertion_sort(v, n, compare);
}

/* Kept out of the optimiser's sight, so that the calls stay indirect. */
static compare_fn volatile chosen = compare_u32;

uint64_t kernel_sort(void *arena)
{
    uint32_t *v = arena;
    uint64_t seed = 88172645463325252u, sum = 0;
    for (long i = 0; i < COUNT; i++)
        v[i] = (uint32_t)next_random(&seed);
    quick_sort(v, COUNT, chosen);
    for (long i = 0; i < COUNT; i++)
        sum = sum * 31 + v[i];
    return sum;
}
