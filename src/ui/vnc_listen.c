/* SPDX-License-Identifier: MIT */
#include "ui/vnc_listen.h"

#include "base/parse.h"
#include "host/file.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 128

/* Where to listen, as text for getaddrinfo. */
struct listen_addr {
    char host[256];
    char port[8];
};

/* --- the option --- */

static bool parse_address(const struct vnc_listen_kind *kind, struct listen_addr *p,
                          const char *text, size_t len, struct error *err)
{
    const char *colon = memrchr(text, ':', len);
    const char *number = colon ? colon + 1 : text;
    size_t host_len = colon ? (size_t)(colon - text) : 0;
    char digits[8] = "";
    unsigned port = UINT_MAX, first = colon == text ? kind->first_port : 0;
    if (len - (size_t)(number - text) < sizeof(digits))
        memcpy(digits, number, len - (size_t)(number - text));
    if (parse_unsigned(digits, 0, 65535 - first, &port))
        port += first;
    if (port > 65535 || host_len >= sizeof(p->host) || (!colon && kind->first_port))
        return error_set(err, "--display %s=%.*s: not an address; write %s, as in %s", kind->name,
                         (int)len, text, kind->syntax, kind->example);
    if (host_len >= 2 && text[0] == '[' && text[host_len - 1] == ']') {
        text++;
        host_len -= 2;
    }
    snprintf(p->host, sizeof(p->host), "%.*s", (int)host_len, text);
    if (!host_len)
        strcpy(p->host, "127.0.0.1");
    snprintf(p->port, sizeof(p->port), "%u", port);
    return true;
}

/* --- what follows the address --- */

static bool read_secret(void *listen, const char *path, struct error *err)
{
    struct vnc_listen *l = listen;
    struct host_bytes file;
    if (host_file_read(&file, path, VNC_MAX_PASSWORD_FILE, false, err))
        return error_set(err, "%s; name a file with one line", err->text);
    const char *line = (const char *)file.data;
    size_t length = strcspn(line, "\r\n");
    bool fits = length && length <= VNC_MAX_PASSWORD;
    snprintf(l->secret, sizeof(l->secret), "%.*s", fits ? (int)length : 0, line);
    explicit_bzero(file.data, file.size);
    host_bytes_free(&file);
    return fits || error_set(err,
                             "its first line must have 1 to %d characters, which is all that VNC "
                             "compares",
                             VNC_MAX_PASSWORD);
}

static bool read_pages(void *listen, const char *folder, struct error *err)
{
    struct vnc_listen *l = listen;
    (void)err;
    memccpy(l->pages, folder, 0, sizeof(l->pages) - 1);
    return true;
}

static const struct parse_key listen_keys[] = {
    {"password", "FILE", NULL, PARSE_CALL(0, read_secret)},
    {"head", "N", "0", PARSE_UNSIGNED(struct vnc_listen, head, 0, DISPLAY_MAX_HEADS - 1)},
    {"keymap", KEYBOARD_LAYOUTS, "us",
     PARSE_CALL(offsetof(struct vnc_listen, layout), keyboard_layout_read)},
    {"novnc", "FOLDER", NULL, PARSE_CALL(0, read_pages)}, /* last: only where there are pages */
};

static bool read_settings(struct vnc_listen *l, const struct ui_env *env, const char *settings,
                          struct error *err)
{
    unsigned keys = ARRAY_SIZE(listen_keys) - !l->kind->pages;
    char *list = strdup(settings);
    parse_defaults(listen_keys, keys, l);
    if (!list)
        return error_no_memory(err);
    bool ok = parse_list(listen_keys, keys, l, list, err) ||
              error_set(err, "--display %s: %s", l->kind->name, err->text);
    free(list);
    if (ok && l->head >= display_heads(env->display))
        ok = error_set(err, "--display %s: there is no head %u; the last one is %u", l->kind->name,
                       l->head, display_heads(env->display) - 1);
    return ok;
}

static bool parse_args(struct vnc_listen *l, struct listen_addr *p, const struct ui_env *env,
                       const char *args, struct error *err)
{
    char usual[16];
    size_t len = strcspn(args, ",");
    snprintf(usual, sizeof(usual), ":%u", l->kind->usual_port);
    if (args[len] && !args[len + 1])
        return error_set(err,
                         "--display %s=%s: a setting is missing behind the comma; leave it out",
                         l->kind->name, args);
    return parse_address(l->kind, p, len ? args : usual, len ? len : strlen(usual), err) &&
           read_settings(l, env, args + len + (args[len] == ','), err);
}

/* --- sockets --- */

