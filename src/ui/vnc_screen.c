/* SPDX-License-Identifier: MIT */
#include "ui/vnc_screen.h"

#include "host/clock.h"
#include "host/thread.h"
#include "ui/vnc_client.h"
#include "ui/vnc_cursor.h"
#include "ui/vnc_format.h"

#include <rfb/rfbregion.h>
#include <stdlib.h>
#include <string.h>

#define MAX_BOXES 16 /* more rectangles than this are read as one, which is cheaper */

/* From the first request for a size until the guest is notified of the last one. */
#define RESIZE_NS UINT64_C(100000000)

static struct vnc_screen *screen_of(rfbClientPtr client)
{
    return client->screen->screenData;
}

/* --- input --- */

static void on_key(rfbBool down, rfbKeySym keysym, rfbClientPtr client)
{
    vnc_input_keysym(&screen_of(client)->input, keysym, down);
}

static void on_pointer(int buttons, int x, int y, rfbClientPtr client)
{
    struct vnc_screen *s = screen_of(client);
    int32_t ax, ay;
    display_abs(s->config->env.display, s->config->head, (uint32_t)x, (uint32_t)y,
                (uint32_t)client->screen->width, (uint32_t)client->screen->height, &ax, &ay);
    vnc_input_pointer(&s->input, (unsigned)buttons, ax, ay);
}

/* The answer to a request for this size; an rfbExtDesktopSize_ status or VNC_SIZE_FORWARDED. */
static unsigned check_size(const struct vnc_screen *s, int width, int height, int screens)
{
    if (screens != 1 || MIN(width, height) < DISPLAY_MODE_MIN ||
        MAX(width, height) > DISPLAY_MODE_MAX)
        return rfbExtDesktopSize_InvalidScreenLayout;
    if (!display_has_gpu(s->config->env.display))
        return rfbExtDesktopSize_ResizeProhibited;
    if (width == s->rfb->width && height == s->rfb->height)
        return rfbExtDesktopSize_Success;
    return VNC_SIZE_FORWARDED;
}

/* The viewer's window was resized, perhaps many times in a row. Answers at once; the guest is
 * notified by vnc_screen_resize. If the guest follows, the viewer is sent the new size as after any
 * mode set. */
static int on_resize(int width, int height, int screens, rfbExtDesktopScreen *layout,
                     rfbClientPtr client)
{
    struct vnc_screen *s = screen_of(client);
    unsigned status = check_size(s, width, height, screens);
    (void)layout;
    vnc_extensions_answer_size(client, status);
    if (status != rfbExtDesktopSize_Success && status != VNC_SIZE_FORWARDED)
        return (int)status;
    if (!s->wanted_width)
        loop_timer_set(s->resize, host_now_ns() + RESIZE_NS);
    s->wanted_width = (uint32_t)width;
    s->wanted_height = (uint32_t)height;
    return (int)status;
}

void vnc_screen_resize(struct vnc_screen *s)
{
    struct head_mode preferred;
    display_preferred(s->config->env.display, s->config->head, &preferred);
    preferred.width = s->asked_width = s->wanted_width;
    preferred.height = s->asked_height = s->wanted_height;
    s->wanted_width = 0;
    display_set_preferred_remote(s->config->env.display, s->config->head, &preferred);
}

/* Returns the reason for the guest's new size: this viewer, another one, or neither. */
static int resize_reason(struct vnc_screen *s)
{
    struct head_mode preferred;
    uint32_t w = s->state.width, h = s->state.height;
    bool asked = w == s->asked_width && h == s->asked_height;
    display_preferred(s->config->env.display, s->config->head, &preferred);
    if (asked)
        s->asked_width = 0;
    if (asked)
        return rfbExtDesktopSize_ClientRequestedChange;
    return display_preferred_is_remote(s->config->env.display, s->config->head) &&
                   w == preferred.width && h == preferred.height
               ? rfbExtDesktopSize_OtherClientRequestedChange
               : rfbExtDesktopSize_GenericChange;
}

/* --- the picture --- */

/* Called by the library when it applies the client's format, which may be new. */
static rfbBool on_format(rfbClientPtr client)
{
    struct vnc_screen *s = screen_of(client);
    bool map = !client->format.trueColour;
    if (vnc_format_set(client)) {
        if (map)
            s->mapped = client->format;
        return TRUE;
    }
    rfbCloseClient(client);
    return FALSE;
}

