// SPDX-License-Identifier: MIT
/*
 * Fuzzing the device from the guest's side: registers, configuration space,
 * doorbells, and everything in memory that the device reads.
 *
 * An input is a sequence of operations, a byte each with operands behind it; what
 * is missing at the end reads as zero. OP_SETUP makes a device with queues, a page
 * table and four channels, so that an input of a few bytes gets deep. After each
 * input the device must answer, and memory it must not write is as it was.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "device.h"
#include "fuzz.h"
#include "hw/packets.h"
#include "region.h"

/* The guest's memory: bus addresses from RAM_BASE, the last page for reading only. */
#define RAM_BASE	0x100000ull
#define RAM_SIZE	MiB(1)
#define RAM_WRITABLE	(RAM_SIZE - KiB(4))
#define RAM_PATTERN	0xa5
/* Video memory is smaller than its aperture: the rest must stay untouched. */
#define VRAM_SIZE	MiB(18)

/* Offsets in the guest's memory that OP_SETUP uses. */
#define AT_STATUS	0x0000u
#define AT_CMD		0x1000u
#define AT_FAULT	0x2000u
#define AT_EVENT	0x3000u
#define AT_VMS		0x10000u
#define AT_CHANS	0x20000u
#define AT_PD3		0x40000u
#define AT_PD2		0x42000u
#define AT_PD1		0x43000u
#define AT_PT		0x44000u
#define AT_RINGS	0x50000u
#define AT_DATA		0x60000u
#define DATA_PAGES	64u
#define NR_RINGS	4u
#define RING_WORDS	1024u

/* Steps of the engine that an input may ask for. */
#define MAX_STEPS	40

enum op {
	OP_SETUP, OP_REG_WRITE, OP_REG_READ, OP_RAM_WRITE, OP_VRAM_WRITE, OP_BELL_CMD,
	OP_BELL_CHAN, OP_STEP, OP_CONFIG, OP_COMMAND, OP_PTE, OP_PACKET, OP_PACKET_RAW,
	OP_REGION, OP_DMA, OP_STATUS, OP_DISPATCH, OP_SEAL, OP_NR
};

struct input {
	const u8 *p;
	const u8 *end;
};

static struct device *dev;
static int ram_fd;
static u8 *ram;
static unsigned int steps;

static u64 take(struct input *in, unsigned int bytes)
{
	u64 value = 0;

	for (unsigned int i = 0; i < bytes && in->p < in->end; i++)
		value |= (u64)*in->p++ << 8 * i;
	return value;
}

static void put32(u32 at, u32 value)
{
	if (at <= RAM_WRITABLE - sizeof(value))
		memcpy(ram + at, &value, sizeof(value));
}

static void put64(u32 at, u64 value)
{
	put32(at, (u32)value);
	put32(at + 4, (u32)(value >> 32));
}

static u32 get32(u32 at)
{
	u32 value;

	memcpy(&value, ram + at, sizeof(value));
	return value;
}

static u64 phys(u32 at)
{
	return (RAM_BASE + at) | MIRAGE_PHYS_SYSTEM;
}

static u64 pte(u32 at, u64 flags)
{
	return (RAM_BASE + at) | MIRAGE_PTE_VALID | MIRAGE_PTE_SYSTEM | flags;
}

static void map_ram(void)
{
	lock_acquire(&dev->lock);
	dma_map(&dev->dma, RAM_BASE, RAM_WRITABLE, ram_fd, 0, true);
	dma_map(&dev->dma, RAM_BASE + RAM_WRITABLE, KiB(4), ram_fd, RAM_WRITABLE, false);
	lock_release(&dev->lock);
}

static void config_write(u32 offset, u32 value, u32 len)
{
	region_write(dev, 7, offset, len, (const u8 *)&value);
}

static void write_place(u32 reg, u32 at)
{
	regs_write(dev, reg, (u32)phys(at));
	regs_write(dev, reg + 4, (u32)(phys(at) >> 32));
}

