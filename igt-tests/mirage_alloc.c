// SPDX-License-Identifier: MIT
/**
 * TEST: mirage alloc
 * Description: Each allocation of each call fails in turn: an error, and nothing is left behind.
 * Category: Core
 */
#include <fcntl.h>
#include <glob.h>
#include <sys/mman.h>

#include <drm/drm.h>
#include <drm/drm_mode.h>

#include "debugfs.h"
#include "failure.h"
#include "igt_mirage.h"
#include "igt_mirage_bo.h"
#include "igt_mirage_space.h"
#include "igt_prime.h"
#include "memory.h"

IGT_TEST_DESCRIPTION(
	"Each allocation of each call fails in turn: an error, and nothing is left behind.");

/* The attempts have no arguments of their own: they use these. */
static struct mirage dev;
static struct space space;

/**
 * struct tally - what would be more if something were left behind
 */
struct tally {
	uint64_t vram;
	uint32_t handle;
	uint32_t vm;
	uint32_t syncobj;
	unsigned int channels;
	int fd;
};

/* Handles are given out lowest first. */
static struct tally tally_take(void)
{
	struct tally now = { .vram = bo_param(&dev, DRM_MIRAGE_PARAM_VRAM_USED), .fd = dup(0) };

	igt_assert_fd(now.fd);
	close(now.fd);
	igt_assert_eq(mirage_bo_create(&dev, PAGE, BO_SYSTEM, 0, &now.handle), 0);
	igt_assert_eq(mirage_bo_close(&dev, now.handle), 0);
	igt_assert_eq(mirage_vm_create_with(&dev, 0, &now.vm), 0);
	igt_assert_eq(mirage_vm_destroy(&dev, now.vm), 0);
	igt_assert_eq(mirage_syncobj_create(&dev, false, &now.syncobj), 0);
	igt_assert_eq(mirage_syncobj_destroy(&dev, now.syncobj), 0);
	now.channels = channel_count(&dev);
	return now;
}

static void tally_check(const struct tally *before)
{
	struct tally now = tally_take();

	igt_assert_eq_u32(now.handle, before->handle);
	igt_assert_eq_u32(now.vm, before->vm);
	igt_assert_eq_u32(now.syncobj, before->syncobj);
	igt_assert_eq(now.fd, before->fd);
	/* The task that handled a queue's last event may have dropped the last reference. */
	igt_assert(igt_wait(channel_count(&dev) == before->channels, POLL_MS, 10));
	/* Page tables and moved memory go back a little later. */
	igt_assert_f(
		igt_wait(bo_param(&dev, DRM_MIRAGE_PARAM_VRAM_USED) == before->vram, POLL_MS, 10),
		"%" PRIu64 " bytes of video memory, %" PRIu64 " before\n",
		bo_param(&dev, DRM_MIRAGE_PARAM_VRAM_USED), before->vram);
}

static void each(const struct failure_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++)
		failure_each(&cases[i]);
}

/* ---- objects ---- */

static uint32_t handle;
static uint32_t private_vm;
static struct bo bo;
static void *memory;

static int create_vram(void)
{
	return mirage_bo_create(&dev, 4 * PAGE, BO_VRAM, BO_CPU, &handle);
}

static int create_contiguous(void)
{
	return mirage_bo_create(&dev, 4 * PAGE, BO_VRAM, BO_CPU | DRM_MIRAGE_BO_CONTIGUOUS,
				&handle);
}

static int create_private(void)
{
	return mirage_bo_create_with(&dev, 4 * PAGE, BO_SYSTEM, BO_CPU,
				     DRM_MIRAGE_BO_PRIORITY_NORMAL, private_vm, &handle);
}

static int create_userptr(void)
{
	return mirage_bo_userptr(&dev, memory, 4 * PAGE, 0, &handle);
}

static void close_handle(void)
{
	igt_assert_eq(mirage_bo_close(&dev, handle), 0);
}

static void before_system(void)
{
	bo = bo_new(&dev, 64 * PAGE, BO_SYSTEM);
}

static void before_vram(void)
{
	bo = bo_new(&dev, 64 * PAGE, BO_VRAM);
}

/*
 * The first access to an object gets its memory; one that fails is SIGBUS, and the next one
 * works.
 */
static int touch(void)
{
	return bo_access_dies(bo.words) ? -ENOMEM : 0;
}

