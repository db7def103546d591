/* SPDX-License-Identifier: MIT */
/*
 * Gives memory that an idle machine does not need back to the host: what the processor's engine can
 * do without, and pages of RAM that hold only zeros. Debian's kernel, for one, clears 33 MB at boot
 * for a table of which it uses one page.
 *
 * The machine's thread looks at the harts' processor time each PERIOD. Once they were idle for a
 * PERIOD, it sweeps RAM, a PIECE at a time between two requests. It counts the zero pages of a piece
 * first; only where there are some it parks the harts and quiesces the devices, for about a
 * millisecond. After a sweep it waits until the harts have run for AGAIN.
 */
#include "board/internal.h"
#include "host/clock.h"
#include "virtio/virtio.h"

#define PERIOD      (5 * NS_PER_SEC)
#define IDLE        (PERIOD / 8) /* of the harts' time together */
#define AGAIN       NS_PER_SEC
#define PIECE       (UINT64_C(8) << 20)
#define PIECE_ZEROS (UINT64_C(64) << 10) /* fewer are left alone */

void trim_start(struct machine *m)
{
    m->trim = (struct trim){.due = host_now_ns() + PERIOD};
}

static void quiesce_devices(struct machine *m)
{
    for (unsigned i = 0; i < m->slots; i++)
        if (m->device[i] && m->device[i]->ops->quiesce)
            m->device[i]->ops->quiesce(m->device[i]);
}

static void resume_devices(struct machine *m)
{
    for (unsigned i = m->slots; i-- > 0;)
        if (m->device[i] && m->device[i]->ops->resume)
            m->device[i]->ops->resume(m->device[i]);
}

/* Nothing writes RAM while the harts are parked and the devices quiesced. */
static void sweep_piece(struct machine *m)
{
    uint64_t pa = gmem_base(m->mem) + m->trim.next;
    uint64_t len = MIN(PIECE, gmem_size(m->mem) - m->trim.next);
    if (gmem_count_zeros(m->mem, pa, len) >= PIECE_ZEROS) {
        cpu_park(m->cpu);
        quiesce_devices(m);
        gmem_release_zeros(m->mem, pa, len);
        resume_devices(m);
        cpu_unpark(m->cpu);
    }
    m->trim.next += len;
}

void trim_when_due(struct machine *m)
{
    struct trim *t = &m->trim;
    uint64_t now = host_now_ns(), time = cpu_time(m->cpu);
    if (now < t->due)
        return;
    bool idle = time - t->time < IDLE && time - t->time_swept >= AGAIN;
    if (t->next || idle) {
        sweep_piece(m);
        if (t->next < gmem_size(m->mem))
            return; /* due at once */
        cpu_trim(m->cpu);
        t->next = 0;
        t->time_swept = cpu_time(m->cpu);
    }
    t->time = time;
    t->due = now + PERIOD;
}
