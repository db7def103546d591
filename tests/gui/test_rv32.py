#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The 32-bit guest (rv32ima): the console with its penguin, a shell, keys, and the DRM client as a 32-bit program."""
import sys

import console
from guest import Machine, PROMPT, main, tests_of
from kms import Canvas, Kms, disk, modes
from screen import look, shows
from waiting import until

CPU = ("--cpu", "rv32,f=off,d=off,c=off")
LOGO = (80, 80)  # the kernel's penguin: 80x80 pixels, in the corner, one for each hart


def penguin(screen, left=0):
    """True if there is a penguin: a yellow beak, a white belly, a black body, and none of it out of place."""
    def count(box, colour):
        x1, y1, x2, y2 = box
        return sum(colour(screen.pixel(x, y)) for y in range(y1, y2) for x in range(left + x1, left + x2))

    def yellow(p):
        return p[0] > 200 and p[1] > 140 and p[2] < 100

    def white(p):
        return min(p) > 230

    def dark(p):
        return max(p) < 40
    beak, feet = count((20, 15, 60, 40), yellow), count((0, 50, 80, 80), yellow)
    belly, body = count((20, 35, 60, 75), white), count((10, 0, 70, 80), dark)
    return beak > 60 and feet > 150 and belly > 250 and body > 800 and count((0, 0, 80, 14), yellow) == 0


def test_penguin(m):
    """The kernel's penguin stands above its messages until the screen is scrolled or cleared."""
    until(lambda: penguin(look(m)), "a penguin", 30)
    screen = look(m)
    assert penguin(screen, LOGO[0]), "the second hart's penguin"
    assert not penguin(screen, 2 * LOGO[0]), "a penguin without a hart"
    rows = {y for y in range(50) for x in range(160) if y >= 5 and console.glyph(screen, x, y)}
    assert len(rows) > 10, f"text below the penguins in {len(rows)} rows"


def test_machine(m):
    """It is a 32-bit machine with the extensions that were asked for, and its clock goes."""
    assert "riscv32" in m.run("uname -m")
    isa = m.run("grep -m 1 ^isa /proc/cpuinfo").split(":")[1].strip()
    assert isa.startswith("rv32ima") and "rv32imaf" not in isa and "rv32imac" not in isa, isa
    assert m.run("cat /proc/cpuinfo").count("processor") == 2
    assert m.run("awk 'BEGIN { printf \"%.6f\\n\", sqrt(2) * 3 }'").strip() == "4.242641", "soft floating point"
    assert m.run("seq 1 20000 | md5sum").startswith("e071f707df7bbeee2a6a1eb48011ddd0")


def test_keys(m):
    """What is typed on the keyboard appears on the screen, and a 32-bit shell does it."""
    m.run(console.hide())
    m.key("ctrl", "l")
    for c in "printf ":
        m.key("spc" if c == " " else c)
    m.key("shift", "apostrophe")
    m.key("backslash")
    for c in "033c":
        m.key(c)
    m.key("backslash")
    for c in "033":
        m.key(c)
    m.key("bracket_left")
    for c in "4":
        m.key(c)
    for c in "4m":
        m.key(c)
    m.key("backslash")
    for c in "033":
        m.key(c)
    m.key("bracket_left")
    for c in "2":
        m.key(c)
    m.key("shift", "j")
    m.key("shift", "apostrophe")
    m.key("ret")
    until(lambda: look(m).pixel(1279, 799) == console.PALETTE[4], "a blue screen that was typed", 30)


def test_kms(m):
    """The DRM client as a 32-bit program: modes, pictures, damage, flips, a cursor."""
    m.run("mount -t ext4 -o ro /dev/vda /mnt")
    kms = Kms(m)
    assert "bits 32 " in kms("info")
    assert (1024, 768) in modes(kms)
    kms("new a 1024 768", "pattern a 1", "crtc a")
    shows(m, Canvas(1024, 768, 1).picture(), "a pattern", 30)
    kms("pattern a 2 100 50 300 200", "dirty a 100 50 300 200")
    wanted = Canvas(1024, 768, 1).pattern(2, 100, 50, 300, 200)
    shows(m, wanted.picture(), "a damaged part", 30)
    kms("new b 1024 768", "pattern b 3", "flips 51 a b")
    shows(m, Canvas(1024, 768, 3).picture(), "the last flip", 30)
    kms("new c 64 64 argb", "rect c 0 0 64 64 80402010", "cursor c -10 700 3 4")
    shows(m, Canvas(1024, 768, 3).rect(-10, 700, 64, 64, 0x80402010).picture(), "a cursor", 30, cursor=True)
    print(kms("timing 3").replace("kms: ", ""), end="")
    kms.quit()
    m.wait(PROMPT)


if __name__ == "__main__":
    import tempfile
    with tempfile.TemporaryDirectory() as folder, \
            Machine(*CPU, "--gpu", "1280x800", harts=2, memory="128M", kernel="kernel32", initrd="initrd32",
                    disk=disk(32, folder), append="console=tty0 console=ttyS0") as machine:
        machine.wait(PROMPT)
        main({name: lambda f=f: f(machine) for name, f in tests_of(sys.modules[__name__]).items()})
        machine.send("poweroff\n")
        assert machine.end() == 0
