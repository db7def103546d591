/* SPDX-License-Identifier: MIT */
#include "ui/vnc_screen.h"

#include "base/le.h"
#include "host/clock.h"
#include "host/thread.h"
#include "ui/keymap.h"
#include "ui/vnc_cursor.h"
#include "ui/vnc_keysym.h"
#include "ui/vnc_viewer.h"

#include <rfb/rfbregion.h>
#include <stdlib.h>
#include <string.h>

#define HEAD      0  /* the head that viewers see */
#define MAX_BOXES 16 /* more separate rectangles than this cost more than one around them */
#define DARK_NS   UINT64_C(150000000) /* Linux clears the screen before each mode set */

#define MIN_SIDE 64 /* of a mode that a viewer may ask for */
#define MAX_SIDE 8192

#define EXTENDED_KEYS   (-258) /* QEMU's pseudo-encoding, and its message 255, submessage 0 */
#define QEMU_MESSAGE    255
#define QEMU_KEY        0
#define QEMU_KEY_LENGTH 12

static struct vnc_screen *screen_of(rfbClientPtr client)
{
    return client->screen->screenData;
}

/* --- input ------------------------------------------------------------------------------------ */

static void on_key(rfbBool down, rfbKeySym keysym, rfbClientPtr client)
{
    vnc_input_key(&screen_of(client)->input, vnc_key_from_keysym(keysym), down);
}

static void on_pointer(int buttons, int x, int y, rfbClientPtr client)
{
    vnc_input_pointer(&screen_of(client)->input, (unsigned)buttons, x, y, client->screen->width,
                      client->screen->height);
}

/* QEMU's extended key events carry the key's place, as a PC scancode, beside its keysym. */
static rfbBool on_message(rfbClientPtr client, void *data, const rfbClientToServerMsg *msg)
{
    uint8_t rest[QEMU_KEY_LENGTH - 1];
    (void)data;
    if (msg->type != QEMU_MESSAGE)
        return FALSE;
    if (rfbReadExact(client, (char *)rest, sizeof(rest)) <= 0 || rest[0] != QEMU_KEY) {
        rfbCloseClient(client);
        return TRUE;
    }
    uint32_t keysym = (uint32_t)rest[3] << 24 | rest[4] << 16 | rest[5] << 8 | rest[6];
    uint32_t place = (uint32_t)rest[7] << 24 | rest[8] << 16 | rest[9] << 8 | rest[10];
    unsigned code = keymap_from_number(place);
    vnc_input_key(&screen_of(client)->input, code ? code : vnc_key_from_keysym(keysym),
                  rest[1] || rest[2]);
    return TRUE;
}

/* The viewer knows extended key events: an empty rectangle of that encoding says so do we. */
static rfbBool on_encoding(rfbClientPtr client, void **data, int encoding)
{
    static const char yes[] = {0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, -1, -1, -2, -2};
    (void)data;
    if (encoding != EXTENDED_KEYS)
        return FALSE;
    if (rfbWriteExact(client, yes, sizeof(yes)) < 0)
        rfbCloseClient(client);
    return TRUE;
}

/* The viewer's window was resized: the guest is asked to follow, and the viewer is told when it
 * has. */
static int on_resize(int width, int height, int screens, rfbExtDesktopScreen *layout,
                     rfbClientPtr client)
{
    struct vnc_screen *s = screen_of(client);
    struct head_wish wish;
    (void)layout;
    if (screens != 1 || MIN(width, height) < MIN_SIDE || MAX(width, height) > MAX_SIDE)
        return rfbExtDesktopSize_InvalidScreenLayout;
    display_wish(s->env.display, HEAD, &wish);
    wish.width = (uint32_t)width;
    wish.height = (uint32_t)height;
    display_set_wish(s->env.display, HEAD, &wish);
    return rfbExtDesktopSize_Success;
}

/* --- the picture ------------------------------------------------------------------------------ */

/* Blue first, as the display's pictures are; the library thinks red first. */
static void set_format(rfbScreenInfoPtr rfb)
{
    rfb->serverFormat.redShift = 16;
    rfb->serverFormat.greenShift = 8;
    rfb->serverFormat.blueShift = 0;
    rfb->serverFormat.depth = 24;
}

/* A black framebuffer of the head's size. */
static bool make_pixels(struct vnc_screen *s, rfbClientPtr client)
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
    int x1 = MAX(box->x1, 0), x2 = MIN(box->x2, s->rfb->width);
    int y1 = MAX(box->y1, 0), y2 = MIN(box->y2, s->rfb->height);
    if (x1 >= x2 || y1 >= y2)
        return;
    struct rect r = {(uint32_t)x1, (uint32_t)y1, (uint32_t)(x2 - x1), (uint32_t)(y2 - y1)};
    uint32_t stride = (uint32_t)s->rfb->width * 4;
    uint8_t *to = s->pixels + (size_t)y1 * stride + (size_t)x1 * 4;
    if (display_read(s->env.display, HEAD, &r, to, stride))
        rfbMarkRectAsModified(s->rfb, x1, y1, x2, y2);
}

