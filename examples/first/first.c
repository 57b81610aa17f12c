// SPDX-License-Identifier: MIT
/*
 * A first GPU program, to be copied: y = a * x + y over two arrays that malloc() gave.
 *
 * The GPU follows the pointers of this process. So nothing is copied for it and nothing is
 * registered with it: arrays, program, arguments and packets are plain variables, and the GPU is
 * given their addresses. The other way, buffer objects that a program makes, binds and maps
 * (mirage_bo_create(), mirage_vm_bind()), is for memory that must not fault or must be video
 * memory, and takes twice the code.
 */
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mirage.h>

#include "axpy.h" /* made by mirage-as from axpy.s */

#define COUNT	   100000u
#define GROUP	   256u /* work items of a group: at most 1024 */
#define FACTOR	   3u
#define TIMEOUT_MS 60000u /* the driver stops a job that takes longer */

/* Nothing is mapped here. */
#define WILD 0xdead0000ul

struct gpu {
	struct mirage device;
	uint32_t vm; /* address space: this process's own */
	uint32_t queue; /* where jobs are put */
	uint32_t done; /* syncobj: signalled when the job has ended */
};

/* The arguments that axpy.s reads with ldc, in its order. */
struct axpy_args {
	uint64_t x;
	uint64_t y;
	uint32_t a;
	uint32_t count;
};

/* libmirage returns 0 or a negative errno, and prints nothing. */
static void check(int ret, const char *what)
{
	if (ret)
		errx(1, "cannot %s: %s", what, strerror(-ret));
}

static void gpu_open(struct gpu *gpu)
{
	const struct mirage_queue_options options = { .timeout_ms = TIMEOUT_MS };
	enum drm_mirage_reason reason;
	uint64_t svm;

	check(mirage_open(&gpu->device), "open a mirage GPU (is mirage.ko loaded?)");
	check(mirage_query(&gpu->device, DRM_MIRAGE_PARAM_SVM, 0, &svm, &reason),
	      "ask for shared virtual memory");
	if (!svm)
		errx(1, "%s: no shared virtual memory: %s", gpu->device.node,
		     mirage_reason_text(reason));
	check(mirage_vm_create(&gpu->device, &gpu->vm), "make an address space");
	check(mirage_queue_create(&gpu->device, gpu->vm, DRM_MIRAGE_QUEUE_COMPUTE, &options,
				  &gpu->queue),
	      "make a queue");
	check(mirage_syncobj_create(&gpu->device, false, &gpu->done), "make a syncobj");
}

/* The file owns what was made of it, so closing it would do. */
static void gpu_close(struct gpu *gpu)
{
	mirage_syncobj_destroy(&gpu->device, gpu->done);
	mirage_queue_destroy(&gpu->device, gpu->queue);
	mirage_vm_destroy(&gpu->device, gpu->vm);
	mirage_close(&gpu->device);
}

/* Run one program and wait for its end. Everything that the job reads has to live until then. */
static int gpu_run(struct gpu *gpu, const struct axpy_args *args)
{
	/* The hardware wants 64-byte alignment, and malloc() promises 16: aligned_alloc(64, ...). */
	struct mirage_dispatch dispatch __attribute__((aligned(64)));
	struct mirage_ib packets;
	struct mirage_stop why;
	uint32_t words[16];
	char text[256];
	int ret;

	mirage_dispatch_init(&dispatch, kernel_axpy, sizeof(kernel_axpy), kernel_axpy_nr_regs);
	mirage_dispatch_args(&dispatch, args, sizeof(*args));
	mirage_dispatch_grid(&dispatch, (args->count + GROUP - 1) / GROUP, 1, 1);
	mirage_dispatch_group(&dispatch, GROUP, 1, 1);
	mirage_dispatch_shared(&dispatch, kernel_axpy_shared_size);

	/* An error in a packet is kept, and mirage_submit() returns it. */
	mirage_ib_init(&packets, words, sizeof(words));
	mirage_ib_dispatch(&packets, &dispatch);
	check(mirage_submit(&gpu->device, gpu->queue, &packets, gpu->done), "submit the job");

	/* A job that failed has ended, too. Its queue stays stopped: a program that wants to go on makes another. */
	ret = mirage_queue_wait(&gpu->device, gpu->queue, gpu->done, MIRAGE_FOREVER, &why);
	if (ret == -ECANCELED) {
		mirage_stop_text(&why, text, sizeof(text));
		warnx("the GPU did not finish the job: %s", text);
		return ret;
	}
	check(ret, "wait for the job");
	return 0;
}

int main(int argc, char **argv)
{
	uint32_t *x, *y, i, wrong = 0;
	struct axpy_args args;
	bool wild = false;
	struct gpu gpu;
	int ret;

	if (argc == 2 && !strcmp(argv[1], "--wild"))
		wild = true;
	else if (argc > 1)
		errx(2, "usage: first [--wild], which gives the GPU a pointer to nowhere");

	x = malloc(COUNT * sizeof(*x));
	y = malloc(COUNT * sizeof(*y));
	if (!x || !y)
		err(1, "malloc");
	for (i = 0; i < COUNT; i++) {
		x[i] = i;
		y[i] = i * i;
	}

	args = (struct axpy_args){
		.x = (uintptr_t)x, .y = (uintptr_t)y, .a = FACTOR, .count = COUNT};
	if (wild)
		args.x = WILD;
	gpu_open(&gpu);
	ret = gpu_run(&gpu, &args);
	if (!ret) {
		/* The arrays hold the result now: both sides see the same memory. */
		for (i = 0; i < COUNT; i++)
			wrong += y[i] != FACTOR * i + i * i;
		printf("%s: y[%u] = %u, %u of %u right\n", gpu.device.node, COUNT - 1, y[COUNT - 1],
		       COUNT - wrong, COUNT);
	}

	gpu_close(&gpu);
	free(y);
	free(x);
	return ret || wrong;
}
