// SPDX-License-Identifier: MIT
/*
 * The guest's memory is one memfd that the device maps like a client's. Tests
 * step the engine under the device's lock, as the engine thread does.
 */
#include <linux/pci_regs.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "asm.h"
#include "fixture.h"

/* Steps after which a test counts as hung. */
#define MAX_STEPS 1000000
/* Longest time that fixture_settle() waits. */
#define SETTLE_NS 5000000000ull

static u64 alloc_at(u64 *next, u64 limit, u64 size)
{
	u64 at = (*next + size - 1) & ~(size - 1);

	CHECK(at + size <= limit);
	*next = at + size;
	return at;
}

u64 fixture_alloc(struct fixture *f, u64 size)
{
	u64 at = alloc_at(&f->ram_next, FIXTURE_RAM_SIZE, size);

	memset(f->ram + at, 0, size);
	return (FIXTURE_RAM_BASE + at) | MIRAGE_PHYS_SYSTEM;
}

u64 fixture_alloc_vram(struct fixture *f, u64 size)
{
	return alloc_at(&f->vram_next, FIXTURE_VRAM_SIZE, size);
}

void *fixture_ptr(struct fixture *f, u64 phys)
{
	u64 addr = phys & MIRAGE_PHYS_ADDR;

	if (phys & MIRAGE_PHYS_SYSTEM)
		return f->ram + (addr - FIXTURE_RAM_BASE);
	return f->dev->vram.host + addr;
}

u32 fixture_read(struct fixture *f, u32 reg)
{
	return regs_read(f->dev, reg);
}

u64 fixture_read64(struct fixture *f, u32 reg)
{
	u32 lo = regs_read(f->dev, reg);

	return make_u64(lo, regs_read(f->dev, reg + 4));
}

void fixture_write(struct fixture *f, u32 reg, u32 value)
{
	regs_write(f->dev, reg, value);
}

void fixture_write_phys(struct fixture *f, u32 reg, u64 phys)
{
	fixture_write(f, reg, (u32)phys);
	fixture_write(f, reg + 4, (u32)(phys >> 32));
}

void fixture_open(struct fixture *f)
{
	const u8 command[] = { PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER };
	const u64 queue = 1 << FIXTURE_QUEUE_ORDER;

	*f = (struct fixture){ .ram_next = KiB(64), .vram_next = KiB(64) };
	f->dev = device_create(FIXTURE_VRAM_SIZE);
	CHECK(f->dev);
	f->ram_fd = memfd_create("guest", MFD_CLOEXEC);
	CHECK(f->ram_fd >= 0 && !ftruncate(f->ram_fd, FIXTURE_RAM_SIZE));
	f->ram = mmap(NULL, FIXTURE_RAM_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, f->ram_fd, 0);
	CHECK(f->ram != MAP_FAILED);
	lock_acquire(&f->dev->lock);
	pci_config_write(&f->dev->pci, PCI_COMMAND, sizeof(command), command);
	CHECK_EQ(dma_map(&f->dev->dma, FIXTURE_RAM_BASE, FIXTURE_RAM_SIZE, f->ram_fd, 0, true), 0);
	lock_release(&f->dev->lock);

	f->status_phys = fixture_alloc(f, KiB(4));
	f->cmd_phys = fixture_alloc(f, queue * sizeof(*f->cmds));
	f->fault_phys = fixture_alloc(f, queue * sizeof(*f->faults));
	f->place_phys = fixture_alloc(f, queue * sizeof(*f->places));
	f->event_phys = fixture_alloc(f, queue * sizeof(*f->events));
	f->chan_phys = fixture_alloc(f, NR_CHANNELS * sizeof(*f->chans));
	f->vm_phys = fixture_alloc(f, NR_VMS * sizeof(*f->vms));
	f->sync_phys = fixture_alloc(f, KiB(4));
	f->status = fixture_ptr(f, f->status_phys);
	f->cmds = fixture_ptr(f, f->cmd_phys);
	f->faults = fixture_ptr(f, f->fault_phys);
	f->places = fixture_ptr(f, f->place_phys);
	f->events = fixture_ptr(f, f->event_phys);
	f->chans = fixture_ptr(f, f->chan_phys);
	f->vms = fixture_ptr(f, f->vm_phys);
	fixture_write_phys(f, MIRAGE_QUEUE_STATUS_LO, f->status_phys);
	fixture_write_phys(f, MIRAGE_QUEUE_CMD_LO, f->cmd_phys);
	fixture_write_phys(f, MIRAGE_QUEUE_FAULT_LO, f->fault_phys);
	fixture_write_phys(f, MIRAGE_QUEUE_EVENT_LO, f->event_phys);
	fixture_write_phys(f, MIRAGE_QUEUE_CHAN_TABLE_LO, f->chan_phys);
	fixture_write_phys(f, MIRAGE_QUEUE_VM_TABLE_LO, f->vm_phys);
	fixture_write(f, MIRAGE_QUEUE_CMD_ORDER, FIXTURE_QUEUE_ORDER);
	fixture_write(f, MIRAGE_QUEUE_FAULT_ORDER, FIXTURE_QUEUE_ORDER);
	fixture_write(f, MIRAGE_QUEUE_EVENT_ORDER, FIXTURE_QUEUE_ORDER);
}

