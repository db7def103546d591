/* SPDX-License-Identifier: MIT */
#include "ui/vnc_extensions.h"

#include "ui/keymap.h"
#include "ui/vnc_cursor.h"
#include "ui/vnc_screen.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#define EXTENDED_KEYS (-258) /* QEMU's */
#define LED_STATE     (-261)
#define ALPHA_CURSOR  (-314)       /* RGBA, premultiplied */
#define VMWARE_CURSOR (0x574d5664) /* RGBA, straight alpha, after a word with the kind of cursor */
#define LEDS_NOT_SENT UINT32_MAX

#define QEMU_KEY        0
#define QEMU_KEY_LENGTH 12

#define HEADER 16 /* of an update of one rectangle */

/* The pointer is not stored as an extension's data, which the library would free. */
static struct vnc_extensions *extensions_of(rfbClientPtr client)
{
    struct vnc_screen *screen = client->screen->screenData;
    return &screen->extensions;
}

/* --- sending --- */

static void put16(uint8_t *to, unsigned value)
{
    to[0] = (uint8_t)(value >> 8);
    to[1] = (uint8_t)value;
}

static void put_header(uint8_t *to, unsigned x, unsigned y, unsigned w, unsigned h, int encoding)
{
    static const uint8_t one_rectangle[4] = {0, 0, 0, 1};
    memcpy(to, one_rectangle, sizeof(one_rectangle));
    put16(to + 4, x);
    put16(to + 6, y);
    put16(to + 8, w);
    put16(to + 10, h);
    put16(to + 12, (uint32_t)encoding >> 16);
    put16(to + 14, (uint32_t)encoding & 0xffff);
}

static void send_all(rfbClientPtr client, const uint8_t *data, size_t size)
{
    if (rfbWriteExact(client, (const char *)data, (int)size) <= 0)
        rfbCloseClient(client);
}

static void send_leds(struct vnc_extensions *x, rfbClientPtr client, unsigned leds)
{
    /* the guest's bits are Num, Caps, Scroll from the lowest; these are Scroll, Num, Caps */
    uint8_t update[HEADER + 1];
    put_header(update, 0, 0, 1, 1, LED_STATE);
    update[HEADER] = (uint8_t)((leds >> 2 & 1) | (leds & 1) << 1 | (leds >> 1 & 1) << 2);
    x->leds_sent = leds;
    send_all(client, update, sizeof(update));
}

static void send_cursor(struct vnc_extensions *x, rfbClientPtr client,
                        const struct head_state *state)
{
    struct picture *pic = state->cursor_visible ? display_cursor(x->display, x->head) : NULL;
    uint32_t w = pic ? pic->width : 0, h = pic ? pic->height : 0;
    bool whole = x->cursor_encoding == VMWARE_CURSOR;
    size_t lead = whole ? 2 : 4; /* the cursor's kind, or the raw encoding */
    uint8_t *update = calloc(1, HEADER + lead + (size_t)w * h * 4);
    if (update) {
        put_header(update, w ? MIN(state->hot_x, w - 1) : 0, h ? MIN(state->hot_y, h - 1) : 0, w, h,
                   x->cursor_encoding);
        update[HEADER] = whole; /* kind 1: with alpha */
        if (pic)
            vnc_cursor_rgba(pic, update + HEADER + lead, whole);
        send_all(client, update, HEADER + lead + (size_t)w * h * 4);
    }
    free(update);
    picture_destroy(pic);
}

void vnc_extensions_answer_size(rfbClientPtr client, unsigned status)
{
    enum { SCREENS = HEADER, SCREEN = HEADER + 4, SCREEN_SIZE = 16 };
    uint8_t update[SCREEN + SCREEN_SIZE] = {0};
    unsigned w = (unsigned)client->screen->width, h = (unsigned)client->screen->height;
    if (!client->useExtDesktopSize)
        return;
    put_header(update, rfbExtDesktopSize_ClientRequestedChange, status, w, h,
               rfbEncodingExtDesktopSize);
    update[SCREENS] = 1;
    update[SCREEN + 3] = 1; /* the screen's number, as the library numbers it */
    put16(update + SCREEN + 8, w);
    put16(update + SCREEN + 10, h);
    send_all(client, update, sizeof(update));
}

