// SPDX-License-Identifier: MIT
/**
 * TEST: mirage prime peer
 * Description: Two mirage GPUs and the same object: in the video memory of one where the other reaches it, else in
 *	system memory; fences both ways, moves, and what becomes of it when one of them goes.
 * Category: Core
 */
#include <dirent.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <linux/dma-buf.h>

#include "igt_mirage.h"
#include "igt_mirage_bo.h"
#include "igt_mirage_space.h"
#include "igt_prime.h"
#include "memory.h"
#include "stress.h"
#include "waits.h"
#include "working_set.h"

IGT_TEST_DESCRIPTION("Two mirage GPUs and the same object.");

#define VRAM	DRM_MIRAGE_PLACEMENT_VRAM
#define SYSTEM	DRM_MIRAGE_PLACEMENT_SYSTEM
#define PEER	DRM_MIRAGE_PLACEMENT_PEER
#define SIZE	(1u << 20)
/* Objects that are mapped while the exporter leaves. */
#define MANY	64
/* One on the GPU that imports, the others on the one that has the objects. */
#define ROOM_WORKERS	3
#define ROOM_SECONDS	10
#define DRIVER	"/sys/bus/pci/drivers/mirage"

/* The two devices of this machine; found once. */
static char nodes[2][64];
static char addresses[2][32];
/* Whether both are below one PCIe port, which is how the kernel decides that they reach each other. */
static bool reachable;

static bool is_mirage(const char *node)
{
	struct mirage dev;

	if (mirage_open_node(&dev, node))
		return false;
	mirage_close(&dev);
	return true;
}

/* The first bridge on the way to a device, and the device itself. */
static void find_place(const char *node, char *port, char *address)
{
	char link[128], path[PATH_MAX], name[64], *part;

	snprintf(name, sizeof(name), "%s", node);
	snprintf(link, sizeof(link), "/sys/class/drm/%.64s/device", basename(name));
	igt_assert(realpath(link, path));
	snprintf(address, 32, "%.31s", basename(path));
	part = strstr(path, "/pci0000:00/");
	igt_assert(part);
	snprintf(port, 32, "%.12s", part + strlen("/pci0000:00/"));
}

static void find_devices(void)
{
	char ports[2][32];
	unsigned int n = 0;

	for (unsigned int minor = 128; minor < 192 && n < 2; minor++) {
		snprintf(nodes[n], sizeof(nodes[n]), "/dev/dri/renderD%u", minor);
		if (is_mirage(nodes[n]))
			n++;
	}
	igt_require_f(n == 2, "this machine has one GPU: ./mirage vm --gpus 2, with and without --switch\n");
	for (n = 0; n < 2; n++)
		find_place(nodes[n], ports[n], addresses[n]);
	reachable = !strcmp(ports[0], ports[1]);
	igt_info("%s and %s %s each other\n", addresses[0], addresses[1],
		 reachable ? "reach" : "do not reach");
}

/**
 * struct pair - both devices, an address space on each, and an object of the first in both
 */
struct pair {
	/** @dev: exporter, importer */
	struct mirage dev[2];
	/** @space: theirs */
	struct space space[2];
	/** @shared: the object as each has it */
	struct buf shared[2];
	/** @own: an object in system memory that only one has */
	struct buf own[2];
	/** @fd: dma-buf */
	int fd;
};

static void pair_open_spaces(struct pair *pair, unsigned int exporter)
{
	for (unsigned int i = 0; i < 2; i++) {
		igt_assert_eq(mirage_open_node(&pair->dev[i], nodes[i ^ exporter]), 0);
		space_open(&pair->space[i], &pair->dev[i]);
		pair->own[i] = buf_new(&pair->space[i], SIZE, SYSTEM);
	}
}

static void pair_open(struct pair *pair, unsigned int exporter, uint32_t placement)
{
	pair_open_spaces(pair, exporter);
	pair->shared[0] = buf_new(&pair->space[0], SIZE, placement);
	pair->fd = prime_export(&pair->dev[0], pair->shared[0].handle);
	pair->shared[1] = buf_adopt(&pair->space[1], prime_import(&pair->dev[1], pair->fd), SIZE);
}

static void pair_close_spaces(struct pair *pair)
{
	for (unsigned int i = 0; i < 2; i++) {
		buf_free(&pair->space[i], &pair->own[i]);
		space_close(&pair->space[i]);
		mirage_close(&pair->dev[i]);
	}
}

