/* SPDX-License-Identifier: MIT */
#include "main/options.h"

#include "display/display.h"
#include "host/clock.h"
#include "ui/ui.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MIN_RAM     (UINT64_C(64) << 20)
#define MAX_RAM     (UINT64_C(64) << 30)
#define MIN_GPU_HZ  10
#define MAX_GPU_HZ  500
#define GPU_MEMORY  "256M"
#define MAX_TIMEOUT 10000000
#define RTC_LAST    INT64_C(9223372036) /* seconds: Linux reads 63 bits of ns */

/* A copy of the first n bytes of text that lives as long as the configuration; NULL: no memory, or
 * CONFIG_MAX_COPIES were made. */
static char *config_keep(struct config *c, const char *text, size_t n)
{
    if (c->copies == CONFIG_MAX_COPIES)
        return NULL;
    char *copy = strndup(text, n);
    if (copy)
        c->copy[c->copies++] = copy;
    return copy;
}

/* text without a trailing ",word"; *had says whether that was there. NULL: as of keep. */
static const char *cut_word(struct config *c, const char *text, const char *word, bool *had)
{
    size_t len = strlen(text), n = strlen(word);
    *had = len > n && text[len - n - 1] == ',' && !strcmp(text + len - n, word);
    return *had ? config_keep(c, text, len - n - 1) : text;
}

/* --- boot and machine --- */

static bool read_dtb(void *config, const char *v, struct error *err)
{
    struct config *c = config;
    c->machine.dtb = cut_word(c, v, "raw", &c->machine.dtb_raw);
    return c->machine.dtb || error_no_memory(err);
}

static bool read_cpu(void *model, const char *v, struct error *err)
{
    return cpu_model_parse(v, model, err);
}

static bool read_seed(void *machine, const char *v, struct error *err)
{
    struct machine_config *m = machine;
    m->seeded = true;
    return parse_number(v, 0, UINT64_MAX, &m->seed) ||
           error_set(err, "not a number; give one from 0 on");
}

static bool read_rtc(void *machine, const char *v, struct error *err)
{
    struct machine_config *m = machine;
    struct tm t = {0};
    m->rtc = MACHINE_RTC_HOST;
    if (!strcmp(v, "host"))
        return true;
    const char *end = strptime(v, "%Y-%m-%d", &t);
    if (end && *end == 'T')
        end = strptime(end + 1, "%H:%M:%S", &t);
    int day = t.tm_mday;
    time_t at = end && !*end ? timegm(&t) : -1;
    if (at < 0 || t.tm_mday != day || at > RTC_LAST)
        return error_set(err, "no date; give host, or one as 2026-12-31T23:59:59");
    m->rtc = MACHINE_RTC_AT;
    m->rtc_ns = (uint64_t)at * NS_PER_SEC;
    return true;
}

/* --- devices --- */

static bool add_disk(void *config, const char *v, struct error *err)
{
    struct config *c = config;
    struct machine_config *m = &c->machine;
    if (m->disks == MACHINE_MAX_DISKS)
        return error_set(err, "more than %d disks; leave one out", MACHINE_MAX_DISKS);
    struct machine_disk *d = &m->disk[m->disks++];
    d->path = cut_word(c, v, "ro", &d->read_only);
    return d->path || error_no_memory(err);
}

static bool read_edid(void *machine_gpu, const char *v, struct error *err)
{
    (void)err;
    struct machine_gpu *gpu = machine_gpu;
    gpu->edid_file = NULL;
    if (parse_on_off(v, &gpu->device.edid))
        return true;
    gpu->device.edid = true;
    gpu->edid_file = v;
    return true;
}

/* What follows the size of --gpu. */
static const struct parse_key gpu_keys[] = {
    {"scanouts", "1..16", "1",
     PARSE_UNSIGNED(struct machine_gpu, scanouts, 1, MACHINE_MAX_SCANOUTS)},
    {"blob", "on|off", "on", PARSE_ON_OFF(struct machine_gpu, device.blob)},
    {"edid", "FILE|on|off", "on", PARSE_CALL(0, read_edid)},
    {"memory", "SIZE", GPU_MEMORY,
     PARSE_SIZE(struct machine_gpu, device.memory, 1 << 20, UINT64_MAX)},
    {"pacing", "on|off", "off", PARSE_ON_OFF(struct machine_gpu, device.pacing)},
};

