/* SPDX-License-Identifier: MIT */
/* --help and the manual page, both from the option table. */
#include "main/options.h"

#include "monitor/monitor.h"

#include <string.h>

#define INDENT 8
#define WIDTH  78

static const char usage[] = "riscreen -k Image [-i initrd] [-d disk]... [option]...";
static const char about[] =
    "A RISC-V computer with a screen: it boots Linux and shows its desktop.";

static const struct {
    const char *keys, *what;
} keys[] = {
    {"Ctrl-A x", "end the machine"},
    {"Ctrl-A h", "list these keys"},
    {"Ctrl-A Ctrl-A", "send Ctrl-A to the guest"},
};

static const struct {
    const char *number, *what;
} statuses[] = {
    {"0", "the guest powered off, or the user ended the machine"},
    {"1", "something was wrong with the command line, the images, or a script"},
    {"122", "the guest was reset, which --no-reboot makes the end"},
    {"123", "the guest panicked (--on-panic, --no-reboot)"},
    {"124", "the time of --timeout was over"},
    {"128+N", "signal N ended riscreen"},
    {"other", "what the guest failed with, through the test finisher"},
};

/* The help text of a row with its default in place of %s. */
static void help_expand(char *out, size_t size, const struct option_row *row)
{
    const char *hole = strstr(row->help, "%s");
    if (hole)
        snprintf(out, size, "%.*s%s%s", (int)(hole - row->help), row->help,
                 row->key.def ? row->key.def : "none", hole + 2);
    else
        snprintf(out, size, "%s", row->help);
}

/* Prints words, broken before WIDTH, each line indented. */
static void help_wrap(FILE *f, const char *text)
{
    int column = 0;
    while (*text) {
        int n = (int)strcspn(text, " ");
        if (column && column + 1 + n > WIDTH) {
            fputc('\n', f);
            column = 0;
        }
        fprintf(f, "%*s%.*s", column ? 1 : INDENT, "", n, text);
        column += n + (column ? 1 : INDENT);
        text += n;
        text += strspn(text, " ");
    }
    fputc('\n', f);
}

void config_print_help(FILE *f)
{
    char text[512];
    fprintf(f, "%s\n\nUsage: %s\n", about, usage);
    for (unsigned i = 0; i < option_count; i++) {
        const struct option_row *row = &option_rows[i];
        if (row->group)
            fprintf(f, "\n%s:\n", row->group);
        if (!row->help)
            continue;
        if (row->letter)
            fprintf(f, "  -%c, ", row->letter);
        else
            fputs("      ", f);
        const char *syntax = row->key.syntax ? row->key.syntax : "";
        fprintf(f, "--%s%s%s\n", row->key.name, *syntax && !parse_optional(&row->key) ? " " : "",
                syntax);
        help_expand(text, sizeof(text), row);
        help_wrap(f, text);
    }
    fputs("\nKeys in the terminal:\n", f);
    for (unsigned i = 0; i < ARRAY_SIZE(keys); i++)
        fprintf(f, "  %-14s %s\n", keys[i].keys, keys[i].what);
    fputs("\nExit status:\n", f);
    for (unsigned i = 0; i < ARRAY_SIZE(statuses); i++)
        fprintf(f, "  %-6s %s\n", statuses[i].number, statuses[i].what);
    fprintf(f, "\nScreen scripts:\n%s", script_help);
}

/* --- the manual page --- */

/* Text for roff: no line begins with a control character, hyphens and backslashes are literal. */
static void write_roff(FILE *f, const char *text)
{
    bool start = true;
    for (; *text; text++) {
        if (start && (*text == '.' || *text == '\''))
            fputs("\\&", f);
        if (*text == '\\')
            fputs("\\e", f);
        else if (*text == '-')
            fputs("\\-", f);
        else
            fputc(*text, f);
        start = *text == '\n';
    }
}

static void man_option(FILE *f, const struct option_row *row)
{
    char text[512];
    fputs(".TP\n", f);
    if (row->letter)
        fprintf(f, "\\fB\\-%c\\fR, ", row->letter);
    fputs("\\fB\\-\\-", f);
    write_roff(f, row->key.name);
    fputs("\\fR", f);
    if (row->key.syntax) {
        fputs(parse_optional(&row->key) ? "\\fI" : " \\fI", f);
        write_roff(f, row->key.syntax);
        fputs("\\fR", f);
    }
    fputc('\n', f);
    help_expand(text, sizeof(text), row);
    write_roff(f, text);
    fputc('\n', f);
}

void config_print_man(FILE *f)
{
    fputs(".TH RISCREEN 1 \"\" \"riscreen\" \"User Commands\"\n.SH NAME\n"
          "riscreen \\- a RISC\\-V computer with a screen\n.SH SYNOPSIS\n",
          f);
    write_roff(f, usage);
    fputs("\n.SH DESCRIPTION\n", f);
    write_roff(f, about);
    fputs("\nThe board is laid out like QEMU's virt machine. The guest's serial port is the "
          "terminal, its screen a window.\n.SH OPTIONS\n",
          f);
    for (unsigned i = 0; i < option_count; i++) {
        if (option_rows[i].group)
            fprintf(f, ".SS %s\n", option_rows[i].group);
        if (option_rows[i].help)
            man_option(f, &option_rows[i]);
    }
    fputs(".SH KEYS\nIn the terminal:\n", f);
    for (unsigned i = 0; i < ARRAY_SIZE(keys); i++) {
        fputs(".TP\n\\fB", f);
        write_roff(f, keys[i].keys);
        fprintf(f, "\\fR\n%s\n", keys[i].what);
    }
    fputs(".SH SCREEN SCRIPTS\n.nf\n", f);
    write_roff(f, script_help);
    fputs(".fi\n.SH EXIT STATUS\n", f);
    for (unsigned i = 0; i < ARRAY_SIZE(statuses); i++) {
        fprintf(f, ".TP\n\\fB%s\\fR\n", statuses[i].number);
        write_roff(f, statuses[i].what);
        fputc('\n', f);
    }
    fputs(
        ".SH SIGNALS\nSIGINT, SIGTERM and SIGHUP end the machine, as if its power were cut: disks "
        "are\nflushed, recordings finished. A second SIGINT or SIGTERM, a second or more later, "
        "or\nten seconds without the end, end riscreen at once. SIGTSTP gives the terminal back "
        "first.\n"
        ".SH FILES\nWhat an option reads or writes may be a pipe that somebody has open, as in\n"
        "\\fB\\-\\-script <(command)\\fR, /dev/stdin or /dev/stdout; one that says nothing for 10 "
        "seconds, or takes\nnothing for 2, is an error. Images that the machine loads, and disks, "
        "are files.\nScripts have at most 1 MiB, reference pictures 256 MiB.\n",
        f);
}