static bool is_loopback(const struct sockaddr *sa)
{
    if (sa->sa_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)sa;
        return ntohl(in->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
    }
    const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)sa;
    return IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr);
}

/* Returns a listening socket, -1 with errno. */
static int listen_at(const struct addrinfo *a)
{
    int one = 1;
    int fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (a->ai_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
    if (bind(fd, a->ai_addr, a->ai_addrlen) || listen(fd, BACKLOG)) {
        int error = errno;
        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

/* Sets `where` from the first socket, since the kernel has chosen the port if that was 0. */
static void set_where(struct vnc_listen *l)
{
    struct sockaddr_storage sa;
    socklen_t len = sizeof(sa);
    char host[256], port[16];
    if (getsockname(l->fd[0], (struct sockaddr *)&sa, &len) ||
        getnameinfo((struct sockaddr *)&sa, len, host, sizeof(host), port, sizeof(port),
                    NI_NUMERICHOST | NI_NUMERICSERV))
        return;
    snprintf(l->where, sizeof(l->where), strchr(host, ':') ? "[%s]:%s" : "%s:%s", host, port);
}

static bool open_all(struct vnc_listen *l, const struct listen_addr *p, const struct addrinfo *list,
                     struct error *err)
{
    for (const struct addrinfo *a = list; a && l->count < VNC_MAX_SOCKETS; a = a->ai_next) {
        if (a->ai_family != AF_INET && a->ai_family != AF_INET6)
            continue;
        if (!l->secret[0] && !is_loopback(a->ai_addr))
            return error_set(
                err,
                "--display %s=%s:%s: other machines would reach this address without a "
                "password; add ,password=FILE, or use 127.0.0.1",
                l->kind->name, p->host, p->port);
        int fd = listen_at(a);
        if (fd >= 0)
            l->fd[l->count++] = fd;
        else if (errno != EAFNOSUPPORT && errno != EADDRNOTAVAIL)
            return error_set(err, "--display %s=%s:%s: %s; choose another port", l->kind->name,
                             p->host, p->port, strerror(errno));
    }
    return l->count ||
           error_set(err, "--display %s=%s:%s: this machine has no such address; use 127.0.0.1",
                     l->kind->name, p->host, p->port);
}

bool vnc_listen_open(struct vnc_listen *l, const struct vnc_listen_kind *kind,
                     const struct ui_env *env, const char *args, struct error *err)
{
    const struct addrinfo hints = {.ai_flags = AI_NUMERICSERV, .ai_socktype = SOCK_STREAM};
    struct addrinfo *list;
    struct listen_addr p;
    memset(l, 0, sizeof(*l));
    l->kind = kind;
    l->spare = -1;
    snprintf(l->pages, sizeof(l->pages), "%s", kind->pages ? kind->pages : "");
    if (!parse_args(l, &p, env, args, err))
        return false;
    int error = getaddrinfo(p.host, p.port, &hints, &list);
    if (error)
        return error_set(err, "--display %s=%s:%s: %s; use 127.0.0.1", kind->name, p.host, p.port,
                         gai_strerror(error));
    bool ok = open_all(l, &p, list, err);
    freeaddrinfo(list);
    if (ok)
        set_where(l);
    else
        vnc_listen_close(l);
    return ok;
}

void vnc_listen_close(struct vnc_listen *l)
{
    while (l->count)
        close(l->fd[--l->count]);
    if (l->welcome && l->spare >= 0)
        close(l->spare);
    l->welcome = NULL;
}

/* --- connections --- */

/* Accepts and closes a connection when no descriptor is free, by giving up the reserved one for a
 * moment. If the connection stayed in the backlog, the loop would report the socket as readable
 * again and again. */
static void reject_connection(struct vnc_listen *l, int listener)
{
    close(l->spare);
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd >= 0)
        close(fd);
    l->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void accept_all(struct vnc_listen *l, int listener)
{
    int fd;
    while ((fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0)
        l->welcome(l->ctx, fd);
    if (errno == EMFILE || errno == ENFILE)
        reject_connection(l, listener);
}

static void on_connection(void *arg, unsigned events)
{
    struct vnc_listen *l = arg;
    (void)events;
    for (unsigned i = 0; i < l->count; i++)
        accept_all(l, l->fd[i]);
}

bool vnc_listen_watch(struct vnc_listen *l, struct loop *loop, void (*welcome)(void *ctx, int fd),
                      void *ctx)
{
    l->welcome = welcome;
    l->ctx = ctx;
    l->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
    bool ok = l->spare >= 0;
    for (unsigned i = 0; ok && i < l->count; i++)
        ok = loop_fd_add(loop, l->fd[i], LOOP_READ, on_connection, l);
    return ok;
}