static void pair_close(struct pair *pair)
{
	close(pair->fd);
	for (unsigned int i = 2; i--;)
		buf_free(&pair->space[i], &pair->shared[i]);
	pair_close_spaces(pair);
}

/* One device's own words, by its GPU, into the shared object; and out of it, compared. */
static void put(struct pair *pair, unsigned int who, uint32_t seed)
{
	words_write(pair->own[who].words, SIZE, seed);
	space_copy(&pair->space[who], pair->shared[who].addr, pair->own[who].addr, SIZE);
}

static void get(struct pair *pair, unsigned int who, uint32_t seed)
{
	memset(pair->own[who].words, 0xee, SIZE);
	space_copy(&pair->space[who], pair->own[who].addr, pair->shared[who].addr, SIZE);
	words_check(pair->own[who].words, SIZE, seed);
}

static void expect_locations(struct pair *pair, uint32_t exporter, uint32_t importer)
{
	igt_assert_eq_u32(buf_location(&pair->space[0], &pair->shared[0]), exporter);
	igt_assert_eq_u32(buf_location(&pair->space[1], &pair->shared[1]), importer);
}

/**
 * SUBTEST: copy-%s
 * Description: One GPU reads, byte by byte and in turns, the data that the other writes. It is in the first one's video memory if
 *	the second reaches that, and in system memory otherwise.
 *
 * arg[1]:
 *
 * @forth:	exported by the first
 * @back:	exported by the second
 */
static void copy(unsigned int exporter)
{
	struct pair pair;

	pair_open(&pair, exporter, VRAM | SYSTEM);
	for (uint32_t round = 1; round < 9; round += 2) {
		put(&pair, 0, round);
		get(&pair, 1, round);
		put(&pair, 1, round + 1);
		get(&pair, 0, round + 1);
		words_check(pair.shared[0].words, SIZE, round + 1);
		words_check(pair.shared[1].words, SIZE, round + 1);
		if (reachable)
			expect_locations(&pair, VRAM, PEER);
		else
			expect_locations(&pair, SYSTEM, SYSTEM);
	}
	pair_close(&pair);
}

/**
 * SUBTEST: vram-alone
 * Description: An object that may only be in video memory: shared with a GPU that reaches it, refused to one that
 *	does not, and as good as before then.
 */
static void vram_alone(void)
{
	struct pair pair;
	uint32_t handle;

	if (reachable) {
		pair_open(&pair, 0, VRAM);
		put(&pair, 1, 1);
		get(&pair, 0, 1);
		expect_locations(&pair, VRAM, PEER);
		pair_close(&pair);
		return;
	}
	pair_open_spaces(&pair, 0);
	pair.shared[0] = buf_new(&pair.space[0], SIZE, VRAM);
	pair.fd = prime_export(&pair.dev[0], pair.shared[0].handle);
	igt_assert_eq(mirage_prime_import(&pair.dev[1], pair.fd, &handle), -EOPNOTSUPP);
	put(&pair, 0, 1);
	get(&pair, 0, 1);
	close(pair.fd);
	buf_free(&pair.space[0], &pair.shared[0]);
	pair_close_spaces(&pair);
}

/**
 * SUBTEST: third-party
 * Description: One who reaches no video memory is attached as well (vgem): from then on the object is in system memory
 *	for all, and nobody loses a byte.
 */
static void third_party(void)
{
	struct pair pair;
	struct vgem vgem;
	uint32_t handle;

	pair_open(&pair, 0, VRAM | SYSTEM);
	put(&pair, 0, 1);
	get(&pair, 1, 1);
	vgem_open(&vgem);
	igt_assert_eq(vgem_import(&vgem, pair.fd, &handle), 0);
	/* Where it is does not change before it has to be mapped again. */
	if (reachable)
		press_vram(&pair.dev[0], pair.shared[0].handle);
	get(&pair, 1, 1);
	put(&pair, 1, 2);
	get(&pair, 0, 2);
	expect_locations(&pair, SYSTEM, SYSTEM);
	vgem_close(&vgem);
	pair_close(&pair);
}

/**
 * SUBTEST: moved
 * Description: The object is driven out of video memory while the other GPU has it mapped: that hears of it, and finds
 *	the content where it is now; again and again.
 */
