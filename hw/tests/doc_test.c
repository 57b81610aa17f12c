// SPDX-License-Identifier: MIT
/*
 * The model gets the numbers of hw/doc as they stand there: the listing from power-on to the first
 * copy, the packets, the structures of structures.md, configuration space. The test reads them from
 * the documents, so it has no second copy of them.
 */
#include <ctype.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>
#include <stdlib.h>

#include "fixture.h"
#include "region.h"

#define VM 3
#define CHAN 1

static struct fixture f;

/* The text of document @name, until the next call. */
static const char *document(const char *name)
{
	static char text[1 << 17];
	char path[4096];
	size_t size;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", HW_DOC, name);
	file = fopen(path, "rb");
	CHECK(file);
	size = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	CHECK(size > 0 && size < sizeof(text) - 1);
	text[size] = '\0';
	return text;
}

/* The text of @name behind the first @mark. */
static const char *behind(const char *name, const char *mark)
{
	const char *at = strstr(document(name), mark);

	CHECK(at);
	return at + strlen(mark);
}

/* The words of eight hexadecimal digits from @at to a mark of code or an empty line. Returns their number. */
static u32 words_at(const char *at, u32 *words, u32 most)
{
	u32 nr = 0;

	while (*at && strncmp(at, "```", 3) && strncmp(at, "\n\n", 2)) {
		size_t len = 0;

		while (isalnum((unsigned char)at[len]))
			len++;
		if (len == 8 && strspn(at, "0123456789abcdef") == len) {
			CHECK(nr < most);
			words[nr++] = (u32)strtoul(at, NULL, 16);
		}
		at += len ? len : 1;
	}
	return nr;
}

/* A structure of structures.md. */
static void structure(const char *mark, void *data, u32 size)
{
	u32 words[64];

	CHECK(size <= sizeof(words));
	CHECK_EQ(words_at(behind("structures.md", mark), words, ARRAY_SIZE(words)), size / sizeof(u32));
	memcpy(data, words, size);
}

static void access_bytes(bool write, u32 region, u64 at, u32 size, u64 *value)
{
	if (write)
		CHECK_EQ(region_write(f.dev, region, at, size, (const u8 *)value), 0);
	else
		CHECK_EQ(region_read(f.dev, region, at, size, (u8 *)value), 0);
}

/* The engine has done all that it can do: the value is there, or never will be. */
static void wait_for(u32 region, u64 at, u32 size, u64 want)
{
	u64 value = 0;

	while (!fixture_step(&f))
		;
	access_bytes(false, region, at, size, &value);
	CHECK_EQ(value, want);
}

/* One line of the listing. */
static void bring_up_line(const char *line)
{
	static const struct {
		const char *name;
		u32 region;
		u32 size;
	} targets[] = {
		{ "config", VFIO_PCI_CONFIG_REGION_INDEX, 2 },
		{ "reg", VFIO_PCI_BAR0_REGION_INDEX, 4 },
		{ "vram32", VFIO_PCI_BAR2_REGION_INDEX, 4 },
		{ "vram64", VFIO_PCI_BAR2_REGION_INDEX, 8 },
	};
	char name[16], verb[16];
	unsigned long long at;
	unsigned int i = 0;
	int used;
	char *end;

	CHECK_EQ(sscanf(line, "%15s %llx %15s%n", name, &at, verb, &used), 3);
	while (i < ARRAY_SIZE(targets) && strcmp(targets[i].name, name))
		i++;
	CHECK(i < ARRAY_SIZE(targets));
	for (line += used;; line = end, at += targets[i].size) {
		u64 value = strtoull(line, &end, 0);

		if (end == line)
			break;
		if (!strcmp(verb, "?")) {
			wait_for(targets[i].region, at, targets[i].size, value);
		} else if (!strcmp(verb, "zero")) {
			memset(f.dev->vram.host + at, 0, value);
		} else {
			CHECK(!strcmp(verb, "="));
			access_bytes(true, targets[i].region, at, targets[i].size, &value);
		}
	}
	CHECK(!strncmp(line + strspn(line, " "), "//", 2) || line[strspn(line, " ")] == '\n');
}

static void first_copy(void)
{
	const char *line;
	unsigned int lines = 0;

	f = (struct fixture){ .dev = device_create(FIXTURE_VRAM_SIZE) };
	CHECK(f.dev);
	/* Not all of the memory has to be zero at power-on. */
	memset(f.dev->vram.host, 0xa5, MiB(16));
	for (u32 i = 0; i < MiB(1); i++)
		f.dev->vram.host[MiB(2) + i] = (u8)(i * 7 + i / 4096);
	for (line = behind("README.md", "```\nconfig") - strlen("config"); strncmp(line, "```", 3);
	     line = strchr(line, '\n') + 1) {
		bring_up_line(line);
		lines++;
	}
	CHECK(lines >= 30);
	CHECK(!memcmp(f.dev->vram.host + MiB(4), f.dev->vram.host + MiB(2), MiB(1)));
	device_destroy(f.dev);
}

/* A device with the documents' channel, in VM 3, started with its ring as it stands in packets.md. */
static void start(void)
{
	struct mirage_chan_desc desc;
	u32 *ring, words[16];

	fixture_start(&f);
	fixture_vm(&f, VM);
	structure("```\nchan_desc\n", &desc, sizeof(desc));
	/* Its place in this machine's memory is another, all else is as it stands there. */
	CHECK_EQ(desc.ring, 0x140010001);
	desc.ring = fixture_alloc(&f, sizeof(u32) << desc.ring_order);
	ring = fixture_ptr(&f, desc.ring);
	CHECK_EQ(words_at(behind("packets.md", "\n ring:"), words, ARRAY_SIZE(words)), desc.put);
	memcpy(ring, words, desc.put * sizeof(u32));
	f.rings[CHAN] = ring;
	f.chans[CHAN] = desc;
	CHECK_EQ(f.chans[CHAN].state, MIRAGE_CHAN_IDLE);
	fixture_cmd(&f, (struct mirage_cmd){ .op = MIRAGE_CMD_CHAN_START, .id = CHAN });
}

