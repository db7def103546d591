/* SPDX-License-Identifier: MIT */
/*
 * Keyboard, tablet, mouse and touch screen (VIRTIO 1.3, "Input Device") behind the hub of
 * display/input.h. The driver keeps the event queue filled with buffers of one event each; the
 * device fills them with whole groups that end with EV_SYN. While there are too few buffers, groups
 * wait in a backlog (input_backlog.h).
 *
 * Events come on any thread with the hub's lock held; `lock` serialises them with the hart that
 * kicks or resets. It is taken inside the hub's lock, so nothing here calls the hub while it holds
 * it, except to set LEDs and how much waits, which takes neither lock.
 */
#include "virtio/devices.h"

#include "base/le.h"
#include "display/input.h"
#include "virtio/input_backlog.h"
#include "virtio/input_model.h"

#include <linux/input-event-codes.h>
#include <stdlib.h>
#include <string.h>

#define QUEUE_SIZE    64
#define GROUP_EVENTS  8
#define STATUS_EVENTS 64 /* taken from one chain; a driver sends one */
enum { QUEUE_EVENT, QUEUE_STATUS };

struct wire_event {
    le16 type, code;
    le32 value;
};

static const enum input_kind hub_kind[] = {
    [VIRTIO_INPUT_KEYBOARD] = INPUT_KIND_KEYBOARD,
    [VIRTIO_INPUT_TABLET] = INPUT_KIND_TABLET,
    [VIRTIO_INPUT_MOUSE] = INPUT_KIND_MOUSE,
    [VIRTIO_INPUT_TOUCH] = INPUT_KIND_TOUCH,
};

struct input {
    struct virtio_dev dev;
    enum virtio_input_kind model;
    struct input_hub *hub;
    enum input_kind kind;
    uint8_t select, subsel; /* configuration space; the transport's lock */

    pthread_mutex_t lock; /* for all below and the queues */
    struct input_backlog backlog;
    uint32_t seen;                       /* fingers that are down for the driver */
    struct vq_chain *held[GROUP_EVENTS]; /* popped buffers, too few yet for the first group */
    unsigned num_held;
    unsigned leds;
};

static struct input *input_of(struct virtio_dev *dev)
{
    return container_of(dev, struct input, dev);
}

/* --- to the guest --- */

/* "Multi-touch Protocol", type B, of Linux, with the first finger as a pointer beside it, for
 * programs that support one finger only. */
static unsigned finger_events(const struct input *in, const struct input_group *g,
                              struct input_event_raw *ev)
{
    uint32_t others = in->seen & ~(UINT32_C(1) << g->code);
    bool first = !(others & ((UINT32_C(1) << g->code) - 1));
    unsigned n = 0;
    ev[n++] = (struct input_event_raw){EV_ABS, ABS_MT_SLOT, g->code};
    if (g->finger != FINGER_MOVES)
        ev[n++] = (struct input_event_raw){EV_ABS, ABS_MT_TRACKING_ID,
                                           g->finger == FINGER_DOWN ? g->id : -1};
    if (g->finger != FINGER_UP) {
        ev[n++] = (struct input_event_raw){EV_ABS, ABS_MT_POSITION_X, g->a};
        ev[n++] = (struct input_event_raw){EV_ABS, ABS_MT_POSITION_Y, g->b};
    }
    if (g->finger != FINGER_MOVES && !others)
        ev[n++] = (struct input_event_raw){EV_KEY, BTN_TOUCH, g->finger == FINGER_DOWN};
    if (g->finger != FINGER_UP && first) {
        ev[n++] = (struct input_event_raw){EV_ABS, ABS_X, g->a};
        ev[n++] = (struct input_event_raw){EV_ABS, ABS_Y, g->b};
    }
    return n;
}

