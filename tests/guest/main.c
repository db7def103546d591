/* SPDX-License-Identifier: MIT */
#include "kms.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

static int kms_kill(struct kms *k, const struct words *w)
{
    (void)k, (void)w;
    raise(SIGKILL);
    return 0;
}

static const struct {
    const char *name;
    int (*run)(struct kms *, const struct words *);
    const char *usage;
} commands[] = {
    {"client", kms_client, "N: open the device once more, or go back to that client"},
    {"close", kms_close, ": end this client"},
    {"info", kms_info, ": driver, capabilities, connectors"},
    {"head", kms_head, "N: the head that what follows is about"},
    {"modes", kms_modes, ": the head's modes, the preferred one with a star"},
    {"cap", kms_cap, "universal|atomic|hotspot 0|1"},
    {"master", kms_master, ": become master"},
    {"drop", kms_drop, ": be master no longer"},
    {"new", kms_new, "B WIDTH HEIGHT [argb]: a dumb buffer with a framebuffer"},
    {"free", kms_free, "B"},
    {"pattern", kms_pattern, "B SEED [X Y W H]"},
    {"rect", kms_rect, "B X Y W H AARRGGBB"},
    {"crtc", kms_crtc, "B [WIDTHxHEIGHT]: SETCRTC with the mode of that size, or of the buffer's"},
    {"off", kms_off, ": SETCRTC with nothing"},
    {"flip", kms_flip, "B: page flip, and wait for its event"},
    {"flipnow", kms_flipnow, "B: page flip whose event is for `wait`"},
    {"wait", kms_wait, ": for the event of flipnow"},
    {"flips", kms_flips, "N B C [RATE]: N page flips, to C and B by turns, RATE a second"},
    {"dirty", kms_dirty, "B [X Y W H]...: DIRTYFB with these clips, or without any"},
    {"plane", kms_plane, "B X Y | off: SETPLANE of the cursor plane"},
    {"cursor", kms_cursor,
     "B X Y [HX HY]: the legacy cursor call; with a hotspot the newer of the two"},
    {"move", kms_move, "X Y: moves the legacy cursor"},
    {"hide", kms_hide, ": takes the legacy cursor off"},
    {"hotspot", kms_hotspot, "X Y: the properties of the cursor plane"},
    {"follow", kms_follow, "SEED: wait for a hotplug, set the new preferred mode, draw"},
    {"timing", kms_timing,
     "N: nanoseconds of DIRTYFB and page flips at 1024x768, best of N rounds"},
    {"kill", kms_kill, ": SIGKILL"},
};
enum { COMMANDS = sizeof(commands) / sizeof(commands[0]) };

int kms_ioctl(struct client *c, unsigned long request, void *arg)
{
    int r;
    do {
        r = ioctl(c->fd, request, arg);
    } while (r < 0 && (errno == EINTR || errno == EAGAIN));
    return r < 0 ? errno : 0;
}

int32_t kms_number(const struct words *w, int index, int32_t otherwise)
{
    return index < w->count ? (int32_t)strtol(w->word[index], NULL, 10) : otherwise;
}

struct buffer *kms_buffer(struct kms *k, const struct words *w, int index)
{
    if (index >= w->count || w->word[index][0] < 'a' || w->word[index][0] > 'z')
        return NULL;
    return &k->now->buffers[w->word[index][0] - 'a'];
}

static int run(struct kms *k, char *line)
{
    struct words w = {0};
    for (char *word = strtok(line, " \r\n"); word && w.count < KMS_WORDS;
         word = strtok(NULL, " \r\n"))
        w.word[w.count++] = word;
    if (!w.count)
        return 0;
    for (int i = 0; i < COMMANDS; i++)
        if (!strcmp(commands[i].name, w.word[0])) {
            int error = commands[i].run(k, &w);
            if (error)
                printf("kms: error %d %s: %s\n", error, w.word[0], strerror(error));
            else
                printf("kms: ok %s\n", w.word[0]);
            fflush(stdout);
            return error;
        }
    printf("kms: error %d no such command: %s\n", EINVAL, w.word[0]);
    fflush(stdout);
    return EINVAL;
}

static void help(void)
{
    puts("usage: kms [COMMAND-LINE]...; without any it reads them from standard input");
    for (int i = 0; i < COMMANDS; i++)
        printf("  %s %s\n", commands[i].name, commands[i].usage);
}

int main(int argc, char **argv)
{
    struct kms k = {.uevents = -1};
    struct words first = {2, {(char[]){"client"}, (char[]){"0"}}};
    int error = kms_client(&k, &first);
    if (error || (argc > 1 && !strcmp(argv[1], "--help"))) {
        help();
        if (error)
            printf("kms: error %d /dev/dri/card0: %s\n", error, strerror(error));
        return error != 0;
    }
    for (int i = 1; i < argc && !error; i++)
        error = run(&k, argv[i]);
    if (argc > 1)
        return error != 0;
    puts("kms: ready");
    fflush(stdout);
    char line[4096];
    while (fgets(line, sizeof(line), stdin) && strncmp(line, "quit", 4))
        run(&k, line);
    return 0;
}
