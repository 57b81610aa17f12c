# SPDX-License-Identifier: MIT
#
# Follow linked lists, one list to a lane.
#
# The lists are the process's own: nodes that malloc() returned, linked by plain
# pointers. The GPU has not been told where they are. The first access to a page that
# the GPU has no translation for suspends the wave; the driver asks the kernel for the page,
# maps it and replays the instruction.
#
# Arguments
#   0   heads     (64)  array of pointers to first nodes
#   8   sums      (64)  array of struct word_sum (24 bytes each), one for each list
#  16   link      (32)  offset of the pointer to follow in a node
#  20   lists     (32)  how many there are
#
# struct word: 0 next, 8 next_same, 16 length, 20 visits, 24 text (ended by a 0)

.equ FNV_START, 0x811c9dc5
.equ FNV_PRIME, 0x01000193

	s2r	r0, group_x
	s2r	r1, group_size_x
	s2r	r2, local_x
	mad	r0, r0, r1, r2		# r0: number of this lane's list
	ldc	r1, [20]
	ult	r1, r0, r1
	brnz	r1, mine
	exit				# more lanes than lists
mine:
	ldc.64	r4, [0]
	mulwu	r6, r0, 8
	add.64	r4, r4, r6
	ld.64	r8, [r4]		# r8 (and r9): the node, a pointer as the CPU has it
	ldc	r2, [16]
	zext.64	r10, r2			# r10: offset of the link
	mov	r20, 0			# r20: nodes
	mov	r21, 0			# r21: bytes
	mov	r22, FNV_START		# r22: hash
	mov	r23, 0			# r23: length of the longest word
	mov.64	r24, 0			# r24: its node

next_node:
	eq.64	r1, r8, 0
	brnz	r1, end_of_list
	mov	r2, 0			# r2: length of this word
	add.64	r12, r8, 24		# r12: its next byte
next_byte:
	ld.u8	r3, [r12]
	brz	r3, end_of_word
	xor	r22, r22, r3
	mul	r22, r22, FNV_PRIME
	add	r2, r2, 1
	add.64	r12, r12, 1
	bra	next_byte
end_of_word:
	# Lanes whose words were shorter have waited here: the lowest program counter runs first.
	st.32	[r8 + 16], r2
	ld.32	r3, [r8 + 20]
	add	r3, r3, 1
	st.32	[r8 + 20], r3
	add	r20, r20, 1
	add	r21, r21, r2
	ult	r3, r23, r2		# longer than the longest so far?
	sel	r23, r3, r2, r23
	sel.64	r24, r3, r8, r24
	add.64	r14, r8, r10
	ld.64	r8, [r14]		# the next pointer; follow it
	bra	next_node

end_of_list:
	ldc.64	r4, [8]
	mulwu	r6, r0, 24
	add.64	r4, r4, r6
	st.64	[r4], r24
	st.32	[r4 + 8], r20
	st.32	[r4 + 12], r21
	st.32	[r4 + 16], r22
	st.32	[r4 + 20], r23
	exit
