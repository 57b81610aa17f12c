/* SPDX-License-Identifier: MIT */
/*
 * Memory of known kinds, and what mm says about it.
 */
#ifndef MEMORY_H
#define MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bits of /proc/kpageflags (Documentation/admin-guide/mm/pagemap.rst) */
#define KPF_DIRTY	(1ull << 4)
#define KPF_ANON	(1ull << 12)
#define KPF_HUGE	(1ull << 17)
#define KPF_KSM		(1ull << 21)
#define KPF_THP		(1ull << 22)
#define KPF_ZERO_PAGE	(1ull << 24)

/* Bits of /proc/self/pagemap */
#define PM_PRESENT	(1ull << 63)
#define PM_SWAP		(1ull << 62)
#define PM_PFN		((1ull << 55) - 1)

void *mem_reserve(size_t size, size_t align);
void *mem_anon(size_t size);
void *mem_huge(size_t size);
/* One that children share with this process; munmap() takes it away. */
void *mem_shared_page(void);
void mem_touch(void *addr, size_t size, uint32_t value);
void mem_unmap(void *addr, size_t size);

uint64_t page_entry(const void *addr);
uint64_t page_pfn(const void *addr);
uint64_t page_flags(const void *addr);
bool page_is_zero_page(const void *addr);

bool file_write(const char *path, const char *text);
bool file_read(const char *path, char *text, size_t size);

#endif /* MEMORY_H */
