/* SPDX-License-Identifier: MIT */
/* Memory of a process that prefers video memory, and is larger. */
#ifndef BENCH_OVERSUBSCRIPTION_H
#define BENCH_OVERSUBSCRIPTION_H

struct bench;

/** oversubscription_measure() - add its figures to @bench. Returns 0, or a negative errno after a message. */
int oversubscription_measure(struct bench *bench);

#endif /* BENCH_OVERSUBSCRIPTION_H */
