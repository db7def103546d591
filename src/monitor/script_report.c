/* SPDX-License-Identifier: MIT */
#include "monitor/script.h"

#include "base/text.h"
#include "host/clock.h"
#include "host/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Text of an attribute. XML has no way to say most control characters, and must be UTF-8. */
static void put_xml(FILE *f, const char *text)
{
    size_t size = text ? 4 * strlen(text) + 1 : 0;
    char *plain = text ? malloc(size) : NULL;
    if (!plain)
        return;
    text_printable(plain, size, text);
    for (const char *c = plain; *c; c++) {
        switch (*c) {
        case '<': fputs("&lt;", f); break;
        case '>': fputs("&gt;", f); break;
        case '&': fputs("&amp;", f); break;
        case '"': fputs("&quot;", f); break;
        default: fputc(*c, f); break;
        }
    }
    free(plain);
}

static double seconds(uint64_t ns)
{
    return (double)ns / 1e9;
}

static void put_step(FILE *f, const struct script *s, const struct step *step)
{
    fprintf(f, "    <testcase name=\"%u: ", step->line);
    put_xml(f, step->text);
    fputs("\" classname=\"", f);
    put_xml(f, s->config.path);
    fprintf(f, "\" time=\"%.3f\"", seconds(step->took_ns));
    if (step->result == STEP_PASSED) {
        fputs("/>\n", f);
        return;
    }
    if (step->result == STEP_NOT_RUN) {
        fputs("><skipped/></testcase>\n", f);
        return;
    }
    fputs("><failure message=\"", f);
    put_xml(f, step->message);
    fputs("\">", f);
    for (const char *p = step->detail; p && *p;) {
        size_t n = strcspn(p, "\n");
        char *line = strndup(p, n);
        put_xml(f, line);
        free(line);
        fputc('\n', f);
        p += n + (p[n] == '\n');
    }
    fputs("</failure></testcase>\n", f);
}

static void put_suite(FILE *f, const struct script *s)
{
    unsigned failures = 0, skipped = 0;
    uint64_t took = 0;
    for (unsigned i = 0; i < s->count; i++) {
        failures += s->steps[i].result == STEP_FAILED;
        skipped += s->steps[i].result == STEP_NOT_RUN;
        took += s->steps[i].took_ns;
    }
    char stamp[32];
    struct tm tm;
    time_t when = (time_t)(s->started_wall_ns / NS_PER_SEC);
    strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", gmtime_r(&when, &tm));
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite name=\"", f);
    put_xml(f, s->config.path);
    fprintf(f,
            "\" tests=\"%u\" failures=\"%u\" errors=\"0\" skipped=\"%u\" time=\"%.3f\" "
            "timestamp=\"%s\">\n",
            s->count, failures, skipped, seconds(took), stamp);
    for (unsigned i = 0; i < s->count; i++)
        put_step(f, s, &s->steps[i]);
    fputs("  </testsuite>\n</testsuites>\n", f);
}

int script_write_junit(const struct script *s, int fd)
{
    FILE *f = host_file_stream(fd);
    if (!f)
        return errno;
    put_suite(f, s);
    bool bad = ferror(f);
    return fclose(f) ? errno : bad ? EIO : 0;
}
