/* SPDX-License-Identifier: MIT */
/*
 * kms: a DRM/KMS client for tests, with no library below it but libc.
 *
 * It issues the ioctls that a toolkit without a compositor (DirectFB, SDL's kmsdrm, a boot splash)
 * would: dumb buffers, SETCRTC, PAGE_FLIP with events, SETPLANE and the legacy cursor calls,
 * DIRTYFB. It reads commands, one a line, from its arguments or from
 * standard input, does what each says, and answers "kms: ok ..." or "kms: error ERRNO ...", so a
 * test steps it and looks at the screen between two steps. main.c has the table of commands.
 *
 * A program may hold several clients: each is an open file of /dev/dri/card0, which is what the
 * kernel means by a client, with its own buffers and its own chance to be master.
 */
#ifndef KMS_H
#define KMS_H

#include <stdbool.h>
#include <stdint.h>

#include <drm/drm.h>
#include <drm/drm_fourcc.h>
#include <drm/drm_mode.h>

enum { KMS_CLIENTS = 4, KMS_BUFFERS = 26, KMS_MODES = 128, KMS_WORDS = 200 };

/* A dumb buffer with a framebuffer around it; pixels is its mapping, NULL if there is no buffer. */
struct buffer {
    uint32_t handle, fb, width, height, pitch;
    uint64_t size;
    uint32_t *pixels;
};

struct client {
    int fd; /* 0: not open */
    struct buffer buffers[KMS_BUFFERS];
    uint32_t connector, crtc, head; /* the head that commands are about */
    uint32_t cursor_plane;          /* 0: none that this client may see */
};

struct kms {
    struct client clients[KMS_CLIENTS];
    struct client *now;
    int uevents; /* a netlink socket, -1 until someone follows */
};

/* A command's words; words[0] is its name. */
struct words {
    int count;
    char *word[KMS_WORDS];
};

/* The answer to a command: 0, or an errno. Handlers print their own "kms: ok" when they have more
 * to say. */
int kms_ioctl(struct client *c, unsigned long request, void *arg);
int32_t kms_number(const struct words *w, int index, int32_t otherwise);
/* The buffer named by a word, a letter from a to z; NULL if the word is none. */
struct buffer *kms_buffer(struct kms *k, const struct words *w, int index);

/* device.c */
int kms_client(struct kms *k, const struct words *w);
int kms_close(struct kms *k, const struct words *w);
int kms_info(struct kms *k, const struct words *w);
int kms_head(struct kms *k, const struct words *w);
int kms_modes(struct kms *k, const struct words *w);
int kms_cap(struct kms *k, const struct words *w);
int kms_master(struct kms *k, const struct words *w);
int kms_drop(struct kms *k, const struct words *w);
/* Reads the connector anew, as after a hotplug; fills up to KMS_MODES modes; 0 or an errno. */
int kms_probe(struct client *c, struct drm_mode_get_connector *conn,
              struct drm_mode_modeinfo *modes);

/* buffer.c */
int kms_new(struct kms *k, const struct words *w);
int kms_free(struct kms *k, const struct words *w);
int kms_pattern(struct kms *k, const struct words *w);
int kms_rect(struct kms *k, const struct words *w);
int buffer_create(struct client *c, struct buffer *b, uint32_t width, uint32_t height,
                  uint32_t format);
void buffer_destroy(struct client *c, struct buffer *b);
/* Fills a rectangle, clipped to the buffer, with a pattern that the tests compute, too; each seed
 * gives another. */
void buffer_pattern(struct buffer *b, uint32_t seed, int32_t x, int32_t y, int32_t width,
                    int32_t height);

/* screen.c */
int kms_crtc(struct kms *k, const struct words *w);
int kms_off(struct kms *k, const struct words *w);
int kms_flip(struct kms *k, const struct words *w);
int kms_flipnow(struct kms *k, const struct words *w);
int kms_flips(struct kms *k, const struct words *w);
int kms_wait(struct kms *k, const struct words *w);
int kms_dirty(struct kms *k, const struct words *w);
int screen_set(struct client *c, const struct buffer *b, const struct drm_mode_modeinfo *mode);
/* Flips to b and asks for an event; then waits for that event and checks whose it is. */
int screen_flip(struct client *c, const struct buffer *b, uint64_t user);
int screen_flipped(struct client *c, uint64_t user);
int screen_dirty(struct client *c, const struct buffer *b, struct drm_clip_rect *clips,
                 uint32_t count);

/* cursor.c */
int kms_plane(struct kms *k, const struct words *w);
int kms_cursor(struct kms *k, const struct words *w);
int kms_move(struct kms *k, const struct words *w);
int kms_hide(struct kms *k, const struct words *w);
int kms_hotspot(struct kms *k, const struct words *w);
/* Finds the cursor plane of the client's head, as far as the kernel lets it see one. */
void cursor_find_plane(struct client *c);

/* follow.c */
int kms_follow(struct kms *k, const struct words *w);

/* timing.c */
int kms_timing(struct kms *k, const struct words *w);

#endif
