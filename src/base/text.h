/* SPDX-License-Identifier: MIT */
/*
 * Text of others that a person will read: names, headers, messages. A terminal obeys control
 * characters, so they are spelt out before the text goes there.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/util.h"

#define TEXT_NO_UTF8 UINT32_MAX

/* The number of the UTF-8 character that begins at s, in n bytes at most, and its length, 1 to 4. If
 * none begins there, TEXT_NO_UTF8 and 0; overlong forms, surrogates and numbers above U+10FFFF are
 * none. RFC 3629, section 4. */
uint32_t text_utf8(const uint8_t *s, size_t n, unsigned *length);

/*
 * Copies text into out, of `size` bytes, at least 1, always ended by a NUL. What a terminal could
 * take for a command becomes \xNN, byte by byte: C0, DEL and C1 controls, what is not UTF-8, and
 * the characters that turn the direction of writing or end a line. What does not fit is left out,
 * a character or a \xNN as a whole. Returns the bytes that are in out, without the NUL.
 */
size_t text_printable(char *out, size_t size, const char *text);

#endif
