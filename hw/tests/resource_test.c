// SPDX-License-Identifier: MIT
/*
 * Memory of this process that a guest can make the device take: it has bounds, it is given back, and
 * where the host refuses it the channel that wanted it stops and no other.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fixture.h"
#include "hw/isa.h"

#define VM 3
#define CODE_VA 0x10000000ull
#define DESC_VA 0x20000000ull
#define DATA_VA 0x30000000ull
#define LATE_VA 0x40000000ull	/* a page that is not there at first */

/* Rows that the engine adds to a wave's registers (hw/model/compute/engine.h). */
#define EXTRA_ROWS 4
/* Bytes of a wave that uses all registers. */
#define WAVE_BYTES ((MIRAGE_MAX_REGS + EXTRA_ROWS) * 32 * sizeof(u32))

static struct fixture f;
static u64 ring;	/* of many channels: one DISPATCH of DESC_VA */

/* The host has no memory. The linker leads every call of the model here. */
static bool refuse_calloc, refuse_aligned;

void *__real_calloc(size_t nr, size_t size);
void *__wrap_calloc(size_t nr, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);

void *__wrap_calloc(size_t nr, size_t size)
{
	return refuse_calloc ? NULL : __real_calloc(nr, size);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
	return refuse_aligned ? NULL : __real_aligned_alloc(alignment, size);
}

/* Every dispatch is of this program. */
static void start(const char *program, u32 nr_regs, u32 shared_size, u32 groups, u32 items)
{
	struct mirage_dispatch *desc;
	u32 *words;

	refuse_calloc = false;
	refuse_aligned = false;
	fixture_start(&f);
	fixture_vm(&f, VM);
	desc = fixture_map_new(&f, VM, DESC_VA);
	fixture_program(&f, VM, CODE_VA, program, desc);
	desc->nr_regs = nr_regs;
	desc->shared_size = shared_size;
	for (u32 i = 0; i < 3; i++)
		desc->grid[i] = desc->group[i] = 1;
	desc->grid[0] = groups;
	desc->group[0] = items;
	ring = fixture_alloc(&f, sizeof(u32) << FIXTURE_RING_ORDER);
	words = fixture_ptr(&f, ring);
	words[0] = MIRAGE_PKT(MIRAGE_PKT_DISPATCH, 2, 0);
	words[1] = (u32)DESC_VA;
}

/* Start channel @chan and give it its dispatch. */
static void dispatch(u32 chan)
{
	f.chans[chan] = (struct mirage_chan_desc){
		.ring = ring,
		.ring_order = FIXTURE_RING_ORDER,
		.class = MIRAGE_CHAN_COMPUTE,
		.vm = VM,
		.put = 3,
	};
	fixture_cmd(&f, (struct mirage_cmd){ .op = MIRAGE_CMD_CHAN_START, .id = chan });
	fixture_run(&f);
}

static bool done(u32 chan)
{
	return f.chans[chan].state == MIRAGE_CHAN_RUNNING && f.chans[chan].get == f.chans[chan].put;
}

static bool waits(u32 chan)
{
	return f.chans[chan].state == MIRAGE_CHAN_RUNNING && f.dev->chans[chan].suspended;
}

static size_t bytes(void)
{
	return compute_pool_bytes(f.dev->compute_pool);
}

/* Each wave waits at LATE_VA, then each item adds 1 at DATA_VA. */
static const char waiting[] =
	"	mov r0, 0x40000000\n"
	"	mov r1, 0\n"
	"	ld.32 r2, [r0]\n"
	"	mov r0, 0x30000000\n"
	"	atom.add r2, [r0], 1\n"
	"	exit\n";

/* Serve the faults at LATE_VA. */
static void serve(void)
{
	fixture_map_new(&f, VM, LATE_VA);
	f.status->fault_get = f.status->fault_put;
	fixture_replay(&f, VM);
}

