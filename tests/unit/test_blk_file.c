/* SPDX-License-Identifier: MIT */
/* Disk files of the host: which are refused and why, locks, and buffers in many pieces. */
#include "backend/blk_file.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define SIZE 65536u

struct fixture {
    struct disk *disk; /* open for writing */
    char path[64];
};

static uint8_t byte_at(uint64_t pos)
{
    return (uint8_t)(pos / 512 * 13 + pos * 7 + 1);
}

static void make_file(char path[64], uint64_t size)
{
    const char *dir = getenv("TMPDIR");
    snprintf(path, 64, "%.40s/riscreen-blk-XXXXXX", dir ? dir : "/tmp");
    FILE *file = fdopen(mkstemp(path), "wb");
    assert_non_null(file);
    for (uint64_t i = 0; i < size; i++)
        putc(byte_at(i), file);
    assert_int_equal(fclose(file), 0);
}

static void check_unchanged(const char *path)
{
    FILE *file = fopen(path, "rb");
    for (uint64_t i = 0; i < SIZE; i++)
        assert_int_equal(getc(file), byte_at(i));
    assert_int_equal(getc(file), EOF);
    fclose(file);
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct error err;
    make_file(f->path, SIZE);
    f->disk = blk_file_open(f->path, false, &err);
    *state = f;
    return f->disk ? 0 : -1;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    disk_close(f->disk);
    unlink(f->path);
    free(f);
    return 0;
}

static void expect_open_error(const char *path, bool read_only, const char *part)
{
    struct error err = {""};
    assert_null(blk_file_open(path, read_only, &err));
    if (!strstr(err.text, part) || strchr(err.text, '\n'))
        fail_msg("\"%s\" does not say \"%s\" on one line", err.text, part);
}

static void test_open_errors(void **state)
{
    (void)state;
    char path[64];
    struct error err;
    expect_open_error("/nonexistent/disk.img", false, "No such file");
    expect_open_error("/tmp", false, "raw image");
    expect_open_error("/tmp", true, "not a file");
    expect_open_error("/dev/null", false, "not a file");
    make_file(path, 0);
    expect_open_error(path, false, "is empty");
    expect_open_error(path, true, "is empty");
    assert_int_equal(truncate(path, 1023), 0);
    struct disk *f = blk_file_open(path, false, &err);
    assert_int_equal(f->size, 1024);
    disk_close(f);
    if (geteuid() != 0) { /* root may write anything */
        assert_int_equal(chmod(path, 0444), 0);
        expect_open_error(path, false, ",ro");
    }
    unlink(path);
}

static void test_foreign_formats(void **state)
{
    (void)state;
    static const char *const heads[] = {"QFI\xfb", "\x1f\x8b\x08", "\3757zXZ", "KDMV"};
    static const char *const says[] = {"qcow2", "gzip", "xz", "VMDK"};
    for (unsigned i = 0; i < ARRAY_SIZE(heads); i++) {
        char path[64], head[8] = {0};
        make_file(path, 1024);
        memcpy(head, heads[i], i == 2 ? 6 : strlen(heads[i]));
        int fd = open(path, O_WRONLY);
        assert_int_equal(pwrite(fd, head, 8, 0), 8);
        close(fd);
        expect_open_error(path, false, says[i]);
        unlink(path);
    }
}

/* Magic numbers elsewhere than in the first bytes, and bytes that a raw disk may begin with. */
static void test_foreign_places(void **state)
{
    (void)state;
    static const struct {
        long at, size; /* at < 0: from the end */
        const char *magic;
        unsigned len;
        const char *says; /* NULL: a raw disk */
    } rows[] = {
        {0, 4096, "vhdxfile", 8, "VHDX"},
        {0x40, 4096, "\x7f\x10\xda\xbe", 4, "VDI"},
        {0, 4096, "conectix", 8, "VHD"},
        {-512, 4096, "conectix\0\0\0\2\0\1\0\0", 16, "VHD"},
        {-511, 4095, "conectix\0\0\0\2\0\1\0\0", 16, "VHD"},
        {0, 4096, "# Disk DescriptorFile", 21, "VMDK"},
        {-512, 4096, "conectix is a word", 18, NULL},
        {512, 4096, "conectix\0\0\0\2\0\1\0\0", 16, NULL},
        {0, 4096, "MZ\0\0", 4, NULL},
        {0x1fe, 4096, "\x55\xaa", 2, NULL},
        {0, 512, "\xeb\x58\x90", 3, NULL},
    };
    for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
        char path[64];
        struct error err;
        make_file(path, (uint64_t)rows[i].size);
        int fd = open(path, O_WRONLY);
        long at = rows[i].at < 0 ? rows[i].size + rows[i].at : rows[i].at;
        assert_int_equal(pwrite(fd, rows[i].magic, rows[i].len, at), rows[i].len);
        close(fd);
        if (rows[i].says) {
            expect_open_error(path, false, rows[i].says);
            expect_open_error(path, true,
                              rows[i].at < 0 ? "convert -f vpc -O raw" : "convert -O raw");
        } else {
            struct disk *f = blk_file_open(path, false, &err);
            assert_non_null(f);
            disk_close(f);
        }
        unlink(path);
    }
}

static void test_locking(void **state)
{
    struct fixture *f = *state;
    struct error err = {""};
    char path[64];
    expect_open_error(f->path, false, "in use");
    expect_open_error(f->path, true, "in use");
    make_file(path, 1024);
    struct disk *a = blk_file_open(path, true, &err);
    struct disk *b = blk_file_open(path, true, &err); /* readers share it */
    assert_non_null(a);
    assert_non_null(b);
    expect_open_error(path, false, "in use");
    disk_close(a);
    expect_open_error(path, false, "in use");
    disk_close(b);
    a = blk_file_open(path, false, &err); /* closing unlocks */
    assert_non_null(a);
    assert_int_equal(disk_writev(a, NULL, 0, 0), 0);
    disk_close(a);
    unlink(path);
}

static void test_many_pieces(void **state)
{
    struct fixture *f = *state;
    static uint8_t b[1500];
    struct iovec iov[1500];
    for (unsigned i = 0; i < 1500; i++)
        iov[i] = (struct iovec){b + i, i % 3 ? 1 : 0}; /* empty ones, too */
    assert_int_equal(disk_readv(f->disk, iov, 1500, 100), 0);
    uint64_t pos = 100;
    for (unsigned i = 0; i < 1500; i++)
        if (i % 3)
            assert_int_equal(b[i], byte_at(pos++));
    assert_int_equal(disk_writev(f->disk, iov, 1500, 100), 0);
    check_unchanged(f->path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_open_errors),
        cmocka_unit_test(test_foreign_formats),
        cmocka_unit_test(test_foreign_places),
        cmocka_unit_test_setup_teardown(test_locking, setup, teardown),
        cmocka_unit_test_setup_teardown(test_many_pieces, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