/* "WxH" or "WxH@HZ" up to a comma; the characters used, or 0. */
static int gpu_size(const char *v, unsigned *w, unsigned *h, unsigned *hz)
{
    int used = 0;
    *hz = 60;
    if (v[0] < '0' || v[0] > '9' || sscanf(v, "%5ux%n", w, &used) != 1 || !used)
        return 0;
    v += used;
    int more = 0, rate = 0;
    if (*v < '0' || *v > '9' || sscanf(v, "%5u%n", h, &more) != 1)
        return 0;
    if (v[more] == '@' &&
        (v[more + 1] < '0' || v[more + 1] > '9' || sscanf(v + more, "@%3u%n", hz, &rate) != 1))
        return 0;
    return v[more + rate] && v[more + rate] != ',' ? 0 : used + more + rate;
}

static bool read_gpu(void *config, const char *v, struct error *err)
{
    struct config *c = config;
    struct machine_config *m = &c->machine;
    unsigned w, h, hz;
    if (!strcmp(v, "none")) {
        m->gpu.scanouts = 0;
        return true;
    }
    int used = gpu_size(v, &w, &h, &hz);
    if (!used)
        return error_set(err, "not a size; write WIDTHxHEIGHT, as in 1280x800 or 1280x800@75");
    if (MIN(w, h) < DISPLAY_MODE_MIN || MAX(w, h) > DISPLAY_MODE_MAX)
        return error_set(err, "out of range; each side is %d to %d pixels", DISPLAY_MODE_MIN,
                         DISPLAY_MODE_MAX);
    if (hz < MIN_GPU_HZ || hz > MAX_GPU_HZ)
        return error_set(err, "out of range; a screen is refreshed at %d to %d Hz", MIN_GPU_HZ,
                         MAX_GPU_HZ);
    m->gpu.width = w;
    m->gpu.height = h;
    m->gpu.refresh_mhz = hz * 1000;
    parse_defaults(gpu_keys, ARRAY_SIZE(gpu_keys), &m->gpu);
    if (!v[used])
        return true;
    char *list = config_keep(c, v + used + 1, strlen(v + used + 1));
    if (!list)
        return error_no_memory(err);
    return *list ? parse_list(gpu_keys, ARRAY_SIZE(gpu_keys), &m->gpu, list, err)
                 : error_set(err, "a setting is missing behind the comma; leave it out");
}

static bool no_network(void *config, const char *v, struct error *err)
{
    (void)config, (void)v;
    return error_set(err, "there is no network card yet; leave -n out");
}

static bool no_shared(void *config, const char *v, struct error *err)
{
    (void)config, (void)v;
    return error_set(err, "sharing a directory is not built yet; put the files on a disk (-d)");
}

static bool no_gdb(void *config, const char *v, struct error *err)
{
    (void)config, (void)v;
    return error_set(err, "the gdb stub is not built yet; leave -g out (a screen's size is set "
                          "with --gpu)");
}

/* --- screen and control --- */

static bool add_front_end(struct config *c, const char *name, const char *args, struct error *err)
{
    if (c->displays == FRONT_ENDS_MAX)
        return error_set(err, "more than %d displays; leave some out", FRONT_ENDS_MAX);
    c->display[c->displays++] = (struct config_display){name, args};
    return true;
}

static bool add_display(void *config, const char *v, struct error *err)
{
    struct config *c = config;
    size_t n = strcspn(v, ",=");
    for (unsigned i = 0; ui_list[i]; i++) {
        const char *name = ui_list[i]->name;
        if ((strlen(name) == n && !strncmp(v, name, n)) ||
            (ui_list[i] == &ui_headless_ops && n == 8 && !strncmp(v, "headless", n)))
            return (c->shown = add_front_end(c, name, v[n] ? v + n + 1 : "", err));
    }
    error_set(err, "not in this build; there are ");
    for (unsigned i = 0; ui_list[i]; i++)
        error_set(err, "%s%s, ", err->text, ui_list[i]->name);
    return error_set(err, "%sheadless", err->text);
}

static bool add_headless(void *config, const char *v, struct error *err)
{
    struct config *c = config;
    return (c->shown = add_front_end(c, ui_headless_ops.name, v, err));
}

static bool add_record(void *config, const char *v, struct error *err)
{
    return add_front_end(config, ui_record_ops.name, v, err);
}

static bool read_monitor(void *monitor, const char *v, struct error *err)
{
    *(const char **)monitor = v;
    return !strncmp(v, "unix:", 5) || error_set(err, "unknown kind of address; give unix:PATH");
}

