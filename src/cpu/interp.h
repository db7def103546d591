/* SPDX-License-Identifier: MIT */
/* What both instances of the interpreter template (interp.inc) include. */
#ifndef CPU_INTERP_H
#define CPU_INTERP_H

#include "cpu/block.h"
#include "cpu/fpu.h"
#include "cpu/fpu_host.h"
#include "cpu/hart.h"
#include "cpu/mmu.h"
#include "cpu/system.h"

#include <string.h>

#endif
