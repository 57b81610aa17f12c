// SPDX-License-Identifier: MIT
/* Power states, function resets, and other GPUs' memory. */
#include <fcntl.h>
#include <linux/pci_regs.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fixture.h"
#include "region.h"

#define CONFIG 7
#define VM 3
#define CHAN 1
#define DATA_VA 0x20000000ull
#define PEER_VA 0x30000000ull
/* Where the guest has put the other GPU's VRAM. */
#define PEER_BAR 0x800000000ull

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

/* What was in VRAM is gone, and what was never used still costs nothing. */
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

static char dir[] = "/tmp/mirage-peers-XXXXXX";

/* A second GPU of the same machine. */
static struct device *peer_open(u64 size)
{
	struct device *peer = device_create(size);

	CHECK(peer);
	CHECK_EQ(peers_join(&peer->peers, dir), 0);
	config_write(peer, PCI_BASE_ADDRESS_2, 8, PEER_BAR);
	config_write(peer, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	return peer;
}

static void map_range(u64 size)
{
	lock_acquire(&f.dev->lock);
	CHECK_EQ(dma_map(&f.dev->dma, PEER_BAR, size, -1, 0, true), 0);
	lock_release(&f.dev->lock);
}

/* A copy, a physical copy and atomics of one GPU reach the VRAM of another; a fault tells when they do not. */
static void reaches_a_peer(void)
{
	struct device *peer;
	u64 *page;

	strcpy(dir + strlen(dir) - 6, "XXXXXX");
	CHECK(mkdtemp(dir));
	start();
	CHECK_EQ(peers_join(&f.dev->peers, dir), 0);
	page = fixture_map_new(&f, VM, DATA_VA);
	page[0] = 0x1234567890;
	fixture_map(&f, VM, PEER_VA, (PEER_BAR + KiB(64)) | MIRAGE_PHYS_SYSTEM, MIRAGE_PAGE_SHIFT,
		    FIXTURE_RWA);
	map_range(MiB(20));
	fixture_copy(&f, CHAN, DATA_VA, PEER_VA, 8);
	fixture_kick(&f, CHAN);
	CHECK_EQ(fixture_fault(&f).kind, MIRAGE_FAULT_BUS);	/* nobody is there */

	peer = peer_open(MiB(20));	/* the client maps so much of its aperture of 32 MiB */
	fixture_replay(&f, VM);
	CHECK_EQ(*(u64 *)(peer->vram.host + KiB(64)), 0x1234567890);
	*(u64 *)(peer->vram.host + KiB(64)) = 9;
	fixture_packet(&f, CHAN, MIRAGE_PKT_COPY_PHYS, 0,
		       (u64[]){ (PEER_BAR + KiB(64)) | MIRAGE_PHYS_SYSTEM, MiB(1), 8 }, 3, NULL);
	fixture_kick(&f, CHAN);
	CHECK_EQ(*(u64 *)(f.dev->vram.host + MiB(1)), 9);

	/* Its aperture goes away: the client takes the range away then. */
	config_write(peer, PCI_COMMAND, 2, 0);
	lock_acquire(&f.dev->lock);
	CHECK_EQ(dma_unmap(&f.dev->dma, PEER_BAR, MiB(20)), 0);
	lock_release(&f.dev->lock);
	map_range(MiB(20));
	fixture_invalidate(&f, VM, PEER_VA, KiB(4));
	fixture_copy(&f, CHAN, DATA_VA, PEER_VA, 8);
	fixture_kick(&f, CHAN);
	CHECK_EQ(fixture_fault(&f).kind, MIRAGE_FAULT_BUS);
	config_write(peer, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	fixture_replay(&f, VM);
	CHECK_EQ(*(u64 *)(peer->vram.host + KiB(64)), 0x1234567890);
	device_destroy(peer);
	/* What is mapped stays memory, though nobody's. */
	fixture_copy(&f, CHAN, DATA_VA, PEER_VA, 8);
	fixture_kick(&f, CHAN);
	CHECK_EQ(f.chans[CHAN].get, f.chans[CHAN].put);
	fixture_close(&f);
	/* Everybody has taken his name away. */
	CHECK(!rmdir(dir));
}

/* A range that only overlaps an aperture, and a GPU's own, lead nowhere. */
static void reaches_nothing_else(void)
{
	struct device *peer;
	u64 avail;

	strcpy(dir + strlen(dir) - 6, "XXXXXX");
	CHECK(mkdtemp(dir));
	start();
	CHECK_EQ(peers_join(&f.dev->peers, dir), 0);
	peer = peer_open(MiB(32));
	map_range(MiB(16));
	lock_acquire(&f.dev->lock);
	CHECK(!dma_find(&f.dev->dma, PEER_BAR, false, &avail));
	dma_unmap_all(&f.dev->dma);
	lock_release(&f.dev->lock);
	device_destroy(peer);
	config_write(f.dev, PCI_BASE_ADDRESS_2, 8, PEER_BAR);
	map_range(MiB(32));
	lock_acquire(&f.dev->lock);
	CHECK(!dma_find(&f.dev->dma, PEER_BAR, false, &avail));
	lock_release(&f.dev->lock);
	fixture_close(&f);
	CHECK(!rmdir(dir));
}

#define PEER_SIZE MiB(32)

/* The name of whoever is at PEER_BAR, as hw/model/peers.c makes it. */
static const char *peer_name(void)
{
	static char name[64];

	snprintf(name, sizeof(name), "%s/%016llx+%llx", dir, PEER_BAR,
		 (unsigned long long)PEER_SIZE);
	return name;
}

/* A GPU with a range where others may be. */
static void start_beside_peers(void)
{
	memcpy(dir + strlen(dir) - 6, "XXXXXX", 6);
	CHECK(mkdtemp(dir));
	start();
	CHECK_EQ(peers_join(&f.dev->peers, dir), 0);
	map_range(PEER_SIZE);
}

static u64 *find_peer(void)
{
	u64 avail;
	void *place;

	lock_acquire(&f.dev->lock);
	place = dma_find(&f.dev->dma, PEER_BAR + KiB(64), true, &avail);
	lock_release(&f.dev->lock);
	return place;
}

/* @fd has the size of an aperture, and a link of a GPU's name, but is none. */
static void leads_nowhere(int fd)
{
	char target[40];

	snprintf(target, sizeof(target), "/proc/self/fd/%d", fd);
	CHECK(!symlink(target, peer_name()));
	CHECK(!find_peer());
	CHECK(!unlink(peer_name()));
	close(fd);
}

static int make_memory(const char *name, int seals)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

	CHECK(fd >= 0 && !ftruncate(fd, PEER_SIZE));
	CHECK(!seals || !fcntl(fd, F_ADD_SEALS, seals));
	return fd;
}

/* The link of a GPU that was killed, when another process has something else by that number. */
static void link_of_the_dead(void)
{
	const int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
	char path[64];
	int fd;

	start_beside_peers();
	snprintf(path, sizeof(path), "%s/file", dir);
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	CHECK(fd >= 0 && !ftruncate(fd, PEER_SIZE));
	leads_nowhere(fd);
	CHECK(!unlink(path));
	/* Another guest's memory; a memory of the right name that could be taken away. */
	leads_nowhere(make_memory("memory-backend-memfd", seals));
	leads_nowhere(make_memory("mirage-vram", 0));
	fixture_close(&f);
	CHECK(!rmdir(dir));
}

/* A GPU takes the place of one that was killed, or lives on, and keeps it when that one goes. */
static void place_of_another(void)
{
	struct device *first, *second;

	start_beside_peers();
	CHECK(!symlink("/proc/self/fd/99999", peer_name()));
	first = peer_open(PEER_SIZE);
	second = peer_open(PEER_SIZE);
	device_destroy(first);
	*(u64 *)(second->vram.host + KiB(64)) = 5;
	CHECK(find_peer());
	CHECK_EQ(*find_peer(), 5);
	device_destroy(second);
	/* Alone where a name was left. */
	CHECK(!symlink("/proc/self/fd/99999", peer_name()));
	lock_acquire(&f.dev->lock);
	CHECK_EQ(dma_unmap(&f.dev->dma, PEER_BAR, PEER_SIZE), 0);
	lock_release(&f.dev->lock);
	map_range(PEER_SIZE);
	CHECK(!find_peer());
	first = peer_open(PEER_SIZE);
	CHECK(find_peer() && !*find_peer());
	device_destroy(first);
	fixture_close(&f);
	CHECK(!rmdir(dir));
}

static const struct tap_test tests[] = {
	{ "D3hot keeps all, and does nothing", sleeps_with_all_it_has },
	{ "D0 wakes the engine's thread", wakes_its_thread },
	{ "a function reset loses VRAM", function_reset_loses_vram },
	{ "function reset in D3hot", function_reset_in_d3hot },
	{ "another GPU's memory", reaches_a_peer },
	{ "no memory but an aperture's", reaches_nothing_else },
	{ "the link of a GPU that is dead", link_of_the_dead },
	{ "a GPU at the place of another", place_of_another },
};

TAP_MAIN(tests)
