#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a DRM client without a toolkit does (DirectFB and its like), each step seen in pixels: tests/guest/kms.h."""
import errno
import re
import sys
import tempfile

import console
from guest import Machine, PROMPT, main, tests_of
from kms import Canvas, Kms, disk, modes
from screen import look, shows
from waiting import until

WIDTH, HEIGHT = 1024, 768
HALVES = "rect c 0 0 64 64 ffe02010; rect c 0 32 32 32 ff1040d0; rect c 32 32 16 16 80400000; rect c 48 48 16 16 00000000"


def on(canvas, x, y):
    """The canvas with the cursor of HALVES at x, y."""
    small = [(0, 0, 64, 32, 0xffe02010), (32, 32, 32, 32, 0xffe02010), (0, 32, 32, 32, 0xff1040d0)]
    drawn = canvas.copy()
    for cx, cy, w, h, colour in small:
        drawn.rect(x + cx, y + cy, w, h, colour)
    # what is half transparent, or wholly, shows the picture below and not the first rectangle
    for cx, cy, alpha in (32, 32, 0x80400000), (48, 48, 0):
        for v in range(max(0, y + cy), min(HEIGHT, y + cy + 16)):
            x1, x2 = max(0, x + cx), min(WIDTH, x + cx + 16)
            if x1 < x2:
                drawn.rows[v][x1 * 3:x2 * 3] = canvas.rows[v][x1 * 3:x2 * 3]
        drawn.rect(x + cx, y + cy, 16, 16, alpha)
    return drawn.picture()


def open_kms(m, seed):
    """The client with buffer a, a pattern of this seed, on the screen; and that picture."""
    kms = Kms(m)
    kms(f"new a {WIDTH} {HEIGHT}", f"pattern a {seed}", "crtc a")
    canvas = Canvas(WIDTH, HEIGHT, seed)
    shows(m, canvas.picture(), f"pattern {seed}", 30)
    return kms, canvas


def close_kms(m, kms, before=None):
    kms.quit()
    m.wait(PROMPT)
    if before:
        shows(m, before, "the console after the client", 30)


def test_binding(m):
    """virtio_gpu has the device, and its nodes are there; the framebuffer console is its client."""
    bound = m.run("cat /sys/bus/virtio/drivers/virtio_gpu/virtio*/device").split()
    assert bound == ["0x0010"], bound
    nodes = ["card0", "renderD128"]
    device = "$(cat /sys/class/drm/card0/dev)"
    assert m.run(f"[ {device} = 226:0 ] && [ -c /dev/dri/card0 ] && ls /dev/dri").split() == nodes
    assert m.run("cat /sys/class/drm/card0-Virtual-1/status").strip() == "connected"
    assert "virtio_gpudrmfb" in m.run("cat /proc/fb")
    assert m.run("ls /dev/fb0").strip() == "/dev/fb0"
    kms = Kms(m)
    assert re.search(r"driver virtio_gpu 0\.1\.0 bits 64 dumb 1 cursor 64 ", kms("info"))
    close_kms(m, kms)


def test_modes(m):
    """Each mode that the EDID offers is set and seen, every pixel."""
    kms = Kms(m)
    found = modes(kms)
    assert found[0] == (1280, 800) and len(set(found)) >= 5 and (640, 480) in found, found
    for seed, (width, height) in enumerate(dict.fromkeys(found)):
        kms(f"new a {width} {height}", f"pattern a {seed}", "crtc a")
        shows(m, Canvas(width, height, seed).picture(), f"{width}x{height}", 30)
    close_kms(m, kms)


def test_damage(m):
    """DIRTYFB: with many clips, without any; and with copies, what no clip covers stays hidden.

    Linux 6.12 makes the whole frame of any clips, so nothing can be said of what lies outside them.
    """
    kms, canvas = open_kms(m, 1)
    clips = [(16 + 70 * i, 40 + 47 * i % 500, 1 + 9 * i % 64, 1 + 5 * i % 40) for i in range(13)]
    for i, clip in enumerate(clips):
        box = " ".join(map(str, clip))
        kms(f"pattern a {i + 2} {box}")
        canvas.pattern(i + 2, *clip)
    if not m.blobs:
        shows(m, Canvas(WIDTH, HEIGHT, 1).picture(), "nothing before DIRTYFB", 1)
    kms("dirty a " + " ".join(str(n) for clip in clips for n in clip))
    shows(m, canvas.picture(), "many clips", 30)
    kms("rect a 1000 700 24 68 ff00ff00", "dirty a")
    canvas.rect(1000, 700, 24, 68, 0xff00ff00)
    shows(m, canvas.picture(), "all of it", 30)
    for x, y in (0, 0), (WIDTH - 1, 0), (0, HEIGHT - 1), (WIDTH - 1, HEIGHT - 1):
        kms(f"rect a {x} {y} 1 1 ffffffff", f"dirty a {x} {y} 1 1")
        canvas.rect(x, y, 1, 1, 0xffffffff)
    shows(m, canvas.picture(), "single pixels in the corners", 30)
    close_kms(m, kms)


