#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Whole systems in the shape of those that are taught with: the same transcript as on QEMU."""
import os
import tempfile

from bare import Bare, qemu
from guest import main, skip, tests_of

FIRMWARE = "/usr/lib/riscv64-linux-gnu/opensbi/generic/fw_jump.elf"
TEXT = b"".join((b"block %d of a disk\n" % i).ljust(512, b".") for i in range(64))


def said(text, begin):
    """The transcript from begin on."""
    text = text.replace("\r", "")
    return text[text.index(begin):].splitlines()


def both(kernel, begin, *options, content=TEXT, legacy=False, typed=(), qemu_options=(), judge=True, **others):
    """Runs the kernel with a disk on QEMU and here: both say the same and leave the same disk. Returns what they say."""
    results = []
    with tempfile.TemporaryDirectory() as folder:
        disk = os.path.join(folder, "disk")
        drive = ["-drive", f"if=none,id=d,format=raw,file={disk}",
                 "-device", "virtio-blk-device,drive=d,bus=virtio-mmio-bus.0"]
        for on_qemu in (True, False) if judge else (False,):
            with open(disk, "wb") as f:
                f.write(content)
            if on_qemu:
                status, text = qemu(kernel, *drive, *qemu_options, legacy=legacy, typed=typed, **others)
                assert status == 0, text
            else:
                with Bare(kernel, *options, "-d", disk, "--virtio", "legacy" if legacy else "modern", **others) as m:
                    for prompt, text in typed:
                        m.wait(prompt.replace("$", r"\$"))
                        m.send(text)
                    assert m.end() == 0
                    text = m.output.decode()
            with open(disk, "rb") as f:
                results.append((said(text, begin), f.read()))
    if judge:
        assert results[0] == results[1], "\n".join(["QEMU:", *results[0][0], "riscreen:", *results[1][0]])
    return results[-1][0]


def xv6(threads="multi", **flags):
    both("os_xv6.c", "kernel is booting", "-c", "3", "--threads", threads, mode="m", qemu_options=["-smp", "3"],
         legacy=flags["LEGACY"], typed=[("$ ", "uname\r")], flags=[f"-D{name}={int(value)}" for name, value in flags.items()])


def test_xv6():
    """Three harts from M-mode to S-mode, a disk and a console by interrupts, processes: as of 2019, 2022 and 2023."""
    for ad in 0, 0xc0:
        xv6(LEGACY=True, SSTC=False, AD=ad)
        xv6(LEGACY=False, SSTC=False, AD=ad)
        xv6(LEGACY=False, SSTC=True, AD=ad)
    xv6("single", LEGACY=True, SSTC=False, AD=0)
    xv6("single", LEGACY=False, SSTC=True, AD=0)


def mini(threads, user):
    both("os_mini.c", "mini OS starts", "-c", "2", "--threads", threads, mode="m", qemu_options=["-smp", "2"], xlen=32,
         legacy=True, typed=[("$ ", "ls\r")], flags=[f"-DUSER={user}"])


def test_mini():
    """RV32 in M-mode, and U-mode: tasks by the CLINT's timer and software interrupt, typed input by interrupt, an old disk."""
    mini("multi", user=0)
    mini("multi", user=1)
    mini("single", user=1)


def test_course():
    """RV32 in S-mode: Sv32, legacy SBI, a user program; the built-in SBI is as good as an M-mode that QEMU judges."""
    options = dict(content=b"Lorem ipsum dolor sit amet, consectetur", legacy=True, typed=[(">", "hello\r")], xlen=32)
    own = both("os_course.c", "the kernel starts", mode="m", flags=["-DOWN_SBI=1"], **options)
    for threads in "multi", "single":
        assert both("os_course.c", "the kernel starts", "--threads", threads, judge=False, **options) == own


def test_rcore():
    """RV64 in S-mode behind OpenSBI: gigapages, the legacy timer, polled input, tasks; the same on the built-in SBI."""
    if not os.path.exists(FIRMWARE):
        skip(f"no {FIRMWARE}; apt-get install opensbi")
    typed = [("> ", "help me\r")]
    right = both("os_rcore.c", "the kernel starts", "--bios", FIRMWARE, qemu_options=["-bios", FIRMWARE], typed=typed)
    for threads in "multi", "single":
        assert both("os_rcore.c", "the kernel starts", "--threads", threads, typed=typed, judge=False) == right


if __name__ == "__main__":
    main(tests_of(__import__("__main__")))
