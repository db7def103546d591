/* SPDX-License-Identifier: MIT */
#include "replay/reader.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

struct trace_reader {
    FILE *f;
    uint64_t limit;
    uint64_t packed, unpacked; /* bytes taken so far */
    ZSTD_DCtx *zstd;
    uint8_t *block; /* packed, as read */
    /* unpacked bytes: start..end of them are not used up */
    uint8_t *bytes;
    size_t start, end, capacity;
};

/* --- blocks --- */

/* Room for one more unpacked block behind `end`. */
static bool make_room(struct trace_reader *r)
{
    memmove(r->bytes, r->bytes + r->start, r->end - r->start);
    r->end -= r->start;
    r->start = 0;
    if (r->capacity - r->end >= TRACE_BLOCK_MAX)
        return true;
    size_t capacity = r->capacity * 2 + TRACE_BLOCK_MAX;
    uint8_t *bytes = realloc(r->bytes, capacity);
    if (!bytes)
        return false;
    r->bytes = bytes;
    r->capacity = capacity;
    return true;
}

static enum trace_read bad_block(const struct trace_reader *r, const char *why, struct error *err)
{
    error_set(err, "the trace is damaged at byte %llu: %s", (unsigned long long)r->packed, why);
    return TRACE_READ_BAD;
}

/* Unpacks the next block. */
static enum trace_read read_block(struct trace_reader *r, struct error *err)
{
    struct trace_block head;
    if (fread(&head, 1, sizeof(head), r->f) != sizeof(head))
        return TRACE_READ_END;
    uint32_t size = le32_get(head.size), packed = le32_get(head.packed);
    if (le32_get(head.magic) != TRACE_BLOCK)
        return bad_block(r, "no block begins there", err);
    if (!size || size > TRACE_BLOCK_MAX || packed > ZSTD_compressBound(TRACE_BLOCK_MAX))
        return bad_block(r, "a block of an impossible size", err);
    if (fread(r->block, 1, packed, r->f) != packed)
        return TRACE_READ_END;
    if (crc32(0, r->block, packed) != le32_get(head.crc))
        return bad_block(r, "a block's checksum is wrong", err);
    if (!make_room(r))
        return bad_block(r, ERROR_NO_MEMORY, err);
    if (ZSTD_decompressDCtx(r->zstd, r->bytes + r->end, size, r->block, packed) != size)
        return bad_block(r, "a block cannot be unpacked", err);
    r->end += size;
    r->packed += sizeof(head) + packed;
    r->unpacked += size;
    return TRACE_READ_ITEM;
}

/* At least n unpacked bytes are there. */
static enum trace_read reader_need(struct trace_reader *r, uint64_t n, struct error *err)
{
    enum trace_read got = TRACE_READ_ITEM;
    while (got == TRACE_READ_ITEM && r->end - r->start < n)
        got = read_block(r, err);
    return got;
}

enum trace_read trace_reader_next(struct trace_reader *r, struct trace_item *item,
                                  struct error *err)
{
    struct trace_record head;
    enum trace_read got = reader_need(r, sizeof(head), err);
    if (got != TRACE_READ_ITEM)
        return got;
    memcpy(&head, r->bytes + r->start, sizeof(head));
    item->kind = le32_get(head.kind);
    item->us = le32_get(head.us);
    item->size = le64_get(head.size);
    if (item->size > r->limit)
        return bad_block(r, "a record is larger than the memory it may take (--memory)", err);
    got = reader_need(r, sizeof(head) + item->size, err);
    if (got != TRACE_READ_ITEM)
        return got;
    item->body = r->bytes + r->start + sizeof(head);
    r->start += sizeof(head) + (size_t)item->size;
    return TRACE_READ_ITEM;
}

uint64_t trace_reader_packed(const struct trace_reader *r)
{
    return r->packed;
}

uint64_t trace_reader_unpacked(const struct trace_reader *r)
{
    return r->unpacked;
}

/* --- beginning and end --- */

/* NULL, or what is wrong with the head. */
static const char *head_error(const struct trace_head *head, size_t read)
{
    uint64_t base = le64_get(head->ram_base), size = le64_get(head->ram_size);
    if (read < sizeof(head->magic) || memcmp(head->magic, TRACE_MAGIC, sizeof(head->magic)))
        return "this is no trace of a GPU; make one with riscreen --trace-gpu FILE";
    if (read < sizeof(*head))
        return "the trace has no beginning; riscreen could not write it";
    if (le32_get(head->version) != TRACE_VERSION)
        return "the trace is of another version; use the riscreen-gpu-replay of that riscreen";
    if (crc32(0, (const void *)head, offsetof(struct trace_head, crc)) != le32_get(head->crc))
        return "the trace's head is damaged";
    if (!le32_get(head->heads) || le32_get(head->heads) > GPU_MAX_SCANOUTS || base % 4096 ||
        size % 4096 || !size || size > (UINT64_C(1) << 40) || base > (UINT64_C(1) << 48))
        return "the trace's head makes no sense";
    return NULL;
}

struct trace_reader *trace_reader_create(FILE *f, uint64_t limit, struct trace_head *head,
                                         struct error *err)
{
    size_t n = fread(head, 1, sizeof(*head), f);
    const char *wrong = ferror(f) ? "it cannot be read" : head_error(head, n);
    if (wrong) {
        error_set(err, "%s", wrong);
        return NULL;
    }
    struct trace_reader *r = calloc(1, sizeof(*r));
    if (r) {
        r->f = f;
        r->limit = limit;
        r->packed = sizeof(*head);
        r->zstd = ZSTD_createDCtx();
        r->block = malloc(ZSTD_compressBound(TRACE_BLOCK_MAX));
        r->bytes = malloc(TRACE_BLOCK_MAX);
        r->capacity = r->bytes ? TRACE_BLOCK_MAX : 0;
    }
    if (!r || !r->zstd || !r->block || !r->bytes) {
        error_no_memory(err);
        trace_reader_destroy(r);
        return NULL;
    }
    return r;
}

void trace_reader_destroy(struct trace_reader *r)
{
    if (!r)
        return;
    ZSTD_freeDCtx(r->zstd);
    free(r->block);
    free(r->bytes);
    free(r);
}