def test_flips(m):
    """Page flips: each is answered by its own event, and the screen shows the last; odd pitch and parts of buffers, too."""
    kms, first = open_kms(m, 1)
    kms(f"new b {WIDTH} {HEIGHT}", "pattern b 2")
    kms("flip b")
    shows(m, Canvas(WIDTH, HEIGHT, 2).picture(), "one flip", 30)
    kms("flips 200 b a")
    shows(m, Canvas(WIDTH, HEIGHT, 2).picture(), "200 flips", 60)
    kms("flips 201 b a")
    shows(m, first.picture(), "201 flips", 60)
    kms("pattern b 3")
    shows(m, first.picture(), "drawn behind", 1)
    kms("flip b")
    shows(m, Canvas(WIDTH, HEIGHT, 3).picture(), "the buffer drawn behind", 30)
    kms("new d 1300 900", "pattern d 9")  # larger than the mode, a pitch that is not the screen's
    kms(f"crtc d {WIDTH}x{HEIGHT}")
    shows(m, Canvas(WIDTH, HEIGHT, 9).picture(), "a part of a larger buffer", 30)
    kms("free b", "flip a")
    shows(m, first.picture(), "a flip after a buffer went", 30)
    kms.refuses("flip b", errno.ENOENT)
    kms("off")
    kms.refuses("flip a", errno.EBUSY, errno.EINVAL)
    close_kms(m, kms)


def cursor_moves(m, canvas, put, move):
    """A cursor that put(x, y) shows and move(x, y) moves: in its place, over the edges, half transparent."""
    put(300, 200)
    shows(m, on(canvas, 300, 200), "a cursor", 30, cursor=True)
    shows(m, canvas.picture(), "a picture without its cursor", 1)
    for x, y in (301, 200), (301, 201), (0, 0), (-20, -40), (-63, 700), (1000, 740), (1023, 767), (512, -1):
        move(x, y)
        shows(m, on(canvas, x, y), f"a cursor at {x},{y}", 30, cursor=True)


def test_legacy_cursor(m):
    """The cursor calls of old: shown, moved without an upload, changed, hidden; with a hotspot it stays in its place."""
    kms, canvas = open_kms(m, 4)
    kms("new c 64 64 argb", *HALVES.split("; "))
    cursor_moves(m, canvas, lambda x, y: kms(f"cursor c {x} {y}"), lambda x, y: kms(f"move {x} {y}"))
    kms("cursor c 50 60 7 9")
    shows(m, on(canvas, 50, 60), "a cursor with a hotspot", 30, cursor=True)
    kms("move 400 300")
    shows(m, on(canvas, 400, 300), "moved with its hotspot", 30, cursor=True)
    kms("hide")
    shows(m, canvas.picture(), "no cursor", 30, cursor=True)
    kms("move 10 10")
    shows(m, canvas.picture(), "still none when it is moved", 1, cursor=True)
    kms("new e 64 64 argb", "rect e 0 0 64 64 ff00ff00", "cursor e 600 10 0 0")
    shows(m, canvas.copy().rect(600, 10, 64, 64, 0xff00ff00).picture(), "another one", 30, cursor=True)
    kms("cursor c 600 10 63 63")
    shows(m, on(canvas, 600, 10), "the first again", 30, cursor=True)
    close_kms(m, kms)


def test_cursor_plane(m):
    """The cursor as a plane: moved, off; and it goes with its client."""
    kms, canvas = open_kms(m, 5)
    kms("new c 64 64 argb", *HALVES.split("; "))
    kms.refuses("plane c 0 0", errno.ENODEV)  # planes for cursors are seen by those who ask
    kms("cap universal 1")
    cursor_moves(m, canvas, *[lambda x, y: kms(f"plane c {x} {y}")] * 2)
    kms("plane off")
    shows(m, canvas.picture(), "the plane off", 30, cursor=True)
    kms("plane c 5 6")
    shows(m, on(canvas, 5, 6), "the plane on again", 30, cursor=True)
    close_kms(m, kms)
    until(lambda: look(m, cursor=True).data == look(m).data, "no cursor when its client has gone", 20)


