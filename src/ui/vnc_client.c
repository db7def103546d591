/* SPDX-License-Identifier: MIT */
#include "ui/vnc_client.h"

#include <fcntl.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

/* Creates the client on one end of a socket pair. `helper`, the other end, first sends bytes that
 * the library's detection takes for a plain VNC client, so that it does not wait. The library's
 * greeting stays in the pair. */
static rfbClientPtr create_with(rfbScreenInfoPtr screen, int sock, int helper)
{
    static const char plain[] = {'R', 'F', 'B', ' '};
    if (sock >= FD_SETSIZE || send(helper, plain, sizeof(plain), MSG_NOSIGNAL) != sizeof(plain)) {
        close(sock);
        return NULL;
    }
    return rfbNewClient(screen, sock); /* closes the socket on failure */
}

rfbClientPtr vnc_client_create(rfbScreenInfoPtr screen, int fd)
{
    char greeting[sz_rfbProtocolVersionMsg];
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair))
        return NULL;
    rfbClientPtr client = create_with(screen, pair[0], pair[1]);
    bool ok = client && recv(pair[1], greeting, sizeof(greeting), 0) == sizeof(greeting) &&
              dup3(fd, client->sock, O_CLOEXEC) >= 0 &&
              rfbWriteExact(client, greeting, sizeof(greeting)) > 0;
    close(pair[1]);
    if (client && !ok) {
        vnc_client_destroy(client);
        return NULL;
    }
    return client;
}

void vnc_client_destroy(rfbClientPtr client)
{
    if (client->sock != RFB_INVALID_SOCKET)
        rfbCloseClient(client);
    rfbClientConnectionGone(client);
}