static void setup_tables(void)
{
	const u64 rwa = MIRAGE_PTE_LEAF | MIRAGE_PTE_WRITE | MIRAGE_PTE_ATOMIC;

	put64(AT_VMS, pte(AT_PD3, 0));
	put64(AT_PD3, pte(AT_PD2, 0));
	put64(AT_PD2, pte(AT_PD1, 0));
	put64(AT_PD1, pte(AT_PT, 0));
	put64(AT_PD1 + 8, MIRAGE_PTE_VALID | rwa);	/* 2 MiB of VRAM */
	for (u32 i = 0; i < DATA_PAGES; i++)
		put64(AT_PT + 8 * i, pte(AT_DATA + 4096 * i, i % 4 == 3 ? MIRAGE_PTE_LEAF : rwa));
	/* The page that must not be written, allowed by the table. */
	put64(AT_PT + 8 * DATA_PAGES, pte(RAM_WRITABLE, rwa));
}

static void step_engine(unsigned int nr)
{
	for (; nr && steps < MAX_STEPS; nr--, steps++) {
		lock_acquire(&dev->lock);
		engine_step(dev);
		lock_release(&dev->lock);
	}
}

static void add_command(struct mirage_cmd cmd)
{
	u32 index = get32(AT_STATUS);

	memcpy(ram + AT_CMD + index % 16 * sizeof(cmd), &cmd, sizeof(cmd));
	put32(AT_STATUS, index + 1);
}

static void setup(void)
{
	config_write(4, 6, 2);
	setup_tables();
	for (u32 i = 0; i < NR_RINGS; i++) {
		struct mirage_chan_desc desc = {
			.ring = phys(AT_RINGS + 4 * RING_WORDS * i),
			.ring_order = 10,
			.class = MIRAGE_CHAN_COMPUTE,
			.priority = i,
			.flags = i == NR_RINGS - 1 ? MIRAGE_CHAN_NO_FAULT : 0,
		};

		memcpy(ram + AT_CHANS + i * sizeof(desc), &desc, sizeof(desc));
		add_command((struct mirage_cmd){ .op = MIRAGE_CMD_CHAN_START, .id = i });
	}
	regs_write(dev, MIRAGE_BUS_CTRL, 0);
	write_place(MIRAGE_QUEUE_STATUS_LO, AT_STATUS);
	write_place(MIRAGE_QUEUE_CMD_LO, AT_CMD);
	write_place(MIRAGE_QUEUE_FAULT_LO, AT_FAULT);
	write_place(MIRAGE_QUEUE_EVENT_LO, AT_EVENT);
	write_place(MIRAGE_QUEUE_CHAN_TABLE_LO, AT_CHANS);
	write_place(MIRAGE_QUEUE_VM_TABLE_LO, AT_VMS);
	regs_write(dev, MIRAGE_QUEUE_CMD_ORDER, 4);
	regs_write(dev, MIRAGE_QUEUE_FAULT_ORDER, 3);
	regs_write(dev, MIRAGE_QUEUE_EVENT_ORDER, 2);
	regs_write(dev, MIRAGE_BUS_CTRL, 1);
	regs_write(dev, MIRAGE_DOORBELL_CMD, 0);
	step_engine(2);
}

static void add_word(u32 chan, u32 word)
{
	u32 put_at = AT_CHANS + chan * (u32)sizeof(struct mirage_chan_desc) +
		     (u32)offsetof(struct mirage_chan_desc, put);
	u32 put = get32(put_at);

	put32(AT_RINGS + 4 * (RING_WORDS * chan + put % RING_WORDS), word);
	put32(put_at, put + 1);
}

