/* SPDX-License-Identifier: MIT */
#include "replay/driver.h"

#include "host/clock.h"
#include "virtio/devices.h"
#include "virtio/mmio.h"
#include "virtio/mmio_regs.h"
#include "virtio/vring.h"

#include <stdlib.h>
#include <string.h>

/* The driver's own memory lies below the guest's. */
#define OWN      (UINT64_C(32) << 20)
#define REQUEST  (UINT64_C(1) << 20)
#define RESPONSE (UINT64_C(24) << 20)
#define ENTRIES  16u /* of a queue */

/* Where a queue's parts are, from the start of its 64 KiB. */
enum { DESC = 0, AVAIL = 0x1000, USED = 0x2000, QUEUE_BYTES = 0x10000 };

struct driver {
    struct gmem *mem;
    struct display *display;
    struct virtio_mmio *slot;
    struct virtio_dev *dev;
    uint64_t own; /* guest physical */
    const uint8_t *ram;
    uint64_t ram_size;
    uint16_t sent[GPU_QUEUES]; /* available indices */
};

static void wr(struct driver *d, uint64_t reg, uint32_t val)
{
    virtio_mmio_ops.write(d->slot, reg, val, 4);
}

/* --- set-up --- */

static void wr64(struct driver *d, uint64_t reg, uint64_t val)
{
    wr(d, reg, (uint32_t)val);
    wr(d, reg + 4, (uint32_t)(val >> 32));
}

static void queue_start(struct driver *d, unsigned q)
{
    uint64_t at = d->own + q * (uint64_t)QUEUE_BYTES;
    d->sent[q] = 0;
    gmem_fill(d->mem, at, 0, QUEUE_BYTES);
    wr(d, MMIO_QUEUE_SEL, q);
    wr(d, MMIO_QUEUE_SIZE, ENTRIES);
    wr64(d, MMIO_QUEUE_DESC, at + DESC);
    wr64(d, MMIO_QUEUE_DRIVER, at + AVAIL);
    wr64(d, MMIO_QUEUE_DEVICE, at + USED);
    wr(d, MMIO_QUEUE_READY, 1);
}

void driver_reset(struct driver *d)
{
    wr(d, MMIO_STATUS, 0);
}

bool driver_start(struct driver *d, uint64_t features)
{
    driver_reset(d);
    wr(d, MMIO_STATUS, STATUS_ACKNOWLEDGE | STATUS_DRIVER);
    for (unsigned word = 0; word < 2; word++) {
        wr(d, MMIO_DRIVER_FEATURES_SEL, word);
        wr(d, MMIO_DRIVER_FEATURES, (uint32_t)(features >> (32 * word)));
    }
    wr(d, MMIO_STATUS, STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_FEATURES_OK);
    if (!(virtio_mmio_ops.read(d->slot, MMIO_STATUS, 4) & STATUS_FEATURES_OK))
        return false;
    for (unsigned q = 0; q < GPU_QUEUES; q++)
        queue_start(d, q);
    wr(d, MMIO_STATUS, STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_FEATURES_OK | STATUS_DRIVER_OK);
    return true;
}

/* --- requests --- */

static void set_desc(struct driver *d, unsigned q, unsigned i, const struct vring_desc *desc)
{
    gmem_write(d->mem, d->own + q * (uint64_t)QUEUE_BYTES + DESC + i * sizeof(*desc), desc,
               sizeof(*desc));
}

bool driver_send(struct driver *d, const struct driver_request *r, uint64_t *ns)
{
    uint64_t at = d->own + r->queue * (uint64_t)QUEUE_BYTES;
    uint64_t slot = d->sent[r->queue]++ % ENTRIES;
    uint16_t used = 0;
    gmem_write(d->mem, d->own + REQUEST, r->bytes, r->size);
    set_desc(d, r->queue, 0,
             &(struct vring_desc){le64_make(d->own + REQUEST), le32_make((uint32_t)r->size),
                                  le16_make(VRING_DESC_NEXT), le16_make(1)});
    set_desc(d, r->queue, 1,
             &(struct vring_desc){le64_make(d->own + RESPONSE), le32_make((uint32_t)r->room),
                                  le16_make(VRING_DESC_WRITE), le16_make(0)});
    gmem_fill(d->mem, at + AVAIL + VRING_ENTRIES + slot * VRING_AVAIL_ENTRY, 0,
              VRING_AVAIL_ENTRY); /* descriptor 0 */
    gmem_store16_release(d->mem, at + AVAIL + VRING_IDX, d->sent[r->queue]);
    uint64_t start = host_now_ns();
    wr(d, MMIO_QUEUE_NOTIFY, r->queue);
    worker_drain(virtio_gpu_worker(d->dev));
    *ns = host_now_ns() - start;
    gmem_load16_acquire(d->mem, at + USED + VRING_IDX, &used);
    return used == d->sent[r->queue];
}

/* --- memory --- */

bool driver_write(struct driver *d, const uint8_t *host, const void *bytes, size_t n)
{
    if (host < d->ram || !extent_ok((uint64_t)(host - d->ram), n, d->ram_size))
        return false;
    return gmem_write(d->mem, d->own + OWN + (uint64_t)(host - d->ram), bytes, n);
}

uint64_t driver_page(const struct driver *d, const uint8_t *host)
{
    return host < d->ram ? 0 : (uint64_t)(host - d->ram) / GMEM_PAGE;
}

uint64_t driver_pages(const struct driver *d)
{
    return d->ram_size / GMEM_PAGE;
}

/* --- beginning and end --- */

struct driver *driver_create(const struct trace_head *head, struct log *log)
{
    const struct head_mode preferred = {true, le32_get(head->width), le32_get(head->height), 60000};
    uint64_t base = le64_get(head->ram_base);
    struct driver *d = calloc(1, sizeof(*d));
    if (!d || base < OWN) {
        free(d);
        return NULL;
    }
    d->own = base - OWN;
    d->ram_size = le64_get(head->ram_size);
    d->mem = gmem_create(d->own, OWN + d->ram_size);
    d->display = display_create(le32_get(head->heads), &preferred);
    if (d->mem && d->display) {
        const struct virtio_gpu_config config = {
            .display = d->display,
            .memory = le64_get(head->memory),
            .edid = true,
            .blob = true,
        };
        d->ram = gmem_span(d->mem, base, d->ram_size);
        d->dev = virtio_gpu_create(d->mem, log, &config);
    }
    if (d->dev)
        d->slot = virtio_mmio_create(d->dev, (struct irq_line){0}, false);
    if (!d->slot) {
        driver_destroy(d);
        return NULL;
    }
    return d;
}

void driver_destroy(struct driver *d)
{
    if (!d)
        return;
    if (d->slot)
        virtio_mmio_destroy(d->slot);
    else
        virtio_destroy(d->dev);
    display_destroy(d->display);
    gmem_destroy(d->mem);
    free(d);
}

struct virtio_dev *driver_device(struct driver *d)
{
    return d->dev;
}

struct gpu *driver_gpu(struct driver *d)
{
    return container_of(d->dev, struct gpu, dev);
}

struct display *driver_display(struct driver *d)
{
    return d->display;
}