void fixture_start(struct fixture *f)
{
	fixture_open(f);
	fixture_write(f, MIRAGE_BUS_CTRL, 1);
	CHECK_EQ(fixture_read(f, MIRAGE_BUS_STATUS), MIRAGE_BUS_STATUS_ENABLED__MASK);
}

void fixture_close(struct fixture *f)
{
	device_destroy(f->dev);
	munmap(f->ram, FIXTURE_RAM_SIZE);
	close(f->ram_fd);
}

/* The address field and SYSTEM bit of an entry. */
static u64 pte_of(u64 phys)
{
	return (phys & MIRAGE_PTE_ADDR) | (phys & MIRAGE_PHYS_SYSTEM ? MIRAGE_PTE_SYSTEM : 0);
}

static u64 phys_of(u64 pte)
{
	return (pte & MIRAGE_PTE_ADDR) | (pte & MIRAGE_PTE_SYSTEM ? MIRAGE_PHYS_SYSTEM : 0);
}

void fixture_vm(struct fixture *f, u32 vm)
{
	u64 pd3 = fixture_alloc(f, MIRAGE_PD3_ENTRIES * sizeof(u64));

	f->vms[vm].root = pte_of(pd3) | MIRAGE_PTE_VALID;
}

u64 *fixture_entry(struct fixture *f, u32 vm, u64 va, unsigned int level)
{
	static const unsigned int shifts[] = {
		MIRAGE_PD3_SHIFT, MIRAGE_PD2_SHIFT, MIRAGE_PD1_SHIFT, MIRAGE_PT_SHIFT,
	};
	u64 *entry = (u64 *)&f->vms[vm].root;

	for (unsigned int i = 0; i <= level; i++) {
		u64 entries = i ? MIRAGE_PT_ENTRIES : MIRAGE_PD3_ENTRIES;

		if (!(*entry & MIRAGE_PTE_VALID)) {
			/* Tables take turns, so that both kinds of memory are walked. */
			u64 table = i % 2 ? fixture_alloc(f, KiB(4)) :
					    fixture_alloc_vram(f, KiB(4));

			*entry = pte_of(table) | MIRAGE_PTE_VALID;
		}
		entry = (u64 *)fixture_ptr(f, phys_of(*entry)) + (va >> shifts[i]) % entries;
	}
	return entry;
}

void fixture_map(struct fixture *f, u32 vm, u64 va, u64 phys, unsigned int shift, u64 flags)
{
	u64 pte = pte_of(phys) | MIRAGE_PTE_VALID | MIRAGE_PTE_LEAF | flags;

	if (shift == MIRAGE_PAGE_2M_SHIFT) {
		*fixture_entry(f, vm, va, 2) = pte;
		return;
	}
	if (shift == MIRAGE_PAGE_SHIFT) {
		*fixture_entry(f, vm, va, 3) = pte;
		return;
	}
	for (u64 i = 0; i < MIRAGE_CONT_ENTRIES; i++)
		*fixture_entry(f, vm, va + i * KiB(4), 3) = (pte + i * KiB(4)) | MIRAGE_PTE_CONT;
}

void *fixture_map_new(struct fixture *f, u32 vm, u64 va)
{
	u64 phys = fixture_alloc(f, KiB(4));

	fixture_map(f, vm, va, phys, MIRAGE_PAGE_SHIFT, FIXTURE_RWA);
	return fixture_ptr(f, phys);
}

void fixture_unmap(struct fixture *f, u32 vm, u64 va)
{
	*fixture_entry(f, vm, va, 3) = 0;
}

