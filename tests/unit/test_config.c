/* SPDX-License-Identifier: MIT */
#include "main/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* Parses a line of words; NULL, or the error. */
static const char *parse(struct config *c, const char *line)
{
    static char words[1024];
    static struct error err;
    char *argv[32] = {"riscreen"}, *save = NULL;
    int argc = 1;
    snprintf(words, sizeof(words), "%s", line);
    for (char *w = strtok_r(words, " ", &save); w; w = strtok_r(NULL, " ", &save))
        argv[argc++] = w;
    err.text[0] = 0;
    bool ok = config_parse(c, argc, argv, &err);
    assert_int_equal(ok, !err.text[0]);
    assert_null(strchr(err.text, '\n'));
    return ok ? NULL : err.text;
}

static void test_defaults(void **state)
{
    (void)state;
    struct config c;
    assert_null(parse(&c, "-k Image"));
    assert_string_equal(c.machine.kernel, "Image");
    assert_int_equal(c.machine.ram, UINT64_C(1) << 30);
    assert_int_equal(c.machine.harts, 1);
    assert_int_equal(c.machine.cpu.xlen, 64);
    assert_int_equal(c.machine.gpu.scanouts, 1);
    assert_int_equal(c.machine.gpu.width, 1280);
    assert_int_equal(c.machine.gpu.height, 800);
    assert_true(c.machine.console && c.machine.gpu.device.edid && !c.machine.single_thread);
    assert_true(c.machine.gpu.device.blob && !c.machine.gpu.device.pacing &&
                !c.machine.gpu.edid_file);
    assert_int_equal(c.machine.gpu.refresh_mhz, 60000);
    assert_int_equal(c.displays, 0);
    config_finish(&c);
}

static void test_everything(void **state)
{
    (void)state;
    struct config c;
    assert_null(parse(&c,
                      "-kImage -i rd --append=console=ttyS0 -b t.dtb,raw -d a.img -d b,c,ro -m 64G "
                      "-c32 --cpu rv64,zbc=off --gpu "
                      "1024x768@75,memory=64M,edid=off,scanouts=3,blob=off,pacing=on "
                      "--display headless --display none,a=b,c --monitor unix:/s --threads single "
                      "--log gpu,blk"));
    const struct machine_config *m = &c.machine;
    assert_string_equal(m->cmdline, "console=ttyS0");
    assert_string_equal(m->dtb, "t.dtb");
    assert_true(m->dtb_raw && m->single_thread && !m->gpu.device.edid);
    assert_int_equal(m->disks, 2);
    assert_string_equal(m->disk[1].path, "b,c");
    assert_true(m->disk[1].read_only && !m->disk[0].read_only);
    assert_int_equal(m->harts, 32);
    assert_int_equal(m->gpu.device.memory, 64 << 20);
    assert_int_equal(m->gpu.refresh_mhz, 75000);
    assert_true(m->gpu.scanouts == 3 && !m->gpu.device.blob && m->gpu.device.pacing);
    assert_int_equal(c.displays, 2);
    assert_string_equal(c.display[0].name, "none");
    assert_string_equal(c.display[1].name, "none");
    assert_string_equal(c.display[1].args, "a=b,c");
    config_finish(&c);
}

