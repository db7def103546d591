# SPDX-License-Identifier: MIT
"""Random programs: blocks of valid instructions over all registers, with branches and loops.

A block may do anything but leave its frame (guest/random.c): addresses come from x2, x8, x30
(scratch memory) and x29 (the edge table, read only), x28 counts loops, x31 leads back; these are
never destinations. Every row that the oracle has appears at least MIN_SITES times.
"""
import random
import struct

import cases
import insns

import rvc
import softfloat as sf

FRAME = (2, 8, 28, 29, 30, 31)
SCRATCH_BASES = {2: 1024, 8: 2048, 30: 512}
SCRATCH, MIN_SITES = 4096, 4
BLOCKS = 60
TIMES = 4  # as in guest/random.c
FARTHEST = 6  # instructions that a jump forward skips at most, itself included
SKIPPED = ('mret', 'sret', 'wfi', 'ecall', 'ebreak', 'sinval.vma', 'sfence.w.inval',
           'sfence.inval.ir',
           'ctzw')  # QEMU 7.2 counts into the upper word


class Code:
    """A list of instructions with lengths; branches name the index of their target."""

    def __init__(self):
        self.items = []  # (word or function of offset, length, target index or None)

    def put(self, word, length=4):
        self.items.append((word, length, None))

    def put_jump(self, encode, target, length=4):
        self.items.append((encode, length, target))

    def landing(self):
        """What follows may not be jumped into: room for the farthest jump before it."""
        for _ in range(FARTHEST):
            self.put(0x13)

    def bytes(self):
        offsets = [0]
        for _, length, _ in self.items:
            offsets.append(offsets[-1] + length)
        out = b''
        for n, (word, length, target) in enumerate(self.items):
            if target is not None:
                word = word(offsets[min(target, len(self.items))] - offsets[n])
            out += word.to_bytes(length, 'little')
        return out


