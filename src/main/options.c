/* SPDX-License-Identifier: MIT */
#include "main/options.h"

#include "display/display.h"
#include "host/clock.h"
#include "ui/ui.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MIN_RAM     (UINT64_C(64) << 20)
#define MAX_RAM     (UINT64_C(64) << 30)
#define MIN_GPU_HZ  10
#define MAX_GPU_HZ  500
#define MAX_CMDLINE 4096
#define MAX_TIMEOUT 10000000
#define RTC_LAST    INT64_C(9223372036) /* seconds: Linux reads 63 bits of ns */

/* A decimal number in min..max that is all of text. */
static bool number(const char *text, uint64_t min, uint64_t max, uint64_t *out)
{
    char *end;
    errno = 0;
    unsigned long long v = strtoull(text, &end, 10);
    *out = v;
    return text[0] >= '0' && text[0] <= '9' && !*end && !errno && v >= min && v <= max;
}

bool config_size(const char *text, uint64_t *bytes)
{
    static const char units[] = "KMGT";
    char *end;
    errno = 0;
    unsigned long long v = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || errno)
        return false;
    unsigned shift = 20;
    if (*end) {
        const char *unit = strchr(units, *end >= 'a' ? *end - 'a' + 'A' : *end);
        if (!unit || strcmp(end + 1 + (end[1] == 'i' && end[2] == 'B') * 2, ""))
            return false;
        shift = 10 * (unsigned)(unit - units + 1);
    }
    *bytes = v << shift;
    return *bytes >> shift == v;
}

/* A copy of the first n bytes of text, which lives as long as the configuration. */
static const char *keep(struct config *c, const char *text, size_t n)
{
    if (c->copies == CONFIG_MAX_COPIES)
        return NULL;
    char *copy = strndup(text, n);
    if (copy)
        c->copy[c->copies++] = copy;
    return copy;
}

/* text without a trailing ",word"; *had says whether it was there. */
static const char *cut_word(struct config *c, const char *text, const char *word, bool *had)
{
    size_t len = strlen(text), n = strlen(word);
    *had = len > n && text[len - n - 1] == ',' && !strcmp(text + len - n, word);
    return *had ? keep(c, text, len - n - 1) : text;
}

/* --- boot ------------------------------------------------------------------------------------ */

static bool take_kernel(struct config *c, const char *v, struct error *err)
{
    (void)err;
    c->machine.kernel = v;
    return true;
}

static bool take_initrd(struct config *c, const char *v, struct error *err)
{
    (void)err;
    c->machine.initrd = v;
    return true;
}

static bool take_append(struct config *c, const char *v, struct error *err)
{
    c->machine.cmdline = v;
    return strlen(v) < MAX_CMDLINE ||
           error_set(err, "-a: the command line has more than %d bytes; shorten it",
                     MAX_CMDLINE - 1);
}

static bool take_dtb(struct config *c, const char *v, struct error *err)
{
    c->machine.dtb = cut_word(c, v, "raw", &c->machine.dtb_raw);
    return c->machine.dtb || error_no_memory(err);
}

static bool take_bios(struct config *c, const char *v, struct error *err)
{
    (void)err;
    c->machine.bios = v;
    return true;
}

static bool take_dumpdtb(struct config *c, const char *v, struct error *err)
{
    (void)err;
    c->dumpdtb = v;
    return true;
}

/* --- machine --------------------------------------------------------------------------------- */

static bool take_memory(struct config *c, const char *v, struct error *err)
{
    if (!config_size(v, &c->machine.ram))
        return error_set(err, "-m %s: not a size; write a number and M or G, as in -m 512M", v);
    if (c->machine.ram < MIN_RAM || c->machine.ram > MAX_RAM)
        return error_set(err, "-m %s: out of range; guest memory is 64M to 64G", v);
    if (c->machine.ram % (UINT64_C(1) << 20))
        return error_set(err, "-m %s: not whole MiB; round it, as in -m 512M", v);
    return true;
}

static bool take_harts(struct config *c, const char *v, struct error *err)
{
    uint64_t n;
    if (!number(v, 1, CPU_MAX_HARTS, &n))
        return error_set(err, "-c %s: not a number of harts; give 1 to %d", v, CPU_MAX_HARTS);
    c->machine.harts = (unsigned)n;
    return true;
}

static bool take_cpu(struct config *c, const char *v, struct error *err)
{
    return cpu_model_parse(v, &c->machine.cpu, err);
}

