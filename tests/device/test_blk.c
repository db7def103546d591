/* SPDX-License-Identifier: MIT */
/* Disks: each command and each of its error paths, in many framings, stepped and threaded. */
#include "backend/blk_file.h"
#include "kit/disk.h"
#include "kit/driver.h"
#include "virtio/devices.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <signal.h>
#include <unistd.h>

#include <cmocka.h>

#define SECTORS 8192u /* 4 MiB */
#define SECTOR  512u

enum { T_IN = 0, T_OUT = 1, T_SCSI = 2, T_FLUSH = 4, T_GET_ID = 8, T_DISCARD = 11, T_ZERO = 13 };
enum { S_OK = 0, S_IOERR = 1, S_UNSUPP = 2 };
#define F_RO           (1u << 5)
#define F_FLUSH        (1u << 9)
#define F_CONFIG_WCE   (1u << 11)
#define F_DISCARD      (1u << 13)
#define F_WRITE_ZEROES (1u << 14)

struct fix {
    struct kit kit;
    struct disk *file;
    char path[64];
};

struct req {
    uint32_t type, reserved;
    uint64_t sector;
};
struct seg {
    uint64_t sector;
    uint32_t sectors, flags;
};

static uint8_t pattern(uint64_t pos)
{
    return (uint8_t)(pos / SECTOR * 13 + pos * 7 + 1);
}

static void make_file(char path[64], uint64_t size)
{
    const char *dir = getenv("TMPDIR");
    snprintf(path, 64, "%.40s/riscreen-blk-XXXXXX", dir ? dir : "/tmp");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    uint8_t *b = malloc(size);
    for (uint64_t i = 0; i < size; i++)
        b[i] = pattern(i);
    assert_int_equal(write(fd, b, size), size);
    free(b);
    close(fd);
}

static struct fix *start_with(uint64_t size, bool read_only, bool threaded)
{
    struct fix *f = calloc(1, sizeof(*f));
    struct error err = {""};
    make_file(f->path, size);
    f->file = blk_file_open(f->path, read_only, &err);
    assert_string_equal(err.text, "");
    kit_init(&f->kit, 32 << 20);
    struct virtio_dev *dev = virtio_blk_create(f->kit.mem, NULL, f->file, "disk-0", threaded);
    kit_attach(&f->kit, dev, virtio_blk_worker(dev));
    assert_true(kit_start(&f->kit, KIT_ALL_FEATURES));
    return f;
}

static struct fix *start(bool read_only, bool threaded)
{
    return start_with(SECTORS * SECTOR, read_only, threaded);
}

static int setup(void **state)
{
    *state = start(false, false);
    return 0;
}
static int setup_ro(void **state)
{
    *state = start(true, false);
    return 0;
}
static int setup_threaded(void **state)
{
    *state = start(false, true);
    return 0;
}

static int teardown(void **state)
{
    struct fix *f = *state;
    kit_finish(&f->kit);
    disk_close(f->file);
    unlink(f->path);
    free(f);
    return 0;
}

/* One request: header and data out, data back; its status, 0xcc if none came. */
static uint8_t ask(struct fix *f, uint32_t type, uint64_t sector, const void *out, uint32_t out_len,
                   void *in, uint32_t in_len)
{
    struct req h = {.type = type, .sector = sector};
    uint8_t *req = malloc(sizeof(h) + out_len), *resp = malloc(in_len + 1u);
    memcpy(req, &h, sizeof(h));
    if (out)
        memcpy(req + sizeof(h), out, out_len);
    memset(resp, 0xcc, in_len + 1u);
    assert_int_equal(kit_request(&f->kit, 0, req, sizeof(h) + out_len, resp, in_len + 1),
                     in_len + 1);
    if (in)
        memcpy(in, resp, in_len);
    uint8_t status = resp[in_len];
    free(req);
    free(resp);
    return status;
}

static uint8_t ask_segments(struct fix *f, uint32_t type, const struct seg *s, unsigned n)
{
    return ask(f, type, 0, s, n * sizeof(*s), NULL, 0);
}

