/* SPDX-License-Identifier: MIT */
/* Whole machines without a screen, running programs of a few instructions as their firmware. */
#include "board/internal.h"
#include "kit/asm.h"

#include <libfdt.h>
#include <malloc.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#define REBOOTS 1000

#define FINISHER 0x100 /* for LUI: the address without its low 12 bits */

static char path[] = "/tmp/riscreen-test-XXXXXX";

static void write_program(const uint32_t *code, size_t n)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(code, 4, n, f), n);
    fclose(f);
}

static struct machine *create(const char *cpu, unsigned harts)
{
    struct error err;
    struct machine_config config = {
        .harts = harts,
        .ram = UINT64_C(64) << 20,
        .bios = path,
        .gpu.scanouts = 1,
        .gpu.width = 640,
        .gpu.height = 480,
        .gpu.device.memory = 64 << 20,
        .gpu.device.edid = true,
    };
    assert_true(cpu_model_parse(cpu, &config.cpu, &err));
    struct machine *m = machine_create(&config, &err);
    if (!m)
        fail_msg("%s", err.text);
    return m;
}

/* --gpu edid=FILE: what is no EDID is refused before anything starts. */
static void test_wrong_edids(void **state)
{
    (void)state;
    static const char *const says[] = {"check the path", "no EDID"};
    for (int i = 0; i < 2; i++) {
        char path[] = "/tmp/riscreen-edid-XXXXXX";
        struct error err = {""};
        int fd = mkstemp(path);
        assert_true(fd >= 0 && write(fd, path, sizeof(path)) == sizeof(path));
        close(fd);
        struct machine_config config = {
            .harts = 1,
            .ram = 64 << 20,
            .gpu.scanouts = 1,
            .gpu.device.edid = true,
            .gpu.edid_file = i ? path : "/nonexistent/edid",
        };
        assert_true(cpu_model_parse("rv64", &config.cpu, &err));
        assert_null(machine_create(&config, &err));
        assert_non_null(strstr(err.text, says[i]));
        unlink(path);
    }
}

static void test_finisher_codes(void **state)
{
    (void)state;
    static const struct {
        uint32_t word;
        int status;
    } rows[] = {{0x5555, 0}, {0x00073333, 7}, {0x01003333, 1}, {0x00003333, 1}};
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        uint32_t word = rows[i].word; /* ADDI extends the sign of its 12 bits */
        const uint32_t code[] = {LUI(T0, FINISHER), LUI(T1, (word + 0x800) >> 12),
                                 ADDI(T1, T1, word), SW(T1, 0, T0), J(0)};
        write_program(code, ARRAY_SIZE(code));
        struct machine *m = create(i & 1 ? "rv32" : "rv64", 2);
        assert_int_equal(machine_run(m), rows[i].status);
        machine_destroy(m);
    }
}

struct reboots {
    struct machine *m;
    unsigned count;
    size_t heap_early;
    struct machine_listener events;
};

