/* SPDX-License-Identifier: MIT */
#include "dev/rtc.h"

#include "host/thread.h"

#include <stdlib.h>

#define SIZE 0x1000 /* bytes of registers */

enum {
    TIME_LOW = 0x00,
    TIME_HIGH = 0x04,
    ALARM_LOW = 0x08,
    ALARM_HIGH = 0x0c,
    IRQ_ENABLED = 0x10,
    CLEAR_ALARM = 0x14,
    ALARM_STATUS = 0x18,
    CLEAR_INTERRUPT = 0x1c
};

struct rtc {
    struct irq_line irq;
    struct vclock *clock;
    struct vclock_timer timer; /* at the alarm */
    pthread_mutex_t lock;
    /* under lock */
    uint32_t time_high, alarm_high; /* latched by a read of TIME_LOW, a write to either HIGH */
    uint64_t alarm;                 /* wall-clock ns */
    bool armed, pending, enabled;
};

static void update_line(struct rtc *rtc)
{
    irq_set(&rtc->irq, rtc->pending && rtc->enabled);
}

/* Lock held: sets the timer for the alarm, or for now if that is due. */
static void set_timer(struct rtc *rtc)
{
    uint64_t ns = vclock_ns(rtc->clock), now = vclock_wall_ns(rtc->clock), due = VCLOCK_NEVER;
    uint64_t left = rtc->alarm > now ? rtc->alarm - now : 0;
    if (rtc->armed && left < VCLOCK_NEVER - ns)
        due = ns + left;
    vclock_timer_set(&rtc->timer, due);
}

/* Lock held: fires the alarm if it is due, else sets the timer for it. */
static void check_alarm(struct rtc *rtc)
{
    if (rtc->armed && rtc->alarm <= vclock_wall_ns(rtc->clock)) {
        rtc->armed = false;
        rtc->pending = true;
    }
    set_timer(rtc);
    update_line(rtc);
}

static void on_timer(void *arg)
{
    struct rtc *rtc = arg;
    pthread_mutex_lock(&rtc->lock);
    check_alarm(rtc);
    pthread_mutex_unlock(&rtc->lock);
}

static uint64_t rtc_read(void *dev, uint64_t off, unsigned size)
{
    (void)size;
    struct rtc *rtc = dev;
    uint64_t val = 0;
    pthread_mutex_lock(&rtc->lock);
    switch (off) {
    case TIME_LOW:
        val = vclock_wall_ns(rtc->clock);
        rtc->time_high = (uint32_t)(val >> 32);
        break;
    case TIME_HIGH: val = rtc->time_high; break;
    case ALARM_LOW: val = rtc->alarm; break;
    case ALARM_HIGH: val = rtc->alarm >> 32; break;
    case IRQ_ENABLED: val = rtc->enabled; break;
    case ALARM_STATUS: val = rtc->armed; break;
    default: break;
    }
    pthread_mutex_unlock(&rtc->lock);
    return (uint32_t)val;
}

static void rtc_write(void *dev, uint64_t off, uint64_t val, unsigned size)
{
    (void)size;
    struct rtc *rtc = dev;
    pthread_mutex_lock(&rtc->lock);
    switch (off) {
    case TIME_LOW:
        vclock_set_wall_ns(rtc->clock, (uint64_t)rtc->time_high << 32 | (uint32_t)val);
        break;
    case TIME_HIGH: rtc->time_high = (uint32_t)val; break;
    case ALARM_LOW:
        rtc->alarm = (uint64_t)rtc->alarm_high << 32 | (uint32_t)val;
        rtc->armed = true;
        break;
    case ALARM_HIGH: rtc->alarm_high = (uint32_t)val; break;
    case IRQ_ENABLED: rtc->enabled = val & 1; break;
    case CLEAR_ALARM: rtc->armed = false; break;
    case CLEAR_INTERRUPT: rtc->pending = false; break;
    default: break;
    }
    check_alarm(rtc);
    pthread_mutex_unlock(&rtc->lock);
}

struct rtc *rtc_create(struct irq_line irq, struct vclock *clock)
{
    struct rtc *rtc = calloc(1, sizeof(*rtc));
    if (!rtc)
        return NULL;
    rtc->irq = irq;
    rtc->clock = clock;
    vclock_timer_init(&rtc->timer, clock, on_timer, rtc);
    pthread_mutex_init(&rtc->lock, NULL);
    return rtc;
}

static void rtc_destroy(void *dev)
{
    struct rtc *rtc = dev;
    vclock_timer_set(&rtc->timer, VCLOCK_NEVER);
    pthread_mutex_destroy(&rtc->lock);
    free(rtc);
}

static void rtc_reset(void *dev)
{
    struct rtc *rtc = dev;
    pthread_mutex_lock(&rtc->lock);
    rtc->armed = rtc->pending = rtc->enabled = false;
    rtc->alarm = 0;
    rtc->alarm_high = rtc->time_high = 0;
    check_alarm(rtc);
    pthread_mutex_unlock(&rtc->lock);
}

static void rtc_save(void *dev, struct blob_out *out)
{
    struct rtc *rtc = dev;
    pthread_mutex_lock(&rtc->lock);
    blob_put_u32(out, rtc->time_high);
    blob_put_u32(out, rtc->alarm_high);
    blob_put_u64(out, rtc->alarm);
    blob_put_bool(out, rtc->armed);
    blob_put_bool(out, rtc->pending);
    blob_put_bool(out, rtc->enabled);
    pthread_mutex_unlock(&rtc->lock);
}

static bool rtc_load(void *dev, struct blob_in *in)
{
    struct rtc *rtc = dev;
    uint32_t time_high = blob_get_u32(in), alarm_high = blob_get_u32(in);
    uint64_t alarm = blob_get_u64(in);
    bool armed = blob_get_bool(in), pending = blob_get_bool(in), enabled = blob_get_bool(in);
    if (in->error)
        return false;
    pthread_mutex_lock(&rtc->lock);
    rtc->time_high = time_high;
    rtc->alarm_high = alarm_high;
    rtc->alarm = alarm;
    rtc->armed = armed;
    rtc->pending = pending;
    rtc->enabled = enabled;
    set_timer(rtc);
    pthread_mutex_unlock(&rtc->lock);
    return true;
}

static void rtc_fdt(const void *dev, struct fdt_builder *b, const struct chip_node *node)
{
    (void)dev;
    fdt_node(b, "rtc@%llx", (unsigned long long)node->base);
    fdt_str(b, "compatible", "google,goldfish-rtc");
    fdt_reg(b, node->base, SIZE);
    fdt_u32(b, "interrupts", node->irq);
    fdt_u32(b, "interrupt-parent", node->irq_parent);
    fdt_node_end(b);
}

static const struct mmio_ops registers = {
    .min_size = 4, .max_size = 4, .read = rtc_read, .write = rtc_write};

const struct chip_ops rtc_chip = {
    .name = "rtc",
    .mmio = &registers,
    .size = SIZE,
    .fdt = rtc_fdt,
    .reset = rtc_reset,
    .version = 1,
    .save = rtc_save,
    .load = rtc_load,
    .destroy = rtc_destroy,
};
