#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Screen scripts on a real guest: one run makes a reference, the next meets it, a third fails as it should."""
import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml

from guest import guest, main, tests_of

PREPARE = r"""
wait-serial 'root@riscreen:~# ' timeout=300
# the screen's shell: a clear screen, no cursor, a word in the middle
type "printf '\\033[2J\\033[?25l\\033[20;70HHELLO' >/dev/tty1; echo dr''awn >/dev/ttyS0; sleep 999\n"
wait-serial drawn
sleep 0.5
"""
END = "type-serial \"poweroff\\n\"\nwait-shutdown timeout=60\n"


def run(folder, text, *options):
    path = os.path.join(folder, "t.script")
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    command = [os.environ["RISCREEN"], "-H", "-m", "512M", "-k", guest("kernel"), "-i", guest("initrd"),
               "-d", guest("root") + ",ro", "-a", "console=ttyS0", "--script", path, *options]
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, errors="replace", timeout=500)


def test_script():
    with tempfile.TemporaryDirectory() as folder:
        got = run(folder, PREPARE + "snap ref.png\n" + END)
        assert got.returncode == 0, (got.returncode, got.stderr, got.stdout[-2000:])
        report = os.path.join(folder, "report.xml")
        got = run(folder, PREPARE + "wait-screen ref.png timeout=30\n"
                  "wait-screen ref.png region=100x40+540+300 timeout=30\nquit 3\n", "--junit", report)
        assert got.returncode == 3, (got.returncode, got.stderr, got.stdout[-2000:])
        suite = xml.parse(report).getroot()[0]
        assert (suite.get("failures"), suite.get("skipped")) == ("0", "0"), suite.attrib
        got = run(folder, PREPARE + "type-serial \"printf '\\\\033[20;70HJELLO' >/dev/tty1\\n\"\nsleep 1\n"
                  "wait-screen ref.png timeout=1\nquit\n", "--script-out", folder, "--junit", report)
        assert got.returncode == 1, (got.returncode, got.stderr)
        assert "pixels differ" in got.stderr and "line9-difference.png" in got.stderr, got.stderr
        for what in ("expected", "actual", "difference"):
            assert os.path.exists(os.path.join(folder, f"t-line9-{what}.png")), what
        assert xml.parse(report).getroot()[0].get("failures") == "1"


def test_mistake():
    """A mistake anywhere in the script is reported before anything starts."""
    with tempfile.TemporaryDirectory() as folder:
        got = run(folder, "wait-serial x\n\nkey ctrl-nokey\n")
        assert got.returncode == 1 and got.stdout == "", got
        assert got.stderr.count("\n") == 1 and "t.script:3: 'nokey' is no key" in got.stderr, got.stderr


if __name__ == "__main__":
    main(tests_of(sys.modules[__name__]))
