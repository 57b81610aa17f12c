/* SPDX-License-Identifier: GPL-2.0 */
/* Memory of processes in video memory. */
#ifndef MIRAGE_DEVMEM_H
#define MIRAGE_DEVMEM_H

struct mirage_device;

int mirage_devmem_init(struct mirage_device *mdev);

#endif /* MIRAGE_DEVMEM_H */
