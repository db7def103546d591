/* SPDX-License-Identifier: MIT */
#include "virtio/gpu/edid.h"

#include "display/image.h"

#include <stdio.h>
#include <string.h>

#define DPI            96
#define MIN_MM         100
#define MAX_MM         2550
#define MAX_DTD_SIDE   4095
#define MIN_CLOCK      1001  /* in 10 kHz */
#define MAX_DTD_CLOCK  65535 /* in 10 kHz */
#define STANDARD_SLOTS 8
#define MIN_REFRESH    10000  /* mHz */
#define MAX_REFRESH    500000 /* mHz */
#define PRODUCT        1
#define YEAR           2024

static const uint8_t magic[8] = {0, 255, 255, 255, 255, 255, 255, 0};

/* A video timing; sizes in pixels and lines. */
struct timing {
    uint32_t width, height;
    uint32_t clock; /* 10 kHz */
    uint32_t h_blank, h_front, h_sync;
    uint32_t v_blank, v_front, v_sync;
    uint32_t mm_width, mm_height;
};

static void put16(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)v;
    p[1] = (uint8_t)(v >> 8);
}

/* How large the monitor is: nothing is said of toys under 10 cm, and EDID ends at 255 cm. */
static void timing_set_size(struct timing *t)
{
    uint32_t dpi = DPI;
    while ((uint64_t)MAX(t->width, t->height) * 254 / (dpi * 10) > MAX_MM)
        dpi *= 2;
    t->mm_width = (uint32_t)((uint64_t)t->width * 254 / (dpi * 10));
    t->mm_height = (uint32_t)((uint64_t)t->height * 254 / (dpi * 10));
    if (MIN(t->mm_width, t->mm_height) < MIN_MM)
        t->mm_width = t->mm_height = 0;
}

/* The height of the sync pulse in lines encodes the aspect ratio, as in CVT 1.1. */
static uint32_t cvt_v_sync(uint32_t width, uint32_t height)
{
    static const uint8_t shapes[][3] = {
        {4, 3, 4}, {16, 9, 5}, {16, 10, 6}, {5, 4, 7}, {15, 9, 7},
    };
    for (size_t i = 0; i < ARRAY_SIZE(shapes); i++)
        if ((uint64_t)width * shapes[i][1] == (uint64_t)height * shapes[i][0])
            return shapes[i][2];
    return 10;
}

/* A pixel clock under 10 MHz is no monitor's: a small picture gets wide margins. */
static void blank_longer(struct timing *t, uint32_t refresh_mhz)
{
    uint64_t total = MIN_CLOCK * UINT64_C(10000000) / refresh_mhz;
    if ((uint64_t)(t->width + t->h_blank) * (t->height + t->v_blank) >= total)
        return;
    t->h_blank += 640;
    uint32_t lines = (uint32_t)(total / (t->width + t->h_blank)) + 1;
    if (lines > t->height)
        t->v_blank = MAX(t->v_blank, lines - t->height);
}

/* CVT 1.1 with reduced blanking, but for the exact width and refresh. */
static struct timing timing_make(uint32_t width, uint32_t height, uint32_t refresh_mhz)
{
    struct timing t = {
        .width = width,
        .height = height,
        .h_blank = 160,
        .h_front = 48,
        .h_sync = 32,
        .v_front = 3,
        .v_sync = cvt_v_sync(width, height),
    };
    timing_set_size(&t);
    /* at least 460 us of vertical blanking: blank / (height + blank) of a frame */
    uint64_t frame_us = UINT64_C(1000000000) / refresh_mhz;
    uint64_t active_us = frame_us > 920 ? frame_us - 460 : frame_us / 2;
    t.v_blank = (uint32_t)(height * (frame_us - active_us) / active_us + 1);
    t.v_blank = MAX(t.v_blank, t.v_front + t.v_sync + 6);
    blank_longer(&t, refresh_mhz);
    uint64_t total = (uint64_t)(width + t.h_blank) * (height + t.v_blank);
    t.clock = (uint32_t)MIN((total * refresh_mhz + 5000000) / 10000000, UINT32_C(0xffffff));
    return t;
}

