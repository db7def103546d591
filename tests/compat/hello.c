/* SPDX-License-Identifier: MIT */
#include "bare.h"

u32 main(u64 hart)
{
    note("hello from hart", hart);
    return 3;
}
