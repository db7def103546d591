/* SPDX-License-Identifier: MIT */
#include "board/elf.h"
#include "board/loader.h"
#include "board/virt.h"
#include "bus/gmem.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <cmocka.h>

#define MIB (UINT64_C(1) << 20)

static struct error err;

static void put(uint8_t *p, uint64_t v, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        p[i] = (uint8_t)(v >> (8 * i));
}

/* A Linux Image of `size` bytes that asks for image_size bytes at text_offset. */
static uint8_t *make_image(size_t size, uint64_t text_offset, uint64_t image_size)
{
    uint8_t *p = malloc(size);
    memset(p, 0x5a, size);
    put(p + 8, text_offset, 8);
    put(p + 16, image_size, 8);
    memcpy(p + 48, "RISCV\0\0\0RSC\x05", 12);
    return p;
}

/* An ELF64 with one segment of 16 bytes, at the same virtual address. */
static void make_elf(uint8_t p[136], unsigned type, uint64_t pa, uint64_t entry)
{
    memset(p, 0, 136);
    memcpy(p, "\177ELF\2\1\1", 7);
    put(p + 16, type, 2);
    put(p + 18, 243, 2);
    put(p + 24, entry, 8);
    put(p + 32, 64, 8);
    put(p + 54, 56, 2);
    put(p + 56, 1, 2);
    put(p + 64, 1, 4);
    put(p + 64 + 8, 120, 8);
    put(p + 64 + 16, pa, 8);
    put(p + 64 + 24, pa, 8);
    put(p + 64 + 32, 16, 8);
    put(p + 64 + 40, 4096, 8);
    memset(p + 120, 0xc3, 16);
}

static char folder[] = "/tmp/riscreen-loader-XXXXXX"; /* all files are in it */

static int make_folder(void **state)
{
    (void)state;
    return !mkdtemp(folder);
}

static int drop_folder(void **state)
{
    (void)state;
    DIR *dir = opendir(folder);
    for (struct dirent *e; (e = readdir(dir));)
        unlinkat(dirfd(dir), e->d_name, 0); /* not . and .. */
    closedir(dir);
    return rmdir(folder);
}

static const char *file(const char *name, const void *data, size_t size, bool zip)
{
    static char paths[4][64];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, 64, "%s/%s", folder, name);
    gzFile f = gzopen(path, zip ? "wb1" : "wbT");
    assert_int_equal(gzwrite(f, data, (unsigned)size), (int)size);
    gzclose(f);
    return path;
}

static struct machine_config config(const char *kernel)
{
    return (struct machine_config){.cpu.xlen = 64, .harts = 1, .ram = 64 * MIB, .kernel = kernel};
}

static void test_image_and_initrd(void **state)
{
    (void)state;
    for (unsigned zip = 0; zip < 2; zip++) {
        struct boot_layout l;
        uint8_t *image = make_image(100000, 2 * MIB, 8 * MIB), byte;
        struct machine_config c = config(file("image", image, 100000, zip));
        struct gmem *mem = gmem_create(VIRT_RAM, c.ram);
        c.initrd = file("initrd", image, 5001, false);
        assert_true(loader_load(&c, mem, &l, &err));
        assert_int_equal(l.entry, VIRT_RAM + 2 * MIB);
        assert_false(l.machine_mode);
        assert_int_equal(l.low_end, VIRT_RAM + 10 * MIB);
        assert_int_equal(l.initrd_end - l.initrd_start, 5001);
        assert_int_equal(l.initrd_start % 4096, 0);
        assert_true(l.initrd_end <= l.dtb && l.dtb + LOADER_DTB_ROOM <= VIRT_RAM + c.ram);
        assert_memory_equal(gmem_span(mem, l.entry, 100000), image, 100000);
        assert_memory_equal(gmem_span(mem, l.initrd_start, 5001), image, 5001);
        assert_true(gmem_read(mem, l.entry + 100000, &byte, 1) && byte == 0);
        gmem_destroy(mem);
        free(image);
    }
}

