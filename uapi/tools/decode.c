// SPDX-License-Identifier: MIT
/*
 * The parts of a core dump in words. Registers and packets are named by the tables that the model and
 * the driver are made of, so what is new there is named here without a change.
 */
#include <stdio.h>
#include <string.h>

#include <hw/packets.h>
#include <hw/pte.h>
#include <hw/queues.h>
#include <hw/regs.h>
#include <mirage.h>

#include "decode.h"

#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))

/* An element of one of the hardware's lists, in an array of names. */
#define NAME(name, value, text)	[value] = (text)

/* A field of a register. */
struct field {
	const char *reg;	/* unit and register */
	const char *name;
	unsigned int high, low;
};

static const struct field fields[] = {
#define FIELD(unit, reg, name, hi, lo, doc) { #unit "_" #reg, #name, (hi), (lo) },
#include <hw/regs/all.def>
};

/* A packet. */
struct packet {
	const char *name;
	unsigned int op, words;
};

static const struct packet packets[] = {
#define PKT(name, op, words, flags, where, doc) { #name, (op), (words) },
	MIRAGE_PACKETS(PKT)
#undef PKT
};

static uint64_t pair(const uint32_t *words)
{
	return words[0] | (uint64_t)words[1] << 32;
}

void decode_register(unsigned int offset, const char *name, uint64_t value)
{
	printf("%04x %-24s %#llx", offset, name, (unsigned long long)value);
	for (size_t i = 0; i < COUNT(fields); i++) {
		const struct field *field = &fields[i];
		uint32_t mask = 0xffffffffu >> (31 - (field->high - field->low));

		if (!strcmp(field->reg, name))
			printf(" %s=%u", field->name, (uint32_t)(value >> field->low) & mask);
	}
	if (!strcmp(name, "BUS_CURRENT"))
		value ? printf(" (channel %u)", (uint32_t)value - 1) : printf(" (none)");
	putchar('\n');
}

void decode_command(const uint32_t words[8])
{
	static const char *const names[] = {
		[MIRAGE_CMD_NOP] = "NOP",
		[MIRAGE_CMD_SYNC] = "SYNC",
		[MIRAGE_CMD_INVALIDATE] = "INVALIDATE",
		[MIRAGE_CMD_REPLAY] = "REPLAY",
		[MIRAGE_CMD_CHAN_START] = "CHAN_START",
		[MIRAGE_CMD_CHAN_STOP] = "CHAN_STOP",
		[MIRAGE_CMD_CHAN_RESET] = "CHAN_RESET",
		[MIRAGE_CMD_CHAN_SAVE] = "CHAN_SAVE",
		[MIRAGE_CMD_CHAN_RESTORE] = "CHAN_RESTORE",
	};
	unsigned int op = words[0] & 0xffff, flags = words[0] >> 16;
	uint64_t addr = pair(words + 2), size = pair(words + 4), value = pair(words + 6);

	printf("%s", op < COUNT(names) ? names[op] : "unknown");
	if (op == MIRAGE_CMD_INVALIDATE && (flags & MIRAGE_CMD_ALL))
		printf(" vm %u, all", words[1]);
	else if (op == MIRAGE_CMD_INVALIDATE)
		printf(" vm %u, %#llx, %#llx bytes", words[1], (unsigned long long)addr,
		       (unsigned long long)size);
	else if (op == MIRAGE_CMD_REPLAY)
		printf(" vm %u", words[1]);
	else if (op == MIRAGE_CMD_SYNC)
		printf(" %llu", (unsigned long long)value);
	else if (op >= MIRAGE_CMD_CHAN_START)
		printf(" channel %u", words[1]);
	putchar('\n');
}

void decode_event(const uint32_t words[4])
{
	unsigned int type = words[0] & 0xff, code = words[0] >> 8 & 0xff;

	if (type == MIRAGE_EVENT_FENCE)
		printf("FENCE channel %u, value %llu\n", words[1],
		       (unsigned long long)pair(words + 2));
	else if (type == MIRAGE_EVENT_ERROR)
		printf("ERROR channel %u, %s\n", words[1], mirage_chan_error_name(code));
	else
		printf("unknown type %u, channel %u\n", type, words[1]);
}

static const char *unit_name(unsigned int unit)
{
	static const char *const names[] = { MIRAGE_FAULT_UNITS(NAME) };

	return unit < COUNT(names) ? names[unit] : "unknown unit";
}

