/* SPDX-License-Identifier: MIT */
/* The address of a connection's other end, for the log and for limits per address. Any thread. */
#ifndef UI_PEER_H
#define UI_PEER_H

#include <stdint.h>

struct peer {
    char text[64]; /* the numeric address; "?" if there is none */
    /* What identifies a host: its IPv4 address, or the upper half of its IPv6 address, since a host
     * usually owns all of the lower half. */
    uint64_t key;
};

/* fd: a connected socket. */
void peer_of(struct peer *peer, int fd);

#endif
