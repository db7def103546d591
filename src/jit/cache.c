/* SPDX-License-Identifier: MIT */
/*
 * The code cache: one piece of memory, mapped twice, so that no page is writable and executable
 * through the same addresses. Code grows from its start, regions' data lies behind the code. A table
 * from physical addresses to entries is read without a lock: slots are only added or replaced.
 */

#include "jit/internal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define TABLE_BITS  17
#define TABLE_SIZE  (1u << TABLE_BITS)
#define ENTRIES_MAX (TABLE_SIZE * 3 / 4)

struct entry_slot {
    _Atomic uint64_t key; /* 0: free */
    const struct jit_entry *_Atomic entry;
};

/* The second mapping is a copy of the first one's (mremap of a shared mapping, "old_size is zero"):
 * unlike a file's, its size is none that a limit on files applies to. */
static bool map_twice(struct jit *j)
{
    size_t size = j->code_size + j->data_size;
    void *rw = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (rw == MAP_FAILED)
        return false;
    j->rw = rw;
    void *rx = mremap(rw, 0, size, MREMAP_MAYMOVE);
    if (rx == MAP_FAILED)
        return false;
    j->rx = rx;
    madvise(rw, size, MADV_DONTFORK);
    madvise(rx, size, MADV_DONTFORK);
    return mprotect(rx, size, PROT_READ | PROT_EXEC) == 0;
}

static void unmap(struct jit *j)
{
    if (j->rw)
        munmap(j->rw, j->code_size + j->data_size);
    if (j->rx)
        munmap(j->rx, j->code_size + j->data_size);
    j->rw = j->rx = NULL;
}

struct jit *cache_create(struct cpu *cpu)
{
    struct jit *j = calloc(1, sizeof(*j));
    if (!j)
        return NULL;
    j->cpu = cpu;
    j->verify = cpu->cfg.engine_verify;
    j->code_size = cpu->cfg.engine_memory ? cpu->cfg.engine_memory : CACHE_DEFAULT;
    j->code_size &= ~UINT64_C(0xfff); /* whole pages */
    j->data_size = ALIGN_UP(j->code_size / 4, 4096);
    pthread_mutex_init(&j->lock, NULL);
    j->table = calloc(TABLE_SIZE, sizeof(*j->table));
    if (!j->table) {
        cache_destroy(j);
        return NULL;
    }
    j->generation = 1;
    if (map_twice(j)) {
        thunks_make(j);
        return j;
    }
    unmap(j);
    log_warn(cpu->cfg.log,
             "the host gives no memory for translated code: the guest is interpreted");
    return j;
}

void cache_destroy(struct jit *j)
{
    if (!j)
        return;
    unmap(j);
    pthread_mutex_destroy(&j->lock);
    free(j->table);
    free(j);
}

static struct entry_slot *slot_of(struct jit *j, uint64_t key)
{
    unsigned i = (unsigned)(key * UINT64_C(0x9e3779b97f4a7c15) >> (64 - TABLE_BITS));
    for (;; i = (i + 1) & (TABLE_SIZE - 1)) {
        uint64_t at = atomic_load_explicit(&j->table[i].key, memory_order_acquire);
        if (at == key || !at)
            return &j->table[i];
    }
}

const struct jit_entry *cache_find(struct jit *j, uint64_t key)
{
    struct entry_slot *s = slot_of(j, key);
    return atomic_load_explicit(&s->key, memory_order_acquire)
               ? atomic_load_explicit(&s->entry, memory_order_acquire)
               : NULL;
}

static void *data_reserve(struct jit *j, size_t bytes)
{
    bytes = ALIGN_UP(bytes, 16);
    if (j->data_used + bytes > j->data_size)
        return NULL;
    void *p = j->rw + j->code_size + j->data_used;
    j->data_used += bytes;
    return p;
}

static struct region **list_of(struct jit *j, uint64_t pa, bool fp_on)
{
    return &j->pages[((pa >> 12) * 2 + fp_on) % REGION_LISTS];
}

struct region *cache_region(struct jit *j, const struct region *like, const uint8_t *src,
                            unsigned bytes)
{
    size_t blocks = like->blocks * sizeof(struct region_block);
    if (j->used + CODE_MAX > j->code_size || j->entries + REGION_MAX_BLOCKS > ENTRIES_MAX)
        return NULL;
    j->data_used = ALIGN_UP(j->data_used, 64);
    struct region *r = data_reserve(j, sizeof(*r) + blocks + bytes);
    if (!r)
        return NULL;
    *r = *like;
    r->block = (struct region_block *)(r + 1);
    r->src = (const uint8_t *)(r + 1) + blocks;
    memcpy((uint8_t *)(r + 1) + blocks, src, bytes);
    struct region **list = list_of(j, r->pa, r->fp_on);
    r->next = *list;
    *list = r;
    return r;
}

static bool has_block(const struct region *r, unsigned offset)
{
    for (unsigned i = 0; i < r->blocks; i++)
        if (r->block[i].offset == offset)
            return true;
    return false;
}

struct region *cache_region_at(struct jit *j, uint64_t pa, bool fp_on)
{
    for (struct region **at = list_of(j, pa, fp_on); *at;) {
        struct region *r = *at;
        if (!atomic_load(&r->epoch)) { /* dead: code that is patched all the time leaves many */
            *at = r->next;
            continue;
        }
        if (r->pa == (pa & ~PAGE_MASK) && r->fp_on == fp_on && has_block(r, pa & PAGE_MASK))
            return r;
        at = &r->next;
    }
    return NULL;
}

void cache_publish(struct jit *j, uint64_t key, const uint8_t *code, struct region *r)
{
    struct jit_entry *e = data_reserve(j, sizeof(*e));
    if (!e)
        return;
    *e = (struct jit_entry){code, r};
    struct entry_slot *s = slot_of(j, key);
    atomic_store_explicit(&s->entry, e, memory_order_release);
    if (!atomic_load(&s->key)) {
        j->entries++;
        atomic_store_explicit(&s->key, key, memory_order_release);
    }
}

void cache_empty(struct jit *j)
{
    memset(j->table, 0, TABLE_SIZE * sizeof(*j->table));
    memset(j->pages, 0, sizeof(j->pages));
    j->entries = 0;
    j->used = j->data_used = 0;
    thunks_make(j);
}

void cache_trim(struct jit *j)
{
    if (j->rw)
        madvise(j->rw, j->code_size + j->data_size, MADV_DONTNEED);
}
