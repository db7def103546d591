/* SPDX-License-Identifier: MIT */
#include "dev/aclint.h"

#include "host/thread.h"

#include <stdlib.h>
#include <string.h>

#define SIZE         0x10000 /* bytes of registers */
#define REG_MTIMECMP 0x4000
#define REG_MTIME    0xbff8
#define MAX_HARTS    32

struct local {
    struct irq_line msi, mti;
    bool msip;
    bool expired; /* what mti was last set to */
    uint64_t cmp;
};

struct aclint {
    struct vclock *clock;
    struct vclock_timer timer; /* at the earliest mtimecmp, or before it */
    pthread_mutex_t lock;
    /* under lock */
    unsigned harts;
    struct local hart[];
};

/* Lock held: sets the timer for the earliest mtimecmp that has not expired. */
static void set_timer(struct aclint *a)
{
    uint64_t first = UINT64_MAX;
    for (unsigned i = 0; i < a->harts; i++)
        if (!a->hart[i].expired)
            first = MIN(first, a->hart[i].cmp);
    vclock_timer_set(&a->timer, first == UINT64_MAX ? VCLOCK_NEVER : vclock_ns_at(a->clock, first));
}

/* Lock held: sets each hart's timer line from mtime and its compare register, and the clock's timer
 * for the next change. */
static void compare_mtime(struct aclint *a)
{
    uint64_t now = vclock_ticks(a->clock);
    for (unsigned i = 0; i < a->harts; i++) {
        struct local *h = &a->hart[i];
        bool expired = h->cmp <= now;
        if (expired != h->expired) {
            h->expired = expired;
            irq_set(&h->mti, expired);
        }
    }
    set_timer(a);
}

static void on_timer(void *arg)
{
    struct aclint *a = arg;
    pthread_mutex_lock(&a->lock);
    compare_mtime(a);
    pthread_mutex_unlock(&a->lock);
}

/* The part of a 64-bit register that an access of `size` bytes at `off` reads. */
static uint64_t read_part(uint64_t reg, uint64_t off, unsigned size)
{
    return size == 8 ? reg : (uint32_t)(reg >> (off & 4 ? 32 : 0));
}

static uint64_t write_part(uint64_t reg, uint64_t off, uint64_t val, unsigned size)
{
    if (size == 8)
        return val;
    uint64_t low = (uint32_t)val;
    return off & 4 ? (reg & UINT32_MAX) | low << 32 : (reg & ~(uint64_t)UINT32_MAX) | low;
}

static uint64_t aclint_read(void *dev, uint64_t off, unsigned size)
{
    struct aclint *a = dev;
    uint64_t val = 0;
    if (off >= REG_MTIME)
        return read_part(vclock_ticks(a->clock), off, size);
    pthread_mutex_lock(&a->lock);
    if (off >= REG_MTIMECMP) {
        uint64_t i = (off - REG_MTIMECMP) / 8;
        val = i < a->harts ? read_part(a->hart[i].cmp, off, size) : 0;
    } else if (off / 4 < a->harts) {
        val = a->hart[off / 4].msip;
    }
    pthread_mutex_unlock(&a->lock);
    return val;
}

static void write_mtimecmp(struct aclint *a, uint64_t off, uint64_t val, unsigned size)
{
    uint64_t i = off / 8;
    if (i >= a->harts)
        return;
    a->hart[i].cmp = write_part(a->hart[i].cmp, off, val, size);
    compare_mtime(a);
}

static void aclint_write(void *dev, uint64_t off, uint64_t val, unsigned size)
{
    struct aclint *a = dev;
    pthread_mutex_lock(&a->lock);
    if (off >= REG_MTIME) {
        vclock_set_ticks(a->clock, write_part(vclock_ticks(a->clock), off, val, size));
        compare_mtime(a);
    } else if (off >= REG_MTIMECMP) {
        write_mtimecmp(a, off - REG_MTIMECMP, val, size);
    } else if (off / 4 < a->harts) {
        a->hart[off / 4].msip = val & 1;
        irq_set(&a->hart[off / 4].msi, val & 1);
    }
    pthread_mutex_unlock(&a->lock);
}

