/* SPDX-License-Identifier: MIT */
#include "monitor/qmp.h"

#include "host/clock.h"
#include "monitor/hmp.h"
#include "monitor/qmp_args.h"
#include "monitor/screendump.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* --- what goes out --- */

static void send_object(struct qmp *q, struct json_object *obj)
{
    size_t n;
    const char *text = json_object_to_json_string_length(
        obj, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &n);
    if (text) {
        q->send(q->ctx, text, n);
        q->send(q->ctx, "\r\n", 2);
    }
    json_object_put(obj);
}

/* key: "return" or "error"; value and id become part of the message. */
static void send_reply(struct qmp *q, const char *key, struct json_object *value, bool has_id,
                       struct json_object *id)
{
    struct json_object *msg = json_object_new_object();
    json_object_object_add(msg, key, value ? value : json_object_new_object());
    if (has_id)
        json_object_object_add(msg, "id", id);
    send_object(q, msg);
}

static struct json_object *error_object(const struct qmp_error *err)
{
    struct json_object *obj = json_object_new_object();
    json_object_object_add(obj, "class", json_object_new_string(err->class_name));
    json_object_object_add(obj, "desc", json_object_new_string(err->desc));
    return obj;
}

struct json_object *qmp_fail(struct qmp_error *err, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(err->desc, sizeof(err->desc), fmt, ap);
    va_end(ap);
    err->class_name = "GenericError";
    return NULL;
}

static struct json_object *not_found(struct qmp_error *err, const char *desc)
{
    qmp_fail(err, "%s", desc);
    err->class_name = "CommandNotFound";
    return NULL;
}

static void qmp_greet(struct qmp *q)
{
    struct json_object *msg = json_object_new_object(), *hello = json_object_new_object();
    struct json_object *version = qmp_version();
    json_object_object_add(hello, "version", version);
    json_object_object_add(hello, "capabilities", json_object_new_array());
    json_object_object_add(msg, "QMP", hello);
    send_object(q, msg);
}

/* --- running a command --- */

const struct qmp_command *qmp_find(const char *name)
{
    for (const struct qmp_command *c = qmp_commands; c->name; c++)
        if (!strcmp(c->name, name))
            return c;
    return NULL;
}

/* Is msg a command? Its name and arguments, or NULL with the error. */
static const char *check_message(struct json_object *msg, struct json_object **args,
                                 struct qmp_error *err)
{
    const char *name = NULL;
    *args = NULL;
    json_object_object_foreach(msg, key, value)
    {
        json_type type = json_object_get_type(value);
        if (!strcmp(key, "execute")) {
            if (type != json_type_string)
                return (void *)qmp_fail(err, "QMP input member 'execute' must be a string");
            name = json_object_get_string(value);
        } else if (!strcmp(key, "arguments")) {
            if (type != json_type_object)
                return (void *)qmp_fail(err, "QMP input member 'arguments' must be an object");
            *args = value;
        } else if (strcmp(key, "id")) {
            return (void *)qmp_fail(err, "QMP input member '%.64s' is unexpected", key);
        }
    }
    return name ? name : (void *)qmp_fail(err, "QMP input lacks member 'execute'");
}

static struct json_object *qmp_execute(struct qmp *q, struct json_object *msg,
                                       struct qmp_error *err)
{
    struct json_object *args;
    const char *name = check_message(msg, &args, err);
    if (!name)
        return NULL;
    bool negotiation = !strcmp(name, "qmp_capabilities");
    if (!q->ready && !negotiation)
        return not_found(err, "Expecting capabilities negotiation with 'qmp_capabilities'");
    if (q->ready && negotiation)
        return not_found(err, "Capabilities negotiation is already complete, command ignored");
    const struct qmp_command *command = qmp_find(name);
    if (!command) {
        qmp_fail(err, "The command %.64s has not been found", name);
        err->class_name = "CommandNotFound";
        return NULL;
    }
    if (!qmp_check(args, command->args, "", err))
        return NULL;
    return command->run(q, args, err);
}

void qmp_await(struct qmp *q, enum machine_event event)
{
    q->waiting = true;
    q->awaited = event;
}

void qmp_work(struct qmp *q)
{
    q->waiting = q->working = true;
}

