/* SPDX-License-Identifier: MIT */
/*
 * A machine of Lua's kind: instructions of 32 bits on registers that hold tagged values, tables with a hash part and an array
 * part, calls with frames. It runs a sieve in a table, a recursive function, and an accumulation by key.
 */
#include "kernels.h"

enum op { MOVE, LOADK, ADD, SUB, MUL, MOD, LT, EQ, JUMP, NEWTABLE, GET, SET, CALL, RETURN };
enum tag { NIL, INTEGER, TABLE };
enum { FRAME = 16, HASH = 64, ARRAY = 8192, WHOLE = 1 };

struct value {
    enum tag tag;
    union {
        int64_t number;
        struct table *table;
    };
};

struct entry {
    struct value key, value;
};

struct table {
    struct value array[ARRAY];
    struct entry hash[HASH];
};

struct vm {
    char *free;
    const uint32_t *const *function;
    const int64_t *constant;
};

#define OP(op, a, b, c)                                                                            \
    ((uint32_t)(op) | (uint32_t)(a) << 8 | (uint32_t)(b) << 16 | (uint32_t)(c) << 24)
#define JMP(distance) ((uint32_t)JUMP | (uint32_t)((distance) + 0x800000) << 8)

static struct entry *slot_of(struct table *t, int64_t key)
{
    uint32_t at = (uint32_t)((uint64_t)key * 0x9e3779b97f4a7c15u >> 58);
    while (t->hash[at].key.tag != NIL && t->hash[at].key.number != key)
        at = (at + 1) % HASH;
    return &t->hash[at];
}

static struct value get(struct table *t, int64_t key)
{
    if ((uint64_t)key < ARRAY)
        return t->array[key];
    struct entry *e = slot_of(t, key);
    return e->key.tag == NIL ? (struct value){.tag = NIL} : e->value;
}

static void set(struct table *t, int64_t key, struct value v)
{
    if ((uint64_t)key < ARRAY) {
        t->array[key] = v;
        return;
    }
    struct entry *e = slot_of(t, key);
    e->key = (struct value){.tag = INTEGER, .number = key};
    e->value = v;
}

static struct value new_table(struct vm *vm)
{
    struct table *t = (struct table *)vm->free;
    vm->free += sizeof(*t);
    for (int i = 0; i < ARRAY; i++)
        t->array[i].tag = NIL;
    for (int i = 0; i < HASH; i++)
        t->hash[i].key.tag = NIL;
    return (struct value){.tag = TABLE, .table = t};
}

static int64_t arithmetic(enum op op, struct value x, struct value y)
{
    if (x.tag != INTEGER || y.tag != INTEGER)
        return -1;
    switch (op) {
    case ADD: return x.number + y.number;
    case SUB: return x.number - y.number;
    case MUL: return x.number * y.number;
    default: return (int64_t)((uint32_t)x.number % (uint32_t)y.number);
    }
}

/* Returns register A of the RETURN that ends the function. base: its registers, the arguments first. */
static struct value execute(struct vm *vm, const uint32_t *pc, struct value *base)
{
    for (;;) {
        uint32_t i = *pc++, b = i >> 16 & 255, c = i >> 24;
        struct value *a = &base[i >> 8 & 255];
        switch ((enum op)(i & 255)) {
        case MOVE: *a = base[b]; break;
        case LOADK: *a = (struct value){.tag = INTEGER, .number = vm->constant[b]}; break;
        case ADD:
        case SUB:
        case MUL:
        case MOD:
            *a = (struct value){.tag = INTEGER, .number = arithmetic(i & 255, base[b], base[c])};
            break;
        case LT: pc += !(base[b].number < base[c].number); break;
        case EQ:
            pc += !(base[b].tag == base[c].tag &&
                    (base[b].tag == NIL || base[b].number == base[c].number));
            break;
        case JUMP: pc += (int32_t)(i >> 8) - 0x800000; break;
        case NEWTABLE: *a = new_table(vm); break;
        case GET:
            *a = base[b].tag == TABLE ? get(base[b].table, base[c].number)
                                      : (struct value){.tag = NIL};
            break;
        case SET:
            if (a->tag == TABLE)
                set(a->table, base[b].number, base[c]);
            break;
        case CALL: *a = execute(vm, vm->function[b], a); break;
        case RETURN: return *a;
        }
    }
}

