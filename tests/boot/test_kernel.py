#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Debian's stock kernel, its modules and a small root come up, run a program and turn the machine off.

Usage: test_kernel.py HARTS [OPTION...]
       test_kernel.py FIRMWARE HARTS [OPTION...]   FIRMWARE is a file, or a subject of guest/make
"""
import os
import sys

from guest import Machine, guest, skip

# The program says what it sees of the machine, and its exit status is seen outside.
PROGRAM = "nproc; grep ^isa /proc/cpuinfo | uniq | wc -l; ls /dev/dri /dev/input; exit 7"


def find_firmware(name):
    path = name if os.path.isabs(name) else guest(name)
    if not os.path.exists(path):
        skip(f"no {path}; it is in Debian's package opensbi")
    return path


def main():
    options = sys.argv[1:]
    firmware = [] if options[0].isdigit() else ["--bios", find_firmware(options.pop(0))]
    harts = int(options.pop(0))
    screen = "--virtio=legacy" not in options  # Linux's drivers for the GPU and for input require version 2
    with Machine(*firmware, *options, harts=harts, append=f'riscreen.run="{PROGRAM}"') as m:
        if firmware:
            m.wait("OpenSBI v")
        m.wait(r"Linux version 6\.\d+")
        m.wait("riscreen: init", 120 if "--jit=verify" not in options else 700)
        m.wait(rf"(?m)^{harts}\r?$")
        m.wait(r"(?m)^1\r?$")
        if screen:
            m.wait("card0")
            m.wait("event0")
        m.wait("riscreen: exit 7")
        m.wait("reboot: Power down")
        assert m.end() == 0
        assert b"verify:" not in m.errors, m.errors.decode(errors="replace")


if __name__ == "__main__":
    main()
