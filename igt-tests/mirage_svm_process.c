// SPDX-License-Identifier: MIT
/**
 * TEST: mirage svm process
 * Description: Processes: several at once, children, files handed over, and death at any
 *	moment.
 * Category: SVM
 */
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "igt_mirage.h"
#include "memory.h"

IGT_TEST_DESCRIPTION("Several processes, children, files handed over, and death at any moment.");

/* Every process of these tests maps its memory here: nothing else of a process is near. */
#define SAME_PLACE	((void *)0x200000000000)

static uint32_t *map_same_place(size_t size)
{
	void *area = mmap(SAME_PLACE, size, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	igt_assert(area == SAME_PLACE);
	igt_assert(!madvise(area, size, MADV_NOHUGEPAGE));
	return area;
}

/**
 * SUBTEST: same-addresses
 * Description: Processes with the same virtual addresses at once, each with an address space on
 *	the GPU: none ever sees or changes another's memory.
 */
static void same_addresses(void)
{
	igt_fork(child, 4) {
		uint32_t *area, *out, round, i;
		struct gpu gpu;

		gpu_open(&gpu);
		out = gpu.out + 64;
		area = map_same_place(64 * PAGE);
		for (round = 0; round < 8; round++) {
			uint32_t value = (child + 1) << 24 | round << 16;

			gpu_scatter(&gpu, area, PAGE, 64, value);
			for (i = 0; i < 64; i++)
				igt_assert_eq_u32(area[i * PAGE / 4], value + i);
			mem_touch(area, 64 * PAGE, ~value);
			gpu_gather(&gpu, area, PAGE, 64, out);
			for (i = 0; i < 64; i++)
				igt_assert_eq_u32(out[i], ~value + i);
			igt_assert(!madvise(area, 32 * PAGE, MADV_DONTNEED));
		}
		igt_assert_eq_u64(gpu_stat(&gpu, DRM_MIRAGE_STAT_FAILED), 0);
		gpu_close(&gpu);
	}
	igt_waitchildren();
}

/**
 * SUBTEST: address-of-another
 * Description: An address that only another process has mapped is a bad address.
 */
static void address_of_another(void)
{
	struct gpu gpu;

	gpu_open(&gpu);
	igt_fork(child, 1) {
		uint32_t *area = map_same_place(PAGE);
		struct gpu own;

		gpu_open(&own);
		gpu_write32(&own, area, 0x5ec2e7);
		gpu.out[60] = 1;
		igt_assert(igt_wait(*(volatile uint32_t *)&gpu.out[60] == 2, POLL_MS, 1));
		igt_assert_eq_u32(area[0], 0x5ec2e7);
		gpu_close(&own);
	}
	igt_assert(igt_wait(*(volatile uint32_t *)&gpu.out[60] == 1, POLL_MS, 1));
	gpu_read_fails(&gpu, SAME_PLACE, EFAULT);
	gpu_write_fails(&gpu, SAME_PLACE, EFAULT);
	gpu.out[60] = 2;
	igt_waitchildren();
	gpu_close(&gpu);
}

/**
 * SUBTEST: child-may-not-submit
 * Description: A child that inherits the file cannot submit to the parent's address space
 *	(-EPERM), can make one of its own with the same file, and the parent's goes on after the
 *	child's end.
 */
static void child_may_not_submit(void)
{
	uint32_t *area = mem_anon(PAGE);
	struct gpu gpu;

	gpu_open(&gpu);
	gpu_write32(&gpu, area, 1);
	igt_fork(child, 1) {
		struct gpu own = gpu;
		struct job job = job_new(&gpu);

		igt_assert_eq(mirage_exec(&gpu.dev, gpu.queue, NULL, 0, NULL, 0), -EPERM);
		mirage_ib_fill(&job.ib, area, 4, 2);
		igt_assert_eq(mirage_submit(&gpu.dev, gpu.queue, &job.ib, job.syncobj), -EPERM);

		igt_assert_eq(mirage_vm_create(&own.dev, &own.vm), 0);
		own.queue = gpu_add_queue(&own, DRM_MIRAGE_QUEUE_COMPUTE);
		gpu_write32(&own, area, 3);
		igt_assert_eq_u32(*(volatile uint32_t *)area, 3);
		job_free(&job);
	}
	igt_waitchildren();
	igt_assert_eq_u32(*(volatile uint32_t *)area, 1);
	igt_assert_eq_u32(gpu_read32(&gpu, area), 1);
	gpu_close(&gpu);
	mem_unmap(area, PAGE);
}

static void send_fd(int socket, int fd)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec iov = { .iov_base = "x", .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control.space, .msg_controllen = sizeof(control.space),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
	igt_assert_eq(sendmsg(socket, &msg, 0), 1);
}

static int receive_fd(int socket)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	char byte;
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control.space, .msg_controllen = sizeof(control.space),
	};
	int fd;

	igt_assert_eq(recvmsg(socket, &msg, MSG_CMSG_CLOEXEC), 1);
	igt_assert(CMSG_FIRSTHDR(&msg));
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(fd));
	return fd;
}

