/* SPDX-License-Identifier: MIT */
/*
 * EDID, by which a monitor tells what it can show (VESA E-EDID Standard, release A2, EDID 1.4).
 * This one describes a monitor of about 96 dots per inch that prefers one size and also takes the
 * usual smaller ones. Sizes beyond the fields of EDID 1.4 (4095 pixels, 655 MHz) stand in a
 * DisplayID extension.
 */
#ifndef VIRTIO_GPU_EDID_H
#define VIRTIO_GPU_EDID_H

#include "base/util.h"

#define EDID_MAX_SIZE 256

/* out: EDID_MAX_SIZE bytes. refresh in mHz, 0: 60000. serial: tells heads apart. Returns bytes. */
size_t edid_make(uint8_t *out, uint32_t width, uint32_t height, uint32_t refresh_mhz,
                 uint32_t serial);

#endif