static void check_file(struct fix *f, uint64_t pos, const void *want, size_t n)
{
    uint8_t *b = malloc(n);
    int fd = open(f->path, O_RDONLY);
    assert_int_equal(pread(fd, b, n, (off_t)pos), n);
    close(fd);
    assert_memory_equal(b, want, n);
    free(b);
}

static void test_config(void **state)
{
    struct fix *f = *state;
    uint64_t capacity;
    uint32_t word;
    kit_config_read(&f->kit, 0, &capacity, 8);
    assert_int_equal(capacity, SECTORS);
    kit_config_read(&f->kit, 12, &word, 4);
    assert_int_equal(word, 254);
    kit_config_read(&f->kit, 20, &word, 4);
    assert_int_equal(word, 512);
    assert_int_equal(kit_rd(&f->kit, MMIO_DEVICE_ID), 2);
    assert_true(kit_offered(&f->kit) & F_FLUSH);
    assert_false(kit_offered(&f->kit) & F_RO);
    kit_wr(&f->kit, MMIO_CONFIG, 0xffffffff); /* the capacity is not the driver's */
    kit_config_read(&f->kit, 0, &capacity, 8);
    assert_int_equal(capacity, SECTORS);
}

static void read_and_write(struct fix *f, uint32_t sectors)
{
    uint32_t n = sectors * SECTOR;
    uint8_t *a = malloc(n), *b = malloc(n);
    for (uint64_t at = 0; at + sectors <= 64; at += sectors) {
        for (uint32_t i = 0; i < n; i++)
            a[i] = (uint8_t)(i * 3 + at + sectors);
        assert_int_equal(ask(f, T_OUT, at, a, n, NULL, 0), S_OK);
        check_file(f, at * SECTOR, a, n);
        assert_int_equal(ask(f, T_IN, at, NULL, 0, b, n), S_OK);
        assert_memory_equal(a, b, n);
    }
    free(a);
    free(b);
}

static void test_framings(void **state)
{
    struct fix *f = *state;
    static const struct kit_framing framings[] = {
        {0, false, 0}, {100, false, 0}, {0, true, 0},   {1, true, 0},
        {3, true, 2},  {511, true, 0},  {513, true, 1}, {16, true, 0},
    };
    for (unsigned i = 0; i < ARRAY_SIZE(framings); i++) {
        f->kit.framing = framings[i];
        read_and_write(f, 1);
        read_and_write(f, 7);
    }
}

static void test_large(void **state)
{
    struct fix *f = *state;
    uint32_t n = SECTORS * SECTOR; /* the whole disk, more than one step */
    uint8_t *b = malloc(n);
    f->kit.framing = (struct kit_framing){.split = 4096, .indirect = true};
    assert_int_equal(ask(f, T_IN, 0, NULL, 0, b, n), S_OK);
    for (uint32_t i = 0; i < n; i++)
        if (b[i] != pattern(i))
            fail_msg("byte %u", i);
    memset(b, 0x5a, n);
    assert_int_equal(ask(f, T_OUT, 0, b, n, NULL, 0), S_OK);
    check_file(f, 0, b, n);
    free(b);
}

static void test_bounds(void **state)
{
    struct fix *f = *state;
    uint8_t b[2 * SECTOR] = {0};
    static const uint64_t bad[] = {SECTORS,        SECTORS - 1,        SECTORS + 1, ~0ull,
                                   ~0ull / SECTOR, ~0ull / SECTOR + 1, 1ull << 55,  1ull << 63};
    for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
        assert_int_equal(ask(f, T_IN, bad[i], NULL, 0, b, sizeof(b)), S_IOERR);
        assert_int_equal(ask(f, T_OUT, bad[i], b, sizeof(b), NULL, 0), S_IOERR);
    }
    assert_int_equal(ask(f, T_IN, SECTORS - 2, NULL, 0, b, sizeof(b)), S_OK);
    assert_int_equal(ask(f, T_OUT, SECTORS - 2, b, sizeof(b), NULL, 0), S_OK);
    struct stat st;
    assert_int_equal(stat(f->path, &st), 0);
    assert_int_equal(st.st_size, SECTORS * SECTOR); /* never grows */
    for (uint32_t n = 1; n < SECTOR; n += 17) {     /* only whole sectors */
        assert_int_equal(ask(f, T_IN, 0, NULL, 0, b, n), S_IOERR);
        assert_int_equal(ask(f, T_OUT, 0, b, n, NULL, 0), S_IOERR);
    }
    assert_int_equal(ask(f, T_IN, 0, NULL, 0, NULL, 0), S_OK); /* nothing is whole */
}

