# SPDX-License-Identifier: MIT
"""riscreen with a guest, for tests: its serial line, its control socket, its end.

    with Machine(harts=2, append="riscreen.run=true") as m:
        m.wait(r"riscreen: exit (\\d+)")
        assert m.end() == 0

RISCREEN names the program. Guests are those of guest/make; RISCREEN_GUEST_DIR names a folder that has them by their
subjects instead (kernel, initrd, root.ext4, ...). Without them a test is skipped, but not in CI.
"""
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

SKIP = 77  # meson's exit status for a test that cannot run here
TREE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROMPT = r"root@riscreen:~# "


def skip(why):
    print(f"skipped: {why}")
    sys.exit(1 if os.environ.get("CI") else SKIP)


def guest(subject):
    """The path of a guest's file; an absolute path stays."""
    if os.path.isabs(subject):
        return subject
    folder = os.environ.get("RISCREEN_GUEST_DIR")
    if folder:
        names = [f for f in os.listdir(folder) if f == subject or f.startswith(subject + ".")]
        path = os.path.join(folder, names[0]) if names else f"{subject} in {folder}"
    else:
        path = subprocess.run([os.path.join(TREE, "guest/make"), "--path", subject],
                              stdout=subprocess.PIPE, check=True, text=True).stdout.strip()
    if not os.path.exists(path):
        skip(f"no {path}; make it with: guest/make {subject}")
    return path


def copy_disk(path, folder):
    """A copy that may be written, in folder; holes stay holes."""
    to = os.path.join(folder, os.path.basename(path))
    subprocess.run(["cp", "--sparse=always", "--reflink=auto", path, to], check=True)
    os.chmod(to, 0o600)
    return to


def disk_of(tree, path, mib, label):
    """Makes an ext4 disk that holds the folder tree; returns its path."""
    with open(path, "wb") as image:
        image.truncate(mib << 20)
    subprocess.run(["mke2fs", "-q", "-F", "-t", "ext4", "-L", label, "-d", tree, path], check=True,
                   env=dict(os.environ, PATH=os.environ["PATH"] + ":/usr/sbin:/sbin"))
    return path


class Qmp:
    """A client of the control socket."""

    def __init__(self, path):
        self.events = []
        self.socket = socket.socket(socket.AF_UNIX)
        end = time.monotonic() + 10
        while True:  # the socket is there soon after the start
            try:
                self.socket.connect(path)
                break
            except (FileNotFoundError, ConnectionRefusedError):
                if time.monotonic() > end:
                    raise
                time.sleep(0.02)
        self.socket.settimeout(30)
        self.file = self.socket.makefile("r", encoding="utf-8")  # "rw" would lose what it read ahead
        assert "QMP" in json.loads(self.file.readline())
        self("qmp_capabilities")

    def __call__(self, command, **arguments):
        message = {"execute": command, "arguments": arguments}
        self.socket.sendall(json.dumps(message).encode() + b"\n")
        while True:
            line = self.file.readline()
            assert line, f"the control socket closed before it answered {command}"
            answer = json.loads(line)
            if "event" in answer:
                self.events.append(answer)
                continue
            assert "error" not in answer, f"{command}: {answer}"
            return answer["return"]

    def event(self, name):
        """Waits for an event and takes it."""
        while True:
            for i, event in enumerate(self.events):
                if event["event"] == name:
                    return self.events.pop(i)
            line = self.file.readline()
            assert line, f"the control socket closed before {name}"
            self.events.append(json.loads(line))

    def close(self):
        self.file.close()
        self.socket.close()


