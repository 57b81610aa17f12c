/* SPDX-License-Identifier: MIT */
/* Counters of the PERF unit. */
#ifndef MODEL_PERF_H
#define MODEL_PERF_H

#include "hw/regs.h"

/* PERF_<name>: index of the counter at MIRAGE_PERF_<name>, two words each. */
enum perf_counter {
#define UNIT(unit, base, size, doc)
#define REG(unit, name, off, access, reset, doc)
#define REG64(unit, name, off, access, doc) unit##_##name,
#define FIELD(unit, reg, name, hi, lo, doc)
#include "hw/regs/all.def"
#undef UNIT
#undef REG
#undef REG64
#undef FIELD
	PERF_NR_COUNTERS
};

#endif /* MODEL_PERF_H */
