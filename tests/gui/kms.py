# SPDX-License-Identifier: MIT
"""The DRM client of tests/guest in a machine: building it, giving it commands, and the pictures that it draws."""
import os
import re
import subprocess

from guest import TREE, disk_of, guest, skip
from screen import from_rows

SOURCES = os.path.join(TREE, "tests/guest")
FLAGS = ["-std=gnu11", "-Os", "-Wall", "-Wextra", "-Wmissing-prototypes", "-Werror", "-s", "-static"]


def compiler(bits, folder):
    """A compiler of static programs for the guest: Debian's cross compiler, or rv32-gcc of guest/make musl32."""
    if bits == 64:
        return "riscv64-linux-gnu-gcc"
    subprocess.run(["tar", "-C", folder, "-xf", guest("musl32")], check=True)
    return os.path.join(folder, "bin/rv32-gcc")


def disk(bits, folder):
    """Makes an ext4 disk, labelled kms, that holds the client as /kms; returns its path."""
    tree, path, tools = (os.path.join(folder, name) for name in ("kms-tree", f"kms{bits}.ext4", "tools"))
    os.makedirs(tree)
    os.makedirs(tools, exist_ok=True)
    sources = [os.path.join(SOURCES, name) for name in sorted(os.listdir(SOURCES)) if name.endswith(".c")]
    try:
        subprocess.run([compiler(bits, tools), *FLAGS, *sources, "-o", os.path.join(tree, "kms")], check=True)
    except FileNotFoundError:
        skip("no riscv64-linux-gnu-gcc; the cure: apt install gcc-riscv64-linux-gnu libc6-dev-riscv64-cross")
    return disk_of(tree, path, 4, "kms")


class Kms:
    """The client at the machine's serial line: kms("crtc a") raises unless it is answered well."""

    def __init__(self, machine, program="/mnt/kms"):
        self.machine = machine
        machine.send(f"stty -echo; {program}; stty echo\n")
        machine.wait("kms: ready")

    def ask(self, line, seconds=60):
        """What a command wrote, and its errno."""
        self.machine.send(line + "\n")
        match = self.machine.wait(r"(?s)((?:kms: (?!ok|error)[^\n]*\n)*)kms: (ok|error (\d+))[^\n]*\n", seconds)
        return match[1].decode().replace("\r", ""), int(match[3] or 0)

    def __call__(self, *lines):
        said = ""
        for line in lines:
            said, error = self.ask(line)
            assert not error, f"kms: {line}: {os.strerror(error)}"
        return said

    def refuses(self, line, *errors):
        """A command that the kernel must answer with one of these errors."""
        error = self.ask(line)[1]
        assert error in errors, f"kms: {line}: {os.strerror(error)}, not {os.strerror(errors[0])}"

    def quit(self):
        self.machine.send("quit\n")


def pattern_row(seed, x, y, width):
    """What the client's buffer_pattern() draws."""
    row = bytearray(width * 3)
    row[0::3] = bytes((u * 3 + seed * 40) & 255 for u in range(x, x + width))
    row[1::3] = bytes([(y * 5 + seed * 90) & 255]) * width
    row[2::3] = bytes(((u ^ y) + seed * 7) & 255 for u in range(x, x + width))
    return row


class Canvas:
    """A picture to compare with, drawn the way the client draws a buffer."""

    def __init__(self, width, height, seed=None):
        self.width, self.height = width, height
        self.rows = [bytearray(width * 3) for _ in range(height)]
        if seed is not None:
            self.pattern(seed, 0, 0, width, height)

    def clip(self, x, y, width, height):
        return max(x, 0), max(y, 0), min(x + width, self.width), min(y + height, self.height)

    def pattern(self, seed, *box):
        x, y, x2, y2 = self.clip(*box)
        for v in range(y, y2):
            self.rows[v][x * 3:x2 * 3] = pattern_row(seed, x, v, x2 - x)
        return self

    def rect(self, x, y, width, height, colour):
        """A rectangle of 0xAARRGGBB, blended as a cursor's pixels are (their colours are premultiplied)."""
        x, y, x2, y2 = self.clip(x, y, width, height)
        alpha = colour >> 24
        for v in range(y, y2):
            for u in range(x, x2):
                for i, shift in enumerate((16, 8, 0)):
                    below = self.rows[v][u * 3 + i]
                    self.rows[v][u * 3 + i] = (colour >> shift & 255) + (below * (255 - alpha) + 127) // 255
        return self

    def copy(self):
        twin = Canvas(0, 0)
        twin.width, twin.height, twin.rows = self.width, self.height, [bytearray(row) for row in self.rows]
        return twin

    def picture(self):
        return from_rows(self.width, self.rows)


def modes(kms):
    """The modes of the client's head, as (width, height), the preferred one first."""
    found = re.findall(r"mode (\d+)x(\d+)@\d+( \*)?", kms("modes"))
    return [(int(w), int(h)) for w, h, star in sorted(found, key=lambda m: not m[2])]
