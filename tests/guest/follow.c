/* SPDX-License-Identifier: MIT */
/*
 * Following the host's window: the device raises an event, the driver a uevent, and whoever shows
 * something reads the connector again and takes the mode that it now prefers. There is no udev
 * here: the program listens to the kernel's own multicast.
 */
#include "kms.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/netlink.h>

static int uevents_open(struct kms *k)
{
    if (k->uevents >= 0)
        return 0;
    int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);
    struct sockaddr_nl to = {.nl_family = AF_NETLINK, .nl_groups = 1};
    if (fd < 0 || bind(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
        return errno;
    k->uevents = fd;
    return 0;
}

/* True if a message, strings with a zero after each, has this string. */
static bool says(const char *message, size_t size, const char *wanted)
{
    for (size_t at = 0; at < size; at += strlen(message + at) + 1)
        if (!strcmp(message + at, wanted))
            return true;
    return false;
}

/* Sleeps until some connector has changed. */
static int uevents_wait(struct kms *k)
{
    char message[4097];
    for (;;) {
        ssize_t n = recv(k->uevents, message, sizeof(message) - 1, 0);
        if (n < 0 && errno != EINTR && errno != ENOBUFS)
            return errno;
        if (n <= 0)
            continue;
        message[n] = 0;
        if (says(message, (size_t)n, "SUBSYSTEM=drm") && says(message, (size_t)n, "HOTPLUG=1"))
            return 0;
    }
}

static const struct drm_mode_modeinfo *preferred(const struct drm_mode_modeinfo *modes,
                                                 uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (modes[i].type & DRM_MODE_TYPE_PREFERRED)
            return &modes[i];
    return modes;
}

/* Shows a new picture in the mode that the connector prefers now; the old buffer goes after it. */
static int show(struct client *c, uint32_t seed)
{
    struct drm_mode_get_connector conn;
    struct drm_mode_modeinfo modes[KMS_MODES];
    int error = kms_probe(c, &conn, modes);
    if (error)
        return error;
    if (conn.connection != 1 || !conn.count_modes) {
        printf("kms: unplugged\n");
        return screen_set(c, NULL, NULL);
    }
    const struct drm_mode_modeinfo *mode = preferred(modes, conn.count_modes);
    struct buffer next, *old = &c->buffers[KMS_BUFFERS - 1];
    error = buffer_create(c, &next, mode->hdisplay, mode->vdisplay, DRM_FORMAT_XRGB8888);
    if (error)
        return error;
    buffer_pattern(&next, seed, 0, 0, mode->hdisplay, mode->vdisplay);
    error = screen_set(c, &next, mode);
    buffer_destroy(c, old);
    *old = next;
    printf("kms: mode %ux%u of %u\n", mode->hdisplay, mode->vdisplay, conn.count_modes);
    return error;
}

int kms_follow(struct kms *k, const struct words *w)
{
    int error = uevents_open(k);
    if (error)
        return error;
    printf("kms: listening\n");
    fflush(stdout);
    error = uevents_wait(k);
    return error ? error : show(k->now, (uint32_t)kms_number(w, 1, 0));
}
