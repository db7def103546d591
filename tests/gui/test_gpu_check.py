#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""--gpu-check says nothing of drivers that are right: Linux's console, modetest, an X desktop that is killed, Weston."""
import sys

from desktop import background, button, point, start_x, type_text
from guest import Machine, PROMPT, main, tests_of
from screen import colours, look, until


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


def test_copied():
    session("off")


def test_blobs():
    session("on")


if __name__ == "__main__":
    main(tests_of(sys.modules[__name__]))
