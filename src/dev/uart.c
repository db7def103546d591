/* SPDX-License-Identifier: MIT */
#include "dev/uart.h"

#include <pthread.h>
#include <stdlib.h>

#define SIZE     0x100 /* bytes of registers */
#define CLOCK_HZ 3686400
#define RX_ROOM  64 /* more than the chip's 16, which saves wake-ups */

enum {
    RBR = 0,
    THR = 0,
    DLL = 0,
    IER = 1,
    DLM = 1,
    IIR = 2,
    FCR = 2,
    LCR = 3,
    MCR = 4,
    LSR = 5,
    MSR = 6,
    SCR = 7
};
enum { IER_RDI = 1, IER_THRI = 2, IER_RLSI = 4, IER_MSI = 8 };
enum { IIR_NONE = 1, IIR_THRE = 2, IIR_RDA = 4, IIR_FIFOS = 0xc0 };
enum { FCR_ENABLE = 1, FCR_CLEAR_RX = 2 };
enum { LCR_DLAB = 0x80 };
enum { MCR_DTR = 1, MCR_RTS = 2, MCR_OUT1 = 4, MCR_OUT2 = 8, MCR_LOOP = 0x10 };
enum { LSR_DR = 1, LSR_THRE = 0x20, LSR_TEMT = 0x40 };
enum { MSR_CTS = 0x10, MSR_DSR = 0x20, MSR_RI = 0x40, MSR_DCD = 0x80 };

struct fifo {
    uint8_t byte[RX_ROOM];
    unsigned at, count;
};

struct uart {
    struct irq_line irq;
    struct chr *chr;
    pthread_mutex_t lock;
    /* under lock */
    uint8_t ier, fcr, lcr, mcr, scr, dll, dlm;
    bool thre_pending; /* the THRE interrupt's own latch: IIR reads and THR writes clear it */
    bool tx_full;      /* the back-end takes no more */
    bool raised;
    bool starved; /* uart_input took less than it was given */
    /* Bytes of the line, and bytes that loopback mode sent: the first are not visible
     * in that mode, and clearing the FIFO drops the second only. */
    struct fifo line, looped;
};

/* The FIFO that the driver reads from; NULL: none has a byte. */
static struct fifo *receiver(struct uart *u)
{
    if (u->looped.count)
        return &u->looped;
    return u->line.count && !(u->mcr & MCR_LOOP) ? &u->line : NULL;
}

/* The highest-priority interrupt that is pending and enabled. */
static uint8_t pending_cause(struct uart *u)
{
    if ((u->ier & IER_RDI) && receiver(u))
        return IIR_RDA;
    if ((u->ier & IER_THRI) && u->thre_pending)
        return IIR_THRE;
    return IIR_NONE;
}

/* Sets the line. event: raises it again though it is up, for a driver that did not read the last
 * cause and never will. */
static void update_line(struct uart *u, bool event)
{
    bool raised = pending_cause(u) != IIR_NONE;
    if (raised != u->raised || (raised && event))
        irq_set(&u->irq, raised);
    u->raised = raised;
}

static void fifo_push(struct fifo *f, uint8_t byte)
{
    f->byte[(f->at + f->count) % RX_ROOM] = byte;
    f->count++;
}

static uint8_t fifo_pop(struct fifo *f)
{
    uint8_t byte = f->byte[f->at];
    f->at = (f->at + 1) % RX_ROOM;
    f->count--;
    return byte;
}

static uint8_t read_rbr(struct uart *u)
{
    struct fifo *f = receiver(u);
    return f ? fifo_pop(f) : 0;
}

static void transmit(struct uart *u, const uint8_t *bytes, size_t n)
{
    if (!chr_write(u->chr, bytes, n))
        u->tx_full = true;
}

static void write_thr(struct uart *u, uint8_t byte)
{
    if (u->mcr & MCR_LOOP) {
        if (u->looped.count < RX_ROOM)
            fifo_push(&u->looped, byte);
    } else {
        transmit(u, &byte, 1);
    }
    u->thre_pending = !u->tx_full;
}

static void write_ier(struct uart *u, uint8_t val)
{
    bool was = u->ier & IER_THRI;
    u->ier = val & 0xf;
    if (!was && (u->ier & IER_THRI) && !u->tx_full)
        u->thre_pending = true; /* enabling it with an empty THR interrupts at once */
}

static uint8_t read_msr(const struct uart *u)
{
    if (!(u->mcr & MCR_LOOP))
        return MSR_CTS | MSR_DSR | MSR_DCD;
    return (uint8_t)((u->mcr & MCR_RTS ? MSR_CTS : 0) | (u->mcr & MCR_DTR ? MSR_DSR : 0) |
                     (u->mcr & MCR_OUT1 ? MSR_RI : 0) | (u->mcr & MCR_OUT2 ? MSR_DCD : 0));
}

