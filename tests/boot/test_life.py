#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Ends and beginnings: reboot, the power button, signals; what was written to the disk is there then."""
import subprocess
import sys
import tempfile

from durable import Durable
from guest import Machine, PROMPT, copy_disk, guest, main, tests_of


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


def test_input_end():
    """The end of the input is not the end of the machine."""
    with Machine(append='riscreen.run="sleep 2; exit 3"', stdin=subprocess.DEVNULL) as m:
        m.wait("riscreen: exit 3")
        assert m.end() == 0


if __name__ == "__main__":
    main(tests_of(sys.modules[__name__]))
