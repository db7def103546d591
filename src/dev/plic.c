/* SPDX-License-Identifier: MIT */
#include "dev/plic.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define SIZE         0x600000                /* bytes of registers */
#define WORDS        (PLIC_SOURCES / 32 + 1) /* bit 0 of word 0 is "no interrupt" */
#define MAX_PRIORITY 7

/* Register file (PLIC 1.0, "Memory Map") */
#define REG_PENDING    0x1000
#define REG_ENABLE     0x2000
#define ENABLE_STRIDE  0x80
#define REG_CONTEXT    0x200000
#define CONTEXT_STRIDE 0x1000

struct context {
    uint32_t enable[WORDS];
    uint32_t threshold;
    bool raised;
};

struct plic {
    pthread_mutex_t lock;
    uint32_t level[WORDS], pending[WORDS], claimed[WORDS]; /* a claimed one may pend, too */
    uint8_t priority[PLIC_SOURCES + 1];
    unsigned contexts;
    struct irq_line *out;
    struct context context[];
};

static bool is_set(const uint32_t *set, unsigned n)
{
    return set[n / 32] >> (n % 32) & 1;
}

static void set_bit(uint32_t *set, unsigned n, bool on)
{
    uint32_t bit = UINT32_C(1) << (n % 32);
    set[n / 32] = on ? set[n / 32] | bit : set[n / 32] & ~bit;
}

/* The bits of word w of a set that are sources: 0 is none, nor is what is above the last one. */
static uint32_t source_mask(unsigned w)
{
    uint32_t first = w == 0 ? ~UINT32_C(1) : ~UINT32_C(0);
    uint32_t last = w == WORDS - 1 ? (UINT32_C(2) << (PLIC_SOURCES % 32)) - 1 : ~UINT32_C(0);
    return first & last;
}

/* The pending, enabled source of highest priority, lowest number first; 0 if none. */
static unsigned best_source(const struct plic *plic, const struct context *c)
{
    unsigned found = 0, priority = 0;
    for (unsigned w = 0; w < WORDS; w++) {
        uint32_t set = plic->pending[w] & ~plic->claimed[w] & c->enable[w];
        for (; set; set &= set - 1) {
            unsigned n = w * 32 + (unsigned)__builtin_ctz(set);
            if (plic->priority[n] > priority) {
                priority = plic->priority[n];
                found = n;
            }
        }
    }
    return found;
}

static bool is_raised(const struct plic *plic, const struct context *c)
{
    unsigned n = best_source(plic, c);
    return n && plic->priority[n] > c->threshold;
}

static void update_context(struct plic *plic, unsigned i)
{
    struct context *c = &plic->context[i];
    bool raised = is_raised(plic, c);
    if (raised != c->raised) {
        c->raised = raised;
        irq_set(&plic->out[i], raised);
    }
}

static void update_source(struct plic *plic, unsigned n)
{
    for (unsigned i = 0; i < plic->contexts; i++)
        if (is_set(plic->context[i].enable, n))
            update_context(plic, i);
}

static void set_level(void *ctx, unsigned n, bool level)
{
    struct plic *plic = ctx;
    pthread_mutex_lock(&plic->lock);
    set_bit(plic->level, n, level);
    if (level != is_set(plic->pending, n)) {
        set_bit(plic->pending, n, level);
        update_source(plic, n);
    }
    pthread_mutex_unlock(&plic->lock);
}

static uint32_t claim_source(struct plic *plic, struct context *c)
{
    unsigned n = best_source(plic, c);
    if (n) {
        set_bit(plic->pending, n, false);
        set_bit(plic->claimed, n, true);
        update_source(plic, n);
    }
    return n;
}

/* Silently ignored unless the source is enabled for this context ("Interrupt Completion"). */
static void complete_source(struct plic *plic, struct context *c, uint32_t n)
{
    if (!n || n > PLIC_SOURCES || !is_set(c->enable, n))
        return;
    set_bit(plic->claimed, n, false);
    update_source(plic, n);
}

static uint32_t read_context(struct plic *plic, uint64_t off)
{
    uint64_t i = off / CONTEXT_STRIDE;
    if (i >= plic->contexts)
        return 0;
    switch (off % CONTEXT_STRIDE) {
    case 0: return plic->context[i].threshold;
    case 4: return claim_source(plic, &plic->context[i]);
    default: return 0;
    }
}

