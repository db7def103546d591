/* SPDX-License-Identifier: MIT */
/*
 * A fuzzed device logs all the time, to descriptor 2. This points descriptor 2 at /dev/null and
 * keeps another for the output of libFuzzer and the sanitizers.
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
