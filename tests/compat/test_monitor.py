#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Lines of QEMU's human monitor, as its clients send them with human-monitor-command: QEMU says the same."""
import os
import shutil
import subprocess
import sys
import tempfile

from bare import Bare, compile_kernel
from guest import Qmp, main, tests_of

# Lines, and whether QEMU's text is the same, letter for letter.
LINES = [
    ("info status", True), ("  info   status  ", True), ("", True), ("   ", True), ("foo", True), ("foo bar", True),
    ("info foo", True), ("sendkey", True), ("sendkey a", True), ("sendkey ctrl-alt-f1", True), ("sendkey ctrl-alt-f1 50", True),
    ("sendkey 0x1e", True), ("sendkey <", True), ("sendkey ctrl-foo", True), ("sendkey ctrl-", True), ("sendkey a b", True),
    ("sendkey a 10 20", True), ("screendump", True), ("mouse_move 1 2", True), ("mouse_move -5 0x10", True),
    ("mouse_move 1 2 1", True), ("mouse_move 1", True), ("mouse_button 1", True), ("mouse_button 5", True),
    ("mouse_button 0", True), ("mouse_button", True), ("stop now", True), ("q x", True), ("stop", True), ("info status", True),
    ("c", True), ("info status", True), ("help foo", True), ("system_reset", True), ("system_powerdown", True),
    ("help stop", True), ("? c", True), ("help sendkey", True), ("info version", False), ("help", False), ("info", False),
    ("screendump /nonexistent/x", True), ("screendump \"{folder}/with space.ppm\"", True),
    ("screendump {folder}/a.png -f png", True), ("screendump {folder}/a.gif -f gif", False), ("screendump {folder}/b.ppm", True),
]


def answers(client, folder):
    texts = []
    for line, _ in LINES:
        text = client("human-monitor-command", **{"command-line": line.format(folder=folder)})
        assert isinstance(text, str) and (text == "" or text.endswith("\r\n")), (line, text)
        texts.append(text.replace(folder, "{folder}"))
    with open(os.path.join(folder, "with space.ppm"), "rb") as f:
        assert f.read(2) == b"P6"
    with open(os.path.join(folder, "a.png"), "rb") as f:
        assert f.read(4) == b"\x89PNG"
    assert client("human-monitor-command", **{"command-line": "quit"}) == ""
    return texts


def qemu_answers(folder):
    """None: there is no QEMU."""
    if not shutil.which("qemu-system-riscv64"):
        return None
    kernel = compile_kernel(os.path.join(folder, "echo.elf"), "echo.c")
    socket = os.path.join(folder, "qmp")
    devices = [word for name in ("gpu", "keyboard", "tablet", "mouse") for word in ("-device", f"virtio-{name}-device")]
    process = subprocess.Popen(["qemu-system-riscv64", "-M", "virt", "-display", "none", "-serial", "null", "-monitor", "none",
                                *devices, "-qmp", f"unix:{socket},server=on,wait=off", "-kernel", kernel],
                               stdin=subprocess.DEVNULL)
    try:
        client = Qmp(socket)
        return answers(client, folder)
    finally:
        process.kill()
        process.wait()


def test_lines():
    with tempfile.TemporaryDirectory() as folder:
        expected = qemu_answers(folder)
    with tempfile.TemporaryDirectory() as folder, Bare("echo.c") as m:
        m.wait("ready")
        client = Qmp(m.monitor)
        texts = answers(client, folder)
        client.close()
        assert m.end() == 0
    for (line, same), text, wanted in zip(LINES, texts, expected or texts):
        assert not same or text == wanted, (line, text, wanted)
    named = dict(zip((line for line, _ in LINES), texts))
    assert named["info version"] == "7.2.0riscreen\r\n"
    assert "sendkey keys [hold_ms]" in named["help"] and "info status" in named["info"]
    assert named["screendump {folder}/a.gif -f gif"].startswith("Error: ")


def test_no_gpu():
    """Without a GPU there is nothing to dump, and that is an error."""
    with Bare("echo.c", "--gpu", "none") as m, tempfile.TemporaryDirectory() as folder:
        m.wait("ready")
        client = Qmp(m.monitor)
        path = os.path.join(folder, "x")
        text = client("human-monitor-command", **{"command-line": f"screendump {path}"})
        assert text == "Error: There is no console to take a screendump from\r\n", text
        try:
            client("screendump", filename=path)
            raise SystemExit("a screendump of nothing")
        except AssertionError as e:
            assert "There is no console" in str(e), e
        assert not os.path.exists(path)
        client.close()
        m.terminate()
        m.end()


if __name__ == "__main__":
    main(tests_of(sys.modules[__name__]))
