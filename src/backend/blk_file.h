/* SPDX-License-Identifier: MIT */
/*
 * A raw disk image in a file (or a block device). Opening takes a lock, so that two machines do
 * not write one disk.
 *
 * A file whose size is no multiple of 512 is a disk of the next multiple: what lies past the file's
 * end reads as zeros, and what is written there is dropped, for the file keeps its size. A file
 * that becomes shorter while it is open has lost data: operations on the lost part fail.
 */
#ifndef BACKEND_BLK_FILE_H
#define BACKEND_BLK_FILE_H

#include "backend/disk.h"
#include "base/error.h"

/* The caller closes the disk. NULL with a one-line reason (what, why, the cure) in err. Shared lock
 * if read_only. */
struct disk *blk_file_open(const char *path, bool read_only, struct error *err);

#endif
