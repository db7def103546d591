/* SPDX-License-Identifier: MIT */
#include "ui/picture.h"

#include "host/clock.h"
#include "host/file.h"

#include <errno.h>
#include <png.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

/* Fast, since clients wait for screendumps, and for flat colours nearly as small as with level
 * 9. */
#define PNG_LEVEL 3
/* For recordings, where time matters more than size. */
#define PNG_FAST_LEVEL 1

/* A picture being saved. */
struct saving {
    const struct picture *pic;
    enum ui_picture_format format;
    const _Atomic uint64_t *until; /* NULL: no time limit */
};

static bool is_late(const struct saving *s)
{
    if (!s->until || host_now_ns() < atomic_load_explicit(s->until, memory_order_relaxed))
        return false;
    errno = ECANCELED;
    return true;
}

/* Replace libpng's handlers, which write to stderr. */
static void png_failed(png_structp png, png_const_charp text)
{
    (void)text;
    png_longjmp(png, 1);
}

static void png_quiet(png_structp png, png_const_charp text)
{
    (void)png;
    (void)text;
}

/* Passes the picture's rows to libpng, which drops the X byte and swaps red and blue. libpng's
 * limits on sides are raised: the picture is in memory already. */
static bool encode_rows(png_structp png, png_infop info, FILE *f, const struct saving *s)
{
    const struct picture *pic = s->pic;
    bool fast = s->format == UI_PICTURE_PNG_FAST;
    if (setjmp(png_jmpbuf(png)))
        return false;
    png_init_io(png, f);
    png_set_compression_level(png, fast ? PNG_FAST_LEVEL : PNG_LEVEL);
    if (fast)
        png_set_filter(png, 0, PNG_FILTER_NONE);
    png_set_user_limits(png, UINT32_MAX >> 1, UINT32_MAX >> 1);
    png_set_IHDR(png, info, pic->width, pic->height, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png, info);
    png_set_bgr(png);
    png_set_filler(png, 0, PNG_FILLER_AFTER);
    for (uint32_t y = 0; y < pic->height; y++) {
        if (is_late(s))
            return false;
        png_write_row(png, pic->data + (size_t)y * pic->stride);
    }
    png_write_end(png, NULL);
    return true;
}

static int write_png(FILE *f, const struct saving *s)
{
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, png_failed, png_quiet);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    errno = 0;
    bool ok = info && encode_rows(png, info, f, s);
    int err = ok ? 0 : errno ? errno : info ? EIO : ENOMEM;
    png_destroy_write_struct(&png, &info);
    return err;
}

static int write_ppm(FILE *f, const struct saving *s)
{
    const struct picture *pic = s->pic;
    uint8_t *row = malloc((size_t)pic->width * 3 + 1);
    if (!row)
        return ENOMEM;
    errno = 0;
    bool ok = fprintf(f, "P6\n%u %u\n255\n", pic->width, pic->height) > 0;
    for (uint32_t y = 0; ok && y < pic->height && (ok = !is_late(s)); y++) {
        const uint8_t *px = pic->data + (size_t)y * pic->stride;
        for (uint32_t x = 0; x < pic->width; x++) {
            row[x * 3] = px[x * 4 + 2];
            row[x * 3 + 1] = px[x * 4 + 1];
            row[x * 3 + 2] = px[x * 4];
        }
        ok = fwrite(row, 3, pic->width, f) == pic->width;
    }
    int err = ok ? 0 : errno ? errno : EIO;
    free(row);
    return err;
}

int ui_save_until(const struct picture *pic, const char *path, enum ui_picture_format format,
                  const _Atomic uint64_t *until)
{
    const struct saving s = {pic, format, until};
    size_t n = strlen(path);
    bool ppm = format == UI_PICTURE_BY_NAME ? n >= 4 && !strcasecmp(path + n - 4, ".ppm")
                                            : format == UI_PICTURE_PPM;
    FILE *f = host_file_create(path);
    if (!f)
        return errno;
    struct stat st;
    bool regular = !fstat(fileno(f), &st) && S_ISREG(st.st_mode);
    int err = ppm ? write_ppm(f, &s) : write_png(f, &s);
    if (fclose(f) && !err)
        err = errno;
    if (err && regular)
        unlink(path);
    return err;
}

int ui_save_png(const struct picture *pic, const char *path)
{
    return ui_save_until(pic, path, UI_PICTURE_PNG, NULL);
}

