/* SPDX-License-Identifier: MIT */
/*
 * The server's side of a WebSocket (RFC 6455) as functions over bytes: the handshake's proof, a
 * reader that decodes a client's frames, and the headers of a server's frames. No I/O, no
 * allocation; any thread.
 */
#ifndef UI_WEBSOCKET_H
#define UI_WEBSOCKET_H

#include "base/util.h"

#define WEBSOCKET_KEY     24  /* characters of Sec-WebSocket-Key */
#define WEBSOCKET_ACCEPT  29  /* bytes of Sec-WebSocket-Accept, with a NUL */
#define WEBSOCKET_HEADER  10  /* bytes of a server's frame header, at most */
#define WEBSOCKET_CONTROL 125 /* bytes that a control frame carries, at most (5.5) */
/* Bytes that a client's data frame may carry: twice VNC's largest message. */
#define WEBSOCKET_FRAME (2 << 20)

enum { WEBSOCKET_BINARY = 2, WEBSOCKET_CLOSE = 8, WEBSOCKET_PING = 9, WEBSOCKET_PONG = 10 };

/* Why a WebSocket ends (7.4.1). */
enum {
    WEBSOCKET_NORMAL = 1000,
    WEBSOCKET_WRONG = 1002,    /* protocol error */
    WEBSOCKET_NOT_HERE = 1003, /* text frames are not accepted */
    WEBSOCKET_TOO_BIG = 1009,
};

/* The decoder's state; zero-initialised by the caller. */
struct websocket_reader {
    uint8_t header[14];
    unsigned header_size;
    bool in_frame; /* the header is complete, and these are valid: */
    uint64_t size, at;
    uint8_t mask[4];
    bool in_message; /* the next data frame continues a fragmented message */
    uint8_t control[WEBSOCKET_CONTROL];
    /* for the caller */
    bool pinged; /* a pong with these bytes is to be sent; only the last ping needs one (5.5.3) */
    uint8_t ping[WEBSOCKET_CONTROL];
    unsigned ping_size;
    unsigned status; /* not 0: the stream has ended, with this status */
};

/*
 * Decodes n bytes of the client's stream in place. Returns how many bytes of messages were in them,
 * which are then at the beginning of `data`. Does nothing once the status is not 0. A frame's
 * header is checked as soon as it is complete, before any of its payload.
 */
size_t websocket_read(struct websocket_reader *r, uint8_t *data, size_t n);
/* Writes the header of an unfragmented frame of `size` bytes; returns the header's length. */
size_t websocket_put_header(uint8_t to[WEBSOCKET_HEADER], unsigned opcode, size_t size);
/* Computes Sec-WebSocket-Accept from the client's key (4.2.2). False: the key is not the base64 of
 * 16 bytes. */
bool websocket_accept(char to[WEBSOCKET_ACCEPT], const char *key);

#endif
