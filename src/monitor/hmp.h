/* SPDX-License-Identifier: MIT */
/*
 * QEMU's human monitor, as far as programs use it: QMP's human-monitor-command takes a line of its
 * commands and answers with the text that QEMU 7.2 would print. Lines end in "\r\n".
 */
#ifndef MONITOR_HMP_H
#define MONITOR_HMP_H

#include "monitor/qmp.h"

/* Carries out one line. The text, a string; or NULL: hmp_answer gives it once q waits no more. */
struct json_object *hmp_run(struct qmp *q, const char *line);
/* The text of a command of QMP's that the line called: nothing, or its error. */
struct json_object *hmp_answer(const struct qmp_error *err);

#endif
