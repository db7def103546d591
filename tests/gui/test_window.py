#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A real guest in a real window, in a fake X server: the window's pixels are those of a screendump,
keys reach the guest, the window's close button is the power button, and closing again ends it."""
import os
import re
import sys
import time

from durable import Durable
from guest import Machine, PROMPT, main, tests_of
from screen import look
from waiting import until
from xserver import Picture, XServer, ended


def same(m, x, window):
    one, shown, two = look(m), x.grab(window), look(m)
    return one.data == two.data == shown.data


def start(x, **options):
    return Machine(display="sdl", env=x.env, **options)


def ready(m, x):
    m.wait(PROMPT)
    window = x.window("riscreen")
    x.xdotool("windowmove", "--sync", window, 0, 0)
    x.xdotool("windowfocus", "--sync", window)
    return window


def test_window():
    with XServer(1400, 900) as x, start(x) as m:
        window = ready(m, x)
        until(lambda: same(m, x, window), "the window shows what a screendump shows", 30)
        x.xdotool("type", "--delay", 50, "echo Hello, $((6*7)) >/dev/ttyS0")  # to the screen's shell
        x.xdotool("key", "Return")
        m.wait("Hello, 42")
        until(lambda: same(m, x, window), "and after the keys too", 30)
        x.xdotool("windowunmap", window)
        x.xdotool("windowmap", "--sync", window)
        until(lambda: same(m, x, window), "and after an expose", 30)
        x.close(window)
        m.wait("reboot: Power down")
        assert m.end() == 0


def preferred(m):
    """The mode that the guest's driver would take."""
    modes = m.run("modetest -M virtio_gpu -c")
    found = re.search(r"#0 (\d+x\d+) .*preferred", modes)
    return found and found.group(1)  # there is none for a moment after a hotplug


def test_resize():
    """The guest follows the window, and its console stays readable."""
    with XServer(1400, 900) as x, start(x) as m:
        window = ready(m, x)
        until(lambda: same(m, x, window), "the window shows what a screendump shows", 30)
        assert preferred(m) == "1280x800"
        x.xdotool("windowsize", "--sync", window, 1000, 700)
        until(lambda: preferred(m) == "1000x700", "the connector prefers the window's size", 30, 1)
        until(lambda: look(m).width == 1000 and same(m, x, window), "the console's mode follows", 30)
        # Linux keeps the console's cells; this makes it fit, as docs/window.md says
        m.run("stty -F /dev/tty1 cols 125 rows 43; printf '\\033[?25l\\033[43;125H\\033[41m ' >/dev/tty1")
        until(lambda: look(m).pixel(124 * 8 + 3, 42 * 16 + 3) == (170, 0, 0), "its last cell is on the screen", 30)
        x.xdotool("windowsize", "--sync", window, 1400, 860)
        until(lambda: preferred(m) == "1400x860", "the connector prefers the larger size", 30, 1)
        until(lambda: look(m).width == 1280, "the console grows as far as its memory goes", 30)
        # 1280x800 in 1400x860 is 1376x860, 12 from the left: the same cell, scaled
        until(lambda: x.grab(window).pixel(12 + round((124 * 8 + 4) * 1.075), round((42 * 16 + 8) * 1.075)) ==
              (170, 0, 0), "scaled, it is where it was", 30)


