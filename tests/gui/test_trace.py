#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A trace of a guest's screen, played again by riscreen-gpu-replay, shows what the screen showed; however it ended."""
import os
import re
import resource
import subprocess
import sys
import tempfile

from guest import Machine, PROMPT, main, tests_of

REPLAY = os.environ.get("RISCREEN_GPU_REPLAY", "build/riscreen-gpu-replay")
COMMAND = re.compile(r"^(\w+) +(\d+) +(\d+) ", re.MULTILINE)


def replay(*arguments, status=0):
    done = subprocess.run([REPLAY, *arguments], capture_output=True, text=True, timeout=300)
    assert done.returncode == status, f"{arguments}: {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
    return done.stdout


def picture(path):
    """The bytes of a PPM."""
    with open(path, "rb") as f:
        return f.read()


def draw(m):
    """Linux's console, modetest's bars and page flips, the console again."""
    m.wait(PROMPT)
    connector = m.run("modetest -M virtio_gpu -c | sed -n '/connected/s/\\t.*//p'").strip()
    m.run(f"(sleep 2; echo) | modetest -M virtio_gpu -s {connector}:1024x768 >/dev/null")
    m.run(f"modetest -M virtio_gpu -v -s {connector}:800x600 >/dev/null 2>&1 & sleep 3; kill -INT $!; wait $!; true")
    # then nothing blinks, and Linux has flushed what it drew: a blob shows more than that
    m.run("echo 0 >/sys/class/graphics/fbcon/cursor_blink; seq 300 >/dev/tty1; cat /proc/cpuinfo >/dev/tty1; sleep 2")


def session(blob):
    """All of a session: the final picture, each checksum, each answer."""
    with tempfile.TemporaryDirectory() as folder:
        path, final = os.path.join(folder, "a.trace"), os.path.join(folder, "final.ppm")
        with Machine("--trace-gpu", path, "--gpu", f"1280x800,blob={blob}", harts=2) as m:
            draw(m)
            shown = m.qmp("query-gpu")["scanouts"][0]
            assert shown["active"] and (shown["width"], shown["height"]) == (1280, 800) and shown["frames"] > 20, shown
            resources = {r["id"]: r for r in m.qmp("query-gpu")["resources"]}
            assert resources[shown["resource"]]["kind"] == ("blob" if blob == "on" else "2d"), resources
            m.qmp("stop")
            screen = m.screendump(cursor=True)
            m.terminate()
            assert m.end() == 128 + 15
        report = replay(path, "--final", final)
        assert picture(final) == screen, "the replay ends with another picture"
        checks = re.search(r"checksums: (\d+), 0 differ; answers: 0 differ", report)
        assert checks and int(checks[1]) > 4, report
        counts = {name: int(count) for name, count, _ in COMMAND.findall(report)}
        assert counts["TRANSFER_TO_HOST_2D"] > 20 and counts["RESOURCE_FLUSH"] > 20, report
        assert "ends early" not in report, report
        size, moved = os.path.getsize(path), int(re.search(r"TRANSFER_TO_HOST_2D.* (\d+)$", report, re.M)[1])
        print(f"[{size} bytes for {moved} moved]", end=" ")
        words = replay(path, "--list")
        assert re.search(r"SET_SCANOUT\w* resource \d+ 1024x768\+0\+0 .*on scanout 0: OK_NODATA", words), words[:2000]


def test_copied():
    session("off")


def test_blobs():
    session("on")


def test_killed():
    """A riscreen that is killed leaves a trace that is good up to half a second before."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "a.trace")
        with Machine("--trace-gpu", path) as m:
            m.wait(PROMPT)
            m.run("echo killed >/dev/tty1; sleep 2")
            m.process.kill()
            m.end()
        report = replay(path, "--final", os.path.join(folder, "final.ppm"))
        assert "ends early" in report, report
        assert re.search(r"RESOURCE_FLUSH +\d\d+ ", report), report


def test_full_disk():
    """A file that can grow no more, like one on a full disk, is reported once; the machine goes on."""
    with tempfile.TemporaryDirectory() as folder, \
            Machine("--trace-gpu", os.path.join(folder, "a.trace"),
                    preexec=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))) as m:
        m.wait(PROMPT)
        m.run("seq 1000 >/dev/tty1; sleep 1; seq 1000 >/dev/tty1")
        m.send("poweroff\n")
        assert m.end() == 0
        said = m.errors.decode()
        assert said.count("cannot write the GPU trace") == 1 and "File too large" in said, said


if __name__ == "__main__":
    main(tests_of(sys.modules[__name__]))