/* --- the translator --- */

static bool read_dump(void *machine_jit, const char *v, struct error *err)
{
    struct machine_jit *jit = machine_jit;
    char *end;
    errno = 0;
    jit->dump_pc = strtoull(v, &end, 16);
    jit->dump = true;
    return (isxdigit((unsigned char)v[0]) && !*end && !errno) ||
           error_set(err, "not an address; give one in hex, as in dump=ffffffff80001000");
}

static const struct parse_key jit_keys[] = {
    {"hot", "N", "128", PARSE_UNSIGNED(struct machine_jit, hot, 1, 60000)},
    {"memory", "SIZE", "32M", PARSE_SIZE(struct machine_jit, memory, 256 << 10, 1 << 30)},
    {"cold", NULL, NULL, PARSE_FLAG(struct machine_jit, cold)},
    {"dump", "PC", NULL, PARSE_CALL(0, read_dump)},
    {"verify", NULL, NULL, PARSE_FLAG(struct machine_jit, verify)},
};

/* on|off, then settings, or settings alone. */
static bool read_jit(void *config, const char *v, struct error *err)
{
    struct config *c = config;
    size_t word = strcspn(v, ",");
    bool on = word == 2 && !strncmp(v, "on", 2), off = word == 3 && !strncmp(v, "off", 3);
    parse_defaults(jit_keys, ARRAY_SIZE(jit_keys), &c->machine.jit);
    c->machine.jit.off = off;
    if (on || off)
        v += word;
    if (!*v)
        return true;
    if (off || !v[on])
        return error_set(err, "write on, off, or settings of the translator, as in hot=1");
    char *list = config_keep(c, v + on, strlen(v + on));
    return list ? parse_list(jit_keys, ARRAY_SIZE(jit_keys), &c->machine.jit, list, err)
                : error_no_memory(err);
}

static bool read_perf_map(void *config, const char *v, struct error *err)
{
    (void)err;
    struct config *c = config;
    c->machine.jit.perf_map = true;
    c->machine.jit.symbols = *v ? v : NULL;
    return true;
}

/* --- the end, logs --- */

static bool read_on_panic(void *config, const char *v, struct error *err)
{
    struct config *c = config;
    uint64_t status = MACHINE_STATUS_PANIC;
    if (!strcmp(v, "exit") || (!strncmp(v, "exit=", 5) && parse_number(v + 5, 0, 255, &status)))
        c->machine.on_panic = ON_PANIC_EXIT;
    else if (!strcmp(v, "stop"))
        c->machine.on_panic = ON_PANIC_STOP;
    else if (!strcmp(v, "none"))
        c->machine.on_panic = ON_PANIC_GO_ON;
    else
        return error_set(err, "unknown; give exit, exit=STATUS (0 to 255), stop or none");
    c->machine.panic_status = (int)status;
    c->on_panic = true;
    return true;
}

static bool read_log(void *names, const char *v, struct error *err)
{
    const char *bad = NULL;
    struct log *log = log_create(v, &bad);
    if (!log && bad)
        return error_set(err,
                         "'%.*s' is no category; there are cpu, bus, virtio, gpu, blk, input, "
                         "sbi, ui and all",
                         (int)strcspn(bad, ","), bad);
    log_destroy(log);
    *(const char **)names = v;
    return true;
}

