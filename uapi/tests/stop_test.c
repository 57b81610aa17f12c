// SPDX-License-Identifier: MIT
/*
 * The texts about jobs that were stopped.
 */
#include <errno.h>

#include <hw/pte.h>
#include <hw/queues.h>
#include <mirage.h>
#include <tap.h>

static void check_text(const struct mirage_stop *why, const char *want)
{
	char text[256];

	CHECK_EQ(mirage_stop_text(why, text, sizeof(text)), (int)strlen(want));
	if (strcmp(text, want))
		tap_fail(__FILE__, __LINE__, "\"%s\" is not \"%s\"", text, want);
}

static const struct mirage_stop bad_access = {
	.error = -EFAULT,
	.queue = {
		.state = DRM_MIRAGE_QUEUE_FAULTED,
		.place = { .pc = 0x1000, .group = { 2, 1, 0 }, .wave = 1, .lane = 10 },
		.fault = {
			.addr = 0xdead0000, .access = MIRAGE_ACCESS_WRITE,
			.kind = MIRAGE_FAULT_NOT_PRESENT, .error = EFAULT,
		},
	},
};

static void access_and_instruction(void)
{
	check_text(&bad_access, "faulted: write access to 0xdead0000: not present: Bad address, "
		   "instruction at 0x1000, group 2,1,0, wave 1, lane 10");
}

static void access_of_a_packet(void)
{
	struct mirage_stop why = bad_access;

	why.queue.place = (struct drm_mirage_place){0};
	check_text(&why, "faulted: write access to 0xdead0000: not present: Bad address");
}

static void access_of_an_earlier_job(void)
{
	struct mirage_stop why = bad_access;

	why.error = -ECANCELED;
	why.queue.place.pc = 0;
	check_text(&why,
		   "faulted: write access to 0xdead0000: not present: Bad address, before this job");
}

static void bad_packet(void)
{
	const struct mirage_stop why = {
		.error = -EIO,
		.queue = {
			.state = DRM_MIRAGE_QUEUE_ERROR, .hw_error = MIRAGE_CHAN_HUNG,
			.hw_addr = 0x20, .hw_info = 7,
		},
	};
	char want[128];

	snprintf(want, sizeof(want), "error: %s at 0x20 (information 0x7)",
		 mirage_chan_error_name(MIRAGE_CHAN_HUNG));
	check_text(&why, want);
}

static void states_alone(void)
{
	check_text(&(struct mirage_stop){ -ETIME, { .state = DRM_MIRAGE_QUEUE_TIMEOUT } }, "timeout");
	check_text(&(struct mirage_stop){ -ENODEV, { .state = DRM_MIRAGE_QUEUE_LOST } }, "lost");
	check_text(&(struct mirage_stop){ -ECANCELED, { .state = DRM_MIRAGE_QUEUE_RESET } }, "reset");
}

static void cut_where_it_does_not_fit(void)
{
	char whole[256], text[256];
	int length = mirage_stop_text(&bad_access, whole, sizeof(whole));
	int room;

	CHECK_EQ(mirage_stop_text(&bad_access, NULL, 0), length);
	for (room = 1; room <= length; room++) {
		memset(text, 'x', sizeof(text));
		CHECK_EQ(mirage_stop_text(&bad_access, text, (size_t)room), length);
		CHECK_EQ(strlen(text), (size_t)room - 1);
		CHECK(!memcmp(text, whole, (size_t)room - 1));
		CHECK_EQ(text[room], 'x');
	}
}

static const struct tap_test tests[] = {
	{ "access-and-instruction", access_and_instruction },
	{ "access-of-a-packet", access_of_a_packet },
	{ "access-of-an-earlier-job", access_of_an_earlier_job },
	{ "bad-packet", bad_packet },
	{ "states-alone", states_alone },
	{ "cut-where-it-does-not-fit", cut_where_it_does_not_fit },
};

TAP_MAIN(tests)
