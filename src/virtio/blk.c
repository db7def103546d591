/* SPDX-License-Identifier: MIT */
/*
 * A disk (VIRTIO 1.3, "Block Device") over backend/disk.h. The hart that kicks only wakes the
 * worker; the worker takes requests one after the other (virtio/request.h) and moves data between
 * the disk and the guest's pages without a copy of its own. A request is done in bounded steps, so
 * that whoever pauses the worker waits for one step, not for gigabytes.
 */
#include "virtio/devices.h"

#include "backend/disk.h"
#include "base/le.h"
#include "host/worker.h"
#include "virtio/request.h"

#include <stdlib.h>
#include <string.h>

#define QUEUE_SIZE   256
#define SEG_MAX      (QUEUE_SIZE - 2) /* a request's header and status take one each */
#define SECTOR       512u
#define STEP_PIECES  256u
#define STEP_BYTES   (UINT64_C(4) << 20)  /* of data moved in one step */
#define STEP_ZERO    (UINT64_C(16) << 20) /* of a file zeroed in one step */
#define MAX_ZERO_SEG 32u
#define MAX_ZERO     (UINT32_C(1) << 22) /* sectors in one discard or write-zeroes segment */
#define SERIAL_LEN   20

#define F_SEG_MAX      (UINT64_C(1) << 2)
#define F_RO           (UINT64_C(1) << 5)
#define F_BLK_SIZE     (UINT64_C(1) << 6)
#define F_FLUSH        (UINT64_C(1) << 9)
#define F_TOPOLOGY     (UINT64_C(1) << 10)
#define F_CONFIG_WCE   (UINT64_C(1) << 11)
#define F_DISCARD      (UINT64_C(1) << 13)
#define F_WRITE_ZEROES (UINT64_C(1) << 14)

enum { T_IN = 0, T_OUT = 1, T_FLUSH = 4, T_GET_ID = 8, T_DISCARD = 11, T_WRITE_ZEROES = 13 };
enum { S_OK = 0, S_IOERR = 1, S_UNSUPP = 2, S_MORE = 0xff /* ours: the request goes on */ };
enum { ZERO_UNMAP = 1 }; /* flag of a write-zeroes segment */

enum { KICK_QUEUE = 1, KICK_FLUSH = 2 };

struct blk_config {
    le64 capacity;
    le32 size_max, seg_max;
    le16 cylinders;
    uint8_t heads, sectors;
    le32 blk_size;
    uint8_t physical_block_exp, alignment_offset;
    le16 min_io_size;
    le32 opt_io_size;
    uint8_t writeback, unused0;
    le16 num_queues;
    le32 max_discard_sectors, max_discard_seg, discard_sector_alignment;
    le32 max_write_zeroes_sectors, max_write_zeroes_seg;
    uint8_t write_zeroes_may_unmap, unused1[3];
};
#define CONFIG_WRITEBACK offsetof(struct blk_config, writeback)
_Static_assert(CONFIG_WRITEBACK == 32, "layout of VIRTIO 1.3, \"Block Device / configuration\"");

struct blk_header {
    le32 type, reserved;
    le64 sector;
};

struct blk_segment {
    le64 sector;
    le32 num_sectors, flags;
};

struct blk;

/* One row of the command table. start checks the request and sets pos and left; step does a
 * bounded part of it. Both answer a status, or S_MORE to be stepped (again). */
struct blk_command {
    uint32_t type;
    bool writes;
    uint64_t feature; /* that must have been negotiated */
    uint8_t (*start)(struct blk *blk);
    uint8_t (*step)(struct blk *blk);
};

struct blk {
    struct virtio_dev dev;
    struct disk *disk;
    struct worker *worker;
    char serial[SERIAL_LEN];
    _Atomic bool writeback; /* the driver's choice in configuration space */
    /* the worker's: the request being served */
    struct vq_request req;
    const struct blk_command *cmd; /* NULL: unknown */
    uint64_t sector;               /* as the header says */
    uint64_t pos, left;            /* bytes of the disk still to do */
    bool unmap;                    /* of a write-zeroes segment */
};

static uint64_t capacity(const struct blk *blk)
{
    return blk->disk->size / SECTOR;
}

