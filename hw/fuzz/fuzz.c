// SPDX-License-Identifier: MIT
/*
 * Seeds are C and not files, so that they are readable and follow the format of
 * their target. libFuzzer gets them from a mutator that now and then starts from
 * one of them instead of what it has found so far.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

void fuzz_require(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "fuzz: %s\n", what);
	abort();
}

static size_t nr_seeds(void)
{
	size_t nr = 0;

	while (fuzz_seeds[nr].data)
		nr++;
	return nr;
}

static uint32_t next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

#ifdef FUZZ_LIBFUZZER

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed);

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
	uint32_t state = seed | 1;

	if (size < 2 || next_random(&state) % 16 == 0) {
		const struct fuzz_seed *from = &fuzz_seeds[next_random(&state) % nr_seeds()];

		size = from->size < max_size ? from->size : max_size;
		memcpy(data, from->data, size);
	}
	return LLVMFuzzerMutate(data, size, max_size);
}

#else

#define MUTATIONS 400
#define MAX_SIZE 4096

static void mutate(uint8_t *data, size_t *size, uint32_t *state)
{
	size_t at = next_random(state) % *size;

	switch (next_random(state) % 5) {
	case 0:
		data[at] = (uint8_t)next_random(state);
		break;
	case 1:
		data[at] ^= (uint8_t)(1 << next_random(state) % 8);
		break;
	case 2:
		data[at] = next_random(state) % 2 ? 0xff : 0;
		break;
	case 3:		/* repeat a part at the end */
		if (*size + (*size - at) <= MAX_SIZE) {
			memcpy(data + *size, data + at, *size - at);
			*size += *size - at;
		}
		break;
	case 4:		/* leave out a byte */
		if (*size > 1) {
			memmove(data + at, data + at + 1, *size - at - 1);
			--*size;
		}
		break;
	}
}

int main(void)
{
	static uint8_t data[MAX_SIZE];
	uint32_t state = 1;

	for (size_t i = 0; i < nr_seeds(); i++) {
		LLVMFuzzerTestOneInput(fuzz_seeds[i].data, fuzz_seeds[i].size);
		for (unsigned int n = 0; n < MUTATIONS; n++) {
			size_t size = fuzz_seeds[i].size;

			memcpy(data, fuzz_seeds[i].data, size);
			for (unsigned int m = 0; m <= n % 8; m++)
				mutate(data, &size, &state);
			LLVMFuzzerTestOneInput(data, size);
		}
	}
	return 0;
}

#endif /* FUZZ_LIBFUZZER */
