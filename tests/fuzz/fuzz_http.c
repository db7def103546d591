/* SPDX-License-Identifier: MIT */
/*
 * Requests to the web server. Whatever comes: a path that is to be opened stays beneath the folder
 * and names no hidden file, texts end, and a page under a foreign name is no local one. The paths
 * are opened, in a folder full of snares, and so are the inputs themselves.
 */
#include "fuzz/fuzz.h"
#include "host/beneath.h"
#include "kit/snares.h"
#include "ui/http_request.h"

#include <strings.h>

static struct snares snares;

static void remove_snares(void)
{
    snares_remove(&snares);
}

/* Opens a path in both ways; what opens is the one file that may be opened. */
static void open_path(const char *path)
{
    if (!snares.root[0]) {
        FUZZ_CHECK(snares_make(&snares));
        atexit(remove_snares);
    }
    int fd = host_open_beneath(snares.folder, path);
    FUZZ_CHECK(fd < 0 || snares_is_file(&snares, fd));
    fd = host_open_beneath_no_links(snares.folder, path);
    FUZZ_CHECK(fd < 0 || snares_is_file(&snares, fd));
}

static void check(const struct http_request *r)
{
    FUZZ_CHECK(memchr(r->path, 0, sizeof(r->path)) && memchr(r->host, 0, sizeof(r->host)) &&
               memchr(r->origin, 0, sizeof(r->origin)));
    FUZZ_CHECK(!r->path[0] || (r->path[0] == '/' && !strstr(r->path, "/.")));
    FUZZ_CHECK(!strstr(r->path, "//") &&
               (strlen(r->path) < 2 || r->path[strlen(r->path) - 1] != '/'));
    if (r->path[0])
        open_path(r->path + 1);
    FUZZ_CHECK(strcspn(r->path, "%\\ \r\n") == strlen(r->path));
    FUZZ_CHECK(strcspn(r->host, "\r\n") == strlen(r->host));
    for (const char *p = r->origin; *p; p++)
        FUZZ_CHECK(*p > ' ' && *p < 0x7f);
    FUZZ_CHECK(http_host_ok(r, true) || !http_same_origin(r, true));
    if (!http_host_ok(r, true))
        return;
    FUZZ_CHECK(http_host_ok(r, false));
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
    open_path(text);
    free(text);
    return 0;
}
