// SPDX-License-Identifier: MIT
/*
 * lib/test_hmm as the peer: the same kernel's own user of hmm_range_fault, without
 * a device, an IOMMU or page tables, so it is close to what a driver cannot go below.
 *
 * Its interface comes from the header in the kernel's source, where the build has been told
 * where that is (option peer). The device file is opened for each touch only: while
 * it is open, every unmapping in this process calls test_hmm.
 */
#include "peer.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../demo/gpu.h"

#ifdef BENCH_TEST_HMM
#include <sys/ioctl.h>
#include <test_hmm_uapi.h>

#define PEER_NODE "/dev/hmm_dmirror0"

void peer_init(struct peer *peer)
{
	peer->present = !access(PEER_NODE, R_OK | W_OK);
	peer->reason = peer->present ? NULL : PEER_NODE " is not there: load test_hmm.ko";
}

/* One call; @faults: how many it must have taken. */
static int call(int fd, const struct memory *memory, size_t page, size_t pages, bool write,
		char *bounce, uint64_t faults)
{
	struct hmm_dmirror_cmd cmd = {
		.addr = (uintptr_t)memory->base + page * BENCH_PAGE,
		.ptr = (uintptr_t)bounce,
		.npages = pages,
	};
	int err;

	if (ioctl(fd, write ? HMM_DMIRROR_WRITE : HMM_DMIRROR_READ, &cmd)) {
		err = -errno;
		warnx("test_hmm cannot touch %zu pages: %s", pages, strerror(-err));
		return err;
	}
	if (cmd.cpages != pages || cmd.faults != faults) {
		warnx("test_hmm touched %llu pages with %llu faults, expected %zu with %llu",
		      (unsigned long long)cmd.cpages, (unsigned long long)cmd.faults, pages,
		      (unsigned long long)faults);
		return -EPROTO;
	}
	return 0;
}

static int touch(int fd, const struct memory *memory, const uint32_t *order, size_t pages,
		 bool write, char *bounce, uint64_t faults, uint64_t *ns)
{
	uint64_t start = gpu_now();
	int err = 0;
	size_t i;

	if (!order)
		err = call(fd, memory, 0, pages, write, bounce, faults);
	for (i = 0; order && !err && i < pages; i++)
		err = call(fd, memory, order[i], 1, write, bounce + order[i] * BENCH_PAGE, faults);
	*ns = gpu_now() - start;
	return err;
}

/*
 * Open test_hmm, with memory for what it reads. That is touched here, so that the CPU's own faults on it are not
 * measured. Returns a descriptor, or a negative errno after a message.
 */
static int peer_open(size_t pages, char **bounce)
{
	int fd, err;

	fd = open(PEER_NODE, O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		err = -errno;
		warnx("cannot open " PEER_NODE ": %s", strerror(-err));
		return err;
	}
	*bounce = malloc(pages * BENCH_PAGE);
	if (!*bounce) {
		warnx("no memory for %zu pages", pages);
		close(fd);
		return -ENOMEM;
	}
	memset(*bounce, 0x5a, pages * BENCH_PAGE);
	return fd;
}

int peer_touch(const struct memory *memory, const uint32_t *order, size_t pages, bool write,
	       uint64_t *first_ns, uint64_t *again_ns)
{
	char *bounce;
	int fd, err;

	fd = peer_open(pages, &bounce);
	if (fd < 0)
		return fd;
	err = touch(fd, memory, order, pages, write, bounce, 1, first_ns);
	if (!err)
		err = touch(fd, memory, order, pages, write, bounce, 0, again_ns);
	free(bounce);
	close(fd);
	return err;
}

static int move(int fd, const struct memory *memory, size_t pages, unsigned long request,
		char *bounce, uint64_t *ns)
{
	struct hmm_dmirror_cmd cmd = {
		.addr = (uintptr_t)memory->base,
		.ptr = (uintptr_t)bounce,
		.npages = pages,
	};
	uint64_t start = gpu_now();
	int err;

	if (ioctl(fd, request, &cmd)) {
		err = -errno;
		warnx("test_hmm cannot move %zu pages: %s", pages, strerror(-err));
		return err;
	}
	*ns = gpu_now() - start;
	return 0;
}

int peer_migrate(const struct memory *memory, size_t pages, uint64_t *in_ns, uint64_t *home_ns)
{
	char *bounce;
	int fd, err;

	if (access(PEER_NODE, R_OK | W_OK))
		return -EOPNOTSUPP;
	fd = peer_open(pages, &bounce);
	if (fd < 0)
		return fd;
	err = move(fd, memory, pages, HMM_DMIRROR_MIGRATE_TO_DEV, bounce, in_ns);
	if (!err)
		err = move(fd, memory, pages, HMM_DMIRROR_MIGRATE_TO_SYS, bounce, home_ns);
	free(bounce);
	close(fd);
	return err;
}
#else
void peer_init(struct peer *peer)
{
	peer->present = false;
	peer->reason = "mirage-bench was built without the kernel's test_hmm_uapi.h";
}

int peer_touch(const struct memory *memory, const uint32_t *order, size_t pages, bool write,
	       uint64_t *first_ns, uint64_t *again_ns)
{
	return -EOPNOTSUPP;
}

int peer_migrate(const struct memory *memory, size_t pages, uint64_t *in_ns, uint64_t *home_ns)
{
	return -EOPNOTSUPP;
}
#endif
