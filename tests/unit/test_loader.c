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

static char err[512];

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

/* An ELF64 with one segment of 16 bytes. */
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

static void image_and_initrd(void **state)
{
    (void)state;
    for (unsigned zip = 0; zip < 2; zip++) {
        struct boot_layout l;
        uint8_t *image = make_image(100000, 2 * MIB, 8 * MIB), byte;
        struct machine_config c = config(file("image", image, 100000, zip));
        struct gmem *mem = gmem_create(VIRT_RAM, c.ram);
        c.initrd = file("initrd", image, 5001, false);
        assert_true(loader_load(&c, mem, &l, err, sizeof(err)));
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

static void wants_more_than_there_is(void **state)
{
    (void)state;
    struct boot_layout l;
    uint8_t *image = make_image(4096, 2 * MIB, 63 * MIB);
    struct machine_config c = config(file("big", image, 4096, false));
    assert_false(loader_load(&c, NULL, &l, err, sizeof(err)));
    assert_non_null(strstr(err, "-m"));
    put(image + 16, 60 * MIB, 8);
    c.kernel = file("big", image, 4096, false);
    assert_true(loader_load(&c, NULL, &l, err, sizeof(err)));
    uint8_t *initrd = calloc(1, 2 * MIB);
    c.initrd = file("rd", initrd, 2 * MIB, false);
    assert_false(loader_load(&c, NULL, &l, err, sizeof(err)));
    assert_non_null(strstr(err, "initrd"));
    put(image + 8, UINT64_MAX - 100, 8); /* a text_offset from hell */
    c.initrd = NULL;
    c.kernel = file("big", image, 4096, false);
    assert_false(loader_load(&c, NULL, &l, err, sizeof(err)));
    free(initrd);
    free(image);
}

static void firmware_then_kernel(void **state)
{
    (void)state;
    struct boot_layout l;
    uint8_t elf[136], info[48], *image = make_image(4096, 0, 4096);
    make_elf(elf, 3, 0, 0x10); /* position-independent, linked at 0 */
    struct machine_config c = config(file("kernel", image, 4096, false));
    struct gmem *mem = gmem_create(VIRT_RAM, c.ram);
    c.bios = file("fw", elf, sizeof(elf), false);
    assert_true(loader_load(&c, mem, &l, err, sizeof(err)));
    assert_int_equal(l.entry, VIRT_RAM + 0x10);
    assert_int_equal(l.kernel, VIRT_RAM + 2 * MIB);
    assert_true(l.machine_mode);
    assert_int_equal(*gmem_span(mem, VIRT_RAM, 1), 0xc3);
    loader_write_info(&c, mem, &l);
    assert_true(gmem_read(mem, l.info, info, sizeof(info)));
    assert_memory_equal(info, "OSBI\0\0\0\0\2\0\0\0\0\0\0\0\0\0\x20\x80", 20);
    c.cpu.xlen = 32;
    assert_false(loader_load(&c, NULL, &l, err, sizeof(err)));
    assert_non_null(strstr(err, "rv64"));
    gmem_destroy(mem);
    free(image);
}

static void bare_metal(void **state)
{
    (void)state;
    struct boot_layout l;
    uint8_t elf[136];
    make_elf(elf, 2, VIRT_RAM + 0x1000, VIRT_RAM + 0x1004);
    struct machine_config c = config(file("bare", elf, sizeof(elf), false));
    c.bios = "none";
    assert_true(loader_load(&c, NULL, &l, err, sizeof(err)));
    assert_int_equal(l.entry, VIRT_RAM + 0x1004);
    assert_true(l.machine_mode);
    make_elf(elf, 2, 0x1000, 0x1000);
    c.kernel = file("bare", elf, sizeof(elf), false);
    assert_false(loader_load(&c, NULL, &l, err, sizeof(err)));
    assert_non_null(strstr(err, "outside of guest memory"));
}

static void damaged_files(void **state)
{
    (void)state;
    struct boot_layout l;
    struct machine_config c = config(file("text", "hello", 5, false));
    assert_false(loader_load(&c, NULL, &l, err, sizeof(err)));
    c.kernel = file("cut", "\x1f\x8b\x08\0\0\0\0\0\0\0abcdefghijkl", 22, false);
    assert_false(loader_load(&c, NULL, &l, err, sizeof(err)));
    assert_non_null(strstr(err, "gzip"));
    c.kernel = "/nonexistent";
    assert_false(loader_load(&c, NULL, &l, err, sizeof(err)));
    c.kernel = "/dev/null";
    assert_false(loader_load(&c, NULL, &l, err, sizeof(err)));
}

/* No byte of an ELF file, whatever it is changed to, leads outside of the file. */
static void elf_bytes_changed(void **state)
{
    (void)state;
    struct elf elf;
    uint8_t good[136], *bad = malloc(sizeof(good));
    make_elf(good, 2, VIRT_RAM, VIRT_RAM);
    for (unsigned at = 0; at < 120; at++) {
        for (unsigned v = 0; v < 256; v += 5) {
            memcpy(bad, good, sizeof(good));
            bad[at] = (uint8_t)v;
            if (!elf_parse(&elf, bad, sizeof(good), 64, VIRT_RAM, err, sizeof(err)))
                continue;
            for (unsigned i = 0; i < elf.count; i++) {
                assert_true(elf.segment[i].filesz <= elf.segment[i].memsz);
                assert_true(extent_ok((uint64_t)(elf.segment[i].data - bad), elf.segment[i].filesz,
                                      sizeof(good)));
            }
        }
    }
    for (size_t n = 0; n < sizeof(good); n++)
        assert_false(elf_parse(&elf, good, n, 64, VIRT_RAM, err, sizeof(err)));
    free(bad);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(image_and_initrd),     cmocka_unit_test(wants_more_than_there_is),
        cmocka_unit_test(firmware_then_kernel), cmocka_unit_test(bare_metal),
        cmocka_unit_test(damaged_files),        cmocka_unit_test(elf_bytes_changed),
    };
    return cmocka_run_group_tests(tests, make_folder, drop_folder);
}
