/* SPDX-License-Identifier: MIT */
#include "virtio/queue.h"

#include "virtio/vring.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* Pieces a chain has room for without an allocation of its own, and how much room it may keep. */
#define NODE_PIECES      24
#define NODE_KEEP_PIECES 512
#define MAX_CHAIN_BYTES  UINT32_MAX

struct vq_node {
    struct vq_chain chain;
    struct vq_node *next; /* in vq->spare */
    struct vq_piece *piece;
    unsigned count, capacity;
    struct vq_piece own[NODE_PIECES];
};

static struct vq_node *node_of(struct vq_chain *chain)
{
    return container_of(chain, struct vq_node, chain);
}

static void node_free(struct vq_node *node)
{
    if (node->piece != node->own)
        free(node->piece);
    free(node);
}

static struct vq_node *node_get(struct vq *vq)
{
    struct vq_node *node = vq->spare;
    if (node) {
        vq->spare = node->next;
    } else {
        node = malloc(sizeof(*node));
        if (!node)
            return NULL;
        node->piece = node->own;
        node->capacity = NODE_PIECES;
    }
    node->chain = (struct vq_chain){.vq = vq};
    node->next = NULL;
    node->count = 0;
    return node;
}

/* Spare nodes are as many as were ever out at once, so at most the queue's size. */
static void node_put(struct vq *vq, struct vq_node *node)
{
    if (node->capacity > NODE_KEEP_PIECES) {
        node_free(node);
        return;
    }
    node->next = vq->spare;
    vq->spare = node;
}

static bool node_grow(struct vq_node *node)
{
    unsigned capacity = node->capacity * 4;
    struct vq_piece *old = node->piece == node->own ? NULL : node->piece;
    struct vq_piece *piece = realloc(old, capacity * sizeof(*piece));
    if (!piece)
        return false;
    if (!old)
        memcpy(piece, node->own, node->count * sizeof(*piece));
    node->piece = piece;
    node->capacity = capacity;
    return true;
}

void vq_reset(struct vq *vq)
{
    vq->size = 0;
    vq->ready = vq->event_idx = vq->indirect = vq->notify_empty = vq->broken = false;
    vq->desc = vq->avail = vq->used = 0;
    vq->last_avail = vq->used_idx = vq->signalled = 0;
    vq->chains_out = 0;
}

void vq_finish(struct vq *vq)
{
    while (vq->spare) {
        struct vq_node *node = vq->spare;
        vq->spare = node->next;
        node_free(node);
    }
}

const char *vq_configure(const struct vq *vq)
{
    uint64_t n = vq->size;
    if (!n || n > VQ_MAX_SIZE)
        return "its size is 0, or larger than any queue's";
    if (vq->avail % 2 || vq->used % 2) /* the indices are read and written at once */
        return "a ring is not aligned";
    bool there = gmem_has(vq->mem, vq->desc, n * sizeof(struct vring_desc)) &&
                 gmem_has(vq->mem, vq->avail, vring_avail_bytes(vq->size)) &&
                 gmem_has(vq->mem, vq->used, vring_used_bytes(vq->size));
    return there ? NULL : "a ring lies outside RAM";
}

/* The rings lie in RAM since vq_configure, so these loads and stores can not fail. */
static uint16_t load16(struct vq *vq, uint64_t pa)
{
    uint16_t val = 0;
    gmem_load16_acquire(vq->mem, pa, &val);
    return val;
}

static uint16_t avail_idx(struct vq *vq)
{
    return load16(vq, vq->avail + VRING_IDX);
}

static void vq_break(struct vq *vq, const char *why)
{
    vq->broken = true;
    log_limited(vq->log, vq->limit, LOG_BY_GUEST, "virtio: queue stopped until it is reset: %s",
                why);
}

/* The one reason for which a chain is refused that is not the driver's mistake. */
static const char no_memory[] = "no host memory for the chain";

