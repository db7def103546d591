/* SPDX-License-Identifier: MIT */
#include "display/input.h"

#include <linux/input-event-codes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#define CODES 0x300

struct sink {
    void (*fn)(void *ctx, const struct input_event_raw *ev, unsigned n);
    void *ctx;
    uint64_t down[CODES / 64]; /* what this device was told is pressed */
};

struct input_hub {
    pthread_mutex_t lock;
    struct sink sink[INPUT_KINDS];
    _Atomic unsigned leds; /* set by a device that may not take the lock */
};

struct input_hub *input_hub_create(void)
{
    struct input_hub *hub = calloc(1, sizeof(*hub));
    if (hub)
        pthread_mutex_init(&hub->lock, NULL);
    return hub;
}

void input_hub_destroy(struct input_hub *hub)
{
    if (!hub)
        return;
    pthread_mutex_destroy(&hub->lock);
    free(hub);
}

void input_hub_set_sink(struct input_hub *hub, enum input_kind kind,
                        void (*fn)(void *ctx, const struct input_event_raw *ev, unsigned n),
                        void *ctx)
{
    pthread_mutex_lock(&hub->lock);
    hub->sink[kind].fn = fn;
    hub->sink[kind].ctx = ctx;
    pthread_mutex_unlock(&hub->lock);
}

/* The functions below that take a sink want the hub's lock held. */

static void send(const struct sink *s, const struct input_event_raw *ev, unsigned n)
{
    if (s->fn)
        s->fn(s->ctx, ev, n);
}

static bool sink_is_down(const struct sink *s, unsigned code)
{
    return s->down[code / 64] >> (code % 64) & 1;
}

/* Tells the device of a change; says nothing new if there is none. */
static void sink_key(struct sink *s, unsigned code, bool down)
{
    if (sink_is_down(s, code) == down)
        return;
    s->down[code / 64] ^= UINT64_C(1) << (code % 64);
    const struct input_event_raw ev[] = {{EV_KEY, (uint16_t)code, down}, {EV_SYN, SYN_REPORT, 0}};
    send(s, ev, 2);
}

/* One group of at most two relative events; zero steps are left out. */
static void sink_rel(const struct sink *s, uint16_t code1, int32_t d1, uint16_t code2, int32_t d2)
{
    struct input_event_raw ev[3];
    unsigned n = 0;
    if (d1)
        ev[n++] = (struct input_event_raw){EV_REL, code1, d1};
    if (d2)
        ev[n++] = (struct input_event_raw){EV_REL, code2, d2};
    if (!n)
        return;
    ev[n++] = (struct input_event_raw){EV_SYN, SYN_REPORT, 0};
    send(s, ev, n);
}

static bool is_button(unsigned code)
{
    return code >= BTN_LEFT && code <= BTN_TASK;
}

void input_key(struct input_hub *hub, unsigned code, bool down)
{
    if (!code || code >= CODES || (code >= BTN_MISC && code < KEY_OK))
        return;
    pthread_mutex_lock(&hub->lock);
    sink_key(&hub->sink[INPUT_KIND_KEYBOARD], code, down);
    pthread_mutex_unlock(&hub->lock);
}

void input_abs(struct input_hub *hub, int32_t x, int32_t y)
{
    x = MAX(0, MIN(x, INPUT_ABS_MAX));
    y = MAX(0, MIN(y, INPUT_ABS_MAX));
    const struct input_event_raw ev[] = {
        {EV_ABS, ABS_X, x}, {EV_ABS, ABS_Y, y}, {EV_SYN, SYN_REPORT, 0}};
    pthread_mutex_lock(&hub->lock);
    send(&hub->sink[INPUT_KIND_TABLET], ev, 3);
    pthread_mutex_unlock(&hub->lock);
}

/* A button comes up wherever it is down: a grab may have begun or ended meanwhile. */
void input_button(struct input_hub *hub, unsigned code, bool down, bool relative)
{
    if (!is_button(code))
        return;
    pthread_mutex_lock(&hub->lock);
    if (down) {
        sink_key(&hub->sink[relative ? INPUT_KIND_MOUSE : INPUT_KIND_TABLET], code, true);
    } else {
        sink_key(&hub->sink[INPUT_KIND_TABLET], code, false);
        sink_key(&hub->sink[INPUT_KIND_MOUSE], code, false);
    }
    pthread_mutex_unlock(&hub->lock);
}

void input_rel(struct input_hub *hub, int32_t dx, int32_t dy)
{
    pthread_mutex_lock(&hub->lock);
    sink_rel(&hub->sink[INPUT_KIND_MOUSE], REL_X, dx, REL_Y, dy);
    pthread_mutex_unlock(&hub->lock);
}

void input_wheel(struct input_hub *hub, int32_t vertical, int32_t horizontal, bool relative)
{
    pthread_mutex_lock(&hub->lock);
    sink_rel(&hub->sink[relative ? INPUT_KIND_MOUSE : INPUT_KIND_TABLET], REL_WHEEL, vertical,
             REL_HWHEEL, horizontal);
    pthread_mutex_unlock(&hub->lock);
}

void input_release_all(struct input_hub *hub)
{
    pthread_mutex_lock(&hub->lock);
    for (unsigned kind = 0; kind < INPUT_KINDS; kind++)
        for (unsigned code = 0; code < CODES; code++)
            sink_key(&hub->sink[kind], code, false);
    pthread_mutex_unlock(&hub->lock);
}

bool input_is_down(struct input_hub *hub, unsigned code)
{
    bool down = false;
    if (code >= CODES)
        return false;
    pthread_mutex_lock(&hub->lock);
    for (unsigned kind = 0; kind < INPUT_KINDS; kind++)
        down |= sink_is_down(&hub->sink[kind], code);
    pthread_mutex_unlock(&hub->lock);
    return down;
}

void input_set_leds(struct input_hub *hub, unsigned leds)
{
    atomic_store(&hub->leds, leds);
}

unsigned input_leds(struct input_hub *hub)
{
    return atomic_load(&hub->leds);
}
