#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Guests that make the GPU and who looks at it work without an end."""
import json
import os
import select
import tempfile

from guest import Qmp, main, tests_of
from hostile import Hostile

MEMORY = 64  # MiB


def test_giant():
    """A guest of 128 MiB asks for 16384x16384 pixels, which is a GiB for each viewer; it gets what the GPU may show,
    and a screendump of that takes its time on its own: others are answered before, and so is SIGTERM."""
    with Hostile("giant.c", "--gpu", f"640x480,memory={MEMORY}M", mode="m", more=2 * MEMORY + 64) as m, tempfile.TemporaryDirectory() as folder:
        side = int(m.wait(r"side 0x([0-9a-f]+)\r")[1], 16)
        assert side ** 2 * 4 <= MEMORY << 20, f"{side}x{side} pixels are shown"
        m.wait("ready")
        slow, other = Qmp(m.monitor), Qmp(m.monitor)
        picture = {"filename": os.path.join(folder, "giant.png"), "format": "png"}
        slow.socket.sendall(json.dumps({"execute": "screendump", "arguments": picture}).encode())
        for _ in range(20):
            assert other("query-status")["running"]
        answered = select.select([slow.socket], [], [], 0)[0]
        assert not answered, "a screendump of this size was complete before twenty small commands"


def test_default():
    """The same with the memory that --help names."""
    with Hostile("giant.c", mode="m", more=32) as m:
        side = int(m.wait(r"side 0x([0-9a-f]+)\r")[1], 16)
        assert side == 8192, f"{side}x{side} pixels are shown"
        m.wait("ready")


if __name__ == "__main__":
    main(tests_of(__import__("__main__")))
