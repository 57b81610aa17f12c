// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: Core dumps
 *
 * When a queue is stopped by a time-out or an error, or the device has to be reset, the driver
 * captures the device's state and offers it in /sys/class/devcoredump: registers, queues,
 * descriptors and rings of the channels, the guilty indirect buffer, and the last faults and
 * mappings of the address space. The format is text (mirage_coredump_print()); mirage-decode
 * annotates it.
 *
 * The capture runs in the signalling path of fences, before anything is reset. It allocates nothing
 * and holds no lock under which other code allocates. It does not read the process's memory, since
 * that could fault. It reads indirect buffers only where the page tables point to video memory,
 * which the CPU can access directly. A work prints the dump and hands it over.
 *
 * devcoredump keeps one dump per device until it is read, for at most five minutes, and drops later
 * ones. Of several failures in a row, the first is the one worth reading, so that is right for the
 * failures of one user. But one user could keep the slot occupied and so hide the failures of
 * others. So the first failure of each user within that time replaces an unread dump.
 *
 * Rejected: the newest dump always replaces the previous one. A user could remove the dumps of
 * others by failing again and again. Rejected: a slot per user. devcoredump has one per struct
 * device, and the memory would be unlimited. Rejected: printing from the read callback of
 * devcoredump. It would keep the module in use until the dump is read.
 */
#include "queue/coredump.h"

#include <linux/devcoredump.h>
#include <linux/jiffies.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uidgid.h>
#include <linux/vmalloc.h>

#include <drm/drm_drv.h>
#include <drm/drm_managed.h>
#include <drm/drm_print.h>

#include <hw/packets.h>

#include "device/device.h"
#include "device/regs.h"
#include "device/shared.h"
#include "device/state.h"
#include "mmu/pte.h"
#include "mmu/vm.h"
#include "queue/queue.h"

/* Words of a ring before get, and bytes of an indirect buffer before the guilty packet. */
#define COREDUMP_RING_BEFORE	16
#define COREDUMP_IB_BEFORE	128

/*
 * Translate a GPU address to an offset in VRAM, by a walk as the device does it. Without a lock: if
 * tables change meanwhile, the result is at worst useless.
 */
static bool coredump_translate(struct mirage_vm *vm, u64 va, u64 *offset)
{
	struct mirage_vram *vram = &vm->mdev->vram;
	u64 table = mirage_shared_read64(&vm->mdev->vm_table[vm->id].root);
	u64 entry = table, where;
	unsigned int level;

	for (level = MIRAGE_PT_ROOT;; level--) {
		if (!(entry & MIRAGE_PTE_VALID) || (entry & MIRAGE_PTE_SYSTEM))
			return false;
		where = mirage_pte_addr(entry) + mirage_pte_index(va, level) * sizeof(u64);
		if (where > vram->size - sizeof(u64))
			return false;
		entry = mirage_vram_read64(vram, where);
		if (!level || (level == 1 && (entry & MIRAGE_PTE_LEAF)))
			break;
	}
	if (!(entry & MIRAGE_PTE_VALID) || (entry & (MIRAGE_PTE_SYSTEM | MIRAGE_PTE_NULL)))
		return false;
	*offset = mirage_pte_addr(entry) + (va & (BIT_ULL(mirage_pte_shift(level)) - 1));
	return *offset <= vram->size - sizeof(u32);
}

/* Capture the indirect buffer that a channel executes, as far as it can be read without a fault. */
static void coredump_take_ib(struct mirage_coredump_state *state, struct mirage_queue *queue)
{
	const struct mirage_chan_desc *desc = &state->channels[0].desc;
	u32 mask = mirage_queue_ring_words(queue) - 1;
	const __le32 *ring = queue->mem.cpu;
	u32 get = le32_to_cpu(desc->get);
	u64 error_addr = le64_to_cpu(desc->error_addr);
	u64 addr, size, offset, word;

	if (MIRAGE_PKT_OP(mirage_shared_read32(&ring[get & mask])) != MIRAGE_PKT_IB)
		return;
	addr = mirage_shared_read32(&ring[(get + 1) & mask]);
	addr |= (u64)mirage_shared_read32(&ring[(get + 2) & mask]) << 32;
	size = (u64)mirage_shared_read32(&ring[(get + 3) & mask]) * sizeof(u32);
	if (in_range(error_addr, addr, size) && error_addr - addr > COREDUMP_IB_BEFORE) {
		u64 skip = ALIGN_DOWN(error_addr - addr - COREDUMP_IB_BEFORE, sizeof(u32));

		addr += skip;
		size -= skip;
	}

	state->ib_addr = addr;
	while (state->nr_ib < MIRAGE_COREDUMP_IB_WORDS && size >= sizeof(u32)) {
		if (!coredump_translate(queue->vm, addr, &offset))
			break;
		word = mirage_vram_read64(&queue->mdev->vram, ALIGN_DOWN(offset, sizeof(u64)));
		state->ib[state->nr_ib++] =
			cpu_to_le32(offset % sizeof(u64) ? upper_32_bits(word) : lower_32_bits(word));
		addr += sizeof(u32);
		size -= sizeof(u32);
	}
}

