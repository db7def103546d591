/* SPDX-License-Identifier: MIT */
/*
 * Runs the blocks of random instructions that random_program.py made, again and again, with
 * registers that evolve: what the last block left, edge values, random bits. Everything goes into a
 * hash, printed now and then, so that two emulators can be compared line by line.
 *
 * The frame the blocks rely on: x2, x8, x30 point into the scratch memory, x29 into the table of
 * edges, x28 counts loops, x31 is the way back.
 */
#include "guest.h"

#ifndef CALLS
#define CALLS 60000
#endif
#ifndef TIMES
#define TIMES 4
#endif
#ifndef SEED
#define SEED 1
#endif
#ifndef TRACE_CALL
#define TRACE_CALL -1 /* prints all registers around this call; -2: a hash after each */
#endif
enum { EDGES = 256, SCRATCH = 4096, PRINT_EVERY = 500 };

struct block_state { /* random_run.S */
    uint64_t x[32], f[32], fcsr, host_sp, traps, code, times;
};

extern const uint64_t edges[EDGES], block_count;
extern const uint32_t block_offsets[];
extern const char blocks[];
void run_block(struct block_state *s, const void *code, ulong times);
void block_trap(void);

static uint8_t scratch[SCRATCH] __attribute__((aligned(4096)));
static struct block_state state;
static uint32_t random_state = SEED * 2654435761u | 1;

static uint32_t next(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    random_state ^= random_state << 5;
    return random_state;
}

static ulong mix(ulong hash, ulong value)
{
    return ((hash << 5) | (hash >> (sizeof(hash) * 8 - 5))) + value;
}

static void evolve(struct block_state *s)
{
    for (unsigned i = 1; i < 28; i++) {
        uint32_t r = next();
        if ((r & 3) == 2)
            s->x[i] = edges[r >> 8 & 255];
        else if ((r & 3) == 3)
            s->x[i] = (uint64_t)next() << 32 | r;
    }
    for (unsigned i = 0; i < 32; i++) {
        uint32_t r = next();
        if (r & 1)
            s->f[i] = edges[r >> 8 & 255];
    }
    s->fcsr = (next() >> 8) % 5 << 5;
    s->x[2] = (ulong)(scratch + 1024);
    s->x[8] = (ulong)(scratch + 2048);
    s->x[30] = (ulong)(scratch + 512);
    s->x[29] = (ulong)(edges + (next() >> 8 & 127));
}

static ulong hash_state(ulong h, const struct block_state *s)
{
    for (unsigned i = 1; i < 28; i++)
        h = mix(h, (ulong)s->x[i]);
    for (unsigned i = 0; i < 32; i++)
        h = mix(mix(h, (ulong)s->f[i]), (ulong)(s->f[i] >> 32));
    return mix(mix(h, (ulong)s->fcsr), (ulong)s->traps);
}

static ulong hash_memory(ulong h)
{
    for (unsigned i = 0; i < SCRATCH; i += sizeof(ulong))
        h = mix(h, *(ulong *)(scratch + i));
    return h;
}

static void print_state(const char *when, const struct block_state *s)
{
    put(when);
    for (unsigned i = 0; i < 64; i++) {
        put(i < 32 ? " x" : " f");
        put_dec(i & 31);
        put("=");
        put_hex(i < 32 ? (ulong)s->x[i] : s->f[i & 31]);
    }
    put(" fcsr=");
    put_hex(s->fcsr);
    put(" traps=");
    put_hex(s->traps);
    put(" memory=");
    put_hex(hash_memory(0));
    put("\n");
}

static void run_call(long call, unsigned block)
{
    if (call == TRACE_CALL) {
        put("block ");
        put_dec(block);
        print_state(" before", &state);
        for (unsigned i = 0; i < SCRATCH; i++)
            put_hex(scratch[i]), put_char(' ');
        put_char('\n');
    }
    run_block(&state, blocks + block_offsets[block], TIMES);
    if (call == TRACE_CALL) {
        print_state("after", &state);
        finish(0);
    }
}

void guest_main(ulong hart)
{
    ulong hash = 1, thousands = 0, left = 0; /* instructions run inside blocks */
    if (hart)
        for (;;)
            continue;
    CSR_SET(mstatus, MSTATUS_FS);
    CSR_WRITE(mtvec, block_trap);
    unsigned block = 0;
    for (long call = 0; call < CALLS; call++) {
        evolve(&state);
        state.x[10] = state.x[11] ^ (ulong)call;
        ulong before = CSR_READ(minstret);
        run_call(call, block);
        left += CSR_READ(minstret) - before;
        thousands += left / 1000;
        left %= 1000;
        hash = hash_state(hash, &state);
        if (++block == block_count)
            block = 0;
        if (call % PRINT_EVERY == PRINT_EVERY - 1 || TRACE_CALL == -2) {
            hash = hash_memory(hash);
            put_dec((ulong)call);
            put_char(' ');
            put_hex(hash);
            put_char('\n');
        }
    }
    put("# ");
    put_dec(thousands);
    put(" thousand instructions\nDONE\n");
    finish(0);
}
