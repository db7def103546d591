# SPDX-License-Identifier: MIT
"""Waiting for what a program does in another process."""
import time


def until(check, what, seconds=60, pause=0.05):
    """Waits until check() is true, and returns that."""
    end = time.monotonic() + seconds
    while not (result := check()):
        assert time.monotonic() < end, f"{what}: not within {seconds} s"
        time.sleep(pause)
    return result
