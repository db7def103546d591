/* SPDX-License-Identifier: MIT */
#include "ui/vnc_message.h"

#include "base/util.h"
#include "ui/vnc_extensions.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

static bool receive_bytes(rfbClientPtr client, void *data, size_t size)
{
    if (rfbReadExact(client, data, (int)size) > 0)
        return true;
    rfbCloseClient(client);
    return false;
}

static void skip_bytes(rfbClientPtr client, size_t size)
{
    char text[4096];
    while (size && receive_bytes(client, text, MIN(size, sizeof(text))))
        size -= MIN(size, sizeof(text));
}

/* Reads and drops the viewer's clipboard: a guest has none that it could be put in. The length is
 * negative in the format of the extended clipboard. */
static bool on_cut_text(rfbClientPtr client)
{
    rfbClientCutTextMsg msg;
    if (!receive_bytes(client, &msg, sz_rfbClientCutTextMsg))
        return true;
    uint32_t length = ntohl(msg.length);
    length = length >> 31 ? -length : length;
    if (length > VNC_CUT_TEXT)
        return false;
    skip_bytes(client, length);
    return true;
}

static bool colour_ok(unsigned bits, unsigned max, unsigned shift)
{
    return max && !(max & (max + 1)) && shift < bits && (uint64_t)max << shift >> bits == 0;
}

bool vnc_message_format_ok(const rfbPixelFormat *f)
{
    if (f->bitsPerPixel != 8 && f->bitsPerPixel != 16 && f->bitsPerPixel != 32)
        return false;
    return !f->trueColour || (colour_ok(f->bitsPerPixel, f->redMax, f->redShift) &&
                              colour_ok(f->bitsPerPixel, f->greenMax, f->greenShift) &&
                              colour_ok(f->bitsPerPixel, f->blueMax, f->blueShift));
}

static bool on_format(rfbClientPtr client)
{
    rfbSetPixelFormatMsg msg;
    if (!receive_bytes(client, &msg, sz_rfbSetPixelFormatMsg))
        return true;
    rfbPixelFormat *f = &msg.format;
    f->bigEndian = f->bigEndian ? TRUE : FALSE;
    f->trueColour = f->trueColour ? TRUE : FALSE;
    f->redMax = ntohs(f->redMax);
    f->greenMax = ntohs(f->greenMax);
    f->blueMax = ntohs(f->blueMax);
    if (!vnc_message_format_ok(f))
        return false;
    client->format = *f;
    client->readyForSetColourMapEntries = TRUE;
    client->screen->setTranslateFunction(client); /* may close the client */
    return true;
}

/* What the screens are like that the size is made of does not matter. The library would not answer
 * a request for none. */
static bool on_desktop_size(rfbClientPtr client)
{
    rfbSetDesktopSizeMsg msg;
    if (!receive_bytes(client, &msg, sz_rfbSetDesktopSizeMsg))
        return true;
    skip_bytes(client, (size_t)msg.numberOfScreens * sz_rfbExtDesktopScreen);
    if (client->sock != RFB_INVALID_SOCKET)
        client->screen->setDesktopSizeHook(ntohs(msg.width), ntohs(msg.height), msg.numberOfScreens,
                                           NULL, client);
    return true;
}

static bool by_library(rfbClientPtr client)
{
    rfbProcessClientMessage(client);
    return true;
}

/* UltraVNC's requests about the server's own input and windows: read and dropped. */
static bool on_server_input(rfbClientPtr client)
{
    skip_bytes(client, sz_rfbSetServerInputMsg);
    return true;
}

static bool on_single_window(rfbClientPtr client)
{
    skip_bytes(client, sz_rfbSetSWMsg);
    return true;
}

void vnc_message_read(rfbClientPtr client, struct log *log)
{
    /* A reader returns false if the message must not be sent; NULL: none of this type may be. */
    static bool (*const readers[256])(rfbClientPtr client) = {
        [rfbSetPixelFormat] = on_format,
        [rfbSetEncodings] = by_library, /* at most 65535 encodings, which it reads one by one */
        [rfbFramebufferUpdateRequest] = by_library,
        [rfbKeyEvent] = by_library,
        [rfbPointerEvent] = by_library,
        [rfbClientCutText] = on_cut_text,
        [rfbSetServerInput] = on_server_input,
        [rfbSetSW] = on_single_window,
        [rfbSetDesktopSize] = on_desktop_size,
        [VNC_QEMU_MESSAGE] = by_library, /* calls vnc_extensions.c */
    };
    uint8_t type;
    ssize_t n = recv(client->sock, &type, 1, MSG_PEEK | MSG_DONTWAIT);
    if (n == 0) {
        rfbCloseClient(client);
    } else if (n == 1 && (!readers[type] || !readers[type](client))) {
        log_debug(log, LOG_UI, "vnc: a viewer that sends message %u in a wrong way goes", type);
        if (client->sock != RFB_INVALID_SOCKET)
            rfbCloseClient(client);
    }
}
