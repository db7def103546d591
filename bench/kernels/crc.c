/* SPDX-License-Identifier: MIT */
/* CRC-32 by table, a byte at a time: a chain of byte loads and table look-ups. */
#include "kernels.h"

enum { BYTES = 64 << 10, PASSES = 300 };

uint64_t kernel_crc(void *arena)
{
    uint32_t *table = arena, crc = 0xffffffffu;
    uint8_t *data = (uint8_t *)(table + 256);
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t c = i;
        for (int bit = 0; bit < 8; bit++)
            c = c & 1 ? c >> 1 ^ 0xedb88320u : c >> 1;
        table[i] = c;
    }
    for (uint32_t i = 0; i < BYTES; i++)
        data[i] = (uint8_t)(i * 13 + (i >> 8));
    for (int pass = 0; pass < PASSES; pass++)
        for (uint32_t i = 0; i < BYTES; i++)
            crc = table[(crc ^ data[i]) & 255] ^ crc >> 8;
    return ~crc;
}
