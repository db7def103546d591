/* SPDX-License-Identifier: MIT */
#include "kit/driver.h"

#include "host/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define WAIT_NS (10 * NS_PER_SEC)
#define MAX_CUT 8192 /* descriptors one kit_add may make */

/* A descriptor that is not in a table yet. */
struct desc {
    uint64_t addr;
    uint32_t len;
    uint16_t flags;
};

static void must(bool ok, const char *what)
{
    if (!ok) {
        fprintf(stderr, "kit: %s\n", what);
        abort();
    }
}

static void wire_set(void *ctx, unsigned n, bool level)
{
    (void)n;
    struct kit *kit = ctx;
    if (level && !atomic_exchange(&kit->irq, true))
        atomic_fetch_add(&kit->irq_raised, 1);
    else if (!level)
        atomic_store(&kit->irq, false);
}

void kit_init(struct kit *kit, uint64_t ram)
{
    memset(kit, 0, sizeof(*kit));
    kit->mem = gmem_create(KIT_RAM_BASE, ram);
    kit->map = map_create();
    must(kit->mem && kit->map, "no memory");
    kit->brk = KIT_RAM_BASE;
}

void kit_attach(struct kit *kit, struct virtio_dev *dev, struct worker *worker)
{
    kit->dev = dev;
    kit->worker = worker;
    kit->slot =
        virtio_mmio_create(dev, (struct irq_line){.set = wire_set, .ctx = kit}, kit->legacy);
    must(kit->slot && map_add(kit->map, KIT_SLOT, 0x1000, &virtio_mmio_ops, kit->slot), "no slot");
}

void kit_finish(struct kit *kit)
{
    virtio_mmio_destroy(kit->slot);
    map_destroy(kit->map);
    gmem_destroy(kit->mem);
}

uint32_t kit_rd(struct kit *kit, uint32_t reg)
{
    uint64_t val = 0;
    must(map_read(kit->map, KIT_SLOT + reg, 4, &val), "register read refused");
    return (uint32_t)val;
}

void kit_wr(struct kit *kit, uint32_t reg, uint32_t val)
{
    must(map_write(kit->map, KIT_SLOT + reg, 4, val), "register write refused");
}

void kit_config_read(struct kit *kit, uint32_t off, void *dst, uint32_t len)
{
    for (uint32_t i = 0; i < len; i++) {
        uint64_t val = 0;
        must(map_read(kit->map, KIT_SLOT + MMIO_CONFIG + off + i, 1, &val), "config read refused");
        ((uint8_t *)dst)[i] = (uint8_t)val;
    }
}

void kit_config_write(struct kit *kit, uint32_t off, const void *src, uint32_t len)
{
    for (uint32_t i = 0; i < len; i++)
        must(map_write(kit->map, KIT_SLOT + MMIO_CONFIG + off + i, 1, ((const uint8_t *)src)[i]),
             "config write refused");
}

uint64_t kit_offered(struct kit *kit)
{
    kit_wr(kit, MMIO_DEVICE_FEATURES_SEL, 0);
    uint64_t low = kit_rd(kit, MMIO_DEVICE_FEATURES);
    kit_wr(kit, MMIO_DEVICE_FEATURES_SEL, 1);
    return low | (uint64_t)kit_rd(kit, MMIO_DEVICE_FEATURES) << 32;
}

void kit_reset(struct kit *kit)
{
    kit_wr(kit, MMIO_STATUS, 0);
    kit->features = 0;
}

bool kit_negotiate(struct kit *kit, uint64_t features)
{
    kit_reset(kit);
    kit_wr(kit, MMIO_STATUS, STATUS_ACKNOWLEDGE);
    kit_wr(kit, MMIO_STATUS, STATUS_ACKNOWLEDGE | STATUS_DRIVER);
    for (uint32_t word = 0; word < (kit->legacy ? 1 : 2); word++) {
        kit_wr(kit, MMIO_DRIVER_FEATURES_SEL, word);
        kit_wr(kit, MMIO_DRIVER_FEATURES, (uint32_t)(features >> (word * 32)));
    }
    kit->features = features;
    if (kit->legacy)
        return true;
    kit_wr(kit, MMIO_STATUS, STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_FEATURES_OK);
    return (kit_rd(kit, MMIO_STATUS) & STATUS_FEATURES_OK) != 0;
}

