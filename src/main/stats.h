/* SPDX-License-Identifier: MIT */
#ifndef MAIN_STATS_H
#define MAIN_STATS_H

#include "base/log.h"

struct machine;

/* Logs what machine_report reports, a line for each value: `stats: translator exits limit 123`. Objects' names
 * and lists' indices stand before a value's name, between spaces. */
void stats_print(struct machine *m, struct log *log);

#endif
