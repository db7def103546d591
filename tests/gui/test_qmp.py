#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""One client script, two machines: QEMU, if it is installed, and riscreen. The firmware is two
instructions that sleep. Usage: test_qmp.py RISCREEN"""
import os
import shutil
import subprocess
import sys
import tempfile

SLEEP = bytes.fromhex("73005010" "6ff0dfff")  # 1: wfi; j 1b

MACHINES = {
    "qemu-system-riscv64": ["-M", "virt", "-display", "none", "-serial", "null",
                            "-device", "virtio-gpu-device", "-device", "virtio-keyboard-device",
                            "-device", "virtio-tablet-device",
                            "-qmp", "unix:{socket},server=on,wait=off", "-bios"],
    "riscreen": ["-H", "-m", "64M", "--monitor", "unix:{socket}", "--bios"],
}


def main():
    client = os.path.join(os.path.dirname(os.path.abspath(__file__)), "qmp_client.py")
    for name, arguments in MACHINES.items():
        program = os.path.abspath(sys.argv[1]) if name == "riscreen" else shutil.which(name)
        if not program:
            print(f"{name}: not installed")
            continue
        with tempfile.TemporaryDirectory() as folder:
            firmware = os.path.join(folder, "sleep.bin")
            with open(firmware, "wb") as f:
                f.write(SLEEP)
            command = [sys.executable, client, os.path.join(folder, "qmp"), "--", program,
                       *arguments, firmware]
            if subprocess.run(command, timeout=120).returncode:
                print(f"{name}: failed")
                return 1
            print(f"{name}: fine")
    return 0


if __name__ == "__main__":
    sys.exit(main())
