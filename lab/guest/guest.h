/* SPDX-License-Identifier: MIT */
/* Shared by the parts of the guest's init. */
#ifndef MIRAGE_LAB_GUEST_H
#define MIRAGE_LAB_GUEST_H

#include <stddef.h>
#include <stdbool.h>

/* The host's side of a run: options in, output, and exit status out. */
#define IO_DIR		"/run/lab"

/**
 * die() - say what failed and stop the machine
 * @fmt: what was being done; strerror(errno) is added
 *
 * The kernel log gets the message too, as it may be all that is left to read. Never returns.
 */
void die(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

/** warn_user() - one line on the kernel log, with strerror(errno) added */
void warn_user(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/**
 * slurp() - read a whole file
 * @path: the file
 * @size: set to its length
 *
 * Return: the contents with a NUL after them, to be freed by the caller; NULL with errno set
 * where there is no such file.
 */
char *slurp(const char *path, size_t *size);

/** mount_root() - put a writable overlay in memory above the read-only root, and move into it */
void mount_root(void);

/** mount_all() - the file systems that programs expect, and the host's run directory */
void mount_all(void);

/**
 * module_load() - load one kernel module, compressed or not
 * @path: the file
 * @params: its parameters, space-separated, or ""
 *
 * Return: 0, also where it was loaded already; -1 with errno set.
 */
int module_load(const char *path, const char *params);

/** modules_load() - load what IO_DIR/modules lists, one "path parameters" a line, in that order */
int modules_load(void);

/**
 * job_run() - run the command of IO_DIR/argv, or a shell where there is none
 *
 * Its output goes to IO_DIR/stdout and IO_DIR/stderr, or, where IO_DIR/tty exists, to that terminal.
 *
 * Return: its exit status as a shell would tell it: 128 + signal where one ended it.
 */
int job_run(void);

#endif
