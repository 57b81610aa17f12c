/* SPDX-License-Identifier: MIT */
/* Counters of the PERF unit. */
#ifndef MODEL_PERF_H
#define MODEL_PERF_H

#include "hw/regs.h"

/* PERF_<name>: index of the counter at MIRAGE_PERF_<name>, two words each. */
enum perf_counter {
#define REG64(unit, name, off, access, doc) unit##_##name,
#include "hw/regs/all.def"
	PERF_NR_COUNTERS
};

#endif /* MODEL_PERF_H */
