/* SPDX-License-Identifier: MIT */
/*
 * Lines of screen scripts: any bytes become a step whose numbers are in their ranges, or one
 * complaint; and nothing is left behind.
 */
#include "fuzz/fuzz.h"
#include "display/display.h"
#include "monitor/script.h"

static void check_step(const struct step *step)
{
    FUZZ_CHECK(step->type && step->type->name && step->type->run);
    FUZZ_CHECK(step->key_count <= SCRIPT_MAX_CHORD);
    for (unsigned i = 0; i < step->key_count; i++)
        FUZZ_CHECK(step->keys[i]);
    FUZZ_CHECK(step->head < DISPLAY_MAX_HEADS && step->status <= 255 && step->tolerance <= 255);
    FUZZ_CHECK(!step->has_region ||
               (!rect_empty(&step->region) && rect_inside(&step->region, UINT32_MAX, UINT32_MAX)));
    FUZZ_CHECK(step->time_ns <= UINT64_MAX / 4); /* it is added to the time */
    FUZZ_CHECK(step->x > -(1 << 20) && step->x < 1 << 20 && step->y > -(1 << 20) &&
               step->y < 1 << 20);
    FUZZ_CHECK(!step->string || !step->string[step->string_len] || !step->string_len);
}

static void parse(struct script *s, const char *line)
{
    struct word words[SCRIPT_MAX_WORDS];
    struct error err = {""};
    int n = script_split(line, words, &err);
    FUZZ_CHECK(n >= -1 && n <= SCRIPT_MAX_WORDS);
    FUZZ_CHECK(n >= 0 || err.text[0]);
    if (n <= 0)
        return;
    for (int i = 0; i < n; i++)
        FUZZ_CHECK(words[i].text && !words[i].text[words[i].len] && words[i].name <= words[i].len);
    struct step step = {.line = 1, .text = strdup(line)};
    if (script_parse_step(s, &step, words, n, &err))
        check_step(&step);
    else
        FUZZ_CHECK(err.text[0] && memchr(err.text, 0, sizeof(err.text)));
    script_free_step(&step);
    script_free_words(words, n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct script s = {.folder = (char *)"/nowhere/"};
    char *text = malloc(size + 1), *rest, *line;
    if (!text)
        return 0;
    if (size)
        memcpy(text, data, size);
    text[size] = 0;
    /* no absolute path: it might be a pipe that is waited for */
    for (char *c = text; (c = strchr(c, '/')); c++)
        *c = '_';
    for (rest = text; (line = strsep(&rest, "\n"));)
        parse(&s, line);
    free(text);
    return 0;
}
