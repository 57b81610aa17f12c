// SPDX-License-Identifier: MIT
/*
 * mirage-demo: a GPU follows the pointers that malloc() returned.
 *
 * Four parts, each on memory that is nothing but the process's own: heap, a mapped file,
 * the stack. Every result is held against one that the CPU computed by itself. Exits with
 * 0 when all were right, 1 when one was wrong or something failed, 2 for bad usage.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <hw/regs.h>

#include "demo.h"

#define DEFAULT_FILE "/usr/share/common-licenses/GPL-3"
/* One lane follows all words of the file, so it may not be large. */
#define MAX_FILE (4u << 20)

static const struct {
	const char *title;
	int (*run)(struct demo *demo);
} parts[] = {
	{ "A linked list: one malloc for each word, followed by the GPU", demo_list },
	{ "A file mapped with mmap: SHA-256 and histogram", demo_digest },
	{ "One counter on the stack, raised by CPU threads and GPU lanes at once", demo_counter },
	{ "Memory replaced under a running kernel", demo_remap },
};

static void usage(FILE *out)
{
	fprintf(out,
		"usage: mirage-demo [FILE]\n"
		"Lets a mirage GPU work on the memory of a process: words of FILE as a linked list,\n"
		"FILE itself through mmap, a counter shared with CPU threads, memory that is replaced\n"
		"while it is read. FILE is a text of at most %u MiB; default: %s\n",
		MAX_FILE >> 20, DEFAULT_FILE);
}

bool demo_check(struct demo *demo, bool right, const char *label, const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	screen_row(&demo->screen, right, label, "%s", text);
	if (!right)
		demo->wrong = true;
	return right;
}

/* Read the whole file with read(2): the CPU's copy, which no GPU has seen. */
static int read_file(struct demo *demo)
{
	struct stat st;
	size_t done = 0;
	int fd, err = 0;

	fd = open(demo->path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st)) {
		err = -errno;
		warnx("cannot open %s: %s", demo->path, strerror(-err));
		goto out;
	}
	if (!S_ISREG(st.st_mode) || st.st_size < 1 || st.st_size > MAX_FILE) {
		warnx("%s is not a file of 1 byte to %u MiB", demo->path, MAX_FILE >> 20);
		err = -EINVAL;
		goto out;
	}
	demo->text_size = st.st_size;
	demo->text = malloc(demo->text_size);
	if (!demo->text) {
		warnx("no memory for %s", demo->path);
		err = -ENOMEM;
		goto out;
	}
	while (done < demo->text_size) {
		ssize_t got = read(fd, demo->text + done, demo->text_size - done);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			err = got ? -errno : -EIO;
			warnx("cannot read %s: %s", demo->path,
			      got ? strerror(-err) : "it became shorter");
			goto out;
		}
		done += got;
	}
out:
	if (fd >= 0)
		close(fd);
	return err;
}

static void print_device(struct demo *demo)
{
	const struct mirage *device = &demo->gpu.device;
	enum drm_mirage_reason reason;
	uint64_t revision = 0, vram = 0;

	mirage_query(device, DRM_MIRAGE_PARAM_HW_REVISION, 0, &revision, &reason);
	mirage_query(device, DRM_MIRAGE_PARAM_VRAM_SIZE, 0, &vram, &reason);
	fprintf(demo->screen.out, "GPU   %s, revision %u.%u, %llu MiB of video memory\n",
		device->node, (unsigned int)MIRAGE_REG_GET(BUS_REVISION_MAJOR, revision),
		(unsigned int)MIRAGE_REG_GET(BUS_REVISION_MINOR, revision),
		(unsigned long long)(vram >> 20));
	fprintf(demo->screen.out, "File  %s, %zu bytes\n", demo->path, demo->text_size);
}

static int run_part(struct demo *demo, unsigned int i)
{
	struct meter before, after;
	int err;

	screen_heading(&demo->screen, "%u. %s", i + 1, parts[i].title);
	err = meter_read(&demo->gpu, &before);
	if (!err)
		err = parts[i].run(demo);
	if (!err)
		err = meter_read(&demo->gpu, &after);
	if (err)
		return err;
	meter_since(&after, &before);
	meter_add(&demo->total, &after);
	meter_print(&after, &demo->screen);
	return 0;
}

static int run(struct demo *demo)
{
	unsigned int i;
	int err;

	err = read_file(demo);
	if (err)
		return err;
	err = gpu_open(&demo->gpu);
	if (err)
		return err;
	print_device(demo);
	for (i = 0; !err && i < sizeof(parts) / sizeof(parts[0]); i++)
		err = run_part(demo, i);
	if (!err)
		meter_chart(&demo->total, &demo->screen);
	gpu_close(&demo->gpu);
	return err;
}

int main(int argc, char **argv)
{
	static struct demo demo;
	int err;

	if (argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) {
		usage(stdout);
		return 0;
	}
	if (argc > 2 || (argc > 1 && argv[1][0] == '-')) {
		usage(stderr);
		return 2;
	}
	demo.path = argc > 1 ? argv[1] : DEFAULT_FILE;
	screen_init(&demo.screen, stdout);

	err = run(&demo);
	free(demo.text);
	if (err) {
		warnx("stopped: not everything was run");
		return 1;
	}
	if (demo.wrong) {
		warnx("a result is WRONG");
		return 1;
	}
	fputs("\nEvery result is right.\n", stdout);
	return 0;
}
