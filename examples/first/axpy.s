# SPDX-License-Identifier: MIT
#
# y[i] = a * x[i] + y[i], one work item for each i. The grid may be larger than the arrays.
#
# Arguments
#   0   x      (64)  address of 32-bit numbers
#   8   y      (64)  address of as many more
#  16   a      (32)
#  20   count  (32)  of numbers

	s2r	r0, group_x
	s2r	r1, group_size_x
	s2r	r2, local_x
	mad	r0, r0, r1, r2		# r0: i
	ldc	r1, [20]
	ult	r2, r0, r1
	brz	r2, done		# past the end of the arrays
	zext.64	r2, r0
	shl.64	r2, r2, 2		# r2: offset of element i
	ldc.64	r4, [0]
	add.64	r4, r4, r2
	ld.32	r6, [r4]		# r6: x[i]
	ldc.64	r4, [8]
	add.64	r4, r4, r2
	ld.32	r7, [r4]		# r7: y[i]
	ldc	r8, [16]
	mad	r7, r8, r6, r7
	st.32	[r4], r7
done:
	exit
