/* SPDX-License-Identifier: MIT */
#include "replay/player.h"

#include "replay/bench.h"
#include "virtio/gpu/resource.h"
#include "virtio/gpu/state.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define SHOWN_WRONG 10 /* differences that are printed one by one */

/* --- pixels into the guest's memory --- */

/* Counts the pages of a piece of guest RAM; false: more than the replay may take. */
static bool count_pages(struct player *p, const uint8_t *host, uint64_t n)
{
    uint64_t first = driver_page(p->driver, host), last = driver_page(p->driver, host + n - 1);
    for (uint64_t page = first; page <= last && page < driver_pages(p->driver); page++) {
        uint8_t bit = (uint8_t)(1 << page % 8), *byte = &p->touched[page / 8];
        p->pages += !(*byte & bit);
        *byte |= bit;
    }
    return p->pages <= p->config.limit / GMEM_PAGE;
}

/* One row into a backing; the extent was checked. */
static bool put_row(struct player *p, const struct gpu_backing *backing, uint64_t off,
                    const uint8_t *bytes, uint64_t n)
{
    struct gpu_backing_at at = gpu_backing_seek(backing, off);
    while (n) {
        uint64_t len = MIN(n, at.span[1].start - at.span[0].start - at.off);
        const uint8_t *host = at.span->host + at.off;
        if (len && (!count_pages(p, host, len) || !driver_write(p->driver, host, bytes, len)))
            return false;
        bytes += len;
        n -= len;
        at.span++;
        at.off = 0;
    }
    return true;
}

/* Where rows go. */
struct target {
    const struct gpu_resource *res;
    struct rect r;
    uint64_t offset, stride;
    uint32_t y; /* the next row */
};

/* Rows from the trace. */
static bool put_rows(struct player *p, struct target *t, const uint8_t *bytes, uint32_t rows)
{
    uint64_t len = (uint64_t)t->r.w * 4;
    for (; rows; rows--, t->y++, bytes += len)
        if (!put_row(p, t->res->backing, t->offset + t->y * t->stride, bytes, len))
            return false;
    return true;
}

/* Rows that are as the resource has them. A blob has them there already. */
static bool keep_rows(struct player *p, struct target *t, uint32_t rows)
{
    if (!t->res->ops->copies) {
        t->y += rows;
        return true;
    }
    for (; rows; rows--)
        if (!put_rows(p, t, t->res->ops->row(t->res, t->r.y + t->y) + t->r.x * 4ul, 1))
            return false;
    return true;
}

/* What is wrong with a PIXELS record; NULL: nothing. */
static const char *pixels_target(struct player *p, const struct trace_pixels *head,
                                 struct target *t)
{
    const struct gpu_resource *res =
        gpu_resource_find(driver_gpu(p->driver), le32_get(head->resource_id));
    *t = (struct target){res, gpu_rect_get(&head->r), le64_get(head->offset),
                         le32_get(head->stride), 0};
    if (!res || !res->backing)
        return "pixels of a resource that has no memory";
    struct gpu_layout l = {.width = GPU_MAX_SIDE, .height = GPU_MAX_SIDE};
    if (res->ops->copies)
        res->ops->layout(res, 0, &l);
    if (rect_empty(&t->r) || !rect_inside(&t->r, l.width, l.height))
        return "pixels outside their resource";
    uint64_t extent = (t->r.h - 1) * t->stride + (uint64_t)t->r.w * 4;
    return extent_ok(t->offset, extent, res->backing->size) ? NULL : "pixels outside their memory";
}

static bool play_pixels(struct player *p, const struct trace_item *item, struct error *err)
{
    struct trace_pixels head;
    struct trace_run run;
    struct target t;
    if (item->size < sizeof(head))
        return error_set(err, "a short record of pixels");
    memcpy(&head, item->body, sizeof(head));
    const char *wrong = pixels_target(p, &head, &t);
    if (wrong)
        return error_set(err, "%s", wrong);
    for (uint64_t at = sizeof(head); t.y < t.r.h;) {
        if (!extent_ok(at, sizeof(run), item->size))
            return error_set(err, "a short record of pixels");
        memcpy(&run, item->body + at, sizeof(run));
        at += sizeof(run);
        uint32_t same = le32_get(run.same), fresh = le32_get(run.fresh), left = t.r.h - t.y;
        uint64_t bytes = (uint64_t)fresh * t.r.w * 4;
        if (same > left || fresh > left - same || same + fresh == 0 ||
            !extent_ok(at, bytes, item->size))
            return error_set(err, "runs of pixels that make no sense");
        if (!keep_rows(p, &t, same) || !put_rows(p, &t, item->body + at, fresh))
            return error_set(err, "pixels take more memory than allowed; see --memory");
        at += bytes;
    }
    return true;
}