class Generator:
    def __init__(self, xlen, seed, extensions):
        self.rng = random.Random(seed)
        self.xlen = xlen
        self.rows = [i for i in insns.INSNS if xlen in i.xlen and i.ext in extensions and
                     i.name not in SKIPPED]
        self.compressed = self._compressed_words() if 'c' in extensions else []

    def rd(self):
        while True:
            r = self.rng.randrange(32)
            if r not in FRAME:
                return r

    def rs(self):
        return self.rng.randrange(28)

    def _compressed_words(self):
        """Words that neither jump, nor touch memory, nor write the frame; and those that load."""
        good = []
        for word in range(65536):
            if word & 3 == 3:
                continue
            expanded = rvc.expand(word, self.xlen, False)
            insn = expanded and insns.lookup(expanded[1], self.xlen)
            if not insn or insn.cls in ('jal', 'jalr', 'b', 'sys'):
                continue
            long = expanded[1]
            if insn.cls in ('ld', 'fl', 'st', 'fs') and long >> 15 & 31 not in (2, 8):
                continue
            if insn.cls not in ('st', 'fs', 'fl') and long >> 7 & 31 in FRAME:
                continue
            good.append((expanded[0], word))
        by_name = {}
        for name, word in good:
            by_name.setdefault(name, []).append(word)
        return list(by_name.values())

    # Each of these appends one instruction, or a short sequence, to the block.

    def memory(self, code, insn):
        rng = self.rng
        size = {'b': 1, 'h': 2, 'w': 4, 'd': 8}[insn.name[1 if insn.cls in ('ld', 'st') else 2]]
        if insn.cls in ('ld', 'fl') and rng.random() < .5:
            base, offset = 29, rng.randrange(0, 1016)
            offset -= offset % 8 if rng.random() < .8 else 0
        else:
            base = rng.choice(list(SCRATCH_BASES))
            at = SCRATCH_BASES[base]
            offset = rng.randrange(max(-2048, -at), min(2047, SCRATCH - at - size))
            offset -= offset % size if rng.random() < .7 else 0
        if insn.cls in ('ld', 'fl'):
            rd = self.rd() if insn.cls == 'ld' else rng.randrange(32)
            code.put(insn.match | rd << 7 | base << 15 | (offset & 0xfff) << 20)
        else:
            code.put(insn.match | base << 15 | self.rs() << 20 | (offset & 31) << 7 |
                     (offset >> 5 & 127) << 25)

    def atomic(self, code, insn):
        base = self.rng.choice(list(SCRATCH_BASES))
        width = insn.match & 0x7000
        word = insn.match | base << 15 | self.rng.randrange(4) << 25
        if insn.cls == 'amo':
            code.put(word | self.rd() << 7 | self.rs() << 20)
            return
        # A whole pair each time, so that no reservation is held across other stores.
        code.put(0x1000002f | width | self.rd() << 7 | base << 15)
        for _ in range(self.rng.choice([1, 1, 2])):
            code.put(0x1800002f | width | self.rd() << 7 | base << 15 | self.rs() << 20)

    def jump(self, code, insn):
        rng, here = self.rng, len(code.items)
        if insn.cls == 'b':
            word = insn.match | self.rs() << 15 | self.rs() << 20
            code.put_jump(lambda d: word | (d >> 12 & 1) << 31 | (d >> 5 & 63) << 25 |
                          (d >> 1 & 15) << 8 | (d >> 11 & 1) << 7, here + rng.randrange(1, FARTHEST + 1))
        elif insn.cls == 'jal':
            word = insn.match | self.rd() << 7
            code.put_jump(lambda d: word | (d >> 20 & 1) << 31 | (d >> 1 & 1023) << 21 |
                          (d >> 11 & 1) << 20 | (d >> 12 & 255) << 12, here + rng.randrange(1, 5))
        else:
            base = self.rd() or 1
            code.landing()
            here = len(code.items)
            code.put(0x17 | base << 7)
            word = insn.match | self.rd() << 7 | base << 15
            code.put_jump(lambda d: word | ((d + 4) & 0xfff) << 20, here + rng.randrange(2, 5))

    def csr(self, code, insn):
        number = self.rng.choice([0x140, 0x140, 1, 3]) if insn.name[4] != 'w' else \
            self.rng.choice([0x140, 1])
        if number == 3:  # fcsr: read only, or frm may become reserved
            code.put(insn.match & ~0x1000 | 0x2000 | self.rd() << 7 | 3 << 20)
            return
        code.put(insn.match | self.rd() << 7 | self.rs() << 15 | number << 20)

    def floating(self, code, insn):
        rng, cls = self.rng, insn.cls
        word = insn.match
        integer_result = cls.startswith('fx')
        word |= (self.rd() if integer_result else rng.randrange(32)) << 7
        if cls == 'fli':
            word |= rng.randrange(32) << 15
        elif cls.startswith('xf') or cls == 'xxf':
            word |= self.rs() << 15
        else:
            word |= rng.randrange(32) << 15
            if rng.random() < .4:  # an edge, fresh from the table
                code.put(0x3007 | (word >> 15 & 31) << 7 | 29 << 15 | rng.randrange(127) * 8 << 20)
        if not insn.mask >> 20 & 1:
            word |= rng.randrange(32) << 20
        if cls == 'f4':
            word |= rng.randrange(32) << 27
        if cls.endswith('_rm') or cls == 'f4':
            word |= rng.choice([0, 1, 2, 3, 4, 7, 7, 7]) << 12
        code.put(word)

    def plain(self, code, insn):
        rng, cls = self.rng, insn.cls
        word = insn.match | self.rd() << 7
        if cls == 'u':
            word |= rng.getrandbits(20) << 12
        if cls in ('r', 'r1', 'i', 'sh'):
            word |= self.rs() << 15
        if cls == 'r':
            word |= self.rs() << 20
        if cls == 'i':
            word |= rng.choice([0, 1, -1, 2047, -2048, rng.getrandbits(12)]) % 4096 << 20
        if cls == 'sh':
            word |= rng.randrange(32 if insn.mask >> 25 & 1 else 64) << 20
        code.put(word)

    def one(self, code, insn):
        cls = insn.cls
        if cls in ('ld', 'st', 'fl', 'fs'):
            self.memory(code, insn)
        elif cls in ('lr', 'sc', 'amo'):
            self.atomic(code, insn)
        elif cls in ('jal', 'jalr', 'b'):
            self.jump(code, insn)
        elif cls in ('csr', 'csri'):
            self.csr(code, insn)
        elif cls in ('r', 'r1', 'i', 'sh', 'u'):
            self.plain(code, insn)
        elif cls in ('sys', 'fence', 'vma', 'cbo'):
            code.put(insn.match)
        else:
            self.floating(code, insn)

    def frm(self, code):
        code.put(0x5073 | 2 << 20 | self.rng.randrange(5) << 15 | self.rd() << 7)

    def illegal(self, code):
        while True:
            word = self.rng.getrandbits(32) | 3
            if word & 0x1c != 0x1c and insns.lookup(word, self.xlen) is None and \
                    not cases.tolerated(word):
                code.put(word)
                return

    def block(self, rows):
        """Straight code with jumps forward, some of it in counted loops."""
        code, loop = Code(), None
        code.put(0x13)
        for n, insn in enumerate(rows):
            if loop is None and self.rng.random() < .02:
                code.landing()
                code.put(0x13 | 28 << 7 | self.rng.randrange(1, 5) << 20)
                loop = (len(code.items), n + 8)
            self.one(code, insn)
            if self.rng.random() < .25 and self.compressed:
                code.put(self.rng.choice(self.rng.choice(self.compressed)), 2)
            if self.rng.random() < .01:
                self.frm(code)
            if self.rng.random() < .001:
                self.illegal(code)
            if loop and n >= loop[1]:
                self.close_loop(code, loop[0])
                loop = None
        if loop:
            self.close_loop(code, loop[0])
        code.landing()
        code.put(0x67 | 31 << 15)
        return code.bytes()

    def close_loop(self, code, start):
        code.landing()
        code.put(0x13 | 28 << 7 | 28 << 15 | 0xfff << 20)
        code.put_jump(lambda d: 0x1063 | 28 << 15 | (d >> 12 & 1) << 31 | (d >> 5 & 63) << 25 |
                      (d >> 1 & 15) << 8 | (d >> 11 & 1) << 7, start)

    def program(self, blocks, length):
        rows = self.rows * MIN_SITES
        rare = ('fence.i', 'sfence.vma', 'pause')
        common = [i for i in self.rows if i.name not in rare]
        rows = [i for i in rows if i.name not in rare] + [i for i in self.rows if i.name in rare]
        while len(rows) < blocks * length:
            rows.append(self.rng.choice(common))
        self.rng.shuffle(rows)
        return [self.block(rows[n::blocks]) for n in range(blocks)]