/* clang-format off */
const struct option_row option_rows[] = {
    {"What to boot", 'k', {"kernel", "FILE", NULL, PARSE_TEXT(struct config, machine.kernel)},
     "Kernel: a Linux Image, an ELF executable or a flat binary; also gzipped."},
    {NULL, 'i', {"initrd", "FILE", NULL, PARSE_TEXT(struct config, machine.initrd)},
     "Initial RAM disk for the kernel."},
    {NULL, 'a', {"append", "TEXT", NULL, PARSE_TEXT(struct config, machine.cmdline)},
     "The kernel's command line."},
    {NULL, 'b', {"dtb", "FILE[,raw]", NULL, PARSE_CALL(0, read_dtb)},
     "Device tree to use instead of the board's own. Command line, memory and initrd are patched "
     "into it, and QEMU's devices that are not here switched off, unless `,raw' says to take it as "
     "it is."},
    {NULL, 0, {"bios", "FILE|none", NULL, PARSE_TEXT(struct config, machine.bios)},
     "Firmware that runs in M-mode at 0x80000000, as OpenSBI's fw_jump or fw_dynamic: ELF or raw. "
     "none: the kernel is itself an M-mode program. By default a built-in SBI boots the kernel."},
    {NULL, 0, {"dumpdtb", "FILE", NULL, PARSE_TEXT(struct config, dumpdtb)},
     "Write the device tree to FILE and exit."},
    {"The machine", 'm', {"memory", "SIZE", "1G", PARSE_SIZE(struct config, machine.ram, MIN_RAM, MAX_RAM)},
     "Guest memory, 64M to 64G (default %s)."},
    {NULL, 'c', {"smp", "N", "1", PARSE_UNSIGNED(struct config, machine.harts, 1, CPU_MAX_HARTS)},
     "Harts, 1 to 32 (default %s)."},
    {NULL, 0, {"cpu", "MODEL[,EXT=on|off...]", "rv64",
      PARSE_CALL(offsetof(struct config, machine.cpu), read_cpu)},
     "rv64 or rv32, with extensions switched: `rv32,f=off,d=off,c=off' is RV32IMA (default %s)."},
    {NULL, 0, {"threads", "multi|single", "multi", PARSE_SECOND(struct config, machine.single_thread)},
     "A host thread for each hart, or all harts in one (default %s). With one, time counts "
     "instructions, and two runs are the same, instruction by instruction, until something comes "
     "from outside: keys, the pointer, a viewer, a stop."},
    {NULL, 0, {"jit", "on|off[,hot=N][,memory=SIZE][,cold][,verify][,dump=PC]", "on", PARSE_CALL(0, read_jit)},
     "Translate what runs often to the host's code (default %s), on hosts with AVX2, BMI2 and FMA; "
     "elsewhere, or with off, everything is interpreted. hot=N: after so many runs (default 128). "
     "memory=SIZE: for translated code (default 32M). "
     "dump=PC: print what the code around this address (hex) is translated to. "
     "For tests: with cold the fast paths of memory accesses are not taken; with verify, which needs "
     "--threads single, translated code is interpreted again, and what differs is printed."},
    {NULL, 0, {"seed", "N", NULL, PARSE_CALL(offsetof(struct config, machine), read_seed)},
     "What the guest gets as entropy follows from this number, and so do its secrets (default: the "
     "host's entropy, or 0 with --threads=single)."},
    {NULL, 0, {"rtc", "host|DATE", NULL, PARSE_CALL(offsetof(struct config, machine), read_rtc)},
     "The guest's clock begins at the host's time, or at YYYY-MM-DD[THH:MM:SS], UTC (default: "
     "host, or 2026-01-01 with --threads=single)."},
    {"Devices", 'd', {"disk", "FILE[,ro]", NULL, PARSE_CALL(0, add_disk)},
     "Disk with a raw image; `,ro' only reads it. May be given up to 8 times. A file of any size "
     "will do: the last sector is filled up with zeros, and the file keeps its size."},
    {NULL, 0, {"gpu", "WxH[@HZ][,NAME=VALUE...]", "1280x800", PARSE_CALL(0, read_gpu)},
     "Size of the screen (default %s). scanouts=N: so many screens, side by side, 1 to 16. "
     "blob=on|off: frames are read where the guest draws them, not copied (default on). "
     "edid=FILE|on|off: what the monitor tells of itself. memory=SIZE: host memory for pictures, "
     "and for each copy that a viewer, window or recording has of them "
     "(default " GPU_MEMORY
     "). pacing=on|off: the guest draws at the speed of the window (default off). "
     "none: no GPU."},
    {NULL, 0, {"virtio", "modern|legacy", "modern", PARSE_SECOND(struct config, machine.virtio_legacy)},
     "Version 2 of virtio-mmio, or version 1, which QEMU's virt shows by default and older "
     "teaching "
     "kernels need (default %s)."},
    {NULL, 0, {"touch", NULL, NULL, PARSE_FLAG(struct config, machine.touch)},
     "A touch screen with ten fingers, for hosts that have one. Without it a finger is the "
     "pointer."},
    {NULL, 'n', {"netdev", "KIND", NULL, PARSE_CALL(0, no_network)},
     "Network card (not built yet)."},
    {NULL, 's', {"shared-directory", "DIR", NULL, PARSE_CALL(0, no_shared)},
     "Share a host directory (not built yet)."},
    {"Screen and control", 0, {"display", "sdl|vnc=ADDR:PORT|web=PORT|none", NULL, PARSE_CALL(0, add_display)},
     "Where to show the screen: in a window, to VNC viewers, in browsers (noVNC), or nowhere "
     "(also: "
     "headless); may be repeated. Default: a window, if one can be opened. "
     "sdl,scale=fit|integer|none,keymap=us|uk|de|fr: how a window scales, and the guest's layout "
     "for typing the clipboard. vnc=:N is port 5900 + N on this machine; an address that others "
     "reach needs a password: vnc=0.0.0.0:5900,password=FILE. head=N: not the first screen. "
     "keymap=: the guest's layout, for viewers that send characters."},
    {NULL, 'H', {"headless", NULL, NULL, PARSE_CALL(0, add_headless)},
     "The same as --display none."},
    {NULL, 0, {"record", "DIR/|FILE.y4m", NULL, PARSE_CALL(0, add_record)},
     "Record the screen beside showing it: PNGs with a list of their times (list.ffconcat), or "
     "uncompressed video. May be followed by ,fps=N (default 30), ,head=N and ,overwrite."},
    {NULL, 0, {"monitor", "unix:PATH", NULL, PARSE_CALL(offsetof(struct config, monitor), read_monitor)},
     "Control socket that speaks QMP: screendump, send-key, stop, quit and more."},
    {NULL, 0, {"script", "FILE", NULL, PARSE_TEXT(struct config, script)},
     "Run a screen script: waits for pictures and serial output, types and clicks; its failure is "
     "exit status 1, or 123 if the guest panicked."},
    {NULL, 0, {"script-out", "DIR", NULL, PARSE_TEXT(struct config, script_out)},
     "Where a script's failure leaves its pictures."},
    {NULL, 0, {"junit", "FILE", NULL, PARSE_TEXT(struct config, junit)},
     "Write the script's results as a JUnit report."},
    {"The end", 0, {"no-reboot", NULL, NULL, PARSE_FLAG(struct config, machine.no_reboot)},
     "End, with exit status 122, where the machine would begin anew."},
    {NULL, 0, {"on-panic", "exit[=STATUS]|stop|none", "none", PARSE_CALL(0, read_on_panic)},
     "When a kernel panics on its console, as Linux does, or a guest's SBI reset gives a system "
     "failure as its reason: end with STATUS (123), or stop, to look at it. Default: exit with "
     "--script, else none."},
    {NULL, 0, {"timeout", "SECONDS", NULL, PARSE_NUMBER(struct config, timeout, 1, MAX_TIMEOUT)},
     "End after so long, with exit status 124."},
    {"Help", 0, {"log", "NAME,...", NULL, PARSE_CALL(offsetof(struct config, log), read_log)},
     "Also tell about: cpu, bus, virtio, gpu, blk, input, sbi, ui, or all."},
    {NULL, 0, {"stats", NULL, NULL, PARSE_FLAG(struct config, stats)},
     "At the end, print what the harts did and how fast: instructions, MIPS, the share of translated "
     "code, TLB misses; `query-stats' on the control socket tells the same at any time."},
    {NULL, 0, {"perf-map", "[=FILE]", NULL, PARSE_CALL(0, read_perf_map)},
     "Write /tmp/perf-PID.map, by which `perf report' names translated code: rv:PC+n, n instructions "
     "from the guest's PC on; or guest functions, of a FILE like the kernel's System.map."},
    {NULL, 0, {"gpu-check", NULL, NULL, PARSE_FLAG(struct config, machine.gpu.check)},
     "For who writes a driver: say what would leave a picture wrong, with the guest's pc."},
    {NULL, 0, {"trace-gpu", "FILE", NULL, PARSE_TEXT(struct config, machine.gpu.trace)},
     "Record what the guest asks of the GPU, with the pixels, for riscreen-gpu-replay."},
    {NULL, 'g', {"gdbstub", NULL, NULL, PARSE_CALL(0, no_gdb)},
     "Wait for a debugger (not built yet)."},
    {NULL, 'h', {"help", NULL, NULL, PARSE_FLAG(struct config, help)}, "Print this and exit."},
    {NULL, 0, {"version", NULL, NULL, PARSE_FLAG(struct config, version)},
     "Print the version and exit."},
    {NULL, 0, {"man", NULL, NULL, PARSE_FLAG(struct config, man)}, NULL},
};
/* clang-format on */

const unsigned option_count = ARRAY_SIZE(option_rows);
