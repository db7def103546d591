/* SPDX-License-Identifier: MIT */
/*
 * A disk as a device sees it: a run of bytes that can be read, written, zeroed, discarded and
 * flushed. A back-end (blk_file.c; in tests a fake) embeds struct disk at its start and fills a const
 * disk_ops table. Positions and lengths are bytes.
 *
 * One thread at a time uses a disk: the device's worker, or who paused it. Operations block. A
 * result is 0, an errno, or one of the negative codes below; disk_error() has the words.
 */
#ifndef BACKEND_DISK_H
#define BACKEND_DISK_H

#include "base/util.h"

#include <sys/uio.h>

#define DISK_SECTOR 512u

enum { DISK_CUT = -1 /* the image became shorter than it was when it was opened */ };

struct disk;

/* The caller has checked that extents lie inside of the disk, and that it may be written. */
struct disk_ops {
    int (*readv)(struct disk *d, const struct iovec *iov, unsigned n, uint64_t pos);
    int (*writev)(struct disk *d, const struct iovec *iov, unsigned n, uint64_t pos);
    int (*flush)(struct disk *d); /* what was written survives a power cut from now on */
    /* Makes the extent read as zeros; unmap: gives its space back if possible. */
    int (*zero)(struct disk *d, uint64_t pos, uint64_t len, bool unmap);
    /* The contents of the extent are not needed any more. */
    int (*discard)(struct disk *d, uint64_t pos, uint64_t len);
    void (*close)(struct disk *d); /* flushes and frees */
};

struct disk {
    const struct disk_ops *ops;
    uint64_t size; /* bytes, a multiple of DISK_SECTOR */
    bool read_only;
};

/* disk.c; writes to a disk that is read-only answer EROFS. */
int disk_readv(struct disk *d, const struct iovec *iov, unsigned n, uint64_t pos);
int disk_writev(struct disk *d, const struct iovec *iov, unsigned n, uint64_t pos);
int disk_flush(struct disk *d);
int disk_zero(struct disk *d, uint64_t pos, uint64_t len, bool unmap);
int disk_discard(struct disk *d, uint64_t pos, uint64_t len);
void disk_close(struct disk *d); /* NULL is fine */
const char *disk_error(int rc);  /* of a result that is not 0 */

#endif
