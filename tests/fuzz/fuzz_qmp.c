/* SPDX-License-Identifier: MIT */
/*
 * The control socket's conversation against a hostile client. The input is what the client sends,
 * in which the bytes 0 to 4 stand for a machine's events; it is fed in pieces as it is cut by them
 * and by its own length. Whatever comes, what is answered is JSON, and memory stays bounded. There
 * is no display, so that no command writes a file.
 */
#include "fuzz/fuzz.h"
#include "monitor/keys.h"
#include "monitor/qmp.h"
#include "unit/stub_machine.h"

#define EVENTS 5

static void on_send(void *ctx, const char *bytes, size_t n)
{
    (void)ctx;
    if (n == 2 && !memcmp(bytes, "\r\n", 2))
        return;
    struct json_tokener *t = json_tokener_new_ex(QMP_MAX_DEPTH + 2);
    json_tokener_set_flags(t, JSON_TOKENER_STRICT);
    struct json_object *msg = json_tokener_parse_ex(t, bytes, (int)n);
    FUZZ_CHECK(msg && json_tokener_get_parse_end(t) == n);
    FUZZ_CHECK(json_object_object_get_ex(msg, "return", NULL) +
                   json_object_object_get_ex(msg, "error", NULL) +
                   json_object_object_get_ex(msg, "event", NULL) +
                   json_object_object_get_ex(msg, "QMP", NULL) ==
               1);
    json_object_put(msg);
    json_tokener_free(t);
}

static void event(struct qmp *q, struct machine *m, unsigned kind)
{
    loop_step(m->loop, 0);
    qmp_event(q, (enum machine_event)kind, CAUSE_GUEST_RESET, 1);
}

/* Gives it all, as a client's buffer would: what is not taken is offered again after an event. */
static void feed(struct qmp *q, struct machine *m, const uint8_t *data, size_t size)
{
    size_t piece = size % 61 + 1;
    while (size) {
        if (data[0] < EVENTS || q->waiting) {
            event(q, m, q->waiting ? q->awaited : data[0]);
            if (data[0] < EVENTS) {
                data++;
                size--;
            }
            continue;
        }
        size_t n = 1;
        while (n < MIN(piece, size) && data[n] >= EVENTS)
            n++;
        size_t took = qmp_input(q, (const char *)data, n);
        FUZZ_CHECK(took <= n && (took == n || q->waiting));
        FUZZ_CHECK(q->taken <= QMP_MAX_MESSAGE);
        data += took;
        size -= took;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct machine m;
    struct qmp q;
    stub_init(&m);
    struct qmp_target target = {.machine = &m, .input = m.input};
    target.keys = key_queue_create(m.loop, m.input);
    FUZZ_CHECK(target.keys && qmp_init(&q, &target, on_send, NULL));
    static const char hello[] = "{\"execute\":\"qmp_capabilities\"}";
    if (size % 8)
        feed(&q, &m, (const uint8_t *)hello, sizeof(hello) - 1);
    feed(&q, &m, data, size);
    qmp_finish(&q);
    key_queue_destroy(target.keys);
    stub_finish(&m);
    return 0;
}
