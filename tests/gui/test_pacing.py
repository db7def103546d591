#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A guest that flips as fast as it may, with pacing: at the window's speed while the window can be seen, faster when it is
hidden; and never stuck. Rates are compared with each other and with the chosen refresh, not with a clock's seconds."""
import sys

from guest import Machine, PROMPT, main, tests_of
from waiting import until
from xserver import XServer

REFRESH = 20
FAST = 2 * REFRESH  # a guest without pacing is well above


def flip(m):
    """Starts modetest's page flips; ^C ends them."""
    connector = m.run("modetest -M virtio_gpu -c | sed -n '/connected/s/\\t.*//p'").strip()
    m.send(f"modetest -M virtio_gpu -s {connector}:640x480 -v\n")
    m.wait("freq: ")


def rate(m):
    """The flips of a second, as modetest counted them; the first after a change counts both."""
    m.wait("freq: ")
    return float(m.wait(r"freq: (\d+\.\d+)Hz")[1])


def stop(m):
    m.send("\x03")
    m.wait(PROMPT)


def test_window():
    options = "--gpu", f"640x480@{REFRESH},pacing=on"
    with XServer(800, 600) as x, Machine(*options, display="sdl", env=x.env) as m:
        m.wait(PROMPT)
        window = x.window("riscreen")
        flip(m)
        until(lambda: rate(m) <= FAST, "flips at the window's speed", 60)
        x.xdotool("windowunmap", window)
        until(lambda: rate(m) > FAST, "a hidden window does not pace", 60)
        x.xdotool("windowmap", "--sync", window)
        stop(m)


def test_headless():
    with Machine("--gpu", f"640x480@{REFRESH},pacing=on") as m:
        m.wait(PROMPT)
        flip(m)
        until(lambda: rate(m) > FAST, "no pacing without a viewer", 60)
        stop(m)


if __name__ == "__main__":
    main(tests_of(sys.modules[__name__]))