/**
 * SUBTEST: file-handed-over
 * Description: A file with an address space is handed to a process that outlives its maker: the
 *	maker's queue refuses the stranger, and a new address space on that file works.
 */
static void file_handed_over(void)
{
	int sockets[2];
	struct gpu gpu;

	igt_assert(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets));
	igt_fork(child, 1) {
		uint32_t words[2];

		gpu_open(&gpu);
		send_fd(sockets[1], gpu.dev.fd);
		words[0] = gpu.vm;
		words[1] = gpu.queue;
		igt_assert_eq(write(sockets[1], words, sizeof(words)), sizeof(words));
	}

	gpu = (struct gpu){ .dev.fd = receive_fd(sockets[0]) };
	igt_assert_eq(read(sockets[0], &gpu.vm, 4), 4);
	igt_assert_eq(read(sockets[0], &gpu.queue, 4), 4);
	igt_waitchildren();
	igt_assert_eq(mirage_exec(&gpu.dev, gpu.queue, NULL, 0, NULL, 0), -EPERM);
	/* Counters of what is over can still be read. */
	igt_assert_neq_u64(gpu_stat(&gpu, DRM_MIRAGE_STAT_FAULTS), 0);
	igt_assert_eq(mirage_queue_destroy(&gpu.dev, gpu.queue), 0);
	igt_assert_eq(mirage_vm_destroy(&gpu.dev, gpu.vm), 0);
	igt_assert_eq(mirage_vm_create(&gpu.dev, &gpu.vm), 0);
	igt_assert_eq(mirage_queue_create(&gpu.dev, gpu.vm, DRM_MIRAGE_QUEUE_COPY, NULL,
					  &gpu.queue), 0);
	igt_assert_eq(mirage_exec(&gpu.dev, gpu.queue, NULL, 0, NULL, 0), 0);
	mirage_close(&gpu.dev);
	close(sockets[0]);
	close(sockets[1]);
}

/* Helpers are killed by the tests: their death is no failure. */
static struct igt_helper_process victim;

static void start_victim(void (*body)(uint32_t *shared, unsigned int seed), uint32_t *shared,
			 unsigned int seed)
{
	*shared = 0;
	victim = (struct igt_helper_process){ .use_SIGKILL = true };
	igt_fork_helper(&victim)
		body(shared, seed);
}

/* It must be alive until here, and die without delay. */
static void kill_victim(void)
{
	struct timespec start = { 0 };

	igt_assert_eq(waitpid(victim.pid, NULL, WNOHANG), 0);
	igt_nsec_elapsed(&start);
	igt_stop_helper(&victim);
	igt_assert_lt_u64(igt_nsec_elapsed(&start), 10000000000ll);
}

