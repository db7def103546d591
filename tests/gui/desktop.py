# SPDX-License-Identifier: MIT
"""The X desktop of the tools disk, as its ~/.xinitrc lays it out on 1280x800, and using it."""
from guest import Machine, PROMPT
from screen import difference, look
from waiting import until

WIDTH, HEIGHT = 1280, 800
ROOT = (48, 80, 112)
XTERM = (22, 41, 506, 356)    # x1, y1, x2, y2 of what is inside the frame
GEARS = (702, 81, 1002, 381)
KEYS = {" ": ("spc",), "\n": ("ret",), "-": ("minus",), "/": ("slash",), ".": ("dot",), ";": ("semicolon",)}


def machine(**options):
    """A machine with the tools disk, read-only, at its serial line's prompt."""
    m = Machine("--gpu", f"{WIDTH}x{HEIGHT}", harts=2, memory="1G", disk="tools", **options)
    m.wait(PROMPT, 300)
    return m


def background(m, command, log):
    """Starts a command that goes on; log is a file in the guest."""
    m.run(f"(setsid {command} >{log} 2>&1 </dev/null &)")


def start_x(m):
    background(m, "/root/startx.sh", "/tmp/x.log")
    until(lambda: look(m).pixel(WIDTH - 1, HEIGHT - 1) == ROOT, "X's root window", 200, 0.5)
    until(lambda: text_shown(m), "xterm's prompt", 200, 0.5)
    until(lambda: gears_shown(m), "gears", 200, 0.5)


def inside(screen, box):
    """The pixels of a box, row by row."""
    x1, y1, x2, y2 = box
    return screen.crop(x1, y1, x2 - x1, y2 - y1)


def text_shown(m):
    """xterm is white paper with some black on it."""
    pixels = inside(look(m), XTERM)
    black = pixels.count(b"\0\0\0") if pixels.count(b"\xff\xff\xff") > 100000 else 0
    return black > 50


def gear_pixels(screen):
    """How many pixels of glxgears' window are lit red, green, blue; and black, or else."""
    pixels = inside(screen, GEARS)
    counts = dict.fromkeys(("red", "green", "blue", "black", "other"), 0)
    for at in range(0, len(pixels), 3):
        r, g, b = pixels[at:at + 3]
        if max(r, g, b) == 0:
            counts["black"] += 1
        elif r > 2 * g and r > 2 * b:
            counts["red"] += 1
        elif g > 2 * r and g > 2 * b:
            counts["green"] += 1
        elif b > 2 * r and b > 2 * g:
            counts["blue"] += 1
        else:
            counts["other"] += 1
    return counts


def gears_shown(m):
    """glxgears draws three gears, red the largest, on black."""
    counts = gear_pixels(look(m))
    return all(counts[colour] > 1500 for colour in ("red", "green", "blue")) and counts["black"] > 20000


def point(m, x, y):
    """Moves the pointer to a pixel."""
    for axis, at, size in (("x", x, WIDTH), ("y", y, HEIGHT)):
        m.qmp("input-send-event",
              events=[{"type": "abs", "data": {"axis": axis, "value": (at * 32768 + 16384) // size}}])


def button(m, name="left"):
    for down in True, False:
        m.qmp("input-send-event", events=[{"type": "btn", "data": {"button": name, "down": down}}])


def cursor_box(m):
    """Where the pointer is drawn, or None. What moves meanwhile would be in the way: ask for a quiet screen."""
    return difference(look(m), look(m, cursor=True))[1]


def type_text(m, text):
    for c in text:
        m.key(*KEYS.get(c, (c,)))
