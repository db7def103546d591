/* SPDX-License-Identifier: MIT */
/*
 * A folder with every kind of file that must not be opened by a program that serves the files
 * beneath the folder: links out of it, absolute and by "..", to itself, through /proc, to devices;
 * FIFOs; sockets. Beside the folder lies a secret file. Names are short, so that a fuzzer finds
 * them.
 */
#ifndef TESTS_KIT_SNARES_H
#define TESTS_KIT_SNARES_H

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

struct snares {
    char root[64];
    int folder;       /* root/in */
    struct stat file; /* in/f and in/d/f, one file by two names: all that may be opened */
};

static const char *const snare_good[] = {"f", "d/f", "l", "d/l"}; /* the last two by links */
static const char *const snare_bad[] = {"",     "/",           ".",
                                        "..",   "d",           "d/",
                                        "d/..", "../s",        "d/../../s",
                                        "f/",   "/f",          "d//f",
                                        "//f",  "a",           "u",
                                        "o",    "o/s",         "o/in/f",
                                        "r",    "m/f",         "m/etc/passwd",
                                        "p",    "z",           "k",
                                        "t",    "h/x",         "x",
                                        "d/u",  "/etc/passwd", "//etc/passwd"};

static inline bool snares_make(struct snares *s)
{
    static const char *const links[][2] = {
        {"f", "l"},        {"../f", "d/l"}, {"/etc/passwd", "a"},     {"../s", "u"},
        {"..", "o"},       {"r", "r"},      {"/proc/self/root", "m"}, {"/dev/zero", "z"},
        {"/dev/tty", "t"}, {"/", "h"},      {"../../s", "d/u"},
    };
    char path[128];
    snprintf(s->root, sizeof(s->root), "/tmp/riscreen-snares-XXXXXX");
    if (!mkdtemp(s->root))
        return false;
    int root = open(s->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = root >= 0 && !mkdirat(root, "in", 0700) && !mkdirat(root, "in/d", 0700);
    int secret = ok ? openat(root, "s", O_CREAT | O_WRONLY | O_CLOEXEC, 0600) : -1;
    int file = ok ? openat(root, "in/f", O_CREAT | O_WRONLY | O_CLOEXEC, 0600) : -1;
    s->folder = ok ? openat(root, "in", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    ok = ok && secret >= 0 && file >= 0 && s->folder >= 0 && !fstat(file, &s->file) &&
         !linkat(s->folder, "f", s->folder, "d/f", 0) && !mkfifoat(s->folder, "p", 0600);
    for (size_t i = 0; ok && i < sizeof(links) / sizeof(links[0]); i++)
        ok = !symlinkat(links[i][0], s->folder, links[i][1]);
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    snprintf(path, sizeof(path), "%s/in/k", s->root);
    snprintf(name.sun_path, sizeof(name.sun_path), "%.100s", path);
    int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ok = ok && sock >= 0 && !bind(sock, (struct sockaddr *)&name, sizeof(name));
    close(sock);
    close(file);
    close(secret);
    close(root);
    return ok;
}

static inline void snares_remove(struct snares *s)
{
    char command[128];
    close(s->folder);
    snprintf(command, sizeof(command), "rm -rf %s", s->root);
    if (system(command))
        printf("cannot remove %s\n", s->root);
}

/* Is this descriptor, which is closed, the file that may be opened? */
static inline bool snares_is_file(const struct snares *s, int fd)
{
    struct stat st;
    bool yes = !fstat(fd, &st) && st.st_dev == s->file.st_dev && st.st_ino == s->file.st_ino;
    close(fd);
    return yes;
}

#endif