static void nothing_is_held_after_a_dispatch(void)
{
	size_t one;

	start("exit", MIRAGE_MAX_REGS, 65536, 4, 512);
	CHECK_EQ(bytes(), 0);
	dispatch(0);
	CHECK(done(0));
	/* Kept for the next one, whichever channel's it is. */
	one = bytes();
	CHECK(one > 4 * 16 * WAVE_BYTES + 4 * 65536 && one < 4 * 16 * WAVE_BYTES + 6 * 65536);
	for (u32 chan = 1; chan < NR_CHANNELS; chan++) {
		dispatch(chan);
		CHECK(done(chan));
		CHECK(!f.dev->chans[chan].compute);
	}
	CHECK_EQ(bytes(), one);
	fixture_close(&f);
}

/* The next dispatch does not see the content of the memory that is kept for it. */
static void begins_with_zeroes(void)
{
	struct mirage_dispatch *desc;
	char text[4000], *p = text;
	u64 *data;

	for (u32 reg = 0; reg < 32; reg++)
		p += sprintf(p, "	mov r%u, -1\n", reg);
	for (u32 at = 0; at < 256; at += 4)
		p += sprintf(p, "	mov r0, %u\n	sts.32 [r0], r1\n", at);
	sprintf(p, "	exit\n");
	start(text, 32, 256, 2, 64);
	dispatch(0);
	CHECK(done(0));

	p = text;
	for (u32 reg = 1; reg < 32; reg++)
		p += sprintf(p, "	or r0, r0, r%u\n", reg);
	for (u32 at = 0; at < 256; at += 4)
		p += sprintf(p, "	mov r1, %u\n	lds.32 r1, [r1]\n	or r0, r0, r1\n", at);
	sprintf(p, "	mov r2, 0x30000000\n	mov r3, 0\n	atom.add r5, [r2], 1\n"
		   "	add r2, r2, 4\n	atom.or r5, [r2], r0\n	exit\n");
	data = fixture_map_new(&f, VM, DATA_VA);
	desc = fixture_map_new(&f, VM, DESC_VA);
	fixture_program(&f, VM, CODE_VA, text, desc);
	fixture_invalidate(&f, VM, 0, 1ull << 48);
	desc->nr_regs = 32;
	desc->shared_size = 256;
	desc->grid[0] = 2;
	desc->group[0] = 64;
	desc->grid[1] = desc->grid[2] = desc->group[1] = desc->group[2] = 1;
	dispatch(1);
	CHECK(done(1));
	CHECK_EQ(*data, 2 * 64);	/* all have been there, and none saw a bit */
	fixture_close(&f);
}

#define MANY 200
/* Group slots that all dispatches have beyond one each, of groups of one wave. */
#define EXTRA_SLOTS (COMPUTE_EXTRA_MAX / WAVE_BYTES)

/* Returns the word at DATA_VA. */
static u32 *many_under_way(void)
{
	u32 *data;

	start(waiting, MIRAGE_MAX_REGS, 0, 64, 32);
	data = fixture_map_new(&f, VM, DATA_VA);
	for (u32 chan = 0; chan < MANY; chan++) {
		dispatch(chan);
		CHECK(waits(chan));
		f.status->fault_get = f.status->fault_put;
	}
	return data;
}

static void what_is_under_way_has_a_bound(void)
{
	u32 *data = many_under_way();

	CHECK(bytes() < COMPUTE_EXTRA_MAX + MANY * (WAVE_BYTES + 131072));
	/* The first 32 have all 64 waves, the next has what is left, and each other has one. */
	CHECK_EQ(EXTRA_SLOTS / 63, 32);
	CHECK_EQ(fixture_read64(&f, MIRAGE_PERF_WAVES), MANY + EXTRA_SLOTS);
	serve();
	for (u32 chan = 0; chan < MANY; chan++)
		CHECK(done(chan));
	CHECK_EQ(*data, MANY * 64 * 32);
	CHECK_EQ(fixture_read64(&f, MIRAGE_PERF_WAVES), MANY * 64);
	CHECK(bytes() < COMPUTE_ONE_MAX + 64 * WAVE_BYTES);
	/* Room is there again. */
	fixture_unmap(&f, VM, LATE_VA);
	fixture_invalidate(&f, VM, LATE_VA, KiB(4));
	dispatch(MANY);
	CHECK(waits(MANY));
	CHECK_EQ(fixture_read64(&f, MIRAGE_PERF_WAVES), MANY * 64 + 64);
	fixture_close(&f);
}

