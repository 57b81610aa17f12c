// SPDX-License-Identifier: GPL-2.0
/* The tracepoints; bo/trace.h documents each. */
#define CREATE_TRACE_POINTS
#include "bo/trace.h"
