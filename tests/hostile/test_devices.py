#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Guests that make devices work without an end."""
import time

from guest import main, tests_of
from hostile import Hostile


def flood(m, pattern="ready"):
    m.wait(pattern)
    time.sleep(3)  # for the flood to swell; nothing is expected of it


def test_posts():
    """RTC, CLINT and UART registers that ask the io loop for work cost no memory, however often they are written."""
    for what in range(4):
        with Hostile("flood.c", mode="m", harts=8, more=32, flags=[f"-DWHAT={what}"]) as m:
            flood(m)


if __name__ == "__main__":
    main(tests_of(__import__("__main__")))
