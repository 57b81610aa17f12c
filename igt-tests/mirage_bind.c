// SPDX-License-Identifier: MIT
/**
 * TEST: mirage bind
 * Description: VM_BIND: what an address space maps, seen in its page tables and by its jobs.
 * Category: Core
 */
#include "igt_mirage.h"
#include "igt_mirage_bo.h"
#include "igt_mirage_space.h"
#include "memory.h"

IGT_TEST_DESCRIPTION("What VM_BIND maps, seen in page tables and by jobs.");

#define VALID	DRM_MIRAGE_SVM_PAGE_VALID
#define WRITE	DRM_MIRAGE_SVM_PAGE_WRITE
#define VRAM	DRM_MIRAGE_SVM_PAGE_VRAM
#define NULLS	DRM_MIRAGE_SVM_PAGE_NULL
#define P64K	DRM_MIRAGE_SVM_PAGE_64K
#define P2M	DRM_MIRAGE_SVM_PAGE_2M

/* An address that nothing else of a space uses, 512 GiB aligned. */
#define FAR	(DRM_MIRAGE_VA_START + (8ull << 39))

static uint8_t page_at(struct space *space, uint64_t addr)
{
	uint8_t page;

	igt_assert_eq(mirage_svm_query(space->dev, space->vm, gpu_ptr(addr), PAGE, &page), 0);
	return page;
}

/* Do all pages of a range have all of @have and none of @lack? */
static void check_pages(struct space *space, uint64_t addr, uint64_t size, uint8_t have,
			uint8_t lack)
{
	uint8_t *pages = malloc(size / PAGE);

	igt_assert(pages);
	igt_assert_eq(mirage_svm_query(space->dev, space->vm, gpu_ptr(addr), size, pages), 0);
	for (size_t i = 0; i < size / PAGE; i++)
		igt_assert_f((pages[i] & have) == have && !(pages[i] & lack),
			     "page %zu of %#lx: %#x, not %#x without %#x\n", i, addr, pages[i],
			     have, lack);
	free(pages);
}

static void bind_one(struct space *space, struct drm_mirage_bind bind)
{
	igt_assert_eq(mirage_vm_bind(space->dev, space->vm, &bind, 1), 0);
}

/**
 * SUBTEST: map-unmap
 * Description: An object of each placement is mapped, copied to and from, and taken away; the page
 *	tables say where it lies.
 */
static void map_unmap(struct space *space)
{
	struct buf from = buf_new(space, 16 * PAGE, DRM_MIRAGE_PLACEMENT_SYSTEM);
	struct buf to = buf_new(space, 16 * PAGE, DRM_MIRAGE_PLACEMENT_VRAM);

	check_pages(space, from.addr, from.size, VALID | WRITE, VRAM | NULLS);
	check_pages(space, to.addr, to.size, VALID | WRITE | VRAM, NULLS);
	check_pages(space, from.addr - PAGE, PAGE, 0, VALID);
	check_pages(space, from.addr + from.size, PAGE, 0, VALID);

	words_write(from.words, from.size, 1);
	space_copy(space, to.addr, from.addr, from.size);
	words_check(to.words, to.size, 1);

	space_unbind(space, to.addr, to.size);
	check_pages(space, to.addr, to.size, 0, VALID);
	space_bind_at(space, to.addr, to.handle, 0, to.size);
	words_check(to.words, to.size, 1);
	buf_free(space, &from);
	buf_free(space, &to);
}

/**
 * SUBTEST: split
 * Description: Pages of a mapping are taken away, replaced by others and made NULL, at its
 *	beginning, in the middle and at its end; all that is left stays as it was.
 */
static void split(struct space *space)
{
	const uint64_t n = 64;
	struct buf a = buf_new(space, n * PAGE, DRM_MIRAGE_PLACEMENT_SYSTEM);
	struct buf b = buf_new(space, n * PAGE, DRM_MIRAGE_PLACEMENT_VRAM);
	struct buf out = buf_new(space, n * PAGE, DRM_MIRAGE_PLACEMENT_SYSTEM);
	const struct drm_mirage_bind binds[] = {
		mirage_bind_map(FAR, n * PAGE, a.handle, 0, 0),
		mirage_bind_map(FAR, 2 * PAGE, b.handle, 0, 0),
		mirage_bind_map(FAR + 20 * PAGE, 5 * PAGE, b.handle, 20 * PAGE, 0),
		mirage_bind_null(FAR + 40 * PAGE, 3 * PAGE),
		mirage_bind_map(FAR + (n - 1) * PAGE, PAGE, b.handle, (n - 1) * PAGE, 0),
	};

	words_write(a.words, a.size, 3);
	words_write(b.words, b.size, 7);
	igt_assert_eq(mirage_vm_bind(space->dev, space->vm, binds, ARRAY_SIZE(binds)), 0);
	check_pages(space, FAR, n * PAGE, VALID | WRITE, 0);
	check_pages(space, FAR + 40 * PAGE, 3 * PAGE, NULLS, 0);
	space_copy(space, out.addr, FAR, n * PAGE);

	for (uint64_t i = 0; i < n; i++) {
		const uint32_t *want = i < 2 || (i >= 20 && i < 25) || i == n - 1 ? b.words : a.words;

		for (uint64_t w = i * PAGE / 4; w < (i + 1) * PAGE / 4; w++)
			igt_assert_eq_u32(out.words[w], i >= 40 && i < 43 ? 0 : want[w]);
	}

	bind_one(space, mirage_bind_unmap(FAR + 10 * PAGE, 25 * PAGE));
	check_pages(space, FAR, 10 * PAGE, VALID, 0);
	check_pages(space, FAR + 10 * PAGE, 25 * PAGE, 0, VALID);
	check_pages(space, FAR + 35 * PAGE, (n - 35) * PAGE, VALID, 0);
	bind_one(space, mirage_bind_unmap(FAR - PAGE, (n + 2) * PAGE));
	check_pages(space, FAR - PAGE, (n + 2) * PAGE, 0, VALID);
	buf_free(space, &a);
	buf_free(space, &b);
	buf_free(space, &out);
}