static void write_context(struct plic *plic, uint64_t off, uint32_t val)
{
    uint64_t i = off / CONTEXT_STRIDE;
    if (i >= plic->contexts)
        return;
    switch (off % CONTEXT_STRIDE) {
    case 0: plic->context[i].threshold = val & MAX_PRIORITY; break;
    case 4: complete_source(plic, &plic->context[i], val); break;
    default: return;
    }
    update_context(plic, (unsigned)i);
}

/* The enable word at off, or NULL; *i is its context. */
static uint32_t *enable_word(struct plic *plic, uint64_t off, unsigned *i)
{
    uint64_t context = off / ENABLE_STRIDE, word = off % ENABLE_STRIDE / 4;
    if (context >= plic->contexts || word >= WORDS)
        return NULL;
    *i = (unsigned)context;
    return &plic->context[context].enable[word];
}

static uint64_t plic_read(void *dev, uint64_t off, unsigned size)
{
    (void)size;
    struct plic *plic = dev;
    uint32_t val = 0, *word;
    unsigned i;
    pthread_mutex_lock(&plic->lock);
    if (off >= REG_CONTEXT)
        val = read_context(plic, off - REG_CONTEXT);
    else if (off >= REG_ENABLE)
        val = (word = enable_word(plic, off - REG_ENABLE, &i)) ? *word : 0;
    else if (off >= REG_PENDING)
        val = (off - REG_PENDING) / 4 < WORDS ? plic->pending[(off - REG_PENDING) / 4] : 0;
    else
        val = off / 4 <= PLIC_SOURCES ? plic->priority[off / 4] : 0;
    pthread_mutex_unlock(&plic->lock);
    return val;
}

static void plic_write(void *dev, uint64_t off, uint64_t val, unsigned size)
{
    (void)size;
    struct plic *plic = dev;
    uint32_t *word;
    unsigned i;
    pthread_mutex_lock(&plic->lock);
    if (off >= REG_CONTEXT) {
        write_context(plic, off - REG_CONTEXT, (uint32_t)val);
    } else if (off >= REG_ENABLE) {
        word = enable_word(plic, off - REG_ENABLE, &i);
        if (word) {
            *word = (uint32_t)val & source_mask((unsigned)(word - plic->context[i].enable));
            update_context(plic, i);
        }
    } else if (off < REG_PENDING && off >= 4 && off / 4 <= PLIC_SOURCES) {
        plic->priority[off / 4] = (uint8_t)(val & MAX_PRIORITY);
        update_source(plic, (unsigned)(off / 4));
    }
    pthread_mutex_unlock(&plic->lock);
}

struct plic *plic_create(unsigned contexts, const struct irq_line *out)
{
    struct plic *plic = calloc(1, sizeof(*plic) + contexts * sizeof(struct context));
    struct irq_line *lines = calloc(contexts, sizeof(*lines));
    if (!plic || !lines) {
        free(plic);
        free(lines);
        return NULL;
    }
    memcpy(lines, out, contexts * sizeof(*lines));
    plic->out = lines;
    plic->contexts = contexts;
    pthread_mutex_init(&plic->lock, NULL);
    return plic;
}

static void plic_destroy(void *dev)
{
    struct plic *plic = dev;
    pthread_mutex_destroy(&plic->lock);
    free(plic->out);
    free(plic);
}

void plic_disconnect(struct plic *plic)
{
    if (!plic)
        return;
    pthread_mutex_lock(&plic->lock);
    for (unsigned i = 0; i < plic->contexts; i++)
        plic->out[i] = (struct irq_line){0};
    pthread_mutex_unlock(&plic->lock);
}

static void plic_reset(void *dev)
{
    struct plic *plic = dev;
    pthread_mutex_lock(&plic->lock);
    memset(plic->claimed, 0, sizeof(plic->claimed));
    memcpy(plic->pending, plic->level, sizeof(plic->pending));
    memset(plic->priority, 0, sizeof(plic->priority));
    for (unsigned i = 0; i < plic->contexts; i++) {
        memset(plic->context[i].enable, 0, sizeof(plic->context[i].enable));
        plic->context[i].threshold = 0;
        plic->context[i].raised = false;
        irq_set(&plic->out[i], false);
    }
    pthread_mutex_unlock(&plic->lock);
}

struct irq_line plic_line(struct plic *plic, unsigned n)
{
    return (struct irq_line){n && n <= PLIC_SOURCES ? set_level : NULL, plic, n};
}

