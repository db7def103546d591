/* SPDX-License-Identifier: MIT */
#include "monitor/screendump.h"

#include "display/display.h"
#include "host/clock.h"
#include "host/file.h"
#include "host/loop.h"
#include "host/thread.h"
#include "host/worker.h"
#include "monitor/qmp.h"
#include "ui/picture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define GRACE (NS_PER_SEC / 2) /* what is being written may go on for so long at the end */

struct job {
    struct job *next;
    struct qmp *q; /* the loop's thread; NULL: it went away */
    struct screendump what;
    char *path; /* what.path */
    int error;
};

struct job_list {
    struct job *first, **end;
};

struct screendumps {
    struct loop_event finished;
    struct display *display;
    struct worker *worker;
    _Atomic uint64_t until; /* HOST_FOREVER, or when the one that is written is given up */
    pthread_mutex_t lock;
    /* under the lock */
    struct job_list asked, done;
    struct job *now; /* being written */
};

/* --- the list --- */

static void jobs_add(struct job_list *list, struct job *job)
{
    job->next = NULL;
    *list->end = job;
    list->end = &job->next;
}

static struct job *jobs_take(struct job_list *list)
{
    struct job *job = list->first;
    if (job && !(list->first = job->next))
        list->end = &list->first;
    return job;
}

static void job_free(struct job *job)
{
    if (job)
        free(job->path);
    free(job);
}

/* --- the thread --- */

int screendump_save(struct display *display, const struct screendump *what,
                    const _Atomic uint64_t *until)
{
    struct picture *pic = display_snapshot(display, what->head, what->cursor);
    if (!pic)
        return ENOMEM;
    int error = ui_save_until(pic, what->path, what->png ? UI_PICTURE_PNG : UI_PICTURE_PPM, until);
    picture_destroy(pic);
    return error;
}

static void screendumps_run(void *ctx, uint32_t bits, bool inline_run)
{
    struct screendumps *s = ctx;
    (void)bits;
    (void)inline_run;
    pthread_mutex_lock(&s->lock);
    while (!worker_stopping(s->worker) && (s->now = jobs_take(&s->asked))) {
        pthread_mutex_unlock(&s->lock);
        int error = screendump_save(s->display, &s->now->what, &s->until);
        pthread_mutex_lock(&s->lock);
        s->now->error = error;
        jobs_add(&s->done, s->now);
        s->now = NULL;
        loop_event_post(&s->finished);
    }
    pthread_mutex_unlock(&s->lock);
}

/* --- the loop --- */

static void job_answer(struct job *job)
{
    struct qmp_error err = {0};
    if (job->error)
        qmp_fail(&err, "failed to open file '%.256s': %s", job->path, host_file_why(job->error));
    if (job->q)
        qmp_done(job->q, &err);
    job_free(job);
}

static void on_done(void *arg)
{
    struct screendumps *s = arg;
    for (;;) {
        pthread_mutex_lock(&s->lock);
        struct job *job = jobs_take(&s->done);
        pthread_mutex_unlock(&s->lock);
        if (!job)
            return;
        job_answer(job);
    }
}

bool screendumps_start(struct screendumps *s, struct qmp *q, const struct screendump *what)
{
    struct job *job = calloc(1, sizeof(*job));
    if (job)
        job->path = strdup(what->path);
    if (!job || !job->path) {
        job_free(job);
        return false;
    }
    job->q = q;
    job->what = *what;
    job->what.path = job->path;
    qmp_work(q);
    pthread_mutex_lock(&s->lock);
    jobs_add(&s->asked, job);
    pthread_mutex_unlock(&s->lock);
    worker_kick(s->worker, 1);
    return true;
}

static void forget_in(struct job *job, const struct qmp *q)
{
    for (; job; job = job->next)
        if (job->q == q)
            job->q = NULL;
}

void screendumps_forget(struct screendumps *s, const struct qmp *q)
{
    pthread_mutex_lock(&s->lock);
    forget_in(s->asked.first, q);
    forget_in(s->done.first, q);
    if (s->now && s->now->q == q)
        s->now->q = NULL;
    pthread_mutex_unlock(&s->lock);
}

/* --- beginning and end --- */

struct screendumps *screendumps_create(struct loop *loop, struct display *display)
{
    struct screendumps *s = calloc(1, sizeof(*s));
    if (!s)
        return NULL;
    loop_event_init(&s->finished, loop, on_done, s);
    s->display = display;
    s->until = HOST_FOREVER;
    s->asked.end = &s->asked.first;
    s->done.end = &s->done.first;
    pthread_mutex_init(&s->lock, NULL);
    s->worker = worker_create("screendump", true, screendumps_run, s);
    if (s->worker)
        return s;
    pthread_mutex_destroy(&s->lock);
    free(s);
    return NULL;
}

void screendumps_destroy(struct screendumps *s)
{
    struct job *job;
    if (!s)
        return;
    atomic_store(&s->until, host_now_ns() + GRACE);
    worker_destroy(s->worker);
    loop_event_cancel(&s->finished);
    on_done(s);
    while ((job = jobs_take(&s->asked))) {
        job->error = ECANCELED;
        job_answer(job);
    }
    pthread_mutex_destroy(&s->lock);
    free(s);
}
