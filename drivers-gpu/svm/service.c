// SPDX-License-Identifier: GPL-2.0
/*
 * Fault service of an address space.
 *
 * Model: batches, as in NVIDIA's UVM. The service takes all pending faults, sorts them, and serves
 * them block by block with one call to the mirror core each. Then one replay resumes all suspended
 * accesses. Pages that the device has by now are skipped; nearby pages are mapped too if the
 * density of accesses suggests it (svm/prefetch.c). Where a queue writes page after page, pages
 * ahead of it are populated (svm/ahead.c). For addresses above the mirror, mirage_gpuvm_serve()
 * restores whole objects.
 *
 * If mm cannot provide a page, only the queue that accessed it is stopped, once it is proven that
 * the access is still waiting (svm/stale_filter.c). Lack of memory is retried SERVICE_TRIES times
 * with growing pauses, and then treated the same. If mm takes a block away faster than it can be
 * mapped, the access is replayed and faults again, so that other blocks get their turn; the job's
 * time limit bounds that.
 *
 * Each address space has its own work item on an unbound workqueue: address spaces are served in
 * parallel, and one that waits for I/O does not block others. Within one, blocks are served in
 * turn: mm would serialise them on the same mmap_lock anyway.
 *
 * Rejected: one service thread per device, as in nouveau, where a process that swaps makes all
 * others wait.
 */
#include "svm/service.h"

#include <linux/delay.h>
#include <linux/hmm_mirror.h>
#include <linux/ktime.h>
#include <linux/moduleparam.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include <drm/drm_drv.h>
#include <drm/drm_print.h>

#include "device/device.h"
#include "device/names.h"
#include "device/state.h"
#include "mmu/vm.h"
#include "queue/queue.h"
#include "svm/ahead.h"
#include "svm/prefetch.h"
#include "svm/stale_filter.h"
#include "svm/trace.h"
#include "vm/gpuvm.h"

static bool service_populate_ahead = true;
module_param_named(populate_ahead, service_populate_ahead, bool, 0644);
MODULE_PARM_DESC(populate_ahead,
		 "Populate memory ahead of a queue that writes page after page (default: on)");

/* Tries of a block when memory is short: pauses of 1, 2, 4 … 64 ms between. */
#define SERVICE_TRIES	8

/* Number of faults per batch that the address space's history keeps. */
#define SERVICE_REMEMBER	8u

/**
 * struct mirage_service - fault service of one VM
 */
struct mirage_service {
	/** @vm: the address space; constant */
	struct mirage_vm *vm;
	/**
	 * @work: serves @pending; runs on mirage_device.fault_wq, holds a reference to @vm while
	 * queued. It alone uses the members from @faults on.
	 */
	struct work_struct work;
	/**
	 * @pending: faults not served yet, capacity MIRAGE_VM_PENDING; NULL before the first queue.
	 * Protected by mirage_vm.fault_lock.
	 */
	struct mirage_fault *pending;
	/** @nr_pending: number of entries in @pending. Protected by mirage_vm.fault_lock. */
	unsigned int nr_pending;
	/** @faults: the batch, room for MIRAGE_VM_PENDING */
	struct mirage_fault *faults;
	/** @wanted: pages that the current block needs */
	struct mirage_batch_block wanted;
	/** @ask: request to the mirror core */
	struct hmm_fault ask;
	/** @asked: number of pages in the request */
	unsigned int asked;
	/** @migrate: request to move pages to video memory first */
	struct hmm_migrate migrate;
	/** @ahead: runs of write faults */
	struct mirage_ahead ahead;
	/** @stale_filter: accesses that failed once */
	struct mirage_stale_slot stale_filter[MIRAGE_STALE_SLOTS];
};

/* Take all pending faults. */
static unsigned int service_take(struct mirage_service *service)
{
	unsigned int count;

	spin_lock(&service->vm->fault_lock);
	swap(service->pending, service->faults);
	count = service->nr_pending;
	service->nr_pending = 0;
	spin_unlock(&service->vm->fault_lock);
	return count;
}

