/* SPDX-License-Identifier: MIT */
/*
 * A raw disk image in a file (or a block device). Opening takes a lock, so that two machines do
 * not write one disk. Positions are bytes. Used by one thread at a time: the disk's worker.
 *
 * A file whose size is no multiple of 512 is a disk of the next multiple: what lies past the file's
 * end reads as zeros, and what is written there is dropped, for the file keeps its size. A file
 * that becomes shorter while it is open has lost data: all that touches its lost end fails.
 */
#ifndef BACKEND_BLK_FILE_H
#define BACKEND_BLK_FILE_H

#include "base/util.h"

#include <sys/uio.h>

struct blk_file;

/* NULL with a one-line reason (what, why, the cure) in err. Shared lock if read_only. */
struct blk_file *blk_file_open(const char *path, bool read_only, char *err, size_t err_size);
void blk_file_close(struct blk_file *f);          /* flushes */
uint64_t blk_file_size(const struct blk_file *f); /* bytes, rounded up to a multiple of 512 */
bool blk_file_read_only(const struct blk_file *f);

/* 0, an errno, or BLK_FILE_CUT. Extents were checked against blk_file_size by the caller. */
enum { BLK_FILE_CUT = -1 /* the file is shorter than it was */ };
const char *blk_file_error(int rc);
int blk_file_readv(struct blk_file *f, const struct iovec *iov, unsigned n, uint64_t pos);
int blk_file_writev(struct blk_file *f, const struct iovec *iov, unsigned n, uint64_t pos);
int blk_file_flush(struct blk_file *f); /* fdatasync */
/* Makes the extent read as zeros; unmap: give the space back. Falls back to writing zeros. */
int blk_file_zero(struct blk_file *f, uint64_t pos, uint64_t len, bool unmap);
/* The extent's contents are not needed any more: gives its space back where the host can. */
int blk_file_discard(struct blk_file *f, uint64_t pos, uint64_t len);

#endif
