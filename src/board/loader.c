/* SPDX-License-Identifier: MIT */
#include "board/loader.h"

#include "board/elf.h"
#include "board/file.h"
#include "board/foreign.h"
#include "board/virt.h"

#include <stdio.h>
#include <string.h>

#define IMAGE_HEADER  64
#define INFO_ROOM     4096                /* with LOADER_DTB_ROOM 2 MiB */
#define HIGH_LIMIT_64 (UINT64_C(3) << 30) /* of what lies high, from address 0: below 4 GiB */
#define HIGH_LIMIT_32 (VIRT_RAM + (UINT64_C(512) << 20)) /* inside the kernel's linear map */

struct loading {
    const struct machine_config *config;
    struct gmem *mem; /* NULL: only check */
    struct boot_layout *layout;
    struct error *err;
};

/* Puts size bytes, taking `room` in RAM, at pa. */
static bool put(struct loading *l, const char *path, uint64_t pa, const uint8_t *data,
                uint64_t size, uint64_t room)
{
    const struct machine_config *c = l->config;
    if (pa < VIRT_RAM || !extent_ok(pa - VIRT_RAM, room, c->ram))
        return error_set(l->err,
                         "%s: [%#llx, +%#llx) is outside of guest memory [%#llx, +%#llx); %s", path,
                         (unsigned long long)pa, (unsigned long long)room,
                         (unsigned long long)VIRT_RAM, (unsigned long long)c->ram,
                         pa < VIRT_RAM ? "link it there, or give Linux as an Image"
                                       : "raise -m or link it lower");
    l->layout->low_end = MAX(l->layout->low_end, pa + room);
    if (l->mem)
        gmem_write_fresh(l->mem, pa, data, size);
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

/* The program's own addresses; bias: where a position-independent one goes. */
static bool put_elf(struct loading *l, const char *path, const struct file *f, uint64_t bias,
                    uint64_t *start)
{
    struct boot_layout *o = l->layout;
    struct elf elf;
    if (!elf_parse(&elf, f->data, f->size, l->config->cpu.xlen, bias, l->err))
        return error_set(l->err, "%s: %s", path, l->err->text);
    if (elf.lowest < o->low_end && o->low_end > VIRT_RAM)
        return error_set(
            l->err, "%s: it belongs to %#llx, but the firmware %s ends at %#llx; link it higher",
            path, (unsigned long long)elf.lowest, l->config->bios, (unsigned long long)o->low_end);
    for (unsigned i = 0; i < elf.count; i++) {
        const struct elf_segment *s = &elf.segment[i];
        if (!put(l, path, s->pa, s->data, s->filesz, s->memsz))
            return false;
    }
    *start = elf_start(&elf, bias == VIRT_RAM ? VIRT_RAM : 0);
    if (*start != elf.entry)
        o->unused_entry = elf.entry;
    return true;
}

static uint64_t get64(const uint8_t *p)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < 8; i++)
        v |= (uint64_t)p[i] << (8 * i);
    return v;
}

/* Where a kernel without an address of its own goes, as on QEMU: to the start of RAM if it has that
 * for itself, else to the next large page behind the firmware, the built-in one's too. */
static uint64_t kernel_place(const struct loading *l)
{
    uint64_t page = l->config->cpu.xlen == 32 ? 4u << 20 : 2u << 20;
    if (bare(l->config))
        return VIRT_RAM;
    return ALIGN_UP(MAX(l->layout->low_end, VIRT_RAM + 1), page);
}

/* Documentation/arch/riscv/boot-image-header.rst; the second magic replaces the first one. */
static bool is_image(const struct file *f)
{
    return f->size >= IMAGE_HEADER &&
           (!memcmp(f->data + 56, "RSC\x05", 4) || !memcmp(f->data + 48, "RISCV\0\0", 8));
}

/* A Linux Image, of which only the size in memory counts, as on QEMU, or a flat program. */
static bool put_flat(struct loading *l, const char *path, const struct file *f)
{
    bool image = is_image(f);
    const char *foreign = image ? NULL : foreign_program(f->data, f->size);
    if (foreign)
        return error_set(l->err, "%s: this is %s", path, foreign);
    l->layout->kernel = kernel_place(l);
    return put(l, path, l->layout->kernel, f->data, f->size,
               image ? MAX(f->size, get64(f->data + 16)) : f->size);
}

static bool load_kernel(struct loading *l)
{
    const char *path = l->config->kernel;
    struct file f;
    if (!file_read(&f, path, l->config->ram, l->err))
        return false;
    bool ok = file_gunzip(&f, path, l->config->ram, l->err);
    if (ok && elf_is(f.data, f.size))
        ok = put_elf(l, path, &f, kernel_place(l), &l->layout->kernel);
    else if (ok)
        ok = put_flat(l, path, &f);
    file_free(&f);
    return ok;
}

static bool load_firmware(struct loading *l)
{
    const char *path = l->config->bios;
    struct file f;
    if (!file_read(&f, path, l->config->ram, l->err))
        return false;
    l->layout->entry = VIRT_RAM;
    bool elf = elf_is(f.data, f.size);
    const char *foreign = elf ? NULL : foreign_program(f.data, f.size);
    bool ok = foreign ? error_set(l->err, "%s: this is %s", path, foreign)
              : elf   ? put_elf(l, path, &f, VIRT_RAM, &l->layout->entry)
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
    if (!file_read(&f, c->initrd, c->ram, l->err))
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
        error_set(l->err,
                  "%s: kernel and initrd do not fit into %llu MiB of guest memory; raise -m",
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
    if (has_firmware(c) && !load_firmware(l))
        return false;
    o->kernel = kernel_place(l);
    if (c->kernel && !load_kernel(l))
        return false;
    if (!has_firmware(c))
        o->entry = o->kernel;
    if (o->low_end > o->dtb)
        return error_set(l->err, "%s: does not fit into %llu MiB of guest memory; raise -m",
                         c->kernel ? c->kernel : c->bios, (unsigned long long)(c->ram >> 20));
    return !c->initrd || load_initrd(l);
}

bool loader_load(const struct machine_config *config, struct gmem *mem, struct boot_layout *out,
                 struct error *err)
{
    uint64_t limit = config->cpu.xlen == 32 ? HIGH_LIMIT_32 : HIGH_LIMIT_64;
    uint64_t top = ALIGN_DOWN(MIN(VIRT_RAM + config->ram, limit), UINT64_C(2) << 20);
    *out = (struct boot_layout){0};
    out->info = top - INFO_ROOM;
    out->dtb = top - INFO_ROOM - LOADER_DTB_ROOM; /* as on QEMU, on a boundary of 2 MiB */
    struct loading l = {.config = config, .mem = mem, .layout = out, .err = err};
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