static void moved(void)
{
	struct drm_mirage_bo_query before, after;
	struct pair pair;

	igt_require_f(reachable, "a GPU that does not reach the other keeps the object in system memory\n");
	pair_open(&pair, 0, VRAM | SYSTEM);
	for (uint32_t round = 0; round < 4; round++) {
		put(&pair, 0, 2 * round);
		get(&pair, 1, 2 * round);
		igt_assert_eq(mirage_bo_query(&pair.dev[1], pair.shared[1].handle, &before), 0);
		igt_assert(before.location);

		press_vram(&pair.dev[0], pair.shared[0].handle);
		igt_assert_eq(mirage_bo_query(&pair.dev[1], pair.shared[1].handle, &after), 0);
		if (before.location == PEER) {
			igt_assert_eq_u64(after.moves, before.moves + 1);
			igt_assert_eq_u32(after.location, 0);
		}
		get(&pair, 1, 2 * round);
		put(&pair, 1, 2 * round + 1);
		get(&pair, 0, 2 * round + 1);
	}
	pair_close(&pair);
}

static void assert_pair_works(void)
{
	struct pair pair;

	pair_open(&pair, 0, VRAM | SYSTEM);
	put(&pair, 0, 0x77);
	get(&pair, 1, 0x77);
	pair_close(&pair);
}

/* A job of one GPU that begins when the word is set. */
static struct space_job held(struct pair *pair, unsigned int who, struct buf *flag)
{
	struct space_job job = space_job_new(&pair->space[who]);

	__atomic_store_n((uint64_t *)flag->words, 0, __ATOMIC_SEQ_CST);
	mirage_ib_sem_wait(&job.ib, gpu_ptr(flag->addr), 1);
	return job;
}

/**
 * SUBTEST: fences-%s
 * Description: A job of one GPU on the object waits for the job of the other that was there before, without a word
 *	of user space: the first is held, the second does not begin.
 *
 * arg[1]:
 *
 * @forth:	the importer waits for the exporter
 * @back:	the exporter waits for the importer
 */
static void fences(unsigned int first)
{
	unsigned int second = !first;
	struct space_job writer, reader;
	struct pair pair;
	struct buf flag;

	pair_open(&pair, 0, VRAM | SYSTEM);
	flag = buf_new(&pair.space[first], PAGE, SYSTEM);
	put(&pair, 0, 1);
	get(&pair, 1, 1);

	words_write(pair.own[first].words, SIZE, 2);
	memset(pair.own[second].words, 0, SIZE);
	writer = held(&pair, first, &flag);
	mirage_ib_copy(&writer.ib, gpu_ptr(pair.shared[first].addr), gpu_ptr(pair.own[first].addr),
		       SIZE);
	space_job_submit(&writer, NULL, 0);

	reader = space_job_new(&pair.space[second]);
	mirage_ib_copy(&reader.ib, gpu_ptr(pair.own[second].addr),
		       gpu_ptr(pair.shared[second].addr), SIZE);
	space_job_submit(&reader, NULL, 0);
	bystander_job(&pair.dev[second]);
	igt_assert(!prime_is_idle(pair.fd, false));
	igt_assert(!space_job_is_done(&reader));
	igt_assert_eq_u32(pair.own[second].words[0], 0);

	__atomic_store_n((uint64_t *)flag.words, 1, __ATOMIC_SEQ_CST);
	space_job_wait(&reader);
	igt_assert(space_job_is_done(&writer));
	words_check(pair.own[second].words, SIZE, 2);

	space_job_wait(&writer);
	space_job_free(&writer);
	space_job_free(&reader);
	buf_free(&pair.space[first], &flag);
	pair_close(&pair);
}

/**
 * SUBTEST: moved-under-job
 * Description: Video memory runs out while a job of the other GPU uses the object: the move waits for that
 *	job, which gets all of the content, and what the job wrote is moved.
 */
