#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The VNC front-end, seen by a small viewer: pixels against the display's own picture, sizes, colour maps, the cursor, keys
and buttons. test_vnc_clients.py has what many clients do. Usage: test_vnc.py UI_FAKE"""
import struct
import sys
import tempfile
import time

from fake import Fake
from rfb import (ALPHA_CURSOR, CURSOR, DESKTOP_SIZE, EXTENDED_DESKTOP_SIZE, Gone, LED_STATE, RAW, Viewer,
                 VMWARE_CURSOR, same)

KEY_A, KEY_1, KEY_LEFTSHIFT, KEY_RIGHTCTRL, KEY_KP7, KEY_F12 = 30, 2, 42, 97, 71, 88
BTN_LEFT, BTN_RIGHT = 0x110, 0x111


def test_pixels(fake):
    fake.do("mode 320 200")
    viewer = Viewer(fake.port)
    same(fake, viewer)
    for command in ("paint 10 20 30 40 ff8000", "flush 10 20 30 40"):
        fake.do(command)
    rects = [r for r in viewer.update() if r[4] == RAW]
    assert rects == [(10, 20, 30, 40, RAW)], f"damage {rects}"
    same(fake, viewer)
    fake.do("paint 0 0 320 200 123456")  # never flushed, never seen
    fake.do("storm 300")
    same(fake, viewer)
    viewer.close()


def test_modes(fake):
    fake.do("mode 320 200")
    viewer = Viewer(fake.port)
    same(fake, viewer)
    for mode in ("640 480", "101 77", "1280 800"):
        fake.do("mode " + mode)
        same(fake, viewer)
        assert f"{viewer.width} {viewer.height}" == mode
    fake.do("off")
    viewer.until(lambda: not any(viewer.rgb()[2]), "black")
    fake.do("mode 320 200")
    same(fake, viewer)
    viewer.close()


SIZES = (RAW, EXTENDED_DESKTOP_SIZE)


def test_resize(fake):
    """Each request for a size is answered at once, with what came of it and the size that there is; then the guest follows,
    or not, and each viewer is notified who asked for the new size."""
    fake.do("mode 320 200")
    viewer, other = Viewer(fake.port, SIZES), Viewer(fake.port, SIZES)
    same(fake, viewer)
    same(fake, other)
    viewer.request()
    for (width, height, screens), answer in (
            ((800, 600, 1), 4), ((801, 601, 1), 4), ((320, 200, 1), 0), ((10, 10, 1), 3), ((0, 0, 1), 3), ((64, 63, 1), 3),
            ((65535, 65535, 1), 3), ((8193, 600, 1), 3), ((640, 480, 0), 3), ((640, 480, 2), 3), ((640, 480, 255), 3),
            ((1, 1, 1), 3), ((700, 500, 1), 4)):
        viewer.resize_answers.clear()
        viewer.resize(width, height, screens)
        while not viewer.resize_answers:  # not even an update has to be asked for
            viewer.update()
        assert viewer.resize_answers == [(1, answer, 320, 200)], (width, height, screens, viewer.resize_answers)
    fake.expect("preferred 0 1 700 500")
    for each in viewer, other:
        each.resize_answers.clear()
    fake.do("mode 700 500")
    same(fake, viewer)
    same(fake, other)
    assert viewer.resize_answers == [(1, 0, 700, 500)], viewer.resize_answers
    assert other.resize_answers == [(2, 0, 700, 500)], other.resize_answers
    fake.do("mode 320 200")  # by itself
    same(fake, viewer)
    same(fake, other)
    assert viewer.resize_answers[1:] == other.resize_answers[1:] == [(0, 0, 320, 200)]
    viewer.close()
    other.close()


def pixels_of(rects):
    return sum(w * h for _, _, w, h, encoding in rects if encoding == RAW)


def test_full_requests(fake):
    """Whoever asks for all of the picture gets its pixels, each time, and not just the size."""
    for encodings in ((RAW,), (RAW, DESKTOP_SIZE), SIZES, (RAW, DESKTOP_SIZE, EXTENDED_DESKTOP_SIZE, CURSOR, LED_STATE),
                      (RAW, EXTENDED_DESKTOP_SIZE, VMWARE_CURSOR)):
        fake.do("mode 320 200")
        viewer = Viewer(fake.port, encodings)
        for i in range(6):
            if i == 3:
                viewer.send(struct.pack(f">BxH{len(encodings)}i", 2, len(encodings), *encodings))
            viewer.request(incremental=False)
            got = 0
            while got < 320 * 200:
                got += pixels_of(viewer.update())
            assert got == 320 * 200, (encodings, i, got)
            assert viewer.rgb() == fake.snapshot()
        if len(encodings) > 1:  # one request, answered with a size and then its pixels
            viewer.request()
            fake.do("mode 300 150")
            viewer.request(incremental=False)
            same(fake, viewer)
        viewer.close()


def test_empty_requests(fake):
    """Requests for no pixels, at and beyond the edges, in every encoding that the library has."""
    fake.do("mode 320 200")
    good = Viewer(fake.port)
    for encoding in (0, 2, 4, 5, 6, 7, 8, 9, 10, 15, 16, 17, -260):
        viewer = Viewer(fake.port, encodings=(encoding,))
        for x, y, w, h in ((0, 0, 0, 0), (5, 5, 0, 10), (5, 5, 10, 0), (319, 199, 0, 0), (320, 200, 0, 0), (320, 0, 5, 5),
                           (0, 200, 5, 5), (65535, 65535, 65535, 65535), (0, 0, 65535, 65535), (1, 1, 65535, 65535)):
            for incremental in (0, 1):
                viewer.send(struct.pack(">BBHHHH", 3, incremental, x, y, w, h))
        viewer.read(4)  # the picture comes
        viewer.close()
    same(fake, good)
    good.close()


def rough(bits, viewer):
    """The picture, of pixels that are indices of a colour map of 16 bits each."""
    step = bits // 8
    data = b"".join(viewer.rows)
    indices = (int.from_bytes(data[i:i + step], viewer.order) for i in range(0, len(data), step))
    return [tuple(c >> 8 for c in viewer.colours[3 * i:3 * i + 3]) for i in indices]


def test_colour_maps(fake):
    """Pixels without true colour: a map comes first, and with it the picture is near to what it is."""
    fake.do("mode 64 8")
    fake.do("paint 0 0 64 4 ff0000")
    fake.do("flush 0 0 64 8")
    width, height, want = fake.snapshot()
    for bits, depth, big in ((8, 8, 0), (16, 8, 0), (16, 16, 1), (32, 24, 0), (32, 8, 1), (8, 3, 0)):
        viewer = Viewer(fake.port, encodings=(RAW,))
        viewer.send(struct.pack(">BxxxBBBBHHHBBBxxx", 0, bits, depth, big, 0, 0, 0, 0, 0, 0, 0))
        viewer.order = "big" if big else "little"
        viewer.rows = []
        viewer.draw = lambda x, y, w, h: viewer.rows.append(viewer.read(w * h * bits // 8))
        viewer.request(incremental=False)
        while not viewer.rows:
            viewer.update()
        assert len(viewer.colours) == 3 * (8 if depth == 3 else 256), len(viewer.colours)
        got = rough(bits, viewer)
        assert len(got) == width * height and len(set(got)) > 1
        for i, colour in enumerate(got):
            apart = max(abs(a - b) for a, b in zip(colour, want[3 * i:3 * i + 3]))
            assert apart <= (127 if depth == 3 else 43), (bits, depth, i, colour, want[3 * i:3 * i + 3])
        viewer.close()
    for wrong in ((24, 24, 0, 1, 255, 255, 255, 16, 8, 0), (0, 0, 0, 1, 0, 0, 0, 0, 0, 0), (64, 24, 0, 0, 0, 0, 0, 0, 0, 0),
                  (32, 24, 0, 1, 255, 255, 255, 16, 8, 200), (8, 8, 0, 1, 65535, 7, 3, 0, 3, 6),
                  (16, 16, 0, 1, 31, 63, 31, 12, 5, 0)):
        viewer = Viewer(fake.port, encodings=(RAW,))
        viewer.send(struct.pack(">BxxxBBBBHHHBBBxxx", 0, *wrong))
        try:
            viewer.request(incremental=False)
            viewer.update()
            raise AssertionError(f"pixels of a format that does not exist: {wrong}")
        except (Gone, ConnectionError):
            viewer.close()


def test_cursor(fake):
    fake.do("mode 320 200")
    viewer = Viewer(fake.port)
    fake.do("cursor 20 10 5 6 102030ff")
    viewer.until(lambda: viewer.cursor and viewer.cursor[0] == 20, "the pointer")
    width, height, _, _, pixels, mask = viewer.cursor
    assert (width, height) == (20, 10)
    assert pixels[:3] == b"\x10\x20\x30" and mask == b"\xff\xff\xf0" * 10
    same(fake, viewer)  # the picture is without it
    fake.do("cursor 0 0 0 0 0")
    viewer.until(lambda: viewer.cursor[0] == 0, "no pointer")
    drawn = Viewer(fake.port, encodings=(RAW,))
    fake.do("cursor 8 8 100 50 0000ffff")
    at = (52 * 320 + 104) * 4
    drawn.until(lambda: drawn.pixels[at:at + 3] == b"\0\0\xff", "a pointer in the picture")
    fake.do("move 200 100")
    same_area = fake.snapshot()[2][(52 * 320 + 104) * 3:][:3]
    drawn.until(lambda: bytes(drawn.pixels[at:at + 3]) == same_area[::-1], "the pointer gone from there")
    fake.do("cursor 0 0 0 0 0")
    same(fake, drawn)
    viewer.close()
    drawn.close()


def test_cursor_far(fake):
    """A pointer at the ends of the number line, which the library draws: nowhere, and nothing is overwritten."""
    fake.do("mode 320 200")
    viewer = Viewer(fake.port, encodings=(RAW,))
    same(fake, viewer)
    ends = (0, 2**31 - 1, -2**31, 2**31 - 63, -2**31 + 63, 319)
    for i, (x, y) in enumerate((x, y) for x in ends for y in ends if x or y):
        fake.do(f"cursor 64 64 {x} {y} 414141ff")
        fake.do(f"flash 0 0 1 1 {i:x}")
        viewer.request()
        viewer.update()
        fake.do(f"move {y} {x}")
        fake.do(f"flash 0 0 1 1 {i + 77:x}")
        viewer.request()
        viewer.update()
    fake.do("cursor 0 0 0 0 0")
    same(fake, viewer)
    viewer.close()


def test_alpha(fake):
    """A half-transparent cursor, for viewers with such an encoding: colours multiplied by alpha, or whole."""
    fake.do("mode 320 200")
    fake.do("cursor 4 3 5 6 10204080")  # as the guest has them, multiplied
    for encoding, pixel in ((ALPHA_CURSOR, b"\x40\x20\x10\x80"), (VMWARE_CURSOR, b"\x80\x40\x20\x80")):
        viewer = Viewer(fake.port, encodings=(RAW, CURSOR, encoding))
        viewer.until(lambda: viewer.cursor and viewer.cursor[0] == 4, "the pointer")
        assert viewer.cursor[:2] == (4, 3) and viewer.cursor[4] == pixel * 12, viewer.cursor
        same(fake, viewer)
        viewer.close()
    both = Viewer(fake.port, encodings=(RAW, VMWARE_CURSOR, ALPHA_CURSOR, CURSOR))
    both.until(lambda: both.cursor, "the pointer")
    assert both.cursor[5] is None and both.cursor[4][:4] == b"\x40\x20\x10\x80", "the best way was not taken"
    fake.do("cursor 0 0 0 0 0")
    both.until(lambda: both.cursor[0] == 0, "no pointer")
    both.close()


def test_leds(fake):
    fake.do("leds 0")
    viewer = Viewer(fake.port, encodings=(RAW, LED_STATE))
    viewer.until(lambda: viewer.leds == 0, "the LEDs")
    for guest, seen in ((1, 2), (2, 4), (4, 1), (7, 7), (0, 0)):  # Num, Caps, Scroll
        fake.do(f"leds {guest}")
        viewer.until(lambda: viewer.leds == seen, f"LEDs {guest}")
    viewer.close()


def test_versions(fake):
    """Viewers of all ages."""
    for version in (3, 7, 8):
        viewer = Viewer(fake.port, version=version)
        same(fake, viewer)
        viewer.close()


def test_heads(program):
    """Two front-ends, a screen each; the pointer lands on the right one; their passwords do not mix."""
    with tempfile.NamedTemporaryFile("w") as f:
        f.write("right")
        f.flush()
        fake = Fake(program, "vnc", "127.0.0.1:0", "vnc", f"127.0.0.1:0,head=1,password={f.name}")
        fake.do("head 1")
        fake.do("plug 100 200")
        fake.do("mode 100 200")
        other = fake.snapshot()
        fake.do("head 0")
        fake.do("mode 320 200")
        first = Viewer(fake.ports[0])
        same(fake, first)
        try:
            Viewer(fake.ports[1])
            raise AssertionError("no password was asked for")
        except Gone:
            pass
        second = Viewer(fake.ports[1], password="right")
        second.until(lambda: second.rgb() == other, "the second screen")
        second.pointer(0, 0, 100)
        fake.expect("tablet 3 0 25005")  # 320.5 of 420
        first.pointer(0, 0, 0)
        fake.expect("tablet 3 0 39")
        second.resize(300, 400)
        fake.expect("preferred 1 1 300 400")
        fake.stop()


def test_keys(fake):
    viewer = Viewer(fake.port)
    for keysym, code in ((ord("a"), KEY_A), (ord("A"), KEY_A), (ord("!"), KEY_1), (0xffe1, KEY_LEFTSHIFT),
                         (0xffe4, KEY_RIGHTCTRL), (0xffb7, KEY_KP7), (0xff95, KEY_KP7), (0xffc9, KEY_F12)):
        for down in (1, 0):
            viewer.key(keysym, down)
            fake.expect(f"keyboard 1 {code} {down}")
    viewer.key(ord("_"), 1)  # the Shift that it takes comes and goes with it
    viewer.key(ord("_"), 0)
    assert fake.expect(f"keyboard 1 {KEY_LEFTSHIFT} 0")[-3:] == [
        f"keyboard 1 {KEY_LEFTSHIFT} 1", "keyboard 1 12 1", "keyboard 1 12 0"]
    viewer.until(lambda: viewer.extended_keys, "extended key events")
    viewer.scancode_key(0x1e, 1, keysym=ord("q"))  # an azerty keyboard
    fake.expect(f"keyboard 1 {KEY_A} 1")
    viewer.scancode_key(0x1e, 0, keysym=ord("q"))
    fake.expect(f"keyboard 1 {KEY_A} 0")
    viewer.scancode_key(0x9d, 1)
    fake.expect(f"keyboard 1 {KEY_RIGHTCTRL} 1")
    viewer.scancode_key(0x9d, 0)
    fake.expect(f"keyboard 1 {KEY_RIGHTCTRL} 0")
    viewer.close()


def test_held(fake):
    one, other = Viewer(fake.port), Viewer(fake.port)
    other.key(ord("1"), 1)
    fake.expect(f"keyboard 1 {KEY_1} 1")
    one.key(ord("a"), 1)
    one.pointer(1, 5, 5)
    fake.expect(f"tablet 1 {BTN_LEFT} 1")
    one.close()
    before = fake.expect(f"keyboard 1 {KEY_A} 0") + fake.expect(f"tablet 1 {BTN_LEFT} 0") + fake.do("move 0 0")
    assert not any(f" {KEY_1} " in line for line in before), "another viewer's key came up"
    other.close()
    fake.expect(f"keyboard 1 {KEY_1} 0")


def test_pointer(fake):
    fake.do("mode 320 200")
    viewer = Viewer(fake.port)
    same(fake, viewer)
    viewer.pointer(0, 160, 50)
    fake.expect("tablet 3 0 16435")  # (160.5 / 320) * 32768
    fake.expect("tablet 3 1 8273")
    viewer.pointer(1, 160, 50)
    fake.expect(f"tablet 1 {BTN_LEFT} 1")
    viewer.pointer(4, 160, 50)
    assert f"tablet 1 {BTN_LEFT} 0" in fake.expect(f"tablet 1 {BTN_RIGHT} 1")
    viewer.pointer(0, 160, 50)
    fake.expect(f"tablet 1 {BTN_RIGHT} 0")
    for bit, event in ((8, "8 1"), (16, "8 -1"), (32, "6 -1"), (64, "6 1")):
        viewer.pointer(bit, 160, 50)
        viewer.pointer(0, 160, 50)
        fake.expect("tablet 2 " + event)
    viewer.close()


def main():
    program = sys.argv[1]
    fake = Fake(program, "vnc", "127.0.0.1:0")
    for test in (test_pixels, test_modes, test_resize, test_full_requests, test_empty_requests, test_colour_maps, test_cursor,
                 test_cursor_far, test_alpha, test_leds, test_versions, test_keys, test_held, test_pointer):
        start = time.monotonic()
        test(fake)
        print(f"{test.__name__} {time.monotonic() - start:.2f} s", flush=True)
    fake.stop()
    test_heads(program)
    return 0


if __name__ == "__main__":
    sys.exit(main())
