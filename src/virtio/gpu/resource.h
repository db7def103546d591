/* SPDX-License-Identifier: MIT */
/*
 * Resources: what the guest creates, fills and shows, by the number that it chose. There are kinds:
 * 2D (resource_2d.c), whose pixels transfers copy to the host, and blobs (resource_blob.c), whose
 * pixels stay in the guest's memory. A kind is a const table of ops and a struct of its own file
 * that begins with struct gpu_resource; all else goes through the ops.
 *
 * A resource's memory is charged to the device's budget before it is allocated: its struct and its
 * pixels when it is created, the front buffer (display/image.h) when it is first scanned out, the
 * table of its backing when that is attached.
 *
 * The GPU's thread only.
 */
#ifndef VIRTIO_GPU_RESOURCE_H
#define VIRTIO_GPU_RESOURCE_H

#include "base/blob.h"
#include "virtio/gpu/backing.h"
#include "virtio/gpu/gpu.h"
#include "virtio/gpu/state.h"

#define GPU_MAX_SIDE 16384 /* pixels */

/* How a picture lies in a backing: pixel (x, y) is 4 bytes at offset + y * stride + x * 4. */
struct gpu_layout {
    uint32_t width, height, format; /* pixels; enum pixel_format */
    uint32_t stride;                /* bytes */
    uint64_t offset;
};

struct gpu_resource {
    const struct gpu_resource_ops *ops;
    struct gpu *gpu;
    uint32_t id;
    uint32_t serial;             /* of all resources of the device: ids are used again */
    struct gpu_resource *next;   /* in its bucket */
    uint64_t charged;            /* bytes of gpu->used that are its */
    struct gpu_backing *backing; /* NULL: none */
};

/*
 * Numbers of a rectangle, offset or layout are the guest's where not said otherwise: the op checks
 * all of them. Codes are enum gpu_resp.
 */
struct gpu_resource_ops {
    const char *kind; /* "2d": for queries */
    size_t size;      /* bytes of the kind's struct */
    bool quick;       /* transfer and flush touch no pixels and never wait */
    bool shaped;      /* SET_SCANOUT_BLOB shows it and says its layout; otherwise SET_SCANOUT */
    /* Transfers copy its pixels to the host: row and unflushed are there. Otherwise its pixels are
     * only in its backing, where viewers read them. */
    bool copies;

    /* Replaces the backing, which is the resource's on success; NULL detaches. */
    uint32_t (*attach)(struct gpu_resource *res, struct gpu_backing *backing);
    /* From the backing, `offset` bytes into it, to rect. May return GPU_AGAIN. */
    uint32_t (*transfer)(struct gpu_resource *res, const struct rect *rect, uint64_t offset);
    /* The image that a scanout shows; layout is NULL unless `shaped`. All memory that showing it
     * needs is reserved and charged. NULL: *code says why. No new reference. */
    struct image *(*image)(struct gpu_resource *res, const struct gpu_layout *layout,
                           uint32_t *code);
    /* Shows what changed in rect. Adds the frames that viewers have to present to `frame`. */
    uint32_t (*flush)(struct gpu_resource *res, const struct rect *rect,
                      struct display_frame *frame);
    /* The size of the cursor in it, 1..DISPLAY_CURSOR a side. NULL, or why there is none, with the
     * cure: a static string. */
    const char *(*cursor_size)(const struct gpu_resource *res, uint32_t *width, uint32_t *height);
    /* Copies a cursor of that size into pic->data, BGRA. */
    void (*cursor_read)(struct gpu_resource *res, const struct picture *pic);

    /* The nth picture in its backing, from 0: a 2D resource is one, of a blob each layout that
     * scanouts show is one. The newest comes first. False: there are fewer. */
    bool (*layout)(const struct gpu_resource *res, unsigned n, struct gpu_layout *layout);
    /* The image of the nth picture, or NULL. */
    struct image *(*image_at)(const struct gpu_resource *res, unsigned n);
    /* Row y of the back buffer, in the resource's format. */
    const uint8_t *(*row)(const struct gpu_resource *res, uint32_t y);
    /* Adds the region that was transferred and not flushed while a scanout shows it. */
    void (*unflushed)(const struct gpu_resource *res, pixman_region32_t *region);

    /* Fills the kind's fields of its record, and puts what stands behind the backing in state.h. */
    void (*save)(const struct gpu_resource *res, struct state_resource *record,
                 struct blob_out *out);
    /* Makes the resource of a record as it was flushed. The backing (NULL: none) is consumed in any
     * case. False: `in` has the failure; what was made is left to the caller's reset. */
    bool (*load)(struct gpu *gpu, const struct state_resource *record, struct gpu_backing *backing,
                 struct blob_in *in);
    /* When scanouts show it again: reads the same bytes again, which were checked, and transfers
     * what was not flushed. False: `in` has the failure. */
    bool (*load_unflushed)(struct gpu_resource *res, const struct state_resource *record,
                           struct blob_in *in);
    /* Takes its images off the scanouts and frees what is the kind's; the backing still lives. */
    void (*finish)(struct gpu_resource *res);
};

extern const struct gpu_resource_ops gpu_resource_2d_ops, gpu_resource_blob_ops;
extern const char gpu_cursor_too_large[]; /* why a cursor is refused; resource.c */

struct gpu_resource *gpu_resource_find(struct gpu *gpu, uint32_t id); /* NULL: none */
/* Walks all resources, in no order: starts with NULL, returns NULL at the end. The current one must
 * not be destroyed meanwhile. */
struct gpu_resource *gpu_resource_each(const struct gpu *gpu, const struct gpu_resource *last);
/* A resource of a kind, zeros behind the common part; `bytes` more than its struct are charged.
 * NULL: *code says why. */
struct gpu_resource *gpu_resource_new(struct gpu *gpu, uint32_t id,
                                      const struct gpu_resource_ops *ops, uint64_t bytes,
                                      uint32_t *code);
/* Frees the common part and the backing: for a resource that its kind has finished or not begun. */
void gpu_resource_free(struct gpu_resource *res);
void gpu_resource_destroy(struct gpu_resource *res); /* also takes it off the scanouts */
void gpu_resource_destroy_all(struct gpu *gpu);

/* The budget. False: it has no more. */
bool gpu_resource_charge(struct gpu_resource *res, uint64_t bytes);
void gpu_resource_uncharge(struct gpu_resource *res, uint64_t bytes);
/* Frees the old backing and takes the new one over, which is charged already; NULL: none. */
void gpu_resource_replace_backing(struct gpu_resource *res, struct gpu_backing *backing);

/* A 2D resource with a new number; enum gpu_resp. */
uint32_t gpu_resource_2d_create(struct gpu *gpu, uint32_t id, uint32_t format, uint32_t width,
                                uint32_t height);
/* Reads the pages that a request lists behind its fixed part into cmd->list. NULL: *code is the
 * error: as of gpu_backing_make, or fewer were sent than said. cmd2d.c */
struct gpu_backing *gpu_command_backing(struct gpu_command *cmd, uint32_t entries, uint32_t *code);

#endif
