/* SPDX-License-Identifier: MIT */
#include "input_driver.h"

#include "virtio/devices.h"

#include <linux/input-event-codes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static struct input_driver *start(enum virtio_input_kind kind)
{
    struct input_driver *f = calloc(1, sizeof(*f));
    kit_init(&f->kit, 8 << 20);
    f->hub = input_hub_create();
    kit_attach(&f->kit, virtio_input_create(f->kit.mem, NULL, f->hub, kind), NULL);
    assert_true(kit_start(&f->kit, KIT_ALL_FEATURES));
    return f;
}

int setup_keyboard(void **state)
{
    *state = start(VIRTIO_INPUT_KEYBOARD);
    return 0;
}

int setup_tablet(void **state)
{
    *state = start(VIRTIO_INPUT_TABLET);
    return 0;
}

int setup_mouse(void **state)
{
    *state = start(VIRTIO_INPUT_MOUSE);
    return 0;
}

int setup_touch(void **state)
{
    *state = start(VIRTIO_INPUT_TOUCH);
    return 0;
}

int teardown(void **state)
{
    struct input_driver *f = *state;
    kit_finish(&f->kit);
    input_hub_destroy(f->hub);
    free(f);
    return 0;
}

void events_give(struct input_driver *f, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        struct kit_buf b = {kit_alloc(&f->kit, sizeof(struct event), 8), sizeof(struct event), 1};
        int head = kit_add(&f->kit, EVENTS, &b, 1);
        assert_true(head >= 0);
        f->buf[head] = b.pa;
    }
    kit_kick(&f->kit, EVENTS);
}

bool events_take(struct input_driver *f, struct event *e)
{
    uint16_t head;
    uint32_t len;
    if (!kit_used(&f->kit, EVENTS, &head, &len))
        return false;
    assert_int_equal(len, sizeof(*e));
    kit_read(&f->kit, f->buf[head], e, sizeof(*e));
    f->events++;
    f->in_group = e->type != EV_SYN;
    f->groups += e->type == EV_SYN;
    if (e->type == EV_KEY) {
        assert_true(f->down[e->code] != (e->value != 0)); /* never the same twice */
        f->down[e->code] = e->value != 0;
    } else if (e->type == EV_ABS) {
        *(e->code == ABS_X ? &f->x : &f->y) = e->value;
    } else if (e->type == EV_REL) {
        *(e->code == REL_X ? &f->x : e->code == REL_Y ? &f->y : &f->wheel) += e->value;
    }
    return true;
}

void events_drain(struct input_driver *f)
{
    struct event e;
    unsigned before;
    do {
        before = f->events;
        events_give(f, f->kit.queue[EVENTS].num_free);
        while (events_take(f, &e)) {
        }
    } while (f->events != before);
    assert_false(f->in_group);
}

void events_expect(struct input_driver *f, uint16_t type, uint16_t code, int32_t value)
{
    struct event e;
    assert_true(events_take(f, &e));
    assert_int_equal(e.type, type);
    assert_int_equal(e.code, code);
    assert_int_equal(e.value, value);
}

void events_expect_none(struct input_driver *f)
{
    struct event e;
    assert_false(events_take(f, &e));
}
