# SPDX-License-Identifier: MIT
"""What a broken or hostile viewer may send: messages of the protocol and of its extensions, with
values at the edges, now and then cut short. The same seed gives the same bytes."""
import random
import struct

ENCODINGS = (0, 1, 2, 4, 5, 6, 7, 8, 9, 15, 16, 17, -223, -224, -232, -239, -240, -256, -247, -23, -32, -258, -260, -261,
             -305, -307, -308, -309, -312, -313, -314, 0x574d5664, -0x10000, -0x20000 + 1, 0x48323634,
             -0x3f5e1a38, -65535, -65528, 0x7fffffff, -0x80000000)
EDGES = (0, 1, 2, 63, 64, 255, 256, 4095, 32767, 32768, 65534, 65535)


def pick(r, edge=0.5):
    return r.choice(EDGES) if r.random() < edge else r.randrange(400)


def pixel_format(r):
    bits = r.choice((8, 16, 32, 32, 32, 24, 0, 255))
    top = r.choice((7, 31, 63, 255, 0, 65535))
    return struct.pack(">BxxxBBBBHHHBBBxxx", 0, bits, r.choice((8, 15, 16, 24, 32)), r.randrange(2), r.randrange(2), top,
                       top, top, *(r.choice((0, 5, 8, 11, 16, 24, 31)) for _ in range(3)))


def encodings(r):
    some = [r.choice(ENCODINGS) for _ in range(r.randrange(12))]
    return struct.pack(f">BxH{len(some)}i", 2, len(some), *some)


def request(r):
    return struct.pack(">BBHHHH", 3, r.randrange(2), pick(r), pick(r), pick(r), pick(r))


def key(r):
    return struct.pack(">BBxxI", 4, r.randrange(2), r.choice((r.randrange(65536), 0xffffffff, 0xffe1, 97)))


def pointer(r):
    return struct.pack(">BBHH", 5, r.randrange(256), pick(r), pick(r))


def cut_text(r):
    size = r.choice((0, 1, 5, 100, 0xfffffff0, 0x80000000, 0xffffffff - 20, 1 << 21))
    return struct.pack(">BxxxI", 6, size) + r.randbytes(min(size, 100, 2 ** 32 - size))


def desktop_size(r):
    count = r.choice((0, 1, 1, 1, 2, 255))
    return struct.pack(">BxHHBx", 251, pick(r), pick(r), count) + r.randbytes(16 * count)


def place_key(r):
    return struct.pack(">BBHII", 255, r.choice((0, 0, 0, 1)), r.randrange(2), r.randrange(65536), r.choice((30, 157, 2 ** 31)))


def other(r):
    return bytes([r.choice((1, 7, 8, 9, 10, 11, 15, 150, 248, 250, 252, 253, 254))]) + r.randbytes(r.choice((3, 7, 11)))


MESSAGES = (pixel_format, encodings, encodings, request, request, request, key, pointer, pointer, cut_text, desktop_size,
            place_key, other)


def session(seed):
    """Some messages; the last of some sessions is cut short."""
    r = random.Random(seed)
    kinds = MESSAGES[:-1] if r.random() < 0.7 else MESSAGES  # an unknown message ends a session at once
    data = b"".join(r.choice(kinds)(r) for _ in range(r.randrange(1, 40)))
    return data[:r.randrange(1, len(data))] if r.random() < 0.2 else data
