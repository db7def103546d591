/* SPDX-License-Identifier: MIT */
/*
 * State as bytes: what devices, harts and machines save and load. All numbers are little-endian and
 * of fixed width.
 *
 * A writer (struct blob_out) grows as needed. Once it runs out of memory it drops what is put; the
 * caller checks for that once, at the end. A reader (struct blob_in) stays within its bytes. Its
 * first failure is kept, and every later get returns zeros, so a loader reads a whole record into
 * locals, checks the values with blob_check() as it goes, and tests for a failure once, before it
 * changes the state of its device.
 *
 * A section has a name, a version and a length. Reading cannot leave a section, and closing one
 * fails if bytes are left over: a record of another layout is refused at the section that differs.
 * Sections nest.
 *
 * A reader's bytes may come from anywhere. Writers and readers belong to one thread.
 */
#ifndef BASE_BLOB_H
#define BASE_BLOB_H

#include "base/le.h"
#include "base/util.h"

#define BLOB_NAME 20 /* bytes for a section's name, with at least one NUL behind it */

/* What precedes a section's bytes. */
struct blob_section {
    char name[BLOB_NAME]; /* filled up with NULs */
    le32 version;
    le64 size; /* bytes that follow */
};
_Static_assert(sizeof(struct blob_section) == 32, "part of a format");

/* --- writing --- */

/* {0} is an empty one. */
struct blob_out {
    uint8_t *bytes;
    size_t size, room;
    bool failed; /* out of memory, or the caller's own reason to give up */
};

void blob_out_finish(struct blob_out *out); /* frees the bytes */
/* The bytes, malloc'd and the caller's; NULL if anything failed. `out` is empty afterwards. */
uint8_t *blob_out_take(struct blob_out *out, size_t *size);

void blob_put(struct blob_out *out, const void *bytes, size_t n);
void blob_put_bool(struct blob_out *out, bool v);
void blob_put_u8(struct blob_out *out, uint8_t v);
void blob_put_u16(struct blob_out *out, uint16_t v);
void blob_put_u32(struct blob_out *out, uint32_t v);
void blob_put_u64(struct blob_out *out, uint64_t v);
void blob_put_u32s(struct blob_out *out, const uint32_t *v, size_t n);
void blob_put_u64s(struct blob_out *out, const uint64_t *v, size_t n);
/* Overwrites n bytes at `offset`, which were put before: a count that is known at the end. */
void blob_patch(struct blob_out *out, size_t offset, const void *bytes, size_t n);

/* What is put between the two is the section's. blob_begin returns what blob_end needs. */
size_t blob_begin(struct blob_out *out, const char *name, uint32_t version);
void blob_end(struct blob_out *out, size_t section);

/* --- reading --- */

struct blob_in {
    const uint8_t *bytes; /* the caller's */
    size_t at, size;
    const char *error; /* the first failure; NULL: none */
    /* Where in the bytes of the section that failed; if it is missing, where it should begin. */
    size_t error_at;
    char section[BLOB_NAME]; /* this reader's, or the one that failed; "": none */
    struct blob_in *outer;   /* NULL: not a section's reader */
};

void blob_in_init(struct blob_in *in, const void *bytes, size_t size);
/* "section 'uart', byte 17: it ends too early", of the first failure. */
void blob_in_reason(const struct blob_in *in, char *text, size_t size);
/* No failure yet, and nothing left over: what the end of a blob is checked with. */
bool blob_in_done(struct blob_in *in);

/* Records the failure `why`, a constant, unless there was one. Always false. */
bool blob_fail(struct blob_in *in, const char *why);
/* blob_fail(in, why) unless ok. False: there is a failure, now or from before. */
bool blob_check(struct blob_in *in, bool ok, const char *why);

/* The next n bytes, in place; NULL after a failure. */
const uint8_t *blob_get_run(struct blob_in *in, uint64_t n);
/* Copies the next n bytes; zeros and false after a failure. */
bool blob_get(struct blob_in *in, void *dst, size_t n);
bool blob_get_bool(struct blob_in *in); /* neither 0 nor 1 is a failure */
uint8_t blob_get_u8(struct blob_in *in);
uint16_t blob_get_u16(struct blob_in *in);
uint32_t blob_get_u32(struct blob_in *in);
uint64_t blob_get_u64(struct blob_in *in);
bool blob_get_u32s(struct blob_in *in, uint32_t *v, size_t n);
bool blob_get_u64s(struct blob_in *in, uint64_t *v, size_t n);

/*
 * Opens the section that comes next, which must have this name and version. `section` is its
 * reader, also after a failure (then it returns zeros and fails, too); `in` continues behind it.
 * A failure in a section is its outer readers' as well.
 */
bool blob_open(struct blob_in *in, struct blob_in *section, const char *name, uint32_t version);
/* Fails if bytes of the section were not read. False: there was a failure in it. */
bool blob_close(struct blob_in *section);

#endif
