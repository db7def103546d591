/* SPDX-License-Identifier: MIT */
/*
 * EDID, the description of what a monitor can show (VESA E-EDID Standard, release A2, EDID 1.4).
 * This one describes a monitor of about 96 dots per inch that prefers one size and also takes the
 * usual smaller ones, never a larger one: who asks for the largest gets what was chosen. A CTA-861
 * extension names television's sizes among them. Sizes beyond the fields of EDID 1.4 (4095 pixels,
 * 655 MHz) stand in a DisplayID extension.
 */
#ifndef VIRTIO_GPU_EDID_H
#define VIRTIO_GPU_EDID_H

#include "base/util.h"

#define EDID_BLOCK     128
#define EDID_MAX_SIZE  (3 * EDID_BLOCK) /* of a made one */
#define EDID_WIRE_SIZE 1024             /* of any that virtio can carry */

/* out: EDID_MAX_SIZE bytes. refresh in mHz, 0: 60000. head: from 0; in the monitor's name and its
 * serial number. Returns bytes. */
size_t edid_make(uint8_t *out, uint32_t width, uint32_t height, uint32_t refresh_mhz,
                 unsigned head);

/* Is this an EDID that a guest can be given? Whole blocks as many as it says, each with its
 * checksum. NULL: yes; otherwise what is wrong. */
const char *edid_check(const uint8_t *edid, size_t size);

#endif
