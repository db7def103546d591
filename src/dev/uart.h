/* SPDX-License-Identifier: MIT */
/*
 * A 16550A UART with FIFOs. The line is instant: a byte written is on its way to the host at once,
 * so the transmitter is always empty, unless the host side says it is full: then THRE stays down
 * and the guest waits, not the hart. The receiver takes what fits into its FIFO and tells the host
 * side when there is room again, so no byte is ever lost to an overrun.
 *
 * The built-in SBI's console is the same UART, used as M-mode firmware would use it.
 */
#ifndef DEV_UART_H
#define DEV_UART_H

#include "bus/chip.h"
#include "bus/irq.h"

#define UART_TX_BURST 16 /* bytes a driver sends after seeing THRE */

/* The host side. Called on a hart's thread, output with the UART's lock held. */
struct uart_host {
    /* Takes all bytes; false: takes no more bursts until uart_output_ready. */
    bool (*output)(void *ctx, const uint8_t *bytes, size_t n);
    void (*room)(void *ctx); /* the receiver has room again after uart_input took less than all */
    void *ctx;
};

struct uart;

extern const struct chip_ops uart_chip;

/* NULL: out of memory. */
struct uart *uart_create(struct irq_line irq, const struct uart_host *host);

/* Bytes for the receiver; returns how many it took. Any thread. */
size_t uart_input(struct uart *u, const uint8_t *bytes, size_t n);
void uart_output_ready(struct uart *u); /* any thread, without locks that output takes */

/* For the SBI console, on a hart's thread: up to n bytes; how many it was. */
size_t uart_console_write(struct uart *u, const uint8_t *bytes, size_t n);
size_t uart_console_read(struct uart *u, uint8_t *bytes, size_t n);

#endif
