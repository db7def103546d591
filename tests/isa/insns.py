# SPDX-License-Identifier: MIT
"""Every instruction that riscreen's harts have, written down a second time from the manual.

The decoder has its own table (src/cpu/insns.def); tests/isa/check_table.py holds the two against
each other, so an error must be made twice to pass. A row says how an instruction is encoded, which
extension brings it (the name of its --cpu switch; '' is the base), on which word sizes it exists
and its operand class:

  r  rd rs1 rs2       i  rd rs1 imm     sh  rd rs1 shamt   u  rd imm20      jal jalr  b  branches
  r1 rd rs1           ld load           st  store          csr csri         amo lr sc
  fr  fd fs1 fs2      fr_rm with rounding mode             f4  fused        f1  fd fs1    f1_rm
  fx  rd fs1 fs2      fx1 rd fs1        fx1_rm             xf  fd rs1       xf_rm         xxf fd rs1 rs2
  fli fd, 5-bit index fld flw...: fl fs sys fixed word     vma rs1 rs2      cbo rs1       fence
"""
from collections import namedtuple

Insn = namedtuple('Insn', 'name match mask ext xlen cls')
X32, X64, BOTH = (32,), (64,), (32, 64)

INSNS = []


def add(name, match, mask, ext, xlen, cls):
    INSNS.append(Insn(name, match, mask, ext, xlen, cls))


def _f3(names, opcode, ext, xlen, cls):
    """Rows that differ in funct3 only: 'name:funct3 ...'."""
    for item in names.split():
        name, f3 = item.split(':')
        add(name, opcode | int(f3) << 12, 0x707f, ext, xlen, cls)


def _r(names, opcode, f7, ext, xlen, cls='r'):
    for item in names.split():
        name, f3 = item.split(':')
        add(name, opcode | int(f3) << 12 | f7 << 25, 0xfe00707f, ext, xlen, cls)


def _shift(name, opcode, f3, top, ext):
    """Shifts by a constant: 6 bits of shamt on RV64, 5 on RV32 (bit 25 must be 0 there)."""
    base = opcode | f3 << 12 | top << 26
    add(name, base, 0xfc00707f, ext, X64, 'sh')
    add(name, base, 0xfe00707f, ext, X32, 'sh')


def _shiftw(name, f3, f7, ext):
    add(name, 0x1b | f3 << 12 | f7 << 25, 0xfe00707f, ext, X64, 'sh')


def _unary(name, opcode, f3, imm12, ext, xlen):
    add(name, opcode | f3 << 12 | imm12 << 20, 0xfff0707f, ext, xlen, 'r1')


def _base():
    add('lui', 0x37, 0x7f, '', BOTH, 'u')
    add('auipc', 0x17, 0x7f, '', BOTH, 'u')
    add('jal', 0x6f, 0x7f, '', BOTH, 'jal')
    add('jalr', 0x67, 0x707f, '', BOTH, 'jalr')
    _f3('beq:0 bne:1 blt:4 bge:5 bltu:6 bgeu:7', 0x63, '', BOTH, 'b')
    _f3('lb:0 lh:1 lw:2 lbu:4 lhu:5', 0x03, '', BOTH, 'ld')
    _f3('ld:3 lwu:6', 0x03, '', X64, 'ld')
    _f3('sb:0 sh:1 sw:2', 0x23, '', BOTH, 'st')
    _f3('sd:3', 0x23, '', X64, 'st')
    _f3('addi:0 slti:2 sltiu:3 xori:4 ori:6 andi:7', 0x13, '', BOTH, 'i')
    _shift('slli', 0x13, 1, 0, '')
    _shift('srli', 0x13, 5, 0, '')
    _shift('srai', 0x13, 5, 0x10, '')
    _r('add:0 sll:1 slt:2 sltu:3 xor:4 srl:5 or:6 and:7', 0x33, 0, '', BOTH)
    _r('sub:0 sra:5', 0x33, 0x20, '', BOTH)
    _f3('addiw:0', 0x1b, '', X64, 'i')
    _shiftw('slliw', 1, 0, '')
    _shiftw('srliw', 5, 0, '')
    _shiftw('sraiw', 5, 0x20, '')
    _r('addw:0 sllw:1 srlw:5', 0x3b, 0, '', X64)
    _r('subw:0 sraw:5', 0x3b, 0x20, '', X64)
    add('pause', 0x0100000f, 0xffffffff, 'zihintpause', BOTH, 'sys')
    _f3('fence:0', 0x0f, '', BOTH, 'fence')
    _f3('fence.i:1', 0x0f, '', BOTH, 'fence')
    for name, word in (('ecall', 0x73), ('ebreak', 0x100073), ('mret', 0x30200073),
                       ('sret', 0x10200073), ('wfi', 0x10500073)):
        add(name, word, 0xffffffff, '', BOTH, 'sys')
    add('sfence.vma', 0x12000073, 0xfe007fff, '', BOTH, 'vma')
    _f3('csrrw:1 csrrs:2 csrrc:3', 0x73, '', BOTH, 'csr')
    _f3('csrrwi:5 csrrsi:6 csrrci:7', 0x73, '', BOTH, 'csri')


