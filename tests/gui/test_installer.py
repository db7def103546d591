#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Debian's installer, its own kernel and initrd, reaches its first menu on the screen, and the keyboard moves in it."""
from console import CELL_H, PALETTE
from guest import Machine
from screen import colours, look
from waiting import until

RED, BLUE, GREY = PALETTE[1], PALETTE[4], PALETTE[7]


def selected(m):
    """The text row of the menu that is selected, or None while there is no menu."""
    screen = look(m)
    counts = colours(screen)
    total = screen.width * screen.height
    if counts.get(BLUE, 0) < total // 20 or counts.get(GREY, 0) < total // 2:
        return None
    bar = {}
    for y in range(3 * CELL_H, screen.height - 3 * CELL_H):
        if sum(screen.pixel(x, y) == RED for x in range(0, screen.width, 4)) > 40:
            red = [x for x in range(screen.width) if screen.pixel(x, y) == RED]
            bar[y] = red[0], red[-1]
    rows = {y // CELL_H for y in bar}
    if len(rows) == 1 and len(bar) == CELL_H and len(set(bar.values())) == 1:  # a rectangle
        return rows.pop()
    return None


def main():
    with Machine(memory="1G", disk=None, kernel="installer-kernel", initrd="installer-initrd",
                 append="console=tty0") as m:
        row = until(lambda: selected(m), "the installer's first menu", 400, 1)
        m.key("down")
        m.key("down")
        until(lambda: selected(m) == row + 2, "two lines down", 30)
        m.key("up")
        until(lambda: selected(m) == row + 1, "one line up", 30)
        m.qmp("quit")
        assert m.end() == 0


if __name__ == "__main__":
    main()