static void test_unknown(void **state)
{
    struct fix *f = *state;
    static const uint32_t types[] = {T_SCSI, 3, 5, 10, 12, 14, 0x80000000, ~0u};
    uint8_t b[SECTOR];
    for (unsigned i = 0; i < ARRAY_SIZE(types); i++) {
        assert_int_equal(ask(f, types[i], 0, NULL, 0, NULL, 0), S_UNSUPP);
        assert_int_equal(ask(f, types[i], 0, b, 100, b, 100), S_UNSUPP);
    }
}

static void test_malformed(void **state)
{
    struct fix *f = *state;
    struct req h = {.type = T_IN};
    uint8_t b[SECTOR + 1];
    for (uint32_t n = 0; n < sizeof(h); n++) { /* short headers */
        assert_int_equal(kit_request(&f->kit, 0, &h, n, b, 1), 1);
        assert_int_equal(b[0], S_IOERR);
    }
    assert_int_equal(kit_request(&f->kit, 0, &h, sizeof(h), NULL, 0), 0); /* no status byte */
    assert_int_equal(ask(f, T_IN, 0, NULL, 0, b, SECTOR), S_OK);
}

static void test_get_id(void **state)
{
    struct fix *f = *state;
    char id[32];
    memset(id, 'x', sizeof(id));
    assert_int_equal(ask(f, T_GET_ID, 0, NULL, 0, id, 20), S_OK);
    assert_memory_equal(id, "disk-0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20);
    assert_int_equal(ask(f, T_GET_ID, 0, NULL, 0, id, 4), S_OK);
    assert_memory_equal(id, "disk", 4);
    assert_int_equal(ask(f, T_GET_ID, 0, NULL, 0, id, 32), S_OK);
    assert_int_equal(ask(f, T_GET_ID, 0, NULL, 0, NULL, 0), S_OK);
}

static void test_flush(void **state)
{
    struct fix *f = *state;
    assert_int_equal(ask(f, T_FLUSH, 0, NULL, 0, NULL, 0), S_OK);
    assert_int_equal(ask(f, T_FLUSH, ~0ull, NULL, 0, NULL, 0), S_OK);
}

static void check_zeroed(struct fix *f, uint64_t from, uint64_t to)
{
    uint8_t *b = malloc(SECTORS * SECTOR);
    int fd = open(f->path, O_RDONLY);
    assert_int_equal(pread(fd, b, SECTORS * SECTOR, 0), SECTORS * SECTOR);
    close(fd);
    for (uint64_t i = 0; i < SECTORS * SECTOR; i++) {
        bool in = i >= from * SECTOR && i < to * SECTOR;
        if (b[i] != (in ? 0 : pattern(i)))
            fail_msg("byte %llu", (unsigned long long)i);
    }
    free(b);
}

static long blocks(struct fix *f)
{
    struct stat st;
    assert_int_equal(stat(f->path, &st), 0);
    assert_int_equal(st.st_size, SECTORS * SECTOR);
    return (long)st.st_blocks;
}

static void test_discard(void **state)
{
    struct fix *f = *state;
    long before = blocks(f);
    struct seg s = {.sector = 1024, .sectors = 2048};
    assert_int_equal(ask_segments(f, T_DISCARD, &s, 1), S_OK);
    assert_true(blocks(f) <= before - 2000); /* a hole was punched */
    check_zeroed(f, 1024, 3072);
}

static void test_write_zeroes(void **state)
{
    struct fix *f = *state;
    long before = blocks(f);
    struct seg s[] = {{1, 9, 0}, {10, 100, 1}, {110, 0, 0}, {110, 1, 1}, {111, 1024, 1}};
    assert_int_equal(ask_segments(f, T_ZERO, s, 5), S_OK);
    check_zeroed(f, 1, 111 + 1024);
    assert_true(blocks(f) < before);
}

static void test_segment_errors(void **state)
{
    struct fix *f = *state;
    static const struct {
        struct seg seg;
        uint8_t discard, zero;
    } bad[] = {
        {{SECTORS, 1, 0}, S_IOERR, S_IOERR},      {{SECTORS - 1, 2, 0}, S_IOERR, S_IOERR},
        {{~0ull, 1, 0}, S_IOERR, S_IOERR},        {{0, ~0u, 0}, S_IOERR, S_IOERR},
        {{0, SECTORS + 1, 0}, S_IOERR, S_IOERR},  {{0, 1, 2}, S_UNSUPP, S_UNSUPP},
        {{0, 1, 0x80000000}, S_UNSUPP, S_UNSUPP}, {{0, 1, 1}, S_UNSUPP, S_OK},
    };
    for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
        assert_int_equal(ask_segments(f, T_DISCARD, &bad[i].seg, 1), bad[i].discard);
        assert_int_equal(ask_segments(f, T_ZERO, &bad[i].seg, 1), bad[i].zero);
    }
    struct seg many[33] = {{0}};
    assert_int_equal(ask_segments(f, T_DISCARD, many, 33), S_IOERR);
    assert_int_equal(ask_segments(f, T_DISCARD, many, 32), S_OK);
    assert_int_equal(ask_segments(f, T_DISCARD, many, 0), S_IOERR);
    assert_int_equal(ask(f, T_ZERO, 0, many, 15, NULL, 0), S_IOERR);
    assert_int_equal(ask(f, T_ZERO, 0, many, 24, NULL, 0), S_IOERR);
}

