// SPDX-License-Identifier: GPL-2.0
/* The tracepoints; vm/trace.h documents each. */
#define CREATE_TRACE_POINTS
#include "vm/trace.h"
