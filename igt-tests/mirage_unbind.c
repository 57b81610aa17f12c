// SPDX-License-Identifier: MIT
/**
 * TEST: mirage unbind
 * Description: The driver loses its device while calls are in the middle of their work: some wait for memory of
 *	their process that nobody provides, others make queues, mappings and objects as fast as they can.
 * Category: Core
 */
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "cgroup.h"
#include "driver.h"
#include "igt_mirage.h"
#include "igt_mirage_bo.h"
#include "igt_mirage_space.h"
#include "memory.h"
#include "waits.h"

IGT_TEST_DESCRIPTION("The driver loses its device while calls are in the middle of their work.");

/* Unbinding waits for no process and no job. Generous: the kernel may be full of checks, and emulated. */
#define UNBIND_MS	8000

/* Pages that one call may wait for. */
#define TRAP_PAGES	4

/**
 * struct trap - a call that waits for memory of its process
 */
struct trap {
	/** @gpu: device */
	struct gpu *gpu;
	/** @call: makes it, with its argument at @page */
	int (*call)(struct trap *trap);
	/** @page: TRAP_PAGES pages that are not there */
	char *page;
	/** @content: what they will contain */
	char *content;
	/** @result: of the call */
	int result;
	/** @want: what that must be, when the device has gone meanwhile */
	int want;
	/** @thread: makes the call */
	pthread_t thread;
};

static int call_svm_query(struct trap *trap)
{
	/* So much that it goes on after the first page. */
	return mirage_svm_query(&trap->gpu->dev, trap->gpu->vm, NULL, TRAP_PAGES * PAGE * PAGE,
				(uint8_t *)trap->page);
}

static int call_vm_stats(struct trap *trap)
{
	struct drm_mirage_vm_stats args = {
		.vm_id = trap->gpu->vm,
		.count = DRM_MIRAGE_STAT_COUNT,
		.values = (uintptr_t)trap->page,
	};

	/* Not mirage_vm_stats(), which would wait for its memory itself. */
	return mirage_ioctl(&trap->gpu->dev, DRM_IOCTL_MIRAGE_VM_STATS, &args);
}

static int call_exec(struct trap *trap)
{
	return mirage_exec(&trap->gpu->dev, trap->gpu->queue, (struct drm_mirage_cmds *)trap->page,
			   1, NULL, 0);
}

static int call_vm_bind(struct trap *trap)
{
	return mirage_vm_bind(&trap->gpu->dev, trap->gpu->vm, (struct drm_mirage_bind *)trap->page,
			      1);
}

static int call_wait_user_fence(struct trap *trap)
{
	return mirage_wait_user_fence(&trap->gpu->dev, trap->gpu->queue, (uint64_t *)trap->page, 1,
				      0, JOB_DEADLINE);
}

static int call_svm_populate(struct trap *trap)
{
	return mirage_svm_populate(&trap->gpu->dev, trap->gpu->vm, trap->page, PAGE, false);
}

/* No call of ours waits, but the service for the GPU's access; the job ends with the device. */
static int call_fault(struct trap *trap)
{
	struct job job = job_new(trap->gpu);

	mirage_ib_copy(&job.ib, &trap->gpu->out[2], trap->page, 4);
	job_submit(&job);
	return 0;
}

static struct trap traps[] = {
	{ .call = call_svm_query, .want = -ENODEV },
	{ .call = call_svm_populate, .want = -ENODEV },
	{ .call = call_fault, .want = 0 },
	{ .call = call_vm_stats, .want = 0 },
	{ .call = call_exec, .want = -ENODEV },
	{ .call = call_vm_bind, .want = -ENODEV },
	{ .call = call_wait_user_fence, .want = -ECANCELED },
};

static void *trap_thread(void *data)
{
	struct trap *trap = data;

	trap->result = trap->call(trap);
	return NULL;
}

static int uffd_open(void *area, size_t size)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = {
		.range = { .start = (uintptr_t)area, .len = size },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);

	igt_require_f(fd >= 0, "userfaultfd: %s\n", strerror(errno));
	do_ioctl(fd, UFFDIO_API, &api);
	do_ioctl(fd, UFFDIO_REGISTER, &reg);
	return fd;
}

