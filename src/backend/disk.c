/* SPDX-License-Identifier: MIT */
#include "backend/disk.h"

#include <errno.h>
#include <string.h>

int disk_readv(struct disk *d, const struct iovec *iov, unsigned n, uint64_t pos)
{
    return d->ops->readv(d, iov, n, pos);
}

int disk_writev(struct disk *d, const struct iovec *iov, unsigned n, uint64_t pos)
{
    return d->read_only ? EROFS : d->ops->writev(d, iov, n, pos);
}

int disk_flush(struct disk *d)
{
    return d->read_only ? 0 : d->ops->flush(d);
}

int disk_zero(struct disk *d, uint64_t pos, uint64_t len, bool unmap)
{
    return d->read_only ? EROFS : d->ops->zero(d, pos, len, unmap);
}

int disk_discard(struct disk *d, uint64_t pos, uint64_t len)
{
    return d->read_only ? EROFS : d->ops->discard(d, pos, len);
}

void disk_close(struct disk *d)
{
    if (d)
        d->ops->close(d);
}

const char *disk_error(int rc)
{
    return rc == DISK_CUT ? "the image became shorter while it was in use" : strerror(rc);
}
