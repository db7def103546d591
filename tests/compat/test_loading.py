#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Whatever QEMU's virt takes as -kernel, -bios and -dtb begins at the same address here."""
import os
import re
import struct
import subprocess
import tempfile

from bare import Bare, compile_kernel, flat, qemu
from guest import main, skip, tests_of

OPENSBI = "/usr/lib/riscv64-linux-gnu/opensbi/generic"
HIGH = 0xffffffff00000000  # added to a physical address
FOLDER = tempfile.TemporaryDirectory(prefix="riscreen-loading-")


def build(name, mode="s", base=None):
    return compile_kernel(os.path.join(FOLDER.name, name), "where.c", mode, base=base)


def start(text):
    return int(re.search(r"start (0x[0-9a-f]+)", text)[1], 16)


def run_both(kernel, at, *bios):
    """The kernel starts at address `at`, on riscreen as on QEMU."""
    status, text = qemu(kernel, *(["-bios", *bios] if bios else []))
    assert (status, start(text)) == (0, at), (status, text)
    with Bare(kernel, *(["--bios", *bios] if bios else [])) as m:
        assert m.end() == 0
        assert start(m.output.decode()) == at, m.output


def patched(elf, name, entry=None, vaddr=None):
    """A copy of an ELF file with another entry, and its segments elsewhere in virtual memory."""
    with open(elf, "rb") as f:
        data = bytearray(f.read())
    if entry is not None:
        struct.pack_into("<Q", data, 24, entry)
    phoff, phnum = struct.unpack_from("<Q", data, 32)[0], struct.unpack_from("<H", data, 56)[0]
    for i in range(phnum):
        at = phoff + 56 * i + 16
        if vaddr is not None:
            struct.pack_into("<Q", data, at, struct.unpack_from("<Q", data, at)[0] + vaddr & (1 << 64) - 1)
    path = os.path.join(FOLDER.name, name)
    with open(path, "wb") as f:
        f.write(data)
    return path


def test_flat():
    """Without a header: where the firmware ends, or at the start of RAM."""
    run_both(flat(build("flat")), 0x80200000)
    run_both(flat(build("flat-m", "m")), 0x80000000, "none")


def test_header():
    """Linux's header with both magics or one of them, whatever it says of its place."""
    with open(flat(build("inner", base=0x80200040)), "rb") as f:
        program = f.read()
    for magics in (b"RISCV\0\0\0RSC\x05", bytes(8) + b"RSC\x05", b"RISCV\0\0\0" + bytes(4)):
        for offset, size in ((0x200000, 0x100000), (0, 0), (0x400000, 0x10000)):
            path = os.path.join(FOLDER.name, "image")
            with open(path, "wb") as f:
                f.write(struct.pack("<IIQQQQQ", 0x0400006f, 0, offset, size, 0, 2, 0) + magics + bytes(4) + program)
            run_both(path, 0x80200040)


def test_elf():
    """An entry that is virtual, 0 or nowhere."""
    elf = build("elf")
    run_both(elf, 0x80200000)
    for entry, vaddr in ((0x80200000 + HIGH, HIGH), (0, None), (0x1234, None), (0x80200000, HIGH), (0, HIGH)):
        run_both(patched(elf, "entry", entry, vaddr), 0x80200000)
    for entry in 0, 0x80000000 + HIGH:
        run_both(patched(build("elf-m", "m"), "entry-m", entry), 0x80000000, "none")


def test_firmware():
    """The payloads of fw_jump and fw_dynamic: flat and ELF."""
    for firmware in "fw_jump", "fw_dynamic":
        for suffix in ".elf", ".bin":
            path = os.path.join(OPENSBI, firmware + suffix)
            if not os.path.exists(path):
                skip("no OpenSBI; apt-get install opensbi")
            run_both(build("payload"), 0x80200000, path)
            run_both(flat(build("payload")), 0x80200000, path)
    # fw_dynamic is handed the address of a payload that lies elsewhere
    run_both(build("high", base=0x80600000), 0x80600000, os.path.join(OPENSBI, "fw_dynamic.bin"))


