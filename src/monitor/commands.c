/* SPDX-License-Identifier: MIT */
/* The commands of the control socket: one table, at the end. */
#include "monitor/qmp.h"

#include "display/display.h"
#include "display/input.h"
#include "host/file.h"
#include "monitor/hmp.h"
#include "monitor/keys.h"
#include "monitor/qmp_args.h"
#include "monitor/screendump.h"
#include "ui/keymap.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define MAX_EVENTS 256 /* of one input-send-event */

static const struct qmp_arg no_args[] = {{0}};

/* --- about --- */

struct json_object *qmp_version(void)
{
    /* the QEMU whose commands these are: clients derive from it which commands there are */
    struct json_object *qemu = json_object_new_object(), *version = json_object_new_object();
    json_object_object_add(qemu, "micro", json_object_new_int(0));
    json_object_object_add(qemu, "minor", json_object_new_int(2));
    json_object_object_add(qemu, "major", json_object_new_int(7));
    json_object_object_add(version, "qemu", qemu);
    json_object_object_add(version, "package", json_object_new_string("riscreen"));
    return version;
}

static struct json_object *query_version(struct qmp *q, struct json_object *args,
                                         struct qmp_error *err)
{
    (void)q, (void)args, (void)err;
    return qmp_version();
}

static struct json_object *query_commands(struct qmp *q, struct json_object *args,
                                          struct qmp_error *err)
{
    (void)q, (void)args, (void)err;
    struct json_object *list = json_object_new_array();
    for (const struct qmp_command *c = qmp_commands; c->name; c++) {
        struct json_object *item = json_object_new_object();
        json_object_object_add(item, "name", json_object_new_string(c->name));
        json_object_array_add(list, item);
    }
    return list;
}

static const struct qmp_arg capabilities_args[] = {{"enable", json_type_array, true}, {0}};

static struct json_object *qmp_capabilities(struct qmp *q, struct json_object *args,
                                            struct qmp_error *err)
{
    struct json_object *enable = qmp_member(args, "enable");
    if (enable && json_object_array_length(enable))
        return qmp_fail(err, "Capability '%.32s' is not available",
                        json_object_get_string(json_object_array_get_idx(enable, 0)));
    q->ready = true;
    return NULL;
}

static struct json_object *query_status(struct qmp *q, struct json_object *args,
                                        struct qmp_error *err)
{
    (void)args, (void)err;
    bool running = machine_running(q->target->machine);
    bool panicked = machine_panic_stopped(q->target->machine);
    const char *name = running ? "running" : panicked ? "guest-panicked" : "paused";
    struct json_object *status = json_object_new_object();
    json_object_object_add(status, "status", json_object_new_string(name));
    json_object_object_add(status, "singlestep", json_object_new_boolean(false));
    json_object_object_add(status, "running", json_object_new_boolean(running));
    return status;
}

/* --- power --- */

static struct json_object *stop(struct qmp *q, struct json_object *args, struct qmp_error *err)
{
    (void)args, (void)err;
    if (machine_running(q->target->machine))
        qmp_await(q, MACHINE_EVENT_STOP);
    machine_stop(q->target->machine);
    return NULL;
}

static struct json_object *cont(struct qmp *q, struct json_object *args, struct qmp_error *err)
{
    (void)args, (void)err;
    if (!machine_running(q->target->machine))
        qmp_await(q, MACHINE_EVENT_RESUME);
    machine_cont(q->target->machine);
    return NULL;
}

static struct json_object *system_reset(struct qmp *q, struct json_object *args,
                                        struct qmp_error *err)
{
    (void)args, (void)err;
    qmp_await(q, MACHINE_EVENT_RESET);
    machine_reset(q->target->machine, CAUSE_HOST_QMP_RESET);
    return NULL;
}

static struct json_object *system_powerdown(struct qmp *q, struct json_object *args,
                                            struct qmp_error *err)
{
    (void)args, (void)err;
    qmp_await(q, MACHINE_EVENT_POWERDOWN);
    machine_powerdown(q->target->machine);
    return NULL;
}

static struct json_object *quit(struct qmp *q, struct json_object *args, struct qmp_error *err)
{
    (void)args, (void)err;
    qmp_await(q, MACHINE_EVENT_SHUTDOWN);
    machine_quit(q->target->machine, 0, CAUSE_HOST_QMP_QUIT);
    return NULL;
}

/* --- the screen --- */

