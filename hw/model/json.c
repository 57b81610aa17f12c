// SPDX-License-Identifier: MIT
/*
 * A recursive descent over the grammar of RFC 8259 with a bound on depth. It
 * allocates nothing and builds no tree: the caller gets each member's path and
 * scalar value as it is read. Rejected: a JSON library, for the sake of three
 * numbers in one message.
 */
#include <string.h>

#include "json.h"

#define MAX_DEPTH 16
#define MAX_PATH_LEN 128

struct reader {
	const char *p;
	const char *end;
	void (*member)(void *ctx, const char *path, const struct json_value *value);
	void *ctx;
	char path[MAX_PATH_LEN + 1];
	size_t path_len;	/* of the whole path; beyond MAX_PATH_LEN it is not stored */
	unsigned int depth;
	unsigned int arrays;	/* arrays around the current value */
};

static bool read_value(struct reader *r, struct json_value *value);

static void skip_space(struct reader *r)
{
	while (r->p < r->end && (*r->p == ' ' || *r->p == '\t' || *r->p == '\n' || *r->p == '\r'))
		r->p++;
}

static bool take(struct reader *r, char c)
{
	if (r->p == r->end || *r->p != c)
		return false;
	r->p++;
	return true;
}

static bool is_digit(const struct reader *r)
{
	return r->p < r->end && *r->p >= '0' && *r->p <= '9';
}

static bool take_word(struct reader *r, const char *word)
{
	size_t len = strlen(word);

	if ((size_t)(r->end - r->p) < len || memcmp(r->p, word, len))
		return false;
	r->p += len;
	return true;
}

static bool take_hex(struct reader *r, unsigned int digits)
{
	for (; digits; digits--, r->p++)
		if (r->p == r->end || !strchr("0123456789abcdefABCDEF", *r->p) || !*r->p)
			return false;
	return true;
}

/* The string's text between its quotes, with escapes as they stand. */
static bool read_string(struct reader *r, const char **text, size_t *len)
{
	if (!take(r, '"'))
		return false;
	*text = r->p;
	while (r->p < r->end && *r->p != '"') {
		if ((unsigned char)*r->p < 0x20)
			return false;
		if (*r->p++ != '\\')
			continue;
		if (r->p == r->end || !*r->p || !strchr("\"\\/bfnrtu", *r->p))
			return false;
		if (*r->p++ == 'u' && !take_hex(r, 4))
			return false;
	}
	*len = (size_t)(r->p - *text);
	return take(r, '"');
}

static bool read_digits(struct reader *r)
{
	if (!is_digit(r))
		return false;
	while (is_digit(r))
		r->p++;
	return true;
}

static bool read_number(struct reader *r, struct json_value *value)
{
	bool zero;

	value->type = JSON_NUMBER;
	value->integer = !take(r, '-');
	value->number = 0;
	if (!is_digit(r))
		return false;
	zero = *r->p == '0';
	while (is_digit(r)) {
		if (__builtin_mul_overflow(value->number, 10, &value->number) ||
		    __builtin_add_overflow(value->number, (u64)(*r->p - '0'), &value->number))
			value->integer = false;
		r->p++;
		if (zero && is_digit(r))
			return false;
	}
	if (take(r, '.')) {
		value->integer = false;
		if (!read_digits(r))
			return false;
	}
	if (take(r, 'e') || take(r, 'E')) {
		value->integer = false;
		if (!take(r, '+'))
			take(r, '-');
		if (!read_digits(r))
			return false;
	}
	return true;
}

static void path_append(struct reader *r, const char *text, size_t len)
{
	if (r->path_len + len <= MAX_PATH_LEN) {
		memcpy(&r->path[r->path_len], text, len);
		r->path[r->path_len + len] = '\0';
	}
	r->path_len += len;
}

static bool read_member(struct reader *r)
{
	struct json_value value = { 0 };
	size_t before = r->path_len, len;
	const char *name;

	skip_space(r);
	if (!read_string(r, &name, &len))
		return false;
	skip_space(r);
	if (!take(r, ':'))
		return false;
	if (before)
		path_append(r, ".", 1);
	path_append(r, name, len);
	if (!read_value(r, &value))
		return false;
	if (r->path_len <= MAX_PATH_LEN && !r->arrays)
		r->member(r->ctx, r->path, &value);
	r->path_len = before;
	if (before <= MAX_PATH_LEN)
		r->path[before] = '\0';
	return true;
}

static bool read_object(struct reader *r)
{
	skip_space(r);
	if (take(r, '}'))
		return true;
	do {
		if (!read_member(r))
			return false;
		skip_space(r);
	} while (take(r, ','));
	return take(r, '}');
}

static bool read_array(struct reader *r)
{
	struct json_value value;

	skip_space(r);
	if (take(r, ']'))
		return true;
	do {
		if (!read_value(r, &value))
			return false;
		skip_space(r);
	} while (take(r, ','));
	return take(r, ']');
}

static bool read_nested(struct reader *r, struct json_value *value)
{
	bool ok;

	if (r->depth == MAX_DEPTH)
		return false;
	r->depth++;
	if (take(r, '{')) {
		value->type = JSON_OBJECT;
		ok = read_object(r);
	} else {
		r->p++;
		value->type = JSON_ARRAY;
		r->arrays++;
		ok = read_array(r);
		r->arrays--;
	}
	r->depth--;
	return ok;
}

static bool read_value(struct reader *r, struct json_value *value)
{
	const char *text;
	size_t len;

	*value = (struct json_value){ 0 };
	skip_space(r);
	if (r->p == r->end)
		return false;
	switch (*r->p) {
	case '{':
	case '[':
		return read_nested(r, value);
	case '"':
		value->type = JSON_STRING;
		return read_string(r, &text, &len);
	case 't':
	case 'f':
		value->type = JSON_BOOL;
		value->truth = *r->p == 't';
		return take_word(r, value->truth ? "true" : "false");
	case 'n':
		value->type = JSON_NULL;
		return take_word(r, "null");
	default:
		return read_number(r, value);
	}
}

bool json_read(const char *text, size_t len,
	       void (*member)(void *ctx, const char *path, const struct json_value *value),
	       void *ctx)
{
	struct reader r = { .p = text, .end = text + len, .member = member, .ctx = ctx };
	struct json_value value;

	if (!read_value(&r, &value))
		return false;
	skip_space(&r);
	return r.p == r.end;
}
