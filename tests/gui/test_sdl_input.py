#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Input of the SDL window in a fake X server: keys, hot keys, pointer, fingers, and the clipboard as typed text.
Usage: test_sdl_input.py UI_FAKE"""
import os
import queue
import subprocess
import sys
import time

from fake_sdl import FakeSdl, same, supported, title
from waiting import until
from xkb import Keyboard
from xserver import XServer, need

KEY_A, KEY_LEFTCTRL, KEY_LEFTALT, KEY_G = 30, 29, 56, 34


def test_keys(fake, window):
    fake.x.xdotool("windowfocus", "--sync", window)
    fake.nothing()
    fake.x.xdotool("key", "a")
    assert fake.nothing() == [f"keyboard 1 {KEY_A} 1", f"keyboard 1 {KEY_A} 0"]
    fake.x.xdotool("keydown", "a")
    time.sleep(1)  # the X server repeats after 0.66 s
    fake.x.xdotool("keyup", "a")
    assert fake.nothing() == [f"keyboard 1 {KEY_A} 1", f"keyboard 1 {KEY_A} 0"], "repeats"
    fake.x.xdotool("keydown", "shift")
    fake.expect("keyboard 1 42 1")
    other = fake.x.xdotool("search", "--maxdepth", 0, ".*").split()[0]
    fake.x.xdotool("windowfocus", other)
    fake.expect("keyboard 1 42 0")
    fake.x.xdotool("keyup", "shift")
    fake.x.xdotool("windowfocus", "--sync", window)
    fake.nothing()


def test_pointer(fake, window):
    fake.x.xdotool("mousemove", "--window", window, 160, 100)
    time.sleep(0.2)
    events = fake.nothing()
    x = [int(e.split()[3]) for e in events if e.startswith("tablet 3 0 ")][-1]
    y = [int(e.split()[3]) for e in events if e.startswith("tablet 3 1 ")][-1]
    assert x * 320 // 32768 == 160 and y * 200 // 32768 == 100, (x, y)
    for button, code in ((1, 0x110), (2, 0x112), (3, 0x111)):
        fake.x.xdotool("click", button)
        got = [e for e in fake.nothing() if e.startswith("tablet 1 ")]
        assert got == [f"tablet 1 {code} 1", f"tablet 1 {code} 0"], got
    fake.x.xdotool("click", 4)
    assert "tablet 2 8 1" in fake.nothing(), "wheel up"
    fake.x.xdotool("click", 5)
    assert "tablet 2 8 -1" in fake.nothing(), "wheel down"


def test_hot_keys(fake, window):
    fake.x.xdotool("key", "ctrl+alt+g")
    until(lambda: "releases" in title(fake, window), "the title says how to release")
    events = fake.nothing()
    assert not any(f" 1 {KEY_G} " in e for e in events), events
    ups = [f"keyboard 1 {code} 0" for code in (KEY_LEFTCTRL, KEY_LEFTALT)]
    assert all(up in events for up in ups), events
    fake.x.xdotool("mousemove_relative", "--", 5, -3)
    events = fake.nothing()
    assert any(e.startswith("mouse 2 0 ") for e in events), events
    assert not any(e.startswith("tablet 3") for e in events), events
    fake.x.xdotool("key", "ctrl+alt+g")
    until(lambda: "grabs" in title(fake, window), "the grab ends")
    fake.x.xdotool("key", "ctrl+alt+s")
    line, _ = fake.expect("riscreen: screenshot saved to ", fake.errors)
    path = line.split(" to ", 1)[1]
    with open(path, "rb") as f:
        assert f.read(8) == b"\x89PNG\r\n\x1a\n"
    assert os.path.dirname(path) == os.path.realpath(fake.folder.name)
    fake.nothing()


def test_fingers(fake, window):
    """Two fingers, scaled, as slots of the touch screen; beside the picture there is no touch."""
    fake.x.xdotool("windowsize", "--sync", window, 640, 600)  # the picture is 640x400, 100 from the top
    until(lambda: same(fake, window, 2, 0, 100), "in the middle")
    fake.nothing()

    def finger(*args):
        _, before = fake.do("finger " + " ".join(map(str, args)))
        return [line.split()[1:] for line in before + fake.nothing(0.2) if line.startswith("touch")]

    slot, number, x, y = ["3", "47"], ["3", "57"], ["3", "53"], ["3", "54"]
    assert finger("down", 90, 500, 50) == [], "the bar above"
    events = finger("down", 91, 500, 500)
    assert [e[:2] for e in events] == [slot, number, x, y] and events[0][2] == "0", events
    assert int(events[2][2]) * 320 // 32768 == 160 and int(events[3][2]) * 200 // 32768 == 100, events
    events = finger("down", 92, 250, 500)
    assert events[0][2] == "1" and events[1][2] == "1" and int(events[2][2]) * 320 // 32768 == 80, events
    events = finger("move", 91, 750, 500)
    assert [e[:2] for e in events] == [slot, x, y] and events[0][2] == "0", events
    assert int(events[1][2]) * 320 // 32768 == 240
    assert finger("move", 90, 500, 500) == [], "it came down beside"
    assert finger("up", 91, 0, 0) == [slot + ["0"], number + ["-1"]]
    other = fake.x.xdotool("search", "--maxdepth", 0, ".*").split()[0]
    fake.x.xdotool("windowfocus", "--sync", window)
    fake.x.xdotool("windowfocus", other)
    fake.expect("touch 3 57 -1")
    fake.x.xdotool("windowsize", "--sync", window, 320, 200)
    until(lambda: same(fake, window), "its own size")


def set_clipboard(x, text):
    subprocess.run(["xclip", "-selection", "clipboard", "-i"], input=text.encode(), env=x.env, check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def typed(fake, layout, length):
    """What the guest would read, until so many characters."""
    keyboard, text, end = Keyboard(layout), "", time.monotonic() + 30
    while len(text) < length and time.monotonic() < end:
        try:
            event = fake.lines.get(timeout=1).split()
        except queue.Empty:
            break
        if event[:2] == ["keyboard", "1"]:
            text += keyboard.key(int(event[2]), event[3] == "1")
    return text


ASCII = "".join(chr(c) for c in range(32, 127))
TEXTS = {"us": ("us", ASCII + "\t\n"), "uk": ("gb", ASCII + "£€¬"),
         "de": ("de", ASCII + "äöüÄÖÜß§°€²³µéèêáàâÉÈÊ´"), "fr": ("fr", ASCII + "éèçàùêëîïôûâ²§£€µ°¨")}


def test_paste(program, x):
    """The clipboard is typed for the guest's layout; characters that the layout lacks are reported."""
    for name, (layout, text) in TEXTS.items():
        fake = FakeSdl(program, x, f"keymap={name}")
        window = x.window("^fake")
        fake.do("mode 320 200")
        x.xdotool("windowfocus", "--sync", window)
        set_clipboard(x, text + "\u2603")
        x.xdotool("key", "ctrl+alt+v")
        got = typed(fake, layout, len(text))
        assert got == text, f"{name}: {got!r} for {text!r}"
        line, _ = fake.expect("riscreen: typing left out 1 ", fake.errors)
        assert "\u2603" in line
        fake.end()
    fake = FakeSdl(program, x)
    window = x.window("^fake")
    x.xdotool("windowfocus", "--sync", window)
    fake.nothing()
    fake.do("waiting 1")  # a guest that reads nothing
    set_clipboard(x, "ab")
    x.xdotool("key", "ctrl+alt+v")
    until(lambda: "typing the clipboard" in title(fake, window), "the title says so")
    assert not any(" 1 30 1" in e for e in fake.nothing())
    _, before = fake.do("waiting 0")
    assert "keyboard 1 30 1" in before + fake.nothing(), "it goes on"
    fake.do("leds 2")  # caps lock: letters change their shift
    fake.nothing()
    set_clipboard(x, "a")
    x.xdotool("key", "ctrl+alt+v")
    fake.expect("keyboard 1 42 1")
    fake.expect("keyboard 1 30 1")
    fake.do("leds 0")
    set_clipboard(x, "x" * 1000)
    fake.nothing()
    x.xdotool("key", "ctrl+alt+v")
    until(lambda: "typing the clipboard" in title(fake, window), "a long text")
    x.xdotool("key", "ctrl+alt+v")
    until(lambda: "typing the clipboard" not in title(fake, window), "stopped")
    fake.end()


def main():
    program = os.path.abspath(sys.argv[1])
    if not supported(program):
        return 1
    need("xclip")
    with XServer() as x:
        fake = FakeSdl(program, x)
        window = x.window("^fake")
        x.xdotool("windowmove", "--sync", window, 0, 0)
        fake.do("mode 320 200")
        until(lambda: same(fake, window), "the first picture")
        for test in (test_keys, test_pointer, test_hot_keys, test_fingers):
            print(test.__name__, flush=True)
            test(fake, window)
        fake.end()
    with XServer() as x:
        print("test_paste", flush=True)
        test_paste(program, x)
    return 0


if __name__ == "__main__":
    sys.exit(main())
