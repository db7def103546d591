/* SPDX-License-Identifier: MIT */
/*
 * The inside of screen scripts. A script is parsed into steps, all of them before anything starts;
 * a thread then runs them one after the other. A step sleeps on one condition variable, which is
 * signalled when the screen changed, the console printed, or the machine ended.
 *
 *   script.c         creation, the thread, the end
 *   script_parse.c   lines into steps
 *   script_words.c   a line into words
 *   script_regex.c   regular expressions that cost too much
 *   script_steps.c   what the steps do to keyboard, pointer and console
 *   script_screen.c  wait-screen, snap, and the pictures of a failure
 *   script_console.c wait-serial
 *   script_panic.c   a panic of the guest
 *   script_report.c  JUnit
 */
#ifndef MONITOR_SCRIPT_H
#define MONITOR_SCRIPT_H

#include "base/error.h"
#include "display/pixels.h"
#include "monitor/monitor.h"

#include <pthread.h>
#include <regex.h>

#define SCRIPT_MAX_CHORD  8
#define SCRIPT_MAX_BYTES  (1u << 20) /* of its file */
#define SCRIPT_MAX_WORDS  32
#define SCRIPT_CONSOLE    (1u << 20) /* bytes of console output kept for wait-serial */
#define SCRIPT_TIMEOUT_NS (60 * UINT64_C(1000000000))

struct script;

struct step {
    unsigned line;
    const struct step_type *type;
    char *text; /* the line as written */
    /* from the words; which of these are used depends on the type */
    char *string; /* path (full), or text to type */
    size_t string_len;
    regex_t *regex;
    struct picture *reference;
    struct rect region;
    bool has_region, cursor;
    unsigned head, tolerance, button, status;
    int64_t x, y;
    unsigned keys[SCRIPT_MAX_CHORD], key_count;
    uint64_t time_ns; /* to sleep, or the timeout */
    /* how it went */
    enum { STEP_NOT_RUN, STEP_PASSED, STEP_FAILED } result;
    uint64_t took_ns;
    char *message; /* of a failure */
    char *detail;  /* lines that belong to it; NULL: none */
};

/* --- lines into steps (script_parse.c, script_words.c) --- */

/* A word of a line, quotes and escapes gone. It may be an option: NAME=VALUE. */
struct word {
    char *text;
    size_t len;  /* may hold NULs */
    size_t name; /* length of NAME; 0: no option */
};

/* Splits a line; the count, or -1 with what is wrong in err. */
int script_split(const char *line, struct word *words, struct error *err);
void script_free_words(struct word *words, int n);

/* May an extended regular expression be compiled? glibc's regcomp copies what is repeated and calls
 * itself for each bracket, without a bound on time, memory and stack. script_regex.c */
bool script_regex_small(const char *pattern);

enum step_option {
    OPTION_TIMEOUT = 1,
    OPTION_TOLERANCE = 2,
    OPTION_REGION = 4,
    OPTION_HEAD = 8,
    OPTION_CURSOR = 16,
    OPTION_BUTTON = 32,
};

/* What a word after the command is. */
enum step_arg {
    ARG_NONE,
    ARG_REFERENCE,   /* a picture to compare with */
    ARG_OUTPUT,      /* a path to write */
    ARG_REGEX,       /* a regular expression */
    ARG_TYPED_TEXT,  /* for the keyboard */
    ARG_SERIAL_TEXT, /* for the console */
    ARG_CHORD,       /* keys that are held together */
    ARG_X,
    ARG_Y,
    ARG_WHEEL,    /* notches */
    ARG_DURATION, /* seconds */
    ARG_STATUS,   /* of the process */
};

#define SCRIPT_MAX_ARGS 2 /* of a command */

struct step_type {
    const char *name;
    enum step_arg args[SCRIPT_MAX_ARGS]; /* in their order */
    bool args_optional;                  /* else each must be there */
    unsigned options;
    bool after_end; /* it makes sense when the machine has ended */
    /* The script's thread; false if it failed, with the reason left by script_fail. */
    bool (*run)(struct script *s, struct step *step);
};
extern const struct step_type script_step_types[]; /* ends with a NULL name */

/* Words of one line into step; false with what is wrong in err. */
bool script_parse_step(struct script *s, struct step *step, struct word *words, int n,
                       struct error *err);
void script_free_step(struct step *step);

/* --- running --- */

struct script {
    struct script_config config;
    char *folder; /* of the script, ends with "/", or empty: the working directory */
    struct step *steps;
    unsigned count;
    int junit; /* the report's file, or -1 */
    /* while it runs */
    struct machine *machine;
    struct machine_listener events;
    struct display *display; /* NULL: no screen */
    struct input_hub *input;
    struct viewer *viewer;
    pthread_t thread;
    bool started;
    uint64_t started_wall_ns;
    /* the script's thread; others after it ended */
    bool failed, done; /* a step failed; all went well, or a quit was reached */
    int quit_status;   /* of a quit, or -1 */
    /* under the lock */
    pthread_mutex_t lock;
    pthread_cond_t cond;
    bool screen_changed, console_spoke;
    bool ending;                 /* the machine has ended, or will because it panicked */
    bool panicked;               /* and the script is to fail for it */
    _Atomic uint64_t save_until; /* pictures that take longer are given up; HOST_FOREVER at first */
    /* console output since the last match of wait-serial, carriage returns left out. Positions
     * count from the beginning of all output; [console_from, console_to) is kept. */
    char *console;
    size_t console_room;
    uint64_t console_from, console_to, console_seen; /* seen: searched without a match */
};

/* Leaves the message in the step and returns false. */
bool script_fail(struct step *step, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Sleeps; false if the machine ended meanwhile. */
bool script_sleep(struct script *s, uint64_t ns);
/* Sleeps until *flag is true, which it clears; false at the deadline or when the machine ended. */
bool script_wait(struct script *s, bool *flag, uint64_t deadline_ns);
bool script_ended(struct script *s);
/* From now on a panic of the guest ends the script, unless --on-panic is none. */
void script_watch_panic(struct script *s);
bool script_panicked(struct script *s);
/* Leaves message, detail and a picture of the screen, and returns false. */
bool script_fail_panicked(struct script *s, struct step *step);
void script_say_detail(struct script *s, const struct step *step); /* on stderr */

bool step_wait_screen(struct script *s, struct step *step);
bool step_snap(struct script *s, struct step *step);
bool step_wait_serial(struct script *s, struct step *step);

/* The full path of a file of a failure, OUT/SCRIPT-lineN-WHAT.png; malloc'd. */
char *script_out_path(const struct script *s, const struct step *step, const char *what);

/* Writes the report to fd, of host_file_open_write, and closes that; 0 or an errno. */
int script_write_junit(const struct script *s, int fd);

#endif
