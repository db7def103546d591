# SPDX-License-Identifier: MIT
"""The reference: what each instruction does, in Python integers and exact fractions.

step() runs one instruction on a State and returns the trap it takes, or None. It is written from
the manual, shares nothing with src/cpu, and is itself compared with QEMU for everything that QEMU has
(tests/isa/run_cases.py --qemu). It is slow: the tests use it to compute expected values in advance.
"""
import insns
import rvc
import softfloat as sf

ILLEGAL, BREAK, LOAD_MISALIGNED, STORE_MISALIGNED = 2, 3, 4, 6
FETCH_MISALIGNED = 0
ECALL = {0: 8, 1: 9, 3: 11}
BLOCK = 64  # bytes of a cache block

CSR_FFLAGS, CSR_FRM, CSR_FCSR, CSR_SSCRATCH, CSR_MHARTID = 1, 2, 3, 0x140, 0xf14


class Trap(Exception):
    def __init__(self, cause, tval=0):
        super().__init__(cause)
        self.cause, self.tval = cause, tval


class State:
    """One hart. x and f hold unsigned integers; memory is a function pair over a bytearray."""

    def __init__(self, xlen, base=0, size=0):
        self.xlen, self.mask = xlen, (1 << xlen) - 1
        self.x, self.f = [0] * 32, [0] * 32
        self.pc, self.fcsr, self.sscratch, self.mode = 0, 0, 0, 3
        self.base, self.mem = base, bytearray(size)
        self.reserved = None
        self.off = ()

    def signed(self, v, bits=None):
        bits = bits or self.xlen
        v &= (1 << bits) - 1
        return v - (1 << bits) if v >> bits - 1 else v

    def load(self, addr, size):
        at = (addr & self.mask) - self.base
        assert 0 <= at <= len(self.mem) - size, hex(addr)
        return int.from_bytes(self.mem[at:at + size], 'little')

    def store(self, addr, value, size):
        at = (addr & self.mask) - self.base
        assert 0 <= at <= len(self.mem) - size, hex(addr)
        self.mem[at:at + size] = (value & (1 << 8 * size) - 1).to_bytes(size, 'little')


def imm_i(w):
    return (w >> 20) - (0x1000 if w >> 31 else 0)


def imm_s(w):
    return (w >> 25 << 5 | w >> 7 & 31) - (0x1000 if w >> 31 else 0)


def imm_b(w):
    v = (w >> 8 & 15) << 1 | (w >> 25 & 63) << 5 | (w >> 7 & 1) << 11
    return v - (0x1000 if w >> 31 else 0)


def imm_j(w):
    v = (w >> 21 & 1023) << 1 | (w >> 20 & 1) << 11 | (w >> 12 & 255) << 12
    return v - (0x100000 if w >> 31 else 0)


# --- integers --------------------------------------------------------------------------------

def _div(a, b):
    """Rounds towards zero; b is not 0."""
    q = abs(a) // abs(b)
    return -q if (a < 0) != (b < 0) else q


def _divide(name, a, b, n):
    """div, divu, rem, remu of n-bit operands."""
    if name.endswith('u'):
        a, b = a & (1 << n) - 1, b & (1 << n) - 1
    else:
        a, b = [(v & (1 << n) - 1) - (v >> n - 1 & 1) * (1 << n) for v in (a, b)]
    if name.startswith('div'):
        return -1 if b == 0 else _div(a, b)
    return a if b == 0 else a - b * _div(a, b)


def _carryless(a, b):
    v = 0
    while b:
        low = b & -b
        v ^= a * low
        b ^= low
    return v


def _leading(v, n):
    return n - (v & (1 << n) - 1).bit_length()


def _trailing(v, n):
    v &= (1 << n) - 1
    return n if v == 0 else (v & -v).bit_length() - 1


def _rotate_right(v, n, by):
    v &= (1 << n) - 1
    by %= n
    return (v >> by | v << n - by) & (1 << n) - 1


