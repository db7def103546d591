/* SPDX-License-Identifier: MIT */
/*
 * A kernel in the shape of xv6-riscv: three harts start in M-mode and drop to S-mode, user
 * processes move between them, the console and the disk work by interrupts. LEGACY: the disk is of
 * virtio-mmio version 1 (2019 to 2021). SSTC: timers by stimecmp (from 2023 on), else by the CLINT
 * in M-mode and a software interrupt. AD: bits A and D that leaves begin with.
 */
#include "os_disk.h"

enum { HARTS = 3, PROCS = 4, TICK = 50000, UART_IRQ = 10 };

#define MAXVA      (1ul << 38)
#define TRAMPOLINE (MAXVA - PAGE)
#define FRAME_AT   (TRAMPOLINE - PAGE)
#define KSTACK(i)  (TRAMPOLINE - ((i) + 1) * 2ul * PAGE)

struct saved {
    struct frame frame;
    word satp, stack, handler, hart;
};

struct process {
    volatile u32 lock;
    volatile enum { READY, RUNNING, ASLEEP, OVER } state;
    const volatile void *waits_for;
    word number, result;
    volatile word preempted;
    word *table;
    struct saved *saved;
    struct context context;
};

static struct process processes[PROCS];

static struct {
    struct process *running;
    struct context scheduler;
    u64 timer_area[5]; /* M-mode's */
} harts[HARTS];

static word *kernel_table;
static volatile u32 started, turn, count_lock, count;
static volatile word ticks;

extern u8 trampoline[], user_vector[], user_return[], user_program[], bss_start[];
void timer_vector(void);
void kernel_vector(void);

static word hart(void)
{
    word tp;
    __asm__ volatile("mv %0, tp" : "=r"(tp)); /* volatile: a switch may change it */
    return tp;
}

static struct process *running(void)
{
    return harts[hart()].running;
}

/* --- M-mode --- */

static void start_timer(word id)
{
#if SSTC
    csr_set(mie, 1 << 5);
    csr_set(0x30a, 1ul << 63); /* menvcfg.STCE */
    csr_set(mcounteren, 2);
    csr_write(0x14d, csr_read(time) + TICK); /* stimecmp */
    (void)id;
#else
    R64(MTIMECMP(id)) = R64(MTIME) + TICK;
    harts[id].timer_area[3] = MTIMECMP(id);
    harts[id].timer_area[4] = TICK;
    csr_write(mscratch, harts[id].timer_area);
    csr_write(mtvec, timer_vector);
    csr_set(mie, 1 << 7); /* S-mode is interrupted without mstatus.MIE; start(), by its mepc, not */
#endif
}

void main(void);

void start(void)
{
    csr_write(mstatus, (csr_read(mstatus) & ~(3ul << 11)) | 1ul << 11);
    csr_write(mepc, main);
    csr_write(satp, 0);
    csr_write(medeleg, 0xffff);
    csr_write(mideleg, 0xffff);
    csr_set(sie, 1 << 9 | 1 << 5 | 1 << 1);
    csr_write(pmpaddr0, 0x3fffffffffffff);
    csr_write(pmpcfg0, 0xf);
    start_timer(csr_read(mhartid));
    __asm__ volatile("csrr tp, mhartid\n\tmret");
}

/* --- processes: a process's lock is held over each switch --- */

static void switch_away(struct process *p)
{
    switch_context(&p->context, &harts[hart()].scheduler);
}

static void yield(void)
{
    struct process *p = running();
    spin_lock(&p->lock);
    p->state = READY;
    switch_away(p);
    spin_unlock(&p->lock);
}

/* Interrupts are off; `held`, which guards what is waited for, is given up meanwhile. */
static void sleep(const volatile void *on, volatile u32 *held)
{
    struct process *p = running();
    spin_lock(&p->lock);
    spin_unlock(held);
    p->waits_for = on;
    p->state = ASLEEP;
    switch_away(p);
    spin_unlock(&p->lock);
    spin_lock(held);
}

