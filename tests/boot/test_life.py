#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Ends and beginnings: reboot, the power button, signals, the terminal; what was written to the disk is there then."""
import base64
import fcntl
import hashlib
import os
import pty
import random
import struct
import subprocess
import sys
import tempfile
import termios
import threading

from durable import Durable
from guest import Machine, PROMPT, copy_disk, guest, main, tests_of

PASTE = 1 << 20


def disk_file(disk, path):
    """The content of a file in an ext4 image, whose journal is replayed first; the file system must be sound."""
    check = subprocess.run(["/sbin/e2fsck", "-fp", disk], capture_output=True, text=True)
    assert check.returncode in (0, 1), check.stdout
    return subprocess.run(["/sbin/debugfs", "-R", f"cat {path}", disk], capture_output=True, check=True).stdout


def test_reboot():
    """A guest reboots and comes up again on the disk as it left it; the power button ends it cleanly."""
    with tempfile.TemporaryDirectory(prefix="riscreen-test-") as folder:
        disk = copy_disk(guest("root"), folder)
        with Machine(disk=disk, harts=2) as m:
            m.wait(PROMPT)
            m.run("seq 1 100000 >/root/numbers; sync; mount | grep ' / '")
            m.qmp("query-status")
            m.send("reboot -f\n")
            assert m.client.event("RESET")["data"]["guest"] is True
            m.wait(r"Linux version 6\.")
            m.wait(PROMPT)
            assert m.run("wc -l </root/numbers").strip() == "100000"
            assert "clean" in m.run("dmesg | grep -i ext4; echo clean")
            m.run("echo later >/root/later")
            m.qmp("system_powerdown")
            m.wait("riscreen: power key")
            m.wait("reboot: Power down")
            assert m.client.event("SHUTDOWN")["data"] == {"guest": True, "reason": "guest-shutdown"}
            assert m.end() == 0
        assert disk_file(disk, "/root/numbers") == b"".join(b"%d\n" % i for i in range(1, 100001))
        assert disk_file(disk, "/root/later") == b"later\n"


def test_signal():
    """SIGTERM ends riscreen; what the guest had synced is in the image, and what it had only written is flushed."""
    with tempfile.TemporaryDirectory(prefix="riscreen-test-") as folder, Durable() as scratch:
        disk = copy_disk(guest("root"), folder)
        with Machine(*scratch.options, disk=disk, env=scratch.env) as m:
            m.wait(PROMPT)
            text = m.run("dmesg | tail -n 50 | tee /root/synced; sync")
            m.run(scratch.write(0, flush=True))
            m.run(scratch.write(3, flush=False))
            assert scratch.left() == scratch.wanted(0)
            m.terminate()
            assert m.end(20) == 128 + 15
        assert disk_file(disk, "/root/synced").decode() == text
        assert scratch.left() == scratch.wanted(0, 3)


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

    def type(self, data):
        while data:
            data = data[os.write(self.ours, data):]


def test_terminal():
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
        assert not terminal.settings()[3] & (termios.ICANON | termios.ECHO | termios.ISIG), "not raw"
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


def test_input_end():
    """The end of the input is not the end of the machine."""
    with Machine(append='riscreen.run="sleep 2; exit 3"', stdin=subprocess.DEVNULL) as m:
        m.wait("riscreen: exit 3")
        assert m.end() == 0


if __name__ == "__main__":
    main(tests_of(sys.modules[__name__]))