/* The events of a group; relative steps of 0 are left out. */
static unsigned group_events(const struct input *in, const struct input_group *g,
                             struct input_event_raw *ev)
{
    static const uint16_t codes[][2] = {
        [GROUP_ABS] = {ABS_X, ABS_Y},
        [GROUP_REL] = {REL_X, REL_Y},
        [GROUP_WHEEL] = {REL_WHEEL, REL_HWHEEL},
    };
    unsigned n = 0;
    if (g->kind == GROUP_KEY) {
        ev[n++] = (struct input_event_raw){EV_KEY, g->code, g->a};
    } else if (g->kind == GROUP_TOUCH) {
        n = finger_events(in, g, ev);
    } else {
        bool absolute = g->kind == GROUP_ABS;
        uint16_t type = absolute ? EV_ABS : EV_REL;
        if (g->a || absolute)
            ev[n++] = (struct input_event_raw){type, codes[g->kind][0], g->a};
        if (g->b || absolute)
            ev[n++] = (struct input_event_raw){type, codes[g->kind][1], g->b};
    }
    if (n)
        ev[n++] = (struct input_event_raw){EV_SYN, SYN_REPORT, 0};
    return n;
}

/* Tries to deliver the first group, whole if the queue can ever hold it. True: it is done. */
static bool deliver_group(struct input *in)
{
    struct vq *vq = &in->dev.queue[QUEUE_EVENT];
    struct input_event_raw ev[GROUP_EVENTS];
    unsigned n = group_events(in, input_backlog_first(&in->backlog), ev);
    unsigned missing = n - in->backlog.sent;
    while (in->num_held < missing) {
        struct vq_chain *chain = vq_pop(vq);
        if (!chain)
            break;
        in->held[in->num_held++] = chain;
    }
    if (in->num_held < missing && n <= vq->size)
        return false;
    unsigned use = MIN(in->num_held, missing); /* merging may have made the group shorter */
    for (unsigned i = 0; i < use; i++) {
        const struct input_event_raw *e = &ev[in->backlog.sent++];
        struct wire_event w = {le16_make(e->type), le16_make(e->code),
                               le32_make((uint32_t)e->value)};
        vq_write(in->held[i], &w, sizeof(w));
        vq_push(in->held[i]);
    }
    in->num_held -= use;
    memmove(in->held, in->held + use, in->num_held * sizeof(in->held[0]));
    return in->backlog.sent == n;
}

static void deliver_backlog(struct input *in)
{
    struct vq *vq = &in->dev.queue[QUEUE_EVENT];
    if (!atomic_load(&in->dev.driver_ok))
        return;
    const struct input_group *g;
    while ((g = input_backlog_first(&in->backlog)) && deliver_group(in)) {
        if (g->kind == GROUP_TOUCH && g->finger != FINGER_MOVES)
            in->seen ^= UINT32_C(1) << g->code;
        input_backlog_pop(&in->backlog);
    }
    vq_notify(vq);
    input_set_waiting(in->hub, in->kind, in->backlog.count);
}

/* A group of the touch screen: its slot comes first. */
static void touch_arrives(struct input *in, const struct input_event_raw *ev, unsigned n)
{
    struct input_group g = {.kind = GROUP_TOUCH, .finger = FINGER_MOVES};
    for (unsigned i = 0; i < n; i++) {
        switch (ev[i].type == EV_ABS ? ev[i].code : ABS_CNT) {
        case ABS_MT_SLOT: g.code = (uint16_t)(ev[i].value % INPUT_TOUCHES); break;
        case ABS_MT_TRACKING_ID:
            g.finger = ev[i].value < 0 ? FINGER_UP : FINGER_DOWN;
            g.id = ev[i].value;
            break;
        case ABS_MT_POSITION_X: g.a = ev[i].value; break;
        case ABS_MT_POSITION_Y: g.b = ev[i].value; break;
        default: break;
        }
    }
    input_backlog_finger(&in->backlog, g);
}

/* A group of any other device. */
static void group_arrives(struct input *in, const struct input_event_raw *ev, unsigned n)
{
    struct input_group motion[] = {[GROUP_ABS] = {.kind = GROUP_ABS},
                                   [GROUP_REL] = {.kind = GROUP_REL},
                                   [GROUP_WHEEL] = {.kind = GROUP_WHEEL}};
    bool moved[ARRAY_SIZE(motion)] = {false};
    for (unsigned i = 0; i < n; i++) {
        bool wheel = ev[i].code == REL_WHEEL || ev[i].code == REL_HWHEEL;
        unsigned kind = ev[i].type == EV_ABS ? GROUP_ABS : wheel ? GROUP_WHEEL : GROUP_REL;
        bool second = ev[i].code == (wheel ? REL_HWHEEL : REL_Y); /* ABS_Y is the same number */
        if (ev[i].type == EV_KEY) {
            if (input_model_has_key(in->model, ev[i].code))
                input_backlog_key(&in->backlog, ev[i].code, ev[i].value != 0);
        } else if (ev[i].type == EV_ABS || ev[i].type == EV_REL) {
            *(second ? &motion[kind].b : &motion[kind].a) = ev[i].value;
            moved[kind] = true;
        }
    }
    for (unsigned kind = GROUP_ABS; kind <= GROUP_WHEEL; kind++)
        if (moved[kind])
            input_backlog_motion(&in->backlog, motion[kind]);
}

