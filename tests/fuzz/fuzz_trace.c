/* SPDX-License-Identifier: MIT */
/*
 * A trace from a stranger: as a file of any bytes, as a well-packed stream of any bytes, and as
 * records that nearly make sense. The replay ends with a line of words or goes on; it takes no more
 * memory than it may, and what it plays stays a device that answers.
 */
#include "fuzz/fuzz.h"
#include "replay/player.h"
#include "virtio/gpu/state.h"

#include <zlib.h>
#include <zstd.h>

#define RAM_BASE (UINT64_C(64) << 20)
#define RAM      (UINT64_C(1) << 20)
#define LIMIT    (UINT64_C(1) << 20)
#define MAX_OPS  200

static struct trace_head make_head(void)
{
    struct trace_head head = {
        .magic = TRACE_MAGIC,
        .version = le32_make(TRACE_VERSION),
        .heads = le32_make(2),
        .ram_base = le64_make(RAM_BASE),
        .ram_size = le64_make(RAM),
        .memory = le64_make(LIMIT),
        .width = le32_make(64),
        .height = le32_make(64),
    };
    head.crc = le32_make((uint32_t)crc32(0, (void *)&head, offsetof(struct trace_head, crc)));
    return head;
}

static void check(const struct player *p)
{
    const struct gpu *gpu = driver_gpu(p->driver);
    FUZZ_CHECK(gpu->used <= gpu->memory);
    FUZZ_CHECK(p->pages <= LIMIT / 4096 + 1);
}

/* Any file. */
static void play_file(const void *bytes, size_t size)
{
    const struct player_config config = {.limit = LIMIT};
    struct trace_head head;
    struct trace_item item;
    struct player p;
    struct error err;
    FILE *f = size ? fmemopen((void *)bytes, size, "rb") : NULL;
    struct trace_reader *r = f ? trace_reader_create(f, LIMIT, &head, &err) : NULL;
    if (r && le64_get(head.ram_size) <= UINT64_C(1) << 30) {
        bool ok = player_init(&p, &config, &head, &err);
        while (ok && trace_reader_next(r, &item, &err) == TRACE_READ_ITEM)
            ok = player_play(&p, &item, &err);
        if (p.driver)
            check(&p);
        player_finish(&p);
    }
    trace_reader_destroy(r);
    if (f)
        fclose(f);
}

/* Any stream of records, packed as it should be. */
static void play_stream(const uint8_t *bytes, size_t size)
{
    struct trace_head head = make_head();
    struct trace_block block = {le32_make(TRACE_BLOCK), le32_make((uint32_t)size), le32_make(0),
                                le32_make(0)};
    size_t bound = ZSTD_compressBound(size), start = sizeof(head) + sizeof(block);
    uint8_t *file = malloc(start + bound);
    FUZZ_CHECK(file);
    size_t packed = ZSTD_compress(file + start, bound, bytes, size, 1);
    block.packed = le32_make((uint32_t)packed);
    block.crc = le32_make((uint32_t)crc32(0, file + start, (uInt)packed));
    memcpy(file, &head, sizeof(head));
    memcpy(file + sizeof(head), &block, sizeof(block));
    play_file(file, start + packed);
    free(file);
}

/* --- records that nearly make sense --- */

static uint32_t small(struct fuzz_input *in)
{
    uint8_t how = fuzz_u8(in);
    return how < 250 ? how : fuzz_u32(in);
}

static struct gpu_rect any_rect(struct fuzz_input *in)
{
    struct rect r = {0, 0, 64, 64};
    if (fuzz_u8(in) & 1)
        r = (struct rect){small(in), small(in), small(in), small(in)};
    return (struct gpu_rect){le32_make(r.x), le32_make(r.y), le32_make(r.w), le32_make(r.h)};
}

struct record {
    uint8_t bytes[8192];
    size_t size;
};

static void add(struct record *rec, const void *bytes, size_t n)
{
    if (n > sizeof(rec->bytes) - rec->size)
        n = sizeof(rec->bytes) - rec->size;
    memcpy(rec->bytes + rec->size, bytes, n);
    rec->size += n;
}

