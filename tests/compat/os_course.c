/* SPDX-License-Identifier: MIT */
/*
 * A kernel in the shape of those of courses: RV32 in S-mode behind an SBI of which it uses the
 * legacy calls, Sv32 without A and D bits, kernel threads that switch by themselves, a user
 * program, a text file as a disk of virtio-mmio version 1. OWN_SBI: with an M-mode of its own, for
 * a QEMU without a firmware for RV32.
 */
#include "os_disk.h"
#include "os_sbi.h"

#define USER 0x1000000u

enum { THREADS = 2 };

extern u8 user_program[];
void trap_vector(void);
void resume(struct frame *frame) __attribute__((noreturn));

static struct context main_context, threads[THREADS];
static u8 thread_stacks[THREADS + 1][PAGE] __attribute__((aligned(16)));
static u32 turns;
static u8 sector[512];

#if OWN_SBI
void machine_vector(void);

void machine_start(void)
{
    csr_write(mtvec, machine_vector);
    csr_write(medeleg, 0xf1ff); /* all but the supervisor's ecall */
    csr_write(mideleg, 0xffff);
    csr_write(mcounteren, 7);
    csr_write(pmpaddr0, 0xffffffff);
    csr_write(pmpcfg0, 0x1f);
    csr_clear(mstatus, 3 << 11);
    csr_set(mstatus, 1 << 11);
}

void machine_call(struct frame *frame)
{
    expect(csr_read(mcause) == 9, "a trap to M-mode", 9);
    switch (frame->x[17]) {
    case LEGACY_PUTCHAR: put((char)frame->x[10]); break;
    case LEGACY_GETCHAR: frame->x[10] = R8(UART + 5) & 1 ? R8(UART) : ~(word)0; break;
    case LEGACY_SHUTDOWN: finish(0);
    default: expect(0, "an unknown SBI call", 10);
    }
}
#endif

/* --- threads: each gives the turn to the other --- */

static void thread(void)
{
    for (u32 i = 0; i < 4; i++) {
        u32 me = turns++ % THREADS;
        sbi_put((char)('A' + me));
        switch_context(&threads[me], turns == 4 * THREADS ? &main_context : &threads[!me]);
    }
}

static void run_threads(void)
{
    for (u32 i = 0; i < THREADS; i++) {
        threads[i].ra = (word)thread;
        threads[i].sp = (word)thread_stacks[i + 1];
    }
    switch_context(&main_context, &threads[0]);
    sbi_note(" turns", turns);
}

/* --- the user program --- */

static word read_file(word to)
{
    disk_wait(0, sector, sizeof(sector), 0);
    csr_set(sstatus, 1 << 18); /* SUM */
    memcpy((void *)to, sector, 32);
    csr_clear(sstatus, 1 << 18);
    return 32;
}

static word system_call(word *x)
{
    switch (x[17]) {
    case 1: sbi_put((char)x[10]); return 0;
    case 2: return (word)sbi_get();
    case 3: return read_file(x[10]);
    default: break;
    }
    sbi_note("\r\nthe program ends with", x[10]);
    sbi_shutdown();
    return 0;
}

static word *table;

struct frame *trap(struct frame *frame)
{
    word cause = csr_read(scause), at = csr_read(stval);
    if (cause == 8) {
        frame->x[0] += 4;
        frame->x[10] = system_call(frame->x);
        return frame;
    }
    sbi_note("\r\nunexpected trap", cause);
    sbi_note("at", at);
    sbi_note("pc", frame->x[0] & (PAGE - 1));
    if (cause != 15)
        sbi_shutdown();
    map_pages(table, at & ~(word)(PAGE - 1), (word)page_alloc(), PAGE, PTE_R | PTE_W | PTE_U);
    __asm__ volatile("sfence.vma");
    return frame;
}

static void run_user(void)
{
    table = page_alloc();
    map_pages(table, (word)RAM, (word)RAM, 8 << 20, PTE_R | PTE_W | PTE_X);
    map_pages(table, UART, UART, PAGE, PTE_R | PTE_W);
    map_pages(table, DISK, DISK, PAGE, PTE_R | PTE_W);
    u8 *code = memcpy(page_alloc(), user_program, PAGE);
    map_pages(table, USER, (word)code, PAGE, PTE_R | PTE_W | PTE_X | PTE_U);
    map_pages(table, USER + 2 * PAGE, (word)page_alloc(), PAGE, PTE_R | PTE_W | PTE_X | PTE_U);
    use_page_table(SATP(table));
    struct frame *frame = (struct frame *)page_alloc();
    frame = (struct frame *)((u8 *)frame + PAGE - sizeof(*frame));
    frame->x[0] = USER;
    csr_clear(sstatus, 1 << 8);
    csr_set(sstatus, 1 << 5);
    resume(frame);
}

void main(void)
{
    csr_write(stvec, trap_vector);
    csr_write(sscratch, 0);
    sbi_say("\r\nthe kernel starts\r\n");
    disk_init(1, 0);
    sbi_note("disk of sectors", R32(DISK + 0x100));
    run_threads();
    run_user();
}
