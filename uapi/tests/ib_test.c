// SPDX-License-Identifier: MIT
/*
 * The packet builder: each packet word by word, its bounds, and its errors.
 */
#include <endian.h>
#include <errno.h>

#include <mirage.h>
#include <tap.h>

static uint32_t memory[64];

/* An address that has bits in both halves; packets are only written here, never executed. */
#define FAR(low)	((void *)(uintptr_t)(0x123400000000ull | (low)))

static struct mirage_ib begin(void)
{
	struct mirage_ib ib;

	memset(memory, 0xee, sizeof(memory));
	mirage_ib_init(&ib, memory, sizeof(memory));

	return ib;
}

static void check_words(const struct mirage_ib *ib, const uint32_t *want, size_t count)
{
	size_t i;

	CHECK_EQ(ib->error, 0);
	CHECK_EQ(ib->used, count);
	for (i = 0; i < count; i++)
		CHECK_EQ(le32toh(memory[i]), want[i]);
	/* Nothing behind the packet was touched. */
	CHECK_EQ(memory[count], 0xeeeeeeeeu);
}

static void nop_words(void)
{
	static const uint32_t want[] = { 0x00000000 };
	struct mirage_ib ib = begin();

	mirage_ib_nop(&ib);
	check_words(&ib, want, 1);
}

static void copy_words(void)
{
	static const uint32_t want[] = { 0x00000610, 3, 0x1234, 0x1001, 0x1234, 5, 1 };
	struct mirage_ib ib = begin();

	mirage_ib_copy(&ib, FAR(0x1001), FAR(3), 0x100000005ull);
	check_words(&ib, want, 7);
}

static void fill_words(void)
{
	static const uint32_t want[] = { 0x00000511, 0x1004, 0x1234, 8, 0, 0xa5a55a5a };
	struct mirage_ib ib = begin();

	mirage_ib_fill(&ib, FAR(0x1004), 8, 0xa5a55a5a);
	check_words(&ib, want, 6);
}

static void dispatch_words(void)
{
	static const uint32_t want[] = { 0x00000220, 0x40, 0x1234 };
	struct mirage_ib ib = begin();

	mirage_ib_dispatch(&ib, FAR(0x40));
	check_words(&ib, want, 3);
}

static void semaphore_words(void)
{
	static const uint32_t want[] = {
		0x00000430, 8, 0x1234, 1, 2,
		0x00000431, 16, 0x1234, 3, 0,
		0x00010431, 24, 0x1234, 0xffffffff, 0xffffffff,
		0x00000232, 32, 0x1234,
	};
	struct mirage_ib ib = begin();

	mirage_ib_sem_write(&ib, FAR(8), 0x200000001ull);
	mirage_ib_sem_wait(&ib, FAR(16), 3);
	mirage_ib_sem_wait_equal(&ib, FAR(24), UINT64_MAX);
	mirage_ib_timestamp(&ib, FAR(32));
	check_words(&ib, want, sizeof(want) / sizeof(want[0]));
}

static void last_word_is_used(void)
{
	struct mirage_ib ib;
	int i;

	memset(memory, 0xee, sizeof(memory));
	mirage_ib_init(&ib, memory, 7 * sizeof(uint32_t));
	mirage_ib_copy(&ib, FAR(0), FAR(4096), 1);
	CHECK_EQ(ib.error, 0);
	CHECK_EQ(ib.used, 7);
	mirage_ib_nop(&ib);
	CHECK_EQ(ib.error, -ENOSPC);
	CHECK_EQ(ib.used, 7);
	for (i = 7; i < 64; i++)
		CHECK_EQ(memory[i], 0xeeeeeeeeu);
}

static void no_half_packet(void)
{
	struct mirage_ib ib;

	memset(memory, 0xee, sizeof(memory));
	mirage_ib_init(&ib, memory, 7 * sizeof(uint32_t) - 1);
	mirage_ib_copy(&ib, FAR(0), FAR(4096), 1);
	CHECK_EQ(ib.error, -ENOSPC);
	CHECK_EQ(ib.used, 0);
	CHECK_EQ(memory[0], 0xeeeeeeeeu);
}

