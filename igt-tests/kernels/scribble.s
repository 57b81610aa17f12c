# SPDX-License-Identifier: MIT
# Writes 1, 2, 3 ... to a 32-bit word, until told to stop. After each write the
# number of writes goes to out.
# Arguments: 0 target (64), 8 out (64), 16 address of the 32-bit stop flag (64)
	ldc.64	r0, [0]
	ldc.64	r2, [8]
	ldc.64	r4, [16]
	mov.64	r6, 0
again:
	add.64	r6, r6, 1
	st.32	[r0], r6
	fence
	st.64	[r2], r6
	ld.32	r9, [r4]
	brz	r9, again
	exit
