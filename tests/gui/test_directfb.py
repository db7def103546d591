#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""DirectFB's own programs on the framebuffer console: a picture, a window with the mouse above it, page flips.

It is Debian's amd64 build, which qemu-user runs in the guest; docs/guest.md says why.
"""
import os
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

import console
from gif import save_gif
from guest import Machine, PROMPT, disk_of, guest, main, tests_of
from screen import computed, difference, keep, look, ppm, save_png, shows
from waiting import until

WIDTH, HEIGHT = 640, 480
PALETTE = ((208, 64, 16), (16, 80, 192), (48, 160, 32), (240, 220, 40))
PICTURE = (320, 200)    # dfbshow and dfbplay put what they show into the middle
FRAMES = 4              # of the animation
CURSOR = 40             # DirectFB's cursor is no larger, with its shadow
CONSOLE = ppm(WIDTH, HEIGHT, bytes(console.PALETTE[4]) * (WIDTH * HEIGHT))


def shade(x, y):
    """A pixel of the still picture; no two neighbours are alike."""
    return x * 7 & 255, y * 5 & 255, (x ^ y) & 255


def square(step, x, y):
    """A pixel of the moving picture's frame, as an index: squares whose sides fit into nothing."""
    return (x // 37 + y // 29 * 2 + step * (1 + (x + y) // 250)) % 4


def centred(pixel, paper=(0, 0, 0)):
    """The screen with PICTURE in its middle, and paper around it."""
    left, top = (WIDTH - PICTURE[0]) // 2, (HEIGHT - PICTURE[1]) // 2

    def at(x, y):
        inside = 0 <= x - left < PICTURE[0] and 0 <= y - top < PICTURE[1]
        return pixel(x - left, y - top) if inside else paper
    return computed(WIDTH, HEIGHT, at)


def frame(step, size):
    """The indices of one frame of the moving picture."""
    return bytes(square(step, x, y) for y in range(size[1]) for x in range(size[0]))


def pictures(folder):
    """A disk with what the programs are to show; returns its path."""
    tree = os.path.join(folder, "pictures")
    os.mkdir(tree)
    save_png(computed(*PICTURE, shade), os.path.join(tree, "still.png"))
    save_gif(os.path.join(tree, "window.gif"), *PICTURE, PALETTE, [(frame(i, PICTURE), 60000) for i in range(2)])
    save_gif(os.path.join(tree, "flips.gif"), WIDTH, HEIGHT, PALETTE,
             [(frame(i, (WIDTH, HEIGHT)), 100) for i in range(FRAMES)])
    return disk_of(tree, os.path.join(folder, "pictures.ext4"), 4, "pictures")


def machine(disk, **options):
    """A machine with DirectFB and the pictures, that starts."""
    return Machine("-d", guest("directfb") + ",ro", "-d", disk + ",ro", "--gpu", f"{WIDTH}x{HEIGHT}", **options)


def ready(m):
    """Waits for its prompt; then DirectFB is on /mnt, the pictures are on /tmp, and the console is blue."""
    m.wait(PROMPT)
    m.run("mount -t ext4 -o ro /dev/vdb /mnt && mount -t ext4 -o ro /dev/vdc /tmp")
    m.run(f"{console.hide()}; printf '\\033[44m\\033[2J' >/dev/tty1")
    shows(m, CONSOLE, "a blue console", 30)


def ended(m):
    """Waits until the program has ended, and the console is back."""
    m.wait(PROMPT, 60)
    shows(m, CONSOLE, "the console after the program", 30)


def test_info(m):
    """dfbinfo finds the screen, the layer, the keyboard and the mouse."""
    said = m.run("/mnt/dfb dfbinfo 2>&1")
    for words in ("Found 'virtio_gpudrmfb'", "FBDev Primary Layer", "(primary keyboard)", "(primary mouse)"):
        assert words in said, said


def test_show(m):
    """dfbshow shows a PNG, each pixel of it and of the black around it."""
    m.send("/mnt/dfb dfbshow /tmp/still.png\n")
    shows(m, centred(shade), "a PNG", 120)
    m.key("esc")
    ended(m)


def cursor_box(m, window):
    """The box around what is not the window's, once that is as small as a cursor."""
    box = difference(look(m), window)[1]
    return box if box and max(box[2] - box[0], box[3] - box[1]) <= CURSOR else None


def test_window(m):
    """dfbplay's window is composed with the cursor, which the mouse moves; below where it was the window is whole."""
    window = centred(lambda x, y: PALETTE[square(0, x, y)], (32, 48, 72))
    m.send("DFBARGS=bg-color=203048 /mnt/dfb dfbplay /tmp/window.gif\n")
    before = until(lambda: cursor_box(m, window), "a window with a cursor", 120)
    for axis, way in ("x", 0), ("y", 1):
        for _ in range(8):
            m.qmp("input-send-event", events=[{"type": "rel", "data": {"axis": axis, "value": 3}}])
        until(lambda: (box := cursor_box(m, window)) and box[way] >= before[way] + 10, f"the cursor moved in {axis}", 30)
    m.send("\x03")
    ended(m)


def flips(m):
    """dfbplay -f flips between three pages of the framebuffer: from the first frame to the last no picture is a mixture."""
    frames = [computed(WIDTH, HEIGHT, lambda x, y, i=i: PALETTE[square(i, x, y)]).data for i in range(FRAMES)]
    seen = []

    def watch():
        screen = look(m)
        if screen.data in frames:
            seen.append(frames.index(screen.data))
        else:
            assert not seen, f"no frame after {seen}; {keep('directfb-flips', actual=screen)}"
        return seen[-1:] == [FRAMES - 1]
    m.send("/mnt/dfb dfbplay -f /tmp/flips.gif\n")
    until(watch, "the last frame", 120)
    assert seen == sorted(seen) and len(set(seen)) >= 3, seen
    m.wait(PROMPT, 60)  # Linux stays on the last page, which is not the console's


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as the_folder:
        the_disk = pictures(the_folder)
        # pages to flip between are a setting of the kernel's, and what has none would fail with it
        with machine(the_disk) as plain, machine(the_disk, append="drm_kms_helper.drm_fbdev_overalloc=300") as paged, \
                ThreadPoolExecutor() as pool:
            ready(plain)
            ready(paged)
            flipped = pool.submit(flips, paged)  # beside the others
            tests = {name: lambda f=f: f(plain) for name, f in tests_of(sys.modules[__name__]).items()}
            main({**tests, "flips": flipped.result})
            for m in plain, paged:
                m.send("poweroff\n")
                assert m.end() == 0
