// SPDX-License-Identifier: MIT
/**
 * TEST: mirage odp
 * Description: A DMA engine that is no GPU copies memory of a process, and pins none of it.
 * Category: Core
 */
#include <fcntl.h>
#include <limits.h>
#include <linux/mirage_odp.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "igt_mirage.h"
#include "memory.h"
#include "swap.h"

IGT_TEST_DESCRIPTION("A DMA engine that is no GPU copies memory of a process, and pins none of it.");

#define NODE	"/dev/mirage_odp0"
#define DRIVER	"/sys/bus/pci/drivers/mirage_odp"

/* Both kinds of region; each subtest runs with each. */
static uint32_t kind;

static int odp_open(void)
{
	int fd = open(NODE, O_RDWR | O_CLOEXEC);

	igt_assert_fd(fd);
	return fd;
}

static int odp_try_register(int fd, void *addr, uint64_t length, uint32_t flags, uint32_t *region)
{
	struct mirage_odp_register args = {
		.addr = (uintptr_t)addr, .length = length, .flags = flags | kind,
	};
	int ret = ioctl(fd, MIRAGE_ODP_IOC_REGISTER, &args) ? -errno : 0;

	*region = args.region;
	return ret;
}

static uint32_t odp_register(int fd, void *addr, uint64_t length, uint32_t flags)
{
	uint32_t region;

	igt_assert_eq(odp_try_register(fd, addr, length, flags, &region), 0);
	return region;
}

static int odp_copy(int fd, struct mirage_odp_copy *args)
{
	return ioctl(fd, MIRAGE_ODP_IOC_COPY, args) ? -errno : 0;
}

/**
 * struct pair - memory to read and memory to write, registered whole
 */
struct pair {
	int fd;
	uint8_t *src, *dst;
	size_t size;
	uint32_t from, to;
};

static struct pair pair_of(void *src, void *dst, size_t size)
{
	struct pair pair = { .fd = odp_open(), .src = src, .dst = dst, .size = size };

	pair.from = odp_register(pair.fd, src, size, 0);
	pair.to = odp_register(pair.fd, dst, size, MIRAGE_ODP_WRITE);
	return pair;
}

static struct pair pair_new(unsigned int pages)
{
	struct pair pair = pair_of(mem_anon(pages * PAGE), mem_anon(pages * PAGE), pages * PAGE);
	size_t i;

	for (i = 0; i < pair.size; i++)
		pair.src[i] = i * 7 + i / PAGE;
	return pair;
}

static int pair_copy(struct pair *pair)
{
	struct mirage_odp_copy args = { .src = pair->from, .dst = pair->to, .length = pair->size };

	return odp_copy(pair->fd, &args);
}

static void pair_check(struct pair *pair)
{
	igt_assert_eq(pair_copy(pair), 0);
	igt_assert(!memcmp(pair->src, pair->dst, pair->size));
}

static void pair_end(struct pair *pair)
{
	igt_assert(!close(pair->fd));
	mem_unmap(pair->src, pair->size);
	mem_unmap(pair->dst, pair->size);
}

/* Bytes at odd offsets; those around them stay. */
static void bytes(void)
{
	struct pair pair = pair_new(3);
	struct mirage_odp_copy args = {
		.src = pair.from, .dst = pair.to, .src_offset = 4001, .dst_offset = 777, .length = 5000,
	};
	size_t i;

	memset(pair.dst, 0xee, pair.size);
	igt_assert_eq(odp_copy(pair.fd, &args), 0);
	igt_assert_eq_u64(args.copied, 5000);
	for (i = 0; i < pair.size; i++)
		igt_assert_eq(pair.dst[i], i < 777 || i >= 5777 ? 0xee : pair.src[i - 777 + 4001]);
	pair_end(&pair);
}

