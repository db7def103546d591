/* SPDX-License-Identifier: MIT */
/* The interpreter as an engine: handlers for the ops of a block, runs and single steps. */
#include "cpu/interp.h"

#include "cpu/engine.h"

/* The handler of two ops that follow each other, as a distance from PAIR_NONE; 0: none. */
static const uint8_t pair_of[INSN_COUNT][INSN_COUNT] = {
#define PAIR(first, second, xlen)                                                                  \
    [INSN_##first][INSN_##second] = PAIR_##first##__##second - PAIR_NONE,
#include "cpu/pairs.def"
#undef PAIR
};

static const void *const *labels_of(const struct hart *h)
{
    return hart_is64(h) ? interp_rv64(NULL, NULL) : interp_rv32(NULL, NULL);
}

void interp_bind(struct hart *h, struct block *b)
{
    const void *const *labels = labels_of(h);
    const uint16_t *id = block_ids(b);
    for (unsigned i = 0; i < b->slots; id++) {
        struct op *op = &b->ops[i];
        i += op->len & OP_LINKED ? 2 : 1;
        unsigned pair = i < b->slots ? pair_of[id[0]][id[1]] : 0;
        op->handler = labels[pair ? PAIR_NONE + pair : id[0]];
    }
    b->first = b->ops[0].handler;
}

void interp_bind_counting(struct hart *h, struct block *b)
{
    interp_bind(h, b);
    b->ops[0].handler = labels_of(h)[GATE_COUNT];
}

void interp_bind_leave(struct hart *h, struct block *b)
{
    b->ops[0].handler = labels_of(h)[GATE_LEAVE];
}

void interp_bind_plain(struct block *b)
{
    b->ops[0].handler = b->first;
}

static void interp_enter(struct hart *h, struct block *first)
{
    if (hart_is64(h))
        interp_rv64(h, first);
    else
        interp_rv32(h, first);
}

void interp_run(struct hart *h)
{
    interp_enter(h, NULL);
}

bool interp_step(struct hart *h)
{
    uint64_t limit = atomic_load(&h->limit), before = h->icount, one = before + 1;
    if (limit <= h->icount || !atomic_compare_exchange_strong(&h->limit, &limit, one))
        return false;
    struct block *b = block_single(h, h->arch.pc);
    if (b) {
        interp_bind(h, b);
        interp_enter(h, b);
    } else {
        sys_fault(h);
    }
    /* unless somebody has lowered it meanwhile, or the instruction has set a timer */
    if (atomic_compare_exchange_strong(&h->limit, &one, limit) && h->cpu->cfg.single_thread)
        hart_limit_to_timers(h);
    return h->icount != before; /* another thread may have lowered limit before the block's entry */
}

uint64_t interp_locate(struct hart *h, const struct block *b, const struct op *op, uint64_t vpage,
                       uint64_t ic)
{
    struct block_pos pos = block_position(b, op);
    h->arch.pc = mmu_wrap(h, vpage + b->offset + pos.bytes);
    h->icount = ic - (b->insns - pos.index);
    return h->icount;
}

const struct engine_ops interp_engine = {.run = interp_run, .bind = interp_bind};
