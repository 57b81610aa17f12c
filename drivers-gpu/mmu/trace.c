// SPDX-License-Identifier: GPL-2.0
/* The tracepoints themselves; see mmu/trace.h for what each one says. */
#define CREATE_TRACE_POINTS
#include "mmu/trace.h"
