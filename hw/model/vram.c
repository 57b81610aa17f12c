// SPDX-License-Identifier: MIT
/*
 * Video memory is a memfd that both the client and this process map, so the
 * guest reaches it through the aperture without a message. The file is sparse: pages
 * never touched cost nothing.
 *
 * The aperture is a power of two and may be larger. Its rest is no memory: the client is told to
 * map the file alone, and what it asks for beyond is answered with ones (region.c).
 * Rejected: a file as large as the aperture, of which a guest could fill twice what it was given.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hw/pci.h"
#include "vram.h"

/* The aperture must fit where firmware and kernels place 64-bit windows. */
#define VRAM_MAX ((u64)64 << 30)
#define VRAM_NAME "mirage-vram"
/* The client holds the file too: it must not take pages away from under the device. */
#define VRAM_SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)

const char *vram_size_error(u64 size)
{
	if (size < MIRAGE_VRAM_MIN)
		return "smaller than the minimum of 16 MiB";
	if (size > VRAM_MAX)
		return "larger than the maximum of 64 GiB";
	if (size % MIRAGE_VRAM_GRANULE)
		return "not a multiple of 2 MiB";
	return NULL;
}

int vram_init(struct vram *vram, u64 size)
{
	u64 bar_size = MIRAGE_VRAM_MIN;

	while (bar_size < size)
		bar_size <<= 1;
	vram->size = size;
	vram->bar_size = bar_size;
	vram->fd = memfd_create(VRAM_NAME, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (vram->fd < 0)
		return -1;
	if (ftruncate(vram->fd, (off_t)size))
		goto close_fd;
	if (fcntl(vram->fd, F_ADD_SEALS, VRAM_SEALS))
		goto close_fd;
	vram->host = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE,
			  vram->fd, 0);
	if (vram->host == MAP_FAILED)
		goto close_fd;
	return 0;

close_fd:
	close(vram->fd);
	vram->fd = -1;
	return -1;
}

bool vram_is(int fd)
{
	char path[32], name[64] = "";
	int seals = fcntl(fd, F_GET_SEALS);

	if (seals < 0 || (seals & VRAM_SEALS) != VRAM_SEALS)
		return false;
	/* Others seal their memory alike, QEMU that of the guest: the name tells them apart. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return readlink(path, name, sizeof(name) - 1) > 0 &&
	       !strcmp(name, "/memfd:" VRAM_NAME " (deleted)");
}

void vram_lose(struct vram *vram)
{
	off_t start, end = 0;

	/* Pages that were never touched are left out: they hold nothing, and take no memory. */
	while ((start = lseek(vram->fd, end, SEEK_DATA)) >= 0) {
		end = lseek(vram->fd, start, SEEK_HOLE);
		memset(vram->host + start, VRAM_LOST, (size_t)(end - start));
	}
}

void vram_fini(struct vram *vram)
{
	munmap(vram->host, vram->size);
	close(vram->fd);
}