static void aclint_reset(void *dev)
{
    struct aclint *a = dev;
    pthread_mutex_lock(&a->lock);
    vclock_set_ticks(a->clock, 0);
    for (unsigned i = 0; i < a->harts; i++) {
        struct local *h = &a->hart[i];
        h->cmp = 0;
        h->msip = h->expired = false;
        irq_set(&h->msi, false);
        irq_set(&h->mti, false);
    }
    compare_mtime(a);
    pthread_mutex_unlock(&a->lock);
}

static void aclint_destroy(void *dev)
{
    struct aclint *a = dev;
    vclock_timer_set(&a->timer, VCLOCK_NEVER);
    pthread_mutex_destroy(&a->lock);
    free(a);
}

struct aclint *aclint_create(unsigned harts, const struct irq_line *msi, const struct irq_line *mti,
                             struct vclock *clock)
{
    struct aclint *a =
        harts <= MAX_HARTS ? calloc(1, sizeof(*a) + harts * sizeof(struct local)) : NULL;
    if (!a)
        return NULL;
    pthread_mutex_init(&a->lock, NULL);
    a->clock = clock;
    vclock_timer_init(&a->timer, clock, on_timer, a);
    a->harts = harts;
    for (unsigned i = 0; i < harts; i++)
        a->hart[i] = (struct local){.msi = msi[i], .mti = mti[i]};
    aclint_reset(a);
    return a;
}

/* mtime is the clock's. */
static void aclint_save(void *dev, struct blob_out *out)
{
    struct aclint *a = dev;
    pthread_mutex_lock(&a->lock);
    blob_put_u32(out, a->harts);
    for (const struct local *h = a->hart; h < a->hart + a->harts; h++) {
        blob_put_bool(out, h->msip);
        blob_put_bool(out, h->expired);
        blob_put_u64(out, h->cmp);
    }
    pthread_mutex_unlock(&a->lock);
}

static bool aclint_load(void *dev, struct blob_in *in)
{
    struct aclint *a = dev;
    struct local hart[MAX_HARTS];
    if (!blob_check(in, blob_get_u32(in) == a->harts, "another number of harts"))
        return false;
    pthread_mutex_lock(&a->lock);
    for (unsigned i = 0; i < a->harts; i++) {
        hart[i] = a->hart[i];
        hart[i].msip = blob_get_bool(in);
        hart[i].expired = blob_get_bool(in);
        hart[i].cmp = blob_get_u64(in);
    }
    if (!in->error) {
        memcpy(a->hart, hart, a->harts * sizeof(*hart));
        set_timer(a);
    }
    pthread_mutex_unlock(&a->lock);
    return !in->error;
}

static void aclint_fdt(const void *dev, struct fdt_builder *b, const struct chip_node *node)
{
    const struct aclint *a = dev;
    uint32_t cells[4 * MAX_HARTS];
    unsigned n = 0;
    for (unsigned i = 0; i < a->harts; i++) {
        cells[n++] = node->intc[i];
        cells[n++] = 3; /* machine software interrupt */
        cells[n++] = node->intc[i];
        cells[n++] = 7; /* machine timer interrupt */
    }
    static const char compatible[] = "sifive,clint0\0riscv,clint0";
    fdt_node(b, "clint@%llx", (unsigned long long)node->base);
    fdt_strs(b, "compatible", compatible, sizeof(compatible));
    fdt_reg(b, node->base, SIZE);
    fdt_cells(b, "interrupts-extended", cells, n);
    fdt_node_end(b);
}

static const struct mmio_ops registers = {
    .min_size = 4, .max_size = 8, .read = aclint_read, .write = aclint_write};

const struct chip_ops aclint_chip = {
    .name = "aclint",
    .mmio = &registers,
    .size = SIZE,
    .fdt = aclint_fdt,
    .reset = aclint_reset,
    .version = 1,
    .save = aclint_save,
    .load = aclint_load,
    .destroy = aclint_destroy,
};
