# SPDX-License-Identifier: MIT
"""Front-ends without a machine (ui_fake.c), driven from Python."""
import os
import queue
import re
import subprocess
import tempfile
import threading
import time


class Fake:
    """ui_fake with front-ends (name, arguments, name, ...), and the ports that those listen on."""

    def __init__(self, program, *front_ends, **popen):
        self.folder = tempfile.TemporaryDirectory()
        self.lines = queue.Queue()
        with open(program, "rb") as f:
            self.tsan = b"__tsan_init" in f.read()
        self.process = subprocess.Popen([program, *front_ends], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True, bufsize=1, **popen)
        self.ports = [self.find_port() for name in front_ends[::2] if name in ("vnc", "web")]
        self.port = self.ports[0] if self.ports else None
        threading.Thread(target=self.read, daemon=True).start()

    def find_port(self):
        line = self.process.stderr.readline()
        where = re.search(r":(\d+)/?$", line.strip())
        if not where:
            raise AssertionError(f"it does not listen: {line}")
        return int(where.group(1))

    def read(self):
        for line in self.process.stdout:
            self.lines.put(line.strip())

    def do(self, line):
        self.process.stdin.write(line + "\n")
        return self.expect("ok " + line)

    def expect(self, line, seconds=10):
        """The lines before it."""
        before = []
        end = time.monotonic() + seconds
        while True:
            try:
                got = self.lines.get(timeout=max(0, end - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"never said: {line}; but {before}") from None
            if got == line:
                return before
            before.append(got)

    def snapshot(self):
        path = os.path.join(self.folder.name, "snap.ppm")
        self.do("snap " + path)
        with open(path, "rb") as f:
            magic, size, _, pixels = f.read().split(b"\n", 3)
        assert magic == b"P6"
        width, height = map(int, size.split())
        return width, height, pixels

    def switches(self):
        """Context switches of all its threads so far. ThreadSanitizer's own, which wakes ten times a second, is none of
        its threads: it is the second that was made."""
        total = 0
        tasks = os.listdir(f"/proc/{self.process.pid}/task")  # as they were made
        for task in tasks[:1] + tasks[2:] if self.tsan else tasks:
            try:
                with open(f"/proc/{self.process.pid}/task/{task}/status", encoding="ascii") as f:
                    total += sum(int(n) for n in re.findall(r"ctxt_switches:\s*(\d+)", f.read()))
            except OSError:
                pass  # it has ended since
        return total

    def memory(self):
        """Bytes of it in the host's memory."""
        with open(f"/proc/{self.process.pid}/statm", encoding="ascii") as f:
            return int(f.read().split()[1]) * os.sysconf("SC_PAGESIZE")

    def threads(self):
        return len(os.listdir(f"/proc/{self.process.pid}/task"))

    def stop(self):
        """Ends it; what it said on the error output."""
        self.process.stdin.write("stop\n")
        self.expect("end")
        assert self.process.wait(10) == 0
        return self.process.stderr.read()
