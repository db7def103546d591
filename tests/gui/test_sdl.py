#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The SDL window in a fake X server: pixels against the display's own picture, sizes, several windows, full screen,
closing, and that nothing runs when nothing changes. test_sdl_input.py has its input. Usage: test_sdl.py UI_FAKE"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

from fake_sdl import FakeSdl, preferred_lines, same, supported, title
from waiting import until
from xserver import XServer, ended, need

KEY_F = 33


def test_pixels(fake, window):
    fake.do("mode 320 200")
    until(lambda: same(fake, window), "the first picture")
    fake.do("paint 40 30 100 50 ff8040")
    time.sleep(0.1)
    assert fake.x.grab(window).pixel(60, 50) != (0xff, 0x80, 0x40), "shown without a flush"
    fake.x.xdotool("windowunmap", window)
    fake.x.xdotool("windowmap", "--sync", window)
    until(lambda: same(fake, window), "the picture after an expose")
    assert fake.x.grab(window).pixel(60, 50) != (0xff, 0x80, 0x40), "an expose shows a transfer"
    fake.do("flush 40 30 100 50")
    until(lambda: fake.x.grab(window).pixel(60, 50) == (0xff, 0x80, 0x40), "the flush")
    assert same(fake, window), "all of the picture after a flush"
    fake.do("off")
    assert fake.x.grab(window).pixel(60, 50) == (0xff, 0x80, 0x40), "a mode set would flash"
    until(lambda: fake.x.grab(window).pixel(60, 50) == (0, 0, 0), "black when off")
    fake.do("mode 320 200")
    until(lambda: same(fake, window), "back again")


def test_scale(fake, window):
    fake.x.xdotool("windowsize", "--sync", window, 700, 400)
    until(lambda: same(fake, window, 2, 30, 0), "twice as large, in the middle")
    assert fake.x.grab(window).pixel(10, 200) == (0, 0, 0), "bars are black"
    fake.x.xdotool("windowsize", "--sync", window, 320, 200)
    until(lambda: same(fake, window), "its own size again")
    fake.do("mode 160 100")
    until(lambda: same(fake, window, 2), "the window keeps its size, the picture is scaled")
    fake.do("mode 400 250")
    time.sleep(0.3)
    shown = fake.x.grab(window)
    assert (shown.width, shown.height) == (320, 200), "the guest resizes no window"
    fake.do("mode 320 200")
    until(lambda: same(fake, window), "and back")
    fake.nothing()


def test_resize(fake, window):
    """The guest is notified once, when the user is done; never of what it did itself."""
    fake.do("mode 320 200")
    assert not preferred_lines(fake)
    for width in range(330, 420, 10):
        fake.x.xdotool("windowsize", window, width, 300)
    assert preferred_lines(fake) == ["preferred 0 1 410 300"]
    fake.do("mode 410 300")
    until(lambda: same(fake, window), "the guest follows")
    fake.do("mode 100 100")
    assert not preferred_lines(fake), "a mode is no resize"
    fake.x.xdotool("windowsize", "--sync", window, 20, 30)
    assert preferred_lines(fake) in (["preferred 0 1 64 64"], []), "no mode is that small"
    fake.x.xdotool("windowsize", "--sync", window, 320, 200)
    assert preferred_lines(fake) == ["preferred 0 1 320 200"]
    fake.do("mode 320 200")
    until(lambda: same(fake, window), "its own size again")


def test_cursor(fake, window):
    fake.do("cursor 16 16 100 90 0000ffff")  # red, opaque
    until(lambda: same(fake, window, command="snapc"), "an opaque cursor")
    assert fake.x.grab(window).pixel(107, 97) == (255, 0, 0)
    fake.do("move -8 -8")
    until(lambda: same(fake, window, command="snapc"), "a cursor over the edge")
    fake.do("move 50 60")
    until(lambda: same(fake, window, command="snapc"), "a moved cursor")
    fake.x.xdotool("windowsize", "--sync", window, 640, 400)
    until(lambda: same(fake, window, 2, command="snapc"), "a cursor as large as its picture")
    fake.x.xdotool("windowsize", "--sync", window, 320, 200)
    fake.do("cursor 8 8 20 20 00800080")  # half green, alpha multiplied in
    until(lambda: fake.x.grab(window).width == 320, "size")

    def blended():
        want, got = fake.snap("snapc").pixel(24, 24), fake.x.grab(window).pixel(24, 24)
        return max(abs(a - b) for a, b in zip(want, got)) <= 2
    until(blended, "a cursor one can see through")
    fake.do("cursor 0 0 0 0 0")
    until(lambda: same(fake, window), "no cursor")


