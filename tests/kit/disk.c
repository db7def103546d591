/* SPDX-License-Identifier: MIT */
#include "kit/disk.h"

#include <stdlib.h>
#include <string.h>

static struct kit_disk *of(struct disk *d)
{
    return container_of(d, struct kit_disk, disk);
}

static int memory_readv(struct disk *disk, const struct iovec *iov, unsigned n, uint64_t pos)
{
    struct kit_disk *d = of(disk);
    d->reads++;
    for (unsigned i = 0; i < n && !d->fail; pos += iov[i++].iov_len)
        memcpy(iov[i].iov_base, d->bytes + pos, iov[i].iov_len);
    return d->fail;
}

static int memory_writev(struct disk *disk, const struct iovec *iov, unsigned n, uint64_t pos)
{
    struct kit_disk *d = of(disk);
    d->writes++;
    for (unsigned i = 0; i < n && !d->fail; pos += iov[i++].iov_len)
        memcpy(d->bytes + pos, iov[i].iov_base, iov[i].iov_len);
    return d->fail;
}

static int memory_flush(struct disk *disk)
{
    of(disk)->flushes++;
    return of(disk)->fail;
}

static int memory_zero(struct disk *disk, uint64_t pos, uint64_t len, bool unmap)
{
    struct kit_disk *d = of(disk);
    (void)unmap;
    d->zeroes++;
    if (!d->fail)
        memset(d->bytes + pos, 0, len);
    return d->fail;
}

static int memory_discard(struct disk *disk, uint64_t pos, uint64_t len)
{
    struct kit_disk *d = of(disk);
    d->discards++;
    if (!d->fail)
        memset(d->bytes + pos, 0xdd, len);
    return d->fail;
}

static void memory_close(struct disk *disk)
{
    kit_disk_finish(of(disk));
}

static const struct disk_ops memory_ops = {
    .readv = memory_readv,
    .writev = memory_writev,
    .flush = memory_flush,
    .zero = memory_zero,
    .discard = memory_discard,
    .close = memory_close,
};

void kit_disk_init(struct kit_disk *d, uint64_t size)
{
    *d = (struct kit_disk){.disk = {.ops = &memory_ops, .size = size}, .bytes = calloc(1, size)};
    if (!d->bytes)
        abort();
}

void kit_disk_finish(struct kit_disk *d)
{
    free(d->bytes);
    d->bytes = NULL;
}