/* BGRX, as in the display's pictures; the library's default is RGBX. */
static void set_format(rfbScreenInfoPtr rfb)
{
    rfb->serverFormat.redShift = 16;
    rfb->serverFormat.greenShift = 8;
    rfb->serverFormat.blueShift = 0;
    rfb->serverFormat.depth = 24;
}

/* Allocates a black framebuffer of the head's size. */
static bool create_framebuffer(struct vnc_screen *s, rfbClientPtr client)
{
    uint8_t *pixels = calloc((size_t)s->state.width * s->state.height, 4);
    if (!pixels)
        return false;
    rfbNewFramebuffer(s->rfb, (char *)pixels, (int)s->state.width, (int)s->state.height, 8, 3, 4);
    set_format(s->rfb);
    if (client)
        rfbSetTranslateFunction(client);
    free(s->pixels);
    s->pixels = pixels;
    return true;
}

static void read_box(struct vnc_screen *s, const pixman_box32_t *box)
{
    const struct rect all = {0, 0, (uint32_t)s->rfb->width, (uint32_t)s->rfb->height};
    struct rect r = rect_from_box(box);
    if (!rect_intersect(&r, &all, &r))
        return;
    uint8_t *to = s->pixels + ((size_t)r.y * all.w + r.x) * 4;
    if (display_read(s->config->env.display, s->config->head, &r, to, all.w * 4))
        rfbMarkRectAsModified(s->rfb, (int)r.x, (int)r.y, (int)(r.x + r.w), (int)(r.y + r.h));
}

static void read_damage(struct vnc_screen *s)
{
    int n;
    region_limit(&s->damage, MAX_BOXES);
    const pixman_box32_t *box = pixman_region32_rectangles(&s->damage, &n);
    for (int i = 0; i < n; i++)
        read_box(s, &box[i]);
    pixman_region32_clear(&s->damage);
}

static void take_cursor(struct vnc_screen *s, const struct head_state *old)
{
    const struct head_state *now = &s->state;
    if (now->cursor_gen != old->cursor_gen || now->cursor_visible != old->cursor_visible) {
        vnc_cursor_set(s->rfb, s->config->env.display, s->config->head, now);
        vnc_extensions_cursor_changed(&s->extensions);
    }
    /* Used where the library draws the cursor itself. display_set_cursor has clamped both, so the
     * sum here, and the library's with the cursor's size, is below 2^18. */
    s->rfb->cursorX = now->cursor_x + (int)now->hot_x;
    s->rfb->cursorY = now->cursor_y + (int)now->hot_y;
}

/* Takes state and damage from the display and reads the pixels; false: no memory for the new
 * size. */
static bool take_changes(struct vnc_screen *s, rfbClientPtr client)
{
    struct head_state old = s->state;
    s->changed = false;
    viewer_take(s->viewer, s->config->head, &s->state, &s->damage);
    take_cursor(s, &old);
    s->blank_due = viewer_blank_deadline(&old, &s->state, s->blank_due, host_now_ns());
    loop_timer_set(s->blank, s->blank_due);
    if (!s->state.active)
        return true;
    bool resized =
        s->state.width != (uint32_t)s->rfb->width || s->state.height != (uint32_t)s->rfb->height;
    if (resized && !create_framebuffer(s, client))
        return false;
    if (resized && client->state == RFB_NORMAL)
        client->requestedDesktopSizeChange = resize_reason(s);
    if (resized || s->dark)
        pixman_region32_union_rect(&s->damage, &s->damage, 0, 0, s->state.width, s->state.height);
    s->dark = false;
    read_damage(s);
    return true;
}

void vnc_screen_blank(struct vnc_screen *s)
{
    s->blank_due = HOST_FOREVER;
    if (s->state.active || !s->pixels)
        return;
    memset(s->pixels, 0, (size_t)s->rfb->width * (size_t)s->rfb->height * 4);
    rfbMarkRectAsModified(s->rfb, 0, 0, s->rfb->width, s->rfb->height);
    s->dark = true;
}

void vnc_screen_changed(struct vnc_screen *s)
{
    s->changed = true;
}

/*
 * Sends an update. The library sends a new size in an update of its own and keeps the request
 * pending for the pixels, so it is called again at once. ZRLE sends only 3 bytes of 32-bit pixels,
 * which would cut off indices of a colour map: raw encoding is used with one.
 */
