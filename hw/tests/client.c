// SPDX-License-Identifier: MIT
/* Replies are read as strictly as a careful client would, so each call checks the server too. */
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client.h"
#include "server.h"
#include "tap.h"

static void *serve(void *arg)
{
	struct client *c = arg;

	c->server_result = server_run(c->dev, c->server_socket);
	close(c->server_socket);
	return NULL;
}

void client_open(struct client *c)
{
	client_open_vram(c, MiB(16));
}

void client_open_vram(struct client *c, u64 size)
{
	int pair[2];

	c->dev = device_create(size);
	CHECK(c->dev);
	CHECK(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
	c->socket = pair[0];
	c->server_socket = pair[1];
	c->id = 0;
	c->fd = -1;
	CHECK(!engine_start(c->dev));
	CHECK(!pthread_create(&c->server, NULL, serve, c));
}

void client_close(struct client *c)
{
	close(c->socket);
	pthread_join(c->server, NULL);
	device_destroy(c->dev);
	if (c->fd >= 0)
		close(c->fd);
}

bool client_send(struct client *c, const void *data, size_t len, const int *fds, unsigned int nr_fds)
{
	union {
		char space[CMSG_SPACE(64 * sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	struct iovec iov = { .iov_base = (void *)data, .iov_len = len };
	struct msghdr hdr = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (nr_fds) {
		hdr.msg_control = control.space;
		hdr.msg_controllen = CMSG_SPACE(nr_fds * sizeof(int));
		control.align.cmsg_level = SOL_SOCKET;
		control.align.cmsg_type = SCM_RIGHTS;
		control.align.cmsg_len = CMSG_LEN(nr_fds * sizeof(int));
		memcpy(CMSG_DATA(&control.align), fds, nr_fds * sizeof(int));
	}
	while (iov.iov_len) {
		ssize_t n = sendmsg(c->socket, &hdr, MSG_NOSIGNAL);

		if (n <= 0)
			return false;
		iov.iov_base = (u8 *)iov.iov_base + n;
		iov.iov_len -= (size_t)n;
		hdr.msg_control = NULL;
		hdr.msg_controllen = 0;
	}
	return true;
}

bool client_request(struct client *c, u16 command, u32 flags, const void *payload, u32 len,
		    const int *fds, unsigned int nr_fds)
{
	struct wire_header header = {
		.id = ++c->id,
		.command = command,
		.size = (u32)sizeof(header) + len,
		.flags = flags,
	};

	return client_send(c, &header, sizeof(header), fds, nr_fds) &&
	       (!len || client_send(c, payload, len, NULL, 0));
}

static bool receive(struct client *c, void *data, size_t len)
{
	while (len) {
		union {
			char space[CMSG_SPACE(sizeof(int))];
			struct cmsghdr align;
		} control;
		struct iovec iov = { .iov_base = data, .iov_len = len };
		struct msghdr hdr = {
			.msg_iov = &iov,
			.msg_iovlen = 1,
			.msg_control = control.space,
			.msg_controllen = sizeof(control.space),
		};
		ssize_t n = recvmsg(c->socket, &hdr, MSG_CMSG_CLOEXEC);

		if (n <= 0)
			return false;
		if (CMSG_FIRSTHDR(&hdr)) {
			CHECK_EQ(c->fd, -1);
			memcpy(&c->fd, CMSG_DATA(CMSG_FIRSTHDR(&hdr)), sizeof(int));
		}
		data = (u8 *)data + n;
		len -= (size_t)n;
	}
	return true;
}

bool client_reply(struct client *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	if (!receive(c, &c->header, sizeof(c->header)))
		return false;
	CHECK(c->header.size >= sizeof(c->header) && c->header.size <= WIRE_MAX_SIZE);
	CHECK_EQ(c->header.flags & WIRE_TYPE_MASK, WIRE_TYPE_REPLY);
	c->len = c->header.size - (u32)sizeof(c->header);
	if (c->header.flags & WIRE_ERROR)
		CHECK_EQ(c->len, 0);
	return receive(c, c->payload, c->len);
}

int client_call(struct client *c, u16 command, const void *payload, u32 len, const int *fds,
		unsigned int nr_fds)
{
	if (!client_request(c, command, 0, payload, len, fds, nr_fds) || !client_reply(c))
		return -1;
	CHECK_EQ(c->header.id, c->id);
	CHECK_EQ(c->header.command, command);
	if (!(c->header.flags & WIRE_ERROR))
		return 0;
	CHECK(c->header.error);
	return (int)c->header.error;
}

void client_greet(struct client *c)
{
	static const char version[] =
		"\0\0\1\0{\"capabilities\":{\"max_msg_fds\":8,\"write_multiple\":true}}";

	CHECK_EQ(client_call(c, WIRE_VERSION, version, sizeof(version), NULL, 0), 0);
}
