/* SPDX-License-Identifier: MIT */
#include "ui/sdl_screen.h"

#include "host/thread.h"

#include <string.h>

/* More rectangles than this are read as one, which is cheaper. */
#define MAX_BOXES 16

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
    pixman_region32_init(&s->moved);
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
    pixman_region32_fini(&s->moved);
}

/* --- the picture --- */

static void create_frame(struct sdl_screen *s)
{
    s->frame = s->sdl->CreateTexture(s->renderer,
                                     s->soft ? SDL_PIXELFORMAT_RGB888 : SDL_PIXELFORMAT_ARGB8888,
                                     SDL_TEXTUREACCESS_STREAMING, (int)s->frame_w, (int)s->frame_h);
    if (s->frame)
        s->sdl->SetTextureBlendMode(s->frame, SDL_BLENDMODE_NONE);
}

static void damage_all(struct sdl_screen *s)
{
    pixman_region32_union_rect(&s->damage, &s->damage, 0, 0, s->frame_w, s->frame_h);
}

/* Reads a box of the flushed picture; `to` is where the box's first pixel belongs. */
static void read_box(struct sdl_screen *s, const pixman_box32_t *box, uint8_t *to, int pitch)
{
    struct rect rect = rect_from_box(box);
    display_read(s->display, s->head, &rect, to, (uint32_t)pitch);
}

/* Reads the damage straight into the texture's memory. */
static void upload_damage(struct sdl_screen *s)
{
    int n, pitch;
    void *pixels;
    pixman_region32_intersect_rect(&s->damage, &s->damage, 0, 0, s->frame_w, s->frame_h);
    region_limit(&s->damage, MAX_BOXES);
    const pixman_box32_t *box = pixman_region32_rectangles(&s->damage, &n);
    for (int i = 0; i < n; i++) {
        SDL_Rect area = {box[i].x1, box[i].y1, box[i].x2 - box[i].x1, box[i].y2 - box[i].y1};
        if (s->sdl->LockTexture(s->frame, &area, &pixels, &pitch))
            return;
        read_box(s, &box[i], pixels, pitch);
        s->sdl->UnlockTexture(s->frame);
    }
}

/* --- the pointer --- */

/* Guests premultiply colours by alpha; straight alpha is what all of SDL's renderers can blend. */
static void divide_alpha(struct picture *pic)
{
    for (uint32_t y = 0; y < pic->height; y++) {
        uint8_t *px = pic->data + (size_t)y * pic->stride;
        for (uint32_t x = 0; x < pic->width; x++, px += 4)
            for (unsigned c = 0; px[3] && c < 3; c++)
                px[c] = (uint8_t)MIN(255, (px[c] * 255 + px[3] / 2) / px[3]);
    }
}

static void create_cursor(struct sdl_screen *s)
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

/* --- blanking --- */

/* Drops the picture when the head has been inactive for long enough. */
static bool drop_if_blank(struct sdl_screen *s, const struct head_state *old, uint64_t now)
{
    s->blank_due = viewer_blank_deadline(old, &s->state, s->blank_due, now);
    if (now < s->blank_due)
        return false;
    s->blank_due = HOST_FOREVER;
    drop_texture(s, &s->frame);
    s->frame_w = s->frame_h = 0;
    return true;
}

/* --- taking --- */

/* Computes the box of the pointer in a state, clipped to the picture; false: no pixel of it is
 * visible. */
static bool cursor_box(const struct sdl_screen *s, const struct head_state *at, pixman_box32_t *box)
{
    int64_t x = at->cursor_x, y = at->cursor_y;
    *box = (pixman_box32_t){(int32_t)MAX(x, 0), (int32_t)MAX(y, 0),
                            (int32_t)MAX(0, MIN(x + s->cursor_w, (int64_t)s->frame_w)),
                            (int32_t)MAX(0, MIN(y + s->cursor_h, (int64_t)s->frame_h))};
    return s->cursor && at->cursor_visible && box->x1 < box->x2 && box->y1 < box->y2;
}

