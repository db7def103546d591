/* SPDX-License-Identifier: MIT */
/*
 * The driver's side of a virtio device, for tests and fuzzers: guest RAM, one virtio-mmio slot and
 * an interrupt wire, and no CPU. A test creates a kit, then a device over kit->mem, attaches it,
 * negotiates, and sends requests in whatever framing it likes; everything goes the way a guest's
 * driver would go, through the slot's registers and the rings in RAM.
 *
 *     struct kit kit;
 *     kit_init(&kit, 16 << 20);
 *     struct virtio_dev *dev = virtio_gpu_create(kit.mem, NULL, &config);
 *     kit_attach(&kit, dev, virtio_gpu_worker(dev));
 *     assert_true(kit_start(&kit, KIT_ALL_FEATURES));
 *     uint32_t n = kit_request(&kit, 0, &req, sizeof(req), &resp, sizeof(resp));
 *     kit_finish(&kit);
 *
 * Two levels: kit_request does one whole round; kit_add, kit_kick, kit_wait and kit_used do the
 * single steps, several requests at once. kit_desc_set and the ring addresses in struct kit_queue
 * are for hostile guests. One thread; the device may have threads of its own.
 */
#ifndef TESTS_KIT_DRIVER_H
#define TESTS_KIT_DRIVER_H

#include "bus/gmem.h"
#include "bus/map.h"
#include "host/worker.h"
#include "virtio/mmio.h"
#include "virtio/mmio_regs.h"
#include "virtio/vring.h"

#define KIT_RAM_BASE UINT64_C(0x80000000)
#define KIT_SLOT     UINT64_C(0x10001000) /* where the slot answers */

/* kit_start: take everything the device offers. */
#define KIT_ALL_FEATURES UINT64_MAX

/* A queue as the driver keeps it. */
struct kit_queue {
    uint16_t size;
    uint64_t desc, avail, used; /* guest physical */
    uint16_t avail_idx, used_idx;
    uint16_t kicked; /* avail_idx at the last kick */
    uint16_t num_free, free_head;
    uint16_t next[VQ_MAX_SIZE];  /* free list; also the links of chains in flight */
    uint16_t count[VQ_MAX_SIZE]; /* by head: descriptors of the chain in flight, 0: none */
};

/* How kit_request and kit_add cut buffers into descriptors. */
struct kit_framing {
    uint32_t split;  /* most bytes in one descriptor; 0: no limit */
    bool indirect;   /* put them into an indirect table */
    unsigned direct; /* with indirect: so many descriptors stand before the table */
};

struct kit {
    struct gmem *mem;
    struct map *map;
    struct virtio_mmio *slot;
    struct virtio_dev *dev;
    struct worker *worker; /* the device's, or NULL */
    bool legacy;           /* version 1 of the transport; set before kit_attach */
    uint64_t brk;          /* guest RAM handed out so far ends here */
    uint64_t features;     /* negotiated */
    struct kit_framing framing;
    struct kit_queue queue[VIRTIO_MAX_QUEUES];
    _Atomic bool irq;            /* level of the wire */
    _Atomic unsigned irq_raised; /* rising edges seen */
};

/* A buffer of a request, in guest RAM. Device-readable ones come first. */
struct kit_buf {
    uint64_t pa;
    uint32_t len;
    bool write; /* the device writes it */
};

/* ram: bytes, a multiple of 4096. Aborts when the host has no memory: tests need no error path. */
void kit_init(struct kit *kit, uint64_t ram);
void kit_finish(struct kit *kit); /* destroys the device, too */
/* Puts the device into the slot, which owns the device from now on. dev NULL: an empty slot. */
void kit_attach(struct kit *kit, struct virtio_dev *dev, struct worker *worker);

/* Registers and configuration space. */
uint32_t kit_rd(struct kit *kit, uint32_t reg);
void kit_wr(struct kit *kit, uint32_t reg, uint32_t val);
void kit_config_read(struct kit *kit, uint32_t off, void *dst, uint32_t len);
void kit_config_write(struct kit *kit, uint32_t off, const void *src, uint32_t len);
uint64_t kit_offered(struct kit *kit);

/* Reset, negotiate (features & offered | VERSION_1), set all queues up, DRIVER_OK. False if the
 * device refused. */
bool kit_start(struct kit *kit, uint64_t features);
/* The first half: up to and with FEATURES_OK, with exactly these features. */
bool kit_negotiate(struct kit *kit, uint64_t features);
/* size 0: the most the device offers. Fresh rings each time. False: the device refused. */
bool kit_queue_setup(struct kit *kit, unsigned q, uint16_t size);
void kit_reset(struct kit *kit); /* Status = 0 */

/* Guest RAM: a bump allocator (zeroed; align a power of two), and the host's view. */
uint64_t kit_alloc(struct kit *kit, uint64_t size, uint64_t align);
uint64_t kit_put(struct kit *kit, const void *src, uint64_t len); /* alloc and copy */
void kit_read(struct kit *kit, uint64_t pa, void *dst, uint64_t len);
void kit_write(struct kit *kit, uint64_t pa, const void *src, uint64_t len);
void kit_free_to(struct kit *kit, uint64_t brk); /* give back all since kit->brk was brk */

/* Makes a chain of n buffers available, cut as kit->framing says; no kick. Returns its head, or -1
 * if there are not enough descriptors. */
int kit_add(struct kit *kit, unsigned q, const struct kit_buf *bufs, unsigned n);
/* Kicks the device unless it asked for no kick (EVENT_IDX, flags). True if the register was
 * written. */
bool kit_kick(struct kit *kit, unsigned q);
/* Lets the device's worker do all pending work. */
void kit_run(struct kit *kit);
/* The next used element: head and written length. Acknowledges nothing. False: none. */
bool kit_used(struct kit *kit, unsigned q, uint16_t *head, uint32_t *len);
/* As kit_used, but waits up to 10 s for it (kit_run, or real time with a threaded worker). */
bool kit_wait(struct kit *kit, unsigned q, uint16_t *head, uint32_t *len);
/* The driver's interrupt handler: acknowledges and returns what InterruptStatus said. */
uint32_t kit_isr(struct kit *kit);

/*
 * One round: req into guest RAM, a chain with req readable and resp_len bytes writable, kick, wait,
 * the answer into resp (bytes not written by the device are 0xcc). Returns the used length, or
 * UINT32_MAX if nothing came back. resp may be NULL when resp_len is 0. Guest RAM is given back.
 */
uint32_t kit_request(struct kit *kit, unsigned q, const void *req, uint32_t req_len, void *resp,
                     uint32_t resp_len);

/* For hostile guests: one descriptor of a table at pa; the available ring's entry and index. */
void kit_desc_set(struct kit *kit, uint64_t table, unsigned i, uint64_t addr, uint32_t len,
                  uint16_t flags, uint16_t next);
void kit_avail_push(struct kit *kit, unsigned q, uint16_t head); /* one entry, index + 1 */
void kit_avail_set(struct kit *kit, unsigned q, uint16_t idx);   /* the index alone */
void kit_notify(struct kit *kit, unsigned q);                    /* QueueNotify, always */

#endif
