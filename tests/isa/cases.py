# SPDX-License-Identifier: MIT
"""Makes the instruction cases: one instruction each, with operands and everything it must change.

For every row of insns.py (and every compressed one of rvc.py) there are cases of four kinds:
  value    ordinary operands                    edge  the operands where implementations err
  illegal  a neighbouring encoding that is reserved, or a reserved operand: must trap
  off      the instruction with its extension switched off: must trap (a program of its own)
Expected results come from ref.py. Cases are packed as the records that guest/driver.c reads.
"""
import random
import struct

import insns
import ref
import rvc
import softfloat as sf

STUBS = 0x80800000       # stub i: 32 bytes, see pack_stub
WINDOW = 0x805fff80      # 256 bytes of scratch memory across a page boundary
WINDOW_SIZE = 256
STUB_SIZE, ENTRY, AT, FALL, TAKEN, BACK = 32, 4, 8, 12, 16, 0
NOP, ECALL_WORD, C_NOP = 0x13, 0x73, 1
FS_DIRTY, FS_INITIAL = 3, 1
FLAG_MEMORY, FLAG_TVAL, FLAG_PENDING, FLAG_FP = 1, 2, 4, 8
KINDS = ('value', 'edge', 'illegal', 'off')

RECORD = struct.Struct('<32s8BI4x4B4B4B4B3Q3Q2QQQQQQIiIIII')


class Case:
    """One case before its expected side is known."""

    def __init__(self, name, kind, word):
        self.name, self.kind, self.word = name, kind, word
        self.prefix = NOP
        self.x, self.f = {}, {}
        self.fcsr = 0
        self.mode, self.fs, self.mstatus = 3, FS_DIRTY, 0
        self.sscratch, self.sepc = 0x1234567, 0
        self.flags = 0
        self.expect = None  # (cause, offset, tval, mode): overrides the reference
        self.fs_after = 0xff


def pattern_x(i, xlen):
    return (i * 0x0102030405060708 + 0x1111) & (1 << xlen) - 1


def pattern_f(i):
    """Boxed single-precision NaN-free junk."""
    return 0xffffffff00000000 | (0x3f800000 + i * 0x00123457) & 0x7f7fffff


def pattern_memory():
    return bytes((i * 37 + 11) & 255 for i in range(WINDOW_SIZE))


def memory_hash(data):
    h = 1
    for (w,) in struct.iter_unpack('<I', bytes(data)):
        h = ((h << 5 | h >> 27) + w) & 0xffffffff
    return h


# --- operands --------------------------------------------------------------------------------

def int_edges(xlen):
    top = 1 << xlen - 1
    return [v & (1 << xlen) - 1 for v in
            (0, 1, -1, -2, 2, top, top - 1, top + 1, 0x7fffffff, 0x80000000, 0xffffffff,
             -0x80000000, 31, 32, 33, 63, 64, 65, 0x00ff00ff00ff00ff, 0x8000, 0x80, 0x7f, 0x7ff8000000000000,
             0xaaaaaaaaaaaaaaaa, 0x0123456789abcdef, 0x100000000, -0x80000001)]


def float_edges(f):
    plain = [0, 1, (1 << f.mbits) - 1, 1 << f.mbits, f.one, f.one + 1, f.one - 1,
             f.one | f.quiet, f.max, f.max - 1, f.inf, f.nan, f.inf | 1, f.nan | 5, f.one >> 1,
             f.one + (5 << f.mbits), f.one + (3 << f.mbits) + 12345 % (1 << f.mbits),
             f.one + (30 << f.mbits) % f.inf, f.one + (31 << f.mbits) % (f.max - f.one),
             f.one + (62 << f.mbits) % (f.max - f.one), f.one + (63 << f.mbits) % (f.max - f.one),
             f.one - (1 << f.mbits), f.one - (1 << f.mbits) + 1, f.one + (f.quiet >> 1),
             f.one + (1 << f.mbits) + (f.quiet >> 1), f.quiet, 3]
    plain = [v & f.sign - 1 for v in plain]
    return plain + [v | f.sign for v in plain]


