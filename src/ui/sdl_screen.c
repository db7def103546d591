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
    s->frame = s->sdl->CreateTexture(s->renderer, SDL_PIXELFORMAT_ARGB8888,
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

/* --- taking and drawing ----------------------------------------------------------------------- */

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

bool sdl_screen_take(struct sdl_screen *s, uint64_t now, bool *mode)
{
    struct head_state old = s->state;
    *mode = false;
    bool changed = viewer_take(s->viewer, s->head, &s->state, &s->damage);
    changed |= blank(s, old.active, now);
    if (s->state.cursor_gen != old.cursor_gen || s->state.cursor_visible != old.cursor_visible)
        make_cursor(s);
    if (!changed || !s->state.active)
        return changed;
    if (!s->frame || s->frame_w != s->state.width || s->frame_h != s->state.height) {
        *mode = true;
        make_frame(s);
        pixman_region32_union_rect(&s->damage, &s->damage, 0, 0, s->frame_w, s->frame_h);
    }
    if (s->frame)
        upload(s);
    return true;
}

void sdl_screen_restore(struct sdl_screen *s)
{
    make_cursor(s);
    if (!s->state.active)
        return;
    make_frame(s);
    pixman_region32_union_rect(&s->damage, &s->damage, 0, 0, s->frame_w, s->frame_h);
    if (s->frame)
        upload(s);
}

bool sdl_screen_place(const struct sdl_screen *s, struct ui_place *place)
{
    int w, h;
    if (!s->frame || s->sdl->GetRendererOutputSize(s->renderer, &w, &h))
        return false;
    *place = ui_scale(s->scale, s->frame_w, s->frame_h, w, h);
    return true;
}

static void draw_cursor(struct sdl_screen *s, const struct ui_place *place)
{
    double scale = (double)place->w / s->frame_w;
    SDL_Rect clip = {place->x, place->y, place->w, place->h};
    SDL_FRect to = {(float)(place->x + s->state.cursor_x * scale),
                    (float)(place->y + s->state.cursor_y * scale), (float)(s->cursor_w * scale),
                    (float)(s->cursor_h * scale)};
    s->sdl->RenderSetClipRect(s->renderer, &clip);
    s->sdl->RenderCopyF(s->renderer, s->cursor, NULL, &to);
    s->sdl->RenderSetClipRect(s->renderer, NULL);
}

void sdl_screen_draw(struct sdl_screen *s)
{
    struct ui_place place;
    s->sdl->SetRenderDrawColor(s->renderer, 0, 0, 0, 255);
    s->sdl->RenderClear(s->renderer);
    if (sdl_screen_place(s, &place)) {
        SDL_Rect to = {place.x, place.y, place.w, place.h};
        bool whole = place.w % (int)s->frame_w == 0; /* whole pixels stay sharp */
        SDL_ScaleMode mode = whole ? SDL_ScaleModeNearest : SDL_ScaleModeLinear;
        s->sdl->SetTextureScaleMode(s->frame, mode);
        s->sdl->RenderCopy(s->renderer, s->frame, NULL, &to);
        if (s->cursor && s->state.cursor_visible) {
            s->sdl->SetTextureScaleMode(s->cursor, mode);
            draw_cursor(s, &place);
        }
    }
    s->sdl->RenderPresent(s->renderer);
}