void fixture_cmd(struct fixture *f, struct mirage_cmd cmd)
{
	f->cmds[f->status->cmd_put & ((1 << FIXTURE_QUEUE_ORDER) - 1)] = cmd;
	f->status->cmd_put++;
}

u64 fixture_step(struct fixture *f)
{
	u64 next;

	lock_acquire(&f->dev->lock);
	next = engine_step(f->dev);
	lock_release(&f->dev->lock);
	return next;
}

static u64 run(struct fixture *f)
{
	u64 next = 0;

	for (unsigned int i = 0; !next; i++) {
		CHECK(i < MAX_STEPS);
		next = fixture_step(f);
	}
	return next;
}

void fixture_run(struct fixture *f)
{
	fixture_write(f, MIRAGE_DOORBELL_CMD, 0);
	run(f);
}

/* Step, and sleep until each deadline, until the engine has none or @enough says so. */
static void wait_until(struct fixture *f, bool (*enough)(struct fixture *f))
{
	u64 end = now_ns() + SETTLE_NS, next;

	fixture_write(f, MIRAGE_DOORBELL_CMD, 0);
	while ((next = run(f)) != UINT64_MAX && !enough(f)) {
		struct timespec ts = {
			.tv_sec = (time_t)(next / 1000000000),
			.tv_nsec = (long)(next % 1000000000),
		};

		CHECK(now_ns() < end);
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
	}
}

static bool never(struct fixture *f)
{
	(void)f;
	return false;
}

static bool has_fault(struct fixture *f)
{
	return fixture_nr_faults(f);
}

void fixture_settle(struct fixture *f)
{
	wait_until(f, never);
}

void fixture_await_fault(struct fixture *f)
{
	wait_until(f, has_fault);
	CHECK(has_fault(f));
}

void fixture_sync(struct fixture *f)
{
	fixture_cmd(f, (struct mirage_cmd){
		.op = MIRAGE_CMD_SYNC,
		.addr = f->sync_phys,
		.value = ++f->sync_value,
	});
	fixture_run(f);
	CHECK_EQ(*(u64 *)fixture_ptr(f, f->sync_phys), f->sync_value);
}

void fixture_invalidate(struct fixture *f, u32 vm, u64 va, u64 size)
{
	fixture_cmd(f, (struct mirage_cmd){
		.op = MIRAGE_CMD_INVALIDATE, .id = vm, .addr = va, .size = size,
	});
	fixture_sync(f);
}

void fixture_replay(struct fixture *f, u32 vm)
{
	fixture_cmd(f, (struct mirage_cmd){ .op = MIRAGE_CMD_REPLAY, .id = vm });
	fixture_run(f);
}

void fixture_chan_flags(struct fixture *f, u32 chan, enum mirage_chan_class class, u32 vm,
			u32 priority, u32 flags)
{
	u64 ring = fixture_alloc(f, sizeof(u32) << FIXTURE_RING_ORDER);

	f->rings[chan] = fixture_ptr(f, ring);
	f->chans[chan] = (struct mirage_chan_desc){
		.ring = ring,
		.ring_order = FIXTURE_RING_ORDER,
		.class = class,
		.vm = vm,
		.priority = priority,
		.flags = flags,
	};
	fixture_cmd(f, (struct mirage_cmd){ .op = MIRAGE_CMD_CHAN_START, .id = chan });
	fixture_run(f);
	CHECK_EQ(f->chans[chan].state, MIRAGE_CHAN_RUNNING);
}

void fixture_chan(struct fixture *f, u32 chan, enum mirage_chan_class class, u32 vm, u32 priority)
{
	fixture_chan_flags(f, chan, class, vm, priority, 0);
}

void fixture_chan_cmd(struct fixture *f, u32 chan, enum mirage_cmd_op op)
{
	fixture_cmd(f, (struct mirage_cmd){ .op = (u16)op, .id = chan });
	fixture_sync(f);
}

void fixture_emit(struct fixture *f, u32 chan, const u32 *words, u32 nr)
{
	struct mirage_chan_desc *desc = &f->chans[chan];

	for (u32 i = 0; i < nr; i++)
		f->rings[chan][(desc->put + i) & ((1 << FIXTURE_RING_ORDER) - 1)] = words[i];
	desc->put += nr;
}

