/* SPDX-License-Identifier: MIT */
/*
 * Others who share buffers: vgem, udmabuf, dma-heaps; and what can be done with a dma-buf itself.
 */
#ifndef IGT_PRIME_H
#define IGT_PRIME_H

#include <mirage.h>

#include "igt.h"

/* A dma-buf of ours, readable and writable, and the other way round. */
int prime_export(struct mirage *dev, uint32_t handle);
uint32_t prime_import(struct mirage *dev, int fd);

/* The dma-buf itself */
void *prime_map(int fd, size_t size);
void prime_begin(int fd, uint64_t flags);
void prime_end(int fd, uint64_t flags);
uint64_t prime_inode(int fd);
bool prime_is_idle(int fd, bool for_writing);
int prime_export_fence(int fd, uint32_t flags);
void prime_import_fence(int fd, int sync_file, uint32_t flags);
bool sync_file_is_signaled(int fd);

/* Files from process to process */
void fd_channel(int sockets[2]);
void fd_send(int sock, int fd);
int fd_receive(int sock);

/**
 * struct vgem - the kernel's driver for buffers without a device
 */
struct vgem {
	/** @fd: its primary node */
	int fd;
};

/* Skips where the kernel has none. */
void vgem_open(struct vgem *vgem);
void vgem_close(struct vgem *vgem);
uint32_t vgem_create(struct vgem *vgem, uint32_t size);
void *vgem_map(struct vgem *vgem, uint32_t handle, size_t size);
int vgem_export(struct vgem *vgem, uint32_t handle);
int vgem_import(struct vgem *vgem, int fd, uint32_t *handle);

/* A fence on a buffer that ends when it is signalled, or after 10 s. */
uint32_t vgem_fence(struct vgem *vgem, uint32_t handle, bool write);
int vgem_try_fence(struct vgem *vgem, uint32_t handle, bool write);
void vgem_signal(struct vgem *vgem, uint32_t fence);

/* Memory of a memfd, mapped; and of the system's heap. Both skip where the kernel has none. */
int udmabuf_create(size_t size, uint32_t **words);
int heap_alloc(size_t size);

#endif /* IGT_PRIME_H */