static void context_cmd(u32 chan, enum mirage_cmd_op op, u64 place)
{
	fixture_cmd(&f, (struct mirage_cmd){
		.op = (u16)op, .id = chan, .addr = place,
		.size = fixture_read(&f, MIRAGE_BUS_MAX_CONTEXT) });
	fixture_sync(&f);
}

static void save(u32 chan, u64 place)
{
	fixture_chan_cmd(&f, chan, MIRAGE_CMD_CHAN_STOP);
	context_cmd(chan, MIRAGE_CMD_CHAN_SAVE, place);
	CHECK_EQ(f.chans[chan].state, MIRAGE_CHAN_IDLE);
}

static void restore(u32 chan, u64 place)
{
	context_cmd(chan, MIRAGE_CMD_CHAN_RESTORE, place);
	CHECK_EQ(f.chans[chan].state, MIRAGE_CHAN_STOPPED);
	fixture_chan_cmd(&f, chan, MIRAGE_CMD_CHAN_START);
	f.status->fault_get = f.status->fault_put;
}

/* A context comes back with the groups that it had, but not without a bound. */
static void contexts_have_a_bound(void)
{
	u64 large, small;
	u32 *data, chan;

	data = many_under_way();
	large = fixture_alloc(&f, MiB(4));
	small = fixture_alloc(&f, MiB(4));
	save(0, large);
	save(MANY - 1, small);
	CHECK(((u64 *)fixture_ptr(&f, large))[1] > 64 * MIRAGE_MAX_REGS * 128);
	CHECK(((u64 *)fixture_ptr(&f, small))[1] < 2 * MIRAGE_MAX_REGS * 128);
	/* Another dispatch takes the room, and the contexts come in another order. */
	dispatch(MANY);
	CHECK(waits(MANY));
	f.status->fault_get = f.status->fault_put;
	restore(MANY - 1, small);
	restore(0, large);
	/* The same one in many channels. */
	for (chan = MANY + 1; chan < NR_CHANNELS; chan++) {
		f.chans[chan] = f.chans[MANY];
		f.chans[chan].state = MIRAGE_CHAN_IDLE;
		context_cmd(chan, MIRAGE_CMD_CHAN_RESTORE, large);
		if (f.chans[chan].state != MIRAGE_CHAN_STOPPED)
			break;
	}
	fixture_check_error(&f, chan, MIRAGE_CHAN_NO_MEMORY, 0, 0);
	CHECK(!f.dev->chans[chan].compute);
	CHECK_EQ(chan, MANY + 1 + (2 * COMPUTE_EXTRA_MAX / WAVE_BYTES - EXTRA_SLOTS - 63) / 63);
	serve();
	for (chan = 0; chan <= MANY; chan++)
		CHECK(done(chan));
	CHECK_EQ(*data, (MANY + 1) * 64 * 32);
	fixture_close(&f);
}

/* Channel 0 has a dispatch under way, and is not touched by what others are refused. */
static u32 *start_beside_another(void)
{
	u32 *data;

	start(waiting, 8, 0, 1, 32);
	data = fixture_map_new(&f, VM, DATA_VA);
	dispatch(0);
	CHECK(waits(0));
	CHECK_EQ(fixture_fault(&f).chan, 0);
	return data;
}

