// SPDX-License-Identifier: GPL-2.0
/* DRIVER_GEM_GPUVA, an enumerator: up to v7.2. */
#include <drm/drm_drv.h>

u32 probe(void);

u32 probe(void)
{
	return DRIVER_GEM_GPUVA;
}