/* Faults without end: a kernel walks over memory that is given back as soon as it was touched. */
static void fault_for_ever(uint32_t *shared, unsigned int seed)
{
	struct gpu gpu;
	char *area;

	gpu_open(&gpu);
	area = mem_anon(16 << 20);
	for (;;) {
		struct scatter_args args = {
			.dst = (uintptr_t)area, .stride = 2 * PAGE, .n = 2048, .value = seed,
		};
		struct job job = job_new(&gpu);

		job_kernel(&job, &kernel_scatter, &args, sizeof(args), 32, 64);
		job_submit(&job);
		__atomic_fetch_add(shared, 1, __ATOMIC_SEQ_CST);
		madvise(area, 16 << 20, MADV_DONTNEED);
		job_wait(&job);
		job_free(&job);
	}
}

/**
 * SUBTEST: killed-in-fault
 * Description: Processes are killed at many moments while the GPU faults on their memory: each
 *	dies at once, and the GPU works on for others.
 */
static void killed_in_fault(void)
{
	uint32_t *shared = mem_shared_page();
	struct gpu gpu;
	unsigned int i;

	gpu_open(&gpu);
	for (i = 0; i < 8; i++) {
		start_victim(fault_for_ever, shared, i);
		/* From the first submission on, each time a little later. */
		igt_assert(igt_wait(__atomic_load_n(shared, __ATOMIC_SEQ_CST) > i / 2, POLL_MS, 1));
		__igt_pause_ms(i);
		kill_victim();
		gpu_assert_alive(&gpu);
	}
	gpu_close(&gpu);
	munmap(shared, PAGE);
}

static void run_for_ever(uint32_t *shared, unsigned int seed igt_unused)
{
	struct gpu gpu;
	struct loop loop;

	gpu_open(&gpu);
	loop_start(&loop, &gpu, &kernel_scribble, mem_anon(PAGE));
	*shared = 1;
	for (;;)
		pause();
}

/**
 * SUBTEST: killed-mid-job
 * Description: A process is killed while its kernel writes without end: the kernel stops with
 *	it, and its memory is given back only then; the GPU works on for others.
 */
static void killed_mid_job(void)
{
	uint32_t *shared = mem_shared_page();
	struct gpu gpu;
	unsigned int i;

	gpu_open(&gpu);
	for (i = 0; i < 6; i++) {
		start_victim(run_for_ever, shared, i);
		igt_assert(igt_wait(*(volatile uint32_t *)shared, POLL_MS, 1));
		kill_victim();
		gpu_assert_alive(&gpu);
	}
	gpu_close(&gpu);
	munmap(shared, PAGE);
}

static void start_anything(uint32_t *shared, unsigned int seed igt_unused)
{
	struct gpu gpu;
	int i;

	for (;;) {
		__atomic_fetch_add(shared, 1, __ATOMIC_SEQ_CST);
		gpu_open(&gpu);
		for (i = 0; i < 3; i++)
			gpu_assert_alive(&gpu);
		gpu_close(&gpu);
	}
}

/**
 * SUBTEST: killed-at-random
 * Description: Processes that open, submit and close are killed at many moments, with a fixed
 *	series of delays; the GPU works on, and afterwards as many address spaces can be made as
 *	before.
 */
static void killed_at_random(void)
{
	uint32_t *shared = mem_shared_page(), seed = 12345;
	struct gpu gpu;
	unsigned int i;

	gpu_open(&gpu);
	for (i = 0; i < 20; i++) {
		start_victim(start_anything, shared, i);
		igt_assert(igt_wait(*(volatile uint32_t *)shared, POLL_MS, 1));
		seed = seed * 1103515245 + 12345;
		/* Any moment will do, so this waits for none in particular. */
		__igt_pause_ms(seed >> 16 & 31);
		kill_victim();
	}
	gpu_assert_alive(&gpu);
	gpu_close(&gpu);
	munmap(shared, PAGE);
}

/**
 * SUBTEST: many-vms
 * Description: Address spaces until there are no more (-ENOSPC): those that are there work, and
 *	the room that one leaves can be taken again.
 */