/* The access cannot be served: stop its queue, and report that in the log and to user space. */
static void service_stop_queue(struct mirage_vm *vm, const struct mirage_fault *fault, int error)
{
	char place[MIRAGE_PLACE_TEXT];
	u32 queue_id;

	if (!mirage_queue_is_live(vm->mdev, fault, vm, &queue_id))
		return;
	/* Before the fences signal, so that their waiters already see the count. */
	mirage_stats_add(&vm->stats, DRM_MIRAGE_STAT_FAILED, 1);
	mirage_vm_report(vm, fault, queue_id, error);

	if (!mirage_queue_stop_on_fault(vm->mdev, fault, vm, error))
		return;
	drm_err_ratelimited(&vm->mdev->drm,
			    "%s[%d]: queue %u stopped: %s at %#llx could not be served: %s, error %d%s\n",
			    vm->comm, vm->tgid, queue_id, mirage_access_name(fault->access),
			    fault->addr, mirage_fault_kind_name(fault->kind), error,
			    mirage_place_text(&fault->place, place));
}

static void service_fail(struct mirage_vm *vm, const struct mirage_fault *fault, int error)
{
	bool proven = false;
	int idx;

	if (drm_dev_enter(&vm->mdev->drm, &idx)) {
		proven = mirage_stale_filter_confirm(vm->service->stale_filter, fault,
						     mirage_device_time(vm->mdev));
		drm_dev_exit(idx);
	}
	if (proven)
		service_stop_queue(vm, fault, error);
}

/* 0, or the errno if no mapping can serve this access. */
static int service_check(struct mirage_vm *vm, const struct mirage_fault *fault)
{
	switch (fault->kind) {
	case MIRAGE_FAULT_NOT_PRESENT:
	case MIRAGE_FAULT_WRITE:
		break;
	case MIRAGE_FAULT_ATOMIC:
		if (!(vm->write_rights & MIRAGE_PTE_ATOMIC))
			return -EOPNOTSUPP;
		break;
	default:
		return -EFAULT;
	}
	return fault->addr >> MIRAGE_VA_MIRROR_BITS || vm->mirror ? 0 : -EFAULT;
}

/* Drop the faults of queues that are gone, and handle those that no mapping can serve. */
static unsigned int service_filter(struct mirage_vm *vm, unsigned int count)
{
	struct mirage_fault *faults = vm->service->faults;
	unsigned int kept = 0;
	unsigned int i;

	for (i = 0; i < count; i++) {
		int error;

		if (!mirage_queue_is_live(vm->mdev, &faults[i], vm, NULL))
			continue;
		error = service_check(vm, &faults[i]);
		if (error)
			service_stop_queue(vm, &faults[i], error);
		else
			faults[kept++] = faults[i];
	}
	return kept;
}

/* Set up the request; false if the device has all pages by now. */
static bool service_ask(struct mirage_vm *vm)
{
	struct mirage_batch_block *wanted = &vm->service->wanted;
	struct hmm_fault *ask = &vm->service->ask;
	unsigned long valid[MIRAGE_LEAVES_WORDS];
	unsigned long writable[MIRAGE_LEAVES_WORDS];
	unsigned long want[MIRAGE_LEAVES_WORDS];
	unsigned int i;

	static_assert(HMM_BLOCK_PAGES == MIRAGE_PT_ENTRIES);

	mirage_pt_lookup(&vm->pt, wanted->start, valid, writable);
	memset(ask, 0, sizeof(*ask));
	ask->start = wanted->start;
	vm->service->asked = 0;
	for (i = 0; i < MIRAGE_LEAVES_WORDS; i++) {
		ask->read[i] = wanted->read[i] & ~valid[i];
		ask->write[i] = wanted->write[i] & ~writable[i];
		want[i] = ask->read[i] | ask->write[i];
		vm->service->asked += mirage_weight(want[i]);
	}
	mirage_prefetch(want, valid, ask->prefetch);
	return vm->service->asked;
}

static void service_account(struct mirage_vm *vm)
{
	const struct hmm_fault *ask = &vm->service->ask;
	unsigned int asked = vm->service->asked;
	unsigned int failed = bitmap_weight(ask->failed, HMM_BLOCK_PAGES);

	mirage_stats_add(&vm->stats, DRM_MIRAGE_STAT_RETRIES, ask->retries);
	mirage_stats_add(&vm->stats, DRM_MIRAGE_STAT_PAGES_MAPPED, ask->mapped);
	if (ask->mapped + failed > asked)
		mirage_stats_add(&vm->stats, DRM_MIRAGE_STAT_PAGES_PREFETCHED,
				 ask->mapped + failed - asked);
	mirage_stats_add(&vm->stats, DRM_MIRAGE_STAT_NS_MM, ask->ns_mm);
	mirage_stats_add(&vm->stats, DRM_MIRAGE_STAT_NS_DMA, ask->ns_dma);
	mirage_stats_add(&vm->stats, DRM_MIRAGE_STAT_NS_PT, ask->ns_map);
}

