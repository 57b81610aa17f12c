// SPDX-License-Identifier: GPL-2.0
/*
 * Finding the pages that mm refuses.
 *
 * hmm_range_fault() answers for all of a range or for nothing, and does not say where it
 * stopped. So that one bad page does not cost its neighbours their service, a range that
 * failed is asked for again in halves, until a single page is to blame; after a
 * success the chunk grows again. A stretch without a bad page costs one walk, one bad page
 * in n costs about 2 * log2(n) more, n bad pages cost n + log2(n).
 *
 * Rejected: plain recursive bisection, which asks for 2 * n chunks when all is bad (a hole in
 * the address space, the usual case); and guessing the place from which entries of
 * the result array were written, which hmm_range_fault() does not promise.
 *
 * No kernel interface is used here: tests/ builds this file natively.
 */
#include "plan.h"

/**
 * hmm_plan_init - start a plan
 * @plan: the plan
 * @first: first page
 * @end: behind the last page
 */
void hmm_plan_init(struct hmm_plan *plan, unsigned int first, unsigned int end)
{
	plan->pos = first;
	plan->end = end;
	plan->chunk = end > first ? end - first : 1;
	plan->suspect = first;
}

/**
 * hmm_plan_next - what to ask for next
 * @plan: the plan
 * @first: the first page to ask for
 * @end: behind the last page to ask for
 *
 * Return: false when every page is decided.
 */
bool hmm_plan_next(const struct hmm_plan *plan, unsigned int *first, unsigned int *end)
{
	unsigned int left = plan->end - plan->pos;

	if (plan->pos >= plan->end)
		return false;

	*first = plan->pos;
	*end = plan->pos + (plan->chunk < left ? plan->chunk : left);
	return true;
}

/**
 * hmm_plan_report - tell how the last hmm_plan_next() went
 * @plan: the plan
 * @served: all pages that it named were served
 *
 * Return: true if these pages are decided: served, or a single page that cannot be.
 */
bool hmm_plan_report(struct hmm_plan *plan, bool served)
{
	unsigned int first, end, asked;

	if (!hmm_plan_next(plan, &first, &end))
		return true;
	asked = end - first;

	if (!served && asked > 1) {
		plan->suspect = end;
		plan->chunk = asked / 2;
		return false;
	}

	plan->pos = end;
	if (!served)
		plan->suspect = end;

	/* Close in on a bad page that is known to be there; grow where none is */
	if (plan->suspect > end)
		plan->chunk = (plan->suspect - end + 1) / 2;
	else
		plan->chunk = served ? 2 * asked : 1;
	return true;
}