static void coredump_take_channel(struct mirage_coredump_state *state, struct mirage_queue *queue)
{
	struct mirage_coredump_channel *channel = &state->channels[state->nr_channels++];
	u32 mask = mirage_queue_ring_words(queue) - 1;
	const __le32 *ring = queue->mem.cpu;
	unsigned int i;

	memcpy(&channel->desc, &queue->mdev->chans[queue->chan], sizeof(channel->desc));
	channel->chan = queue->chan;
	channel->queue_id = queue->id;
	channel->vm_id = queue->vm ? queue->vm->id : 0;
	channel->tgid = mirage_queue_tgid(queue);
	strscpy(channel->comm, mirage_queue_comm(queue));
	spin_lock(&queue->lock);
	channel->state = queue->error.state;
	channel->jobs_complete = queue->jobs;
	channel->jobs_submitted = queue->seqno;
	spin_unlock(&queue->lock);
	channel->ring_start = le32_to_cpu(channel->desc.get) - COREDUMP_RING_BEFORE;
	for (i = 0; i < MIRAGE_COREDUMP_RING_WORDS; i++)
		channel->ring[i] = ring[(channel->ring_start + i) & mask];
}

static void coredump_take_channels(struct mirage_device *mdev, struct mirage_coredump_state *state,
				   struct mirage_queue *guilty)
{
	struct mirage_queue *queue;

	mirage_for_each_queue(mdev, queue) {
		state->nr_in_use++;
		if (queue != guilty && state->nr_channels < MIRAGE_COREDUMP_CHANNELS)
			coredump_take_channel(state, queue);
	}
}

static u64 coredump_read_reg(struct mirage_device *mdev, struct mirage_reg32 reg)
{
	u64 value;

	/* Reading a low half must not disturb readers of the pair. */
	spin_lock(&mdev->reg_lock);
	value = mirage_reg_read(mdev, reg);
	spin_unlock(&mdev->reg_lock);
	return value;
}