/* Until somebody waits for a page. */
static void uffd_await(int fd)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	struct uffd_msg msg;

	igt_assert_eq(poll(&poll_fd, 1, POLL_MS), 1);
	igt_assert_eq(read(fd, &msg, sizeof(msg)), sizeof(msg));
	igt_assert_eq(msg.event, UFFD_EVENT_PAGEFAULT);
}

/* Calls of this process that wait for memory, all at the same time. */
static int traps_set(struct gpu *gpu, size_t count)
{
	const size_t size = TRAP_PAGES * PAGE;
	char *area = mem_anon(count * size);
	int fd = uffd_open(area, count * size);

	for (size_t i = 0; i < count; i++) {
		traps[i].gpu = gpu;
		traps[i].page = area + i * size;
		traps[i].content = mem_anon(size);
		if (traps[i].call == call_exec)
			*(struct drm_mirage_cmds *)traps[i].content = (struct drm_mirage_cmds){
				.addr = (uintptr_t)gpu->out, .size = 4,
			};
		if (traps[i].call == call_vm_bind)
			*(struct drm_mirage_bind *)traps[i].content =
				mirage_bind_null(DRM_MIRAGE_VA_START, PAGE);
		igt_assert_eq(pthread_create(&traps[i].thread, NULL, trap_thread, &traps[i]), 0);
		uffd_await(fd);
	}
	return fd;
}

static void traps_release(int fd, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct uffdio_copy copy = {
			.dst = (uintptr_t)traps[i].page,
			.src = (uintptr_t)traps[i].content,
			.len = TRAP_PAGES * PAGE,
		};

		do_ioctl(fd, UFFDIO_COPY, &copy);
		igt_assert_eq(pthread_join(traps[i].thread, NULL), 0);
	}
	close(fd);
}

static void traps_free(size_t count)
{
	for (size_t i = 0; i < count; i++) {
		mem_unmap(traps[i].page, TRAP_PAGES * PAGE);
		mem_unmap(traps[i].content, TRAP_PAGES * PAGE);
	}
}

static void *unbind_thread(void *done)
{
	driver_unbind();
	__atomic_store_n((bool *)done, true, __ATOMIC_SEQ_CST);
	return NULL;
}

/**
 * SUBTEST: stuck-calls
 * Description: Calls wait for pages that userfaultfd withholds when the device is unbound: that does not wait for
 *	them, and it can be bound again. When they get their pages they find the device gone.
 */
static void stuck_calls(void)
{
	size_t count = ARRAY_SIZE(traps);
	static volatile bool done;
	pthread_t thread;
	struct gpu gpu;
	bool in_time;
	int fd;

	done = false;
	gpu_open(&gpu);
	fd = traps_set(&gpu, count);
	igt_assert_eq(pthread_create(&thread, NULL, unbind_thread, (void *)&done), 0);
	in_time = igt_wait(done, UNBIND_MS, 1);
	if (in_time)
		driver_bind();
	traps_release(fd, count);
	igt_assert_eq(pthread_join(thread, NULL), 0);
	igt_assert_f(in_time, "unbinding waits for a process\n");
	for (size_t i = 0; i < count; i++)
		igt_assert_f(traps[i].result == traps[i].want, "call %zu: %s, want %s\n", i,
			     strerror(-traps[i].result), strerror(-traps[i].want));
	traps_free(count);
	gpu_close(&gpu);
	driver_assert_works();
}

/**
 * SUBTEST: stuck-and-killed
 * Description: The same, but the process is killed before it gets its pages, with the device gone or bound again.
 */
static void stuck_and_killed(bool again)
{
	static struct igt_helper_process victim;
	volatile bool *ready;
	struct gpu gpu;

	ready = mem_shared_page();
	victim.use_SIGKILL = true;
	igt_fork_helper(&victim) {
		gpu_open(&gpu);
		traps_set(&gpu, ARRAY_SIZE(traps));
		*ready = true;
		pause();
	}
	igt_assert(igt_wait(*ready, POLL_MS, 1));
	driver_unbind();
	if (again)
		driver_bind();
	igt_stop_helper(&victim);
	if (!again)
		driver_bind();
	driver_assert_works();
	igt_assert(!munmap((void *)ready, PAGE));
}

/**
 * SUBTEST: proc-mem
 * Description: After the device has gone /proc/self/mem shows what the process itself reads from its objects: zeroes,
 *	wherever they were. It writes nothing.
 */