/*
 * Move pages to video memory before they are mapped, where the program prefers that: those that
 * faulted and those around and ahead that were chosen. Whatever stays is mapped where it is.
 */
static void service_migrate(struct mirage_vm *vm)
{
	struct hmm_migrate *migrate = &vm->service->migrate;
	struct hmm_fault *ask = &vm->service->ask;
	unsigned long addr, next, end = ask->start + HMM_BLOCK_SIZE;

	bitmap_zero(migrate->pages, HMM_BLOCK_PAGES);
	for (addr = ask->start; addr < end; addr = next) {
		enum hmm_location location = hmm_mirror_preference(vm->mirror, addr, &next);

		next = min(next, end);
		if (location == HMM_LOCATION_DEVICE)
			bitmap_set(migrate->pages, (addr - ask->start) >> PAGE_SHIFT,
				   (next - addr) >> PAGE_SHIFT);
	}
	if (bitmap_empty(migrate->pages, HMM_BLOCK_PAGES))
		return;
	bitmap_or(ask->failed, ask->read, ask->write, HMM_BLOCK_PAGES);
	bitmap_or(ask->failed, ask->failed, ask->prefetch, HMM_BLOCK_PAGES);
	bitmap_or(ask->failed, ask->failed, ask->populate, HMM_BLOCK_PAGES);
	if (!bitmap_and(migrate->pages, migrate->pages, ask->failed, HMM_BLOCK_PAGES))
		return;

	migrate->start = ask->start;
	migrate->location = HMM_LOCATION_DEVICE;
	migrate->by_fault = true;
	hmm_mirror_migrate(vm->mirror, migrate);
	mirage_stats_add(&vm->stats, DRM_MIRAGE_STAT_PAGES_TO_VRAM,
			 bitmap_weight(migrate->moved, HMM_BLOCK_PAGES));
	mirage_stats_add(&vm->stats, DRM_MIRAGE_STAT_PAGES_BOUNCED, migrate->bounced);
}

/* These faults can be served: clear their slots of the stale filter. */
static void service_pass(struct mirage_vm *vm, const struct mirage_fault *faults,
			 unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		mirage_stale_filter_clear(vm->service->stale_filter, &faults[i]);
}

/* Memory was short: pause before another try; false if there should be none. */
static bool service_again(int ret, unsigned int *tries)
{
	if ((ret != -ENOMEM && ret != -ENOSPC) || ++*tries >= SERVICE_TRIES)
		return false;
	fsleep(USEC_PER_MSEC << (*tries - 1));
	return true;
}

/* The result of a request: -ENOMEM also if there was no memory for one of its pages. */
static int service_result(const struct hmm_fault *ask, int ret)
{
	unsigned int page;

	if (ret)
		return ret;
	for_each_set_bit(page, ask->failed, HMM_BLOCK_PAGES) {
		if (hmm_fault_error(ask, page) == -ENOMEM)
			return -ENOMEM;
	}
	return 0;
}

/*
 * Ask the mirror core for what the device lacks. False: the device has all pages by now. Only the
 * first of several tries (@again) populates ahead: the others are for lack of memory.
 */
static bool service_try(struct mirage_vm *vm, const struct mirage_fault *faults,
			unsigned int count, bool again, int *ret)
{
	struct hmm_fault *ask = &vm->service->ask;

	if (!service_ask(vm))
		return false;
	if (!again && READ_ONCE(service_populate_ahead))
		mirage_ahead_block(&vm->service->ahead, faults, count, ask->write, ask->populate);
	service_migrate(vm);
	*ret = hmm_mirror_fault(vm->mirror, ask);
	trace_mirage_service_block(vm, ask, count, *ret);
	service_account(vm);
	return true;
}

/*
 * Serve faults on VM_BIND mappings. They are few: the first fault of an object restores all of it.
 * A fault that finds nothing to do raced with that, or waits for its replay.
 */
static void service_bound(struct mirage_vm *vm, const struct mirage_fault *faults,
			  unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		unsigned int tries = 0;
		int ret;

		do {
			ret = mirage_gpuvm_serve(vm, faults[i].addr, faults[i].access);
		} while (service_again(ret, &tries));
		if (!ret)
			mirage_stale_filter_clear(vm->service->stale_filter, &faults[i]);
		else if (ret != -ENODEV && ret != -EBUSY)
			service_fail(vm, &faults[i], ret);
	}
	mirage_stats_add(&vm->stats, DRM_MIRAGE_STAT_BLOCK_FAULTS, 1);
}

