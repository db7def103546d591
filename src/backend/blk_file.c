/* SPDX-License-Identifier: MIT */
#include "backend/blk_file.h"

#include "backend/blk_foreign.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_IOV    256
#define ZERO_BLOCK 65536u

struct blk_file {
    struct disk disk; /* first */
    int fd;
    bool no_punch, no_zero; /* the host refused once: not asked again */
    bool cuttable;          /* a file, not a device */
    uint64_t end;           /* of the file, in bytes, as it was opened */
};

static struct blk_file *file_of(struct disk *d)
{
    return container_of(d, struct blk_file, disk);
}

static bool looks_foreign(const struct blk_file *f, const char *path, struct error *err)
{
    off_t end = lseek(f->fd, 0, SEEK_END);
    const char *cure, *name = blk_foreign(f->fd, (uint64_t)MAX(end, 0), &cure);
    if (name)
        error_set(err, "disk %s is %s, not a raw image: %s", path, name, cure);
    return name;
}

/*
 * A lock of the open file, not of the process, over the whole file: a second open in this process
 * conflicts, too, and so does QEMU, which locks single bytes. 0, or an errno.
 */
static int lock_file(int fd, bool shared)
{
#ifdef F_OFD_SETLK
    struct flock lock = {.l_type = shared ? F_RDLCK : F_WRLCK, .l_whence = SEEK_SET};
    int rc = fcntl(fd, F_OFD_SETLK, &lock);
#else
    int rc = flock(fd, (shared ? LOCK_SH : LOCK_EX) | LOCK_NB);
#endif
    return rc ? errno : 0;
}

/* Size and kind; false with the reason in err. */
static bool measure_file(struct blk_file *f, const char *path, struct error *err)
{
    struct stat st;
    if (fstat(f->fd, &st))
        return error_set(err, "disk %s: %s", path, strerror(errno));
    if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode))
        return error_set(err, "disk %s is not a file: name a raw image or a block device", path);
    off_t end = lseek(f->fd, 0, SEEK_END);
    if (end <= 0)
        return error_set(err,
                         "disk %s is empty: give it a size, for example with: truncate -s 1G %s",
                         path, path);
    f->cuttable = S_ISREG(st.st_mode);
    f->end = (uint64_t)end;
    f->disk.size = ALIGN_UP(f->end, DISK_SECTOR);
    return true;
}

