/* SPDX-License-Identifier: MIT */
/* A fuzzed device complains all the time: its messages go nowhere, a sanitizer's (fd 2) stay. */
#include "fuzz/fuzz.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    FILE *nowhere = fopen("/dev/null", "w");
    if (nowhere)
        stderr = nowhere;
    return 0;
}
