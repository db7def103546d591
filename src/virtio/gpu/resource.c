/* SPDX-License-Identifier: MIT */
#include "virtio/gpu/resource.h"

#include <stdlib.h>

const char gpu_cursor_too_large[] = "a cursor has at most 64x64 pixels; use a smaller one";

/* --- the budget --- */

bool gpu_resource_charge(struct gpu_resource *res, uint64_t bytes)
{
    struct gpu *gpu = res->gpu;
    if (!extent_ok(gpu->used, bytes, gpu->memory))
        return false;
    gpu->used += bytes;
    res->charged += bytes;
    return true;
}

void gpu_resource_uncharge(struct gpu_resource *res, uint64_t bytes)
{
    res->gpu->used -= bytes;
    res->charged -= bytes;
}

void gpu_resource_replace_backing(struct gpu_resource *res, struct gpu_backing *backing)
{
    gpu_resource_uncharge(res, gpu_backing_bytes(res->backing));
    gpu_backing_destroy(res->backing);
    res->backing = backing;
}

/* --- the table --- */

static unsigned bucket_of(uint32_t id)
{
    return (id * UINT32_C(2654435761)) >> 22;
}
_Static_assert(GPU_BUCKETS == 1 << (32 - 22), "bucket_of takes the top ten bits");

struct gpu_resource *gpu_resource_find(struct gpu *gpu, uint32_t id)
{
    struct gpu_resource *res = gpu->bucket[bucket_of(id)];
    while (res && res->id != id)
        res = res->next;
    return res;
}

struct gpu_resource *gpu_resource_each(const struct gpu *gpu, const struct gpu_resource *last)
{
    if (last && last->next)
        return last->next;
    for (unsigned i = last ? bucket_of(last->id) + 1 : 0; i < GPU_BUCKETS; i++)
        if (gpu->bucket[i])
            return gpu->bucket[i];
    return NULL;
}

struct gpu_resource *gpu_resource_new(struct gpu *gpu, uint32_t id,
                                      const struct gpu_resource_ops *ops, uint64_t bytes,
                                      uint32_t *code)
{
    *code = GPU_ERR_INVALID_RESOURCE_ID;
    if (!id || gpu_resource_find(gpu, id))
        return NULL;
    *code = GPU_ERR_OUT_OF_MEMORY;
    struct gpu_resource *res = calloc(1, ops->size);
    if (!res)
        return NULL;
    res->ops = ops;
    res->gpu = gpu;
    res->id = id;
    res->serial = gpu->serial++;
    if (!gpu_resource_charge(res, ops->size + bytes)) {
        free(res);
        return NULL;
    }
    struct gpu_resource **bucket = &gpu->bucket[bucket_of(id)];
    res->next = *bucket;
    *bucket = res;
    *code = GPU_OK_NODATA;
    return res;
}

void gpu_resource_free(struct gpu_resource *res)
{
    struct gpu_resource **p = &res->gpu->bucket[bucket_of(res->id)];
    while (*p != res)
        p = &(*p)->next;
    *p = res->next;
    gpu_resource_uncharge(res, res->charged);
    gpu_backing_destroy(res->backing);
    free(res);
}

void gpu_resource_destroy(struct gpu_resource *res)
{
    res->ops->finish(res);
    gpu_resource_free(res);
}

void gpu_resource_destroy_all(struct gpu *gpu)
{
    for (unsigned i = 0; i < GPU_BUCKETS; i++)
        while (gpu->bucket[i])
            gpu_resource_destroy(gpu->bucket[i]);
}