static void moved_under_job(void)
{
	struct space_job job;
	struct pair pair;
	struct buf flag;

	igt_require_f(reachable, "a GPU that does not reach the other keeps the object in system memory\n");
	pair_open(&pair, 0, VRAM | SYSTEM);
	flag = buf_new(&pair.space[1], PAGE, SYSTEM);
	put(&pair, 0, 1);

	job = held(&pair, 1, &flag);
	mirage_ib_copy(&job.ib, gpu_ptr(pair.own[1].addr), gpu_ptr(pair.shared[1].addr), SIZE / 2);
	mirage_ib_fill(&job.ib, gpu_ptr(pair.shared[1].addr), SIZE / 2, 0x12345678);
	space_job_submit(&job, NULL, 0);

	igt_fork(child, 1) {
		struct mirage dev;

		igt_assert_eq(mirage_open_node(&dev, nodes[0]), 0);
		press_vram(&dev, prime_import(&dev, pair.fd));
		mirage_close(&dev);
	}
	/* All that is free is taken: what the child wants now, it wants of the object. */
	igt_assert(igt_wait(bo_vram_free(&pair.dev[0]) < 8u << 20 || space_job_is_done(&job), POLL_MS,
			    1));
	igt_assert(!space_job_is_done(&job));
	igt_assert_eq_u32(buf_location(&pair.space[0], &pair.shared[0]), VRAM);
	__atomic_store_n((uint64_t *)flag.words, 1, __ATOMIC_SEQ_CST);
	space_job_wait(&job);
	igt_waitchildren();

	words_check(pair.own[1].words, SIZE / 2, 1);
	memset(pair.own[0].words, 0, SIZE);
	space_copy(&pair.space[0], pair.own[0].addr, pair.shared[0].addr, SIZE);
	for (unsigned int i = 0; i < SIZE / 8; i++)
		igt_assert_eq_u32(pair.own[0].words[i], 0x12345678);
	space_copy(&pair.space[1], pair.own[1].addr, pair.shared[1].addr, SIZE);
	igt_assert(!memcmp(pair.own[0].words, pair.own[1].words, SIZE));

	space_job_free(&job);
	buf_free(&pair.space[1], &flag);
	pair_close(&pair);
}

/**
 * SUBTEST: brought-home
 * Description: A GPU that does not reach the exporter's video memory wants an object there while a job of the exporter
 *	uses it: it waits for that job, without the object's lock, and gets all that the job wrote.
 */
static void brought_home(void)
{
	volatile pid_t *pid;
	struct space_job job;
	struct pair pair;
	struct buf flag;

	igt_require_f(!reachable, "a GPU that reaches the other moves nothing\n");
	waits_require();
	pid = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	igt_assert(pid != MAP_FAILED);
	pair_open_spaces(&pair, 0);
	pair.shared[0] = buf_new(&pair.space[0], SIZE, VRAM | SYSTEM);
	pair.fd = prime_export(&pair.dev[0], pair.shared[0].handle);
	flag = buf_new(&pair.space[0], PAGE, SYSTEM);
	put(&pair, 0, 1);
	job = held(&pair, 0, &flag);
	mirage_ib_fill(&job.ib, gpu_ptr(pair.shared[0].addr), SIZE, 0x12345678);
	space_job_submit(&job, NULL, 0);

	igt_fork(child, 1) {
		struct space space;
		struct mirage dev;
		struct buf buf;

		igt_assert_eq(mirage_open_node(&dev, nodes[1]), 0);
		space_open(&space, &dev);
		*pid = getpid();
		buf = buf_adopt(&space, prime_import(&dev, pair.fd), SIZE);
		for (unsigned int i = 0; i < SIZE / 4; i++)
			igt_assert_eq_u32(buf.words[i], 0x12345678);
		igt_assert_eq_u32(buf_location(&space, &buf), SYSTEM);
		buf_free(&space, &buf);
		space_close(&space);
		mirage_close(&dev);
	}
	igt_assert(igt_wait(*pid && process_waits(*pid, "dma_fence_default_wait"), POLL_MS, 1));
	igt_assert_eq_u32(buf_location(&pair.space[0], &pair.shared[0]), VRAM);
	igt_assert(!space_job_is_done(&job));

	__atomic_store_n((uint64_t *)flag.words, 1, __ATOMIC_SEQ_CST);
	space_job_wait(&job);
	igt_waitchildren();
	igt_assert_eq_u32(buf_location(&pair.space[0], &pair.shared[0]), SYSTEM);

	space_job_free(&job);
	close(pair.fd);
	buf_free(&pair.space[0], &flag);
	buf_free(&pair.space[0], &pair.shared[0]);
	pair_close_spaces(&pair);
	igt_assert_eq(munmap((void *)pid, PAGE), 0);
}

/**
 * SUBTEST: zeroing-failed
 * Description: The exporter hangs on the packet that zeroes the object, which the importer is the first to want: it
 *	does not get the memory, in which others' content may be, and the exporter's other objects are as ever.
 */