static void after_touch(void)
{
	bo_expect_zero(&bo);
	bo_free(&bo);
}

static int map_again(void)
{
	return mirage_bo_map(&dev, bo.handle, bo.size, &memory);
}

static void unmap_again(void)
{
	igt_assert_eq(munmap(memory, bo.size), 0);
}

static int advise(void)
{
	bool retained;
	int ret;

	ret = mirage_bo_madvise(&dev, bo.handle, DRM_MIRAGE_BO_DONTNEED, NULL);
	if (!ret)
		ret = mirage_bo_madvise(&dev, bo.handle, DRM_MIRAGE_BO_WILLNEED, &retained);
	return ret;
}

static int label(void)
{
	return mirage_bo_label(&dev, bo.handle, "an object with a name");
}

static void no_label(void)
{
	igt_assert_eq(mirage_bo_label(&dev, bo.handle, ""), 0);
}

/**
 * SUBTEST: objects
 * Description: BO_CREATE in each memory, BO_USERPTR, BO_MMAP, BO_MADVISE, BO_LABEL.
 */
static void objects(void)
{
	static const struct failure_case makes[] = {
		{ "video memory", NULL, create_vram, close_handle },
		{ "in one piece", NULL, create_contiguous, close_handle },
		{ "private", NULL, create_private, close_handle },
		{ "memory of a process", NULL, create_userptr, close_handle },
	};
	static const struct failure_case uses[] = {
		{ "mmap", NULL, map_again, unmap_again },
		{ "madvise", NULL, advise },
		{ "label", NULL, label, no_label },
	};

	memory = mem_anon(4 * PAGE);
	igt_assert_eq(mirage_vm_create_with(&dev, 0, &private_vm), 0);
	each(makes, ARRAY_SIZE(makes));
	igt_assert_eq(mirage_vm_destroy(&dev, private_vm), 0);
	mem_unmap(memory, 4 * PAGE);

	before_vram();
	bo_write(&bo, 3);
	each(uses, ARRAY_SIZE(uses));
	bo_expect(&bo, 3);
	bo_free(&bo);
}

/**
 * SUBTEST: first-access
 * Description: The first access to an object in system memory, and in video memory:
 *	SIGBUS, and the next one works.
 */
static void first_access(void)
{
	static const struct failure_case cases[] = {
		{ "system memory", before_system, touch, NULL, after_touch },
		{ "video memory", before_vram, touch, NULL, after_touch },
	};

	each(cases, ARRAY_SIZE(cases));
}

/* ---- files, address spaces, queues ---- */

static struct mirage another;
static uint32_t vm;
static uint32_t queue;
static uint32_t queue_class;
static uint32_t queue_flags;

static int open_file(void)
{
	return mirage_open_node(&another, dev.node);
}

static void close_file(void)
{
	mirage_close(&another);
}

static int create_vm(void)
{
	return mirage_vm_create_with(&dev, 0, &vm);
}

static int create_mirror(void)
{
	return mirage_vm_create_with(&dev, DRM_MIRAGE_VM_CREATE_SVM, &vm);
}

static void destroy_vm(void)
{
	igt_assert_eq(mirage_vm_destroy(&dev, vm), 0);
}

static int create_queue(void)
{
	return mirage_queue_create(&dev, vm, queue_class, QUEUE(.flags = queue_flags), &queue);
}

static void destroy_queue(void)
{
	igt_assert_eq(mirage_queue_destroy(&dev, queue), 0);
}

/**
 * SUBTEST: files
 * Description: Opening the device.
 */
static void files(void)
{
	static const struct failure_case opening = { "open", NULL, open_file, close_file };

	failure_each(&opening);
}

static int create_dumb(void)
{
	struct drm_mode_create_dumb args = { .width = 64, .height = 64, .bpp = 32 };
	int ret = mirage_ioctl(&another, DRM_IOCTL_MODE_CREATE_DUMB, &args);

	handle = args.handle;
	return ret;
}

static void close_dumb(void)
{
	igt_assert_eq(mirage_bo_close(&another, handle), 0);
}

/**
 * SUBTEST: dumb
 * Description: CREATE_DUMB, which is for the primary node alone.
 */
