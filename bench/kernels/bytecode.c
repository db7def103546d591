/* SPDX-License-Identifier: MIT */
/* A stack machine with threaded dispatch: one indirect jump for every few instructions. */
#include "kernels.h"

enum op { PUSH, DUP, ADD, SUB, MUL, XOR, SHIFT, LOAD, STORE, JUMP_NONZERO, HALT };

/*
 * x = 1, n = 1000000
 * do { x = (x * 33 ^ x >> 7) + n; n = n - 1; } while (n != 0);
 */
static const uint8_t program[] = {
    LOAD, 0,    PUSH, 33,   MUL, LOAD, 0,   SHIFT, XOR, LOAD,         1, ADD,  STORE,
    0,    LOAD, 1,    PUSH, 1,   SUB,  DUP, STORE, 1,   JUMP_NONZERO, 0, HALT,
};

#define NEXT goto *label[*pc++]

static __attribute__((noinline)) uint64_t interpret(const uint8_t *code, uint64_t *var)
{
    static const void *const label[] = {&&push,  &&dup,  &&add,   &&sub,  &&mul, &&exor,
                                        &&shift, &&load, &&store, &&jump, &&halt};
    uint64_t stack[16], *sp = stack;
    const uint8_t *pc = code;
    NEXT;
push:
    *sp++ = *pc++;
    NEXT;
dup:
    *sp = sp[-1];
    sp++;
    NEXT;
add:
    sp--;
    sp[-1] += *sp;
    NEXT;
sub:
    sp--;
    sp[-1] -= *sp;
    NEXT;
mul:
    sp--;
    sp[-1] *= *sp;
    NEXT;
exor:
    sp--;
    sp[-1] ^= *sp;
    NEXT;
shift:
    sp[-1] >>= 7;
    NEXT;
load:
    *sp++ = var[*pc++];
    NEXT;
store:
    var[*pc++] = *--sp;
    NEXT;
jump:
    pc = *--sp ? code + *pc : pc + 1;
    NEXT;
halt:
    return var[0];
}

uint64_t kernel_bytecode(void *arena)
{
    uint64_t *var = arena;
    var[0] = 1;
    var[1] = 1000000;
    return interpret(program, var);
}
