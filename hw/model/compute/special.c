// SPDX-License-Identifier: MIT
/* S2R: values that tell the lanes apart. */
#include <string.h>

#include "engine.h"

void exec_special(struct compute *compute, struct wave *wave, const struct op *op)
{
	const struct group *group = &compute->groups[wave->group];
	const struct mirage_dispatch *desc = &compute->desc;
	uint32_t same = 0;
	row_t value;
	unsigned int l;

	switch (op->imm) {
	case MIRAGE_SR_LANE:
		for (l = 0; l < LANES; l++)
			value[l] = l;
		row_store(wave->rows[op->d], value, wave->select);
		return;
	case MIRAGE_SR_LOCAL_X:
	case MIRAGE_SR_LOCAL_Y:
	case MIRAGE_SR_LOCAL_Z:
		row_store(wave->rows[op->d],
			  compute->local[op->imm - MIRAGE_SR_LOCAL_X][wave->index], wave->select);
		return;
	case MIRAGE_SR_GROUP_X:
	case MIRAGE_SR_GROUP_Y:
	case MIRAGE_SR_GROUP_Z:
		same = group->id[op->imm - MIRAGE_SR_GROUP_X];
		break;
	case MIRAGE_SR_GROUP_SIZE_X:
	case MIRAGE_SR_GROUP_SIZE_Y:
	case MIRAGE_SR_GROUP_SIZE_Z:
		same = desc->group[op->imm - MIRAGE_SR_GROUP_SIZE_X];
		break;
	case MIRAGE_SR_GRID_X:
	case MIRAGE_SR_GRID_Y:
	case MIRAGE_SR_GRID_Z:
		same = desc->grid[op->imm - MIRAGE_SR_GRID_X];
		break;
	}
	for (l = 0; l < LANES; l++)
		value[l] = same;
	row_store(wave->rows[op->d], value, wave->select);
}
