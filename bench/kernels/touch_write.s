# SPDX-License-Identifier: MIT
#
# Each work item writes the first word of one page: the cost of a first touch by writing.
#
# Arguments
#   0   memory    (64)
#   8   order     (64)  32-bit page numbers: which page each work item touches
#  16   value     (32)  each page gets its number plus this
#  20   steps     (32)  pages that each work item touches, one after the other
#  24   items     (32)  work items in all; work item i touches order[i], order[i + items] and so on

	s2r	r0, group_x
	s2r	r1, group_size_x
	s2r	r2, local_x
	mad	r0, r0, r1, r2
	ldc	r20, [24]
	ult	r1, r0, r20
	brnz	r1, mine
	exit
mine:
	ldc.64	r4, [8]
	mulwu	r6, r0, 4
	add.64	r4, r4, r6		# r4: place of the next page number
	mulwu	r6, r20, 4		# r6: from one to the next
	ldc.64	r8, [0]
	ldc	r21, [20]
	ldc	r22, [16]
step:
	ld.32	r1, [r4]
	mulwu	r10, r1, 4096
	add.64	r10, r10, r8
	add	r1, r1, r22
	st.32	[r10], r1		# the touch
	add.64	r4, r4, r6
	sub	r21, r21, 1
	brnz	r21, step
	exit