static bool take_seed(struct config *c, const char *v, struct error *err)
{
    c->machine.seeded = true;
    return number(v, 0, UINT64_MAX, &c->machine.seed) ||
           error_set(err, "--seed %s: not a number; give one from 0 on", v);
}

static bool take_rtc(struct config *c, const char *v, struct error *err)
{
    struct tm t = {0};
    c->machine.rtc = MACHINE_RTC_HOST;
    if (!strcmp(v, "host"))
        return true;
    const char *end = strptime(v, "%Y-%m-%d", &t);
    if (end && *end == 'T')
        end = strptime(end + 1, "%H:%M:%S", &t);
    int day = t.tm_mday;
    time_t at = end && !*end ? timegm(&t) : -1;
    if (at < 0 || t.tm_mday != day || at > RTC_LAST)
        return error_set(err, "--rtc %s: no date; give host, or one as 2026-12-31T23:59:59", v);
    c->machine.rtc = MACHINE_RTC_AT;
    c->machine.rtc_ns = (uint64_t)at * NS_PER_SEC;
    return true;
}

static bool take_threads(struct config *c, const char *v, struct error *err)
{
    c->machine.single_thread = !strcmp(v, "single");
    return c->machine.single_thread || !strcmp(v, "multi") ||
           error_set(err, "--threads=%s: unknown; give single or multi", v);
}

/* --- devices --------------------------------------------------------------------------------- */

static bool take_virtio(struct config *c, const char *v, struct error *err)
{
    c->machine.virtio_legacy = !strcmp(v, "legacy");
    return c->machine.virtio_legacy || !strcmp(v, "modern") ||
           error_set(err, "--virtio=%s: unknown; give modern or legacy", v);
}

static bool take_disk(struct config *c, const char *v, struct error *err)
{
    struct machine_config *m = &c->machine;
    if (m->disks == MACHINE_MAX_DISKS)
        return error_set(err, "-d %s: more than %d disks; leave one out", v, MACHINE_MAX_DISKS);
    struct machine_disk *d = &m->disk[m->disks++];
    d->path = cut_word(c, v, "ro", &d->read_only);
    return d->path || error_no_memory(err);
}

/* "on" or "off". */
static bool on_off(const char *text, bool *out)
{
    *out = !strcmp(text, "on");
    return *out || !strcmp(text, "off");
}

/* The text behind "name=", or NULL. */
static const char *value_in(const char *word, const char *name)
{
    size_t n = strlen(name);
    return !strncmp(word, name, n) && word[n] == '=' ? word + n + 1 : NULL;
}

static bool gpu_edid(struct machine_config *m, const char *value)
{
    m->gpu_edid_file = NULL;
    if (on_off(value, &m->gpu_edid))
        return true;
    m->gpu_edid = true;
    m->gpu_edid_file = value;
    return *value;
}

/* One of the words after a GPU's size. */
static bool gpu_word(struct machine_config *m, const char *word, struct error *err)
{
    const char *v;
    uint64_t n;
    if ((v = value_in(word, "scanouts")) && number(v, 1, MACHINE_MAX_SCANOUTS, &n))
        m->scanouts = (unsigned)n;
    else if ((v = value_in(word, "memory")) && config_size(v, &n) && n >= 1 << 20)
        m->gpu_memory = n;
    else if (!((v = value_in(word, "blob")) && on_off(v, &m->gpu_blob)) &&
             !((v = value_in(word, "pacing")) && on_off(v, &m->gpu_pacing)) &&
             !((v = value_in(word, "edid")) && gpu_edid(m, v)))
        return error_set(err,
                         "--gpu: '%s' is no setting; there are scanouts=1..%d, blob=on|off, "
                         "edid=FILE|on|off, memory=SIZE (1M or more), pacing=on|off",
                         word, MACHINE_MAX_SCANOUTS);
    return true;
}

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

