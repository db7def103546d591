#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Races between harts: counters, patched code, litmus tests, wake-ups; and through the SBI.

  run_race.py RISCREEN [bare|many|disk|sbi] [--xlen 64] [--rounds PERCENT]
  run_race.py --qemu ...       the same programs on QEMU, to judge them

--rounds (ISA_ROUNDS) is in percent of the numbers in guest/race.c; 100 patches and runs code four million times.
"""
import argparse
import os
import struct
import sys
import tempfile

import build

# Name: harts, isa, sources, script, start.
PROGRAMS = {
    'bare': (4, 'ima', ['race.c'], 'guest.ld', 'start.S'),
    'many': (8, 'ima', ['race.c'], 'guest.ld', 'start.S'),
    'disk': (2, 'ima', ['disk_code.c'], 'guest.ld', 'start.S'),
    'sbi': (4, 'ima', ['sbi_race.c'], 'sbi.ld', 'sbi_start.S'),
}


def disk_image(path, versions=256, slots=64):
    """Functions for guest/disk_code.c: lui a0, hi; addi a0, a0, lo; ret; padding."""
    with open(path, 'wb') as f:
        for value in range(versions * slots):
            high, low = value + 0x800 >> 12, value & 0xfff
            f.write(struct.pack('<4I', high << 12 | 0x537, low << 20 | 0x50513, 0x8067, 0))


def command(args, name, elf, xlen, harts):
    if args.qemu:
        line = build.qemu_command(elf, xlen, harts=harts)
        if name == 'disk':
            line += ['-global', 'virtio-mmio.force-legacy=false', '-drive',
                     f'file={elf}.img,format=raw,if=none,id=d', '-device',
                     'virtio-blk-device,drive=d']
        if name == 'sbi':
            line[line.index('none')] = 'default'
        return line
    if name == 'sbi':
        return build.sbi_command(args.riscreen, elf, xlen, harts)
    extra = ['-d', f'{elf}.img'] if name == 'disk' else []
    return build.riscreen_command(args.riscreen, elf, xlen, harts=harts, extra=extra)


def judge(args, name, xlen, folder):
    harts, isa, sources, script, start = PROGRAMS[name]
    elf = os.path.join(folder, f'{name}{xlen}.elf')
    build.compile_guest(elf, xlen, sources, isa=isa, script=script, start=start,
                        defines=[f'-DHARTS={harts}', f'-DROUNDS={args.rounds}'])
    if name == 'disk':
        disk_image(f'{elf}.img')
    line = command(args, name, elf, xlen, harts)
    status, output, seconds = build.run(line, args.timeout)
    ok = status == 0 and 'PASS' in output
    print(f'{"ok  " if ok else "FAIL"} rv{xlen} {name}, {harts} harts: {seconds:.1f} s', flush=True)
    print(output)
    if not ok:
        print(f'status {status} (None: still running after {args.timeout:.0f} s)\n$ '
              f'{" ".join(line)}')
    return ok


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument('riscreen', nargs='?')
    p.add_argument('program', nargs='*', choices=[[], *PROGRAMS])
    p.add_argument('--qemu', action='store_true')
    p.add_argument('--xlen', type=int, choices=(32, 64), action='append')
    p.add_argument('--rounds', type=int, default=int(os.environ.get('ISA_ROUNDS', '100')))
    p.add_argument('--timeout', type=float, default=120)
    args = p.parse_args()
    names = args.program or list(PROGRAMS)
    with tempfile.TemporaryDirectory() as folder:
        results = [judge(args, name, xlen, folder) for name in names for xlen in
                   args.xlen or [64, 32]]
    sys.exit(0 if all(results) else 1)


if __name__ == '__main__':
    main()