static void wrong_arguments(void)
{
	struct pair pair = pair_new(1);
	struct mirage_odp_copy args = { .src = 77, .dst = pair.to, .length = 1 };
	uint32_t region, i;

	igt_assert_eq(odp_copy(pair.fd, &args), -ENOENT);
	args = (struct mirage_odp_copy){ pair.from, pair.to, 1, 0, PAGE, 0 };
	igt_assert_eq(odp_copy(pair.fd, &args), -EINVAL);
	args = (struct mirage_odp_copy){ pair.from, pair.to, 0, UINT64_MAX, 2, 0 };
	igt_assert_eq(odp_copy(pair.fd, &args), -EINVAL);
	args = (struct mirage_odp_copy){ pair.to, pair.from, 0, 0, PAGE, 0 };
	igt_assert_eq(odp_copy(pair.fd, &args), -EACCES);
	igt_assert_eq(odp_try_register(pair.fd, pair.src, 0, 0, &region), -EINVAL);
	igt_assert_eq(odp_try_register(pair.fd, pair.src, PAGE, 1u << 31, &region), -EINVAL);
	igt_assert_eq(odp_try_register(pair.fd, pair.src, UINT64_MAX, 0, &region), -EFAULT);
	igt_assert_eq(odp_try_register(pair.fd, (void *)UINTPTR_MAX, PAGE, 0, &region), -EFAULT);
	if (kind)
		igt_assert_eq(odp_try_register(pair.fd, pair.src, MIRAGE_ODP_REVALIDATE_MAX + 1, 0, &region), -E2BIG);
	for (i = 2; i < MIRAGE_ODP_REGIONS_MAX; i++)
		odp_register(pair.fd, pair.src, 1, 0);
	igt_assert_eq(odp_try_register(pair.fd, pair.src, 1, 0, &region), -ENOSPC);
	igt_assert(!ioctl(pair.fd, MIRAGE_ODP_IOC_UNREGISTER, &pair.from));
	igt_assert(ioctl(pair.fd, MIRAGE_ODP_IOC_UNREGISTER, &pair.from) && errno == ENOENT);
	pair_end(&pair);
}

/* The parent's copy goes to the parent's page, and the child has nothing of the device. */
static void after_fork(void)
{
	struct pair pair = pair_new(1);
	uint32_t *copied = mem_shared_page();

	pair_check(&pair);
	igt_fork(child, 1) {
		igt_assert_eq(pair_copy(&pair), -EPERM);
		igt_assert(igt_wait(__atomic_load_n(copied, __ATOMIC_SEQ_CST), 20000, 1));
		/* As it was at the fork. */
		igt_assert_eq(pair.dst[0], 0);
	}
	pair.src[0] = 9;
	pair_check(&pair);
	__atomic_store_n(copied, 1, __ATOMIC_SEQ_CST);
	igt_waitchildren();
	pair_end(&pair);
	igt_assert(!munmap(copied, PAGE));
}

static void events(void)
{
	struct pair pair = pair_new(2);

	pair_check(&pair);
	igt_assert(!mprotect(pair.dst, PAGE, PROT_READ));
	igt_assert_eq(pair_copy(&pair), -EPERM);
	igt_assert(!mprotect(pair.dst, PAGE, PROT_READ | PROT_WRITE));
	igt_assert(!madvise(pair.src, PAGE, MADV_DONTNEED));
	pair_check(&pair);
	igt_assert_eq(pair.dst[1], 0);
	pair.src[1] = 0x5a;
	pair_check(&pair);
	igt_assert(!munmap(pair.src, PAGE));
	igt_assert_eq(pair_copy(&pair), -EFAULT);
	pair_end(&pair);
}

static void swapped(void)
{
	struct pair pair;

	swap_require();
	pair = pair_new(2);
	pair_check(&pair);
	swap_out(pair.src, pair.size);
	swap_out(pair.dst, pair.size);
	/* Taken from the engine, since it holds no page. */
	igt_assert(!(page_entry(pair.dst) & PM_PRESENT));
	pair.src[PAGE] = 0x33;
	pair_check(&pair);
	pair_end(&pair);
	swap_release();
}

static void file_written(void)
{
	char path[] = "/tmp/odp-XXXXXX";
	int file = mkstemp(path);
	uint8_t *src = mem_anon(PAGE), *dst = mem_reserve(BLOCK, BLOCK), back[16];
	struct pair pair;

	igt_assert_fd(file);
	igt_assert(!unlink(path) && !ftruncate(file, PAGE));
	igt_assert(mmap(dst, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, file, 0) == dst);
	pair = pair_of(src, dst, PAGE);
	memset(src, 0x77, PAGE);
	igt_assert_eq(pair_copy(&pair), 0);
	igt_assert(!msync(dst, PAGE, MS_SYNC));
	igt_assert_eq(pread(file, back, sizeof(back), 0), sizeof(back));
	igt_assert(!memcmp(back, src, sizeof(back)));
	igt_assert(!ftruncate(file, 0));
	igt_assert_eq(pair_copy(&pair), kind ? -EFAULT : -ENXIO);
	pair_end(&pair);
	close(file);
}

struct copier {
	struct pair *pair;
	int result;
	uint32_t copies;
	pthread_t thread;
};

