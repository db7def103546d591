#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The serial line and interrupts as small kernels use them."""
import os
import tempfile
import time

from bare import Bare, qemu
from guest import main, tests_of

COUNT = r"interrupts 0x([0-9a-f]+)"
THRE_IGNORED, THRE_PRINTS, THRE_SAME_IER, RX_IGNORED, RX_ONE_BYTE, DISK_NO_ACK = range(6)


def count_on_qemu(how, *options):
    status, text = qemu("interrupts.c", *options, mode="m", flags=[f"-DHOW={how}"])
    assert status == 0, text
    return int(text.rpartition("interrupts 0x")[2].split()[0], 16)


def count_here(how, *options, type=None):
    with Bare("interrupts.c", *options, mode="m", flags=[f"-DHOW={how}"]) as m:
        if type:
            m.wait("type")
            m.send(type)
        count = int(m.wait(COUNT)[1], 16)
        assert m.end() == 0
        return count, m.output.decode()


def test_thre():
    """A driver that never reads IIR gets an interrupt for each byte that it sends, and not one after the other."""
    for how in THRE_IGNORED, THRE_PRINTS, THRE_SAME_IER:
        here, text = count_here(how)
        assert how != THRE_PRINTS or "printed by interrupts" in text, text
        assert here == count_on_qemu(how), (how, here)


def test_rx():
    """Nor does one that leaves its input where it is; one that takes a byte in each interrupt gets all of them."""
    assert count_here(RX_IGNORED, type="hello")[0] <= 5
    count, text = count_here(RX_ONE_BYTE, type="hello")
    assert count == 5 and "hello" in text, (count, text)


def test_disk_without_ack():
    """A disk driver that never writes InterruptACK, as xv6's of 2019, gets one interrupt for each request."""
    with tempfile.NamedTemporaryFile() as disk:
        disk.truncate(1 << 20)
        right = count_on_qemu(DISK_NO_ACK, "-device", "virtio-blk-device,drive=d", "-drive",
                              f"if=none,id=d,format=raw,file={disk.name}")
        assert right == 5
        assert count_here(DISK_NO_ACK, "-d", disk.name)[0] == right


def test_typed_ahead():
    """What was typed before the driver clears its FIFOs is still there."""
    with Bare("typed.c", mode="m") as m:
        m.wait("type")
        m.send("hello")
        m.wait("got hello")
        assert m.end() == 0


def test_slow_reader():
    """Nothing is lost when who reads the serial line is slow."""
    for how in range(3):
        ours, theirs = os.pipe()
        with Bare("writer.c", stdout=theirs, flags=[f"-DHOW={how}"]):
            os.close(theirs)
            time.sleep(1)  # it fills the pipe and riscreen's buffers meanwhile
            with open(ours, "rb") as f:
                lines = f.read().split(b"\n")
        whole = [line for line in lines if len(line.strip()) == 31]
        assert len(whole) == 12288, f"way {how}: {len(whole)} lines"


if __name__ == "__main__":
    main(tests_of(__import__("__main__")))
