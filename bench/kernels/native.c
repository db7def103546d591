/* SPDX-License-Identifier: MIT */
/*
 * The kernels on the host. Arguments name the kernels to run (none: all). Prints, as the guest
 * does, `> name` before and `< name nanoseconds checksum` after each.
 */
#include "kernels.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int wanted(const char *name, int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return 1;
    return argc < 2;
}

int main(int argc, char **argv)
{
    void *arena = mmap(NULL, ARENA_SIZE, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (arena == MAP_FAILED) {
        perror("mmap");
        return 1;
    }
    for (int i = 0; i < (int)KERNEL_COUNT; i++) {
        if (!kernels[i].run || !wanted(kernels[i].name, argc, argv))
            continue;
        printf("> %s\n", kernels[i].name);
        fflush(stdout);
        uint64_t start = now_ns();
        uint64_t sum = kernels[i].run(arena);
        printf("< %s %llu %llx\n", kernels[i].name, (unsigned long long)(now_ns() - start),
               (unsigned long long)sum);
        fflush(stdout);
    }
    return 0;
}
