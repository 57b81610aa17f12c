# SPDX-License-Identifier: MIT
# Lane i of n writes value + i as 32 bits to dst + i * stride.
# Arguments: 0 dst (64), 8 stride in bytes (32), 12 n (32), 16 value (32)
	s2r	r0, group_x
	s2r	r1, group_size_x
	s2r	r2, local_x
	mad	r0, r0, r1, r2
	ldc	r1, [12]
	ult	r2, r0, r1
	brz	r2, done
	ldc	r1, [8]
	ldc.64	r2, [0]
	madwu	r2, r0, r1, r2
	ldc	r4, [16]
	add	r4, r4, r0
	st.32	[r2], r4
done:
	exit
