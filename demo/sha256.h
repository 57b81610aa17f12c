/* SPDX-License-Identifier: MIT */
/* SHA-256 (FIPS 180-4) on the CPU: the answer that the GPU's is held against. */
#ifndef DEMO_SHA256_H
#define DEMO_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define SHA256_WORDS	8
#define SHA256_BLOCK	64
#define SHA256_ROUNDS	64
/* Bytes of a digest in hexadecimal and its end. */
#define SHA256_HEX	65

/* The round constants and the initial state; the GPU's kernel gets them as arguments. */
extern const uint32_t sha256_round[SHA256_ROUNDS];
extern const uint32_t sha256_start[SHA256_WORDS];

/**
 * sha256() - digest of a piece of memory.
 * @data: @size bytes
 * @digest: eight words, the first the most significant; of native byte order
 */
void sha256(const void *data, size_t size, uint32_t digest[SHA256_WORDS]);

/** sha256_hex() - write a digest as sha256sum does. */
void sha256_hex(const uint32_t digest[SHA256_WORDS], char hex[SHA256_HEX]);

#endif /* DEMO_SHA256_H */