/* --- commands --- */

static struct player_stats *stats_of(struct player *p, const char *name)
{
    unsigned i = 0;
    while (i < p->kinds && strcmp(p->stats[i].name, name))
        i++;
    if (i == PLAYER_KINDS) /* the device has fewer commands */
        i--;
    if (i == p->kinds)
        p->stats[p->kinds++].name = name;
    return &p->stats[i];
}

/* Bytes of pixels that a command is about. */
static uint64_t pixel_bytes(const struct gpu_command *cmd)
{
    enum gpu_effect effect = gpu_command_effect(cmd);
    if (effect != GPU_EFFECT_TRANSFER && effect != GPU_EFFECT_FLUSH)
        return 0;
    struct rect r = gpu_command_rect(cmd);
    return (uint64_t)r.w * r.h * 4;
}

static void on_ran(struct gpu_observer *o, const struct gpu_command *cmd, uint32_t code)
{
    struct player *p = container_of(o, struct player, observer);
    struct player_stats *s = stats_of(p, cmd->row ? cmd->row->name : "unknown");
    char text[192];
    p->ran = code;
    p->running = s;
    s->count++;
    if (code >= GPU_ERR_UNSPEC)
        s->errors++;
    else
        s->bytes += pixel_bytes(cmd);
    if (!p->config.list)
        return;
    gpu_command_describe(cmd, text, sizeof(text));
    fprintf(p->config.list, "%8" PRIu64 " %11.6f  %s: %s\n", p->step, (double)p->us / 1e6, text,
            gpu_resp_name(code));
}

static void on_destroy(struct gpu_observer *o)
{
    (void)o;
}

static const struct gpu_observer_ops observer_ops = {.ran = on_ran, .destroy = on_destroy};

static void PRINTF_LIKE(2, 3) report_difference(struct player *p, const char *fmt, ...)
{
    va_list ap;
    if (!p->config.wrong || p->wrong_checks + p->wrong_codes > SHOWN_WRONG)
        return;
    fprintf(p->config.wrong, "step %" PRIu64 ": ", p->step);
    va_start(ap, fmt);
    vfprintf(p->config.wrong, fmt, ap);
    va_end(ap);
    fputc('\n', p->config.wrong);
}

static bool play_command(struct player *p, const struct trace_item *item, struct error *err)
{
    struct trace_command head;
    uint64_t ns;
    if (item->size < sizeof(head))
        return error_set(err, "a short command");
    memcpy(&head, item->body, sizeof(head));
    const struct driver_request request = {
        .queue = le32_get(head.queue),
        .bytes = item->body + sizeof(head),
        .size = (size_t)(item->size - sizeof(head)),
        .room = MIN(le32_get(head.room), DRIVER_MAX_ROOM),
    };
    if (!p->live || request.queue >= GPU_QUEUES || request.size > DRIVER_MAX_REQUEST)
        return error_set(err, "a command that makes no sense");
    p->fresh = false;
    p->step++;
    p->ran = 0;
    if (p->config.bench)
        bench_before(p->config.bench, p->driver, &request);
    p->running = NULL;
    if (!driver_send(p->driver, &request, &ns))
        return error_set(err, "the device did not answer");
    if (p->running)
        p->running->ns += ns;
    if (p->config.bench)
        bench_after(p->config.bench, ns);
    uint32_t code = le32_get(head.code);
    if (code && p->ran && code != p->ran) {
        p->wrong_codes++;
        report_difference(p, "answered %s, in the trace %s", gpu_resp_name(p->ran),
                          gpu_resp_name(code));
    }
    return true;
}

/* --- checksums --- */

/* Is the picture's part as the trace says? */
static bool same_picture(struct player *p, const struct trace_check *check)
{
    struct head_state s;
    unsigned head = le32_get(check->head);
    struct rect r = gpu_rect_get(&check->r);
    if (head >= display_heads(driver_display(p->driver)))
        return false;
    display_state(driver_display(p->driver), head, &s);
    if (!s.active || s.width != le32_get(check->width) || s.height != le32_get(check->height) ||
        !rect_inside(&r, s.width, s.height))
        return false;
    size_t size = (size_t)r.w * r.h * 4;
    if (size > p->picture_size) {
        free(p->picture);
        p->picture = malloc(size);
        p->picture_size = p->picture ? size : 0;
    }
    if (!size || !p->picture_size)
        return !size;
    display_read(driver_display(p->driver), head, &r, p->picture, r.w * 4);
    return crc32_z(0, p->picture, size) == le32_get(check->crc);
}

