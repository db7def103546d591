/* SPDX-License-Identifier: MIT */
/*
 * The display is where the GPU and the front-ends meet. The GPU has heads (a virtio-gpu scanout
 * each); a head shows a rectangle of an image, a cursor above it, or nothing. Front-ends attach as
 * viewers: each is woken when something changed and then takes, at its own pace, the newest state
 * and the union of damage since it last took. Nothing is queued: a slow viewer skips frames, the
 * last one is never lost, and memory is bounded by construction.
 *
 * A head's picture changes only by display_flush: display_set_scanout names what the next flush
 * of that image will show, so a mode set shows no half-drawn frame. (Windows into guest memory, of
 * display/image.h, may show more than was flushed.) Generation numbers tell apart what changed for
 * a viewer: the mode, the picture, the cursor's image or its position.
 *
 * Locks: the display's lock is held for short moments only; pixels are copied under the image's own
 * lock. wake() is called without these locks, on the GPU's thread or a hart's.
 */
#ifndef DISPLAY_DISPLAY_H
#define DISPLAY_DISPLAY_H

#include "display/image.h"

#define DISPLAY_MAX_HEADS 16
#define DISPLAY_CURSOR    64 /* a cursor's side in pixels, at most */
/* The largest distance, in pixels, of a cursor from the picture's corner. No cursor so far away can
 * be seen, so positions beyond are clamped. */
#define DISPLAY_CURSOR_FAR 65536

/* Sides in pixels of a mode that the user or a viewer may ask for. (A guest may scan out any
 * rectangle of an image.) */
#define DISPLAY_MODE_MIN 64
#define DISPLAY_MODE_MAX 8192

struct display;

/* Whether a head is plugged, and the mode that the host prefers on it. GET_DISPLAY_INFO and the
 * EDID are answered from it. */
struct head_mode {
    bool connected;
    uint32_t width, height; /* 1..IMAGE_MAX_SIDE each */
    uint32_t refresh_mhz;   /* 60000 for 60 Hz */
};

/* The state of a head. Its pixels are read with display_read, its cursor with display_cursor. */
struct head_state {
    bool active;            /* false: nothing is scanned out; viewer_blank_deadline says from when
                             * on a viewer shows black */
    uint32_t width, height; /* of the picture, pixels; unchanged while the head is inactive */
    bool cursor_visible;    /* an image is set and it is not hidden */
    /* of the image's top-left, in picture pixels: -DISPLAY_CURSOR_FAR..DISPLAY_CURSOR_FAR */
    int32_t cursor_x, cursor_y;
    uint32_t hot_x, hot_y; /* a pixel of the image: less than its width and height */
    /* each changes if and only if that part of the state did */
    uint32_t mode_gen, frame_gen, cursor_gen, cursor_pos_gen;
    uint32_t preferred_gen; /* changes when the head is plugged or unplugged and when its preferred
                             * mode changes; viewers are woken, but there is no damage */
};

/* heads: 1..16. The preferred mode of each head becomes `preferred`; head 0 is connected, the
 * others are not. NULL: out of memory. */
struct display *display_create(unsigned heads, const struct head_mode *preferred);
void display_destroy(struct display *d); /* after all viewers have detached; NULL is fine */
unsigned display_heads(const struct display *d);

/* --- the GPU's side; its thread only, except the preferred modes --- */
void display_preferred(struct display *d, unsigned head, struct head_mode *out); /* any thread */
/* Copies the preferred modes of all heads, as they are at one moment. Any thread. */
void display_preferred_all(struct display *d, struct head_mode out[DISPLAY_MAX_HEADS]);
/* Where a head lies on the desktop, given the modes of all heads: connected heads stand side by
 * side from the left, the others take no room (w = h = 0). */
struct rect desktop_position(const struct head_mode preferred[DISPLAY_MAX_HEADS], unsigned head);
/*
 * Sets the preferred mode (a window was resized), plugs or unplugs the head; sizes are clamped to
 * 1..IMAGE_MAX_SIDE. Calls the GPU's listener and wakes the viewers if anything changed. Any thread
 * that holds no lock which a viewer's wake takes.
 */
void display_set_preferred(struct display *d, unsigned head, const struct head_mode *preferred);
/* The same on behalf of a remote viewer, of which there may be many. _is_remote: true if the head's
 * mode was set last by this function. */
void display_set_preferred_remote(struct display *d, unsigned head,
                                  const struct head_mode *preferred);
bool display_preferred_is_remote(struct display *d, unsigned head);
/* True if preferred modes have a listener, which is the GPU. Any thread. */
bool display_has_gpu(struct display *d);
/* Sets the one listener to preferred modes; fn NULL removes it. When this returns, the listener
 * that was there before does not run. */
void display_on_preferred(struct display *d, void (*fn)(void *ctx), void *ctx);

/* Names what the next flush of img will show. src lies inside img and is not empty; img is
 * referenced. NULL: the head becomes inactive now. */
void display_set_scanout(struct display *d, unsigned head, struct image *img,
                         const struct rect *src);
/* Deactivates all heads that show img, or would at its next flush: its owner is about to free
 * it. */
