#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""riscreen on a terminal: what is typed there, and who has it, riscreen or the shell that started it."""
import base64
import fcntl
import hashlib
import os
import pty
import random
import re
import shlex
import signal
import struct
import subprocess
import sys
import termios
import threading
import time

from durable import Durable
from guest import Machine, PROMPT, guest, main, tests_of

PASTE = 1 << 20


class Terminal:
    """A pseudo terminal: what is typed there, and its settings."""

    def __init__(self):
        self.ours, self.theirs = pty.openpty()
        fcntl.ioctl(self.theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 200, 0, 0))

    def take(self):
        """The new process's work: it leads a session on this terminal, as a login shell does."""
        os.setsid()
        fcntl.ioctl(self.theirs, termios.TIOCSCTTY, 0)

    def settings(self):
        return termios.tcgetattr(self.theirs)

    def set(self, settings):
        termios.tcsetattr(self.theirs, termios.TCSANOW, settings)

    def raw(self):
        return not self.settings()[3] & (termios.ICANON | termios.ECHO | termios.ISIG)

    def type(self, data):
        while data:
            data = data[os.write(self.ours, data):]


def test_paste():
    """A paste through a terminal loses no byte; Ctrl-A x ends riscreen and the terminal is as before."""
    terminal = Terminal()
    before = terminal.settings()
    with Durable() as disk, Machine(*disk.options, stdin=terminal.theirs, stdout=terminal.theirs, env=disk.env,
                                    preexec=terminal.take) as m:
        reader = threading.Thread(target=m.read, args=(terminal.ours, m.output), daemon=True)
        reader.start()
        m.readers.append(reader)
        m.send = lambda text: terminal.type(text.encode())
        m.wait(PROMPT)
        assert terminal.raw()
        paste = base64.b64encode(random.Random(1).randbytes(PASTE * 3 // 4))
        assert len(paste) == PASTE
        m.send(f"stty raw -echo; echo r''eady; head -c {PASTE} | md5sum; stty sane\n")
        m.wait("ready")
        terminal.type(paste)
        m.wait(hashlib.md5(paste).hexdigest())
        m.wait(PROMPT)
        m.send("\x01h")
        m.wait("Ctrl-A x +end the machine")
        m.send("passed on\x01\x01echo \n")  # the line editor goes to the beginning
        m.wait(r"\npassed on\r")
        m.wait(PROMPT)
        m.run(disk.write(1, flush=False))
        m.send("\x01x")
        assert m.process.wait(10) == 0
        assert disk.left() == disk.wanted(1)
        assert terminal.settings() == before
        os.close(terminal.theirs)
        reader.join()
    os.close(terminal.ours)


class Job:
    """riscreen as the job of a shell on a terminal."""

    def __init__(self, terminal, shell):
        self.terminal, self.text, self.seen = terminal, bytearray(), 0
        self.process = subprocess.Popen(shell, stdin=terminal.theirs, stdout=terminal.theirs, stderr=terminal.theirs,
                                        preexec_fn=terminal.take, env=dict(os.environ, PS1="shell> ", PATH="/bin:/usr/bin"))
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        self.pid = None

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind:
            print(f"--- on the terminal: {bytes(self.text[-2000:]).decode(errors='replace')}")
        if self.pid and os.path.exists(f"/proc/{self.pid}"):
            os.kill(self.pid, signal.SIGKILL)
        self.process.kill()
        self.process.wait()
        os.close(self.terminal.theirs)
        self.reader.join()
        os.close(self.terminal.ours)

    def read(self):
        try:
            while data := os.read(self.terminal.ours, 65536):
                self.text += data
        except OSError:  # no process has the terminal open any more
            pass

    def start(self):
        program = os.environ.get("RISCREEN", os.path.join(os.path.dirname(__file__), "../../build/riscreen"))
        self.type(shlex.join([program, "-H", "-m", "256M", "-k", guest("kernel"), "-i", guest("initrd"),
                              "-d", guest("root") + ",ro", "-a", "console=ttyS0"]) + "\n")
        self.says(PROMPT)
        with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children", encoding="ascii") as f:
            self.pid = int(f.read())

    def type(self, text):
        self.terminal.type(text.encode())

    def says(self, regex):
        pattern = re.compile(regex.encode())
        self.seen = self.until(lambda: pattern.search(self.text, self.seen), f"{regex!r} on the terminal").end()

    def until(self, check, what):
        end = time.monotonic() + 60
        while not (result := check()):
            assert time.monotonic() < end, f"never: {what}"
            time.sleep(0.02)
        return result

    def state(self):
        """As ps says it: T is stopped."""
        with open(f"/proc/{self.pid}/stat", encoding="ascii") as f:
            return f.read().rpartition(") ")[2][0]

    def stop(self, signo):
        os.kill(self.pid, signo)
        self.until(lambda: self.state() == "T", "a stop")

    def is_taken(self):
        """Is the terminal riscreen's? Then its keys do, too: the guest's shell reads them."""
        self.until(self.terminal.raw, "a raw terminal")
        self.type("echo heard-$((6 * 7))\n")
        self.says(f"heard-42\r\n(.*\r\n)?{PROMPT}")

    def is_shells(self, prompt):
        self.says(prompt)
        self.type("echo heard-$((7 * 7))\n")
        self.says("heard-49")


def test_stopped():
    """SIGTSTP gives the terminal back before riscreen stops, and fg takes it again. After SIGSTOP, when it was the
    shell's to make it its own, too. In the background riscreen leaves it alone."""
    terminal = Terminal()
    before = terminal.settings()
    with Job(terminal, ["dash", "-i"]) as job:  # which never touches the modes
        job.says("shell> ")
        job.start()
        job.is_taken()
        job.stop(signal.SIGTSTP)
        assert terminal.settings() == before
        job.is_shells("Stopped")
        job.type("fg\n")
        job.is_taken()
        job.stop(signal.SIGSTOP)
        terminal.set(before)
        job.is_shells("Stopped")
        job.type("fg\n")
        job.is_taken()
        job.stop(signal.SIGTSTP)
        job.says("Stopped")
        job.type("bg\n")
        job.until(lambda: job.state() != "T", "a background job")
        job.is_shells("shell> ")
        assert terminal.settings() == before
        job.type("fg\n")
        job.is_taken()
        job.type("\x01x")
        job.says("shell> ")
        assert terminal.settings() == before


def test_bash():
    """bash does not notify a running job that it is in the foreground: riscreen notices with the first line."""
    with Job(Terminal(), ["bash", "--norc", "--noprofile", "-i"]) as job:
        job.says("shell> ")
        job.start()
        job.is_taken()
        job.stop(signal.SIGTSTP)
        job.is_shells("Stopped")
        job.type("bg\n")
        job.until(lambda: job.state() != "T", "a background job")
        job.is_shells("shell> ")
        job.type("fg\n")
        job.until(lambda: os.tcgetpgrp(job.terminal.ours) == job.pid, "riscreen in the foreground")
        job.type("\n")
        job.is_taken()
        os.kill(job.pid, signal.SIGKILL)  # the guardian process has the newest modes
        job.says("Killed")
        job.is_shells("shell> ")


if __name__ == "__main__":
    main(tests_of(sys.modules[__name__]))