static bool take_gpu(struct config *c, const char *v, struct error *err)
{
    struct machine_config *m = &c->machine;
    unsigned w, h, hz;
    if (!strcmp(v, "none")) {
        m->scanouts = 0;
        return true;
    }
    int used = gpu_size(v, &w, &h, &hz);
    if (!used)
        return error_set(
            err, "--gpu %s: not a size; write WIDTHxHEIGHT, as in 1280x800 or 1280x800@75", v);
    if (MIN(w, h) < DISPLAY_MODE_MIN || MAX(w, h) > DISPLAY_MODE_MAX)
        return error_set(err, "--gpu %s: out of range; each side is %d to %d pixels", v,
                         DISPLAY_MODE_MIN, DISPLAY_MODE_MAX);
    if (hz < MIN_GPU_HZ || hz > MAX_GPU_HZ)
        return error_set(err, "--gpu %s: out of range; a screen is refreshed at %d to %d Hz", v,
                         MIN_GPU_HZ, MAX_GPU_HZ);
    m->scanouts = 1;
    m->gpu_width = w;
    m->gpu_height = h;
    m->gpu_refresh_mhz = hz * 1000;
    for (const char *p = v + used; *p;) {
        size_t n = strcspn(++p, ",");
        const char *word = keep(c, p, n);
        if (!word)
            return error_set(err, "--gpu: too many settings; leave some out");
        if (!gpu_word(m, word, err))
            return false;
        p += n;
    }
    return true;
}

static bool take_touch(struct config *c, const char *v, struct error *err)
{
    (void)v, (void)err;
    c->machine.touch = true;
    return true;
}

static bool no_network(struct config *c, const char *v, struct error *err)
{
    (void)c;
    return error_set(err, "-n %s: there is no network card yet; leave -n out", v);
}

static bool no_shared(struct config *c, const char *v, struct error *err)
{
    (void)c;
    return error_set(
        err, "-s %s: sharing a directory is not built yet; put the files on a disk (-d)", v);
}

static bool no_gdb(struct config *c, const char *v, struct error *err)
{
    (void)c, (void)v;
    return error_set(err, "-g: the gdb stub is not built yet; leave -g out (a screen's size "
                          "is set with --gpu)");
}

/* --- screen and control ---------------------------------------------------------------------- */

static bool add_display(struct config *c, const char *name, const char *args, struct error *err)
{
    if (c->displays == FRONT_ENDS_MAX)
        return error_set(err, "--display: more than %d; leave some out", FRONT_ENDS_MAX);
    c->display[c->displays++] = (struct config_display){name, args};
    return true;
}

static bool take_display(struct config *c, const char *v, struct error *err)
{
    size_t n = strcspn(v, ",=");
    for (unsigned i = 0; ui_list[i]; i++) {
        const char *name = ui_list[i]->name;
        if ((strlen(name) == n && !strncmp(v, name, n)) ||
            (ui_list[i] == &ui_headless_ops && n == 8 && !strncmp(v, "headless", n)))
            return (c->shown = add_display(c, name, v[n] ? v + n + 1 : "", err));
    }
    char names[64] = "";
    for (unsigned i = 0; ui_list[i]; i++)
        snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s, ", ui_list[i]->name);
    return error_set(err, "--display %s: not in this build; there are %sheadless", v, names);
}

static bool take_headless(struct config *c, const char *v, struct error *err)
{
    return (c->shown = add_display(c, ui_headless_ops.name, v, err));
}

static bool take_record(struct config *c, const char *v, struct error *err)
{
    return add_display(c, ui_record_ops.name, v, err);
}

static bool take_monitor(struct config *c, const char *v, struct error *err)
{
    c->monitor = v;
    return !strncmp(v, "unix:", 5) ||
           error_set(err, "--monitor %s: unknown kind of address; give unix:PATH", v);
}

static bool take_script(struct config *c, const char *v, struct error *err)
{
    (void)err;
    c->script = v;
    return true;
}

static bool take_script_out(struct config *c, const char *v, struct error *err)
{
    (void)err;
    c->script_out = v;
    return true;
}

static bool take_junit(struct config *c, const char *v, struct error *err)
{
    (void)err;
    c->junit = v;
    return true;
}

/* --- the end --------------------------------------------------------------------------------- */

static bool take_no_reboot(struct config *c, const char *v, struct error *err)
{
    (void)v, (void)err;
    c->machine.no_reboot = true;
    return true;
}

static bool take_on_panic(struct config *c, const char *v, struct error *err)
{
    const char *status = value_in(v, "exit");
    uint64_t n = MACHINE_STATUS_PANIC;
    if (!strcmp(v, "exit") || (status && number(status, 0, 255, &n)))
        c->machine.on_panic = ON_PANIC_EXIT;
    else if (!strcmp(v, "stop"))
        c->machine.on_panic = ON_PANIC_STOP;
    else if (!strcmp(v, "none"))
        c->machine.on_panic = ON_PANIC_GO_ON;
    else
        return error_set(
            err, "--on-panic %s: unknown; give exit, exit=STATUS (0 to 255), stop or none", v);
    c->machine.panic_status = (int)n;
    c->on_panic = true;
    return true;
}