static void test_not_negotiated(void **state)
{
    struct fix *f = *state;
    struct seg s = {0, 1, 0};
    uint8_t b[SECTOR];
    assert_true(kit_start(&f->kit, VIRTIO_F_VERSION_1)); /* then writes go through to the disk */
    assert_int_equal(ask_segments(f, T_DISCARD, &s, 1), S_UNSUPP);
    assert_int_equal(ask_segments(f, T_ZERO, &s, 1), S_UNSUPP);
    assert_int_equal(ask(f, T_OUT, 0, b, SECTOR, NULL, 0), S_OK);
    uint8_t off = 0, now;
    kit_config_write(&f->kit, 32, &off, 1); /* CONFIG_WCE was not negotiated */
    kit_config_read(&f->kit, 32, &now, 1);
    assert_int_equal(now, 1);
}

static void test_write_cache(void **state)
{
    struct fix *f = *state;
    uint8_t wce = 9, b[SECTOR] = {1};
    kit_config_read(&f->kit, 32, &wce, 1);
    assert_int_equal(wce, 1);
    wce = 0;
    kit_config_write(&f->kit, 32, &wce, 1);
    kit_run(&f->kit);
    assert_int_equal(ask(f, T_OUT, 3, b, SECTOR, NULL, 0), S_OK);
    kit_config_read(&f->kit, 32, &wce, 1);
    assert_int_equal(wce, 0);
    kit_reset(&f->kit);
    kit_config_read(&f->kit, 32, &wce, 1);
    assert_int_equal(wce, 1);
}

static void test_read_only(void **state)
{
    struct fix *f = *state;
    uint8_t b[SECTOR] = {0}, c[SECTOR];
    struct seg s = {0, 1, 0};
    assert_true(kit_offered(&f->kit) & F_RO);
    assert_false(kit_offered(&f->kit) & (F_DISCARD | F_WRITE_ZEROES));
    assert_int_equal(ask(f, T_OUT, 0, b, SECTOR, NULL, 0), S_IOERR);
    assert_int_equal(ask_segments(f, T_DISCARD, &s, 1), S_UNSUPP);
    assert_int_equal(ask_segments(f, T_ZERO, &s, 1), S_UNSUPP);
    assert_int_equal(ask(f, T_FLUSH, 0, NULL, 0, NULL, 0), S_OK);
    assert_int_equal(ask(f, T_IN, 0, NULL, 0, c, SECTOR), S_OK);
    for (unsigned i = 0; i < SECTOR; i++)
        assert_int_equal(c[i], pattern(i));
    check_zeroed(f, 0, 0);
}