/* A host error becomes IOERR, and is logged. */
static uint8_t host_status(struct blk *blk, int rc)
{
    if (!rc)
        return S_OK;
    log_limited(blk->dev.log, &blk->dev.limit, LOG_BY_HOST, "virtio-blk: the host's disk says: %s",
                disk_error(rc));
    return S_IOERR;
}

/* Bytes of the answer before the status, which is the last byte. */
static uint64_t answer_room(const struct vq_chain *chain)
{
    return chain->out.left - 1;
}

static uint8_t start_extent(struct blk *blk, uint64_t sector, uint64_t bytes)
{
    if (bytes % SECTOR || !extent_ok(sector, bytes / SECTOR, capacity(blk)))
        return S_IOERR;
    blk->pos = sector * SECTOR;
    blk->left = bytes;
    return bytes ? S_MORE : S_OK;
}

static uint8_t start_read(struct blk *blk)
{
    return start_extent(blk, blk->sector, answer_room(blk->req.chain));
}

static uint8_t start_write(struct blk *blk)
{
    return start_extent(blk, blk->sector, blk->req.chain->in.left);
}

static unsigned to_iov(struct iovec *iov, const struct vq_piece *pieces, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        iov[i] = (struct iovec){.iov_base = pieces[i].host, .iov_len = pieces[i].len};
    return n;
}

/* After a step that moved `bytes`: done, or more to come? */
static uint8_t advance_request(struct blk *blk, int rc, uint64_t bytes)
{
    if (rc)
        return host_status(blk, rc);
    blk->pos += bytes;
    blk->left -= bytes;
    return blk->left ? S_MORE : S_OK;
}

static uint8_t step_read(struct blk *blk)
{
    struct vq_piece pieces[STEP_PIECES];
    struct iovec iov[STEP_PIECES];
    uint64_t bytes;
    unsigned n =
        vq_take_out(blk->req.chain, pieces, STEP_PIECES, MIN(blk->left, STEP_BYTES), &bytes);
    int rc = disk_readv(blk->disk, iov, to_iov(iov, pieces, n), blk->pos);
    vq_wrote(blk->req.chain, pieces, n);
    return advance_request(blk, rc, bytes);
}

static uint8_t step_write(struct blk *blk)
{
    struct vq_piece pieces[STEP_PIECES];
    struct iovec iov[STEP_PIECES];
    uint64_t bytes;
    unsigned n =
        vq_take_in(blk->req.chain, pieces, STEP_PIECES, MIN(blk->left, STEP_BYTES), &bytes);
    int rc = disk_writev(blk->disk, iov, to_iov(iov, pieces, n), blk->pos);
    return advance_request(blk, rc, bytes);
}

static uint8_t start_flush(struct blk *blk)
{
    return host_status(blk, disk_flush(blk->disk));
}

static uint8_t start_get_id(struct blk *blk)
{
    struct vq_chain *chain = blk->req.chain;
    vq_write(chain, blk->serial, (size_t)MIN(answer_room(chain), SERIAL_LEN));
    return S_OK;
}

/* Discard and write-zeroes carry a list of segments. */
static uint8_t start_segments(struct blk *blk)
{
    uint64_t bytes = blk->req.chain->in.left;
    if (!bytes || bytes % sizeof(struct blk_segment) ||
        bytes / sizeof(struct blk_segment) > MAX_ZERO_SEG)
        return S_IOERR;
    blk->left = 0;
    return S_MORE;
}

static uint8_t next_segment(struct blk *blk)
{
    struct blk_segment seg;
    if (vq_read(blk->req.chain, &seg, sizeof(seg)) < sizeof(seg))
        return S_OK; /* that was the last */
    uint32_t flags = le32_get(seg.flags), sectors = le32_get(seg.num_sectors);
    uint32_t known = blk->cmd->type == T_WRITE_ZEROES ? ZERO_UNMAP : 0;
    if (flags & ~known)
        return S_UNSUPP;
    if (sectors > MAX_ZERO)
        return S_IOERR;
    blk->unmap = (flags & ZERO_UNMAP) != 0;
    return start_extent(blk, le64_get(seg.sector), (uint64_t)sectors * SECTOR) == S_IOERR ? S_IOERR
                                                                                          : S_MORE;
}