/* Adds one descriptor's buffer. NULL, or what is wrong with it. */
static const char *chain_add(struct vq_node *node, uint64_t pa, uint32_t len, bool device_writes)
{
    struct vq_chain *chain = &node->chain;
    if (!len)
        return NULL;
    if (!device_writes && chain->out.count)
        return "a device-readable buffer follows a writable one";
    if (len > MAX_CHAIN_BYTES - chain->in.left - chain->out.left)
        return "the chain is longer than 4 GiB";
    uint8_t *host = gmem_span(chain->vq->mem, pa, len);
    if (!host)
        return "a buffer lies outside RAM";
    if (node->count == node->capacity && !node_grow(node))
        return no_memory;
    node->piece[node->count++] = (struct vq_piece){.host = host, .pa = pa, .len = len};
    struct vq_stream *s = device_writes ? &chain->out : &chain->in;
    s->count++;
    s->left += len;
    return NULL;
}

/* What is wrong with a descriptor that points to an indirect table; NULL: nothing. */
static const char *indirect_error(struct vq *vq, const struct vring_desc *d, bool nested)
{
    uint32_t len = le32_get(d->len);
    if (!vq->indirect)
        return "an indirect descriptor that was not negotiated";
    if (nested)
        return "an indirect descriptor inside an indirect table";
    if (le16_get(d->flags) & VRING_DESC_NEXT)
        return "an indirect descriptor with a successor";
    if (!len || len % sizeof(*d) || !gmem_has(vq->mem, le64_get(d->addr), len))
        return "an indirect table of a wrong size or outside RAM";
    return NULL;
}

/*
 * Follows the chain from `head`, through the queue's own table and then, perhaps, one indirect
 * table. Every descriptor is copied before it is looked at: the driver may change it meanwhile.
 * Counting steps finds loops: no chain is longer than its table.
 */
static const char *chain_walk(struct vq *vq, struct vq_node *node, uint16_t head)
{
    uint64_t table = vq->desc;
    uint32_t entries = vq->size, steps = 0, i = head;
    bool nested = false;
    for (;;) {
        struct vring_desc d;
        if (i >= entries)
            return "a descriptor index outside its table";
        if (steps++ >= MIN(entries, vq->max_chain))
            return "a loop, or too many descriptors";
        if (!gmem_read(vq->mem, table + i * sizeof(d), &d, sizeof(d)))
            return "a descriptor outside RAM";
        uint16_t flags = le16_get(d.flags);
        if (flags & VRING_DESC_INDIRECT) {
            const char *wrong = indirect_error(vq, &d, nested);
            if (wrong)
                return wrong;
            nested = true;
            table = le64_get(d.addr);
            entries = le32_get(d.len) / sizeof(d);
            steps = i = 0;
            continue;
        }
        const char *wrong =
            chain_add(node, le64_get(d.addr), le32_get(d.len), (flags & VRING_DESC_WRITE) != 0);
        if (wrong || !(flags & VRING_DESC_NEXT))
            return wrong;
        i = le16_get(d.next);
    }
}

/* Writes one used element and makes it visible. */
static void used_put(struct vq *vq, uint16_t head, uint64_t len)
{
    struct vring_used_elem e = {le32_make(head), le32_make((uint32_t)MIN(len, UINT32_MAX))};
    uint64_t slot = vq->used_idx % vq->size;
    gmem_write(vq->mem, vq->used + VRING_ENTRIES + slot * VRING_USED_ENTRY, &e, sizeof(e));
    vq->used_idx++;
    gmem_store16_release(vq->mem, vq->used + VRING_IDX, vq->used_idx);
}

static bool reread_avail(struct vq *vq, uint16_t *idx);

/* The next head of the available ring; false if there is none or the ring is broken. The index
 * that is judged is the one that is acted on: it is read once. */
static bool next_head(struct vq *vq, uint16_t *head)
{
    if (!vq->ready || vq->broken)
        return false;
    uint16_t idx = avail_idx(vq);
    if (idx == vq->last_avail && !reread_avail(vq, &idx))
        return false;
    if ((uint16_t)(idx - vq->last_avail) > vq->size) {
        vq_break(vq, "the available index jumped");
        return false;
    }
    if (vq->chains_out >= vq->size) {
        vq_break(vq, "more chains than descriptors");
        return false;
    }
    uint64_t slot = vq->last_avail % vq->size;
    *head = load16(vq, vq->avail + VRING_ENTRIES + slot * VRING_AVAIL_ENTRY);
    if (*head >= vq->size) {
        vq_break(vq, "a head outside the descriptor table");
        return false;
    }
    vq->last_avail++;
    return true;
}

