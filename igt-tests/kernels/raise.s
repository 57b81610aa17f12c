# SPDX-License-Identifier: MIT
# Every lane adds 1 to the 32-bit counter at addr + stride * (its number), iters times.
# Arguments: 0 addr (64), 8 stride in bytes (32), 12 iters (32)
	s2r	r0, group_x
	s2r	r1, group_size_x
	s2r	r2, local_x
	mad	r0, r0, r1, r2
	ldc	r1, [8]
	ldc.64	r2, [0]
	madwu	r2, r0, r1, r2
	ldc	r4, [12]
again:
	atom.add r5, [r2], 1
	sub	r4, r4, 1
	brnz	r4, again
	exit
