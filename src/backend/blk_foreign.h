/* SPDX-License-Identifier: MIT */
/* Disk images that are not raw: a guest would see their headers where it looks for its partitions.
 */
#ifndef BACKEND_BLK_FOREIGN_H
#define BACKEND_BLK_FOREIGN_H

#include "base/util.h"

/* Looks at the beginning and the end of a file of `size` bytes. What it is, or NULL: nothing known;
 * *cure then says what to do. */
const char *blk_foreign(int fd, uint64_t size, const char **cure);

#endif
