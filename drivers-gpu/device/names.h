/* SPDX-License-Identifier: GPL-2.0 */
/* Names of the hardware's numbers, for the log, debugfs and trace events. */
#ifndef MIRAGE_NAMES_H
#define MIRAGE_NAMES_H

#include <drm/mirage_drm.h>

#include <hw/pte.h>
#include <hw/queues.h>
#include <hw/regs.h>

/*
 * enum drm_mirage_queue_state, in the form of the hardware's lists. The uapi header has no such
 * lists: they would become part of the interface.
 */
#define MIRAGE_QUEUE_STATES(X) \
	X(READY, DRM_MIRAGE_QUEUE_READY, "ready"), \
	X(FAULTED, DRM_MIRAGE_QUEUE_FAULTED, "faulted"), \
	X(ERROR, DRM_MIRAGE_QUEUE_ERROR, "error"), \
	X(TIMEOUT, DRM_MIRAGE_QUEUE_TIMEOUT, "timeout"), \
	X(LOST, DRM_MIRAGE_QUEUE_LOST, "lost"), \
	X(RESET, DRM_MIRAGE_QUEUE_RESET, "reset")

/** MIRAGE_PLACE_TEXT: size of the buffer for mirage_place_text(), bytes. */
#define MIRAGE_PLACE_TEXT	128

const char *mirage_access_name(unsigned int access);
const char *mirage_chan_error_name(unsigned int error);
const char *mirage_chan_state_name(unsigned int state);
const char *mirage_dev_error_name(unsigned int error);
const char *mirage_fault_kind_name(unsigned int kind);
const char *mirage_queue_state_name(unsigned int state);
const char *mirage_place_text(const struct mirage_place *place, char text[MIRAGE_PLACE_TEXT]);

/* Element of a hardware list, or of MIRAGE_QUEUE_STATES(), for __print_symbolic(). */
#define MIRAGE_TRACE_SYMBOL(name, value, text)	{ value, text }

#endif /* MIRAGE_NAMES_H */