static bool timing_fits_dtd(const struct timing *t)
{
    return t->width <= MAX_DTD_SIDE && t->height <= MAX_DTD_SIDE && t->clock <= MAX_DTD_CLOCK &&
           t->v_blank <= MAX_DTD_SIDE;
}

/* "Detailed Timing Descriptor": +hsync -vsync, digital, separate syncs, as CVT-RB has it. */
static void put_dtd(uint8_t *d, const struct timing *t)
{
    put16(d, t->clock);
    d[2] = (uint8_t)t->width;
    d[3] = (uint8_t)t->h_blank;
    d[4] = (uint8_t)((t->width >> 8) << 4 | t->h_blank >> 8);
    d[5] = (uint8_t)t->height;
    d[6] = (uint8_t)t->v_blank;
    d[7] = (uint8_t)((t->height >> 8) << 4 | t->v_blank >> 8);
    d[8] = (uint8_t)t->h_front;
    d[9] = (uint8_t)t->h_sync;
    d[10] = (uint8_t)((t->v_front & 15) << 4 | (t->v_sync & 15));
    d[11] = (uint8_t)((t->h_front >> 8) << 6 | (t->h_sync >> 8) << 4 | (t->v_front >> 4) << 2 |
                      t->v_sync >> 4);
    d[12] = (uint8_t)t->mm_width;
    d[13] = (uint8_t)t->mm_height;
    d[14] = (uint8_t)((t->mm_width >> 8) << 4 | t->mm_height >> 8);
    d[17] = 0x1a;
}

/* "Display Descriptor": a tag, then up to 13 characters, ended by a newline and padded with
 * spaces. */
static void put_text(uint8_t *d, uint8_t tag, const char *text)
{
    size_t len = MIN(strlen(text), 13);
    d[3] = tag;
    memset(d + 5, ' ', 13);
    memcpy(d + 5, text, len);
    if (len < 13)
        d[5 + len] = '\n';
}

struct mode {
    uint16_t width, height;
};

static bool smaller(const struct mode *m, uint32_t width, uint32_t height)
{
    return m->width <= width && m->height <= height && (m->width < width || m->height < height);
}

/* "Established Timings" and "Standard Timings": all of VESA's list, at 60 Hz. */
static void put_smaller_modes(uint8_t *b, uint32_t width, uint32_t height)
{
    static const struct {
        struct mode mode;
        uint8_t byte, bit;
    } established[] = {{{640, 480}, 35, 5}, {{800, 600}, 35, 0}, {{1024, 768}, 36, 3}};
    static const struct {
        struct mode mode;
        uint8_t shape; /* 16:10, 4:3, 5:4, 16:9 */
    } standard[] = {
        {{1920, 1200}, 0}, {{1920, 1080}, 3}, {{1680, 1050}, 0}, {{1600, 1200}, 1},
        {{1600, 900}, 3},  {{1440, 900}, 0},  {{1280, 1024}, 2}, {{1280, 960}, 1},
        {{1280, 800}, 0},  {{1280, 720}, 3},
    };
    for (size_t i = 0; i < ARRAY_SIZE(established); i++)
        if (established[i].mode.width <= width && established[i].mode.height <= height)
            b[established[i].byte] |= (uint8_t)(1 << established[i].bit);
    memset(b + 38, 1, STANDARD_SLOTS * 2); /* 01 01: unused */
    uint8_t *slot = b + 38;
    for (size_t i = 0; i < ARRAY_SIZE(standard) && slot < b + 38 + STANDARD_SLOTS * 2; i++) {
        if (!smaller(&standard[i].mode, width, height))
            continue;
        *slot++ = (uint8_t)(standard[i].mode.width / 8 - 31);
        *slot++ = (uint8_t)(standard[i].shape << 6);
    }
}

static void put_checksum(uint8_t *block)
{
    uint8_t sum = 0;
    for (unsigned i = 0; i < EDID_BLOCK - 1; i++)
        sum += block[i];
    block[EDID_BLOCK - 1] = (uint8_t)-sum;
}