static void proc_mem(void)
{
	static const uint32_t placements[] = { BO_SYSTEM, BO_VRAM };
	struct bo bos[ARRAY_SIZE(placements)];
	int mem = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
	struct mirage dev;
	uint64_t word;
	size_t i;

	igt_assert_lte(0, mem);
	igt_assert_eq(mirage_open(&dev), 0);
	for (i = 0; i < ARRAY_SIZE(bos); i++) {
		bos[i] = bo_new(&dev, 4 * PAGE, placements[i]);
		bo_write(&bos[i], i);
		igt_assert_eq(pread(mem, &word, 8, (uintptr_t)bos[i].words + PAGE), 8);
		igt_assert_eq_u64(word, bos[i].words[PAGE / 8]);
		igt_assert_neq_u64(word, 0);
	}
	driver_unbind();
	for (i = 0; i < ARRAY_SIZE(bos); i++) {
		word = 1;
		/* Before the process itself has looked, and after. */
		igt_assert_eq(pread(mem, &word, 8, (uintptr_t)bos[i].words + PAGE), 8);
		igt_assert_eq_u64(word, 0);
		igt_assert_eq_u64(bos[i].words[PAGE / 8], 0);
		word = 1;
		igt_assert_eq(pread(mem, &word, 8, (uintptr_t)bos[i].words + PAGE), 8);
		igt_assert_eq_u64(word, 0);
		errno = 0;
		igt_assert_eq(pwrite(mem, &word, 8, (uintptr_t)bos[i].words), -1);
		igt_assert_eq(errno, EIO);
		igt_assert_eq(munmap(bos[i].words, bos[i].size), 0);
	}
	close(mem);
	mirage_close(&dev);
	driver_bind();
	driver_assert_works();
}

/* Memory that the GPU of a process has got when the device goes while that is held back by memory.high, of @size. */
static uint64_t unbind_held_back(size_t size)
{
	struct {
		volatile bool ready, go, done;
	} *shared = mem_shared_page();
	uint64_t before, peak;

	cgroup_create();
	igt_fork(child, 1) {
		char *area = mem_anon(size);
		struct gpu gpu;
		struct job job;
		int err;

		cgroup_enter();
		gpu_open(&gpu);
		job = job_new(&gpu);
		mirage_ib_fill(&job.ib, area, size, 1);
		shared->ready = true;
		igt_assert(igt_wait(shared->go, POLL_MS, 1));
		job_submit(&job);
		err = mirage_syncobj_wait(&gpu.dev, job.syncobj, JOB_DEADLINE);
		igt_assert_f(!err || err == -ENODEV, "%s\n", strerror(-err));
		shared->done = true;
	}
	igt_assert(igt_wait(shared->ready, POLL_MS, 1));
	before = cgroup_get("memory.current");
	cgroup_set("memory.high", before);
	shared->go = true;
	igt_assert(igt_wait(shared->done || anyone_sleeps("mem_cgroup_handle_over_high",
							  "hmm_mirror_fault"), POLL_MS, 1));
	igt_assert_f(!shared->done, "the service of faults was not held back\n");
	driver_unbind();
	igt_waitchildren();
	driver_bind();
	peak = cgroup_get("memory.peak");
	cgroup_remove();
	igt_assert(!munmap(shared, PAGE));
	return peak - before;
}

/**
 * SUBTEST: held-back
 * Description: Unbinding does not wait until a process that is held back by memory.high has got all the memory that its
 *	GPU has asked for.
 */
static void held_back(void)
{
	unsigned int i = 0;

	waits_require();
	/* All of the block takes seconds more. A machine may be so busy that to begin with unbinding takes longer. */
	while (unbind_held_back(BLOCK) >= 3 * BLOCK / 4)
		igt_assert_lt(++i, 4);
	driver_assert_works();
}

/**
 * SUBTEST: bind-in-pieces
 * Description: The device is unbound while an UNMAP takes effect, one piece after the other. The rest of it is not
 *	done, and the kernel's counts are right when the mappings go.
 */
