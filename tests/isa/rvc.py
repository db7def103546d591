# SPDX-License-Identifier: MIT
"""Compressed instructions, expanded a second time: by the manual's pictures of the fields.

expand() gives the name and the 32-bit instruction that a compressed one abbreviates. The places of
the immediates' bits stand in one table, drawn as in the manual ("RVC Instruction Set Listings").

"""
# For each kind of immediate: instruction bit -> bit of the immediate.
_PLACES = {
    'addi4spn': {12: 5, 11: 4, 10: 9, 9: 8, 8: 7, 7: 6, 6: 2, 5: 3},
    'lw': {12: 5, 11: 4, 10: 3, 6: 2, 5: 6},
    'ld': {12: 5, 11: 4, 10: 3, 6: 7, 5: 6},
    'imm6': {12: 5, 6: 4, 5: 3, 4: 2, 3: 1, 2: 0},
    'addi16sp': {12: 9, 6: 4, 5: 6, 4: 8, 3: 7, 2: 5},
    'j': {12: 11, 11: 4, 10: 9, 9: 8, 8: 10, 7: 6, 6: 7, 5: 3, 4: 2, 3: 1, 2: 5},
    'b': {12: 8, 11: 4, 10: 3, 6: 7, 5: 6, 4: 2, 3: 1, 2: 5},
    'lwsp': {12: 5, 6: 4, 5: 3, 4: 2, 3: 7, 2: 6},
    'ldsp': {12: 5, 6: 4, 5: 3, 4: 8, 3: 7, 2: 6},
    'swsp': {12: 5, 11: 4, 10: 3, 9: 2, 8: 7, 7: 6},
    'sdsp': {12: 5, 11: 4, 10: 3, 9: 8, 8: 7, 7: 6},
    'lb': {6: 0, 5: 1},
    'lh': {5: 1},
}


def _imm(word, kind, signed=False):
    places = _PLACES[kind]
    v = 0
    for at, bit in places.items():
        v |= (word >> at & 1) << bit
    top = max(places.values())
    return v - (2 << top) if signed and v >> top & 1 else v


def _r(opcode, f3, f7, rd, rs1, rs2):
    return opcode | rd << 7 | f3 << 12 | rs1 << 15 | rs2 << 20 | f7 << 25


def _i(opcode, f3, rd, rs1, imm):
    return opcode | rd << 7 | f3 << 12 | rs1 << 15 | (imm & 0xfff) << 20


def _s(opcode, f3, rs1, rs2, imm):
    return opcode | (imm & 31) << 7 | f3 << 12 | rs1 << 15 | rs2 << 20 | (imm >> 5 & 127) << 25


def _b(f3, rs1, imm):
    return (0x63 | f3 << 12 | rs1 << 15 | (imm >> 12 & 1) << 31 | (imm >> 5 & 63) << 25 |
            (imm >> 1 & 15) << 8 | (imm >> 11 & 1) << 7)


def _j(rd, imm):
    return (0x6f | rd << 7 | (imm >> 20 & 1) << 31 | (imm >> 1 & 1023) << 21 |
            (imm >> 11 & 1) << 20 | (imm >> 12 & 255) << 12)


def _quadrant0(w, f3, xlen, zcb):
    rs1, r = 8 + (w >> 7 & 7), 8 + (w >> 2 & 7)
    if f3 == 0:
        imm = _imm(w, 'addi4spn')
        return ('c.addi4spn', _i(0x13, 0, r, 2, imm)) if imm else None
    if f3 == 4:
        if not zcb:
            return None
        return {0: ('c.lbu', _i(3, 4, r, rs1, _imm(w, 'lb'))),
                1: ('c.lh', _i(3, 1, r, rs1, _imm(w, 'lh'))) if w & 0x40 else
                   ('c.lhu', _i(3, 5, r, rs1, _imm(w, 'lh'))),
                2: ('c.sb', _s(0x23, 0, rs1, r, _imm(w, 'lb'))),
                3: None if w & 0x40 else ('c.sh', _s(0x23, 1, rs1, r, _imm(w, 'lh')))
                }.get(w >> 10 & 7)
    wide, narrow = _imm(w, 'ld'), _imm(w, 'lw')
    return {1: ('c.fld', _i(7, 3, r, rs1, wide)), 2: ('c.lw', _i(3, 2, r, rs1, narrow)),
            3: ('c.ld', _i(3, 3, r, rs1, wide)) if xlen == 64 else
               ('c.flw', _i(7, 2, r, rs1, narrow)),
            5: ('c.fsd', _s(0x27, 3, rs1, r, wide)), 6: ('c.sw', _s(0x23, 2, rs1, r, narrow)),
            7: ('c.sd', _s(0x23, 3, rs1, r, wide)) if xlen == 64 else
               ('c.fsw', _s(0x27, 2, rs1, r, narrow))}[f3]