static void set_addr(struct kit *kit, uint32_t reg, uint64_t pa)
{
    kit_wr(kit, reg, (uint32_t)pa);
    kit_wr(kit, reg + 4, (uint32_t)(pa >> 32));
}

/* The rings of version 1: one behind the other, on a page. */
static bool legacy_setup(struct kit *kit, struct kit_queue *kq)
{
    uint32_t table = kq->size * (uint32_t)sizeof(struct vring_desc), align = 256;
    uint32_t end = table + (uint32_t)vring_avail_bytes(kq->size);
    kq->desc = kit_alloc(kit, ALIGN_UP(end, align) + vring_used_bytes(kq->size), 4096);
    kq->avail = kq->desc + table;
    kq->used = kq->desc + ALIGN_UP(end, align);
    kit_wr(kit, MMIO_PAGE_SIZE, 4096);
    kit_wr(kit, MMIO_QUEUE_SIZE, kq->size);
    kit_wr(kit, MMIO_QUEUE_ALIGN, align);
    kit_wr(kit, MMIO_QUEUE_PFN, (uint32_t)(kq->desc / 4096));
    return kit_rd(kit, MMIO_QUEUE_PFN) == kq->desc / 4096;
}

bool kit_queue_setup(struct kit *kit, unsigned q, uint16_t size)
{
    struct kit_queue *kq = &kit->queue[q];
    kit_wr(kit, MMIO_QUEUE_SEL, q);
    if (!size)
        size = (uint16_t)kit_rd(kit, MMIO_QUEUE_SIZE_MAX);
    memset(kq, 0, sizeof(*kq));
    kq->size = kq->num_free = size;
    for (uint16_t i = 0; i < size; i++)
        kq->next[i] = i + 1;
    if (kit->legacy)
        return legacy_setup(kit, kq);
    kq->desc = kit_alloc(kit, size * sizeof(struct vring_desc), 16);
    kq->avail = kit_alloc(kit, vring_avail_bytes(size), 2);
    kq->used = kit_alloc(kit, vring_used_bytes(size), 4);
    kit_wr(kit, MMIO_QUEUE_SIZE, size);
    set_addr(kit, MMIO_QUEUE_DESC, kq->desc);
    set_addr(kit, MMIO_QUEUE_DRIVER, kq->avail);
    set_addr(kit, MMIO_QUEUE_DEVICE, kq->used);
    kit_wr(kit, MMIO_QUEUE_READY, 1);
    return kit_rd(kit, MMIO_QUEUE_READY) == 1;
}

bool kit_start(struct kit *kit, uint64_t features)
{
    uint64_t version = kit->legacy ? 0 : VIRTIO_F_VERSION_1;
    if (!kit_negotiate(kit, (features & kit_offered(kit)) | version))
        return false;
    for (unsigned q = 0; q < kit->dev->ops->num_queues; q++)
        if (!kit_queue_setup(kit, q, 0))
            return false;
    kit_wr(kit, MMIO_STATUS, kit_rd(kit, MMIO_STATUS) | STATUS_DRIVER_OK);
    return (kit_rd(kit, MMIO_STATUS) & STATUS_DRIVER_OK) != 0;
}

uint64_t kit_alloc(struct kit *kit, uint64_t size, uint64_t align)
{
    uint64_t pa = ALIGN_UP(kit->brk, align);
    must(gmem_has(kit->mem, pa, size), "guest RAM is used up: kit_init with more");
    gmem_fill(kit->mem, pa, 0, size);
    kit->brk = pa + size;
    return pa;
}

uint64_t kit_put(struct kit *kit, const void *src, uint64_t len)
{
    uint64_t pa = kit_alloc(kit, len, 8);
    kit_write(kit, pa, src, len);
    return pa;
}

void kit_read(struct kit *kit, uint64_t pa, void *dst, uint64_t len)
{
    must(gmem_read(kit->mem, pa, dst, len), "kit_read outside RAM");
}

void kit_write(struct kit *kit, uint64_t pa, const void *src, uint64_t len)
{
    must(gmem_write(kit->mem, pa, src, len), "kit_write outside RAM");
}