class Maker:
    """Random operands for one word size, reproducible by the seed."""

    def __init__(self, xlen, seed):
        self.xlen, self.rng = xlen, random.Random(seed)
        self.int_edges = int_edges(xlen)
        self.bag = []
        self.float_edges = {f: float_edges(f) for f in (sf.H, sf.S, sf.D)}

    def reg(self):
        """A register, x0 seldom, often one of a few so that they coincide."""
        return self.rng.choice([0, 10, 10, 10, 11, 12, *range(1, 32)])

    def value(self, edge):
        if edge:  # all edges in random order, then again
            if not self.bag:
                self.bag = self.rng.sample(self.int_edges, len(self.int_edges))
            return self.bag.pop()
        return self.rng.getrandbits(self.xlen) >> self.rng.randrange(self.xlen)

    def floating(self, f, edge):
        """A boxed value in format f; now and then one that is not boxed."""
        if edge:
            v = self.rng.choice(self.float_edges[f])
        else:
            exponent = self.rng.randrange(f.emax + 1) if self.rng.random() < .3 else \
                f.bias + self.rng.randrange(-8, 8)
            v = (exponent << f.mbits | self.rng.getrandbits(f.mbits) |
                 self.rng.getrandbits(1) * f.sign)
        if f is sf.D:
            return v
        box = (1 << 64) - (1 << f.bits)
        if edge and self.rng.random() < 0.06:
            box &= ~(1 << self.rng.randrange(f.bits, 64))
        return v | box


# --- encodings -------------------------------------------------------------------------------

def source_format(insn):
    """The format of a row's float sources."""
    last = insn.name.split('.')[-1] if insn.name not in ('fmv.x.w',) else 's'
    return {'h': sf.H, 's': sf.S, 'd': sf.D}.get(last, sf.S)


def _memory_base(m, case, insn, reg, offset, size):
    """Puts an address into reg such that reg + offset lies in the window; often misaligned."""
    low, high = 0, WINDOW_SIZE - size
    at = m.rng.choice([128 - size, 128, m.rng.randrange(low, high + 1),
                       128 - m.rng.randrange(size) if case.kind == 'edge' else 64])
    if insn.cls in ('lr', 'sc', 'amo') or (insn.cls in ('ld', 'st') and case.kind == 'value'):
        at -= at % size
    case.x[reg] = (WINDOW + at - offset) & (1 << m.xlen) - 1
    case.flags |= FLAG_MEMORY


def _nonzero(m):
    return m.rng.randrange(1, 32)


def _fill_memory(m, case, insn, edge):
    size = {'b': 1, 'h': 2, 'w': 4, 'd': 8}[insn.name.split('.')[-1][-1] if insn.cls in
                                            ('lr', 'sc', 'amo') else
                                            (insn.name[2] if insn.cls == 'fl' or insn.cls == 'fs'
                                             else insn.name[1])]
    base, other = _nonzero(m), m.reg()
    while other == base:
        other = m.reg()
    if insn.cls in ('ld', 'fl', 'st', 'fs'):
        offset = m.rng.choice([0, -1, 2047, -2048, 8]) if edge else m.rng.randrange(-2048, 2048)
        _memory_base(m, case, insn, base, offset, size)
        if insn.cls in ('ld', 'fl'):
            case.word |= other << 7 | base << 15 | (offset & 0xfff) << 20
        else:
            case.word |= (base << 15 | other << 20 | (offset & 31) << 7 |
                          (offset >> 5 & 127) << 25)
        if insn.cls == 'fs':
            case.f[other] = m.floating({2: sf.H, 4: sf.S, 8: sf.D}[size], edge)
        elif insn.cls == 'st' and other:
            case.x[other] = m.value(edge)
        return
    _memory_base(m, case, insn, base, 0, size)
    rd = m.reg()
    case.word |= rd << 7 | base << 15 | m.rng.randrange(4) << 25
    if insn.cls == 'lr':
        return
    case.word |= other << 20
    if other:
        case.x[other] = m.value(edge)
    if insn.cls == 'sc' and m.rng.random() < .7:
        # A reservation first, into a register that nothing else needs.
        spare = next(r for r in range(20, 32) if r not in (base, other, rd))
        case.prefix = 0x1000002f | insn.match & 0x7000 | spare << 7 | base << 15