static void add_cursor(struct sdl_screen *s, const struct head_state *at)
{
    pixman_box32_t b;
    if (cursor_box(s, at, &b))
        pixman_region32_union_rect(&s->moved, &s->moved, b.x1, b.y1, (unsigned)(b.x2 - b.x1),
                                   (unsigned)(b.y2 - b.y1));
}

static void take_cursor(struct sdl_screen *s, const struct head_state *old)
{
    bool image =
        s->state.cursor_gen != old->cursor_gen || s->state.cursor_visible != old->cursor_visible;
    if (!image && s->state.cursor_pos_gen == old->cursor_pos_gen)
        return;
    add_cursor(s, old);
    if (image)
        create_cursor(s);
    add_cursor(s, &s->state);
}

bool sdl_screen_take(struct sdl_screen *s, uint64_t now, bool *mode)
{
    struct head_state old = s->state;
    *mode = false;
    bool changed = viewer_take(s->viewer, s->head, &s->state, &s->damage);
    bool black = drop_if_blank(s, &old, now);
    take_cursor(s, &old);
    if (!changed || !s->state.active)
        return changed || black;
    if (s->frame_w != s->state.width || s->frame_h != s->state.height) {
        *mode = s->all = true;
        s->frame_w = s->state.width;
        s->frame_h = s->state.height;
        drop_texture(s, &s->frame);
    }
    return true;
}

void sdl_screen_restore(struct sdl_screen *s)
{
    create_cursor(s);
    drop_texture(s, &s->frame);
    s->all = true;
}

/* --- drawing --- */

bool sdl_screen_viewport(const struct sdl_screen *s, struct viewport *viewport)
{
    int w, h;
    if (!s->frame_w || s->sdl->GetRendererOutputSize(s->renderer, &w, &h))
        return false;
    *viewport = viewport_scale(s->scale, s->frame_w, s->frame_h, w, h);
    return true;
}

/* Draws the pointer above the picture, clipped to it. At least a part of it is inside the picture
 * (cursor_box), so coordinates are in the range of every renderer. */
static void draw_cursor(struct sdl_screen *s, const struct viewport *viewport, SDL_ScaleMode mode)
{
    double scale = (double)viewport->w / s->frame_w;
    SDL_Rect clip = {viewport->x, viewport->y, viewport->w, viewport->h};
    SDL_FRect to = {(float)(viewport->x + s->state.cursor_x * scale),
                    (float)(viewport->y + s->state.cursor_y * scale), (float)(s->cursor_w * scale),
                    (float)(s->cursor_h * scale)};
    s->sdl->SetTextureScaleMode(s->cursor, mode);
    s->sdl->RenderSetClipRect(s->renderer, &clip);
    s->sdl->RenderCopyF(s->renderer, s->cursor, NULL, &to);
    s->sdl->RenderSetClipRect(s->renderer, NULL);
}

static void clear_window(struct sdl_screen *s)
{
    s->sdl->SetRenderDrawColor(s->renderer, 0, 0, 0, 255);
    s->sdl->RenderClear(s->renderer);
}

/* Reads the damage into the texture and draws that, with any renderer. */
static void draw_texture(struct sdl_screen *s, const struct viewport *viewport)
{
    pixman_box32_t box;
    SDL_Rect to = {viewport->x, viewport->y, viewport->w, viewport->h};
    bool whole = viewport->w % (int)s->frame_w == 0; /* whole pixels stay sharp */
    SDL_ScaleMode mode = whole ? SDL_ScaleModeNearest : SDL_ScaleModeLinear;
    if (!s->frame) {
        create_frame(s);
        damage_all(s);
    }
    if (!s->frame)
        return;
    upload_damage(s);
    s->sdl->SetTextureScaleMode(s->frame, mode);
    s->sdl->RenderCopy(s->renderer, s->frame, NULL, &to);
    if (cursor_box(s, &s->state, &box))
        draw_cursor(s, viewport, mode);
}