/* A packet of the right length whose words have 16 bits, or 32 with bit 7 of the channel set. */
static void add_packet(struct input *in)
{
	static const u8 ops[] = {
#define PKT(name, op, nr, flags, where, doc) (op),
		MIRAGE_PACKETS(PKT)
#undef PKT
	};
	static const u8 words[] = {
#define PKT(name, op, nr, flags, where, doc) (nr),
		MIRAGE_PACKETS(PKT)
#undef PKT
	};
	u32 chan = (u32)take(in, 1), which = (u32)take(in, 1);
	u32 i = which % 16 % ARRAY_SIZE(ops);

	add_word(chan % NR_RINGS, MIRAGE_PKT(ops[i], words[i], which >> 4));
	for (u32 w = 0; w < words[i]; w++)
		add_word(chan % NR_RINGS, (u32)take(in, chan & 0x80 ? 4 : 2));
}

static void add_dispatch(struct input *in)
{
	u32 chan = (u32)take(in, 1) % NR_RINGS, at = AT_DATA + 64 * ((u32)take(in, 1) % 64);
	struct mirage_dispatch desc = {
		.code = 0x4000,
		.code_size = 8 * (1 + (u32)take(in, 1)),
		.nr_regs = (u32)take(in, 1),
		.args = 0x5000,
		.args_size = (u32)take(in, 1),
		.shared_size = (u32)take(in, 1),
		.grid = { (u32)take(in, 1), 1, 1 },
		.group = { (u32)take(in, 1), 1, 1 },
	};
	u32 nr = (u32)take(in, 1);

	memcpy(ram + at, &desc, sizeof(desc));
	for (u32 i = 0; i < nr; i++)
		put64(AT_DATA + 0x4000 + 8 * i, take(in, 8));
	add_word(chan, MIRAGE_PKT(MIRAGE_PKT_DISPATCH, 2, 0));
	add_word(chan, at - AT_DATA);
	add_word(chan, 0);
}

static void do_region(struct input *in)
{
	u8 data[16] = { 0 };
	u32 where = (u32)take(in, 1), len = (u32)take(in, 1) % 17;
	u64 offset = take(in, 3);
	u32 index = where & 7;

	if (where & 0x80)
		region_read(dev, index, offset, len, data);
	else if (index != 2)
		region_write(dev, index, offset, len, data);
}

static void do_dma(struct input *in)
{
	u32 what = (u32)take(in, 1);
	u64 addr = take(in, 2) * KiB(4), size = take(in, 1) * KiB(4);

	lock_acquire(&dev->lock);
	if (what & 1)
		dma_unmap(&dev->dma, addr, size);
	else if (what & 2)
		dma_unmap_all(&dev->dma);
	else
		dma_map(&dev->dma, addr, size, ram_fd, 0, size <= RAM_WRITABLE);
	lock_release(&dev->lock);
	if (what & 4)
		map_ram();
}

/* Make the checksum right of what is taken for a saved context, which no mutation would guess. */
static void seal_context(u32 at)
{
	u64 *words = (u64 *)(dev->vram.host + at);
	u64 sum = 0xcbf29ce484222325, nr = min_u64(words[1], MiB(3)) / sizeof(*words);

	words[2] = 0;
	for (u64 i = 0; i < nr; i++)
		sum = (sum ^ words[i]) * 0x100000001b3;
	words[2] = sum;
}

