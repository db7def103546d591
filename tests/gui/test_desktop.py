#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Debian's X desktop: root window, xterm, glxgears; pointer and keys; X killed and started again."""
import sys

from desktop import (GEARS, ROOT, XTERM, background, button, cursor_box, gears_shown, inside, machine, point, start_x,
                     type_text)
from guest import main, tests_of
from screen import look
from waiting import until

RED = (255, 0, 0)


def test_gears(m):
    """The gears are there, in their colours, and turn."""
    assert gears_shown(m)
    seen = {inside(look(m), GEARS)}
    until(lambda: seen.add(inside(look(m), GEARS)) or len(seen) >= 4, "gears that turn", 60)
    m.run("killall glxgears")  # the tests that follow need a still screen
    until(lambda: look(m).pixel(GEARS[0] + 1, GEARS[1] + 1) == ROOT, "the root window in their place")


def test_pointer(m):
    """The pointer is drawn where it was moved to, to the pixel."""
    places = [(640, 500), (641, 500), (640, 501), (900, 700), (60, 600), (1240, 30)]
    offsets = set()
    first = None
    for x, y in places:
        point(m, x, y)

        def there():
            box = cursor_box(m)
            return box and (not first or (box[0] - x, box[1] - y) == first) and \
                box[0] <= x < box[2] and box[1] <= y < box[3] and box
        box = until(there, f"the pointer at {x},{y}, not {cursor_box(m)}", 20)
        first = box[0] - x, box[1] - y
        offsets.add((*first, box[2] - box[0], box[3] - box[1]))
    assert len(offsets) == 1, offsets  # and of one size
    assert -16 <= first[0] <= 0 and -16 <= first[1] <= 0, first


def test_typing(m):
    """What is typed appears in xterm, and what it says is done: the root window becomes red, each pixel of it."""
    point(m, 200, 200)
    button(m)
    before = look(m)
    assert before.pixel(1279, 799) == ROOT
    type_text(m, "xsetroot -solid red")

    def typed():
        screen = look(m)
        line = [x for x in range(XTERM[0], XTERM[2]) if any(screen.pixel(x, y) == (0, 0, 0) for y in range(43, 55))]
        return len(line) > 150 and screen
    screen = until(typed, "the command in xterm", 60)
    assert pixels_of(screen, ROOT) == pixels_of(before, ROOT), "typing changed the root window"
    type_text(m, "\n")
    until(lambda: look(m).pixel(1279, 799) == RED, "a red root window", 60)
    wrong = pixels_of(before, ROOT) ^ pixels_of(look(m), RED)
    assert not wrong, f"{len(wrong)} pixels of the root window are not red, as {sorted(wrong)[0]}"


def pixels_of(screen, colour):
    """The places of a colour."""
    data, wanted = screen.data, bytes(colour)
    return {at // 3 for at in range(0, len(data), 3) if data[at:at + 3] == wanted}


def test_menu(m):
    """A button pressed on the root window opens twm's menu, and it goes when the button is let go elsewhere."""
    point(m, 700, 500)
    before = pixels_of(look(m), RED)
    m.qmp("input-send-event", events=[{"type": "btn", "data": {"button": "left", "down": True}}])
    until(lambda: len(before) - len(pixels_of(look(m), RED)) > 5000, "a menu", 30)
    point(m, 1200, 700)
    m.qmp("input-send-event", events=[{"type": "btn", "data": {"button": "left", "down": False}}])
    until(lambda: pixels_of(look(m), RED) == before, "no menu", 30)


def test_restart(m):
    """kill -9 of Xorg leaves the machine well: it starts again, gears and all."""
    background(m, "sh -c 'DISPLAY=:0 exec glxgears'", "/tmp/gears.log")
    m.run("killall -9 Xorg")
    until(lambda: not look(m).pixel(1279, 799) == RED, "the end of X", 30)
    m.run("sleep 1; rm -f /tmp/.X0-lock")
    start_x(m)


if __name__ == "__main__":
    with machine() as the_machine:
        start_x(the_machine)
        main({name: lambda f=f: f(the_machine) for name, f in tests_of(sys.modules[__name__]).items()})
        the_machine.qmp("system_powerdown")
        assert the_machine.end(120) == 0
