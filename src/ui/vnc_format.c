/* SPDX-License-Identifier: MIT */
#include "ui/vnc_format.h"

#include "base/util.h"

#define MAP_HEADER 6
#define MAP_BITS   8 /* of an index, at most */

/* Scales a colour component of 0..max to 16 bits. */
static uint16_t widen(unsigned value, unsigned max)
{
    return max ? (uint16_t)(value * 0xffffu / max) : 0;
}

unsigned vnc_format_map(rfbPixelFormat *f, uint16_t colours[256][3])
{
    unsigned depth = f->depth >= 1 && f->depth <= MAP_BITS ? f->depth : MAP_BITS;
    unsigned blue = depth / 3, red = (depth - blue) / 2, green = depth - blue - red;
    f->trueColour = TRUE;
    f->redMax = (uint16_t)((1u << red) - 1);
    f->greenMax = (uint16_t)((1u << green) - 1);
    f->blueMax = (uint16_t)((1u << blue) - 1);
    f->redShift = 0;
    f->greenShift = (uint8_t)red;
    f->blueShift = (uint8_t)(red + green);
    for (unsigned i = 0; i < 1u << depth; i++) {
        colours[i][0] = widen(i & f->redMax, f->redMax);
        colours[i][1] = widen(i >> f->greenShift & f->greenMax, f->greenMax);
        colours[i][2] = widen(i >> f->blueShift & f->blueMax, f->blueMax);
    }
    return 1u << depth;
}

static bool send_map(rfbClientPtr client)
{
    uint16_t colours[256][3];
    uint8_t message[MAP_HEADER + sizeof(colours)] = {1};
    unsigned n = vnc_format_map(&client->format, colours);
    message[4] = (uint8_t)(n >> 8);
    message[5] = (uint8_t)n;
    for (unsigned i = 0; i < 3 * n; i++) {
        message[MAP_HEADER + 2 * i] = (uint8_t)(colours[i / 3][i % 3] >> 8);
        message[MAP_HEADER + 2 * i + 1] = (uint8_t)colours[i / 3][i % 3];
    }
    return rfbWriteExact(client, (const char *)message, (int)(MAP_HEADER + 6 * n)) > 0;
}

bool vnc_format_set(rfbClientPtr client)
{
    return (client->format.trueColour || send_map(client)) && rfbSetTranslateFunction(client);
}
