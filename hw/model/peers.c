// SPDX-License-Identifier: MIT
/*
 * One GPU writes to another's aperture without the processor: on a bus the write is
 * routed by its address. Here the client routes; but QEMU's sends the range of
 * another device's aperture without a file, and answers no DMA_READ and DMA_WRITE. So
 * the GPUs of a machine share a directory, where each keeps an entry: a file with the path of its
 * memory below /proc, named by where the guest has put its aperture. A range without a file
 * that has the name of such an entry leads there.
 *
 * A GPU that is killed leaves its entry behind, and its process's number may become another's, of
 * another machine. So each GPU holds a lock on its entry for as long as it lives, and an
 * entry without a lock leads nowhere. The next GPU at that place replaces it. No other process
 * removes it: the name could be that of a new GPU by then.
 *
 * Rejected: a symbolic link, which cannot be locked, and device and inode number in the entry,
 * which say the same only until the kernel gives the number to another file.
 *
 * With an IOMMU a range has another address than the aperture behind it, and stays
 * out of reach. Rejected: a socket between each two GPUs, which does the same with
 * connections that come and go.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "peers.h"
#include "vram.h"

#define NAME_FORMAT "%016llx+%llx"
/* Longest path of a memory in an entry. */
#define PATH_SIZE 40

void peers_init(struct peers *peers)
{
	*peers = (struct peers){ .dir = -1, .entry = -1 };
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
	struct stat mine, named;

	if (!peers->name[0])
		return;
	if (fstat(peers->entry, &mine) ||
	    fstatat(peers->dir, peers->name, &named, AT_SYMLINK_NOFOLLOW) ||
	    (mine.st_dev == named.st_dev && mine.st_ino == named.st_ino &&
	     unlinkat(peers->dir, peers->name, 0)))
		log_error("peers: %s cannot be withdrawn: %s", peers->name, strerror(errno));
	close(peers->entry);
	peers->entry = -1;
	peers->name[0] = 0;
}

/*
 * Make the entry @name for memory @fd. It gets its name when it is complete and locked, and takes
 * the place of what is there. Two GPUs that live at one place are the guest's mistake: the last
 * to come is reached. Returns the entry's descriptor, or -1 with errno set.
 */
static int make_entry(const struct peers *peers, const char *name, int fd)
{
	const struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	char path[PATH_SIZE], unnamed[PATH_SIZE];
	int len, entry;

	len = snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)getpid(), fd);
	snprintf(unnamed, sizeof(unnamed), ".%d", (int)getpid());
	if (unlinkat(peers->dir, unnamed, 0) && errno != ENOENT)
		return -1;
	entry = openat(peers->dir, unnamed, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (entry < 0)
		return -1;
	if (write(entry, path, (size_t)len) == len && !fcntl(entry, F_OFD_SETLK, &lock) &&
	    !renameat(peers->dir, unnamed, peers->dir, name))
		return entry;
	unlinkat(peers->dir, unnamed, 0);
	close(entry);
	return -1;
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
	peers->entry = make_entry(peers, name, fd);
	if (peers->entry < 0) {
		log_error("peers: %s cannot be published: %s", name, strerror(errno));
		return;
	}
	memcpy(peers->name, name, sizeof(name));
}

/* Somebody holds the lock that make_entry() has taken. */
static bool is_alive(int entry)
{
	struct flock lock = { .l_type = F_RDLCK, .l_whence = SEEK_SET };

	return !fcntl(entry, F_OFD_GETLK, &lock) && lock.l_type != F_UNLCK;
}

/* The memory that an entry leads to, or -1. */
static int open_memory(int entry)
{
	char path[PATH_SIZE] = "";
	int fd;

	if (read(entry, path, sizeof(path) - 1) <= 0)
		return -1;
	/* A stale entry may lead to any file, even to one whose open() blocks. */
	fd = open(path, O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	/* The order counts: who lives now has had the process's number when the path was opened. */
	if (fd < 0 || (vram_is(fd) && is_alive(entry)))
		return fd;
	close(fd);
	return -1;
}

int peers_find(const struct peers *peers, u64 addr, u64 size)
{
	char name[sizeof(peers->name)];
	int entry, fd;

	if (peers->dir < 0)
		return -1;
	snprintf(name, sizeof(name), NAME_FORMAT, (unsigned long long)addr,
		 (unsigned long long)size);
	if (!strcmp(name, peers->name))
		return -1;	/* a device does not reach itself by the bus */
	entry = openat(peers->dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (entry < 0)
		return -1;
	fd = open_memory(entry);
	close(entry);
	return fd;
}
