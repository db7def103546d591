#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Who is right? Replays one traced call of a random program on ref.py.

  run_random.py RISCREEN --xlen 64 --seed N --keep DIR --trace CALL > trace.txt
  replay.py DIR trace.txt --xlen 64

Prints the registers in which QEMU, riscreen and the reference differ after the call, and for each
the last instructions that wrote it in the reference's run.
"""
import argparse
import re
import struct
import subprocess

import ref


class Memory(ref.State):
    """Regions instead of one window; remembers who wrote each register."""

    def __init__(self, xlen, regions):
        super().__init__(xlen)
        self.regions = regions

    def _find(self, addr, size):
        addr &= self.mask
        for base, data in self.regions:
            if base <= addr <= base + len(data) - size:
                return data, addr - base
        raise IndexError(hex(addr))

    def load(self, addr, size):
        data, at = self._find(addr, size)
        return int.from_bytes(data[at:at + size], 'little')

    def store(self, addr, value, size):
        data, at = self._find(addr, size)
        data[at:at + size] = (value & (1 << 8 * size) - 1).to_bytes(size, 'little')


def parse(path):
    """(block number, scratch bytes, [registers before, QEMU's after, riscreen's after])"""
    with open(path) as f:
        lines = f.read().splitlines()
    first = next(n for n, line in enumerate(lines) if line.startswith('block'))
    states = [lines[first]] + [line for line in lines if line.startswith('after')]
    registers = [{k: int(v, 16) for k, v in re.findall(r'(\w+)=(\w+)', s)} for s in states]
    scratch = bytearray(int(v, 16) for v in lines[first + 1].split())
    return int(lines[first].split()[1]), scratch, registers


def symbols(elf):
    out = subprocess.run(['riscv64-unknown-elf-nm', elf], stdout=subprocess.PIPE, text=True,
                         check=True).stdout
    return {name: int(at, 16) for at, _, name in (line.split() for line in out.splitlines())}


def read(path):
    with open(path, 'rb') as f:
        return f.read()


def run(st, code, base, entry, times, before):
    """Executes the block as run_block does; returns {register: [(pc, word)]}, traps skipped."""
    writers = {}
    for n in range(times):
        st.pc, st.x[31] = base + entry, 0xdead0000
        if n:
            st.x[29] = before['x29']
        while st.pc != 0xdead0000:
            at = st.pc - base
            word = int.from_bytes(code[at:at + 4], 'little')
            old_x, old_f, pc = list(st.x), list(st.f), st.pc
            trap = ref.step(st, word)
            if trap:
                st.pc = pc + (4 if word & 3 == 3 else 2)
            for name, old, new in (('x', old_x, st.x), ('f', old_f, st.f)):
                for i in range(32):
                    if old[i] != new[i]:
                        writers.setdefault(f'{name}{i}', []).append((pc, word, old_x, old_f))
    return writers


def describe(entry, xlen):
    pc, word, x, f = entry
    row, long, _ = ref.decode(word, xlen)
    name = row.name if row else '?'
    fields = [long >> 7 & 31, long >> 15 & 31, long >> 20 & 31, long >> 27]
    values = ' '.join(f'f{i}={f[i]:x} x{i}={x[i]:x}' for i in fields[1:])
    return f'    {pc:x} {name} {long:08x} rd {fields[0]} rm {long >> 12 & 7}: {values}'


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument('folder')
    p.add_argument('trace')
    p.add_argument('--xlen', type=int, default=64)
    p.add_argument('--times', type=int, default=4)
    args = p.parse_args()
    block, scratch, (before, qemu, mine) = parse(args.trace)
    elf = subprocess.run(f'ls -t {args.folder}/random*.elf | head -1', shell=True, text=True,
                         stdout=subprocess.PIPE, check=True).stdout.strip()
    sym = symbols(elf)
    code = read(f'{args.folder}/blocks.bin')
    entry = struct.unpack_from('<I', read(f'{args.folder}/offsets.bin'), 8 + 4 * block)[0]
    st = Memory(args.xlen, [(before['x2'] - 1024, scratch),
                            (sym['edges'], bytearray(read(f'{args.folder}/edges.bin')))])
    for i in range(32):
        st.x[i], st.f[i] = before[f'x{i}'] if i else 0, before[f'f{i}']
    st.fcsr = before['fcsr']
    writers = run(st, code, sym['blocks'], entry, args.times, before)
    for name in sorted(qemu):
        if name[0] not in 'xf' or name in ('x0', 'x31', 'fcsr'):
            continue
        own = (st.x if name[0] == 'x' else st.f)[int(name[1:])]
        if not own == qemu[name] == mine[name]:
            print(f'{name}: QEMU {qemu[name]:x} riscreen {mine[name]:x} reference {own:x}')
            for entry in writers.get(name, [])[-2:]:
                print(describe(entry, args.xlen))
    print(f'fcsr: QEMU {qemu["fcsr"]:x} riscreen {mine["fcsr"]:x} reference {st.fcsr:x}')


if __name__ == '__main__':
    main()