static void test_wants_more_than_there_is(void **state)
{
    (void)state;
    struct boot_layout l;
    uint8_t *image = make_image(4096, 2 * MIB, 63 * MIB);
    struct machine_config c = config(file("big", image, 4096, false));
    assert_false(loader_load(&c, NULL, &l, &err));
    assert_non_null(strstr(err.text, "-m"));
    put(image + 16, 60 * MIB, 8);
    c.kernel = file("big", image, 4096, false);
    assert_true(loader_load(&c, NULL, &l, &err));
    uint8_t *initrd = calloc(1, 2 * MIB);
    c.initrd = file("rd", initrd, 2 * MIB, false);
    assert_false(loader_load(&c, NULL, &l, &err));
    assert_non_null(strstr(err.text, "initrd"));
    put(image + 16, UINT64_MAX - 100, 8); /* an image_size from hell */
    c.initrd = NULL;
    c.kernel = file("big", image, 4096, false);
    assert_false(loader_load(&c, NULL, &l, &err));
    free(initrd);
    free(image);
}

/* QEMU takes a flat kernel, with and without a header, to the large page behind the firmware, or to
 * the start of RAM; text_offset does not matter, and one of the two magics is enough. */
static void test_flat_kernels(void **state)
{
    (void)state;
    static const struct {
        const char *bios; /* "fw": a firmware of 5 MiB */
        unsigned xlen;
        uint64_t at;
    } rows[] = {{NULL, 64, 2 * MIB}, {NULL, 32, 4 * MIB}, {"none", 64, 0},
                {"none", 32, 0},     {"fw", 64, 6 * MIB}, {"fw", 32, 8 * MIB}};
    static uint8_t firmware[5 * MIB] = {0x13};
    for (unsigned header = 0; header < 4; header++) {
        uint8_t *image = make_image(4096, UINT64_MAX - 100, 0);
        if (!(header & 1))
            memset(image + 48, 0, 8);
        if (!(header & 2))
            memset(image + 56, 0, 4);
        for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
            struct boot_layout l;
            struct machine_config c = config(file("flat", image, 4096, i & 1));
            c.cpu.xlen = rows[i].xlen;
            c.bios = rows[i].bios;
            if (c.bios && strcmp(c.bios, "none"))
                c.bios = file("fw", firmware, sizeof(firmware), false);
            assert_true(loader_load(&c, NULL, &l, &err));
            assert_int_equal(l.kernel, VIRT_RAM + rows[i].at);
            assert_int_equal(l.entry, c.bios ? VIRT_RAM : VIRT_RAM + rows[i].at);
            assert_int_equal(l.low_end, l.kernel + 4096);
        }
        free(image);
    }
}

/* What is certainly no program is named, as a kernel and as firmware. */
static void test_foreign_files(void **state)
{
    (void)state;
    static const struct {
        unsigned at;
        const char *magic;
        unsigned len;
        const char *name;
    } rows[] = {
        {0, "MZ\0\0zimg", 8, "zboot"},
        {0, "\x27\x05\x19\x56", 4, "uImage"},
        {0, "BZh91AY&SY", 10, "bzip2"},
        {0x38, "ARM\x64", 4, "ARM"},
        {0x202, "HdrS", 4, "x86"},
        {0, "\3757zXZ", 6, "xz"},
        {0, "\x28\xb5\x2f\xfd", 4, "zstd"},
        {0, "070701", 6, "initrd"},
        {0, "\xd0\x0d\xfe\xed", 4, "device tree"},
        {0, "QFI\xfb", 4, "qcow2"},
        {0, "#!/bin/sh\n", 0, "text"},
        {0, "\0\0\0\0", 4, "zeros"},
    };
    for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
        struct boot_layout l;
        uint8_t raw[4096];
        memset(raw, rows[i].len ? 0x5a : ' ', sizeof(raw));
        raw[4095] = 0xff;
        memcpy(raw + rows[i].at, rows[i].magic, rows[i].len);
        struct machine_config c = config(file("foreign", raw, sizeof(raw), false));
        for (unsigned firmware = 0; firmware < 2; firmware++) {
            assert_false(loader_load(&c, NULL, &l, &err));
            if (!strstr(err.text, rows[i].name))
                fail_msg("%s: %s", rows[i].name, err.text);
            c.bios = c.kernel;
        }
    }
    struct boot_layout l;
    struct machine_config c = config(file("byte", "\1", 1, false));
    assert_false(loader_load(&c, NULL, &l, &err));
    assert_non_null(strstr(err.text, "single byte"));
    uint8_t *image = make_image(4096, 0, 0); /* an EFI stub's MZ is no reason */
    memcpy(image, "MZ", 2);
    c = config(file("stub", image, 4096, false));
    assert_true(loader_load(&c, NULL, &l, &err));
    free(image);
}

