/* SPDX-License-Identifier: MIT */
/*
 * Reference pictures, which a script takes from files that strangers made: PNG and PPM of any
 * bytes. What loads has a size within its bounds, and comes back the same when it is saved in
 * either format.
 */
#include "fuzz/fuzz.h"
#include "ui/picture.h"

#include <sys/mman.h>
#include <unistd.h>

#define MAX_PIXELS (1u << 20) /* of what is tried: larger ones only cost time */

/* A file without a disk. */
struct file {
    int fd;
    char path[32];
};

static void file_open(struct file *f, const void *bytes, size_t size)
{
    f->fd = memfd_create("picture", MFD_CLOEXEC);
    FUZZ_CHECK(f->fd >= 0);
    FUZZ_CHECK(write(f->fd, bytes, size) == (ssize_t)size);
    snprintf(f->path, sizeof(f->path), "/proc/self/fd/%d", f->fd);
}

static uint32_t big_endian(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Does the header claim more pixels than are worth the time? */
static bool is_large(const uint8_t *data, size_t size)
{
    char head[64] = "";
    unsigned long w = 0, h = 0;
    if (size >= 24 && data[0] == 0x89)
        return (uint64_t)big_endian(data + 16) * big_endian(data + 20) > MAX_PIXELS;
    if (size)
        memcpy(head, data, size < sizeof(head) - 1 ? size : sizeof(head) - 1);
    return size < 2 || head[1] != '6' || sscanf(head + 2, "%lu %lu", &w, &h) != 2 ||
           w > MAX_PIXELS || h > MAX_PIXELS || w * h > MAX_PIXELS;
}

static void check_saved(const struct picture *pic, enum ui_picture_format format)
{
    struct file f;
    struct error err;
    file_open(&f, "", 0);
    FUZZ_CHECK(ui_save_until(pic, f.path, format, NULL) == 0);
    struct picture *again = ui_load_picture(f.path, &err);
    FUZZ_CHECK(again && again->width == pic->width && again->height == pic->height);
    for (uint32_t y = 0; y < pic->height; y++)
        for (uint32_t x = 0; x < pic->width; x++) {
            const uint8_t *a = pic->data + (size_t)y * pic->stride + x * 4ul;
            const uint8_t *b = again->data + (size_t)y * again->stride + x * 4ul;
            FUZZ_CHECK(!memcmp(a, b, 3) && b[3] == 0xff);
        }
    picture_destroy(again);
    close(f.fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct file f;
    struct error err = {""};
    if (is_large(data, size))
        return 0;
    file_open(&f, data, size);
    struct picture *pic = ui_load_picture(f.path, &err);
    close(f.fd);
    if (!pic) {
        FUZZ_CHECK(err.text[0] && memchr(err.text, 0, sizeof(err.text)));
        return 0;
    }
    FUZZ_CHECK(pic->width >= 1 && pic->width <= UI_PICTURE_MAX && pic->height >= 1 &&
               pic->height <= UI_PICTURE_MAX && pic->stride == pic->width * 4);
    check_saved(pic, UI_PICTURE_PNG);
    check_saved(pic, UI_PICTURE_PNG_FAST);
    check_saved(pic, UI_PICTURE_PPM);
    picture_destroy(pic);
    return 0;
}
