# SPDX-License-Identifier: MIT
"""Small bare-metal kernels, on riscreen and, where it is the judge, on QEMU.

    with Bare("kernel.c", mode="m", options=["-d", disk]) as m:
        m.wait("ready")
        assert m.end() == 0

kernel.c lies beside the test and uses bare.h. mode "s": linked at 0x80200000 and started in S-mode by the built-in SBI;
"m": linked at 0x80000000, --bios none.
"""
import os
import shutil
import subprocess
import sys
import tempfile

from guest import Machine, skip

KIT = os.path.dirname(os.path.abspath(__file__))
CC = "riscv64-unknown-elf-gcc"
FLAGS = ["-march=rv64gc_zicbom_zicboz", "-mabi=lp64d", "-mcmodel=medany", "-O1", "-g", "-std=gnu11", "-Wall", "-Wextra",
         "-ffreestanding", "-fno-builtin", "-nostdlib", "-static", "-no-pie", "-mno-relax", "-Wl,--build-id=none",
         "-Wl,-z,max-page-size=4096", "-Wl,--no-warn-rwx-segments"]
BASE = {"s": 0x80200000, "m": 0x80000000}


def compile_kernel(out, source, mode="s", flags=(), base=None):
    """Compiles source (beside the running test, or an absolute path) with the kit into the ELF file out."""
    if not shutil.which(CC):
        skip(f"no {CC}; apt-get install gcc-riscv64-unknown-elf")
    source = os.path.join(os.path.dirname(os.path.abspath(sys.argv[0])), source)
    hart = ["-DANY_HART"] if mode == "s" else []
    subprocess.run([CC, *FLAGS, *hart, f"-I{KIT}", f"-Wl,--defsym=BASE={base or BASE[mode]:#x}",
                    "-T", os.path.join(KIT, "bare.ld"), os.path.join(KIT, "bare_start.S"), os.path.join(KIT, "bare.c"),
                    source, *flags, "-lgcc", "-o", out], check=True)
    return out


def flat(elf):
    """The ELF file as a flat binary, beside it; its path."""
    subprocess.run(["riscv64-unknown-elf-objcopy", "-O", "binary", elf, elf + ".bin"], check=True)
    return elf + ".bin"


class Bare(Machine):
    """A riscreen that runs one kernel. kernel: a C file, compiled first, or an absolute path that is run as it is."""

    def __init__(self, kernel, *options, mode="s", flags=(), memory="128M", **others):
        self.build = tempfile.TemporaryDirectory(prefix="riscreen-bare-")
        if kernel.endswith(".c"):
            kernel = compile_kernel(os.path.join(self.build.name, "kernel.elf"), kernel, mode, flags)
        bios = ["--bios", "none"] if mode == "m" else []
        super().__init__(*bios, *options, memory=memory, kernel=kernel, initrd=None, disk=None, **others)

    def __exit__(self, *why):
        super().__exit__(*why)
        self.build.cleanup()


def qemu(kernel, *options, mode="s", flags=(), memory="128M", legacy=False, seconds=60):
    """Runs a kernel on QEMU's virt: (exit status, what it wrote). Skips the test without QEMU."""
    if not shutil.which("qemu-system-riscv64"):
        skip("no qemu-system-riscv64; apt-get install qemu-system-misc")
    with tempfile.TemporaryDirectory(prefix="riscreen-bare-") as folder:
        if kernel.endswith(".c"):
            kernel = compile_kernel(os.path.join(folder, "kernel.elf"), kernel, mode, flags)
        bios = ["-bios", "none"] if mode == "m" else []
        modern = [] if legacy else ["-global", "virtio-mmio.force-legacy=false"]
        done = subprocess.run(["qemu-system-riscv64", "-M", "virt", "-m", memory, "-display", "none", "-serial", "stdio",
                               "-monitor", "none", *bios, *modern, "-kernel", kernel, *options],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=seconds)
    return done.returncode, done.stdout.decode(errors="replace").replace("\r", "")