/* The hub's sink: one group, on any thread. Without a driver it is dropped. */
static void input_arrives(void *ctx, const struct input_event_raw *ev, unsigned n)
{
    struct input *in = ctx;
    pthread_mutex_lock(&in->lock);
    if (atomic_load(&in->dev.driver_ok)) {
        if (in->model == VIRTIO_INPUT_TOUCH)
            touch_arrives(in, ev, n);
        else
            group_arrives(in, ev, n);
        deliver_backlog(in);
    }
    pthread_mutex_unlock(&in->lock);
}

/* One chain of events; those that are too many are not looked at. */
static void take_leds(struct input *in, struct vq_chain *chain)
{
    struct wire_event w;
    for (unsigned i = 0; i < STATUS_EVENTS && vq_read(chain, &w, sizeof(w)) == sizeof(w); i++) {
        unsigned code = le16_get(w.code);
        if (le16_get(w.type) != EV_LED || code > LED_MAX ||
            !(input_model_leds(in->model) >> code & 1))
            continue;
        in->leds &= ~(1u << code);
        in->leds |= (unsigned)(le32_get(w.value) != 0) << code;
    }
}

/* Serves the status queue: LEDs. On the hart that kicked: see rng.c. */
static void take_status(struct input *in)
{
    struct vq *vq = &in->dev.queue[QUEUE_STATUS];
    struct vq_chain *chain;
    unsigned left = 2 * QUEUE_SIZE;
    while ((chain = vq_pop_some(vq, &left))) {
        take_leds(in, chain);
        vq_push(chain);
    }
    vq_notify(vq);
    if (input_model_leds(in->model))
        input_set_leds(in->hub, in->leds);
}

static void input_notify(struct virtio_dev *dev, unsigned q)
{
    struct input *in = input_of(dev);
    pthread_mutex_lock(&in->lock);
    if (q == QUEUE_EVENT)
        deliver_backlog(in);
    else
        take_status(in);
    pthread_mutex_unlock(&in->lock);
}

/* --- configuration space --- */

static void input_config_read(struct virtio_dev *dev, uint32_t off, void *dst, unsigned size)
{
    const struct input *in = input_of(dev);
    struct input_config c = {.select = in->select, .subsel = in->subsel};
    input_config_fill(&c, in->model);
    memcpy(dst, (const uint8_t *)&c + off, size);
}

static void input_config_write(struct virtio_dev *dev, uint32_t off, const void *src, unsigned size)
{
    struct input *in = input_of(dev);
    const uint8_t *b = src;
    for (unsigned i = 0; i < size; i++) {
        if (off + i == offsetof(struct input_config, select))
            in->select = b[i];
        else if (off + i == offsetof(struct input_config, subsel))
            in->subsel = b[i];
    }
}

/* --- life --- */

/* The queues are served under the lock only: quiesce takes it, and resume releases it. */
static void input_quiesce(struct virtio_dev *dev)
{
    pthread_mutex_lock(&input_of(dev)->lock);
}

static void input_resume(struct virtio_dev *dev)
{
    pthread_mutex_unlock(&input_of(dev)->lock);
}

static void input_queue_reset(struct virtio_dev *dev, unsigned q)
{
    struct input *in = input_of(dev);
    if (q != QUEUE_EVENT)
        return;
    while (in->num_held)
        vq_discard(in->held[--in->num_held]);
}

