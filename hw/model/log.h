/* SPDX-License-Identifier: MIT */
/* Messages for the person who runs the model. */
#ifndef MODEL_LOG_H
#define MODEL_LOG_H

/**
 * log_open() - send messages to @path instead of standard error.
 * Returns 0 or -1 with errno set.
 */
int log_open(const char *path);

/** log_info() - something worth knowing afterwards; silent unless log_open() was called. */
__attribute__((format(printf, 1, 2))) void log_info(const char *format, ...);

/** log_error() - the client, the guest or the host did something wrong. */
__attribute__((format(printf, 1, 2))) void log_error(const char *format, ...);

/** log_fatal() - like log_error(), and ends the process with status 1. */
__attribute__((format(printf, 1, 2), noreturn)) void log_fatal(const char *format, ...);

#endif /* MODEL_LOG_H */
