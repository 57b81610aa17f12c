// SPDX-License-Identifier: MIT
/* The video memory of other GPUs of the machine, and of none other. */
#include <fcntl.h>
#include <linux/pci_regs.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
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

/* The linker leads every call of getpid() here: a process may have the number of another. */
static pid_t number;

pid_t __real_getpid(void);
pid_t __wrap_getpid(void);

pid_t __wrap_getpid(void)
{
	return number ? number : __real_getpid();
}

static void config_write(struct device *dev, u32 offset, u32 len, u64 value)
{
	CHECK_EQ(region_write(dev, CONFIG, offset, len, (const u8 *)&value), 0);
}

static void start(void)
{
	fixture_start(&f);
	fixture_vm(&f, VM);
	fixture_chan(&f, CHAN, MIRAGE_CHAN_COPY, VM, 0);
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
	/* Mapped memory stays memory, though no GPU has it. */
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

/* The peer that was found there is forgotten. */
static void map_again(void)
{
	lock_acquire(&f.dev->lock);
	CHECK_EQ(dma_unmap(&f.dev->dma, PEER_BAR, PEER_SIZE), 0);
	lock_release(&f.dev->lock);
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

/* An entry of a GPU's name that leads to @fd. Without a lock it is that of a dead one. */
static int make_entry(int fd, bool locked)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int entry = open(peer_name(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	CHECK(entry >= 0);
	CHECK(dprintf(entry, "/proc/%d/fd/%d", (int)getpid(), fd) > 0);
	CHECK(!locked || !fcntl(entry, F_OFD_SETLK, &lock));
	return entry;
}

/* @fd has the size of a GPU's memory, and a living one's entry, but is none. */
static void leads_nowhere(int fd)
{
	int entry = make_entry(fd, true);

	CHECK(!find_peer());
	CHECK(!unlink(peer_name()));
	close(entry);
	close(fd);
}

static int make_memory(const char *name, int seals)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

	CHECK(fd >= 0 && !ftruncate(fd, PEER_SIZE));
	CHECK(!seals || !fcntl(fd, F_ADD_SEALS, seals));
	return fd;
}

/* Only video memory is another GPU's. */
static void entry_of_something_else(void)
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
	close(make_entry(99999, false));
	first = peer_open(PEER_SIZE);
	second = peer_open(PEER_SIZE);
	device_destroy(first);
	*(u64 *)(second->vram.host + KiB(64)) = 5;
	CHECK(find_peer());
	CHECK_EQ(*find_peer(), 5);
	device_destroy(second);
	/* Alone where a name was left. */
	close(make_entry(99999, false));
	map_again();
	CHECK(!find_peer());
	first = peer_open(PEER_SIZE);
	CHECK(find_peer() && !*find_peer());
	device_destroy(first);
	fixture_close(&f);
	CHECK(!rmdir(dir));
}

/* A GPU of a process that has @pid: it publishes its memory @fd, tells, and waits to be killed. */
static pid_t start_process(pid_t pid, int fd)
{
	struct peers peers;
	int told[2];
	pid_t child;
	char byte;

	CHECK(!pipe2(told, O_CLOEXEC));
	child = fork();
	CHECK(child >= 0);
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		number = pid;
		peers_init(&peers);
		if (peers_join(&peers, dir))
			_exit(1);
		peers_publish(&peers, PEER_BAR, PEER_SIZE, fd);
		if (write(told[1], "", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(told[1]);
	CHECK_EQ(read(told[0], &byte, 1), 1);
	close(told[0]);
	return child;
}

static void kill_process(pid_t child)
{
	CHECK(!kill(child, SIGKILL));
	CHECK_EQ(waitpid(child, NULL, 0), child);
}

/*
 * A GPU was killed, and its process's number is another's now, of another machine: this one's. The
 * file that it has under the number of the dead one's memory is video memory, too.
 */
static void number_used_again(void)
{
	struct device *other = device_create(PEER_SIZE);
	pid_t child;

	CHECK(other);
	start_beside_peers();
	child = start_process(getpid(), other->vram.fd);
	CHECK(find_peer());	/* so the entry leads there */
	kill_process(child);
	map_again();
	CHECK(!find_peer());
	/* The name is free for the next one. */
	child = start_process(0, other->vram.fd);
	*(u64 *)(other->vram.host + KiB(64)) = 7;
	CHECK(find_peer());
	CHECK_EQ(*find_peer(), 7);
	kill_process(child);
	/* The memory that was found belongs to no other GPU. */
	CHECK_EQ(*find_peer(), 7);
	map_again();
	CHECK(!find_peer());
	device_destroy(other);
	fixture_close(&f);
	CHECK(!unlink(peer_name()));
	CHECK(!rmdir(dir));
}

static const struct tap_test tests[] = {
	{ "another GPU's memory", reaches_a_peer },
	{ "no memory but a GPU's", reaches_nothing_else },
	{ "an entry that leads to something else", entry_of_something_else },
	{ "a GPU at the place of another", place_of_another },
	{ "the number of a process that was killed", number_used_again },
};

TAP_MAIN(tests)
