// SPDX-License-Identifier: GPL-2.0
/* The tracepoints; svm/trace.h documents each. */
#define CREATE_TRACE_POINTS
#include "svm/trace.h"
