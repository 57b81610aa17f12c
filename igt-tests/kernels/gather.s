# SPDX-License-Identifier: MIT
# Lane i of n reads 32 bits at src + i * stride and writes them to dst + 4 * i.
# Arguments: 0 src (64), 8 dst (64), 16 stride in bytes (32), 20 n (32)
	s2r	r0, group_x
	s2r	r1, group_size_x
	s2r	r2, local_x
	mad	r0, r0, r1, r2
	ldc	r1, [20]
	ult	r2, r0, r1
	brz	r2, done
	ldc	r1, [16]
	ldc.64	r2, [0]
	madwu	r2, r0, r1, r2
	ld.32	r6, [r2]
	ldc.64	r4, [8]
	mov	r1, 4
	madwu	r4, r0, r1, r4
	st.32	[r4], r6
done:
	exit
