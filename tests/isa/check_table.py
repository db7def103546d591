#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Holds the decoder's table (src/cpu/insns.def) and the tests' own (insns.py) against each other.

Every row of one must be in the other with the same encoding, extension and word sizes, and every
row must have cases of the four kinds: value, edge, illegal, off. (The base has no switch; pause, off,
must be the plain fence that its encoding is.) Flags of insns.def are checked by operand class.

  check_table.py [path of insns.def]
"""
import os
import re
import sys

import cases
import insns

ROW = re.compile(r'^INSN\((\w+), (0x\w+), (0x\w+), (\w+), (\w+), (\w+), ([\w| ]+)\)', re.M)
XLEN = {'RV32': (32,), 'RV64': (64,), 'RVANY': (32, 64)}

# Flags by operand class, without their I_; other classes have none.
JUMP, F_TO_F = {'LINK', 'TRAPS'}, {'READS_F', 'WRITES_F'}
FLAGS = {'b': JUMP | {'BRANCH'}, 'jal': JUMP | {'ENDS'}, 'jalr': JUMP | {'ENDS'},
         'fr': F_TO_F, 'fr_rm': F_TO_F | {'TRAPS'}, 'f4': F_TO_F | {'TRAPS'},
         'f1': F_TO_F, 'f1_rm': F_TO_F | {'TRAPS'},
         'fx': {'READS_F'}, 'fx1': {'READS_F'}, 'fx1_rm': {'READS_F', 'TRAPS'},
         'xf': {'WRITES_F'}, 'xf_rm': {'WRITES_F', 'TRAPS'}, 'xxf': {'WRITES_F'}, 'fli': {'WRITES_F'},
         'fl': {'WRITES_F', 'TRAPS'}, 'fs': {'READS_F', 'TRAPS'},
         **dict.fromkeys(('ld', 'st', 'amo', 'lr', 'sc', 'cbo', 'csr', 'csri'), {'TRAPS'}),
         'vma': {'ENDS', 'TRAPS'}, 'sys': {'ENDS', 'TRAPS'}}
OTHER_FLAGS = {'fence_i': {'ENDS'}, 'pause': {'ENDS'}, 'wrs_sto': {'ENDS'}, 'sfence_w_inval': {'TRAPS'}}


def decoder_rows(path):
    """{(name, xlen): (match, mask, extension, flags)}"""
    rows = {}
    with open(path) as f:
        for name, match, mask, _, ext, xlen, flags in ROW.findall(f.read()):
            facts = sorted(flag.strip().removeprefix('I_') for flag in flags.split('|') if flag != '0')
            for bits in XLEN[xlen]:
                rows[name.removesuffix('_rv32'), bits] = (int(match, 16), int(mask, 16), ext.lower(),
                                                          facts)
    return rows


def own_rows():
    names = ((i, i.name.replace('.', '_')) for i in insns.INSNS)
    return {(name, bits): (i.match, i.mask, i.ext or 'base',
                           sorted(OTHER_FLAGS.get(name, FLAGS.get(i.cls, ()))))
            for i, name in names for bits in i.xlen}


def compare(decoder, own):
    for key in sorted(set(decoder) | set(own)):
        if key not in own:
            yield f'{key}: in insns.def, not in tests/isa/insns.py'
        elif key not in decoder:
            yield f'{key}: in tests/isa/insns.py, not in insns.def'
        elif decoder[key] != own[key]:
            yield f'{key}: insns.def {decoder[key]}, insns.py {own[key]}'


def kinds_by_row(xlen):
    """{name: kinds that have a case}"""
    have = {}
    for case in cases.make(xlen, 1, value=1, edge=1):
        have.setdefault(case.name, set()).add(case.kind)
    for switch in insns.SWITCHES:
        for case in cases.make_off(xlen, 1, insns.all_off(switch)):
            have.setdefault(case.name, set()).add('off')
    return have


def coverage():
    for xlen in (64, 32):
        have = kinds_by_row(xlen)
        for insn in insns.INSNS:
            if xlen not in insn.xlen:
                continue
            for kind in cases.KINDS:
                if kind == 'off' and not insn.ext:
                    continue  # the base has no switch
                if kind not in have.get(insn.name, ()):
                    yield f'rv{xlen} {insn.name}: no case of kind {kind}'


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    path = sys.argv[1] if len(sys.argv) > 1 else os.path.join(here, '../../src/cpu/insns.def')
    decoder, own = decoder_rows(path), own_rows()
    wrong = list(compare(decoder, own)) + list(coverage())
    for line in wrong:
        print(line)
    print(f'{len(own)} rows, {len(wrong)} errors')
    sys.exit(1 if wrong or not decoder else 0)


if __name__ == '__main__':
    main()
