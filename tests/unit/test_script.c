/* SPDX-License-Identifier: MIT */
#include "monitor/script.h"

#include "host/clock.h"
#include "unit/stub_machine.h"
#include "ui/picture.h"

#include <png.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static int enter_folder(void **state)
{
    char folder[] = "/tmp/test-script-XXXXXX";
    *state = mkdtemp(folder) ? strdup(folder) : NULL;
    return *state ? chdir(*state) : -1;
}

static int leave_folder(void **state)
{
    char command[256];
    snprintf(command, sizeof(command), "rm -r '%s'", (char *)*state);
    free(*state);
    return system(command);
}

#define assert_says(text, part)                                                                    \
    do {                                                                                           \
        const char *text_ = (text);                                                                \
        if (!strstr(text_, part))                                                                  \
            fail_msg("no '%s' in '%s'", part, text_);                                              \
    } while (0)

static void write_text(const char *name, const char *text)
{
    FILE *f = fopen(name, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static const char *read_text(const char *name)
{
    static char text[16384]; /* a test's */
    FILE *f = fopen(name, "r");
    assert_non_null(f);
    text[fread(text, 1, sizeof(text) - 1, f)] = 0;
    fclose(f);
    return text;
}

/* A reference of one colour, BGRA as a number. */
static void write_reference(const char *name, uint32_t w, uint32_t h, uint32_t bgra)
{
    png_image image = {.version = PNG_IMAGE_VERSION, .width = w, .height = h};
    struct picture *pic = picture_create(w, h);
    for (uint32_t i = 0; i < w * h * 4; i++)
        pic->data[i / 4 / w * pic->stride + i / 4 % w * 4 + i % 4] =
            (uint8_t)(bgra >> (24 - 8 * (i % 4)));
    image.format = PNG_FORMAT_BGRA;
    assert_true(png_image_write_to_file(&image, name, 0, pic->data, (int)pic->stride, NULL));
    picture_destroy(pic);
}

/* --- words and lines --- */

static void test_words(void **state)
{
    (void)state;
    struct word w[SCRIPT_MAX_WORDS];
    struct error err;
    assert_int_equal(script_split("  # nothing", w, &err), 0);
    assert_int_equal(script_split("type \"a\\n\\\"b\\x41\\.\" 'c\\n d' e\"f g\"h#i # x", w, &err),
                     4);
    assert_string_equal(w[1].text, "a\n\"bA\\.");
    assert_string_equal(w[2].text, "c\\n d");
    assert_string_equal(w[3].text, "ef gh#i");
    script_free_words(w, 4);
    assert_int_equal(script_split("timeout=5 \"timeout=5\" A=1", w, &err), 3);
    assert_int_equal(w[0].name, 7);
    assert_int_equal(w[1].name, 0);
    assert_int_equal(w[2].name, 0);
    script_free_words(w, 3);
    assert_int_equal(script_split("a \"b", w, &err), -1);
    assert_says(err.text, "not closed");
    assert_int_equal(
        script_split("a b c d e f g h i j k l m n o p q r s t u v w x y z 1 2 3 4 5 6 7", w, &err),
        -1);
}

static void refuse(const char *line, const char *part)
{
    const struct script_config config = {.path = "bad.script"};
    struct error err = {""};
    char text[256];
    snprintf(text, sizeof(text), "# first\n%s\n", line);
    write_text("bad.script", text);
    struct script *s = script_create(&config, &err);
    if (s)
        fail_msg("'%s' was taken", line);
    assert_says(err.text, "bad.script:2: ");
    assert_says(err.text, part);
}

static void test_mistakes(void **state)
{
    (void)state;
    write_reference("r.png", 8, 8, 0xff);
    refuse("dance", "no command");
    refuse("wait-screen", "needs more words");
    refuse("wait-screen absent.png", "cannot be read");
    refuse("wait-screen r.png tolerance=256", "0..255");
    refuse("wait-screen r.png tolerance=-1", "0..255");
    refuse("wait-screen r.png region=8x8", "WxH+X+Y");
    refuse("wait-screen r.png region=0x8+1+1", "WxH+X+Y");
    refuse("wait-screen r.png region=9x9+0+0", "8x8");
    refuse("wait-screen r.png timeout=soon", "seconds");
    refuse("wait-screen r.png timeout=nan", "seconds");
    refuse("wait-screen r.png head=16", "0..15");
    refuse("wait-screen r.png button=left", "no option");
    refuse("wait-serial \"(\"", "no regular expression");
    refuse("wait-serial a b", "does not take");
    refuse("wait-serial ((a{1,200}){1,200}){1,50}", "too large"); /* gigabytes */
    refuse("wait-serial (a{200}[])[:alpha:](]b){200}", "too large");
    refuse("wait-serial "
           "((((((((((((((((((((((((((((((((((((((((a))))))))))))))))))))))))))))))))))))))))",
           "too large"); /* the stack */
    assert_true(script_regex_small("^(a{1,90}[^]{9}(]|\\(){3}b)*\\{9{1,40}login: $"));
    assert_false(script_regex_small("a{9999}b{99999999999999999999}"));
    assert_false(script_regex_small("x\\++*"));
    assert_false(script_regex_small("((((((((((((x+)+)+)+)+)+)+)+)+)+)+)+)")); /* each + doubles */
    assert_true(script_regex_small("(a+b?)*c{2,}\\++"));
    refuse("type \"\\xe4\"", "0xe4");
    refuse("type", "needs more words");
    refuse("key ctrl-foo", "'foo' is no key");
    refuse("key a-b-c-d-e-f-g-h-i", "at most");
    refuse("click 1", "needs more words");
    refuse("click -1 2", "no coordinate");
    refuse("click 1 2 button=big", "left");
    refuse("wheel 1000", "-100..100");
    refuse("snap no/such/x.png", "cannot be written");
    refuse("snap x.png cursor=maybe", "on or off");
    refuse("sleep", "needs more words");
    refuse("sleep -1", "seconds");
    refuse("quit 256", "0..255");
    refuse("quit 1 2", "does not take");
    refuse("sleep \"1", "not closed");
}

static void test_outputs_are_checked(void **state)
{
    (void)state;
    struct error err;
    struct script_config config = {.path = "ok.script", .junit = "no/such/r.xml"};
    write_text("ok.script", "quit\n");
    assert_null(script_create(&config, &err));
    assert_says(err.text, "--junit");
    config = (struct script_config){.path = "ok.script", .out_dir = "nowhere"};
    assert_null(script_create(&config, &err));
    assert_says(err.text, "--script-out");
    config = (struct script_config){.path = "absent.script"};
    assert_null(script_create(&config, &err));
    assert_says(err.text, "absent.script");
}

static void test_equals_in_text(void **state)
{
    (void)state;
    struct error err;
    const struct script_config config = {.path = "eq.script"};
    write_text("eq.script", "type a=b\nwait-serial foo=[0-9] timeout=3\ntype-serial timeout=5\n");
    struct script *s = script_create(&config, &err);
    assert_non_null(s);
    assert_string_equal(s->steps[0].string, "a=b");
    assert_int_equal(s->steps[1].time_ns, 3 * NS_PER_SEC);
    assert_string_equal(s->steps[2].string, "timeout=5");
    script_destroy(s);
}

/* --- running --- */

struct show {
    struct machine m;
    struct script *s;
};

static void begin(struct show *show, const char *text, const char *junit)
{
    struct error err;
    const struct script_config config = {.path = "t.script", .junit = junit};
    stub_init(&show->m);
    write_text("t.script", text);
    show->s = script_create(&config, &err);
    if (!show->s)
        fail_msg("%s", err.text);
    assert_true(script_start(show->s, &show->m, &err));
}

static void pause_ms(unsigned ms)
{
    struct timespec ts = {ms / 1000, ms % 1000 * 1000000L};
    nanosleep(&ts, NULL);
}

/* Waits for the script's quit, as the machine's thread would. */
static int end(struct show *show)
{
    for (int i = 0; i < 500 && !show->m.quits; i++)
        pause_ms(10);
    int status = script_finish(show->s, MAX(show->m.quit_status, 0));
    script_destroy(show->s);
    stub_finish(&show->m);
    return status;
}

static void say(struct show *show, const char *text)
{
    script_console_out(show->s, (const uint8_t *)text, strlen(text));
}

static void test_input(void **state)
{
    (void)state;
    struct show *show = calloc(1, sizeof(*show));
    struct error err;
    char log[8192];
    const struct script_config config = {.path = "t.script"};
    stub_init(&show->m);
    stub_show(&show->m, 100, 50, 0);
    write_text("t.script", "type \"aB\\n\"\nkey ctrl-alt-f2\nclick 50 25 button=right\nwheel -2\n"
                           "type-serial 'root'\nquit 7\n");
    show->s = script_create(&config, &err);
    assert_true(show->s && script_start(show->s, &show->m, &err));
    while (!show->m.quits)
        pause_ms(5);
    memcpy(log, show->m.input_log, sizeof(log));
    assert_string_equal(show->m.typed, "root");
    assert_int_equal(end(show), 7);
    assert_string_equal(log, "1 30 1 1 30 0 1 42 1 1 48 1 1 48 0 1 42 0 1 28 1 1 28 0 "
                             "1 29 1 1 56 1 1 60 1 1 60 0 1 56 0 1 29 0 "
                             "3 0 16547 3 1 16711 1 273 1 1 273 0 2 8 -1 2 8 -1 ");
    free(show);
}

static void test_serial(void **state)
{
    (void)state;
    struct show show;
    begin(&show,
          "wait-serial 'login: ' timeout=20\nwait-serial ^two$ timeout=20\n"
          "wait-serial 'three' timeout=20\nquit\n",
          NULL);
    say(&show, "log");
    pause_ms(20);
    say(&show, "in: one\r\n");
    say(&show, "two\r\nthree");
    assert_int_equal(end(&show), 0);
}

/* Output before a match is used up: it does not match again. */
static void test_serial_consumes(void **state)
{
    (void)state;
    struct show show;
    begin(&show, "wait-serial ab timeout=20\nwait-serial ab timeout=0.2\nquit\n", NULL);
    say(&show, "xxab");
    assert_int_equal(end(&show), 1);
}

static void test_serial_flood(void **state)
{
    (void)state;
    struct show show;
    char line[256];
    begin(&show, "wait-serial 'the end' timeout=50\nquit\n", NULL);
    for (int i = 0; i < 40000; i++) {
        snprintf(line, sizeof(line), "%d: the quick brown fox jumps over the lazy dog and on\r\n",
                 i);
        say(&show, line);
    }
    say(&show, "the end");
    assert_int_equal(end(&show), 0);
}

static void test_screen(void **state)
{
    (void)state;
    struct show show;
    write_reference("blue.png", 64, 48, 0xc00000ff);
    write_reference("part.png", 8, 8, 0x00c000ff);
    write_reference("any.png", 32, 32, 0x12345600);
    begin(&show,
          "wait-screen blue.png tolerance=3 timeout=20\n"
          "wait-screen part.png region=8x8+4+4 timeout=20\n"
          "wait-screen any.png timeout=20\nsnap s.png\nquit\n",
          NULL);
    pause_ms(50);
    stub_show(&show.m, 64, 48, 0x00c00000);
    pause_ms(50);
    stub_show(&show.m, 64, 48, 0xc3000000);
    pause_ms(50);
    stub_show(&show.m, 70, 48, 0x00c00000);
    pause_ms(50);
    stub_show(&show.m, 32, 32, 0xabcdef00);
    assert_int_equal(end(&show), 0);
    assert_int_equal(access("s.png", R_OK), 0);
}

/* What the wait looks at is the flushed picture: a transfer without a flush is not seen. */
static void test_unflushed(void **state)
{
    (void)state;
    struct show show;
    uint32_t stride;
    const struct rect all = {0, 0, 64, 48};
    write_reference("white.png", 64, 48, 0xffffffff);
    begin(&show, "wait-screen white.png timeout=0.3\nquit\n", NULL);
    stub_show(&show.m, 64, 48, 0);
    memset(image_write_begin(show.m.image, &all, &stride), 0xff, 64 * 48 * 4);
    image_write_end(show.m.image);
    assert_int_equal(end(&show), 1);
}

static void test_failure(void **state)
{
    (void)state;
    struct show show;
    struct error err;
    struct picture *pic;
    write_reference("blue.png", 64, 48, 0xc00000ff);
    begin(&show, "sleep 0\nwait-screen \"blue.png\" timeout=0.2 # <&>\nquit\n", "report.xml");
    stub_show(&show.m, 64, 48, 0xc4000000);
    for (int i = 0; i < 500 && !show.m.quits; i++)
        pause_ms(10);
    assert_int_equal(show.m.quit_status, 1);
    assert_int_equal(script_finish(show.s, 0), 1);
    assert_says(show.s->steps[1].message, "3072 of 3072 pixels differ, by at most 4");
    script_destroy(show.s);
    stub_finish(&show.m);
    static const char *const names[] = {"t-line2-expected.png", "t-line2-actual.png",
                                        "t-line2-difference.png"};
    static const uint8_t colours[][3] = {{0xc0, 0, 0}, {0xc4, 0, 0}, {0, 0, 0xff}};
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        pic = ui_load_picture(names[i], &err);
        assert_non_null(pic);
        assert_memory_equal(pic->data, colours[i], 3);
        picture_destroy(pic);
    }
    const char *report = read_text("report.xml");
    assert_says(report, "tests=\"3\" failures=\"1\" errors=\"0\" skipped=\"1\"");
    assert_says(report, "name=\"2: wait-screen &quot;blue.png&quot; timeout=0.2 # &lt;&amp;&gt;\"");
    assert_says(report, "<failure message=\"no match within 0.2 s");
    assert_says(report, "<skipped/>");
}

/* The machine ends while the script still has something to do. */
static void test_early_end(void **state)
{
    (void)state;
    struct show show;
    begin(&show, "wait-serial never\nquit\n", NULL);
    say(&show, "panic\n");
    pause_ms(30);
    assert_int_equal(script_finish(show.s, 0), 1);
    assert_says(show.s->steps[0].message, "the machine ended; the console's last line was 'panic'");
    script_destroy(show.s);
    stub_finish(&show.m);

    begin(&show, "wait-shutdown timeout=20\nsleep 50\n", NULL);
    pause_ms(30);
    uint64_t begun = host_now_ns();
    assert_int_equal(script_finish(show.s, 3), 3);
    assert_true(host_now_ns() - begun < 50 * NS_PER_SEC); /* it did not wait for the sleep */
    script_destroy(show.s);
    stub_finish(&show.m);
}

static void test_no_screen(void **state)
{
    (void)state;
    struct show show;
    begin(&show, "click 5 5\nquit\n", NULL);
    assert_int_equal(end(&show), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_outputs_are_checked),
        cmocka_unit_test(test_equals_in_text),
        cmocka_unit_test(test_input),
        cmocka_unit_test(test_serial),
        cmocka_unit_test(test_serial_consumes),
        cmocka_unit_test(test_serial_flood),
        cmocka_unit_test(test_screen),
        cmocka_unit_test(test_unflushed),
        cmocka_unit_test(test_failure),
        cmocka_unit_test(test_early_end),
        cmocka_unit_test(test_no_screen),
    };
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
