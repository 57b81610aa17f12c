// SPDX-License-Identifier: GPL-2.0
/*
 * The trace events' code; what they say is in trace.h.
 */
#define CREATE_TRACE_POINTS
#include "trace.h"
