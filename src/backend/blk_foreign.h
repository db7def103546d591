/* SPDX-License-Identifier: MIT */
/* Disk images that are not raw: a guest would find their headers in place of its partition
 * table. */
#ifndef BACKEND_BLK_FOREIGN_H
#define BACKEND_BLK_FOREIGN_H

#include "base/util.h"

/* Examines the beginning and the end of a file of `size` bytes. Returns the name of its format,
 * with *cure set to what the user can do; NULL: none of the known ones. */
const char *blk_foreign(int fd, uint64_t size, const char **cure);

#endif
