/* SPDX-License-Identifier: MIT */
/* A strict reader of JSON, as large as the VERSION message needs. */
#ifndef MODEL_JSON_H
#define MODEL_JSON_H

#include "util.h"

enum json_type {
	JSON_NULL,
	JSON_BOOL,
	JSON_NUMBER,
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT,
};

struct json_value {
	enum json_type type;
	bool truth;	/* JSON_BOOL */
	u64 number;	/* JSON_NUMBER that is an integer of 64 bits without sign */
	bool integer;	/* it is */
};

/**
 * json_read() - check a text and report the values of its objects' members.
 * @text: @len bytes; not terminated
 * @member: called for each member of an object with the names that lead to it,
 *          joined with dots ("capabilities.max_msg_fds"); members of objects in
 *          arrays are not reported, nor those whose path is longer than 128 bytes
 *
 * Returns whether the text is one valid JSON value, nested at most 16 deep.
 */
bool json_read(const char *text, size_t len,
	       void (*member)(void *ctx, const char *path, const struct json_value *value),
	       void *ctx);

#endif /* MODEL_JSON_H */
