/* SPDX-License-Identifier: MIT */
/*
 * The server's side of a WebSocket (RFC 6455) as functions over bytes: the handshake's proof, a
 * reader that takes a client's frames apart, and the headers of the frames that go back. No I/O, no
 * allocation; any thread.
 */
#ifndef UI_WEBSOCKET_H
#define UI_WEBSOCKET_H

#include "base/util.h"

#define WEBSOCKET_KEY     24  /* characters of Sec-WebSocket-Key */
#define WEBSOCKET_ACCEPT  29  /* bytes of the answer to it, with the 0 */
#define WEBSOCKET_HEADER  10  /* bytes of a server's frame header, at most */
#define WEBSOCKET_CONTROL 125 /* bytes that a control frame carries, at most (5.5) */
/* Bytes that a client's data frame may carry: twice VNC's largest message. */
#define WEBSOCKET_FRAME (2 << 20)

enum { WEBSOCKET_BINARY = 2, WEBSOCKET_CLOSE = 8, WEBSOCKET_PING = 9, WEBSOCKET_PONG = 10 };

/* Why a WebSocket ends (7.4.1). */
enum {
    WEBSOCKET_NORMAL = 1000,
    WEBSOCKET_WRONG = 1002,    /* no WebSocket */
    WEBSOCKET_NOT_HERE = 1003, /* text */
    WEBSOCKET_TOO_BIG = 1009,
};

/* What is known of the client's stream of frames; zeros at first. */
struct websocket_reader {
    uint8_t header[14];
    unsigned header_size;
    bool in_frame; /* the header is complete; its size and mask are: */
    uint64_t size, at;
    uint8_t mask[4];
    bool in_message; /* a fragmented message goes on */
    uint8_t control[WEBSOCKET_CONTROL];
    /* for the caller */
    bool pinged; /* a pong with these bytes is due; only the last ping needs one (5.5.3) */
    uint8_t ping[WEBSOCKET_CONTROL];
    unsigned ping_size;
    unsigned status; /* not 0: the stream has ended, for this reason */
};

/*
 * Takes n bytes of the client's stream. Returns how many bytes of messages were in them, which are
 * then at the beginning of `data`. Nothing is taken once the status is not 0. Frames are judged
 * when their first bytes are there, whatever they claim to carry.
 */
size_t websocket_read(struct websocket_reader *r, uint8_t *data, size_t n);
/* Writes the header of a whole frame that carries `size` bytes; returns the header's length. */
size_t websocket_put_header(uint8_t to[WEBSOCKET_HEADER], unsigned opcode, size_t size);
/* The proof that the client's key was read (4.2.2). False: it is not the base64 of 16 bytes. */
bool websocket_accept(char to[WEBSOCKET_ACCEPT], const char *key);

#endif
