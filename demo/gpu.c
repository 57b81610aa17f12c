// SPDX-License-Identifier: MIT
/*
 * The demo's view of libmirage.
 *
 * Nothing is copied for the GPU and nothing is registered with it: descriptor, packets,
 * program and arguments are plain variables of this process, and the GPU is
 * given their addresses.
 */
#include "gpu.h"

#include <err.h>
#include <errno.h>
#include <string.h>
#include <time.h>

#include <hw/regs.h>

/* A job that takes longer is stopped by the driver. Emulated machines are slow. */
#define JOB_TIMEOUT_MS 120000

uint64_t gpu_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static int check_svm(struct gpu *gpu)
{
	enum drm_mirage_reason reason;
	uint64_t svm;
	int err;

	err = mirage_query(&gpu->device, DRM_MIRAGE_PARAM_SVM, 0, &svm, &reason);
	if (err) {
		warnx("%s: cannot query: %s", gpu->device.node, strerror(-err));
		return err;
	}
	if (!svm) {
		warnx("%s: no shared virtual memory: %s", gpu->device.node,
		      mirage_reason_text(reason));
		return -EOPNOTSUPP;
	}
	return 0;
}

int gpu_open(struct gpu *gpu)
{
	const struct mirage_queue_options options = { .timeout_ms = JOB_TIMEOUT_MS };
	int err;

	memset(gpu, 0, sizeof(*gpu));
	err = mirage_open(&gpu->device);
	if (err) {
		warnx("no mirage GPU can be opened: %s (is the module mirage.ko loaded? "
		      "'./mirage demo' starts a virtual machine that has one)",
		      strerror(-err));
		return err;
	}
	err = check_svm(gpu);
	if (err)
		goto close;

	err = mirage_vm_create(&gpu->device, &gpu->vm);
	if (err) {
		warnx("cannot make an address space: %s", strerror(-err));
		goto close;
	}
	err = mirage_queue_create(&gpu->device, gpu->vm, DRM_MIRAGE_QUEUE_COMPUTE, &options,
				  &gpu->queue);
	if (err) {
		warnx("cannot make a queue: %s", strerror(-err));
		goto close;
	}
	err = mirage_syncobj_create(&gpu->device, false, &gpu->syncobj);
	if (err) {
		warnx("cannot make a syncobj: %s", strerror(-err));
		goto close;
	}
	return 0;

close:
	/* The file owns what was made. */
	mirage_close(&gpu->device);
	return err;
}

void gpu_close(struct gpu *gpu)
{
	mirage_syncobj_destroy(&gpu->device, gpu->syncobj);
	mirage_queue_destroy(&gpu->device, gpu->queue);
	mirage_vm_destroy(&gpu->device, gpu->vm);
	mirage_close(&gpu->device);
}

int gpu_start_packets(struct gpu *gpu, const char *name, const struct mirage_ib *ib)
{
	int err;

	err = mirage_syncobj_reset(&gpu->device, gpu->syncobj);
	gpu->submitted_ns = gpu_now();
	if (!err)
		err = mirage_submit(&gpu->device, gpu->queue, ib, gpu->syncobj);
	if (err) {
		warnx("cannot submit job '%s': %s", name, strerror(-err));
		return err;
	}
	gpu->running = name;
	return 0;
}

int gpu_start(struct gpu *gpu, const struct gpu_kernel *kernel, const void *args, size_t args_size,
	      uint32_t groups, uint32_t items)
{
	struct mirage_ib ib;

	mirage_dispatch_init(&gpu->dispatch, kernel->code, kernel->code_size, kernel->nr_regs);
	mirage_dispatch_args(&gpu->dispatch, args, args_size);
	mirage_dispatch_grid(&gpu->dispatch, groups, 1, 1);
	mirage_dispatch_group(&gpu->dispatch, items, 1, 1);
	mirage_dispatch_shared(&gpu->dispatch, kernel->shared_size);
	mirage_ib_init(&ib, gpu->words, sizeof(gpu->words));
	mirage_ib_dispatch(&ib, &gpu->dispatch);
	return gpu_start_packets(gpu, kernel->name, &ib);
}

int gpu_wait(struct gpu *gpu)
{
	struct mirage_stop why;
	char text[256];
	int err;

	/* The driver stops a job that takes too long, so this wait ends. */
	err = mirage_queue_wait(&gpu->device, gpu->queue, gpu->syncobj, MIRAGE_FOREVER, &why);
	gpu->elapsed_ns += gpu_now() - gpu->submitted_ns;
	if (err == -ECANCELED) {
		mirage_stop_text(&why, text, sizeof(text));
		warnx("job '%s' was stopped: %s", gpu->running, text);
		err = -EIO;
	} else if (err) {
		warnx("cannot wait for job '%s': %s", gpu->running, strerror(-err));
	}
	gpu->running = NULL;
	return err;
}

int gpu_run(struct gpu *gpu, const struct gpu_kernel *kernel, const void *args, size_t args_size,
	    uint32_t groups, uint32_t items)
{
	int err = gpu_start(gpu, kernel, args, args_size, groups, items);

	return err ? err : gpu_wait(gpu);
}

bool gpu_is_stopped(struct gpu *gpu)
{
	struct drm_mirage_queue_query state;

	return mirage_queue_query(&gpu->device, gpu->queue, &state) ||
	       state.state != DRM_MIRAGE_QUEUE_READY;
}
