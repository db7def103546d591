#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""virtio-mmio for the drivers of small kernels: both versions, 64-bit accesses, and steps that are left out."""
import tempfile

from bare import Bare, qemu
from guest import main, tests_of

NO_FEATURES_OK, QUEUE_FIRST, NO_DRIVER_OK, DRIVER_OK_FIRST, ALL_FEATURES, WIDE, WRONG_FEATURES = (1 << i for i in range(7))


def content():
    return b"".join(b"sector %-4d of a disk...\n".ljust(512, b".") % i for i in range(64))


def said(text):
    return [line.strip() for line in text[text.index("version"):].splitlines() if line.strip()]


def both(steps, legacy=False, align=4096, num=8):
    """Runs the driver on QEMU and here; returns what riscreen wrote to stderr."""
    flags = [f"-DSTEPS={steps}", f"-DLEGACY={int(legacy)}", f"-DALIGN={align}", f"-DNUM={num}"]
    results = []
    with tempfile.NamedTemporaryFile() as disk:
        disk.write(content())
        disk.flush()
        status, text = qemu("virtio_disk.c", "-device", "virtio-blk-device,drive=d", "-drive",
                            f"if=none,id=d,format=raw,file={disk.name}", flags=flags, legacy=legacy)
        assert status == 0, text
        results.append((said(text), open(disk.name, "rb").read()))
        disk.seek(0)
        disk.write(content())
        disk.flush()
        with Bare("virtio_disk.c", "-d", disk.name, "--virtio", "legacy" if legacy else "modern", flags=flags) as m:
            assert m.end() == 0, bytes(m.output)
            results.append((said(m.output.decode()), open(disk.name, "rb").read()))
            assert results[0][0] == results[1][0], (results[0][0], results[1][0])
            assert results[0][1] == results[1][1]
            return m.errors.decode()


def expect_lines(errors, *parts):
    lines = [line for line in errors.splitlines() if "guest: " in line]
    assert len(lines) == len(parts) and all(part in line for part, line in zip(parts, lines)), errors


def test_modern():
    """Version 2, step by step as the specification has it, and with one access for 64 bits."""
    for steps in 0, ALL_FEATURES, WIDE, DRIVER_OK_FIRST:
        expect_lines(both(steps))


def test_forgotten():
    """What a driver leaves out is served as on QEMU, and named in one line."""
    expect_lines(both(NO_FEATURES_OK), "without having set FEATURES_OK")
    expect_lines(both(NO_FEATURES_OK | ALL_FEATURES), "without having set FEATURES_OK")
    expect_lines(both(NO_FEATURES_OK | DRIVER_OK_FIRST), "without having set FEATURES_OK")
    expect_lines(both(NO_DRIVER_OK), "without having set DRIVER_OK")
    expect_lines(both(NO_FEATURES_OK | NO_DRIVER_OK), "without having set FEATURES_OK")
    expect_lines(both(QUEUE_FIRST), "set up a queue before FEATURES_OK")
    expect_lines(both(QUEUE_FIRST | ALL_FEATURES), "set up a queue before FEATURES_OK")
    expect_lines(both(QUEUE_FIRST | NO_FEATURES_OK), "without having set FEATURES_OK")


def test_legacy():
    """Version 1: pages with numbers, features that count at once, the device used before DRIVER_OK, any alignment."""
    for steps in 0, NO_FEATURES_OK, QUEUE_FIRST, NO_DRIVER_OK, DRIVER_OK_FIRST, ALL_FEATURES, NO_FEATURES_OK | NO_DRIVER_OK:
        expect_lines(both(steps, legacy=True))
    for align in 64, 256, 8192:
        expect_lines(both(NO_FEATURES_OK, legacy=True, align=align))


def test_queue_sizes():
    """Queues of the size that QEMU has for all of them, whatever the device offers, or of no power of two."""
    for legacy in False, True:
        for num in 10, 1024:
            expect_lines(both(0, legacy, num=num), *(["wrote a QueueNum"] if num == 10 or not legacy else []))


def wrong_version(legacy, line):
    flags = ["-DSTEPS=1", f"-DLEGACY={int(not legacy)}", "-DALIGN=4096", "-DNUM=8"]
    with tempfile.NamedTemporaryFile() as disk:
        disk.write(content())
        disk.flush()
        with Bare("virtio_disk.c", "-d", disk.name, "--virtio", "legacy" if legacy else "modern", flags=flags) as m:
            m.end()
            expect_lines(m.errors.decode(), line)


def test_wrong_version():
    """A driver for the other version gets one line that names the option."""
    wrong_version(False, "start with --virtio legacy")
    wrong_version(True, "start without --virtio legacy")


if __name__ == "__main__":
    main(tests_of(__import__("__main__")))
