/* SPDX-License-Identifier: MIT */
/* The ray tracer in double precision. */
#define REAL      double
#define ROOT      __builtin_sqrt
#define PICTURE   kernel_ray
#define PRECISION 10000
#include "ray.inc"
