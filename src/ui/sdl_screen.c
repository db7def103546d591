/* SPDX-License-Identifier: MIT */
#include "ui/sdl_screen.h"

#include "host/clock.h"
#include "host/thread.h"

#include <string.h>

/* More separate rectangles than this are cheaper to upload as one. */
#define MAX_BOXES 16

#define KEEP (NS_PER_SEC / 10) /* the old picture, when a head shows nothing */

void sdl_screen_init(struct sdl_screen *s, const struct sdl_api *sdl, struct display *d,
                     struct viewer *v, unsigned head, SDL_Renderer *renderer)
{
    memset(s, 0, sizeof(*s));
    s->sdl = sdl;
    s->display = d;
    s->viewer = v;
    s->head = head;
    s->renderer = renderer;
    s->blank_due = HOST_FOREVER;
    pixman_region32_init(&s->damage);
}

static void drop_texture(struct sdl_screen *s, SDL_Texture **texture)
{
    if (*texture)
        s->sdl->DestroyTexture(*texture);
    *texture = NULL;
}

void sdl_screen_finish(struct sdl_screen *s)
{
    drop_texture(s, &s->frame);
    drop_texture(s, &s->cursor);
    pixman_region32_fini(&s->damage);
}

/* --- the picture ------------------------------------------------------------------------------ */

static void make_frame(struct sdl_screen *s)
{
    drop_texture(s, &s->frame);
    s->frame_w = s->state.width;
    s->frame_h = s->state.height;
    s->frame = s->sdl->CreateTexture(s->renderer,
                                     s->soft ? SDL_PIXELFORMAT_RGB888 : SDL_PIXELFORMAT_ARGB8888,
                                     SDL_TEXTUREACCESS_STREAMING, (int)s->frame_w, (int)s->frame_h);
    if (s->frame)
        s->sdl->SetTextureBlendMode(s->frame, SDL_BLENDMODE_NONE);
}

/* Reads a box of the flushed picture straight into the texture's memory. */
static void upload_box(struct sdl_screen *s, const pixman_box32_t *box)
{
    int x1 = MAX(box->x1, 0), x2 = MIN(box->x2, (int)s->frame_w);
    int y1 = MAX(box->y1, 0), y2 = MIN(box->y2, (int)s->frame_h);
    if (x1 >= x2 || y1 >= y2)
        return;
    SDL_Rect area = {x1, y1, x2 - x1, y2 - y1};
    struct rect rect = {(uint32_t)x1, (uint32_t)y1, (uint32_t)area.w, (uint32_t)area.h};
    void *pixels;
    int pitch;
    if (s->sdl->LockTexture(s->frame, &area, &pixels, &pitch))
        return;
    display_read(s->display, s->head, &rect, pixels, (uint32_t)pitch);
    s->sdl->UnlockTexture(s->frame);
}

static void upload(struct sdl_screen *s)
{
    int n;
    const pixman_box32_t *box = pixman_region32_rectangles(&s->damage, &n);
    if (n > MAX_BOXES) {
        box = pixman_region32_extents(&s->damage);
        n = 1;
    }
    for (int i = 0; i < n; i++)
        upload_box(s, &box[i]);
    pixman_region32_clear(&s->damage);
}

/* --- the pointer ------------------------------------------------------------------------------ */

/* Guests multiply alpha into the colours; SDL's renderers all know only the other kind. */
static void divide_alpha(struct picture *pic)
{
    for (uint32_t y = 0; y < pic->height; y++) {
        uint8_t *px = pic->data + (size_t)y * pic->stride;
        for (uint32_t x = 0; x < pic->width; x++, px += 4)
            for (unsigned c = 0; px[3] && c < 3; c++)
                px[c] = (uint8_t)MIN(255, (px[c] * 255 + px[3] / 2) / px[3]);
    }
}

static void make_cursor(struct sdl_screen *s)
{
    drop_texture(s, &s->cursor);
    struct picture *pic = display_cursor(s->display, s->head);
    if (!pic)
        return;
    divide_alpha(pic);
    s->cursor_w = (int)pic->width;
    s->cursor_h = (int)pic->height;
    s->cursor = s->sdl->CreateTexture(s->renderer, SDL_PIXELFORMAT_ARGB8888,
                                      SDL_TEXTUREACCESS_STATIC, s->cursor_w, s->cursor_h);
    if (s->cursor) {
        s->sdl->UpdateTexture(s->cursor, NULL, pic->data, (int)pic->stride);
        s->sdl->SetTextureBlendMode(s->cursor, SDL_BLENDMODE_BLEND);
    }
    picture_destroy(pic);
}

/* --- an end ----------------------------------------------------------------------------------- */

/* Is it time for black? Notes when it will be. */
static bool blank(struct sdl_screen *s, bool was_active, uint64_t now)
{
    if (s->state.active)
        s->blank_due = HOST_FOREVER;
    else if (was_active)
        s->blank_due = now + KEEP;
    if (now < s->blank_due)
        return false;
    s->blank_due = HOST_FOREVER;
    drop_texture(s, &s->frame);
    return true;
}

/* --- what has to be drawn --------------------------------------------------------------------- */

static void dirty_box(struct sdl_screen *s, const pixman_box32_t *b)
{
    pixman_box32_t *d = &s->dirty;
    if (d->x1 >= d->x2)
        *d = *b;
    else if (b->x1 < b->x2)
        *d = (pixman_box32_t){MIN(d->x1, b->x1), MIN(d->y1, b->y1), MAX(d->x2, b->x2),
                              MAX(d->y2, b->y2)};
}

