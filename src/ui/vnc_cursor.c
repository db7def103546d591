/* SPDX-License-Identifier: MIT */
#include "ui/vnc_cursor.h"

#include <stdlib.h>
#include <string.h>

/* A pixel of RFB's cursors is opaque or transparent: opaque from this alpha on. */
#define OPAQUE 128

/* Divides a premultiplied colour by alpha. */
static uint8_t unpremultiply(uint8_t colour, uint8_t alpha)
{
    return alpha ? (uint8_t)MIN(255, (colour * 255 + alpha / 2) / alpha) : 0;
}

/* Fills in what the library needs: straight colours, alpha in a plane of its own, and a mask with a
 * bit for each opaque pixel, the leftmost in the top bit. */
static void fill_cursor(rfbCursorPtr cursor, const struct picture *pic)
{
    size_t mask_stride = (pic->width + 7) / 8;
    for (uint32_t y = 0; y < pic->height; y++) {
        const uint8_t *from = pic->data + (size_t)y * pic->stride;
        uint8_t *to = cursor->richSource + (size_t)y * pic->width * 4;
        uint8_t *alpha = cursor->alphaSource + (size_t)y * pic->width;
        for (uint32_t x = 0; x < pic->width; x++, from += 4, to += 4) {
            alpha[x] = from[3];
            for (unsigned c = 0; c < 3; c++)
                to[c] = unpremultiply(from[c], from[3]);
            if (from[3] >= OPAQUE)
                cursor->mask[y * mask_stride + x / 8] |= (uint8_t)(0x80 >> x % 8);
        }
    }
}

void vnc_cursor_rgba(const struct picture *pic, uint8_t *to, bool straight_alpha)
{
    for (uint32_t y = 0; y < pic->height; y++) {
        const uint8_t *from = pic->data + (size_t)y * pic->stride;
        for (uint32_t x = 0; x < pic->width; x++, from += 4, to += 4) {
            for (unsigned c = 0; c < 3; c++)
                to[c] = straight_alpha ? unpremultiply(from[2 - c], from[3]) : from[2 - c];
            to[3] = from[3];
        }
    }
}

static rfbCursorPtr create_cursor(const struct picture *pic, const struct head_state *state)
{
    size_t count = (size_t)pic->width * pic->height;
    rfbCursorPtr cursor = calloc(1, sizeof(*cursor));
    if (!cursor)
        return NULL;
    cursor->cleanup = cursor->cleanupSource = cursor->cleanupMask = TRUE;
    cursor->cleanupRichSource = TRUE;
    cursor->richSource = calloc(count, 4);
    cursor->alphaSource = calloc(count, 1);
    cursor->mask = calloc((size_t)(pic->width + 7) / 8 * pic->height, 1);
    if (!cursor->richSource || !cursor->alphaSource || !cursor->mask) {
        rfbFreeCursor(cursor);
        return NULL;
    }
    cursor->width = (uint16_t)pic->width;
    cursor->height = (uint16_t)pic->height;
    cursor->xhot = (uint16_t)MIN(state->hot_x, pic->width - 1);
    cursor->yhot = (uint16_t)MIN(state->hot_y, pic->height - 1);
    fill_cursor(cursor, pic);
    return cursor;
}

void vnc_cursor_set(rfbScreenInfoPtr rfb, struct display *d, unsigned head,
                    const struct head_state *state)
{
    struct picture *pic = state->cursor_visible ? display_cursor(d, head) : NULL;
    rfbSetCursor(rfb, pic ? create_cursor(pic, state) : NULL);
    picture_destroy(pic);
}
