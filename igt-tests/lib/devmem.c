// SPDX-License-Identifier: MIT
/*
 * Memory of processes in video memory: the counters of the mirror core.
 */
#include "devmem.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "debugfs.h"
#include "igt.h"

static uint64_t value_of(const char *text, const char *name)
{
	const char *line = strstr(text, name);
	uint64_t value;

	igt_assert_f(line && sscanf(line + strlen(name), ": %" SCNu64, &value) == 1,
		     "no %s in the device's devmem file:\n%s", name, text);
	return value;
}

struct devmem devmem_read(const struct mirage *dev)
{
	const char *text = debugfs_text(dev, "devmem");

	return (struct devmem){
		.pages = value_of(text, "pages"),
		.reserved = value_of(text, "reserved"),
		.to_device = value_of(text, "to_device"),
		.cpu_faults = value_of(text, "cpu_faults"),
		.home_fault = value_of(text, "home_fault"),
		.home_asked = value_of(text, "home_asked"),
		.home_evicted = value_of(text, "home_evicted"),
		.failed = value_of(text, "failed"),
	};
}

struct devmem devmem_since(const struct mirage *dev, const struct devmem *then)
{
	struct devmem now = devmem_read(dev);

	now.to_device -= then->to_device;
	now.cpu_faults -= then->cpu_faults;
	now.home_fault -= then->home_fault;
	now.home_asked -= then->home_asked;
	now.home_evicted -= then->home_evicted;
	now.failed -= then->failed;
	return now;
}
