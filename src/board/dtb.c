/* SPDX-License-Identifier: MIT */
/* The device tree to boot with: the board's own, or one the user brings, patched to fit. */
#include "board/internal.h"

#include "board/file.h"
#include "host/entropy.h"

#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATCH_ROOM 8192  /* for what is added, without the command line */
#define FREE_ROOM  16384 /* left in the tree for a boot loader, which edits it where it lies */
#define FILE_LIMIT (UINT64_C(64) << 20) /* a tree may be padded: QEMU\'s are, to 1 MiB */

/* The node at path, made if it is not there; negative: libfdt's error. */
static int ensure_node(void *fdt, const char *name)
{
    int at = fdt_subnode_offset(fdt, 0, name);
    return at >= 0 ? at : fdt_add_subnode(fdt, 0, name);
}

/* val as `cells` cells at *p. */
static void append_cells(fdt32_t **p, int cells, uint64_t val)
{
    for (int i = cells - 1; i >= 0; i--)
        *(*p)++ = cpu_to_fdt32(i < 2 ? (uint32_t)(val >> (32 * i)) : 0);
}

static int patch_memory(void *fdt, uint64_t ram)
{
    int at = fdt_node_offset_by_prop_value(fdt, -1, "device_type", "memory", sizeof("memory"));
    int address = fdt_address_cells(fdt, 0), size = fdt_size_cells(fdt, 0);
    if (address < 1 || size < 1)
        return -FDT_ERR_BADNCELLS;
    if (at < 0)
        at = ensure_node(fdt, "memory@80000000");
    if (at < 0)
        return at;
    fdt32_t reg[2 * FDT_MAX_NCELLS], *end = reg;
    append_cells(&end, address, VIRT_RAM);
    append_cells(&end, size, ram);
    int err = fdt_setprop_string(fdt, at, "device_type", "memory");
    return err ? err : fdt_setprop(fdt, at, "reg", reg, (int)((char *)end - (char *)reg));
}

static int patch_chosen(void *fdt, struct machine *m, const struct boot_layout *layout)
{
    const struct machine_config *c = &m->config;
    uint8_t seed[32];
    int at = ensure_node(fdt, "chosen"), err = at < 0 ? at : 0;
    if (!err && c->cmdline)
        err = fdt_setprop_string(fdt, at, "bootargs", c->cmdline);
    if (!err && layout->initrd_end > layout->initrd_start) {
        err = fdt_setprop_u64(fdt, at, "linux,initrd-start", layout->initrd_start);
        if (!err)
            err = fdt_setprop_u64(fdt, at, "linux,initrd-end", layout->initrd_end);
    }
    if (!err && entropy_fill(m->entropy, seed, sizeof(seed)))
        err = fdt_setprop(fdt, at, "rng-seed", seed, sizeof(seed));
    return err;
}

/* Disables devices that a tree from QEMU has and this board does not: Linux would access them, and
 * die of the access faults. */
static int disable_missing(void *fdt)
{
    static const char *const missing[] = {"pci-host-ecam-generic", "cfi-flash", "qemu,fw-cfg-mmio"};
    int err = 0;
    for (unsigned i = 0; i < ARRAY_SIZE(missing) && !err; i++) {
        int at = -1;
        while (!err && (at = fdt_node_offset_by_compatible(fdt, at, missing[i])) >= 0)
            err = fdt_setprop_string(fdt, at, "status", "disabled");
    }
    return err;
}

/* The tree, malloc'd, with FREE_ROOM bytes of free space behind it; frees it and returns NULL if
 * there is no memory. */
static void *with_room(void *fdt)
{
    size_t size = fdt_totalsize(fdt);
    void *bigger = realloc(fdt, size + FREE_ROOM);
    if (!bigger) {
        free(fdt);
        return NULL;
    }
    memset((char *)bigger + size, 0, FREE_ROOM);
    fdt_set_totalsize(bigger, (uint32_t)(size + FREE_ROOM));
    return bigger;
}

/* A copy of the user's tree with this machine's memory, command line, initrd and seed. */
static void *patch_tree(struct machine *m, const struct boot_layout *layout, const struct file *f,
                        struct error *err)
{
    const struct machine_config *c = &m->config;
    size_t room = f->size + PATCH_ROOM + (c->cmdline ? strlen(c->cmdline) : 0);
    void *fdt = malloc(room);
    int bad = fdt ? fdt_open_into(f->data, fdt, (int)room) : -FDT_ERR_NOSPACE;
    if (!bad)
        bad = patch_memory(fdt, c->ram);
    if (!bad)
        bad = disable_missing(fdt);
    if (!bad)
        bad = patch_chosen(fdt, m, layout);
    if (!bad)
        bad = fdt_pack(fdt);
    if (!bad && (fdt = with_room(fdt)))
        return fdt;
    if (!fdt)
        bad = -FDT_ERR_NOSPACE;
    error_set(err, "%s: the device tree cannot be patched: %s; fix it, or add ,raw", c->dtb,
              fdt_strerror(bad));
    free(fdt);
    return NULL;
}

/* Before version 16 nodes had other names, over which fdt_check_full stumbles. */
static bool is_tree(const struct file *f)
{
    return f->size >= sizeof(struct fdt_header) && !fdt_check_header(f->data) &&
           fdt_version(f->data) >= 16 && !fdt_check_full(f->data, f->size);
}

void *dtb_make(struct machine *m, const struct boot_layout *layout, size_t *size, struct error *err)
{
    const struct machine_config *c = &m->config;
    struct file f;
    if (!c->dtb) {
        void *fdt = virt_fdt(m, layout, size);
        if (fdt && (fdt = with_room(fdt)))
            *size = fdt_totalsize(fdt);
        else
            error_no_memory(err);
        return fdt;
    }
    if (!file_read(&f, c->dtb, FILE_LIMIT, err))
        return NULL;
    if (!is_tree(&f)) {
        error_set(err, "%s: not a device tree blob; compile it with dtc", c->dtb);
        file_free(&f);
        return NULL;
    }
    void *fdt = f.data;
    if (!c->dtb_raw) {
        fdt = patch_tree(m, layout, &f, err);
        file_free(&f);
    }
    *size = fdt ? fdt_totalsize(fdt) : 0;
    if (*size <= LOADER_DTB_ROOM)
        return fdt;
    error_set(err, "%s: the device tree has %zu KiB, but room for %u KiB; %s", c->dtb, *size >> 10,
              LOADER_DTB_ROOM >> 10,
              c->dtb_raw ? "leave out ,raw, or pack it with: dtc -I dtb -O dtb"
                         : "leave something out of it");
    free(fdt);
    return NULL;
}
