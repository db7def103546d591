/* SPDX-License-Identifier: MIT */
/*
 * A sink stores recorded pictures: as a folder of PNGs with a list of their times, or as one y4m
 * file. Used by one thread at a time, except hurry. Times are nanoseconds since the first picture
 * and do not decrease. When a write fails, the part of a picture that was written is removed again,
 * so that the recording can be played up to there.
 */
#ifndef UI_RECORD_SINK_H
#define UI_RECORD_SINK_H

#include "base/error.h"
#include "ui/picture.h"

struct record_options {
    char path[4096];
    unsigned fps; /* 1..240 */
    unsigned head;
    bool overwrite; /* existing files may be overwritten */
};

struct record_sink;
struct record_sink_ops {
    /* Creates the file or folder. Returns NULL with one line in err. */
    struct record_sink *(*open)(const struct record_options *o, struct error *err);
    /* The picture is on the screen from `ns` on. Returns 0 or an errno, after which only end may be
     * called. */
    int (*show)(struct record_sink *sink, const struct picture *pic, uint64_t ns);
    /* The picture of the last show is still on the screen at `ns`. Called every RECORD_STEP_NS
     * between two shows. Returns as show. NULL: nothing needs to be written then. */
    int (*step)(struct record_sink *sink, uint64_t ns);
    /* Leaves out what cannot be written before host_now_ns() is `deadline`, except the last
     * picture, which is written once. Any thread. NULL: writing takes no time that matters. */
    void (*hurry)(struct record_sink *sink, uint64_t deadline);
    /* The recording ends at `ns`. Returns 0 or an errno. *missing: ns of the recorded time that
     * were left out. */
    int (*end)(struct record_sink *sink, uint64_t ns, uint64_t *missing);
    void (*close)(struct record_sink *sink); /* NULL is fine */
};

/* at most so much of a recording is lost when riscreen is killed */
#define RECORD_STEP_NS UINT64_C(250000000)

extern const struct record_sink_ops record_png_ops; /* a path that ends in "/" */
extern const struct record_sink_ops record_y4m_ops; /* a path that ends in ".y4m" */

#endif
