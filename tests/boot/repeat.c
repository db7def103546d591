/* SPDX-License-Identifier: MIT */
/*
 * Boots a machine with all harts in one thread until it turns itself off, and prints its last
 * state: for each hart its counters and a hash of its registers; the time; hashes of RAM and of
 * the output of the serial line. With "disturb" the machine is stopped, continued and queried for
 * its GPU all the time, which must not change the result.
 *
 * Usage: repeat HARTS disturb|alone KERNEL INITRD DISK CMDLINE
 */
#include "board/internal.h"
#include "virtio/gpu/info.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct digest {
    uint64_t hash;
};

static void add(struct digest *d, const void *data, size_t size)
{
    const uint8_t *p = data;
    uint64_t word = 0;
    for (size_t i = 0; i < size; i += 8) {
        memcpy(&word, p + i, MIN(size - i, 8));
        d->hash = (d->hash ^ word) * UINT64_C(0x100000001b3);
        d->hash ^= d->hash >> 29;
    }
}

static void said(void *ctx, const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        add(ctx, bytes + i, 1);
    fwrite(bytes, 1, n, stderr);
}

struct disturber {
    struct machine *m;
    atomic_bool end;
    unsigned times;
};

static void *disturb(void *arg)
{
    struct disturber *d = arg;
    static struct gpu_info info;
    while (!atomic_load(&d->end)) {
        nanosleep(&(struct timespec){0, 3000000}, NULL);
        machine_stop(d->m);
        virtio_gpu_info(d->m->gpu, &info);
        machine_cont(d->m);
        d->times++;
    }
    return NULL;
}

static void print_hart(struct hart *hart)
{
    struct hart_stats s;
    struct digest d = {0};
    hart_stats(hart, &s);
    for (unsigned i = 1; i < 32; i++)
        add(&d, &(uint64_t){hart_reg(hart, i)}, 8);
    printf("hart %u: pc %#llx, registers %016llx, %llu instructions, %llu traps, %llu ecalls\n",
           hart_id(hart), (unsigned long long)hart_pc(hart), (unsigned long long)d.hash,
           (unsigned long long)s.instructions, (unsigned long long)s.traps,
           (unsigned long long)s.ecalls);
}

int main(int argc, char **argv)
{
    struct digest serial = {0}, ram = {0};
    struct error err;
    const char *bad;
    if (argc != 7)
        return 1;
    struct machine_config c = {
        .harts = (unsigned)atoi(argv[1]),
        .single_thread = true,
        .ram = UINT64_C(512) << 20,
        .kernel = argv[3],
        .initrd = argv[4],
        .disk = {{argv[5], true}},
        .disks = 1,
        .cmdline = argv[6],
        .gpu.scanouts = 1,
        .gpu.width = 640,
        .gpu.height = 480,
        .gpu.device.memory = UINT64_C(64) << 20,
        .gpu.device.edid = true,
        .gpu.device.blob = true,
        .console_out = said,
        .console_ctx = &serial,
    };
    c.log = log_create(NULL, &bad);
    if (!c.log || !cpu_model_parse("rv64", &c.cpu, &err))
        return 1;
    struct machine *m = machine_create(&c, &err);
    if (!m) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    struct disturber d = {.m = m};
    pthread_t thread;
    bool disturbed = !strcmp(argv[2], "disturb");
    if (disturbed && pthread_create(&thread, NULL, disturb, &d))
        return 1;
    int status = machine_run(m);
    atomic_store(&d.end, true);
    if (disturbed)
        pthread_join(thread, NULL);
    for (unsigned i = 0; i < c.harts; i++)
        print_hart(cpu_hart(machine_cpu(m), i));
    add(&ram, gmem_span(m->mem, gmem_base(m->mem), gmem_size(m->mem)), gmem_size(m->mem));
    printf("time %llu ns, RAM %016llx, serial line %016llx, status %d\n",
           (unsigned long long)vclock_ns(m->clock), (unsigned long long)ram.hash,
           (unsigned long long)serial.hash, status);
    fprintf(stderr, "disturbed %u times\n", d.times);
    machine_destroy(m);
    log_destroy(c.log);
    return status;
}
