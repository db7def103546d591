/* SPDX-License-Identifier: MIT */
#include "display/input.h"

#include <linux/input-event-codes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

struct sink {
    void (*fn)(void *ctx, const struct input_event_raw *ev, unsigned n);
    void *ctx;
    uint64_t down[INPUT_CODES / 64]; /* codes whose last event sent to the device was a press */
};

struct input_watch {
    struct input_hub *hub;
    struct input_watch *next;
    void (*fn)(void *ctx);
    void *ctx;
};

struct input_hub {
    pthread_mutex_t lock;
    struct sink sink[INPUT_KINDS];
    uint32_t touches; /* fingers that are down: a bit for each slot */
    unsigned fingers; /* tracking ids given so far */
    /* set by devices, without the lock: they may run below a sink, where it is held */
    _Atomic unsigned leds, waiting[INPUT_KINDS];
    pthread_mutex_t watch_lock; /* held while watches are called */
    struct input_watch *watches;
};

struct input_hub *input_hub_create(void)
{
    struct input_hub *hub = calloc(1, sizeof(*hub));
    if (!hub)
        return NULL;
    pthread_mutex_init(&hub->lock, NULL);
    pthread_mutex_init(&hub->watch_lock, NULL);
    return hub;
}

void input_hub_destroy(struct input_hub *hub)
{
    if (!hub)
        return;
    pthread_mutex_destroy(&hub->lock);
    pthread_mutex_destroy(&hub->watch_lock);
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

/* The functions below that take a sink are called with the hub's lock held. */

static void sink_send(const struct sink *s, const struct input_event_raw *ev, unsigned n)
{
    if (s->fn)
        s->fn(s->ctx, ev, n);
}

static bool sink_is_down(const struct sink *s, unsigned code)
{
    return s->down[code / 64] >> (code % 64) & 1;
}

/* Sends a press or release, if it changes the state of the key. */
static void sink_key(struct sink *s, unsigned code, bool down)
{
    if (sink_is_down(s, code) == down)
        return;
    s->down[code / 64] ^= UINT64_C(1) << (code % 64);
    const struct input_event_raw ev[] = {{EV_KEY, (uint16_t)code, down}, {EV_SYN, SYN_REPORT, 0}};
    sink_send(s, ev, 2);
}

/* Sends one group of up to two relative events; steps of 0 are left out. */
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
    sink_send(s, ev, n);
}

static bool is_button(unsigned code)
{
    return code >= BTN_LEFT && code <= BTN_TASK;
}

void input_key(struct input_hub *hub, unsigned code, bool down)
{
    if (!code || code >= INPUT_CODES || (code >= BTN_MISC && code < KEY_OK))
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
    sink_send(&hub->sink[INPUT_KIND_TABLET], ev, 3);
    pthread_mutex_unlock(&hub->lock);
}

/* A release goes to both devices: a grab may have begun or ended since the press. */
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

/* Sends a finger's change. One that is put down gets a new tracking id, one that is lifted has the
 * tracking id -1 (the multi-touch protocol, type B). Under the lock. */
static void hub_touch(struct input_hub *hub, unsigned slot, bool down, int32_t x, int32_t y)
{
    const struct sink *s = &hub->sink[INPUT_KIND_TOUCH];
    bool was = hub->touches >> slot & 1;
    struct input_event_raw ev[5];
    unsigned n = 0;
    if (!down && !was)
        return;
    hub->touches ^= (uint32_t)(down != was) << slot;
    ev[n++] = (struct input_event_raw){EV_ABS, ABS_MT_SLOT, (int32_t)slot};
    if (down != was)
        ev[n++] = (struct input_event_raw){EV_ABS, ABS_MT_TRACKING_ID,
                                           down ? (int32_t)(hub->fingers++ % INPUT_TOUCH_IDS) : -1};
    if (down) {
        ev[n++] = (struct input_event_raw){EV_ABS, ABS_MT_POSITION_X, x};
        ev[n++] = (struct input_event_raw){EV_ABS, ABS_MT_POSITION_Y, y};
    }
    ev[n++] = (struct input_event_raw){EV_SYN, SYN_REPORT, 0};
    sink_send(s, ev, n);
}

void input_touch(struct input_hub *hub, unsigned slot, bool down, int32_t x, int32_t y)
{
    if (slot >= INPUT_TOUCHES)
        return;
    pthread_mutex_lock(&hub->lock);
    hub_touch(hub, slot, down, MAX(0, MIN(x, INPUT_ABS_MAX)), MAX(0, MIN(y, INPUT_ABS_MAX)));
    pthread_mutex_unlock(&hub->lock);
}

