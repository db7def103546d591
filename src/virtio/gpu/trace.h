/* SPDX-License-Identifier: MIT */
/*
 * --trace-gpu: an observer that writes down what the guest asks of the GPU and the bytes that this
 * moved, so that riscreen-gpu-replay can do it all again without a guest. The format is in
 * trace_format.h.
 */
#ifndef VIRTIO_GPU_TRACE_H
#define VIRTIO_GPU_TRACE_H

#include "base/error.h"
#include "virtio/virtio.h"

#define GPU_TRACE_CHECK_NS UINT64_C(250000000)

/*
 * Begins a trace of a GPU that no guest has used yet, in the file `path`, which stays the caller's
 * string. What is shown is summed up every check_ns nanoseconds at most. False with one line (what,
 * why, the cure) in err.
 */
bool virtio_gpu_trace(struct virtio_dev *dev, const char *path, uint64_t check_ns,
                      struct error *err);

#endif