static void zeroing_failed(void)
{
	struct drm_mirage_bind bind;
	struct pair pair;
	struct gpu gpu;
	uint32_t theirs, ours;

	igt_require_f(reachable, "a GPU that does not reach the other keeps the object in system memory\n");
	pair_open_spaces(&pair, 0);
	igt_assert_eq(mirage_bo_create(&pair.dev[0], SIZE, VRAM, BO_CPU, &theirs), 0);
	pair.fd = prime_export(&pair.dev[0], theirs);
	ours = prime_import(&pair.dev[1], pair.fd);
	/* Channel 0 is the kernel's own, made before all others. */
	gpu = (struct gpu){ .dev = pair.dev[0] };
	gpu_inject(&gpu, "hang_chan", 1);
	bind = mirage_bind_map(pair.space[1].next, SIZE, ours, 0, 0);
	igt_assert_eq(mirage_vm_bind(&pair.dev[1], pair.space[1].vm, &bind, 1), -EINVAL);
	igt_assert_eq(gpu_injected(&gpu, "hang_chan"), 0);
	/* Nor later. */
	igt_assert_eq(mirage_vm_bind(&pair.dev[1], pair.space[1].vm, &bind, 1), -EINVAL);
	igt_assert_eq(mirage_bo_close(&pair.dev[0], theirs), 0);
	igt_assert_eq(mirage_bo_close(&pair.dev[1], ours), 0);
	close(pair.fd);
	pair_close_spaces(&pair);
	assert_pair_works();
}

/**
 * SUBTEST: exporter-killed
 * Description: The process that exported is killed while a job of its own and one of the importer's are under way:
 *	the importer keeps the object and its content.
 */
static void exporter_killed(void)
{
	struct igt_helper_process owner = { .use_SIGKILL = true };
	volatile uint32_t *ready;
	int sockets[2];
	struct pair pair;

	ready = mem_shared_page();
	fd_channel(sockets);
	igt_fork_helper(&owner) {
		struct pair theirs;
		struct buf flag;
		struct space_job job;

		pair_open_spaces(&theirs, 0);
		theirs.shared[0] = buf_new(&theirs.space[0], SIZE, VRAM | SYSTEM);
		theirs.fd = prime_export(&theirs.dev[0], theirs.shared[0].handle);
		put(&theirs, 0, 1);
		flag = buf_new(&theirs.space[0], PAGE, SYSTEM);
		job = held(&theirs, 0, &flag);
		fd_send(sockets[0], theirs.fd);
		while (!*ready)
			__igt_pause_ms(1);
		space_job_submit(&job, NULL, 0);
		__atomic_store_n(ready, 2, __ATOMIC_SEQ_CST);
		for (;;)
			pause();
	}
	pair_open_spaces(&pair, 0);
	pair.fd = fd_receive(sockets[1]);
	pair.shared[1] = buf_adopt(&pair.space[1], prime_import(&pair.dev[1], pair.fd), SIZE);
	get(&pair, 1, 1);
	__atomic_store_n(ready, 1, __ATOMIC_SEQ_CST);
	igt_assert(igt_wait(*ready == 2, POLL_MS, 1));
	igt_stop_helper(&owner);

	get(&pair, 1, 1);
	put(&pair, 1, 2);
	words_check(pair.shared[1].words, SIZE, 2);
	pair.shared[0] = buf_adopt(&pair.space[0], prime_import(&pair.dev[0], pair.fd), SIZE);
	get(&pair, 0, 2);

	close(sockets[0]);
	close(sockets[1]);
	munmap((void *)ready, PAGE);
	pair_close(&pair);
}

static void unbind(unsigned int who)
{
	igt_assert(file_write(DRIVER "/unbind", addresses[who]));
}

/* It gets the first free node: the one it had, unless somebody still holds that open. */
static void bind(unsigned int who)
{
	char link[128], path[PATH_MAX];
	unsigned int minor;

	igt_assert(file_write(DRIVER "/bind", addresses[who]));
	for (minor = 128; minor < 192; minor++) {
		snprintf(link, sizeof(link), "/sys/class/drm/renderD%u/device", minor);
		if (realpath(link, path) && !strcmp(basename(path), addresses[who]))
			break;
	}
	igt_assert_lt(minor, 192);
	snprintf(nodes[who], sizeof(nodes[who]), "/dev/dri/renderD%u", minor);
	igt_assert(igt_wait(is_mirage(nodes[who]), POLL_MS, 1));
}

