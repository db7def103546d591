#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Programs that draw by themselves, straight on the screen: kmscube and glmark2 by Mesa's software OpenGL (page flips
of what the guest's CPU drew), and weston, a Wayland desktop. It takes the machine a while."""
import sys
import time

from desktop import HEIGHT, WIDTH, background, button, machine, point, type_text
from guest import PROMPT, main, tests_of
from screen import colours, difference, look, until


def moving(m, check, what, seconds):
    """Waits for a picture that satisfies check, and then for two more that do and differ."""
    seen = set()

    def another():
        screen = look(m)
        if check(screen):
            seen.add(screen.data)
        return len(seen) >= 3
    until(another, what, seconds, 0.3)


def test_kmscube(m):
    """A cube in smooth colours turns in the middle of grey: the edges stay grey, the middle never is."""
    grey = (128, 128, 128)

    def cube(screen):
        edges = [screen.pixel(x, y) for x in range(0, WIDTH, 16) for y in (0, HEIGHT - 1)] + \
                [screen.pixel(x, y) for y in range(0, HEIGHT, 16) for x in (0, WIDTH - 1)]
        return set(edges) == {grey} and screen.pixel(WIDTH // 2, HEIGHT // 2) != grey and len(colours(screen)) > 2000

    m.send("sleep 1000 | kmscube\n")
    moving(m, cube, "kmscube's cube", 200)
    m.send("\x03")
    m.wait(PROMPT)


def test_glmark2(m):
    """glmark2's horse, in greys on black, of one size and all over the screen's middle; it turns."""
    def horse(screen):
        counts = colours(screen)
        black = counts.pop((0, 0, 0), 0)
        greys = sum(n for (r, g, b), n in counts.items() if max(r, g, b) - min(r, g, b) <= 2)
        return len(counts) > 100 and black > WIDTH * HEIGHT // 2 and greys > 0.99 * sum(counts.values()) > 50000

    m.send('glmark2-es2-drm -b build:duration=600 --visual-config "red=8:green=8:blue=8:alpha=0:buffer=24"\n')
    moving(m, horse, "glmark2's horse", 200)
    m.send("\x03")
    m.wait(PROMPT)


def test_weston(m):
    """weston's desktop: a dark panel with a clock, 32 pixels high, above its wallpaper; the pointer where it was moved to;
    a terminal."""
    m.run("echo '<fontconfig/>' >/tmp/fonts.conf")  # to look through all fonts would take half a minute
    background(m, "env FONTCONFIG_FILE=/tmp/fonts.conf /root/startweston.sh", "/tmp/weston.log")

    def desktop():
        screen = look(m)
        panel = [max(screen.pixel(x, y)) for y in range(2, 30, 3) for x in range(60, 1000, 10)]
        paper = [screen.pixel(x, y) for y in range(40, HEIGHT, 20) for x in range(0, WIDTH, 20)]
        clock = any(min(screen.pixel(x, y)) > 150 for y in range(2, 30) for x in range(1000, WIDTH))
        return max(panel) < 70 and clock and all(100 < c < 160 for p in paper for c in p) and len(set(paper)) > 2
    until(desktop, "weston's desktop", 200, 0.5)
    # drawn into the picture, as this renderer has no buffers for a cursor plane
    point(m, 100, 100)
    there = until(lambda: at_rest(m), "a picture at rest", 30)
    point(m, 300, 300)
    first = until(lambda: difference(there, at_rest(m))[1], "a pointer", 30)
    point(m, 700, 451)
    grown = first[:2] + (first[2] + 400, first[3] + 151)
    until(lambda: difference(there, at_rest(m))[1] == grown, "a moved pointer", 30)
    point(m, 20, 16)  # the panel's launcher
    button(m)
    paper = until(lambda: terminal_paper(m) and at_rest(m), "weston's terminal", 200, 0.5)
    type_text(m, "ls -d /etc /usr\n")
    until(lambda: 100 < difference(paper, at_rest(m))[0] < 20000, "what was typed in the terminal", 60)


def terminal_paper(m):
    """weston-terminal opens black and large; the rest of this desktop is not black."""
    return colours(look(m)).get((0, 0, 0), 0) > WIDTH * HEIGHT // 5


def at_rest(m):
    """The screen once it stays the same for half a second."""
    screen = look(m)
    while True:
        time.sleep(0.5)
        last, screen = screen, look(m)
        if last.data == screen.data:
            return screen


if __name__ == "__main__":
    with machine() as the_machine:
        main({name: lambda f=f: f(the_machine) for name, f in tests_of(sys.modules[__name__]).items()})
