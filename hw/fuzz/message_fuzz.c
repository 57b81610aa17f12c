// SPDX-License-Identifier: MIT
/*
 * Fuzzing the device from the client's side: vfio-user messages over a real
 * socket.
 *
 * The first byte chooses: 0: the rest is the stream as it stands; else a VERSION
 * message goes first and the rest is a sequence of messages, each a command byte, a
 * byte of flags (bit 0: no reply; bits 3..1: file descriptors), a byte of payload
 * length and the payload, from which headers are made.
 */
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "device.h"
#include "fuzz.h"
#include "log.h"
#include "server.h"
#include "wire.h"

/* All of an input must fit into the socket, as nobody reads while it is written. */
#define MAX_STREAM 65536

static struct device *dev;
static int memory;

/* Throw the replies away, or the server would wait for room. */
static void *drain(void *arg)
{
	static char sink[65536];
	int fd = *(int *)arg;

	while (recv(fd, sink, sizeof(sink), 0) > 0)
		;
	return NULL;
}

static bool put(int fd, const void *data, size_t len, unsigned int nr_fds)
{
	int fds[7] = { memory, memory, memory, memory, memory, memory, memory };
	union {
		char space[CMSG_SPACE(sizeof(fds))];
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
	return sendmsg(fd, &hdr, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)len;
}

static bool put_message(int fd, u16 command, u32 flags, const void *payload, u32 len,
			unsigned int nr_fds)
{
	u8 message[sizeof(struct wire_header) + 256];
	struct wire_header header = {
		.command = command,
		.size = (u32)sizeof(header) + len,
		.flags = flags,
	};

	memcpy(message, &header, sizeof(header));
	memcpy(message + sizeof(header), payload, len);
	return put(fd, message, header.size, nr_fds);
}

static void put_messages(int fd, const u8 *data, size_t size)
{
	static const char version[] = "\0\0\1\0{\"capabilities\":{\"write_multiple\":true}}";

	if (!put_message(fd, WIRE_VERSION, 0, version, sizeof(version), 0))
		return;
	while (size >= 3) {
		u8 command = data[0], flags = data[1];
		size_t len = data[2];

		data += 3;
		size -= 3;
		if (len > size)
			len = size;
		if (!put_message(fd, command, flags & 1 ? WIRE_NO_REPLY : 0, data, (u32)len,
				 flags >> 1 & 7))
			return;
		data += len;
		size -= len;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	pthread_t drainer;
	int pair[2];
	u64 avail;

	if (!size || size > MAX_STREAM)
		return 0;
	if (!dev) {
		/* The messages are expected here. */
		fuzz_require(!log_open("/dev/null"), "no log");
		dev = device_create(MiB(16));
		memory = memfd_create("guest", MFD_CLOEXEC);
		fuzz_require(dev && memory >= 0 && !ftruncate(memory, MiB(1)), "no device");
	}
	fuzz_require(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), "no socket");
	if (data[0])
		put_messages(pair[0], data + 1, size - 1);
	else
		put(pair[0], data + 1, size - 1, 0);
	shutdown(pair[0], SHUT_WR);
	fuzz_require(!pthread_create(&drainer, NULL, drain, &pair[0]), "no thread");
	server_run(dev, pair[1]);
	close(pair[1]);
	pthread_join(drainer, NULL);
	close(pair[0]);
	/* Nothing of the client is left. */
	fuzz_require(!dev->dma.nr && !dev->dma.files, "a map was left");
	lock_acquire(&dev->lock);
	fuzz_require(!dma_find(&dev->dma, 0, false, &avail), "memory was left");
	for (int i = 0; i < MIRAGE_MSIX_VECTORS; i++)
		fuzz_require(dev->intr.eventfd[i] < 0, "an eventfd was left");
	device_function_reset(dev);
	lock_release(&dev->lock);
	return 0;
}

const struct fuzz_seed fuzz_seeds[] = {
	/* a raw VERSION */
	FUZZ_SEED(0, 1, 0, 1, 0, 22, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, '{', '}'),
	FUZZ_SEED(0, 1, 0, 1, 0, 59, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, '{', '"', 'c', 'a', 'p',
		  'a', 'b', 'i', 'l', 'i', 't', 'i', 'e', 's', '"', ':', '{', '"', 'p', 'g', 's', 'i', 'z',
		  'e', 's', '"', ':', '4', '0', '9', '6', '}', '}', 0, 0, 0, 0, 0),
	/* information of all kinds */
	FUZZ_SEED(1, WIRE_DEVICE_GET_INFO, 0, 16, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		  WIRE_DEVICE_GET_REGION_INFO, 0, 32, 32, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0,
		  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, WIRE_DEVICE_GET_IRQ_INFO, 0, 16, 16, 0, 0,
		  0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0),
	/* map, unmap, unmap all */
	FUZZ_SEED(1, WIRE_DMA_MAP, 2, 32, 32, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0,
		  0, 0, 0, 0x10, 0, 0, 0, 0, 0, 0, WIRE_DMA_UNMAP, 0, 24, 24, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
		  0, 0, 0, 0, 0, 0, 0x10, 0, 0, 0, 0, 0, 0, WIRE_DMA_UNMAP, 0, 24, 24, 0, 0, 0, 2, 0, 0, 0,
		  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
	/* four eventfds; all vectors fire */
	FUZZ_SEED(1, WIRE_DEVICE_SET_IRQS, 8, 20, 20, 0, 0, 0, 0x24, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0,
		  0, WIRE_DEVICE_SET_IRQS, 1, 20, 20, 0, 0, 0, 0x21, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 4, 0,
		  0, 0),
	/* memory space on, a register read, one written, a multiple write, reset */
	FUZZ_SEED(1, WIRE_REGION_WRITE, 0, 18, 4, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 2, 0, 0, 0, 6, 0,
		  WIRE_REGION_READ, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0,
		  WIRE_REGION_WRITE, 0, 20, 0x40, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 1, 2, 3, 4,
		  WIRE_REGION_WRITE_MULTI, 0, 32, 1, 0, 0, 0, 0, 0, 0, 0, 0x40, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		  0, 4, 0, 0, 0, 9, 9, 9, 9, 0, 0, 0, 0, WIRE_DEVICE_RESET, 0, 0),
	{ NULL, 0 }
};