def _small_extensions():
    add('sinval.vma', 0x16000073, 0xfe007fff, 'svinval', BOTH, 'vma')
    add('sfence.w.inval', 0x18000073, 0xffffffff, 'svinval', BOTH, 'sys')
    add('sfence.inval.ir', 0x18100073, 0xffffffff, 'svinval', BOTH, 'sys')
    add('wrs.nto', 0x00d00073, 0xffffffff, 'zawrs', BOTH, 'sys')
    add('wrs.sto', 0x01d00073, 0xffffffff, 'zawrs', BOTH, 'sys')
    _r('czero.eqz:5 czero.nez:7', 0x33, 0x07, 'zicond', BOTH)
    for name, imm12, ext in (('cbo.inval', 0, 'zicbom'), ('cbo.clean', 1, 'zicbom'),
                             ('cbo.flush', 2, 'zicbom'), ('cbo.zero', 4, 'zicboz')):
        add(name, 0x200f | imm12 << 20, 0xfff07fff, ext, BOTH, 'cbo')


def _m_a():
    _r('mul:0 mulh:1 mulhsu:2 mulhu:3 div:4 divu:5 rem:6 remu:7', 0x33, 1, 'm', BOTH)
    _r('mulw:0 divw:4 divuw:5 remw:6 remuw:7', 0x3b, 1, 'm', X64)
    for f3, suffix, xlen in ((2, '.w', BOTH), (3, '.d', X64)):
        base = 0x2f | f3 << 12
        add('lr' + suffix, base | 2 << 27, 0xf9f0707f, 'a', xlen, 'lr')
        add('sc' + suffix, base | 3 << 27, 0xf800707f, 'a', xlen, 'sc')
        for name, f5 in (('swap', 1), ('add', 0), ('xor', 4), ('and', 12), ('or', 8), ('min', 16),
                         ('max', 20), ('minu', 24), ('maxu', 28)):
            add('amo' + name + suffix, base | f5 << 27, 0xf800707f, 'a', xlen, 'amo')


def _bit_manipulation():
    _r('sh1add:2 sh2add:4 sh3add:6', 0x33, 0x10, 'zba', BOTH)
    _r('sh1add.uw:2 sh2add.uw:4 sh3add.uw:6', 0x3b, 0x10, 'zba', X64)
    _r('add.uw:0', 0x3b, 4, 'zba', X64)
    add('slli.uw', 0x0800101b, 0xfc00707f, 'zba', X64, 'sh')
    _r('andn:7 orn:6 xnor:4', 0x33, 0x20, 'zbb', BOTH)
    for name, imm in (('clz', 0x600), ('ctz', 0x601), ('cpop', 0x602), ('sext.b', 0x604),
                      ('sext.h', 0x605)):
        _unary(name, 0x13, 1, imm, 'zbb', BOTH)
    for name, imm in (('clzw', 0x600), ('ctzw', 0x601), ('cpopw', 0x602)):
        _unary(name, 0x1b, 1, imm, 'zbb', X64)
    _r('min:4 minu:5 max:6 maxu:7', 0x33, 5, 'zbb', BOTH)
    _unary('zext.h', 0x3b, 4, 0x080, 'zbb', X64)
    _unary('zext.h', 0x33, 4, 0x080, 'zbb', X32)
    _r('rol:1 ror:5', 0x33, 0x30, 'zbb', BOTH)
    _r('rolw:1 rorw:5', 0x3b, 0x30, 'zbb', X64)
    _shift('rori', 0x13, 5, 0x18, 'zbb')
    _shiftw('roriw', 5, 0x30, 'zbb')
    _unary('orc.b', 0x13, 5, 0x287, 'zbb', BOTH)
    _unary('rev8', 0x13, 5, 0x6b8, 'zbb', X64)
    _unary('rev8', 0x13, 5, 0x698, 'zbb', X32)
    _r('clmul:1 clmulr:2 clmulh:3', 0x33, 5, 'zbc', BOTH)
    for name, f3, f7 in (('bclr', 1, 0x24), ('bext', 5, 0x24), ('binv', 1, 0x34),
                         ('bset', 1, 0x14)):
        _r(f'{name}:{f3}', 0x33, f7, 'zbs', BOTH)
        _shift(name + 'i', 0x13, f3, f7 >> 1, 'zbs')