static void do_op(struct input *in)
{
	u32 at, len;

	switch (take(in, 1) % OP_NR) {
	case OP_SETUP:
		setup();
		break;
	case OP_REG_WRITE:
		at = (u32)take(in, 2);
		regs_write(dev, at, (u32)take(in, 4));
		break;
	case OP_REG_READ:
		regs_read(dev, (u32)take(in, 2));
		break;
	case OP_RAM_WRITE:
		at = (u32)take(in, 3);
		for (len = (u32)take(in, 1); len--; at++)
			if (at < RAM_WRITABLE)
				ram[at] = (u8)take(in, 1);
		break;
	case OP_VRAM_WRITE:
		at = (u32)take(in, 3);
		for (len = (u32)take(in, 1); len--; at++)
			if (at < VRAM_SIZE)
				dev->vram.host[at] = (u8)take(in, 1);
		break;
	case OP_BELL_CMD:
		regs_write(dev, MIRAGE_DOORBELL_CMD, 0);
		break;
	case OP_BELL_CHAN:
		regs_write(dev, MIRAGE_DOORBELL_CHAN, (u32)take(in, 1));
		break;
	case OP_STEP:
		step_engine((u32)take(in, 1) % 32);
		break;
	case OP_CONFIG:
		at = (u32)take(in, 2);
		config_write(at, (u32)take(in, 4), 4);
		break;
	case OP_COMMAND:
		at = (u32)take(in, 1);
		add_command((struct mirage_cmd){
			.op = (u16)(at & 15),
			.flags = (u16)(at >> 4),
			.id = (u32)take(in, 1),
			.addr = take(in, 3) << 1,
			.size = take(in, 3),
			.value = take(in, 1),
		});
		break;
	case OP_PTE:
		at = (u32)take(in, 2) * 8 % KiB(32);
		put64(AT_PD3 + at, take(in, 8));
		break;
	case OP_PACKET:
		add_packet(in);
		break;
	case OP_PACKET_RAW:
		at = (u32)take(in, 1) % NR_RINGS;
		for (len = (u32)take(in, 1) % 16; len--;)
			add_word(at, (u32)take(in, 4));
		break;
	case OP_REGION:
		do_region(in);
		break;
	case OP_DMA:
		do_dma(in);
		break;
	case OP_STATUS:
		at = (u32)take(in, 1) % 64 * 4;
		put32(AT_STATUS + at, (u32)take(in, 4));
		break;
	case OP_DISPATCH:
		add_dispatch(in);
		break;
	case OP_SEAL:
		seal_context((u32)take(in, 3) / 8 * 8 % (u32)(VRAM_SIZE - MiB(4)));
		break;
	}
}

static void begin(void)
{
	if (!dev) {
		/* The messages are expected here. */
		fuzz_require(!log_open("/dev/null"), "no log");
		dev = device_create(VRAM_SIZE);
		fuzz_require(dev, "no device");
		ram_fd = memfd_create("guest", MFD_CLOEXEC);
		fuzz_require(ram_fd >= 0 && !ftruncate(ram_fd, RAM_SIZE), "no memory");
		ram = mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, ram_fd, 0);
		fuzz_require(ram != MAP_FAILED, "no memory");
	}
	lock_acquire(&dev->lock);
	device_function_reset(dev);
	dma_unmap_all(&dev->dma);
	lock_release(&dev->lock);
	memset(ram, 0, RAM_WRITABLE);
	memset(ram + RAM_WRITABLE, RAM_PATTERN, KiB(4));
	fuzz_require(!madvise(dev->vram.host, dev->vram.size, MADV_REMOVE), "VRAM not emptied");
	map_ram();
	steps = 0;
}

static void check(void)
{
	static u8 pattern[4096];

	memset(pattern, RAM_PATTERN, sizeof(pattern));
	config_write(4, 6, 2);
	config_write(0x44, 0, 4);
	fuzz_require(regs_read(dev, MIRAGE_BUS_ID) == MIRAGE_BUS_ID_VALUE, "no answer");
	fuzz_require(!memcmp(ram + RAM_WRITABLE, pattern, KiB(4)), "read-only memory was written");
	fuzz_require(lseek(dev->vram.fd, VRAM_SIZE, SEEK_DATA) == -1,
		     "memory behind VRAM was touched");
	for (int i = 0; i < TLB_NR_SIZES; i++) {
		const struct tlb_table *t = &dev->tlb.table[i];
		u32 used = 0;

		if (!t->used)
			continue;
		for (u32 e = 0; e < t->sets * TLB_WAYS; e++)
			used += t->entries[e].tag != 0;
		fuzz_require(used == t->used, "the TLB has lost count");
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, data + size };

	begin();
	while (in.p < in.end)
		do_op(&in);
	step_engine(MAX_STEPS);
	check();
	return 0;
}

