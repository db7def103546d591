/* SPDX-License-Identifier: MIT */
/* Who is at the other end of a connection, for the log and for limits per address. Any thread. */
#ifndef UI_PEER_H
#define UI_PEER_H

#include <stdint.h>

struct peer {
    char text[64]; /* the address in numbers; "?" if there is none */
    /* What one host has to itself: its IPv4 address, the first half of its IPv6 address. */
    uint64_t key;
};

/* fd: a connected socket. */
void peer_of(struct peer *peer, int fd);

#endif
