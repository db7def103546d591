#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Programs that draw by themselves, straight on the screen: kmscube and glmark2 by Mesa's software OpenGL (page flips
of what the guest's CPU drew), and weston, a Wayland desktop. It takes the machine a while."""
import sys
import time

from desktop import HEIGHT, WIDTH, background, button, machine, point, type_text
from guest import PROMPT, main, tests_of
from screen import colours, difference, look
from waiting import until

PANEL = 32  # height of weston's


def moving(m, check, what, seconds):
    """Waits for a picture that satisfies check, and then for two more that do and differ."""
    seen = set()

    def another():
        screen = look(m)
        if check(screen):
            seen.add(screen.data)
        return len(seen) >= 3
    until(another, what, seconds, 0.3)


def covariance(places, a, b):
    mean_a, mean_b = sum(p[a] for p in places) / len(places), sum(p[b] for p in places) / len(places)
    return sum((p[a] - mean_a) * (p[b] - mean_b) for p in places) / len(places)


def right_handed(screen, grey):
    """Are red, green and blue right? kmscube's cube is red along x, green along y, blue along z, darker where there is
    less light; so on a face where one is largest (it is 1 there) the next two grow counter-clockwise one after the
    other, and clockwise where it is 0. With two colours swapped the cube is its mirror image."""
    faces = {}
    for y in range(0, HEIGHT, 4):
        for x in range(0, WIDTH, 4):
            c = screen.pixel(x, y)
            if c != grey:
                axis, side = (c.index(0), -1) if min(c) == 0 else (c.index(max(c)), 1)
                faces.setdefault((axis, side), []).append((x, -y, c[(axis + 1) % 3], c[(axis + 2) % 3]))
    turns = [side * (covariance(places, 0, 2) * covariance(places, 1, 3) -
                     covariance(places, 1, 2) * covariance(places, 0, 3))
             for (_, side), places in faces.items() if len(places) > 1000]
    return turns and min(turns) > 0


def test_kmscube(m):
    """A cube in smooth colours turns in the middle of grey: the edges stay grey, the middle never is."""
    grey = (128, 128, 128)

    def cube(screen):
        edges = [screen.pixel(x, y) for x in range(0, WIDTH, 16) for y in (0, HEIGHT - 1)] + \
                [screen.pixel(x, y) for y in range(0, HEIGHT, 16) for x in (0, WIDTH - 1)]
        return set(edges) == {grey} and screen.pixel(WIDTH // 2, HEIGHT // 2) != grey and len(colours(screen)) > 2000 \
            and right_handed(screen, grey)

    m.send("sleep 1000 | kmscube\n")
    moving(m, cube, "kmscube's cube", 200)
    m.send("\x03")
    m.wait(PROMPT)


def test_glmark2(m):
    """glmark2's cat, blue in blue on black, in the screen's middle and nowhere else; it turns."""
    def cat(screen):
        counts = colours(screen)
        black = counts.pop((0, 0, 0), 0)
        blues = sum(n for (r, g, b), n in counts.items() if b > 2 * max(r, g))
        beside = screen.crop(0, 0, 240, HEIGHT) + screen.crop(WIDTH - 240, 0, 240, HEIGHT)
        return len(counts) > 50 and black > WIDTH * HEIGHT // 2 and blues > 0.99 * sum(counts.values()) > 50000 \
            and not any(beside)

    m.send("glmark2-es2-drm -b shading:shading=gouraud:duration=600 "
           '--visual-config "red=8:green=8:blue=8:alpha=0:buffer=24"\n')
    moving(m, cat, "glmark2's cat", 200)
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
        warm = all(4 <= r - b <= 12 and b <= g <= r for r, g, b in paper)  # a grey with a little red
        return max(panel) < 70 and clock and all(100 < c < 160 for p in paper for c in p) and warm and len(set(paper)) > 2
    until(desktop, "weston's desktop", 200, 0.5)
    # drawn into the picture, as this renderer has no buffers for a cursor plane; below the panel, whose clock changes
    point(m, 100, 100)
    there = until(lambda: at_rest(m), "a picture at rest", 30)
    point(m, 300, 300)
    first = until(lambda: difference(there, at_rest(m), PANEL)[1], "a pointer", 30)
    point(m, 700, 451)
    grown = first[:2] + (first[2] + 400, first[3] + 151)
    until(lambda: difference(there, at_rest(m), PANEL)[1] == grown, "a moved pointer", 30)
    point(m, 20, 16)  # the panel's launcher
    button(m)
    paper = until(lambda: terminal_paper(m) and at_rest(m), "weston's terminal", 200, 0.5)
    type_text(m, "ls -d /etc /usr\n")
    until(lambda: 100 < difference(paper, at_rest(m), PANEL)[0] < 20000, "what was typed in the terminal", 60)


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
