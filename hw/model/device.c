// SPDX-License-Identifier: MIT
/*
 * States of the device: disabled, running, halted. hw/doc/reset.md has the
 * picture. Disabling and resetting happen under the device's lock, that is with
 * no engine in the middle of anything; halting may happen in the middle, so it
 * only sets flags and the engine thread cleans up.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "context.h"
#include "device.h"
#include "packet.h"

struct device *device_create(u64 vram_size)
{
	struct device *dev = xcalloc(1, sizeof(*dev));

	if (vram_init(&dev->vram, vram_size)) {
		free(dev);
		return NULL;
	}
	lock_init(&dev->lock);
	pci_init(&dev->pci, dev->vram.bar_size);
	peers_init(&dev->peers);
	dma_init(&dev->dma, &dev->peers);
	intr_init(&dev->intr);
	tlb_init(&dev->tlb);
	engine_init(&dev->engine);
	dev->context = context_buffer();
	dev->compute_pool = compute_pool_create();
	if (!dev->compute_pool)
		log_fatal("no memory for the compute engine");
	for (u32 i = 0; i < NR_CHANNELS; i++)
		chan_init(&dev->chans[i], dev, i);
	regs_init(dev);
	dev->time_base = now_ns();
	return dev;
}

void device_destroy(struct device *dev)
{
	engine_stop(dev);
	for (u32 i = 0; i < NR_CHANNELS; i++)
		chan_drop(&dev->chans[i]);
	compute_pool_destroy(dev->compute_pool);
	free(dev->context);
	engine_fini(&dev->engine);
	faults_fini(&dev->faults);
	tlb_fini(&dev->tlb);
	intr_clear(&dev->intr);
	dma_fini(&dev->dma);
	peers_fini(&dev->peers);
	lock_fini(&dev->lock);
	vram_fini(&dev->vram);
	free(dev);
}

void device_enable(struct device *dev)
{
	if (regs_get(dev, MIRAGE_BUS_STATUS) & MIRAGE_BUS_STATUS_HALTED__MASK)
		return;
	if (!queues_latch(dev)) {
		log_error("enable: a QUEUE register is invalid or names memory that cannot be reached");
		regs_set(dev, MIRAGE_BUS_ERROR, MIRAGE_DEV_BAD_QUEUE);
		return;
	}
	cmdq_drop(dev);
	dev->running = true;
	regs_set(dev, MIRAGE_BUS_STATUS, MIRAGE_BUS_STATUS_ENABLED__MASK);
}

void device_disable(struct device *dev)
{
	dev->running = false;
	engine_drop(dev);
	regs_set(dev, MIRAGE_BUS_STATUS,
		 regs_get(dev, MIRAGE_BUS_STATUS) & ~(u32)MIRAGE_BUS_STATUS_ENABLED__MASK);
}

void device_reset(struct device *dev)
{
	device_disable(dev);
	regs_reset(dev);
	memset(dev->perf, 0, sizeof(dev->perf));
	dev->time_base = now_ns();
}

void device_engine_reset(struct device *dev)
{
	struct chan *chan = runlist_current(dev);

	if (!dev->running || regs_get(dev, MIRAGE_BUS_ENGINE_RESET))
		return;
	if (dev->runlist.hung && regs_get(dev, MIRAGE_TEST_HANG_HARD)) {
		regs_set(dev, MIRAGE_BUS_ENGINE_RESET, 1);
		return;
	}
	if (chan)
		chan_error(chan, MIRAGE_CHAN_HUNG, 0, chan_packet_addr(chan));
	/* That may have halted the device, and the thread that cleans up then is another. */
	if (!dev->running)
		engine_drop(dev);
	/* Commands that have waited for it can go on. */
	engine_wake(dev);
}

void device_function_reset(struct device *dev)
{
	device_reset(dev);
	pci_reset(&dev->pci);
	vram_lose(&dev->vram);
	device_config_changed(dev);
}

void device_config_changed(struct device *dev)
{
	peers_publish(&dev->peers, pci_vram_address(&dev->pci), dev->vram.size, dev->vram.fd);
	/* Back from D3hot, it goes on with what it was at. */
	engine_wake(dev);
}