void decode_fault(const uint32_t words[8])
{
	printf("channel %u, vm %u: %s at %#llx by %s: %s, at %llu ns\n", words[4],
	       words[5] & 0xffff, mirage_access_name(words[5] >> 16 & 0xff),
	       (unsigned long long)pair(words), unit_name(words[6] & 0xff),
	       mirage_fault_kind_name(words[5] >> 24), (unsigned long long)pair(words + 2));
}

/* The words of a struct mirage_place that is not all zero. */
void decode_place(const uint32_t words[8])
{
	printf("instruction at %#llx, group %u,%u,%u, wave %u, lane %u\n",
	       (unsigned long long)pair(words), words[2], words[3], words[4], words[5] & 0xffff,
	       words[5] >> 16);
}

static const char *chan_state_name(unsigned int state)
{
	static const char *const names[] = { MIRAGE_CHAN_STATES(NAME) };

	return state < COUNT(names) ? names[state] : "unknown";
}

void decode_descriptor(const struct mirage_chan_desc *desc)
{
	printf("descriptor: %s, class %s, priority %u, timeslice %u us%s\n",
	       chan_state_name(desc->state),
	       desc->class == MIRAGE_CHAN_COMPUTE ? "COMPUTE" : "COPY", desc->priority,
	       desc->timeslice_us, desc->flags & MIRAGE_CHAN_NO_FAULT ? ", NO_FAULT" : "");
	printf("descriptor: ring %#llx of 2^%u words, get %u, put %u, run %llu ns\n",
	       (unsigned long long)desc->ring, desc->ring_order, desc->get, desc->put,
	       (unsigned long long)desc->run_ns);
	if (desc->wait_ns & MIRAGE_CHAN_WAITING)
		printf("descriptor: waits for its turn\n");
	else
		printf("descriptor: has waited %llu ns for its turn\n",
		       (unsigned long long)desc->wait_ns);
	if (desc->error)
		printf("descriptor: error %u (%s), info %#x, address %#llx\n", desc->error,
		       mirage_chan_error_name(desc->error), desc->error_info,
		       (unsigned long long)desc->error_addr);
	if (desc->error_place.pc) {
		uint32_t words[sizeof(desc->error_place) / sizeof(uint32_t)];

		memcpy(words, &desc->error_place, sizeof(words));
		printf("descriptor: ");
		decode_place(words);
	}
}

/* Payload: 64-bit values as far as they go, and the rest. */
static void print_payload(const uint32_t *words, unsigned int count)
{
	unsigned int i;

	for (i = 0; i + 1 < count; i += 2)
		printf(" %#llx", (unsigned long long)pair(words + i));
	if (i < count)
		printf(" %#x", words[i]);
}

/*
 * Packets one after the other. @first is where the first word is, @unit the size of a word there. A
 * word that is no packet ends it, as it does in the device.
 */
void decode_packets(const uint32_t *words, size_t count, uint64_t first, unsigned int unit)
{
	size_t i = 0;

	while (i < count) {
		const struct packet *packet = NULL;
		uint32_t header = words[i];
		unsigned int size = MIRAGE_PKT_WORDS(header);

		for (size_t k = 0; k < COUNT(packets); k++)
			if (packets[k].op == MIRAGE_PKT_OP(header))
				packet = &packets[k];
		printf(unit == 1 ? "  %llu: " : "  %#llx: ",
		       (unsigned long long)(first + i * unit));
		if (!packet || packet->words != size) {
			printf("%08x is no packet\n", header);
			return;
		}
		printf("%s", packet->name);
		if (size > count - i - 1) {
			printf(" (cut off)\n");
			return;
		}
		print_payload(words + i + 1, size);
		if (MIRAGE_PKT_FLAGS(header))
			printf(" flags %#x", MIRAGE_PKT_FLAGS(header));
		putchar('\n');
		i += size + 1;
	}
}

/* A fault's info is channel, access and kind; other events say it all. */
bool decode_history(const char *line)
{
	unsigned long long time, addr, size;
	unsigned int info;

	if (sscanf(line, "%llu: fault 0x%llx 0x%llx 0x%x", &time, &addr, &size, &info) != 4)
		return false;
	printf("%llu: fault %#llx: %s by channel %u, %s\n", time, addr,
	       mirage_access_name(info >> 16 & 0xff), info & 0xffff,
	       mirage_fault_kind_name(info >> 24));
	return true;
}
