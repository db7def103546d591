/* SPDX-License-Identifier: MIT */
#include "virtio/gpu/trace_file.h"

#include "host/clock.h"
#include "host/file.h"
#include "host/thread.h"
#include "virtio/gpu/trace_format.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#define BLOCKS  16 /* in the queue and around it */
#define LEVEL   1  /* of zstd: as fast as a disk */
#define LINGER  (NS_PER_SEC / 2)
#define NO_FILE (-1)

/* How long a put waits for room, and how long closing takes. A pipe's reader may never read, a disk
 * may be slow, and the GPU's thread, a reset and the end of riscreen wait for the put. */
struct patience {
    uint64_t room, close; /* ns */
};
static const struct patience of_disk = {2 * NS_PER_SEC, 2 * NS_PER_SEC};
static const struct patience of_reader = {NS_PER_SEC, NS_PER_SEC / 2};

struct block {
    struct block *next;
    uint32_t used;
    uint8_t bytes[TRACE_BLOCK_MAX];
};

struct trace_file {
    const char *path;
    struct log *log;
    pthread_t thread;
    atomic_bool failed;
    _Atomic uint64_t close_by; /* when to be done with closing; HOST_FOREVER: it is not closing */
    const struct patience *patience; /* set once */
    pthread_mutex_t lock;
    pthread_cond_t work, room; /* for the writing thread; for the putting one */
    /* under the lock */
    struct block *filling; /* NULL: none yet */
    uint64_t since;        /* when it got its first byte */
    struct block *full, **full_end, *free;
    /* the writing thread's */
    int fd;
    off_t end; /* of the last whole block */
    ZSTD_CCtx *zstd;
    uint8_t *packed; /* room for a struct trace_block and a packed block */
};

/* --- writing --- */

/* Of a pipe or device, which does not block: waits until it takes more. False: it has not since
 * `since`, for too long. */
static bool wait_for_reader(struct trace_file *t, uint64_t since)
{
    struct pollfd p = {.fd = t->fd, .events = POLLOUT};
    uint64_t now = host_now_ns(), close_by = atomic_load(&t->close_by);
    uint64_t deadline = MIN(since + t->patience->room, close_by);
    if (now >= deadline || atomic_load(&t->failed))
        return false;
    poll(&p, 1, (int)((deadline - now) / 1000000 + 1));
    return true;
}

/* 0 or an errno. Unlike host_file_write it has a last moment, when the trace is closed. */
static int write_all(struct trace_file *t, const uint8_t *p, size_t n)
{
    uint64_t since = host_now_ns();
    while (n) {
        ssize_t done = write(t->fd, p, n);
        if (done < 0 && errno == EAGAIN) {
            if (!wait_for_reader(t, since))
                return ETIMEDOUT;
        } else if (done < 0 && errno != EINTR) {
            return errno;
        } else if (done > 0) {
            since = host_now_ns();
            p += done;
            n -= (size_t)done;
        }
    }
    return 0;
}

/* Said once. Any thread. */
static void trace_fail(struct trace_file *t, const char *why)
{
    if (!atomic_exchange(&t->failed, true))
        log_warn(t->log, "%s: cannot write the GPU trace: %s; it ends here, the machine goes on",
                 t->path, why);
}

/* The writing thread: a block that was begun is taken back. */
static void fail_block(struct trace_file *t, const char *why)
{
    if (t->end >= 0 && ftruncate(t->fd, t->end)) {
        /* the reader finds the torn block by its checksum, too */
    }
    trace_fail(t, why);
}

