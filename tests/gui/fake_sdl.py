# SPDX-License-Identifier: MIT
"""The SDL front-end without a machine (ui_fake.c), in a fake X server."""
import os
import queue
import subprocess
import tempfile
import threading
import time

from xserver import Picture, SKIP


class FakeSdl:
    """ui_fake with the SDL front-end on an X server, and its lines as they come."""

    def __init__(self, program, x, args=""):
        self.x = x
        self.folder = tempfile.TemporaryDirectory()
        self.process = subprocess.Popen([program, "sdl", args], env=x.env, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                        cwd=self.folder.name)
        self.lines, self.errors = queue.Queue(), queue.Queue()
        for pipe, lines in ((self.process.stdout, self.lines), (self.process.stderr, self.errors)):
            threading.Thread(target=self.read, args=(pipe, lines), daemon=True).start()

    @staticmethod
    def read(pipe, lines):
        for line in pipe:
            lines.put(line.rstrip("\n"))

    def expect(self, wanted, lines=None, seconds=5):
        """Waits for a line that begins so; returns it and what came before."""
        before, end = [], time.monotonic() + seconds
        while True:
            try:
                line = (lines or self.lines).get(timeout=max(0.01, end - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"no '{wanted}', but {before}") from None
            if line.startswith(wanted):
                return line, before
            before.append(line)

    def do(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.expect("ok " + line)

    def snap(self, command="snap"):
        path = os.path.join(self.folder.name, "snap.ppm")
        self.do(f"{command} {path}")
        with open(path, "rb") as f:
            return Picture(f.read())

    def end(self):
        """Ends it as the machine's end would."""
        self.process.stdin.write("stop\n")
        self.process.stdin.flush()
        self.expect("end")
        assert self.process.wait(5) == 0

    def nothing(self, seconds=0.3):
        time.sleep(seconds)
        got = []
        while not self.lines.empty():
            got.append(self.lines.get())
        return got


def supported(program):
    """False if ui_fake was built without SDL."""
    return subprocess.run([program, "sdl?"], stdin=subprocess.DEVNULL).returncode == SKIP


def same(fake, window, scale=1, x=0, y=0, command="snap"):
    """The window's place at x, y shows the flushed picture, each pixel scale times as large."""
    want, got = fake.snap(command), fake.x.grab(window)
    if got.width < x + want.width * scale or got.height < y + want.height * scale:
        return False
    if scale == 1:
        return got.crop(x, y, want.width, want.height) == want.data
    return all(got.pixel(x + px * scale + d, y + py * scale + d) == want.pixel(px, py)
               for px in range(0, want.width, 7) for py in range(0, want.height, 5)
               for d in range(scale))


def title(fake, window):
    return fake.x.xdotool("getwindowname", window)


def preferred_lines(fake, seconds=0.6):
    return [line for line in fake.nothing(seconds) if line.startswith("preferred")]
