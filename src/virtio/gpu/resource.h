/* SPDX-License-Identifier: MIT */
/*
 * Resources: what the guest creates, fills and shows, by the number it gave them. All a resource
 * does goes through its ops, since 3D will bring another kind. Their memory is charged to the
 * device's budget before it is taken: the pixels when created, the same again when first scanned
 * out (display/image.h keeps two truths of a shown image), the tables of their backings.
 *
 * The GPU's thread only.
 */
#ifndef VIRTIO_GPU_RESOURCE_H
#define VIRTIO_GPU_RESOURCE_H

#include "virtio/gpu/backing.h"
#include "virtio/gpu/gpu.h"

/* A resource as plain data, for a snapshot; its pixels are frame()'s. */
struct gpu_resource_state {
    uint32_t id, format, width, height;
    uint64_t backing_size; /* bytes; 0: none */
};

struct gpu_resource_ops {
    /* Takes the backing over, on success; NULL detaches. All return enum gpu_resp or GPU_AGAIN. */
    uint32_t (*attach)(struct gpu_resource *res, struct gpu_backing *backing);
    /* From the backing, offset bytes into it, to rect. Guest's numbers: checks all of them. */
    uint32_t (*transfer)(struct gpu_resource *res, const struct rect *rect, uint64_t offset);
    /* What a scanout or a cursor shows; NULL: this kind can not be shown. Not a new reference. */
    struct image *(*frame)(struct gpu_resource *res);
    void (*save)(const struct gpu_resource *res, struct gpu_resource_state *state);
};

struct gpu_resource {
    const struct gpu_resource_ops *ops;
    struct gpu *gpu;
    uint32_t id;
    struct gpu_resource *next; /* in its bucket */
    uint64_t charged;          /* bytes of gpu->used that are its */
    bool reserved;             /* the second truth is charged */
    struct image *image;
    struct gpu_backing *backing; /* NULL: none */
};

struct gpu_resource *gpu_resource_find(struct gpu *gpu, uint32_t id); /* NULL: none */
/* A 2D resource with a new number, or *code. */
struct gpu_resource *gpu_resource_create(struct gpu *gpu, uint32_t id, uint32_t format,
                                         uint32_t width, uint32_t height, uint32_t *code);
/* Also takes it off the heads that show it. */
void gpu_resource_destroy(struct gpu_resource *res);
void gpu_resource_destroy_all(struct gpu *gpu);

/* Before a scanout shows it: makes room for both truths. False: over budget or no memory. */
bool gpu_resource_reserve(struct gpu_resource *res);

#endif
