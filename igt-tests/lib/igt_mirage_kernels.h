/* SPDX-License-Identifier: MIT */
/* The kernels of kernels/, assembled at build time, and their arguments. */
#ifndef IGT_MIRAGE_KERNELS_H
#define IGT_MIRAGE_KERNELS_H

#include <stddef.h>
#include <stdint.h>

struct kernel {
	const void *code;
	size_t size;		/* bytes */
	unsigned int nr_regs;
};

struct gather_args {
	uint64_t src;
	uint64_t dst;
	uint32_t stride;
	uint32_t n;
};

struct scatter_args {
	uint64_t dst;
	uint32_t stride;
	uint32_t n;
	uint32_t value;
	uint32_t pad;
};

struct raise_args {
	uint64_t addr;
	uint32_t stride;
	uint32_t iters;
};

/* Of watch and scribble */
struct loop_args {
	uint64_t target;
	uint64_t out;
	uint64_t stop;
};

struct chase_args {
	uint64_t head;
	uint64_t out;
};

struct ids_args {
	uint64_t out;
};

extern const struct kernel kernel_gather;
extern const struct kernel kernel_scatter;
extern const struct kernel kernel_raise;
extern const struct kernel kernel_watch;
extern const struct kernel kernel_scribble;
extern const struct kernel kernel_chase;
extern const struct kernel kernel_spin;
extern const struct kernel kernel_ids;

#endif /* IGT_MIRAGE_KERNELS_H */