/* Every wrong value is one line that names what was given. */
static void test_wrong_values(void **state)
{
    (void)state;
    static const struct {
        const char *line, *says;
    } rows[] = {
        {"", "-k"},
        {"-k", "needs a value"},
        {"--kernel=", "empty"},
        {"Image", "-k Image"},
        {"-k I -Z", "-Z"},
        {"-k I --nope=1", "--nope"},
        {"-k I --headless=1", "--headless"},
        {"-k I -m 63M", "64M"},
        {"-k I -m 65G", "64G"},
        {"-k I -m lots", "lots"},
        {"-k I -m 65537K", "MiB"},
        {"-k I -c 0", "1 to 32"},
        {"-k I -c 33", "1 to 32"},
        {"-k I -c 2x", "2x"},
        {"-k I --cpu mips", "mips"},
        {"-k I --cpu rv32 -m 2G", "rv32"},
        {"-k I --gpu 640", "WIDTHxHEIGHT"},
        {"-k I --gpu 1x1", "1x1"},
        {"-k I --gpu 640x480x2", "640x480x2"},
        {"-k I --gpu 640x480,foo=1", "foo=1"},
        {"-k I --gpu 640x480,", "setting"},
        {"-k I --gpu 640x480@", "640x480@"},
        {"-k I --gpu 640x480@9", "10 to 500"},
        {"-k I --gpu 640x480@60x", "640x480@60x"},
        {"-k I --gpu 640x480,scanouts=17", "scanouts=17"},
        {"-k I --gpu 640x480,blob=maybe", "blob=maybe"},
        {"-k I --gpu 640x480,edid=", "edid="},
        {"-k I --threads two", "two"},
        {"-k I --display cinema", "cinema"},
        {"-k I --gpu none --record x.y4m", "--gpu none"},
        {"-k I --gpu none --display vnc=:1", "--display vnc needs a screen"},
        {"-k I --display web=0 --gpu none", "--display web needs a screen"},
        {"-kernel I", "write --kernel"},
        {"-smp 2 -k I", "write --smp"},
        {"-k I -nographic", "docs/qemu.md"},
        {"-drive file=x", "docs/qemu.md"},
        {"-k I --gpu none --trace-gpu t", "--gpu none"},
        {"-k I --gpu-check --gpu none", "--gpu none"},
        {"-k I --monitor tcp:1", "unix:"},
        {"-k I --log gpu,foo", "foo"},
        {"-k I -n user", "network"},
        {"-k I -s /tmp", "not built"},
        {"-k I -g", "not built"},
        {"-i rd --bios f", "kernel"},
        {"--bios none", "-k"},
        {"-k I --junit x", "--script"},
        {"-k I -d 1 -d 2 -d 3 -d 4 -d 5 -d 6 -d 7 -d 8 -d 9", "8 disks"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct config c;
        const char *err = parse(&c, rows[i].line);
        if (!err || !strstr(err, rows[i].says))
            fail_msg("'%s': %s", rows[i].line, err ? err : "accepted");
        config_finish(&c);
    }
}

static char *print(void (*fn)(FILE *))
{
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    fn(f);
    fclose(f);
    return text;
}

/* A value that may be left out stands behind a `='. */
static void test_optional_value(void **state)
{
    (void)state;
    struct config c;
    assert_null(parse(&c, "-k I --perf-map --stats"));
    assert_true(c.machine.jit.perf_map && !c.machine.jit.symbols && c.stats);
    config_finish(&c);
    assert_null(parse(&c, "-k I --perf-map=a=b"));
    assert_string_equal(c.machine.jit.symbols, "a=b");
    config_finish(&c);
    assert_non_null(strstr(parse(&c, "-k I --perf-map="), "empty value"));
    config_finish(&c);
    assert_non_null(strstr(parse(&c, "-k I --perf-map --jit off"), "leave one out"));
    config_finish(&c);
    assert_non_null(strstr(parse(&c, "-k I --jit verify"), "--threads single"));
    config_finish(&c);
    assert_null(parse(&c, "-k I --jit verify,hot=1 --threads single"));
    assert_true(c.machine.jit.verify && !c.machine.jit.off);
    config_finish(&c);
}

static void test_help_and_manual(void **state)
{
    (void)state;
    struct config c;
    assert_null(parse(&c, "--help -Z")); /* help wins over what follows */
    assert_true(c.help);
    assert_null(parse(&c, "--version"));
    assert_true(c.version);
    char *help = print(config_print_help), *man = print(config_print_man);
    static const char *const names[] = {"kernel",  "initrd", "append", "dtb",   "bios",    "memory",
                                        "smp",     "cpu",    "disk",   "gpu",   "display", "record",
                                        "monitor", "script", "log",    "trace", "check"};
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        assert_non_null(strstr(help, names[i]));
        assert_non_null(strstr(man, names[i]));
    }
    assert_null(strstr(help, "--man"));
    assert_null(strstr(help, "%s"));
    assert_null(strstr(man, "%s"));
    assert_non_null(strstr(help, "(default 1G)"));
    free(help);
    free(man);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),        cmocka_unit_test(test_everything),
        cmocka_unit_test(test_wrong_values),    cmocka_unit_test(test_optional_value),
        cmocka_unit_test(test_help_and_manual),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