static void first_error_stays(void)
{
	struct drm_mirage_cmds cmds;
	struct mirage_ib ib = begin();

	mirage_ib_fill(&ib, FAR(2), 8, 0);
	CHECK_EQ(ib.error, -EINVAL);
	/* Fits and is right, but comes after an error. */
	mirage_ib_nop(&ib);
	CHECK_EQ(ib.used, 0);
	CHECK_EQ(memory[0], 0xeeeeeeeeu);
	CHECK_EQ(mirage_ib_cmds(&ib, &cmds), -EINVAL);
}

static void alignment_is_checked(void)
{
	struct mirage_ib ib;

	ib = begin();
	mirage_ib_fill(&ib, FAR(0), 7, 0);
	CHECK_EQ(ib.error, -EINVAL);
	ib = begin();
	mirage_ib_dispatch(&ib, FAR(32));
	CHECK_EQ(ib.error, -EINVAL);
	ib = begin();
	mirage_ib_sem_write(&ib, FAR(4), 0);
	CHECK_EQ(ib.error, -EINVAL);
	ib = begin();
	mirage_ib_sem_wait(&ib, FAR(4), 0);
	CHECK_EQ(ib.error, -EINVAL);
	ib = begin();
	mirage_ib_timestamp(&ib, FAR(4));
	CHECK_EQ(ib.error, -EINVAL);
	mirage_ib_init(&ib, (char *)memory + 2, 64);
	CHECK_EQ(ib.error, -EINVAL);
}

static void cmds_of_empty(void)
{
	struct drm_mirage_cmds cmds;
	struct mirage_ib ib = begin();

	CHECK_EQ(mirage_ib_cmds(&ib, &cmds), -EINVAL);
	mirage_ib_nop(&ib);
	CHECK_EQ(mirage_ib_cmds(&ib, &cmds), 0);
	CHECK_EQ(cmds.addr, (uintptr_t)memory);
	CHECK_EQ(cmds.size, 4);
}

static void cmds_of_too_long(void)
{
	struct drm_mirage_cmds cmds;
	struct mirage_ib ib = begin();

	/* Words that are counted only; nothing reads them. */
	ib.used = MIRAGE_IB_MAX_WORDS;
	CHECK_EQ(mirage_ib_cmds(&ib, &cmds), 0);
	CHECK_EQ(cmds.size, 4u << 20);
	ib.used++;
	CHECK_EQ(mirage_ib_cmds(&ib, &cmds), -EINVAL);
}

static void raw_is_bounded(void)
{
	static const uint32_t words[2] = { 0xdeadbeef, 0x01020304 };
	struct mirage_ib ib;

	mirage_ib_init(&ib, memory, 3 * sizeof(uint32_t));
	mirage_ib_raw(&ib, words, 2);
	CHECK_EQ(ib.error, 0);
	CHECK_EQ(le32toh(memory[0]), 0xdeadbeefu);
	CHECK_EQ(le32toh(memory[1]), 0x01020304u);
	mirage_ib_raw(&ib, words, 2);
	CHECK_EQ(ib.error, -ENOSPC);
	CHECK_EQ(ib.used, 2);
}

