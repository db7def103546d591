/* SPDX-License-Identifier: MIT */
/* The /cpus node of the device tree. */
#include "cpu/ext.h"
#include "cpu/hart.h"

#include <stdio.h>

void cpu_fdt(const struct cpu *cpu, struct fdt_builder *b, uint32_t *intc_phandle)
{
    const struct cpu_model *m = &cpu->cfg.model;
    char isa[512], list[512], base[8];
    size_t list_len = ext_strings(m, cpu->cfg.firmware, isa, sizeof(isa), list, sizeof(list));
    uint32_t cpu_phandle[CPU_MAX_HARTS];
    snprintf(base, sizeof(base), "rv%ui", m->xlen);
    const char *mmu = m->xlen == 32            ? "riscv,sv32"
                      : model_has(m, EXT_SV57) ? "riscv,sv57"
                      : model_has(m, EXT_SV48) ? "riscv,sv48"
                                               : "riscv,sv39";
    fdt_node(b, "cpus");
    fdt_u32(b, "#address-cells", 1);
    fdt_u32(b, "#size-cells", 0);
    fdt_u32(b, "timebase-frequency", (uint32_t)VCLOCK_HZ);
    for (unsigned i = 0; i < cpu->cfg.harts; i++) {
        fdt_node(b, "cpu@%x", i);
        cpu_phandle[i] = fdt_phandle(b);
        fdt_u32(b, "phandle", cpu_phandle[i]);
        fdt_str(b, "device_type", "cpu");
        fdt_u32(b, "reg", i);
        fdt_str(b, "status", "okay");
        fdt_str(b, "compatible", "riscv");
        fdt_str(b, "riscv,isa", isa);
        fdt_str(b, "riscv,isa-base", base);
        fdt_strs(b, "riscv,isa-extensions", list, list_len);
        fdt_str(b, "mmu-type", mmu);
        fdt_u32(b, "riscv,cbom-block-size", 64);
        fdt_u32(b, "riscv,cbop-block-size", 64);
        fdt_u32(b, "riscv,cboz-block-size", 64);
        fdt_node(b, "interrupt-controller");
        intc_phandle[i] = fdt_phandle(b);
        fdt_u32(b, "phandle", intc_phandle[i]);
        fdt_u32(b, "#address-cells", 0);
        fdt_u32(b, "#interrupt-cells", 1);
        fdt_flag(b, "interrupt-controller");
        fdt_str(b, "compatible", "riscv,cpu-intc");
        fdt_node_end(b);
        fdt_node_end(b);
    }
    fdt_node(b, "cpu-map");
    fdt_node(b, "cluster0");
    for (unsigned i = 0; i < cpu->cfg.harts; i++) {
        fdt_node(b, "core%u", i);
        fdt_u32(b, "cpu", cpu_phandle[i]);
        fdt_node_end(b);
    }
    fdt_node_end(b);
    fdt_node_end(b);
    fdt_node_end(b);
}