def _fp(name, f7, ext, cls, rm=None, rs2=None, xlen=BOTH):
    """An OP-FP row; rm None: the rounding mode is an operand; rs2 None: so is the register."""
    mask, match = 0xfe00007f, 0x53 | f7 << 25
    if rm is not None:
        mask, match = mask | 0x7000, match | rm << 12
    if rs2 is not None:
        mask, match = mask | 0x1f00000, match | rs2 << 20
    add(name, match, mask, ext, xlen, cls)


def _fp_width(s, ext, fmt):
    """The instructions that F and D have in common."""
    for name, opcode in (('fmadd', 0x43), ('fmsub', 0x47), ('fnmsub', 0x4b), ('fnmadd', 0x4f)):
        add(name + s, opcode | fmt << 25, 0x0600007f, ext, BOTH, 'f4')
    for name, f5 in (('fadd', 0), ('fsub', 1), ('fmul', 2), ('fdiv', 3)):
        _fp(name + s, f5 << 2 | fmt, ext, 'fr_rm')
    _fp('fsqrt' + s, 0x2c | fmt, ext, 'f1_rm', rs2=0)
    for rm, name in enumerate(('fsgnj', 'fsgnjn', 'fsgnjx')):
        _fp(name + s, 0x10 | fmt, ext, 'fr', rm=rm)
    _fp('fmin' + s, 0x14 | fmt, ext, 'fr', rm=0)
    _fp('fmax' + s, 0x14 | fmt, ext, 'fr', rm=1)
    for rm, name in enumerate(('fle', 'flt', 'feq')):
        _fp(name + s, 0x50 | fmt, ext, 'fx', rm=rm)
    _fp('fclass' + s, 0x70 | fmt, ext, 'fx1', rm=1, rs2=0)
    for rs2, (kind, xlen) in enumerate((('w', BOTH), ('wu', BOTH), ('l', X64), ('lu', X64))):
        _fp(f'fcvt.{kind}{s}', 0x60 | fmt, ext, 'fx1_rm', rs2=rs2, xlen=xlen)
        _fp(f'fcvt{s}.{kind}', 0x68 | fmt, ext, 'xf_rm', rs2=rs2, xlen=xlen)


def _f_d():
    _f3('flw:2', 0x07, 'f', BOTH, 'fl')
    _f3('fsw:2', 0x27, 'f', BOTH, 'fs')
    _f3('fld:3', 0x07, 'd', BOTH, 'fl')
    _f3('fsd:3', 0x27, 'd', BOTH, 'fs')
    _fp_width('.s', 'f', 0)
    _fp_width('.d', 'd', 1)
    _fp('fmv.x.w', 0x70, 'f', 'fx1', rm=0, rs2=0)
    _fp('fmv.w.x', 0x78, 'f', 'xf', rm=0, rs2=0)
    _fp('fmv.x.d', 0x71, 'd', 'fx1', rm=0, rs2=0, xlen=X64)
    _fp('fmv.d.x', 0x79, 'd', 'xf', rm=0, rs2=0, xlen=X64)
    _fp('fcvt.s.d', 0x20, 'd', 'f1_rm', rs2=1)
    _fp('fcvt.d.s', 0x21, 'd', 'f1_rm', rs2=0)


