// SPDX-License-Identifier: MIT
/*
 * Swap space in compressed memory (zram).
 *
 * Rejected: a swap file. The guest's files lie in memory too, on file systems that swap files
 * cannot be made on.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/swap.h>
#include <sys/wait.h>

#include "igt.h"
#include "memory.h"
#include "swap.h"

#define DEVICE	"/dev/zram0"
#define SIZE	(64u << 20)
#define PAGE	4096u
#define TIMEOUT_MS	100000

/* The first page of a swap space (include/linux/swap.h), as far as it is not zero. */
struct swap_header {
	uint8_t boot[1024];
	uint32_t version;
	uint32_t last_page;
	uint8_t rest[PAGE - 1024 - 8 - 10];
	char magic[10];
};

_Static_assert(sizeof(struct swap_header) == PAGE, "it is a page");

static bool write_header(void)
{
	struct swap_header header = { .version = 1, .last_page = SIZE / PAGE - 1 };
	bool good;
	int fd;

	memcpy(header.magic, "SWAPSPACE2", sizeof(header.magic));
	fd = open(DEVICE, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	good = write(fd, &header, sizeof(header)) == sizeof(header) && !fsync(fd);
	close(fd);
	return good;
}

void swap_require(void)
{
	char size[16];

	/* A subtest that failed may have left it behind. */
	if (!swapoff(DEVICE))
		igt_assert(file_write("/sys/block/zram0/reset", "1"));

	if (access("/sys/block/zram0", F_OK)) {
		int status = system("modprobe zram num_devices=1");

		igt_require_f(WIFEXITED(status) && !WEXITSTATUS(status),
			      "zram, of which to make swap space, could not be loaded\n");
	}
	snprintf(size, sizeof(size), "%u", SIZE);
	igt_assert_f(file_write("/sys/block/zram0/disksize", size),
		     "zram's size cannot be set: %s\n", strerror(errno));
	igt_assert(igt_wait(!access(DEVICE, F_OK), 5000, 5));
	igt_assert(write_header());
	igt_assert_f(!swapon(DEVICE, 0), "swapon: %s\n", strerror(errno));
}

void swap_release(void)
{
	igt_assert_f(!swapoff(DEVICE), "swapoff: %s\n", strerror(errno));
	igt_assert(file_write("/sys/block/zram0/reset", "1"));
}

/*
 * Reclaim takes only pages that are on its lists, and those that another CPU has faulted in a
 * moment ago are not: compaction puts them there first.
 */
void swap_push(void *addr, size_t size)
{
	igt_require_f(file_write("/proc/sys/vm/compact_memory", "1"),
		      "this kernel has no compaction\n");
	igt_assert(!madvise(addr, size, MADV_PAGEOUT));
}

static bool pushed(char *addr, size_t size)
{
	size_t i;

	swap_push(addr, size);
	for (i = 0; i < size; i += PAGE)
		if (!(page_entry(addr + i) & PM_SWAP))
			return false;
	return true;
}

void swap_out(void *addr, size_t size)
{
	igt_assert(igt_wait(pushed(addr, size), TIMEOUT_MS, 5));
}