static const struct qmp_arg screendump_args[] = {
    {"filename", json_type_string, false}, {"device", json_type_string, true},
    {"head", json_type_int, true},         {"format", json_type_string, true},
    {"cursor", json_type_boolean, true},   {0},
};

static struct json_object *screendump(struct qmp *q, struct json_object *args,
                                      struct qmp_error *err)
{
    struct display *display = q->target->display;
    const char *format = qmp_string(args, "format", "ppm");
    const char *path = qmp_string(args, "filename", "");
    int64_t head = qmp_int(args, "head", 0);
    bool png = !strcmp(format, "png");
    if (!png && strcmp(format, "ppm"))
        return qmp_fail(err, "Parameter 'format' does not accept value '%.32s'", format);
    if (!display)
        return qmp_fail(err, "There is no console to take a screendump from");
    if (head < 0 || head >= display_heads(display))
        return qmp_fail(err, "Parameter 'head' expects a number below %u", display_heads(display));
    const struct screendump what = {(unsigned)head, qmp_bool(args, "cursor", false), png, path};
    bool later = q->target->dumps;
    int failed = later ? screendumps_start(q->target->dumps, q, &what) ? 0 : ENOMEM
                       : screendump_save(display, &what, NULL);
    if (failed)
        return qmp_fail(err, "failed to open file '%.256s': %s", path, host_file_why(failed));
    return NULL;
}

static const struct qmp_arg plug_args[] = {
    {"head", json_type_int, false},
    {"width", json_type_int, true},
    {"height", json_type_int, true},
    {0},
};
static const struct qmp_arg unplug_args[] = {{"head", json_type_int, false}, {0}};

static bool is_head(struct qmp *q, int64_t head, struct qmp_error *err)
{
    struct display *display = q->target->display;
    if (!display)
        return qmp_fail(err, "There is no screen to plug");
    return (head >= 0 && head < display_heads(display)) ||
           qmp_fail(err, "Parameter 'head' expects a number below %u", display_heads(display));
}

/* Connects a scanout, or gives it another preferred mode; what is not given stays as it was. */
static struct json_object *scanout_plug(struct qmp *q, struct json_object *args,
                                        struct qmp_error *err)
{
    int64_t head = qmp_int(args, "head", 0);
    struct head_mode preferred;
    if (!is_head(q, head, err))
        return NULL;
    display_preferred(q->target->display, (unsigned)head, &preferred);
    int64_t width = qmp_int(args, "width", preferred.width);
    int64_t height = qmp_int(args, "height", preferred.height);
    if (MIN(width, height) < DISPLAY_MODE_MIN || MAX(width, height) > DISPLAY_MODE_MAX)
        return qmp_fail(err, "Parameters 'width' and 'height' expect %d to %d pixels",
                        DISPLAY_MODE_MIN, DISPLAY_MODE_MAX);
    preferred = (struct head_mode){true, (uint32_t)width, (uint32_t)height, preferred.refresh_mhz};
    display_set_preferred(q->target->display, (unsigned)head, &preferred);
    return NULL;
}

static struct json_object *scanout_unplug(struct qmp *q, struct json_object *args,
                                          struct qmp_error *err)
{
    int64_t head = qmp_int(args, "head", 0);
    struct head_mode preferred;
    if (!is_head(q, head, err))
        return NULL;
    display_preferred(q->target->display, (unsigned)head, &preferred);
    preferred.connected = false;
    display_set_preferred(q->target->display, (unsigned)head, &preferred);
    return NULL;
}

/* --- keys and pointer --- */

static const struct qmp_arg qcode_args[] = {
    {"type", json_type_string, false}, {"data", json_type_string, false}, {0}};
static const struct qmp_arg number_args[] = {
    {"type", json_type_string, false}, {"data", json_type_int, false}, {0}};

/* A KeyValue, {"type": "qcode", "data": "a"} or {"type": "number", "data": 30}. *code is 0 for a
 * number without a key. */
static bool key_value(struct json_object *obj, const char *path, unsigned *code,
                      struct qmp_error *err)
{
    if (json_object_get_type(obj) != json_type_object)
        return qmp_fail(err, "Invalid parameter type for '%.*s', expected: object",
                        (int)strlen(path) - 1, path);
    struct json_object *type = qmp_member(obj, "type");
    bool number = type && json_object_get_type(type) == json_type_string &&
                  !strcmp(json_object_get_string(type), "number");
    if (!qmp_check(obj, number ? number_args : qcode_args, path, err))
        return false;
    if (number) {
        *code = keymap_from_number(qmp_int(obj, "data", 0));
        return true;
    }
    const char *data = qmp_string(obj, "data", "");
    if (strcmp(qmp_string(obj, "type", ""), "qcode"))
        return qmp_fail(err, "Parameter 'type' does not accept value '%.32s'",
                        qmp_string(obj, "type", ""));
    *code = keymap_from_qcode(data);
    if (!*code && strcmp(data, "unmapped"))
        return qmp_fail(err, "Parameter 'data' does not accept value '%.32s'", data);
    return true;
}