def paced(fake, frames):
    _, before = fake.do(f"paced {frames}")
    return [int(line.split()[1]) for line in before if line.startswith("paced")][0]


def test_pace(fake, window):
    """A guest that waits for its frames draws 60 a second while it is seen, and is not held otherwise."""
    took = paced(fake, 31)
    assert took >= 490, f"31 frames at 60 Hz in {took} ms"
    until(lambda: same(fake, window), "the last frame")
    fake.x.xdotool("windowunmap", window)
    fake.nothing()
    assert paced(fake, 300) < 4900, "a hidden window holds frames back"
    fake.x.xdotool("windowmap", "--sync", window)
    until(lambda: same(fake, window), "seen again")
    assert paced(fake, 31) >= 490


def test_icon(fake, window):
    """The window manager is given riscreen's icon."""
    shown = subprocess.run(["xprop", "-id", str(window), "_NET_WM_ICON"], env=fake.x.env, check=True,
                           capture_output=True, text=True).stdout
    assert "64 x 64" in shown, shown[:200]


def cpu_time(pid):
    """Clock ticks used, and how often its threads were switched to voluntarily."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    switches = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{task}/status", encoding="ascii") as f:
                switches += sum(int(line.split()[1]) for line in f
                                if line.startswith("voluntary_ctxt_switches"))
        except OSError:
            pass  # it has ended since
    return int(fields[11]) + int(fields[12]), switches


def test_idle(fake, window):
    """No timer, no polling: in two seconds of nothing the process does next to nothing."""
    time.sleep(0.5)
    ticks, switches = cpu_time(fake.process.pid)
    time.sleep(2)
    ticks, switches = (b - a for a, b in zip((ticks, switches), cpu_time(fake.process.pid)))
    assert switches <= 4 and ticks <= 1, (switches, ticks)


def test_storm(fake, window):
    """The last frame of many is never lost."""
    fake.do("storm 5000")
    until(lambda: same(fake, window), "the last frame")


def test_first_mode(fake_program, x):
    """The first mode sets the window's size, once."""
    fake = FakeSdl(fake_program, x)
    window = x.window("^fake")
    fake.do("mode 400 300")
    until(lambda: same(fake, window), "the first mode")
    fake.do("mode 200 150")
    until(lambda: same(fake, window, 2), "the second is scaled")
    assert not preferred_lines(fake)
    fake.end()


def test_scale_options(program, x):
    for args, size, place in (("scale=integer", (700, 500), (2, 30, 50)),
                              ("scale=none", (700, 500), (1, 190, 150)),
                              ("scale=none", (200, 100), None),
                              ("scale=integer", (160, 100), None)):
        fake = FakeSdl(program, x, args)
        window = x.window("^fake")
        fake.do("mode 320 200")
        x.xdotool("windowmove", "--sync", window, 0, 0)
        x.xdotool("windowsize", "--sync", window, *size)
        if place:
            until(lambda: same(fake, window, *place), args)
            assert x.grab(window).pixel(place[1] - 2, place[2] - 2) == (0, 0, 0), "bars"
        elif args == "scale=none":
            want = fake.snap().crop(0, 0, *size)
            until(lambda: x.grab(window).data == want, "the top left part")
        else:
            want = fake.snap().pixel(0, 0)
            until(lambda: x.grab(window).width == 160, "smaller than the picture")
        fake.end()
    wrong = subprocess.run([program, "sdl", "scale=big"], env=x.env, stdin=subprocess.DEVNULL,
                           capture_output=True, text=True)
    assert wrong.returncode == 1 and wrong.stderr.count("\n") == 1, wrong
    assert "scale=big" in wrong.stderr and "fit|integer|none" in wrong.stderr