static uint64_t start_of(const uint8_t elf[136], const char *bios)
{
    struct boot_layout l;
    struct machine_config c = config(file("elf", elf, 136, false));
    c.bios = bios;
    assert_true(loader_load(&c, NULL, &l, &err));
    assert_true(l.entry == l.kernel);
    return l.entry;
}

/* Entries that are virtual, 0, elsewhere: a program starts at its lowest address, as on QEMU. Where
 * that is no code, its entry counts. */
static void test_elf_entries(void **state)
{
    (void)state;
    const uint64_t at = VIRT_RAM + 2 * MIB, high = UINT64_C(0xffffffff80200000);
    const uint64_t entries[] = {0, at, at + 4, high, high + 4, 0x1234, UINT64_MAX};
    uint8_t elf[136];
    for (unsigned i = 0; i < ARRAY_SIZE(entries); i++) {
        make_elf(elf, 2, at, entries[i]);
        put(elf + 64 + 16, high, 8);
        assert_int_equal(start_of(elf, NULL), at);
    }
    make_elf(elf, 2, at, at + 0x78);
    put(elf + 64 + 8, 0, 8); /* the headers are loaded, and code is behind them */
    put(elf + 64 + 32, 136, 8);
    assert_int_equal(start_of(elf, NULL), at + 0x78);
    put(elf + 64 + 16, high, 8);
    put(elf + 24, high + 0x78, 8);
    assert_int_equal(start_of(elf, NULL), at + 0x78);
    make_elf(elf, 2, VIRT_RAM, VIRT_RAM + 4); /* M-mode begins at 0x80000000 */
    assert_int_equal(start_of(elf, "none"), VIRT_RAM);
    make_elf(elf, 3, 0, 8); /* position-independent: QEMU has no place for it */
    assert_int_equal(start_of(elf, NULL), at + 8);
    make_elf(elf, 3, at + MIB, at + MIB); /* also, but it was linked where it can stay */
    assert_int_equal(start_of(elf, NULL), at + MIB);
}

/* Two segments of 4096 bytes, at both distances. */
static void test_overlapping_segments(void **state)
{
    (void)state;
    struct boot_layout l;
    uint8_t elf[192];
    for (unsigned apart = 0; apart <= 4096; apart += 2048) {
        make_elf(elf, 2, VIRT_RAM + 2 * MIB, 0);
        put(elf + 56, 2, 2);
        memcpy(elf + 120, elf + 64, 56);
        put(elf + 120 + 24, VIRT_RAM + 2 * MIB + apart, 8);
        struct machine_config c = config(file("two", elf, sizeof(elf), false));
        assert_true(loader_load(&c, NULL, &l, &err) == (apart == 4096));
        if (apart < 4096)
            assert_non_null(strstr(err.text, "overlap"));
    }
}