static const int64_t constants[] = {0, 1, 2, 8000, 24, 200000, 37, 1000003};

/* fib(r0): r1 = 2; if r0 < r1 return r0; return fib(r0 - 1) + fib(r0 - 2) */
static const uint32_t fib[] = {
    OP(LOADK, 1, 2, 0),  OP(LT, 0, 0, 1),    JMP(1),           JMP(1),
    OP(RETURN, 0, 0, 0), OP(LOADK, 2, 1, 0), OP(SUB, 3, 0, 2), OP(CALL, 3, 0, 0),
    OP(SUB, 4, 0, 1),    OP(CALL, 4, 0, 0),  OP(ADD, 0, 3, 4), OP(RETURN, 0, 0, 0),
};

/* sieve: r0 table, r1 i, r2 limit, r3 one, r4 count, r5 nil, r6 j, r7 scratch */
static const uint32_t sieve[] = {
    OP(NEWTABLE, 0, 0, 0),
    OP(LOADK, 1, 2, 0),
    OP(LOADK, 2, 3, 0),
    OP(LOADK, 3, 1, 0),
    OP(LOADK, 4, 0, 0),
    /* 5: */ OP(LT, 0, 1, 2),
    JMP(1),
    JMP(11),
    /* 8: */ OP(GET, 7, 0, 1),
    OP(EQ, 0, 7, 5),
    JMP(1),
    JMP(5),
    /* 12: */ OP(ADD, 4, 4, 3),
    OP(ADD, 6, 1, 1),
    /* 14: */ OP(LT, 0, 6, 2),
    JMP(4),
    JMP(0),
    /* 17: */ OP(ADD, 1, 1, 3),
    JMP(-14),
    /* 19: */ OP(RETURN, 4, 0, 0),
    /* 20: */ OP(SET, 0, 6, 3),
    OP(ADD, 6, 6, 1),
    JMP(-9),
};

/* tally: r0 table, r1 i, r2 limit, r3 one, r4 37, r5 key, r6 value, r7 sum, r8 big, r9 nil */
static const uint32_t tally[] = {
    OP(NEWTABLE, 0, 0, 0),      OP(LOADK, 1, 0, 0), OP(LOADK, 2, 5, 0),
    OP(LOADK, 3, 1, 0),         OP(LOADK, 4, 6, 0), OP(LOADK, 7, 0, 0),
    OP(LOADK, 8, 7, 0),
    /* 7: */ OP(MOD, 5, 1, 4),  OP(MUL, 5, 5, 8),   OP(ADD, 5, 5, 8),
    OP(GET, 6, 0, 5),           OP(EQ, 0, 6, 9),    OP(LOADK, 6, 0, 0),
    /* 13: */ OP(ADD, 6, 6, 1), OP(SET, 0, 5, 6),   OP(ADD, 7, 7, 6),
    OP(ADD, 1, 1, 3),           OP(LT, 0, 1, 2),    JMP(-12),
    OP(RETURN, 7, 0, 0),
};

uint64_t kernel_vm(void *arena)
{
    static const uint32_t *const functions[] = {fib, sieve, tally};
    struct value *stack = arena;
    struct vm vm = {.free = (char *)(stack + 4096), .function = functions, .constant = constants};
    uint64_t sum = 0;
    for (uint32_t i = 0; i < 3; i++) {
        for (int r = 0; r < 4096; r++)
            stack[r].tag = NIL;
        stack[0] = (struct value){.tag = INTEGER, .number = 28};
        sum = mix(sum, (uint64_t)execute(&vm, functions[i], stack).number);
    }
    return sum;
}
