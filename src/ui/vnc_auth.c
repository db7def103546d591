/* SPDX-License-Identifier: MIT */
#include "ui/vnc_auth.h"

#include "base/util.h"
#include "host/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

enum { TYPE_NONE = 1, TYPE_PASSWORD = 2 }; /* security types */

static bool send_all(rfbClientPtr client, const void *data, int size)
{
    if (rfbWriteExact(client, data, size) > 0)
        return true;
    rfbCloseClient(client);
    return false;
}

static void send_challenge(struct vnc_auth *a)
{
    rfbClientPtr client = a->client;
    if (getrandom(client->authChallenge, CHALLENGESIZE, 0) != CHALLENGESIZE)
        rfbCloseClient(client);
    else if (send_all(client, client->authChallenge, CHALLENGESIZE))
        client->state = RFB_AUTHENTICATION;
}

static void accept_client(struct vnc_auth *a)
{
    static const uint32_t fine = 0;
    bool answer = a->password || a->client->protocolMinorVersion >= 8;
    if (!answer || send_all(a->client, &fine, sizeof(fine)))
        a->client->state = RFB_INITIALISATION;
}

static void authenticate(struct vnc_auth *a)
{
    if (a->password)
        send_challenge(a);
    else
        accept_client(a);
}

static uint8_t wanted_type(const struct vnc_auth *a)
{
    return a->password ? TYPE_PASSWORD : TYPE_NONE;
}

/* Closes the client. A browser gets here only if there is no password (vnc.c): then it is not
 * served. */
static void refuse_version(struct vnc_auth *a, const char *text)
{
    if (!strncmp(text, "GET ", 4))
        log_limited(a->log, a->limit, LOG_BY_CLIENT,
                    "a web browser was refused as a VNC viewer: that takes a password; add "
                    ",password=FILE, or use --display web");
    rfbCloseClient(a->client);
}

static void on_version(struct vnc_auth *a)
{
    rfbClientPtr client = a->client;
    char text[sz_rfbProtocolVersionMsg + 1] = "";
    unsigned major, minor;
    memcpy(text, a->bytes, sz_rfbProtocolVersionMsg);
    if (sscanf(text, "RFB %3u.%3u\n", &major, &minor) != 2 || major != 3) {
        refuse_version(a, text);
        return;
    }
    client->protocolMajorVersion = 3;
    client->protocolMinorVersion = minor >= 8 ? 8 : minor == 7 ? 7 : 3;
    if (client->protocolMinorVersion > 3) {
        if (send_all(client, (uint8_t[]){1, wanted_type(a)}, 2))
            client->state = RFB_SECURITY_TYPE;
        return;
    }
    uint32_t word = htonl(wanted_type(a)); /* before 3.7 the server decides */
    if (send_all(client, &word, sizeof(word)))
        authenticate(a);
}

static void on_type(struct vnc_auth *a)
{
    if (a->bytes[0] == wanted_type(a))
        authenticate(a);
    else
        rfbCloseClient(a->client);
}

static bool is_password_right(const struct vnc_auth *a)
{
    uint8_t want[CHALLENGESIZE], differ = 0;
    char password[16] = "";
    snprintf(password, sizeof(password), "%s", a->password);
    memcpy(want, a->client->authChallenge, CHALLENGESIZE);
    rfbEncryptBytes(want, password);
    for (unsigned i = 0; i < CHALLENGESIZE; i++)
        differ |= want[i] ^ a->bytes[i];
    return !differ;
}

static void delay_until(struct vnc_auth *a, uint64_t deadline)
{
    loop_fd_set(a->source, 0);
    loop_timer_set(a->timer, deadline);
}

/* Checks the answer to the challenge, or delays that if the address has had a try just now. */
static void on_answer(struct vnc_auth *a)
{
    uint64_t now = host_now_ns(), again = vnc_tries_begin(a->tries, a->peer, now);
    if (again) {
        delay_until(a, again);
        return;
    }
    a->wrong = !is_password_right(a);
    vnc_tries_end(a->tries, a->peer, !a->wrong);
    if (a->wrong)
        delay_until(a, now + VNC_TRY_MS * UINT64_C(1000000));
    else
        accept_client(a);
}

/* Reports the wrong password to the client, and closes it. */
static void refuse_password(struct vnc_auth *a)
{
    static const char why[] = "\0\0\0\1"
                              "\0\0\0\x1b"
                              "The password was not right.";
    bool reason = a->client->protocolMinorVersion >= 8;
    if (send_all(a->client, why, reason ? sizeof(why) - 1 : 4))
        rfbCloseClient(a->client);
}

void vnc_auth_due(struct vnc_auth *a)
{
    if (a->client->sock == RFB_INVALID_SOCKET)
        return;
    if (a->wrong) {
        refuse_password(a);
        return;
    }
    loop_fd_set(a->source, LOOP_READ);
    on_answer(a);
}

bool vnc_auth_active(const struct vnc_auth *a)
{
    return a->client->state < RFB_INITIALISATION;
}

void vnc_auth_read(struct vnc_auth *a)
{
    static const struct {
        unsigned size;
        void (*take)(struct vnc_auth *a);
    } messages[] = {
        [RFB_PROTOCOL_VERSION] = {sz_rfbProtocolVersionMsg, on_version},
        [RFB_SECURITY_TYPE] = {1, on_type},
        [RFB_AUTHENTICATION] = {CHALLENGESIZE, on_answer},
    };
    unsigned state = (unsigned)a->client->state, size = messages[state].size;
    ssize_t n = recv(a->client->sock, a->bytes + a->size, size - a->size, MSG_DONTWAIT);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
        rfbCloseClient(a->client);
    a->size += n > 0 ? (unsigned)n : 0;
    if (n <= 0 || a->size < size)
        return;
    a->size = 0;
    messages[state].take(a);
}
