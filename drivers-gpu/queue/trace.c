// SPDX-License-Identifier: GPL-2.0
/* The tracepoints; queue/trace.h documents each. */
#define CREATE_TRACE_POINTS
#include "queue/trace.h"
