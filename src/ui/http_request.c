/* SPDX-License-Identifier: MIT */
#include "ui/http_request.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

size_t http_head_length(const char *text, size_t n)
{
    const char *end = memmem(text, n, "\r\n\r\n", 4);
    return end ? (size_t)(end - text) + 4 : 0;
}

/* Copies "/", or a path of a file beneath a folder: letters, digits and "/._-" only (no escapes),
 * and no part that is empty or begins with a dot. Any other path becomes "". */
static void copy_path(char *to, size_t size, const char *from, size_t n)
{
    to[0] = 0;
    if (!n || n >= size || from[0] != '/')
        return;
    for (size_t i = 0; i < n; i++) {
        char c = from[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!letter && !strchr("/._-", c))
            return;
        if (i && from[i - 1] == '/' && (c == '.' || c == '/'))
            return;
    }
    if (n == 1 || from[n - 1] != '/')
        snprintf(to, size, "%.*s", (int)n, from);
}

/* Returns the value of a header line "Name: value", or NULL if it is another header. */
static const char *value_of(const char *line, const char *name)
{
    size_t n = strlen(name);
    if (strncasecmp(line, name, n) || line[n] != ':')
        return NULL;
    return line + n + 1 + strspn(line + n + 1, " \t");
}

/* Copies a header's value; it becomes "" if it is too long or not one printable word. */
static void copy_value(char *to, size_t size, const char *value)
{
    size_t n = 0;
    while (value[n] > ' ' && value[n] < 0x7f)
        n++;
    bool end = value[n + strspn(value + n, " \t")] == '\r';
    snprintf(to, size, "%.*s", end && n < size ? (int)n : 0, value);
}

/* True if the word is in the comma-separated list that ends with the line. */
static bool list_has(const char *list, const char *word)
{
    size_t n = strlen(word);
    for (;; list++) {
        list += strspn(list, " \t");
        if (!strncmp(list, word, n) && strchr(", \t\r", list[n]))
            return true;
        list += strcspn(list, ",\r");
        if (*list != ',')
            return false;
    }
}

/* Which of the headers that may occur once have occurred. */
struct once {
    bool host, origin;
};

/* False: the header must not occur twice, and does. */
static bool take_header(struct http_request *r, struct once *said, const char *line)
{
    const char *value;
    bool again = false;
    if ((value = value_of(line, "Host"))) {
        again = said->host;
        said->host = true;
        copy_value(r->host, sizeof(r->host), value);
    } else if ((value = value_of(line, "Origin"))) {
        again = said->origin;
        said->origin = true;
        copy_value(r->origin, sizeof(r->origin), value);
    } else if ((value = value_of(line, "Upgrade"))) {
        r->websocket = !strncasecmp(value, "websocket", 9);
    } else if ((value = value_of(line, "Sec-WebSocket-Key"))) {
        copy_value(r->key, sizeof(r->key), value);
    } else if ((value = value_of(line, "Sec-WebSocket-Version"))) {
        copy_value(r->version, sizeof(r->version), value);
    } else if ((value = value_of(line, "Sec-WebSocket-Protocol"))) {
        r->binary = r->binary || list_has(value, "binary");
    }
    return !again;
}

bool http_parse(struct http_request *r, const char *head)
{
    struct once said = {false, false};
    memset(r, 0, sizeof(*r));
    size_t method = strcspn(head, " \r\n");
    if (!method || head[method] != ' ')
        return false;
    const char *path = head + method + 1;
    size_t n = strcspn(path, " ?\r\n");
    const char *version = path + strcspn(path, " \r\n");
    if (strncmp(version, " HTTP/1.", 8))
        return false;
    r->get = method == 3 && !memcmp(head, "GET", 3);
    copy_path(r->path, sizeof(r->path), path, n);
    bool ok = true;
    for (const char *line = head; ok && (line = strstr(line, "\r\n")) && line[2] != '\r';)
        ok = take_header(r, &said, line += 2);
    return ok;
}

/* True if the host (with or without a port) is a name that always means this machine. Names that
 * DNS resolves are not: anybody can make one resolve to 127.0.0.1. */
static bool is_local(const char *host)
{
    size_t n = host[0] == '[' && strchr(host, ']') ? strcspn(host, "]") + 1 : strcspn(host, ":");
    const char *port = host + n;
    char name[INET_ADDRSTRLEN];
    uint8_t address[4];
    if (port[0] && (port[0] != ':' || port[1 + strspn(port + 1, "0123456789")]))
        return false;
    if ((n == 9 && !strncasecmp(host, "localhost", n)) || (n == 5 && !strncmp(host, "[::1]", n)))
        return true;
    if (n >= sizeof(name))
        return false;
    memcpy(name, host, n);
    name[n] = 0;
    return inet_pton(AF_INET, name, address) == 1 && address[0] == 127;
}

bool http_host_ok(const struct http_request *r, bool local)
{
    return r->host[0] && (!local || is_local(r->host));
}

bool http_same_origin(const struct http_request *r, bool local)
{
    const char *at = strstr(r->origin, "://");
    return http_host_ok(r, local) && at && !strcasecmp(at + 3, r->host);
}

const char *http_type(const char *path)
{
    static const struct {
        const char *ending, *type;
    } types[] = {
        {".html", "text/html; charset=utf-8"},
        {".js", "text/javascript; charset=utf-8"},
        {".mjs", "text/javascript; charset=utf-8"},
        {".css", "text/css; charset=utf-8"},
        {".json", "application/json"},
        {".svg", "image/svg+xml"},
        {".png", "image/png"},
        {".ico", "image/x-icon"},
        {".oga", "audio/ogg"},
        {".mp3", "audio/mpeg"},
        {".ttf", "font/ttf"},
        {".woff", "font/woff"},
    };
    const char *ending = strrchr(path, '.');
    for (size_t i = 0; ending && i < ARRAY_SIZE(types); i++)
        if (!strcmp(ending, types[i].ending))
            return types[i].type;
    return "application/octet-stream";
}
