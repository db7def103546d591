/* SPDX-License-Identifier: MIT */
#include "board/loader.h"

#include "board/elf.h"
#include "board/file.h"
#include "board/virt.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define IMAGE_HEADER  64
#define INFO_ROOM     4096
#define HIGH_LIMIT_64 (UINT64_C(3) << 30) /* of what lies high, from address 0: below 4 GiB */
#define HIGH_LIMIT_32 (VIRT_RAM + (UINT64_C(512) << 20)) /* inside the kernel's linear map */

struct loading {
    const struct machine_config *config;
    struct gmem *mem; /* NULL: only check */
    struct boot_layout *layout;
    char *err;
    size_t err_size;
};

static bool PRINTF_LIKE(2, 3) fail(struct loading *l, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(l->err, l->err_size, fmt, ap);
    va_end(ap);
    return false;
}

/* Puts size bytes, taking `room` in RAM, at pa. */
static bool put(struct loading *l, const char *path, uint64_t pa, const uint8_t *data,
                uint64_t size, uint64_t room)
{
    const struct machine_config *c = l->config;
    if (pa < VIRT_RAM || !extent_ok(pa - VIRT_RAM, room, c->ram))
        return fail(l,
                    "%s: [%#llx, +%#llx) is outside of guest memory [%#llx, +%#llx); raise -m or "
                    "link it lower",
                    path, (unsigned long long)pa, (unsigned long long)room,
                    (unsigned long long)VIRT_RAM, (unsigned long long)c->ram);
    l->layout->low_end = MAX(l->layout->low_end, pa + room);
    if (l->mem)
        gmem_write(l->mem, pa, data, size);
    return true;
}

static bool put_elf(struct loading *l, const char *path, const struct file *f, uint64_t bias,
                    uint64_t *entry)
{
    struct elf elf;
    char why[128];
    if (!elf_parse(&elf, f->data, f->size, l->config->cpu.xlen, bias, why, sizeof(why)))
        return fail(l, "%s: %s", path, why);
    for (unsigned i = 0; i < elf.count; i++) {
        const struct elf_segment *s = &elf.segment[i];
        if (!put(l, path, s->pa, s->data, s->filesz, s->memsz))
            return false;
    }
    *entry = elf.entry;
    return true;
}

static bool has_firmware(const struct machine_config *c)
{
    return c->bios && strcmp(c->bios, "none");
}

static bool bare(const struct machine_config *c)
{
    return c->bios && !strcmp(c->bios, "none");
}

static uint64_t get64(const uint8_t *p)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < 8; i++)
        v |= (uint64_t)p[i] << (8 * i);
    return v;
}

/* A Linux Image (Documentation/arch/riscv/boot-image-header.rst) or a flat M-mode program. */
static bool put_flat(struct loading *l, const char *path, const struct file *f)
{
    const struct machine_config *c = l->config;
    bool image = f->size >= IMAGE_HEADER && !memcmp(f->data + 48, "RISCV\0\0", 8) &&
                 !memcmp(f->data + 56, "RSC\x05", 4);
    uint64_t offset = 0, room = f->size;
    if (!image && !bare(c))
        return fail(l, "%s: neither a Linux Image nor ELF; give arch/riscv/boot/Image or Image.gz",
                    path);
    if (image) {
        offset = has_firmware(c) ? (c->cpu.xlen == 32 ? 4u << 20 : 2u << 20) : get64(f->data + 8);
        room = MAX(room, get64(f->data + 16));
    }
    l->layout->kernel = VIRT_RAM + offset;
    if (offset > c->ram || VIRT_RAM + offset < l->layout->low_end)
        return fail(l,
                    "%s: the kernel belongs where the firmware %s ends (%#llx); use a smaller one",
                    path, c->bios ? c->bios : "-", (unsigned long long)l->layout->low_end);
    return put(l, path, l->layout->kernel, f->data, f->size, room);
}

