/* SPDX-License-Identifier: MIT */
#include "fake_finger.h"

void fake_finger(const char *what, int id, int x, int y)
{
    (void)what, (void)id, (void)x, (void)y;
}
