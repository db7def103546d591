# SPDX-License-Identifier: MIT
"""Small bare-metal kernels, on riscreen and, where it is the judge, on QEMU.

    with Bare("kernel.c", mode="m", options=["-d", disk]) as m:
        m.wait("ready")
        assert m.end() == 0

kernel.c lies beside the test and uses bare.h; a kernel.S beside it is its start, in place of the kit's. mode "s": linked
at 0x80200000 and started in S-mode by the built-in SBI; "m": linked at 0x80000000, --bios none. xlen: 64 or 32.
"""
import os
import shutil
import subprocess
import sys
import tempfile
import threading

from guest import Machine, skip

KIT = os.path.dirname(os.path.abspath(__file__))
CC = "riscv64-unknown-elf-gcc"
ISA = {64: ["-march=rv64gc_zicbom_zicboz", "-mabi=lp64d"], 32: ["-march=rv32ima_zicsr_zifencei", "-mabi=ilp32"]}
FLAGS = ["-mcmodel=medany", "-O1", "-g", "-std=gnu11", "-Wall", "-Wextra",
         "-ffreestanding", "-fno-builtin", "-nostdlib", "-static", "-no-pie", "-mno-relax", "-Wl,--build-id=none",
         "-Wl,-z,max-page-size=4096", "-Wl,--no-warn-rwx-segments"]
BASE = {"s": 0x80200000, "m": 0x80000000}


def compile_kernel(out, source, mode="s", flags=(), base=None, xlen=64):
    """Compiles source (beside the running test, or an absolute path) with the kit into the ELF file out."""
    if not shutil.which(CC):
        skip(f"no {CC}; apt-get install gcc-riscv64-unknown-elf")
    source = os.path.join(os.path.dirname(os.path.abspath(sys.argv[0])), source)
    start = os.path.splitext(source)[0] + ".S"
    if not os.path.exists(start):
        start = os.path.join(KIT, "bare_start.S")
    hart = ["-DANY_HART"] if mode == "s" else []
    subprocess.run([CC, *ISA[xlen], *FLAGS, *hart, f"-I{KIT}", f"-Wl,--defsym=BASE={base or BASE[mode]:#x}",
                    "-T", os.path.join(KIT, "bare.ld"), start, os.path.join(KIT, "bare.c"),
                    source, *flags, "-lgcc", "-o", out], check=True)
    return out


def flat(elf):
    """The ELF file as a flat binary, beside it; its path."""
    subprocess.run(["riscv64-unknown-elf-objcopy", "-O", "binary", elf, elf + ".bin"], check=True)
    return elf + ".bin"


class Bare(Machine):
    """A riscreen that runs one kernel. kernel: a C file, compiled first, or an absolute path that is run as it is."""

    def __init__(self, kernel, *options, mode="s", flags=(), memory="128M", xlen=64, **others):
        self.build = tempfile.TemporaryDirectory(prefix="riscreen-bare-")
        if kernel.endswith(".c"):
            kernel = compile_kernel(os.path.join(self.build.name, "kernel.elf"), kernel, mode, flags, xlen=xlen)
        bios = ["--bios", "none"] if mode == "m" else []
        super().__init__("--cpu", f"rv{xlen}", *bios, *options, memory=memory, kernel=kernel, initrd=None, disk=None, **others)

    def __exit__(self, *why):
        super().__exit__(*why)
        self.build.cleanup()


def run_typing(command, typed, seconds):
    """Runs command and types typed, a list of (what to wait for, what to type); its exit status and output."""
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as process:
        killer = threading.Timer(seconds, process.kill)
        killer.start()
        output, seen = b"", 0
        while data := process.stdout.read(65536):
            output += data
            if typed and typed[0][0].encode() in output[seen:]:
                seen = len(output)
                process.stdin.write(typed.pop(0)[1].encode())
        killer.cancel()
    return process.returncode, output.decode(errors="replace").replace("\r", "")


def qemu(kernel, *options, mode="s", flags=(), memory="128M", legacy=False, xlen=64, typed=(), seconds=60):
    """Runs a kernel on QEMU's virt: (exit status, what it wrote). Skips the test without QEMU.

    typed: what its serial line gets, as a list of (prompt, text).
    """
    program = f"qemu-system-riscv{xlen}"
    if not shutil.which(program):
        skip(f"no {program}; apt-get install qemu-system-misc")
    with tempfile.TemporaryDirectory(prefix="riscreen-bare-") as folder:
        if kernel.endswith(".c"):
            kernel = compile_kernel(os.path.join(folder, "kernel.elf"), kernel, mode, flags, xlen=xlen)
        bios = ["-bios", "none"] if mode == "m" else []
        modern = [] if legacy else ["-global", "virtio-mmio.force-legacy=false"]
        return run_typing([program, "-M", "virt", "-m", memory, "-display", "none", "-serial", "stdio", "-monitor", "none",
                           *bios, *modern, "-kernel", kernel, *options], list(typed), seconds)
