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
 * display/image.h, may show more than was flushed.) Generation numbers tell a viewer which parts
 * (mode, picture, cursor image, cursor position) moved.
 *
 * Locks: the display's lock is held for short moments only; copying happens under the image's own
 * lock. wake() is called without these locks held, on the GPU's thread or a hart's.
 */
#ifndef DISPLAY_DISPLAY_H
#define DISPLAY_DISPLAY_H

#include "display/image.h"

#define DISPLAY_MAX_HEADS 16
#define DISPLAY_CURSOR    64 /* a cursor's side in pixels, at most */
/* How far from a picture's corner a cursor's may be: further away it is as invisible. */
#define DISPLAY_CURSOR_FAR 65536

/* Sides in pixels of a mode that the user or a viewer may ask for. (The guest may scan out what it
 * likes, 1..IMAGE_MAX_SIDE.) */
#define DISPLAY_MODE_MIN 64
#define DISPLAY_MODE_MAX 8192

struct display;

/* Is the head plugged, and the mode that the host prefers on it: answers GET_DISPLAY_INFO and the
 * EDID. */
struct head_mode {
    bool connected;
    uint32_t width, height; /* preferred mode, 1..IMAGE_MAX_SIDE each */
    uint32_t refresh_mhz;   /* 60000 for 60 Hz */
};

/* What a viewer gets. Images in it are the display's: use display_read. */
struct head_state {
    bool active;            /* false: nothing is scanned out: show black, or a notice. Linux clears
                             * before each mode set: see viewer_blank_deadline */
    uint32_t width, height; /* of the picture, pixels; keeps its last value while inactive */
    bool cursor_visible;    /* an image is set and it is not hidden */
    /* of the image's top-left, in picture pixels: -DISPLAY_CURSOR_FAR..DISPLAY_CURSOR_FAR */
    int32_t cursor_x, cursor_y;
    uint32_t hot_x, hot_y; /* a pixel of the image: less than its width and height */
    /* they change whenever the thing they name does, never otherwise */
    uint32_t mode_gen, frame_gen, cursor_gen, cursor_pos_gen;
    uint32_t preferred_gen; /* the head was plugged, unplugged, or its preferred mode changed:
                               wakes the viewers each time, but is nothing to take */
};

/* heads 1..16; all prefer `preferred`, head 0 connected, others not. */
struct display *display_create(unsigned heads, const struct head_mode *preferred);
void display_destroy(struct display *d); /* no viewer may be attached any more */
unsigned display_heads(const struct display *d);

/* --- the GPU's side; its thread only, except the preferred modes --- */
void display_preferred(struct display *d, unsigned head, struct head_mode *out); /* any thread */
/*
 * The preferred modes of all heads at one moment, and where such a head lies on the desktop: connected heads
 * stand side by side from the left; others take no room (w = h = 0). Display info and EDIDs are
 * answered from these. Any thread.
 */
void display_preferred_all(struct display *d, struct head_mode out[DISPLAY_MAX_HEADS]);
struct rect desktop_position(const struct head_mode preferred[DISPLAY_MAX_HEADS], unsigned head);
/* The host prefers another mode (window resized), plugs or unplugs; a size beyond its range is moved
 * into it. Calls the GPU's listener and wakes the viewers. Any thread that holds no lock of a viewer. */
void display_set_preferred(struct display *d, unsigned head, const struct head_mode *preferred);
/* The same for a remote viewer, one of perhaps many. Was the preferred mode set by one of these? */
void display_set_preferred_remote(struct display *d, unsigned head,
                                  const struct head_mode *preferred);
bool display_preferred_is_remote(struct display *d, unsigned head);
/* Is there a listener to the preferred modes? Without a GPU there is none. Any thread. */
bool display_has_gpu(struct display *d);
/* One listener: the GPU, which raises its display event. fn NULL removes it. */
void display_on_preferred(struct display *d, void (*fn)(void *ctx), void *ctx);

/* src must lie inside img and not be empty; img is ref'd. NULL: shows nothing from now on. So
 * a picture has 1..IMAGE_MAX_SIDE pixels a side. */
void display_set_scanout(struct display *d, unsigned head, struct image *img,
                         const struct rect *src);
/* img is going away for good: heads that show it or were about to show nothing instead. */
void display_forget(struct display *d, struct image *img);
/* What a head shows (next false), or will show after its next flush; NULL: nothing. */
struct image *display_scanout(const struct display *d, unsigned head, bool next, struct rect *src);
/* Does a head show img, or will at its next flush? */
bool display_uses(const struct display *d, const struct image *img);
/* rect of img was flushed (image coordinates, inside img): every head that shows it gets damage. */
void display_flush(struct display *d, struct image *img, const struct rect *rect);
/*
 * The gate for all that a guest says of its cursor. pic: BGRA, copied, what is beyond 64x64 is left
 * out; NULL or one without pixels hides. x, y: top-left, any number; moved to
 * DISPLAY_CURSOR_FAR if beyond. hot_x, hot_y: any number; moved into the image. So the sums
 * that front-ends, pixman and libvncserver make of positions, hot spots and sizes stay below 2^18.
 */