void vnc_extensions_cursor_changed(struct vnc_extensions *x)
{
    x->cursor_due = true;
}

void vnc_extensions_send(struct vnc_extensions *x, rfbClientPtr client,
                         const struct head_state *state)
{
    unsigned leds = input_leds(x->input->held.hub);
    if (x->leds && leds != x->leds_sent)
        send_leds(x, client, leds);
    if (!x->cursor_encoding)
        return;
    client->cursorWasChanged = FALSE; /* so that the library does not send it */
    if (x->cursor_due && client->sock != RFB_INVALID_SOCKET)
        send_cursor(x, client, state);
    x->cursor_due = false;
}

/* --- receiving --- */

/* Receives a key event with the key's PC scancode beside its keysym. */
static rfbBool on_message(rfbClientPtr client, void *data, const rfbClientToServerMsg *msg)
{
    uint8_t rest[QEMU_KEY_LENGTH - 1];
    uint32_t words[2];
    (void)data;
    if (msg->type != VNC_QEMU_MESSAGE)
        return FALSE;
    if (rfbReadExact(client, (char *)rest, sizeof(rest)) <= 0 || rest[0] != QEMU_KEY) {
        rfbCloseClient(client);
        return TRUE;
    }
    memcpy(words, rest + 3, sizeof(words));
    unsigned code = keymap_from_number(ntohl(words[1]));
    if (code)
        vnc_input_key(extensions_of(client)->input, code, rest[1] || rest[2]);
    else
        vnc_input_keysym(extensions_of(client)->input, ntohl(words[0]), rest[1] || rest[2]);
    return TRUE;
}

/* The viewer will draw the cursor, in the better of the two encodings that it supports. */
static void set_cursor_encoding(struct vnc_extensions *x, rfbClientPtr client, int encoding)
{
    client->enableCursorShapeUpdates = TRUE;
    if (x->cursor_encoding != ALPHA_CURSOR)
        x->cursor_encoding = encoding;
    x->cursor_due = true;
}

static rfbBool on_encoding(rfbClientPtr client, void **data, int encoding)
{
    struct vnc_extensions *x = extensions_of(client);
    (void)data;
    uint8_t yes[HEADER];
    switch (encoding) {
    case EXTENDED_KEYS: /* an empty rectangle means that the server supports them, too */
        put_header(yes, 0, 0, 0, 0, EXTENDED_KEYS);
        send_all(client, yes, sizeof(yes));
        return TRUE;
    case LED_STATE:
        x->leds = true;
        x->leds_sent = LEDS_NOT_SENT;
        return TRUE;
    case ALPHA_CURSOR:
    case VMWARE_CURSOR: set_cursor_encoding(x, client, encoding); return TRUE;
    default: return FALSE;
    }
}

void vnc_extensions_init(struct vnc_extensions *x, struct vnc_input *input, struct display *d,
                         unsigned head)
{
    *x = (struct vnc_extensions){.input = input, .display = d, .head = head};
    x->extension.handleMessage = on_message;
    x->extension.enablePseudoEncoding = on_encoding;
}

void vnc_extensions_enable(struct vnc_extensions *x, rfbClientPtr client)
{
    x->leds = false;
    x->cursor_encoding = 0;
    x->record = (rfbExtensionData){.extension = &x->extension, .next = client->extensions};
    client->extensions = &x->record;
}

void vnc_extensions_disable(struct vnc_extensions *x, rfbClientPtr client)
{
    for (rfbExtensionData **p = &client->extensions; *p; p = &(*p)->next)
        if (*p == &x->record) {
            *p = x->record.next;
            return;
        }
}
