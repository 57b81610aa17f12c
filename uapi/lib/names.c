// SPDX-License-Identifier: MIT
/*
 * Numbers of the interface as words, for reports and tables.
 */
#include <hw/pte.h>
#include <hw/queues.h>

#include "mirage.h"

#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))

/* An element of one of the hardware's lists, in an array of names. */
#define NAME(name, value, text)	[value] = (text)

static const char *lookup(const char *const *names, size_t count, unsigned int value)
{
	return value < count && names[value] ? names[value] : "unknown";
}

/**
 * mirage_stat_name() - a counter of an address space
 * @stat: enum drm_mirage_stat
 */
const char *mirage_stat_name(unsigned int stat)
{
	static const char *const names[DRM_MIRAGE_STAT_COUNT] = {
		[DRM_MIRAGE_STAT_FAULTS] = "faults",
		[DRM_MIRAGE_STAT_FAULT_DUPS] = "fault-dups",
		[DRM_MIRAGE_STAT_BATCHES] = "batches",
		[DRM_MIRAGE_STAT_BLOCK_FAULTS] = "block-faults",
		[DRM_MIRAGE_STAT_REPLAYS] = "replays",
		[DRM_MIRAGE_STAT_FAILED] = "failed",
		[DRM_MIRAGE_STAT_RETRIES] = "retries",
		[DRM_MIRAGE_STAT_PAGES_MAPPED] = "pages-mapped",
		[DRM_MIRAGE_STAT_PAGES_PREFETCHED] = "pages-prefetched",
		[DRM_MIRAGE_STAT_LEAVES_4K] = "leaves-4k",
		[DRM_MIRAGE_STAT_LEAVES_64K] = "leaves-64k",
		[DRM_MIRAGE_STAT_LEAVES_2M] = "leaves-2m",
		[DRM_MIRAGE_STAT_INVALIDATIONS] = "invalidations",
		[DRM_MIRAGE_STAT_PAGES_INVALIDATED] = "pages-invalidated",
		[DRM_MIRAGE_STAT_TLB_FLUSHES] = "tlb-flushes",
		[DRM_MIRAGE_STAT_NS_DELIVERY] = "ns-delivery",
		[DRM_MIRAGE_STAT_NS_SERVICE] = "ns-service",
		[DRM_MIRAGE_STAT_NS_MM] = "ns-mm",
		[DRM_MIRAGE_STAT_NS_DMA] = "ns-dma",
		[DRM_MIRAGE_STAT_NS_PT] = "ns-pt",
		[DRM_MIRAGE_STAT_NS_REPLAY] = "ns-replay",
		[DRM_MIRAGE_STAT_NS_NOTIFIER] = "ns-notifier",
		[DRM_MIRAGE_STAT_NS_NOTIFIER_MAX] = "ns-notifier-max",
		[DRM_MIRAGE_STAT_BLOCKS] = "blocks",
		[DRM_MIRAGE_STAT_PAGES_TO_VRAM] = "pages-to-vram",
		[DRM_MIRAGE_STAT_PAGES_BOUNCED] = "pages-bounced",
		[DRM_MIRAGE_STAT_FAULTS_READ] = "faults-read",
		[DRM_MIRAGE_STAT_FAULTS_WRITE] = "faults-write",
		[DRM_MIRAGE_STAT_FAULTS_ATOMIC] = "faults-atomic",
		[DRM_MIRAGE_STAT_PAGES_HOME_FAULT] = "pages-home-fault",
		[DRM_MIRAGE_STAT_PAGES_HOME_ASKED] = "pages-home-asked",
		[DRM_MIRAGE_STAT_PAGES_EVICTED] = "pages-evicted",
		[DRM_MIRAGE_STAT_PAGES_HOME_SLEEP] = "pages-home-sleep",
		[DRM_MIRAGE_STAT_PAGES_IN_VRAM] = "pages-in-vram",
	};

	return lookup(names, COUNT(names), stat);
}

/**
 * mirage_reason_text() - why something is absent, as a clause
 * @reason: enum drm_mirage_reason
 */
const char *mirage_reason_text(unsigned int reason)
{
	static const char *const texts[] = {
		[DRM_MIRAGE_REASON_NONE] = "it is present",
		[DRM_MIRAGE_REASON_HARDWARE] = "the device does not have it",
		[DRM_MIRAGE_REASON_KERNEL] = "the kernel was built without what it needs",
		[DRM_MIRAGE_REASON_DISABLED] = "the module parameter switched it off",
		[DRM_MIRAGE_REASON_DMA] = "the platform cannot map memory for the device as needed",
	};

	return lookup(texts, COUNT(texts), reason);
}

/**
 * mirage_queue_state_name() - what a queue does
 * @state: enum drm_mirage_queue_state
 */
const char *mirage_queue_state_name(unsigned int state)
{
	static const char *const names[] = {
		[DRM_MIRAGE_QUEUE_READY] = "ready",
		[DRM_MIRAGE_QUEUE_FAULTED] = "faulted",
		[DRM_MIRAGE_QUEUE_ERROR] = "error",
		[DRM_MIRAGE_QUEUE_TIMEOUT] = "timeout",
		[DRM_MIRAGE_QUEUE_LOST] = "lost",
		[DRM_MIRAGE_QUEUE_RESET] = "reset",
	};

	return lookup(names, COUNT(names), state);
}

/**
 * mirage_chan_error_name() - why a channel stopped by itself
 * @error: enum mirage_chan_error
 */
const char *mirage_chan_error_name(unsigned int error)
{
	static const char *const names[] = { MIRAGE_CHAN_ERRORS(NAME) };

	return lookup(names, COUNT(names), error);
}

/**
 * mirage_access_name() - what an access wanted
 * @access: enum mirage_access
 */
const char *mirage_access_name(unsigned int access)
{
	static const char *const names[] = { MIRAGE_ACCESSES(NAME) };

	return lookup(names, COUNT(names), access);
}

/**
 * mirage_fault_kind_name() - why a translation failed
 * @kind: enum mirage_fault_kind
 */
const char *mirage_fault_kind_name(unsigned int kind)
{
	static const char *const names[] = { MIRAGE_FAULT_KINDS(NAME) };

	return lookup(names, COUNT(names), kind);
}
