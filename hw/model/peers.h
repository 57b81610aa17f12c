/* SPDX-License-Identifier: MIT */
/* The video memory of other GPUs of the machine, as this one reaches it on the bus. */
#ifndef MODEL_PEERS_H
#define MODEL_PEERS_H

#include "util.h"

/* Protected by the device's lock. */
struct peers {
	int dir;	/* of the directory that the machine's GPUs share; -1: there is none */
	char name[40];	/* of this GPU's entry there; empty: it has none */
	int entry;	/* its file, locked; -1: it has none */
};

void peers_init(struct peers *peers);
/** peers_fini() - withdraw the entry, and forget the directory. */
void peers_fini(struct peers *peers);

/** peers_join() - share @path with the others from now on. Returns 0 or -1 with errno set. */
int peers_join(struct peers *peers, const char *path);

/**
 * peers_publish() - this GPU's video memory lies at bus address @addr.
 * @addr: 0: nowhere
 * @size: bytes of it
 * @fd: the memory
 */
void peers_publish(struct peers *peers, u64 addr, u64 size, int fd);

/**
 * peers_find() - the memory of the GPU whose video memory is exactly the @size bytes at @addr.
 * Returns a file descriptor for the caller to close, or -1 if there is none.
 */
int peers_find(const struct peers *peers, u64 addr, u64 size);

#endif /* MODEL_PEERS_H */
