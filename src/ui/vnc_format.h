/* SPDX-License-Identifier: MIT */
/*
 * Colour maps (RFC 6143, 7.6.2) of at most 256 colours. The library supports them only for pixels
 * of 8 bits. So a format with a map is turned into one of true colour whose pixel values are
 * indices of the map that the viewer is sent. The viewer's thread.
 */
#ifndef UI_VNC_FORMAT_H
#define UI_VNC_FORMAT_H

#include <rfb/rfb.h>
#include <stdbool.h>

/*
 * Makes a colour map for a format without true colour: red, green and blue of 16 bits each, in the
 * order of SetColourMapEntries. Changes the format to one of true colour whose pixel values are
 * indices of this map. Returns the number of colours, 2 to 256.
 */
unsigned vnc_format_map(rfbPixelFormat *format, uint16_t colours[256][3]);
/* Applies the client's format, for which vnc_message_format_ok is true; sends the map if the format
 * has one. False: the client must be closed. */
bool vnc_format_set(rfbClientPtr client);

#endif
