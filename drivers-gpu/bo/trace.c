// SPDX-License-Identifier: GPL-2.0
/* The tracepoints themselves; see bo/trace.h for what each one says. */
#define CREATE_TRACE_POINTS
#include "bo/trace.h"