static bool open_checked(struct blk_file *f, const char *path, struct error *err)
{
    f->fd = open(path, (f->disk.read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC | O_NONBLOCK);
    if (f->fd < 0) {
        const char *cure = "check the path";
        if (errno == EACCES || errno == EROFS || errno == EPERM)
            cure = f->disk.read_only ? "check its permissions"
                                     : "make it writable, or add ,ro to use it read-only";
        else if (errno == EISDIR)
            cure = "name a raw image or a block device";
        return error_set(err, "cannot open disk %s: %s: %s", path, strerror(errno), cure);
    }
    if (!measure_file(f, path, err) || looks_foreign(f, path, err))
        return false;
    int rc = lock_file(f->fd, f->disk.read_only);
    if (rc == EAGAIN || rc == EACCES || rc == EWOULDBLOCK)
        return error_set(
            err, "disk %s is in use by another riscreen or QEMU: end that one, or use a copy",
            path);
    return true; /* also where the file system has no locks: the user's to watch */
}

/* Drops the first n bytes from *iov, *count. */
static void iov_advance(struct iovec **iov, unsigned *count, size_t n)
{
    while (*count && n >= (*iov)->iov_len) {
        n -= (*iov)->iov_len;
        (*iov)++;
        (*count)--;
    }
    if (n) {
        (*iov)->iov_base = (uint8_t *)(*iov)->iov_base + n;
        (*iov)->iov_len -= n;
    }
}

/* Keeps the first n bytes in iov; zero: zeroes the others. Returns how many pieces are left. */
static unsigned iov_cut(struct iovec *iov, unsigned count, uint64_t n, bool zero)
{
    unsigned left = 0;
    for (unsigned i = 0; i < count; i++) {
        size_t keep = (size_t)MIN(n, iov[i].iov_len);
        if (zero && keep < iov[i].iov_len)
            memset((uint8_t *)iov[i].iov_base + keep, 0, iov[i].iov_len - keep);
        iov[i].iov_len = keep;
        n -= keep;
        if (keep)
            left = i + 1;
    }
    return left;
}

/* How many of len bytes at pos lie in the file; the others are between its end and the disk's. */
static uint64_t in_file(const struct blk_file *f, uint64_t pos, uint64_t len)
{
    return pos < f->end ? MIN(len, f->end - pos) : 0;
}

/* 0, or DISK_CUT: somebody made the file shorter, and a write to the extent would make it longer
 * again, with zeros where its data was. */
static int still_there(const struct blk_file *f, uint64_t pos, uint64_t len)
{
    struct stat st;
    if (!f->cuttable || !len)
        return 0;
    if (fstat(f->fd, &st))
        return errno;
    return extent_ok(pos, len, (uint64_t)st.st_size) ? 0 : DISK_CUT;
}

typedef ssize_t (*iov_fn)(int fd, const struct iovec *iov, int count, off_t pos);

/* Moves one batch, whatever pieces the host moves at a time. */
static int transfer_batch(struct blk_file *f, struct iovec *iov, unsigned n, uint64_t pos,
                          iov_fn fn)
{
    iov_advance(&iov, &n, 0); /* empty ones at the front would look like the file's end */
    while (n) {
        ssize_t got = fn(f->fd, iov, (int)n, (off_t)pos);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return errno;
        if (got == 0)
            return fn == preadv ? DISK_CUT : EIO;
        pos += (uint64_t)got;
        iov_advance(&iov, &n, (size_t)got);
    }
    return 0;
}

static int transfer(struct blk_file *f, const struct iovec *iov, unsigned n, uint64_t pos,
                    iov_fn fn)
{
    while (n) {
        struct iovec batch[MAX_IOV];
        unsigned count = MIN(n, MAX_IOV);
        uint64_t bytes = 0;
        for (unsigned i = 0; i < count; i++)
            bytes += iov[i].iov_len;
        memcpy(batch, iov, count * sizeof(*iov));
        uint64_t inside = in_file(f, pos, bytes);
        unsigned pieces = iov_cut(batch, count, inside, fn == preadv);
        int rc = fn == pwritev ? still_there(f, pos, inside) : 0;
        if (!rc)
            rc = transfer_batch(f, batch, pieces, pos, fn);
        if (rc)
            return rc;
        pos += bytes;
        iov += count;
        n -= count;
    }
    return 0;
}

static int file_readv(struct disk *d, const struct iovec *iov, unsigned n, uint64_t pos)
{
    return transfer(file_of(d), iov, n, pos, preadv);
}

static int file_writev(struct disk *d, const struct iovec *iov, unsigned n, uint64_t pos)
{
    return transfer(file_of(d), iov, n, pos, pwritev);
}

static int file_flush(struct disk *d)
{
    int rc;
    do
        rc = fdatasync(file_of(d)->fd);
    while (rc && errno == EINTR);
    return rc ? errno : 0;
}

/* fallocate, repeated when a signal comes between; EOPNOTSUPP also where the system has none. */
static int call_fallocate(struct blk_file *f, int mode, uint64_t pos, uint64_t len)
{
    int rc;
    do
        rc = fallocate(f->fd, mode, (off_t)pos, (off_t)len);
    while (rc && errno == EINTR);
    if (!rc)
        return 0;
    return errno == ENOSYS || errno == EINVAL || errno == ENODEV ? EOPNOTSUPP : errno;
}

static int punch_hole(struct blk_file *f, uint64_t pos, uint64_t len)
{
    int rc = EOPNOTSUPP;
    if (!f->no_punch)
        rc = call_fallocate(f, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, pos, len);
    f->no_punch |= rc == EOPNOTSUPP;
    return rc;
}

static int write_zeros(struct blk_file *f, uint64_t pos, uint64_t len)
{
    static const uint8_t zeros[ZERO_BLOCK];
    while (len) {
        struct iovec iov[16];
        unsigned n = 0;
        uint64_t sum = 0;
        for (; n < ARRAY_SIZE(iov) && sum < len; n++) {
            uint64_t part = MIN(len - sum, ZERO_BLOCK);
            iov[n] = (struct iovec){.iov_base = (void *)zeros, .iov_len = (size_t)part};
            sum += part;
        }
        int rc = transfer(f, iov, n, pos, pwritev);
        if (rc)
            return rc;
        pos += sum;
        len -= sum;
    }
    return 0;
}

static int file_zero(struct disk *d, uint64_t pos, uint64_t len, bool unmap)
{
    struct blk_file *f = file_of(d);
    len = in_file(f, pos, len);
    int cut = still_there(f, pos, len);
    if (!len || cut)
        return cut;
    if (unmap) {
        int rc = punch_hole(f, pos, len);
        if (rc != EOPNOTSUPP)
            return rc;
    }
    if (!f->no_zero) {
        int rc = call_fallocate(f, FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE, pos, len);
        if (rc != EOPNOTSUPP)
            return rc;
        f->no_zero = true;
    }
    return write_zeros(f, pos, len);
}

static int file_discard(struct disk *d, uint64_t pos, uint64_t len)
{
    struct blk_file *f = file_of(d);
    len = in_file(f, pos, len);
    int rc = still_there(f, pos, len);
    if (!rc && len)
        rc = punch_hole(f, pos, len);
    return rc == EOPNOTSUPP ? 0 : rc;
}

static void file_close(struct disk *d)
{
    struct blk_file *f = file_of(d);
    disk_flush(d);
    close(f->fd);
    free(f);
}

static const struct disk_ops file_ops = {file_readv, file_writev,  file_flush,
                                         file_zero,  file_discard, file_close};

struct disk *blk_file_open(const char *path, bool read_only, struct error *err)
{
    struct blk_file *f = calloc(1, sizeof(*f));
    if (!f) {
        error_no_memory(err);
        return NULL;
    }
    f->disk = (struct disk){.ops = &file_ops, .read_only = read_only};
    if (!open_checked(f, path, err)) {
        if (f->fd >= 0)
            close(f->fd);
        free(f);
        return NULL;
    }
    return &f->disk;
}