/* Serve the faults of one block of the mirror, the first @count of @faults. */
static void service_block(struct mirage_vm *vm, const struct mirage_fault *faults,
			  unsigned int count)
{
	struct hmm_fault *ask = &vm->service->ask;
	unsigned int tries = 0;
	unsigned int i;
	int ret;

	while (service_try(vm, faults, count, tries, &ret) &&
	       service_again(service_result(ask, ret), &tries))
		;
	if (!vm->service->asked) {
		service_pass(vm, faults, count);
		return;
	}

	mirage_stats_add(&vm->stats, DRM_MIRAGE_STAT_BLOCK_FAULTS, 1);
	if (ret == -ENODEV || ret == -EBUSY)
		return;
	if (ret == -ESRCH) {
		/* The process is gone; its faults cannot be served any more. */
		mirage_queues_stop_vm(vm, ret);
		return;
	}
	for (i = 0; i < count; i++) {
		unsigned int page = mirage_batch_page(&faults[i]);

		if (ret)
			service_fail(vm, &faults[i], ret);
		else if (!test_bit(page, ask->failed))
			mirage_stale_filter_clear(vm->service->stale_filter, &faults[i]);
		else if (mirage_batch_wants_write(&faults[i]) || !test_bit(page, ask->write))
			service_fail(vm, &faults[i], hmm_fault_error(ask, page));
		/* Otherwise the write failed: reads are served later, without the writer. */
	}
}

/**
 * mirage_service_replay() - resume all suspended accesses of an address space
 * @vm: address space
 *
 * Context: may sleep.
 */
void mirage_service_replay(struct mirage_vm *vm)
{
	u64 start = ktime_get_ns();
	int idx;

	if (!drm_dev_enter(&vm->mdev->drm, &idx))
		return;
	/* Counted first, so that resumed programs already see the count. */
	mirage_stats_add(&vm->stats, DRM_MIRAGE_STAT_REPLAYS, 1);
	mirage_cmdq_replay(vm->mdev, vm->id);
	drm_dev_exit(idx);
	mirage_stats_add(&vm->stats, DRM_MIRAGE_STAT_NS_REPLAY, ktime_get_ns() - start);
}

/**
 * mirage_service_is_busy() - are faults of an address space being served, or about to be?
 * @vm: address space
 *
 * Context: any; the answer is a hint.
 */
bool mirage_service_is_busy(struct mirage_vm *vm)
{
	return work_busy(&vm->service->work);
}

static void service_account_delivery(struct mirage_vm *vm, unsigned int count)
{
	u64 now = mirage_device_estimate_time(vm->mdev);
	u64 sum = 0;
	unsigned int i;

	for (i = 0; i < count; i++) {
		u64 then = vm->service->faults[i].time_ns;

		sum += now > then ? now - then : 0;
	}
	mirage_stats_add(&vm->stats, DRM_MIRAGE_STAT_NS_DELIVERY, sum);
}

static void service_batch(struct mirage_vm *vm, unsigned int count)
{
	const struct mirage_fault *faults = vm->service->faults;
	u64 start = ktime_get_ns();
	unsigned int i, kept, dups;

	service_account_delivery(vm, count);
	kept = service_filter(vm, count);
	dups = mirage_batch_sort(vm->service->faults, kept);
	mirage_ahead_begin(&vm->service->ahead);
	for (i = 0; i < kept; i += vm->service->wanted.count) {
		mirage_batch_take(faults + i, kept - i, &vm->service->wanted);
		if (vm->service->wanted.start >> MIRAGE_VA_MIRROR_BITS)
			service_bound(vm, faults + i, vm->service->wanted.count);
		else
			service_block(vm, faults + i, vm->service->wanted.count);
	}

	atomic_inc(&vm->progress);
	mirage_stats_add(&vm->stats, DRM_MIRAGE_STAT_FAULT_DUPS, dups);
	mirage_stats_add(&vm->stats, DRM_MIRAGE_STAT_BATCHES, 1);

	/* Also for those whose entries were dropped: they fault again then. */
	mirage_service_replay(vm);

	mirage_stats_add(&vm->stats, DRM_MIRAGE_STAT_NS_SERVICE, ktime_get_ns() - start);
	trace_mirage_service_batch(vm, count, dups, ktime_get_ns() - start);
}

/* Serve one batch; if more is pending the work is queued again, and can be frozen in between. */
static void service_work(struct work_struct *work)
{
	struct mirage_service *service = container_of(work, struct mirage_service, work);
	unsigned int count = service_take(service);
	struct mirage_vm *vm = service->vm;

	if (count)
		service_batch(vm, count);
	mirage_vm_put(vm);
}