def test_rv32():
    """RV32 begins at the next 4 MiB. QEMU's firmware for it is not in Debian: the rule is that of its source."""
    flags = ["-march=rv32ima_zicsr", "-mabi=ilp32", "-nostdlib", "-static", "-Wl,-Ttext=0x80400000", "-Wl,-N"]
    code = "_start: la t0, _start\n li t1, 0x80400000\n sub t0, t0, t1\n snez a1, t0\n li a0, 0\n" \
           " li a7, 0x53525354\n li a6, 0\n li t2, 0x100000\n slli a1, a1, 16\n li t3, 0x5555\n beqz a1, 1f\n" \
           " li t3, 0x33333\n1: sw t3, 0(t2)\n j .\n"
    source, elf = os.path.join(FOLDER.name, "rv32.s"), os.path.join(FOLDER.name, "rv32")
    with open(source, "w") as f:
        f.write(".globl _start\n" + code)
    subprocess.run(["riscv64-unknown-elf-gcc", *flags, source, "-o", elf], check=True)
    for kernel in elf, flat(elf):
        with Bare(kernel, "--cpu", "rv32") as m:
            assert m.end() == 0


def test_dumped_tree():
    """A tree that QEMU wrote, its file padded to 1 MiB, and one that says itself that it is so long: with the command
    line in it, or as it is."""
    kernel, tree, padded = build("dtb"), os.path.join(FOLDER.name, "qemu.dtb"), os.path.join(FOLDER.name, "padded.dtb")
    subprocess.run(["qemu-system-riscv64", "-M", f"virt,dumpdtb={tree}", "-m", "128M", "-display", "none"], check=True,
                   stderr=subprocess.DEVNULL)
    assert os.path.getsize(tree) == 1 << 20
    subprocess.run(["dtc", "-q", "-I", "dtb", "-O", "dtb", "-S", "1048576", "-o", padded, tree], check=True)
    for path in tree, padded:
        for raw in "", ",raw":
            with Bare(kernel, "-b", path + raw, append="from=test") as m:
                assert m.end() == 0
                text = m.output.decode()
                assert "tree 0xd00dfeed" in text and f"bootargs {0 if raw else 1:#x}" in text, text
                # PCI, flash and fw_cfg, which are not there
                assert f"disabled {0 if raw else 3:#x}" in text, text
                assert ("size 0x100000" in text) == (path == padded and bool(raw)), text


def properties(tree):
    """{(path, property): value}, phandles left out: they are numbered in another order."""
    lines = subprocess.run(["dtc", "-q", "-I", "dtb", "-O", "dts", "-s", tree], check=True, stdout=subprocess.PIPE)
    path, found = [], {}
    for line in map(str.strip, lines.stdout.decode().splitlines()):
        if line.endswith("{"):
            path.append(line[:-1].strip())
            found["/".join(path), ""] = ""
        elif line == "};":
            path.pop()
        elif line.endswith(";") and path:
            name, _, value = line[:-1].partition(" = ")
            found["/".join(path), name] = value
    return found


def test_own_tree():
    """Whatever a kernel looks for in QEMU's tree is in ours, at the same path, with the same value."""
    ours, qemus = os.path.join(FOLDER.name, "ours.dtb"), os.path.join(FOLDER.name, "qemus.dtb")
    riscreen = os.environ.get("RISCREEN", "build/riscreen")
    subprocess.run([riscreen, "-m", "128M", "-c", "2", "--dumpdtb", ours], check=True)
    subprocess.run(["qemu-system-riscv64", "-M", f"virt,dumpdtb={qemus}", "-m", "128M", "-smp", "2", "-display", "none"],
                   check=True, stderr=subprocess.DEVNULL)
    ours, qemus = properties(ours), properties(qemus)
    not_here = "//flash@", "//fw-cfg@", "//platform-bus@", "//soc/pci@", "//pmu"
    different = {"phandle", "cpu", "interrupt-parent", "interrupts-extended", "regmap", "rng-seed", "mmu-type", "riscv,isa",
                 "model"}
    for (path, name), value in qemus.items():
        if path.startswith(not_here):
            continue
        assert (path, name) in ours, (path, name)
        if name not in different and (path, name) != ("/", "compatible"):
            assert ours[path, name] == value, (path, name, value, ours[path, name])
    assert "riscv-virtio" in ours["/", "compatible"]


if __name__ == "__main__":
    main(tests_of(__import__("__main__")))
