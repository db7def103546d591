#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""riscreen-gpu-replay on traces made by hand: its options, pictures, exit statuses and what it says of bad files.

Usage: test_replay.py REPLAY
"""
import os
import re
import struct
import subprocess
import sys
import tempfile
import zlib

WIDTH, HEIGHT, RAM = 64, 32, 0x80000000
FEATURES, PIXELS, COMMAND, CHECK, RESET, END = range(1, 7)
OK = 0x1100


def zstd(data):
    """A zstd frame of raw blocks."""
    blocks = [data[i:i + 65536] for i in range(0, len(data), 65536)]
    return struct.pack("<IBI", 0xfd2fb528, 0xa0, len(data)) + b"".join(
        struct.pack("<I", len(b) << 3 | (i + 1 == len(blocks)))[:3] + b for i, b in enumerate(blocks))


def head(version=1, memory=1 << 20):
    fields = b"RSGPU\r\n\x1a" + struct.pack("<IIQQQIII", version, 2, RAM, 1 << 20, memory, WIDTH, HEIGHT, 0)
    return fields + struct.pack("<I", zlib.crc32(fields))


def block(data):
    packed = zstd(data)
    return struct.pack("<IIII", 0x4b4c4254, len(data), len(packed), zlib.crc32(packed)) + packed


def record(kind, body=b"", us=1000):
    return struct.pack("<IIQ", kind, us, len(body)) + body


def command(kind, body=b"", tail=b"", code=OK, queue=0, room=24):
    request = struct.pack("<IIQII", kind, 0, 0, 0, 0) + body
    return record(COMMAND, struct.pack("<IIII", queue, code, room, len(request)) + request + tail)


def pixels(resource, y, rows, colour):
    """Rows of one colour for the next transfer."""
    return record(PIXELS, struct.pack("<IIIIIIQII", 0, y, WIDTH, rows, resource, WIDTH * 4, y * WIDTH * 4, 0, rows) +
                  struct.pack("<I", colour) * (WIDTH * rows))


def check(crc):
    return record(CHECK, struct.pack("<IIIIIIII", 0, crc, WIDTH, HEIGHT, 0, 0, WIDTH, HEIGHT))


def transfer(resource, y, rows):
    return command(0x105, struct.pack("<IIIIQII", 0, y, WIDTH, rows, y * WIDTH * 4, resource, 0))


RED, BLUE = 0xff0000, 0x0000ff
BEGINNING = (record(FEATURES, struct.pack("<Q", 1 << 32)) +
             command(0x101, struct.pack("<IIII", 7, 2, WIDTH, HEIGHT)) +                                    # step 1
             command(0x106, struct.pack("<II", 7, 1), struct.pack("<QII", RAM, WIDTH * HEIGHT * 4, 0)) +    # 2
             pixels(7, 0, HEIGHT, RED) + transfer(7, 0, HEIGHT) +                                           # 3
             command(0x103, struct.pack("<IIIIII", 0, 0, WIDTH, HEIGHT, 0, 7)) +                            # 4
             command(0x104, struct.pack("<IIIIII", 0, 0, WIDTH, HEIGHT, 7, 0)))                             # 5
BLUE_ROWS = pixels(7, 8, 4, BLUE) + transfer(7, 8, 4)                                                       # 6, unflushed
RED_CRC = zlib.crc32(struct.pack("<I", 0xff000000 | RED) * (WIDTH * HEIGHT))


class Replay:
    def __init__(self, program, folder):
        self.program, self.folder = program, folder

    def path(self, name):
        return os.path.join(self.folder, name)

    def __call__(self, data, *options, status=0):
        """Plays a file of these bytes; what it printed."""
        with open(self.path("trace"), "wb") as f:
            f.write(data)
        done = subprocess.run([self.program, self.path("trace"), *options], capture_output=True, text=True, timeout=60)
        said = done.stdout + done.stderr
        assert done.returncode == status, f"{options}: exit status {done.returncode}, not {status}\n{said}"
        return said

    def picture(self, name):
        """The colours of a PPM's rows, each of which has one."""
        with open(self.path(name), "rb") as f:
            data = f.read()
        begin = data.index(b"255\n") + 4
        assert data[:begin].split()[1:3] == [b"%d" % WIDTH, b"%d" % HEIGHT]
        rows = [data[i:i + WIDTH * 3] for i in range(begin, len(data), WIDTH * 3)]
        assert all(row == row[:3] * WIDTH for row in rows)
        return [int.from_bytes(row[:3], "big") for row in rows]