const struct fuzz_seed fuzz_seeds[] = {
	/* COPY of 0x3000 bytes between pages, FILL into a read-only page, replay */
	FUZZ_SEED(OP_SETUP, OP_PACKET, 0, 3, 0, 0, 0, 0, 0x40, 0x10, 0, 0, 0, 0x20, 0, 0,
		  OP_BELL_CHAN, 0, OP_STEP, 9, OP_PACKET, 1, 4, 0, 0x31, 0, 0, 0, 1, 0, 0, 1, 2,
		  OP_BELL_CHAN, 1, OP_STEP, 9, OP_COMMAND, 3, 0, 0, 0, 0, 0, 0, 0, 0,
		  OP_BELL_CMD, OP_STEP, 4),
	/* a fence with event, a semaphore that never comes */
	FUZZ_SEED(OP_SETUP, OP_PACKET, 0, 0x12, 1, 0, 0x10, 0, 7, 0, 0, 0, OP_PACKET, 0, 9, 0, 1, 0,
		  0, 5, 0, 0, 0, OP_BELL_CHAN, 0, OP_STEP, 9),
	/* COPY_PHYS and FILL_PHYS within VRAM, and where none is; a fault that stops its channel */
	FUZZ_SEED(OP_SETUP, OP_PACKET, 0, 5, 0, 0, 0, 0, 0, 0x80, 0, 0, 0, 0x40, 0, 0, OP_PACKET, 0, 6, 0,
		  0x90, 0, 0, 0, 0x10, 0, 0, 1, 2, OP_PACKET, 0x80, 6, 0, 0, 0, 0x90, 0, 0, 0, 0, 8, 0, 0,
		  0, 0, 0, 0, 0, 7, 0, 0, 0, OP_BELL_CHAN, 0, OP_STEP, 9, OP_PACKET, 3, 4, 0, 0xff, 0, 0,
		  8, 0, 0, 0, 3, 0, OP_BELL_CHAN, 3, OP_STEP, 9),
	/* a dispatch that waits for a page is saved to VRAM, sealed, restored, and goes on */
	FUZZ_SEED(OP_SETUP, OP_PTE, 0x03, 8, 0, 0, 0, 0, 0, 0, 0, 0, OP_DISPATCH, 0, 0, 4, 8, 16, 0, 3, 64,
		  4, 0x14, 2, 0, 0, 0, 0, 0, 0, 0x5c, 0, 2, 0, 0, 0, 0, 0, 0x8a, 2, 0, 2, 0, 0x30, 0, 0, 1,
		  0, 0, 0, 0, 0, 0, 0, OP_BELL_CHAN, 0, OP_STEP, 9, OP_COMMAND, 5, 0, 0, 0, 0, 0, 0, 0, 0,
		  OP_COMMAND, 7, 0, 0, 0, 4, 0, 0, 0xff, 0, OP_BELL_CMD, OP_STEP, 4, OP_VRAM_WRITE, 0x30,
		  0, 8, 1, 0, OP_SEAL, 0, 0, 8, OP_COMMAND, 8, 0, 0, 0, 4, 0, 0, 0xff, 0, OP_COMMAND, 4, 0,
		  0, 0, 0, 0, 0, 0, 0, OP_BELL_CMD, OP_STEP, 9),
	/* a channel hangs, its reset waits, the engine is reset, by force and then wholly */
	FUZZ_SEED(OP_SETUP, OP_REG_WRITE, 0x1c, 8, 2, 0, 0, 0, OP_REG_WRITE, 0x20, 8, 1, 0, 0, 0, OP_PACKET, 1,
		  0, OP_BELL_CHAN, 1, OP_STEP, 3, OP_COMMAND, 6, 1, 0, 0, 0, 0, 0, 0, 0, OP_BELL_CMD,
		  OP_STEP, 3, OP_REG_WRITE, 0x50, 0, 1, 0, 0, 0, OP_REG_READ, 0x54, 0, OP_STEP, 3,
		  OP_REG_WRITE, 0x20, 8, 0, 0, 0, 0, OP_REG_WRITE, 0x30, 0, 1, 0, 0, 0, OP_SETUP,
		  OP_REG_WRITE, 0x1c, 8, 3, 0, 0, 0, OP_PACKET, 2, 0, OP_BELL_CHAN, 2, OP_STEP, 3,
		  OP_REG_WRITE, 0x50, 0, 1, 0, 0, 0, OP_STEP, 3),
	/* an indirect buffer with a fence in it */
	FUZZ_SEED(OP_SETUP, OP_RAM_WRITE, 0, 0, 6, 4, 2, 4, 0, 0, OP_PACKET, 2, 1, 0, 0, 0, 0, 8, 0,
		  OP_BELL_CHAN, 2, OP_STEP, 9),
	/* a store to every lane's own word, then exit */
	FUZZ_SEED(OP_SETUP, OP_DISPATCH, 0, 0, 4, 8, 16, 0, 3, 64, 4,
		  0x14, 2, 0, 0, 0, 0, 0, 0, 0x5c, 0, 2, 0, 0, 0, 0, 0,
		  0x8a, 2, 0, 2, 0, 0x20, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, OP_BELL_CHAN, 0, OP_STEP, 20),
	/* invalidate, sync, stop, start, reset, in one batch; and a command that halts */
	FUZZ_SEED(OP_SETUP, OP_COMMAND, 2, 0, 0, 0, 0, 0, 0x10, 0, 0, OP_COMMAND, 0x12, 0, 0, 0, 0, 0,
		  0, 0, 0, OP_COMMAND, 5, 1, 0, 0, 0, 0, 0, 0, 0, OP_COMMAND, 4, 1, 0, 0, 0, 0, 0, 0,
		  0, OP_COMMAND, 6, 1, 0, 0, 0, 0, 0, 0, 0, OP_BELL_CMD, OP_STEP, 5, OP_COMMAND, 9, 0,
		  0, 0, 0, 0, 0, 0, 0, OP_BELL_CMD, OP_STEP, 5),
	/* the page table points into itself, and to where nothing is */
	FUZZ_SEED(OP_SETUP, OP_PTE, 0, 8, 3, 0, 4, 0x14, 0, 0, 0, 0, OP_PTE, 1, 8, 7, 0xf0, 0xff, 0xff,
		  0xff, 0, 0, 0, OP_PACKET, 0, 4, 0, 0x10, 0, 0, 0, 0x40, 0, 0, 0, 0, OP_BELL_CHAN, 0,
		  OP_STEP, 9),
	/* memory is taken away from under a running device */
	FUZZ_SEED(OP_SETUP, OP_PACKET, 0, 3, 0, 0, 0, 0, 0x40, 0x10, 0, 0, 0, 0xf0, 0, 0, OP_BELL_CHAN,
		  0, OP_STEP, 1, OP_DMA, 2, 0, 0, 0, OP_STEP, 9, OP_BELL_CMD, OP_STEP, 9),
	/* all injections at once; nonsense in the status page; D3 */
	FUZZ_SEED(OP_SETUP, OP_REG_WRITE, 8, 8, 3, 0, 0, 0, OP_REG_WRITE, 0, 8, 1, 0, 0, 0, OP_PACKET, 0,
		  4, 0, 0xff, 0, 0, 0, 1, 0, 0, 1, 1, OP_BELL_CHAN, 0, OP_STEP, 5, OP_STATUS, 1, 0xff, 0,
		  0, 0, OP_STEP, 5, OP_CONFIG, 0x44, 0, 3, 0, 0, 0, OP_REGION, 0x80, 4, 0, 0, 0),
	{ NULL, 0 }
};
