# SPDX-License-Identifier: MIT
# Each work item of a grid writes who it is: bits 3..0 local x, 7..4 local y, 11..8 local z,
# 15..12 group x, 19..16 group y, 23..20 group z, at its place in out, x fastest.
# Arguments: 0 out (64)
	s2r	r0, local_x
	s2r	r1, local_y
	s2r	r2, local_z
	s2r	r3, group_x
	s2r	r4, group_y
	s2r	r5, group_z
	s2r	r6, group_size_x
	s2r	r7, group_size_y
	s2r	r8, group_size_z
	s2r	r9, grid_x
	s2r	r10, grid_y
	# r11: work item in its group, r12: group in the grid
	mad	r11, r2, r7, r1
	mad	r11, r11, r6, r0
	mad	r12, r5, r10, r4
	mad	r12, r12, r9, r3
	mul	r13, r6, r7
	mul	r13, r13, r8
	mad	r11, r12, r13, r11
	# what it writes
	shl	r1, r1, 4
	shl	r2, r2, 8
	shl	r3, r3, 12
	shl	r4, r4, 16
	shl	r5, r5, 20
	or	r0, r0, r1
	or	r0, r0, r2
	or	r0, r0, r3
	or	r0, r0, r4
	or	r0, r0, r5
	ldc.64	r14, [0]
	mov	r1, 4
	madwu	r14, r11, r1, r14
	st.32	[r14], r0
	exit
