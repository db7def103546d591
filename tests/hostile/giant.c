/* SPDX-License-Identifier: MIT */
/*
 * A small guest shows a giant picture: a blob whose list names the same 4 MiB again and again.
 * First one of SIDE x SIDE pixels, which must be refused if it is beyond what the GPU may show;
 * then smaller ones, halved until one is accepted; prints its side.
 */
#include "bare.h"

#define GPU     16
#define PIECE   (4u << 20)
#define ENTRIES 256

#ifndef SIDE
#define SIDE 16384
#endif

enum { CREATE_BLOB = 0x10c, SCANOUT_BLOB = 0x10d, FLUSH = 0x104, OK = 0x1100 };

struct header {
    u32 type, flags;
    u64 fence;
    u32 context, ring;
};

static struct virtqueue queue;
static struct {
    struct header hdr;
    u32 id, mem, flags, entries;
    u64 blob, size;
    struct {
        u64 addr;
        u32 len, pad;
    } entry[ENTRIES];
} create;
static struct {
    struct header hdr;
    u32 x, y, w, h, scanout, id, width, height, format, pad, strides[4], offsets[4];
} show;
static struct {
    struct header hdr;
    u32 x, y, w, h, id, pad;
} flush;
static struct header answer;

static u32 command(const void *request, u32 size)
{
    virtqueue_desc(&queue, 0, request, size, 0, 1);
    virtqueue_desc(&queue, 1, &answer, sizeof(answer), 1, 0);
    answer.type = 0;
    virtqueue_post(&queue, 0);
    virtqueue_notify(&queue);
    expect(virtqueue_wait(&queue) >= 0, "no answer", 10);
    return answer.type;
}

static void make_blob(u64 pixels)
{
    create.hdr.type = CREATE_BLOB;
    create.id = 1;
    create.mem = 1;
    create.entries = ENTRIES;
    create.size = (u64)ENTRIES * PIECE;
    for (u32 i = 0; i < ENTRIES; i++) {
        create.entry[i].addr = pixels;
        create.entry[i].len = PIECE;
    }
    expect(command(&create, sizeof(create)) == OK, "no blob", 11);
}

/* True: it was taken. */
static int show_side(u32 side)
{
    show.hdr.type = SCANOUT_BLOB;
    show.id = 1;
    show.w = show.h = show.width = show.height = side;
    show.format = 2;
    show.strides[0] = side * 4;
    return command(&show, sizeof(show)) == OK;
}

u32 main(void)
{
    u64 base = virtio_find(GPU, 0), pixels = 0x82000000;
    u32 noise = 1, side = SIDE;
    expect(base != 0, "no GPU", 2);
    expect(virtio_negotiate(base, 1u << 3), "no blobs", 3); /* RESOURCE_BLOB */
    expect(virtqueue_setup(&queue, base, 0, 16), "no queue", 4);
    virtio_ready(base);
    for (u64 i = 0; i < PIECE; i += 4) { /* it does not pack well */
        noise = noise * 1664525 + 1013904223;
        R32(pixels + i) = noise;
    }
    make_blob(pixels);
    while (!show_side(side))
        side /= 2;
    note("side", side);
    for (;;) {
        flush.hdr.type = FLUSH;
        flush.id = 1;
        flush.w = flush.h = side;
        command(&flush, sizeof(flush));
        say(noise ? "ready\r\n" : "");
        noise = 0;
    }
}
