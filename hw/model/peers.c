// SPDX-License-Identifier: MIT
/*
 * One GPU writes to another's aperture without the processor: on a bus the write is
 * routed by its address. Here the client routes; but QEMU's sends the range of
 * another device's aperture without a file, and answers no DMA_READ and DMA_WRITE. So
 * the GPUs of a machine share a directory, where each keeps a symbolic link to its
 * memory's file, named by where the guest has put its aperture. A range without a file
 * that has the name of such a link leads there.
 *
 * A GPU that is killed leaves its link behind. It may come to lead to whatever file a later
 * process has under that number, so only what is video memory is accepted behind a link.
 *
 * With an IOMMU a range has another address than the aperture behind it, and stays
 * out of reach. Rejected: a socket between each two GPUs, which does the same with
 * connections that come and go.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "peers.h"
#include "vram.h"

#define NAME_FORMAT "%016llx+%llx"

void peers_init(struct peers *peers)
{
	*peers = (struct peers){ .dir = -1 };
}

int peers_join(struct peers *peers, const char *path)
{
	peers->dir = open(path, O_DIRECTORY | O_PATH | O_CLOEXEC);
	return peers->dir < 0 ? -1 : 0;
}

void peers_fini(struct peers *peers)
{
	if (peers->dir < 0)
		return;
	peers_publish(peers, 0, 0, -1);
	close(peers->dir);
	peers->dir = -1;
}

/* Take the entry away, unless another GPU has come to the same place and has the name now. */
static void withdraw(struct peers *peers)
{
	char target[sizeof(peers->target)] = "";

	if (!peers->name[0])
		return;
	if (readlinkat(peers->dir, peers->name, target, sizeof(target) - 1) < 0 ||
	    (!strcmp(target, peers->target) && unlinkat(peers->dir, peers->name, 0)))
		log_error("peers: %s cannot be withdrawn: %s", peers->name, strerror(errno));
	peers->name[0] = 0;
}

void peers_publish(struct peers *peers, u64 addr, u64 size, int fd)
{
	char name[sizeof(peers->name)] = "";

	if (peers->dir < 0)
		return;
	if (addr)
		snprintf(name, sizeof(name), NAME_FORMAT, (unsigned long long)addr,
			 (unsigned long long)size);
	if (!strcmp(name, peers->name))
		return;
	withdraw(peers);
	if (!addr)
		return;
	snprintf(peers->target, sizeof(peers->target), "/proc/%d/fd/%d", (int)getpid(), fd);
	/*
	 * A GPU that was killed here has left the name. Two that live at one place are the guest's
	 * mistake: the last to come is reached.
	 */
	if ((unlinkat(peers->dir, name, 0) && errno != ENOENT) ||
	    symlinkat(peers->target, peers->dir, name)) {
		log_error("peers: %s cannot be published: %s", name, strerror(errno));
		return;
	}
	memcpy(peers->name, name, sizeof(name));
}

int peers_find(const struct peers *peers, u64 addr, u64 size)
{
	char name[sizeof(peers->name)];
	int fd;

	if (peers->dir < 0)
		return -1;
	snprintf(name, sizeof(name), NAME_FORMAT, (unsigned long long)addr,
		 (unsigned long long)size);
	if (!strcmp(name, peers->name))
		return -1;	/* a device does not reach itself by the bus */
	/* What a link that was left leads to may be anything, also what one waits for. */
	fd = openat(peers->dir, name, O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0 || vram_is(fd))
		return fd;
	close(fd);
	return -1;
}