static void dumb(void)
{
	static const struct failure_case making = { "dumb", NULL, create_dumb, close_dumb };
	char pattern[64], node[64];
	glob_t found;

	snprintf(pattern, sizeof(pattern), "/sys/class/drm/%s/device/drm/card*",
		 strrchr(dev.node, '/') + 1);
	igt_assert(!glob(pattern, 0, NULL, &found));
	snprintf(node, sizeof(node), "/dev/dri/%s", strrchr(found.gl_pathv[0], '/') + 1);
	globfree(&found);
	igt_assert_eq(mirage_open_node(&another, node), 0);
	failure_each(&making);
	close_file();
}

/**
 * SUBTEST: address-spaces
 * Description: VM_CREATE with and without a mirror.
 */
static void address_spaces(void)
{
	static const struct failure_case cases[] = {
		{ "objects alone", NULL, create_vm, destroy_vm },
		{ "mirror", NULL, create_mirror, destroy_vm },
	};

	each(cases, ARRAY_SIZE(cases));
}

static int query_pages(void)
{
	uint8_t pages[512];

	return mirage_svm_query(&dev, vm, memory, sizeof(pages) * PAGE, pages);
}

static int query_stats(void)
{
	uint64_t values[DRM_MIRAGE_STAT_COUNT];

	return mirage_vm_stats(&dev, vm, values);
}

static int query_faults(void)
{
	struct drm_mirage_fault faults[8];
	uint32_t count = ARRAY_SIZE(faults);

	return mirage_vm_faults(&dev, vm, faults, &count);
}

/**
 * SUBTEST: queries
 * Description: SVM_QUERY, VM_STATS, VM_FAULTS.
 */
static void queries(void)
{
	static const struct failure_case cases[] = {
		{ "pages", NULL, query_pages },
		{ "counters", NULL, query_stats },
		{ "faults", NULL, query_faults },
	};

	memory = mem_anon(512 * PAGE);
	igt_assert_eq(create_mirror(), 0);
	each(cases, ARRAY_SIZE(cases));
	destroy_vm();
	mem_unmap(memory, 512 * PAGE);
}

#define MOVED_PAGES	40u

static char *moved;

static void before_moved(void)
{
	moved = mem_anon(MOVED_PAGES * PAGE);
	mem_touch(moved, MOVED_PAGES * PAGE, 5);
	igt_assert_eq(create_mirror(), 0);
}

static void before_moved_home(void)
{
	struct drm_mirage_svm_migrate result;

	before_moved();
	igt_assert_eq(mirage_svm_migrate(&dev, vm, moved, MOVED_PAGES * PAGE,
					 DRM_MIRAGE_SVM_VRAM, &result), 0);
	igt_assert_eq_u64(result.moved, MOVED_PAGES * PAGE);
}

static int move_to_device(void)
{
	return mirage_svm_migrate(&dev, vm, moved, MOVED_PAGES * PAGE, DRM_MIRAGE_SVM_VRAM, NULL);
}

static int move_home(void)
{
	return mirage_svm_migrate(&dev, vm, moved, MOVED_PAGES * PAGE, DRM_MIRAGE_SVM_SYSTEM,
				  NULL);
}

/* By a CPU fault for each 64 KiB. The system call reports where an access would be a signal. */
static int touch_moved(void)
{
	for (unsigned int i = 0; i < MOVED_PAGES; i += 16) {
		if (madvise(moved + i * PAGE, PAGE, MADV_POPULATE_READ))
			return errno == EFAULT ? -ENOMEM : -errno;
	}
	return 0;
}

static int prefer(void)
{
	return mirage_svm_prefer(&dev, vm, moved + PAGE, PAGE, DRM_MIRAGE_SVM_VRAM);
}

/* Wherever the pages are, nothing is lost. */
static void after_moved(void)
{
	for (unsigned int i = 0; i < MOVED_PAGES; i++)
		igt_assert_eq_u32(*(volatile uint32_t *)(moved + i * PAGE), 5 + i);
	destroy_vm();
	mem_unmap(moved, MOVED_PAGES * PAGE);
}

/**
 * SUBTEST: migrate
 * Description: Memory of a process moves to video memory and home, by SVM_MIGRATE and by accesses of the CPU; SVM_SET_ATTR.
 */
static void migrate(void)
{
	static const struct failure_case cases[] = {
		{ "to video memory", before_moved, move_to_device, NULL, after_moved },
		{ "home on request", before_moved_home, move_home, NULL, after_moved },
		{ "home by the CPU", before_moved_home, touch_moved, NULL, after_moved },
		{ "preference", before_moved, prefer, NULL, after_moved },
	};

	each(cases, ARRAY_SIZE(cases));
}