/* Makes the node's pieces the chain's two streams. */
static struct vq_chain *chain_ready(struct vq *vq, struct vq_node *node, uint16_t head)
{
    struct vq_chain *chain = &node->chain;
    chain->head = head;
    chain->in.piece = node->piece;
    chain->out.piece = node->piece + chain->in.count;
    vq->chains_out++;
    return chain;
}

struct vq_chain *vq_pop(struct vq *vq)
{
    uint16_t head;
    unsigned refused = 0;
    struct vq_chain *chain = NULL;
    while (!chain && next_head(vq, &head)) {
        struct vq_node *node = node_get(vq);
        const char *wrong = node ? chain_walk(vq, node, head) : no_memory;
        if (!wrong) {
            chain = chain_ready(vq, node, head);
            break;
        }
        if (node)
            node_put(vq, node);
        log_limited(vq->log, vq->limit, wrong == no_memory ? LOG_BY_HOST : LOG_BY_GUEST,
                    "virtio: chain refused: %s", wrong);
        used_put(vq, head, 0);
        if (++refused == vq->size)
            vq_break(vq, "nothing but malformed chains");
    }
    if (refused)
        vq_notify(vq);
    return chain;
}

struct vq_chain *vq_pop_some(struct vq *vq, unsigned *left)
{
    if (*left) {
        --*left;
        return vq_pop(vq);
    }
    vq_pending(vq);
    return NULL;
}

struct vq_chain *vq_retake(struct vq *vq, uint16_t head)
{
    if (!vq->ready || vq->broken || head >= vq->size || vq->chains_out >= vq->size)
        return NULL;
    struct vq_node *node = node_get(vq);
    if (node && !chain_walk(vq, node, head))
        return chain_ready(vq, node, head);
    if (node)
        node_put(vq, node);
    used_put(vq, head, 0);
    return NULL;
}

/* Requests a kick for the next chain, and reads idx again: the driver may have added one before it
 * saw the request. */
static bool reread_avail(struct vq *vq, uint16_t *idx)
{
    if (vq->event_idx) {
        uint64_t avail_event = vq->used + VRING_ENTRIES + (uint64_t)vq->size * VRING_USED_ENTRY;
        gmem_store16_release(vq->mem, avail_event, avail_idx(vq));
        /* The driver stores idx, then loads avail_event; we store that, then load idx. With a
         * full barrier on both sides one of the two sees the other's store. */
        atomic_thread_fence(memory_order_seq_cst);
    }
    *idx = avail_idx(vq);
    return *idx != vq->last_avail;
}

bool vq_pending(struct vq *vq)
{
    uint16_t idx;
    return vq->ready && !vq->broken && reread_avail(vq, &idx);
}

void vq_push(struct vq_chain *chain)
{
    struct vq *vq = chain->vq;
    used_put(vq, chain->head, chain->written);
    vq_discard(chain);
}

void vq_discard(struct vq_chain *chain)
{
    struct vq *vq = chain->vq;
    if (vq->chains_out)
        vq->chains_out--;
    node_put(vq, node_of(chain));
}

void vq_unpop(struct vq_chain *chain)
{
    chain->vq->last_avail--;
    vq_discard(chain);
}

/* "Used Buffer Notification Suppression". */
static bool interrupt_wanted(struct vq *vq, uint16_t old)
{
    if (vq->notify_empty && !vq->chains_out && avail_idx(vq) == vq->last_avail)
        return true;
    if (!vq->event_idx)
        return !(load16(vq, vq->avail + VRING_FLAGS) & VRING_AVAIL_NO_INTERRUPT);
    uint16_t event = load16(vq, vq->avail + VRING_ENTRIES + (uint64_t)vq->size * VRING_AVAIL_ENTRY);
    return (uint16_t)(vq->used_idx - event - 1) < (uint16_t)(vq->used_idx - old);
}

void vq_notify(struct vq *vq)
{
    uint16_t old = vq->signalled;
    if (!vq->ready || vq->used_idx == old)
        return;
    vq->signalled = vq->used_idx;
    atomic_thread_fence(memory_order_seq_cst); /* used idx is stored before used_event is loaded */
    if (interrupt_wanted(vq, old) && vq->interrupt)
        vq->interrupt(vq->ctx);
}

