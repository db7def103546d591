#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The instruction cases on riscreen, both word sizes, and the switched-off cases.

  run_cases.py RISCREEN [--xlen 64] [--only on|off] [--seed N]
  run_cases.py RISCREEN --only deep     1,000 edge cases a row where QEMU 7.2 is no oracle
  run_cases.py --qemu        compares ref.py with QEMU 7.2, for what that has
"""
import argparse
import os
import sys
import tempfile

import build
import cases
import insns

QEMU_KNOWS = ('', 'm', 'a', 'f', 'd', 'c', 'zba', 'zbb', 'zbc', 'zbs', 'zfhmin', 'svinval')
QEMU_CPU = {64: ',Zfhmin=on,svinval=on', 32: ',Zfhmin=on,svinval=on'}


def make_program(work, xlen, name, chosen, off=()):
    """Writes the cases' binaries and links the driver around them; returns (ELF, count)."""
    folder = os.path.join(work, name)
    os.makedirs(folder)
    count = 0
    with open(os.path.join(folder, 'records.bin'), 'wb') as records, \
            open(os.path.join(folder, 'stubs.bin'), 'wb') as stubs:
        for index, case in enumerate(chosen):
            record, stub = cases.pack(case, index, xlen, off, floating=not off)
            records.write(record)
            stubs.write(stub)
            count += 1
    elf = os.path.join(folder, 'cases.elf')
    build.compile_guest(elf, xlen, ['driver.c', 'case_run.S'], include=[folder])
    return elf, count


def judge(name, command, count):
    status, output, seconds = build.run(command)
    ok = status == 0 and f'PASS {count}' in output
    print(f'{"ok  " if ok else "FAIL"} {name}: {count} cases, {seconds:.1f} s', flush=True)
    if not ok:
        print(f'status {status}\n{output[-6000:]}\n$ {" ".join(command)}')
    return ok


def qemu_cases(xlen, seed):
    return [c for c in cases.make(xlen, seed, extensions=QEMU_KNOWS)
            if c.name != 'c.reserved' and not zcb(c) and not qemu_errs(c)]


def qemu_errs(case):
    """QEMU 7.2's ctzw counts into the upper word; its csrrs and csrrc of a read-only register trap by
    the operand's value, not its number; it lets U-mode use Svinval's fences."""
    if case.name in ('csrrs', 'csrrc') and case.word >> 20 == 0xf14:
        return True
    return case.name == 'ctzw' or case.kind == 'illegal' and case.name in ('sinval.vma', 'sfence.w.inval',
                                                    'sfence.inval.ir')


def zcb(case):
    return case.name in ('c.lbu', 'c.lhu', 'c.lh', 'c.sb', 'c.sh', 'c.mul', 'c.zext.b', 'c.sext.b',
                         'c.zext.h', 'c.sext.h', 'c.zext.w', 'c.not')


def off_runs(args, work):
    for xlen in args.xlen:
        for switch in insns.SWITCHES:
            off = insns.all_off(switch)
            elf, count = make_program(work, xlen, f'off-{xlen}-{switch}',
                                      cases.make_off(xlen, args.seed, off), off)
            cpu = ''.join(f',{name}=off' for name in off)
            yield judge(f'rv{xlen}{cpu}', build.riscreen_command(args.riscreen, elf, xlen, cpu),
                        count)


def on_runs(args, work):
    for xlen in args.xlen:
        chosen = qemu_cases(xlen, args.seed) if args.qemu else cases.make(xlen, args.seed)
        elf, count = make_program(work, xlen, f'on-{xlen}', chosen)
        command = build.qemu_command(elf, xlen, QEMU_CPU[xlen]) if args.qemu else \
            build.riscreen_command(args.riscreen, elf, xlen)
        yield judge(f'rv{xlen}', command, count)


def deep_cases(xlen, seed):
    """What random programs against QEMU can not judge: many edge cases for each such row."""
    yield from cases.make_rows(xlen, seed, lambda insn: insn.ext in ('zicond', 'zfa') or
                               insn.name == 'ctzw', 1000)
    m = cases.Maker(xlen, seed)
    yield from (c for c in cases.compressed(m, 1000) if zcb(c))


def deep_runs(args, work):
    for xlen in args.xlen:
        elf, count = make_program(work, xlen, f'deep-{xlen}', deep_cases(xlen, args.seed))
        yield judge(f'rv{xlen} deep', build.riscreen_command(args.riscreen, elf, xlen), count)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument('riscreen', nargs='?')
    p.add_argument('--qemu', action='store_true')
    p.add_argument('--xlen', type=int, choices=(32, 64), action='append')
    p.add_argument('--only', choices=('on', 'off', 'deep'))
    p.add_argument('--keep', help='leave the programs in this folder')
    p.add_argument('--seed', type=int, default=int(os.environ.get('ISA_SEED', '1')))
    args = p.parse_args()
    if not args.riscreen and not args.qemu:
        p.error('name a riscreen, or --qemu')
    args.xlen = args.xlen or [64, 32]
    print(f'seed {args.seed} (ISA_SEED)')
    results = []
    with tempfile.TemporaryDirectory() as work:
        if args.qemu:
            results += on_runs(args, args.keep or work)
        for name, runs in (('on', on_runs), ('off', off_runs), ('deep', deep_runs)):
            if args.only in (None, name) and not args.qemu:
                results += runs(args, args.keep or work)
    sys.exit(0 if all(results) else 1)


if __name__ == '__main__':
    main()