/* The file was cut under us: what touches its lost end fails and does not make it longer. */
static void test_truncated_file(void **state)
{
    struct fix *f = *state;
    uint8_t b[4 * SECTOR] = {0}, want[2 * SECTOR];
    struct seg lost = {.sector = 100, .sectors = 8}, left = {.sector = 0, .sectors = 1};
    struct stat st;
    for (unsigned i = 0; i < 2 * SECTOR; i++)
        want[i] = pattern(i);
    assert_int_equal(truncate(f->path, 2 * SECTOR), 0);
    assert_int_equal(ask(f, T_IN, 0, NULL, 0, b, sizeof(b)), S_IOERR);
    assert_int_equal(ask(f, T_IN, 2, NULL, 0, b, SECTOR), S_IOERR);
    assert_int_equal(ask(f, T_IN, 0, NULL, 0, b, 2 * SECTOR), S_OK);
    assert_memory_equal(b, want, 2 * SECTOR);
    assert_int_equal(ask(f, T_OUT, 1, b, 2 * SECTOR, NULL, 0), S_IOERR);
    assert_int_equal(ask(f, T_OUT, SECTORS - 1, b, SECTOR, NULL, 0), S_IOERR);
    assert_int_equal(ask_segments(f, T_ZERO, &lost, 1), S_IOERR);
    assert_int_equal(ask_segments(f, T_DISCARD, &lost, 1), S_IOERR);
    assert_int_equal(ask(f, T_OUT, 1, b, SECTOR, NULL, 0), S_OK);
    assert_int_equal(ask_segments(f, T_ZERO, &left, 1), S_OK);
    assert_int_equal(stat(f->path, &st), 0);
    assert_int_equal(st.st_size, 2 * SECTOR);
}

/* A file of any size: rounded up, zeros behind its end, and it keeps its size. */
static void test_odd_size(void **state)
{
    (void)state;
    static const unsigned sizes[] = {1, 11, 511, 513, 1023, 4096 + 20};
    for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++) {
        unsigned size = sizes[i], sectors = (size + SECTOR - 1) / SECTOR, room = sectors * SECTOR;
        struct fix *f = start_with(size, false, false);
        uint8_t *b = malloc(room), *want = calloc(1, room);
        uint64_t capacity;
        struct stat st;
        kit_config_read(&f->kit, 0, &capacity, 8);
        assert_int_equal(capacity, sectors);
        for (unsigned k = 0; k < size; k++)
            want[k] = pattern(k);
        memset(b, 0xcc, room);
        assert_int_equal(ask(f, T_IN, 0, NULL, 0, b, room), S_OK);
        assert_memory_equal(b, want, room);
        assert_int_equal(ask(f, T_IN, sectors, NULL, 0, b, SECTOR), S_IOERR);
        memset(want, 0x5a, room);
        f->kit.framing.split = 100; /* the end of the file inside a piece, and before others */
        assert_int_equal(ask(f, T_OUT, 0, want, room, NULL, 0), S_OK);
        check_file(f, 0, want, size);
        memset(want + size, 0, room - size);
        assert_int_equal(ask(f, T_IN, 0, NULL, 0, b, room), S_OK);
        assert_memory_equal(b, want, room);
        struct seg last = {.sector = sectors - 1, .sectors = 1};
        assert_int_equal(ask_segments(f, T_ZERO, &last, 1), S_OK);
        memset(want + room - SECTOR, 0, SECTOR);
        check_file(f, 0, want, size);
        assert_int_equal(ask_segments(f, T_DISCARD, &last, 1), S_OK);
        assert_int_equal(ask(f, T_FLUSH, 0, NULL, 0, NULL, 0), S_OK);
        assert_int_equal(stat(f->path, &st), 0);
        assert_int_equal(st.st_size, size);
        free(b);
        free(want);
        teardown((void **)&f);
    }
}

