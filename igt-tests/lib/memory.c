// SPDX-License-Identifier: MIT
/*
 * Memory of known kinds, and what mm says about it.
 *
 * Areas begin at a 2 MiB boundary and have nothing else in their 2 MiB blocks, so
 * that counts of pages are those of the area alone. Plain areas are kept free of
 * transparent huge pages whatever the system's setting; huge ones ask for them.
 */
#include <fcntl.h>
#include <sys/mman.h>

#include "igt.h"
#include "memory.h"

#define PAGE	4096ul
#define BLOCK	(2ul << 20)

/* Address space without access, of which a part may then be mapped with MAP_FIXED. */
void *mem_reserve(size_t size, size_t align)
{
	size_t room = size + align;
	uintptr_t start, aligned;
	void *area;

	area = mmap(NULL, room, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	igt_assert(area != MAP_FAILED);
	start = (uintptr_t)area;
	aligned = (start + align - 1) & ~(align - 1);
	if (aligned > start)
		igt_assert(!munmap(area, aligned - start));
	if (start + room > aligned + size)
		igt_assert(!munmap((void *)(aligned + size), start + room - aligned - size));

	return (void *)aligned;
}

static void *anon(size_t size, int advice)
{
	/* Whole blocks, of which what is beyond @size stays without access. */
	size_t room = (size + BLOCK - 1) & ~(BLOCK - 1);
	void *area = mem_reserve(room, BLOCK);

	igt_assert(!mprotect(area, size, PROT_READ | PROT_WRITE));
	igt_assert(!madvise(area, size, advice));
	return area;
}

void *mem_anon(size_t size)
{
	return anon(size, MADV_NOHUGEPAGE);
}

void *mem_shared_page(void)
{
	void *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	igt_assert(page != MAP_FAILED);
	return page;
}

void *mem_huge(size_t size)
{
	char mode[64];

	igt_require_f(file_read("/sys/kernel/mm/transparent_hugepage/enabled", mode,
				sizeof(mode)) && !strstr(mode, "[never]"),
		      "transparent huge pages are off\n");
	return anon(size, MADV_HUGEPAGE);
}

/* One word at the start of each page: value + number of the page. */
void mem_touch(void *addr, size_t size, uint32_t value)
{
	size_t i;

	for (i = 0; i < size / PAGE; i++)
		*(volatile uint32_t *)((char *)addr + i * PAGE) = value + i;
}

void mem_unmap(void *addr, size_t size)
{
	size_t room = (size + BLOCK - 1) & ~(BLOCK - 1);

	igt_assert(!munmap(addr, room));
}

static uint64_t read_entry(const char *path, uint64_t index)
{
	uint64_t entry;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	igt_assert_fd(fd);
	igt_assert_eq(pread(fd, &entry, sizeof(entry), index * sizeof(entry)), sizeof(entry));
	close(fd);
	return entry;
}

uint64_t page_entry(const void *addr)
{
	return read_entry("/proc/self/pagemap", (uintptr_t)addr / PAGE);
}

/* 0 when the page is not present. */
uint64_t page_pfn(const void *addr)
{
	uint64_t entry = page_entry(addr);

	return entry & PM_PRESENT ? entry & PM_PFN : 0;
}

uint64_t page_flags(const void *addr)
{
	uint64_t pfn = page_pfn(addr);

	return pfn ? read_entry("/proc/kpageflags", pfn) : 0;
}

bool page_is_zero_page(const void *addr)
{
	return page_flags(addr) & KPF_ZERO_PAGE;
}

bool file_write(const char *path, const char *text)
{
	ssize_t n;
	int fd;

	fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = write(fd, text, strlen(text));
	close(fd);
	return n == (ssize_t)strlen(text);
}

/* Text up to the first newline. */
bool file_read(const char *path, char *text, size_t size)
{
	ssize_t n;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, text, size - 1);
	close(fd);
	if (n < 0)
		return false;
	text[n] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return true;
}
