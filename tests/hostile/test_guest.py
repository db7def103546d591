#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Guests that do their worst with harts and devices."""
from guest import main, tests_of
from hostile import Hostile


def test_spin():
    """Eight harts that spin with interrupts off, in both thread modes."""
    for threads in "multi", "single":
        with Hostile("spin.c", "--threads=" + threads, mode="m", harts=8) as m:
            m.wait("ready")


def test_traps():
    """A hart in a loop of traps or of interrupts, or one that waits with an interrupt pending, starves no other thread."""
    for kind in "ILLEGAL", "ECALL", "BREAK", "FETCH", "LOAD", "STORM", "NAP":
        for threads in "multi", "single":
            with Hostile("traps.c", "--threads=" + threads, mode="m", harts=2, flags=[f"-DKIND={kind}"]) as m:
                m.wait("ready")


def test_rewrite():
    """Harts that rewrite code while they and others decode and run it."""
    for at_end in 1, 0:
        with Hostile("rewrite.c", mode="m", harts=4, flags=[f"-DAT_END={at_end}"]) as m:
            m.wait("ready")


def test_pmp():
    """PMP regions that end inside of a page hold against execution, accesses and page walks from the same page."""
    with Hostile("pmp.c", mode="m") as m:
        m.wait("ready")


def test_fences():
    """Fences reach the largest leaves, SC keeps to what LR reserved, and a page walk that is raced ends."""
    with Hostile("fences.c", mode="m", harts=3) as m:
        m.wait("ready")


if __name__ == "__main__":
    main(tests_of(__import__("__main__")))
