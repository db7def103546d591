/* SPDX-License-Identifier: MIT */
/* Times frames as the guest sees them. Nothing is drawn, so only the device and its driver are
 * measured. */
#include "kms.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

enum { WIDTH = 1024, HEIGHT = 768, ROUND = 20 };

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int one_full(struct client *c, uint32_t i)
{
    (void)i;
    return screen_dirty(c, &c->buffers[0], NULL, 0);
}

static int one_small(struct client *c, uint32_t i)
{
    uint16_t x = (uint16_t)(i * 37 % (WIDTH - 64)), y = (uint16_t)(i * 53 % (HEIGHT - 64));
    struct drm_clip_rect clip = {x, y, (uint16_t)(x + 64), (uint16_t)(y + 64)};
    return screen_dirty(c, &c->buffers[0], &clip, 1);
}

static int one_flip(struct client *c, uint32_t i)
{
    int error = screen_flip(c, &c->buffers[(i + 1) & 1], i);
    return error ? error : screen_flipped(c, i);
}

/* The least time of one operation over rounds of ROUND of them. */
static int best(struct client *c, int (*one)(struct client *, uint32_t), int32_t rounds,
                uint64_t *ns)
{
    *ns = UINT64_MAX;
    for (uint32_t r = 0; (int32_t)r < rounds; r++) {
        uint64_t start = now_ns();
        for (uint32_t i = 0; i < ROUND; i++) {
            int error = one(c, i);
            if (error)
                return error;
        }
        uint64_t took = (now_ns() - start) / ROUND;
        *ns = took < *ns ? took : *ns;
    }
    return 0;
}

int kms_timing(struct kms *k, const struct words *w)
{
    static const struct {
        const char *name;
        int (*one)(struct client *, uint32_t);
    } what[] = {{"dirty-full", one_full}, {"dirty-64x64", one_small}, {"flip", one_flip}};
    char size[] = "1024x768", a[] = "a";
    struct words set = {3, {a, a, size}};
    int error = 0;
    for (int i = 0; i < 2 && !error; i++) {
        buffer_destroy(k->now, &k->now->buffers[i]);
        error = buffer_create(k->now, &k->now->buffers[i], WIDTH, HEIGHT, DRM_FORMAT_XRGB8888);
    }
    if (!error)
        error = kms_crtc(k, &set);
    for (unsigned i = 0; i < sizeof(what) / sizeof(what[0]) && !error; i++) {
        uint64_t ns;
        error = best(k->now, what[i].one, kms_number(w, 1, 10), &ns);
        if (!error)
            printf("kms: timing %s %llu\n", what[i].name, (unsigned long long)ns);
    }
    return error;
}