/**
 * SUBTEST: queues
 * Description: QUEUE_CREATE of each kind and class.
 */
static void queues(void)
{
	static const uint32_t kinds[] = { 0, DRM_MIRAGE_QUEUE_NO_FAULT,
					 DRM_MIRAGE_QUEUE_LONG_RUNNING };
	static const struct failure_case making = { "queue", NULL, create_queue, destroy_queue };

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		/* The first queue that may fault prepares its address space for that. */
		igt_assert_eq(create_mirror(), 0);
		queue_flags = kinds[i];
		queue_class = i & 1 ? DRM_MIRAGE_QUEUE_COPY : DRM_MIRAGE_QUEUE_COMPUTE;
		failure_each(&making);
		destroy_vm();
	}
}

/* ---- mappings ---- */

#define BASE_PAGES 1024u
#define BASE_SIZE  (BASE_PAGES * PAGE)

static uint64_t base;
static uint32_t timeline;
static uint64_t timeline_point;
static struct drm_mirage_bind binds[4];
static uint32_t nr_binds;
static uint32_t other_handle;

static void map_base(void)
{
	space_bind_at(&space, base, handle, 0, BASE_SIZE);
}

/* Only what is there of an attempt that succeeded is different. */
static void check_base(void)
{
	space_check_pages(&space, base, BASE_SIZE, DRM_MIRAGE_SVM_PAGE_VALID,
			  DRM_MIRAGE_SVM_PAGE_NULL);
}

static void unmap_far(void)
{
	/* All of it, but for the packets in the first object. */
	space_unbind(&space, base, DRM_MIRAGE_VA_END - base);
	map_base();
}

static int bind_now(void)
{
	return mirage_vm_bind(&dev, space.vm, binds, nr_binds);
}

static int bind_later(void)
{
	const struct drm_mirage_sync syncs[] = {
		mirage_sync_wait_point(timeline, timeline_point),
		mirage_sync_signal_point(timeline, timeline_point + 1),
	};

	return mirage_vm_bind_async(&dev, space.vm, binds, nr_binds, syncs, ARRAY_SIZE(syncs));
}

static void bind_later_undo(void)
{
	timeline_point++;
	igt_assert_eq(mirage_timeline_wait(&dev, timeline, timeline_point, 0, JOB_DEADLINE), 0);
	unmap_far();
}

static void check_bound(void)
{
	uint64_t point;

	check_base();
	igt_assert_eq(mirage_timeline_query(&dev, timeline, &point), 0);
	igt_assert_eq_u64(point, timeline_point);
}

static void try_binds(const char *name)
{
	char text[64];
	struct failure_case now = { text, NULL, bind_now, unmap_far, check_base };
	struct failure_case later = { text, NULL, bind_later, bind_later_undo, check_bound };

	snprintf(text, sizeof(text), "%s, waited for", name);
	failure_each(&now);
	snprintf(text, sizeof(text), "%s, queued", name);
	failure_each(&later);
}

/**
 * SUBTEST: mappings
 * Description: VM_BIND, waited for and queued behind a timeline: a new mapping far away,
 *	one that splits another, holes, NULL mappings, several at once. Earlier mappings
 *	stay as they were.
 */
static void mappings(void)
{
	const uint64_t far = DRM_MIRAGE_VA_END - 4 * BLOCK;

	space_open(&space, &dev);
	base = space.next;
	igt_assert_eq(mirage_bo_create(&dev, BASE_SIZE, BO_SYSTEM, BO_CPU, &handle), 0);
	igt_assert_eq(mirage_bo_create(&dev, 4 * PAGE, BO_VRAM, BO_CPU, &other_handle), 0);
	igt_assert_eq(mirage_syncobj_create(&dev, false, &timeline), 0);
	timeline_point = 1;
	igt_assert_eq(mirage_timeline_signal(&dev, timeline, timeline_point), 0);
	map_base();
	check_base();

	nr_binds = 1;
	binds[0] = mirage_bind_map(far + PAGE, 4 * PAGE, other_handle, 0, 0);
	try_binds("a new mapping");
	binds[0] = mirage_bind_map(base + 600 * PAGE, 4 * PAGE, other_handle, 0,
				   DRM_MIRAGE_BIND_READONLY);
	try_binds("a mapping in another");
	binds[0] = mirage_bind_unmap(base + 500 * PAGE, 20 * PAGE);
	try_binds("a hole");
	binds[0] = mirage_bind_null(base + 2 * BLOCK + PAGE, 3 * BLOCK);
	try_binds("nothing");
	nr_binds = 4;
	binds[0] = mirage_bind_map(base + PAGE, 4 * PAGE, other_handle, 0, 0);
	binds[1] = mirage_bind_unmap(base + 2 * PAGE, 2 * PAGE);
	binds[2] = mirage_bind_null(base + 3 * PAGE, PAGE);
	binds[3] = mirage_bind_map(far, BLOCK, handle, BLOCK, 0);
	try_binds("several");

	space_unbind(&space, base, BASE_SIZE);
	close_handle();
	igt_assert_eq(mirage_bo_close(&dev, other_handle), 0);
	igt_assert_eq(mirage_syncobj_destroy(&dev, timeline), 0);
	space_close(&space);
}