/**
 * SUBTEST: null-everywhere
 * Description: All of the address space becomes NULL, objects are mapped into it here and there and
 *	taken away again, with nothing and with NULL in their place. Nothing but what was asked for
 *	changes.
 */
static void null_everywhere(struct space *space)
{
	static const uint64_t places[] = {
		FAR, FAR + 5 * PAGE, FAR + BLOCK - PAGE, FAR + (1ull << 30) - 2 * PAGE,
		FAR + (1ull << 39) - PAGE, DRM_MIRAGE_VA_END - 4 * PAGE,
	};
	struct buf buf = buf_new(space, 4 * PAGE, DRM_MIRAGE_PLACEMENT_VRAM);
	const uint64_t start = FAR - (1ull << 39);
	unsigned int i;

	bind_one(space, mirage_bind_null(start, DRM_MIRAGE_VA_END - start));
	check_pages(space, start, 2 * BLOCK, VALID | WRITE | NULLS | P2M, VRAM);
	check_pages(space, DRM_MIRAGE_VA_END - BLOCK, BLOCK, NULLS | P2M, 0);
	check_pages(space, start - PAGE, PAGE, 0, VALID);
	for (i = 0; i < ARRAY_SIZE(places); i++) {
		uint64_t at = places[i];

		space_bind_at(space, at, buf.handle, 0, buf.size);
		check_pages(space, at, buf.size, VALID | WRITE | VRAM, NULLS);
		check_pages(space, at - PAGE, PAGE, NULLS, 0);
		if (at + buf.size < DRM_MIRAGE_VA_END)
			check_pages(space, at + buf.size, PAGE, NULLS, 0);
		words_write(buf.words, buf.size, i);
		space_fill(space, at + PAGE, PAGE, 0x1234);
		igt_assert_eq_u32(buf.words[PAGE / 4], 0x1234);
		bind_one(space, mirage_bind_null(at, buf.size));
		check_pages(space, at, buf.size, NULLS, VRAM);
	}
	for (i = 0; i < ARRAY_SIZE(places); i++) {
		bind_one(space, mirage_bind_unmap(places[i] + PAGE, 2 * PAGE));
		check_pages(space, places[i], PAGE, NULLS, 0);
		check_pages(space, places[i] + PAGE, 2 * PAGE, 0, VALID);
		check_pages(space, places[i] + 3 * PAGE, PAGE, NULLS, 0);
		bind_one(space, mirage_bind_null(places[i] + PAGE, 2 * PAGE));
	}
	bind_one(space, mirage_bind_unmap(start, DRM_MIRAGE_VA_END - start));
	for (i = 0; i < ARRAY_SIZE(places); i++)
		check_pages(space, places[i], PAGE, 0, VALID);
	buf_free(space, &buf);
}

struct scenario {
	const char *name;
	void (*test)(struct space *space);
	const char *description;
};

static const struct scenario scenarios[] = {
	{ "map-unmap", map_unmap, "Objects of each placement are mapped, used and taken away." },
	{ "split", split, "Parts of a mapping are replaced and taken away; the rest stays." },
	{ "null-everywhere", null_everywhere,
	  "All of the address space is NULL, with objects mapped into it here and there." },
};

int igt_main()
{
	struct mirage dev;

	for (unsigned int i = 0; i < ARRAY_SIZE(scenarios); i++) {
		igt_describe(scenarios[i].description);
		igt_subtest(scenarios[i].name) {
			struct space space;

			igt_assert_eq(mirage_open(&dev), 0);
			space_open(&space, &dev);
			scenarios[i].test(&space);
			space_close(&space);
			mirage_close(&dev);
		}
	}
}
