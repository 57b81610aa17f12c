// SPDX-License-Identifier: MIT
/*
 * SHA-256 against digests that others have computed: the examples of FIPS 180-2, and
 * sizes around the block's end, where padding goes wrong if it does.
 */
#include "sha256.h"

#include <stdlib.h>
#include <string.h>

#include "test.h"

static void check_digest(const void *data, size_t size, const char *expected)
{
	uint32_t digest[SHA256_WORDS];
	char hex[SHA256_HEX];

	sha256(data, size, digest);
	sha256_hex(digest, hex);
	if (strcmp(hex, expected)) {
		fprintf(stderr, "%zu bytes: %s, expected %s\n", size, hex, expected);
		test_failures++;
	}
}

static void test_examples(void)
{
	static const char two_blocks[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";

	check_digest("", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	check_digest("abc", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	check_digest(two_blocks, strlen(two_blocks),
		     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

static void test_million(void)
{
	char *data = malloc(1000000);

	if (!data)
		abort();
	memset(data, 'a', 1000000);
	check_digest(data, 1000000,
		     "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
	free(data);
}

/* n times the letter a. */
static void test_padding(void)
{
	static const struct {
		size_t size;
		const char *digest;
	} cases[] = {
		{ 1, "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb" },
		{ 55, "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318" },
		{ 56, "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a" },
		{ 57, "f13b2d724659eb3bf47f2dd6af1accc87b81f09f59f2b75e5c0bed6589dfe8c6" },
		{ 63, "7d3e74a05d7db15bce4ad9ec0658ea98e3f06eeecf16b4c6fff2da457ddc2f34" },
		{ 64, "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb" },
		{ 65, "635361c48bb9eab14198e76ea8ab7f1a41685d6ad62aa9146d301d4f17eb0ae0" },
		{ 119, "31eba51c313a5c08226adf18d4a359cfdfd8d2e816b13f4af952f7ea6584dcfb" },
		{ 120, "2f3d335432c70b580af0e8e1b3674a7c020d683aa5f73aaaedfdc55af904c21c" },
		{ 128, "6836cf13bac400e9105071cd6af47084dfacad4e5e302c94bfed24e013afb73e" },
	};
	char data[128];
	size_t i;

	memset(data, 'a', sizeof(data));
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		check_digest(data, cases[i].size, cases[i].digest);
}

int main(void)
{
	test_examples();
	test_million();
	test_padding();
	return test_result();
}
