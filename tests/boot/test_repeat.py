#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""With --threads=single two boots of Debian are the same, instruction by instruction: counters, registers, RAM, time and
the serial line with its timestamps, also when one is stopped and continued all the while.

Usage: test_repeat.py PROGRAM HARTS   PROGRAM: tests/boot/repeat.c
"""
import subprocess
import sys

from guest import guest

CMDLINE = "console=ttyS0 riscreen.run=\"cat /dev/vda /dev/hwrng | head -c 8000000 | md5sum; date; cat /proc/interrupts; sleep 1\""


def run(how):
    program, harts = sys.argv[1:]
    done = subprocess.run([program, harts, how, guest("kernel"), guest("initrd"), guest("root"), CMDLINE],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, timeout=400)
    log = done.stderr.decode(errors="replace")
    assert done.returncode == 0, log[-4000:]
    assert "riscreen: exit 0" in log and "Power down" in log, log[-4000:]
    return done.stdout.decode(), log


def main():
    runs = [run("alone"), run("disturb")]
    print(runs[0][0], runs[1][1].splitlines()[-1])
    if runs[0][0] != runs[1][0]:
        a, b = (log.splitlines() for _, log in runs)
        differ = [(x, y) for x, y in zip(a, b) if x != y][:3]
        raise AssertionError(f"{runs[0][0]}\n{runs[1][0]}\nthe serial line first differs in {differ}")


if __name__ == "__main__":
    main()
