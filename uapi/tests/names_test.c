// SPDX-License-Identifier: MIT
/*
 * Every number of the interface has a name of its own, and others are said to be unknown.
 */
#include <hw/pte.h>
#include <hw/queues.h>
#include <mirage.h>
#include <tap.h>

static void check_names(const char *(*name)(unsigned int), unsigned int first, unsigned int count)
{
	unsigned int i, j;

	for (i = first; i < count; i++) {
		if (!strcmp(name(i), "unknown"))
			tap_fail(__FILE__, __LINE__, "%u has no name", i);
		for (j = first; j < i; j++) {
			if (!strcmp(name(i), name(j)))
				tap_fail(__FILE__, __LINE__, "%u and %u are both \"%s\"", i, j,
					 name(i));
		}
	}
	CHECK(!strcmp(name(count), "unknown"));
	CHECK(!strcmp(name(~0u), "unknown"));
}

static void stats(void)
{
	check_names(mirage_stat_name, 0, DRM_MIRAGE_STAT_COUNT);
}

static void reasons(void)
{
	check_names(mirage_reason_text, 0, DRM_MIRAGE_REASON_DMA + 1);
}

static void queue_states(void)
{
	check_names(mirage_queue_state_name, 0, DRM_MIRAGE_QUEUE_RESET + 1);
}

static void chan_errors(void)
{
	check_names(mirage_chan_error_name, 0, MIRAGE_CHAN_NO_MEMORY + 1);
}

static void accesses(void)
{
	check_names(mirage_access_name, 0, MIRAGE_ACCESS_FETCH + 1);
}

static void fault_kinds(void)
{
	check_names(mirage_fault_kind_name, MIRAGE_FAULT_NOT_PRESENT, MIRAGE_FAULT_BUS + 1);
	CHECK(!strcmp(mirage_fault_kind_name(0), "unknown"));
}

static const struct tap_test tests[] = {
	{ "stats", stats },
	{ "reasons", reasons },
	{ "queue-states", queue_states },
	{ "chan-errors", chan_errors },
	{ "accesses", accesses },
	{ "fault-kinds", fault_kinds },
};

TAP_MAIN(tests)
