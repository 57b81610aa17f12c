// SPDX-License-Identifier: MIT
/*
 * Execution of packets, one function each. The header has been checked against
 * the table before; a function checks its arguments, then acts. A packet that
 * cannot be finished in one step keeps its place in frontend.phase.
 */
#include <string.h>

#include "device.h"
#include "dispatch.h"
#include "packet.h"

#define WHERE_RING PACKET_RING
#define WHERE_USER PACKET_USER
#define WHERE_COMPUTE PACKET_COMPUTE

const struct packet_type packet_types[256] = {
#define PKT(name, op, nr, flag_mask, place, doc) \
	[op] = { .known = true, .words = (nr), .flags = (flag_mask), .where = WHERE_##place },
	MIRAGE_PACKETS(PKT)
#undef PKT
};

#define PKT(name, op, nr, flag_mask, place, doc) \
	_Static_assert(1 + (nr) <= PACKET_MAX_WORDS, #name " is too long");
MIRAGE_PACKETS(PKT)
#undef PKT

enum mirage_chan_error packet_check(const struct chan *chan, u32 header)
{
	const struct packet_type *type = &packet_types[MIRAGE_PKT_OP(header)];

	if (!type->known)
		return MIRAGE_CHAN_BAD_PACKET;
	if (type->where == PACKET_RING && chan->frontend.in_ib)
		return MIRAGE_CHAN_PRIVILEGE;
	if (type->where == PACKET_COMPUTE && chan->class != MIRAGE_CHAN_COMPUTE)
		return MIRAGE_CHAN_BAD_PACKET;
	if (MIRAGE_PKT_WORDS(header) != type->words || (MIRAGE_PKT_FLAGS(header) & ~type->flags))
		return MIRAGE_CHAN_BAD_PACKET;
	return MIRAGE_CHAN_OK;
}

/* Payload words @i and @i + 1. */
static u64 arg64(const struct chan *chan, unsigned int i)
{
	return make_u64(chan->frontend.words[1 + i], chan->frontend.words[2 + i]);
}

static u32 flags(const struct chan *chan)
{
	return MIRAGE_PKT_FLAGS(chan->frontend.words[0]);
}

static enum step bad_packet(struct chan *chan)
{
	chan_error(chan, MIRAGE_CHAN_BAD_PACKET, chan->frontend.words[0], chan_packet_addr(chan));
	return STEP_STOPPED;
}

/* Find the 64-bit word at an aligned address. Returns STEP_DONE, or what its fault leads to. */
static enum step access64(struct chan *chan, u64 va, enum mirage_access access, u64 **place)
{
	u64 len = sizeof(u64);
	void *host;
	int kind = mmu_access(chan->dev, chan->vm, va, access, &len, &host);

	if (kind)
		return chan_fault(chan, MIRAGE_UNIT_FRONTEND, va, access,
				  (enum mirage_fault_kind)kind);
	*place = host;
	return STEP_DONE;
}

static enum step do_ib(struct chan *chan)
{
	struct frontend *fe = &chan->frontend;
	u64 va = arg64(chan, 0);
	u32 words = fe->words[3];

	if (va % sizeof(u32) || !words || words > MIRAGE_IB_MAX_WORDS)
		return bad_packet(chan);
	fe->in_ib = true;
	fe->ib_va = va;
	fe->ib_left = words;
	fe->busy = false;
	return STEP_MORE;
}

static enum step do_fence(struct chan *chan)
{
	struct device *dev = chan->dev;
	u64 phys = arg64(chan, 0), value = arg64(chan, 2);
	u64 *place;

	if (!chan->frontend.phase) {
		if (!phys_valid(phys, sizeof(*place)))
			return bad_packet(chan);
		place = phys_ptr(dev, phys, sizeof(*place), true);
		if (!place) {
			chan_error(chan, MIRAGE_CHAN_RING, 0, chan_packet_addr(chan));
			return STEP_STOPPED;
		}
		__atomic_store_n(place, value, __ATOMIC_RELEASE);
		runlist_kick_pollers(dev);
		chan->frontend.phase = 1;
	}
	if (!(flags(chan) & MIRAGE_FENCE_NOTIFY) ||
	    event_add(dev, MIRAGE_EVENT_FENCE, 0, chan->id, value))
		return STEP_DONE;
	return STEP_POLL;
}

/* The copy that a packet describes. */
static struct copy copy_of(const struct chan *chan, u32 op)
{
	if (op == MIRAGE_PKT_FILL || op == MIRAGE_PKT_FILL_PHYS)
		return (struct copy){
			.fill = true,
			.phys = op == MIRAGE_PKT_FILL_PHYS,
			.dst = arg64(chan, 0),
			.left = arg64(chan, 2),
			.pattern = chan->frontend.words[5],
		};
	return (struct copy){
		.phys = op == MIRAGE_PKT_COPY_PHYS,
		.src = arg64(chan, 0),
		.dst = arg64(chan, 2),
		.left = arg64(chan, 4),
	};
}

static enum step do_copy(struct chan *chan)
{
	struct copy *copy = &chan->copy;

	if (!chan->frontend.phase) {
		*copy = copy_of(chan, MIRAGE_PKT_OP(chan->frontend.words[0]));
		if (!copy_valid(copy))
			return bad_packet(chan);
		chan->frontend.phase = 1;
	}
	return copy_run(chan);
}

/* Take up a copy with @left bytes to go. */
static bool resume_copy(struct chan *chan, u64 left)
{
	struct copy *copy = &chan->copy;
	u64 done;

	*copy = copy_of(chan, MIRAGE_PKT_OP(chan->frontend.words[0]));
	if (left > copy->left || !copy_valid(copy))
		return false;
	done = copy->left - left;
	copy->src += done;
	copy->dst += done;
	copy->left = left;
	/* Chunks of a fill hold whole patterns, those of physical copies whole words. */
	return copy_valid(copy);
}

bool packet_resume(struct chan *chan, u64 copy_left)
{
	const struct frontend *fe = &chan->frontend;
	u32 left = fe->in_ib ? fe->ib_left : chan->put - chan->get;

	if (packet_check(chan, fe->words[0]) || 1 + MIRAGE_PKT_WORDS(fe->words[0]) > left)
		return false;
	switch (MIRAGE_PKT_OP(fe->words[0])) {
	case MIRAGE_PKT_COPY:
	case MIRAGE_PKT_FILL:
	case MIRAGE_PKT_COPY_PHYS:
	case MIRAGE_PKT_FILL_PHYS:
		return !fe->phase || (fe->phase == 1 && resume_copy(chan, copy_left));
	case MIRAGE_PKT_FENCE:
	case MIRAGE_PKT_DISPATCH:
		return fe->phase <= 1;
	default:
		return !fe->phase;
	}
}

static enum step do_sem_write(struct chan *chan)
{
	u64 va = arg64(chan, 0);
	u64 *place = NULL;
	enum step step;

	if (va % sizeof(u64))
		return bad_packet(chan);
	step = access64(chan, va, MIRAGE_ACCESS_WRITE, &place);
	if (step != STEP_DONE)
		return step;
	__atomic_store_n(place, arg64(chan, 2), __ATOMIC_RELEASE);
	runlist_kick_pollers(chan->dev);
	return STEP_DONE;
}

static enum step do_sem_wait(struct chan *chan)
{
	u64 va = arg64(chan, 0), wanted = arg64(chan, 2), value;
	u64 *place = NULL;
	enum step step;
	bool reached;

	if (va % sizeof(u64))
		return bad_packet(chan);
	step = access64(chan, va, MIRAGE_ACCESS_READ, &place);
	if (step != STEP_DONE)
		return step;
	value = __atomic_load_n(place, __ATOMIC_ACQUIRE);
	if (flags(chan) & MIRAGE_SEM_EQUAL)
		reached = value == wanted;
	else
		reached = (s64)(value - wanted) >= 0;
	return reached ? STEP_DONE : STEP_POLL;
}

static enum step do_timestamp(struct chan *chan)
{
	u64 va = arg64(chan, 0);
	u64 *place = NULL;
	enum step step;

	if (va % sizeof(u64))
		return bad_packet(chan);
	step = access64(chan, va, MIRAGE_ACCESS_WRITE, &place);
	if (step != STEP_DONE)
		return step;
	__atomic_store_n(place, device_time(chan->dev), __ATOMIC_RELEASE);
	return STEP_DONE;
}

static enum step do_dispatch(struct chan *chan)
{
	u64 va = arg64(chan, 0);

	if (va % 64)
		return bad_packet(chan);
	return dispatch_step(chan, va);
}

enum step packet_step(struct chan *chan)
{
	switch (MIRAGE_PKT_OP(chan->frontend.words[0])) {
	case MIRAGE_PKT_IB:
		return do_ib(chan);
	case MIRAGE_PKT_FENCE:
		return do_fence(chan);
	case MIRAGE_PKT_COPY:
	case MIRAGE_PKT_FILL:
	case MIRAGE_PKT_COPY_PHYS:
	case MIRAGE_PKT_FILL_PHYS:
		return do_copy(chan);
	case MIRAGE_PKT_DISPATCH:
		return do_dispatch(chan);
	case MIRAGE_PKT_SEM_WRITE:
		return do_sem_write(chan);
	case MIRAGE_PKT_SEM_WAIT:
		return do_sem_wait(chan);
	case MIRAGE_PKT_TIMESTAMP:
		return do_timestamp(chan);
	default:	/* NOP: packet_check() lets nothing else through */
		return STEP_DONE;
	}
}