def test_no_files(replay):
    """What lies in a trace's place and is none is refused in a line, and nothing waits for it."""
    os.mkfifo(replay.path("fifo"))
    for path, says in ((replay.path("fifo"), "no regular file"), (replay.folder, "directory"), ("/dev/zero", "no regular file"),
                       (replay.path("none"), "No such file")):
        done = subprocess.run([replay.program, path], capture_output=True, text=True, timeout=10)
        assert done.returncode == 1 and says in done.stderr and done.stderr.count("\n") == 1, (path, done)


def main():
    with tempfile.TemporaryDirectory() as folder:
        replay = Replay(sys.argv[1], folder)
        good = head() + block(BEGINNING + check(RED_CRC) + BLUE_ROWS + check(RED_CRC) + record(END))
        said = replay(good, "--list", "--final", replay.path("final.ppm"), "--resource", "7", "--png", replay.path("r.ppm"))
        assert "checksums: 2, 0 differ; answers: 0 differ" in said, said
        assert "ends early" not in said and "6 commands in 0.012 s" in said, said
        assert re.search(r"TRANSFER_TO_HOST_2D +2 +0 .* 9216\n", said), said
        assert re.search(r" 4 +0\.006000  SET_SCANOUT resource 7 64x32\+0\+0 on scanout 0: OK_NODATA\n", said), said
        assert replay.picture("final.ppm") == [RED] * HEIGHT
        assert replay.picture("r.ppm") == [RED] * 8 + [BLUE] * 4 + [RED] * (HEIGHT - 12)
        replay(good, "--resource", "7", "--at", "2", "--png", replay.path("r.ppm"))
        assert replay.picture("r.ppm") == [0] * HEIGHT
        replay(good, "--resource", "7", "--at", "5", "--png", replay.path("r.ppm"))
        assert replay.picture("r.ppm") == [RED] * HEIGHT
        assert "no such resource" in replay(good, "--resource", "8", "--png", replay.path("r.ppm"), status=1)
        assert "ends before" in replay(good, "--resource", "7", "--at", "9", "--png", replay.path("r.ppm"), status=1)
        assert "bench: no frames" in replay(good, "--bench", "2")
        # what differs
        said = replay(head() + block(BEGINNING + check(RED_CRC ^ 1)), status=2)
        assert "step 5: head 0 shows another picture" in said and "ends early" in said, said
        said = replay(head() + block(BEGINNING + command(0x102, struct.pack("<II", 9, 0))), status=2)
        assert "step 6: answered ERR_INVALID_RESOURCE_ID, in the trace OK_NODATA" in said, said
        # what cannot be played
        assert "no trace" in replay(b"hello", status=1)
        assert "no trace" in replay(b"", status=1)
        assert "another version" in replay(head(version=2), status=1)
        assert "--memory" in replay(head(memory=1 << 40), status=1)
        assert "no block begins" in replay(good + bytes(16), status=1)
        assert "checksum is wrong" in replay(good[:-1] + bytes([good[-1] ^ 1]), status=1)
        assert "ends early" in replay(good[:-1])
        assert "no memory" in replay(head() + block(BEGINNING + pixels(8, 0, 1, RED)), status=1)
        assert "outside their" in replay(head() + block(BEGINNING + pixels(7, HEIGHT, 1, RED)), status=1)
        assert "another GPU" in replay(head() + block(record(FEATURES, struct.pack("<Q", 1 << 63))), status=1)
        assert "makes no sense" in replay(head() + block(command(0x100)), status=1)
        test_no_files(replay)
        # options
        for options, says in ((["--nope"], "no such option"), (["--at", "1"], "--resource"), (["--bench", "x"], "give N"),
                              (["--png", "a"], "--resource"), (["other"], "one trace"), (["--list=1"], "no value")):
            assert says in replay(good, *options, status=1), options
        for option in "--help", "--man":
            text = subprocess.run([sys.argv[1], option], capture_output=True, text=True, check=True).stdout
            assert "resource" in text and "%" not in text, text
    print("1 passed, 0 failed")


if __name__ == "__main__":
    main()
