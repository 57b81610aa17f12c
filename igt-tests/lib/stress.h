/* SPDX-License-Identifier: MIT */
/* How long a stress lasts. */
#ifndef STRESS_H
#define STRESS_H

unsigned int stress_seconds(void);

#endif /* STRESS_H */