/* ---- jobs ---- */

static struct buf target;
static struct space_job work;
static uint32_t wait_syncobj;
static uint64_t round_value;
static uint32_t *user_area;
#define USER_SIZE (16 * PAGE)

static uint64_t *fence_word(void)
{
	return (uint64_t *)target.words + 1;
}

static int submit(void)
{
	struct drm_mirage_user_fence fence = { .addr = target.addr + 8, .value = round_value + 1 };
	struct drm_mirage_sync syncs[] = {
		mirage_sync_wait(wait_syncobj),
		mirage_sync_signal(work.syncobj),
	};
	struct drm_mirage_cmds cmds = { .addr = space.ib_addr + work.slot * SPACE_IB_SIZE,
				       .size = work.ib.used * 4 };
	struct drm_mirage_exec args = {
		.queue_id = queue,
		.cmds = DRM_MIRAGE_ARRAY(1, &cmds),
		.syncs = DRM_MIRAGE_ARRAY(queue_flags & DRM_MIRAGE_QUEUE_LONG_RUNNING ? 1 : 2,
					  syncs),
		.user_fences = DRM_MIRAGE_ARRAY(1, &fence),
	};

	return mirage_ioctl(&dev, DRM_IOCTL_MIRAGE_EXEC, &args);
}

/* It has begun, and so it ends. */
static void submit_undo(void)
{
	round_value++;
	igt_assert_eq(
		mirage_wait_user_fence(&dev, queue, fence_word(), round_value, 0, JOB_DEADLINE),
		0);
	if (!(queue_flags & DRM_MIRAGE_QUEUE_LONG_RUNNING)) {
		igt_assert_eq(space_job_status(&work), 1);
		igt_assert_eq(mirage_syncobj_reset(&dev, work.syncobj), 0);
	}
	igt_assert_eq_u32(target.words[4], 0x1234567);
	target.words[4] = 0;
}

/* One that failed has written nothing. */
static void submit_after(void)
{
	igt_assert_eq_u64(*(volatile uint64_t *)fence_word(), round_value);
	igt_assert_eq_u32(target.words[4], 0);
}

/* Memory of the process has gone and come back, so that the job has to bring it back, too. */
static void lose_user_memory(void)
{
	igt_assert(!madvise(user_area, USER_SIZE, MADV_DONTNEED));
	mem_touch(user_area, USER_SIZE, 1);
}

static int wait_fence(void)
{
	return mirage_wait_user_fence(&dev, queue, fence_word(), round_value, 0, JOB_DEADLINE);
}

static int wait_late(void)
{
	int ret = mirage_wait_user_fence(&dev, queue, fence_word(), round_value + 1, 0,
					 mirage_deadline(1));

	return ret == -ETIME ? 0 : ret;
}

/**
 * SUBTEST: jobs
 * Description: EXEC on each kind of queue, with packets, something to wait for, to signal,
 *	and a user fence; of a queue that may not fault also with memory to be brought back; and
 *	WAIT_USER_FENCE.
 */
