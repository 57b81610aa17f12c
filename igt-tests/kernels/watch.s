# SPDX-License-Identifier: MIT
# Reads a 32-bit word again and again, until told to stop. After each read the
# value goes to out and then the number of reads to out + 8.
# Arguments: 0 target (64), 8 out (64), 16 address of the 32-bit stop flag (64)
	ldc.64	r0, [0]
	ldc.64	r2, [8]
	ldc.64	r4, [16]
	mov.64	r6, 0
again:
	ld.32	r8, [r0]
	st.32	[r2], r8
	fence
	add.64	r6, r6, 1
	st.64	[r2 + 8], r6
	ld.32	r9, [r4]
	brz	r9, again
	exit