def test_heads(program, x):
    """A window for each connected scanout; a closed window is an unplugged scanout."""
    fake = FakeSdl(program, x)
    one = x.window("^fake - |^fake .no")
    fake.do("mode 320 200")
    x.xdotool("windowmove", "--sync", one, 0, 0)
    fake.do("head 1")
    fake.do("plug 200 160")
    two = x.window("^fake 2")
    x.xdotool("windowmove", "--sync", two, 400, 300)
    fake.do("mode 200 160")
    until(lambda: same(fake, two), "the second scanout's picture")
    fake.do("head 0")
    until(lambda: same(fake, one), "beside the first's")
    fake.nothing()
    # the desktop is 520 wide: a position on the second window lies right of the first
    x.xdotool("mousemove", "--window", two, 90, 70)
    events = fake.nothing()
    at = [[int(e.split()[3]) for e in events if e.startswith(f"tablet 3 {axis} ")][-1]
          for axis in (0, 1)]
    assert [at[0] * 520 // 32768, at[1] * 200 // 32768] == [410, 70], at
    x.xdotool("mousemove", "--window", one, 7, 9)
    events = fake.nothing()
    at = [[int(e.split()[3]) for e in events if e.startswith(f"tablet 3 {axis} ")][-1]
          for axis in (0, 1)]
    assert [at[0] * 520 // 32768, at[1] * 200 // 32768] == [7, 9], at
    x.xdotool("windowsize", "--sync", two, 300, 160)
    assert preferred_lines(fake) == ["preferred 1 1 300 160"]
    x.close(two)
    fake.expect("preferred 1 0 300 160")
    until(lambda: not x.xdotool_lines("search", "--onlyvisible", "--name", "^fake 2"), "closed")
    fake.do("head 2")
    fake.do("plug 100 100")
    three = x.window("^fake 3")
    fake.do("head 0")
    fake.do("unplug")
    until(lambda: x.xdotool_lines("search", "--onlyvisible", "--name", "^fake") == [str(three)],
          "the first scanout was unplugged")
    x.close(three)
    fake.expect("powerdown")
    x.close(three)
    fake.expect("end")
    fake.process.wait(5)


def test_status(fake, window):
    """Hart load, MIPS and frames a second in the title; switched off, nothing runs."""
    fake.x.xdotool("windowfocus", "--sync", window)
    fake.x.xdotool("key", "ctrl+alt+i")
    until(lambda: re.search(r"50% of 2 harts, (9\d|10\d) MIPS, 0 frames/s", title(fake, window)),
          "half of the harts work, at 100 MIPS")
    fake.do("storm 3")
    until(lambda: re.search(r" [1-9] frames/s", title(fake, window)), "frames are counted")
    fake.x.xdotool("key", "ctrl+alt+i")
    until(lambda: "frames" not in title(fake, window), "off")
    test_idle(fake, window)
    fake.do("leds 3")
    until(lambda: "[ Num Caps ]" in title(fake, window), "the keyboard's lights")
    fake.do("leds 0")
    until(lambda: "[" not in title(fake, window), "no lights")


def test_close(fake, window):
    fake.x.close(window)
    fake.expect("powerdown")
    assert "close again" in title(fake, window)
    begin = time.monotonic()
    fake.x.close(window)
    ended(fake.process)
    took = time.monotonic() - begin
    print(f"  the second close ended it in {took * 1000:.0f} ms")
    assert fake.process.returncode == 0


class Dense:
    """A Wayland compositor on an X server, with a screen of two pixels a unit; all windows fill it."""

    def __init__(self, x, folder):
        self.process = subprocess.Popen(
            ["weston", "--backend=x11-backend.so", "--width=500", "--height=300", "--scale=2", "--use-pixman",
             "--shell=kiosk-shell.so", "--no-config", "--socket=dense"], env=dict(x.env, XDG_RUNTIME_DIR=folder),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until(lambda: os.path.exists(os.path.join(folder, "dense")), "the compositor", 20)
        self.env = dict(os.environ, XDG_RUNTIME_DIR=folder, WAYLAND_DISPLAY="dense", SDL_VIDEODRIVER="wayland")
        def windows():
            return x.xdotool_lines("search", "--onlyvisible", "--name", ".*")

        until(lambda: len(windows()) > 1, "its window, beside the root", 20)
        self.window = int(windows()[-1])
        x.xdotool("windowmove", "--sync", self.window, 0, 0)

    def end(self):
        self.process.terminate()
        self.process.wait()


def test_dense_screen(program):
    """Modes and pictures are in physical pixels, whatever the window is counted in."""
    with XServer(1100, 700) as x, tempfile.TemporaryDirectory() as folder:
        compositor = Dense(x, folder)
        try:
            x.env.update(compositor.env)  # what is started from now on
            del x.env["SDL_RENDER_DRIVER"]  # SDL's own renderer does not support dense screens
            fake = FakeSdl(program, x)
            fake.expect("preferred 0 1 1000 600", seconds=20)
            fake.do("mode 1000 600")
            x.xdotool("mousemove", 600, 580)  # the compositor draws its pointer into the picture
            want = fake.snap().crop(0, 0, 1000, 500)

            def exact():
                shown = x.grab(compositor.window)
                return shown.height == 600 and shown.crop(0, 0, 1000, 500) == want
            until(exact, "pixel for pixel", 20)
            x.xdotool("mousemove", 400, 200)
            x.xdotool("mousemove", 500, 300)
            fake.expect("tablet 3 0 16", seconds=10)
            fake.expect("tablet 3 1 16", seconds=10)
            fake.end()
        finally:
            compositor.end()


def test_server_lost(program):
    """The X server dies, while nothing happens and in the middle of many frames."""
    for busy in (False, True):
        with XServer() as x:
            fake = FakeSdl(program, x)
            window = x.window("^fake")
            fake.do("mode 320 200")
            until(lambda: same(fake, window), "the picture")
            if busy:
                fake.process.stdin.write("storm 100000\n")
                fake.process.stdin.flush()
                time.sleep(0.1)
            x.process.kill()
            line, before = fake.expect("riscreen: ", fake.errors)
            assert line.endswith("the X server went away; the machine ends, its disks are flushed"), line
            assert not before, before
            fake.expect("quit")
            fake.expect("end")
            assert ended(fake.process) == 0


def test_window_manager(program):
    """Full screen and minimizing need one."""
    with XServer() as x:
        manager = subprocess.Popen(["openbox"], env=x.env, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        until(x.managed, "the window manager")
        fake = FakeSdl(program, x)
        window = x.window("^fake")
        fake.do("mode 320 200")
        until(lambda: same(fake, window), "the picture")
        x.xdotool("windowactivate", window)
        until(lambda: int(x.xdotool("getwindowfocus")) == window, "the focus")
        fake.nothing()
        x.xdotool("key", "ctrl+alt+f")
        until(lambda: x.grab(window).width == 1000, "full screen")
        events = fake.nothing(0.6)
        assert not any(f" 1 {KEY_F} " in e for e in events), events
        assert [e for e in events if e.startswith("preferred")] == ["preferred 0 1 1000 700"], "the guest follows"
        x.xdotool("key", "ctrl+alt+f")
        until(lambda: same(fake, window), "the window again")
        assert preferred_lines(fake) == ["preferred 0 1 320 200"]
        fake.do("head 1")
        fake.do("plug 200 160")
        two = x.window("^fake 2")
        fake.do("mode 200 160")
        x.xdotool("windowactivate", "--sync", two)
        x.xdotool("key", "ctrl+alt+f")
        until(lambda: x.grab(two).width == 1000, "full screen of one scanout")
        assert preferred_lines(fake) == ["preferred 1 1 1000 700"]
        fake.do("unplug")
        fake.do("head 0")
        until(lambda: same(fake, window), "the other, which was below it")
        x.xdotool("windowminimize", window)
        time.sleep(0.5)
        fake.do("storm 1000")
        x.xdotool("windowactivate", window)
        until(lambda: same(fake, window), "what happened while it was hidden")
        x.xdotool("windowminimize", window)
        time.sleep(0.5)
        fake.do("storm 1000")
        fake.end()
        manager.terminate()
        manager.wait()


def test_no_display(program):
    """A window that is never visible is no window, unless SDL's variable names that driver."""
    env = dict(os.environ)
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER"):
        env.pop(name, None)
    for folder in None, tempfile.gettempdir():  # where Wayland's library looks, and complains
        env.pop("XDG_RUNTIME_DIR", None)
        if folder:
            env["XDG_RUNTIME_DIR"] = folder
        done = subprocess.run([program, "sdl", ""], env=env, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                              timeout=20)
        assert done.returncode == 1 and done.stderr.count("\n") == 1 and "; --display none" in done.stderr, done
    for driver in "dummy", "offscreen":
        done = subprocess.run([program, "sdl", ""], env=dict(env, SDL_VIDEODRIVER=driver), input="mode 64 48\nstop\n",
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=20)
        assert done.returncode == 0 and "ok mode" in done.stdout or "not available" in done.stderr, (driver, done)


def main():
    program = os.path.abspath(sys.argv[1])
    if not supported(program):
        return 1
    need("xprop")
    print("test_no_display", flush=True)
    test_no_display(program)
    with XServer() as x:
        fake = FakeSdl(program, x)
        window = x.window("^fake")
        x.xdotool("windowmove", "--sync", window, 0, 0)
        for test in (test_pixels, test_scale, test_resize, test_cursor, test_idle, test_storm, test_pace, test_icon,
                     test_status, test_close):
            print(test.__name__, flush=True)
            test(fake, window)
    with XServer() as x:
        for test in (test_first_mode, test_scale_options, test_heads):
            print(test.__name__, flush=True)
            test(program, x)
    if shutil.which("weston"):
        print("test_dense_screen", flush=True)
        test_dense_screen(program)
    print("test_server_lost", flush=True)
    test_server_lost(program)
    if shutil.which("openbox"):
        print("test_window_manager", flush=True)
        test_window_manager(program)
    return 0


if __name__ == "__main__":
    sys.exit(main())