def least_runs(calls):
    """How often a row with MIN_SITES sites is reached in so many calls, but for jumps over it."""
    return calls // BLOCKS * TIMES * MIN_SITES


def edge_table(rng, xlen):
    """256 entries of 8 bytes: integers, doubles, boxed singles and halves."""
    pool = [v for v in cases.int_edges(xlen)]
    table = []
    for n in range(256):
        kind = n % 4
        if kind == 0:
            table.append(rng.choice(pool))
        else:
            f = (sf.H, sf.S, sf.D)[kind - 1] if n % 16 != 1 else sf.D
            box = 0 if f is sf.D else (1 << 64) - (1 << f.bits)
            table.append(rng.choice(cases.float_edges(f)) | box)
    rng.shuffle(table)
    return struct.pack('<256Q', *table)


def write(folder, xlen, seed, extensions, blocks=BLOCKS, length=300):
    """Writes blocks.bin, offsets.bin, edges.bin; returns the mean number of instructions a call."""
    g = Generator(xlen, seed, extensions)
    code = g.program(blocks, length)
    offsets, at, image = [], 0, b''
    for block in code:
        image += block + b'\0' * (-len(block) % 4)
        offsets.append(at)
        at = len(image)
    with open(f'{folder}/blocks.bin', 'wb') as f:
        f.write(image)
    with open(f'{folder}/offsets.bin', 'wb') as f:
        f.write(struct.pack(f'<Q{blocks}I', blocks, *offsets))
    with open(f'{folder}/edges.bin', 'wb') as f:
        f.write(edge_table(g.rng, xlen))
    return code
