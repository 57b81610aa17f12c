// SPDX-License-Identifier: GPL-2.0
/* The tracepoints themselves; see queue/trace.h for what each one says. */
#define CREATE_TRACE_POINTS
#include "queue/trace.h"