/* A channel that was refused runs when there is memory again. */
static void all_is_well_again(u32 *data, u32 chan, u32 items)
{
	refuse_calloc = false;
	refuse_aligned = false;
	fixture_chan_cmd(&f, chan, MIRAGE_CMD_CHAN_RESET);
	dispatch(chan);
	serve();
	CHECK(done(0));
	CHECK(done(chan));
	CHECK_EQ(*data, items);
	fixture_close(&f);
}

static void dispatch_refused(void)
{
	u32 *data = start_beside_another();
	size_t before = bytes();

	refuse_aligned = true;
	dispatch(1);
	fixture_check_error(&f, 1, MIRAGE_CHAN_NO_MEMORY, 0, 0);
	CHECK_EQ(bytes(), before);
	CHECK(waits(0));
	all_is_well_again(data, 1, 64);
}

/* There is an engine at rest, but no memory for registers. */
static void registers_refused(void)
{
	u32 *data = start_beside_another();
	struct mirage_dispatch *desc = fixture_ptr(&f, (*fixture_entry(&f, VM, DESC_VA, 3) &
							MIRAGE_PTE_ADDR) | MIRAGE_PHYS_SYSTEM);

	desc->nr_regs = MIRAGE_MAX_REGS;
	desc->grid[0] = 8;
	dispatch(1);
	CHECK(waits(1));
	fixture_chan_cmd(&f, 1, MIRAGE_CMD_CHAN_RESET);
	CHECK(f.status->fault_get != f.status->fault_put);
	f.status->fault_get = f.status->fault_put;
	desc->grid[0] = 64;
	refuse_aligned = true;
	dispatch(1);
	fixture_check_error(&f, 1, MIRAGE_CHAN_NO_MEMORY, 0, 0);
	CHECK(waits(0));
	all_is_well_again(data, 1, 32 + 64 * 32);
}

static void restore_refused(void)
{
	u32 *data = start_beside_another();
	u64 place = fixture_alloc(&f, MiB(4));

	dispatch(1);
	CHECK_EQ(fixture_fault(&f).chan, 1);
	dispatch(2);
	CHECK_EQ(fixture_fault(&f).chan, 2);
	/* Saving takes no memory. */
	refuse_aligned = refuse_calloc = true;
	save(1, place);
	save(2, place);
	dispatch(1);	/* takes the engine at rest */
	CHECK(waits(1));
	context_cmd(2, MIRAGE_CMD_CHAN_RESTORE, place);
	fixture_check_error(&f, 2, MIRAGE_CHAN_NO_MEMORY, 0, 0);
	CHECK(waits(0));
	refuse_aligned = refuse_calloc = false;
	fixture_chan_cmd(&f, 2, MIRAGE_CMD_CHAN_RESET);
	restore(2, place);
	serve();
	for (u32 chan = 0; chan < 3; chan++)
		CHECK(done(chan));
	CHECK_EQ(*data, 3 * 32);
	fixture_close(&f);
}

/* The buffer is full, so each fault waits in the device, until there is no memory for one more. */
static void fault_refused(void)
{
	struct mirage_place place;
	u32 *data;

	start(waiting, 8, 0, 64, 32);
	data = fixture_map_new(&f, VM, DATA_VA);
	for (u32 chan = 0; chan < 5; chan++)
		dispatch(chan);
	CHECK_EQ(f.dev->faults.nr, 64);
	CHECK_EQ(f.dev->faults.space, 64);
	refuse_calloc = true;
	dispatch(5);
	fixture_check_error(&f, 5, MIRAGE_CHAN_NO_MEMORY, 0, LATE_VA);
	place = f.chans[5].error_place;
	CHECK_EQ(place.pc, CODE_VA + 16);
	CHECK_EQ(f.dev->faults.nr, 64);
	/* A front end's, the same: its descriptor is not there. */
	fixture_unmap(&f, VM, DESC_VA);
	fixture_invalidate(&f, VM, DESC_VA, KiB(4));
	dispatch(6);
	fixture_check_error(&f, 6, MIRAGE_CHAN_NO_MEMORY, 0, DESC_VA);
	refuse_calloc = false;
	for (u32 chan = 0; chan < 5; chan++)
		CHECK(waits(chan));
	serve();
	for (u32 chan = 0; chan < 5; chan++)
		CHECK(done(chan));
	CHECK_EQ(*data, 5 * 64 * 32);
	fixture_close(&f);
}