def _fill_float(m, case, insn, edge):
    cls, rng = insn.cls, m.rng
    f = source_format(insn)
    rd, a, b, c = m.reg(), m.reg(), m.reg(), m.reg()
    if cls == 'fli':
        case.word |= rd << 7 | rng.randrange(32) << 15
        return
    if cls.startswith('xf') or cls == 'xxf':
        case.word |= rd << 7 | a << 15
        if a:
            case.x[a] = m.value(edge)
        if cls == 'xxf':
            case.word |= b << 20
            if b:
                case.x[b] = m.value(edge)
    else:
        case.word |= rd << 7 | a << 15
        used = [a]
        if cls in ('fr', 'fr_rm', 'fx', 'f4'):
            case.word |= b << 20
            used.append(b)
        if cls == 'f4':
            case.word |= c << 27
            used.append(c)
        for r in used:
            case.f[r] = m.floating(f, edge)
    case.fcsr = rng.randrange(5) << 5 | (rng.getrandbits(5) if rng.random() < .3 else 0)
    if cls.endswith('_rm') or cls == 'f4':
        case.word |= rng.choice([0, 1, 2, 3, 4, 7]) << 12


def _fill_jump(m, case, insn, edge):
    """Targets: the ecall before (-8) or behind (+4, +8); the pc of the instruction is known later."""
    cls, rng = insn.cls, m.rng
    offset = rng.choice([8, -8, 4] if edge else [8])
    rd = m.reg()
    if cls == 'jal':
        case.word |= rd << 7 | (offset >> 20 & 1) << 31 | (offset >> 1 & 1023) << 21 | \
            (offset >> 11 & 1) << 20 | (offset >> 12 & 255) << 12
    elif cls == 'jalr':
        base, imm = _nonzero(m), rng.choice([0, -2048, 2047, 1]) if edge else rng.randrange(-64, 64)
        case.word |= rd << 7 | base << 15 | (imm & 0xfff) << 20
        # The low bit of the sum is dropped.
        case.x[base] = ('stub', AT + offset + (rng.getrandbits(1) if edge else 0) - imm)
    else:
        a, b = m.reg(), m.reg()
        case.word |= a << 15 | b << 20 | (offset >> 1 & 15) << 8 | (offset >> 5 & 63) << 25 | \
            (offset >> 11 & 1) << 7 | (offset >> 12 & 1) << 31
        equal = m.value(edge)
        for r in (a, b):
            if r:
                case.x[r] = equal if rng.random() < .3 else m.value(edge)


def _fill_csr(m, case, insn, edge):
    number = m.rng.choice([0x140, 0x140, 1, 2, 3]) if not edge else \
        m.rng.choice([0x140, 1, 2, 3, 0xf14])
    rd, rs1 = m.reg(), m.reg()
    case.word |= rd << 7 | rs1 << 15 | number << 20
    case.sscratch, case.fcsr = m.value(edge), m.rng.getrandbits(8)
    if insn.cls == 'csr' and rs1:
        case.x[rs1] = m.value(edge)