/* A device that has gone can only be closed. */
static void drop_gone_space(struct pair *pair, unsigned int who)
{
	munmap(pair->own[who].words, SIZE);
	munmap(pair->space[who].ib_words, SPACE_IBS * SPACE_IB_SIZE);
	mirage_close(&pair->dev[who]);
}

static void drop_gone(struct pair *pair, unsigned int who)
{
	munmap(pair->shared[who].words, SIZE);
	drop_gone_space(pair, who);
}

static void drop_alive_space(struct pair *pair, unsigned int who)
{
	buf_free(&pair->space[who], &pair->own[who]);
	space_close(&pair->space[who]);
	mirage_close(&pair->dev[who]);
}

static void drop_alive(struct pair *pair, unsigned int who)
{
	buf_free(&pair->space[who], &pair->shared[who]);
	drop_alive_space(pair, who);
}

/**
 * SUBTEST: importer-unbound
 * Description: The importer's driver leaves its device while the object is mapped there: the exporter's object is as
 *	it was, and the importer's file may be closed much later.
 */
static void importer_unbound(void)
{
	struct pair pair;

	pair_open(&pair, 0, VRAM | SYSTEM);
	put(&pair, 0, 1);
	get(&pair, 1, 1);
	put(&pair, 1, 2);
	unbind(1);
	get(&pair, 0, 2);
	put(&pair, 0, 3);
	words_check(pair.shared[0].words, SIZE, 3);
	bind(1);
	get(&pair, 0, 3);
	drop_gone(&pair, 1);
	get(&pair, 0, 3);
	drop_alive(&pair, 0);
	close(pair.fd);
	assert_pair_works();
}

/**
 * SUBTEST: exporter-unbound-%s
 * Description: The exporter's driver leaves its device while the object is mapped by the other GPU. In system memory it
 *	stays usable; in video memory it is gone: a job that uses it all the same is stopped, nothing else is, and not
 *	the next address space.
 *
 * arg[1]:
 *
 * @system:	the object is in system memory
 * @vram:	in video memory
 */
static void exporter_unbound(uint32_t placement)
{
	struct pair pair;

	igt_require_f(placement == SYSTEM || reachable, "the GPUs do not reach each other\n");
	pair_open(&pair, 0, placement);
	put(&pair, 0, 1);
	get(&pair, 1, 1);
	unbind(0);

	if (placement == SYSTEM) {
		get(&pair, 1, 1);
		put(&pair, 1, 2);
		get(&pair, 1, 2);
	} else {
		struct space_job job = space_job_new(&pair.space[1]);
		struct drm_mirage_queue_query state;

		igt_assert_eq_u32(buf_location(&pair.space[1], &pair.shared[1]), 0);
		/* Jobs that leave it alone go on. */
		space_fill(&pair.space[1], pair.own[1].addr, SIZE, 0x5a5a5a5a);
		mirage_ib_copy(&job.ib, gpu_ptr(pair.own[1].addr), gpu_ptr(pair.shared[1].addr),
			       SIZE);
		space_job_submit(&job, NULL, 0);
		igt_assert_eq(mirage_syncobj_wait(&pair.dev[1], job.syncobj, JOB_DEADLINE), 0);
		igt_assert_eq(mirage_queue_query(&pair.dev[1], pair.space[1].queue, &state), 0);
		igt_assert_eq_u32(state.state, DRM_MIRAGE_QUEUE_FAULTED);
		for (unsigned int i = 0; i < SIZE / 4; i++)
			igt_assert_eq_u32(pair.own[1].words[i], 0x5a5a5a5a);
		space_job_free(&job);
	}
	bind(0);
	drop_gone(&pair, 0);
	drop_alive(&pair, 1);
	close(pair.fd);
	assert_pair_works();
}

/**
 * SUBTEST: exporter-unbound-unused
 * Description: The exporter's driver leaves its device before anybody has used the object, which may be in system
 *	memory: the importer has it all the same, empty, and works with it.
 */
