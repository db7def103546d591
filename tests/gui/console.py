# SPDX-License-Identifier: MIT
"""Linux's text console on a framebuffer, as pixels: cells of the kernel's 8x16 font in the VGA's colours."""
import time

from screen import from_rows, look

CELL_W, CELL_H = 8, 16
PALETTE = ((0, 0, 0), (170, 0, 0), (0, 170, 0), (170, 85, 0), (0, 0, 170), (170, 0, 170), (0, 170, 170),
           (170, 170, 170))

# Letters of the VGA's font: sixteen rows, the leftmost pixel is the highest bit.
FONT = {
    "A": (0x00, 0x00, 0x10, 0x38, 0x6c, 0xc6, 0xc6, 0xfe, 0xc6, 0xc6, 0xc6, 0xc6, 0x00, 0x00, 0x00, 0x00),
    "L": (0x00, 0x00, 0xf0, 0x60, 0x60, 0x60, 0x60, 0x60, 0x60, 0x62, 0x66, 0xfe, 0x00, 0x00, 0x00, 0x00),
    "R": (0x00, 0x00, 0xfc, 0x66, 0x66, 0x66, 0x7c, 0x6c, 0x66, 0x66, 0x66, 0xe6, 0x00, 0x00, 0x00, 0x00),
}

# Keys by QEMU's names, and what they write on a US keyboard.
TYPED = {(c,): c for c in "abcdefghijklmnopqrstuvwxyz0123456789"}
TYPED.update({("shift", c): c.upper() for c in "abcdefghijklmnopqrstuvwxyz"})
TYPED.update({("minus",): "-", ("equal",): "=", ("comma",): ",", ("dot",): ".", ("slash",): "/",
              ("bracket_left",): "[", ("backslash",): "\\", ("shift", "semicolon"): ":", ("shift", "5"): "%"})


def hide():
    """A shell command: an empty console without a blinking cursor."""
    return "printf '\\033[m\\033[H\\033[2J\\033[?25l' >/dev/tty1"


def at(column, row):
    return f"\\033[{row + 1};{column + 1}H"


def picture(columns, rows, colour):
    """The screen with colour(x, y) as the paper of each cell."""
    lines = []
    for y in range(rows):
        line = b"".join(bytes(PALETTE[colour(x, y)]) * CELL_W for x in range(columns))
        lines += [line] * CELL_H
    return from_rows(columns * CELL_W, lines)


def glyph(screen, column, row):
    """The bits of a cell, as in FONT; None for an empty one."""
    bits = []
    for y in range(row * CELL_H, (row + 1) * CELL_H):
        start = (y * screen.width + column * CELL_W) * 3
        line = screen.data[start:start + CELL_W * 3]
        bits.append(sum(0x80 >> x for x in range(CELL_W) if any(line[x * 3:x * 3 + 3])))
    return tuple(bits) if any(bits) else None


def alphabet(machine, letters):
    """The glyph of each letter, as the console draws them when a program writes them: {bits: letter}."""
    octal = "".join(f"\\{ord(letter):03o}" for letter in letters)
    machine.run(hide() + f"; printf '{at(0, 0)}{octal}' >/dev/tty1")
    end = time.monotonic() + 20
    while True:
        screen = look(machine)
        found = {glyph(screen, i, 0): letter for i, letter in enumerate(letters)}
        if len(found) == len(letters) and None not in found:
            return found
        assert time.monotonic() < end, f"{len(letters)} letters have {len(found)} glyphs"
