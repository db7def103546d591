/* SPDX-License-Identifier: MIT */
#include "base/blob.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_ROOM 256

/* --- writing --- */

void blob_out_finish(struct blob_out *out)
{
    free(out->bytes);
    *out = (struct blob_out){0};
}

uint8_t *blob_out_take(struct blob_out *out, size_t *size)
{
    struct blob_out taken = *out;
    *out = (struct blob_out){0};
    *size = taken.failed ? 0 : taken.size;
    if (!taken.failed && taken.bytes)
        return taken.bytes;
    free(taken.bytes);
    return taken.failed ? NULL : calloc(1, 1); /* an empty blob is not a failure */
}

static bool make_room(struct blob_out *out, size_t n)
{
    if (out->failed || n <= out->room - out->size)
        return !out->failed;
    uint8_t *grown = NULL;
    size_t room = MAX(out->room * 2, FIRST_ROOM);
    if (n <= SIZE_MAX / 2 - out->size)
        grown = realloc(out->bytes, room = MAX(room, out->size + n));
    out->failed = !grown;
    if (grown) {
        out->bytes = grown;
        out->room = room;
    }
    return grown;
}

void blob_put(struct blob_out *out, const void *bytes, size_t n)
{
    if (!n || !make_room(out, n))
        return;
    memcpy(out->bytes + out->size, bytes, n);
    out->size += n;
}

void blob_put_bool(struct blob_out *out, bool v)
{
    blob_put_u8(out, v);
}

void blob_put_u8(struct blob_out *out, uint8_t v)
{
    blob_put(out, &v, sizeof(v));
}

void blob_put_u16(struct blob_out *out, uint16_t v)
{
    le16 wire = le16_make(v);
    blob_put(out, &wire, sizeof(wire));
}

void blob_put_u32(struct blob_out *out, uint32_t v)
{
    le32 wire = le32_make(v);
    blob_put(out, &wire, sizeof(wire));
}

void blob_put_u64(struct blob_out *out, uint64_t v)
{
    le64 wire = le64_make(v);
    blob_put(out, &wire, sizeof(wire));
}

void blob_put_u32s(struct blob_out *out, const uint32_t *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        blob_put_u32(out, v[i]);
}

void blob_put_u64s(struct blob_out *out, const uint64_t *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        blob_put_u64(out, v[i]);
}

void blob_patch(struct blob_out *out, size_t offset, const void *bytes, size_t n)
{
    if (!out->failed && n && extent_ok(offset, n, out->size))
        memcpy(out->bytes + offset, bytes, n);
}

size_t blob_begin(struct blob_out *out, const char *name, uint32_t version)
{
    size_t section = out->size;
    struct blob_section head = {.version = le32_make(version)};
    memcpy(head.name, name, strnlen(name, BLOB_NAME - 1));
    blob_put(out, &head, sizeof(head));
    return section;
}

void blob_end(struct blob_out *out, size_t section)
{
    le64 size = le64_make(out->size - section - sizeof(struct blob_section));
    blob_patch(out, section + offsetof(struct blob_section, size), &size, sizeof(size));
}

/* --- reading --- */

void blob_in_init(struct blob_in *in, const void *bytes, size_t size)
{
    *in = (struct blob_in){.bytes = size ? bytes : (const uint8_t *)"", .size = size};
}

void blob_in_reason(const struct blob_in *in, char *text, size_t size)
{
    snprintf(text, size, "%s%s%sbyte %zu: %s", in->section[0] ? "section '" : "", in->section,
             in->section[0] ? "', " : "", in->error_at, in->error ? in->error : "no failure");
}

bool blob_in_done(struct blob_in *in)
{
    return blob_check(in, in->at == in->size, "bytes are left over");
}

/* The failure of a section, at `at` of its bytes (of its outer reader's, if it has none), and of
 * all readers it lies in. */
static void record_failure(struct blob_in *in, const char *why, const char *section, size_t at)
{
    for (; in; in = in->outer) {
        if (in->error)
            return;
        in->error = why;
        in->error_at = at;
        if (in->section != section)
            memcpy(in->section, section, BLOB_NAME);
    }
}

bool blob_fail(struct blob_in *in, const char *why)
{
    record_failure(in, why, in->section, in->at);
    return false;
}

bool blob_check(struct blob_in *in, bool ok, const char *why)
{
    return !in->error && (ok || blob_fail(in, why));
}

const uint8_t *blob_get_run(struct blob_in *in, uint64_t n)
{
    if (!blob_check(in, n <= in->size - in->at, "it ends too early"))
        return NULL;
    const uint8_t *run = in->bytes + in->at;
    in->at += (size_t)n;
    return run;
}

bool blob_get(struct blob_in *in, void *dst, size_t n)
{
    const uint8_t *run = blob_get_run(in, n);
    if (run && n)
        memcpy(dst, run, n);
    else
        memset(dst, 0, n);
    return run;
}

bool blob_get_bool(struct blob_in *in)
{
    uint8_t v = blob_get_u8(in);
    return blob_check(in, v <= 1, "neither yes nor no") && v;
}

uint8_t blob_get_u8(struct blob_in *in)
{
    uint8_t v;
    blob_get(in, &v, sizeof(v));
    return v;
}

uint16_t blob_get_u16(struct blob_in *in)
{
    le16 wire;
    blob_get(in, &wire, sizeof(wire));
    return le16_get(wire);
}

uint32_t blob_get_u32(struct blob_in *in)
{
    le32 wire;
    blob_get(in, &wire, sizeof(wire));
    return le32_get(wire);
}

uint64_t blob_get_u64(struct blob_in *in)
{
    le64 wire;
    blob_get(in, &wire, sizeof(wire));
    return le64_get(wire);
}

bool blob_get_u32s(struct blob_in *in, uint32_t *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        v[i] = blob_get_u32(in);
    return !in->error;
}

bool blob_get_u64s(struct blob_in *in, uint64_t *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        v[i] = blob_get_u64(in);
    return !in->error;
}

/* Reads the head of the section that comes next; what is wrong with it, or NULL. */
static const char *get_section(struct blob_in *in, const char *name, uint32_t version,
                               uint64_t *size)
{
    struct blob_section head;
    if (in->error)
        return in->error;
    if (in->at == in->size)
        return "it is missing";
    if (!extent_ok(in->at, sizeof(head), in->size))
        return "it ends too early";
    blob_get(in, &head, sizeof(head));
    *size = le64_get(head.size);
    if (memcmp(head.name, name, BLOB_NAME) != 0)
        return "another is in its place";
    if (le32_get(head.version) != version)
        return "of another version";
    return *size > in->size - in->at ? "it ends too early" : NULL;
}

bool blob_open(struct blob_in *in, struct blob_in *section, const char *name, uint32_t version)
{
    size_t start = in->at;
    uint64_t size = 0;
    *section = (struct blob_in){.outer = in};
    memcpy(section->section, name, strnlen(name, BLOB_NAME - 1));
    const char *why = get_section(in, section->section, version, &size);
    if (why) {
        record_failure(section, why, section->section, start);
        return false;
    }
    section->size = (size_t)size;
    section->bytes = blob_get_run(in, size);
    return true;
}

bool blob_close(struct blob_in *section)
{
    return blob_in_done(section);
}
