/* SPDX-License-Identifier: MIT */
/*
 * A hostile GPU driver: makes commands of any type, size and framing, most of them nearly valid,
 * out of a stream of bytes (fuzz.h), and checks that the GPU still works afterwards. The fuzzer
 * chooses the bytes in fuzz_gpu.c, a random generator in test_gpu_hostile.c.
 */
#ifndef TESTS_KIT_GPU_HOSTILE_H
#define TESTS_KIT_GPU_HOSTILE_H

#include "fuzz/fuzz.h"
#include "kit/gpu.h"

#define GH_RAM    (UINT64_C(4) << 20)
#define GH_BUDGET (UINT64_C(1) << 20)
#define GH_HEADS  2

/* Makes one command available on a queue; no kick. */
void gh_command(struct fuzz_input *in, struct kit *kit, unsigned queue);

/* Resets the device, then asks for the display info and draws two frames as a correct driver does,
 * one from a 2D resource and one from a blob; aborts unless each answer and each pixel is right. */
void gh_check_alive(struct gpu_driver *g);

#endif
