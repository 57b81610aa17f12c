/* SPDX-License-Identifier: MIT */
/*
 * The parts of a core dump in words: each prints lines to standard output.
 */
#ifndef DECODE_H
#define DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mirage_chan_desc;

void decode_register(unsigned int offset, const char *name, uint64_t value);
void decode_command(const uint32_t words[8]);
void decode_event(const uint32_t words[4]);
void decode_fault(const uint32_t words[8]);
void decode_place(const uint32_t words[8]);
void decode_descriptor(const struct mirage_chan_desc *desc);
void decode_packets(const uint32_t *words, size_t count, uint64_t first, unsigned int unit);
bool decode_history(const char *line);

#endif /* DECODE_H */