def fill(m, insn, kind, edge):
    """A case of this row with operands."""
    case = Case(insn.name, kind, insn.match)
    cls, rng = insn.cls, m.rng
    rd, a, b = m.reg(), m.reg(), m.reg()
    if cls in ('ld', 'st', 'fl', 'fs', 'lr', 'sc', 'amo'):
        _fill_memory(m, case, insn, edge)
    elif cls in ('jal', 'jalr', 'b'):
        _fill_jump(m, case, insn, edge)
    elif cls in ('csr', 'csri'):
        _fill_csr(m, case, insn, edge)
    elif cls in ('r', 'r1', 'i', 'sh', 'vma', 'cbo'):
        case.word |= a << 15
        if cls not in ('vma', 'cbo'):
            case.word |= rd << 7
        if cls in ('r', 'vma'):
            case.word |= b << 20
            if b:
                case.x[b] = m.value(edge)
        if a:
            case.x[a] = case.x[a] if a == b and cls == 'r' else m.value(edge)
        if cls == 'i':
            case.word |= (rng.choice([0, 1, -1, 2047, -2048, 255]) if edge
                          else rng.getrandbits(12)) % 4096 << 20
        if cls == 'sh':
            width = 6 if insn.mask >> 25 & 1 == 0 else 5
            case.word |= (rng.choice([0, 1, (1 << width) - 1, 1 << width - 1]) if edge
                          else rng.randrange(1 << width)) << 20
        if cls == 'cbo':
            base = a or 10
            case.word = insn.match | base << 15
            case.x = {base: WINDOW + (64 if not edge else rng.choice([0, 63, 127, 128, 191]))}
            case.flags |= FLAG_MEMORY
    elif cls == 'u':
        case.word |= rd << 7 | (rng.choice([0, 1, 0x80000, 0x7ffff, 0xfffff]) if edge
                                else rng.getrandbits(20)) << 12
    elif cls == 'fence':
        case.word |= (rng.getrandbits(8) if insn.name == 'fence' else 0) << 20
        if edge and insn.name == 'fence':
            case.word |= m.reg() << 7 | m.reg() << 15  # reserved fields are ignored
    elif cls != 'sys':
        _fill_float(m, case, insn, edge)
    return case


# --- the four kinds --------------------------------------------------------------------------

def neighbours(insn, xlen):
    """Reserved encodings that differ from the row's in the fewest mask bits."""
    bits = [i for i in range(2, 32) if insn.mask >> i & 1]
    pairs = [1 << i for i in bits] + [1 << i | 1 << j for i in bits for j in bits if i < j]
    for flip in pairs:
        word = insn.match ^ flip
        if word & 0x1c != 0x1c and insns.lookup(word, xlen) is None and not tolerated(word):
            yield word


def tolerated(word):
    """Encodings that QEMU 7.2 or a later manual gives a meaning of their own: no oracle for them."""
    opcode, f3, f7 = word & 0x7f, word >> 12 & 7, word >> 25
    if opcode in (0x0b, 0x2b, 0x5b, 0x7b, 0x57):
        return True  # custom and vector
    if opcode == 0x73 and (f3 == 4 or f7 in (0x11, 0x13, 0x31, 0x33, 0x51, 0x38)):
        return True  # hypervisor, may-be-operations
    if opcode in (0x07, 0x27) and f3 in (0, 4, 5, 6, 7, 1):
        return True  # vector, quad, half
    if opcode in (0x43, 0x47, 0x4b, 0x4f) and f7 & 3 == 2:
        return True  # Zfh
    if opcode == 0x53 and f7 & 3 == 2:
        return True
    if opcode == 0x53 and f7 >> 2 in (8, 16) and word >> 20 & 31 == 2:
        return True
    if opcode == 0x0f and f3 == 2:
        return True  # cbo: older rules
    return opcode in (0x13, 0x1b, 0x33, 0x3b) and f7 in (0x0c, 0x04, 0x05, 0x14, 0x15, 0x1a, 0x08,
                                                        0x30, 0x31, 0x35, 0x19, 0x11, 0x13, 0x17,
                                                        0x1b, 0x1f, 0x32, 0x34)


