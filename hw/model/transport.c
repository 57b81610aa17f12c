// SPDX-License-Identifier: MIT
/*
 * A message is received in two pieces, header and payload, so that descriptors
 * can only belong to the message that they were sent with. A size that cannot
 * be right ends the connection: there is no way to find the next header.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "log.h"
#include "transport.h"

void message_init(struct message *msg)
{
	*msg = (struct message){ .payload = xcalloc(1, WIRE_MAX_SIZE) };
}

void message_fini(struct message *msg)
{
	message_close_fds(msg);
	free(msg->payload);
}

int message_take_fd(struct message *msg, unsigned int i)
{
	int fd = msg->fds[i];

	msg->fds[i] = -1;
	return fd;
}

void message_close_fds(struct message *msg)
{
	for (unsigned int i = 0; i < msg->nr_fds; i++)
		if (msg->fds[i] >= 0)
			close(msg->fds[i]);
	msg->nr_fds = 0;
}

int transport_listen(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof(addr.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(addr.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) || listen(fd, 1)) {
		int error = errno;

		close(fd);
		errno = error;
		return -1;
	}
	return fd;
}

/* Take over the descriptors of a control message. False if there were too many. */
static bool take_fds(struct message *msg, struct msghdr *hdr)
{
	struct cmsghdr *cmsg;

	for (cmsg = CMSG_FIRSTHDR(hdr); cmsg; cmsg = CMSG_NXTHDR(hdr, cmsg)) {
		size_t nr = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (cmsg->cmsg_level != SOL_SOCKET || cmsg->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < nr; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(cmsg) + i * sizeof(int), sizeof(int));
			if (msg->nr_fds == WIRE_MAX_FDS)
				close(fd);
			else
				msg->fds[msg->nr_fds++] = fd;
		}
	}
	return !(hdr->msg_flags & MSG_CTRUNC);
}

/* Receive exactly @len bytes. Returns 1, 0 at the end of the stream before the first, -1 on errors. */
static int receive_bytes(int socket, struct message *msg, void *data, size_t len)
{
	size_t done = 0;

	while (done < len) {
		union {
			char space[CMSG_SPACE(WIRE_MAX_FDS * sizeof(int))];
			struct cmsghdr align;
		} control;
		struct iovec iov = { .iov_base = (u8 *)data + done, .iov_len = len - done };
		struct msghdr hdr = {
			.msg_iov = &iov,
			.msg_iovlen = 1,
			.msg_control = control.space,
			.msg_controllen = sizeof(control.space),
		};
		ssize_t n = recvmsg(socket, &hdr, MSG_CMSG_CLOEXEC);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == ECONNRESET)
			n = 0;
		if (n < 0) {
			log_error("receive: %s", strerror(errno));
			return -1;
		}
		if (n == 0)
			return done ? -1 : 0;
		if (!take_fds(msg, &hdr)) {
			log_error("a message has more than the limit of %d file descriptors",
				  WIRE_MAX_FDS);
			return -1;
		}
		done += (size_t)n;
	}
	return 1;
}

int transport_receive(int socket, struct message *msg)
{
	int ret = receive_bytes(socket, msg, &msg->header, sizeof(msg->header));

	if (ret <= 0)
		return ret;
	if (msg->header.size < sizeof(msg->header) || msg->header.size > WIRE_MAX_SIZE) {
		log_error("command %u has %u bytes, may have %zu to %u", msg->header.command,
			  msg->header.size, sizeof(msg->header), (unsigned int)WIRE_MAX_SIZE);
		return -1;
	}
	if ((msg->header.flags & WIRE_TYPE_MASK) != WIRE_TYPE_COMMAND) {
		log_error("message type %u where a command should be",
			  msg->header.flags & WIRE_TYPE_MASK);
		return -1;
	}
	msg->len = msg->header.size - (u32)sizeof(msg->header);
	if (!msg->len)
		return 1;
	ret = receive_bytes(socket, msg, msg->payload, msg->len);
	if (ret == 0)
		log_error("command %u: the stream ends within the message", msg->header.command);
	return ret == 1 ? 1 : -1;
}

static int send_message(int socket, const struct wire_header *header, const void *data, u32 len,
			int fd)
{
	struct iovec iov[2] = {
		{ .iov_base = (void *)header, .iov_len = sizeof(*header) },
		{ .iov_base = (void *)data, .iov_len = len },
	};
	union {
		char space[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	struct msghdr hdr = { .msg_iov = iov, .msg_iovlen = 2 };
	size_t left = sizeof(*header) + len;

	if (fd >= 0) {
		struct cmsghdr *cmsg = &control.align;

		hdr.msg_control = control.space;
		hdr.msg_controllen = sizeof(control.space);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
	}
	while (left) {
		ssize_t n = sendmsg(socket, &hdr, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		left -= (size_t)n;
		hdr.msg_control = NULL;
		hdr.msg_controllen = 0;
		for (int i = 0; i < 2; i++) {
			size_t used = (size_t)n < iov[i].iov_len ? (size_t)n : iov[i].iov_len;

			if (!used)	/* an empty part may have no address to add to */
				continue;
			iov[i].iov_base = (u8 *)iov[i].iov_base + used;
			iov[i].iov_len -= used;
			n -= (ssize_t)used;
		}
	}
	return 0;
}

int transport_reply(int socket, const struct message *msg, const void *data, u32 len, int fd)
{
	struct wire_header header = {
		.id = msg->header.id,
		.command = msg->header.command,
		.size = (u32)sizeof(header) + len,
		.flags = WIRE_TYPE_REPLY,
	};

	if (msg->header.flags & WIRE_NO_REPLY)
		return 0;
	return send_message(socket, &header, data, len, fd);
}

int transport_error(int socket, const struct message *msg, int error)
{
	struct wire_header header = {
		.id = msg->header.id,
		.command = msg->header.command,
		.size = (u32)sizeof(header),
		.flags = WIRE_TYPE_REPLY | WIRE_ERROR,
		.error = (u32)error,
	};

	if (msg->header.flags & WIRE_NO_REPLY)
		return 0;
	return send_message(socket, &header, NULL, 0, -1);
}
