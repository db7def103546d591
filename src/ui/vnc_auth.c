/* SPDX-License-Identifier: MIT */
#include "ui/vnc_auth.h"

#include "base/util.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

enum { TYPE_NONE = 1, TYPE_PASSWORD = 2 }; /* security types */

static bool send_all(rfbClientPtr client, const void *data, int size)
{
    if (rfbWriteExact(client, data, size) > 0)
        return true;
    rfbCloseClient(client);
    return false;
}

static bool receive(rfbClientPtr client, void *data, int size)
{
    if (rfbReadExact(client, data, size) > 0)
        return true;
    rfbCloseClient(client);
    return false;
}

/* Asks for the password; the library reads the answer and compares. */
static void challenge(rfbClientPtr client)
{
    if (getrandom(client->authChallenge, CHALLENGESIZE, 0) != CHALLENGESIZE)
        rfbCloseClient(client);
    else if (send_all(client, client->authChallenge, CHALLENGESIZE))
        client->state = RFB_AUTHENTICATION;
}

static void let_in(rfbClientPtr client)
{
    static const uint32_t fine = 0;
    if (client->protocolMinorVersion < 8 || send_all(client, &fine, sizeof(fine)))
        client->state = RFB_INITIALISATION;
}

/* Before 3.7 the server decides. */
static void tell_type(rfbClientPtr client, uint8_t type)
{
    uint32_t word = htonl(type);
    if (!send_all(client, &word, sizeof(word)))
        return;
    if (type == TYPE_PASSWORD)
        challenge(client);
    else
        let_in(client);
}

static void on_version(rfbClientPtr client, uint8_t type)
{
    char text[sz_rfbProtocolVersionMsg + 1] = "";
    unsigned major, minor;
    if (!receive(client, text, sz_rfbProtocolVersionMsg))
        return;
    if (sscanf(text, "RFB %3u.%3u\n", &major, &minor) != 2 || major != 3) {
        rfbCloseClient(client);
        return;
    }
    client->protocolMajorVersion = 3;
    client->protocolMinorVersion = minor >= 8 ? 8 : minor == 7 ? 7 : 3;
    if (client->protocolMinorVersion == 3)
        tell_type(client, type);
    else if (send_all(client, (uint8_t[]){1, type}, 2))
        client->state = RFB_SECURITY_TYPE;
}

static void on_type(rfbClientPtr client, uint8_t type)
{
    uint8_t chosen;
    if (!receive(client, &chosen, 1))
        return;
    if (chosen != type)
        rfbCloseClient(client);
    else if (type == TYPE_PASSWORD)
        challenge(client);
    else
        let_in(client);
}

bool vnc_auth_message(rfbClientPtr client, bool password)
{
    uint8_t type = password ? TYPE_PASSWORD : TYPE_NONE;
    if (client->state == RFB_PROTOCOL_VERSION)
        on_version(client, type);
    else if (client->state == RFB_SECURITY_TYPE)
        on_type(client, type);
    else
        return false;
    return true;
}
