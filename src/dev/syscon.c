/* SPDX-License-Identifier: MIT */
#include "dev/syscon.h"

#define SIZE 0x1000 /* bytes of registers */

static uint64_t syscon_read(void *dev, uint64_t off, unsigned size)
{
    (void)dev, (void)off, (void)size;
    return 0;
}

/* The low half is the action, the high half the code of a failure. */
static void syscon_write(void *dev, uint64_t off, uint64_t val, unsigned size)
{
    (void)size;
    const struct syscon *s = dev;
    if (off)
        return;
    switch (val & 0xffff) {
    case SYSCON_POWEROFF: s->poweroff(s->ctx, 0); break;
    case SYSCON_FAIL: s->poweroff(s->ctx, MAX((unsigned)(val >> 16 & 0xffff), 1u)); break;
    case SYSCON_REBOOT: s->reboot(s->ctx); break;
    default: break;
    }
}

static void syscon_fdt(const void *dev, struct fdt_builder *b, const struct chip_node *node)
{
    (void)dev;
    static const char compatible[] = "sifive,test1\0sifive,test0\0syscon";
    fdt_node(b, "test@%llx", (unsigned long long)node->base);
    fdt_strs(b, "compatible", compatible, sizeof(compatible));
    fdt_reg(b, node->base, SIZE);
    fdt_u32(b, "phandle", node->phandle);
    fdt_node_end(b);
}

static const struct mmio_ops registers = {
    .min_size = 2, .max_size = 4, .read = syscon_read, .write = syscon_write};

const struct chip_ops syscon_chip = {
    .name = "syscon",
    .mmio = &registers,
    .size = SIZE,
    .phandle = true,
    .fdt = syscon_fdt,
};

static void power_node(struct fdt_builder *b, const char *name, const char *compatible,
                       uint32_t phandle, uint32_t value)
{
    fdt_node(b, "%s", name);
    fdt_str(b, "compatible", compatible);
    fdt_u32(b, "regmap", phandle);
    fdt_u32(b, "offset", 0);
    fdt_u32(b, "value", value);
    fdt_node_end(b);
}

void syscon_fdt_power(struct fdt_builder *b, uint32_t phandle)
{
    power_node(b, "poweroff", "syscon-poweroff", phandle, SYSCON_POWEROFF);
    power_node(b, "reboot", "syscon-reboot", phandle, SYSCON_REBOOT);
}
