// SPDX-License-Identifier: MIT
/*
 * One GPU writes to another's aperture without the processor: on a bus the write is
 * routed by its address. Here the client routes; but QEMU's sends the range of
 * another device's aperture without a file, and answers no DMA_READ and DMA_WRITE. So
 * the GPUs of a machine share a directory, where each keeps a symbolic link to its
 * memory's file, named by where the guest has put its aperture. A range without a file
 * that has the name of such a link leads there.
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

void peers_publish(struct peers *peers, u64 addr, u64 size, int fd)
{
	char name[sizeof(peers->name)] = "", target[40];

	if (peers->dir < 0)
		return;
	if (addr)
		snprintf(name, sizeof(name), NAME_FORMAT, (unsigned long long)addr,
			 (unsigned long long)size);
	if (!strcmp(name, peers->name))
		return;
	if (peers->name[0] && unlinkat(peers->dir, peers->name, 0))
		log_error("peers: %s cannot be withdrawn: %s", peers->name, strerror(errno));
	peers->name[0] = 0;
	if (!addr)
		return;
	snprintf(target, sizeof(target), "/proc/%d/fd/%d", (int)getpid(), fd);
	if (symlinkat(target, peers->dir, name)) {
		/* Two apertures at one place: the guest's mistake, and nobody is reached there twice. */
		log_error("peers: %s cannot be published: %s", name, strerror(errno));
		return;
	}
	memcpy(peers->name, name, sizeof(name));
}

int peers_find(const struct peers *peers, u64 addr, u64 size)
{
	char name[sizeof(peers->name)];

	if (peers->dir < 0)
		return -1;
	snprintf(name, sizeof(name), NAME_FORMAT, (unsigned long long)addr,
		 (unsigned long long)size);
	if (!strcmp(name, peers->name))
		return -1;	/* a device does not reach itself by the bus */
	return openat(peers->dir, name, O_RDWR | O_CLOEXEC);
}