/* Returns the window's surface if it can hold the picture unscaled, else NULL. Sets `all` if that
 * is another surface than before. */
static SDL_Surface *choose_surface(struct sdl_screen *s, const struct viewport *viewport)
{
    SDL_Surface *surface = NULL;
    if (s->soft && viewport->w == (int)s->frame_w && viewport->h == (int)s->frame_h)
        surface = s->sdl->GetWindowSurface(s->soft);
    if (surface && surface->format->format != SDL_PIXELFORMAT_RGB888)
        surface = NULL;
    s->all |= surface != s->surface;
    s->surface = surface;
    if (surface)
        drop_texture(s, &s->frame);
    return surface;
}

/* Adds where the pointer is and was to the damage, and clips it to the part of the picture that
 * the window shows. */
static void clip_damage(struct sdl_screen *s, const struct viewport *viewport)
{
    pixman_region32_union(&s->damage, &s->damage, &s->moved);
    pixman_region32_intersect_rect(&s->damage, &s->damage, -viewport->x, -viewport->y,
                                   (unsigned)s->surface->w, (unsigned)s->surface->h);
    pixman_region32_intersect_rect(&s->damage, &s->damage, 0, 0, s->frame_w, s->frame_h);
    region_limit(&s->damage, MAX_BOXES);
}

/* Reads the damage into the surface and presents that part of it; on an expose, the whole surface.
 * display_read leaves the surface unchanged while the head is inactive. False: SDL failed. */
static bool draw_surface(struct sdl_screen *s, const struct viewport *viewport, bool expose)
{
    SDL_Rect part[MAX_BOXES], all = {0, 0, s->surface->w, s->surface->h};
    pixman_box32_t pointer;
    int n, pitch = s->surface->pitch;
    if (s->all) {
        clear_window(s);
        s->sdl->RenderFlush(s->renderer);
        damage_all(s);
    }
    clip_damage(s, viewport);
    /* The pointer is blended, so if a pixel below it was read again, all of them are, and it is
     * drawn. */
    bool cursor = s->state.active && cursor_box(s, &s->state, &pointer) &&
                  pixman_region32_contains_rectangle(&s->damage, &pointer) != PIXMAN_REGION_OUT;
    if (cursor) {
        add_cursor(s, &s->state);
        clip_damage(s, viewport);
    }
    const pixman_box32_t *box = pixman_region32_rectangles(&s->damage, &n);
    for (int i = 0; i < n; i++) {
        int x = viewport->x + box[i].x1, y = viewport->y + box[i].y1;
        part[i] = (SDL_Rect){x, y, box[i].x2 - box[i].x1, box[i].y2 - box[i].y1};
        uint8_t *to = (uint8_t *)s->surface->pixels + (ptrdiff_t)y * pitch + (ptrdiff_t)x * 4;
        read_box(s, &box[i], to, pitch);
    }
    if (cursor) {
        draw_cursor(s, viewport, SDL_ScaleModeNearest);
        s->sdl->RenderFlush(s->renderer);
    }
    if (s->all || expose)
        return !s->sdl->UpdateWindowSurfaceRects(s->soft, &all, 1);
    return !n || !s->sdl->UpdateWindowSurfaceRects(s->soft, part, n);
}

void sdl_screen_draw(struct sdl_screen *s, bool expose)
{
    struct viewport viewport;
    bool picture = sdl_screen_viewport(s, &viewport);
    if (!picture || !choose_surface(s, &viewport) || !draw_surface(s, &viewport, expose)) {
        clear_window(s);
        if (picture)
            draw_texture(s, &viewport);
        s->sdl->RenderPresent(s->renderer);
    }
    pixman_region32_clear(&s->damage);
    pixman_region32_clear(&s->moved);
    s->all = false;
}
