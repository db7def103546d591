/* SPDX-License-Identifier: MIT */
/* The host's monotonic and wall clocks, in nanoseconds. Any thread. */
#ifndef HOST_CLOCK_H
#define HOST_CLOCK_H

#include <stdint.h>

#define NS_PER_SEC UINT64_C(1000000000)

/* Monotonic time; never goes back; its zero means nothing. */
uint64_t host_now_ns(void);
/* Wall-clock time since 1970-01-01 00:00 UTC. */
uint64_t host_wall_ns(void);

#endif
