/* SPDX-License-Identifier: MIT */
/*
 * What a VNC viewer says once it is through its handshake, message by message, through the gate and
 * into the library, with the updates that it asks for. It ends: no message is read from nothing.
 */
#include "fuzz/fuzz.h"
#include "kit/vnc_end.h"

#define STREAM 4096 /* the socket holds that much */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct vnc_end e;
    if (size > STREAM)
        return 0;
    vnc_end_open(&e);
    FUZZ_CHECK(!size || send(e.peer, data, size, MSG_NOSIGNAL) == (ssize_t)size);
    shutdown(e.peer, SHUT_WR);
    for (size_t messages = 0; vnc_end_is_open(&e); messages++) {
        FUZZ_CHECK(messages <= size);
        vnc_message_read(e.client, NULL);
        if (e.screen.wanted_width)
            vnc_screen_resize(&e.screen);
        if (vnc_end_is_open(&e))
            vnc_screen_update(&e.screen, e.client);
        vnc_end_drain(&e);
    }
    vnc_end_close(&e);
    return 0;
}
