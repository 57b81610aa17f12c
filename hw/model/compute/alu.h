/* SPDX-License-Identifier: MIT */
/* Results of 32 bits for all lanes, into out[l]; the compiler makes vector code of the loop. */
#ifndef COMPUTE_ALU_H
#define COMPUTE_ALU_H

#include "engine.h"

#define FOR_LANES(expr)                                                        \
	do {                                                                   \
		for (l = 0; l < LANES; l++)                                    \
			out[l] = (uint32_t)(expr);                             \
	} while (0)
#define TRUE_IF(cond)	((cond) ? ~0u : 0u)

#endif /* COMPUTE_ALU_H */
