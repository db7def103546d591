/* SPDX-License-Identifier: MIT */
/*
 * Requests to the web server. Whatever comes: a path that is to be opened stays below the folder
 * and names no hidden file, texts end, and a page under a foreign name is no local one.
 */
#include "fuzz/fuzz.h"
#include "ui/http_request.h"

#include <strings.h>

static void check(const struct http_request *r)
{
    FUZZ_CHECK(memchr(r->path, 0, sizeof(r->path)) && memchr(r->host, 0, sizeof(r->host)) &&
               memchr(r->origin, 0, sizeof(r->origin)));
    FUZZ_CHECK(!r->path[0] || (r->path[0] == '/' && !strstr(r->path, "/.")));
    FUZZ_CHECK(strcspn(r->path, "%\\ \r\n") == strlen(r->path));
    FUZZ_CHECK(strcspn(r->host, "\r\n") == strlen(r->host));
    if (!http_same_origin(r, true))
        return;
    FUZZ_CHECK(http_same_origin(r, false));
    FUZZ_CHECK(!strncasecmp(r->host, "localhost", 9) || !strncmp(r->host, "127.", 4) ||
               !strncmp(r->host, "[::1]", 5));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct http_request r;
    char *text = malloc(size + 1);
    if (!text)
        return 0;
    if (size)
        memcpy(text, data, size);
    text[size] = 0;
    size_t head = http_head_length(text, size);
    FUZZ_CHECK(head <= size);
    if (head)
        text[head] = 0;
    if (http_parse(&r, text))
        check(&r);
    FUZZ_CHECK(http_type(text));
    free(text);
    return 0;
}
