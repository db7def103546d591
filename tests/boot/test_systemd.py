#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""systemd brings a guest to its login, with nothing failed, and logind obeys the power button."""
import tempfile

from guest import Machine, copy_disk, guest


def main():
    with tempfile.TemporaryDirectory(prefix="riscreen-test-") as folder:
        disk = copy_disk(guest("systemd"), folder)
        with Machine(disk=disk, harts=2, memory="1G") as m:
            m.wait(r"Welcome to .*Debian", 200)
            m.wait(r"riscreen login: root \(automatic login\)", 300)
            m.wait(r"root@riscreen:~# ", 120)
            m.send("systemctl is-system-running --wait; systemctl --failed --no-legend --plain; echo e''nd\n")
            state = m.wait(r"(?s)\n(running|degraded|starting)\r\n(.*)end", 200)
            assert state[1] == b"running", state[0].decode()
            m.qmp("system_powerdown")
            m.wait("reboot: Power down", 120)
            assert m.end() == 0


if __name__ == "__main__":
    main()