static void put_base(uint8_t *b, const struct timing *t, uint32_t serial)
{
    static const uint8_t srgb[10] = {0xee, 0x91, 0xa3, 0x54, 0x4c, 0x99, 0x26, 0x0f, 0x50, 0x54};
    memcpy(b, magic, sizeof(magic));
    /* manufacturer "RIS" (no one's so far), five bits a letter, big-endian; product; serial */
    const uint32_t maker = ('R' - '@') << 10 | ('I' - '@') << 5 | ('S' - '@');
    b[8] = (uint8_t)(maker >> 8);
    b[9] = (uint8_t)maker;
    put16(b + 10, PRODUCT);
    put16(b + 12, serial);
    put16(b + 14, serial >> 16);
    b[17] = YEAR - 1990;
    b[18] = 1;
    b[19] = 4;
    b[20] = 0xa5; /* digital, 8 bits a colour, DisplayPort */
    b[21] = (uint8_t)((t->mm_width + 5) / 10);
    b[22] = (uint8_t)((t->mm_height + 5) / 10);
    b[23] = 120;  /* gamma 2.2 */
    b[24] = 0x06; /* RGB 4:4:4, sRGB, the preferred timing is the native one */
    memcpy(b + 25, srgb, sizeof(srgb));
}

/* A "Product Identification Data Block"; bytes. */
static size_t put_product(uint8_t *d, uint32_t serial)
{
    static const char name[] = "riscreen";
    d[2] = 12 + sizeof(name) - 1;
    /* d[3..5]: the maker, none: the base block names it, and checkers know few */
    put16(d + 6, PRODUCT);
    put16(d + 8, serial);
    put16(d + 10, serial >> 16);
    d[13] = YEAR - 2000;
    d[14] = sizeof(name) - 1;
    memcpy(d + 15, name, sizeof(name) - 1);
    return 3 + d[2];
}

/* A "Type I Timing Data Block" with one timing; bytes. */
static size_t put_type1(uint8_t *d, const struct timing *t)
{
    d[0] = 3;
    d[2] = 20;
    uint8_t *m = d + 3;
    put16(m, t->clock - 1);
    m[2] = (uint8_t)((t->clock - 1) >> 16);
    m[3] = 0x88; /* preferred; aspect not defined */
    put16(m + 4, t->width - 1);
    put16(m + 6, t->h_blank - 1);
    put16(m + 8, (t->h_front - 1) | 0x8000); /* positive */
    put16(m + 10, t->h_sync - 1);
    put16(m + 12, t->height - 1);
    put16(m + 14, t->v_blank - 1);
    put16(m + 16, t->v_front - 1);
    put16(m + 18, t->v_sync - 1);
    return 3 + d[2];
}

/* The long side over the short one, less 1, in hundredths. */
static uint8_t long_over_short(const struct timing *t)
{
    uint32_t more = MAX(t->width, t->height) * 100 / MIN(t->width, t->height) - 100;
    return (uint8_t)MIN(more, 255);
}

/* "Display Parameters Data Block"; bytes. */
static size_t put_parameters(uint8_t *d, const struct timing *t)
{
    d[0] = 1;
    d[2] = 12;
    put16(d + 3, t->mm_width * 10); /* in 0.1 mm */
    put16(d + 5, t->mm_height * 10);
    put16(d + 7, t->width);
    put16(d + 9, t->height);
    d[12] = 120; /* gamma 2.2 */
    d[13] = long_over_short(t);
    d[14] = 0x77; /* 8 bits a colour */
    return 3 + d[2];
}

/* "Display Interface Data Block"; bytes. */
static size_t put_interface(uint8_t *d)
{
    d[0] = 0x0f;
    d[2] = 10;
    d[3] = 0x91; /* DisplayPort, one link */
    d[4] = 0x12; /* 1.2 */
    d[5] = 2;    /* RGB, 8 bits a colour */
    return 3 + d[2];
}

/* A DisplayID 1.3 section in an EDID extension block. */
static void put_displayid(uint8_t *b, const struct timing *t, uint32_t serial)
{
    uint8_t *d = b + 5;
    b[0] = 0x70; /* DisplayID */
    b[1] = 0x13; /* version 1.3 */
    b[3] = 3;    /* a standalone display */
    d += put_product(d, serial);
    d += put_parameters(d, t);
    d += put_interface(d);
    d += put_type1(d, t);
    b[2] = (uint8_t)(d - b - 5);
    uint8_t sum = 0;
    for (const uint8_t *p = b + 1; p < d; p++)
        sum += *p;
    *d = (uint8_t)-sum;
    put_checksum(b);
}