static void bind_in_pieces(void)
{
	const size_t size = 32 * BLOCK;
	const unsigned int count = 32;
	/* Not aligned as the memory is: an entry for each page. */
	const uint64_t start = DRM_MIRAGE_VA_START + PAGE;
	struct drm_mirage_sync sync;
	struct drm_mirage_bind bind;
	uint32_t handle, syncobj;
	struct gpu gpu;

	gpu_open(&gpu);
	igt_assert_eq(mirage_bo_create(&gpu.dev, size, BO_SYSTEM, 0, &handle), 0);
	igt_assert_eq(mirage_syncobj_create(&gpu.dev, false, &syncobj), 0);
	for (unsigned int i = 0; i < count; i++) {
		bind = mirage_bind_map(start + i * size, size, handle, 0, 0);
		igt_assert_eq(mirage_vm_bind(&gpu.dev, gpu.vm, &bind, 1), 0);
	}
	sync = mirage_sync_signal(syncobj);
	bind = mirage_bind_unmap(start, count * size);
	igt_assert_eq(mirage_vm_bind_async(&gpu.dev, gpu.vm, &bind, 1, &sync, 1), 0);
	driver_unbind();
	gpu_close(&gpu);
	driver_bind();
	driver_assert_works();
}

/* ---- calls that make something, in loops ---- */

/* Has the device gone? Nothing else may go wrong. */
static bool is_gone(int err, const char *what)
{
	igt_assert_f(!err || err == -ENODEV || err == -ECANCELED, "%s: %s\n", what, strerror(-err));
	return err;
}

static bool loop_queues(struct mirage *dev, uint32_t vm, unsigned int round)
{
	static const uint32_t kinds[] = {
		0, DRM_MIRAGE_QUEUE_NO_FAULT, DRM_MIRAGE_QUEUE_LONG_RUNNING,
	};
	uint32_t queue, other;
	bool gone;

	if (is_gone(mirage_queue_create(dev, vm, round & 1, QUEUE(.flags = kinds[round % 3]),
					&queue),
		    "QUEUE_CREATE"))
		return true;
	gone = is_gone(mirage_vm_create(dev, &other), "VM_CREATE") ||
	       is_gone(mirage_vm_destroy(dev, other), "VM_DESTROY");
	return is_gone(mirage_queue_destroy(dev, queue), "QUEUE_DESTROY") || gone;
}

static bool loop_binds(struct mirage *dev, uint32_t vm, unsigned int round)
{
	uint64_t addr = DRM_MIRAGE_VA_START + (uint64_t)(round % 64) * 3 * BLOCK;
	struct drm_mirage_bind bind;
	struct drm_mirage_sync sync;
	uint32_t handle, syncobj;
	bool gone;

	if (is_gone(mirage_syncobj_create(dev, false, &syncobj), "syncobj"))
		return true;
	sync = mirage_sync_signal(syncobj);
	if (is_gone(mirage_bo_create(dev, 2 * BLOCK, round & 1 ? BO_VRAM : BO_SYSTEM, BO_CPU,
				     &handle), "BO_CREATE"))
		return true;
	bind = mirage_bind_map(addr, 2 * BLOCK, handle, 0, 0);
	gone = is_gone(mirage_vm_bind_async(dev, vm, &bind, 1, &sync, 1), "VM_BIND");
	bind = mirage_bind_null(addr + PAGE, PAGE);
	gone = gone || is_gone(mirage_vm_bind(dev, vm, &bind, 1), "VM_BIND");
	bind = mirage_bind_unmap(addr, 2 * BLOCK);
	gone = gone || is_gone(mirage_vm_bind(dev, vm, &bind, 1), "VM_BIND");
	gone = is_gone(mirage_bo_close(dev, handle), "GEM_CLOSE") || gone;
	return is_gone(mirage_syncobj_destroy(dev, syncobj), "syncobj") || gone;
}

/* Objects that the CPU uses first: it waits for room, and for copies. More than fit, with its siblings. */
static bool loop_objects(struct mirage *dev, uint32_t vm, unsigned int round)
{
	static struct {
		uint32_t handle;
		void *map;
	} bos[32];
	const size_t size = 4 * BLOCK;
	unsigned int i = round % ARRAY_SIZE(bos);
	bool gone = false;

	(void)vm;
	if (bos[i].map) {
		igt_assert(!munmap(bos[i].map, size));
		bos[i].map = NULL;
		gone = is_gone(mirage_bo_close(dev, bos[i].handle), "GEM_CLOSE");
	}
	gone = gone ||
	       is_gone(mirage_bo_create(dev, size, BO_VRAM, BO_CPU, &bos[i].handle), "BO_CREATE") ||
	       is_gone(mirage_bo_map(dev, bos[i].handle, size, &bos[i].map), "mmap");
	/* However the device ends, the process is not killed for it. */
	for (unsigned int j = 0; j < ARRAY_SIZE(bos); j++) {
		if (bos[j].map && (gone || j == i))
			*(volatile uint32_t *)bos[j].map = round;
		if (bos[j].map && gone) {
			igt_assert(!munmap(bos[j].map, size));
			bos[j].map = NULL;
		}
	}
	return gone;
}

