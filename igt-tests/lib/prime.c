// SPDX-License-Identifier: MIT
/*
 * Others who share buffers, by their own interfaces.
 */
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <drm/drm.h>
#include <drm/drm_mode.h>
#include <drm/vgem_drm.h>
#include <linux/dma-buf.h>
#include <linux/dma-heap.h>
#include <linux/udmabuf.h>

#include "igt_prime.h"

#define NODES	64

int prime_export(struct mirage *dev, uint32_t handle)
{
	int fd;

	igt_assert_eq(mirage_prime_export(dev, handle, DRM_CLOEXEC | DRM_RDWR, &fd), 0);
	return fd;
}

uint32_t prime_import(struct mirage *dev, int fd)
{
	uint32_t handle;

	igt_assert_eq(mirage_prime_import(dev, fd, &handle), 0);
	return handle;
}

void *prime_map(int fd, size_t size)
{
	void *map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	igt_assert_f(map != MAP_FAILED, "mapping a dma-buf: %s\n", strerror(errno));
	return map;
}

void prime_begin(int fd, uint64_t flags)
{
	struct dma_buf_sync sync = { .flags = DMA_BUF_SYNC_START | flags };

	do_ioctl(fd, DMA_BUF_IOCTL_SYNC, &sync);
}

void prime_end(int fd, uint64_t flags)
{
	struct dma_buf_sync sync = { .flags = DMA_BUF_SYNC_END | flags };

	do_ioctl(fd, DMA_BUF_IOCTL_SYNC, &sync);
}

/* The same for two files that are one dma-buf. */
uint64_t prime_inode(int fd)
{
	struct stat st;

	igt_assert_eq(fstat(fd, &st), 0);
	return st.st_ino;
}

/* Whether no fence is in the way of reading, or of writing. */
bool prime_is_idle(int fd, bool for_writing)
{
	struct pollfd poll_fd = { .fd = fd, .events = for_writing ? POLLOUT : POLLIN };
	int n = poll(&poll_fd, 1, 0);

	igt_assert(n >= 0);
	return n == 1;
}

/* The fences to be waited for before reading or writing (DMA_BUF_SYNC_*), as a sync file. */
int prime_export_fence(int fd, uint32_t flags)
{
	struct dma_buf_export_sync_file args = { .flags = flags, .fd = -1 };

	do_ioctl(fd, DMA_BUF_IOCTL_EXPORT_SYNC_FILE, &args);
	return args.fd;
}

/* Add the fence of a sync file: of a reader or a writer (DMA_BUF_SYNC_*). */
void prime_import_fence(int fd, int sync_file, uint32_t flags)
{
	struct dma_buf_import_sync_file args = { .flags = flags, .fd = sync_file };

	do_ioctl(fd, DMA_BUF_IOCTL_IMPORT_SYNC_FILE, &args);
}

bool sync_file_is_signaled(int fd)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	int n = poll(&poll_fd, 1, 0);

	igt_assert(n >= 0);
	return n == 1;
}

void fd_channel(int sockets[2])
{
	igt_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets), 0);
}

void fd_send(int sock, int fd)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { };
	char byte = 0;
	struct iovec data = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};

	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	igt_assert_eq(sendmsg(sock, &msg, 0), 1);
}

int fd_receive(int sock)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { };
	char byte;
	struct iovec data = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	int fd;

	igt_assert_eq(recvmsg(sock, &msg, MSG_CMSG_CLOEXEC), 1);
	igt_assert_eq(control.header.cmsg_type, SCM_RIGHTS);
	memcpy(&fd, CMSG_DATA(&control.header), sizeof(fd));
	return fd;
}

static bool is_vgem(int fd)
{
	char name[8] = "";
	struct drm_version version = { .name = name, .name_len = sizeof(name) - 1 };

	return !igt_ioctl(fd, DRM_IOCTL_VERSION, &version) && !strcmp(name, "vgem");
}

static int find_vgem(void)
{
	char path[32];

	for (int i = 0; i < NODES; i++) {
		int fd;

		snprintf(path, sizeof(path), "/dev/dri/card%d", i);
		fd = open(path, O_RDWR | O_CLOEXEC);
		if (fd < 0)
			continue;
		if (is_vgem(fd))
			return fd;
		close(fd);
	}
	return -1;
}