static void add_request(struct record *rec, struct fuzz_input *in, uint32_t type)
{
    union gpu_request req = {.hdr.type = le32_make(type)};
    le32 id = le32_make(fuzz_u8(in) % 3);
    switch (type) {
    case GPU_RESOURCE_CREATE_2D:
        req.create_2d = (struct gpu_resource_create_2d){req.hdr, id, le32_make(2),
                                                        le32_make(small(in)), le32_make(small(in))};
        break;
    case GPU_RESOURCE_ATTACH_BACKING:
        req.attach = (struct gpu_resource_attach_backing){req.hdr, id, le32_make(fuzz_u8(in) % 8)};
        break;
    case GPU_TRANSFER_TO_HOST_2D:
        req.transfer = (struct gpu_transfer_to_host_2d){req.hdr, any_rect(in), le64_make(small(in)),
                                                        id, le32_make(0)};
        break;
    case GPU_SET_SCANOUT:
        req.set_scanout =
            (struct gpu_set_scanout){req.hdr, any_rect(in), le32_make(fuzz_u8(in) % 3), id};
        break;
    case GPU_RESOURCE_FLUSH:
        req.flush = (struct gpu_resource_flush){req.hdr, any_rect(in), id, le32_make(0)};
        break;
    default: req.unref = (struct gpu_resource_unref){req.hdr, id, le32_make(0)}; break;
    }
    add(rec, &req, fuzz_u8(in) < 240 ? sizeof(req) : small(in) % sizeof(req));
    if (type != GPU_RESOURCE_ATTACH_BACKING)
        return;
    rec->size = sizeof(struct trace_command) + sizeof(req.attach);
    for (unsigned i = 0; i < 8; i++) {
        uint64_t pa = RAM_BASE + fuzz_u16(in) * UINT64_C(16) - (fuzz_u8(in) > 250 ? RAM : 0);
        struct gpu_mem_entry e = {le64_make(pa), le32_make(small(in) * 64), le32_make(0)};
        add(rec, &e, sizeof(e));
    }
}

static void add_state_resource(struct record *rec, struct fuzz_input *in)
{
    uint32_t w = fuzz_u8(in) % 9, h = fuzz_u8(in) % 9, entries = fuzz_u8(in) % 3;
    bool blob = fuzz_u8(in) & 1;
    uint8_t views = fuzz_u8(in) % 3, pixels[9 * 9 * 4];
    struct state_resource res = {
        .id = le32_make(fuzz_u8(in) % 4),
        .has_backing = le32_make(entries || (fuzz_u8(in) & 1)),
        .entries = le32_make(entries),
        .blob_size = le64_make(blob ? small(in) : 0),
        .views = le32_make(views),
        .boxes = le32_make(views),
        .format = le32_make(2),
        .width = le32_make(w),
        .height = le32_make(h),
        .reserved = le32_make(fuzz_u8(in) & 1),
    };
    add(rec, &res, sizeof(res));
    for (; entries; entries--) {
        uint64_t pa = RAM_BASE + fuzz_u16(in) * UINT64_C(16) - (fuzz_u8(in) > 250 ? RAM : 0);
        add(rec, &(struct gpu_mem_entry){le64_make(pa), le32_make(small(in)), le32_make(0)},
            sizeof(struct gpu_mem_entry));
    }
    fuzz_bytes(in, pixels, sizeof(pixels));
    if (!blob)
        add(rec, pixels, w * h * 4ul);
    for (; views; views--) {
        struct gpu_rect box = {le32_make(fuzz_u8(in) % 9), le32_make(fuzz_u8(in) % 9), le32_make(1),
                               le32_make(1)};
        struct state_view view = {le32_make(fuzz_u8(in) % 9), le32_make(fuzz_u8(in) % 9),
                                  le32_make(2), le32_make(small(in) * 4), le64_make(small(in))};
        add(rec, blob ? (void *)&view : &box, blob ? sizeof(view) : sizeof(box));
        if (!blob)
            add(rec, pixels, 4);
    }
}

