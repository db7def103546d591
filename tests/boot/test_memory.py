#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What an idle Debian of 512 MiB holds of the host's memory, and that it lives on with what it gave back."""
import time

from guest import Machine, PROMPT

BOUND = 100  # MB
PATIENCE = 120  # seconds until the machine, which may share its host with others, counts as idle


def resident(pid):
    """The process's share of memory in MB; the code cache, which is mapped twice, counts once."""
    with open(f"/proc/{pid}/smaps_rollup") as f:
        return sum(int(line.split()[1]) for line in f if line.startswith("Pss:")) * 1024 / 1e6


def main():
    with Machine() as m:
        m.wait(PROMPT)
        # a file in memory: pages that the host gets back, and one that it does not
        m.run("dd if=/dev/zero of=/tmp/zeros bs=1M count=48 2>/dev/null; echo end >>/tmp/zeros")
        file, before = m.run("md5sum /tmp/zeros"), resident(m.process.pid)
        end = time.monotonic() + PATIENCE
        while (now := resident(m.process.pid)) > BOUND:
            assert time.monotonic() < end, f"{now:.0f} MB resident; the bound is {BOUND}"
            time.sleep(1)
        print(f"{before:.0f} MB, idle {now:.0f} MB")
        assert m.run("md5sum /tmp/zeros") == file


if __name__ == "__main__":
    main()