static void wake(const volatile void *on)
{
    for (u32 i = 0; i < PROCS; i++) {
        struct process *p = &processes[i];
        if (p == running())
            continue;
        spin_lock(&p->lock);
        if (p->state == ASLEEP && p->waits_for == on)
            p->state = READY;
        spin_unlock(&p->lock);
    }
}

static void schedule(void)
{
    for (;;) {
        csr_set(sstatus, SIE);
        csr_clear(sstatus, SIE);
        for (u32 i = 0; i < PROCS; i++) {
            struct process *p = &processes[i];
            spin_lock(&p->lock);
            if (p->state == READY) {
                p->state = RUNNING;
                harts[hart()].running = p;
                switch_context(&harts[hart()].scheduler, &p->context);
                harts[hart()].running = 0;
            }
            spin_unlock(&p->lock);
        }
    }
}

/* --- the serial port: output from a ring, input by lines --- */

static struct {
    volatile u32 lock;
    volatile u32 put, sent;
    char ring[32];
    volatile u32 typed;
    char line[32];
} tty;

static void uart_init(void)
{
    R8(UART + 1) = 0;
    R8(UART + 3) = 0x80;
    R8(UART) = 3;
    R8(UART + 1) = 0;
    R8(UART + 3) = 3;
    R8(UART + 2) = 7;
    R8(UART + 1) = 3;
}

static void uart_send(void)
{
    while (tty.sent != tty.put && (R8(UART + 5) & 0x20))
        R8(UART) = (u8)tty.ring[tty.sent++ % sizeof(tty.ring)];
    wake(&tty.sent);
}

static void tty_write(const char *text, word size)
{
    spin_lock(&tty.lock);
    for (word i = 0; i < size; i++) {
        while (tty.put - tty.sent == sizeof(tty.ring))
            sleep(&tty.sent, &tty.lock);
        tty.ring[tty.put++ % sizeof(tty.ring)] = text[i];
        uart_send();
    }
    while (tty.put != tty.sent)
        sleep(&tty.sent, &tty.lock);
    spin_unlock(&tty.lock);
}

static void uart_interrupt(void)
{
    spin_lock(&tty.lock);
    while (R8(UART + 5) & 1) {
        char c = (char)R8(UART);
        if (tty.typed < sizeof(tty.line) - 1)
            tty.line[tty.typed++] = c;
        if (c == '\r')
            wake(&tty.typed);
    }
    uart_send();
    spin_unlock(&tty.lock);
}

static word tty_read(void)
{
    say("$ ");
    spin_lock(&tty.lock);
    while (!tty.typed || tty.line[tty.typed - 1] != '\r')
        sleep(&tty.typed, &tty.lock);
    spin_unlock(&tty.lock);
    say(tty.line);
    note("is the line, of bytes", tty.typed);
    return tty.typed;
}

/* --- the disk --- */

static volatile u32 disk_lock, disk_over;
static u8 block[1024];

static void disk_interrupt(void)
{
    spin_lock(&disk_lock);
    R32(DISK + 0x64) = R32(DISK + 0x60) & 3;
    while (disk_done()) {
        disk_over = 1;
        wake(&disk_over);
    }
    spin_unlock(&disk_lock);
}

static void disk_run(u64 sector, int write)
{
    spin_lock(&disk_lock);
    disk_over = 0;
    disk_start(sector, block, sizeof(block), write);
    while (!disk_over)
        sleep(&disk_over, &disk_lock);
    spin_unlock(&disk_lock);
    expect(disk.status == 0, "the disk's answer", 3);
}

/* Shows a block's first line, writes it two blocks further on. */
static void disk_show(u64 sector)
{
    disk_run(sector, 0);
    for (u32 i = 0; block[i] != '\n'; i++)
        put((char)block[i]);
    say("\r\n");
    disk_run(sector + 4, 1);
}

/* --- traps --- */

static void plic_init(void)
{
    R32(PLIC + UART_IRQ * 4) = 1;
    R32(PLIC + DISK_IRQ * 4) = 1;
}

