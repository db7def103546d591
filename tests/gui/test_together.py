#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A window, two VNC viewers, a browser's viewer and a recording at once: after motion they all show
the same. Usage: test_together.py UI_FAKE"""
import hashlib
import os
import sys
import tempfile
import threading
import time

from fake import Fake
from rfb import Viewer
from recorded import read_list, read_png
from websocket import WebSocket
from xserver import XServer


class Watcher(threading.Thread):
    """A viewer that keeps reading, for as long as there is motion."""

    def __init__(self, viewer, pause):
        super().__init__(daemon=True)
        self.viewer, self.pause, self.updates = viewer, pause, 0
        self.stopping = False
        self.start()

    def run(self):
        while not self.stopping:
            self.viewer.request()
            try:
                self.viewer.update()
            except TimeoutError:
                continue
            self.updates += 1
            time.sleep(self.pause)

    def finish(self, want):
        self.stopping = True
        self.join(10)
        self.viewer.sock.settimeout(10)
        self.viewer.until(lambda: self.viewer.rgb() == want, "the last picture")
        assert self.updates > 3, f"{self.updates} updates while there was motion"


def motion(fake):
    for width, height in ((320, 200), (500, 300), (640, 400)):  # the last as the first: the window keeps its size
        fake.do(f"mode {width} {height}")
        for i in range(40):
            fake.do("storm 20")
            fake.do(f"paint {i * 7} {i * 4} 40 30 {i * 0x51f3d & 0xffffff:06x}")
            fake.do(f"flush {i * 7} {i * 4} 40 30")
            time.sleep(0.01)


def checksum(pixels):
    return hashlib.sha256(pixels).hexdigest()[:16]


def main():
    with tempfile.TemporaryDirectory() as folder, XServer() as x:
        with open(os.path.join(folder, "vnc.html"), "w", encoding="ascii"):
            pass
        target = os.path.join(folder, "shots") + "/"
        fake = Fake(sys.argv[1], "sdl", "", "vnc", "127.0.0.1:0", "web", f"0,novnc={folder}", "record", target,
                    env=x.env)
        fake.do("mode 640 400")
        window = x.window("fake")
        viewers = [Viewer(fake.ports[0], timeout=1), Viewer(fake.ports[0], timeout=1),
                   Viewer(fake.ports[1], connection=WebSocket(fake.ports[1]), timeout=1)]
        watchers = [Watcher(viewer, pause) for viewer, pause in zip(viewers, (0, 0.05, 0.02))]
        motion(fake)
        want = fake.snapshot()
        for watcher in watchers:
            watcher.finish(want)
        shown = None
        for _ in range(100):
            shown = x.grab(window)
            if shown.width >= want[0] and shown.crop(0, 0, *want[:2]) == want[2]:
                break
            time.sleep(0.05)
        fake.stop()
        recorded = read_png(read_list(target)[-1][0])
        sums = {"the display": checksum(want[2]), "window": checksum(shown.crop(0, 0, *want[:2])),
                "recording": checksum(recorded[2])}
        sums.update((f"viewer {i}", checksum(viewer.rgb()[2])) for i, viewer in enumerate(viewers))
        print(sums)
        assert len(set(sums.values())) == 1, sums
    return 0


if __name__ == "__main__":
    sys.exit(main())
