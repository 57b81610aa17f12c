// SPDX-License-Identifier: GPL-2.0
/*
 * Names of the hardware's numbers. The lists are those of the hardware's headers, which libmirage
 * and the trace events also use, so a number has the same name everywhere.
 */
#include "device/names.h"

#include <asm/byteorder.h>
#include <linux/array_size.h>
#include <linux/sprintf.h>

/* One element of such a list, in an array of names. */
#define NAME(name, value, text)	[value] = (text)

/* The device may write any number. */
static const char *name_lookup(const char * const *names, unsigned int count, unsigned int value)
{
	return value < count && names[value] ? names[value] : "unknown";
}

/**
 * mirage_access_name() - name of an access kind
 * @access: enum mirage_access, or any other number
 *
 * Context: any.
 * Return: a few words; "unknown" for a number that is not in the list
 */
const char *mirage_access_name(unsigned int access)
{
	static const char * const names[] = { MIRAGE_ACCESSES(NAME) };

	return name_lookup(names, ARRAY_SIZE(names), access);
}

/**
 * mirage_chan_error_name() - name of the error that stopped a channel
 * @error: enum mirage_chan_error, or any other number
 *
 * Context: any.
 * Return: a few words; "unknown" for a number that is not in the list
 */
const char *mirage_chan_error_name(unsigned int error)
{
	static const char * const names[] = { MIRAGE_CHAN_ERRORS(NAME) };

	return name_lookup(names, ARRAY_SIZE(names), error);
}

/**
 * mirage_chan_state_name() - name of a channel's state
 * @state: enum mirage_chan_state, or any other number
 *
 * Context: any.
 * Return: a few words; "unknown" for a number that is not in the list
 */
const char *mirage_chan_state_name(unsigned int state)
{
	static const char * const names[] = { MIRAGE_CHAN_STATES(NAME) };

	return name_lookup(names, ARRAY_SIZE(names), state);
}

/**
 * mirage_dev_error_name() - name of the error that halted the device
 * @error: enum mirage_dev_error, or any other number
 *
 * Context: any.
 * Return: a few words; "unknown" for a number that is not in the list
 */
const char *mirage_dev_error_name(unsigned int error)
{
	static const char * const names[] = { MIRAGE_DEV_ERRORS(NAME) };

	return name_lookup(names, ARRAY_SIZE(names), error);
}

/**
 * mirage_fault_kind_name() - name of the reason why a translation failed
 * @kind: enum mirage_fault_kind, or any other number
 *
 * Context: any.
 * Return: a few words; "unknown" for a number that is not in the list
 */
const char *mirage_fault_kind_name(unsigned int kind)
{
	static const char * const names[] = { MIRAGE_FAULT_KINDS(NAME) };

	return name_lookup(names, ARRAY_SIZE(names), kind);
}

/**
 * mirage_queue_state_name() - name of a queue's state
 * @state: enum drm_mirage_queue_state, or any other number
 *
 * Context: any.
 * Return: a few words; "unknown" for a number that is not in the list
 */
const char *mirage_queue_state_name(unsigned int state)
{
	static const char * const names[] = { MIRAGE_QUEUE_STATES(NAME) };

	return name_lookup(names, ARRAY_SIZE(names), state);
}

/**
 * mirage_place_text() - describe the instruction that made an access, to append to a line
 * @place: as the device wrote it
 * @text: buffer
 *
 * Context: any.
 * Return: @text, which begins with a comma; empty if no instruction made the access
 */
const char *mirage_place_text(const struct mirage_place *place, char text[MIRAGE_PLACE_TEXT])
{
	text[0] = '\0';
	if (place->pc)
		snprintf(text, MIRAGE_PLACE_TEXT,
			 ", instruction at 0x%llx, group %u,%u,%u, wave %u, lane %u",
			 le64_to_cpu(place->pc), le32_to_cpu(place->group[0]),
			 le32_to_cpu(place->group[1]), le32_to_cpu(place->group[2]),
			 le16_to_cpu(place->wave), le16_to_cpu(place->lane));
	return text;
}