/* The command that was waited for is over. */
static void answer_late(struct qmp *q, const struct qmp_error *err)
{
    bool human = q->human;
    q->waiting = q->working = q->human = false;
    if (human)
        send_reply(q, "return", hmp_answer(err), q->has_id, q->id);
    else
        send_reply(q, err->class_name ? "error" : "return",
                   err->class_name ? error_object(err) : NULL, q->has_id, q->id);
    q->id = NULL;
}

void qmp_done(struct qmp *q, const struct qmp_error *err)
{
    answer_late(q, err);
    if (q->resume)
        q->resume(q->ctx);
}

static void on_message(struct qmp *q, struct json_object *msg, bool has_nul)
{
    struct qmp_error err = {0};
    struct json_object *id = NULL, *value = NULL;
    bool has_id = false;
    if (json_object_get_type(msg) != json_type_object) {
        qmp_fail(&err, "QMP input must be a JSON object");
    } else {
        has_id = json_object_object_get_ex(msg, "id", &id);
        if (has_nul)
            qmp_fail(&err, "QMP input has a NUL character in a string");
        else
            value = qmp_execute(q, msg, &err);
    }
    json_object_get(id);
    if (err.class_name) {
        send_reply(q, "error", error_object(&err), has_id, id);
    } else if (q->waiting) {
        q->has_id = has_id;
        q->id = id;
    } else {
        send_reply(q, "return", value, has_id, id);
    }
    json_object_put(msg);
}

/* --- what comes in --- */

static void begin_message(struct qmp *q)
{
    json_tokener_reset(q->tokener);
    q->taken = 0;
    q->escape = 0;
    q->has_nul = false;
}

/*
 * Looks for \u0000, which would end a string for everything in C, a file's name for one. In JSON a
 * backslash begins an escape wherever it stands; escape counts the bytes of one so far.
 */
static void look_for_nul(struct qmp *q, const char *bytes, size_t n)
{
    static const char nul[] = "\\u0000";
    for (size_t i = 0; i < n; i++) {
        q->escape = bytes[i] == nul[q->escape] ? q->escape + 1 : 0;
        q->has_nul |= q->escape == sizeof(nul) - 1;
        if (q->escape == sizeof(nul) - 1)
            q->escape = 0;
    }
}

static void refuse_message(struct qmp *q, const char *why)
{
    struct qmp_error err;
    qmp_fail(&err, "JSON parse error, %s", why);
    send_reply(q, "error", error_object(&err), false, NULL);
    begin_message(q);
}

/* Where reading can go on after garbage: the next line. */
static size_t skip_line(struct qmp *q, const char *bytes, size_t n)
{
    const char *end = memchr(bytes, '\n', n);
    if (!end)
        return n;
    q->skipping = false;
    return (size_t)(end - bytes) + 1;
}

static size_t blanks_at(const char *bytes, size_t n)
{
    size_t i = 0;
    while (i < n && (bytes[i] == ' ' || bytes[i] == '\t' || bytes[i] == '\r' || bytes[i] == '\n'))
        i++;
    return i;
}

/* Feeds the parser up to the end of a message; returns the bytes it took. */
static size_t qmp_parse(struct qmp *q, const char *bytes, size_t n)
{
    n = MIN(n, QMP_MAX_MESSAGE - q->taken);
    size_t len = strnlen(bytes, n); /* a NUL would end json-c's reading silently */
    struct json_object *msg = NULL;
    if (len)
        msg = json_tokener_parse_ex(q->tokener, bytes, (int)len);
    enum json_tokener_error state =
        len ? json_tokener_get_error(q->tokener) : json_tokener_continue;
    size_t used = state == json_tokener_success ? json_tokener_get_parse_end(q->tokener) : len;
    q->taken += used;
    look_for_nul(q, bytes, used);
    if (state == json_tokener_success) {
        bool has_nul = q->has_nul;
        begin_message(q);
        on_message(q, msg, has_nul);
        return used;
    }
    q->skipping = true;
    if (state != json_tokener_continue) {
        used = MIN(json_tokener_get_parse_end(q->tokener), len);
        refuse_message(q, json_tokener_error_desc(state));
    } else if (len < n) {
        refuse_message(q, "a NUL byte");
    } else if (q->taken >= QMP_MAX_MESSAGE) {
        refuse_message(q, "the message is too long");
    } else {
        q->skipping = false;
    }
    return used;
}

