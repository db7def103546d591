# SPDX-License-Identifier: MIT
"""Pictures that tests compute, and comparing them with what a machine shows. A picture is xserver.Picture: RGB."""
import os
import struct
import time
import zlib

from xserver import Picture


def computed(width, height, pixel):
    """The picture whose pixel at x, y is pixel(x, y), an (r, g, b)."""
    data = bytearray()
    for y in range(height):
        for x in range(width):
            data += bytes(pixel(x, y))
    return ppm(width, height, data)


def from_rows(width, rows):
    """The picture of these rows of bytes."""
    return ppm(width, len(rows), b"".join(rows))


def ppm(width, height, data):
    assert len(data) == width * height * 3
    return Picture(b"P6\n%d %d\n255\n" % (width, height) + bytes(data))


def save_png(picture, path):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    row = picture.width * 3
    lines = b"".join(b"\0" + picture.data[y * row:(y + 1) * row] for y in range(picture.height))
    with open(path, "wb") as f:
        f.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", picture.width, picture.height, 8, 2,
                                                                  0, 0, 0)) +
                chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b""))


def look(machine, cursor=False, head=0):
    """What the machine's screen shows now."""
    return Picture(machine.screendump(cursor, head))


def difference(a, b, top=0):
    """Where two pictures of one size differ, from row `top` down: how many pixels, and the box around them as
    (x1, y1, x2, y2)."""
    count, box, row = 0, None, a.width * 3
    for y in range(top, a.height):
        one, two = a.data[y * row:(y + 1) * row], b.data[y * row:(y + 1) * row]
        if one == two:
            continue
        xs = [x for x in range(a.width) if one[x * 3:x * 3 + 3] != two[x * 3:x * 3 + 3]]
        count += len(xs)
        box = (min(xs[0], box[0]), box[1], max(xs[-1] + 1, box[2]), y + 1) if box else (xs[0], y, xs[-1] + 1, y + 1)
    return count, box


def colours(picture):
    """How many pixels of each colour."""
    counts, data = {}, picture.data
    for at in range(0, len(data), 3):
        colour = data[at:at + 3]
        counts[colour] = counts.get(colour, 0) + 1
    return {tuple(colour): n for colour, n in counts.items()}


def keep(what, **pictures):
    """Saves pictures of a failure in RISCREEN_TEST_OUT, or the current folder; says where."""
    folder = os.environ.get("RISCREEN_TEST_OUT", ".")
    os.makedirs(folder, exist_ok=True)
    paths = []
    for name, picture in pictures.items():
        paths.append(os.path.join(folder, f"{what}-{name}.png"))
        save_png(picture, paths[-1])
    return "see " + " ".join(os.path.abspath(path) for path in paths)


def shows(machine, wanted, what, seconds=60, cursor=False):
    """Waits until the screen is this picture, each pixel; else keeps both and fails."""
    end = time.monotonic() + seconds
    while True:
        got = look(machine, cursor)
        size = got.width, got.height
        if size == (wanted.width, wanted.height) and got.data == wanted.data:
            return got
        if time.monotonic() > end:
            break
        time.sleep(0.1)
    where = keep(what, expected=wanted, actual=got)
    if size != (wanted.width, wanted.height):
        raise AssertionError(f"{what}: the screen is {size}, not {(wanted.width, wanted.height)}; {where}")
    count, box = difference(got, wanted)
    raise AssertionError(f"{what}: {count} pixels differ, all within {box}; {where}")