void fixture_packet(struct fixture *f, u32 chan, u32 op, u32 flags, const u64 *args, u32 nr,
		    const u32 *tail)
{
	u32 words[16];
	u32 len = 1;

	for (u32 i = 0; i < nr; i++) {
		words[len++] = (u32)args[i];
		words[len++] = (u32)(args[i] >> 32);
	}
	if (tail)
		words[len++] = *tail;
	words[0] = MIRAGE_PKT(op, len - 1, flags);
	fixture_emit(f, chan, words, len);
}

void fixture_copy(struct fixture *f, u32 chan, u64 src, u64 dst, u64 bytes)
{
	fixture_packet(f, chan, MIRAGE_PKT_COPY, 0, (u64[]){ src, dst, bytes }, 3, NULL);
}

void fixture_fill(struct fixture *f, u32 chan, u64 dst, u64 bytes, u32 pattern)
{
	fixture_packet(f, chan, MIRAGE_PKT_FILL, 0, (u64[]){ dst, bytes }, 2, &pattern);
}

void fixture_ib(struct fixture *f, u32 chan, u64 va, u32 words)
{
	fixture_packet(f, chan, MIRAGE_PKT_IB, 0, (u64[]){ va }, 1, &words);
}

void fixture_fence(struct fixture *f, u32 chan, u64 phys, u64 value, u32 flags)
{
	fixture_packet(f, chan, MIRAGE_PKT_FENCE, flags, (u64[]){ phys, value }, 2, NULL);
}

static void asm_error(void *ctx, unsigned int line, unsigned int column, const char *message)
{
	(void)ctx;
	tap_fail(__FILE__, __LINE__, "line %u column %u: %s", line, column, message);
}

void fixture_program(struct fixture *f, u32 vm, u64 va, const char *text,
		     struct mirage_dispatch *desc)
{
	struct mirage_program program;
	u64 size;

	CHECK_EQ(mirage_assemble(text, strlen(text), &program, asm_error, NULL), 0);
	size = program.nr_words * sizeof(u64);
	CHECK(size <= KiB(4));
	memcpy(fixture_map_new(f, vm, va), program.words, size);
	desc->code = va;
	desc->code_size = (u32)size;
	desc->nr_regs = program.nr_regs;
	desc->shared_size = program.shared_size;
	mirage_program_free(&program);
}

void fixture_dispatch(struct fixture *f, u32 chan, u64 va)
{
	fixture_packet(f, chan, MIRAGE_PKT_DISPATCH, 0, (u64[]){ va }, 1, NULL);
}

void fixture_kick(struct fixture *f, u32 chan)
{
	fixture_write(f, MIRAGE_DOORBELL_CHAN, chan);
	run(f);
}

u32 fixture_nr_faults(struct fixture *f)
{
	return f->status->fault_put - f->status->fault_get;
}

struct mirage_place fixture_fault_place(struct fixture *f)
{
	CHECK(fixture_nr_faults(f));
	return f->places[f->status->fault_get & ((1 << FIXTURE_QUEUE_ORDER) - 1)];
}

struct mirage_fault_entry fixture_fault(struct fixture *f)
{
	CHECK(fixture_nr_faults(f));
	return f->faults[f->status->fault_get++ & ((1 << FIXTURE_QUEUE_ORDER) - 1)];
}

struct mirage_event fixture_event(struct fixture *f)
{
	CHECK(f->status->event_put != f->status->event_get);
	return f->events[f->status->event_get++ & ((1 << FIXTURE_QUEUE_ORDER) - 1)];
}

void fixture_check_error(struct fixture *f, u32 chan, enum mirage_chan_error error, u32 info,
			 u64 addr)
{
	const struct mirage_chan_desc *desc = &f->chans[chan];
	struct mirage_event event = fixture_event(f);

	CHECK_EQ(desc->state, MIRAGE_CHAN_ERROR);
	CHECK_EQ(desc->error, error);
	CHECK_EQ(desc->error_info, info);
	CHECK_EQ(desc->error_addr, addr);
	CHECK_EQ(event.type, MIRAGE_EVENT_ERROR);
	CHECK_EQ(event.code, error);
	CHECK_EQ(event.chan, chan);
}

void fixture_again(struct fixture *f, u32 chan)
{
	fixture_chan_cmd(f, chan, MIRAGE_CMD_CHAN_RESET);
	CHECK_EQ(f->chans[chan].state, MIRAGE_CHAN_IDLE);
	f->chans[chan].get = f->chans[chan].put;
	fixture_chan_cmd(f, chan, MIRAGE_CMD_CHAN_START);
	CHECK_EQ(f->chans[chan].state, MIRAGE_CHAN_RUNNING);
}