def _zfhmin_zfa():
    _f3('flh:1', 0x07, 'zfhmin', BOTH, 'fl')
    _f3('fsh:1', 0x27, 'zfhmin', BOTH, 'fs')
    _fp('fmv.x.h', 0x72, 'zfhmin', 'fx1', rm=0, rs2=0)
    _fp('fmv.h.x', 0x7a, 'zfhmin', 'xf', rm=0, rs2=0)
    _fp('fcvt.s.h', 0x20, 'zfhmin', 'f1_rm', rs2=2)
    _fp('fcvt.h.s', 0x22, 'zfhmin', 'f1_rm', rs2=0)
    _fp('fcvt.d.h', 0x21, 'zfhmin', 'f1_rm', rs2=2)
    _fp('fcvt.h.d', 0x22, 'zfhmin', 'f1_rm', rs2=1)
    for s, fmt in (('.s', 0), ('.d', 1)):
        _fp('fli' + s, 0x78 | fmt, 'zfa', 'fli', rm=0, rs2=1)
        _fp('fminm' + s, 0x14 | fmt, 'zfa', 'fr', rm=2)
        _fp('fmaxm' + s, 0x14 | fmt, 'zfa', 'fr', rm=3)
        _fp('fround' + s, 0x20 | fmt, 'zfa', 'f1_rm', rs2=4)
        _fp('froundnx' + s, 0x20 | fmt, 'zfa', 'f1_rm', rs2=5)
        _fp('fleq' + s, 0x50 | fmt, 'zfa', 'fx', rm=4)
        _fp('fltq' + s, 0x50 | fmt, 'zfa', 'fx', rm=5)
    _fp('fli.h', 0x7a, 'zfa', 'fli', rm=0, rs2=1)
    _fp('fcvtmod.w.d', 0x61, 'zfa', 'fx1', rm=1, rs2=8)
    _fp('fmvh.x.d', 0x71, 'zfa', 'fx1', rm=0, rs2=1, xlen=X32)
    _fp('fmvp.d.x', 0x59, 'zfa', 'xxf', rm=0, xlen=X32)


for build in (_base, _small_extensions, _m_a, _bit_manipulation, _f_d, _zfhmin_zfa):
    build()

# What an instruction needs besides its own extension.
NEEDS = {'fli.h': ('zfhmin',), 'fcvt.d.h': ('d',), 'fcvt.h.d': ('d',), 'fcvtmod.w.d': ('d',),
         'fmvh.x.d': ('d',), 'fmvp.d.x': ('d',)}
for insn in INSNS:
    if insn.ext == 'zfa' and insn.name.endswith('.d'):
        NEEDS[insn.name] = ('d',)

# Extensions that --cpu switches; the others that go off with one.
SWITCHES = ['m', 'a', 'f', 'd', 'c', 'zba', 'zbb', 'zbs', 'zbc', 'zicond', 'zicbom', 'zicboz',
            'zawrs', 'zcb', 'zfa', 'zfhmin', 'zihintpause', 'svinval']
TAKES_ALONG = {'a': ('zawrs',), 'f': ('d', 'zfa', 'zfhmin'), 'c': ('zcb',)}


def all_off(switch):
    """The switch and what depends on it."""
    return (switch, *TAKES_ALONG.get(switch, ()))


_lookup_cache = {}


def lookup(word, xlen, off=()):
    """The row of a 32-bit word on an xlen machine without the extensions in off; None: illegal."""
    rows = _lookup_cache.get(xlen)
    if rows is None:
        rows = [[] for _ in range(128)]
        # The more specific row first, so that pause wins over fence.
        for i in sorted(INSNS, key=lambda i: -bin(i.mask).count('1')):
            if xlen in i.xlen:
                rows[i.match & 0x7f].append(i)
        _lookup_cache[xlen] = rows
    for i in rows[word & 0x7f]:
        if word & i.mask == i.match and i.ext not in off and \
                not any(n in off for n in NEEDS.get(i.name, ())):
            if i.cls.endswith('_rm') or i.cls == 'f4':
                if word >> 12 & 7 in (5, 6):
                    return None
            return i
    return None