/*
 * A CTA-861 extension ("CTA Extension, Version 3"): the television formats that are smaller than
 * the chosen size, at 60 Hz. Underscanned, as all computers' pictures are. Beside a DisplayID,
 * whose native size is not among them, it names none.
 */
static void put_cta(uint8_t *b, uint32_t width, uint32_t height, bool large)
{
    static const struct {
        struct mode mode;
        uint8_t vic;
    } formats[] = {
        {{3840, 2160}, 97}, {{1920, 1080}, 16}, {{1280, 720}, 4}, {{720, 480}, 3}, {{640, 480}, 1},
    };
    uint8_t *d = b + 5;
    for (size_t i = 0; i < ARRAY_SIZE(formats) && !large; i++)
        if (smaller(&formats[i].mode, width, height))
            *d++ = formats[i].vic;
    b[4] = (uint8_t)(2 << 5 | (d - b - 5)); /* "Video Data Block" */
    *d++ = 7 << 5 | 2;                      /* "Video Capability Data Block" */
    *d++ = 0;
    *d++ = 0x4a; /* RGB range can be chosen; never overscanned */
    b[0] = 2;
    b[1] = 3;
    b[3] = large ? 0x80 : 0x81; /* underscanned; native timings: the preferred one */
    b[2] = (uint8_t)(d - b);    /* where detailed timings would begin */
    put_checksum(b);
}

/* The name of a head's monitor; its number is the serial number. */
static void put_names(uint8_t *b, unsigned head)
{
    char name[14];
    snprintf(name, sizeof(name), "riscreen %u", (head + 1) % 100);
    put_text(b + 72, 0xfc, name);
    b[90 + 3] = b[108 + 3] = 0x10; /* unused */
}

size_t edid_make(uint8_t *out, uint32_t width, uint32_t height, uint32_t refresh_mhz, unsigned head)
{
    memset(out, 0, EDID_MAX_SIZE);
    refresh_mhz = refresh_mhz ? MIN(MAX(refresh_mhz, MIN_REFRESH), MAX_REFRESH) : 60000;
    width = MIN(MAX(width, 1), IMAGE_MAX_SIDE);
    height = MIN(MAX(height, 1), IMAGE_MAX_SIDE);
    struct timing t = timing_make(width, height, refresh_mhz);
    bool large = !timing_fits_dtd(&t);
    /* The first timing has to be one that fits; Linux takes the size from the display info. */
    struct timing first = large ? timing_make(1920, 1080, 60000) : t;
    first.mm_width = t.mm_width;
    first.mm_height = t.mm_height;
    put_base(out, &t, head + 1);
    put_smaller_modes(out, width, height);
    put_dtd(out + 54, &first);
    put_names(out, head);
    uint8_t *end = out + EDID_BLOCK;
    if (width >= 640 && height >= 480) { /* it has to list that size */
        put_cta(end, width, height, large);
        end += EDID_BLOCK;
    }
    if (large) {
        put_displayid(end, &t, head + 1);
        end += EDID_BLOCK;
    }
    out[126] = (uint8_t)((end - out) / EDID_BLOCK - 1);
    put_checksum(out);
    return (size_t)(end - out);
}

const char *edid_check(const uint8_t *edid, size_t size)
{
    if (!size || size % EDID_BLOCK || size > EDID_WIRE_SIZE)
        return "its size is not 1 to 8 blocks of 128 bytes";
    if (memcmp(edid, magic, sizeof(magic)))
        return "it does not begin as one";
    if (size != ((size_t)edid[126] + 1) * EDID_BLOCK)
        return "it has not the blocks that it says";
    for (size_t block = 0; block < size; block += EDID_BLOCK) {
        uint8_t sum = 0;
        for (unsigned i = 0; i < EDID_BLOCK; i++)
            sum += edid[block + i];
        if (sum)
            return "a checksum is wrong";
    }
    return NULL;
}