static size_t heap(void)
{
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

static void on_event(void *ctx, enum machine_event ev, enum machine_cause cause)
{
    struct reboots *r = ctx;
    if (ev != MACHINE_EVENT_RESET)
        return;
    assert_int_equal(cause, CAUSE_GUEST_RESET);
    if (++r->count == REBOOTS / 10)
        r->heap_early = heap();
    if (r->count == REBOOTS)
        machine_quit(r->m, 42, CAUSE_HOST_QMP_QUIT);
}

static unsigned open_files(void)
{
    unsigned n = 0;
    for (int fd = 0; fd < 256; fd++)
        n += dup2(fd, fd) == fd;
    return n;
}

/* Every boot starts from the file: the program's own change to itself must not survive. */
static void test_a_thousand_reboots(void **state)
{
    (void)state;
    const uint32_t code[] = {
        AUIPC(T0, 0),     LW(T1, 32, T0), /* 0x7777, or what an earlier boot left there */
        SW(ZERO, 32, T0), LUI(T2, FINISHER), SW(T1, 0, T2), J(0), 0, 0, 0x7777,
    };
    write_program(code, ARRAY_SIZE(code));
    struct reboots r = {.m = create("rv64", 1)};
    unsigned files = open_files();
    machine_on_event(r.m, &r.events, on_event, &r);
    assert_int_equal(machine_run(r.m), 42);
    assert_true(r.count >= REBOOTS);
    size_t now = heap();
    if (now > r.heap_early + 65536)
        fail_msg("%zu bytes more after %u reboots", now - r.heap_early, REBOOTS);
    assert_true(open_files() <= files);
    machine_destroy(r.m);
}

static void *run(void *m)
{
    return (void *)(intptr_t)machine_run(m);
}

struct states {
    struct machine_listener events;
    _Atomic unsigned stops, resumes;
};

static void count_states(void *ctx, enum machine_event ev, enum machine_cause cause)
{
    (void)cause;
    struct states *s = ctx;
    s->stops += ev == MACHINE_EVENT_STOP;
    s->resumes += ev == MACHINE_EVENT_RESUME;
}

/* A stopped machine executes nothing; every stop and cont has its event. */
static void test_stop_and_cont(void **state)
{
    (void)state;
    const uint32_t code[] = {ADDI(T0, T0, 1), J(-4)};
    const struct timespec nap = {0, 20000000};
    struct hart_stats before, after;
    struct states s = {0};
    pthread_t thread;
    void *status;
    write_program(code, ARRAY_SIZE(code));
    struct machine *m = create("rv64", 2);
    machine_on_event(m, &s.events, count_states, &s);
    assert_int_equal(pthread_create(&thread, NULL, run, m), 0);
    for (unsigned i = 1; i <= 20; i++) {
        machine_stop(m);
        assert_false(machine_running(m));
        while (s.stops < 2 * i - 1)
            nanosleep(&nap, NULL);
        hart_stats(cpu_hart(machine_cpu(m), 0), &before);
        nanosleep(&nap, NULL);
        hart_stats(cpu_hart(machine_cpu(m), 0), &after);
        assert_int_equal(before.instructions, after.instructions);
        machine_cont(m);
        machine_stop(m);
        machine_cont(m);
        while (s.resumes < 2 * i)
            nanosleep(&nap, NULL);
    }
    machine_stop(m);
    machine_quit(m, 9, CAUSE_HOST_SIGNAL);
    pthread_join(thread, &status);
    assert_int_equal((intptr_t)status, 9);
    machine_destroy(m);
}

static void test_device_tree(void **state)
{
    (void)state;
    const uint32_t code[] = {J(0)};
    size_t size;
    int len;
    write_program(code, 1);
    struct machine *m = create("rv64", 3);
    void *fdt = machine_dtb(m, &size);
    assert_non_null(fdt);
    assert_int_equal(fdt_check_full(fdt, size), 0);
    int plic = fdt_path_offset(fdt, "/soc/plic@c000000");
    fdt_getprop(fdt, plic, "interrupts-extended", &len);
    assert_int_equal(len, 3 * 2 * 8);
    for (unsigned i = 0; i < 8; i++) {
        char node[64];
        snprintf(node, sizeof(node), "/soc/virtio_mmio@%x", 0x10001000 + i * 0x1000);
        const fdt32_t *irq = fdt_getprop(fdt, fdt_path_offset(fdt, node), "interrupts", &len);
        assert_non_null(irq);
        assert_int_equal(fdt32_to_cpu(*irq), i + 1);
    }
    const char *out = fdt_getprop(fdt, fdt_path_offset(fdt, "/chosen"), "stdout-path", &len);
    assert_true(fdt_path_offset(fdt, out) > 0);
    fdt_getprop(fdt, fdt_path_offset(fdt, "/chosen"), "rng-seed", &len);
    assert_int_equal(len, 32);
    char words[4096]; /* a boot loader edits the tree where it lies */
    memset(words, 'x', sizeof(words));
    assert_int_equal(
        fdt_setprop(fdt, fdt_path_offset(fdt, "/chosen"), "words", words, sizeof(words)), 0);
    assert_int_equal(fdt_check_full(fdt, size), 0);
    free(fdt);
    machine_destroy(m);
}

static uint8_t *save(struct machine *m, size_t *size)
{
    struct blob_out out = {0};
    chips_save(&m->chips, &out);
    return blob_out_take(&out, size);
}

/* The state of one machine's harts, chips and devices is loaded into another like it. */
static void test_state_moves(void **state)
{
    (void)state;
    write_program((const uint32_t[]){J(0)}, 1);
    struct machine *from = create("rv64", 2), *to = create("rv64", 2);
    struct machine *other = create("rv64", 3);
    struct blob_in in;
    size_t size, again_size;
    vclock_set_ticks(from->clock, 12345);
    hart_set_reg(cpu_hart(from->cpu, 1), 5, 0x1234);
    assert_true(map_write(from->map, VIRT_UART + 7, 1, 0x55));      /* scratch */
    assert_true(map_write(from->map, VIRT_PLIC + 4, 4, 7));         /* source 1's priority */
    assert_true(map_write(from->map, VIRT_CLINT + 0x4008, 8, 999)); /* hart 1's mtimecmp */
    uint8_t *bytes = save(from, &size), *again;
    blob_in_init(&in, bytes, size);
    assert_true(chips_load(&to->chips, &in) && blob_in_done(&in));
    assert_int_equal(hart_reg(cpu_hart(to->cpu, 1), 5), 0x1234);
    again = save(to, &again_size);
    assert_int_equal(again_size, size);
    assert_memory_equal(again, bytes, size);
    blob_in_init(&in, bytes, size);
    assert_false(chips_load(&other->chips, &in)); /* another number of harts */
    chips_reset(&other->chips);
    free(again);
    free(bytes);
    machine_destroy(from);
    machine_destroy(to);
    machine_destroy(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_state_moves),    cmocka_unit_test(test_wrong_edids),
        cmocka_unit_test(test_finisher_codes), cmocka_unit_test(test_a_thousand_reboots),
        cmocka_unit_test(test_stop_and_cont),  cmocka_unit_test(test_device_tree),
    };
    int fd = mkstemp(path);
    if (fd < 0)
        return 1;
    close(fd);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    return failed;
}
