// SPDX-License-Identifier: GPL-2.0
/* The tracepoints themselves; see mirage_trace.h for what each one says. */
#define CREATE_TRACE_POINTS
#include "mirage_trace.h"
