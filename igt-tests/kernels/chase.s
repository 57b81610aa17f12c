# SPDX-License-Identifier: MIT
# Follows a list of { u64 next; u64 value; }: the sum of its values goes to
# out, the number of its nodes to out + 8.
# Arguments: 0 first node or 0 (64), 8 out (64)
	ldc.64	r0, [0]
	ldc.64	r2, [8]
	mov.64	r4, 0
	mov.64	r6, 0
again:
	eq.64	r8, r0, 0
	brnz	r8, done
	ld.64	r10, [r0 + 8]
	add.64	r4, r4, r10
	add.64	r6, r6, 1
	ld.64	r0, [r0]
	bra	again
done:
	st.64	[r2], r4
	st.64	[r2 + 8], r6
	exit
