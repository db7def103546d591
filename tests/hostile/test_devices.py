#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Guests that make devices work without an end."""
import os
import tempfile
import time

from guest import main, tests_of
from hostile import Hostile


def flood(m, pattern="ready"):
    m.wait(pattern)
    time.sleep(1.5)  # for the flood to swell; nothing is expected of it


def test_posts():
    """RTC, CLINT and UART registers that ask the io loop for work cost no memory, however often they are written."""
    for what in range(4):
        with Hostile("flood.c", mode="m", harts=8, more=32, flags=[f"-DWHAT={what}"]) as m:
            flood(m)


def chains(*options, device, queue=0, writes=0, flags=()):
    flags = [f"-DDEVICE={device}", f"-DQUEUE={queue}", f"-DWRITES={writes}", *flags]
    for harts in 1, 4:
        with Hostile("chains.c", *options, mode="m", harts=harts, flags=flags) as m:
            flood(m)


def test_input_chains():
    """4 GiB chains on the input devices' queues of status and of events: no hart is in the device for long."""
    chains(device=18, queue=1)
    chains(device=18, queue=0, writes=1)


def test_rng_chains():
    """The same for entropy."""
    chains(device=4, writes=1)


def test_blk_chains():
    """The same for reads of a disk of 8 GiB."""
    with tempfile.NamedTemporaryFile() as disk:
        disk.truncate(8 << 30)
        chains("-d", disk.name, device=2, writes=1, flags=["-DTYPE=0"])


def test_unread_console():
    """Unread output, in each way a guest can write: the guest waits, and nothing else waits."""
    writer = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../compat/writer.c")
    for how in range(3):
        for threads in "multi", "single":
            ours, theirs = os.pipe()
            with Hostile(writer, "--threads=" + threads, stdout=theirs, flags=[f"-DHOW={how}"]):
                os.close(theirs)
                time.sleep(1.5)
            os.close(ours)


if __name__ == "__main__":
    main(tests_of(__import__("__main__")))