static void write_block(struct trace_file *t, const struct block *b)
{
    struct trace_block head = {.magic = le32_make(TRACE_BLOCK), .size = le32_make(b->used)};
    if (atomic_load(&t->failed))
        return;
    if (host_now_ns() >= atomic_load(&t->close_by)) {
        trace_fail(t, "the disk is too slow for the rest");
        return;
    }
    size_t n = ZSTD_compressCCtx(t->zstd, t->packed + sizeof(head), ZSTD_compressBound(b->used),
                                 b->bytes, b->used, LEVEL);
    if (ZSTD_isError(n)) { /* no memory */
        trace_fail(t, host_file_why(ENOMEM));
        return;
    }
    head.packed = le32_make((uint32_t)n);
    head.crc = le32_make((uint32_t)crc32(0, t->packed + sizeof(head), (uInt)n));
    memcpy(t->packed, &head, sizeof(head));
    int err = write_all(t, t->packed, sizeof(head) + n);
    if (err)
        fail_block(t, host_file_why(err));
    else if (t->end >= 0)
        t->end += (off_t)(sizeof(head) + n);
}

/* Under the lock: the next block to write, once it is time; NULL: the end. */
static struct block *next_block(struct trace_file *t)
{
    for (;;) {
        bool closing = atomic_load(&t->close_by) != HOST_FOREVER;
        struct block *b = t->full;
        if (b) {
            t->full = b->next;
            if (!t->full)
                t->full_end = &t->full;
            return b;
        }
        b = t->filling;
        if (b && (closing || host_now_ns() >= t->since + LINGER)) {
            t->filling = NULL;
            return b;
        }
        if (closing)
            return NULL;
        host_cond_wait_until(&t->work, &t->lock, b ? t->since + LINGER : HOST_FOREVER);
    }
}

static void *write_main(void *arg)
{
    struct trace_file *t = arg;
    struct block *b;
    pthread_mutex_lock(&t->lock);
    while ((b = next_block(t))) {
        pthread_mutex_unlock(&t->lock);
        write_block(t, b);
        pthread_mutex_lock(&t->lock);
        b->next = t->free;
        t->free = b;
        pthread_cond_signal(&t->room);
    }
    pthread_mutex_unlock(&t->lock);
    return NULL;
}

/* --- putting --- */

/* Under the lock: the block that is being filled, with room in it. NULL: the trace has ended, now
 * perhaps, because there was no room by *deadline. */
static struct block *block_to_fill(struct trace_file *t, uint64_t deadline)
{
    if (t->filling)
        return t->filling;
    while (!t->free && trace_file_ok(t))
        if (!host_cond_wait_until(&t->room, &t->lock, deadline) && !t->free)
            trace_fail(t,
                       t->patience == &of_disk ? "the disk is too slow" : "its reader is too slow");
    if (!t->free)
        return NULL;
    t->filling = t->free;
    t->free = t->filling->next;
    t->filling->used = 0;
    t->since = host_now_ns();
    pthread_cond_signal(&t->work); /* it sleeps for ever while nothing is being filled */
    return t->filling;
}

void trace_file_put(struct trace_file *t, const void *bytes, size_t n)
{
    const uint8_t *p = bytes;
    uint64_t deadline = host_now_ns() + t->patience->room;
    pthread_mutex_lock(&t->lock);
    while (n && trace_file_ok(t)) {
        struct block *b = block_to_fill(t, deadline);
        if (!b)
            break;
        size_t len = MIN(n, sizeof(b->bytes) - b->used);
        memcpy(b->bytes + b->used, p, len);
        b->used += (uint32_t)len;
        p += len;
        n -= len;
        if (b->used < sizeof(b->bytes))
            continue;
        if (t->patience == &of_disk) /* it is slow, but moves */
            deadline = host_now_ns() + t->patience->room;
        t->filling = b->next = NULL;
        *t->full_end = b;
        t->full_end = &b->next;
        pthread_cond_signal(&t->work);
    }
    pthread_mutex_unlock(&t->lock);
}

bool trace_file_ok(struct trace_file *t)
{
    return !atomic_load_explicit(&t->failed, memory_order_relaxed);
}

/* --- opening --- */