/* The indirect buffer of packets.md, in a page at the address that the ring names. */
static void map_ib(void)
{
	u32 words[16], nr;
	const char *at = behind("packets.md", "\n IB at 0x4000:");
	char line[256];

	snprintf(line, sizeof(line), "%.*s", (int)strcspn(at, "\n"), at);
	nr = words_at(line, words, ARRAY_SIZE(words));
	CHECK_EQ(nr, 7);
	memcpy(fixture_map_new(&f, VM, 0x4000), words, nr * sizeof(u32));
}

static void packets(void)
{
	struct mirage_event event;
	u64 from, to;

	start();
	map_ib();
	from = fixture_alloc(&f, MiB(2));
	to = fixture_alloc(&f, MiB(2));
	memset(fixture_ptr(&f, from), 0x5a, MiB(2));
	fixture_map(&f, VM, 0x10000000, from, MIRAGE_PAGE_2M_SHIFT, 0);
	fixture_map(&f, VM, 0x20000000, to, MIRAGE_PAGE_2M_SHIFT, MIRAGE_PTE_WRITE);
	fixture_run(&f);
	CHECK_EQ(f.chans[CHAN].state, MIRAGE_CHAN_RUNNING);
	CHECK_EQ(f.chans[CHAN].get, 9);
	CHECK(!memcmp(fixture_ptr(&f, to), fixture_ptr(&f, from), MiB(1)));
	CHECK_EQ(*((u8 *)fixture_ptr(&f, to) + MiB(1)), 0);
	CHECK_EQ(*(u64 *)fixture_ptr(&f, FIXTURE_RAM_BASE | MIRAGE_PHYS_SYSTEM), 42);
	event = fixture_event(&f);
	CHECK_EQ(event.type, MIRAGE_EVENT_FENCE);
	CHECK_EQ(event.chan, CHAN);
	CHECK_EQ(event.value, 42);
	fixture_close(&f);
}

/* The dispatch of structures.md faults as it stands there, and counts after a replay. */
static void dispatch(void)
{
	struct mirage_fault_entry want, fault;
	struct mirage_dispatch desc;
	u64 *args, *counter;

	start();
	f.chans[CHAN].put = 0;
	fixture_run(&f);
	CHECK_EQ(f.chans[CHAN].state, MIRAGE_CHAN_RUNNING);

	structure("```\ndispatch\n", &desc, sizeof(desc));
	structure("```\ncode\n", fixture_map_new(&f, VM, desc.code), desc.code_size);
	args = fixture_map_new(&f, VM, desc.args & ~0xfffull);
	memcpy(args, &desc, sizeof(desc));
	args[desc.args % 4096 / 8] = 0x20000008;
	fixture_dispatch(&f, CHAN, desc.args & ~0xfffull);
	fixture_kick(&f, CHAN);

	structure("```\nfault_entry\n", &want, sizeof(want));
	CHECK_EQ(fixture_nr_faults(&f), 4);
	do {
		fault = fixture_fault(&f);
	} while (fault.wave != want.wave);
	fault.time_ns = want.time_ns;
	CHECK(!memcmp(&fault, &want, sizeof(want)));

	counter = fixture_map_new(&f, VM, want.addr & ~0xfffull);
	fixture_replay(&f, VM);
	CHECK_EQ(counter[1], 2 * 64);
	CHECK_EQ(f.chans[CHAN].get, 3);
	fixture_close(&f);
}

/* Each row of the table in pci.md: the value after a reset, and what a write of ones makes of it. */
static void configuration(void)
{
	const char *at = behind("pci.md", "|At|Bytes|Value|Writable|Field|\n");
	bool named[PCI_CONFIG_SIZE] = { false };
	unsigned int rows = 0, offset, bytes;
	struct pci pci;
	int used;

	pci_init(&pci, FIXTURE_VRAM_SIZE);
	for (at = strchr(at, '\n') + 1; *at == '|'; at = strchr(at, '\n') + 1, rows++) {
		u64 value = 0, written = ~(u64)0, writable, first;
		char *end;

		CHECK_EQ(sscanf(at, "|%x|%u|%n", &offset, &bytes, &used), 2);
		CHECK(bytes <= sizeof(value));
		first = strtoull(at + used, &end, 0);
		CHECK(*end == '|');
		writable = strtoull(end + 1, &end, 0);
		if (*end != '|') {
			CHECK(!strncmp(end, "-size of BAR 2|", 15));
			writable = -(u64)FIXTURE_VRAM_SIZE;
		}
		pci_config_read(&pci, offset, bytes, (u8 *)&value);
		CHECK_EQ(value, first);
		pci_config_write(&pci, offset, bytes, (u8 *)&written);
		pci_config_read(&pci, offset, bytes, (u8 *)&value);
		CHECK_EQ(value, first | writable);
		memset(&named[offset], true, bytes);
	}
	CHECK(rows > 20);
	for (offset = 0; offset < PCI_CONFIG_SIZE; offset++)
		if (!named[offset])
			CHECK(!pci.config[offset] && !pci.writable[offset]);
}

static const struct tap_test tests[] = {
	{ "the listing from power-on to the first copy", first_copy },
	{ "the packets of the example", packets },
	{ "descriptor, dispatch and fault entry", dispatch },
	{ "configuration space", configuration },
};

TAP_MAIN(tests)
