/* SPDX-License-Identifier: MIT */
/* The gate for viewers' messages: which are read, to which byte, and which end the connection. */
#include "ui/vnc_message.h"

#include "kit/vnc_end.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define NEXT 0xee /* the first byte of the message after */

static const rfbPixelFormat fine = {
    .bitsPerPixel = 32,
    .depth = 24,
    .trueColour = 1,
    .redMax = 255,
    .greenMax = 255,
    .blueMax = 255,
    .redShift = 16,
    .greenShift = 8,
};

/* Has the message read, with NEXT behind it. True: the connection goes on, behind the message. */
static bool is_taken(const void *message, size_t size)
{
    struct vnc_end e;
    const uint8_t next = NEXT;
    uint8_t first = 0;
    vnc_end_open(&e);
    assert_int_equal(send(e.peer, message, size, 0), size);
    assert_int_equal(send(e.peer, &next, 1, 0), 1);
    vnc_message_read(e.client, NULL);
    bool taken = vnc_end_is_open(&e);
    if (taken)
        assert_int_equal(recv(e.client->sock, &first, 1, MSG_PEEK | MSG_DONTWAIT), 1);
    assert_int_equal(first, taken ? NEXT : 0);
    vnc_end_close(&e);
    return taken;
}

static void test_types(void **state)
{
    (void)state;
    static const uint8_t sizes[256] = {
        [rfbSetPixelFormat] = sz_rfbSetPixelFormatMsg,
        [rfbSetEncodings] = sz_rfbSetEncodingsMsg,
        [rfbFramebufferUpdateRequest] = sz_rfbFramebufferUpdateRequestMsg,
        [rfbKeyEvent] = sz_rfbKeyEventMsg,
        [rfbPointerEvent] = sz_rfbPointerEventMsg,
        [rfbClientCutText] = sz_rfbClientCutTextMsg,
        [rfbSetSW] = sz_rfbSetSWMsg,
        [rfbSetServerInput] = sz_rfbSetServerInputMsg,
        [rfbSetDesktopSize] = sz_rfbSetDesktopSizeMsg,
        [VNC_QEMU_MESSAGE] = 12,
    };
    for (unsigned type = 0; type < 256; type++) {
        uint8_t message[64] = {(uint8_t)type};
        if (type == rfbSetPixelFormat) {
            message[4] = 8; /* bits of a pixel, with a colour map */
            message[5] = 8;
        }
        if (is_taken(message, sizes[type] ? sizes[type] : sizeof(message)) != (sizes[type] > 0))
            fail_msg("message %u", type);
    }
}

static void test_formats(void **state)
{
    (void)state;
    rfbPixelFormat f = fine;
    assert_true(vnc_message_format_ok(&f));
    for (unsigned bits = 0; bits < 256; bits++) {
        f.bitsPerPixel = (uint8_t)bits;
        f.trueColour = 0;
        assert_int_equal(vnc_message_format_ok(&f), bits == 8 || bits == 16 || bits == 32);
        f.trueColour = 1; /* eight bits of red from bit 16 on */
        assert_int_equal(vnc_message_format_ok(&f), bits == 32);
    }
    f = fine;
    for (unsigned max = 0; max < 65536; max++) {
        f.greenMax = (uint16_t)max;
        assert_int_equal(vnc_message_format_ok(&f), max && !(max & (max + 1)));
    }
    f = fine;
    for (unsigned shift = 0; shift < 256; shift++) {
        f.blueShift = (uint8_t)shift;
        assert_int_equal(vnc_message_format_ok(&f), shift <= 24);
    }
}

static void test_wrong_format(void **state)
{
    (void)state;
    rfbSetPixelFormatMsg message = {.type = rfbSetPixelFormat, .format = fine};
    message.format.redMax = message.format.greenMax = message.format.blueMax = htons(255);
    assert_true(is_taken(&message, sz_rfbSetPixelFormatMsg));
    message.format.redShift = 25;
    assert_false(is_taken(&message, sz_rfbSetPixelFormatMsg));
}

/* A clipboard of this length, of which 4 bytes come. */
static bool takes_clipboard(uint32_t length)
{
    uint8_t message[sz_rfbClientCutTextMsg + 4] = {rfbClientCutText};
    length = htonl(length);
    memcpy(message + 4, &length, sizeof(length));
    return is_taken(message, sizeof(message));
}

static void test_clipboards(void **state)
{
    (void)state;
    assert_true(takes_clipboard(4));
    assert_true(takes_clipboard((uint32_t)-4)); /* extended */
    assert_false(takes_clipboard(VNC_CUT_TEXT + 1));
    assert_false(takes_clipboard((uint32_t)-VNC_CUT_TEXT - 1));
    assert_false(takes_clipboard(0x80000000));
}

/* However many screens a request for a size has. The library would lose memory at each request for
 * the size that it has, so it must not see it: the sanitizers' run of this test looks. */
static void test_sizes(void **state)
{
    (void)state;
    uint8_t message[sz_rfbSetDesktopSizeMsg + 255 * sz_rfbExtDesktopScreen] = {rfbSetDesktopSize};
    message[3] = message[5] = 64;
    for (unsigned screens = 0; screens < 256; screens++) {
        message[6] = (uint8_t)screens;
        assert_true(is_taken(message, sz_rfbSetDesktopSizeMsg + screens * sz_rfbExtDesktopScreen));
    }
}

/* Who goes in the middle of a message is gone. */
static void test_cut_short(void **state)
{
    (void)state;
    static const uint8_t types[] = {
        rfbSetPixelFormat, rfbSetEncodings,   rfbFramebufferUpdateRequest,
        rfbKeyEvent,       rfbPointerEvent,   rfbClientCutText,
        rfbSetSW,          rfbSetServerInput, rfbSetDesktopSize,
        VNC_QEMU_MESSAGE};
    for (unsigned i = 0; i < sizeof(types); i++) {
        struct vnc_end e;
        vnc_end_open(&e);
        assert_int_equal(send(e.peer, &types[i], 1, 0), 1);
        shutdown(e.peer, SHUT_WR);
        vnc_message_read(e.client, NULL);
        assert_false(vnc_end_is_open(&e));
        vnc_end_close(&e);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types),        cmocka_unit_test(test_formats),
        cmocka_unit_test(test_wrong_format), cmocka_unit_test(test_clipboards),
        cmocka_unit_test(test_sizes),        cmocka_unit_test(test_cut_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
