// SPDX-License-Identifier: MIT
/*
 * The format: a header, the front end, and while a dispatch is under way what the
 * compute engine makes of it. It is meant for this revision of the device alone.
 *
 * A context is written once and read once, in one piece through a buffer of the
 * device's own, so memory that changes meanwhile cannot be checked in one form and used
 * in another. A checksum finds memory that was lost; it is no protection, so all that
 * is read is checked as well. The content of a packet's words is not written a second time: of
 * a copy under way there is only how much is left.
 */
#include <string.h>

#include "context.h"
#include "device.h"
#include "dispatch.h"
#include "packet.h"

#define CONTEXT_MAGIC	0x7478636d	/* "mcxt" */
#define CONTEXT_VERSION	2

struct context {
	u32 magic;
	u32 version;
	u64 size;		/* bytes in all, a multiple of 8 */
	u64 checksum;		/* of all, with this field 0 */
	/* Of the channel and its descriptor: what it is for. */
	u32 class;
	u32 get;
	/* The front end. */
	u64 ib_va;
	u32 ib_left;
	u32 in_ib;
	u32 busy;
	u32 phase;
	u32 words[PACKET_MAX_WORDS + 1];	/* one more makes it a multiple of 8 */
	u64 copy_left;
};

_Static_assert(sizeof(struct context) % sizeof(u64) == 0, "the compute part is aligned");

/* The limits, from the register table. */
enum {
#define REG(unit, name, off, access, reset, doc) LIMIT_##unit##_##name = (int)(reset),
#include "hw/regs/all.def"
};

_Static_assert(sizeof(struct context) + COMPUTE_SAVE_MAX <= LIMIT_BUS_MAX_CONTEXT,
	       "BUS_MAX_CONTEXT is always enough");

void *context_buffer(void)
{
	return xcalloc(1, LIMIT_BUS_MAX_CONTEXT);
}

/* FNV's step on words instead of bytes: eight times as fast, and as good against lost memory. */
static u64 checksum(const u64 *words, u64 size)
{
	u64 sum = 0xcbf29ce484222325;

	for (u64 i = 0; i < size / sizeof(*words); i++)
		sum = (sum ^ words[i]) * 0x100000001b3;
	return sum;
}

/* Copy between this process and a physical pointer. False with the device halted. */
static bool transfer(struct device *dev, u64 phys, void *data, u64 size, bool write)
{
	u64 addr = phys & MIRAGE_PHYS_ADDR;

	while (size) {
		u64 len = size;
		void *place = phys_run(dev, phys & MIRAGE_PHYS_SYSTEM, addr, &len, write);

		if (!place) {
			device_halt(dev, MIRAGE_DEV_BUS);
			return false;
		}
		if (write)
			memcpy(place, data, len);
		else
			memcpy(data, place, len);
		data = (u8 *)data + len;
		addr += len;
		size -= len;
	}
	return true;
}

/* Whether a dispatch is under way, and so a compute part follows. */
static bool has_compute(const struct frontend *fe)
{
	return fe->busy && fe->phase && MIRAGE_PKT_OP(fe->words[0]) == MIRAGE_PKT_DISPATCH;
}

static u64 fill_context(const struct chan *chan, struct context *ctx)
{
	const struct frontend *fe = &chan->frontend;

	*ctx = (struct context){
		.magic = CONTEXT_MAGIC,
		.version = CONTEXT_VERSION,
		.size = sizeof(*ctx),
		.class = chan->class,
		.get = chan->get,
		.in_ib = fe->in_ib,
		.ib_va = fe->in_ib ? fe->ib_va : 0,
		.ib_left = fe->in_ib ? fe->ib_left : 0,
		.busy = fe->busy,
		.phase = fe->busy ? fe->phase : 0,
		.copy_left = chan->copy.left,
	};
	if (fe->busy)
		memcpy(ctx->words, fe->words, sizeof(fe->words));
	if (has_compute(fe))
		ctx->size += compute_save(chan->compute, ctx + 1, COMPUTE_SAVE_MAX);
	ctx->checksum = checksum((const u64 *)ctx, ctx->size);
	return ctx->size;
}

