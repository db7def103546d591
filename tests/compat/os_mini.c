/* SPDX-License-Identifier: MIT */
/*
 * A kernel in the shape of mini-riscv-os: RV32 in M-mode, tasks that take turns by the CLINT's
 * timer and its software interrupt, its 64-bit registers in halves, the serial port polled out and
 * by interrupt in, a disk of virtio-mmio version 1. USER: the tasks run in U-mode, which one PMP
 * entry allows everything.
 */
#include "os_disk.h"

enum { TASKS = 3, TICK = 50000, UART_IRQ = 10, ROUNDS = 20000 };

static struct frame frames[TASKS];
static u8 stacks_of_tasks[TASKS][4096] __attribute__((aligned(16)));
static volatile u32 current, switches, yields, lock, count, over;
static volatile u32 disk_interrupts;
static volatile char typed[16];
static volatile u32 typed_size;
static u8 sector[512];

void trap_vector(void);
void resume(struct frame *frame) __attribute__((noreturn));

/* The compare register's high half first goes out of reach, as the manual has it. */
static void set_timer(void)
{
    u32 high, low;
    do {
        high = R32(MTIME + 4);
        low = R32(MTIME);
    } while (high != R32(MTIME + 4));
    u64 next = ((u64)high << 32 | low) + TICK;
    R32(MTIMECMP(0) + 4) = 0xffffffff;
    R32(MTIMECMP(0)) = (u32)next;
    R32(MTIMECMP(0) + 4) = (u32)(next >> 32);
}

static void external_interrupt(void)
{
    u32 irq = R32(PLIC + 0x200004);
    if (irq == UART_IRQ) {
        while (R8(UART + 5) & 1)
            typed[typed_size++ % sizeof(typed)] = (char)R8(UART);
    } else if (irq == DISK_IRQ) {
        R32(DISK + 0x64) = R32(DISK + 0x60) & 3;
        disk_interrupts++;
    }
    if (irq)
        R32(PLIC + 0x200004) = irq;
}

static struct frame *next_task(void)
{
    current = (current + 1) % TASKS;
    return &frames[current];
}

/* The frame to go on with is the answer. */
struct frame *trap(struct frame *frame)
{
    word cause = csr_read(mcause);
    if (cause == (CAUSE_INTERRUPT | 7)) {
        set_timer();
        switches++;
        return next_task();
    }
    if (cause == (CAUSE_INTERRUPT | 3)) {
        R32(CLINT) = 0;
        yields++;
        return next_task();
    }
    if (cause == (CAUSE_INTERRUPT | 11)) {
        external_interrupt();
        return frame;
    }
    expect(cause == (USER ? 8 : 11), "an ecall", 2);
    if (!frame->x[10])
        finish(0);
    note("ecall with", frame->x[10]);
    frame->x[10]++;
    frame->x[0] += 4;
    return frame;
}

/* 0: the end. */
static word call_kernel(word value)
{
    register word a0 __asm__("a0") = value;
    __asm__ volatile("ecall" : "+r"(a0)::"memory");
    return a0;
}

static void counting_task(void)
{
    for (u32 i = 0; i < ROUNDS; i++) {
        spin_lock(&lock);
        count++;
        spin_unlock(&lock);
        if (i % 1000 == 0)
            R32(CLINT) = 1; /* another task's turn */
    }
    spin_lock(&lock);
    over++;
    spin_unlock(&lock);
    for (;;) {
    }
}

static void use_disk(void)
{
    disk_wait(3, sector, sizeof(sector), 0);
    for (u32 i = 0; sector[i] != '\n'; i++)
        put((char)sector[i]);
    say("\r\n");
    disk_wait(9, sector, sizeof(sector), 1);
    while (disk_interrupts < 2) {
    }
    note("the disk's interrupts", disk_interrupts);
}

static void main_task(void)
{
    note("ecall gave", call_kernel(0x41));
    use_disk();
    while (over < TASKS - 1) {
    }
    note("counted", count);
    note("yields", yields);
    say("$ ");
    while (!typed_size || typed[typed_size - 1] != '\r') {
    }
    for (u32 i = 0; i < typed_size; i++)
        put(typed[i]);
    while (switches < 10) {
    }
    say("\r\ntasks took turns\r\n");
    note("the compare register's high half", R32(MTIMECMP(0) + 4));
    call_kernel(0);
}

static void plic_init(void)
{
    R32(PLIC + 4 * UART_IRQ) = 1;
    R32(PLIC + 4 * DISK_IRQ) = 1;
    R32(PLIC + 0x2000) = 1 << UART_IRQ | 1 << DISK_IRQ;
    R32(PLIC + 0x200000) = 0;
    R8(UART + 1) = 1;
}

void main(void)
{
    static void (*const task[TASKS])(void) = {main_task, counting_task, counting_task};
    say("mini OS starts\r\n");
    note("misa", csr_read(misa) >> 30);
    for (u32 i = 0; i < TASKS; i++) {
        frames[i].x[0] = (word)task[i];
        frames[i].x[2] = (word)stacks_of_tasks[i + 1];
    }
    disk_init(1, 0);
    plic_init();
    set_timer();
    csr_write(mtvec, trap_vector);
    csr_write(mie, 1 << 11 | 1 << 7 | 1 << 3);
    csr_write(pmpaddr0, 0xffffffff);
    csr_write(pmpcfg0, 0xf);
    csr_write(mstatus, (USER ? 0 : 3 << 11) | 1 << 7); /* resume() goes there, with interrupts */
    resume(&frames[0]);
}