static const struct qmp_arg send_key_args[] = {
    {"keys", json_type_array, false}, {"hold-time", json_type_int, true}, {0}};

static struct json_object *send_key(struct qmp *q, struct json_object *args, struct qmp_error *err)
{
    struct json_object *keys = qmp_member(args, "keys");
    size_t n = json_object_array_length(keys);
    int64_t hold = qmp_int(args, "hold-time", 100);
    unsigned codes[KEY_CHORD_MAX], used = 0;
    if (n > KEY_CHORD_MAX)
        return qmp_fail(err, "Parameter 'keys' expects at most %d keys", KEY_CHORD_MAX);
    if (hold > QMP_MAX_HOLD_MS)
        return qmp_fail(err, "Parameter 'hold-time' expects at most %d milliseconds",
                        QMP_MAX_HOLD_MS);
    for (size_t i = 0; i < n; i++) {
        char path[32];
        snprintf(path, sizeof(path), "keys[%zu].", i);
        if (!key_value(json_object_array_get_idx(keys, i), path, &codes[used], err))
            return NULL;
        used += codes[used] != 0;
    }
    if (!key_queue_chord(q->target->keys, codes, used, (uint32_t)MAX(hold, 0)))
        return qmp_fail(err, "too many keys are waiting to be pressed");
    return NULL;
}

/* An InputEvent, checked. */
struct event {
    enum { EVENT_KEY, EVENT_BUTTON, EVENT_WHEEL, EVENT_REL, EVENT_ABS } kind;
    unsigned code; /* key, button; 0: nothing to do */
    bool down;
    int dx, dy; /* wheel, motion */
    bool y_axis;
    int64_t value;
};

static const struct qmp_arg event_args[] = {
    {"type", json_type_string, false}, {"data", json_type_object, false}, {0}};
static const struct qmp_arg key_event_args[] = {
    {"down", json_type_boolean, false}, {"key", json_type_object, false}, {0}};
static const struct qmp_arg button_args[] = {
    {"down", json_type_boolean, false}, {"button", json_type_string, false}, {0}};
static const struct qmp_arg move_args[] = {
    {"axis", json_type_string, false}, {"value", json_type_int, false}, {0}};

static bool wheel_event(const char *name, struct event *ev)
{
    static const struct {
        const char *name;
        int dx, dy;
    } wheels[] = {
        {"wheel-up", 0, 1}, {"wheel-down", 0, -1}, {"wheel-left", -1, 0}, {"wheel-right", 1, 0}};
    for (size_t i = 0; i < ARRAY_SIZE(wheels); i++) {
        if (strcmp(wheels[i].name, name))
            continue;
        ev->kind = EVENT_WHEEL;
        ev->dx = wheels[i].dx;
        ev->dy = wheels[i].dy;
        return true;
    }
    return false;
}

static bool button_event(struct json_object *data, struct event *ev, struct qmp_error *err)
{
    if (!qmp_check(data, button_args, "data.", err))
        return false;
    const char *name = qmp_string(data, "button", "");
    ev->kind = EVENT_BUTTON;
    ev->code = keymap_button(name);
    ev->down = qmp_bool(data, "down", false);
    if (!ev->code && !wheel_event(name, ev))
        return qmp_fail(err, "Parameter 'button' does not accept value '%.32s'", name);
    return true;
}

static bool move_event(struct json_object *data, bool abs, struct event *ev, struct qmp_error *err)
{
    if (!qmp_check(data, move_args, "data.", err))
        return false;
    const char *axis = qmp_string(data, "axis", "");
    ev->kind = abs ? EVENT_ABS : EVENT_REL;
    ev->y_axis = !strcmp(axis, "y");
    ev->value = qmp_int(data, "value", 0);
    if (!ev->y_axis && strcmp(axis, "x"))
        return qmp_fail(err, "Parameter 'axis' does not accept value '%.32s'", axis);
    return true;
}