static void test_firmware_then_kernel(void **state)
{
    (void)state;
    struct boot_layout l;
    uint8_t elf[136], info[48], *image = make_image(4096, 0, 4096);
    make_elf(elf, 3, 0, 0x10); /* position-independent, linked at 0 */
    struct machine_config c = config(file("kernel", image, 4096, false));
    struct gmem *mem = gmem_create(VIRT_RAM, c.ram);
    c.bios = file("fw", elf, sizeof(elf), false);
    assert_true(loader_load(&c, mem, &l, &err));
    assert_int_equal(l.entry, VIRT_RAM + 0x10);
    assert_int_equal(l.kernel, VIRT_RAM + 2 * MIB);
    assert_true(l.machine_mode);
    assert_int_equal(*gmem_span(mem, VIRT_RAM, 1), 0xc3);
    loader_write_info(&c, mem, &l);
    assert_true(gmem_read(mem, l.info, info, sizeof(info)));
    assert_memory_equal(info, "OSBI\0\0\0\0\2\0\0\0\0\0\0\0\0\0\x20\x80", 20);
    c.cpu.xlen = 32;
    assert_false(loader_load(&c, NULL, &l, &err));
    assert_non_null(strstr(err.text, "rv64"));
    gmem_destroy(mem);
    free(image);
}

static void test_bare_metal(void **state)
{
    (void)state;
    struct boot_layout l;
    uint8_t elf[136];
    make_elf(elf, 2, VIRT_RAM + 0x1000, VIRT_RAM + 0x1004);
    struct machine_config c = config(file("bare", elf, sizeof(elf), false));
    c.bios = "none";
    assert_true(loader_load(&c, NULL, &l, &err));
    assert_int_equal(l.entry, VIRT_RAM + 0x1004);
    assert_true(l.machine_mode);
    make_elf(elf, 2, 0x1000, 0x1000);
    c.kernel = file("bare", elf, sizeof(elf), false);
    assert_false(loader_load(&c, NULL, &l, &err));
    assert_non_null(strstr(err.text, "outside of guest memory"));
}

static void test_damaged_files(void **state)
{
    (void)state;
    struct boot_layout l;
    struct machine_config c = config(file("text", "hello", 5, false));
    assert_false(loader_load(&c, NULL, &l, &err));
    c.kernel = file("cut", "\x1f\x8b\x08\0\0\0\0\0\0\0abcdefghijkl", 22, false);
    assert_false(loader_load(&c, NULL, &l, &err));
    assert_non_null(strstr(err.text, "gzip"));
    c.kernel = "/nonexistent";
    assert_false(loader_load(&c, NULL, &l, &err));
    c.kernel = "/dev/null";
    assert_false(loader_load(&c, NULL, &l, &err));
}

/* No byte of an ELF file, whatever it is changed to, leads outside of the file. */
static void test_elf_bytes_changed(void **state)
{
    (void)state;
    struct elf elf;
    uint8_t good[136], *bad = malloc(sizeof(good));
    make_elf(good, 2, VIRT_RAM, VIRT_RAM);
    for (unsigned at = 0; at < 120; at++) {
        for (unsigned v = 0; v < 256; v += 5) {
            memcpy(bad, good, sizeof(good));
            bad[at] = (uint8_t)v;
            if (!elf_parse(&elf, bad, sizeof(good), 64, VIRT_RAM, &err))
                continue;
            for (unsigned i = 0; i < elf.count; i++) {
                assert_true(elf.segment[i].filesz <= elf.segment[i].memsz);
                assert_true(extent_ok((uint64_t)(elf.segment[i].data - bad), elf.segment[i].filesz,
                                      sizeof(good)));
            }
        }
    }
    for (size_t n = 0; n < sizeof(good); n++)
        assert_false(elf_parse(&elf, good, n, 64, VIRT_RAM, &err));
    free(bad);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_image_and_initrd),
        cmocka_unit_test(test_wants_more_than_there_is),
        cmocka_unit_test(test_flat_kernels),
        cmocka_unit_test(test_foreign_files),
        cmocka_unit_test(test_elf_entries),
        cmocka_unit_test(test_overlapping_segments),
        cmocka_unit_test(test_firmware_then_kernel),
        cmocka_unit_test(test_bare_metal),
        cmocka_unit_test(test_damaged_files),
        cmocka_unit_test(test_elf_bytes_changed),
    };
    return cmocka_run_group_tests(tests, make_folder, drop_folder);
}
