# SPDX-License-Identifier: MIT
"""Compiles bare-metal test programs and runs them on riscreen or QEMU."""
import os
import subprocess
import time

HERE = os.path.dirname(os.path.abspath(__file__))
GUEST = os.path.join(HERE, 'guest')
CC = 'riscv64-unknown-elf-gcc'
FLAGS = ['-std=gnu11', '-O2', '-misa-spec=2.2', '-Wall', '-Wextra', '-ffreestanding', '-nostdlib', '-static',
         '-mcmodel=medany', '-fno-builtin', '-Wl,--build-id=none', '-Wl,--no-warn-rwx-segments']
ABI = {64: 'lp64', 32: 'ilp32'}


def compile_guest(out, xlen, sources, isa='i', defines=(), include=(), script='guest.ld',
                  start='start.S'):
    """Links start, guest.c and sources (paths, or names in guest/) into out.

    Programs are soft-float and, unless isa says more, use the base only: they must run with every
    extension off.
    """
    paths = [s if os.path.isabs(s) else os.path.join(GUEST, s) for s in sources]
    subprocess.run([CC, *FLAGS, f'-march=rv{xlen}{isa}', f'-mabi={ABI[xlen]}', *defines,
                    *[f'-I{d}' for d in (GUEST, *include)], *[f'-Wa,-I{d}' for d in include],
                    '-T', os.path.join(GUEST, script), os.path.join(GUEST, start),
                    os.path.join(GUEST, 'guest.c'), *paths, '-lgcc', '-o', out], check=True)


# How the guests' code is run: ISA_ENGINE=hot=1 stands for --jit=hot=1.
ENGINE = ['--jit=' + os.environ['ISA_ENGINE']] if 'ISA_ENGINE' in os.environ else []
if 'verify' in os.environ.get('ISA_ENGINE', ''):
    ENGINE.append('--threads=single')


def riscreen_command(riscreen, elf, xlen, cpu='', harts=1, memory='256M', extra=()):
    return [riscreen, '-H', '--bios', 'none', '-m', memory, '-c', str(harts),
            '--cpu', f'rv{xlen}{cpu}', '-k', elf, *ENGINE, *extra]


def sbi_command(riscreen, elf, xlen, harts):
    """A program that starts in S-mode under the built-in SBI."""
    return [riscreen, '-H', '-m', '256M', '-c', str(harts), '--cpu', f'rv{xlen}', '-k', elf, *ENGINE]


def qemu_command(elf, xlen, cpu='', harts=1, memory='256', extra=()):
    return [f'qemu-system-riscv{xlen}', '-M', 'virt', '-nographic', '-bios', 'none', '-m', memory,
            '-smp', str(harts), '-cpu', f'rv{xlen}{cpu}', '-kernel', elf, *extra]


def run(command, timeout=120):
    """(exit status, output text, seconds); a time-out gives status None."""
    start = time.monotonic()
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=timeout)
        status, out = done.returncode, done.stdout + done.stderr
    except subprocess.TimeoutExpired as late:
        status, out = None, (late.stdout or b'') + (late.stderr or b'')
    if b'riscreen: verify:' in out:
        status = 'translated code differs'
    return status, out.decode(errors='replace').replace('\r', ''), time.monotonic() - start


def compare_outputs(first, second):
    """None if two runs printed the same, else a text that shows where they part. Lines with # are each one's own."""
    a, b = ([line for line in text.splitlines() if not line.startswith(('#', 'riscreen: '))] for text in (first, second))
    if a == b:
        return None
    for n, (x, y) in enumerate(zip(a, b)):
        if x != y:
            return f'line {n + 1}:\n  {x}\n  {y}'
    return f'{len(a)} lines against {len(b)}'