void kit_free_to(struct kit *kit, uint64_t brk)
{
    must(brk <= kit->brk, "kit_free_to goes up");
    kit->brk = brk;
}

static uint16_t load16(struct kit *kit, uint64_t pa)
{
    uint16_t val = 0;
    must(gmem_load16_acquire(kit->mem, pa, &val), "ring outside RAM");
    return val;
}

static void store16(struct kit *kit, uint64_t pa, uint16_t val)
{
    must(gmem_store16_release(kit->mem, pa, val), "ring outside RAM");
}

void kit_desc_set(struct kit *kit, uint64_t table, unsigned i, uint64_t addr, uint32_t len,
                  uint16_t flags, uint16_t next)
{
    struct vring_desc d = {le64_make(addr), le32_make(len), le16_make(flags), le16_make(next)};
    kit_write(kit, table + i * sizeof(d), &d, sizeof(d));
}

void kit_avail_push(struct kit *kit, unsigned q, uint16_t head)
{
    struct kit_queue *kq = &kit->queue[q];
    store16(kit, kq->avail + VRING_ENTRIES + VRING_AVAIL_ENTRY * (kq->avail_idx % kq->size), head);
    kit_avail_set(kit, q, kq->avail_idx + 1);
}

void kit_avail_set(struct kit *kit, unsigned q, uint16_t idx)
{
    kit->queue[q].avail_idx = idx;
    store16(kit, kit->queue[q].avail + VRING_IDX, idx);
}

void kit_notify(struct kit *kit, unsigned q)
{
    kit_wr(kit, MMIO_QUEUE_NOTIFY, q);
}

/* Cuts the buffers into descriptors without links; returns how many. */
static unsigned cut(const struct kit *kit, const struct kit_buf *bufs, unsigned n, struct desc *out)
{
    unsigned count = 0;
    uint32_t split = kit->framing.split ? kit->framing.split : UINT32_MAX;
    for (unsigned b = 0; b < n; b++) {
        uint32_t done = 0;
        do {
            uint32_t len = MIN(split, bufs[b].len - done);
            must(count < MAX_CUT, "too many descriptors");
            out[count++] = (struct desc){.addr = bufs[b].pa + done,
                                         .len = len,
                                         .flags = bufs[b].write ? VRING_DESC_WRITE : 0};
            done += len;
        } while (done < bufs[b].len);
    }
    return count;
}

/* Writes descriptors first..count-1 into an indirect table; the descriptor that points to it. */
static struct desc indirect_table(struct kit *kit, const struct desc *d, unsigned first,
                                  unsigned count)
{
    unsigned n = count - first;
    uint64_t table = kit_alloc(kit, n * sizeof(struct vring_desc), 16);
    for (unsigned i = 0; i < n; i++) {
        bool last = i + 1 == n;
        kit_desc_set(kit, table, i, d[first + i].addr, d[first + i].len,
                     d[first + i].flags | (last ? 0 : VRING_DESC_NEXT),
                     last ? 0 : (uint16_t)(i + 1));
    }
    return (struct desc){.addr = table,
                         .len = n * (uint32_t)sizeof(struct vring_desc),
                         .flags = VRING_DESC_INDIRECT};
}

/* Links `count` descriptors into the queue's table; the head. */
static uint16_t link_chain(struct kit *kit, struct kit_queue *kq, const struct desc *d,
                           unsigned count)
{
    uint16_t head = kq->free_head, i = head;
    for (unsigned k = 0; k < count; k++) {
        bool last = k + 1 == count;
        kit_desc_set(kit, kq->desc, i, d[k].addr, d[k].len,
                     d[k].flags | (last ? 0 : VRING_DESC_NEXT), last ? 0 : kq->next[i]);
        i = kq->next[i];
    }
    kq->free_head = i;
    kq->num_free -= count;
    kq->count[head] = (uint16_t)count;
    return head;
}