class Machine:
    """One riscreen. Its own arguments come first; options of None are left out.

    disk is a subject of guest/make, read-only, or the path of a file, writable. stdin and stdout are the serial line,
    or those that are given (a terminal's).
    """

    def __init__(self, *options, harts=1, memory="512M", disk="root", append="", kernel="kernel", initrd="initrd",
                 display="none", stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=None, preexec=None):
        self.folder = tempfile.mkdtemp(prefix="riscreen-test-")
        monitor = os.path.join(self.folder, "qmp")
        command = [os.environ.get("RISCREEN", os.path.join(TREE, "build/riscreen")),
                   "-c", str(harts), "-m", memory, *(["--display", display] if display else []),
                   "--monitor", "unix:" + monitor]
        for option, subject in (("-k", kernel), ("-i", initrd)):
            if subject:
                command += [option, guest(subject)]
        if disk:
            command += ["-d", disk if os.path.isabs(disk) else guest(disk) + ",ro"]
        command += ["-a", f"console=ttyS0 {append}", *options]
        self.monitor, self.client = monitor, None
        self.started = time.monotonic()
        self.process = subprocess.Popen(command, stdin=stdin, stdout=stdout, stderr=subprocess.PIPE,
                                        env=env, bufsize=0, preexec_fn=preexec)
        self.changed = threading.Condition()
        self.output, self.errors, self.seen = bytearray(), bytearray(), 0
        self.readers = [threading.Thread(target=self.read, args=(pipe.fileno(), to), daemon=True)
                        for pipe, to in ((self.process.stdout, self.output), (self.process.stderr, self.errors))
                        if pipe]
        for reader in self.readers:
            reader.start()

    def read(self, fd, to):
        """A thread's work: what comes from fd goes to output or errors."""
        while True:
            try:
                data = os.read(fd, 65536)
            except OSError:  # a terminal whose other side is closed
                data = b""
            if not data:
                break
            with self.changed:
                to += data
                self.changed.notify_all()
        with self.changed:
            self.changed.notify_all()

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind and kind is not SystemExit:
            tail = self.output.decode(errors="replace").replace("\r", "").splitlines()[-40:]
            print("--- the serial line's last lines", *tail, "---", sep="\n")
        if self.errors:
            print("riscreen said:", self.errors.decode(errors="replace"))
        if self.client:
            self.client.close()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for reader in self.readers:
            reader.join(5)
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            if pipe:
                pipe.close()
        shutil.rmtree(self.folder)

    # --- the serial line

    def wait(self, regex, seconds=120):
        """Waits until the serial line says it, after what was waited for before; returns the match."""
        end = time.monotonic() + seconds
        pattern = re.compile(regex.encode())
        with self.changed:
            while True:
                ended = not any(reader.is_alive() for reader in self.readers)
                match = pattern.search(self.output, self.seen)
                if match:
                    self.seen = match.end()
                    return match
                assert not ended, f"riscreen ended ({self.process.poll()}) before it said {regex!r}"
                left = end - time.monotonic()
                assert left > 0, f"nothing said {regex!r} within {seconds} s"
                self.changed.wait(min(left, 1))

    def send(self, text):
        self.process.stdin.write(text.encode())

    def shell(self, command, seconds=120):
        """Runs a command at the serial line's prompt; returns what it wrote and its exit status."""
        # the shell's line editor echoes the command, so the marks are spelt differently there
        self.send(f"echo \"@\"begin; {command}; echo \"@\"end $?@\n")
        match = self.wait(r"(?s)@begin\r\n(.*?)@end (\d+)@", seconds)
        self.wait(PROMPT, seconds)
        return match[1].decode(errors="replace").replace("\r", ""), int(match[2])

    def run(self, command, seconds=120):
        """shell() of a command that must succeed."""
        output, status = self.shell(command, seconds)
        assert status == 0, f"{command}: exit status {status}: {output}"
        return output

    # --- the control socket

    def qmp(self, command, **arguments):
        if not self.client:
            self.client = Qmp(self.monitor)
        return self.client(command, **arguments)

    def key(self, *chord):
        """Presses and releases keys, by QEMU's names."""
        self.qmp("send-key", keys=[{"type": "qcode", "data": key} for key in chord], **{"hold-time": 20})
        time.sleep(0.04)  # the machine goes on while they are held

    def screendump(self, cursor=False, head=0):
        """The bytes of a PPM."""
        path = os.path.join(self.folder, "screen.ppm")
        self.qmp("screendump", filename=path, format="ppm", cursor=cursor, head=head)
        with open(path, "rb") as f:
            return f.read()

    # --- the end

    def end(self, seconds=60):
        """Waits for the end of riscreen; its exit status."""
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"riscreen did not end within {seconds} s") from None
        for reader in self.readers:
            reader.join(5)
        return status

    def terminate(self):
        self.process.send_signal(signal.SIGTERM)


def main(tests):
    """Runs the functions named on the command line, or all; prints how long each took."""
    names = sys.argv[1:] or list(tests)
    for name in names:
        start = time.monotonic()
        print(name, end=" ", flush=True)
        tests[name]()
        print(f"{time.monotonic() - start:.1f} s", flush=True)


def tests_of(module):
    """A module's functions test_NAME, by NAME."""
    return {name[5:]: f for name, f in vars(module).items() if name.startswith("test_")}
