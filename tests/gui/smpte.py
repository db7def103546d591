# SPDX-License-Identifier: MIT
"""The SMPTE bars that modetest draws, computed."""
from screen import from_rows

GREY, YELLOW, CYAN, GREEN = (192, 192, 192), (192, 192, 0), (0, 192, 192), (0, 192, 0)
MAGENTA, RED, BLUE, BLACK = (192, 0, 192), (192, 0, 0), (0, 0, 192), (19, 19, 19)
TOP = (GREY, YELLOW, CYAN, GREEN, MAGENTA, RED, BLUE)
MIDDLE = (BLUE, BLACK, MAGENTA, BLACK, CYAN, BLACK, GREY)
I, WHITE, Q = (0, 33, 76), (255, 255, 255), (50, 0, 106)  # -I and +Q are colour differences
BOTTOM = (I, WHITE, Q, BLACK)  # a quarter each of the first five sevenths
PLUGE = ((9, 9, 9), BLACK, (29, 29, 29), BLACK)  # a third each of the sixth: below, at, above black; what is left over


def bars(width, height):
    def bottom(x):
        left, right = width * 5 // 7, width * 6 // 7
        if x < left:
            return BOTTOM[x * 4 // left]
        return PLUGE[(x - left) * 3 // (width // 7)] if x < right else BLACK

    top = b"".join(bytes(TOP[x * 7 // width]) for x in range(width))
    middle = b"".join(bytes(MIDDLE[x * 7 // width]) for x in range(width))
    low = b"".join(bytes(bottom(x)) for x in range(width))
    a, b = height * 6 // 9, height * 7 // 9
    return from_rows(width, [top] * a + [middle] * (b - a) + [low] * (height - b))