/* May a file be replaced? err says why not. */
static bool may_replace(int fd, const char *path, struct error *err)
{
    struct stat st;
    char magic[sizeof(TRACE_MAGIC) - 1];
    if (fstat(fd, &st) || !S_ISREG(st.st_mode) || !st.st_size)
        return true;
    if (pread(fd, magic, sizeof(magic), 0) == (ssize_t)sizeof(magic) &&
        !memcmp(magic, TRACE_MAGIC, sizeof(magic)))
        return true;
    return error_set(err, "--trace-gpu %s: there is a file that is no trace; give another name",
                     path);
}

/* Readable if it is a regular file, for may_replace; not waited for if it is a pipe or device. */
static int open_target(const char *path)
{
    struct stat st;
    int fd = open(path, O_RDWR | O_CREAT | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0666);
    if (fd >= 0 && !fstat(fd, &st) && S_ISREG(st.st_mode))
        return fd;
    if (fd >= 0)
        close(fd);
    return host_file_open_write(path);
}

/* A disk's file, or something that is read as it is written? */
static const struct patience *patience_of(int fd)
{
    struct stat st;
    return !fstat(fd, &st) && S_ISREG(st.st_mode) ? &of_disk : &of_reader;
}

static bool open_file(struct trace_file *t, const void *head, size_t size, struct error *err)
{
    int failed = 0;
    t->fd = open_target(t->path);
    if (t->fd < 0) {
        failed = errno;
    } else {
        if (!may_replace(t->fd, t->path, err))
            return false;
        t->patience = patience_of(t->fd);
        t->end = ftruncate(t->fd, 0) ? -1 : (off_t)size;
        failed = write_all(t, head, size);
    }
    if (failed)
        error_set(err, "--trace-gpu %s: %s; give a file that can be written", t->path,
                  host_file_why(failed));
    return !failed;
}

/* The rest of what it needs; false: no memory. */
static bool make_room(struct trace_file *t)
{
    for (unsigned i = 0; i < BLOCKS; i++) {
        struct block *b = malloc(sizeof(*b));
        if (!b)
            return false;
        b->next = t->free;
        t->free = b;
    }
    t->zstd = ZSTD_createCCtx();
    t->packed = malloc(sizeof(struct trace_block) + ZSTD_compressBound(TRACE_BLOCK_MAX));
    return t->zstd && t->packed;
}

static void trace_file_free(struct trace_file *t)
{
    while (t->free) {
        struct block *next = t->free->next;
        free(t->free);
        t->free = next;
    }
    ZSTD_freeCCtx(t->zstd);
    free(t->packed);
    if (t->fd >= 0)
        close(t->fd);
    pthread_cond_destroy(&t->room);
    pthread_cond_destroy(&t->work);
    pthread_mutex_destroy(&t->lock);
    free(t);
}

struct trace_file *trace_file_create(const char *path, const void *head, size_t size,
                                     struct log *log, struct error *err)
{
    struct trace_file *t = calloc(1, sizeof(*t));
    error_set(err, "--trace-gpu: not enough host memory or threads; end other programs");
    if (!t)
        return NULL;
    t->path = path;
    t->log = log;
    t->fd = NO_FILE;
    t->full_end = &t->full;
    t->close_by = HOST_FOREVER;
    pthread_mutex_init(&t->lock, NULL);
    host_cond_init(&t->work);
    host_cond_init(&t->room);
    if (!make_room(t) || !open_file(t, head, size, err) ||
        host_thread_start(&t->thread, "gpu-trace", write_main, t)) {
        trace_file_free(t);
        return NULL;
    }
    return t;
}

void trace_file_destroy(struct trace_file *t)
{
    if (!t)
        return;
    pthread_mutex_lock(&t->lock);
    atomic_store(&t->close_by, host_now_ns() + t->patience->close);
    pthread_cond_signal(&t->work);
    pthread_mutex_unlock(&t->lock);
    pthread_join(t->thread, NULL);
    trace_file_free(t);
}