static bool read_event(struct json_object *obj, struct event *ev, struct qmp_error *err)
{
    *ev = (struct event){0};
    if (json_object_get_type(obj) != json_type_object)
        return qmp_fail(err, "Invalid parameter type for 'events', expected: object");
    if (!qmp_check(obj, event_args, "", err))
        return false;
    const char *type = qmp_string(obj, "type", "");
    struct json_object *data = qmp_member(obj, "data");
    if (!strcmp(type, "key")) {
        ev->kind = EVENT_KEY;
        ev->down = qmp_bool(data, "down", false);
        return qmp_check(data, key_event_args, "data.", err) &&
               key_value(qmp_member(data, "key"), "key.", &ev->code, err);
    }
    if (!strcmp(type, "btn"))
        return button_event(data, ev, err);
    if (!strcmp(type, "rel") || !strcmp(type, "abs"))
        return move_event(data, type[0] == 'a', ev, err);
    return qmp_fail(err, "Parameter 'type' does not accept value '%.32s'", type);
}

static int32_t clamp(int64_t value, int32_t low, int32_t high)
{
    return (int32_t)(value < low ? low : value > high ? high : value);
}

static void apply_event(struct qmp_target *t, const struct event *ev)
{
    switch (ev->kind) {
    case EVENT_KEY:
        if (ev->code)
            input_key(t->input, ev->code, ev->down);
        break;
    case EVENT_BUTTON: input_button(t->input, ev->code, ev->down, t->relative); break;
    case EVENT_WHEEL:
        if (ev->down)
            input_wheel(t->input, ev->dy, ev->dx, t->relative);
        break;
    case EVENT_REL: {
        int32_t by = clamp(ev->value, -INPUT_ABS_MAX, INPUT_ABS_MAX);
        t->relative = true;
        input_rel(t->input, ev->y_axis ? 0 : by, ev->y_axis ? by : 0);
        break;
    }
    case EVENT_ABS:
        t->relative = false;
        *(ev->y_axis ? &t->abs_y : &t->abs_x) = clamp(ev->value, 0, INPUT_ABS_MAX);
        break;
    }
}

static const struct qmp_arg input_send_args[] = {
    {"device", json_type_string, true},
    {"head", json_type_int, true},
    {"events", json_type_array, false},
    {0},
};

/* The axes of one position come as two events and are one motion. */
static struct json_object *input_send_event(struct qmp *q, struct json_object *args,
                                            struct qmp_error *err)
{
    struct json_object *list = qmp_member(args, "events");
    size_t n = json_object_array_length(list);
    struct event events[MAX_EVENTS];
    if (n > MAX_EVENTS)
        return qmp_fail(err, "Parameter 'events' expects at most %d events", MAX_EVENTS);
    for (size_t i = 0; i < n; i++)
        if (!read_event(json_object_array_get_idx(list, i), &events[i], err))
            return NULL;
    if (!machine_running(q->target->machine))
        return qmp_fail(err, "VM not running");
    for (size_t i = 0; i < n; i++) {
        apply_event(q->target, &events[i]);
        if (events[i].kind == EVENT_ABS && (i + 1 == n || events[i + 1].kind != EVENT_ABS))
            input_abs(q->target->input, q->target->abs_x, q->target->abs_y);
    }
    return NULL;
}

/* --- QEMU's human monitor --- */

static const struct qmp_arg human_args[] = {
    {"command-line", json_type_string, false}, {"cpu-index", json_type_int, true}, {0}};

static struct json_object *human_monitor_command(struct qmp *q, struct json_object *args,
                                                 struct qmp_error *err)
{
    (void)err;
    struct json_object *text = hmp_run(q, qmp_string(args, "command-line", ""));
    q->human = !text;
    return text;
}

const struct qmp_command qmp_commands[] = {
    {"cont", no_args, cont},
    {"human-monitor-command", human_args, human_monitor_command},
    {"input-send-event", input_send_args, input_send_event},
    {"qmp_capabilities", capabilities_args, qmp_capabilities},
    {"query-commands", no_args, query_commands},
    {"query-gpu", no_args, qmp_query_gpu},
    {"query-stats", no_args, qmp_query_stats},
    {"query-status", no_args, query_status},
    {"query-version", no_args, query_version},
    {"quit", no_args, quit},
    {"screendump", screendump_args, screendump},
    {"send-key", send_key_args, send_key},
    {"stop", no_args, stop},
    {"system_powerdown", no_args, system_powerdown},
    {"system_reset", no_args, system_reset},
    {"x-scanout-plug", plug_args, scanout_plug},
    {"x-scanout-unplug", unplug_args, scanout_unplug},
    {0},
};
