/* SPDX-License-Identifier: MIT */
/*
 * A fuzzed device complains all the time, to descriptor 2: libFuzzer points that at /dev/null, and
 * keeps another for what it and the sanitizers say.
 */
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static char option[] = "-close_fd_mask=2";
    char **words = calloc((size_t)*argc + 2, sizeof(*words));
    if (!words)
        abort();
    memcpy(words, *argv, (size_t)*argc * sizeof(*words));
    words[(*argc)++] = option;
    *argv = words;
    return 0;
}