static void many_vms(void)
{
	enum { MOST = 5000 };
	uint32_t *vms = calloc(MOST, sizeof(*vms)), vm;
	struct timespec start = { 0 };
	unsigned int n, i;
	struct mirage dev;
	struct gpu gpu;
	int err = 0;

	igt_assert(vms);
	gpu_open(&gpu);
	igt_assert_eq(mirage_open(&dev), 0);
	igt_nsec_elapsed(&start);
	for (n = 0; n < MOST; n++) {
		err = mirage_vm_create(&dev, &vms[n]);
		if (err)
			break;
	}
	igt_assert_eq(err, -ENOSPC);
	igt_info("%u address spaces besides the first in %.1f s\n", n,
		 igt_nsec_elapsed(&start) / 1e9);
	gpu_assert_alive(&gpu);
	for (i = 0; i < 10; i++)
		igt_assert_eq(mirage_vm_destroy(&dev, vms[i]), 0);
	for (i = 0; i < 10; i++)
		igt_assert_eq(mirage_vm_create(&dev, &vms[i]), 0);
	igt_assert_eq(mirage_vm_create(&dev, &vm), -ENOSPC);
	start = (struct timespec){ 0 };
	igt_nsec_elapsed(&start);
	mirage_close(&dev);
	igt_info("closed in %.1f s\n", igt_nsec_elapsed(&start) / 1e9);
	gpu_assert_alive(&gpu);
	gpu_close(&gpu);
	free(vms);
}

/**
 * SUBTEST: many-queues
 * Description: Queues until the channels run out (-ENOSPC): the last one works, and after they
 *	are gone as many can be made again.
 */
static void many_queues(void)
{
	enum { MOST = 1100 };
	uint32_t *queues = calloc(MOST, sizeof(*queues)), own;
	unsigned int n, first = 0, round, i;
	struct gpu gpu;
	int err = 0;

	igt_assert(queues);
	gpu_open(&gpu);
	own = gpu.queue;
	for (round = 0; round < 2; round++) {
		for (n = 0; n < MOST; n++) {
			err = mirage_queue_create(&gpu.dev, gpu.vm, DRM_MIRAGE_QUEUE_COPY, NULL,
						  &queues[n]);
			if (err)
				break;
		}
		igt_assert_eq(err, -ENOSPC);
		igt_info("%u queues besides the first\n", n);
		gpu.queue = queues[n - 1];
		gpu_assert_alive(&gpu);
		gpu.queue = own;
		for (i = 0; i < n; i++)
			igt_assert_eq(mirage_queue_destroy(&gpu.dev, queues[i]), 0);
		if (round)
			igt_assert_eq(n, first);
		first = n;
	}
	gpu_assert_alive(&gpu);
	gpu_close(&gpu);
	free(queues);
}

int igt_main()
{
	igt_describe("Processes with the same virtual addresses at once do not see each other.");
	igt_subtest("same-addresses")
		same_addresses();

	igt_describe("An address that only another process has is a bad address.");
	igt_subtest("address-of-another")
		address_of_another();

	igt_describe("A child cannot submit to its parent's address space.");
	igt_subtest("child-may-not-submit")
		child_may_not_submit();

	igt_describe("A file handed to another process outlives its maker.");
	igt_subtest("file-handed-over")
		file_handed_over();

	igt_describe("Processes killed while the GPU faults on their memory die at once.");
	igt_subtest("killed-in-fault")
		killed_in_fault();

	igt_describe("Processes killed while a kernel of theirs writes without end.");
	igt_subtest("killed-mid-job")
		killed_mid_job();

	igt_describe("Processes killed at any moment of opening, submitting and closing.");
	igt_subtest("killed-at-random")
		killed_at_random();

	igt_describe("Address spaces until there are no more, twice.");
	igt_subtest("many-vms")
		many_vms();

	igt_describe("Queues until the channels run out, twice.");
	igt_subtest("many-queues")
		many_queues();
}
