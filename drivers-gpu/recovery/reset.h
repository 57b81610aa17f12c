/* SPDX-License-Identifier: GPL-2.0 */
/* Reset of a device that was blocked from DMA. */
#ifndef MIRAGE_RECOVERY_RESET_H
#define MIRAGE_RECOVERY_RESET_H

struct work_struct;

void mirage_recovery_work(struct work_struct *work);

#endif /* MIRAGE_RECOVERY_RESET_H */