def _each_byte(v, n, fn):
    return int.from_bytes(bytes(fn(b) for b in (v & (1 << n) - 1).to_bytes(n // 8, 'little')),
                          'little')


def integer(name, a, b, n):
    """Register arithmetic: a and b are n-bit unsigned; the caller truncates the result."""
    def s(v):
        return v - (1 << n) if v >> n - 1 & 1 else v
    sh = b % n
    table = {
        'add': lambda: a + b, 'sub': lambda: a - b, 'sll': lambda: a << sh, 'srl': lambda: a >> sh,
        'sra': lambda: s(a) >> sh, 'slt': lambda: int(s(a) < s(b)), 'sltu': lambda: int(a < b),
        'xor': lambda: a ^ b, 'or': lambda: a | b, 'and': lambda: a & b,
        'mul': lambda: a * b, 'mulh': lambda: s(a) * s(b) >> n, 'mulhu': lambda: a * b >> n,
        'mulhsu': lambda: s(a) * b >> n,
        'sh1add': lambda: (a << 1) + b, 'sh2add': lambda: (a << 2) + b,
        'sh3add': lambda: (a << 3) + b,
        'add.uw': lambda: (a & 0xffffffff) + b, 'slli.uw': lambda: (a & 0xffffffff) << sh,
        'sh1add.uw': lambda: ((a & 0xffffffff) << 1) + b,
        'sh2add.uw': lambda: ((a & 0xffffffff) << 2) + b,
        'sh3add.uw': lambda: ((a & 0xffffffff) << 3) + b,
        'andn': lambda: a & ~b, 'orn': lambda: a | ~b, 'xnor': lambda: ~(a ^ b),
        'min': lambda: min(s(a), s(b)), 'max': lambda: max(s(a), s(b)),
        'minu': lambda: min(a, b), 'maxu': lambda: max(a, b),
        'rol': lambda: _rotate_right(a, n, -sh), 'ror': lambda: _rotate_right(a, n, sh),
        'clmul': lambda: _carryless(a, b), 'clmulh': lambda: _carryless(a, b) >> n,
        'clmulr': lambda: _carryless(a, b) >> n - 1,
        'bclr': lambda: a & ~(1 << sh), 'bset': lambda: a | 1 << sh, 'binv': lambda: a ^ 1 << sh,
        'bext': lambda: a >> sh & 1,
        'czero.eqz': lambda: 0 if b == 0 else a, 'czero.nez': lambda: 0 if b else a,
        'clz': lambda: _leading(a, n), 'ctz': lambda: _trailing(a, n),
        'cpop': lambda: bin(a).count('1'),
        'sext.b': lambda: (a & 255) - (a << 1 & 256), 'zext.h': lambda: a & 0xffff,
        'sext.h': lambda: (a & 0xffff) - (a << 1 & 0x10000),
        'orc.b': lambda: _each_byte(a, n, lambda v: 255 if v else 0),
        'rev8': lambda: int.from_bytes(a.to_bytes(n // 8, 'little'), 'big'),
        'swap': lambda: b,
    }
    if name in ('div', 'divu', 'rem', 'remu'):
        return _divide(name, a, b, n)
    return table[name]()


_PLAIN = {'addi': 'add', 'slti': 'slt', 'sltiu': 'sltu', 'xori': 'xor', 'ori': 'or', 'andi': 'and',
          'slli': 'sll', 'srli': 'srl', 'srai': 'sra', 'rori': 'ror', 'bclri': 'bclr',
          'bseti': 'bset', 'binvi': 'binv', 'bexti': 'bext', 'slli.uw': 'slli.uw'}
_WORDS = {'addiw': 'add', 'slliw': 'sll', 'srliw': 'srl', 'sraiw': 'sra', 'roriw': 'ror'}
_WORDS.update({n + 'w': n for n in ('add sub sll srl sra mul div rem clz ctz cpop rol ror').split()})
_WORDS.update({'divuw': 'divu', 'remuw': 'remu'})


def _arith(st, name, a, b):
    if name in _WORDS:
        return st.signed(integer(_WORDS[name], a & 0xffffffff, b & 0xffffffff, 32), 32)
    return integer(_PLAIN.get(name, name), a, b & st.mask, st.xlen)


def _branch(st, name, a, b):
    sa, sb = st.signed(a), st.signed(b)
    return {'beq': a == b, 'bne': a != b, 'blt': sa < sb, 'bge': sa >= sb, 'bltu': a < b,
            'bgeu': a >= b}[name]


# --- memory ----------------------------------------------------------------------------------

_SIZE = {'b': 1, 'h': 2, 'w': 4, 'd': 8}


def _atomic(st, insn, w, a, b):
    """lr, sc and amo*; returns the value for rd."""
    size = 4 if insn.name.endswith('.w') else 8
    if a % size:
        raise Trap(LOAD_MISALIGNED if insn.cls == 'lr' else STORE_MISALIGNED, a)
    if insn.cls == 'sc':
        ok = st.reserved == a
        st.reserved = None
        if ok:
            st.store(a, b, size)
        return 0 if ok else 1
    old = st.load(a, size)
    if insn.cls == 'lr':
        st.reserved = a
    else:
        kind = insn.name[3:-2]
        st.store(a, integer(kind, old, b & (1 << 8 * size) - 1, 8 * size), size)
    return st.signed(old, 8 * size)


# --- floating point --------------------------------------------------------------------------

_FORMATS = {'h': sf.H, 's': sf.S, 'w': sf.S, 'd': sf.D}


def _unbox(v, f):
    if f is sf.D:
        return v
    ones = (1 << 64 - f.bits) - 1
    return v & (1 << f.bits) - 1 if v >> f.bits == ones else f.nan


def _box(v, f):
    return v if f is sf.D else v | ((1 << 64 - f.bits) - 1) << f.bits


def _rounding(st, w):
    rm = w >> 12 & 7
    if rm == 7:
        rm = st.fcsr >> 5 & 7
    if rm > 4:
        raise Trap(ILLEGAL, w)
    return rm


def _fp_two(name, f, a, b, rm):
    base = name.rsplit('.', 1)[0]
    if base == 'fadd':
        return sf.add(a, b, f, rm)
    if base == 'fsub':
        return sf.sub(a, b, f, rm)
    if base == 'fmul':
        return sf.mul(a, b, f, rm)
    if base == 'fdiv':
        return sf.div(a, b, f, rm)
    if base in ('fmin', 'fmax', 'fminm', 'fmaxm'):
        return sf.minmax(a, b, f, base[1:4] == 'max', base.endswith('m'))
    sign = {'fsgnj': b, 'fsgnjn': ~b, 'fsgnjx': a ^ b}[base] & f.sign
    return a & ~f.sign | sign, 0


def _fp_one(name, f, v, rm):
    """One operand, result a float; f is the operand's format. Returns (bits, flags, format)."""
    base = name.split('.')[0]
    if base == 'fsqrt':
        return (*sf.sqrt(v, f, rm), f)
    if base in ('fround', 'froundnx'):
        return (*sf.round_to_int(v, f, rm, base == 'froundnx'), f)
    to = _FORMATS[name.split('.')[1]]  # fcvt.TO.FROM
    return (*sf.convert(v, f, to, rm), to)


def _fused(name, f, a, b, c, rm):
    if name.startswith('fn'):
        a = sf.neg(a, f)
    if name[:5] in ('fmsub', 'fnmad'):
        c = sf.neg(c, f)
    return sf.fma(a, b, c, f, rm)


_INT_KINDS = {'w': (32, True), 'wu': (32, False), 'l': (64, True), 'lu': (64, False)}


def _to_x(st, insn, w, raw):
    """One float operand, an integer result."""
    name = insn.name
    if name in ('fmv.x.w', 'fmv.x.h', 'fmv.x.d'):
        bits = {'w': 32, 'h': 16, 'd': 64}[name[-1]]
        return st.signed(raw, bits), 0
    if name == 'fmvh.x.d':
        return raw >> 32, 0
    f = _FORMATS[name[-1]]
    v = _unbox(raw, f)
    if name.startswith('fclass'):
        return sf.classify(v, f), 0
    if name == 'fcvtmod.w.d':
        if w >> 12 & 7 != 1:
            raise Trap(ILLEGAL, w)
        n, flags = sf.to_int_modular(v)
        return st.signed(n, 32), flags
    bits, signed = _INT_KINDS[name.split('.')[1]]
    n, flags = sf.to_int(v, f, bits, signed, _rounding(st, w))
    return st.signed(n, bits), flags


def _from_x(st, insn, w, a):
    name = insn.name
    if name.startswith('fmv'):
        f = _FORMATS[name.split('.')[1]]
        return a & (1 << f.bits) - 1, 0, f
    f = _FORMATS[name.split('.')[1]]
    bits, signed = _INT_KINDS[name.split('.')[2]]
    n = st.signed(a, bits) if signed else a & (1 << bits) - 1
    return (*sf.from_int(n, f, _rounding(st, w)), f)


def _float(st, insn, w):
    """All of F, D, Zfhmin and Zfa but loads and stores."""
    rd, rs1, rs2 = w >> 7 & 31, w >> 15 & 31, w >> 20 & 31
    cls, name = insn.cls, insn.name
    f = _FORMATS[name[-1]] if name[-1] in _FORMATS else sf.S
    if cls == 'fli':
        return _write_f(st, rd, sf.fli(rs1, f), 0, f)
    if cls == 'xxf':
        return _write_f(st, rd, st.x[rs1] & 0xffffffff | (st.x[rs2] & 0xffffffff) << 32, 0, sf.D)
    if cls.startswith('xf'):
        return _write_f(st, rd, *_from_x(st, insn, w, st.x[rs1]))
    if cls.startswith('fx1'):
        return _write_x(st, rd, *_to_x(st, insn, w, st.f[rs1]))
    a, b = _unbox(st.f[rs1], f), _unbox(st.f[rs2], f)
    if cls == 'fx':
        op = name[1:3]
        return _write_x(st, rd, *sf.compare(a, b, f, op, op == 'eq' or name[3] == 'q'))
    rm = _rounding(st, w) if cls.endswith('_rm') or cls == 'f4' else 0
    if cls == 'f4':
        c = _unbox(st.f[w >> 27], f)
        return _write_f(st, rd, *_fused(name, f, a, b, c, rm), f)
    if cls.startswith('f1'):
        return _write_f(st, rd, *_fp_one(name, f, a, rm))
    return _write_f(st, rd, *_fp_two(name, f, a, b, rm), f)


def _write_f(st, rd, bits, flags, f):
    st.f[rd] = _box(bits, f)
    st.fcsr |= flags


def _write_x(st, rd, value, flags=0):
    st.fcsr |= flags
    if rd:
        st.x[rd] = value & st.mask


# --- system ----------------------------------------------------------------------------------

def _csr_read(st, number, w):
    if number in (CSR_FFLAGS, CSR_FRM, CSR_FCSR) and 'f' in st.off:
        raise Trap(ILLEGAL, w)
    if number == CSR_FFLAGS:
        return st.fcsr & 31
    if number == CSR_FRM:
        return st.fcsr >> 5
    if number == CSR_FCSR:
        return st.fcsr
    if number == CSR_SSCRATCH:
        return st.sscratch
    if number == CSR_MHARTID:
        return 0
    raise Trap(ILLEGAL, w)


def _csr_write(st, number, v):
    if number == CSR_FFLAGS:
        st.fcsr = st.fcsr & 0xe0 | v & 31
    elif number == CSR_FRM:
        st.fcsr = st.fcsr & 31 | (v & 7) << 5
    elif number == CSR_FCSR:
        st.fcsr = v & 255
    else:
        st.sscratch = v & st.mask


def _csr(st, insn, w):
    number, rd, rs1 = w >> 20, w >> 7 & 31, w >> 15 & 31
    operand = rs1 if insn.cls == 'csri' else st.x[rs1]
    kind = insn.name[4]
    writes = kind == 'w' or rs1 != 0
    if number >> 8 & 3 > st.mode or (writes and number >> 10 == 3):
        raise Trap(ILLEGAL, w)
    old = _csr_read(st, number, w)
    if writes:
        _csr_write(st, number, {'w': operand, 's': old | operand, 'c': old & ~operand}[kind])
    _write_x(st, rd, old)


def _system(st, insn, w):
    """sys, vma, fence and cbo rows; mret and sret are tested with their own states."""
    if insn.name == 'ecall':
        raise Trap(ECALL[st.mode], 0)
    if insn.name == 'ebreak':
        raise Trap(BREAK, st.pc)
    if insn.name in ('sfence.vma', 'sinval.vma', 'sfence.w.inval', 'sfence.inval.ir', 'wfi') and \
            st.mode == 0 and insn.name != 'wfi':
        raise Trap(ILLEGAL, w)
    if insn.name == 'cbo.zero':
        at = st.x[w >> 15 & 31] & -BLOCK
        st.store(at, 0, BLOCK)


# --- one step --------------------------------------------------------------------------------

def execute(st, insn, w, length):
    """Runs a 32-bit instruction on the state; sets pc; raises Trap."""
    rd, a, b = w >> 7 & 31, st.x[w >> 15 & 31], st.x[w >> 20 & 31]
    next_pc = st.pc + length
    cls = insn.cls
    if cls in ('r', 'r1'):
        _write_x(st, rd, _arith(st, insn.name, a, b))
    elif cls == 'i':
        _write_x(st, rd, _arith(st, insn.name, a, imm_i(w) & st.mask))
    elif cls == 'sh':
        _write_x(st, rd, _arith(st, insn.name, a, w >> 20 & 63))
    elif cls == 'u':
        v = st.signed(w & 0xfffff000, 32)
        _write_x(st, rd, v + (st.pc if insn.name == 'auipc' else 0))
    elif cls in ('jal', 'jalr', 'b'):
        taken = cls != 'b' or _branch(st, insn.name, a, b)
        target = {'jal': lambda: st.pc + imm_j(w), 'b': lambda: st.pc + imm_b(w),
                  'jalr': lambda: a + imm_i(w) & ~1}[cls]() & st.mask
        if taken and 'c' in st.off and target & 2:
            raise Trap(FETCH_MISALIGNED, target)
        if cls != 'b':
            _write_x(st, rd, next_pc)
        next_pc = target if taken else next_pc
    elif cls == 'ld':
        size = _SIZE[insn.name[1]]
        v = st.load(a + imm_i(w), size)
        _write_x(st, rd, v if insn.name.endswith('u') else st.signed(v, 8 * size))
    elif cls == 'st':
        st.store(a + imm_s(w), b, _SIZE[insn.name[1]])
    elif cls in ('lr', 'sc', 'amo'):
        _write_x(st, rd, _atomic(st, insn, w, a, b))
    elif cls == 'fl':
        f = _FORMATS[insn.name[2]]
        st.f[rd] = _box(st.load(a + imm_i(w), f.bits // 8), f)
    elif cls == 'fs':
        st.store(a + imm_s(w), st.f[w >> 20 & 31], _SIZE[insn.name[2]])
    elif cls in ('csr', 'csri'):
        _csr(st, insn, w)
    elif cls in ('sys', 'vma', 'fence', 'cbo'):
        _system(st, insn, w)
    else:
        _float(st, insn, w)
    st.pc = next_pc & st.mask


def decode(word, xlen, off=()):
    """(row, 32-bit word, length); row None: illegal."""
    if word & 3 == 3:
        return insns.lookup(word & 0xffffffff, xlen, off), word & 0xffffffff, 4
    if 'c' in off:
        return None, word & 0xffff, 2
    expanded = rvc.expand(word & 0xffff, xlen, 'zcb' not in off)
    if not expanded:
        return None, word & 0xffff, 2
    row = insns.lookup(expanded[1], xlen, off)
    return row, expanded[1] if row else word & 0xffff, 2


def step(st, word):
    """Runs one instruction; returns None, or the Trap taken (the state is then as before)."""
    insn, w, length = decode(word, st.xlen, st.off)
    try:
        if insn is None:
            raise Trap(ILLEGAL, w)
        execute(st, insn, w, length)
    except Trap as trap:
        return trap
    return None
