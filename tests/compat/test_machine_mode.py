#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What programs find that do without a firmware, or come behind QEMU's: the state of the harts at their entry."""
import os
import subprocess
import tempfile
import time

from bare import Bare, compile_kernel, qemu
from guest import main, skip, tests_of

FIRMWARE = "/usr/lib/riscv64-linux-gnu/opensbi/generic/fw_jump.elf"


def both(kernel, says, *options, mode="s", qemu_options=(), judge=True):
    """The kernel ends with 0 on riscreen and, where it is the judge, on QEMU."""
    with Bare(kernel, *options, mode=mode) as m:
        m.wait(says)
        assert m.end() == 0
    if judge:
        status, text = qemu(kernel, *qemu_options, mode=mode)
        assert status == 0 and says in text, text


def test_no_ad_bits():
    """Hardware sets A and D from reset on: in M-mode's start-up, under the built-in SBI, under OpenSBI."""
    both("no_ad_bits.c", "paged", mode="m")
    both("no_ad_bits.c", "paged")
    if not os.path.exists(FIRMWARE):
        skip(f"no {FIRMWARE}; apt-get install opensbi")
    both("no_ad_bits.c", "paged", "--bios", FIRMWARE, judge=False)


def test_float_at_entry():
    """FS is on where S-mode begins, on all harts: a kernel built hard-float need not turn it on."""
    both("float_at_entry.c", "floats everywhere", "-c", "2", qemu_options=["-smp", "2"])


def test_mtime():
    """mtime and mtimecmp are 0 at reset and can be written, in both thread modes; the interrupt and stimecmp follow."""
    both("mtime.c", "mtime is right", mode="m")
    for threads in "multi", "single":
        with Bare("mtime.c", "--threads=" + threads, mode="m", flags=["-DSSTC"]) as m:
            m.wait("mtime is right")
            assert m.end() == 0


def test_ticks():
    """With --threads=single a timer is never late by more than a block, and two runs are one."""
    said = []
    for _ in range(2):
        with Bare("ticks.c", "--threads=single", mode="m") as m:
            late = [int(m.wait(how + r": latest 0x(\w+)")[1], 16) for how in ("busy", "asleep")]
            assert m.end() == 0
            assert max(late) <= 10, f"{late} ticks late"
            said.append(bytes(m.output))
    assert said[0] == said[1], said


def test_flood():
    """With --threads=single a slow reader of the serial line costs the guest no instruction and no time."""
    with tempfile.TemporaryDirectory() as folder:
        kernel = compile_kernel(os.path.join(folder, "kernel.elf"), "flood.c", "m")
        said = []
        for nap in 0, 1.5:
            done = subprocess.Popen([os.environ["RISCREEN"], "-H", "--bios", "none", "--threads=single", "-k", kernel],
                                    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
            time.sleep(nap)
            text = done.stdout.read()
            assert done.wait(60) == 0 and text.count(b"no play") == 20000, text[-200:]
            said.append(text[-80:])
    assert said[0] == said[1], said


if __name__ == "__main__":
    main(tests_of(__import__("__main__")))
