/* SPDX-License-Identifier: MIT */
/*
 * Work that harts share, timed from a process: the only program of a guest whose initrd bench/parallel writes; it runs as
 * init. The amount of work is the same for any number of harts. For each service that its arguments name (none: all) it prints
 * `> name`, then `< name nanoseconds operations`, and powers off at the end.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PAGE = 4096, HARTS_MAX = 64 };

struct service {
    const char *name;
    void (*run)(long count);
    long count;
};

static long harts;

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static void pin(long hart)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET((size_t)hart, &set);
    sched_setaffinity(0, sizeof(set), &set);
}

/* A thread for each hart, on its hart. */
static void on_each_hart(void *(*work)(void *), long count)
{
    pthread_t thread[HARTS_MAX];
    for (long i = 0; i < harts; i++)
        if (pthread_create(&thread[i], NULL, work, (void *)(count / harts)))
            fail("pthread_create");
    for (long i = 0; i < harts; i++)
        pthread_join(thread[i], NULL);
}

/* --- jobs: processes that compute and write files, as a compiler does --- */

static int by_value(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void one_job(long number)
{
    enum { WORDS = 60000, ROUNDS = 4 };
    uint32_t *words = malloc(WORDS * sizeof(*words)), seed = (uint32_t)number;
    char name[32];
    snprintf(name, sizeof(name), "/tmp/%ld", number);
    for (int r = 0; r < ROUNDS; r++) {
        for (int i = 0; i < WORDS; i++)
            words[i] = seed = seed * 1664525 + 1013904223;
        qsort(words, WORDS, sizeof(*words), by_value);
        FILE *f = fopen(name, "w");
        if (!f)
            fail(name);
        for (int i = 0; i < WORDS; i += 16)
            fprintf(f, "%08x %u\n", words[i], words[i]);
        fclose(f);
    }
    unlink(name);
    free(words);
}

static void jobs(long count)
{
    long running = 0;
    for (long i = 0; i < count; i++) {
        for (; running >= harts; running--)
            wait(NULL);
        if (!fork()) {
            one_job(i);
            _exit(0);
        }
        running++;
    }
    while (wait(NULL) > 0)
        continue;
}

/* --- spin: a lock that is spun for, whose holder sleeps now and then --- */

static uint32_t lock_word;
static volatile uint64_t locked_sum;

static void *spin_thread(void *arg)
{
    enum { SLEEP_EVERY = 1000, SLEEP_NS = 100000 };
    for (long i = 0; i < (long)arg; i++) {
        while (__atomic_exchange_n(&lock_word, 1, __ATOMIC_ACQUIRE))
            while (__atomic_load_n(&lock_word, __ATOMIC_RELAXED))
                __asm__ volatile(".insn i 0x0f, 0, x0, x0, 0x010"); /* pause */
        for (int k = 0; k < 20; k++)
            locked_sum += (uint64_t)i;
        if (i % SLEEP_EVERY == 0)
            nanosleep(&(struct timespec){0, SLEEP_NS}, NULL);
        __atomic_store_n(&lock_word, 0, __ATOMIC_RELEASE);
        for (volatile int k = 0; k < 40; k++)
            continue;
    }
    return NULL;
}

static void spin(long count)
{
    on_each_hart(spin_thread, count);
}

/* --- wake: a process of another hart is woken, and answers --- */

static void ping(long pair, long count)
{
    int there[2], back[2];
    char byte = 0;
    if (pipe(there) || pipe(back))
        fail("pipe");
    pid_t child = fork();
    pin((2 * pair + (child ? 0 : 1)) % harts);
    for (long i = 0; i < count; i++) {
        if (child && (write(there[1], &byte, 1) != 1 || read(back[0], &byte, 1) != 1))
            _exit(1);
        if (!child && (read(there[0], &byte, 1) != 1 || write(back[1], &byte, 1) != 1))
            _exit(1);
    }
    if (child)
        waitpid(child, NULL, 0);
    _exit(0);
}

static void wake(long count)
{
    long pairs = harts < 2 ? 1 : harts / 2;
    for (long i = 0; i < pairs; i++)
        if (!fork())
            ping(i, count / pairs);
    while (wait(NULL) > 0)
        continue;
}

/* --- shoot: pages that all harts may have in their TLBs go --- */

static void *shoot_thread(void *arg)
{
    enum { PAGES = 4 };
    for (long i = 0; i < (long)arg; i++) {
        char *at =
            mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (at == MAP_FAILED)
            fail("mmap");
        for (int k = 0; k < PAGES; k++)
            *(volatile char *)(at + k * PAGE) = 1;
        munmap(at, PAGES * PAGE);
    }
    return NULL;
}

static void shoot(long count)
{
    on_each_hart(shoot_thread, count);
}

/* --- the program --- */

static long long now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
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
    static const struct service services[] = {{"jobs", jobs, 48},
                                              {"spin", spin, 2000000},
                                              {"wake", wake, 16000},
                                              {"shoot", shoot, 16000}};
    mkdir("/tmp", 0755);
    mount("tmp", "/tmp", "tmpfs", 0, NULL);
    harts = sysconf(_SC_NPROCESSORS_ONLN);
    sleep(1); /* until the kernel's own threads, which test ciphers after the boot, are through */
    for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++) {
        const struct service *s = &services[i];
        if (!is_wanted(s->name, argc, argv))
            continue;
        s->run(s->count / 10 + 1);
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