/* The host refuses to write past a limit: IOERR, what was there stays, the device lives on. */
static void test_host_error(void **state)
{
    struct fix *f = *state;
    uint8_t b[4 * SECTOR] = {0}, c[SECTOR];
    struct rlimit old, small;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small = old;
    small.rlim_cur = 1000 * SECTOR;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    uint8_t status = ask(f, T_OUT, 2000, b, sizeof(b), NULL, 0);
    uint8_t lower = ask(f, T_OUT, 0, b, SECTOR, NULL, 0);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_int_equal(status, S_IOERR);
    assert_int_equal(lower, S_OK);
    assert_int_equal(ask(f, T_IN, 2000, NULL, 0, c, SECTOR), S_OK);
    for (unsigned i = 0; i < SECTOR; i++)
        assert_int_equal(c[i], pattern(2000 * SECTOR + i));
    assert_int_equal(ask(f, T_OUT, 2000, b, sizeof(b), NULL, 0), S_OK);
}

/* Queues up n large writes without waiting. */
static void flood(struct fix *f, unsigned n, uint64_t data)
{
    for (unsigned i = 0; i < n; i++) {
        struct req h = {.type = i & 1 ? T_IN : T_OUT, .sector = i * 64 % 4096};
        struct kit_buf bufs[3] = {{kit_put(&f->kit, &h, sizeof(h)), sizeof(h), false},
                                  {data, 1 << 20, (i & 1) != 0},
                                  {kit_alloc(&f->kit, 1, 1), 1, true}};
        kit_add(&f->kit, 0, bufs, 3);
    }
    kit_kick(&f->kit, 0);
}

static void reset_rounds(struct fix *f, unsigned rounds, bool ring_only)
{
    struct kit *kit = &f->kit;
    uint64_t data = kit_alloc(kit, 1 << 20, 4096), brk = kit->brk;
    uint8_t b[SECTOR];
    for (unsigned i = 0; i < rounds; i++) {
        kit_free_to(kit, brk);
        assert_true(kit_start(kit, KIT_ALL_FEATURES));
        flood(f, 20, data);
        for (volatile unsigned spin = 0; spin < i * 997 % 100000; spin++) {
        }
        if (ring_only) {
            kit_wr(kit, MMIO_QUEUE_SEL, 0);
            kit_wr(kit, MMIO_QUEUE_RESET, 1);
            assert_true(kit_queue_setup(kit, 0, 0));
        } else {
            kit_reset(kit);
            /* after the write returned nothing touches guest memory */
            gmem_fill(kit->mem, KIT_RAM_BASE, 0xee, 2 << 20);
            kit_run(kit);
            for (uint64_t pa = KIT_RAM_BASE; pa < KIT_RAM_BASE + (2 << 20); pa += 512) {
                kit_read(kit, pa, b, SECTOR);
                assert_int_equal(b[0], 0xee);
                assert_int_equal(b[511], 0xee);
            }
            kit_free_to(kit, brk);
            assert_true(kit_start(kit, KIT_ALL_FEATURES));
        }
        assert_int_equal(ask(f, T_IN, 8000, NULL, 0, b, SECTOR), S_OK);
        assert_int_equal(b[0], pattern(8000 * SECTOR));
    }
}

static void test_reset_in_flight(void **state)
{
    reset_rounds(*state, 200, false);
}

static void test_ring_reset_in_flight(void **state)
{
    reset_rounds(*state, 200, true);
}

/* A paused worker goes on where it was. */
static void test_pause_keeps_requests(void **state)
{
    struct fix *f = *state;
    struct kit *kit = &f->kit;
    uint64_t data = kit_alloc(kit, 1 << 20, 4096);
    uint16_t head;
    uint32_t len;
    flood(f, 40, data);
    for (unsigned i = 0; i < 50; i++) {
        worker_pause(kit->worker);
        worker_resume(kit->worker);
    }
    for (unsigned i = 0; i < 40; i++)
        assert_true(kit_wait(kit, 0, &head, &len));
}

