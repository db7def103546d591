/* SPDX-License-Identifier: MIT */
/*
 * Prints how the decoder decodes every compressed word and the 32-bit words of standard input;
 * check_decode.py compares that with its own table. Argument: a --cpu value.
 */
#include "cpu/decode.h"

#include <stdio.h>

static const char *name_of(const struct decoder *d, uint32_t word)
{
    struct op op;
    return insn_name(decode(d, word, 0, true, &op));
}

int main(int argc, char **argv)
{
    struct cpu_model model;
    struct error err;
    if (argc != 2 || !cpu_model_parse(argv[1], &model, &err)) {
        fprintf(stderr, "usage: decode_dump CPU: %s\n", argc == 2 ? err.text : "");
        return 2;
    }
    struct decoder *d = decoder_create(&model);
    if (!d)
        return 1;
    for (uint32_t word = 0; word < 0x10000; word++)
        if ((word & 3) != 3)
            printf("%x %x %s\n", word, rvc_expand((uint16_t)word, &model), name_of(d, word));
    unsigned word;
    while (scanf("%x", &word) == 1)
        printf("%x %s\n", word, name_of(d, word));
    decoder_destroy(d);
    return 0;
}
