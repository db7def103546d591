/* SPDX-License-Identifier: MIT */
/*
 * YUV4MPEG2: a line of text, then frames of equal size at a fixed rate, with full colour resolution
 * (4:4:4, BT.601, 16..235). The size is that of the first picture; later pictures of other sizes
 * are scaled into it, with black borders. While the picture does not change, its frame is written
 * again as time passes, so that little is left to write at the end, and little is lost when
 * riscreen is killed.
 *
 * If the disk is so slow, or the host slept so long, that the file is more than MAX_LAG_SECONDS
 * behind, the frames in between are left out and counted.
 */
#include "ui/record_sink.h"

#include "host/clock.h"
#include "host/file.h"
#include "ui/viewport.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECOND          UINT64_C(1000000000)
#define MAX_LAG_SECONDS 2
#define PIECE           4096 /* bytes; pipes write so many atomically */

static const char frame_line[] = "FRAME\n";
#define FRAME_LINE (sizeof(frame_line) - 1)

struct record_sink {
    const struct record_options *options;
    int fd;
    uint32_t width, height;    /* 0: no picture yet */
    uint8_t *frame;            /* frame_line and three planes of the current picture */
    size_t size;               /* of frame */
    uint64_t written;          /* frames that are in the file or were left out */
    uint64_t missing;          /* those of `written` that were left out */
    bool due;                  /* the current picture is not in the file yet */
    _Atomic uint64_t deadline; /* host_now_ns(); UINT64_MAX: none yet */
    off_t end;                 /* of the last complete frame; -1: the file is not a regular one */
};

static struct record_sink *y4m_open(const struct record_options *o, struct error *err)
{
    struct stat st;
    struct record_sink *sink = calloc(1, sizeof(*sink));
    if (!sink) {
        error_no_memory(err);
        return NULL;
    }
    sink->options = o;
    atomic_init(&sink->deadline, UINT64_MAX);
    sink->fd = host_file_open_write(o->path);
    if (sink->fd < 0 || fstat(sink->fd, &st)) {
        error_set(err, "--record %s: %s; give another path", o->path, host_file_why(errno));
    } else if (S_ISREG(st.st_mode) && st.st_size && !o->overwrite) {
        error_set(err,
                  "--record %s: the file is there already; give another path, or add ,overwrite",
                  o->path);
    } else if (S_ISREG(st.st_mode) && ftruncate(sink->fd, 0)) {
        error_set(err, "--record %s: %s; give another path", o->path, strerror(errno));
    } else {
        sink->end = S_ISREG(st.st_mode) ? 0 : -1;
        return sink;
    }
    record_y4m_ops.close(sink);
    return NULL;
}

static bool is_late(struct record_sink *sink)
{
    return host_now_ns() > atomic_load(&sink->deadline);
}

/* Writes to a pipe or device in pieces, whose reader may be slow, until the deadline has passed. */
static int write_pieces(struct record_sink *sink, const uint8_t *data, size_t size)
{
    int error = 0;
    for (size_t n; size && !error; data += n, size -= n) {
        n = MIN(size, PIECE);
        error = is_late(sink) ? ETIMEDOUT : host_file_write(sink->fd, data, n);
    }
    return error;
}

/* Writes all; on an error, removes the part that was written to a regular file. */
static int write_all(struct record_sink *sink, const void *data, size_t size)
{
    if (sink->end < 0)
        return write_pieces(sink, data, size);
    int error = host_file_write(sink->fd, data, size);
    if (error)
        return ftruncate(sink->fd, sink->end) ? errno : error;
    sink->end += (off_t)size;
    return 0;
}

/* Writes the header: the first picture sets the size. */
static int write_header(struct record_sink *sink, const struct picture *pic)
{
    char line[128];
    sink->size = FRAME_LINE + (size_t)pic->width * pic->height * 3;
    sink->frame = malloc(sink->size);
    if (!sink->frame)
        return ENOMEM;
    memcpy(sink->frame, frame_line, FRAME_LINE);
    int n = snprintf(line, sizeof(line),
                     "YUV4MPEG2 W%u H%u F%u:1 Ip A1:1 C444 XYSCSS=444 XCOLORRANGE=LIMITED\n",
                     pic->width, pic->height, sink->options->fps);
    int error = write_all(sink, line, (size_t)n);
    if (error)
        return error;
    sink->width = pic->width;
    sink->height = pic->height;
    return 0;
}

static void convert_row(uint8_t *luma, uint8_t *cb, uint8_t *cr, const uint8_t *px, uint32_t n)
{
    for (uint32_t x = 0; x < n; x++) {
        int b = px[x * 4], g = px[x * 4 + 1], r = px[x * 4 + 2];
        luma[x] = (uint8_t)((66 * r + 129 * g + 25 * b + (16 << 8) + 128) >> 8);
        cb[x] = (uint8_t)((-38 * r - 74 * g + 112 * b + (128 << 8) + 128) >> 8);
        cr[x] = (uint8_t)((112 * r - 94 * g - 18 * b + (128 << 8) + 128) >> 8);
    }
}

