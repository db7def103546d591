/* SPDX-License-Identifier: MIT */
/*
 * One client's conversation in QMP's wire format, without the socket: bytes go in, bytes come out.
 *
 * A message is a JSON object {"execute": NAME, "arguments": {...}, "id": ANYTHING}; messages may
 * follow each other without a separator. The answer is {"return": ...} or {"error": {"class",
 * "desc"}}, with the id. Until qmp_capabilities was called only that command is accepted, and no
 * events are sent. What cannot be parsed is answered with an error and skipped up to the end of its
 * line.
 *
 * Power actions are carried out by the machine's thread. As in QEMU, their answer follows their
 * event, so that a query after a stop says "paused"; until then the client's input stays unread.
 *
 * (QEMU: docs/interop/qmp-spec.) The loop's thread only.
 */
#ifndef MONITOR_QMP_H
#define MONITOR_QMP_H

#include "board/machine.h"

#include <json-c/json.h>

#define QMP_MAX_MESSAGE 65536 /* bytes; a longer one is garbage */
#define QMP_MAX_DEPTH   16
#define QMP_MAX_HOLD_MS 60000 /* of a key */

struct key_queue;
struct screendumps;

/* What commands act on; shared by all clients. */
struct qmp_target {
    struct machine *machine;
    struct display *display; /* NULL: the machine has no screen */
    struct input_hub *input;
    struct key_queue *keys;
    struct screendumps *dumps; /* NULL: they are taken on the loop's thread */
    int32_t abs_x, abs_y;      /* where a client last put the pointer */
    bool relative;             /* it moves the mouse, not the tablet */
    unsigned buttons;          /* of mouse_button: 1 left, 2 middle, 4 right */
};

struct qmp {
    struct qmp_target *target;
    void (*send)(void *ctx, const char *bytes, size_t n);
    void (*resume)(void *ctx); /* optional: qmp_input may be called again; may call qmp_finish */
    void *ctx;
    struct json_tokener *tokener;
    size_t taken;    /* bytes of the message that is being read */
    unsigned escape; /* bytes of a \u0000 that were seen last */
    bool has_nul;    /* there was a whole one in the message */
    bool skipping;
    bool ready;   /* capabilities are negotiated */
    bool waiting; /* a command is answered when `awaited` happens */
    bool human;   /* its answer is a text, hmp_answer's */
    bool working; /* it is answered by qmp_done; waiting is set, too */
    enum machine_event awaited;
    bool has_id;
    struct json_object *id; /* of that command */
};

/* Sends the greeting. False: out of memory. */
bool qmp_init(struct qmp *q, struct qmp_target *target,
              void (*send)(void *ctx, const char *bytes, size_t n), void *ctx);
void qmp_finish(struct qmp *q);

/* Handles messages as they become complete. Returns how many bytes it took: all, unless the
 * client must wait; the caller offers the rest again after qmp_event, or in resume. */
size_t qmp_input(struct qmp *q, const char *bytes, size_t n);

/* Something happened to the machine, at wall_ns (host_wall_ns). */
void qmp_event(struct qmp *q, enum machine_event event, enum machine_cause cause, uint64_t wall_ns);

/* --- between qmp.c and commands.c --- */

struct qmp_error {
    const char *class_name; /* NULL: no error */
    char desc[512];
};

/* Sets a GenericError and returns NULL, for `return`. */
struct json_object *qmp_fail(struct qmp_error *err, const char *fmt, ...) PRINTF_LIKE(2, 3);

struct qmp_command {
    const char *name;
    const struct qmp_arg *args; /* ends with a NULL name */
    /* The value of "return", or NULL: {} or the error. */
    struct json_object *(*run)(struct qmp *q, struct json_object *args, struct qmp_error *err);
};
extern const struct qmp_command qmp_commands[];       /* ends with a NULL name */
const struct qmp_command *qmp_find(const char *name); /* NULL: there is none */

/* Before the answer, wait for this event. From run. */
void qmp_await(struct qmp *q, enum machine_event event);
/* From run: another thread carries it out, and qmp_done answers it, on the loop's thread. */
void qmp_work(struct qmp *q);
void qmp_done(struct qmp *q, const struct qmp_error *err); /* err->class_name NULL: it went well */

/* query.c */
struct json_object *qmp_query_gpu(struct qmp *q, struct json_object *args, struct qmp_error *err);
struct json_object *qmp_query_stats(struct qmp *q, struct json_object *args, struct qmp_error *err);

/* {"qemu": {...}, "package": ...} */
struct json_object *qmp_version(void);

#endif