static void jobs(void)
{
	static const uint32_t kinds[] = { DRM_MIRAGE_QUEUE_NO_FAULT, 0,
					 DRM_MIRAGE_QUEUE_LONG_RUNNING };
	static const struct failure_case cases[] = {
		{ "exec", NULL, submit, submit_undo, submit_after },
		{ "wait", NULL, wait_fence },
		{ "wait in vain", NULL, wait_late },
	};
	static const struct failure_case back = { "exec that brings memory back", lose_user_memory,
						 submit, submit_undo, submit_after };
	uint64_t user_addr;

	space_open(&space, &dev);
	target = buf_new(&space, PAGE, BO_SYSTEM);
	work = space_job_new(&space);
	mirage_ib_fill(&work.ib, gpu_ptr(target.addr + 16), 8, 0x1234567);
	igt_assert_eq(mirage_syncobj_create(&dev, true, &wait_syncobj), 0);
	round_value = 0;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		queue_flags = kinds[i];
		queue = space_add_queue(&space, queue_flags);
		each(cases, ARRAY_SIZE(cases));
		destroy_queue();
	}

	queue_flags = DRM_MIRAGE_QUEUE_NO_FAULT;
	queue = space_add_queue(&space, queue_flags);
	user_area = mem_anon(USER_SIZE);
	igt_assert_eq(mirage_bo_userptr(&dev, user_area, USER_SIZE, 0, &handle), 0);
	user_addr = space_bind(&space, handle, 0, USER_SIZE);
	failure_each(&back);
	space_unbind(&space, user_addr, USER_SIZE);
	close_handle();
	mem_unmap(user_area, USER_SIZE);
	destroy_queue();

	igt_assert_eq(mirage_syncobj_destroy(&dev, wait_syncobj), 0);
	space_job_free(&work);
	buf_free(&space, &target);
	space_close(&space);
}

/* ---- dma-bufs ---- */

static int prime_fd;
static uint32_t imported;

static int export_bo(void)
{
	return mirage_prime_export(&dev, bo.handle, DRM_CLOEXEC | DRM_RDWR, &prime_fd);
}

static void close_export(void)
{
	close(prime_fd);
}

static int import_fd(void)
{
	return mirage_prime_import(&another, prime_fd, &imported);
}

static void close_import(void)
{
	igt_assert_eq(mirage_bo_close(&another, imported), 0);
}

/**
 * SUBTEST: dma-bufs
 * Description: PRIME export, import of one's own by another file, and of others' (udmabuf).
 */
static void dma_bufs(void)
{
	static const struct failure_case export = { "export", before_vram, export_bo, close_export,
						   after_touch };
	static const struct failure_case self = { "import of our own", NULL, import_fd,
						 close_import };
	static const struct failure_case foreign = { "import of others'", NULL, import_fd,
						    close_import };
	uint32_t *words;

	failure_each(&export);
	igt_assert_eq(open_file(), 0);
	before_vram();
	bo_write(&bo, 9);
	igt_assert_eq(export_bo(), 0);
	failure_each(&self);
	bo_expect(&bo, 9);
	close_export();
	bo_free(&bo);

	prime_fd = udmabuf_create(64 * PAGE, &words);
	failure_each(&foreign);
	igt_assert(!munmap(words, 64 * PAGE));
	close_export();
	close_file();
}

static const struct {
	const char *name;
	void (*test)(void);
	const char *description;
} subtests[] = {
	{ "objects", objects, "Making objects and using them." },
	{ "first-access", first_access, "The first access to an object." },
	{ "files", files, "Opening the device." },
	{ "dumb", dumb, "Making an object for the processor to draw in." },
	{ "address-spaces", address_spaces, "Making an address space." },
	{ "queries", queries, "Asking for pages, counters and faults." },
	{ "migrate", migrate, "Memory moves to video memory and home; SVM_SET_ATTR." },
	{ "queues", queues, "Making a queue of each kind." },
	{ "mappings", mappings, "Mapping objects, in each way." },
	{ "jobs", jobs, "Submitting jobs to each kind of queue." },
	{ "dma-bufs", dma_bufs, "Sharing objects." },
};

static void run(void (*test)(void))
{
	struct tally before;

	failure_require();
	igt_assert_eq(mirage_open(&dev), 0);
	before = tally_take();
	test();
	tally_check(&before);
	bystander_job(&dev);
	mirage_close(&dev);
}

int igt_main()
{
	/* Static, so that longjmp() leaves it alone. */
	static unsigned int i;

	for (i = 0; i < ARRAY_SIZE(subtests); i++) {
		igt_describe(subtests[i].description);
		igt_subtest(subtests[i].name) run(subtests[i].test);
	}
}
