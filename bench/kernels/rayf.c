/* SPDX-License-Identifier: MIT */
/* The ray tracer in single precision. */
#define REAL      float
#define ROOT      __builtin_sqrtf
#define PICTURE   kernel_rayf
#define PRECISION 1000
#include "ray.inc"