/* The loops of the processes. */
static bool (*const loops[])(struct mirage *dev, uint32_t vm, unsigned int round) = {
	loop_queues, loop_binds, loop_objects, loop_queues, loop_binds, loop_objects,
};

/**
 * struct shared - between the processes
 */
struct shared {
	/** @rounds: of each process */
	unsigned int rounds[ARRAY_SIZE(loops)];
	/** @stop: do not come back when the device goes the next time */
	bool stop;
};

static void loop_process(volatile struct shared *shared, unsigned int id)
{
	struct mirage dev;
	uint32_t vm;
	bool gone;

	do {
		/* It may go again before it was there. */
		if (mirage_open(&dev)) {
			__igt_pause_ms(1);
			continue;
		}
		gone = is_gone(mirage_vm_create(&dev, &vm), "VM_CREATE");
		while (!gone) {
			gone = loops[id](&dev, vm, shared->rounds[id]);
			shared->rounds[id]++;
		}
		mirage_close(&dev);
	} while (!shared->stop);
}

static bool all_advanced(volatile struct shared *shared, const unsigned int *since)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(loops); i++)
		if (shared->rounds[i] - since[i] < 20)
			return false;
	return true;
}

/**
 * SUBTEST: unbind-under-creation
 * Description: Processes make and destroy queues, address spaces, mappings and objects in loops, while the device is
 *	unbound and bound several times. Each call works, or says that the device is gone; unbinding does not
 *	take long; and nothing is left over.
 */
static void unbind_under_creation(void)
{
	const unsigned int rounds = 5;
	volatile struct shared *shared;
	unsigned int since[ARRAY_SIZE(loops)] = { };
	int64_t longest = 0;

	shared = mem_shared_page();
	igt_fork(id, (int)ARRAY_SIZE(loops))
		loop_process(shared, id);
	for (unsigned int i = 0; i < rounds; i++) {
		struct timespec start = { 0 };
		int64_t took;

		igt_assert(igt_wait(all_advanced(shared, since), POLL_MS, 1));
		shared->stop = i == rounds - 1;
		igt_nsec_elapsed(&start);
		driver_unbind();
		took = igt_nsec_elapsed(&start);
		longest = took > longest ? took : longest;
		if (shared->stop)
			igt_waitchildren();
		driver_bind();
		for (unsigned int j = 0; j < ARRAY_SIZE(loops); j++)
			since[j] = shared->rounds[j];
	}
	igt_info("unbinding took %" PRId64 " ms at most\n", longest / 1000000);
	igt_assert(longest < UNBIND_MS * 1000000ll);
	driver_assert_works();
	igt_assert(!munmap((void *)shared, PAGE));
}

int igt_main()
{
	igt_fixture()
		driver_find_device();

	igt_describe("Unbind while calls wait for memory that userfaultfd withholds.");
	igt_subtest("stuck-calls")
		stuck_calls();

	igt_describe("Unbind while calls are stuck, and kill their process then.");
	igt_subtest("stuck-and-killed")
		stuck_and_killed(false);

	igt_describe("Unbind and bind while calls are stuck, and kill their process then.");
	igt_subtest("stuck-and-killed-later")
		stuck_and_killed(true);

	igt_describe("Unbind while the service of faults sleeps because of memory.high.");
	igt_subtest("held-back")
		held_back();

	igt_describe("What a debugger reads from objects when the device has gone.");
	igt_subtest("proc-mem")
		proc_mem();

	igt_describe("Unbind while an UNMAP takes effect in pieces.");
	igt_subtest("bind-in-pieces")
		bind_in_pieces();

	igt_describe("Unbind and bind while processes make and destroy all kinds of things.");
	igt_subtest("unbind-under-creation")
		unbind_under_creation();
}
