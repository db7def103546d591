/* SPDX-License-Identifier: MIT */
/*
 * Resources: what the guest creates, fills and shows, by the number it gave them. All a resource
 * does goes through its ops. Their memory is charged to the
 * device's budget before it is taken: the pixels when created, the same again when first scanned
 * out (display/image.h keeps two truths of a shown image), the tables of their backings. Blobs
 * (blob.c) are the other kind: their pixels are the guest's own memory.
 *
 * The GPU's thread only.
 */
#ifndef VIRTIO_GPU_RESOURCE_H
#define VIRTIO_GPU_RESOURCE_H

#include "virtio/gpu/backing.h"
#include "virtio/gpu/gpu.h"

#define GPU_MAX_SIDE IMAGE_MAX_SIDE /* pixels */

extern const char gpu_cursor_too_large[]; /* why a cursor is refused; resource.c */

/* A resource as plain data, for a snapshot; its pixels are frame()'s. */
struct gpu_resource_state {
    uint32_t id, format, width, height; /* a blob has no shape: 0 */
    uint64_t blob_size;                 /* bytes; 0: no blob */
    uint64_t backing_size;              /* bytes; 0: none */
};

struct gpu_resource_ops {
    bool quick; /* transfer and flush touch no pixels and wait for nobody */
    /* Takes the backing over, on success; NULL detaches. All return enum gpu_resp or GPU_AGAIN. */
    uint32_t (*attach)(struct gpu_resource *res, struct gpu_backing *backing);
    /* From the backing, offset bytes into it, to rect. Guest's numbers: checks all of them. */
    uint32_t (*transfer)(struct gpu_resource *res, const struct rect *rect, uint64_t offset);
    /* What SET_SCANOUT shows; NULL: nothing of this kind. Not a new reference. */
    struct image *(*frame)(struct gpu_resource *res);
    /* Guest's numbers: checks them. Adds what has to be consumed to frame. */
    uint32_t (*flush)(struct gpu_resource *res, const struct rect *rect,
                      struct display_frame *frame);
    /* Copies a cursor's image, BGRA, at most DISPLAY_CURSOR a side: so much room pic->data has.
     * NULL, or why it cannot, with the cure: a static string. */
    const char *(*cursor)(struct gpu_resource *res, struct picture *pic);
    void (*save)(const struct gpu_resource *res, struct gpu_resource_state *state);
    void (*finish)(struct gpu_resource *res); /* takes it off the heads; the backing lives still */
};

/* A shape in which some head shows a blob. */
struct gpu_view {
    struct gpu_view *next;
    struct image *image;
    uint64_t offset; /* of its first pixel in the blob */
    uint32_t stride; /* bytes */
};

struct gpu_resource {
    const struct gpu_resource_ops *ops;
    struct gpu *gpu;
    uint32_t id;
    struct gpu_resource *next;   /* in its bucket */
    uint64_t charged;            /* bytes of gpu->used that are its */
    uint32_t serial;             /* tells it from others that had its id */
    struct gpu_backing *backing; /* NULL: none */
    /* 2D */
    bool reserved; /* the second truth is charged */
    struct image *image;
    /* a blob */
    uint64_t blob_size;
    struct gpu_view *view;  /* what heads show of it, newest first */
    uint32_t width, height; /* of the picture in it, as its last whole transfer said; 0: none did */
};

struct gpu_resource *gpu_resource_find(struct gpu *gpu, uint32_t id); /* NULL: none */
/* A resource of any kind without a body, or *code; `bytes` more than itself are charged. */
struct gpu_resource *gpu_resource_new(struct gpu *gpu, uint32_t id,
                                      const struct gpu_resource_ops *ops, uint64_t bytes,
                                      uint32_t *code);
/* The budget. False: it has no more. */
bool gpu_resource_charge(struct gpu_resource *res, uint64_t bytes);
void gpu_resource_uncharge(struct gpu_resource *res, uint64_t bytes);
/* A 2D resource with a new number, or *code. */
struct gpu_resource *gpu_resource_create(struct gpu *gpu, uint32_t id, uint32_t format,
                                         uint32_t width, uint32_t height, uint32_t *code);
/* Also takes it off the heads that show it. */
void gpu_resource_destroy(struct gpu_resource *res);
void gpu_resource_destroy_all(struct gpu *gpu);

/* The pages that a request lists behind its fixed part, read into cmd->list; NULL: *code is the
 * error: as gpu_backing_make, or fewer sent than said. cmd2d.c */
struct gpu_backing *gpu_command_backing(struct gpu_command *cmd, uint32_t entries, uint32_t *code);
/* A blob, which takes the backing over on success; enum gpu_resp. */
uint32_t gpu_blob_create(struct gpu *gpu, uint32_t id, uint64_t size, struct gpu_backing *backing);
/* The shape of a blob as a cursor, with rows of width * 4 bytes from its first byte on: blob.c says
 * where it is from. NULL, or why there is none, with the cure: a static string. */
const char *gpu_blob_cursor(const struct gpu_resource *res, uint32_t *width, uint32_t *height);
/* The view of a shape (the request's width, height, format, strides[0], offsets[0]) of a blob, as
 * it is or made, or *code: the shape does not lie in it, or its pixels are more bytes than the GPU
 * has memory (a list of pages may name one page for all of them), no memory. */
struct gpu_view *gpu_blob_view(struct gpu_resource *res, const struct gpu_set_scanout_blob *shape,
                               uint32_t *code);
/* Before a scanout shows it: makes room for both truths. False: over budget or no memory. */
bool gpu_resource_reserve(struct gpu_resource *res);

#endif