static uint8_t read_iir(struct uart *u)
{
    uint8_t iir = pending_cause(u);
    if (iir == IIR_THRE)
        u->thre_pending = false;
    return iir | (u->fcr & FCR_ENABLE ? IIR_FIFOS : 0);
}

/* True if the back-end waits for room and half of it is free; it then waits no more. Lock held. */
static bool wants_more(struct uart *u)
{
    if (!u->starved || u->line.count > RX_ROOM / 2)
        return false;
    u->starved = false;
    return true;
}

static uint8_t read_reg(struct uart *u, unsigned reg)
{
    bool dlab = u->lcr & LCR_DLAB;
    switch (reg) {
    case RBR: return dlab ? u->dll : read_rbr(u);
    case IER: return dlab ? u->dlm : u->ier;
    case IIR: return read_iir(u);
    case LCR: return u->lcr;
    case MCR: return u->mcr;
    case LSR: return (uint8_t)((receiver(u) ? LSR_DR : 0) | (u->tx_full ? 0 : LSR_THRE | LSR_TEMT));
    case MSR: return read_msr(u);
    default: return u->scr;
    }
}

static void write_reg(struct uart *u, unsigned reg, uint8_t val)
{
    bool dlab = u->lcr & LCR_DLAB;
    switch (reg) {
    case THR:
        if (dlab)
            u->dll = val;
        else
            write_thr(u, val);
        break;
    case IER:
        if (dlab)
            u->dlm = val;
        else
            write_ier(u, val);
        break;
    case FCR:
        /* Of the line nothing is lost: what was typed ahead counts as not yet sent. */
        u->fcr = val;
        if (val & FCR_CLEAR_RX)
            u->looped.count = 0;
        break;
    case LCR: u->lcr = val; break;
    case MCR: u->mcr = val & 0x1f; break;
    case SCR: u->scr = val; break;
    default: break;
    }
}

static uint64_t uart_read(void *dev, uint64_t off, unsigned size)
{
    (void)size;
    struct uart *u = dev;
    if (off > SCR)
        return 0;
    pthread_mutex_lock(&u->lock);
    uint8_t val = read_reg(u, (unsigned)off);
    update_line(u, off == RBR && receiver(u)); /* a driver may take one byte in each interrupt */
    bool more = wants_more(u);
    pthread_mutex_unlock(&u->lock);
    if (more)
        chr_accept(u->chr);
    return val;
}

static void uart_write(void *dev, uint64_t off, uint64_t val, unsigned size)
{
    (void)size;
    struct uart *u = dev;
    if (off > SCR)
        return;
    pthread_mutex_lock(&u->lock);
    uint8_t ier = u->ier;
    write_reg(u, (unsigned)off, (uint8_t)val);
    update_line(u, off == THR || u->ier != ier);
    bool more = wants_more(u);
    pthread_mutex_unlock(&u->lock);
    if (more)
        chr_accept(u->chr);
}

static void uart_reset(void *dev)
{
    struct uart *u = dev;
    pthread_mutex_lock(&u->lock);
    u->ier = u->fcr = u->lcr = u->scr = u->dlm = 0;
    u->dll = 12; /* 9600 baud */
    u->mcr = MCR_OUT2;
    u->thre_pending = false;
    update_line(u, false);
    pthread_mutex_unlock(&u->lock);
}

static void uart_destroy(void *dev)
{
    struct uart *u = dev;
    chr_attach(u->chr, NULL, NULL);
    pthread_mutex_destroy(&u->lock);
    free(u);
}

static size_t uart_input(void *dev, const uint8_t *bytes, size_t n)
{
    struct uart *u = dev;
    pthread_mutex_lock(&u->lock);
    size_t took = 0;
    while (took < n && u->line.count < RX_ROOM && !(u->mcr & MCR_LOOP))
        fifo_push(&u->line, bytes[took++]);
    if (took < n)
        u->starved = true;
    update_line(u, took > 0);
    pthread_mutex_unlock(&u->lock);
    return took;
}

static void uart_writable(void *dev)
{
    struct uart *u = dev;
    pthread_mutex_lock(&u->lock);
    if (u->tx_full) {
        u->tx_full = false;
        u->thre_pending = true;
        update_line(u, true);
    }
    pthread_mutex_unlock(&u->lock);
}

static const struct chr_user_ops user_ops = {uart_input, uart_writable};

struct uart *uart_create(struct irq_line irq, struct chr *chr)
{
    struct uart *u = calloc(1, sizeof(*u));
    if (!u)
        return NULL;
    u->irq = irq;
    u->chr = chr;
    chr_attach(chr, &user_ops, u);
    pthread_mutex_init(&u->lock, NULL);
    uart_reset(u);
    return u;
}

