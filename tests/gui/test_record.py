#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Recordings: what was flushed is in them, at its time and whole, however riscreen ends; also with
a full disk; nothing is overwritten, and a still picture costs nothing. Frames are decoded here and,
if it is installed, by ffmpeg. Usage: test_record.py UI_FAKE RISCREEN"""
import os
import resource
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from fake import Fake
from recorded import near, read_list, read_png, read_y4m, rgb_at
from waiting import until

# lui t0, 0x100; lui t1, 5; addi t1, t1, 0x555; sw t1, 0(t0); the test finisher ends the machine
POWER_OFF = bytes.fromhex("b7021000" "37530000" "13035355" "23a06200" "6f000000")
SLEEP = bytes.fromhex("73005010" "6ff0dfff")  # 1: wfi; j 1b


def fill(fake, width, height, colour):
    fake.do(f"paint 0 0 {width} {height} {colour:06x}")
    fake.do(f"flush 0 0 {width} {height}")


def record(program, target, *more, **popen):
    return Fake(program, "record", ",".join((target,) + more), **popen)


def test_png(program, folder):
    target = os.path.join(folder, "new") + "/"
    fake = record(program, target)
    fake.do("mode 320 200")
    time.sleep(0.3)
    shots = [fake.snapshot()]
    for mode in (None, None, "mode 101 77"):
        if mode:
            fake.do(mode)
        else:
            fill(fake, 320, 200, 0x102030 * len(shots))
        time.sleep(0.3)
        shots.append(fake.snapshot())
    fake.do("cursor 8 8 10 10 0000ffff")
    time.sleep(0.2)
    fake.do("flush 5 5 20 20")  # what is there already
    said = fake.stop()
    assert "pictures: 5, dropped: 0" in said, said
    entries = read_list(target)
    pictures = [read_png(path) for path, _ in entries]
    assert pictures[:4] == shots
    assert pictures[4][2][(10 * 101 + 10) * 3:][:3] == b"\xff\0\0", "the pointer"
    assert all(seconds > 0.25 for _, seconds in entries[:4]), entries
    play(os.path.join(target, "list.ffconcat"), "-f", "concat")


def test_storm(program, folder):
    """More than can be recorded: the last is there all the same."""
    target = os.path.join(folder, "storm") + "/"
    fake = record(program, target, "fps=240")
    fake.do("mode 1600 1200")
    for i in range(300):
        fake.do("storm 5")
        if i % 10 == 0:
            fill(fake, 1600, 1200, i)
    last = fake.snapshot()
    said = fake.stop()
    entries = read_list(target)
    assert read_png(entries[-1][0]) == last, "the last picture is lost"
    assert f"pictures: {len(entries)}," in said
    assert len(os.listdir(target)) == len(entries) + 1


def test_y4m(program, folder):
    target = os.path.join(folder, "film.y4m")
    fake = record(program, target, "fps=20")
    begin = time.monotonic()
    fake.do("mode 320 200")
    fill(fake, 320, 200, 0xff8000)
    time.sleep(0.5)
    fake.do("mode 100 200")  # higher: black at the sides
    fill(fake, 100, 200, 0x2040c0)
    time.sleep(0.5)
    fake.stop()
    seconds = time.monotonic() - begin
    width, height, fps, frames = read_y4m(target)
    assert (width, height, fps) == (320, 200, 20)
    assert 18 <= len(frames) <= seconds * 20 + 2, f"{len(frames)} frames in {seconds:.2f} s"
    middle = [rgb_at(320, 200, frame, 160, 100) for frame in frames]
    assert near(middle[7], (0xff, 0x80, 0)) and near(middle[-1], (0x20, 0x40, 0xc0)), (middle[7], middle[-1])
    assert near(rgb_at(320, 200, frames[-1], 20, 100), (0, 0, 0)), "no black beside the picture"
    changes = [i for i in range(3, len(frames)) if not near(middle[i], middle[i - 1])]
    assert changes and min(changes) >= 7, changes
    play(target)


def play(path, *before):
    if not shutil.which("ffmpeg"):
        print("ffmpeg is not installed: not played by it")
        return
    done = subprocess.run(["ffmpeg", "-v", "error", "-xerror", *before, "-i", path, "-f", "null", "-"],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
    assert done.returncode == 0 and not done.stdout, done.stdout


def refused(program, target, why):
    done = subprocess.run([program, "record", target], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                          timeout=10)
    assert done.returncode == 1 and why in done.stderr and done.stderr.count("\n") == 1, (target, done)


def test_refusals(program, folder):
    mine = os.path.join(folder, "mine")
    os.mkdir(mine)
    for name in ("letter", "film.y4m", "frame-000009.png"):
        with open(os.path.join(mine, name), "w", encoding="ascii") as f:
            f.write("dear")
    film = os.path.join(mine, "film.y4m")
    refused(program, mine + "/", "add ,overwrite")
    refused(program, film, "add ,overwrite")
    refused(program, os.path.join(folder, "film.avi"), "FILE.y4m")
    refused(program, film + ",fps=0", "fps=1..240")
    refused(program, film + ",head=3", "there is no head 3")
    refused(program, "/nowhere/at/all/", "make the folder above")
    refused(program, "/nowhere/film.y4m", "No such file")
    assert open(film, encoding="ascii").read() == "dear"
    record(program, film, "overwrite").stop()
    assert len(read_y4m(film)[3]) == 1
    record(program, mine + "/", "overwrite").stop()
    assert sorted(os.listdir(mine)) == ["film.y4m", "frame-000001.png", "letter", "list.ffconcat"]


def test_full(program, folder):
    """No room: one clear line, what is there is whole, the rest goes on."""
    def small_files():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (700000, 700000))
    for name, option in (("full.y4m", "fps=20"), ("full/", "fps=20")):
        target = os.path.join(folder, name)
        fake = record(program, target, option, preexec_fn=small_files, restore_signals=False)
        fake.do("mode 320 200" if "y4m" in name else "mode 8 8")
        time.sleep(0.3)
        for i in range(3):  # 192 kB each
            fill(fake, *((320, 200) if "y4m" in name else (8, 8)), 0x111111 * i)
            time.sleep(0.25)
        if "y4m" not in name:
            fake.do("mode 4000 3000")
            for i in range(20):
                fake.do(f"storm {i}")
        time.sleep(0.3)
        said = fake.stop()
        if "y4m" in name:
            assert "stopped: File too large" in said and said.count("\n") == 1, said
            assert len(read_y4m(target)[3]) == 3
        else:
            assert "stopped: File too large" in said, said
        for path, _ in [] if "y4m" in name else read_list(target):
            read_png(path)


def test_idle(program, folder):
    fake = record(program, os.path.join(folder, "idle") + "/")
    fake.do("mode 320 200")
    time.sleep(0.5)
    before = fake.switches()
    time.sleep(1.5)
    woken = fake.switches() - before
    assert woken <= 1, f"{woken} context switches in 1.5 s with a still picture"
    fake.stop()


FRAME = 6 + 320 * 200 * 3


def test_still(program, folder):
    """A film of a still picture is written as time goes by, some times a second: a kill leaves it, and little is left to write at the end."""
    for end in ("stop", "kill"):
        target = os.path.join(folder, end + ".y4m")
        fake = record(program, target, "fps=50")
        fake.do("mode 320 200")
        until(lambda: os.path.getsize(target) > 60 * FRAME, "a second of the still picture")
        before = os.path.getsize(target)
        if end == "stop":
            fake.stop()
            assert os.path.getsize(target) - before < 110 * FRAME, "more than two seconds of film were written at the end"
            width, height, _, frames = read_y4m(target)
            assert (width, height) == (320, 200) and all(frame == frames[0] for frame in frames)
        else:
            fake.process.kill()
            fake.process.wait()
            assert os.path.getsize(target) >= before


def test_last(program, folder):
    """What is drawn last, sooner than the next frame is due, and then the screen goes dark: it is in the recording, and
    is its end if that comes at once."""
    for name in "film.y4m", "shots/":
        for ends in True, False:
            target = os.path.join(folder, f"{ends}{name}")
            fake = record(program, target, "fps=1")
            fake.do("mode 320 200")
            time.sleep(0.3)  # it is taken; the next one is due in 0.7 s
            fill(fake, 320, 200, 0x2040c0)
            fake.do("off")
            if not ends:
                time.sleep(1.5)
            said = fake.stop()
            if name == "film.y4m":
                _, _, _, frames = read_y4m(target)
                middle = [rgb_at(320, 200, frame, 160, 100) for frame in frames]
            else:
                middle = [list(read_png(path)[2][:3]) for path, _ in read_list(target)]
            blue, black = (0x20, 0x40, 0xc0), (0, 0, 0)
            assert any(near(colour, blue) for colour in middle), (name, ends, middle, said)
            assert near(middle[-1], blue if ends else black), (name, ends, middle, said)


def test_pipe(program, folder):
    """A film goes into a pipe, whose reader may stop reading: the end does not wait for it."""
    target = os.path.join(folder, "pipe.y4m")
    os.mkfifo(target)
    refused(program, target, "read")
    reader = os.open(target, os.O_RDONLY | os.O_NONBLOCK)
    fake = record(program, target)
    fake.do("mode 1280 800")
    until(lambda: os.read(reader, 10) if select.select([reader], [], [], 0)[0] else b"", "the film")
    for i in range(10):  # more than the queue holds
        fill(fake, 1280, 800, i)
        time.sleep(0.05)
    said = fake.stop()
    assert "stopped: " in said, said
    os.close(reader)


def test_ends(riscreen, folder):
    """SIGTERM and power-off: a machine that shows nothing still leaves whole files."""
    firmware = os.path.join(folder, "sleep.bin")
    with open(firmware, "wb") as f:
        f.write(SLEEP)
    off = os.path.join(folder, "off.bin")
    with open(off, "wb") as f:
        f.write(POWER_OFF)
    film = os.path.join(folder, "off.y4m")
    done = subprocess.run([riscreen, "-H", "-m", "64M", "--gpu", "640x480", "--bios", off, "--record", film],
                          stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, timeout=20)
    assert done.returncode == 0 and "pictures: 1," in done.stderr, done
    assert len(read_y4m(film)[3]) == 1
    film, shots = os.path.join(folder, "end.y4m"), os.path.join(folder, "end") + "/"
    with subprocess.Popen([riscreen, "-H", "-m", "64M", "--gpu", "640x480", "--bios", firmware, "--record", film,
                           "--record", shots], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        while not os.path.exists(os.path.join(shots, "list.ffconcat")):
            time.sleep(0.05)
        time.sleep(0.3)
        process.send_signal(signal.SIGTERM)
        said = process.communicate(timeout=20)[1]
    assert process.returncode == 128 + signal.SIGTERM, (process.returncode, said)
    assert said.count("pictures: 1,") == 2, said
    assert read_y4m(film)[:2] == (640, 480)
    assert [read_png(path)[:2] for path, _ in read_list(shots)] == [(640, 480)]


def main():
    program, riscreen = sys.argv[1:]
    for test, subject in ((test_png, program), (test_storm, program), (test_y4m, program), (test_refusals, program),
                          (test_full, program), (test_idle, program), (test_still, program), (test_last, program),
                          (test_pipe, program), (test_ends, riscreen)):
        start = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            test(subject, folder)
        print(f"{test.__name__} {time.monotonic() - start:.2f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
