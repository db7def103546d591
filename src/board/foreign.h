/* SPDX-License-Identifier: MIT */
/*
 * Files that people give as a kernel or as firmware by mistake. A flat program has no mark of its
 * own, so whatever is known to be something else must be recognised, or it would be run as code.
 */
#ifndef BOARD_FOREIGN_H
#define BOARD_FOREIGN_H

#include "base/util.h"

/* What the file is instead, with the cure, for the end of a sentence ("%s is ..."); NULL: it may be
 * a flat program. Linux Images and ELF files are for the caller to recognise before. */
const char *foreign_program(const uint8_t *data, size_t size);

#endif