static uint8_t step_segments(struct blk *blk)
{
    if (!blk->left)
        return next_segment(blk);
    uint64_t bytes = MIN(blk->left, STEP_ZERO);
    int rc = blk->cmd->type == T_DISCARD ? disk_discard(blk->disk, blk->pos, bytes)
                                         : disk_zero(blk->disk, blk->pos, bytes, blk->unmap);
    uint8_t status = advance_request(blk, rc, bytes);
    return status == S_OK ? S_MORE : status; /* there may be another segment */
}

static const struct blk_command commands[] = {
    {T_IN, false, 0, start_read, step_read},
    {T_OUT, true, 0, start_write, step_write},
    {T_FLUSH, false, 0, start_flush, NULL},
    {T_GET_ID, false, 0, start_get_id, NULL},
    {T_DISCARD, true, F_DISCARD, start_segments, step_segments},
    {T_WRITE_ZEROES, true, F_WRITE_ZEROES, start_segments, step_segments},
};

static const struct blk_command *find_command(const struct blk *blk, uint32_t type)
{
    for (unsigned i = 0; i < ARRAY_SIZE(commands); i++)
        if (commands[i].type == type)
            return (blk->dev.features & commands[i].feature) == commands[i].feature ? &commands[i]
                                                                                    : NULL;
    return NULL;
}

/* Must a write be on the disk before it is answered? */
static bool write_through(const struct blk *blk)
{
    if (virtio_has(&blk->dev, F_CONFIG_WCE))
        return !atomic_load(&blk->writeback);
    return !virtio_has(&blk->dev, F_FLUSH);
}

/* Returns the request to the driver. */
static void finish_request(struct blk *blk, uint8_t status)
{
    struct vq_chain *chain = blk->req.chain;
    if (status == S_OK && blk->cmd->writes && write_through(blk))
        status = start_flush(blk);
    if (chain->out.left) {
        vq_skip_out(chain, (size_t)answer_room(chain));
        vq_write(chain, &status, 1);
    }
    vq_request_finish(&blk->req);
}

/* Reads the header and starts the command. */
static uint8_t begin_request(struct blk *blk)
{
    struct blk_header h;
    struct vq_chain *chain = blk->req.chain;
    if (!chain->out.left || vq_read(chain, &h, sizeof(h)) < sizeof(h)) {
        log_limited(blk->dev.log, &blk->dev.limit, LOG_BY_GUEST, "virtio-blk: a request without %s",
                    chain->out.left ? "header" : "status byte");
        return S_IOERR;
    }
    blk->cmd = find_command(blk, le32_get(h.type));
    blk->sector = le64_get(h.sector);
    if (!blk->cmd)
        return S_UNSUPP;
    if (blk->cmd->writes && blk->disk->read_only)
        return S_IOERR;
    return blk->cmd->start(blk);
}

static struct blk *blk_of(struct virtio_dev *dev)
{
    return container_of(dev, struct blk, dev);
}

static void blk_step(struct virtio_dev *dev)
{
    struct blk *blk = blk_of(dev);
    uint8_t status = blk->req.begun ? blk->cmd->step(blk) : begin_request(blk);
    blk->req.begun = true;
    if (status != S_MORE)
        finish_request(blk, status);
}

static void blk_run(void *ctx, uint32_t bits, bool inline_run)
{
    struct blk *blk = ctx;
    (void)inline_run; /* never: disks are slow */
    if (bits & KICK_FLUSH)
        host_status(blk, disk_flush(blk->disk));
    vq_request_serve(&blk->req, &blk->dev, 0, blk->worker, blk_step);
}

static uint64_t blk_features(struct virtio_dev *dev)
{
    uint64_t f = F_SEG_MAX | F_BLK_SIZE | F_TOPOLOGY | F_FLUSH | F_CONFIG_WCE;
    return f | (blk_of(dev)->disk->read_only ? F_RO : F_DISCARD | F_WRITE_ZEROES);
}

static void blk_notify(struct virtio_dev *dev, unsigned q)
{
    (void)q;
    worker_kick(blk_of(dev)->worker, KICK_QUEUE);
}

static void blk_quiesce(struct virtio_dev *dev)
{
    worker_pause(blk_of(dev)->worker);
}

static void blk_resume(struct virtio_dev *dev)
{
    worker_resume(blk_of(dev)->worker);
}

static void blk_queue_reset(struct virtio_dev *dev, unsigned q)
{
    (void)q;
    vq_request_drop(&blk_of(dev)->req);
}