void display_forget(struct display *d, struct image *img);
/* rect of img was flushed (image coordinates, inside img): every head that shows it gets damage. */
void display_flush(struct display *d, struct image *img, const struct rect *rect);
/*
 * Sets a head's cursor. All values may come unchecked from the guest. pic: BGRA, copied, clipped to
 * 64x64; NULL or one without pixels hides the cursor. x, y: its top-left, clamped to
 * -DISPLAY_CURSOR_FAR..DISPLAY_CURSOR_FAR. hot_x, hot_y: clamped to the image. So every sum of a
 * position, a hot spot and a size that front-ends, pixman and libvncserver compute is below 2^18.
 */
void display_set_cursor(struct display *d, unsigned head, const struct picture *pic, int32_t x,
                        int32_t y, uint32_t hot_x, uint32_t hot_y);
void display_move_cursor(struct display *d, unsigned head, int32_t x, int32_t y);

/*
 * Pacing: a guest that waits for its fenced flush draws at the rate at which viewers present. After
 * a flush, display_frame adds the heads that show img, and their frame_gen, to a frame that the
 * caller zeroed. display_frame_pending is true until each viewer that paces one of these heads
 * (viewer_pace) has presented it. After it has returned true, the one listener is called, on any
 * thread, when the result may have changed.
 */
struct display_frame {
    uint32_t heads; /* a bit for each */
    uint32_t gen[DISPLAY_MAX_HEADS];
};
void display_frame(struct display *d, const struct image *img, struct display_frame *frame);
bool display_frame_pending(struct display *d, const struct display_frame *frame);
void display_on_presented(struct display *d, void (*fn)(void *ctx), void *ctx);

/* Device reset: every head becomes inactive and has no cursor; preferred modes stay. */
void display_reset(struct display *d);

/* --- the viewers' side --- */
struct viewer;
/* Returns a new viewer; NULL: out of memory. wake is called when the state of a head differs from
 * what the viewer took of it, once until the viewer takes it, and each time that a preferred_gen
 * changes. On any thread; it must not block nor call into the display. */
struct viewer *display_attach(struct display *d, void (*wake)(void *ctx), void *ctx);
/* Waits for running calls of wake and last; there are none later. NULL is fine. */
void display_detach(struct viewer *v);
/*
 * Sets a function that is called on the GPU's thread just before a head becomes inactive, while its
 * picture can still be read: for a viewer that stores pictures and may not have taken the newest.
 * It may call display_state and display_snapshot, and must not block. Call this once, right after
 * display_attach.
 */
void viewer_on_dark(struct viewer *v, void (*last)(void *ctx, unsigned head));

/*
 * Copies the newest state of a head. damage (initialised by the caller) becomes the union, in
 * picture pixels, of what changed since this viewer's last take; the whole picture on the first
 * take and after a mode change. Returns false if nothing changed (state is filled in anyway).
 */
bool viewer_take(struct viewer *v, unsigned head, struct head_state *state,
                 pixman_region32_t *damage);
/*
 * Returns when to draw an inactive head black. Linux disables a scanout for a moment before each
 * mode set; a viewer keeps the old picture for DISPLAY_KEEP_NS, so that a mode set does not flash.
 * To be called after each viewer_take. before, taken: the state as taken last and as taken now.
 * due: what this function returned last; before the first picture 0 for black at once, or
 * HOST_FOREVER. now: host_now_ns(). HOST_FOREVER: not before the head changes.
 */
#define DISPLAY_KEEP_NS UINT64_C(150000000)
uint64_t viewer_blank_deadline(const struct head_state *before, const struct head_state *taken,
                               uint64_t due, uint64_t now);
/*
 * Sets whether this viewer paces the head. Only a viewer that shows each frame at a refresh of the
 * user's screen may, and only while its window is visible. viewer_presented: what the viewer took
 * last is on the user's screen, so the guest may draw the next frame. Any thread.
 */
void viewer_pace(struct viewer *v, unsigned head, bool on);
void viewer_presented(struct viewer *v, unsigned head);

/*
 * Returns in ax, ay the tablet's position (0..INPUT_ABS_MAX over the box around all connected
 * heads) of the middle of pixel x, y in a picture of the head that is drawn w x h large (at most
 * 65536). Points outside are clamped to the picture. Any thread.
 */
void display_abs(struct display *d, unsigned head, uint32_t x, uint32_t y, uint32_t w, uint32_t h,
                 int32_t *ax, int32_t *ay);
/* Copies the state of a head without changing what any viewer has taken. Any thread. */
void display_state(struct display *d, unsigned head, struct head_state *state);
/*
 * Copies rect of the head's flushed picture as BGRX (X = 0xff); the part of rect outside the
 * picture is not written. Returns false if the head is inactive (dst is unchanged), or became so
 * meanwhile (some rows may have been written). Any thread.
 */
bool display_read(struct display *d, unsigned head, const struct rect *rect, uint8_t *dst,
                  uint32_t dst_stride);
/* Returns the cursor's image, BGRA, which the caller destroys; NULL: hidden, or out of memory. Any
 * thread. */
struct picture *display_cursor(struct display *d, unsigned head);
/*
 * Returns the flushed picture of a head, with the cursor blended in if asked; of an inactive head,
 * a black one of its last (or preferred) size. The caller destroys it. NULL: out of memory. Any
 * thread.
 */
struct picture *display_snapshot(struct display *d, unsigned head, bool cursor);

#endif
