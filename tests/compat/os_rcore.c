/* SPDX-License-Identifier: MIT */
/*
 * A kernel in the shape of rCore and its kin: RV64 in S-mode at 0x80200000 behind OpenSBI, of which
 * it uses the legacy calls; Sv39 with gigapages, code that it rewrites, the timer by sie.STIE,
 * typed input polled, user tasks that the timer takes turns with.
 */
#include "os_sbi.h"

#define HIGH   0xffffffff80000000ul /* where RAM lies a second time */
#define USER   0x400000000ul
#define STIE   (1 << 5)
#define SPP    (1 << 8)
#define SPIE   (1 << 5)
#define PERIOD 50000

enum { TASKS = 2 };

extern u8 user_program[];
void trap_vector(void);
void resume(struct frame *frame) __attribute__((noreturn));

static word table[512] __attribute__((aligned(PAGE)));
static volatile u32 ticks;
static struct task {
    struct frame *frame;
    word preempted, result;
} tasks[TASKS];
static u32 current;

static void next_tick(void)
{
    sbi_call(LEGACY_SET_TIMER, 0, now() + PERIOD, 0, 0);
}

static void shutdown(void)
{
    for (u32 i = 0; i < TASKS; i++)
        sbi_note("task ends with", tasks[i].result);
    sbi_say("all tasks are over\r\n");
    sbi_shutdown();
}

/* Another task that is not over; or the end. */
static struct frame *schedule(void)
{
    for (u32 i = 0; i < TASKS; i++) {
        current = (current + 1) % TASKS;
        if (!tasks[current].result)
            return tasks[current].frame;
    }
    shutdown();
    return 0;
}

static struct frame *timer(struct frame *frame)
{
    ticks++;
    next_tick();
    if (csr_read(sstatus) & SPP)
        return frame;
    tasks[current].frame = frame;
    tasks[current].preempted++;
    return schedule();
}

struct frame *trap(struct frame *frame)
{
    word cause = csr_read(scause);
    if (cause == (CAUSE_INTERRUPT | 5))
        return timer(frame);
    if (cause == 3 && csr_read(sstatus) & SPP) {
        sbi_note("breakpoint in the kernel, a0", frame->x[10]);
        frame->x[0] += *(u16 *)frame->x[0] % 4 == 3 ? 4 : 2;
        return frame;
    }
    expect(cause == 8, "an ecall", 2);
    frame->x[0] += 4;
    if (frame->x[17] == 1) {
        frame->x[10] = tasks[current].preempted;
        return frame;
    }
    tasks[current].result = frame->x[10] + 1;
    return schedule();
}

static void paging(void)
{
    table[0] = PTE_R | PTE_W | PTE_V;
    table[RAM >> 30] = RAM >> 2 | PTE_R | PTE_W | PTE_X | PTE_V;
    table[HIGH >> 30 & 511] = table[RAM >> 30];
    use_page_table(SATP(table));
    static volatile u32 seen_twice = 0x1234;
    sbi_note("by the gigapage above", R32((word)&seen_twice - RAM + HIGH));
}

static void rewritten_code(void)
{
    static u32 code[2] = {0x00100513, 0x00008067}; /* li a0, 1; ret */
    word (*volatile function)(void) = (word(*)(void))code;
    __asm__ volatile("fence.i" ::: "memory");
    word before = function();
    code[0] = 0x00200513;
    __asm__ volatile("fence.i" ::: "memory");
    sbi_note("rewritten code gives", before << 4 | function());
}

static void wait_for_ticks(void)
{
    csr_set(sie, STIE);
    next_tick();
    csr_set(sstatus, 2);
    while (ticks < 5)
        __asm__ volatile("wfi");
    csr_clear(sstatus, 2);
    sbi_say("five ticks\r\n");
}

static void echo(void)
{
    sbi_say("> ");
    u32 sum = 0;
    for (char c = 0; c != '\r'; sum += (u8)c) {
        c = sbi_get();
        sbi_put(c);
    }
    sbi_note("\r\nthe line's sum", sum);
}

static void run_tasks(void)
{
    map_pages(table, USER, (word)user_program, PAGE, PTE_R | PTE_X | PTE_U);
    for (u32 i = 0; i < TASKS; i++) {
        u8 *stack = page_alloc();
        tasks[i].frame = (struct frame *)(stack + PAGE - sizeof(struct frame));
        tasks[i].frame->x[0] = USER;
        tasks[i].frame->x[10] = i + 1;
    }
    csr_clear(sstatus, SPP);
    csr_set(sstatus, SPIE);
    resume(tasks[0].frame);
}

void main(void)
{
    csr_write(stvec, trap_vector);
    csr_write(sscratch, 0);
    sbi_say("\r\nthe kernel starts\r\n");
    paging();
    rewritten_code();
    __asm__ volatile("li a0, 77\n\tebreak" ::: "a0");
    wait_for_ticks();
    echo();
    run_tasks();
}
