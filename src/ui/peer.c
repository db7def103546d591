/* SPDX-License-Identifier: MIT */
#include "ui/peer.h"

#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

void peer_of(struct peer *peer, int fd)
{
    struct sockaddr_storage sa;
    socklen_t size = sizeof(sa);
    *peer = (struct peer){.text = "?"};
    if (getpeername(fd, (struct sockaddr *)&sa, &size))
        return;
    if (sa.ss_family == AF_INET)
        peer->key = ntohl(((struct sockaddr_in *)&sa)->sin_addr.s_addr);
    else if (sa.ss_family == AF_INET6)
        memcpy(&peer->key, ((struct sockaddr_in6 *)&sa)->sin6_addr.s6_addr, sizeof(peer->key));
    else
        return;
    if (getnameinfo((struct sockaddr *)&sa, size, peer->text, sizeof(peer->text), NULL, 0,
                    NI_NUMERICHOST))
        snprintf(peer->text, sizeof(peer->text), "?");
}
