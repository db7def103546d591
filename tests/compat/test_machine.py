#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The machine as a bare kernel finds it."""
from bare import Bare, qemu
from guest import main, tests_of


def test_hello():
    """A kernel in S-mode and in M-mode starts, writes and ends with its status, as on QEMU."""
    for mode in "sm":
        with Bare("hello.c", mode=mode) as m:
            m.wait("hello from hart 0x0")
            assert m.end() == 3
        status, text = qemu("hello.c", mode=mode)
        assert (status, "hello from hart 0x0" in text) == (3, True), (status, text)


def test_triggers():
    """The debug triggers keep what QEMU's keep, and fire when they do."""
    with Bare("triggers.c", mode="m") as m:
        assert m.end() == 0
        mine = m.output.decode().replace("\r", "")
    status, text = qemu("triggers.c", mode="m")
    assert status == 0 and text.splitlines() == mine.splitlines(), f"QEMU says\n{text}\nriscreen says\n{mine}"


if __name__ == "__main__":
    main(tests_of(__import__("__main__")))
