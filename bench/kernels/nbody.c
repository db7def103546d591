/* SPDX-License-Identifier: MIT */
/* Gravity among five bodies: double divisions and square roots. */
#include "kernels.h"

enum { BODIES = 5, STEPS = 250000 };

struct body {
    double pos[3], vel[3], mass;
};

static void attract(struct body *a, struct body *b, double dt)
{
    double d[3], square = 0;
    for (int k = 0; k < 3; k++) {
        d[k] = a->pos[k] - b->pos[k];
        square += d[k] * d[k];
    }
    double pull = dt / (square * __builtin_sqrt(square));
    for (int k = 0; k < 3; k++) {
        a->vel[k] -= d[k] * b->mass * pull;
        b->vel[k] += d[k] * a->mass * pull;
    }
}

static void step(struct body *body, double dt)
{
    for (int i = 0; i < BODIES; i++)
        for (int j = i + 1; j < BODIES; j++)
            attract(&body[i], &body[j], dt);
    for (int i = 0; i < BODIES; i++)
        for (int k = 0; k < 3; k++)
            body[i].pos[k] += dt * body[i].vel[k];
}

uint64_t kernel_nbody(void *arena)
{
    struct body *body = arena;
    for (int i = 0; i < BODIES; i++)
        body[i] = (struct body){
            {i * 4.0, i * 1.5 - 2.0, i * 0.5}, {0, i * 0.6, i * -0.1}, i ? 0.001 * i : 40.0};
    for (int i = 0; i < STEPS; i++)
        step(body, 0.0001);
    /* Fused or not, the first digits agree. */
    return (uint64_t)((body[1].pos[0] + 100.0) * 1000.0);
}