/*
 * Write what is under way in @chan to physical pointer @phys, where there are @size bytes. A context that does not fit is not
 * written: then, and with @chan NULL, the first 8 bytes become 0, if there are so many. Returns whether it was written;
 * the device may be halted because of @phys.
 */
static bool save(struct device *dev, const struct chan *chan, u64 phys, u64 size)
{
	u64 nothing = 0, needed;
	bool saved = false;

	if (chan) {
		needed = fill_context(chan, dev->context);
		if (needed <= size)
			saved = transfer(dev, phys, dev->context, needed, true);
	}
	if (!saved && dev->running && size >= sizeof(nothing))
		transfer(dev, phys, &nothing, sizeof(nothing), true);
	return saved;
}

/* Whether a header can be one, @size being what there is of memory. */
static bool header_valid(const struct context *ctx, u64 size)
{
	return ctx->magic == CONTEXT_MAGIC && ctx->version == CONTEXT_VERSION &&
	       ctx->size >= sizeof(*ctx) && ctx->size <= min_u64(size, LIMIT_BUS_MAX_CONTEXT) &&
	       !(ctx->size % sizeof(u64));
}

static bool checksum_valid(struct context *ctx)
{
	u64 sum = ctx->checksum;

	ctx->checksum = 0;
	return checksum((const u64 *)ctx, ctx->size) == sum;
}

static bool load_frontend(struct chan *chan, const struct context *ctx)
{
	struct frontend *fe = &chan->frontend;

	if (ctx->class != chan->class || ctx->get != chan->get || ctx->in_ib > 1 || ctx->busy > 1)
		return false;
	if (ctx->in_ib && (ctx->ib_va % sizeof(u32) || !ctx->ib_left ||
			   ctx->ib_left > MIRAGE_IB_MAX_WORDS))
		return false;
	*fe = (struct frontend){
		.in_ib = ctx->in_ib,
		.ib_va = ctx->ib_va,
		.ib_left = ctx->ib_left,
		.busy = ctx->busy,
		.phase = ctx->phase,
	};
	if (!fe->busy)
		return true;
	memcpy(fe->words, ctx->words, sizeof(fe->words));
	return packet_resume(chan, ctx->copy_left);
}

/*
 * Read it back into @chan, which holds what its descriptor says and nothing else. Returns MIRAGE_CHAN_BAD_DESC if it is not
 * what was written for such a channel, also with the device halted; the caller drops what there is of it then.
 */
static enum mirage_chan_error load(struct chan *chan, u64 phys, u64 size)
{
	struct context *ctx = chan->dev->context;

	if (size < sizeof(*ctx) || !transfer(chan->dev, phys, ctx, sizeof(*ctx), false) ||
	    !header_valid(ctx, size))
		return MIRAGE_CHAN_BAD_DESC;
	size = ctx->size;
	if (!transfer(chan->dev, phys, ctx, size, false))
		return MIRAGE_CHAN_BAD_DESC;
	/* It may have become another meanwhile. */
	if (ctx->size != size || !header_valid(ctx, size) || !checksum_valid(ctx) ||
	    !load_frontend(chan, ctx))
		return MIRAGE_CHAN_BAD_DESC;
	size -= sizeof(*ctx);
	if (!has_compute(&chan->frontend))
		return size ? MIRAGE_CHAN_BAD_DESC : MIRAGE_CHAN_OK;
	if (!dispatch_engine(chan))
		return MIRAGE_CHAN_NO_MEMORY;
	return compute_load(chan->compute, ctx + 1, size);
}

void chan_save(struct chan *chan, u64 phys, u64 size)
{
	bool stopped = chan->state == MIRAGE_CHAN_STOPPED;

	if (save(chan->dev, stopped ? chan : NULL, phys, size))
		chan_reset(chan);
}

void chan_restore(struct chan *chan, u64 phys, u64 size)
{
	enum mirage_chan_error error;

	if (chan->state != MIRAGE_CHAN_IDLE || !chan_reload(chan))
		return;
	error = load(chan, phys, size);
	if (!error)
		chan_set_state(chan, MIRAGE_CHAN_STOPPED);
	else if (chan->dev->running)
		chan_error(chan, error, 0, 0);
	else
		chan_drop_work(chan);
}
