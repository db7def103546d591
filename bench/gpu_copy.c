/* SPDX-License-Identifier: MIT */
/*
 * The GPU's own part of a full frame: TRANSFER_TO_HOST_2D and RESOURCE_FLUSH of a shown image,
 * queues and dispatch included, against a memcpy from the same scattered pages. One frame
 * of each in turn, so that both find the caches alike; lower quartiles are compared. The goal is a
 * ratio of at most 1.3.
 */
#include "device/gpu_driver.h"
#include "host/clock.h"

#include <stdio.h>
#include <stdlib.h>

enum { FRAMES = 400, PAGE = GMEM_PAGE };

struct bench {
    struct gpu_driver g;
    struct rect all;
    uint32_t pages;
    uint64_t *page; /* of guest memory, in the order of the picture */
    uint8_t *copy;
    uint16_t head;
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
    struct gpu_mem_entry *e = malloc(b->pages * sizeof(*e));
    gd_init(&b->g, 256 << 20, 1, 256 << 20, false);
    if (!b->page || !b->copy || !e || !kit_start(&b->g.kit, KIT_ALL_FEATURES))
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

static void run(uint32_t width, uint32_t height)
{
    static uint64_t copy[FRAMES], gpu[FRAMES];
    struct bench b = {0};
    start(&b, width, height);
    for (int i = 0; i < FRAMES; i++) {
        copy[i] = time_memcpy(&b);
        gpu[i] = time_gpu(&b);
    }
    double c = quartile_us(copy), g = quartile_us(gpu);
    printf("gpu_copy %ux%u: memcpy %.0f us, transfer+flush %.0f us, ratio %.2f\n", width, height, c,
           g, g / c);
    gd_finish(&b.g);
    free(b.page);
    free(b.copy);
}

int main(void)
{
    run(1024, 768);
    run(1280, 800);
    run(1920, 1080);
    return 0;
}
