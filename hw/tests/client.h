/* SPDX-License-Identifier: MIT */
/* A vfio-user client for tests, over a socket pair with a server in a thread. */
#ifndef TESTS_CLIENT_H
#define TESTS_CLIENT_H

#include <pthread.h>

#include "device.h"
#include "wire.h"

struct client {
	struct device *dev;
	int socket;
	int server_socket;
	pthread_t server;
	int server_result;	/* of server_run(), once client_close() has returned */
	u16 id;			/* of the last message */
	/* The last reply. */
	struct wire_header header;
	u8 payload[WIRE_MAX_SIZE];
	u32 len;
	int fd;			/* that came with it, or -1 */
};

/** client_open() - a device with 16 MiB of video memory and a connection, nothing sent yet. */
void client_open(struct client *c);
/** client_open_vram() - the same with @size bytes of video memory. */
void client_open_vram(struct client *c, u64 size);
/** client_greet() - the VERSION message, accepted. */
void client_greet(struct client *c);
/** client_close() - disconnect and wait for the server; client.server_result is set. */
void client_close(struct client *c);

/** client_send() - raw bytes with file descriptors. False if the server is gone. */
bool client_send(struct client *c, const void *data, size_t len, const int *fds, unsigned int nr_fds);
/** client_request() - a message with @len bytes of payload; no reply is awaited. */
bool client_request(struct client *c, u16 command, u32 flags, const void *payload, u32 len,
		    const int *fds, unsigned int nr_fds);
/** client_reply() - wait for a reply. False if the server has ended the connection. */
bool client_reply(struct client *c);
/** client_call() - request and reply. Returns the errno of an error reply, 0, or -1 if the server is gone. */
int client_call(struct client *c, u16 command, const void *payload, u32 len, const int *fds,
		unsigned int nr_fds);

#endif /* TESTS_CLIENT_H */