static void plic_init_hart(void)
{
    R32(PLIC + 0x2080 + 0x100 * hart()) = 1 << UART_IRQ | 1 << DISK_IRQ;
    R32(PLIC + 0x201000 + 0x2000 * hart()) = 0;
}

static void external_interrupt(void)
{
    u32 irq = R32(PLIC + 0x201004 + 0x2000 * hart());
    if (irq == UART_IRQ)
        uart_interrupt();
    else if (irq == DISK_IRQ)
        disk_interrupt();
    if (irq)
        R32(PLIC + 0x201004 + 0x2000 * hart()) = irq;
}

static int timer_interrupt(void)
{
    if (hart() == 0)
        ticks++;
#if SSTC
    csr_write(0x14d, csr_read(time) + TICK);
#else
    csr_write(sip, csr_read(sip) & ~2ul);
#endif
    return 1;
}

/* Whether it was the timer's. */
static int interrupt(word cause)
{
    if (cause == (CAUSE_INTERRUPT | 9)) {
        external_interrupt();
        return 0;
    }
    expect(cause == (CAUSE_INTERRUPT | (SSTC ? 5 : 1)), "an unknown interrupt or a fault", 4);
    return timer_interrupt();
}

void kernel_trap(void)
{
    word epc = csr_read(sepc), status = csr_read(sstatus);
    expect(status & 1 << 8 && !(status & SIE), "a trap in the kernel comes from it", 5);
    if (interrupt(csr_read(scause)) && running())
        yield();
    csr_write(sepc, epc);
    csr_write(sstatus, status);
}

static void exit_process(word result)
{
    struct process *p = running();
    spin_lock(&count_lock);
    p->result = result;
    wake(&count);
    spin_lock(&p->lock);
    p->state = OVER;
    spin_unlock(&count_lock);
    switch_away(p);
}

static word wait_for_others(void)
{
    spin_lock(&count_lock);
    for (u32 i = 1; i < PROCS; i++)
        while (!processes[i].result)
            sleep(&count, &count_lock);
    spin_unlock(&count_lock);
    word sum = 0;
    for (u32 i = 1; i < PROCS; i++)
        sum = sum << 8 | processes[i].result;
    note("the others ended with", sum);
    return sum;
}

static const char *user_text(struct process *p, word va)
{
    return (const char *)((*page_entry(p->table, va) << 2 & ~(word)(PAGE - 1)) + va % PAGE);
}

/* A while in which the kernel is preempted. */
static void interrupts_on(void)
{
    csr_set(sstatus, SIE);
    for (volatile u32 i = 0; i < 10000; i++) {
    }
    csr_clear(sstatus, SIE);
}

static void __attribute__((noreturn)) shutdown(void)
{
    while (ticks < 10)
        interrupts_on();
    say("ten ticks and more\r\n");
    finish(0);
}

static word system_call(struct process *p, word *x)
{
    switch (x[17]) {
    case 1: tty_write(user_text(p, x[10]), x[11]); break;
    case 2: disk_show(x[10]); break;
    case 3: note("the sum", x[10]); break;
    case 4: return tty_read();
    case 5: return wait_for_others();
    case 6: shutdown();
    case 7: yield(); break;
    case 8: return interrupts_on(), p->preempted;
    case 9: exit_process(x[10]); break;
    default: expect(0, "an unknown system call", 6);
    }
    return 0;
}

/* Page faults of init are shown, and mended. */
static void page_fault(struct process *p, word cause, word at)
{
    expect(p->number == 1 && at >= 0x4000, "a page fault that was not meant", 7);
    note("page fault", cause);
    note("  at", at);
    if (cause == 12)
        p->saved->frame.x[0] = p->saved->frame.x[1];
    else
        map_pages(p->table, at & ~(word)(PAGE - 1), (word)page_alloc(), PAGE,
                  PTE_R | PTE_W | PTE_U | AD);
}

static void user_resume(void)
{
    struct process *p = running();
    csr_clear(sstatus, SIE);
    csr_write(stvec, TRAMPOLINE + (word)(user_vector - trampoline));
    p->saved->hart = hart();
    csr_write(sstatus, (csr_read(sstatus) & ~(1ul << 8)) | 1 << 5);
    void (*resume)(word, word) =
        (void (*)(word, word))(TRAMPOLINE + (word)(user_return - trampoline));
    resume(FRAME_AT, SATP(p->table));
}

