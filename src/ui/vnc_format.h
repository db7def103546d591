/* SPDX-License-Identifier: MIT */
/*
 * Colour maps (RFC 6143, 7.6.2), of 256 colours or fewer. The library has none for pixels of more
 * than 8 bits, and for true colours needs none, so that is what a format with a map becomes. The
 * viewer's thread.
 */
#ifndef UI_VNC_FORMAT_H
#define UI_VNC_FORMAT_H

#include <rfb/rfb.h>
#include <stdbool.h>

/*
 * A colour map for a format without true colour: its colours, as red, green, blue of 16 bits each,
 * in the order of RFB's SetColourMapEntries. Returns their number, 2 to 256, and makes the format
 * one of true colour whose pixels are indices of this map.
 */
unsigned vnc_format_map(rfbPixelFormat *format, uint16_t colours[256][3]);
/* Takes up the client's format, which vnc_message_format_ok is true of; sends it the map if there
 * is one. False: the client is gone, or must go. */
bool vnc_format_set(rfbClientPtr client);

#endif