/* The memory for many faults is given back with the last of them. */
static void faults_are_given_back(void)
{
	start(waiting, 8, 0, 64, 32);
	fixture_map_new(&f, VM, DATA_VA);
	for (u32 chan = 0; chan < 40; chan++)
		dispatch(chan);
	CHECK_EQ(f.dev->faults.nr, 40 * 64 - (1 << FIXTURE_QUEUE_ORDER));
	CHECK_EQ(f.dev->faults.space, 4096);
	serve();
	CHECK_EQ(f.dev->faults.space, 0);
	fixture_close(&f);
}

/* The message fails, and nothing of the map is left. */
static void maps_refused(void)
{
	int fd = memfd_create("more", MFD_CLOEXEC);
	struct dma *dma;

	start("exit", 1, 0, 1, 1);
	dma = &f.dev->dma;
	CHECK(fd >= 0 && !ftruncate(fd, MiB(1)));
	lock_acquire(&f.dev->lock);
	CHECK_EQ(dma->nr, 1);
	refuse_calloc = true;
	/* A file that is new, one that is known, and none. */
	CHECK_EQ(dma_map(dma, 0, KiB(4), fd, 0, true), -ENOMEM);
	CHECK_EQ(dma_map(dma, 0, KiB(4), f.ram_fd, 0, true), -ENOMEM);
	CHECK_EQ(dma_map(dma, 0, KiB(4), -1, 0, true), -ENOMEM);
	refuse_calloc = false;
	CHECK_EQ(dma->nr, 1);
	CHECK_EQ(dma->files->users, 1);
	CHECK(!dma->files->next);
	CHECK_EQ(dma_map(dma, 0, KiB(4), fd, 0, true), 0);
	lock_release(&f.dev->lock);
	dispatch(0);
	CHECK(done(0));
	fixture_close(&f);
	close(fd);
}

/* As many messages as somebody likes to cause, and a file of a size that is known. */
static void the_log_has_an_end(void)
{
	char path[] = "/tmp/mirage-log-XXXXXX", line[200] = "";
	unsigned int lines = 0;
	FILE *file;
	int fd;

	fd = mkstemp(path);
	CHECK(fd >= 0);
	close(fd);
	CHECK(!log_open(path));
	for (u32 i = 0; i < 20000; i++) {
		log_error("message %u", i);
		log_info("message %u", i);
	}
	file = fopen(path, "r");
	CHECK(file);
	while (fgets(line, sizeof(line), file))
		lines++;
	fclose(file);
	CHECK(!unlink(path));
	CHECK(lines <= 10001);
	CHECK(strstr(line, "10000 messages: the rest is dropped"));
}

static const struct tap_test tests[] = {
	{ "nothing is held after a dispatch", nothing_is_held_after_a_dispatch },
	{ "a dispatch begins with zeroes", begins_with_zeroes },
	{ "what is under way has a bound", what_is_under_way_has_a_bound },
	{ "contexts have a bound", contexts_have_a_bound },
	{ "a dispatch is refused", dispatch_refused },
	{ "registers are refused", registers_refused },
	{ "CHAN_RESTORE is refused", restore_refused },
	{ "a fault is refused", fault_refused },
	{ "faults are given back", faults_are_given_back },
	{ "maps are refused", maps_refused },
	/* The last one: the others' messages are dropped behind it. */
	{ "the log has an end", the_log_has_an_end },
};

TAP_MAIN(tests)
