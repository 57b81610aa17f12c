# SPDX-License-Identifier: MIT
#
# Raise a counter that CPU threads raise at the same time.
#
# Arguments
#   0   counter   (64)  address of a 64-bit number
#   8   running   (64)  address of a 32-bit number: the first work item writes 1 when it begins
#  16   rounds    (32)  how often each work item adds 1, at least once

	s2r	r0, group_x
	s2r	r1, local_x
	or	r0, r0, r1
	ldc.64	r2, [0]
	ldc	r4, [16]
	brnz	r0, raise
	ldc.64	r6, [8]
	mov	r1, 1
	st.32	[r6], r1
raise:
	atom.add.64 rz, [r2], 1		# one atomic for each lane, none lost, none twice, faults or not
	sub	r4, r4, 1
	brnz	r4, raise
	exit
