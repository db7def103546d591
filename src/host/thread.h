/* SPDX-License-Identifier: MIT */
/*
 * Threads of the host. Mutexes and condition variables are pthread's own names; this adds what
 * riscreen needs on top: a thread with a name, a condition variable on the monotonic clock, and
 * the wakeup, on which one thread sleeps and which any thread may raise.
 */
#ifndef HOST_THREAD_H
#define HOST_THREAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#define HOST_FOREVER UINT64_MAX

/* Starts fn(arg); all signals are blocked in it. name: at most 15 characters. 0 or an errno. */
int host_thread_start(pthread_t *thread, const char *name, void *(*fn)(void *), void *arg);

/* Processor time that a running thread has used, ns; 0 if the host does not say. */
uint64_t host_thread_time(pthread_t thread);

/* Tells the host's core that this is a spin loop. */
static inline void host_pause(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* A condition variable whose deadlines are host_now_ns() values. */
void host_cond_init(pthread_cond_t *cond);
/* false once deadline_ns has passed; HOST_FOREVER: none. */
bool host_cond_wait_until(pthread_cond_t *cond, pthread_mutex_t *lock, uint64_t deadline_ns);

/* A sticky flag with a sleeper: raise before wait makes wait return at once. */
struct host_wakeup {
    pthread_mutex_t lock;
    pthread_cond_t cond;
    bool raised;
};
void host_wakeup_init(struct host_wakeup *w);
void host_wakeup_finish(struct host_wakeup *w);
void host_wakeup_raise(struct host_wakeup *w);                      /* any thread */
bool host_wakeup_wait(struct host_wakeup *w, uint64_t deadline_ns); /* false: deadline passed */

#endif
