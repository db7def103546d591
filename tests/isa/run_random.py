#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Random programs on riscreen and on Debian's QEMU: both must print the same hashes.

  run_random.py RISCREEN [--xlen 64] [--calls N] [--seed N]

The seed is printed, and taken from ISA_SEED when that is set; otherwise it is new every time.
"""
import argparse
import concurrent.futures
import os
import re
import sys
import tempfile
import time

import build
import random_program

DEFAULT_CALLS = 60000
MILLIONS = 100  # instructions that an XLEN runs at least, with the default number of calls
EXTENSIONS = ('', 'm', 'a', 'f', 'd', 'c', 'zba', 'zbb', 'zbc', 'zbs', 'zfhmin')


def make(folder, xlen, seed, calls, trace=-1):
    random_program.write(folder, xlen, seed, EXTENSIONS)
    elf = os.path.join(folder, f'random{trace}.elf')
    build.compile_guest(elf, xlen, ['random.c', 'random_run.S'], include=[folder],
                        defines=[f'-DCALLS={calls}', f'-DSEED={seed}u', f'-DTRACE_CALL={trace}'])
    return elf


def both(riscreen, elf, xlen, timeout):
    """Runs both at once; returns their (status, output, seconds)."""
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        q = pool.submit(build.run, build.qemu_command(elf, xlen, ',Zfhmin=on'), timeout)
        r = pool.submit(build.run, build.riscreen_command(riscreen, elf, xlen), timeout)
        return q.result(), r.result()


def judge(args, xlen, seed, folder):
    elf = make(folder, xlen, seed, args.calls, args.trace)
    qemu, mine = both(args.riscreen, elf, xlen, args.timeout)
    if args.trace != -1:
        print(qemu[1], mine[1], sep='\n')
    if qemu[0] != 0:
        print(f'FAIL rv{xlen}: QEMU ended with {qemu[0]}\n{qemu[1][-2000:]}')
        return False
    difference = build.compare_outputs(qemu[1], mine[1])
    if difference or mine[0] != 0:
        print(f'FAIL rv{xlen}: status {mine[0]}, QEMU against riscreen: {difference}')
        print(f'$ ISA_SEED={seed} {" ".join(sys.argv)} --xlen {xlen}   (--trace CALL shows one)')
        return False
    millions = int(re.search(r'# (\d+) thousand', mine[1]).group(1)) // 1000
    if millions * DEFAULT_CALLS < MILLIONS * args.calls:
        print(f'FAIL rv{xlen}: only {millions} million instructions in {args.calls} calls')
        return False
    print(f'ok   rv{xlen}: {args.calls} calls, {millions} million instructions, each kind at least '
          f'{random_program.least_runs(args.calls)} times, QEMU {qemu[2]:.1f} s, riscreen {mine[2]:.1f} s',
          flush=True)
    return True


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument('riscreen')
    p.add_argument('--xlen', type=int, choices=(32, 64), action='append')
    p.add_argument('--calls', type=int, default=int(os.environ.get('ISA_CALLS', DEFAULT_CALLS)))
    p.add_argument('--timeout', type=float, default=150)
    p.add_argument('--trace', type=int, default=-1, help='print the registers around this call')
    p.add_argument('--keep')
    p.add_argument('--seed', type=int,
                   default=int(os.environ.get('ISA_SEED') or time.time_ns() // 1000 % 1000000))
    args = p.parse_args()
    print(f'seed {args.seed} (ISA_SEED)', flush=True)
    ok = True
    for xlen in args.xlen or [64, 32]:
        with tempfile.TemporaryDirectory() as folder:
            ok &= judge(args, xlen, args.seed, args.keep or folder)
    sys.exit(0 if ok else 1)


if __name__ == '__main__':
    main()
