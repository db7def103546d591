/* SPDX-License-Identifier: MIT */
/* A VNC viewer that is through its handshake, as vnc_viewer.c has it but without a thread: the
 * test writes the viewer's messages to `peer`, and calls vnc_message_read. */
#ifndef TESTS_KIT_VNC_END_H
#define TESTS_KIT_VNC_END_H

#include "ui/vnc_client.h"
#include "ui/vnc_message.h"
#include "ui/vnc_screen.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct vnc_end {
    struct vnc_config config;
    struct loop *loop;
    struct vnc_screen screen;
    rfbClientPtr client;
    int ours, peer;
};

static inline void vnc_end_nothing(void *ctx)
{
    (void)ctx;
}

/* Forgets what the viewer was sent. */
static inline void vnc_end_drain(struct vnc_end *e)
{
    char sent[65536];
    while (recv(e->peer, sent, sizeof(sent), MSG_DONTWAIT) > 0) {
    }
}

static inline void vnc_end_open(struct vnc_end *e)
{
    static const struct head_mode preferred = {true, 64, 64, 60000};
    int pair[2];
    rfbLogEnable(FALSE);
    e->config = (struct vnc_config){
        .env = {.display = display_create(1, &preferred),
                .input = input_hub_create(),
                .name = "test"},
        .layout = keyboard_layout_find("us"),
    };
    display_on_preferred(e->config.env.display, vnc_end_nothing, NULL); /* so there is a GPU */
    e->loop = loop_create();
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) ||
        !vnc_screen_init(&e->screen, &e->config))
        abort();
    e->ours = pair[0];
    e->peer = pair[1];
    vnc_screen_begin(&e->screen, loop_timer_add(e->loop, vnc_end_nothing, NULL),
                     loop_timer_add(e->loop, vnc_end_nothing, NULL), vnc_end_nothing, NULL);
    e->client = vnc_client_create(e->screen.rfb, e->ours);
    if (!e->client)
        abort();
    vnc_screen_welcome(&e->screen, e->client);
    if (!vnc_screen_open(&e->screen, e->client))
        abort();
    e->client->state = RFB_NORMAL;
    vnc_end_drain(e);
}

static inline bool vnc_end_is_open(const struct vnc_end *e)
{
    return e->client->sock != RFB_INVALID_SOCKET;
}

static inline void vnc_end_close(struct vnc_end *e)
{
    vnc_screen_farewell(&e->screen, e->client);
    vnc_screen_end(&e->screen);
    vnc_screen_finish(&e->screen);
    loop_destroy(e->loop);
    input_hub_destroy(e->config.env.input);
    display_on_preferred(e->config.env.display, NULL, NULL);
    display_destroy(e->config.env.display);
    close(e->ours);
    close(e->peer);
}

#endif