def test_cursor_sizes(m):
    """Cursors of other sizes than 64x64, by both calls (Linux has none below 32); one that is too large is refused, with a word."""
    kms, canvas = open_kms(m, 12)
    kms("cap universal 1")
    for i, (width, height) in enumerate([(32, 32), (40, 40), (48, 33), (64, 32), (60, 64)]):
        kms(f"new s{i} {width} {height} argb", f"rect s{i} 0 0 {width} {height} ff102030",
            f"rect s{i} 0 0 {(width + 1) // 2} {height} fff0e0d0", f"{'plane' if i % 2 else 'cursor'} s{i} 200 150")
        wanted = canvas.copy().rect(200, 150, width, height, 0xff102030)
        wanted.rect(200, 150, (width + 1) // 2, height, 0xfff0e0d0)
        shows(m, wanted.picture(), f"a cursor of {width}x{height}", 30, cursor=True)
    kms("hide", "new big 128 128 argb", "rect big 0 0 128 128 ffffffff", "cursor big 10 10")
    until(lambda: b"at most 64x64" in m.errors, "the word about a cursor that is too large", 20)
    shows(m, canvas.picture(), "no cursor that is too large", 10, cursor=True)
    close_kms(m, kms)


def test_hotspot(m):
    """An atomic client sees the cursor's plane only with the hotspot capability; then the hotspot moves nothing."""
    kms, canvas = open_kms(m, 6)
    kms("new c 64 64 argb", *HALVES.split("; "))
    kms.refuses("cap hotspot 1", errno.EINVAL)
    kms("cap atomic 1")
    kms.refuses("plane c 0 0", errno.ENODEV)
    kms("cursor c 70 80 1 2")
    shows(m, on(canvas, 70, 80), "the old call of an atomic client", 30, cursor=True)
    kms("hide", "cap hotspot 1", "hotspot 11 13", "plane c 200 100")
    shows(m, on(canvas, 200, 100), "a plane with a hotspot", 30, cursor=True)
    kms("hotspot 0 0", "plane c 201 100")
    shows(m, on(canvas, 201, 100), "a plane without", 30, cursor=True)
    kms("plane off", "cap hotspot 0")
    kms.refuses("plane c 0 0", errno.ENODEV)
    close_kms(m, kms)


def test_master(m):
    """Two clients show in turn on the screen; one that is not master changes nothing."""
    kms, canvas = open_kms(m, 1)
    kms("client 1", f"new a {WIDTH} {HEIGHT}", "pattern a 2")
    kms.refuses("crtc a", errno.EACCES)
    kms.refuses("master", errno.EBUSY)
    shows(m, canvas.picture(), "the master's picture", 1)
    other = Canvas(WIDTH, HEIGHT, 2)
    for _ in range(3):
        kms("client 0", "drop", "client 1", "master", "crtc a")
        shows(m, other.picture(), "the other's picture", 30)
        kms("client 0")
        kms.refuses("crtc a", errno.EACCES)
        kms("client 1", "drop", "client 0", "master", "crtc a")
        shows(m, canvas.picture(), "the first's picture again", 30)
    kms("close", "client 1", "master", "crtc a")
    shows(m, other.picture(), "the heir's picture", 30)
    close_kms(m, kms)


def follow(m, kms, seed, **mode):
    """The client waits for a hotplug while the host changes the preferred mode; the mode that it took."""
    m.send(f"follow {seed}\n")
    m.wait("kms: listening")
    if mode:
        m.qmp("x-scanout-plug" if "width" in mode else "x-scanout-unplug", **mode)
    match = m.wait(r"kms: (mode (\d+)x(\d+) of|unplugged)")
    m.wait("kms: ok follow")
    return match[2] and (int(match[2]), int(match[3]))


def test_follow(m):
    """A client follows the host to another size, by the kernel's event and without udev; and a storm of them."""
    kms, _ = open_kms(m, 1)
    for seed, size in enumerate([(1000, 640), (1366, 768), (641, 481), (1920, 1080)]):
        got = follow(m, kms, seed, head=0, width=size[0], height=size[1])
        assert got == size, f"{got}, not {size}"
        shows(m, Canvas(*size, seed).picture(), f"the window's size {size}", 30)
    for i in range(40):
        m.qmp("x-scanout-plug", head=0, width=700 + 8 * i, height=500 + 5 * i)
    m.qmp("x-scanout-plug", head=0, width=1280, height=800)
    until(lambda: follow(m, kms, 9) == (1280, 800), "the last size after a storm")
    shows(m, Canvas(1280, 800, 9).picture(), "the picture after a storm", 30)
    close_kms(m, kms)


def test_second_head(m):
    """A scanout that is plugged in while the machine runs shows a picture of its own, until it is unplugged."""
    kms, canvas = open_kms(m, 1)
    kms("head 1")
    assert follow(m, kms, 3, head=1) is None  # --gpu ...,scanouts=2 plugs in both
    said = kms("modes")
    assert "disconnected" in said, said
    assert follow(m, kms, 4, head=1, width=800, height=600) == (800, 600)
    until(lambda: look(m, head=1).data == Canvas(800, 600, 4).picture().data, "a second picture", 30)
    shows(m, canvas.picture(), "the first head beside it", 1)
    kms("new c 64 64 argb", "rect c 0 0 64 64 ff00ff00", "cursor c 700 500")
    shown = Canvas(800, 600, 4).rect(700, 500, 64, 64, 0xff00ff00).picture().data
    until(lambda: look(m, True, head=1).data == shown, "a cursor on the second head", 30)
    shows(m, canvas.picture(), "no cursor on the first", 1, cursor=True)
    assert follow(m, kms, 5, head=1) is None
    assert "disconnected" in kms("modes")
    shows(m, canvas.picture(), "the first head alone", 1)
    close_kms(m, kms)


def test_processes(m):
    """The same with two processes; and the second is killed in the middle of a frame while a flip is on its way."""
    m.run(console.hide())
    before = shows(m, console.picture(160, 50, lambda x, y: 0), "an empty console", 30)
    m.run("mkfifo /tmp/other; (/mnt/kms <>/tmp/other >/tmp/said 2>&1 & echo $! >/tmp/pid)")

    def other(line, count):
        m.run(f"echo '{line}' >/tmp/other; while [ $(grep -c '^kms: ok' /tmp/said) -lt {count} ]; do sleep 0.1; done")
    other(f"new a {WIDTH} {HEIGHT}", 1)
    other("pattern a 7", 2)
    other("crtc a", 3)
    shows(m, Canvas(WIDTH, HEIGHT, 7).picture(), "the first process", 30)
    kms = Kms(m)
    kms(f"new a {WIDTH} {HEIGHT}", f"new b {WIDTH} {HEIGHT}", "pattern a 8", "pattern b 9")
    kms.refuses("crtc a", errno.EACCES)
    kms.quit()
    m.wait(PROMPT)
    other("drop", 4)
    kms = Kms(m)
    kms("master", f"new a {WIDTH} {HEIGHT}", f"new b {WIDTH} {HEIGHT}", "pattern a 8", "crtc a")
    shows(m, Canvas(WIDTH, HEIGHT, 8).picture(), "the second process", 30)
    kms("new c 64 64 argb", "rect c 0 0 64 64 ffffffff", "cursor c 5 5", f"pattern b 9 0 0 {WIDTH} 300", "flipnow b")
    m.send("kill\n")
    m.wait(PROMPT)
    m.run("stty echo")
    until(lambda: look(m, cursor=True).data == look(m).data, "no cursor of the dead", 30)
    m.run("echo master >/tmp/other; echo crtc a >/tmp/other; sleep 1")
    shows(m, Canvas(WIDTH, HEIGHT, 7).picture(), "the first process is master again", 30)
    m.run("kill -9 $(cat /tmp/pid)")
    shows(m, before, "the console when both have gone", 30)


def run(folder, blobs):
    """All tests on one machine; with blobs the screen is read from the guest's own pages, without them it is copied."""
    with Machine("-d", disk(64, folder) + ",ro", "--gpu", f"1280x800,scanouts=2,blob={'on' if blobs else 'off'}") as m:
        m.blobs = blobs
        m.wait(PROMPT)
        m.run("mount -t ext4 -o ro /dev/vdb /mnt; mount -t tmpfs tmp /tmp")
        main({name: lambda f=f: f(m) for name, f in tests_of(sys.modules[__name__]).items()})
        m.send("poweroff\n")
        assert m.end() == 0


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as the_folder:
        run(the_folder, sys.argv.pop(1) == "blobs")