int kit_add(struct kit *kit, unsigned q, const struct kit_buf *bufs, unsigned n)
{
    struct kit_queue *kq = &kit->queue[q];
    struct desc *d = malloc(MAX_CUT * sizeof(*d));
    must(d, "no memory");
    unsigned count = cut(kit, bufs, n, d);
    if (kit->framing.indirect && kit->framing.direct < count) {
        d[kit->framing.direct] = indirect_table(kit, d, kit->framing.direct, count);
        count = kit->framing.direct + 1;
    }
    int head = -1;
    if (count && count <= kq->num_free) {
        head = link_chain(kit, kq, d, count);
        kit_avail_push(kit, q, (uint16_t)head);
    }
    free(d);
    return head;
}

bool kit_kick(struct kit *kit, unsigned q)
{
    struct kit_queue *kq = &kit->queue[q];
    atomic_thread_fence(
        memory_order_seq_cst); /* avail idx is stored before avail_event is loaded */
    uint16_t old = kq->kicked;
    kq->kicked = kq->avail_idx;
    bool wanted;
    if (kit->features & VIRTIO_F_EVENT_IDX) {
        uint16_t event =
            load16(kit, kq->used + VRING_ENTRIES + VRING_USED_ENTRY * (uint64_t)kq->size);
        wanted = (uint16_t)(kq->avail_idx - event - 1) < (uint16_t)(kq->avail_idx - old);
    } else {
        wanted = !(load16(kit, kq->used + VRING_FLAGS) & VRING_USED_NO_NOTIFY);
    }
    if (wanted)
        kit_notify(kit, q);
    return wanted;
}

void kit_run(struct kit *kit)
{
    if (kit->worker)
        worker_drain(kit->worker);
}

bool kit_used(struct kit *kit, unsigned q, uint16_t *head, uint32_t *len)
{
    struct kit_queue *kq = &kit->queue[q];
    if (load16(kit, kq->used + VRING_IDX) == kq->used_idx)
        return false;
    struct vring_used_elem e;
    uint64_t at = kq->used + VRING_ENTRIES + VRING_USED_ENTRY * (kq->used_idx % kq->size);
    kit_read(kit, at, &e, sizeof(e));
    uint32_t id = le32_get(e.id);
    kq->used_idx++;
    store16(kit, kq->avail + VRING_ENTRIES + VRING_AVAIL_ENTRY * (uint64_t)kq->size,
            kq->used_idx); /* used_event: interrupt at the next */
    must(id < kq->size, "the device returned a head outside the table");
    *head = (uint16_t)id;
    *len = le32_get(e.len);
    unsigned count = kq->count[id]; /* 0: a chain made by hand */
    kq->count[id] = 0;
    if (count) {
        uint16_t last = *head;
        for (unsigned i = 1; i < count; i++)
            last = kq->next[last];
        kq->next[last] = kq->free_head;
        kq->free_head = *head;
        kq->num_free += count;
    }
    return true;
}

bool kit_wait(struct kit *kit, unsigned q, uint16_t *head, uint32_t *len)
{
    uint64_t deadline = host_now_ns() + WAIT_NS;
    for (;;) {
        kit_run(kit);
        if (kit_used(kit, q, head, len))
            return true;
        if (!kit->worker || host_now_ns() > deadline)
            return false;
        nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
    }
}

uint32_t kit_isr(struct kit *kit)
{
    uint32_t isr = kit_rd(kit, MMIO_INTERRUPT_STATUS);
    kit_wr(kit, MMIO_INTERRUPT_ACK, isr);
    return isr;
}

uint32_t kit_request(struct kit *kit, unsigned q, const void *req, uint32_t req_len, void *resp,
                     uint32_t resp_len)
{
    uint64_t brk = kit->brk;
    struct kit_buf bufs[2];
    unsigned n = 0;
    uint64_t out = 0;
    if (req_len)
        bufs[n++] = (struct kit_buf){kit_put(kit, req, req_len), req_len, false};
    if (resp_len) {
        out = kit_alloc(kit, resp_len, 8);
        gmem_fill(kit->mem, out, 0xcc, resp_len);
        bufs[n++] = (struct kit_buf){out, resp_len, true};
    }
    uint32_t len = UINT32_MAX;
    uint16_t head;
    if (kit_add(kit, q, bufs, n) >= 0) {
        kit_kick(kit, q);
        if (!kit_wait(kit, q, &head, &len))
            len = UINT32_MAX;
        else if (resp_len)
            kit_read(kit, out, resp, resp_len);
    }
    kit_free_to(kit, brk);
    return len;
}
