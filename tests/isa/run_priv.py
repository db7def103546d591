#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Random privileged steps on riscreen and on Debian's QEMU: their trap logs must agree.

  run_priv.py RISCREEN [--xlen 64] [--steps N] [--seed N] [--trace FROM]
"""
import argparse
import concurrent.futures
import os
import sys
import tempfile
import time

import build

# Word size, both command lines' extensions, RESERVED_BITS: see guest/priv_tables.c.
MACHINES = ((64, ',svnapot=on,svpbmt=on', '', 0), (64, '', ',svnapot=off,svpbmt=off', 1),
            (32, '', '', 0))


def make(folder, machine, args, every, trace):
    xlen, _, _, reserved = machine
    elf = os.path.join(folder, f'priv{xlen}.elf')
    build.compile_guest(elf, xlen, ['priv.c', 'priv_tables.c', 'priv_run.S'], script='priv.ld',
                        defines=[f'-DSTEPS={args.steps}', f'-DSEED={args.seed}u',
                                 f'-DPRINT_EVERY={every}', f'-DTRACE_FROM={trace}', f'-DRESERVED_BITS={reserved}'])
    return elf


def both(args, elf, machine):
    xlen, qemu_cpu, cpu, _ = machine
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        q = pool.submit(build.run, build.qemu_command(elf, xlen, qemu_cpu), args.timeout)
        r = pool.submit(build.run, build.riscreen_command(args.riscreen, elf, xlen, cpu), args.timeout)
        return q.result(), r.result()


def show_first(args, machine, folder):
    """Runs again with a hash a step, then prints the first step that differs."""
    qemu, mine = both(args, make(folder, machine, args, 1, -1), machine)
    for a, b in zip(qemu[1].splitlines(), mine[1].splitlines()):
        if a != b:
            step = int(a.split()[0])
            break
    else:
        return
    args.steps = step + 1
    qemu, mine = both(args, make(folder, machine, args, 1, max(0, step - 2)), machine)
    for name, run in (('QEMU', qemu), ('riscreen', mine)):
        lines = [line for line in run[1].splitlines() if line.startswith(f'{step} pc=')]
        print(f'{name}: {lines[-1] if lines else run[1][-300:]}')


def judge(args, machine, folder):
    name = f'rv{machine[0]}{machine[2]}'
    trace = -1 if args.trace is None else args.trace
    elf = make(folder, machine, args, 1000, trace)
    qemu, mine = both(args, elf, machine)
    if args.trace is not None:
        print(qemu[1], mine[1], sep='\n')
    difference = build.compare_outputs(qemu[1], mine[1])
    if qemu[0] != 0 or mine[0] != 0 or difference:
        print(f'FAIL {name}: status {qemu[0]} and {mine[0]}, QEMU against riscreen: {difference}')
        print(f'$ ISA_SEED={args.seed} {" ".join(sys.argv)}')
        show_first(args, machine, folder)
        return False
    print(f'ok   {name}: {args.steps} steps, QEMU {qemu[2]:.1f} s, riscreen {mine[2]:.1f} s',
          flush=True)
    return True


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument('riscreen')
    p.add_argument('--xlen', type=int, choices=(32, 64), action='append')
    p.add_argument('--steps', type=int, default=int(os.environ.get('ISA_STEPS', '30000')))
    p.add_argument('--timeout', type=float, default=120)
    p.add_argument('--trace', type=int, help='print 40 steps from this one on')
    p.add_argument('--seed', type=int,
                   default=int(os.environ.get('ISA_SEED') or time.time_ns() // 1000 % 1000000))
    args = p.parse_args()
    print(f'seed {args.seed} (ISA_SEED)', flush=True)
    ok = True
    for machine in MACHINES:
        if args.xlen and machine[0] not in args.xlen:
            continue
        with tempfile.TemporaryDirectory() as folder:
            ok &= judge(argparse.Namespace(**vars(args)), machine, folder)
    sys.exit(0 if ok else 1)


if __name__ == '__main__':
    main()