size_t qmp_input(struct qmp *q, const char *bytes, size_t n)
{
    size_t at = 0;
    while (at < n && !q->waiting) {
        if (q->skipping)
            at += skip_line(q, bytes + at, n - at);
        else if (!q->taken && blanks_at(bytes + at, n - at))
            at += blanks_at(bytes + at, n - at);
        else
            at += qmp_parse(q, bytes + at, n - at);
    }
    return at;
}

/* --- events --- */

static const char *cause_name(enum machine_cause cause)
{
    static const char *const names[] = {
        [CAUSE_NONE] = "none",
        [CAUSE_HOST_ERROR] = "host-error",
        [CAUSE_HOST_QMP_QUIT] = "host-qmp-quit",
        [CAUSE_HOST_QMP_RESET] = "host-qmp-system-reset",
        [CAUSE_HOST_SIGNAL] = "host-signal",
        [CAUSE_HOST_UI] = "host-ui",
        [CAUSE_GUEST_SHUTDOWN] = "guest-shutdown",
        [CAUSE_GUEST_RESET] = "guest-reset",
        [CAUSE_GUEST_PANIC] = "guest-panic",
    };
    return cause < ARRAY_SIZE(names) && names[cause] ? names[cause] : "none";
}

static void send_event(struct qmp *q, enum machine_event event, enum machine_cause cause,
                       uint64_t wall_ns)
{
    static const char *const names[] = {
        [MACHINE_EVENT_SHUTDOWN] = "SHUTDOWN",   [MACHINE_EVENT_RESET] = "RESET",
        [MACHINE_EVENT_STOP] = "STOP",           [MACHINE_EVENT_RESUME] = "RESUME",
        [MACHINE_EVENT_POWERDOWN] = "POWERDOWN", [MACHINE_EVENT_PANIC] = "GUEST_PANICKED",
    };
    struct json_object *msg = json_object_new_object(), *time = json_object_new_object();
    json_object_object_add(time, "seconds", json_object_new_int64((int64_t)(wall_ns / NS_PER_SEC)));
    json_object_object_add(time, "microseconds",
                           json_object_new_int64((int64_t)(wall_ns % NS_PER_SEC / 1000)));
    json_object_object_add(msg, "timestamp", time);
    json_object_object_add(msg, "event", json_object_new_string(names[event]));
    if (event == MACHINE_EVENT_SHUTDOWN || event == MACHINE_EVENT_RESET) {
        struct json_object *data = json_object_new_object();
        bool guest = cause == CAUSE_GUEST_SHUTDOWN || cause == CAUSE_GUEST_RESET ||
                     cause == CAUSE_GUEST_PANIC;
        json_object_object_add(data, "guest", json_object_new_boolean(guest));
        json_object_object_add(data, "reason", json_object_new_string(cause_name(cause)));
        json_object_object_add(msg, "data", data);
    } else if (event == MACHINE_EVENT_PANIC) {
        static const char *const actions[] = {
            [ON_PANIC_GO_ON] = "run", [ON_PANIC_STOP] = "pause", [ON_PANIC_EXIT] = "poweroff"};
        const char *action = actions[machine_on_panic(q->target->machine)];
        struct json_object *data = json_object_new_object();
        json_object_object_add(data, "action", json_object_new_string(action));
        json_object_object_add(msg, "data", data);
    }
    send_object(q, msg);
}

void qmp_event(struct qmp *q, enum machine_event event, enum machine_cause cause, uint64_t wall_ns)
{
    if (!q->ready)
        return;
    send_event(q, event, cause, wall_ns);
    if (q->waiting && !q->working && (q->awaited == event || event == MACHINE_EVENT_SHUTDOWN))
        answer_late(q, &(struct qmp_error){0});
}

/* --- beginning and end --- */

bool qmp_init(struct qmp *q, struct qmp_target *target,
              void (*send)(void *ctx, const char *bytes, size_t n), void *ctx)
{
    *q = (struct qmp){.target = target, .send = send, .ctx = ctx};
    q->tokener = json_tokener_new_ex(QMP_MAX_DEPTH);
    if (!q->tokener)
        return false;
    json_tokener_set_flags(q->tokener, JSON_TOKENER_VALIDATE_UTF8);
    qmp_greet(q);
    return true;
}

void qmp_finish(struct qmp *q)
{
    if (q->working)
        screendumps_forget(q->target->dumps, q);
    json_tokener_free(q->tokener);
    json_object_put(q->id);
    q->tokener = NULL;
    q->id = NULL;
}
