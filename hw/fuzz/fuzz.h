/* SPDX-License-Identifier: MIT */
/*
 * Shared by the fuzz targets. A target defines LLVMFuzzerTestOneInput()
 * and its seeds; fuzz.c makes it a libFuzzer program, or, without libFuzzer, a
 * test that runs the seeds and a fixed number of mutations of them.
 */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fuzz_seed {
	const uint8_t *data;
	size_t size;
};

/* An input that reaches something, as the bytes given. */
#define FUZZ_SEED(...)                                                       \
	{ (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }) }

/* The target's, ended by one without data. */
extern const struct fuzz_seed fuzz_seeds[];

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** fuzz_require() - end the process, which libFuzzer reports, unless @holds. */
void fuzz_require(bool holds, const char *what);

#endif /* FUZZ_FUZZ_H */
