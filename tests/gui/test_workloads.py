#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Programs of Debian on X at work, by their pixels: x11perf, glmark2, and a desktop that follows the size of its
window."""
import sys
import time

from desktop import background
from guest import Machine, PROMPT, main, tests_of
from screen import colours, computed, difference, keep, look, shows
from waiting import until

ROOT, PAPER, INK = (48, 80, 112), (16, 80, 192), (208, 64, 16)
PERF = 600  # x11perf's window, in the corner; its status line lies below
GLMARK = (300, 200)


def bare_x(m):
    """X with nothing on it but a root window."""
    background(m, "/root/startx.sh /usr/bin/xev -root", "/tmp/x.log")
    m.run("export DISPLAY=:0; n=0; until xset q >/dev/null 2>&1 || [ $n = 90 ]; do sleep 1; n=$((n + 1)); done")
    m.run("xset s off -dpms; xsetroot -solid '#305070'")
    until(lambda: colours(look(m)) == {ROOT: 1280 * 800}, "X's root window, and nothing else", 60)


def test_x11perf(m):
    """x11perf draws in its colours and its window only, and every test of it ends."""
    tests = ["-rect500", "-scroll500", "-copywinwin500", "-putimage500", "-shmput500"]
    colour = "#{:02x}{:02x}{:02x}".format
    background(m, f"x11perf -fg '{colour(*INK)}' -bg '{colour(*PAPER)}' -repeat 1 -time 1 {' '.join(tests)}", "/tmp/perf.log")
    until(lambda: look(m).pixel(300, 300) != ROOT, "x11perf's window", 60)
    seen, filled = set(), 0
    while m.shell("pidof x11perf >/dev/null")[1] == 0:
        screen = look(m)
        if screen.pixel(5, PERF + 10) == ROOT:
            continue  # it begins or ends
        counts = colours(screen)
        outside = 1280 * 800 - sum(n for c, n in counts.items() if c != ROOT)
        strange = set(counts) - {ROOT, PAPER, INK, (0, 0, 0)}
        assert not strange and outside >= 1280 * 800 - (PERF + 2) * (PERF + 40), \
            f"{strange}, {outside} pixels of the root window; {keep('x11perf', actual=screen)}"
        filled = max(filled, counts.get(INK, 0))
        seen.add(screen.data)
        time.sleep(0.2)
    assert len(seen) >= 4 and filled > 20000, f"{len(seen)} pictures, at most {filled} pixels of ink"
    said = m.run("cat /tmp/perf.log")
    assert said.count(" reps @ ") == len(tests), said
    until(lambda: colours(look(m)) == {ROOT: 1280 * 800}, "the root window after x11perf", 30)


def test_glmark2(m):
    """glmark2's cat, blue in blue on black, turns in a window of X; nothing is drawn beside it."""
    plain = computed(1280, 800, lambda x, y: ROOT)
    m.run("killall -q x11perf; true")
    background(m, "env GALLIUM_DRIVER=softpipe glmark2 -b shading:shading=gouraud:duration=600 --size {}x{}".format(*GLMARK),
               "/tmp/glmark.log")

    def lit():
        screen = look(m)
        counts = colours(screen)
        blue = sum(n for (r, g, b), n in counts.items() if b > 60 and b > 2 * max(r, g) and (r, g, b) != ROOT)
        box = difference(screen, plain)[1] or (0, 0, 0, 0)
        assert box[2] - box[0] <= GLMARK[0] + 4 and box[3] - box[1] <= GLMARK[1] + 4, \
            f"drawn in {box}; {keep('glmark', actual=screen)}"
        return blue > 3000 and screen.data
    seen = {until(lit, "a blue cat", 180)}
    until(lambda: seen.add(lit()) or len(seen - {False}) >= 3, "a cat that turns", 120)
    m.run("killall glmark2")
    until(lambda: colours(look(m)) == {ROOT: 1280 * 800}, "the root window after glmark2", 30)


def test_follow(m):
    """X takes the size that the host prefers, at once, grows and shrinks, and draws its root window's grid there."""
    m.run("xsetroot -mod 16 10 -fg '#{:02x}{:02x}{:02x}' -bg '#{:02x}{:02x}{:02x}'".format(*INK, *PAPER))
    background(m, "/usr/lib/riscreen/follow", "/tmp/follow.log")
    for width, height in (1000, 640), (1400, 1050), (800, 600), (1280, 800):
        m.qmp("x-scanout-plug", head=0, width=width, height=height)
        grid = computed(width, height, lambda x, y: INK if x % 16 == 0 or y % 16 in (0, 10) else PAPER)
        shows(m, grid, f"a grid in {width}x{height}", 60)
        assert f"current {width} x {height}," in m.run("xrandr --current")
    m.run("xsetroot -cursor_name left_ptr")
    for axis, at in ("x", 1279), ("y", 799):
        m.qmp("input-send-event", events=[{"type": "abs", "data": {"axis": axis, "value": 32767}}])
    until(lambda: look(m, cursor=True).pixel(1279, 799) not in (PAPER, INK), "the pointer in the last corner", 30)
    assert m.run("pidof xev").split(), "follow sleeps"


if __name__ == "__main__":
    with Machine("--gpu", "1280x800", harts=2, memory="1G", disk="tools") as machine:
        machine.wait(PROMPT, 300)
        bare_x(machine)
        main({name: lambda f=f: f(machine) for name, f in tests_of(sys.modules[__name__]).items()})
        machine.qmp("system_powerdown")
        assert machine.end(120) == 0
