// SPDX-License-Identifier: GPL-2.0
/* The tracepoints; device/trace.h documents each. */
#define CREATE_TRACE_POINTS
#include "device/trace.h"