void vgem_open(struct vgem *vgem)
{
	vgem->fd = find_vgem();
	if (vgem->fd < 0 && !system("modprobe vgem"))
		vgem->fd = find_vgem();
	igt_require_f(vgem->fd >= 0, "the kernel has no vgem\n");
}

void vgem_close(struct vgem *vgem)
{
	close(vgem->fd);
}

uint32_t vgem_create(struct vgem *vgem, uint32_t size)
{
	struct drm_mode_create_dumb args = { .width = size / 4, .height = 1, .bpp = 32 };

	do_ioctl(vgem->fd, DRM_IOCTL_MODE_CREATE_DUMB, &args);
	igt_assert_eq_u64(args.size, size);
	return args.handle;
}

void *vgem_map(struct vgem *vgem, uint32_t handle, size_t size)
{
	struct drm_mode_map_dumb args = { .handle = handle };
	void *map;

	do_ioctl(vgem->fd, DRM_IOCTL_MODE_MAP_DUMB, &args);
	map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, vgem->fd, (off_t)args.offset);
	igt_assert_f(map != MAP_FAILED, "mapping a buffer of vgem: %s\n", strerror(errno));
	return map;
}

int vgem_export(struct vgem *vgem, uint32_t handle)
{
	struct drm_prime_handle args = { .handle = handle, .flags = DRM_CLOEXEC | DRM_RDWR };

	do_ioctl(vgem->fd, DRM_IOCTL_PRIME_HANDLE_TO_FD, &args);
	return args.fd;
}

int vgem_import(struct vgem *vgem, int fd, uint32_t *handle)
{
	struct drm_prime_handle args = { .fd = fd };

	if (igt_ioctl(vgem->fd, DRM_IOCTL_PRIME_FD_TO_HANDLE, &args))
		return -errno;
	*handle = args.handle;
	return 0;
}

/* The fence, or a negative errno: -EBUSY somebody else's is in the way. */
int vgem_try_fence(struct vgem *vgem, uint32_t handle, bool write)
{
	struct drm_vgem_fence_attach args = {
		.handle = handle,
		.flags = write ? VGEM_FENCE_WRITE : 0,
	};

	if (igt_ioctl(vgem->fd, DRM_IOCTL_VGEM_FENCE_ATTACH, &args))
		return -errno;
	return (int)args.out_fence;
}

uint32_t vgem_fence(struct vgem *vgem, uint32_t handle, bool write)
{
	int fence = vgem_try_fence(vgem, handle, write);

	igt_assert_f(fence > 0, "a fence of vgem: %s\n", strerror(-fence));
	return (uint32_t)fence;
}

void vgem_signal(struct vgem *vgem, uint32_t fence)
{
	struct drm_vgem_fence_signal args = { .fence = fence };

	do_ioctl(vgem->fd, DRM_IOCTL_VGEM_FENCE_SIGNAL, &args);
}

int udmabuf_create(size_t size, uint32_t **words)
{
	struct udmabuf_create args = { .flags = UDMABUF_FLAGS_CLOEXEC, .size = size };
	int dev = open("/dev/udmabuf", O_RDWR | O_CLOEXEC), fd;

	igt_require_f(dev >= 0, "/dev/udmabuf: %s\n", strerror(errno));
	args.memfd = memfd_create("udmabuf", MFD_ALLOW_SEALING | MFD_CLOEXEC);
	igt_assert_fd((int)args.memfd);
	igt_assert_eq(ftruncate((int)args.memfd, (off_t)size), 0);
	igt_assert_eq(fcntl((int)args.memfd, F_ADD_SEALS, F_SEAL_SHRINK), 0);
	*words = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, (int)args.memfd, 0);
	igt_assert(*words != MAP_FAILED);
	fd = ioctl(dev, UDMABUF_CREATE, &args);
	igt_assert_fd(fd);
	close((int)args.memfd);
	close(dev);
	return fd;
}

int heap_alloc(size_t size)
{
	struct dma_heap_allocation_data args = { .len = size, .fd_flags = O_RDWR | O_CLOEXEC };
	int heap = open("/dev/dma_heap/system", O_RDWR | O_CLOEXEC);

	igt_require_f(heap >= 0, "/dev/dma_heap/system: %s\n", strerror(errno));
	do_ioctl(heap, DMA_HEAP_IOCTL_ALLOC, &args);
	close(heap);
	return (int)args.fd;
}
