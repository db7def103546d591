#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How a machine ends: power-off, refused resets, panics, time-outs, each with its exit status."""
import json
import os
import subprocess
import tempfile

from bare import Bare, compile_kernel, flat, qemu
from guest import main, tests_of

FOLDER = tempfile.TemporaryDirectory(prefix="riscreen-ends-")
POWEROFF, FAILED, RESET, PANIC, TIMEOUT = 0, 1, 122, 123, 124
SERIAL_PANICS = {0: "UART", 1: "DBCN", 2: "legacy putchar", 3: "without its end", 4: "then a reset", 5: "then SRST"}


def kernel(how):
    path = os.path.join(FOLDER.name, f"ends-{how}")
    return path if os.path.exists(path) else compile_kernel(path, "ends.c", flags=[f"-DHOW={how}"])


def ends(how, status, *options, events=(), **others):
    """Runs it to its end; the console and what riscreen said."""
    with Bare(kernel(how), *options, **others) as m:
        got = m.end(30)
        assert got == status, (how, options, got)
        text, said = m.output.decode(), m.errors.decode()
        assert text.count("begin") == 1, text
        m.errors.clear()
        return text, said


def test_panics():
    """A panic ends the machine, wherever it was written to, with all that it says; or with a status of choice."""
    for how in SERIAL_PANICS:
        text, said = ends(how, PANIC, "--on-panic", "exit")
        assert "a test" in text and "the guest panicked" in said, (text, said)
        assert how in (3, 5) or "---[ end Kernel panic - not syncing: a test ]---" in text, text
    ends(0, 9, "--on-panic", "exit=9")
    ends(0, 0, "--on-panic", "exit=0", "--threads", "single")


def test_failures():
    """SBI's system failure is a panic; without --on-panic a shutdown has status 1, as ever."""
    for how in 6, 7:
        ends(how, PANIC, "--on-panic", "exit")
    ends(6, FAILED)
    ends(7, PANIC, "--no-reboot")


def test_no_reboot():
    """A reset is the end, as with QEMU's -no-reboot; the status says whether a panic came before it."""
    for how in 8, 9:
        ends(how, RESET, "--no-reboot")
        status, text = qemu(kernel(how), "-no-reboot")
        assert (status, text.count("begin")) == (0, 1), text
        with Bare(kernel(how)) as m:  # without it, again and again
            m.wait("begin")
            m.wait("begin")
    for how in 4, 5:
        ends(how, PANIC, "--no-reboot")
        ends(how, 7, "--no-reboot", "--on-panic", "exit=7")
    for options in ([], ["--no-reboot"], ["--on-panic", "exit"]):
        ends(11, POWEROFF, *options)
        ends(10, POWEROFF, *options)  # what is echoed is no panic


def test_timeout():
    """--timeout ends what runs for ever; by default a panic changes nothing outside of the guest."""
    for how in 13, 0:
        ends(how, TIMEOUT, "--timeout", "2")


def test_events():
    """GUEST_PANICKED says what comes of it."""
    for value, action, state in (("none", "run", "running"), ("stop", "pause", "guest-panicked")):
        with Bare(kernel(12), "--on-panic", value) as m:
            assert m.qmp("query-status")["status"] == "running"
            m.send("x")
            while not any(e["event"] == "GUEST_PANICKED" for e in m.client.events):
                m.qmp("query-status")
            panicked = next(e for e in m.client.events if e["event"] == "GUEST_PANICKED")
            assert panicked["data"] == {"action": action}, panicked
            while value == "stop" and m.qmp("query-status")["running"]:
                pass
            assert m.qmp("query-status")["status"] == state
            m.qmp("cont")
            assert m.qmp("query-status")["status"] == "running"
            m.qmp("stop")
            assert m.qmp("query-status")["status"] == "paused"
            m.qmp("quit")
            assert m.end() == 0
            m.errors.clear()
    with Bare(kernel(12), "--on-panic", "exit") as m:
        m.qmp("query-status")
        m.send("x")
        assert m.end() == PANIC
        events = m.client.events + [json.loads(line) for line in m.client.file]
        assert [e["event"] for e in events] == ["GUEST_PANICKED", "SHUTDOWN"], events
        assert events[0]["data"] == {"action": "poweroff"}
        assert events[1]["data"] == {"guest": True, "reason": "guest-panic"}
        m.errors.clear()


def script(how, lines, *options):
    """Runs a script; exit status, what riscreen said, the report."""
    path = os.path.join(FOLDER.name, "test.script")
    report = os.path.join(FOLDER.name, "report.xml")
    with open(path, "w") as f:
        f.write(lines)
    with Bare(kernel(how), "--script", path, "--junit", report, *options) as m:
        status, said = m.end(30), m.errors.decode()
        m.errors.clear()
    with open(report) as f:
        return status, said, f.read()


def test_scripts():
    """A script fails on a panic at once, with the last lines; on a reset that is refused; on time-outs as ever."""
    for lines in "wait-serial login timeout=60\n", "wait-shutdown timeout=60\n", "sleep 60\n":
        status, said, report = script(0, lines)
        assert status == PANIC, (lines, status, said)
        assert "test.script:1: " + lines[:6] in said and "the guest panicked" in said, said
        for text in said, report:
            assert "Call Trace: none" in text and "Kernel panic - not syncing: a test" in text, text
        assert 'failures="1"' in report
    assert script(0, "wait-serial 'end Kernel panic'\nquit 5\n", "--on-panic", "none")[0] == 5
    assert script(0, "wait-serial login timeout=60\n", "--on-panic", "exit=44")[0] == 44
    assert script(0, "wait-serial login timeout=60\n", "--on-panic", "stop")[0] == PANIC
    assert script(8, "wait-serial login timeout=60\n", "--no-reboot")[0] == RESET
    assert script(11, "wait-serial login timeout=60\n")[0] == FAILED
    assert script(13, "wait-serial login timeout=1\n")[0] == FAILED
    assert script(13, "wait-serial login timeout=60\n", "--timeout", "1")[0] == TIMEOUT


def test_rv32():
    """The same with 32 bits: a system failure, and a reset without."""
    source = os.path.join(FOLDER.name, "rv32.s")
    for reason, options, status in ((1, ["--on-panic", "exit"], PANIC), (0, ["--no-reboot"], RESET)):
        with open(source, "w") as f:
            f.write(f".globl _start\n_start: li a7, 0x53525354\n li a6, 0\n li a0, 1\n li a1, {reason}\n ecall\n j .\n")
        subprocess.run(["riscv64-unknown-elf-gcc", "-march=rv32ima", "-mabi=ilp32", "-nostdlib", "-static",
                        "-Wl,-Ttext=0x80400000", source, "-o", source + ".elf"], check=True)
        with Bare(flat(source + ".elf"), "--cpu", "rv32", *options) as m:
            assert m.end(30) == status
            m.errors.clear()


if __name__ == "__main__":
    main(tests_of(__import__("__main__")))
