#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""--gpu-check says nothing of drivers that are right: Linux's console, modetest, an X desktop that is killed, Weston;
and what a client left out."""
import re
import sys
import tempfile

from desktop import background, button, point, start_x, type_text
from guest import Machine, PROMPT, main, tests_of
from kms import Kms, disk
from screen import colours, look
from waiting import until


def quiet(m):
    said = m.errors.decode(errors="replace")
    assert "gpu-check" not in said, said


def session(blob):
    with Machine("--gpu-check", "--gpu", f"1280x800,blob={blob}", harts=2, memory="1G", disk="tools") as m:
        m.wait(PROMPT, 300)
        m.run("seq 300 >/dev/tty1; sleep 3; seq 20 >/dev/tty1")
        connector = m.run("modetest -M virtio_gpu -c | sed -n '/connected/s/\\t.*//p'").strip()
        m.run(f"(sleep 4; echo) | modetest -M virtio_gpu -C -s {connector}:800x600 >/dev/null 2>&1; true")
        m.run(f"modetest -M virtio_gpu -v -s {connector}:1024x768 >/dev/null 2>&1 & sleep 4; kill -INT $!; wait $!; true")
        quiet(m)
        start_x(m)
        for i in range(40):
            point(m, 100 + 20 * i, 500)
        point(m, 200, 200)
        button(m)
        type_text(m, "ls /etc\n")
        m.run("sleep 4")
        quiet(m)
        m.run("killall -9 Xorg; sleep 3")
        start_x(m)
        m.run("killall Xorg; sleep 3")
        quiet(m)
        background(m, "/root/startweston.sh", "/tmp/weston.log")
        until(lambda: len(colours(look(m))) > 100, "Weston's background", 200, 0.5)
        m.run("sleep 5")
        m.terminate()
        m.end()
        quiet(m)


def forgets(blob):
    """A client that draws and never flushes; the pc is in the kernel's function that rings doorbells."""
    with tempfile.TemporaryDirectory() as folder, \
            Machine("--gpu-check", "--gpu", f"1280x800,blob={blob}", "-d", disk(64, folder) + ",ro") as m:
        m.wait(PROMPT)
        doorbell = int(m.run("grep -w vm_notify /proc/kallsyms").split()[0], 16)
        m.run("mount -t ext4 -o ro /dev/vdb /mnt")
        kms = Kms(m)
        kms("new a 1024 768", "pattern a 1", "crtc a", "rect a 100 90 50 20 ffff0000")
        until(lambda: b"changed in" in m.errors, "the word, while the picture is wrong", 60)
        kms("rect a 0 0 1024 768 ff00ff00", "dirty a")  # what covers it changes nothing about that
        m.terminate()
        m.end()
        said = m.errors.decode()
        found = re.search(r"resource \d+: (\S+) changed in the guest's memory and no (\w+) has covered it.*"
                          r"\(pc 0x(\w+), ra 0x(\w+)\)", said)
        assert found and said.count("gpu-check") == 1, said
        assert found[1] == "50x20+100+90", said
        assert found[2] == ("RESOURCE_FLUSH" if blob == "on" else "TRANSFER_TO_HOST_2D"), said
        assert 0 <= int(found[3], 16) - doorbell < 64, f"vm_notify is at {doorbell:#x}: {said}"


def test_forgets_copied():
    forgets("off")


def test_forgets_blobs():
    forgets("on")


def test_copied():
    session("off")


def test_blobs():
    session("on")


if __name__ == "__main__":
    main(tests_of(sys.modules[__name__]))
