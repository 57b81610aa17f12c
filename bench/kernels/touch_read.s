# SPDX-License-Identifier: MIT
#
# Each work item reads the first word of one page: the cost of a first touch by reading.
#
# Arguments
#   0   memory    (64)
#   8   order     (64)  32-bit page numbers: which page each work item touches
#  16   sum       (64)  all words read are added to this 32-bit number
#  24   steps     (32)  pages that each work item touches, one after the other
#  28   items     (32)  work items in all; work item i touches order[i], order[i + items] and so on

	s2r	r0, group_x
	s2r	r1, group_size_x
	s2r	r2, local_x
	mad	r0, r0, r1, r2
	ldc	r20, [28]
	ult	r1, r0, r20
	brnz	r1, mine
	exit
mine:
	ldc.64	r4, [8]
	mulwu	r6, r0, 4
	add.64	r4, r4, r6		# r4: place of the next page number
	mulwu	r6, r20, 4		# r6: from one to the next
	ldc.64	r8, [0]
	ldc	r21, [24]
	mov	r22, 0
step:
	ld.32	r1, [r4]
	mulwu	r10, r1, 4096
	add.64	r10, r10, r8
	ld.32	r1, [r10]		# the touch
	add	r22, r22, r1
	add.64	r4, r4, r6
	sub	r21, r21, 1
	brnz	r21, step
	ldc.64	r8, [16]
	atom.add rz, [r8], r22
	exit
