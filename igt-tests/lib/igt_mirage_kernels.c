// SPDX-License-Identifier: MIT
/* Each kernel once in the library, as its assembler's header defines it. */
#include "igt_mirage_kernels.h"

#include "chase.kernel.h"
#include "gather.kernel.h"
#include "ids.kernel.h"
#include "raise.kernel.h"
#include "scatter.kernel.h"
#include "scribble.kernel.h"
#include "spin.kernel.h"
#include "watch.kernel.h"

#define KERNEL(name)                                                         \
	const struct kernel kernel_##name = {                                \
		.code = name,                                                \
		.size = sizeof(name),                                        \
		.nr_regs = name##_nr_regs,                                   \
	}

KERNEL(chase);
KERNEL(gather);
KERNEL(ids);
KERNEL(raise);
KERNEL(scatter);
KERNEL(scribble);
KERNEL(spin);
KERNEL(watch);
