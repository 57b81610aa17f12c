/* SPDX-License-Identifier: MIT */
/* DISPATCH packets: between front end and compute engine. */
#ifndef MODEL_DISPATCH_H
#define MODEL_DISPATCH_H

#include "compute.h"
#include "copy.h"

struct chan;

/** dispatch_engine() - make the channel's compute engine. Returns NULL if there is no memory. */
struct compute *dispatch_engine(struct chan *chan);

/** dispatch_end() - drop the channel's compute engine, if it has one. */
void dispatch_end(struct chan *chan);

/** dispatch_step() - fetch and start the dispatch at GPU address @va, or run it for a bounded time. */
enum step dispatch_step(struct chan *chan, u64 va);

#endif /* MODEL_DISPATCH_H */
