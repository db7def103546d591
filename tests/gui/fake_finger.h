/* SPDX-License-Identifier: MIT */
/* Fingers, which no fake X server has: given to SDL as its own events. */
#ifndef FAKE_FINGER_H
#define FAKE_FINGER_H

/* what: "down", "move", "up". x, y: thousandths of the first window. Does nothing without SDL. */
void fake_finger(const char *what, int id, int x, int y);

#endif
