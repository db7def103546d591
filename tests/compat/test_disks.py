#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Disks as kernels for QEMU's virt find them."""
import re
import tempfile

from bare import Bare, qemu
from guest import main, tests_of

DRIVE = ["-device", "virtio-blk-device,drive=d", "-drive"]


LINES = r"capacity (0x\w+)\s+last sector: (.*?)\r?\n"


def last_sector(match):
    said = [part.decode() if isinstance(part, bytes) else part for part in match.groups()]
    return int(said[0], 16), said[1]


def test_odd_size():
    """A file of any size is a disk: rounded up, and zeros behind its end, as on QEMU."""
    for content in b"Lorem ipsum", b"x" * 512 * 9 + b"the last words", b"y" * 1024 + b"z":
        with tempfile.NamedTemporaryFile() as disk:
            disk.write(content)
            disk.flush()
            status, text = qemu("disk.c", *DRIVE, f"if=none,id=d,format=raw,readonly=on,file={disk.name}")
            assert status == 0, text
            right = last_sector(re.search(LINES, text))
            for option in disk.name, disk.name + ",ro":
                with Bare("disk.c", "-d", option) as m:
                    assert last_sector(m.wait(LINES)) == right
                    assert m.end() == 0


def test_write_past_the_end():
    """What is written past the file's end is dropped: the file keeps its size (QEMU's grows to whole sectors)."""
    with tempfile.NamedTemporaryFile() as disk:
        disk.write(b"x" * 512 + b"eleven byte")
        disk.flush()
        with Bare("disk.c", "-d", disk.name, flags=["-DWRITE"]) as m:
            assert last_sector(m.wait(LINES)) == (2, "W" * 11)
            assert m.end() == 0
        with open(disk.name, "rb") as f:
            assert f.read() == b"x" * 512 + b"W" * 11


if __name__ == "__main__":
    main(tests_of(__import__("__main__")))
