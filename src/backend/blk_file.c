/* SPDX-License-Identifier: MIT */
#include "backend/blk_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECTOR     512u
#define MAX_IOV    256
#define ZERO_BLOCK 65536u

struct blk_file {
    int fd;
    bool read_only;
    bool no_punch, no_zero; /* the host said once that it can not */
    uint64_t size;
};

/* Compressed and structured images look like garbage to a guest: say so before it sees them. */
static const struct {
    const char *magic;
    uint8_t len;
    const char *name, *cure;
} foreign[] = {
    {"QFI\xfb", 4, "a qcow2 image", "convert it with: qemu-img convert -O raw"},
    {"KDMV", 4, "a VMDK image", "convert it with: qemu-img convert -O raw"},
    {"\x1f\x8b\x08", 3, "compressed with gzip", "unpack it with gunzip first"},
    {"\3757zXZ", 6, "compressed with xz", "unpack it with unxz first"},
    {"\x28\xb5\x2f\xfd", 4, "compressed with zstd", "unpack it with unzstd first"},
};

static bool looks_foreign(const struct blk_file *f, const char *path, char *err, size_t err_size)
{
    uint8_t head[8] = {0};
    if (pread(f->fd, head, sizeof(head), 0) < 0)
        return false;
    for (unsigned i = 0; i < ARRAY_SIZE(foreign); i++) {
        if (memcmp(head, foreign[i].magic, foreign[i].len))
            continue;
        snprintf(err, err_size, "disk %s is %s, not a raw image: %s", path, foreign[i].name,
                 foreign[i].cure);
        return true;
    }
    return false;
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
static bool measure(struct blk_file *f, const char *path, char *err, size_t err_size)
{
    struct stat st;
    if (fstat(f->fd, &st)) {
        snprintf(err, err_size, "disk %s: %s", path, strerror(errno));
        return false;
    }
    if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode)) {
        snprintf(err, err_size, "disk %s is not a file: name a raw image or a block device", path);
        return false;
    }
    off_t end = lseek(f->fd, 0, SEEK_END);
    if (end < (off_t)SECTOR) {
        snprintf(err, err_size,
                 "disk %s is too short (%lld bytes): make it one sector (512 bytes) or more, "
                 "for example with: truncate -s 1G %s",
                 path, (long long)(end < 0 ? 0 : end), path);
        return false;
    }
    f->size = ALIGN_DOWN((uint64_t)end, SECTOR);
    return true;
}

static bool open_checked(struct blk_file *f, const char *path, char *err, size_t err_size)
{
    f->fd = open(path, (f->read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC | O_NONBLOCK);
    if (f->fd < 0) {
        const char *cure = "check the path";
        if (errno == EACCES || errno == EROFS || errno == EPERM)
            cure = f->read_only ? "check its permissions"
                                : "make it writable, or add ,ro to use it read-only";
        else if (errno == EISDIR)
            cure = "name a raw image or a block device";
        snprintf(err, err_size, "cannot open disk %s: %s: %s", path, strerror(errno), cure);
        return false;
    }
    if (!measure(f, path, err, err_size) || looks_foreign(f, path, err, err_size))
        return false;
    int rc = lock_file(f->fd, f->read_only);
    if (rc == EAGAIN || rc == EACCES || rc == EWOULDBLOCK) {
        snprintf(err, err_size,
                 "disk %s is in use by another riscreen or QEMU: end that one, or use a copy",
                 path);
        return false;
    }
    return true; /* a file system that knows no locks is the user's to watch */
}

struct blk_file *blk_file_open(const char *path, bool read_only, char *err, size_t err_size)
{
    struct blk_file *f = calloc(1, sizeof(*f));
    if (!f) {
        snprintf(err, err_size, "disk %s: out of memory", path);
        return NULL;
    }
    f->read_only = read_only;
    if (!open_checked(f, path, err, err_size)) {
        if (f->fd >= 0)
            close(f->fd);
        free(f);
        return NULL;
    }
    return f;
}

void blk_file_close(struct blk_file *f)
{
    if (!f)
        return;
    blk_file_flush(f);
    close(f->fd);
    free(f);
}

uint64_t blk_file_size(const struct blk_file *f)
{
    return f->size;
}

bool blk_file_read_only(const struct blk_file *f)
{
    return f->read_only;
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

static void iov_zero(struct iovec *iov, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        memset(iov[i].iov_base, 0, iov[i].iov_len);
}

typedef ssize_t (*iov_fn)(int fd, const struct iovec *iov, int count, off_t pos);

/* Moves one batch, whatever pieces the host moves at a time; *pos advances. */
static int transfer_batch(struct blk_file *f, struct iovec *iov, unsigned n, uint64_t *pos,
                          iov_fn fn)
{
    iov_advance(&iov, &n, 0); /* empty ones at the front would look like the file's end */
    while (n) {
        ssize_t got = fn(f->fd, iov, (int)n, (off_t)*pos);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return errno;
        if (got == 0 && fn == pwritev)
            return EIO;
        if (got == 0) { /* the file became shorter under us */
            iov_zero(iov, n);
            return 0;
        }
        *pos += (uint64_t)got;
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
        uint64_t at = pos;
        memcpy(batch, iov, count * sizeof(*iov));
        int rc = transfer_batch(f, batch, count, &at, fn);
        if (rc)
            return rc;
        for (unsigned i = 0; i < count; i++)
            pos += iov[i].iov_len;
        iov += count;
        n -= count;
    }
    return 0;
}

int blk_file_readv(struct blk_file *f, const struct iovec *iov, unsigned n, uint64_t pos)
{
    return transfer(f, iov, n, pos, preadv);
}

int blk_file_writev(struct blk_file *f, const struct iovec *iov, unsigned n, uint64_t pos)
{
    return f->read_only ? EROFS : transfer(f, iov, n, pos, pwritev);
}

int blk_file_flush(struct blk_file *f)
{
    int rc;
    if (f->read_only)
        return 0;
    do
        rc = fdatasync(f->fd);
    while (rc && errno == EINTR);
    return rc ? errno : 0;
}

/* fallocate, repeated when a signal comes between; EOPNOTSUPP also where the system has none. */
static int allocate(struct blk_file *f, int mode, uint64_t pos, uint64_t len)
{
    int rc;
    do
        rc = fallocate(f->fd, mode, (off_t)pos, (off_t)len);
    while (rc && errno == EINTR);
    if (!rc)
        return 0;
    return errno == ENOSYS || errno == EINVAL || errno == ENODEV ? EOPNOTSUPP : errno;
}

static int punch(struct blk_file *f, uint64_t pos, uint64_t len)
{
    int rc = EOPNOTSUPP;
    if (!f->no_punch)
        rc = allocate(f, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, pos, len);
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

int blk_file_zero(struct blk_file *f, uint64_t pos, uint64_t len, bool unmap)
{
    if (f->read_only)
        return EROFS;
    if (!len)
        return 0;
    if (unmap) {
        int rc = punch(f, pos, len);
        if (rc != EOPNOTSUPP)
            return rc;
    }
    if (!f->no_zero) {
        int rc = allocate(f, FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE, pos, len);
        if (rc != EOPNOTSUPP)
            return rc;
        f->no_zero = true;
    }
    return write_zeros(f, pos, len);
}

int blk_file_discard(struct blk_file *f, uint64_t pos, uint64_t len)
{
    if (f->read_only)
        return EROFS;
    int rc = len ? punch(f, pos, len) : 0;
    return rc == EOPNOTSUPP ? 0 : rc;
}
