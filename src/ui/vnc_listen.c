/* SPDX-License-Identifier: MIT */
#include "ui/vnc_listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FIRST_PORT 5900 /* display :N is this port plus N */
#define BACKLOG    128

/* Where to listen, as text. */
struct place {
    char host[256];
    char port[8];
};

static bool PRINTF_LIKE(3, 4) wrong(char *err, size_t err_size, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(err, err_size, fmt, ap);
    va_end(ap);
    return false;
}

/* --- the words of the option ------------------------------------------------------------------ */

static bool parse_place(struct place *p, const char *text, size_t len, char *err, size_t err_size)
{
    const char *colon = memrchr(text, ':', len);
    size_t host_len = colon ? (size_t)(colon - text) : 0;
    char *end = NULL;
    errno = 0;
    unsigned long port =
        colon && colon[1] >= '0' && colon[1] <= '9' ? strtoul(colon + 1, &end, 10) : 0;
    if (colon == text)
        port += FIRST_PORT;
    if (!end || end != text + len || errno || port > 65535 || host_len >= sizeof(p->host))
        return wrong(err, err_size,
                     "--display vnc=%.*s: not an address; write ADDRESS:PORT, as in "
                     "vnc=127.0.0.1:5900, or :N for port 5900 + N on this machine",
                     (int)len, text);
    if (host_len >= 2 && text[0] == '[' && text[host_len - 1] == ']') {
        text++;
        host_len -= 2;
    }
    snprintf(p->host, sizeof(p->host), "%.*s", (int)host_len, text);
    if (!host_len)
        strcpy(p->host, "127.0.0.1");
    snprintf(p->port, sizeof(p->port), "%lu", port);
    return true;
}

static bool read_secret(struct vnc_listen *l, const char *path, char *err, size_t err_size)
{
    char line[256];
    FILE *f = fopen(path, "re");
    if (!f)
        return wrong(err, err_size, "--display vnc: password=%s: %s; name a file with one line",
                     path, strerror(errno));
    if (!fgets(line, sizeof(line), f))
        line[0] = 0;
    fclose(f);
    line[strcspn(line, "\r\n")] = 0;
    if (!line[0] || strlen(line) > VNC_MAX_PASSWORD)
        return wrong(err, err_size,
                     "--display vnc: password=%s: its first line must have 1 to %d characters, "
                     "which is all that VNC compares",
                     path, VNC_MAX_PASSWORD);
    strcpy(l->secret, line);
    return true;
}

static bool parse(struct vnc_listen *l, struct place *p, const char *args, char *err,
                  size_t err_size)
{
    static const char password[] = "password=";
    size_t len = strcspn(args, ",");
    if (!parse_place(p, len ? args : ":0", len ? len : 2, err, err_size))
        return false;
    if (!args[len])
        return true;
    const char *word = args + len + 1;
    if (strncmp(word, password, strlen(password)))
        return wrong(err, err_size, "--display vnc: '%s' is no setting; there is password=FILE",
                     word);
    return read_secret(l, word + strlen(password), err, err_size);
}

/* --- sockets ---------------------------------------------------------------------------------- */

static bool is_loopback(const struct sockaddr *sa)
{
    if (sa->sa_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)sa;
        return ntohl(in->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
    }
    const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)sa;
    return IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr);
}

/* A listening socket or -1 with errno. */
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

/* The first socket's address as it came to be: port 0 took any that was free. */
static void note_where(struct vnc_listen *l)
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

static bool open_all(struct vnc_listen *l, const struct place *p, const struct addrinfo *list,
                     char *err, size_t err_size)
{
    for (const struct addrinfo *a = list; a && l->count < VNC_MAX_SOCKETS; a = a->ai_next) {
        if (a->ai_family != AF_INET && a->ai_family != AF_INET6)
            continue;
        if (!l->secret[0] && !is_loopback(a->ai_addr))
            return wrong(err, err_size,
                         "--display vnc=%s:%s: other machines would reach this address without a "
                         "password; add ,password=FILE, or use 127.0.0.1",
                         p->host, p->port);
        int fd = listen_at(a);
        if (fd >= 0)
            l->fd[l->count++] = fd;
        else if (errno != EAFNOSUPPORT && errno != EADDRNOTAVAIL)
            return wrong(err, err_size, "--display vnc=%s:%s: %s; choose another port", p->host,
                         p->port, strerror(errno));
    }
    return l->count || wrong(err, err_size,
                             "--display vnc=%s:%s: this machine has no such address; use 127.0.0.1",
                             p->host, p->port);
}

bool vnc_listen_open(struct vnc_listen *l, const char *args, char *err, size_t err_size)
{
    const struct addrinfo hints = {.ai_flags = AI_NUMERICSERV, .ai_socktype = SOCK_STREAM};
    struct addrinfo *list;
    struct place p;
    memset(l, 0, sizeof(*l));
    if (!parse(l, &p, args, err, err_size))
        return false;
    int error = getaddrinfo(p.host, p.port, &hints, &list);
    if (error)
        return wrong(err, err_size, "--display vnc=%s:%s: %s; use 127.0.0.1", p.host, p.port,
                     gai_strerror(error));
    bool ok = open_all(l, &p, list, err, err_size);
    freeaddrinfo(list);
    if (ok)
        note_where(l);
    else
        vnc_listen_close(l);
    return ok;
}

void vnc_listen_close(struct vnc_listen *l)
{
    while (l->count)
        close(l->fd[--l->count]);
}
