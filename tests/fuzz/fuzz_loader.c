/* SPDX-License-Identifier: MIT */
/*
 * Files that a user may be given to boot: kernels as Linux Images, gzipped ones, ELF files fixed
 * and position-independent, firmware, initrds, device trees. Any bytes are loaded or refused with
 * one line; what is loaded lies in guest RAM, in its order, and a patched tree is a tree.
 */
#include "board/internal.h"
#include "fuzz/fuzz.h"

#include <libfdt.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#define RAM   (UINT64_C(64) << 20)
#define FILES 3

/* Files without a disk. */
struct files {
    int fd[FILES];
    char path[FILES][32];
    unsigned count;
};

static const char *add_file(struct files *files, const void *bytes, size_t size)
{
    int fd = memfd_create("image", MFD_CLOEXEC);
    FUZZ_CHECK(fd >= 0 && files->count < FILES);
    FUZZ_CHECK(write(fd, bytes, size) == (ssize_t)size);
    char *path = files->path[files->count];
    snprintf(path, sizeof(files->path[0]), "/proc/self/fd/%d", fd);
    files->fd[files->count++] = fd;
    return path;
}

/* The bytes as gzip makes them, so that what is behind it is reached. */
static const char *add_gzip(struct files *files, const uint8_t *bytes, size_t size)
{
    uint8_t *zipped = malloc(size + 1024);
    z_stream z = {.next_in = (uint8_t *)bytes,
                  .avail_in = (uInt)size,
                  .next_out = zipped,
                  .avail_out = (uInt)size + 1024};
    FUZZ_CHECK(zipped && deflateInit2(&z, 1, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY) == Z_OK);
    FUZZ_CHECK(deflate(&z, Z_FINISH) == Z_STREAM_END);
    const char *path = add_file(files, zipped, z.total_out);
    deflateEnd(&z);
    free(zipped);
    return path;
}

static bool inside(uint64_t start, uint64_t end)
{
    return start >= VIRT_RAM && start <= end && end <= VIRT_RAM + RAM;
}

static void check_line(const char *err)
{
    FUZZ_CHECK(*err && !strchr(err, '\n'));
}

static void check_layout(const struct boot_layout *l)
{
    FUZZ_CHECK(inside(VIRT_RAM, l->low_end));
    FUZZ_CHECK(l->low_end <= l->dtb && inside(l->dtb, l->dtb + LOADER_DTB_ROOM));
    FUZZ_CHECK(l->initrd_start == l->initrd_end ||
               (l->initrd_start >= l->low_end && l->initrd_end <= l->dtb));
}

static void check_dtb(struct machine *m, const struct boot_layout *l)
{
    struct error err = {""};
    size_t size = 0;
    void *dtb = dtb_make(m, l, &size, &err);
    if (dtb)
        FUZZ_CHECK(size <= LOADER_DTB_ROOM && !fdt_check_full(dtb, size));
    else
        check_line(err.text);
    free(dtb);
}

/* The first byte says what the rest is. */
static void load(struct machine *m, struct files *files, struct fuzz_input *in)
{
    struct machine_config *c = &m->config;
    uint8_t what = fuzz_u8(in), how = fuzz_u8(in);
    c->cpu.xlen = what & 0x80 ? 32 : 64;
    if (how & 1)
        c->initrd = add_file(files, "initrd", 6);
    switch (what % 5) {
    case 0: c->kernel = add_file(files, in->p, in->left); break;
    case 1: c->kernel = add_gzip(files, in->p, in->left); break;
    case 2:
        c->bios = how & 2 ? "none" : NULL;
        c->kernel = add_file(files, in->p, in->left);
        break;
    case 3: c->bios = add_file(files, in->p, in->left); break;
    default:
        c->dtb = add_file(files, in->p, in->left);
        c->dtb_raw = how & 2;
        c->cmdline = how & 4 ? "console=ttyS0 a b c" : NULL;
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    struct machine *m = calloc(1, sizeof(*m));
    struct files files = {0};
    struct boot_layout layout;
    struct error err = {""};
    FUZZ_CHECK(m && (m->mem = gmem_create(VIRT_RAM, RAM)));
    m->config.ram = RAM;
    m->config.harts = 1;
    load(m, &files, &in);
    if (loader_load(&m->config, m->mem, &layout, &err)) {
        check_layout(&layout);
        if (m->config.dtb)
            check_dtb(m, &layout);
        if (m->config.bios)
            loader_write_info(&m->config, m->mem, &layout);
    } else {
        check_line(err.text);
    }
    for (unsigned i = 0; i < files.count; i++)
        close(files.fd[i]);
    gmem_destroy(m->mem);
    free(m);
    return 0;
}
