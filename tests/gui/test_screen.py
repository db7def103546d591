#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The screen of a small root, each pixel of it: the kernel's text console, keys typed there, and modetest."""
import sys
import time

import console
from guest import Machine, PROMPT, main, tests_of
from screen import colours, difference, look, shows
from smpte import bars
from waiting import until

MODE = "modetest -M virtio_gpu -s {}:1024x768"
WIDTH, HEIGHT = 1024, 768
PLAIN = 0x77  # each byte of modetest's other pattern


def test_console(m):
    """Every cell of the text console in a colour that follows from its place, and letters as the kernel draws them."""
    columns, rows = 1280 // console.CELL_W, 800 // console.CELL_H
    m.run(console.hide())
    m.run(f"awk 'BEGIN {{ for (y = 0; y < {rows}; y++) {{ printf \"\\033[%d;1H\", y + 1; for (x = 0; x < {columns}; x++)"
          " printf \"\\033[4%dm \", (x * 3 + y * 5 + int(x * y / 7)) % 8 }; printf \"\\033[m\" }' >/dev/tty1")
    shows(m, console.picture(columns, rows, lambda x, y: (x * 3 + y * 5 + x * y // 7) % 8), "coloured cells", 20)
    text = "ALARA"
    m.run(console.hide() + f"; printf '{console.at(3, 2)}{text}' >/dev/tty1")
    until(lambda: [console.glyph(look(m), 3 + i, 2) for i in range(len(text))] == [console.FONT[c] for c in text],
          "letters as in the font", 20)
    counts = colours(look(m))
    lit = sum(bin(line).count("1") for letter in text for line in console.FONT[letter])
    assert counts == {console.PALETTE[7]: lit, (0, 0, 0): 1280 * 800 - lit}, counts


def test_scroll(m):
    """Lines that scroll through the text console: the last fifty stand there in their order, each pixel."""
    m.run(console.hide())
    m.run("awk 'BEGIN { s = sprintf(\"%160s\", \"\"); for (i = 0; i < 120; i++) "
          "printf \"\\n\\033[4%dm%s\\033[m\", int(i * i / 7) % 8, substr(s, 1, 1 + i % 160) }' >/dev/tty1")
    last = list(range(70, 120))
    shows(m, console.picture(160, 50, lambda x, y: last[y] ** 2 // 7 % 8 if x <= last[y] % 160 else 0), "scrolled lines", 60)
    # and a part of the screen, up and down
    m.run("printf '\\033[11;20r\\033[20;1H\\n\\n\\n\\033[11;1H\\033M\\033[r' >/dev/tty1")
    part = last[:10] + [None] + last[13:20] + [None, None] + last[20:]
    shows(m, console.picture(160, 50, lambda x, y: part[y] ** 2 // 7 % 8 if part[y] and x <= part[y] % 160 else 0),
          "a part that was scrolled", 30)
    m.run("printf '\\033[?25h\\033c' >/dev/tty1")


def test_keys(m):
    """What is typed on the keyboard is read back from the pixels of the console, and nothing else changes."""
    wanted = "".join(console.TYPED.values())
    letters = console.alphabet(m, wanted)
    m.key("ctrl", "l")  # the shell clears the screen and prompts anew
    before = until(lambda: prompted(m), "a prompt at rest", 20)
    column, row = max(x for x in range(160) if console.glyph(before, x, 0)) + 2, 0
    for chord in console.TYPED:
        m.key(*chord)
    try:
        until(lambda: read(m, letters, column, row, len(wanted)) == wanted, "the typed keys", 20)
    except AssertionError:
        got = read(m, letters, column, row, len(wanted))
        raise AssertionError(f"typed {wanted!r}, the pixels say {got!r}") from None
    _, box = difference(before, look(m))
    assert box[0] >= column * console.CELL_W and box[2] <= (column + len(wanted)) * console.CELL_W, box
    assert box[1] >= row * console.CELL_H and box[3] <= (row + 1) * console.CELL_H, box
    m.key("ctrl", "c")


def read(m, letters, column, row, count):
    screen = look(m)
    return "".join(letters.get(console.glyph(screen, column + i, row), "?") for i in range(count))


def prompted(m):
    """The picture, once only the first row has text; its letters are those of the prompt, as far as they are known."""
    screen = rest(m)
    rows = {y for y in range(50) for x in range(160) if console.glyph(screen, x, y)} if screen else None
    return screen if rows == {0} and console.glyph(screen, 14, 0) and not console.glyph(screen, 20, 0) else None


def rest(m):
    """The picture, if it stays the same for half a second."""
    one = look(m)
    time.sleep(0.5)
    return one if one.data == look(m).data else None


def start(m, options):
    """Starts modetest; ^C or return ends it."""
    connector = m.run("modetest -M virtio_gpu -c | sed -n '/connected/s/\\t.*//p'").strip()
    m.send(MODE.format(connector) + options + "\n")


def test_bars(m):
    """modetest's SMPTE bars, all 786,432 pixels; the console comes back."""
    before = until(lambda: rest(m), "a console at rest")
    start(m, "")
    shows(m, bars(WIDTH, HEIGHT), "SMPTE bars", 60)
    m.send("\n")
    m.wait(PROMPT)
    shows(m, before, "the console after modetest", 60)


def test_flips(m):
    """Page flips: only the two pictures that are flipped are ever seen, both of them, and they go on."""
    start(m, " -v")
    m.wait("freq: ")
    pictures = {bars(WIDTH, HEIGHT).data: 0, bytes([PLAIN]) * (WIDTH * HEIGHT * 3): 0}
    end = time.monotonic() + 60
    while min(pictures.values()) < 3:
        assert time.monotonic() < end, f"seen: {list(pictures.values())}"
        got = look(m)
        assert got.data in pictures, f"a picture that was never flipped to: {sorted(colours(got))[:9]}"
        pictures[got.data] += 1
    m.wait("freq: ")
    m.send("\x03")
    m.wait(PROMPT)


def test_modes(m):
    """modetest sets each mode of the EDID, and its bars fill it."""
    connector, *_ = m.run("modetest -M virtio_gpu -c | sed -n '/[^s]connected/s/\\t.*//p'").split()
    modes = m.run("modetest -M virtio_gpu -c | sed -n 's/^ *#[0-9]* \\([0-9]*x[0-9]*\\) .*/\\1/p'").split()
    assert len(set(modes)) >= 5, modes
    for mode in dict.fromkeys(modes):
        width, height = map(int, mode.split("x"))
        m.send(f"modetest -M virtio_gpu -s {connector}:{mode}\n")
        shows(m, bars(width, height), f"bars in {mode}", 60)
        m.send("\n")
        m.wait(PROMPT)


def test_cursor(m):
    """modetest's moving cursor, 64x64 and half transparent: in the picture only when asked for, blended, and it moves."""
    start(m, " -C")
    m.wait("starting cursor")
    screen = shows(m, bars(WIDTH, HEIGHT), "bars below a cursor", 60)
    places = set()

    def moves():
        with_cursor = look(m, cursor=True)
        count, box = difference(screen, with_cursor)
        if not box:
            return False
        assert box[2] - box[0] <= 64 and box[3] - box[1] <= 64, f"{count} pixels in {box}"
        for y in range(box[1], box[3], 7):
            for x in range(box[0], box[2], 7):
                below, seen = screen.pixel(x, y), with_cursor.pixel(x, y)
                blended = [PLAIN + c * (255 - PLAIN) / 255 for c in below]
                assert all(abs(a - b) <= 1 for a, b in zip(seen, blended)), f"{x},{y}: {below} became {seen}"
        places.add(box)
        return len(places) >= 3

    until(moves, "a cursor that moves", 30)
    shows(m, bars(WIDTH, HEIGHT), "bars untouched by the cursor", 1)
    m.send("\n")
    m.wait(PROMPT)
    until(lambda: look(m, cursor=True).data == look(m).data, "no cursor when modetest has ended", 20)


if __name__ == "__main__":
    with Machine("--gpu", "1280x800") as machine:
        machine.wait(PROMPT)
        main({name: lambda f=f: f(machine) for name, f in tests_of(sys.modules[__name__]).items()})
        machine.send("poweroff\n")
        assert machine.end() == 0