def _illegal(m, insn):
    for word in list(neighbours(insn, m.xlen))[:2]:
        yield Case(insn.name, 'illegal', word)
    if insn.cls.endswith('_rm') or insn.cls == 'f4':
        for rm, frm in ((5, 0), (6, 0), (7, 5), (7, 6), (7, 7)):
            case = fill(m, insn, 'illegal', False)
            case.word = case.word & ~0x7000 | rm << 12
            case.fcsr = frm << 5
            yield case
    if insn.cls.startswith('f') and insn.cls != 'fence' or insn.cls in ('xf', 'xf_rm', 'xxf'):
        case = fill(m, insn, 'illegal', False)
        case.fs = 0
        case.expect = (ref.ILLEGAL, AT, case.word, 3)
        yield case
    if insn.cls in ('csr', 'csri'):
        for word in (insn.match | 0x123 << 20, insn.match | 0xc00 << 20 | 1 << 15):
            yield Case(insn.name, 'illegal', word)
        case = Case(insn.name, 'illegal', insn.match | 0x140 << 20)
        case.mode = 0
        yield case
    yield from _illegal_privilege(insn)


TSR, TW, TVM = 1 << 22, 1 << 21, 1 << 20


def _illegal_privilege(insn):
    """Encodings that are legal elsewhere, in a mode or with a trap bit that forbids them."""
    rules = {'mret': ((0, 0), (1, 0)), 'sret': ((0, 0), (1, TSR)), 'wfi': ((1, TW), (0, TW)),
             'sfence.vma': ((0, 0), (1, TVM)), 'sinval.vma': ((0, 0), (1, TVM)),
             'sfence.w.inval': ((0, 0),), 'sfence.inval.ir': ((0, 0),)}
    for mode, bits in rules.get(insn.name, ()):
        case = Case(insn.name, 'illegal', insn.match)
        case.mode, case.mstatus = mode, bits
        case.expect = (ref.ILLEGAL, AT, insn.match, mode)
        yield case


def _returns(insn):
    """mret and sret: what the reference does not model."""
    if insn.name == 'mret':
        # The driver enters by mret with mepc = ENTRY; MPP is then U, so a second one from M-mode
        # comes to ENTRY again, in U-mode, where it is illegal.
        for kind in ('value', 'edge'):
            case = Case('mret', kind, insn.match)
            case.expect = (ref.ILLEGAL, AT, insn.match, 0)
            yield case
    elif insn.name == 'sret':
        for kind, mode, spp in (('value', 1, 0), ('value', 1, 1), ('edge', 3, 0), ('edge', 3, 1)):
            case = Case('sret', kind, insn.match)
            case.mode, case.mstatus, case.sepc = mode, spp << 8, ('stub', TAKEN)
            case.expect = (ref.ECALL[spp], TAKEN, 0, spp)
            yield case


def _values(m, insn, count_value, count_edge):
    if insn.name in ('mret', 'sret'):
        yield from _returns(insn)
        return
    single = insn.cls in ('sys', 'fence', 'vma', 'cbo', 'u', 'jal')
    for kind, count in (('value', count_value), ('edge', count_edge)):
        for _ in range(min(count, 6) if single else count):
            case = fill(m, insn, kind, kind == 'edge')
            if insn.name == 'wfi':
                case.flags |= FLAG_PENDING
                case.mode = m.rng.choice([1, 3])
            if insn.name in ('ecall', 'ebreak', 'fence', 'pause', 'wrs.nto', 'wrs.sto'):
                case.mode = m.rng.choice([0, 1, 3])
                if insn.name == 'wrs.nto':
                    case.mode = 3
                    case.flags |= FLAG_PENDING
            if insn.cls in ('vma',) or insn.name.startswith('sfence'):
                case.mode = m.rng.choice([1, 3])
            if kind == 'value' and insn.cls in ('fr_rm', 'f4', 'xf', 'fli', 'fl', 'fr'):
                case.fs, case.fs_after = FS_INITIAL, FS_DIRTY
            yield case