/* In the order of the table that mirage_coredump_print() also uses. */
static void coredump_take_regs(struct mirage_device *mdev, struct mirage_coredump_state *state)
{
	u64 *value = state->regs;

#define REG(unit, name, off, access, reset, doc) \
	*value++ = coredump_read_reg(mdev, MIRAGE_REG32(unit##_##name));
#define REG64(unit, name, off, access, doc) \
	*value++ = mirage_reg_read64(mdev, MIRAGE_REG64(unit##_##name));
#include <hw/regs/all.def>
	WARN_ON_ONCE(value > state->regs + MIRAGE_COREDUMP_REGS);
}

/* Copy the last entries before @put from a ring of 2^@order entries of @size bytes. */
static void coredump_take_tail(void *to, const void *ring, unsigned int order, size_t size, u32 put)
{
	u32 i;

	for (i = 0; i < MIRAGE_COREDUMP_TAIL; i++) {
		u32 index = (put - MIRAGE_COREDUMP_TAIL + i) & ((1u << order) - 1);

		memcpy(to + i * size, ring + index * size, size);
	}
}

static void coredump_take_queues(struct mirage_device *mdev, struct mirage_coredump_state *state)
{
	state->status = *mdev->status;
	coredump_take_tail(state->cmds, mdev->cmdq.mem.cpu, mdev->cmdq.order,
			   sizeof(state->cmds[0]), le32_to_cpu(state->status.cmd_put));
	coredump_take_tail(state->events, mdev->events.mem.cpu, mdev->events.order,
			   sizeof(state->events[0]), le32_to_cpu(state->status.event_put));
	coredump_take_tail(state->faults, mdev->fault_buffer.mem.cpu, mdev->fault_buffer.order,
			   sizeof(state->faults[0]), le32_to_cpu(state->status.fault_put));
	coredump_take_tail(state->places, mdev->fault_buffer.place_mem.cpu,
			   mdev->fault_buffer.order, sizeof(state->places[0]),
			   le32_to_cpu(state->status.fault_put));
}

/**
 * mirage_coredump_take() - capture the state of the device
 * @mdev: device, between drm_dev_enter() and drm_dev_exit()
 * @guilty: queue to blame, a reference held; or NULL
 * @why: what went wrong
 *
 * Does nothing while an earlier dump is being printed.
 *
 * Context: process; does not sleep and allocates nothing. About a hundred register accesses.
 */
void mirage_coredump_take(struct mirage_device *mdev, struct mirage_queue *guilty,
			  const char *why)
{
	struct mirage_coredump *dump = mdev->coredump;
	struct mirage_coredump_state *state = dump->state;

	if (atomic_cmpxchg_acquire(&dump->busy, 0, 1))
		return;

	memset(state, 0, sizeof(*state));
	strscpy(state->why, why);
	state->time_ns = mirage_device_estimate_time(mdev);
	state->has_guilty = guilty;
	state->uid = guilty && guilty->vm ? guilty->vm->uid : INVALID_UID;
	/* First the state that another thread may be about to reset. */
	if (guilty)
		coredump_take_channel(state, guilty);
	coredump_take_regs(mdev, state);
	coredump_take_queues(mdev, state);
	coredump_take_channels(mdev, state, guilty);
	if (guilty && guilty->vm) {
		coredump_take_ib(state, guilty);
		state->nr_history = mirage_history_read(&guilty->vm->history, state->history);
	}
	queue_work(system_dfl_wq, &dump->work);
}

/* Print to @text, or only count. */
static size_t coredump_print_to(struct mirage_device *mdev, char *text, size_t size)
{
	struct drm_print_iterator iter = { .data = text, .remain = size };
	struct drm_printer p = drm_coredump_printer(&iter);

	mirage_coredump_print(mdev, mdev->coredump->state, &p);
	return size - iter.remain;
}

/*
 * Is it the user's first dump within the time for which devcoredump keeps one? Failures of the
 * device without a guilty queue are counted under a user of their own.
 */
static bool coredump_is_first(struct mirage_coredump *dump, kuid_t uid)
{
	struct mirage_coredump_user *user, *oldest = &dump->users[0];
	u64 now = get_jiffies_64();
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(dump->users); i++) {
		user = &dump->users[i];
		if (user->until > now && uid_eq(user->uid, uid))
			return false;
		if (user->until < oldest->until)
			oldest = user;
	}
	oldest->uid = uid;
	oldest->until = now + DEVCD_TIMEOUT;
	return true;
}

static void coredump_work(struct work_struct *work)
{
	struct mirage_device *mdev = container_of(work, struct mirage_coredump, work)->mdev;
	size_t size = coredump_print_to(mdev, NULL, INT_MAX);
	char *text = vmalloc(size);

	if (text) {
		coredump_print_to(mdev, text, size);
		if (coredump_is_first(mdev->coredump, mdev->coredump->state->uid))
			dev_coredump_put(mdev->drm.dev);
		/* Rate-limited: any process can make the GPU fail as often as it likes. */
		if (__ratelimit(&mdev->coredump->told))
			drm_info(&mdev->drm, "core dump: %s; see /sys/class/devcoredump\n",
				 mdev->coredump->state->why);
		/* Takes ownership of the text; drops it if an unread dump exists. */
		dev_coredumpv(mdev->drm.dev, text, size, GFP_KERNEL);
	} else {
		drm_err_ratelimited(&mdev->drm, "no memory for a core dump of %zu bytes\n", size);
	}
	atomic_set_release(&mdev->coredump->busy, 0);
}

static void coredump_free(struct drm_device *drm, void *state)
{
	kvfree(state);
}

/**
 * mirage_coredump_init() - set up, before any failure can occur
 * @mdev: device
 *
 * Context: probe.
 * Return: 0 or -ENOMEM
 */
int mirage_coredump_init(struct mirage_device *mdev)
{
	struct mirage_coredump *dump;

	dump = drmm_kzalloc(&mdev->drm, sizeof(*dump), GFP_KERNEL);
	if (!dump)
		return -ENOMEM;
	mdev->coredump = dump;
	dump->mdev = mdev;
	INIT_WORK(&dump->work, coredump_work);
	ratelimit_state_init(&dump->told, DEFAULT_RATELIMIT_INTERVAL, DEFAULT_RATELIMIT_BURST);
	ratelimit_set_flags(&dump->told, RATELIMIT_MSG_ON_RELEASE);
	dump->state = kvzalloc_obj(*dump->state);
	if (!dump->state)
		return -ENOMEM;
	return drmm_add_action_or_reset(&mdev->drm, coredump_free, dump->state);
}

/**
 * mirage_coredump_stop() - cancel a pending dump, and prevent further ones
 * @mdev: device, which is wedged, and will not be reset
 *
 * Context: may sleep; may be called again.
 */
void mirage_coredump_stop(struct mirage_device *mdev)
{
	disable_work_sync(&mdev->coredump->work);
}