int ui_save_png_fast(const struct picture *pic, const char *path)
{
    return ui_save_until(pic, path, UI_PICTURE_PNG_FAST, NULL);
}

int ui_save_ppm(const struct picture *pic, const char *path)
{
    return ui_save_until(pic, path, UI_PICTURE_PPM, NULL);
}

int ui_save_picture(const struct picture *pic, const char *path)
{
    return ui_save_until(pic, path, UI_PICTURE_BY_NAME, NULL);
}

/* --- loading --- */

static struct picture *load_failed(struct picture *pic, struct error *err, const char *why)
{
    error_set(err, "%s", why);
    picture_destroy(pic);
    return NULL;
}

static bool size_ok(unsigned long w, unsigned long h)
{
    return w >= 1 && w <= UI_PICTURE_MAX && h >= 1 && h <= UI_PICTURE_MAX;
}

static struct picture *load_png(FILE *f, struct error *err)
{
    png_image image = {.version = PNG_IMAGE_VERSION};
    if (!png_image_begin_read_from_stdio(&image, f))
        return load_failed(NULL, err, image.message);
    struct picture *pic = NULL;
    if (!size_ok(image.width, image.height)) {
        png_image_free(&image);
        return load_failed(NULL, err, "the picture is too large");
    }
    pic = picture_create(image.width, image.height);
    if (!pic) {
        png_image_free(&image);
        return load_failed(NULL, err, ERROR_NO_MEMORY);
    }
    image.format = PNG_FORMAT_BGRA;
    if (!png_image_finish_read(&image, NULL, pic->data, (png_int_32)pic->stride, NULL))
        return load_failed(pic, err, image.message);
    return pic;
}

/* Reads a number of a PPM header, after blanks and comments. */
static bool ppm_number(FILE *f, unsigned long *out)
{
    int c = getc(f);
    while (c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '#') {
        if (c == '#')
            while (c != '\n' && c != EOF)
                c = getc(f);
        else
            c = getc(f);
    }
    unsigned long n = 0;
    unsigned digits = 0;
    for (; c >= '0' && c <= '9' && digits < 6; c = getc(f), digits++)
        n = n * 10 + (unsigned long)(c - '0');
    *out = n; /* the single blank behind the number was read, too, as the format requires */
    return digits && (c == ' ' || c == '\t' || c == '\r' || c == '\n');
}

static bool ppm_rows(FILE *f, struct picture *pic)
{
    for (uint32_t y = 0; y < pic->height; y++) {
        uint8_t *px = pic->data + (size_t)y * pic->stride;
        for (uint32_t x = 0; x < pic->width; x++, px += 4) {
            uint8_t rgb[3];
            if (fread(rgb, 3, 1, f) != 1)
                return false;
            px[0] = rgb[2];
            px[1] = rgb[1];
            px[2] = rgb[0];
            px[3] = 0xff;
        }
    }
    return true;
}

static struct picture *load_ppm(FILE *f, struct error *err)
{
    unsigned long w, h, max;
    if (!ppm_number(f, &w) || !ppm_number(f, &h) || !ppm_number(f, &max))
        return load_failed(NULL, err, "the PPM header is damaged");
    if (!size_ok(w, h) || max != 255)
        return load_failed(NULL, err, "the PPM is too large or not of 8 bits");
    struct picture *pic = picture_create((uint32_t)w, (uint32_t)h);
    if (!pic)
        return load_failed(NULL, err, ERROR_NO_MEMORY);
    if (!ppm_rows(f, pic))
        return load_failed(pic, err, "the PPM ends early");
    return pic;
}

struct picture *ui_load_picture(const char *path, struct error *err)
{
    struct host_bytes file;
    if (host_file_read(&file, path, UI_PICTURE_FILE_MAX, false, err))
        return NULL;
    FILE *f = file.size ? fmemopen(file.data, file.size, "rb") : NULL;
    struct picture *pic;
    if (!f)
        pic = load_failed(NULL, err, file.size ? strerror(errno) : "it is empty");
    else if (file.size >= 2 && file.data[0] == 'P' && file.data[1] == '6')
        pic = fseek(f, 2, SEEK_SET) ? NULL : load_ppm(f, err);
    else
        pic = load_png(f, err);
    if (f)
        fclose(f);
    host_bytes_free(&file);
    return pic;
}