def compressed(m, per_row):
    """Random compressed words of each name, with operands that keep them in bounds."""
    found = {}
    words = list(range(65536))
    m.rng.shuffle(words)
    for word in words * (1 + per_row // 256):
        if word & 3 == 3:
            continue
        expanded = rvc.expand(word, m.xlen)
        name = expanded[0] if expanded else 'c.reserved'
        limit = per_row * 4 if name == 'c.reserved' else per_row
        if found.get(name, 0) >= limit:
            continue
        case = _compressed_case(m, name, word, expanded)
        if case:
            found[name] = found.get(name, 0) + 1
            yield case


def _compressed_case(m, name, word, expanded):
    case = Case(name, 'illegal' if not expanded else 'value' if m.rng.random() < .5 else 'edge',
                word | C_NOP << 16)
    if not expanded:
        return case
    long = expanded[1]
    insn = insns.lookup(long, m.xlen)
    if insn is None:
        return None
    edge = case.kind == 'edge'
    rd, rs1, rs2 = long >> 7 & 31, long >> 15 & 31, long >> 20 & 31
    if insn.cls in ('jal', 'b'):
        offset = ref.imm_j(long) if insn.cls == 'jal' else ref.imm_b(long)
        if offset not in (8, -8, 4) and not (insn.cls == 'b' and m.rng.random() < .01):
            return None
        if rs1:
            case.x[rs1] = m.value(edge) if m.rng.random() < .6 else 0
        if offset not in (8, -8, 4):  # a branch that is not taken
            case.x[rs1] = 0 if insn.name == 'bne' else 7
    elif insn.cls == 'jalr':
        case.x[rs1] = ('stub', AT + 8 + m.rng.getrandbits(1))
    elif insn.cls in ('ld', 'st', 'fl', 'fs'):
        store = insn.cls in ('st', 'fs')
        offset = ref.imm_s(long) if store else ref.imm_i(long)
        case.x[rs1] = WINDOW + 128 - m.rng.randrange(9) - offset
        case.flags |= FLAG_MEMORY
        if store and insn.cls == 'st' and rs2 not in (0, rs1):
            case.x[rs2] = m.value(edge)
        if insn.cls == 'fs':
            case.f[rs2] = m.floating(sf.D, edge)
    else:
        if rs1:
            case.x[rs1] = m.value(edge)
        if rs2 and rs2 != rs1 and insn.cls == 'r':
            case.x[rs2] = m.value(edge)
    return case


def make(xlen, seed, value=6, edge=30, extensions=None):
    """All on-cases of a word size; extensions: only rows of these (None: all)."""
    m = Maker(xlen, seed)
    for insn in insns.INSNS:
        if xlen not in insn.xlen:
            if extensions is None and insns.lookup(insn.match, xlen) is None:
                yield Case(insn.name, 'illegal', insn.match)
            continue
        if extensions is not None and insn.ext not in extensions:
            continue
        double = insn.cls in ('r1', 'fr', 'fr_rm', 'f4', 'fx', 'f1_rm', 'fx1_rm', 'fx1')
        yield from _values(m, insn, value, edge * 2 if double else edge)
        yield from _illegal(m, insn)
    if extensions is None or 'c' in extensions:
        yield from compressed(m, value + edge // 3)


def make_rows(xlen, seed, wanted, edge):
    """Many edge cases for the rows that wanted(insn) chooses."""
    m = Maker(xlen, seed)
    for insn in insns.INSNS:
        if xlen in insn.xlen and wanted(insn):
            yield from _values(m, insn, 0, edge)


def make_off(xlen, seed, off):
    """The rows that must trap when the extensions in off are."""
    m = Maker(xlen, seed)
    for insn in insns.INSNS:
        if xlen in insn.xlen and (insn.ext in off or
                                  any(n in off for n in insns.NEEDS.get(insn.name, ()))):
            for edge in (False, True):
                yield fill(m, insn, 'off', edge)
    if 'c' in off or 'zcb' in off:
        zcb = ('c.lb', 'c.lh', 'c.sb', 'c.sh', 'c.mul', 'c.zext', 'c.sext', 'c.not')
        for case in compressed(m, 4):
            if 'c' in off or case.name.startswith(zcb):
                case.kind = 'off'
                yield case
    if 'c' in off:
        case = Case('jal', 'edge', 0x6f | 6 << 20)  # +6: two bytes off
        yield case


# --- expected sides and packing --------------------------------------------------------------

def _start_state(case, xlen, stub, off):
    st = ref.State(xlen, WINDOW, WINDOW_SIZE)
    st.off = off
    st.mem[:] = pattern_memory()
    resolve = (lambda v: (stub + v[1]) & st.mask if isinstance(v, tuple) else v & st.mask)
    st.x = [0] + [pattern_x(i, xlen) for i in range(1, 32)]
    st.f = [pattern_f(i) for i in range(32)]
    for r, v in case.x.items():
        st.x[r] = resolve(v)
    for r, v in case.f.items():
        st.f[r] = v
    st.fcsr, st.mode = case.fcsr, case.mode
    st.sscratch = case.sscratch & st.mask
    st.pc = (stub + ENTRY) & st.mask
    return st, resolve(case.sepc)


def _run(case, st, stub):
    """(cause, offset, tval, mode) after the stub's ecall or the trap."""
    for word in (case.prefix, case.word):
        trap = ref.step(st, word)
        if trap:
            return trap.cause, st.pc - stub & st.mask, trap.tval, case.mode
    offset = st.pc - stub & st.mask
    if offset == AT + 2:
        offset = FALL  # past the padding C.NOP
    return ref.ECALL[case.mode], offset, 0, case.mode


def _pad(values, n):
    return (list(values) + [0] * n)[:n]


def pack(case, index, xlen, off=(), floating=True):
    """(record, stub) as bytes."""
    stub = STUBS + index * STUB_SIZE
    st, sepc = _start_state(case, xlen, stub, off)
    before_x, before_f, fcsr = list(st.x), list(st.f), st.fcsr
    result = case.expect or _run(case, st, stub)
    assert 0 <= result[1] < STUB_SIZE, (case.name, hex(case.word), result)
    xin = {r: before_x[r] for r in case.x}
    xout = {r: st.x[r] for r in range(32) if st.x[r] != before_x[r]}
    fout = {r: st.f[r] for r in range(32) if st.f[r] != before_f[r]}
    assert len(xin) <= 3 and len(case.f) <= 3 and len(xout) <= 2 and len(fout) <= 1
    flags = case.flags | (FLAG_TVAL if result[0] in (0, 2, 4, 6) else 0)
    if floating:
        flags |= FLAG_FP
    mstatus = case.mstatus | case.fs << 13
    fs_after = 0xff if result[0] not in (8, 9, 11) else case.fs_after
    record = RECORD.pack(
        f'{case.name}/{case.kind}'.encode()[:31], case.mode, flags, len(xin), len(case.f),
        len(xout), len(fout), result[3], 0, mstatus,
        *_pad(xin, 4), *_pad(case.f, 4), *_pad(xout, 4), *_pad(fout, 4),
        *_pad(xin.values(), 3), *_pad(case.f.values(), 3), *_pad(xout.values(), 2),
        *_pad(fout.values(), 1), case.sscratch & st.mask, st.sscratch, sepc,
        result[2] & st.mask, result[0], result[1], fcsr, st.fcsr,
        memory_hash(st.mem), fs_after)
    words = (ECALL_WORD, case.prefix, case.word, ECALL_WORD, ECALL_WORD, ECALL_WORD, 0, 0)
    return record, struct.pack('<8I', *words)
