/* SPDX-License-Identifier: MIT */
/*
 * The kernels in a guest: S-mode, everything mapped to itself by Sv39 tables of 4 KiB pages, the
 * console and power-off by SBI, so that any firmware will do. The boot argument `bench=a,b` names
 * the kernels to run (none: all). For each: `> name`, then `< name nanoseconds checksum`.
 */
#include "kernels.h"

enum { PAGE = 4096, PTES = 512, TICK_NS = 100 /* timebase of 10 MHz */ };
enum { PTE_V = 1, PTE_RWX = 7 << 1, PTE_A = 1 << 6, PTE_D = 1 << 7 };
enum { SBI_PUTCHAR = 1, SBI_SHUTDOWN = 8 };
#define SATP_SV39 (8ull << 60)
#define BASE      0x80200000ull

extern char image_end[];
void guest_main(const char *fdt);
void guest_trap(uint64_t cause, uint64_t pc, uint64_t value);

static char arena[ARENA_SIZE] __attribute__((section(".noinit"), aligned(4096)));
static uint64_t root[PTES] __attribute__((aligned(4096)));
static uint64_t middle[PTES] __attribute__((aligned(4096)));
static uint64_t leaf[64][PTES] __attribute__((aligned(4096))); /* 128 MiB */

static void sbi_call(uint64_t function, uint64_t arg)
{
    register uint64_t a0 __asm__("a0") = arg;
    register uint64_t a7 __asm__("a7") = function;
    __asm__ volatile("ecall" : "+r"(a0) : "r"(a7) : "memory", "a1");
}

static void print(const char *s)
{
    while (*s)
        sbi_call(SBI_PUTCHAR, (uint64_t)*s++);
}

static void print_number(uint64_t value, unsigned base)
{
    char text[24], *p = text + sizeof(text);
    *--p = 0;
    do
        *--p = "0123456789abcdef"[value % base];
    while (value /= base);
    print(p);
}

void guest_trap(uint64_t cause, uint64_t pc, uint64_t value)
{
    print("trap ");
    print_number(cause, 16);
    print(" at ");
    print_number(pc, 16);
    print(" value ");
    print_number(value, 16);
    print("\n");
    sbi_call(SBI_SHUTDOWN, 0);
}

static uint64_t pte(const void *page, uint64_t flags)
{
    return (uint64_t)(uintptr_t)page >> 12 << 10 | flags | PTE_V;
}

/* Maps BASE to image_end onto itself; the first 2 MiB below belong to the firmware. */
static void enable_paging(void)
{
    uint64_t pages = ((uint64_t)(uintptr_t)image_end - BASE) / PAGE;
    for (uint64_t i = 0; i < pages; i++)
        leaf[i / PTES][i % PTES] = pte((void *)(BASE + i * PAGE), PTE_RWX | PTE_A | PTE_D);
    for (uint64_t i = 0; i * PTES < pages; i++)
        middle[(BASE >> 21 & 511) + i] = pte(leaf[i], 0);
    root[BASE >> 30] = pte(middle, 0);
    uint64_t satp = SATP_SV39 | (uint64_t)(uintptr_t)root >> 12;
    __asm__ volatile("sfence.vma\n csrw satp, %0\n sfence.vma" ::"r"(satp) : "memory");
}

static uint64_t now_ns(void)
{
    uint64_t ticks;
    __asm__ volatile("rdtime %0" : "=r"(ticks)::"memory");
    return ticks * TICK_NS;
}

/* The text after `bench=` in the device tree's blob; NULL if it is not there. */
static const char *find_choice(const char *fdt)
{
    const uint8_t *size = (const uint8_t *)fdt + 4;
    uint32_t total = (uint32_t)size[0] << 24 | (uint32_t)size[1] << 16 | size[2] << 8 | size[3];
    static const char key[] = "bench=";
    for (uint32_t i = 0; i + sizeof(key) < total; i++) {
        unsigned n = 0;
        while (n < sizeof(key) - 1 && fdt[i + n] == key[n])
            n++;
        if (n == sizeof(key) - 1)
            return fdt + i + n;
    }
    return NULL;
}

/* Is name one of the comma-separated words of choice? It ends at a space or NUL. */
static int wanted(const char *name, const char *choice)
{
    while (*choice && *choice != ' ') {
        const char *n = name;
        while (*n && *n == *choice)
            n++, choice++;
        if (!*n && (!*choice || *choice == ',' || *choice == ' '))
            return 1;
        while (*choice && *choice != ' ' && *choice != ',')
            choice++;
        choice += *choice == ',';
    }
    return 0;
}

void guest_main(const char *fdt)
{
    unsigned chosen = 0;
    const char *choice = find_choice(fdt);
    for (unsigned i = 0; i < KERNEL_COUNT; i++)
        if (!choice || wanted(kernels[i].name, choice))
            chosen |= 1u << i;
    enable_paging();
    for (unsigned i = 0; i < KERNEL_COUNT; i++) {
        if (!(chosen >> i & 1))
            continue;
        print("\n> ");
        print(kernels[i].name);
        print("\n");
        uint64_t start = now_ns();
        uint64_t sum = kernels[i].run(arena);
        uint64_t time = now_ns() - start;
        print("< ");
        print(kernels[i].name);
        print(" ");
        print_number(time, 10);
        print(" ");
        print_number(sum, 16);
        print("\n");
    }
    sbi_call(SBI_SHUTDOWN, 0);
}

/* What the compiler may call. */
void *memcpy(void *to, const void *from, size_t n);
void *memset(void *to, int value, size_t n);

void *memcpy(void *to, const void *from, size_t n)
{
    char *t = to;
    const char *f = from;
    while (n--)
        *t++ = *f++;
    return to;
}

void *memset(void *to, int value, size_t n)
{
    char *t = to;
    while (n--)
        *t++ = (char)value;
    return to;
}