static bool take_timeout(struct config *c, const char *v, struct error *err)
{
    uint64_t n;
    if (!number(v, 1, MAX_TIMEOUT, &n))
        return error_set(err, "--timeout %s: not a time; give seconds, 1 to %d", v, MAX_TIMEOUT);
    c->timeout_ns = n * UINT64_C(1000000000);
    return true;
}

/* --- more --------------------------------------------------------------------------------------
 */

static bool take_log(struct config *c, const char *v, struct error *err)
{
    const char *bad = NULL;
    struct log *log = log_create(v, &bad);
    if (!log && bad)
        return error_set(
            err,
            "--log: '%.*s' is no category; there are cpu, bus, virtio, gpu, blk, input, "
            "sbi, ui and all",
            (int)strcspn(bad, ","), bad);
    log_destroy(log);
    c->log = v;
    return true;
}

static bool take_gpu_check(struct config *c, const char *v, struct error *err)
{
    (void)v, (void)err;
    c->machine.gpu_check = true;
    return true;
}

static bool take_trace_gpu(struct config *c, const char *v, struct error *err)
{
    (void)err;
    c->machine.gpu_trace = v;
    return true;
}

/* --- about ----------------------------------------------------------------------------------- */

static bool take_help(struct config *c, const char *v, struct error *err)
{
    (void)v, (void)err;
    c->help = true;
    return true;
}

static bool take_version(struct config *c, const char *v, struct error *err)
{
    (void)v, (void)err;
    c->version = true;
    return true;
}

static bool take_man(struct config *c, const char *v, struct error *err)
{
    (void)v, (void)err;
    c->man = true;
    return true;
}

