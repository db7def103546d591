#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Files of every kind where riscreen is given one, closed and unread standard streams, and signals at any time."""
import fcntl
import itertools
import json
import os
import signal
import socket
import subprocess
import tempfile
import termios
import time

from bare import compile_kernel
from guest import TREE, Qmp, main, tests_of
from hostile import PROMISE, SLOWER, Hostile

RISCREEN = os.path.abspath(os.environ.get("RISCREEN", os.path.join(TREE, "build/riscreen")))


class Folder(tempfile.TemporaryDirectory):
    """One of each kind that is no ordinary file; fifo is not open at its other end."""

    def __enter__(self):
        super().__enter__()
        self.path = lambda name: os.path.join(self.name, name)
        os.mkfifo(self.path("fifo"))
        os.mkdir(self.path("folder"))
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(self.path("socket"))
        listener.close()
        with open(self.path("sparse"), "wb") as f:
            f.truncate(1 << 42)
        self.kernel = compile_kernel(self.path("kernel.elf"), "spin.c", "m")
        self.base = [RISCREEN, "--bios", "none", "-H", "-m", "64M"]
        return self


def refused(command, **others):
    """It ends by itself, soon, with one line."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                          timeout=30 * SLOWER, **others)
    lines = done.stderr.decode().splitlines()
    assert done.returncode == 1 and len(lines) == 1, (command, done.returncode, lines[:5])


READS = {
    "script": ["--script", "{}"], "edid": ["--gpu", "640x480,edid={}"], "password": ["--display", "vnc=:47,password={}"],
    "kernel": ["-k", "{}"], "initrd": ["-i", "{}"], "dtb": ["--dtb", "{}"], "bios": ["--bios", "{}"], "disk": ["-d", "{}"],
    "reference": ["--script", "reference"],
}
WRITES = {
    "dumpdtb": ["--dumpdtb", "{}"], "junit": ["--script", "empty", "--junit", "{}"], "record": ["--record", "{}.y4m"],
    "trace": ["--trace-gpu", "{}"],
}


def options(f, name, words, target):
    """The words of an option for one file. A recording is known by its name; a reference stands in a script."""
    if name == "record":
        os.path.exists(target + ".y4m") or os.symlink(target, target + ".y4m")
    with open(f.path("reference"), "w") as script:
        script.write(f"wait-screen {target}\n")
    with open(f.path("empty"), "w") as script:
        script.write("quit\n")
    named = {"reference": f.path("reference"), "empty": f.path("empty")}
    given = [named.get(word, word.format(target)) for word in words]
    return [*f.base, *([] if "-k" in words else ["-k", f.kernel]), *given]


def test_read():
    """What cannot be a script, picture, EDID, password or image is refused, and nothing is waited for."""
    with Folder() as f:
        for (name, words), target in itertools.product(
                READS.items(), ("fifo", "folder", "socket", "sparse", "/dev/zero", "none")):
            if (name, target) == ("disk", "sparse"):
                continue
            refused(options(f, name, words, target if target[0] == "/" else f.path(target)))


def test_write():
    """The same for what is written."""
    with Folder() as f:
        for (name, words), target in itertools.product(WRITES.items(), ("fifo", "folder", "socket")):
            refused(options(f, name, words, f.path(target)))


def test_memory():
    """/dev/zero as a script is refused before it fills the memory."""
    with Folder() as f:
        limit = "ulimit -v 1500000;" if SLOWER == 1 else ""  # a sanitizer's shadow is larger
        refused(["sh", "-c", limit + ' exec "$@"', "sh", *f.base, "-k", f.kernel, "--script", "/dev/zero"])


def test_useful():
    """Pipes that somebody has open work: a script from a command and from stdin, the device tree to stdout, a report."""
    with Folder() as f:
        base = " ".join([*f.base, "-k", f.kernel])
        for line in (f"{base} --script <(echo quit 7); test $? = 7",
                     f"echo quit 7 | {base} --script /dev/stdin; test $? = 7",
                     f"{base} --dumpdtb /dev/stdout | grep -c riscv",
                     f"{base} --script <(echo quit) --junit >(grep -q testsuites && echo yes >{f.path('report')}); "
                     f"for i in 1 2 3 4 5 6 7 8 9; do test -s {f.path('report')} && exit; sleep 0.2; done; exit 1"):
            subprocess.run(["bash", "-c", line], stdin=subprocess.DEVNULL, check=True, timeout=60 * SLOWER)


def test_startup():
    """SIGTERM ends riscreen while it still reads what it was started with."""
    with Folder() as f:
        writer = os.open(f.path("fifo"), os.O_RDWR)  # there, and says nothing
        for signo in signal.SIGTERM, signal.SIGINT, signal.SIGHUP:
            process = subprocess.Popen([*f.base, "-k", f.kernel, "--script", f.path("fifo")], stdin=subprocess.DEVNULL)
            os.write(writer, b"#")
            while fcntl.ioctl(writer, termios.FIONREAD, b"\0" * 4) != b"\0" * 4:  # until it waits for more
                assert process.poll() is None
                time.sleep(0.05)
            process.send_signal(signo)
            assert process.wait(PROMISE * SLOWER) == 128 + signo
        os.close(writer)


def ask(client, command, **arguments):
    """An answer that may be an error."""
    client.socket.sendall((json.dumps({"execute": command, "arguments": arguments}) + "\n").encode())
    while "event" in (answer := json.loads(client.file.readline())):
        pass
    return answer


def test_screendump():
    """A screendump into a FIFO without a reader, one whose reader sleeps, and everything else that is no file: an
    error, and other clients are answered."""
    with Folder() as f, Hostile("spin.c", mode="m") as m:
        m.wait("ready")
        first, second = Qmp(m.monitor), Qmp(m.monitor)
        for target in "fifo", "folder", "socket", "none/x":
            for form in "png", "ppm":
                assert "error" in ask(first, "screendump", filename=f.path(target), format=form), target
                second("query-status")
        assert "error" in ask(first, "screendump", filename="/dev/full")
        reader = os.open(f.path("fifo"), os.O_RDONLY | os.O_NONBLOCK)
        assert "error" in ask(first, "screendump", filename=f.path("fifo"))  # larger than a pipe
        second("query-status")
        os.close(reader)
        for client in first, second:
            client.close()


def test_names():
    """A NUL or what is no UTF-8 in a string is refused as a whole; nothing is written under a part of the name."""
    with Folder() as f, Hostile("spin.c", mode="m") as m:
        m.wait("ready")
        client = Qmp(m.monitor)
        before = set(os.listdir(f.name))
        answer = ask(client, "screendump", filename=f.path("cut") + "\0.png")
        assert "error" in answer and "NUL" in answer["error"]["desc"], answer
        assert "error" in ask(client, "screen\0dump", filename=f.path("cut"))
        assert "error" in ask(client, "screendump", **{"filename": f.path("cut"), "format": "ppm\0x"})
        assert "error" in ask(client, "send-key", keys=[{"type": "qcode", "data": "a\0b"}])
        raw = b'{"execute":"screendump","arguments":{"filename":"' + f.path("cut").encode() + b'\xff\xc0\x80"}}\n'
        client.socket.sendall(raw)
        assert "error" in json.loads(client.file.readline())
        assert set(os.listdir(f.name)) == before
        client("query-status")
        client.close()


def test_closed():
    """Started with any of 0, 1 and 2 closed: nothing is written to a disk."""
    with Folder() as f:
        kernel = compile_kernel(f.path("hello.elf"), os.path.join(TREE, "tests/compat/hello.c"), "m")
        for closed in itertools.chain(*(itertools.combinations(("0<&-", "1>&-", "2>&-"), n) for n in (1, 2, 3))):
            disks = [f.path("a.img"), f.path("b.img")]
            for disk in disks:
                with open(disk, "wb") as image:
                    image.truncate(1 << 20)
            words = [*f.base, "--log", "all", "-k", kernel, "-d", disks[0], "-d", disks[1]]
            subprocess.run(["sh", "-c", 'exec "$@" ' + " ".join(closed), "sh", *words], timeout=60 * SLOWER,
                           stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            for disk in disks:
                with open(disk, "rb") as image:
                    assert image.read() == bytes(1 << 20), closed


def test_unread():
    """A stderr, and a stdout, that is not read: the machine goes on, the control socket answers, SIGTERM ends it."""
    for console in 0, 1:
        errors, theirs = os.pipe()
        out, out_theirs = os.pipe()
        with Folder() as f:
            kernel = compile_kernel(f.path("noisy.elf"), "noisy.c", "s", [f"-DCONSOLE={console}"])
            process = subprocess.Popen([RISCREEN, "-H", "-m", "64M", "--log", "all", "-k", kernel,
                                        "--monitor", "unix:" + f.path("qmp")],
                                       stdin=subprocess.DEVNULL, stdout=out_theirs, stderr=theirs)
            os.close(theirs)
            os.close(out_theirs)
            try:
                client = Qmp(f.path("qmp"))
                time.sleep(2)  # for both to fill
                client("stop")
                client("cont")
                client.close()
                process.terminate()
                assert process.wait(PROMISE * SLOWER) == 128 + signal.SIGTERM
                text = b""
                while data := os.read(errors, 1 << 20):
                    text += data
                lines = text.decode().split("\n")
                assert lines.pop() == "" or len(text) >= 65536
                assert all(": " in line for line in lines), "a line is torn"
            finally:
                process.kill()
                process.wait()
                os.close(errors)
                os.close(out)


if __name__ == "__main__":
    main(tests_of(__import__("__main__")))