void vq_save(const struct vq *vq, struct blob_out *out)
{
    blob_put_u16(out, vq->size);
    blob_put_bool(out, vq->ready);
    blob_put_bool(out, vq->broken);
    blob_put_u64(out, vq->desc);
    blob_put_u64(out, vq->avail);
    blob_put_u64(out, vq->used);
    blob_put_u16(out, vq->last_avail);
    blob_put_u16(out, vq->used_idx);
    blob_put_u16(out, vq->signalled);
}

bool vq_load(struct vq *vq, struct blob_in *in)
{
    vq->size = blob_get_u16(in);
    bool ready = blob_get_bool(in);
    vq->broken = blob_get_bool(in);
    vq->desc = blob_get_u64(in);
    vq->avail = blob_get_u64(in);
    vq->used = blob_get_u64(in);
    vq->last_avail = blob_get_u16(in);
    vq->used_idx = blob_get_u16(in);
    vq->signalled = blob_get_u16(in);
    blob_check(in, vq->size <= VQ_MAX_SIZE, "a queue larger than any");
    const char *wrong = ready ? vq_configure(vq) : NULL;
    vq->ready = blob_check(in, !wrong, wrong) && ready;
    return !in->error;
}

/* The longest run at the cursor, at most `max` bytes; the cursor moves over it. */
static uint32_t stream_next(struct vq_stream *s, uint64_t max, struct vq_piece *run)
{
    if (s->at == s->count || !max)
        return 0;
    const struct vq_piece *p = &s->piece[s->at];
    uint32_t n = (uint32_t)MIN(max, p->len - s->off);
    *run = (struct vq_piece){.host = p->host + s->off, .pa = p->pa + s->off, .len = n};
    s->off += n;
    s->left -= n;
    if (s->off == p->len) {
        s->at++;
        s->off = 0;
    }
    return n;
}

static size_t stream_skip(struct vq_stream *s, size_t len)
{
    struct vq_piece run;
    size_t done = 0;
    uint32_t n;
    while ((n = stream_next(s, len - done, &run)))
        done += n;
    return done;
}

size_t vq_read(struct vq_chain *chain, void *dst, size_t len)
{
    struct vq_piece run;
    size_t done = 0;
    uint32_t n;
    while ((n = stream_next(&chain->in, len - done, &run))) {
        gmem_read(chain->vq->mem, run.pa, (uint8_t *)dst + done, n);
        done += n;
    }
    return done;
}

size_t vq_write(struct vq_chain *chain, const void *src, size_t len)
{
    struct vq_piece run;
    size_t done = 0;
    uint32_t n;
    while ((n = stream_next(&chain->out, len - done, &run))) {
        gmem_write(chain->vq->mem, run.pa, (const uint8_t *)src + done, n);
        done += n;
    }
    chain->written += done;
    return done;
}

size_t vq_skip_in(struct vq_chain *chain, size_t len)
{
    return stream_skip(&chain->in, len);
}

size_t vq_skip_out(struct vq_chain *chain, size_t len)
{
    size_t done = stream_skip(&chain->out, len);
    chain->written += done;
    return done;
}

static unsigned stream_take(struct vq_stream *s, struct vq_piece *pieces, unsigned max,
                            uint64_t max_bytes, uint64_t *bytes)
{
    unsigned n = 0;
    uint64_t sum = 0;
    while (n < max && stream_next(s, max_bytes - sum, &pieces[n]))
        sum += pieces[n++].len;
    *bytes = sum;
    return n;
}

unsigned vq_take_in(struct vq_chain *chain, struct vq_piece *pieces, unsigned max,
                    uint64_t max_bytes, uint64_t *bytes)
{
    return stream_take(&chain->in, pieces, max, max_bytes, bytes);
}

unsigned vq_take_out(struct vq_chain *chain, struct vq_piece *pieces, unsigned max,
                     uint64_t max_bytes, uint64_t *bytes)
{
    return stream_take(&chain->out, pieces, max, max_bytes, bytes);
}

void vq_wrote(struct vq_chain *chain, const struct vq_piece *pieces, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        chain->written += pieces[i].len;
}