static void dispatch_fields(void)
{
	struct mirage_dispatch dispatch;
	unsigned int i;

	memset(&dispatch, 0xee, sizeof(dispatch));
	mirage_dispatch_init(&dispatch, FAR(8), 64, 9);
	CHECK_EQ(le64toh(dispatch.code), 0x123400000008ull);
	CHECK_EQ(le32toh(dispatch.code_size), 64);
	CHECK_EQ(le32toh(dispatch.nr_regs), 9);
	CHECK_EQ(dispatch.args, 0);
	CHECK_EQ(dispatch.args_size, 0);
	CHECK_EQ(dispatch.shared_size, 0);
	for (i = 0; i < 3; i++) {
		CHECK_EQ(le32toh(dispatch.grid[i]), 1);
		CHECK_EQ(le32toh(dispatch.group[i]), 1);
	}
	CHECK_EQ(dispatch.rsvd0, 0);
	for (i = 0; i < 17; i++)
		CHECK_EQ(dispatch.rsvd1[i], 0);

	mirage_dispatch_args(&dispatch, FAR(16), 24);
	mirage_dispatch_grid(&dispatch, 2, 3, 4);
	mirage_dispatch_group(&dispatch, 5, 6, 7);
	mirage_dispatch_shared(&dispatch, 128);
	CHECK_EQ(le64toh(dispatch.args), 0x123400000010ull);
	CHECK_EQ(le32toh(dispatch.args_size), 24);
	CHECK_EQ(le32toh(dispatch.grid[0]), 2);
	CHECK_EQ(le32toh(dispatch.grid[2]), 4);
	CHECK_EQ(le32toh(dispatch.group[1]), 6);
	CHECK_EQ(le32toh(dispatch.shared_size), 128);
}

/* A size that does not fit into the field must not look like a small one. */
static void dispatch_sizes_do_not_wrap(void)
{
	struct mirage_dispatch dispatch;

	mirage_dispatch_init(&dispatch, FAR(0), (1ull << 32) + 8, 1);
	CHECK(le32toh(dispatch.code_size) > 1u << 24);
	mirage_dispatch_args(&dispatch, FAR(0), (1ull << 32) + 8);
	CHECK(le32toh(dispatch.args_size) > 4096);
}

/* Written here, read there. */
static void elsewhere(void)
{
	struct drm_mirage_cmds cmds;
	struct mirage_ib ib;

	mirage_ib_init_at(&ib, memory, sizeof(memory), 0x800000001000ull);
	mirage_ib_nop(&ib);
	CHECK_EQ(mirage_ib_cmds(&ib, &cmds), 0);
	CHECK_EQ(cmds.addr, 0x800000001000ull);
	CHECK_EQ(cmds.size, 4);
	mirage_ib_init_at(&ib, memory, sizeof(memory), 0x800000001002ull);
	CHECK_EQ(mirage_ib_cmds(&ib, &cmds), -EINVAL);
	mirage_ib_reset(&ib);
	CHECK_EQ(ib.error, -EINVAL);
}

static void begun_again(void)
{
	struct mirage_ib ib = begin();

	mirage_ib_fill(&ib, FAR(2), 4, 0);
	CHECK_EQ(ib.error, -EINVAL);
	mirage_ib_reset(&ib);
	CHECK_EQ(ib.error, 0);
	CHECK_EQ(ib.used, 0);
	CHECK_EQ(ib.capacity, sizeof(memory) / 4);
	mirage_ib_nop(&ib);
	CHECK_EQ(ib.used, 1);
}

static const struct tap_test tests[] = {
	{ "elsewhere", elsewhere },
	{ "begun-again", begun_again },
	{ "nop-words", nop_words },
	{ "copy-words", copy_words },
	{ "fill-words", fill_words },
	{ "dispatch-words", dispatch_words },
	{ "semaphore-words", semaphore_words },
	{ "last-word-is-used", last_word_is_used },
	{ "no-half-packet", no_half_packet },
	{ "first-error-stays", first_error_stays },
	{ "alignment-is-checked", alignment_is_checked },
	{ "cmds-of-empty", cmds_of_empty },
	{ "cmds-of-too-long", cmds_of_too_long },
	{ "raw-is-bounded", raw_is_bounded },
	{ "dispatch-fields", dispatch_fields },
	{ "dispatch-sizes-do-not-wrap", dispatch_sizes_do_not_wrap },
};

TAP_MAIN(tests)
