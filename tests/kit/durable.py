# SPDX-License-Identifier: MIT
"""A disk of which is known what a power cut would leave: what was flushed, and no byte more.

    with Durable() as disk, Machine(*disk.options, env=disk.env) as m:
        m.run(disk.write(0, flush=True))      # runs in the guest
        assert disk.left() == disk.wanted(0)

It is the machine's second, /dev/vdb. RISCREEN_DURABLE_SO names durable.c, built.
"""
import os
import tempfile

from guest import TREE

BLOCK = 65536
BLOCKS = 4


def numbers(block):
    """What a block is filled with: lines of five digits, which are in no other block."""
    return range(20000 * (1 + block), 20000 * (1 + block) + 11000)


class Durable:
    def __init__(self, env=None):
        self.folder = tempfile.TemporaryDirectory(prefix="riscreen-test-")
        self.path = os.path.join(os.path.realpath(self.folder.name), "scratch")
        with open(self.path, "wb") as f:
            f.truncate(BLOCK * BLOCKS)
        library = os.environ.get("RISCREEN_DURABLE_SO", os.path.join(TREE, "build/tests/kit/libdurable.so"))
        self.env = dict(env or os.environ, LD_PRELOAD=library, RISCREEN_DURABLE=self.path)
        self.options = "-d", self.path

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.folder.cleanup()

    @staticmethod
    def write(block, flush):
        """The guest's command that fills a block with numbers which are nowhere else. Without flush they reach the
        device, and the device is not asked to keep them."""
        return (f"seq {numbers(block)[0]} {numbers(block)[-1]} | dd of=/dev/vdb bs={BLOCK} count=1 seek={block} iflag=fullblock "
                f"{'conv=fsync' if flush else 'oflag=direct'} 2>/dev/null")

    @staticmethod
    def wanted(*blocks):
        """The disk with these blocks written, and zeros elsewhere."""
        disk = bytearray(BLOCK * BLOCKS)
        for block in blocks:
            disk[block * BLOCK:(block + 1) * BLOCK] = b"".join(b"%d\n" % n for n in numbers(block))[:BLOCK]
        return bytes(disk)

    def left(self):
        """What a power cut would leave now; None: nothing was flushed yet."""
        try:
            with open(self.path + ".durable", "rb") as f:
                return f.read()
        except FileNotFoundError:
            return None

    def image(self):
        with open(self.path, "rb") as f:
            return f.read()
