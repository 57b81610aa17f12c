/* SPDX-License-Identifier: MIT */
/* A memory cgroup of a test's own, without swap space, for its children. */
#ifndef CGROUP_H
#define CGROUP_H

#include <stdint.h>

/* Make it, empty and without limits; skips where the kernel has no memory cgroups. */
void cgroup_create(void);
/* Take it away; nobody is in it. */
void cgroup_remove(void);
/* The calling process goes into it. */
void cgroup_enter(void);

/* Its files: "memory.max" and the like, in bytes; and the lines of "memory.events" and "memory.stat". */
void cgroup_set(const char *file, uint64_t value);
uint64_t cgroup_get(const char *file);
uint64_t cgroup_line(const char *file, const char *key);

#endif /* CGROUP_H */
