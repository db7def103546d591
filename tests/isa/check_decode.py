#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The decoder, word by word: all compressed words and many 32-bit ones, against insns.py and rvc.py.

  check_decode.py DECODE_DUMP [--words N]
"""
import argparse
import os
import random
import subprocess
import sys

import insns
import ref
import rvc

MODELS = (('rv64', 64, ()), ('rv32', 32, ()), ('rv64,zcb=off', 64, ('zcb',)),
          ('rv32,f=off,d=off', 32, insns.all_off('f')), ('rv64,m=off,a=off', 64, ('m', *insns.all_off('a'))))


def words_near_rows(rng, count):
    """Rows with random operands, one in three with one bit flipped, and plain random words."""
    for _ in range(count):
        insn = rng.choice(insns.INSNS)
        word = insn.match | rng.getrandbits(32) & ~insn.mask
        kind = rng.randrange(4)
        if kind == 0:
            word ^= 1 << rng.randrange(2, 32)
        elif kind == 1:
            word = rng.getrandbits(32) | 3
        yield word


def own_name(row, xlen):
    """The decoder's name of a row."""
    if row is None:
        return 'illegal'
    name = row.name.replace('.', '_')
    split = xlen == 32 and 64 not in row.xlen and any(
        i.name == row.name and 64 in i.xlen for i in insns.INSNS)
    return name + '_rv32' if split else name


def expected(word, xlen, off):
    if word & 3 == 3:
        return f'{word:x} {own_name(insns.lookup(word, xlen, off), xlen)}'
    expanded = rvc.expand(word, xlen, 'zcb' not in off)
    row, _, _ = ref.decode(word, xlen, off)
    return f'{word:x} {expanded[1] if expanded else 0:x} {own_name(row, xlen)}'


def agree(got, want):
    """Equal; or both illegal, wherever the decoder found that out."""
    return got == want or (got.endswith(' illegal') and want.endswith(' illegal'))


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument('decode_dump')
    p.add_argument('--words', type=int, default=60000)
    p.add_argument('--seed', type=int, default=int(os.environ.get('ISA_SEED', '1')))
    args = p.parse_args()
    print(f'seed {args.seed} (ISA_SEED)')
    bad = 0
    for cpu, xlen, off in MODELS:
        words = list(words_near_rows(random.Random(args.seed), args.words))
        out = subprocess.run([args.decode_dump, cpu], input='\n'.join(f'{w:x}' for w in words),
                             stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()
        compressed = [w for w in range(0x10000) if w & 3 != 3]
        for got, word in zip(out, compressed + words, strict=True):
            want = expected(word, xlen, off)
            if not agree(got, want):
                bad += 1
                if bad < 40:
                    print(f'{cpu}: decoder {got}, tests {want}')
        print(f'{cpu}: {len(out)} words')
    sys.exit(1 if bad else 0)


if __name__ == '__main__':
    main()