/* A state that a device of this trace might have had. */
static void add_state(struct record *rec, struct fuzz_input *in)
{
    struct state_head head = {
        .magic = STATE_MAGIC,
        .version = le32_make(STATE_VERSION),
        .heads = le32_make(2),
        .features = le64_make(UINT64_C(1) << 32),
        .resources = le32_make(fuzz_u8(in) % 4),
        .waiting = le32_make(fuzz_u8(in) > 200),
    };
    struct state_waiting waiting = {
        .queue = le32_make(fuzz_u8(in) % 3),
        .head = le32_make(fuzz_u8(in) % 17),
        .size = le32_make(sizeof(waiting.hdr)),
    };
    add(rec, &head, sizeof(head));
    for (uint32_t i = le32_get(head.resources); i; i--)
        add_state_resource(rec, in);
    for (unsigned i = 0; i < 2; i++) {
        struct state_scanout s = {
            .shown = {le32_make(fuzz_u8(in) % 4), le32_make(fuzz_u8(in) % 3), any_rect(in)},
            .next = {le32_make(fuzz_u8(in) % 4), le32_make(fuzz_u8(in) % 3), any_rect(in)},
        };
        add(rec, &s, sizeof(s));
    }
    if (le32_get(head.waiting))
        add(rec, &waiting, sizeof(waiting));
}

static uint32_t make_record(struct record *rec, struct fuzz_input *in)
{
    uint8_t op = fuzz_u8(in), junk[256];
    rec->size = 0;
    if (op < 140) {
        struct trace_command head = {le32_make(op >= 130), le32_make(fuzz_u8(in) & 1 ? 0x1100 : 0),
                                     le32_make(small(in)), le32_make(24)};
        add(rec, &head, sizeof(head));
        add_request(rec, in, (op >= 130 ? 0x300u : 0x100u) + fuzz_u8(in) % 12);
        return TRACE_COMMAND;
    }
    if (op < 220) {
        struct trace_pixels head = {any_rect(in), le32_make(fuzz_u8(in) % 3),
                                    le32_make(small(in) * 4), le64_make(small(in))};
        add(rec, &head, sizeof(head));
        for (unsigned i = fuzz_u8(in) % 4; i; i--) {
            struct trace_run run = {le32_make(small(in)), le32_make(small(in))};
            add(rec, &run, sizeof(run));
            fuzz_bytes(in, junk, sizeof(junk));
            for (unsigned k = fuzz_u8(in) % 32; k; k--)
                add(rec, junk, sizeof(junk));
        }
        return TRACE_PIXELS;
    }
    if (op < 235) {
        struct trace_check head = {le32_make(fuzz_u8(in) % 3), le32_make(0), le32_make(64),
                                   le32_make(64), any_rect(in)};
        add(rec, &head, sizeof(head));
        return TRACE_CHECK;
    }
    if (op < 240) {
        add_state(rec, in);
        return TRACE_STATE;
    }
    if (op < 245) {
        le64 features = le64_make(fuzz_u8(in) & 1 ? UINT64_C(1) << 32 : fuzz_u64(in));
        add(rec, &features, sizeof(features));
        return TRACE_FEATURES;
    }
    return op < 250 ? TRACE_RESET : op;
}

static void play_records(struct fuzz_input *in)
{
    const struct player_config config = {.limit = LIMIT};
    struct trace_head head = make_head();
    const le64 features = le64_make(UINT64_C(1) << 32);
    struct trace_item item = {TRACE_FEATURES, 1, (const void *)&features, sizeof(features)};
    struct record *rec = malloc(sizeof(*rec));
    struct player p;
    struct error err;
    FUZZ_CHECK(rec && player_init(&p, &config, &head, &err));
    player_play(&p, &item, &err);
    for (unsigned i = 0; in->left && i < MAX_OPS; i++) {
        item.kind = make_record(rec, in);
        item.body = rec->bytes;
        item.size = rec->size;
        player_play(&p, &item, &err); /* a broken one: go on, to see what it left */
        check(&p);
    }
    picture_destroy(player_resource(&p, 1));
    picture_destroy(player_screen(&p, 0));
    player_finish(&p);
    free(rec);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    uint8_t mode = fuzz_u8(&in);
    if (mode < 32)
        play_file(in.p, in.left);
    else if (mode < 64 && in.left)
        play_stream(in.p, in.left);
    else
        play_records(&in);
    return 0;
}
