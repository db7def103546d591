/* SPDX-License-Identifier: MIT */
/*
 * The kernels in a guest: S-mode, everything mapped to itself by Sv39 or Sv32 tables of 4 KiB pages,
 * the console and power-off by SBI, so that any firmware will do, or start.S itself (MACHINE). The boot argument `bench=a,b` names
 * the kernels to run (none: all). For each: `> name`, then `< name nanoseconds checksum`.
 */
#include "kernels.h"

enum { PAGE = 4096, PTES = PAGE / sizeof(uintptr_t), TICK_NS = 100 /* timebase of 10 MHz */ };
enum { PTE_V = 1, PTE_RWX = 7 << 1, PTE_A = 1 << 6, PTE_D = 1 << 7 };
enum { SBI_PUTCHAR = 1, SBI_SHUTDOWN = 8 };

extern char image_start[], image_end[];
void guest_main(const char *fdt);
void guest_trap(uintptr_t cause, uintptr_t pc, uintptr_t value);

static char arena[ARENA_SIZE] __attribute__((section(".noinit"), aligned(4096)));
static uintptr_t root[PTES] __attribute__((aligned(4096)));
static uintptr_t leaf[64][PTES] __attribute__((aligned(4096))); /* at least 128 MiB */

static void sbi_call(uintptr_t function, uintptr_t arg)
{
    register uintptr_t a0 __asm__("a0") = arg;
    register uintptr_t a7 __asm__("a7") = function;
    __asm__ volatile("ecall" : "+r"(a0) : "r"(a7) : "memory", "a1");
}

static void print(const char *s)
{
    while (*s)
        sbi_call(SBI_PUTCHAR, (uintptr_t)*s++);
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

void guest_trap(uintptr_t cause, uintptr_t pc, uintptr_t value)
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

static uintptr_t pte(const void *page, uintptr_t flags)
{
    return (uintptr_t)page >> 12 << 10 | flags | PTE_V;
}

#if __riscv_xlen == 64
#define SATP_MODE ((uintptr_t)8 << 60)

static uintptr_t middle[PTES] __attribute__((aligned(4096)));

/* Puts the leaves, which map image_start and what follows, below the root of Sv39. */
static void link_leaves(unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        middle[((uintptr_t)image_start >> 21 & 511) + i] = pte(leaf[i], 0);
    root[(uintptr_t)image_start >> 30] = pte(middle, 0);
}
#else
#define SATP_MODE ((uintptr_t)1 << 31)

/* As above, for Sv32. */
static void link_leaves(unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        root[((uintptr_t)image_start >> 22) + i] = pte(leaf[i], 0);
}
#endif

/* Maps the image onto itself. It begins where a leaf begins; what lies below belongs to the firmware. */
static void enable_paging(void)
{
    unsigned pages = (unsigned)(image_end - image_start) / PAGE;
    for (unsigned i = 0; i < pages; i++)
        leaf[i / PTES][i % PTES] = pte(image_start + (size_t)i * PAGE, PTE_RWX | PTE_A | PTE_D);
    link_leaves((pages + PTES - 1) / PTES);
    uintptr_t satp = SATP_MODE | (uintptr_t)root >> 12;
    __asm__ volatile("sfence.vma\n csrw satp, %0\n sfence.vma" ::"r"(satp) : "memory");
}

static uint64_t now_ns(void)
{
#if __riscv_xlen == 64
    uint64_t ticks;
    __asm__ volatile("rdtime %0" : "=r"(ticks)::"memory");
#else
    uint32_t low, high, again;
    do
        __asm__ volatile("rdtimeh %0\n rdtime %1\n rdtimeh %2"
                         : "=&r"(high), "=&r"(low), "=r"(again)::"memory");
    while (high != again);
    uint64_t ticks = (uint64_t)high << 32 | low;
#endif
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
    char chosen[KERNEL_COUNT];
    const char *choice = find_choice(fdt);
    for (unsigned i = 0; i < KERNEL_COUNT; i++)
        chosen[i] = !choice || wanted(kernels[i].name, choice);
    enable_paging();
    for (unsigned i = 0; i < KERNEL_COUNT; i++) {
        if (!chosen[i])
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
