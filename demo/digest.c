// SPDX-License-Identifier: MIT
/*
 * Part 2: SHA-256 and a histogram of a file that is mapped with mmap().
 *
 * The GPU's view of the file is a private mapping that the CPU does not touch
 * before the GPU has; the CPU computes from what read(2) gave, with code of its own. The
 * histogram is written to the CPU's stack.
 */
#include "demo.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "histogram.kernel.h"
#include "sha256.h"
#include "sha256.kernel.h"

/* Bytes that one lane digests. */
#define PIECE 1024
/* One lane digests the whole file, too, if it has no more bytes than this. */
#define WHOLE_MAX (256u << 10)
#define GROUP 32
#define VALUES 256

/* As kernels/sha256.s has it. */
struct sha256_piece {
	uint64_t address;
	uint64_t size;
	uint32_t digest[SHA256_WORDS];
};

struct sha256_args {
	uint64_t pieces;
	uint32_t count;
	uint32_t zero;
	uint32_t start[SHA256_WORDS];
	uint32_t round[SHA256_ROUNDS];
};

struct histogram_args {
	uint64_t data;
	uint64_t bins;
	uint32_t size;
	uint32_t zero;
};

_Static_assert(sizeof(struct sha256_piece) == 48, "sha256_piece");
_Static_assert(offsetof(struct sha256_args, round) == 48, "sha256_args");

static const struct gpu_kernel sha256_kernel = GPU_KERNEL(sha256);
static const struct gpu_kernel histogram_kernel = GPU_KERNEL(histogram);

/* The file cut into pieces, the whole of it as the last one if it is small enough. */
static struct sha256_piece *cut(const char *data, size_t size, uint32_t *count, bool *whole)
{
	uint32_t parts = (size + PIECE - 1) / PIECE, i;
	struct sha256_piece *pieces;

	*whole = size <= WHOLE_MAX;
	*count = parts + *whole;
	pieces = calloc(*count, sizeof(*pieces));
	if (!pieces)
		return NULL;
	for (i = 0; i < parts; i++) {
		pieces[i].address = (uintptr_t)data + (size_t)i * PIECE;
		pieces[i].size = i + 1 < parts ? PIECE : size - (size_t)i * PIECE;
	}
	if (*whole) {
		pieces[parts].address = (uintptr_t)data;
		pieces[parts].size = size;
	}
	return pieces;
}

static int run_sha256(struct demo *demo, const char *data)
{
	struct sha256_args args = { 0 };
	struct sha256_piece *pieces;
	uint32_t expected[SHA256_WORDS], right = 0, parts, i;
	char hex[SHA256_HEX];
	bool whole;
	int err;

	pieces = cut(data, demo->text_size, &args.count, &whole);
	if (!pieces) {
		warnx("no memory for the pieces of %s", demo->path);
		return -ENOMEM;
	}
	args.pieces = (uintptr_t)pieces;
	memcpy(args.start, sha256_start, sizeof(args.start));
	memcpy(args.round, sha256_round, sizeof(args.round));

	err = gpu_run(&demo->gpu, &sha256_kernel, &args, sizeof(args),
		      (args.count + GROUP - 1) / GROUP, GROUP);
	if (err)
		goto out;

	parts = args.count - whole;
	for (i = 0; i < parts; i++) {
		sha256(demo->text + (size_t)i * PIECE, pieces[i].size, expected);
		right += !memcmp(expected, pieces[i].digest, sizeof(expected));
	}
	demo_check(demo, right == parts, "SHA-256, a lane each", "%u of %u pieces of %u bytes",
		   right, parts, PIECE);
	if (whole) {
		sha256(demo->text, demo->text_size, expected);
		sha256_hex(pieces[parts].digest, hex);
		demo_check(demo, !memcmp(expected, pieces[parts].digest, sizeof(expected)),
			   "SHA-256 of the file", "%.32s...%.12s (as sha256sum)", hex, hex + 52);
	}
out:
	free(pieces);
	return err;
}

static int run_histogram(struct demo *demo, const char *data)
{
	uint32_t bins[VALUES] = { 0 }, expected[VALUES] = { 0 };
	struct histogram_args args = {
		.data = (uintptr_t)data,
		.bins = (uintptr_t)bins,
		.size = demo->text_size,
	};
	unsigned int used = 0, top = 0, i;
	size_t n;
	int err;

	err = gpu_run(&demo->gpu, &histogram_kernel, &args, sizeof(args), 4, 256);
	if (err)
		return err;

	for (n = 0; n < demo->text_size; n++)
		expected[(unsigned char)demo->text[n]]++;
	for (i = 0; i < VALUES; i++) {
		used += !!bins[i];
		if (bins[i] > bins[top])
			top = i;
	}
	demo_check(demo, !memcmp(bins, expected, sizeof(bins)), "histogram",
		   "%u values occur in %zu bytes, 0x%02x most often: %u times", used,
		   demo->text_size, top, bins[top]);
	return 0;
}

int demo_digest(struct demo *demo)
{
	char *data;
	int fd, err;

	fd = open(demo->path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		err = -errno;
		warnx("cannot open %s: %s", demo->path, strerror(-err));
		return err;
	}
	data = mmap(NULL, demo->text_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (data == MAP_FAILED) {
		err = -errno;
		warnx("cannot map %s: %s", demo->path, strerror(-err));
		return err;
	}

	err = run_sha256(demo, data);
	if (!err)
		err = run_histogram(demo, data);
	munmap(data, demo->text_size);
	return err;
}
