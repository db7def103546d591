/* SPDX-License-Identifier: MIT */
#include "kit/chip_rows.h"

#include "board/console.h"
#include "dev/aclint.h"
#include "dev/plic.h"
#include "dev/rtc.h"
#include "dev/uart.h"

#include <stdlib.h>
#include <string.h>

#define HARTS 2

static void write_reg(const struct chip_ops *ops, void *dev, uint64_t off, uint64_t val,
                      unsigned size)
{
    ops->mmio->write(dev, off, val, size);
}

static void *make_clock(const struct chip_parts *parts)
{
    (void)parts;
    struct vclock *clock = vclock_create();
    vclock_stop(clock);
    return clock;
}

static void drive_clock(void *dev, const struct chip_parts *parts)
{
    (void)parts;
    vclock_set_ticks(dev, 0x123456789abc);
    vclock_set_wall_ns(dev, 0x1122334455667788);
}

static void *make_aclint(const struct chip_parts *parts)
{
    const struct irq_line none[HARTS] = {{0}};
    return aclint_create(HARTS, none, none, parts->clock);
}

static void drive_aclint(void *dev, const struct chip_parts *parts)
{
    (void)parts;
    write_reg(&aclint_chip, dev, 4, 1, 4);
    write_reg(&aclint_chip, dev, 0x4000, 0x1122334455667788, 8);
}

static void *make_plic(const struct chip_parts *parts)
{
    (void)parts;
    const struct irq_line none[2 * HARTS] = {{0}};
    return plic_create(2 * HARTS, none);
}

/* One source claimed and raised again, one pending for a context, one below its threshold. */
static void drive_plic(void *dev, const struct chip_parts *parts)
{
    (void)parts;
    static const unsigned sources[] = {1, 33, 96};
    for (unsigned i = 0; i < ARRAY_SIZE(sources); i++) {
        struct irq_line line = plic_line(dev, sources[i]);
        write_reg(&plic_chip, dev, 4ul * sources[i], 3 + i, 4);
        for (unsigned word = 0; word < 4; word++)
            write_reg(&plic_chip, dev, 0x2000 + 0x80 + 4 * word, ~0u, 4);
        irq_set(&line, true);
    }
    plic_chip.mmio->read(dev, 0x200000 + 0x1000 + 4, 4); /* claims 96 */
    struct irq_line line = plic_line(dev, 96);
    irq_set(&line, true);
    write_reg(&plic_chip, dev, 0x200000, 6, 4); /* context 0's threshold */
}

static bool drop_output(struct chr *chr, const uint8_t *bytes, size_t n)
{
    (void)chr, (void)bytes, (void)n;
    return true;
}

static void accept_nothing(struct chr *chr)
{
    (void)chr;
}

static const struct chr_ops chr_ops = {drop_output, accept_nothing};

static void *make_uart(const struct chip_parts *parts)
{
    *parts->chr = (struct chr){.ops = &chr_ops};
    return uart_create((struct irq_line){0}, parts->chr);
}

/* Bytes of the line across the FIFO's end, bytes of the loop, all registers. */
static void drive_uart(void *dev, const struct chip_parts *parts)
{
    uint8_t bytes[60], taken[50];
    memset(bytes, 'a', sizeof(bytes));
    chr_input(parts->chr, bytes, sizeof(bytes));
    uart_console_read(dev, taken, sizeof(taken));
    memset(bytes, 'b', sizeof(bytes));
    chr_input(parts->chr, bytes, 30);
    write_reg(&uart_chip, dev, 3, 0x83, 1); /* DLAB */
    write_reg(&uart_chip, dev, 0, 0x12, 1);
    write_reg(&uart_chip, dev, 1, 0x34, 1);
    write_reg(&uart_chip, dev, 3, 0x1b, 1);
    write_reg(&uart_chip, dev, 1, 0x0f, 1);
    write_reg(&uart_chip, dev, 2, 0xc1, 1);
    write_reg(&uart_chip, dev, 4, 0x13, 1); /* loopback */
    write_reg(&uart_chip, dev, 7, 0x55, 1);
    write_reg(&uart_chip, dev, 0, 'x', 1);
    write_reg(&uart_chip, dev, 0, 'y', 1);
}

static void *make_rtc(const struct chip_parts *parts)
{
    return rtc_create((struct irq_line){0}, parts->clock);
}

/* An alarm that fired, one that is armed, halves that are latched. */
static void drive_rtc(void *dev, const struct chip_parts *parts)
{
    (void)parts;
    write_reg(&rtc_chip, dev, 0x10, 1, 4);
    write_reg(&rtc_chip, dev, 0x08, 1, 4); /* in 1970: fires at once */
    write_reg(&rtc_chip, dev, 0x0c, 0x7f112233, 4);
    write_reg(&rtc_chip, dev, 0x08, 0x44556677, 4);
    write_reg(&rtc_chip, dev, 0x04, 0x99, 4);
}

static void *make_console(const struct chip_parts *parts)
{
    const struct console_config config = {.loop = parts->loop};
    return console_create(&config);
}

static void drive_console(void *dev, const struct chip_parts *parts)
{
    (void)parts;
    static const char text[] = "[    1.5] Kernel panic - not\n[    1.6] ---[ end Ker";
    chr_write(console_chr(dev), (const uint8_t *)text, sizeof(text) - 1);
}

const struct chip_row chip_rows[CHIP_ROWS] = {
    {&vclock_chip, make_clock, drive_clock}, {&aclint_chip, make_aclint, drive_aclint},
    {&plic_chip, make_plic, drive_plic},     {&uart_chip, make_uart, drive_uart},
    {&rtc_chip, make_rtc, drive_rtc},        {&console_chip, make_console, drive_console},
};

void chip_parts_init(struct chip_parts *parts)
{
    *parts = (struct chip_parts){loop_create(), vclock_create(), calloc(1, sizeof(struct chr))};
    vclock_stop(parts->clock);
}

void chip_parts_finish(struct chip_parts *parts)
{
    vclock_destroy(parts->clock);
    loop_destroy(parts->loop);
    free(parts->chr);
}

void chip_rows_destroy(const struct chip_row *row, void *dev)
{
    if (row->ops->destroy)
        row->ops->destroy(dev);
    else
        vclock_destroy(dev);
}

uint8_t *chip_rows_save(const struct chip_row *row, void *dev, size_t *size)
{
    struct blob_out out = {0};
    row->ops->save(dev, &out);
    return blob_out_take(&out, size);
}

bool chip_rows_load(const struct chip_row *row, void *dev, const void *bytes, size_t size,
                    char *reason, size_t room)
{
    struct blob_in in;
    blob_in_init(&in, bytes, size);
    bool good = row->ops->load(dev, &in);
    blob_in_reason(&in, reason, room);
    return good;
}