static void exporter_unbound_unused(void)
{
	uint32_t theirs, ours;
	struct pair pair;

	pair_open_spaces(&pair, 0);
	igt_assert_eq(mirage_bo_create(&pair.dev[0], SIZE, VRAM | SYSTEM, BO_CPU, &theirs), 0);
	pair.fd = prime_export(&pair.dev[0], theirs);
	ours = prime_import(&pair.dev[1], pair.fd);
	unbind(0);

	pair.shared[1].addr = space_bind(&pair.space[1], ours, 0, SIZE);
	memset(pair.own[1].words, 0xee, SIZE);
	space_copy(&pair.space[1], pair.own[1].addr, pair.shared[1].addr, SIZE);
	for (unsigned int i = 0; i < SIZE / 4; i++)
		igt_assert_eq_u32(pair.own[1].words[i], 0);
	put(&pair, 1, 3);
	get(&pair, 1, 3);

	bind(0);
	drop_gone_space(&pair, 0);
	get(&pair, 1, 3);
	space_unbind(&pair.space[1], pair.shared[1].addr, SIZE);
	igt_assert_eq(mirage_bo_close(&pair.dev[1], ours), 0);
	drop_alive_space(&pair, 1);
	close(pair.fd);
	assert_pair_works();
}

/**
 * SUBTEST: exporter-unbound-while-mapping
 * Description: The exporter's driver leaves its device while the other GPU begins to use one object after the other,
 *	all of them in system memory: it has each, empty, and finds there what it wrote.
 */
static void exporter_unbound_while_mapping(void)
{
	volatile unsigned int *used = mem_shared_page();
	uint32_t theirs, ours[MANY];
	struct pair pair;
	unsigned int i;
	int fd;

	pair_open_spaces(&pair, 0);
	for (i = 0; i < MANY; i++) {
		igt_assert_eq(mirage_bo_create(&pair.dev[0], SIZE, SYSTEM, 0, &theirs), 0);
		fd = prime_export(&pair.dev[0], theirs);
		ours[i] = prime_import(&pair.dev[1], fd);
		close(fd);
	}
	igt_fork(child, 1) {
		igt_assert(igt_wait(*used > MANY / 4, POLL_MS, 1));
		unbind(0);
	}
	for (i = 0; i < 2 * MANY; i++) {
		uint32_t wrote = i < MANY ? 0 : i % MANY + 1;

		pair.shared[1].addr = space_bind(&pair.space[1], ours[i % MANY], 0, SIZE);
		space_copy(&pair.space[1], pair.own[1].addr, pair.shared[1].addr, SIZE);
		for (unsigned int n = 0; n < SIZE / 4; n++)
			igt_assert_eq_u32(pair.own[1].words[n], wrote);
		space_fill(&pair.space[1], pair.shared[1].addr, SIZE, i % MANY + 1);
		space_unbind(&pair.space[1], pair.shared[1].addr, SIZE);
		*used = i;
	}
	igt_waitchildren();

	bind(0);
	drop_gone_space(&pair, 0);
	for (i = 0; i < MANY; i++)
		igt_assert_eq(mirage_bo_close(&pair.dev[1], ours[i]), 0);
	drop_alive_space(&pair, 1);
	igt_assert(!munmap((void *)used, PAGE));
	assert_pair_works();
}

/* Share, work, look, let go: on both devices, in an order that differs from round to round. Each step counts. */
static void stress_round(unsigned int *seed, uint32_t pattern, volatile unsigned int *steps)
{
	static const uint32_t placements[] = { VRAM | SYSTEM, SYSTEM };
	unsigned int exporter = rand_r(seed) % 2, who;
	struct pair pair;

	pair_open(&pair, exporter, placements[rand_r(seed) % ARRAY_SIZE(placements)]);
	(*steps)++;
	who = rand_r(seed) % 2;
	put(&pair, who, pattern);
	(*steps)++;
	if (rand_r(seed) % 4 == 0)
		press_vram(&pair.dev[0], pair.shared[0].handle);
	(*steps)++;
	get(&pair, !who, pattern);
	(*steps)++;
	if (rand_r(seed) % 2) {
		/* The exporter's handle goes first. */
		put(&pair, 1, pattern + 1);
		buf_free(&pair.space[0], &pair.shared[0]);
		get(&pair, 1, pattern + 1);
		close(pair.fd);
		get(&pair, 1, pattern + 1);
		buf_free(&pair.space[1], &pair.shared[1]);
		pair_close_spaces(&pair);
	} else {
		pair_close(&pair);
	}
	(*steps)++;
}

/**
 * SUBTEST: room-for-both
 * Description: Jobs of one GPU need objects in the other's video memory, whose own jobs need more than half of it each,
 *	at the same time: each job finds room, however long it has to wait for it.
 */
