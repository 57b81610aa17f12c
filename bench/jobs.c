// SPDX-License-Identifier: MIT
/*
 * The time to get an empty job to the device and to hear that it is done, and how many jobs
 * go through in a second by one queue and by several.
 *
 * The peer is the shortest way there and back between two threads of one process, through eventfds:
 * what waking somebody and being woken costs on this machine without any device.
 */
#include "graphics.h"

#include <err.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define ROUNDS	200
#define JOBS	512

struct pong {
	int ping;
	int pong;
};

static void *pong_thread(void *data)
{
	struct pong *pong = data;
	uint64_t value;
	unsigned int i;

	for (i = 0; i < ROUNDS; i++)
		if (read(pong->ping, &value, sizeof(value)) != sizeof(value) ||
		    write(pong->pong, &value, sizeof(value)) != sizeof(value))
			err(1, "cannot read or write an eventfd");
	return NULL;
}

static int ping_pong(struct series *series)
{
	struct pong pong = { eventfd(0, EFD_CLOEXEC), eventfd(0, EFD_CLOEXEC) };
	uint64_t one = 1, value, start;
	pthread_t thread;
	unsigned int i;
	int ret;

	if (pong.ping < 0 || pong.pong < 0) {
		ret = -errno;
		warn("cannot make an eventfd");
		return ret;
	}
	ret = pthread_create(&thread, NULL, pong_thread, &pong);
	if (ret) {
		warnx("cannot start a thread: %s", strerror(ret));
		return -ret;
	}
	start = gpu_now();
	for (i = 0; i < ROUNDS; i++)
		if (write(pong.ping, &one, sizeof(one)) != sizeof(one) ||
		    read(pong.pong, &value, sizeof(value)) != sizeof(value))
			err(1, "cannot read or write an eventfd");
	series_add(series, (double)(gpu_now() - start) / ROUNDS);
	pthread_join(thread, NULL);
	close(pong.ping);
	close(pong.pong);
	return 0;
}

static int round_trips(struct graphics *graphics)
{
	struct figure *figure = figure_add(&graphics->figures, "Jobs", "submit to completion",
					   FIGURE_NS, "there and back between two threads");
	struct space *space = &graphics->space;
	unsigned int repeat, i;
	int err = 0;

	for (repeat = 0; !err && repeat < graphics->repeats; repeat++) {
		uint64_t start = gpu_now();

		for (i = 0; !err && i < ROUNDS; i++) {
			err = space_submit(space, 0);
			if (!err)
				err = space_wait(space, 0);
		}
		series_add(&figure->value, (double)(gpu_now() - start) / ROUNDS);
		if (!err)
			err = ping_pong(&figure->peer);
	}
	return err;
}

static int throughput(struct graphics *graphics, unsigned int queues)
{
	struct space *space = &graphics->space;
	struct figure *figure;
	unsigned int repeat, i;
	char name[48];
	int err = 0;

	snprintf(name, sizeof(name), "jobs by %u queue%s", queues, queues == 1 ? "" : "s");
	figure = figure_add(&graphics->figures, "Jobs", name, FIGURE_PER_SECOND, "by 1 queue");
	for (repeat = 0; !err && repeat < graphics->repeats; repeat++) {
		uint64_t start = gpu_now();

		for (i = 0; !err && i < JOBS; i++)
			err = space_submit(space, i % queues);
		for (i = 0; !err && i < queues; i++)
			err = space_wait(space, i);
		series_add(&figure->value, JOBS * 1e9 / (gpu_now() - start));
	}
	return err;
}

int jobs_measure(struct graphics *graphics)
{
	static const unsigned int counts[] = { 1, 4, SPACE_QUEUES };
	struct figures *figures = &graphics->figures;
	size_t first;
	unsigned int i;
	int err;

	/* The shortest job that makes the device read packets. */
	mirage_ib_nop(space_packets(&graphics->space));
	err = round_trips(graphics);
	first = figures->count;
	for (i = 0; !err && i < sizeof(counts) / sizeof(counts[0]); i++) {
		err = throughput(graphics, counts[i]);
		figures->figure[figures->count - 1].peer = figures->figure[first].value;
	}
	return err;
}
