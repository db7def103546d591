/* SPDX-License-Identifier: MIT */
/* Does the screen show what a reference picture shows? Pure functions on pictures; any thread. */
#ifndef MONITOR_COMPARE_H
#define MONITOR_COMPARE_H

#include "display/pixels.h"

struct comparison {
    uint64_t compared;       /* pixels; transparent ones (alpha 0) of the reference are not */
    uint64_t different;      /* by more than the tolerance in some colour */
    unsigned worst;          /* largest difference of a colour, 0..255 */
    uint32_t x1, y1, x2, y2; /* box around the different pixels; x2, y2 outside */
};

/*
 * Compares rows [first, first + count) of actual and ref, which have the same width and height.
 * tolerance: 0..255, of each colour. True if nothing differs; result may be NULL, then it stops at
 * the first difference.
 */
bool compare_rows(const struct picture *actual, const struct picture *ref, uint32_t first,
                  uint32_t count, unsigned tolerance, struct comparison *result);

/* What differs in red, the rest of actual dimmed to grey; NULL: out of memory. */
struct picture *compare_difference(const struct picture *actual, const struct picture *ref,
                                   unsigned tolerance);

/* The part of pic at rect, which is inside; NULL: out of memory. */
struct picture *compare_crop(const struct picture *pic, const struct rect *rect);

#endif