static void user_trap(void)
{
    struct process *p = running();
    csr_write(stvec, kernel_vector);
    word cause = csr_read(scause), at = csr_read(stval);
    if (cause == 8) {
        p->saved->frame.x[0] += 4;
        p->saved->frame.x[10] = system_call(p, p->saved->frame.x);
    } else if (cause == 12 || cause == 13 || cause == 15) {
        page_fault(p, cause, at);
    } else if (cause == 2) {
        exit_process(cause << 4);
    } else if (interrupt(cause)) {
        p->preempted++;
        yield();
    }
    user_resume();
}

/* --- the beginning --- */

static void first_run(void)
{
    spin_unlock(&running()->lock);
    user_resume();
}

static void process_init(u32 i)
{
    struct process *p = &processes[i];
    p->number = i + 1;
    p->table = page_alloc();
    p->saved = page_alloc();
    u8 *code = memcpy(page_alloc(), user_program, PAGE);
    map_pages(p->table, 0, (word)code, PAGE, PTE_R | PTE_X | PTE_U | (AD & PTE_A));
    map_pages(p->table, TRAMPOLINE, (word)trampoline, PAGE, PTE_R | PTE_X | (AD & PTE_A));
    map_pages(p->table, FRAME_AT, (word)p->saved, PAGE, PTE_R | PTE_W | AD);
    map_pages(kernel_table, KSTACK(i), (word)page_alloc(), PAGE, PTE_R | PTE_W | AD);
    p->saved->frame.x[10] = p->number;
    p->saved->satp = SATP(kernel_table);
    p->saved->stack = KSTACK(i) + PAGE;
    p->saved->handler = (word)user_trap;
    p->context.ra = (word)first_run;
    p->context.sp = KSTACK(i) + PAGE;
}

static void kernel_table_init(void)
{
    word data = (word)bss_start, text = data - RAM; /* no variable has a value yet */
    kernel_table = page_alloc();
    map_pages(kernel_table, FINISHER, FINISHER, PAGE, PTE_R | PTE_W | AD);
    map_pages(kernel_table, UART, UART, PAGE, PTE_R | PTE_W | AD);
    map_pages(kernel_table, DISK, DISK, PAGE, PTE_R | PTE_W | AD);
    map_pages(kernel_table, CLINT, CLINT, 0x10000, PTE_R | PTE_W | AD);
    map_pages(kernel_table, PLIC, PLIC, 0x400000, PTE_R | PTE_W | AD);
    map_pages(kernel_table, RAM, RAM, text, PTE_R | PTE_X | (AD & PTE_A));
    map_pages(kernel_table, data, data, 8 << 20, PTE_R | PTE_W | AD);
    map_pages(kernel_table, TRAMPOLINE, (word)trampoline, PAGE, PTE_R | PTE_X | (AD & PTE_A));
}

static void hart_init(void)
{
    use_page_table(SATP(kernel_table));
    csr_write(stvec, kernel_vector);
    plic_init_hart();
    for (u32 i = 0; i < 10000; i++) {
        spin_lock(&count_lock);
        count++;
        spin_unlock(&count_lock);
    }
    while (turn != hart()) {
    }
    note("hart", hart());
    turn++;
}

void main(void)
{
    if (hart() == 0) {
        uart_init();
        say("\r\nkernel is booting\r\n");
        kernel_table_init();
        for (u32 i = 0; i < PROCS; i++)
            process_init(i);
        plic_init();
        disk_init(LEGACY, 1 << 2 | 1 << 9 | 1 << 10);
        __sync_synchronize();
        started = 1;
    }
    while (!started) {
    }
    __sync_synchronize();
    hart_init();
    while (turn != HARTS + (hart() != 0)) {
    }
    if (hart() == 0) {
        note("counted", count);
        turn++;
    }
    schedule();
}
