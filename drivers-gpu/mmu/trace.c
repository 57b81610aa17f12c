// SPDX-License-Identifier: GPL-2.0
/* The tracepoints; mmu/trace.h documents each. */
#define CREATE_TRACE_POINTS
#include "mmu/trace.h"