size_t uart_console_write(struct uart *u, const uint8_t *bytes, size_t n)
{
    pthread_mutex_lock(&u->lock);
    size_t took = u->tx_full ? 0 : n;
    if (took)
        transmit(u, bytes, took);
    pthread_mutex_unlock(&u->lock);
    return took;
}

size_t uart_console_read(struct uart *u, uint8_t *bytes, size_t n)
{
    pthread_mutex_lock(&u->lock);
    size_t took = 0;
    while (took < n && u->line.count)
        bytes[took++] = fifo_pop(&u->line);
    update_line(u, false);
    bool more = wants_more(u);
    pthread_mutex_unlock(&u->lock);
    if (more)
        chr_accept(u->chr);
    return took;
}

static void put_fifo(struct blob_out *out, const struct fifo *f)
{
    blob_put_u8(out, (uint8_t)f->count);
    for (unsigned i = 0; i < f->count; i++)
        blob_put_u8(out, f->byte[(f->at + i) % RX_ROOM]);
}

static void get_fifo(struct blob_in *in, struct fifo *f)
{
    uint8_t count = blob_get_u8(in);
    *f = (struct fifo){0};
    if (blob_check(in, count <= RX_ROOM, "more bytes than the receiver has room for") &&
        blob_get(in, f->byte, count))
        f->count = count;
}

static void uart_save(void *dev, struct blob_out *out)
{
    struct uart *u = dev;
    pthread_mutex_lock(&u->lock);
    const uint8_t reg[] = {u->ier, u->fcr, u->lcr, u->mcr, u->scr, u->dll, u->dlm};
    blob_put(out, reg, sizeof(reg));
    blob_put_bool(out, u->thre_pending);
    blob_put_bool(out, u->tx_full);
    blob_put_bool(out, u->raised);
    put_fifo(out, &u->line);
    put_fifo(out, &u->looped);
    pthread_mutex_unlock(&u->lock);
}

/* What uart_save saved. */
static bool get_state(struct blob_in *in, struct uart *to)
{
    uint8_t *const reg[] = {&to->ier, &to->fcr, &to->lcr, &to->mcr, &to->scr, &to->dll, &to->dlm};
    for (unsigned i = 0; i < ARRAY_SIZE(reg); i++)
        *reg[i] = blob_get_u8(in);
    blob_check(in, !(to->ier & ~0xf) && !(to->mcr & ~0x1f), "a register bit that does not exist");
    to->thre_pending = blob_get_bool(in);
    to->tx_full = blob_get_bool(in);
    to->raised = blob_get_bool(in);
    get_fifo(in, &to->line);
    get_fifo(in, &to->looped);
    return !in->error;
}

/*
 * Whether the back-end takes output, and whether it waits for room in the receiver, depends on this
 * process and is not loaded. A guest that waited for a back-end which takes output now is
 * interrupted at once.
 */
static bool uart_load(void *dev, struct blob_in *in)
{
    struct uart *u = dev;
    struct uart loaded; /* only its state */
    if (!get_state(in, &loaded))
        return false;
    pthread_mutex_lock(&u->lock);
    u->ier = loaded.ier;
    u->fcr = loaded.fcr;
    u->lcr = loaded.lcr;
    u->mcr = loaded.mcr;
    u->scr = loaded.scr;
    u->dll = loaded.dll;
    u->dlm = loaded.dlm;
    u->raised = loaded.raised;
    u->line = loaded.line;
    u->looped = loaded.looped;
    bool writable = loaded.tx_full && !u->tx_full, more = wants_more(u);
    u->thre_pending = loaded.thre_pending || writable;
    if (writable)
        update_line(u, true);
    pthread_mutex_unlock(&u->lock);
    if (more)
        chr_accept(u->chr);
    return true;
}

static void uart_fdt(const void *dev, struct fdt_builder *b, const struct chip_node *node)
{
    (void)dev;
    fdt_node(b, "serial@%llx", (unsigned long long)node->base);
    fdt_str(b, "compatible", "ns16550a");
    fdt_reg(b, node->base, SIZE);
    fdt_u32(b, "clock-frequency", CLOCK_HZ);
    fdt_u32(b, "interrupts", node->irq);
    fdt_u32(b, "interrupt-parent", node->irq_parent);
    fdt_node_end(b);
}

/* Wider accesses reach the register at their address, as on QEMU's. */
static const struct mmio_ops registers = {
    .min_size = 1, .max_size = 8, .read = uart_read, .write = uart_write};

const struct chip_ops uart_chip = {
    .name = "uart",
    .mmio = &registers,
    .size = SIZE,
    .fdt = uart_fdt,
    .reset = uart_reset,
    .version = 1,
    .save = uart_save,
    .load = uart_load,
    .destroy = uart_destroy,
};
