// SPDX-License-Identifier: GPL-2.0
/*
 * The text of a core dump. docs/reset.md describes its format; mirage-decode reads it. Words are
 * printed as they are in memory. Names are printed only where the reader cannot know them: the
 * hardware's headers give the names of packets and fields.
 */
#include <linux/utsname.h>

#include <drm/drm_print.h>

#include <hw/regs.h>

#include "device/device.h"
#include "device/names.h"
#include "queue/coredump.h"
#include "queue/queue.h"

/**
 * struct coredump_reg - a register of the table
 */
struct coredump_reg {
	/** @name: unit and register */
	const char *name;
	/** @offset: in BAR0 */
	u32 offset;
	/** @digits: of its value in hexadecimal */
	u32 digits;
};

static const struct coredump_reg coredump_regs[] = {
#define REG(unit, name, off, access, reset, doc) { #unit "_" #name, (off), 8 },
#define REG64(unit, name, off, access, doc) { #unit "_" #name, (off), 16 },
#include <hw/regs/all.def>
};

static void print_words(struct drm_printer *p, const void *data, size_t size)
{
	const __le32 *words = data;
	size_t i;

	for (i = 0; i < size / sizeof(*words); i++)
		drm_printf(p, " %08x", le32_to_cpu(words[i]));
	drm_puts(p, "\n");
}

/* Print entries of a queue; the last one is at @put - 1. */
static void print_tail(struct drm_printer *p, const char *name, const void *entries, size_t size,
		       u32 put, u32 get)
{
	unsigned int i;

	drm_printf(p, "\n[%s]\nput: %u\nget: %u\n", name, put, get);
	for (i = 0; i < MIRAGE_COREDUMP_TAIL; i++) {
		drm_printf(p, "%u:", put - MIRAGE_COREDUMP_TAIL + i);
		print_words(p, entries + i * size, size);
	}
}

static void print_channel(struct drm_printer *p, const struct mirage_coredump_channel *channel)
{
	unsigned int i;

	drm_printf(p, "\n[channel %u]\n", channel->chan);
	drm_printf(p, "queue: %u\nprocess: %s\npid: %d\nvm: %u\nstate: %s\n", channel->queue_id,
		   channel->comm, channel->tgid, channel->vm_id,
		   mirage_queue_state_name(channel->state));
	drm_printf(p, "jobs: %llu of %llu\n", channel->jobs_complete, channel->jobs_submitted);
	drm_puts(p, "descriptor:");
	print_words(p, &channel->desc, sizeof(channel->desc));
	for (i = 0; i < MIRAGE_COREDUMP_RING_WORDS; i += 8) {
		drm_printf(p, "ring %u:", channel->ring_start + i);
		print_words(p, channel->ring + i, 8 * sizeof(u32));
	}
}

static void print_history(struct drm_printer *p, const struct mirage_coredump_state *state)
{
	unsigned int i;

	drm_puts(p, "\n[history]\n");
	for (i = 0; i < state->nr_history; i++) {
		const struct mirage_history_entry *entry = &state->history[i];

		drm_printf(p, "%llu: %s %#llx %#llx %#x\n", entry->time_ns,
			   mirage_history_name(entry->kind), entry->addr, entry->size,
			   entry->info);
	}
}

static void print_ib(struct drm_printer *p, const struct mirage_coredump_state *state)
{
	unsigned int i, count;

	drm_printf(p, "\n[buffer]\naddress: %#llx\nwords: %u\n", state->ib_addr, state->nr_ib);
	for (i = 0; i < state->nr_ib; i += count) {
		count = min(8, state->nr_ib - i);
		drm_printf(p, "%#llx:", state->ib_addr + i * sizeof(u32));
		print_words(p, state->ib + i, count * sizeof(u32));
	}
}

/**
 * mirage_coredump_print() - print the captured state
 * @mdev: device
 * @state: the captured state
 * @p: printer
 *
 * Context: process.
 */
void mirage_coredump_print(struct mirage_device *mdev, const struct mirage_coredump_state *state,
			   struct drm_printer *p)
{
	const struct mirage_status_page *status = &state->status;
	unsigned int i;

	BUILD_BUG_ON(ARRAY_SIZE(coredump_regs) > MIRAGE_COREDUMP_REGS);

	drm_printf(p, "mirage core dump, format %u\n\n[dump]\n", MIRAGE_COREDUMP_FORMAT);
	drm_printf(p, "why: %s\ntime: %llu\nkernel: %s\ndevice: %s\n", state->why, state->time_ns,
		   init_utsname()->release, dev_name(mdev->drm.dev));
	drm_printf(p, "engine resets: %d\ndevice resets: %d\n",
		   atomic_read(&mdev->reset.engine_resets),
		   atomic_read(&mdev->reset.device_resets));
	if (state->has_guilty)
		drm_printf(p, "guilty: process %s[%d], queue %u, channel %u, vm %u\n",
			   state->channels[0].comm, state->channels[0].tgid,
			   state->channels[0].queue_id, state->channels[0].chan,
			   state->channels[0].vm_id);
	drm_printf(p, "channels: %u of %u\n", state->nr_channels, state->nr_in_use);

	drm_puts(p, "\n[registers]\n");
	for (i = 0; i < ARRAY_SIZE(coredump_regs); i++)
		drm_printf(p, "%04x %s %0*llx\n", coredump_regs[i].offset, coredump_regs[i].name,
			   coredump_regs[i].digits, state->regs[i]);

	print_tail(p, "commands", state->cmds, sizeof(state->cmds[0]),
		   le32_to_cpu(status->cmd_put), le32_to_cpu(status->cmd_get));
	print_tail(p, "events", state->events, sizeof(state->events[0]),
		   le32_to_cpu(status->event_put), le32_to_cpu(status->event_get));
	print_tail(p, "faults", state->faults, sizeof(state->faults[0]),
		   le32_to_cpu(status->fault_put), le32_to_cpu(status->fault_get));
	/* Separate from the entries, whose format readers know. */
	print_tail(p, "places", state->places, sizeof(state->places[0]),
		   le32_to_cpu(status->fault_put), le32_to_cpu(status->fault_get));
	for (i = 0; i < state->nr_channels; i++)
		print_channel(p, &state->channels[i]);
	if (state->has_guilty) {
		print_ib(p, state);
		print_history(p, state);
	}
	drm_puts(p, "\n[end]\n");
}