/* Keys that are held during a reset count as up until they are pressed again. */
static void input_reset(struct virtio_dev *dev)
{
    struct input *in = input_of(dev);
    input_queue_reset(dev, QUEUE_EVENT);
    in->backlog = (struct input_backlog){0};
    in->seen = 0;
    input_set_waiting(in->hub, in->kind, 0);
    in->select = in->subsel = 0;
    in->leds = 0;
    if (input_model_leds(in->model))
        input_set_leds(in->hub, 0);
}

static uint64_t input_features(struct virtio_dev *dev)
{
    (void)dev;
    return 0;
}

static void input_save(struct virtio_dev *dev, struct blob_out *out)
{
    const struct input *in = input_of(dev);
    blob_put_u8(out, (uint8_t)in->model);
    blob_put_u8(out, in->select);
    blob_put_u8(out, in->subsel);
    blob_put_u32(out, in->leds);
    blob_put_u32(out, in->seen);
    input_backlog_save(&in->backlog, out);
    blob_put_u32(out, in->num_held);
    for (unsigned i = 0; i < in->num_held; i++)
        blob_put_u16(out, in->held[i]->head);
}

/* Buffers that were popped and not yet used are popped again. */
static void load_held(struct input *in, struct blob_in *b)
{
    struct vq *vq = &in->dev.queue[QUEUE_EVENT];
    uint32_t n = blob_get_u32(b);
    blob_check(b, n <= GROUP_EVENTS, "more buffers than a group has events");
    for (uint32_t i = 0; i < n && !b->error; i++) {
        uint16_t head = blob_get_u16(b);
        struct vq_chain *chain = blob_check(b, head < vq->size, "no head of the event queue")
                                     ? vq_retake(vq, head)
                                     : NULL;
        if (chain)
            in->held[in->num_held++] = chain;
    }
}

static bool input_load(struct virtio_dev *dev, struct blob_in *b)
{
    struct input *in = input_of(dev);
    struct input_event_raw ev[GROUP_EVENTS];
    blob_check(b, blob_get_u8(b) == (uint8_t)in->model, "another kind of input device");
    in->select = blob_get_u8(b);
    in->subsel = blob_get_u8(b);
    in->leds = blob_get_u32(b);
    in->seen = blob_get_u32(b);
    blob_check(b, !(in->leds & ~input_model_leds(in->model)), "an LED that there is not");
    blob_check(b, in->seen < UINT32_C(1) << INPUT_TOUCHES, "a finger that there is not");
    if (!input_backlog_load(&in->backlog, in->model, b))
        return false;
    const struct input_group *g = input_backlog_first(&in->backlog);
    unsigned events = g ? group_events(in, g, ev) : 0;
    blob_check(b, in->backlog.sent <= events, "more of a group sent than it has");
    load_held(in, b);
    if (b->error)
        return false;
    input_set_waiting(in->hub, in->kind, in->backlog.count);
    if (input_model_leds(in->model))
        input_set_leds(in->hub, in->leds);
    return true;
}

static void input_destroy(struct virtio_dev *dev)
{
    struct input *in = input_of(dev);
    input_hub_set_sink(in->hub, in->kind, NULL, NULL);
    input_queue_reset(dev, QUEUE_EVENT);
    virtio_finish(dev);
    pthread_mutex_destroy(&in->lock);
    free(in);
}

static const struct virtio_ops input_ops = {
    .name = "input",
    .id = 18,
    .num_queues = 2,
    .queue_size = QUEUE_SIZE,
    .max_chain = QUEUE_SIZE,
    .features = input_features,
    .notify = input_notify,
    .quiesce = input_quiesce,
    .resume = input_resume,
    .reset = input_reset,
    .queue_reset = input_queue_reset,
    .config_size = sizeof(struct input_config),
    .config_read = input_config_read,
    .config_write = input_config_write,
    .state_version = 1,
    .save = input_save,
    .load = input_load,
    .destroy = input_destroy,
};

struct virtio_dev *virtio_input_create(struct gmem *mem, struct log *log, struct input_hub *hub,
                                       enum virtio_input_kind kind)
{
    struct input *in = calloc(1, sizeof(*in));
    if (!in)
        return NULL;
    virtio_init(&in->dev, &input_ops, mem, log);
    pthread_mutex_init(&in->lock, NULL);
    in->model = kind;
    in->hub = hub;
    in->kind = hub_kind[kind];
    input_hub_set_sink(hub, in->kind, input_arrives, in);
    return &in->dev;
}