/* Where the pointer is now: to be drawn, or to be drawn over. */
static void dirty_cursor(struct sdl_screen *s, const struct head_state *at)
{
    int64_t x = at->cursor_x, y = at->cursor_y;
    if (s->cursor && at->cursor_visible)
        dirty_box(s, &(pixman_box32_t){(int32_t)MAX(x, 0), (int32_t)MAX(y, 0),
                                       (int32_t)MAX(0, MIN(x + s->cursor_w, (int64_t)s->frame_w)),
                                       (int32_t)MAX(0, MIN(y + s->cursor_h, (int64_t)s->frame_h))});
}

static void take_cursor(struct sdl_screen *s, const struct head_state *old)
{
    bool image =
        s->state.cursor_gen != old->cursor_gen || s->state.cursor_visible != old->cursor_visible;
    if (!image && s->state.cursor_pos_gen == old->cursor_pos_gen)
        return;
    dirty_cursor(s, old);
    if (image)
        make_cursor(s);
    dirty_cursor(s, &s->state);
}

static void take_picture(struct sdl_screen *s)
{
    dirty_box(s, pixman_region32_extents(&s->damage));
    if (s->frame)
        upload(s);
}

/* The whole picture, in a texture of its size. */
static void take_all(struct sdl_screen *s)
{
    make_frame(s);
    pixman_region32_union_rect(&s->damage, &s->damage, 0, 0, s->frame_w, s->frame_h);
    s->all = true;
}

bool sdl_screen_take(struct sdl_screen *s, uint64_t now, bool *mode)
{
    struct head_state old = s->state;
    *mode = false;
    bool changed = viewer_take(s->viewer, s->head, &s->state, &s->damage);
    bool black = blank(s, old.active, now);
    s->all |= black;
    take_cursor(s, &old);
    if (!changed || !s->state.active)
        return changed || black;
    if (!s->frame || s->frame_w != s->state.width || s->frame_h != s->state.height) {
        *mode = true;
        take_all(s);
    }
    take_picture(s);
    return true;
}

void sdl_screen_restore(struct sdl_screen *s)
{
    make_cursor(s);
    if (!s->state.active)
        return;
    take_all(s);
    take_picture(s);
}

/* --- drawing ---------------------------------------------------------------------------------- */

bool sdl_screen_place(const struct sdl_screen *s, struct ui_place *place)
{
    int w, h;
    if (!s->frame || s->sdl->GetRendererOutputSize(s->renderer, &w, &h))
        return false;
    *place = ui_scale(s->scale, s->frame_w, s->frame_h, w, h);
    return true;
}

static void draw_cursor(struct sdl_screen *s, const struct ui_place *place, const SDL_Rect *clip)
{
    double scale = (double)place->w / s->frame_w;
    SDL_FRect to = {(float)(place->x + s->state.cursor_x * scale),
                    (float)(place->y + s->state.cursor_y * scale), (float)(s->cursor_w * scale),
                    (float)(s->cursor_h * scale)};
    s->sdl->RenderSetClipRect(s->renderer, clip);
    s->sdl->RenderCopyF(s->renderer, s->cursor, NULL, &to);
}

/* The picture, and the pointer above it, inside clip. */
static void draw_picture(struct sdl_screen *s, const struct ui_place *place, const SDL_Rect *clip)
{
    SDL_Rect to = {place->x, place->y, place->w, place->h};
    bool whole = place->w % (int)s->frame_w == 0; /* whole pixels stay sharp */
    SDL_ScaleMode mode = whole ? SDL_ScaleModeNearest : SDL_ScaleModeLinear;
    s->sdl->SetTextureScaleMode(s->frame, mode);
    s->sdl->RenderSetClipRect(s->renderer, clip);
    s->sdl->RenderCopy(s->renderer, s->frame, NULL, &to);
    if (s->cursor && s->state.cursor_visible) {
        s->sdl->SetTextureScaleMode(s->cursor, mode);
        draw_cursor(s, place, clip);
    }
    s->sdl->RenderSetClipRect(s->renderer, NULL);
}

/*
 * SDL's software renderer keeps what it drew in the window's surface, so a change that is not
 * scaled costs what changed; SDL's own present would copy the whole window. False: not possible.
 */
static bool draw_part(struct sdl_screen *s, const struct ui_place *place)
{
    SDL_Rect part, all = {MAX(place->x, 0), MAX(place->y, 0), place->w, place->h};
    SDL_Rect dirty = {place->x + s->dirty.x1, place->y + s->dirty.y1, s->dirty.x2 - s->dirty.x1,
                      s->dirty.y2 - s->dirty.y1};
    if (!s->soft || s->all || place->w != (int)s->frame_w || place->h != (int)s->frame_h)
        return false;
    if (!s->sdl->IntersectRect(&dirty, &all, &part))
        return true;
    draw_picture(s, place, &part);
    return !s->sdl->RenderFlush(s->renderer) &&
           !s->sdl->UpdateWindowSurfaceRects(s->soft, &part, 1);
}

static void draw_all(struct sdl_screen *s, const struct ui_place *place)
{
    s->sdl->SetRenderDrawColor(s->renderer, 0, 0, 0, 255);
    s->sdl->RenderClear(s->renderer);
    if (place)
        draw_picture(s, place, &(SDL_Rect){place->x, place->y, place->w, place->h});
    s->sdl->RenderPresent(s->renderer);
}

void sdl_screen_draw(struct sdl_screen *s, bool all)
{
    struct ui_place place;
    bool picture = sdl_screen_place(s, &place);
    s->all |= all;
    if (!picture || !draw_part(s, &place))
        draw_all(s, picture ? &place : NULL);
    s->all = false;
    s->dirty = (pixman_box32_t){0};
}
