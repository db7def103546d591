/* SPDX-License-Identifier: MIT */
/*
 * Where recorded pictures go: a folder of PNGs with their times, or one y4m file. A sink is used by
 * one thread at a time, but for hurry. Times are nanoseconds since the first picture and never go
 * back. Whatever was written stays whole when a write fails: half a picture is taken away again.
 */
#ifndef UI_RECORD_SINK_H
#define UI_RECORD_SINK_H

#include "base/error.h"
#include "ui/picture.h"

struct record_options {
    char path[4096];
    unsigned fps; /* 1..240 */
    unsigned head;
    bool overwrite; /* what is there may go */
};

struct record_sink;
struct record_sink_ops {
    /* Claims the target; NULL with one line in err. */
    struct record_sink *(*open)(const struct record_options *o, struct error *err);
    /* This picture is shown from `ns` on. 0 or an errno, after which only end may follow. */
    int (*show)(struct record_sink *sink, const struct picture *pic, uint64_t ns);
    /* The picture that was shown last is shown still at `ns`: writes what that takes. Called every
     * RECORD_STEP_NS while no other comes. 0 or an errno, as show. NULL: it takes nothing. */
    int (*step)(struct record_sink *sink, uint64_t ns);
    /* Any thread: what cannot be written until host_now_ns() is `deadline` is left out, but for
     * the last picture, once, as far as that takes little. NULL: pictures take little. */
    void (*hurry)(struct record_sink *sink, uint64_t deadline);
    /* The last picture that could be written was shown until `ns`. 0 or an errno. *missing: of the
     * time that pictures were shown, how much could not be written, ns. */
    int (*end)(struct record_sink *sink, uint64_t ns, uint64_t *missing);
    void (*close)(struct record_sink *sink); /* NULL is fine */
};

#define RECORD_STEP_NS UINT64_C(250000000) /* so much of a film is lost when riscreen is killed */

extern const struct record_sink_ops record_png_ops; /* a path that ends in "/" */
extern const struct record_sink_ops record_y4m_ops; /* one that ends in ".y4m" */

#endif
