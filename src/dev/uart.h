/* SPDX-License-Identifier: MIT */
/*
 * A 16550A UART with FIFOs. The line is instant: a byte written is on its way to the host at once,
 * so the transmitter is always empty, unless the back-end (backend/chr.h) takes no more: then THRE
 * stays down and the guest waits, not the hart. The receiver takes what fits into its FIFO and asks
 * the back-end for more when there is room again, so no byte is ever lost to an overrun.
 *
 * The built-in SBI's console is the same UART, used as M-mode firmware would use it.
 */
#ifndef DEV_UART_H
#define DEV_UART_H

#include "backend/chr.h"
#include "bus/chip.h"
#include "bus/irq.h"

#define UART_TX_BURST 16 /* bytes a driver sends after seeing THRE */

struct uart;

extern const struct chip_ops uart_chip;

/* chr: where its line leads; the UART attaches itself, writes on harts' threads and with its lock
 * held. It must outlive the UART. NULL: out of memory. */
struct uart *uart_create(struct irq_line irq, struct chr *chr);

/* For the SBI console, on a hart's thread: up to n bytes; how many it was. */
size_t uart_console_write(struct uart *u, const uint8_t *bytes, size_t n);
size_t uart_console_read(struct uart *u, uint8_t *bytes, size_t n);

#endif
