#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What is shown of the translator's work: --version, --stats, query-stats, --perf-map, --jit dump.

RISCREEN names the program.
"""
import os
import re
import subprocess
import sys
import tempfile

from bare import Bare, compile_kernel
from guest import main, skip, tests_of

HERE = os.path.dirname(os.path.abspath(__file__))
RISCREEN = os.environ["RISCREEN"]
FOLDER = tempfile.TemporaryDirectory(prefix="riscreen-seen-")
WORK = 2000 * 200 * 6  # instructions that guest/seen.c executes at least


def kernel():
    path = os.path.join(FOLDER.name, "seen.elf")
    return path if os.path.exists(path) else compile_kernel(path, os.path.join(HERE, "guest", "seen.c"))


def symbols():
    """nm's lines in a file; its path, and {name: address} of the functions."""
    path = os.path.join(FOLDER.name, "seen.map")
    text = subprocess.run(["riscv64-unknown-elf-nm", kernel()], check=True, stdout=subprocess.PIPE, text=True).stdout
    with open(path, "w", encoding="ascii") as f:
        f.write(text)
    return path, {line.split()[2]: int(line.split()[0], 16) for line in text.splitlines() if line.split()[1] in "tT"}


def translates():
    version = subprocess.run([RISCREEN, "--version"], check=True, stdout=subprocess.PIPE, text=True).stdout
    lines = [line for line in version.splitlines() if line.startswith("translator: ")]
    assert len(lines) == 1 and re.fullmatch(r"translator: (x86-64|none \(this processor lacks \w+: guests are interpreted\))",
                                            lines[0]), version
    return "x86-64" in lines[0]


def run(*options, look=lambda m: None):
    """Runs the kernel to its end, with --stats; its numbers by name, and what look(machine) gives while it polls."""
    with Bare(kernel(), "--threads", "single", *options, "--stats") as m:
        m.wait("sum ")
        looked = look(m)
        m.send("x")
        assert m.end() == 0
        lines = re.findall(r"^riscreen: stats: (.+) (\S+)$", m.errors.decode(), re.MULTILINE)
        m.errors.clear()
    stats = {name: float(value) for name, value in lines}
    assert len(stats) == len(lines), lines
    return stats, looked


def check_stats(stats):
    assert stats["instructions"] > WORK, stats
    assert stats["instructions"] == stats["harts 0 instructions"], stats
    assert 0 < stats["hart-seconds"] < 300 and stats["mips"] > 0 and stats["hart-mips"] > 0, stats


def test_version():
    """One line says whether this host runs the translator."""
    translates()


def test_stats():
    """At the end, and at any time by the control socket, with the same names."""
    stats, answer = run(look=lambda m: m.qmp("query-stats"))
    check_stats(stats)
    assert WORK < answer["instructions"] <= stats["instructions"], (answer, stats)
    assert answer["harts"][0]["instructions"] == answer["instructions"], answer
    assert answer["tlb"].keys() == {"misses", "walks", "flushes"}, answer
    if translates():
        code = answer["translator"]
        assert 0.5 < code["native-share"] <= 1 and 0.5 < stats["translator native-share"] <= 1, (answer, stats)
        assert WORK < code["native-instructions"] <= answer["instructions"], answer
        assert 1 < code["x86-per-instruction"] < 40, answer
        assert code["bytes"] > code["x86-instructions"] > code["instructions"] > 10, answer
        for name in "exits", "calls":
            for kind, n in code[name].items():
                assert stats[f"translator {name} {kind}"] >= n, (name, kind, n, stats)
        assert code["tlb-refills"] == sum(code["calls"][kind] for kind in ("load", "store", "atomic")), code
    else:
        assert "translator" not in answer, answer


def test_stats_without_translator():
    stats, answer = run("--jit", "off", look=lambda m: m.qmp("query-stats"))
    check_stats(stats)
    assert not any(name.startswith("translator") for name in stats), stats
    assert "translator" not in answer, answer


def perf_map(*options):
    """The map's lines, as (start, end, name) in their order, and the numbers of --stats."""
    def look(m):
        path = f"/tmp/perf-{m.process.pid}.map"
        with open(path, encoding="ascii") as f:
            return path, f.read()
    stats, (path, text) = run(*options, look=look)
    os.unlink(path)
    lines = []
    for line in text.splitlines():
        start, size, name = re.fullmatch(r"([0-9a-f]+) ([0-9a-f]+) (\S.*)", line).groups()
        lines.append((int(start, 16), int(start, 16) + int(size, 16), name))
    return lines, stats


