/* SPDX-License-Identifier: MIT */
/*
 * A client's stream of WebSocket frames, cut into pieces anywhere. Whatever comes: no more bytes
 * come out than went in, what is carried is bounded, and the cuts change nothing.
 */
#include "fuzz/fuzz.h"
#include "ui/websocket.h"

#define STREAM 8192

struct outcome {
    struct websocket_reader reader;
    uint8_t got[STREAM];
    size_t size;
};

static void run(struct outcome *o, const uint8_t *data, size_t n, unsigned cut)
{
    memset(o, 0, sizeof(*o));
    for (size_t i = 0; i < n;) {
        size_t part = cut ? MIN(1 + (cut * (i + 1) >> 3) % 97, n - i) : n;
        uint8_t *piece = malloc(part); /* for the sanitizer to see its end */
        FUZZ_CHECK(piece);
        memcpy(piece, data + i, part);
        size_t out = websocket_read(&o->reader, piece, part);
        FUZZ_CHECK(out <= part);
        memcpy(o->got + o->size, piece, out);
        o->size += out;
        free(piece);
        i += part;
    }
    FUZZ_CHECK(o->reader.ping_size <= WEBSOCKET_CONTROL);
    FUZZ_CHECK(!o->reader.in_frame || o->reader.size <= WEBSOCKET_FRAME);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct outcome whole, cut;
    char accept[WEBSOCKET_ACCEPT], key[WEBSOCKET_KEY + 1] = "";
    if (size > STREAM)
        return 0;
    run(&whole, data, size, 0);
    run(&cut, data, size, size ? data[size - 1] : 1);
    FUZZ_CHECK(whole.size == cut.size && whole.reader.status == cut.reader.status);
    FUZZ_CHECK(!memcmp(whole.got, cut.got, whole.size));
    FUZZ_CHECK(whole.reader.pinged == cut.reader.pinged);
    if (size)
        memcpy(key, data, MIN(size, (size_t)WEBSOCKET_KEY));
    websocket_accept(accept, key);
    return 0;
}
