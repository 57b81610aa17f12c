// SPDX-License-Identifier: GPL-2.0
/*
 * The trace events' code; trace.h documents them.
 */
#define CREATE_TRACE_POINTS
#include "trace.h"
