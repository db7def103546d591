/* SPDX-License-Identifier: MIT */
/* What is on the screen: modes, page flips, damage. */
#include "kms.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

int screen_set(struct client *c, const struct buffer *b, const struct drm_mode_modeinfo *mode)
{
    struct drm_mode_crtc crtc = {.crtc_id = c->crtc};
    if (b) {
        crtc.set_connectors_ptr = (uintptr_t)&c->connector;
        crtc.count_connectors = 1;
        crtc.fb_id = b->fb;
        crtc.mode = *mode;
        crtc.mode_valid = 1;
    }
    return kms_ioctl(c, DRM_IOCTL_MODE_SETCRTC, &crtc);
}

int kms_crtc(struct kms *k, const struct words *w)
{
    struct buffer *b = kms_buffer(k, w, 1);
    if (!b || !b->pixels)
        return EINVAL;
    unsigned width = b->width, height = b->height;
    if (w->count > 2 && sscanf(w->word[2], "%ux%u", &width, &height) != 2)
        return EINVAL;
    struct drm_mode_get_connector conn;
    struct drm_mode_modeinfo modes[KMS_MODES];
    int error = kms_probe(k->now, &conn, modes);
    if (error)
        return error;
    for (uint32_t i = 0; i < conn.count_modes; i++)
        if (modes[i].hdisplay == width && modes[i].vdisplay == height)
            return screen_set(k->now, b, &modes[i]);
    return ENOENT;
}

int kms_off(struct kms *k, const struct words *w)
{
    (void)w;
    return screen_set(k->now, NULL, NULL);
}

int screen_flip(struct client *c, const struct buffer *b, uint64_t user)
{
    struct drm_mode_crtc_page_flip flip = {
        .crtc_id = c->crtc, .fb_id = b->fb, .flags = DRM_MODE_PAGE_FLIP_EVENT, .user_data = user};
    return kms_ioctl(c, DRM_IOCTL_MODE_PAGE_FLIP, &flip);
}

int screen_flipped(struct client *c, uint64_t user)
{
    struct pollfd p = {.fd = c->fd, .events = POLLIN};
    int ready = poll(&p, 1, 20000);
    if (ready <= 0)
        return ready ? errno : ETIMEDOUT;
    union {
        char bytes[256];
        struct drm_event_vblank event;
    } u;
    ssize_t n = read(c->fd, u.bytes, sizeof(u.bytes));
    if (n < 0)
        return errno;
    bool right = (size_t)n == sizeof(u.event) && u.event.base.type == DRM_EVENT_FLIP_COMPLETE &&
                 u.event.base.length == sizeof(u.event) && u.event.user_data == user &&
                 u.event.crtc_id == c->crtc;
    return right ? 0 : EPROTO;
}

int kms_flipnow(struct kms *k, const struct words *w)
{
    struct buffer *b = kms_buffer(k, w, 1);
    return b ? screen_flip(k->now, b, b->fb) : EINVAL;
}

int kms_flip(struct kms *k, const struct words *w)
{
    int error = kms_flipnow(k, w);
    return error ? error : screen_flipped(k->now, kms_buffer(k, w, 1)->fb);
}

int kms_wait(struct kms *k, const struct words *w)
{
    struct buffer *b = kms_buffer(k, w, 1);
    return b ? screen_flipped(k->now, b->fb) : EINVAL;
}

/* Sleeps until *due, and adds the period: what came late is not made up for. */
static void keep_time(struct timespec *due, int32_t period_ns)
{
    struct timespec now;
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, due, NULL);
    clock_gettime(CLOCK_MONOTONIC, &now);
    int64_t late = (now.tv_sec - due->tv_sec) * 1000000000ll + now.tv_nsec - due->tv_nsec;
    if (late > period_ns)
        *due = now;
    due->tv_nsec += period_ns;
    due->tv_sec += due->tv_nsec / 1000000000;
    due->tv_nsec %= 1000000000;
}

int kms_flips(struct kms *k, const struct words *w)
{
    struct buffer *b[2] = {kms_buffer(k, w, 2), kms_buffer(k, w, 3)};
    int32_t rate = kms_number(w, 4, 0);
    struct timespec due = {0};
    int error = b[0] && b[1] && rate >= 0 ? 0 : EINVAL;
    for (int32_t i = 0; i < kms_number(w, 1, 0) && !error; i++) {
        if (rate > 1)
            keep_time(&due, 1000000000 / rate);
        error = screen_flip(k->now, b[(i + 1) & 1], 0x1234567800000000u + (uint32_t)i);
        if (!error)
            error = screen_flipped(k->now, 0x1234567800000000u + (uint32_t)i);
    }
    return error;
}

int screen_dirty(struct client *c, const struct buffer *b, struct drm_clip_rect *clips,
                 uint32_t count)
{
    struct drm_mode_fb_dirty_cmd dirty = {
        .fb_id = b->fb, .num_clips = count, .clips_ptr = (uintptr_t)clips};
    return kms_ioctl(c, DRM_IOCTL_MODE_DIRTYFB, &dirty);
}

int kms_dirty(struct kms *k, const struct words *w)
{
    struct buffer *b = kms_buffer(k, w, 1);
    struct drm_clip_rect clips[KMS_WORDS / 4];
    uint32_t count = 0;
    if (!b)
        return EINVAL;
    for (int i = 2; i + 3 < w->count; i += 4, count++) {
        int32_t x = kms_number(w, i, 0), y = kms_number(w, i + 1, 0);
        clips[count] = (struct drm_clip_rect){(uint16_t)x, (uint16_t)y,
                                              (uint16_t)(x + kms_number(w, i + 2, 0)),
                                              (uint16_t)(y + kms_number(w, i + 3, 0))};
    }
    return screen_dirty(k->now, b, count ? clips : NULL, count);
}