/* The history is short: keep only a few faults of a large batch. */
static void service_remember(struct mirage_vm *vm, const struct mirage_fault *faults,
			     unsigned int count)
{
	unsigned int i;

	for (i = 0; i < min(count, SERVICE_REMEMBER); i++)
		mirage_history_add(&vm->history, MIRAGE_HISTORY_FAULT, faults[i].time_ns,
				   faults[i].addr, 1,
				   faults[i].chan | faults[i].access << 16 | faults[i].kind << 24);
}

/* A fault that finds no room is dropped: after the next replay its access faults again. */
static void service_add(struct mirage_vm *vm, const struct mirage_fault *faults,
			unsigned int count)
{
	struct mirage_service *service = vm->service;
	unsigned int room;

	spin_lock(&vm->fault_lock);
	room = service->pending ? MIRAGE_VM_PENDING - service->nr_pending : 0;
	memcpy(service->pending + service->nr_pending, faults, min(count, room) * sizeof(*faults));
	service->nr_pending += min(count, room);
	spin_unlock(&vm->fault_lock);

	service_remember(vm, faults, count);
	mirage_stats_add_faults(&vm->stats, faults, count);
	mirage_vm_get(vm);
	if (!queue_work(vm->mdev->fault_wq, &service->work))
		mirage_vm_put(vm);
}

/**
 * mirage_service_distribute() - pass faults to their address spaces: mirage_device_ops.faults()
 * @mdev: device
 * @faults: all entries of the fault buffer; sorted in place
 * @count: number of faults
 *
 * Each address space gets all of its faults at once, so that one replay suffices for them. Faults
 * whose address space is gone are dropped.
 *
 * Context: process; mirage_fault_buffer.lock is held: allocates nothing, and does not wait.
 */
void mirage_service_distribute(struct mirage_device *mdev, struct mirage_fault *faults,
			       unsigned int count)
{
	unsigned int first = 0;
	unsigned int i;

	mirage_batch_sort(faults, count);

	for (i = 1; i <= count; i++) {
		struct mirage_vm *vm;

		if (i < count && faults[i].vm == faults[first].vm)
			continue;
		vm = mirage_vm_lookup(mdev, faults[first].vm);
		if (vm) {
			service_add(vm, faults + first, i - first);
			mirage_vm_put(vm);
		}
		first = i;
	}
}

/**
 * mirage_service_prepare() - allocate the fault arrays of an address space
 * @vm: address space that is about to get a queue; called for each queue
 *
 * Not done for every VM: one without a queue cannot fault, and a process may create thousands.
 *
 * Context: may sleep and allocate; takes mirage_vm.fault_lock.
 * Return: 0 or -ENOMEM
 */
int mirage_service_prepare(struct mirage_vm *vm)
{
	struct mirage_service *service = vm->service;
	struct mirage_fault *room[2];

	if (READ_ONCE(service->pending))
		return 0;
	room[0] = kvmalloc_objs(*room[0], MIRAGE_VM_PENDING, GFP_KERNEL_ACCOUNT);
	room[1] = kvmalloc_objs(*room[1], MIRAGE_VM_PENDING, GFP_KERNEL_ACCOUNT);
	if (!room[0] || !room[1]) {
		kvfree(room[0]);
		kvfree(room[1]);
		return -ENOMEM;
	}

	spin_lock(&vm->fault_lock);
	if (!service->pending) {
		swap(service->pending, room[0]);
		swap(service->faults, room[1]);
	}
	spin_unlock(&vm->fault_lock);
	kvfree(room[0]);
	kvfree(room[1]);
	return 0;
}

/**
 * mirage_service_init() - set up the fault service of an address space
 * @vm: address space
 *
 * Return: 0 or -ENOMEM; mirage_service_fini() is allowed after both
 */
int mirage_service_init(struct mirage_vm *vm)
{
	struct mirage_service *service = kzalloc_obj(*service, GFP_KERNEL_ACCOUNT);

	spin_lock_init(&vm->fault_lock);
	if (!service)
		return -ENOMEM;
	service->vm = vm;
	INIT_WORK(&service->work, service_work);
	vm->service = service;
	return 0;
}

/**
 * mirage_service_fini() - free the fault service
 * @vm: address space without other users
 */
void mirage_service_fini(struct mirage_vm *vm)
{
	if (!vm->service)
		return;
	kvfree(vm->service->pending);
	kvfree(vm->service->faults);
	kfree(vm->service);
}
