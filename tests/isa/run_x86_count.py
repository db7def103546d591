#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How many x86 instructions a guest instruction becomes, for the code of each kernel of bench/kernels.

  run_x86_count.py RISCREEN              fails where x86_count.txt is exceeded by more than 2%
  run_x86_count.py RISCREEN --rewrite    writes x86_count.txt anew, and prints what has changed
  run_x86_count.py RISCREEN --only crc,fib

These are instructions on the main path, counted once for each place in the code, as --stats says. With --threads=single
and hot=64 they are the same in each run, so this is a gate that no load of the host can open or shut. Code that the
kernels share (start, page tables, printing) is taken off: that of a run without a kernel.
"""
import argparse
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', '..', 'bench'))
import harness  # pylint: disable=wrong-import-position

TABLE = os.path.join(HERE, 'x86_count.txt')
TOLERANCE = 0.02
SKIP = 77
HEAD = '''# x86 instructions for each guest instruction that was translated, by kernel: tests/isa/run_x86_count.py --rewrite.
# {compiler}
# kernel      rv64    rv32
'''


def compiler():
    """One line: other compilers make other guest code."""
    text = subprocess.run([harness.GUEST_CC, '--version'], check=True, stdout=subprocess.PIPE, text=True).stdout
    return text.splitlines()[0]


def count(riscreen, elf, name, xlen):
    """(x86 instructions, guest instructions) of what one run translated."""
    command = harness.riscreen_command([riscreen, '--threads', 'single', '--jit', 'hot=64', '--stats'], elf, [name], xlen)
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          timeout=120, check=False)
    found = dict(re.findall(r'^riscreen: stats: translator (x86-instructions|instructions) (\d+)$', done.stderr, re.MULTILINE))
    if done.returncode or (name != 'none' and f'< {name} ' not in done.stdout):
        sys.exit(f'{" ".join(command)}: status {done.returncode}\n{done.stdout}{done.stderr}')
    return (int(found['x86-instructions']), int(found['instructions'])) if found else None


def measure(riscreen, names, work):
    """{kernel: [ratio for RV64, for RV32]}"""
    found = {name: [] for name in names}
    for xlen in 64, 32:
        elf = harness.build_guest(work, xlen)
        shared = count(riscreen, elf, 'none', xlen)
        if not shared:
            print('skipped: this host does not run the translator')
            sys.exit(SKIP)
        for name in names:
            x86, insns = count(riscreen, elf, name, xlen)
            found[name].append((x86 - shared[0]) / max(insns - shared[1], 1))
    return found


def read_table():
    """The compiler's line, and {kernel: [ratio for RV64, for RV32]}."""
    if not os.path.exists(TABLE):
        return '', {}
    with open(TABLE, encoding='ascii') as f:
        lines = f.read().splitlines()
    rows = [line.split() for line in lines if line and line[0] != '#']
    return lines[1][2:], {name: [float(a), float(b)] for name, a, b in rows}


def write_table(ratios):
    with open(TABLE, 'w', encoding='ascii') as f:
        f.write(HEAD.format(compiler=compiler()))
        for name in harness.KERNELS:
            if name in ratios:
                f.write(f'{name:<12}{ratios[name][0]:>6.3f}{ratios[name][1]:>8.3f}\n')


def compare(found, table):
    """Prints what has changed; the names of what is worse than it may be, or not in the table."""
    bad = []
    for name, now in found.items():
        before = table.get(name)
        if not before:
            print(f'{name}: not in the table')
            bad.append(name)
            continue
        for xlen, a, b in zip((64, 32), before, now):
            change = b / a - 1
            if abs(change) > 0.0005:
                print(f'{name:<12}rv{xlen}: {a:.3f} -> {b:.3f} ({change:+.1%})')
            if change > TOLERANCE:
                bad.append(f'{name} (rv{xlen})')
    return bad


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument('riscreen')
    p.add_argument('--only', default=','.join(harness.KERNELS))
    p.add_argument('--rewrite', action='store_true')
    args = p.parse_args()
    made_with, table = read_table()
    if not args.rewrite and made_with != compiler():
        print(f'skipped: x86_count.txt is of {made_with}, this is {compiler()}; --rewrite makes it anew')
        sys.exit(SKIP)
    with tempfile.TemporaryDirectory() as work:
        found = measure(args.riscreen, args.only.split(','), work)
    bad = compare(found, table)
    if args.rewrite:
        write_table({**table, **found})
    elif bad:
        sys.exit(f'more x86 instructions than tests/isa/x86_count.txt allows: {", ".join(bad)}\n'
                 f'if that is worth it: tests/isa/run_x86_count.py {args.riscreen} --rewrite')
    means = [harness.geomean([ratios[i] for ratios in found.values()]) for i in (0, 1)]
    print(f'geomean: rv64 {means[0]:.3f}, rv32 {means[1]:.3f}')


if __name__ == '__main__':
    main()