static void test_threaded_traffic(void **state)
{
    struct fix *f = *state;
    f->kit.framing = (struct kit_framing){.split = 300, .indirect = true};
    for (unsigned i = 0; i < 20; i++) {
        read_and_write(f, 1);
        read_and_write(f, 16);
    }
}

static void test_destroy_in_flight(void **state)
{
    struct fix *f = *state;
    flood(f, 40, kit_alloc(&f->kit, 1 << 20, 4096)); /* teardown comes at once */
}

/* Over a disk that is no file: what it answers becomes the status, and what it must not see it does
 * not see. */
static void test_any_disk(void **state)
{
    (void)state;
    struct fix f = {0};
    struct kit_disk disk;
    uint8_t b[SECTOR];
    memset(b, 0x5a, sizeof(b));
    kit_disk_init(&disk, 64 * SECTOR);
    kit_init(&f.kit, 1 << 20);
    struct virtio_dev *dev = virtio_blk_create(f.kit.mem, NULL, &disk.disk, "memory", false);
    kit_attach(&f.kit, dev, virtio_blk_worker(dev));
    assert_true(kit_start(&f.kit, KIT_ALL_FEATURES));
    assert_int_equal(ask(&f, T_OUT, 63, b, SECTOR, NULL, 0), S_OK);
    assert_memory_equal(disk.bytes + 63 * SECTOR, b, SECTOR);
    assert_int_equal(ask(&f, T_OUT, 64, b, SECTOR, NULL, 0), S_IOERR);
    assert_int_equal(disk.writes, 1);
    const int failures[] = {EIO, ENOSPC, DISK_CUT};
    for (unsigned i = 0; i < 3; i++) {
        disk.fail = failures[i];
        assert_int_equal(ask(&f, T_IN, 0, NULL, 0, b, SECTOR), S_IOERR);
        assert_int_equal(ask(&f, T_FLUSH, 0, NULL, 0, NULL, 0), S_IOERR);
    }
    disk.fail = 0;
    assert_int_equal(ask(&f, T_IN, 63, NULL, 0, b, SECTOR), S_OK);
    assert_int_equal(b[0], 0x5a);
    disk.disk.read_only = true;
    assert_int_equal(disk_writev(&disk.disk, NULL, 0, 0), EROFS);
    assert_int_equal(disk_zero(&disk.disk, 0, SECTOR, false), EROFS);
    assert_int_equal(disk_discard(&disk.disk, 0, SECTOR), EROFS);
    assert_int_equal(disk_flush(&disk.disk), 0);
    assert_int_equal(disk.writes + disk.zeroes + disk.discards, 1);
    assert_string_equal(disk_error(ENOSPC), "No space left on device");
    kit_finish(&f.kit);
    disk_close(&disk.disk);
}

int main(void)
{
#define TEST(name)     cmocka_unit_test_setup_teardown(name, setup, teardown)
#define THREADED(name) cmocka_unit_test_setup_teardown(name, setup_threaded, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_config),
        TEST(test_framings),
        TEST(test_large),
        TEST(test_bounds),
        TEST(test_unknown),
        TEST(test_malformed),
        TEST(test_get_id),
        TEST(test_flush),
        TEST(test_discard),
        TEST(test_write_zeroes),
        TEST(test_segment_errors),
        TEST(test_not_negotiated),
        TEST(test_write_cache),
        cmocka_unit_test_setup_teardown(test_read_only, setup_ro, teardown),
        TEST(test_truncated_file),
        cmocka_unit_test(test_odd_size),
        TEST(test_host_error),
        cmocka_unit_test(test_any_disk),
        TEST(test_reset_in_flight),
        THREADED(test_reset_in_flight),
        THREADED(test_ring_reset_in_flight),
        THREADED(test_pause_keeps_requests),
        THREADED(test_threaded_traffic),
        THREADED(test_destroy_in_flight),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