static bool load_kernel(struct loading *l)
{
    const char *path = l->config->kernel;
    struct file f;
    if (!file_read(&f, path, l->config->ram, l->err, l->err_size))
        return false;
    bool ok = file_gunzip(&f, path, l->config->ram, l->err, l->err_size);
    if (ok && elf_is(f.data, f.size))
        ok = put_elf(l, path, &f, VIRT_RAM, &l->layout->kernel);
    else if (ok)
        ok = put_flat(l, path, &f);
    file_free(&f);
    return ok;
}

static bool load_firmware(struct loading *l)
{
    const char *path = l->config->bios;
    struct file f;
    if (!file_read(&f, path, l->config->ram, l->err, l->err_size))
        return false;
    l->layout->entry = VIRT_RAM;
    bool ok = elf_is(f.data, f.size) ? put_elf(l, path, &f, VIRT_RAM, &l->layout->entry)
                                     : put(l, path, VIRT_RAM, f.data, f.size, f.size);
    file_free(&f);
    return ok;
}

/* The initrd ends where the device tree's room begins. */
static bool load_initrd(struct loading *l)
{
    const struct machine_config *c = l->config;
    struct boot_layout *o = l->layout;
    struct file f;
    if (!file_read(&f, c->initrd, c->ram, l->err, l->err_size))
        return false;
    uint64_t low = o->low_end;
    bool ok = f.size <= o->dtb - VIRT_RAM;
    if (ok) {
        o->initrd_start = ALIGN_DOWN(o->dtb - f.size, GMEM_PAGE);
        o->initrd_end = o->initrd_start + f.size;
        ok = o->initrd_start >= low && put(l, c->initrd, o->initrd_start, f.data, f.size, f.size);
    }
    o->low_end = low;
    if (!ok)
        fail(l, "%s: kernel and initrd do not fit into %llu MiB of guest memory; raise -m",
             c->initrd, (unsigned long long)(c->ram >> 20));
    file_free(&f);
    return ok;
}

static bool load_all(struct loading *l)
{
    const struct machine_config *c = l->config;
    struct boot_layout *o = l->layout;
    o->low_end = VIRT_RAM;
    o->machine_mode = c->bios != NULL;
    o->kernel = VIRT_RAM + (c->cpu.xlen == 32 ? 4u << 20 : 2u << 20);
    if (has_firmware(c) && !load_firmware(l))
        return false;
    if (c->kernel && !load_kernel(l))
        return false;
    if (!has_firmware(c))
        o->entry = o->kernel;
    if (o->low_end > o->dtb)
        return fail(l, "%s: does not fit into %llu MiB of guest memory; raise -m",
                    c->kernel ? c->kernel : c->bios, (unsigned long long)(c->ram >> 20));
    return !c->initrd || load_initrd(l);
}

bool loader_load(const struct machine_config *config, struct gmem *mem, struct boot_layout *out,
                 char *err, size_t err_size)
{
    uint64_t limit = config->cpu.xlen == 32 ? HIGH_LIMIT_32 : HIGH_LIMIT_64;
    uint64_t top = ALIGN_DOWN(MIN(VIRT_RAM + config->ram, limit), UINT64_C(2) << 20);
    *out = (struct boot_layout){0};
    out->info = top - INFO_ROOM;
    out->dtb = top - INFO_ROOM - LOADER_DTB_ROOM;
    struct loading l = {
        .config = config, .mem = mem, .layout = out, .err = err, .err_size = err_size};
    return load_all(&l);
}

void loader_write_info(const struct machine_config *config, struct gmem *mem,
                       const struct boot_layout *layout)
{
    const uint64_t field[] = {0x4942534f /* magic "OSBI" */,
                              2 /* version */,
                              layout->kernel,
                              1 /* S-mode */,
                              0 /* options */,
                              0 /* preferred boot hart */};
    unsigned word = config->cpu.xlen / 8;
    uint8_t raw[sizeof(field)] = {0};
    for (unsigned i = 0; i < ARRAY_SIZE(field); i++)
        for (unsigned k = 0; k < word; k++)
            raw[i * word + k] = (uint8_t)(field[i] >> (8 * k));
    gmem_write(mem, layout->info, raw, ARRAY_SIZE(field) * word);
}