static void room_for_both(void)
{
	static struct working_set owner;
	int fds[WORKING_SET_MAX_BOS];
	struct mirage dev;

	igt_require_f(reachable, "neither GPU reaches the other's video memory\n");
	igt_assert_eq(mirage_open_node(&dev, nodes[0]), 0);
	working_set_open(&owner, &dev, 60, false);
	for (unsigned int i = 0; i < owner.count; i++)
		fds[i] = prime_export(&dev, owner.bufs[i].handle);

	igt_fork(child, ROOM_WORKERS) {
		static struct working_set set;
		uint32_t value = (child + 1) << 24;
		bool guest = !child;

		igt_assert_eq(mirage_open_node(&dev, nodes[guest]), 0);
		if (guest)
			working_set_open_shared(&set, &dev, fds, owner.count);
		else
			working_set_open(&set, &dev, 60, child % 2);
		igt_until_timeout(ROOM_SECONDS) {
			working_set_work(&set, value);
			working_set_check(&set, value);
			value += WORKING_SET_MAX_BOS;
		}
		working_set_close(&set);
		mirage_close(&dev);
	}
	igt_waitchildren();
	for (unsigned int i = 0; i < owner.count; i++)
		close(fds[i]);
	working_set_close(&owner);
	mirage_close(&dev);
}

/**
 * SUBTEST: stress
 * Description: Processes that share objects between both GPUs, in both directions, under want of video memory, and let
 *	them go in any order; a process more that is killed again and again. Each byte is checked.
 */
static void stress(void)
{
	struct igt_helper_process victim = { .use_SIGKILL = true };
	unsigned int seconds = stress_seconds();
	volatile unsigned int *steps = mem_shared_page();
	unsigned int killed = 0;

	igt_fork(child, 3) {
		unsigned int seed = 1 + child, count = 0;
		uint32_t pattern = child << 24;

		igt_until_timeout(seconds)
			stress_round(&seed, pattern += 2, &count);
	}
	igt_until_timeout(seconds) {
		*steps = 0;
		igt_fork_helper(&victim) {
			unsigned int seed = 99 + killed;

			for (;;)
				stress_round(&seed, 0x99000000, steps);
		}
		/* Within its first rounds, in each of their steps in turn. */
		igt_assert(igt_wait(*steps > killed % 11, POLL_MS, 1));
		igt_stop_helper(&victim);
		killed++;
	}
	igt_assert(!munmap((void *)steps, PAGE));
	igt_waitchildren();
	assert_pair_works();
}

static void subtest(const char *name, void (*test)(void), const char *description)
{
	igt_describe(description);
	igt_subtest(name)
		test();
}

static void subtest_with(const char *name, void (*test)(unsigned int), unsigned int arg,
			 const char *description)
{
	igt_describe(description);
	igt_subtest(name)
		test(arg);
}

int igt_main()
{
	igt_fixture()
		find_devices();

	subtest_with("copy-forth", copy, 0, "What one GPU writes, the other reads.");
	subtest_with("copy-back", copy, 1, "What one GPU writes, the other reads.");
	subtest("vram-alone", vram_alone, "An object that may only be in video memory.");
	subtest("third-party", third_party, "One who reaches no video memory is attached as well.");
	subtest("moved", moved, "The object is driven out of video memory while the other has it.");
	subtest("moved-under-job", moved_under_job, "The same, while the other works on it.");
	subtest_with("fences-forth", fences, 0, "The importer's job waits for the exporter's.");
	subtest_with("fences-back", fences, 1, "The exporter's job waits for the importer's.");
	subtest("brought-home", brought_home, "A GPU out of reach wants what a job uses.");
	subtest("zeroing-failed", zeroing_failed, "The exporter hangs on zeroing the object.");
	subtest("exporter-killed", exporter_killed, "The process that exported is killed.");
	subtest("room-for-both", room_for_both, "Jobs of both that do not fit together, at the same time.");
	subtest("stress", stress, "Processes share objects in any order.");
	subtest("importer-unbound", importer_unbound, "The importer's driver leaves.");
	subtest_with("exporter-unbound-system", exporter_unbound, SYSTEM, "The exporter's driver leaves.");
	subtest_with("exporter-unbound-vram", exporter_unbound, VRAM, "The exporter's driver leaves.");
	subtest("exporter-unbound-unused", exporter_unbound_unused,
		"The exporter's driver leaves before anybody has used the object.");
	subtest("exporter-unbound-while-mapping", exporter_unbound_while_mapping,
		"The exporter's driver leaves while objects are used for the first time.");
}
