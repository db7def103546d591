# SPDX-License-Identifier: MIT
"""Building the speed kernels and running them: what bench/run and others share.

A target is something that prints `> name`, then `< name nanoseconds checksum` per kernel: the
native program, QEMU, riscreen. Each run gives for every kernel the time the target says and the
time seen from outside (between the two lines), since a guest's clock may lie.
"""
import os
import select
import subprocess
import time

HERE = os.path.dirname(os.path.abspath(__file__))
KERNELS = ['sort', 'sha256', 'fib', 'bytecode', 'matmul', 'nbody', 'sieve', 'chase', 'copy',
           'atomic', 'crc', 'queens']
FLAGS = ['-O2', '-std=gnu11', '-Wall', '-Wextra', '-fno-math-errno',
         '-fno-tree-loop-distribute-patterns']
GUEST_CC = 'riscv64-unknown-elf-gcc'


def build(out_dir):
    """Compiles both forms into out_dir; returns (native program, guest ELF)."""
    folder = os.path.join(HERE, 'kernels')
    common = [os.path.join(folder, name + '.c') for name in ['table'] + KERNELS]
    os.makedirs(out_dir, exist_ok=True)
    native = os.path.join(out_dir, 'kernels-native')
    guest = os.path.join(out_dir, 'kernels-guest.elf')
    subprocess.run(['gcc', *FLAGS, *common, os.path.join(folder, 'native.c'), '-o', native],
                   check=True)
    subprocess.run([GUEST_CC, *FLAGS, '-march=rv64gc', '-mabi=lp64d', '-mcmodel=medany',
                    '-ffreestanding', '-nostdlib', '-static', '-T',
                    os.path.join(folder, 'guest.ld'), os.path.join(folder, 'start.S'),
                    os.path.join(folder, 'guest.c'), *common, '-lgcc', '-o', guest], check=True)
    return native, guest


def native_command(program, names):
    return [program, *names]


def riscreen_command(riscreen, elf, names):
    return [riscreen, '-H', '-m', '256M', '-k', elf, '-a', 'bench=' + ','.join(names)]


def qemu_command(elf, names):
    return ['qemu-system-riscv64', '-M', 'virt', '-m', '256', '-nographic', '-bios', 'default',
            '-kernel', elf, '-append', 'bench=' + ','.join(names)]


def lines_with_time(process, deadline):
    """Yields (seconds, line) as the lines arrive; ends at end of file, raises at the deadline."""
    pending = b''
    fd = process.stdout.fileno()
    while True:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([fd], [], [], left)[0]:
            raise TimeoutError('no end of output')
        data = os.read(fd, 65536)
        now = time.monotonic()
        if not data:
            return
        pending += data
        *lines, pending = pending.split(b'\n')
        for line in lines:
            yield now, line.decode(errors='replace').strip()


def run(command, timeout=300):
    """Runs one target; returns {kernel: (inside ns, outside ns, checksum)}."""
    result, started = {}, {}
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL)
    try:
        for now, line in lines_with_time(process, time.monotonic() + timeout):
            word = line.split()
            if len(word) == 2 and word[0] == '>':
                started[word[1]] = now
            elif len(word) == 4 and word[0] == '<' and word[1] in started:
                outside = int((now - started[word[1]]) * 1e9)
                result[word[1]] = (int(word[2]), outside, word[3])
            elif line.startswith('trap '):
                raise RuntimeError(f'{command[0]}: {line}')
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
    return result