def _arith(w, xlen, zcb):
    rd, rs2, sh = 8 + (w >> 7 & 7), 8 + (w >> 2 & 7), _imm(w, 'imm6')
    kind = w >> 10 & 3
    if kind < 2:
        if xlen == 32 and sh > 31:
            return None
        return ('c.srai' if kind else 'c.srli', _i(0x13, 5, rd, rd, sh | (0x400 if kind else 0)))
    if kind == 2:
        return 'c.andi', _i(0x13, 7, rd, rd, _imm(w, 'imm6', True))
    sub = w >> 5 & 3
    if not w & 0x1000:
        name, f3, f7 = (('c.sub', 0, 32), ('c.xor', 4, 0), ('c.or', 6, 0), ('c.and', 7, 0))[sub]
        return name, _r(0x33, f3, f7, rd, rd, rs2)
    if sub < 2:
        if xlen == 32:
            return None
        return ('c.addw', _r(0x3b, 0, 0, rd, rd, rs2)) if sub else \
            ('c.subw', _r(0x3b, 0, 32, rd, rd, rs2))
    if not zcb:
        return None
    if sub == 2:
        return 'c.mul', _r(0x33, 0, 1, rd, rd, rs2)
    return {0: ('c.zext.b', _i(0x13, 7, rd, rd, 255)), 1: ('c.sext.b', _i(0x13, 1, rd, rd, 0x604)),
            2: ('c.zext.h', _i(0x3b if xlen == 64 else 0x33, 4, rd, rd, 0x80)),
            3: ('c.sext.h', _i(0x13, 1, rd, rd, 0x605)),
            4: ('c.zext.w', _i(0x3b, 0, rd, rd, 0x80)) if xlen == 64 else None,
            5: ('c.not', _i(0x13, 4, rd, rd, -1))}.get(w >> 2 & 7)


def _quadrant1(w, f3, xlen, zcb):
    rd, imm = w >> 7 & 31, _imm(w, 'imm6', True)
    if f3 == 0:
        return 'c.addi' if rd else 'c.nop', _i(0x13, 0, rd, rd, imm)
    if f3 == 1:
        if xlen == 32:
            return 'c.jal', _j(1, _imm(w, 'j', True))
        return ('c.addiw', _i(0x1b, 0, rd, rd, imm)) if rd else None
    if f3 == 2:
        return 'c.li', _i(0x13, 0, rd, 0, imm)
    if f3 == 3:
        if not imm:
            return None
        if rd == 2:
            return 'c.addi16sp', _i(0x13, 0, 2, 2, _imm(w, 'addi16sp', True))
        return 'c.lui', 0x37 | rd << 7 | (imm & 0xfffff) << 12
    if f3 == 4:
        return _arith(w, xlen, zcb)
    if f3 == 5:
        return 'c.j', _j(0, _imm(w, 'j', True))
    return ('c.beqz', 'c.bnez')[f3 - 6], _b(f3 - 6, 8 + (w >> 7 & 7), _imm(w, 'b', True))


def _quadrant2(w, f3, xlen):
    rd, rs2, sh = w >> 7 & 31, w >> 2 & 31, _imm(w, 'imm6')
    if f3 == 0:
        return None if xlen == 32 and sh > 31 else ('c.slli', _i(0x13, 1, rd, rd, sh))
    if f3 == 1:
        return 'c.fldsp', _i(7, 3, rd, 2, _imm(w, 'ldsp'))
    if f3 == 2:
        return ('c.lwsp', _i(3, 2, rd, 2, _imm(w, 'lwsp'))) if rd else None
    if f3 == 3:
        if xlen == 32:
            return 'c.flwsp', _i(7, 2, rd, 2, _imm(w, 'lwsp'))
        return ('c.ldsp', _i(3, 3, rd, 2, _imm(w, 'ldsp'))) if rd else None
    if f3 == 4:
        if rs2:
            return ('c.add', _r(0x33, 0, 0, rd, rd, rs2)) if w & 0x1000 else \
                ('c.mv', _r(0x33, 0, 0, rd, 0, rs2))
        if w & 0x1000:
            return ('c.jalr', _i(0x67, 0, 1, rd, 0)) if rd else ('c.ebreak', 0x100073)
        return ('c.jr', _i(0x67, 0, 0, rd, 0)) if rd else None
    if f3 == 5:
        return 'c.fsdsp', _s(0x27, 3, 2, rs2, _imm(w, 'sdsp'))
    if f3 == 6:
        return 'c.swsp', _s(0x23, 2, 2, rs2, _imm(w, 'swsp'))
    return ('c.sdsp', _s(0x23, 3, 2, rs2, _imm(w, 'sdsp'))) if xlen == 64 else \
        ('c.fswsp', _s(0x27, 2, 2, rs2, _imm(w, 'swsp')))


def expand(word, xlen, zcb=True):
    """(name, 32-bit instruction), or None when the word is reserved."""
    f3 = word >> 13 & 7
    quadrant = word & 3
    if quadrant == 0:
        return _quadrant0(word, f3, xlen, zcb)
    if quadrant == 1:
        return _quadrant1(word, f3, xlen, zcb)
    return _quadrant2(word, f3, xlen) if quadrant == 2 else None