static void blk_reset(struct virtio_dev *dev)
{
    blk_queue_reset(dev, 0);
    atomic_store(&blk_of(dev)->writeback, true);
}

static void blk_config_read(struct virtio_dev *dev, uint32_t off, void *dst, unsigned size)
{
    struct blk *blk = blk_of(dev);
    struct blk_config c = {
        .capacity = le64_make(capacity(blk)),
        .seg_max = le32_make(SEG_MAX),
        .blk_size = le32_make(SECTOR),
        .physical_block_exp = 3, /* the host's pages: 4096 bytes are 2^3 sectors */
        .min_io_size = le16_make(8),
        .writeback = atomic_load(&blk->writeback),
        .num_queues = le16_make(1),
        .max_discard_sectors = le32_make(MAX_ZERO),
        .max_discard_seg = le32_make(MAX_ZERO_SEG),
        .discard_sector_alignment = le32_make(8),
        .max_write_zeroes_sectors = le32_make(MAX_ZERO),
        .max_write_zeroes_seg = le32_make(MAX_ZERO_SEG),
        .write_zeroes_may_unmap = 1,
    };
    memcpy(dst, (const uint8_t *)&c + off, size);
}

/* Only `writeback` can be written. Turning the cache off empties it. */
static void blk_config_write(struct virtio_dev *dev, uint32_t off, const void *src, unsigned size)
{
    struct blk *blk = blk_of(dev);
    if (off != CONFIG_WRITEBACK || size != 1 || !virtio_has(dev, F_CONFIG_WCE))
        return;
    bool on = *(const uint8_t *)src != 0;
    atomic_store(&blk->writeback, on);
    if (!on)
        worker_kick(blk->worker, KICK_FLUSH);
}

/* The disk is part of the state, so it must be as large and as writable as it was. */
static void blk_save(struct virtio_dev *dev, struct blob_out *out)
{
    const struct blk *blk = blk_of(dev);
    blob_put_u64(out, blk->disk->size);
    blob_put_bool(out, blk->disk->read_only);
    blob_put_bool(out, atomic_load(&blk->writeback));
    vq_request_save(&blk->req, out);
}

static bool blk_load(struct virtio_dev *dev, struct blob_in *in)
{
    struct blk *blk = blk_of(dev);
    blob_check(in, blob_get_u64(in) == blk->disk->size, "a disk of another size");
    blob_check(in, blob_get_bool(in) == blk->disk->read_only, "a disk that is read-only, or not");
    atomic_store(&blk->writeback, blob_get_bool(in));
    if (!vq_request_load(&blk->req, &dev->queue[0], in))
        return false;
    if (!atomic_load(&blk->writeback))
        worker_kick(blk->worker, KICK_FLUSH); /* the flush of blk_config_write may be missing */
    return true;
}

static void blk_destroy(struct virtio_dev *dev)
{
    struct blk *blk = blk_of(dev);
    worker_destroy(blk->worker);
    vq_request_drop(&blk->req);
    virtio_finish(dev);
    free(blk);
}

static const struct virtio_ops blk_ops = {
    .name = "blk",
    .id = 2,
    .num_queues = 1,
    .queue_size = QUEUE_SIZE,
    .features = blk_features,
    .notify = blk_notify,
    .quiesce = blk_quiesce,
    .resume = blk_resume,
    .reset = blk_reset,
    .queue_reset = blk_queue_reset,
    .config_size = sizeof(struct blk_config),
    .config_read = blk_config_read,
    .config_write = blk_config_write,
    .state_version = 1,
    .save = blk_save,
    .load = blk_load,
    .destroy = blk_destroy,
};

struct virtio_dev *virtio_blk_create(struct gmem *mem, struct log *log, struct disk *disk,
                                     const char *serial, bool threaded)
{
    struct blk *blk = calloc(1, sizeof(*blk));
    if (!blk)
        return NULL;
    virtio_init(&blk->dev, &blk_ops, mem, log);
    blk->disk = disk;
    blk->writeback = true;
    memcpy(blk->serial, serial, strnlen(serial, SERIAL_LEN));
    blk->worker = worker_create("virtio-blk", threaded, blk_run, blk);
    if (!blk->worker) {
        blk_destroy(&blk->dev);
        return NULL;
    }
    return &blk->dev;
}

struct worker *virtio_blk_worker(struct virtio_dev *dev)
{
    return blk_of(dev)->worker;
}
