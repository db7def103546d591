/* SPDX-License-Identifier: MIT */
#include "board/internal.h"

#include "host/entropy.h"

#include <stdlib.h>

#define STDOUT_PATH "/soc/serial@10000000"

static void write_chosen(struct machine *m, struct fdt_builder *b, const struct boot_layout *layout)
{
    uint8_t seed[32];
    fdt_node(b, "chosen");
    fdt_str(b, "stdout-path", STDOUT_PATH);
    if (m->config.cmdline)
        fdt_str(b, "bootargs", m->config.cmdline);
    if (layout->initrd_end > layout->initrd_start) {
        fdt_u64(b, "linux,initrd-start", layout->initrd_start);
        fdt_u64(b, "linux,initrd-end", layout->initrd_end);
    }
    if (entropy_fill(m->entropy, seed, sizeof(seed)))
        fdt_bytes(b, "rng-seed", seed, sizeof(seed));
    fdt_node_end(b);
}

static void write_memory(struct machine *m, struct fdt_builder *b)
{
    fdt_node(b, "memory@%llx", (unsigned long long)VIRT_RAM);
    fdt_str(b, "device_type", "memory");
    fdt_reg(b, VIRT_RAM, m->config.ram);
    fdt_node_end(b);
}

static void write_soc(struct machine *m, struct fdt_builder *b, const uint32_t *intc)
{
    fdt_node(b, "soc");
    fdt_str(b, "compatible", "simple-bus");
    fdt_u32(b, "#address-cells", 2);
    fdt_u32(b, "#size-cells", 2);
    fdt_flag(b, "ranges");
    chips_fdt(&m->chips, b, chips_phandle(&m->chips, m->plic), intc);
    fdt_node_end(b);
}

static void write_root(struct machine *m, struct fdt_builder *b, const struct boot_layout *layout)
{
    static const char compatible[] = "riscreen,virt\0riscv-virtio";
    uint32_t intc[CPU_MAX_HARTS] = {0};
    fdt_node(b, "%s", "");
    fdt_u32(b, "#address-cells", 2);
    fdt_u32(b, "#size-cells", 2);
    fdt_strs(b, "compatible", compatible, sizeof(compatible));
    fdt_str(b, "model", "riscreen,virt");
    write_chosen(m, b, layout);
    write_memory(m, b);
    cpu_fdt(m->cpu, b, intc);
    chips_fdt_phandles(&m->chips, b);
    write_soc(m, b, intc);
    syscon_fdt_power(b, chips_phandle(&m->chips, &m->syscon));
    fdt_node_end(b);
}

void *virt_fdt(struct machine *m, const struct boot_layout *layout, size_t *size)
{
    struct fdt_builder *b = fdt_builder_create();
    if (!b)
        return NULL;
    write_root(m, b, layout);
    void *blob = fdt_builder_end(b, size);
    fdt_builder_destroy(b);
    return blob;
}
