/* SPDX-License-Identifier: MIT */
/*
 * The kernel's services, timed from a process: the only program of a guest whose initrd bench/os writes; it runs as init. For each
 * service that its arguments name (none: all) it prints `> name`, then `< name nanoseconds operations`, and powers off at the end.
 * The guest has one hart, so each answer of another process takes a context switch.
 */
#include <linux/futex.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PAGE = 4096, MAPPED = 256 };

struct service {
    const char *name;
    void (*run)(long count);
    long count;
};

static void getpid_calls(long count)
{
    while (count--)
        syscall(SYS_getpid);
}

static void pipe_pingpong(long count)
{
    int there[2], back[2];
    char byte = 0;
    if (pipe(there) || pipe(back))
        exit(1);
    pid_t child = fork();
    for (long i = 0; i < count; i++) {
        if (child && (write(there[1], &byte, 1) != 1 || read(back[0], &byte, 1) != 1))
            exit(1);
        if (!child && (read(there[0], &byte, 1) != 1 || write(back[1], &byte, 1) != 1))
            _exit(1);
    }
    if (!child)
        _exit(0);
    waitpid(child, NULL, 0);
    for (int i = 0; i < 2; i++) {
        close(there[i]);
        close(back[i]);
    }
}

static void fork_exit(long count)
{
    while (count--) {
        pid_t child = fork();
        if (!child)
            _exit(0);
        waitpid(child, NULL, 0);
    }
}

/* An operation is a page: mapped, touched, which faults, and unmapped. */
static void mmap_faults(long count)
{
    for (; count > 0; count -= MAPPED) {
        char *at = mmap(NULL, (size_t)MAPPED * PAGE, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (at == MAP_FAILED)
            exit(1);
        madvise(at, (size_t)MAPPED * PAGE, MADV_NOHUGEPAGE);
        for (long i = 0; i < MAPPED; i++)
            *(volatile char *)(at + i * PAGE) = 1;
        munmap(at, (size_t)MAPPED * PAGE);
    }
}

static void context_switch(long count)
{
    pid_t child = fork();
    for (long i = 0; i < count; i++)
        sched_yield();
    if (!child)
        _exit(0);
    waitpid(child, NULL, 0);
}

static void futex(uint32_t *word, int op, uint32_t value)
{
    syscall(SYS_futex, word, op, value, NULL, NULL, 0);
}

/* Waits until the word is `turn`, makes it the other's turn, and wakes the other. */
static void take_turn(uint32_t *word, uint32_t turn)
{
    while (__atomic_load_n(word, __ATOMIC_ACQUIRE) != turn)
        futex(word, FUTEX_WAIT, !turn);
    __atomic_store_n(word, !turn, __ATOMIC_RELEASE);
    futex(word, FUTEX_WAKE, 1);
}

static void futex_pingpong(long count)
{
    uint32_t *word = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (word == MAP_FAILED)
        exit(1);
    pid_t child = fork();
    for (long i = 0; i < count; i++)
        take_turn(word, child ? 0 : 1);
    if (!child)
        _exit(0);
    waitpid(child, NULL, 0);
    munmap(word, PAGE);
}

static long long now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* The processor's idle time since the boot, in units of 10 ms; -1: unknown. */
static long idle_ticks(void)
{
    long idle = -1;
    FILE *f = fopen("/proc/stat", "r");
    if (f && fscanf(f, "cpu %*d %*d %*d %ld", &idle) != 1)
        idle = -1;
    if (f)
        fclose(f);
    return idle;
}

/* Waits until the kernel's own threads, which test ciphers after the boot, leave the processor alone. */
static void wait_until_idle(void)
{
    enum { LOOKS = 300, TICKS = 20 };
    mkdir("/proc", 0755);
    mount("proc", "/proc", "proc", 0, NULL);
    for (int i = 0; i < LOOKS; i++) {
        long before = idle_ticks();
        nanosleep(&(struct timespec){0, TICKS * 10000000}, NULL);
        if (before < 0 || idle_ticks() - before >= TICKS - 1)
            return;
    }
}

static int is_wanted(const char *name, int argc, char **argv)
{
    int wanted = argc < 2;
    for (int i = 1; i < argc; i++)
        wanted |= strcmp(argv[i], name) == 0;
    return wanted;
}

int main(int argc, char **argv)
{
    static const struct service services[] = {
        {"getpid", getpid_calls, 200000},  {"pipe", pipe_pingpong, 8000},
        {"fork", fork_exit, 400},          {"mmap", mmap_faults, 32 * 256},
        {"switch", context_switch, 20000}, {"futex", futex_pingpong, 8000},
    };
    wait_until_idle();
    for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++) {
        const struct service *s = &services[i];
        if (!is_wanted(s->name, argc, argv))
            continue;
        s->run(s->count / 10 + 1); /* the code is warm, and translated */
        printf("\n> %s\n", s->name);
        fflush(stdout);
        long long start = now_ns();
        s->run(s->count);
        printf("< %s %lld %ld\n", s->name, now_ns() - start, s->count);
        fflush(stdout);
    }
    reboot(RB_POWER_OFF);
    return 0;
}
