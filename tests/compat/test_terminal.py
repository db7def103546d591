#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""riscreen on terminals of every kind: controlling or not, in the foreground or not, alone or with pipes beside it."""
import fcntl
import os
import pty
import re
import select
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import termios
import time

from bare import compile_kernel
from guest import TREE, main, skip, tests_of

RISCREEN = os.path.abspath(os.environ.get("RISCREEN", os.path.join(TREE, "build/riscreen")))
FOLDER = tempfile.TemporaryDirectory(prefix="riscreen-terminal-")
COMMAND = []


def command():
    """riscreen with the echo kernel, as words."""
    if not COMMAND:
        kernel = compile_kernel(os.path.join(FOLDER.name, "echo.elf"), "echo.c")
        COMMAND.extend([RISCREEN, "-H", "-m", "64M", "-k", kernel])
    return COMMAND


class Terminal:
    """A pseudo terminal: ours is the screen and the keyboard, theirs is what programs open."""

    def __init__(self):
        self.ours, self.theirs = pty.openpty()
        self.before = termios.tcgetattr(self.theirs)
        self.text = bytearray()

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind:
            print(f"--- on the terminal: {bytes(self.text[-1000:])!r}")
        os.close(self.ours)
        os.close(self.theirs)

    def control(self):
        """The new process's work: this terminal controls its session."""
        os.setsid()
        fcntl.ioctl(self.theirs, termios.TIOCSCTTY, 0)

    def start(self, words, **others):
        streams = dict(stdin=self.theirs, stdout=self.theirs, stderr=self.theirs)
        streams.update(others)
        return subprocess.Popen(words, **streams)

    def type(self, text):
        os.write(self.ours, text.encode())

    def says(self, regex, fd=None, seconds=60):
        pattern, end = re.compile(regex.encode()), time.monotonic() + seconds
        while not (match := pattern.search(self.text)):
            assert time.monotonic() < end, f"nothing said {regex!r}"
            if select.select([fd or self.ours], [], [], 0.2)[0]:
                self.text += os.read(fd or self.ours, 65536)
        del self.text[:match.end()]

    def raw(self):
        return not termios.tcgetattr(self.theirs)[3] & (termios.ICANON | termios.ECHO)

    def restored(self):
        return termios.tcgetattr(self.theirs) == self.before


def converse(terminal, process, out=None):
    """What is typed reaches the guest; Ctrl-A x ends riscreen, and the terminal is as before."""
    terminal.says("ready", out)
    assert terminal.raw()
    terminal.type("ab\x01\x01")
    terminal.says(r"\[a\]\[b\]\[\x01\]", out)
    terminal.type("\x01x")
    assert process.wait(20) == 0
    assert terminal.restored()


def test_controlling():
    """The terminal controls riscreen's session, as in a login or a container with a terminal."""
    with Terminal() as t:
        converse(t, t.start(command(), preexec_fn=t.control))


def test_foreign():
    """It does not: a test harness that made a pseudo terminal, without a session of its own or with one."""
    for session in os.setsid, None:
        with Terminal() as t:
            converse(t, t.start(command(), preexec_fn=session))


def test_two_terminals():
    """Another terminal controls the session, and riscreen is in its background: stdin is ours all the same."""
    with Terminal() as control, Terminal() as t:
        shell = control.start(["dash", "-i"], preexec_fn=control.control, env=dict(os.environ, PS1="shell> "))
        control.says("shell> ")
        control.before, name = termios.tcgetattr(control.theirs), os.ttyname(t.theirs)
        control.type(f"{shlex.join(command())} <{name} >{name} 2>&1 &\n")
        t.says("ready")
        assert t.raw() and control.restored()
        t.type("ab\x01\x01")
        t.says(r"\[a\]\[b\]\[\x01\]")
        t.type("\x01x")
        control.type("wait; echo ended-$?\n")
        control.says("ended-0")
        assert t.restored() and control.restored()
        control.type("exit\n")
        shell.wait(20)