static void read_damage(struct vnc_screen *s)
{
    int n;
    const pixman_box32_t *box = pixman_region32_rectangles(&s->damage, &n);
    if (n > MAX_BOXES) {
        box = pixman_region32_extents(&s->damage);
        n = 1;
    }
    for (int i = 0; i < n; i++)
        read_box(s, &box[i]);
    pixman_region32_clear(&s->damage);
}

static void take_cursor(struct vnc_screen *s, const struct head_state *old)
{
    const struct head_state *now = &s->state;
    if (now->cursor_gen != old->cursor_gen || now->cursor_visible != old->cursor_visible)
        vnc_cursor_set(s->rfb, s->env.display, HEAD, now);
    /* where the library draws it for viewers that can not */
    s->rfb->cursorX = now->cursor_x + (int)now->hot_x;
    s->rfb->cursorY = now->cursor_y + (int)now->hot_y;
}

/* Takes what is new from the display; false: no memory for the new size. */
static bool take(struct vnc_screen *s, rfbClientPtr client)
{
    struct head_state old = s->state;
    s->changed = false;
    viewer_take(s->viewer, HEAD, &s->state, &s->damage);
    take_cursor(s, &old);
    if (!s->state.active) {
        if (old.active)
            loop_timer_set(s->blank, host_now_ns() + DARK_NS);
        return true;
    }
    loop_timer_set(s->blank, HOST_FOREVER);
    bool resized =
        s->state.width != (uint32_t)s->rfb->width || s->state.height != (uint32_t)s->rfb->height;
    if (resized && !make_pixels(s, client))
        return false;
    if (resized || s->dark)
        pixman_region32_union_rect(&s->damage, &s->damage, 0, 0, s->state.width, s->state.height);
    s->dark = false;
    read_damage(s);
    return true;
}

void vnc_screen_blank(struct vnc_screen *s)
{
    if (s->state.active)
        return;
    memset(s->pixels, 0, (size_t)s->rfb->width * (size_t)s->rfb->height * 4);
    rfbMarkRectAsModified(s->rfb, 0, 0, s->rfb->width, s->rfb->height);
    s->dark = true;
}

void vnc_screen_changed(struct vnc_screen *s)
{
    s->changed = true;
}

void vnc_screen_update(struct vnc_screen *s, rfbClientPtr client)
{
    if (s->changed && !sraRgnEmpty(client->requestedRegion) && !take(s, client)) {
        log_warn(s->env.log, "no memory for a VNC viewer's %ux%u picture; the viewer is dropped",
                 s->state.width, s->state.height);
        rfbCloseClient(client);
        return;
    }
    rfbUpdateClient(client);
}

/* --- viewers come and go ---------------------------------------------------------------------- */

bool vnc_screen_open(struct vnc_screen *s, struct viewer *viewer, struct loop_timer *blank)
{
    struct head_wish wish;
    s->viewer = viewer;
    s->blank = blank;
    display_wish(s->env.display, HEAD, &wish);
    s->state = (struct head_state){.width = MAX(wish.width, 1), .height = MAX(wish.height, 1)};
    s->dark = true;
    vnc_input_init(&s->input, s->env.input);
    return make_pixels(s, NULL) && take(s, NULL);
}

void vnc_screen_close(struct vnc_screen *s)
{
    rfbSetCursor(s->rfb, NULL);
    s->rfb->frameBuffer = NULL;
    free(s->pixels);
    s->pixels = NULL;
    s->viewer = NULL;
}

bool vnc_screen_welcome(struct vnc_screen *s, rfbClientPtr client)
{
    return rfbEnableExtension(client, &s->extension, NULL);
}

void vnc_screen_farewell(struct vnc_screen *s, rfbClientPtr client)
{
    vnc_input_release(&s->input);
    if (client->sock != RFB_INVALID_SOCKET)
        rfbCloseClient(client);
    rfbDisableExtension(client, &s->extension);
    rfbClientConnectionGone(client);
}

bool vnc_screen_init(struct vnc_screen *s, const struct ui_env *env, char **passwords)
{
    memset(s, 0, sizeof(*s));
    s->env = *env;
    s->rfb = rfbGetScreen(NULL, NULL, MIN_SIDE, MIN_SIDE, 8, 3, 4);
    if (!s->rfb)
        return false;
    s->extension.handleMessage = on_message;
    s->extension.enablePseudoEncoding = on_encoding;
    s->rfb->screenData = s;
    s->rfb->desktopName = env->name;
    s->rfb->cursor = NULL;
    s->rfb->deferUpdateTime = 0;
    s->rfb->deferPtrUpdateTime = 0;
    s->rfb->maxClientWait = VNC_STALL_MS;
    s->rfb->kbdAddEvent = on_key;
    s->rfb->ptrAddEvent = on_pointer;
    s->rfb->setDesktopSizeHook = on_resize;
    if (passwords) {
        s->rfb->authPasswdData = passwords;
        s->rfb->passwordCheck = rfbCheckPasswordByList;
    }
    pixman_region32_init(&s->damage);
    return true;
}

void vnc_screen_finish(struct vnc_screen *s)
{
    pixman_region32_fini(&s->damage);
    rfbScreenCleanup(s->rfb);
}
