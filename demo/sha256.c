// SPDX-License-Identifier: MIT
/*
 * SHA-256 as FIPS 180-4 states it, one block after the other.
 *
 * Written for the CPU alone and from another angle than kernels/sha256.s: the message
 * schedule is expanded whole, the padding is built in memory. The GPU's program
 * keeps 16 words and pads on the fly, so the two do not share a mistake.
 * Rejected: OpenSSL, a dependency for thirty lines.
 */
#include "sha256.h"

#include <stdio.h>
#include <string.h>

const uint32_t sha256_round[SHA256_ROUNDS] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
	0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
	0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
	0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
	0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
	0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
	0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116,
	0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
	0xc67178f2,
};

const uint32_t sha256_start[SHA256_WORDS] = {
	0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
	0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
};

static uint32_t ror(uint32_t x, unsigned int n)
{
	return x >> n | x << (32 - n);
}

static uint32_t load_be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void add_block(uint32_t digest[SHA256_WORDS], const uint8_t *block)
{
	uint32_t w[SHA256_ROUNDS], s[SHA256_WORDS];
	unsigned int i;

	for (i = 0; i < 16; i++)
		w[i] = load_be32(block + 4 * i);
	for (; i < SHA256_ROUNDS; i++) {
		uint32_t s0 = ror(w[i - 15], 7) ^ ror(w[i - 15], 18) ^ w[i - 15] >> 3;
		uint32_t s1 = ror(w[i - 2], 17) ^ ror(w[i - 2], 19) ^ w[i - 2] >> 10;

		w[i] = w[i - 16] + s0 + w[i - 7] + s1;
	}

	memcpy(s, digest, sizeof(s));
	for (i = 0; i < SHA256_ROUNDS; i++) {
		uint32_t sum1 = ror(s[4], 6) ^ ror(s[4], 11) ^ ror(s[4], 25);
		uint32_t choice = (s[4] & s[5]) ^ (~s[4] & s[6]);
		uint32_t t1 = s[7] + sum1 + choice + sha256_round[i] + w[i];
		uint32_t sum0 = ror(s[0], 2) ^ ror(s[0], 13) ^ ror(s[0], 22);
		uint32_t majority = (s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]);

		memmove(s + 1, s, 7 * sizeof(s[0]));
		s[4] += t1;
		s[0] = t1 + sum0 + majority;
	}
	for (i = 0; i < SHA256_WORDS; i++)
		digest[i] += s[i];
}

void sha256(const void *data, size_t size, uint32_t digest[SHA256_WORDS])
{
	const uint8_t *p = data;
	uint8_t tail[2 * SHA256_BLOCK] = { 0 };
	size_t rest = size % SHA256_BLOCK;
	size_t tail_size = rest < SHA256_BLOCK - 8 ? SHA256_BLOCK : 2 * SHA256_BLOCK;
	uint64_t bits = (uint64_t)size * 8;
	size_t i;

	memcpy(digest, sha256_start, sizeof(sha256_start));
	for (i = 0; i < size - rest; i += SHA256_BLOCK)
		add_block(digest, p + i);

	if (rest)
		memcpy(tail, p + i, rest);
	tail[rest] = 0x80;
	for (i = 0; i < 8; i++)
		tail[tail_size - 1 - i] = bits >> (8 * i);
	for (i = 0; i < tail_size; i += SHA256_BLOCK)
		add_block(digest, tail + i);
}

void sha256_hex(const uint32_t digest[SHA256_WORDS], char hex[SHA256_HEX])
{
	unsigned int i;

	for (i = 0; i < SHA256_WORDS; i++)
		snprintf(hex + 8 * i, SHA256_HEX - 8 * i, "%08x", digest[i]);
}