def test_pipes():
    """stdin a terminal and stdout a pipe, and the other way round; both kinds of terminal."""
    for session in (os.setsid, "control"):
        with Terminal() as t:
            process = t.start(command(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              preexec_fn=t.control if session == "control" else session)
            converse(t, process, process.stdout.fileno())
        with Terminal() as t:
            process = t.start(command(), stdin=subprocess.PIPE, bufsize=0,
                              preexec_fn=t.control if session == "control" else session)
            t.says("ready")
            assert t.restored()
            process.stdin.write(b"aq")
            t.says(r"\[a\]\[q\]")
            assert process.wait(20) == 0


def test_hang_up():
    """The other side of a terminal that is not controlling closes: riscreen goes on, and ends when it is asked."""
    t = Terminal()
    process = t.start(command(), stderr=subprocess.DEVNULL, preexec_fn=os.setsid)
    t.says("ready")
    os.close(t.theirs)
    os.close(t.ours)
    process.terminate()
    assert process.wait(20) == 128 + signal.SIGTERM


def test_background():
    """In the background of the terminal that controls its session, riscreen leaves it alone, and takes it with fg."""
    with Terminal() as t:
        shell = t.start(["dash", "-i"], preexec_fn=t.control, env=dict(os.environ, PS1="shell> "))
        t.says("shell> ")
        t.before = termios.tcgetattr(t.theirs)
        t.type(shlex.join(command()) + " &\n")
        t.says("ready")
        t.type("echo typed-$((6 * 7))\n")
        t.says("typed-42")
        assert t.restored()
        t.type("fg\n")
        t.says("fg\r\n.*\r\n")
        end = time.monotonic() + 20
        while not t.raw():
            assert time.monotonic() < end, "fg does not take the terminal"
            time.sleep(0.05)
        t.type("ab")
        t.says(r"\[a\]\[b\]")
        t.type("\x01x")
        t.says("shell> ")
        assert t.restored()
        t.type("exit\n")
        shell.wait(20)


def test_script():
    """Under script(1), whose pseudo terminal controls a new session, with a terminal and with a pipe as its own stdin."""
    if not shutil.which("script"):
        skip("no script(1); apt-get install bsdutils")
    words = ["script", "-qec", shlex.join(command()), "/dev/null"]
    with Terminal() as t:
        converse(t, t.start(words, preexec_fn=t.control))
    with Terminal() as t:
        process = t.start(words, stdin=subprocess.PIPE, bufsize=0, preexec_fn=t.control)
        t.says("ready")
        process.stdin.write(b"aq")
        t.says(r"\[a\]\[q\]")
        assert process.wait(20) == 0


def test_setsid():
    """setsid(1), without and with the terminal as the new session's own."""
    for options in [], ["-c"]:
        with Terminal() as t:
            converse(t, t.start(["setsid", "-w", *options, *command()]))


def test_tmux():
    """In a window of tmux, and in one that tmux split."""
    if not shutil.which("tmux"):
        skip("no tmux; apt-get install tmux")
    tmux = ["tmux", "-S", os.path.join(FOLDER.name, "tmux"), "-f", "/dev/null"]

    def screen(regex):
        end = time.monotonic() + 60
        while True:
            text = subprocess.run([*tmux, "capture-pane", "-p"], stdout=subprocess.PIPE, text=True).stdout
            if re.search(regex, text):
                return
            assert time.monotonic() < end, f"tmux never shows {regex!r} but {text!r}"
            time.sleep(0.1)

    subprocess.run([*tmux, "new-session", "-d", "-x", "80", "-y", "24", shlex.join(command()) + "; cat"], check=True)
    try:
        screen("ready")
        subprocess.run([*tmux, "send-keys", "a", "b"], check=True)
        screen(r"\[a\]\[b\]")
        subprocess.run([*tmux, "send-keys", "q"], check=True)
        screen(r"\[q\]")
    finally:
        subprocess.run([*tmux, "kill-server"], check=True)


if __name__ == "__main__":
    main(tests_of(sys.modules[__name__]))
