# SPDX-License-Identifier: MIT
"""Building the speed kernels and running them: what bench/run and others share.

A target is something that prints `> name`, then `< name nanoseconds checksum` per kernel: the
native program, QEMU, riscreen. Each run gives for every kernel the time the target says and the
time seen from outside (between the two lines), since a guest's clock may lie.
"""
import json
import math
import os
import re
import select
import shlex
import stat
import subprocess
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
FOLDER = os.path.join(HERE, 'kernels')
FLAGS = ['-O2', '-std=gnu11', '-Wall', '-Wextra', '-fno-math-errno',
         '-fno-tree-loop-distribute-patterns']
GUEST_CC = 'riscv64-unknown-elf-gcc'
LINUX_CC = 'riscv64-linux-gnu-gcc'
GUEST_FLAGS = ['-mcmodel=medany', '-ffreestanding', '-nostdlib', '-static']
GUEST_ISA = {64: ['-march=rv64gc', '-mabi=lp64d'], 32: ['-march=rv32gc', '-mabi=ilp32d']}
PLACE = {False: ['-Wl,--defsym=BASE=0x80200000'], True: ['-Wl,--defsym=BASE=0x80000000', '-DMACHINE']}


def kernel_groups():
    """{kernel: INTEGER, FLOATING, ISOLATING or GUEST} of kernels/kernels.def, in its order."""
    with open(os.path.join(FOLDER, 'kernels.def'), encoding='ascii') as f:
        return dict(re.findall(r'^KERNEL\((\w+), (\w+)\)', f.read(), re.MULTILINE))


GROUPS = kernel_groups()
KERNELS = list(GROUPS)


def sources(names):
    return [os.path.join(FOLDER, name + '.c') for name in names]


def guest_path(subject):
    """Where guest/make keeps a subject, or None."""
    try:
        return subprocess.run([os.path.join(ROOT, 'guest', 'make'), '--path', subject], stdout=subprocess.PIPE,
                              text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None


def geomean(values):
    return math.exp(sum(map(math.log, values)) / len(values))


def build_native(out_dir):
    program = os.path.join(out_dir, 'kernels-native')
    names = [name for name, group in GROUPS.items() if group != 'GUEST']
    subprocess.run(['gcc', *FLAGS, *sources(['table', 'native', *names]), '-o', program], check=True)
    return program


def build_guest(out_dir, xlen=64, bare=False):
    """bare: without firmware. RV32 is always bare: Debian has no OpenSBI of 32 bits for QEMU."""
    elf = os.path.join(out_dir, f'kernels-guest{xlen}{"-bare" if bare else ""}.elf')
    subprocess.run([GUEST_CC, *FLAGS, *GUEST_FLAGS, *GUEST_ISA[xlen], *PLACE[bare or xlen == 32], '-T',
                    os.path.join(FOLDER, 'guest.ld'), os.path.join(FOLDER, 'start.S'),
                    *sources(['table', 'guest', *KERNELS]), '-lgcc', '-o', elf], check=True)
    return elf


def member(name, mode, data=b'', device=(0, 0)):
    """A file of a cpio archive, in the format newc."""
    fields = [1, mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(name) + 1, 0]
    head = b'070701' + b''.join(b'%08x' % f for f in fields) + name.encode() + b'\0'
    return head + b'\0' * (-len(head) % 4) + data + b'\0' * (-len(data) % 4)


def make_initrd(folder, name):
    """The initrd of a guest whose init is linux/NAME.c, in folder."""
    program = os.path.join(folder, 'init')
    subprocess.run([LINUX_CC, '-std=gnu11', '-O2', '-Wall', '-Wextra', '-s', '-static', '-pthread',
                    os.path.join(HERE, 'linux', name + '.c'), '-o', program], check=True)
    path = os.path.join(folder, 'initrd')
    with open(program, 'rb') as code, open(path, 'wb') as f:
        f.write(member('dev', stat.S_IFDIR | 0o755) +
                member('dev/console', stat.S_IFCHR | 0o600, device=(5, 1)) +
                member('init', stat.S_IFREG | 0o755, code.read()) + member('TRAILER!!!', 0))
    return path


def add_machines(parser, rounds=7, json_file=True):
    """The options that say which machines are measured, and in how many rounds."""
    parser.add_argument('--riscreen', default=os.path.join(ROOT, 'build', 'riscreen'))
    parser.add_argument('--riscreen-args', default='', help="more options for it, as '-c 2'; not --threads=single, whose clock "
                        'counts instructions')
    parser.add_argument('--other', default='', help="a second riscreen to compare with, as 'build/riscreen -c 2'")
    parser.add_argument('--qemu', default='', help='instead of qemu-system-riscv64 or -riscv32')
    parser.add_argument('--no-qemu', action='store_true')
    parser.add_argument('--rounds', type=int, default=rounds)
    if json_file:
        parser.add_argument('--json', help='also write the minima here')


def riscreens(args):
    """{name: the beginning of a command} of the riscreens to measure."""
    found = {'riscreen': [args.riscreen, *shlex.split(args.riscreen_args)]}
    if args.other:
        found['other'] = shlex.split(args.other)
    for command in found.values():
        if not os.access(command[0], os.X_OK):
            raise SystemExit(f'no riscreen at {command[0]}: build it, or name it with --riscreen')
    return found


def write_json(path, found):
    """Writes what was found, if the user named a file for it."""
    if path:
        with open(path, 'w', encoding='ascii') as f:
            json.dump(found, f, indent=1)


def native_command(program, names):
    return [program, *[name for name in names if GROUPS[name] != 'GUEST']]


def riscreen_command(riscreen, elf, names, xlen=64, bare=False):
    firmware = ['--bios', 'none'] if bare or xlen == 32 else []
    return [*riscreen, '--cpu', f'rv{xlen}', *firmware, '-H', '-m', '256M', '-k', elf, '-a', 'bench=' + ','.join(names)]


def qemu_command(elf, names, xlen=64, program='', bare=False):
    return [program or f'qemu-system-riscv{xlen}', '-M', 'virt', '-m', '256', '-nographic', '-bios',
            'none' if bare or xlen == 32 else 'default', '-kernel', elf, '-append', 'bench=' + ','.join(names)]


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
