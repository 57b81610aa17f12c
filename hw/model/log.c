// SPDX-License-Identifier: MIT
/*
 * One line for each message, with the seconds since the first one. Errors that
 * a hostile guest can cause at will are limited in number, so that a log file
 * does not fill the disk; the last line says so. Rejected: a limit for each second, which
 * fills the disk, too, only later.
 */
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "log.h"
#include "util.h"

/* Messages that are written before the rest is dropped. */
#define LOG_MAX_LINES 10000

/* Protects the variables below; a leaf: nothing else is taken while it is held. */
static pthread_mutex_t log_mutex = PTHREAD_MUTEX_INITIALIZER;
static FILE *log_file;
static u64 log_start;
static unsigned int log_lines;

int log_open(const char *path)
{
	FILE *file = fopen(path, "we");

	if (!file)
		return -1;
	setvbuf(file, NULL, _IOLBF, 0);
	pthread_mutex_lock(&log_mutex);
	log_file = file;
	log_start = now_ns();
	pthread_mutex_unlock(&log_mutex);
	return 0;
}

/* Written before each message. */
static void log_prefix(FILE *file)
{
	u64 us = (now_ns() - log_start) / 1000;

	if (file != stderr)
		fprintf(file, "[%6llu.%06llu] ", (unsigned long long)(us / 1000000),
			(unsigned long long)(us % 1000000));
	else
		fputs("mirage-gpu: ", file);
}

/* A macro, since compilers with sanitizers think that a parameter could be no format. */
#define log_line(file, format, args)			\
	do {						\
		log_prefix(file);			\
		vfprintf(file, format, args);		\
		fputc('\n', file);			\
	} while (0)

/* Whether there is room for one more message in @file. The last thing there is that there is none. */
static bool log_room(FILE *file)
{
	if (log_lines > LOG_MAX_LINES)
		return false;
	if (log_lines++ < LOG_MAX_LINES)
		return true;
	log_prefix(file);
	fprintf(file, "%d messages: the rest is dropped\n", LOG_MAX_LINES);
	return false;
}

void log_info(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	pthread_mutex_lock(&log_mutex);
	if (log_file && log_room(log_file))
		log_line(log_file, format, args);
	pthread_mutex_unlock(&log_mutex);
	va_end(args);
}

void log_error(const char *format, ...)
{
	va_list args;
	FILE *file;

	va_start(args, format);
	pthread_mutex_lock(&log_mutex);
	file = log_file ? log_file : stderr;
	if (log_room(file))
		log_line(file, format, args);
	pthread_mutex_unlock(&log_mutex);
	va_end(args);
}

void log_fatal(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	pthread_mutex_lock(&log_mutex);
	log_line(stderr, format, args);
	if (log_file) {
		va_end(args);
		va_start(args, format);
		log_line(log_file, format, args);
	}
	va_end(args);
	exit(1);
}