const struct option_row option_rows[] = {
    {"What to boot", 'k', "kernel", "FILE", NULL,
     "Kernel: a Linux Image, an ELF executable or a flat binary; also gzipped.", take_kernel},
    {NULL, 'i', "initrd", "FILE", NULL, "Initial RAM disk for the kernel.", take_initrd},
    {NULL, 'a', "append", "TEXT", NULL, "The kernel's command line.", take_append},
    {NULL, 'b', "dtb", "FILE[,raw]", NULL,
     "Device tree to use instead of the board's own. Command line, memory and initrd are patched "
     "into it, and QEMU's devices that are not here switched off, unless `,raw' says to take it as "
     "it is.",
     take_dtb},
    {NULL, 0, "bios", "FILE|none", NULL,
     "Firmware that runs in M-mode at 0x80000000, as OpenSBI's fw_jump or fw_dynamic: ELF or raw. "
     "none: the kernel is itself an M-mode program. By default a built-in SBI boots the kernel.",
     take_bios},
    {NULL, 0, "dumpdtb", "FILE", NULL, "Write the device tree to FILE and exit.", take_dumpdtb},
    {"The machine", 'm', "memory", "SIZE", "1G", "Guest memory, 64M to 64G (default %s).",
     take_memory},
    {NULL, 'c', "smp", "N", "1", "Harts, 1 to 32 (default %s).", take_harts},
    {NULL, 0, "cpu", "MODEL[,EXT=on|off...]", "rv64",
     "rv64 or rv32, with extensions switched: `rv32,f=off,d=off,c=off' is RV32IMA (default %s).",
     take_cpu},
    {NULL, 0, "threads", "multi|single", "multi",
     "A host thread for each hart, or all harts in one (default %s). With one, time counts "
     "instructions, and two runs are the same, instruction by instruction, until something comes "
     "from outside: keys, the pointer, a viewer, a stop.",
     take_threads},
    {NULL, 0, "seed", "N", NULL,
     "What the guest gets as entropy follows from this number, and so do its secrets (default: the "
     "host's entropy, or 0 with --threads=single).",
     take_seed},
    {NULL, 0, "rtc", "host|DATE", NULL,
     "The guest's clock begins at the host's time, or at YYYY-MM-DD[THH:MM:SS], UTC (default: "
     "host, "
     "or 2026-01-01 with --threads=single).",
     take_rtc},
    {"Devices", 'd', "disk", "FILE[,ro]", NULL,
     "Disk with a raw image; `,ro' only reads it. May be given up to 8 times. A file of any size "
     "will do: the last sector is filled up with zeros, and the file keeps its size.",
     take_disk},
    {NULL, 0, "gpu", "WxH[@HZ][,NAME=VALUE...]", "1280x800",
     "Size of the screen (default %s). scanouts=N: so many screens, side by side, 1 to 16. "
     "blob=on|off: frames are read where the guest draws them, not copied (default on). "
     "edid=FILE|on|off: what the monitor tells of itself. memory=SIZE: host memory for pictures, "
     "and for each copy that a viewer, window or recording has of them "
     "(default 256M). pacing=on|off: the guest draws at the speed of the window (default off). "
     "none: no GPU.",
     take_gpu},
    {NULL, 0, "virtio", "modern|legacy", "modern",
     "Version 2 of virtio-mmio, or version 1, which QEMU's virt shows by default and older "
     "teaching "
     "kernels need (default %s).",
     take_virtio},
    {NULL, 0, "touch", NULL, NULL,
     "A touch screen with ten fingers, for hosts that have one. Without it a finger is the "
     "pointer.",
     take_touch},
    {NULL, 'n', "netdev", "KIND", NULL, "Network card (not built yet).", no_network},
    {NULL, 's', "shared-directory", "DIR", NULL, "Share a host directory (not built yet).",
     no_shared},
    {"Screen and control", 0, "display", "sdl|vnc=ADDR:PORT|web=PORT|none", NULL,
     "Where to show the screen: in a window, to VNC viewers, in browsers (noVNC), or nowhere "
     "(also: "
     "headless); may be repeated. Default: a window, if one can be opened. "
     "sdl,scale=fit|integer|none,keymap=us|uk|de|fr: how a window scales, and the guest's layout "
     "for typing the clipboard. vnc=:N is port 5900 + N on this machine; an address that others "
     "reach needs a password: vnc=0.0.0.0:5900,password=FILE. head=N: not the first screen. "
     "keymap=: the guest's layout, for viewers that send characters.",
     take_display},
    {NULL, 'H', "headless", NULL, NULL, "The same as --display none.", take_headless},
    {NULL, 0, "record", "DIR/|FILE.y4m", NULL,
     "Record the screen beside showing it: PNGs with a list of their times (list.ffconcat), or "
     "uncompressed video. May be followed by ,fps=N (default 30), ,head=N and ,overwrite.",
     take_record},
    {NULL, 0, "monitor", "unix:PATH", NULL,
     "Control socket that speaks QMP: screendump, send-key, stop, quit and more.", take_monitor},
    {NULL, 0, "script", "FILE", NULL,
     "Run a screen script: waits for pictures and serial output, types and clicks; its failure is "
     "exit status 1, or 123 if the guest panicked.",
     take_script},
    {NULL, 0, "script-out", "DIR", NULL, "Where a script's failure leaves its pictures.",
     take_script_out},
    {NULL, 0, "junit", "FILE", NULL, "Write the script's results as a JUnit report.", take_junit},
    {"The end", 0, "no-reboot", NULL, NULL,
     "End, with exit status 122, where the machine would begin anew.", take_no_reboot},
    {NULL, 0, "on-panic", "exit[=STATUS]|stop|none", NULL,
     "When a kernel panics on its console, as Linux does, or a guest's SBI reset gives a system "
     "failure as its reason: end with STATUS (123), or stop, to look at it. Default: exit with "
     "--script, else none.",
     take_on_panic},
    {NULL, 0, "timeout", "SECONDS", NULL, "End after so long, with exit status 124.", take_timeout},
    {"Help", 0, "log", "NAME,...", NULL,
     "Also tell about: cpu, bus, virtio, gpu, blk, input, sbi, ui, or all.", take_log},
    {NULL, 0, "gpu-check", NULL, NULL,
     "For who writes a driver: say what would leave a picture wrong, with the guest's pc.",
     take_gpu_check},
    {NULL, 0, "trace-gpu", "FILE", NULL,
     "Record what the guest asks of the GPU, with the pixels, for riscreen-gpu-replay.",
     take_trace_gpu},
    {NULL, 'g', "gdbstub", NULL, NULL, "Wait for a debugger (not built yet).", no_gdb},
    {NULL, 'h', "help", NULL, NULL, "Print this and exit.", take_help},
    {NULL, 0, "version", NULL, NULL, "Print the version and exit.", take_version},
    {NULL, 0, "man", NULL, NULL, NULL, take_man},
};
const unsigned option_count = ARRAY_SIZE(option_rows);