static void send_update(struct vnc_screen *s, rfbClientPtr client)
{
    bool size = client->useNewFBSize && client->newFBSizePending;
    bool zrle = client->preferredEncoding == rfbEncodingZRLE ||
                client->preferredEncoding == rfbEncodingZYWRLE;
    if (zrle && !memcmp(&client->format, &s->mapped, sizeof(s->mapped)))
        client->preferredEncoding = rfbEncodingRaw;
    rfbUpdateClient(client);
    if (size && client->sock != RFB_INVALID_SOCKET)
        rfbUpdateClient(client);
}

void vnc_screen_update(struct vnc_screen *s, rfbClientPtr client)
{
    if (!s->pixels)
        return;
    if (s->changed && !sraRgnEmpty(client->requestedRegion) && !take_changes(s, client)) {
        log_warn(s->config->env.log,
                 "no memory for a VNC viewer's %ux%u picture; the viewer is dropped",
                 s->state.width, s->state.height);
        rfbCloseClient(client);
        return;
    }
    if (!sraRgnEmpty(client->requestedRegion))
        vnc_extensions_send(&s->extensions, client, &s->state);
    if (client->sock != RFB_INVALID_SOCKET)
        send_update(s, client);
}

/* --- connections --- */

void vnc_screen_begin(struct vnc_screen *s, struct loop_timer *blank, struct loop_timer *resize,
                      void (*update)(void *ctx), void *ctx)
{
    s->blank = blank;
    s->resize = resize;
    s->wanted_width = s->asked_width = 0;
    s->mapped = (rfbPixelFormat){0};
    s->update = update;
    s->ctx = ctx;
    vnc_input_init(&s->input, s->config->env.input, s->config->layout);
}

bool vnc_screen_open(struct vnc_screen *s, rfbClientPtr client)
{
    const struct ui_env *env = &s->config->env;
    struct head_mode preferred;
    s->viewer = display_attach(env->display, s->update, s->ctx);
    s->watch = input_watch(env->input, s->update, s->ctx);
    if (!s->viewer || !s->watch)
        return false;
    display_preferred(env->display, s->config->head, &preferred);
    s->state =
        (struct head_state){.width = MAX(preferred.width, 1), .height = MAX(preferred.height, 1)};
    s->blank_due = HOST_FOREVER;
    s->dark = true;
    bool ok = create_framebuffer(s, client) && take_changes(s, client);
    client->format = s->rfb->serverFormat;
    return ok;
}

void vnc_screen_end(struct vnc_screen *s)
{
    if (s->viewer)
        display_detach(s->viewer);
    input_unwatch(s->watch);
    rfbSetCursor(s->rfb, NULL);
    s->rfb->frameBuffer = NULL;
    free(s->pixels);
    s->pixels = NULL;
    s->viewer = NULL;
    s->watch = NULL;
}

/* Turns a request for no pixels, by whose width the library would divide, into one for the first
 * pixel. */
static void on_request(rfbClientPtr client, rfbFramebufferUpdateRequestMsg *request)
{
    (void)client;
    if (request->w && request->h)
        return;
    request->x = request->y = 0;
    request->w = request->h = 1;
}

void vnc_screen_welcome(struct vnc_screen *s, rfbClientPtr client)
{
    client->clientFramebufferUpdateRequestHook = on_request;
    vnc_extensions_enable(&s->extensions, client);
}

void vnc_screen_farewell(struct vnc_screen *s, rfbClientPtr client)
{
    vnc_input_release(&s->input);
    vnc_extensions_disable(&s->extensions, client);
    vnc_client_destroy(client);
}

bool vnc_screen_init(struct vnc_screen *s, const struct vnc_config *config)
{
    memset(s, 0, sizeof(*s));
    s->config = config;
    s->rfb = rfbGetScreen(NULL, NULL, DISPLAY_MODE_MIN, DISPLAY_MODE_MIN, 8, 3, 4);
    if (!s->rfb)
        return false;
    set_format(s->rfb);
    vnc_extensions_init(&s->extensions, &s->input, config->env.display, config->head);
    s->rfb->screenData = s;
    s->rfb->desktopName = config->env.name;
    s->rfb->cursor = NULL;
    s->rfb->deferUpdateTime = 0;
    s->rfb->deferPtrUpdateTime = 0;
    s->rfb->maxClientWait = VNC_STALL_MS;
    s->rfb->kbdAddEvent = on_key;
    s->rfb->ptrAddEvent = on_pointer;
    s->rfb->setDesktopSizeHook = on_resize;
    s->rfb->setTranslateFunction = on_format;
    pixman_region32_init(&s->damage);
    return true;
}

void vnc_screen_finish(struct vnc_screen *s)
{
    pixman_region32_fini(&s->damage);
    rfbScreenCleanup(s->rfb);
}
