/* SPDX-License-Identifier: MIT */
/* The DRM device, its connectors, and the client's capabilities: master, atomic, cursor
 * hotspots. */
#include "kms.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The connector and CRTC with this index; 0 or an errno. */
static int choose_head(struct client *c, uint32_t head)
{
    uint32_t connectors[16], crtcs[16];
    struct drm_mode_card_res res = {.count_connectors = 16,
                                    .count_crtcs = 16,
                                    .connector_id_ptr = (uintptr_t)connectors,
                                    .crtc_id_ptr = (uintptr_t)crtcs};
    int error = kms_ioctl(c, DRM_IOCTL_MODE_GETRESOURCES, &res);
    if (error)
        return error;
    if (head >= res.count_connectors || head >= res.count_crtcs || res.count_connectors > 16)
        return ENODEV;
    c->connector = connectors[head];
    c->crtc = crtcs[head];
    c->head = head;
    cursor_find_plane(c);
    return 0;
}

int kms_client(struct kms *k, const struct words *w)
{
    int32_t n = kms_number(w, 1, 0);
    if (n < 0 || n >= KMS_CLIENTS)
        return EINVAL;
    k->now = &k->clients[n];
    if (k->now->fd > 0)
        return 0;
    int fd = open("/dev/dri/card0", O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return errno;
    k->now->fd = fd;
    return choose_head(k->now, 0);
}

int kms_close(struct kms *k, const struct words *w)
{
    (void)w;
    for (int i = 0; i < KMS_BUFFERS; i++)
        buffer_destroy(k->now, &k->now->buffers[i]);
    close(k->now->fd);
    *k->now = (struct client){0};
    return 0;
}

int kms_head(struct kms *k, const struct words *w)
{
    return choose_head(k->now, (uint32_t)kms_number(w, 1, 0));
}

int kms_probe(struct client *c, struct drm_mode_get_connector *conn,
              struct drm_mode_modeinfo *modes)
{
    /* with room for no mode at all the kernel asks the device */
    *conn = (struct drm_mode_get_connector){.connector_id = c->connector};
    int error = kms_ioctl(c, DRM_IOCTL_MODE_GETCONNECTOR, conn);
    if (error || !conn->count_modes)
        return error;
    if (conn->count_modes > KMS_MODES)
        return E2BIG;
    uint32_t count = conn->count_modes;
    *conn = (struct drm_mode_get_connector){
        .connector_id = c->connector, .count_modes = count, .modes_ptr = (uintptr_t)modes};
    return kms_ioctl(c, DRM_IOCTL_MODE_GETCONNECTOR, conn);
}

int kms_modes(struct kms *k, const struct words *w)
{
    (void)w;
    struct drm_mode_get_connector conn;
    struct drm_mode_modeinfo modes[KMS_MODES];
    int error = kms_probe(k->now, &conn, modes);
    if (error)
        return error;
    printf("kms: connector %u %s %ux%u mm\n", conn.connector_id,
           conn.connection == 1 ? "connected" : "disconnected", conn.mm_width, conn.mm_height);
    for (uint32_t i = 0; i < conn.count_modes; i++)
        printf("kms: mode %ux%u@%u%s\n", modes[i].hdisplay, modes[i].vdisplay, modes[i].vrefresh,
               modes[i].type & DRM_MODE_TYPE_PREFERRED ? " *" : "");
    return 0;
}

int kms_info(struct kms *k, const struct words *w)
{
    (void)w;
    char name[64] = "", desc[64] = "";
    struct drm_version v = {
        .name = name, .name_len = sizeof(name) - 1, .desc = desc, .desc_len = sizeof(desc) - 1};
    struct drm_get_cap dumb = {.capability = DRM_CAP_DUMB_BUFFER},
                       wide = {.capability = DRM_CAP_CURSOR_WIDTH};
    struct drm_get_cap crtc_event = {.capability = DRM_CAP_CRTC_IN_VBLANK_EVENT};
    int error = kms_ioctl(k->now, DRM_IOCTL_VERSION, &v);
    if (error)
        return error;
    kms_ioctl(k->now, DRM_IOCTL_GET_CAP, &dumb);
    kms_ioctl(k->now, DRM_IOCTL_GET_CAP, &wide);
    kms_ioctl(k->now, DRM_IOCTL_GET_CAP, &crtc_event);
    printf("kms: driver %s %d.%d.%d bits %zu dumb %llu cursor %llu plane %u\n", name,
           v.version_major, v.version_minor, v.version_patchlevel, sizeof(void *) * 8,
           (unsigned long long)dumb.value, (unsigned long long)wide.value, k->now->cursor_plane);
    return 0;
}

int kms_cap(struct kms *k, const struct words *w)
{
    static const struct {
        const char *name;
        uint64_t cap;
    } caps[] = {{"universal", DRM_CLIENT_CAP_UNIVERSAL_PLANES},
                {"atomic", DRM_CLIENT_CAP_ATOMIC},
                {"hotspot", 6}};
    for (unsigned i = 0; w->count > 1 && i < sizeof(caps) / sizeof(caps[0]); i++)
        if (!strcmp(caps[i].name, w->word[1])) {
            struct drm_set_client_cap cap = {caps[i].cap, (uint64_t)kms_number(w, 2, 1)};
            int error = kms_ioctl(k->now, DRM_IOCTL_SET_CLIENT_CAP, &cap);
            cursor_find_plane(k->now);
            return error;
        }
    return EINVAL;
}

int kms_master(struct kms *k, const struct words *w)
{
    (void)w;
    return kms_ioctl(k->now, DRM_IOCTL_SET_MASTER, NULL);
}

int kms_drop(struct kms *k, const struct words *w)
{
    (void)w;
    return kms_ioctl(k->now, DRM_IOCTL_DROP_MASTER, NULL);
}