def test_scanouts():
    """Two scanouts are two windows; one that is closed, unplugged or plugged is so for the guest, too."""
    def windows():
        return [int(w) for w in x.xdotool_lines("search", "--onlyvisible", "--name", "riscreen")]

    def connected():
        return re.findall(r"\t(connected|disconnected)\tVirtual-(\d)", m.run("modetest -M virtio_gpu -c"))

    def is_second(m, x, window):
        path = os.path.join(m.folder, "second.ppm")
        m.qmp("screendump", filename=path, head=1)
        with open(path, "rb") as f:
            return Picture(f.read()).data == x.grab(window).data

    with XServer(1400, 900) as x, Machine("--gpu", "640x480,scanouts=2", display="sdl", env=x.env) as m:
        m.wait(PROMPT)
        one, two = windows()
        x.xdotool("windowmove", "--sync", one, 0, 0)
        x.xdotool("windowmove", "--sync", two, 700, 0)
        assert connected() == [("connected", "1"), ("connected", "2")]
        until(lambda: same(m, x, one) and is_second(m, x, two), "each window has its scanout's picture", 60)
        x.close(two)
        until(lambda: windows() == [one], "the window is closed", 10)
        until(lambda: connected() == [("connected", "1"), ("disconnected", "2")], "and unplugged", 30, 1)
        m.qmp("x-scanout-plug", head=1, width=800, height=600)
        until(lambda: len(windows()) == 2, "plugged, it has a window", 10)
        until(lambda: "#0 800x600" in m.run("modetest -M virtio_gpu -c"), "in the size it was plugged with", 30, 1)
        m.qmp("x-scanout-unplug", head=0)
        until(lambda: one not in windows() and len(windows()) == 1, "the first is unplugged", 10)
        until(lambda: connected() == [("disconnected", "1"), ("connected", "2")], "for the guest, too", 30, 1)


def test_second_close():
    """Even when every hart sleeps. What the guest had only written is flushed."""
    with XServer(1400, 900) as x, Durable(x.env) as disk, \
            Machine(*disk.options, display="sdl", env=disk.env, harts=2) as m:
        window = ready(m, x)
        m.run(disk.write(1, flush=False))
        m.send("while :; do sleep 1000; done\n")
        time.sleep(1)
        m.qmp("stop")
        x.close(window)
        m.client.event("POWERDOWN")
        begin = time.monotonic()
        x.close(window)
        ended(m.process)
        took = time.monotonic() - begin
        print(f"the second close ended it in {took * 1000:.0f} ms")
        assert m.process.returncode == 0
        assert disk.left() == disk.wanted(1)


def test_server_lost():
    """The X server dies: the machine ends as if asked to. What the guest had flushed is on the disk, and what it had
    only written is flushed now."""
    with XServer(1400, 900) as x, Durable(x.env) as disk, \
            Machine(*disk.options, display="sdl", env=disk.env, harts=2) as m:
        ready(m, x)
        m.run(disk.write(0, flush=True))
        m.run(disk.write(2, flush=False))
        assert disk.left() == disk.wanted(0), "what was not flushed would be lost in a power cut"
        m.qmp("query-status")
        x.process.kill()
        assert m.client.event("SHUTDOWN")["data"]["reason"] == "host-ui"
        assert m.end() == 0
        assert m.errors == b"riscreen: the X server went away; the machine ends, its disks are flushed\n", m.errors
        assert disk.left() == disk.image() == disk.wanted(0, 2)


def test_no_display():
    """Without an X server there is one line. Where a window was asked for it is the end; else the machine runs."""
    for driver in "x11", None:  # None: SDL would choose a driver that shows nothing
        env = {key: value for key, value in os.environ.items()
               if key not in ("DISPLAY", "WAYLAND_DISPLAY", "XDG_RUNTIME_DIR", "SDL_VIDEODRIVER")}
        if driver:
            env.update(DISPLAY=":4711", SDL_VIDEODRIVER=driver)
        with Machine(display="sdl", env=env, append="riscreen.run=true") as m:
            assert m.end() == 1
            assert m.errors.count(b"\n") == 1 and b"; --display none" in m.errors, m.errors
        with Machine(display=None, env=env, append="riscreen.run=true") as m:
            m.wait("reboot: Power down")
            assert m.end() == 0
            assert m.errors.count(b"\n") == 1 and b"without a window" in m.errors, m.errors


def test_headless():
    """No display library is touched."""
    with Machine(display="none") as m:
        m.wait("Linux version")
        with open(f"/proc/{m.process.pid}/maps", encoding="ascii") as f:
            maps = f.read()
        for library in ("libSDL", "libX11", "libwayland", "libGL"):
            assert library not in maps, library
        m.qmp("quit")
        assert m.end() == 0


if __name__ == "__main__":
    main(tests_of(sys.modules[__name__]))
