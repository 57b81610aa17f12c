// SPDX-License-Identifier: GPL-2.0
/*
 * Finding the pages that mm refuses.
 *
 * hmm_range_fault() succeeds or fails for a whole range, and does not report where it stopped. One
 * bad page must not prevent service of its neighbours. So a range that failed is retried in halves,
 * until a single page is identified as bad; after a success the chunk grows again. A range without
 * a bad page costs one walk, one bad page in n costs about 2 * log2(n) more, n bad pages cost n +
 * log2(n).
 *
 * Rejected: plain recursive bisection, which needs 2 * n walks when all pages are bad (a hole in
 * the address space, the usual case); and inferring the bad page from which entries of the result
 * array were written, which hmm_range_fault() does not guarantee.
 *
 * This file uses no kernel interface: tests/ builds it natively.
 */
#include "plan.h"

/**
 * hmm_plan_init - start a plan
 * @plan: the plan
 * @first: first page
 * @end: end of the range, exclusive
 */
void hmm_plan_init(struct hmm_plan *plan, unsigned int first, unsigned int end)
{
	plan->pos = first;
	plan->end = end;
	plan->chunk = end > first ? end - first : 1;
	plan->suspect = first;
}

/**
 * hmm_plan_next - get the next chunk to ask for
 * @plan: the plan
 * @first: out: its first page
 * @end: out: its end, exclusive
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
 * hmm_plan_report - report the result of the last chunk
 * @plan: the plan
 * @served: all its pages were served
 *
 * Return: true if its pages are decided: served, or a single bad page.
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

	/* Narrow down to a bad page that is known to exist; otherwise grow */
	if (plan->suspect > end)
		plan->chunk = (plan->suspect - end + 1) / 2;
	else
		plan->chunk = served ? 2 * asked : 1;
	return true;
}
