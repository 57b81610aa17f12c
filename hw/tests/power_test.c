// SPDX-License-Identifier: MIT
/* Power states and function resets. */
#include <linux/pci_regs.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fixture.h"
#include "region.h"

#define CONFIG 7
#define VM 3
#define CHAN 1
#define DATA_VA 0x20000000ull

static struct fixture f;

static void config_write(struct device *dev, u32 offset, u32 len, u64 value)
{
	CHECK_EQ(region_write(dev, CONFIG, offset, len, (const u8 *)&value), 0);
}

static u32 find_cap(u32 id)
{
	u8 at = 0, found;

	CHECK_EQ(region_read(f.dev, CONFIG, PCI_CAPABILITY_LIST, 1, &at), 0);
	for (int i = 0; i < 48 && at; i++) {
		CHECK_EQ(region_read(f.dev, CONFIG, at, 1, &found), 0);
		if (found == id)
			return at;
		CHECK_EQ(region_read(f.dev, CONFIG, at + PCI_CAP_LIST_NEXT, 1, &at), 0);
	}
	tap_fail(__FILE__, __LINE__, "no capability %#x", id);
}

static void set_power(u32 state)
{
	config_write(f.dev, find_cap(PCI_CAP_ID_PM) + PCI_PM_CTRL, 2, state);
}

static void start(void)
{
	fixture_start(&f);
	fixture_vm(&f, VM);
	fixture_chan(&f, CHAN, MIRAGE_CHAN_COPY, VM, 0);
}

/* In D3hot nothing moves, whatever is under way; in D0 all of it goes on. */
static void sleeps_with_all_it_has(void)
{
	const u64 size = MiB(1);
	u64 src, dst, half;

	start();
	src = fixture_alloc(&f, size);
	dst = fixture_alloc(&f, size);
	memset(fixture_ptr(&f, src), 7, size);
	f.dev->engine.slice_ns = 0;
	fixture_packet(&f, CHAN, MIRAGE_PKT_COPY_PHYS, 0, (u64[]){ src, dst, size }, 3, NULL);
	fixture_fence(&f, CHAN, f.sync_phys + 64, 1, MIRAGE_FENCE_NOTIFY);
	fixture_write(&f, MIRAGE_DOORBELL_CHAN, CHAN);
	for (int i = 0; i < 4; i++)
		fixture_step(&f);
	half = fixture_read64(&f, MIRAGE_PERF_COPY_BYTES);
	CHECK(half && half < size);
	fixture_cmd(&f, (struct mirage_cmd){
		.op = MIRAGE_CMD_SYNC, .addr = f.sync_phys, .value = 5 });
	fixture_write(&f, MIRAGE_DOORBELL_CMD, 0);
	set_power(3);
	for (int i = 0; i < 4; i++)
		CHECK_EQ(fixture_step(&f), UINT64_MAX);
	CHECK_EQ(fixture_read64(&f, MIRAGE_PERF_COPY_BYTES), half);
	CHECK_EQ(*(u64 *)fixture_ptr(&f, f.sync_phys), 0);
	CHECK_EQ(*(u8 *)fixture_ptr(&f, dst + size - 8), 0);
	set_power(0);
	CHECK_EQ(fixture_read(&f, MIRAGE_BUS_STATUS), MIRAGE_BUS_STATUS_ENABLED__MASK);
	fixture_settle(&f);
	CHECK_EQ(*(u64 *)fixture_ptr(&f, f.sync_phys), 5);
	CHECK_EQ(*(u64 *)fixture_ptr(&f, f.sync_phys + 64), 1);
	CHECK(!memcmp(fixture_ptr(&f, src), fixture_ptr(&f, dst), size));
	CHECK_EQ(fixture_event(&f).value, 1);
	fixture_close(&f);
}

/* The thread that waits is woken by the way back to D0. */
static void wakes_its_thread(void)
{
	u64 end = now_ns() + 5000000000ull;
	u64 *value;

	start();
	value = fixture_ptr(&f, f.sync_phys);
	CHECK_EQ(engine_start(f.dev), 0);
	set_power(3);
	fixture_cmd(&f, (struct mirage_cmd){
		.op = MIRAGE_CMD_SYNC, .addr = f.sync_phys, .value = 5 });
	fixture_write(&f, MIRAGE_DOORBELL_CMD, 0);
	set_power(0);
	while (__atomic_load_n(value, __ATOMIC_ACQUIRE) != 5)
		CHECK(now_ns() < end);
	fixture_close(&f);
}

/* The content of VRAM is gone, and the part that was never used still costs nothing. */
static void function_reset_loses_vram(void)
{
	unsigned char resident[FIXTURE_VRAM_SIZE / 4096];
	size_t nr = 0;
	u8 *vram;

	start();
	vram = f.dev->vram.host;
	memset(vram + MiB(1), 1, KiB(8));
	vram[MiB(20)] = 1;
	fixture_write(&f, MIRAGE_BUS_RESET, 1);
	CHECK_EQ(vram[MiB(1)], 1);
	config_write(f.dev, find_cap(PCI_CAP_ID_EXP) + PCI_EXP_DEVCTL, 2, PCI_EXP_DEVCTL_BCR_FLR);
	for (u64 i = 0; i < KiB(8); i++)
		CHECK_EQ(vram[MiB(1) + i], VRAM_LOST);
	CHECK_EQ(vram[MiB(20)], VRAM_LOST);
	CHECK(!mincore(vram, FIXTURE_VRAM_SIZE, resident));
	for (size_t i = 0; i < sizeof(resident); i++)
		nr += resident[i] & 1;
	CHECK(nr < 1024);
	fixture_close(&f);
}

/* All pending work is gone after a function reset in D3hot, which leads to D0. */
static void function_reset_in_d3hot(void)
{
	start();
	fixture_fence(&f, CHAN, f.sync_phys, 1, 0);
	fixture_write(&f, MIRAGE_DOORBELL_CHAN, CHAN);
	set_power(3);
	config_write(f.dev, find_cap(PCI_CAP_ID_EXP) + PCI_EXP_DEVCTL, 2, PCI_EXP_DEVCTL_BCR_FLR);
	CHECK(pci_powered(&f.dev->pci));
	fixture_settle(&f);
	CHECK_EQ(*(u64 *)fixture_ptr(&f, f.sync_phys), 0);
	CHECK_EQ(fixture_read(&f, MIRAGE_BUS_STATUS), 0);
	fixture_close(&f);
}

static const struct tap_test tests[] = {
	{ "D3hot keeps all, and does nothing", sleeps_with_all_it_has },
	{ "D0 wakes the engine's thread", wakes_its_thread },
	{ "a function reset loses VRAM", function_reset_loses_vram },
	{ "function reset in D3hot", function_reset_in_d3hot },
};

TAP_MAIN(tests)