static void convert_picture(struct record_sink *sink, const struct picture *pic)
{
    size_t plane = (size_t)sink->width * sink->height;
    uint8_t *to = sink->frame + FRAME_LINE;
    for (uint32_t y = 0; y < sink->height; y++, to += sink->width)
        convert_row(to, to + plane, to + 2 * plane, pic->data + (size_t)y * pic->stride,
                    sink->width);
}

/* Returns the picture scaled into the first one's size, with its own aspect ratio. */
static struct picture *scale_to_fit(const struct record_sink *sink, const struct picture *pic)
{
    struct viewport at = viewport_fit(pic->width, pic->height, (int)sink->width, (int)sink->height);
    struct picture *out = picture_create(sink->width, sink->height);
    if (!out)
        return NULL;
    pixman_image_t *from =
        pixman_image_create_bits(PIXMAN_x8r8g8b8, (int)pic->width, (int)pic->height,
                                 (uint32_t *)pic->data, (int)pic->stride);
    pixman_image_t *to =
        pixman_image_create_bits(PIXMAN_x8r8g8b8, (int)out->width, (int)out->height,
                                 (uint32_t *)out->data, (int)out->stride);
    if (from && to) {
        pixman_transform_t scale;
        pixman_transform_init_scale(&scale, (pixman_fixed_t)(((int64_t)pic->width << 16) / at.w),
                                    (pixman_fixed_t)(((int64_t)pic->height << 16) / at.h));
        pixman_image_set_transform(from, &scale);
        pixman_image_set_filter(from, PIXMAN_FILTER_BILINEAR, NULL, 0);
        pixman_image_set_repeat(from, PIXMAN_REPEAT_PAD);
        pixman_image_composite32(PIXMAN_OP_SRC, from, NULL, to, 0, 0, 0, 0, at.x, at.y, at.w, at.h);
    }
    if (from)
        pixman_image_unref(from);
    if (to)
        pixman_image_unref(to);
    return out;
}

/* Counts the frames up to `count` as left out. */
static void leave_out(struct record_sink *sink, uint64_t count)
{
    sink->missing += count - sink->written;
    sink->written = count;
}

static int write_frame(struct record_sink *sink)
{
    int error = write_all(sink, sink->frame, sink->size);
    sink->written += !error;
    sink->due &= error != 0;
    return error;
}

/* Writes the current picture until the file has `count` frames. */
static int write_until(struct record_sink *sink, uint64_t count)
{
    uint64_t most = (uint64_t)sink->options->fps * MAX_LAG_SECONDS;
    int error = 0;
    if (count > sink->written && count - sink->written > most)
        leave_out(sink, count - most);
    while (!error && sink->written < count) {
        if (is_late(sink))
            leave_out(sink, count);
        else
            error = write_frame(sink);
    }
    return error;
}

/* Returns the number of the frame that is nearest to this time. */
static uint64_t frame_at(const struct record_sink *sink, uint64_t ns)
{
    unsigned fps = sink->options->fps;
    return ns / SECOND * fps + (ns % SECOND * fps + SECOND / 2) / SECOND;
}

static int y4m_show(struct record_sink *sink, const struct picture *pic, uint64_t ns)
{
    int error = sink->width ? write_until(sink, frame_at(sink, ns)) : write_header(sink, pic);
    if (!error && sink->due && !is_late(sink))
        error = write_frame(sink); /* one frame too early; the next is shorter by that */
    if (error)
        return error;
    sink->due = true;
    if (pic->width == sink->width && pic->height == sink->height) {
        convert_picture(sink, pic);
        return 0;
    }
    struct picture *fitted = scale_to_fit(sink, pic);
    if (!fitted)
        return ENOMEM;
    convert_picture(sink, fitted);
    picture_destroy(fitted);
    return 0;
}

static int y4m_step(struct record_sink *sink, uint64_t ns)
{
    return sink->width ? write_until(sink, frame_at(sink, ns)) : 0;
}

static void y4m_hurry(struct record_sink *sink, uint64_t deadline)
{
    atomic_store(&sink->deadline, deadline);
}

/* The last picture, too, has at least one frame, even after the deadline. */
static int y4m_end(struct record_sink *sink, uint64_t ns, uint64_t *missing)
{
    int error = y4m_step(sink, ns);
    if (!error && sink->due)
        error = write_frame(sink);
    *missing = sink->missing * SECOND / sink->options->fps;
    return error;
}

static void y4m_close(struct record_sink *sink)
{
    if (!sink)
        return;
    if (sink->fd >= 0)
        close(sink->fd);
    free(sink->frame);
    free(sink);
}

const struct record_sink_ops record_y4m_ops = {
    .open = y4m_open,
    .show = y4m_show,
    .step = y4m_step,
    .hurry = y4m_hurry,
    .end = y4m_end,
    .close = y4m_close,
};
