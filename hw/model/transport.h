/* SPDX-License-Identifier: MIT */
/* Messages with file descriptors over a Unix socket. */
#ifndef MODEL_TRANSPORT_H
#define MODEL_TRANSPORT_H

#include "wire.h"

struct message {
	struct wire_header header;
	u8 *payload;		/* header.size - sizeof(header) bytes, of space for WIRE_MAX_SIZE */
	u32 len;		/* of the payload */
	int fds[WIRE_MAX_FDS];	/* those that are >= 0 belong to the message */
	unsigned int nr_fds;
};

void message_init(struct message *msg);
void message_fini(struct message *msg);

/** message_take_fd() - the @i-th descriptor; it is the caller's then. */
int message_take_fd(struct message *msg, unsigned int i);

/** message_close_fds() - close those that nobody has taken. */
void message_close_fds(struct message *msg);

/**
 * transport_listen() - a socket at @path that accepts one client.
 * Returns the file descriptor, or -1 with errno set.
 */
int transport_listen(const char *path);

/**
 * transport_receive() - wait for a message.
 * Returns 1; 0 if the client has disconnected; -1 if the stream cannot be
 * understood any more (a reason is logged).
 */
int transport_receive(int socket, struct message *msg);

/**
 * transport_reply() - answer @msg with @len bytes at @data and descriptor @fd (-1: none).
 * Returns 0, or -1 if the client is gone.
 */
int transport_reply(int socket, const struct message *msg, const void *data, u32 len, int fd);

/** transport_error() - answer @msg with @error, an errno. Returns as transport_reply(). */
int transport_error(int socket, const struct message *msg, int error);

#endif /* MODEL_TRANSPORT_H */
