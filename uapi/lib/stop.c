// SPDX-License-Identifier: MIT
/*
 * Why a job was stopped, in words.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "mirage.h"

/* A text that grows, in memory that may be too small for it. */
struct text {
	char *to;
	size_t size;
	/* Of the whole text, also of what did not fit. */
	size_t used;
};

static void __attribute__((format(printf, 2, 3))) put(struct text *text, const char *format, ...)
{
	size_t at = text->used < text->size ? text->used : text->size;
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(text->size ? text->to + at : NULL, text->size - at, format, args);
	va_end(args);
	if (length > 0)
		text->used += (size_t)length;
}

static void put_place(struct text *text, const struct drm_mirage_place *place)
{
	if (place->pc)
		put(text, ", instruction at 0x%llx, group %u,%u,%u, wave %u, lane %u",
		    (unsigned long long)place->pc, place->group[0], place->group[1],
		    place->group[2], place->wave, place->lane);
}

/**
 * mirage_stop_text() - why a job was stopped, for people
 * @why: from mirage_queue_wait() or mirage_run()
 * @text: out: one line without its end, cut where it does not fit
 * @size: room in @text
 *
 * Return: length of the whole line, as snprintf() has it
 */
int mirage_stop_text(const struct mirage_stop *why, char *text, size_t size)
{
	const struct drm_mirage_queue_query *queue = &why->queue;
	const struct drm_mirage_fault *fault = &queue->fault;
	struct text line = { .to = text, .size = size };

	put(&line, "%s", mirage_queue_state_name(queue->state));
	if (queue->state == DRM_MIRAGE_QUEUE_FAULTED) {
		put(&line, ": %s access to 0x%llx: %s: %s", mirage_access_name(fault->access),
		    (unsigned long long)fault->addr, mirage_fault_kind_name(fault->kind),
		    strerror((int)fault->error));
		put_place(&line, &queue->place);
	} else if (queue->state == DRM_MIRAGE_QUEUE_ERROR) {
		put(&line, ": %s at 0x%llx (information 0x%x)",
		    mirage_chan_error_name(queue->hw_error), (unsigned long long)queue->hw_addr,
		    queue->hw_info);
		put_place(&line, &queue->place);
	}
	if (why->error == -ECANCELED && queue->state != DRM_MIRAGE_QUEUE_RESET)
		put(&line, ", before this job");

	return (int)line.used;
}