void display_set_cursor(struct display *d, unsigned head, const struct picture *pic, int32_t x,
                        int32_t y, uint32_t hot_x, uint32_t hot_y);
void display_move_cursor(struct display *d, unsigned head, int32_t x, int32_t y);

/*
 * Pacing. A guest that waits for its flush to be shown draws at the speed of the screen. After a
 * flush, display_frame adds the heads that show img to a frame (zeroed by the caller);
 * display_frame_pending is true until the viewers that pace one of them (viewer_pace) have presented
 * it. While it is, and only then, the one listener is called, on any thread, when that may have
 * changed.
 */
struct display_frame {
    uint32_t heads; /* a bit for each */
    uint32_t gen[DISPLAY_MAX_HEADS];
};
void display_frame(struct display *d, const struct image *img, struct display_frame *frame);
bool display_frame_pending(struct display *d, const struct display_frame *frame);
void display_on_presented(struct display *d, void (*fn)(void *ctx), void *ctx);

/* Device reset: every head inactive, no cursors; preferred modes stay. */
void display_reset(struct display *d);

/* --- the viewers' side ---------------------------------------------------------------------- */
struct viewer;
/* wake: any thread, must not block nor call back into the display; coalesced until taken. */
struct viewer *display_attach(struct display *d, void (*wake)(void *ctx), void *ctx);
void display_detach(struct viewer *v); /* wake is not running and will not be called after */
/*
 * last(ctx, head) is called just before a head goes dark, while its picture can still be read, on
 * the GPU's thread: for a viewer that keeps pictures and may not have looked at the newest one. It
 * may call display_state and display_snapshot, and waits for nothing but copying. Call this once,
 * right after display_attach.
 */
void viewer_on_dark(struct viewer *v, void (*last)(void *ctx, unsigned head));

/*
 * The newest state of a head. damage (initialised by the caller) becomes the union, in picture
 * pixels, of what changed since this viewer's last take; the whole picture on the first take and
 * after a mode change. Returns false if nothing changed at all (state is still filled).
 */
bool viewer_take(struct viewer *v, unsigned head, struct head_state *state,
                 pixman_region32_t *damage);
/*
 * When a viewer draws a head black that shows nothing. Linux disables a scanout for a moment before
 * each mode set; a viewer keeps the old picture for DISPLAY_KEEP_NS, so that no mode set flashes.
 * Call it after each viewer_take. before, taken: the head's state as taken last and as taken now;
 * due: what it returned last, or what holds before there was a picture: HOST_FOREVER, or 0 for black
 * at once. now: host_now_ns(). Returns the deadline; HOST_FOREVER: there is a picture to draw.
 */
#define DISPLAY_KEEP_NS UINT64_C(150000000)
uint64_t viewer_blank_deadline(const struct head_state *before, const struct head_state *taken,
                               uint64_t due, uint64_t now);
/*
 * Does this viewer pace the head? One that shows each frame at a refresh of the user's screen may,
 * while its window can be seen; all others never do. viewer_presented says that
 * the user can see what the viewer took last: then the guest may draw the next. Any thread.
 */
void viewer_pace(struct viewer *v, unsigned head, bool on);
void viewer_presented(struct viewer *v, unsigned head);

/* Where the head lies on the desktop, as the guest's driver reads it. Any thread. */
struct rect display_position(struct display *d, unsigned head);
/*
 * The tablet's position (0..INPUT_ABS_MAX over the box around all connected heads) of the middle of
 * pixel x, y in a picture of the head, drawn w x h large (at most 65536). Points outside are moved
 * to its edge. Any thread.
 */
void display_abs(struct display *d, unsigned head, uint32_t x, uint32_t y, uint32_t w, uint32_t h,
                 int32_t *ax, int32_t *ay);
/* Without a viewer's bookkeeping: the state as it is now. Any thread. */
void display_state(struct display *d, unsigned head, struct head_state *state);
/*
 * Copies rect of the head's flushed picture as BGRX (X = 0xff); what lies outside the picture is
 * left alone. False if the head is inactive (dst untouched), or becomes so meanwhile (then some
 * rows may be new). Any thread.
 */
bool display_read(struct display *d, unsigned head, const struct rect *rect, uint8_t *dst,
                  uint32_t dst_stride);
/* The cursor's image, BGRA, as set; NULL if hidden. Caller destroys. Any thread. */
struct picture *display_cursor(struct display *d, unsigned head);
/*
 * The flushed picture of a head as a new picture, with the cursor blended in if asked; an inactive
 * head gives a black one of its last (or preferred) size. NULL: out of memory. Any thread.
 */
struct picture *display_snapshot(struct display *d, unsigned head, bool cursor);

#endif
