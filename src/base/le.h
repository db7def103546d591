/* SPDX-License-Identifier: MIT */
/*
 * Little-endian wire types. A struct that a guest or a file lays out is made of these, so that a
 * field used without conversion does not compile. On a little-endian host they cost nothing.
 */
#ifndef BASE_LE_H
#define BASE_LE_H

#include <stdint.h>

typedef struct {
    uint16_t raw;
} le16;
typedef struct {
    uint32_t raw;
} le32;
typedef struct {
    uint64_t raw;
} le64;

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define LE_SWAP16(x) (x)
#define LE_SWAP32(x) (x)
#define LE_SWAP64(x) (x)
#else
#define LE_SWAP16(x) __builtin_bswap16(x)
#define LE_SWAP32(x) __builtin_bswap32(x)
#define LE_SWAP64(x) __builtin_bswap64(x)
#endif

static inline uint16_t le16_get(le16 v)
{
    return LE_SWAP16(v.raw);
}
static inline uint32_t le32_get(le32 v)
{
    return LE_SWAP32(v.raw);
}
static inline uint64_t le64_get(le64 v)
{
    return LE_SWAP64(v.raw);
}
static inline le16 le16_make(uint16_t v)
{
    return (le16){LE_SWAP16(v)};
}
static inline le32 le32_make(uint32_t v)
{
    return (le32){LE_SWAP32(v)};
}
static inline le64 le64_make(uint64_t v)
{
    return (le64){LE_SWAP64(v)};
}

#endif
