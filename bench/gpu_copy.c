/* SPDX-License-Identifier: MIT */
/*
 * The GPU's own part of a full frame, queues and dispatch included. Without blobs
 * (TRANSFER_TO_HOST_2D and RESOURCE_FLUSH of a shown image) against a memcpy from the same
 * scattered pages, one frame of each in turn with the caches emptied before: the goal is a ratio of
 * at most 1.1. With blobs (SET_SCANOUT_BLOB to another buffer and RESOURCE_FLUSH) against the same
 * with the smallest frame: it must not grow. Lower quartiles are compared.
 */
#include "kit/gpu.h"
#include "host/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FRAMES = 200, PAGE = GMEM_PAGE, CACHES = 64 << 20 };

struct bench {
    struct gpu_driver g;
    struct rect all;
    uint32_t pages;
    uint64_t *page; /* of guest memory, in the order of the picture */
    uint8_t *copy;
    uint8_t *other; /* larger than all caches */
};

/* Every page of the backing somewhere else: no two are neighbours in order. */
static void scatter(struct bench *b)
{
    uint64_t pa = kit_alloc(&b->g.kit, (uint64_t)b->pages * 2 * PAGE, PAGE);
    for (uint32_t i = 0; i < b->pages; i++)
        b->page[i] = pa + (uint64_t)i * 2 * PAGE;
    for (uint32_t i = b->pages - 1; i > 0; i--) {
        uint32_t j = (uint32_t)rand() % (i + 1);
        uint64_t t = b->page[i];
        b->page[i] = b->page[j];
        b->page[j] = t;
    }
}

static void die(const char *what)
{
    fprintf(stderr, "gpu_copy: %s\n", what);
    exit(1);
}

static void start(struct bench *b, uint32_t width, uint32_t height)
{
    b->all = (struct rect){0, 0, width, height};
    b->pages = (width * height * 4 + PAGE - 1) / PAGE;
    b->page = malloc(b->pages * sizeof(*b->page));
    b->copy = aligned_alloc(2 << 20, ALIGN_UP((size_t)b->pages * PAGE, 2 << 20));
    b->other = malloc(CACHES);
    struct gpu_mem_entry *e = malloc(b->pages * sizeof(*e));
    gd_init(&b->g, 256 << 20, 1, 256 << 20, false);
    if (!b->page || !b->copy || !b->other || !e || !kit_start(&b->g.kit, KIT_ALL_FEATURES))
        die("cannot start");
    scatter(b);
    for (uint32_t i = 0; i < b->pages; i++) {
        e[i] = gd_entry(b->page[i], PAGE);
        memset(gmem_span(b->g.kit.mem, b->page[i], PAGE), (int)i, PAGE);
    }
    if (gd_create(&b->g, 1, PIXEL_BGRX, width, height) != GPU_OK_NODATA ||
        gd_attach(&b->g, 1, e, b->pages) != GPU_OK_NODATA ||
        gd_scanout(&b->g, 0, 1, b->all) != GPU_OK_NODATA ||
        gd_flush(&b->g, 1, b->all) != GPU_OK_NODATA)
        die("the GPU refuses");
    free(e);
}

/* Nothing of a frame is in a cache any more. */
static void empty_caches(struct bench *b, int i)
{
    memset(b->other, i, CACHES);
    __asm__ volatile("" ::"r"(b->other) : "memory");
}

static uint64_t time_memcpy(struct bench *b)
{
    size_t len = PAGE;
    __asm__("" : "+r"(len)); /* the library's memcpy, not one made for this length */
    uint64_t t = host_now_ns();
    for (uint32_t i = 0; i < b->pages; i++)
        memcpy(b->copy + (size_t)i * PAGE, gmem_span(b->g.kit.mem, b->page[i], PAGE), len);
    __asm__ volatile("" ::"r"(b->copy) : "memory");
    return host_now_ns() - t;
}

static uint64_t time_gpu(struct bench *b)
{
    uint64_t t = host_now_ns();
    if (gd_transfer(&b->g, 1, b->all, 0) != GPU_OK_NODATA ||
        gd_flush(&b->g, 1, b->all) != GPU_OK_NODATA)
        die("a frame failed");
    return host_now_ns() - t;
}

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static double quartile_us(uint64_t *ns)
{
    qsort(ns, FRAMES, sizeof(*ns), compare);
    return (double)ns[FRAMES / 4] / 1000;
}

static void finish(struct bench *b)
{
    gd_finish(&b->g);
    free(b->page);
    free(b->copy);
    free(b->other);
}

static void run(uint32_t width, uint32_t height)
{
    static uint64_t copy[FRAMES], gpu[FRAMES];
    struct bench b = {0};
    start(&b, width, height);
    for (int i = 0; i < FRAMES; i++) {
        empty_caches(&b, i);
        copy[i] = time_memcpy(&b);
        empty_caches(&b, i);
        gpu[i] = time_gpu(&b);
    }
    double c = quartile_us(copy), g = quartile_us(gpu);
    printf("gpu_copy %ux%u: memcpy %.0f us, transfer+flush %.0f us, ratio %.2f\n", width, height, c,
           g, g / c);
    finish(&b);
}

/* Two blobs in turn, as a client that flips. */
static double run_blob(uint32_t width, uint32_t height, double smallest)
{
    static uint64_t ns[FRAMES], copy[FRAMES];
    struct bench b = {0};
    start(&b, width, height);
    struct gpu_mem_entry *e = malloc(b.pages * sizeof(*e));
    for (uint32_t i = 0; e && i < b.pages; i++)
        e[i] = gd_entry(b.page[i], PAGE);
    for (uint32_t id = 2; id <= 3; id++)
        if (!e || gd_create_blob(&b.g, id, (uint64_t)b.pages * PAGE, e, b.pages) != GPU_OK_NODATA)
            die("the GPU refuses a blob");
    free(e);
    for (uint32_t i = 0; i < FRAMES; i++) {
        uint64_t t = host_now_ns();
        if (gd_transfer(&b.g, 2 + i % 2, b.all, 0) != GPU_OK_NODATA ||
            gd_scanout_blob(&b.g, 0, 2 + i % 2, width, height, b.all) != GPU_OK_NODATA ||
            gd_flush(&b.g, 2 + i % 2, b.all) != GPU_OK_NODATA)
            die("a blob's frame failed");
        ns[i] = host_now_ns() - t;
    }
    double us = quartile_us(ns);
    for (int i = 0; i < FRAMES;
         i++) { /* what a front-end does then, as far as the display is in it */
        empty_caches(&b, i);
        uint64_t t = host_now_ns();
        display_read(b.g.display, 0, &b.all, b.copy, width * 4);
        ns[i] = host_now_ns() - t;
        empty_caches(&b, i);
        copy[i] = time_memcpy(&b);
    }
    double read = quartile_us(ns), c = quartile_us(copy);
    printf("gpu_copy blob %ux%u: read into a texture %.0f us, ratio to memcpy %.2f\n", width,
           height, read, read / c);
    printf("gpu_copy blob %ux%u: flip %.1f us, ratio to the smallest %.2f\n", width, height, us,
           smallest > 0 ? us / smallest : 1.0);
    finish(&b);
    return us;
}

int main(void)
{
    run(1024, 768);
    run(1280, 800);
    run(1920, 1080);
    double smallest = run_blob(64, 64, 0);
    run_blob(1280, 800, smallest);
    run_blob(3840, 2160, smallest);
    return 0;
}
