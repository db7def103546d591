#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Three screens of one guest, with blobs or copies: their monitors, the console on each, one framebuffer over two of
them at offsets and the same mirrored, and a screen that is plugged and unplugged while the guest runs."""
import re
import sys

from guest import Machine, PROMPT, main, tests_of
from screen import keep, look
from smpte import bars
from waiting import until
from xserver import Picture

WIDTH, HEIGHT, HEADS = 840, 600, 3  # sevenths are whole pixels, of twice the width too
WAY = sys.argv.pop(1)


def look_at(m, head):
    path = f"{m.folder}/head{head}.ppm"
    m.qmp("screendump", filename=path, format="ppm", head=head)
    with open(path, "rb") as f:
        return Picture(f.read())


def connectors(m):
    """The guest's connectors: (id, connected, size of the first mode), in order."""
    found = []
    for line in m.run("modetest -M virtio_gpu -c").splitlines():
        words = line.split()
        if len(words) > 3 and words[0].isdigit() and words[2] in ("connected", "disconnected"):
            found.append([int(words[0]), words[2] == "connected", None])
        elif re.match(r"\s+#0 \d+x\d+", line):
            found[-1][2] = words[1]
    return found


def cut(picture, x, width):
    """The columns x to x + width of a picture, as rows of bytes."""
    row = picture.width * 3
    return b"".join(picture.data[y * row + x * 3:y * row + (x + width) * 3] for y in range(picture.height))


def shows_part(m, head, wanted, x, what):
    """Waits until a head shows these columns of a picture."""
    part = cut(wanted, x, WIDTH)
    try:
        until(lambda: look_at(m, head).data == part, what)
    except AssertionError as e:
        raise AssertionError(f"{e}; {keep(what, head=look_at(m, head), all=wanted)}") from None


def test_monitors(m):
    """All screens are connected, prefer the size that was chosen, offer none that is larger, and have their own names."""
    known = connectors(m)
    assert [c[1:] for c in known] == [[True, f"{WIDTH}x{HEIGHT}"]] * HEADS, known
    for i in range(1, HEADS + 1):
        modes = m.run(f"cat /sys/class/drm/card0-Virtual-{i}/modes").split()
        assert modes[0] == f"{WIDTH}x{HEIGHT}", modes
        assert all(int(w) <= WIDTH and int(h) <= HEIGHT for w, h in (mode.split("x") for mode in modes)), modes
        edid = m.run(f"cat /sys/class/drm/card0-Virtual-{i}/edid | od -An -v -tx1")
        assert f"riscreen {i}\n".encode() in bytes.fromhex("".join(edid.split())), edid


def test_mirrored(m):
    """The kernel's console: one framebuffer, of which every screen shows the same rectangle."""
    def same():
        first = look(m)
        return first.width == WIDTH and len(set(first.data)) > 1 and all(
            look_at(m, head).data == first.data for head in range(1, HEADS))
    until(same, "one console on all screens")


def start(m, *screens):
    """modetest with one framebuffer over these screens, side by side."""
    ids = [c[0] for c in connectors(m)]
    modes = " ".join(f"-s {ids[s]}:{WIDTH}x{HEIGHT}" for s in screens)
    m.send(f"modetest -M virtio_gpu {modes}\n")


def stop(m):
    m.send("\n")
    m.wait(PROMPT)


def test_side_by_side(m):
    """One framebuffer, twice as wide, of which each screen shows its half."""
    start(m, 0, 2)
    wide = bars(2 * WIDTH, HEIGHT)
    shows_part(m, 0, wide, 0, "the left half")
    shows_part(m, 2, wide, WIDTH, "the right half")
    stop(m)


def test_second(m):
    """Another picture on the second screen alone; afterwards the console is back on all."""
    ids = [c[0] for c in connectors(m)]
    m.send(f"modetest -M virtio_gpu -s {ids[1]}:{WIDTH}x{HEIGHT}\n")
    shows_part(m, 1, bars(WIDTH, HEIGHT), 0, "the second screen")
    stop(m)
    test_mirrored(m)


def test_plug(m):
    """Unplugged and plugged in again at another size: the guest is notified each time."""
    m.qmp("x-scanout-unplug", head=1)
    until(lambda: [c[1] for c in connectors(m)] == [True, False, True], "an unplugged screen", 60, 1)
    m.qmp("x-scanout-plug", head=1, width=640, height=480)
    until(lambda: [c[1:] for c in connectors(m)][1] == [True, "640x480"], "a screen of another size", 60, 1)


def sixteen(blob):
    """As many screens as there can be, all with the console."""
    with Machine("--gpu", f"320x240,scanouts=16,blob={blob}") as m:
        m.wait(PROMPT)
        known = connectors(m)
        assert [c[1:] for c in known] == [[True, "320x240"]] * 16, known
        until(lambda: len({look_at(m, head).data for head in (0, 7, 15)}) == 1 and len(set(look(m).data)) > 1,
              "one console on sixteen screens")


if __name__ == "__main__":
    blob = {"blobs": "on", "copies": "off"}[WAY]
    with Machine("--gpu", f"{WIDTH}x{HEIGHT},scanouts={HEADS},blob={blob}") as machine:
        machine.wait(PROMPT)
        main({name: lambda f=f: f(machine) for name, f in tests_of(sys.modules[__name__]).items()})
        machine.send("poweroff\n")
        assert machine.end() == 0
    sixteen(blob)
