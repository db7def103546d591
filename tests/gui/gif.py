# SPDX-License-Identifier: MIT
"""Writing animated GIFs of few colours. Each frame is whole, so what shows one frame shows nothing of another."""
import struct

BITS = 2  # four colours, and codes that begin with three bits
CLEAR, END = 1 << BITS, (1 << BITS) + 1


def save_gif(path, width, height, palette, frames):
    """frames is a list of (pixels, hundredths of a second); pixels holds an index into the palette for each pixel."""
    assert len(palette) == 1 << BITS
    with open(path, "wb") as f:
        f.write(b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80 | (BITS - 1), 0, 0))
        f.write(b"".join(bytes(colour) for colour in palette))
        for pixels, delay in frames:
            f.write(b"\x21\xf9\x04" + struct.pack("<BHBB", 0, delay, 0, 0))  # stays until the next covers it
            f.write(b"\x2c" + struct.pack("<HHHHB", 0, 0, width, height, 0) + bytes([BITS]))
            data = packed(pixels)
            for at in range(0, len(data), 255):
                block = data[at:at + 255]
                f.write(bytes([len(block)]) + block)
            f.write(b"\0")
        f.write(b"\x3b")


def codes(pixels):
    """LZW: yields each code with its width."""
    table, width, string = {}, BITS + 1, b""
    yield CLEAR, width
    for i in range(len(pixels)):
        longer = string + pixels[i:i + 1]
        if len(longer) == 1 or longer in table:
            string = longer
            continue
        yield table[string] if len(string) > 1 else string[0], width
        table[longer] = END + 1 + len(table)
        if table[longer] == 1 << width:
            width += 1
        if table[longer] == 4095:
            yield CLEAR, width
            table, width = {}, BITS + 1
        string = pixels[i:i + 1]
    yield table[string] if len(string) > 1 else string[0], width
    yield END, width


def packed(pixels):
    """The codes as bytes, the lowest bit first."""
    data, held, count = bytearray(), 0, 0
    for code, width in codes(bytes(pixels)):
        held |= code << count
        count += width
        while count >= 8:
            data.append(held & 255)
            held >>= 8
            count -= 8
    return bytes(data) + (bytes([held]) if count else b"")