def check_cover(lines, stats):
    """The lines do not overlap, and all code that was made until then has its line."""
    assert lines[0][2] == "riscreen thunks", lines[0]
    for (_, end, _), (start, _, _) in zip(lines, lines[1:]):
        assert end <= start, lines
    named = sum(end - start for start, end, _ in lines[1:])
    # what was translated after the file was read is not in it
    assert 0.8 * stats["translator bytes"] <= named <= stats["translator bytes"], (named, stats)


def test_perf_map():
    if not translates():
        skip("this processor cannot run the translator")
    _, address = symbols()
    lines, stats = perf_map("--perf-map")
    check_cover(lines, stats)
    names = [re.fullmatch(r"rv:([0-9a-f]+)\+(\d+)( \((?:cold|entry)\))?", name) for _, _, name in lines[1:]]
    assert all(names), lines
    assert any(int(name[1], 16) == address["inner"] for name in names), (hex(address["inner"]), lines)
    blocks = sum(int(name[2]) for name in names if not name[3])
    assert 0.8 * stats["translator instructions"] <= blocks <= stats["translator instructions"], (blocks, stats)


def test_perf_map_of_symbols():
    if not translates():
        skip("this processor cannot run the translator")
    path, address = symbols()
    lines, stats = perf_map(f"--perf-map={path}")
    check_cover(lines, stats)
    names = {name.split(" (")[0] for _, _, name in lines[1:]}
    assert {"inner", "outer", "main"} <= names <= address.keys(), names


def dumped(address):
    """The lines that --jit dump prints for the region with this address: pc and op, if there is one, and code."""
    with Bare(kernel(), "--threads", "single", "--jit", f"dump={address:#x}") as m:
        m.wait("sum ")
        m.send("x")
        assert m.end() == 0
        lines = m.errors.decode().splitlines()
        m.errors.clear()
    return lines


def test_dump():
    """Ops and x86 side by side, of all instructions of the region, each with its code."""
    if not translates():
        skip("this processor cannot run the translator")
    _, address = symbols()
    text = subprocess.run(["riscv64-unknown-elf-objdump", "-d", kernel()], check=True, stdout=subprocess.PIPE, text=True).stdout
    known = {int(pc, 16): name for pc, name in re.findall(r"^ *([0-9a-f]+):\s+[0-9a-f]+\s+(\S+)", text, re.MULTILINE)}
    head, *lines = dumped(address["inner"])
    count, blocks, size = map(int, re.match(r"region of (\d+) instructions in (\d+) blocks, (\d+) bytes", head).groups())
    if any(line.startswith("region of ") for line in lines):  # another one that holds it
        lines = lines[:next(i for i, line in enumerate(lines) if line.startswith("region of "))]
    assert sum(line.split()[0] == "block" for line in lines) == blocks, lines
    ops = [re.match(r"([0-9a-f]{8})  (\w+) ", line) for line in lines]
    ops = {int(op[1], 16): op[2] for op in ops if op}
    assert address["inner"] in ops and ops.keys() <= known.keys() and len(ops) == count, (count, lines)
    branches = {name for pc, name in ops.items() if known[pc] in ("bne", "bnez")}
    assert branches == {"bne"}, (branches, lines)
    offsets = [int(m[1], 16) for m in (re.match(r".{44} +([0-9a-f]+)  \S", line) for line in lines) if m]
    assert offsets[0] == 0 and offsets == sorted(offsets) and offsets[-1] < size, lines
    assert len(offsets) > count or "not disassembled" in head, lines


def test_dump_of_nothing():
    """An address that is never translated prints nothing; one that is none is an error with the cure."""
    assert dumped(0x1000) == []
    done = subprocess.run([RISCREEN, "-H", "-k", kernel(), "--jit", "dump=main"], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1 and "in hex" in done.stderr and done.stderr.count("\n") == 1, done


def test_bad_symbols():
    """One line, with the cure, before anything starts."""
    for path, why in ((kernel(), "line 1 is no"), ("/nowhere", "cannot be read"), ("/", "cannot be read"), (os.devnull, "no functions")):
        done = subprocess.run([RISCREEN, "-H", "-k", kernel(), f"--perf-map={path}"], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
        assert done.returncode == 1 and not done.stdout, done
        assert why in done.stderr and "System.map" in done.stderr and done.stderr.count("\n") == 1, done


if __name__ == "__main__":
    main(tests_of(sys.modules[__name__]))