static bool play_check(struct player *p, const struct trace_item *item, struct error *err)
{
    struct trace_check check;
    if (item->size != sizeof(check))
        return error_set(err, "a short checksum");
    memcpy(&check, item->body, sizeof(check));
    p->checks++;
    if (!same_picture(p, &check)) {
        p->wrong_checks++;
        report_difference(p, "head %u shows another picture than in the trace",
                          le32_get(check.head));
    }
    return true;
}

/* --- the rest --- */

static bool play_features(struct player *p, const struct trace_item *item, struct error *err)
{
    le64 features;
    if (item->size != sizeof(features))
        return error_set(err, "a short record of features");
    memcpy(&features, item->body, sizeof(features));
    p->live = p->fresh = driver_start(p->driver, le64_get(features));
    return p->live || error_set(err, "the driver used features %#" PRIx64 " of another GPU",
                                le64_get(features));
}

/* The device is quiesced, as for any load, and trusts nothing of the state. */
static bool play_state(struct player *p, const struct trace_item *item, struct error *err)
{
    struct virtio_dev *dev = driver_device(p->driver);
    struct blob_in in;
    char reason[100];
    if (!p->fresh)
        return error_set(err, "a state in the middle of things");
    p->fresh = false;
    blob_in_init(&in, item->body, (size_t)item->size);
    dev->ops->quiesce(dev);
    bool ok = gpu_load(driver_gpu(p->driver), &in);
    if (!ok)
        dev->ops->reset(dev);
    dev->ops->resume(dev);
    blob_in_reason(&in, reason, sizeof(reason));
    return ok || error_set(err, "the GPU's state is wrong: %s", reason);
}

bool player_play(struct player *p, const struct trace_item *item, struct error *err)
{
    p->us += item->us;
    switch (item->kind) {
    case TRACE_FEATURES: return play_features(p, item, err);
    case TRACE_STATE: return play_state(p, item, err);
    case TRACE_PIXELS: return play_pixels(p, item, err);
    case TRACE_COMMAND: return play_command(p, item, err);
    case TRACE_CHECK: return play_check(p, item, err);
    case TRACE_RESET:
        p->resets++;
        p->live = p->fresh = false;
        driver_reset(p->driver);
        return true;
    case TRACE_END: p->ended = true; return true;
    default: return error_set(err, "a record of unknown kind %u", item->kind);
    }
}

bool player_init(struct player *p, const struct player_config *config,
                 const struct trace_head *head, struct error *err)
{
    *p = (struct player){.config = *config, .observer.ops = &observer_ops};
    if (le64_get(head->memory) > config->limit)
        return error_set(
            err, "the trace's GPU had %" PRIu64 " MiB for resources; allow them with --memory",
            le64_get(head->memory) >> 20);
    p->driver = driver_create(head, NULL);
    p->touched = p->driver ? calloc(1, driver_pages(p->driver) / 8 + 1) : NULL;
    if (!p->touched)
        return error_set(err, "the host refuses the memory for this trace");
    virtio_gpu_observe(driver_device(p->driver), &p->observer);
    return true;
}

void player_finish(struct player *p)
{
    driver_destroy(p->driver);
    free(p->touched);
    free(p->picture);
}

struct picture *player_screen(struct player *p, unsigned head)
{
    if (head >= display_heads(driver_display(p->driver)))
        return NULL;
    return display_snapshot(driver_display(p->driver), head, true);
}

struct picture *player_resource(struct player *p, uint32_t id)
{
    const struct gpu_resource *res = gpu_resource_find(driver_gpu(p->driver), id);
    struct gpu_layout l;
    bool any = res && res->ops->layout(res, 0, &l) && (res->ops->copies || res->backing);
    struct picture *pic = any ? picture_create(l.width, l.height) : NULL;
    for (uint32_t y = 0; pic && y < l.height; y++) {
        uint8_t *dst = pic->data + (size_t)y * pic->stride;
        if (res->ops->copies)
            pixel_row_to_bgra(l.format, dst, res->ops->row(res, y), l.width, false);
        else
            gpu_backing_pixels(res->backing, l.offset + (uint64_t)y * l.stride, l.format, dst,
                               l.width, false);
    }
    return pic;
}
