#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A guest with all that shows it from afar at once: VNC viewers, a browser's viewer and recordings. What a
viewer types reaches the guest's shell, the guest's LEDs reach the viewer, its request for a size reaches the guest's
driver, and after all all have the same picture."""
import os
import re
import sys
import tempfile

import console
from guest import Machine, PROMPT, main, tests_of
from rfb import DESKTOP_SIZE, EXTENDED_DESKTOP_SIZE, LED_STATE, RAW, Viewer
from screen import look
from recorded import read_list, read_png, read_y4m
from waiting import until
from websocket import WebSocket

CAPS_LOCK, RETURN, SHIFT = 0xffe5, 0xff0d, 0xffe1
CAPS = 4  # of the viewer's LEDs


class Remote:
    """The machine and who looks at it."""

    def __init__(self, folder):
        pages = os.path.join(folder, "pages")
        os.mkdir(pages)
        with open(os.path.join(pages, "vnc.html"), "w", encoding="ascii"):
            pass
        self.shots, self.film = os.path.join(folder, "shots") + "/", os.path.join(folder, "film.y4m")
        self.machine = Machine("--display", f"web=0,novnc={pages}", "--record", self.shots, "--record",
                               self.film + ",fps=5", "--gpu", "800x600", display="vnc=127.0.0.1:0")

    def connect(self):
        vnc, web = (int(port) for port in re.findall(rb"127\.0\.0\.1:(\d+)", self.machine.errors)[:2])
        # without pointers: the console has none
        self.viewers = [Viewer(vnc, (RAW, LED_STATE, EXTENDED_DESKTOP_SIZE)), Viewer(vnc, (RAW, DESKTOP_SIZE)),
                        Viewer(web, (RAW, LED_STATE, EXTENDED_DESKTOP_SIZE), connection=WebSocket(web))]


def same(remote):
    """All viewers show what the machine says."""
    def shown():
        screen = look(remote.machine)
        remote.want = (screen.width, screen.height, screen.data)
        return all(viewer.rgb() == remote.want for viewer in remote.viewers)
    for viewer in remote.viewers:
        viewer.sock.settimeout(0.3)
    until(lambda: [catch_up(viewer) for viewer in remote.viewers] and shown(), "one picture for all", 30)


def catch_up(viewer):
    """Takes what there is, until there is nothing for a while."""
    viewer.request()
    try:
        while True:
            viewer.update()
            viewer.request()
    except TimeoutError:
        pass


def press(viewer, keysym):
    viewer.key(keysym, 1)
    viewer.key(keysym, 0)


def write(viewer, text):
    for letter in text:
        shift = letter in ">_"
        if shift:
            viewer.key(SHIFT, 1)
        press(viewer, ord(letter) if letter != "\n" else RETURN)
        if shift:
            viewer.key(SHIFT, 0)


def test_typing(remote):
    m = remote.machine
    for i, viewer in enumerate(remote.viewers):
        write(viewer, f"echo from{i} >/tmp/v{i}\n")
        until(lambda i=i: m.shell(f"cat /tmp/v{i}")[0].strip() == f"from{i}", "the typed line", 30)


def test_leds(remote):
    first, _, browser = remote.viewers
    for leds in (CAPS, 0):
        press(first, CAPS_LOCK)
        for viewer in (first, browser):
            viewer.sock.settimeout(20)
            viewer.until(lambda v=viewer, want=leds: v.leds is not None and v.leds & CAPS == want, "the LED of Caps Lock")


def test_size(remote):
    """The console follows, and with it all viewers."""
    m = remote.machine
    remote.viewers[0].resize(640, 480)
    until(lambda: "#0 640x480" in m.run("modetest -M virtio_gpu -c"), "the mode that a viewer asked for", 30)
    until(lambda: look(m).width == 640, "the console in that mode", 30)
    same(remote)


def test_same(remote):
    remote.machine.run(console.hide() + "; ls -l / >/dev/tty1")
    same(remote)


def test_end(remote):
    m = remote.machine
    m.send("poweroff -f\n")
    assert m.end() == 0
    for path in (remote.shots, remote.film):
        assert re.search(rb"recorded in %s; pictures: \d+, dropped: 0" % re.escape(path.encode()), m.errors), m.errors
    entries = read_list(remote.shots)
    pictures = [read_png(path) for path, _ in entries]
    assert remote.want in pictures, "the picture that the viewers had is not in the recording"
    width, height, fps, frames = read_y4m(remote.film)
    assert (width, height, fps) == (800, 600, 5) and len(frames) > 5, (width, height, fps, len(frames))
    assert set(frames[-1][:width * height]) - {16}, "the film ends in the dark"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        everything = Remote(scratch)
        with everything.machine:
            everything.machine.wait(PROMPT)
            everything.connect()
            main({name: lambda f=f: f(everything) for name, f in tests_of(sys.modules[__name__]).items()})
