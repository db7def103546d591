/* SPDX-License-Identifier: MIT */
#include "backend/blk_foreign.h"

#include <string.h>
#include <unistd.h>

#define CONVERT "convert it with: qemu-img convert -O raw"
#define SECTOR  512u

/* Every mark is long enough, or far enough from where boot code and partition tables lie, that no
 * raw image has it. */
static const struct {
    uint8_t at, len;
    const char *magic, *name, *cure;
} heads[] = {
    {0, 4, "QFI\xfb", "a qcow2 image", CONVERT},
    {0, 4, "KDMV", "a VMDK image", CONVERT},
    {0, 4, "COWD", "a VMDK image", CONVERT},
    {0, 21, "# Disk DescriptorFile", "a VMDK image", CONVERT},
    {0x40, 4, "\x7f\x10\xda\xbe", "a VDI image", CONVERT},
    {0, 8, "conectix", "a VHD image", CONVERT},
    {0, 8, "vhdxfile", "a VHDX image", CONVERT},
    {0, 4, "QED\0", "a QED image", CONVERT},
    {0, 16, "WithoutFreeSpace", "a Parallels image", CONVERT},
    {0, 16, "WithouFreSpacExt", "a Parallels image", CONVERT},
    {0, 22, "Bochs Virtual HD Image", "a Bochs image", CONVERT},
    {0, 4, "\x3a\xff\x26\xed", "an Android sparse image", "convert it with simg2img"},
    {0, 3, "\x1f\x8b\x08", "compressed with gzip", "unpack it with gunzip first"},
    {0, 6, "\3757zXZ", "compressed with xz", "unpack it with unxz first"},
    {0, 4, "\x28\xb5\x2f\xfd", "compressed with zstd", "unpack it with unzstd first"},
    {0, 4, "PK\3\4", "a zip archive", "unpack it first"},
};

/*
 * A fixed-size VHD is a raw image with a footer in its last sector (without the last byte, if an old
 * program wrote it). As a raw image it would be one sector too large, and the guest would overwrite
 * the footer with a partition table.
 */
static const char *find_footer(const uint8_t *tail, size_t n)
{
    for (unsigned len = SECTOR - 1; len <= SECTOR && len <= n; len++) {
        const uint8_t *p = tail + n - len;
        if (!memcmp(p, "conectix", 8) && !memcmp(p + 12, "\0\1\0\0", 4)) /* its version, 1.0 */
            return "a VHD image";
    }
    return NULL;
}

const char *blk_foreign(int fd, uint64_t size, const char **cure)
{
    uint8_t head[128] = {0}, tail[SECTOR];
    if (pread(fd, head, sizeof(head), 0) < 0)
        return NULL;
    for (unsigned i = 0; i < ARRAY_SIZE(heads); i++) {
        if (memcmp(head + heads[i].at, heads[i].magic, heads[i].len))
            continue;
        *cure = heads[i].cure;
        return heads[i].name;
    }
    *cure = "convert it with: qemu-img convert -f vpc -O raw"; /* which looks at no end itself */
    size_t n = (size_t)MIN(size, SECTOR);
    ssize_t got = pread(fd, tail, n, (off_t)(size - n));
    return got == (ssize_t)n ? find_footer(tail, n) : NULL;
}