void input_release_all(struct input_hub *hub)
{
    pthread_mutex_lock(&hub->lock);
    for (unsigned kind = 0; kind < INPUT_KINDS; kind++)
        for (unsigned code = 0; code < INPUT_CODES; code++)
            sink_key(&hub->sink[kind], code, false);
    for (unsigned slot = 0; slot < INPUT_TOUCHES; slot++)
        hub_touch(hub, slot, false, 0, 0);
    pthread_mutex_unlock(&hub->lock);
}

bool input_is_down(struct input_hub *hub, unsigned code)
{
    bool down = false;
    if (code >= INPUT_CODES)
        return false;
    pthread_mutex_lock(&hub->lock);
    for (unsigned kind = 0; kind < INPUT_KINDS; kind++)
        down |= sink_is_down(&hub->sink[kind], code);
    pthread_mutex_unlock(&hub->lock);
    return down;
}

bool input_has(struct input_hub *hub, enum input_kind kind)
{
    pthread_mutex_lock(&hub->lock);
    bool has = hub->sink[kind].fn;
    pthread_mutex_unlock(&hub->lock);
    return has;
}

/* --- what a front-end holds down --- */

void input_held_init(struct input_held *held, struct input_hub *hub)
{
    *held = (struct input_held){.hub = hub};
}

/* Records a press or a release. False: a release of what this front-end does not hold. */
static bool held_note(struct input_held *held, unsigned code, bool down)
{
    if (code >= INPUT_CODES)
        return false;
    uint64_t *word = &held->down[code / 64], bit = UINT64_C(1) << (code % 64);
    bool was = *word & bit;
    *word = down ? *word | bit : *word & ~bit;
    return down || was;
}

void input_held_key(struct input_held *held, unsigned code, bool down)
{
    if (held_note(held, code, down))
        input_key(held->hub, code, down);
}

void input_held_button(struct input_held *held, unsigned code, bool down, bool relative)
{
    if (held_note(held, code, down))
        input_button(held->hub, code, down, relative);
}

void input_held_touch(struct input_held *held, unsigned slot, bool down, int32_t x, int32_t y)
{
    if (slot >= INPUT_TOUCHES)
        return;
    uint32_t bit = UINT32_C(1) << slot;
    if (down || held->touches & bit)
        input_touch(held->hub, slot, down, x, y);
    held->touches = down ? held->touches | bit : held->touches & ~bit;
}

void input_held_release(struct input_held *held)
{
    for (unsigned code = 0; code < INPUT_CODES; code++) {
        if (is_button(code))
            input_held_button(held, code, false, false);
        else
            input_held_key(held, code, false);
    }
    for (unsigned slot = 0; slot < INPUT_TOUCHES; slot++)
        input_held_touch(held, slot, false, 0, 0);
}

/* --- from the guest to front-ends --- */

static void notify_watches(struct input_hub *hub)
{
    pthread_mutex_lock(&hub->watch_lock);
    for (struct input_watch *w = hub->watches; w; w = w->next)
        w->fn(w->ctx);
    pthread_mutex_unlock(&hub->watch_lock);
}

void input_set_leds(struct input_hub *hub, unsigned leds)
{
    if (atomic_exchange(&hub->leds, leds) != leds)
        notify_watches(hub);
}

unsigned input_leds(struct input_hub *hub)
{
    return atomic_load(&hub->leds);
}

void input_set_waiting(struct input_hub *hub, enum input_kind kind, unsigned groups)
{
    if (atomic_exchange(&hub->waiting[kind], groups) && !groups)
        notify_watches(hub);
}

unsigned input_waiting(struct input_hub *hub, enum input_kind kind)
{
    return atomic_load(&hub->waiting[kind]);
}

struct input_watch *input_watch(struct input_hub *hub, void (*fn)(void *ctx), void *ctx)
{
    struct input_watch *w = calloc(1, sizeof(*w));
    if (!w)
        return NULL;
    *w = (struct input_watch){.hub = hub, .fn = fn, .ctx = ctx};
    pthread_mutex_lock(&hub->watch_lock);
    w->next = hub->watches;
    hub->watches = w;
    pthread_mutex_unlock(&hub->watch_lock);
    return w;
}

void input_unwatch(struct input_watch *w)
{
    if (!w)
        return;
    struct input_hub *hub = w->hub;
    pthread_mutex_lock(&hub->watch_lock);
    struct input_watch **p = &hub->watches;
    while (*p != w)
        p = &(*p)->next;
    *p = w->next;
    pthread_mutex_unlock(&hub->watch_lock);
    free(w);
}