/* A context's line follows from the rest. */
static void plic_save(void *dev, struct blob_out *out)
{
    struct plic *plic = dev;
    pthread_mutex_lock(&plic->lock);
    blob_put_u32(out, plic->contexts);
    blob_put_u32s(out, plic->level, WORDS);
    blob_put_u32s(out, plic->pending, WORDS);
    blob_put_u32s(out, plic->claimed, WORDS);
    blob_put(out, plic->priority, sizeof(plic->priority));
    for (const struct context *c = plic->context; c < plic->context + plic->contexts; c++) {
        blob_put_u32s(out, c->enable, WORDS);
        blob_put_u32(out, c->threshold);
    }
    pthread_mutex_unlock(&plic->lock);
}

/* One bit for each source. */
static void get_sources(struct blob_in *in, uint32_t *set)
{
    blob_get_u32s(in, set, WORDS);
    for (unsigned w = 0; w < WORDS; w++)
        blob_check(in, !(set[w] & ~source_mask(w)), "a source that does not exist");
}

static void get_priorities(struct blob_in *in, uint8_t *priority)
{
    blob_get(in, priority, PLIC_SOURCES + 1);
    for (unsigned n = 0; n <= PLIC_SOURCES; n++)
        blob_check(in, priority[n] <= (n ? MAX_PRIORITY : 0), "a priority too high");
}

static bool get_context(struct blob_in *in, struct context *c)
{
    get_sources(in, c->enable);
    c->threshold = blob_get_u32(in);
    return blob_check(in, c->threshold <= MAX_PRIORITY, "a threshold too high");
}

/* The saved state, which replaces that of `plic` if all of it is good. Lock held. */
static bool get_state(struct blob_in *in, struct plic *plic, struct context *context)
{
    struct plic loaded;
    blob_check(in, blob_get_u32(in) == plic->contexts, "another number of harts");
    get_sources(in, loaded.level);
    get_sources(in, loaded.pending);
    get_sources(in, loaded.claimed);
    get_priorities(in, loaded.priority);
    for (unsigned i = 0; i < plic->contexts && get_context(in, &context[i]); i++) {
    }
    if (in->error)
        return false;
    memcpy(plic->level, loaded.level, sizeof(plic->level));
    memcpy(plic->pending, loaded.pending, sizeof(plic->pending));
    memcpy(plic->claimed, loaded.claimed, sizeof(plic->claimed));
    memcpy(plic->priority, loaded.priority, sizeof(plic->priority));
    memcpy(plic->context, context, plic->contexts * sizeof(*context));
    for (struct context *c = plic->context; c < plic->context + plic->contexts; c++)
        c->raised = is_raised(plic, c);
    return true;
}

static bool plic_load(void *dev, struct blob_in *in)
{
    struct plic *plic = dev;
    struct context *context = calloc(plic->contexts, sizeof(*context));
    if (!context)
        return blob_fail(in, "not enough host memory");
    pthread_mutex_lock(&plic->lock);
    bool good = get_state(in, plic, context);
    pthread_mutex_unlock(&plic->lock);
    free(context);
    return good;
}

static void plic_fdt(const void *dev, struct fdt_builder *b, const struct chip_node *node)
{
    const struct plic *plic = dev;
    uint32_t cells[2 * 2 * 64];
    unsigned n = 0;
    for (unsigned i = 0; i < plic->contexts && n < ARRAY_SIZE(cells); i++) {
        cells[n++] = node->intc[i / 2];
        cells[n++] = i & 1 ? 9 : 11; /* S-mode, M-mode external interrupt */
    }
    fdt_node(b, "plic@%llx", (unsigned long long)node->base);
    static const char compatible[] = "sifive,plic-1.0.0\0riscv,plic0";
    fdt_strs(b, "compatible", compatible, sizeof(compatible));
    fdt_reg(b, node->base, SIZE);
    fdt_flag(b, "interrupt-controller");
    fdt_u32(b, "#interrupt-cells", 1);
    fdt_u32(b, "#address-cells", 0);
    fdt_cells(b, "interrupts-extended", cells, n);
    fdt_u32(b, "riscv,ndev", PLIC_SOURCES);
    fdt_u32(b, "phandle", node->phandle);
    fdt_node_end(b);
}

static const struct mmio_ops registers = {
    .min_size = 4, .max_size = 4, .read = plic_read, .write = plic_write};

const struct chip_ops plic_chip = {
    .name = "plic",
    .mmio = &registers,
    .size = SIZE,
    .phandle = true,
    .fdt = plic_fdt,
    .reset = plic_reset,
    .version = 1,
    .save = plic_save,
    .load = plic_load,
    .destroy = plic_destroy,
};
