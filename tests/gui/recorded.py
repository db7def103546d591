# SPDX-License-Identifier: MIT
"""Reads recordings: PNG files with their list, and y4m films."""
import os
import struct
import zlib


def read_png(path):
    """(width, height, RGB) of a PNG without filters, which must be whole."""
    with open(path, "rb") as f:
        data = f.read()
    assert data[:8] == b"\x89PNG\r\n\x1a\n" and data[-8:-4] == b"IEND", f"{path} is not whole"
    at, packed = 8, b""
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at:at + 8])
        if kind == b"IHDR":
            width, height, depth, colour = struct.unpack(">IIBB", data[at + 8:at + 18])
            assert (depth, colour) == (8, 2)
        packed += data[at + 8:at + 8 + size] if kind == b"IDAT" else b""
        at += 12 + size
    rows, step = zlib.decompress(packed), width * 3 + 1
    assert len(rows) == step * height and not any(rows[::step])
    return width, height, b"".join(rows[y * step + 1:(y + 1) * step] for y in range(height))


def read_list(folder):
    """[(path, seconds)], the last file's repetition left out."""
    with open(os.path.join(folder, "list.ffconcat"), encoding="ascii") as f:
        lines = f.read().splitlines()
    assert lines[0] == "ffconcat version 1.0"
    entries = []
    for line in lines[1:]:
        word, value = line.split(" ", 1)
        if word == "file":
            entries.append([os.path.join(folder, value.strip("'")), None])
        else:
            assert word == "duration" and entries[-1][1] is None
            entries[-1][1] = float(value)
    last = entries.pop()
    assert last[1] is None and last[0] == entries[-1][0]
    return entries


def read_y4m(path):
    """(width, height, fps, [frame]) with all bytes accounted for."""
    with open(path, "rb") as f:
        data = f.read()
    line, rest = data.split(b"\n", 1)
    words = line.decode().split(" ")
    assert words[0] == "YUV4MPEG2" and "C444" in words, line
    width, height = int(words[1][1:]), int(words[2][1:])
    rate, unit = words[3][1:].split(":")
    size = width * height * 3
    assert len(rest) % (6 + size) == 0, "the last frame is not whole"
    frames = [rest[at:at + 6 + size] for at in range(0, len(rest), 6 + size)]
    assert all(frame.startswith(b"FRAME\n") for frame in frames)
    return width, height, int(rate) / int(unit), [frame[6:] for frame in frames]


def rgb_at(width, height, frame, x, y):
    luma, cb, cr = (frame[i * width * height + y * width + x] for i in range(3))
    luma, cb, cr = 1.164 * (luma - 16), cb - 128, cr - 128
    return [max(0, min(255, round(v))) for v in (luma + 1.596 * cr, luma - 0.392 * cb - 0.813 * cr, luma + 2.017 * cb)]


def near(got, want):
    return all(abs(g - w) <= 4 for g, w in zip(got, want))