static void *copy_until_error(void *data)
{
	struct copier *copier = data;

	do {
		copier->result = pair_copy(copier->pair);
		__atomic_fetch_add(&copier->copies, 1, __ATOMIC_SEQ_CST);
	} while (!copier->result);
	return NULL;
}

/* Start to copy without end; the first copy is over when this returns. */
static void copier_start(struct copier *copier, struct pair *pair)
{
	*copier = (struct copier){ .pair = pair };
	igt_assert(!pthread_create(&copier->thread, NULL, copy_until_error, copier));
	igt_assert(igt_wait(__atomic_load_n(&copier->copies, __ATOMIC_SEQ_CST), 20000, 1));
}

static void munmap_mid_copy(void)
{
	struct pair pair = pair_new(2);
	struct copier copier;
	uint8_t *again;
	size_t i;

	copier_start(&copier, &pair);
	igt_assert(!munmap(pair.dst, pair.size));
	igt_assert(!pthread_join(copier.thread, NULL));
	igt_assert_eq(copier.result, -EFAULT);
	/* No copy of before writes the memory that comes there. */
	again = mmap(pair.dst, pair.size, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE | MAP_POPULATE, -1, 0);
	igt_assert(again == pair.dst);
	for (i = 0; i < pair.size; i++)
		igt_assert_eq(again[i], 0);
	pair_end(&pair);
}

static void killed_mid_copy(void)
{
	struct pair pair;
	uint32_t *ready = mem_shared_page();
	pid_t pid = fork();
	int status;

	igt_assert(pid >= 0);
	if (!pid) {
		struct copier copier;

		pair = pair_new(4);
		copier_start(&copier, &pair);
		__atomic_store_n(ready, 1, __ATOMIC_SEQ_CST);
		pthread_join(copier.thread, NULL);
		_exit(1);
	}
	igt_assert(igt_wait(__atomic_load_n(ready, __ATOMIC_SEQ_CST), 20000, 1));
	igt_assert(!kill(pid, SIGKILL));
	igt_assert(igt_wait(waitpid(pid, &status, WNOHANG) == pid, 10000, 1));
	igt_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	/* The engine works for others. */
	pair = pair_new(1);
	pair_check(&pair);
	pair_end(&pair);
	igt_assert(!munmap(ready, PAGE));
}

static void unbind_mid_copy(void)
{
	struct pair pair = pair_new(2);
	struct copier copier;
	char path[PATH_MAX];
	const char *address;

	igt_assert(realpath("/sys/class/misc/mirage_odp0/device", path));
	address = strrchr(path, '/') + 1;
	copier_start(&copier, &pair);
	igt_assert(file_write(DRIVER "/unbind", address));
	igt_assert(!pthread_join(copier.thread, NULL));
	igt_assert_eq(copier.result, -ENODEV);
	igt_assert_eq(pair_copy(&pair), -ENODEV);
	pair_end(&pair);
	igt_assert(file_write(DRIVER "/bind", address));
	igt_assert(igt_wait(!access(NODE, F_OK), 10000, 1));
	pair = pair_new(1);
	pair_check(&pair);
	pair_end(&pair);
}

static const struct {
	const char *name;
	void (*run)(void);
} subtests[] = {
	{ "bytes", bytes },
	{ "arguments", wrong_arguments },
	{ "fork", after_fork },
	{ "events", events },
	{ "swap", swapped },
	{ "file", file_written },
	{ "munmap", munmap_mid_copy },
	{ "kill", killed_mid_copy },
	{ "unbind", unbind_mid_copy },
};

/**
 * SUBTEST: demand-%s
 * Description: Regions whose pages are made accessible before each transfer.
 *
 * SUBTEST: revalidate-%s
 * Description: The same with regions that are made accessible as a whole.
 */
static void each_subtest(const char *name, uint32_t flag)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(subtests); i++) {
		igt_subtest_f("%s-%s", name, subtests[i].name) {
			kind = flag;
			subtests[i].run();
		}
	}
}

int igt_main()
{
	igt_fixture() {
		igt_require_f(!system("modprobe mirage_odp dma_bits=64"), "no module mirage_odp\n");
		igt_require_f(igt_wait(!access(NODE, F_OK), 10000, 1), "no edu device\n");
	}

	each_subtest("demand", 0);
	each_subtest("revalidate", MIRAGE_ODP_REVALIDATE);

	igt_fixture() {
		igt_assert(!system("modprobe -r mirage_odp"));
	}
}
