/* SPDX-License-Identifier: MIT */
#include "board/foreign.h"

#include <string.h>

#define TEXT_LOOK 256 /* bytes: code is never readable for so long */

static const struct {
    uint32_t at;
    uint8_t len;
    const char *magic, *what;
} known[] = {
    {4, 4, "zimg",
     "an EFI zboot image, which only UEFI unpacks; give the Image inside it, "
     "arch/riscv/boot/Image or Image.gz"},
    {0, 4, "\x27\x05\x19\x56",
     "a uImage; take the kernel out of it with: dumpimage -T kernel -p 0 -o FILE UIMAGE"},
    {0x38, 4, "ARM\x64", "an Image for 64-bit ARM; build it for riscv"},
    {0x24, 4, "\x18\x28\x6f\x01", "a zImage for ARM; build it for riscv"},
    {0x202, 4, "HdrS", "a bzImage for x86; build it for riscv"},
    {0, 4, "\xd0\x0d\xfe\xed",
     "a device tree or a FIT image; a device tree is given with -b, from "
     "a FIT image take the kernel"},
    {0, 3, "\x1f\x8b\x08", "compressed with gzip; unpack it with gunzip"},
    {0, 6, "\3757zXZ", "compressed with xz; unpack it with unxz"},
    {0, 4, "\x28\xb5\x2f\xfd", "compressed with zstd; unpack it with unzstd"},
    {4, 6, "1AY&SY", "compressed with bzip2; unpack it with bunzip2"},
    {0, 4, "\x04\x22\x4d\x18", "compressed with lz4; unpack it with unlz4"},
    {0, 4, "\x02\x21\x4c\x18", "compressed with lz4; unpack it with unlz4"},
    {0, 5, "\x89LZO", "compressed with lzop; unpack it with lzop -d"},
    {0, 4, "PK\3\4", "a zip archive; unpack it"},
    {0, 6, "070701", "an initrd; give it with -i"},
    {0, 6, "070702", "an initrd; give it with -i"},
    {0, 8, "!<arch>\n", "an archive or a Debian package; give the kernel inside it"},
    {0, 4, "QFI\xfb", "a qcow2 disk; a disk is given with -d, raw"},
    {0, 8, "vhdxfile", "a VHDX disk; a disk is given with -d, raw"},
    {0, 4, "KDMV", "a VMDK disk; a disk is given with -d, raw"},
    {0, 8, "conectix", "a VHD disk; a disk is given with -d, raw"},
    {0x40, 4, "\x7f\x10\xda\xbe", "a VDI disk; a disk is given with -d, raw"},
    {0x8001, 5, "CD001", "a CD image; it is given with -d, and its kernel with -k"},
};

static bool has(const uint8_t *data, size_t size, size_t at, const char *magic, size_t len)
{
    return extent_ok(at, len, size) && !memcmp(data + at, magic, len);
}

/* A PE file: "MZ", and the offset of "PE" at 0x3c. */
static bool is_pe(const uint8_t *data, size_t size)
{
    if (!has(data, size, 0, "MZ", 2) || size < 0x40)
        return false;
    uint32_t at = data[0x3c] | data[0x3d] << 8 | data[0x3e] << 16 | (uint32_t)data[0x3f] << 24;
    return has(data, size, at, "PE\0\0", 4);
}

static bool is_text(const uint8_t *data, size_t size)
{
    size_t n = MIN(size, TEXT_LOOK);
    for (size_t i = 0; i < n; i++)
        if ((data[i] < 0x20 || data[i] > 0x7e) && (data[i] < '\t' || data[i] > '\r'))
            return false;
    return true;
}

const char *foreign_program(const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < ARRAY_SIZE(known); i++)
        if (has(data, size, known[i].at, known[i].magic, known[i].len))
            return known[i].what;
    if (is_pe(data, size))
        return "a program for UEFI; give the kernel itself";
    if (is_text(data, size))
        return "text; give a Linux Image, ELF or flat binary";
    if (size < 2)
        return "no program: it has a single byte; give a Linux Image, ELF or flat binary";
    if (!(data[0] | data[1]))
        return "no program: it begins with zeros, which is no instruction; give a Linux Image, ELF "
               "or flat binary";
    return NULL;
}
