# SPDX-License-Identifier: MIT
#
# Look at memory again and again while the CPU changes what lies there.
#
# Lane i reads the first word of page i. The CPU puts other memory, with higher numbers
# in it, at the same addresses, and only then raises "generation". So a lane that has
# read generation and then finds a lower number in its page has seen memory that is gone:
# a stale translation.
#
# Where nothing is mapped for a while (munmap, then mmap) the CPU first asks the
# lanes to stay away: it sets "hold" to a number that was not used before, and waits
# until every lane has written that number to its place in "parked".
#
# Arguments
#   0   region    (64)  the pages, one for each lane
#   8   control   (64)  { generation (32), hold (32), stop (32), stale (32) }
#  16   seen      (64)  one 32-bit number for each lane: what it read last
#  24   parked    (64)  one 32-bit number for each lane: hold as it last saw it
#  32   looks     (64)  one 32-bit number for each lane: how often it has read its page

	s2r	r0, local_x
	mulwu	r2, r0, 4096
	ldc.64	r4, [0]
	add.64	r4, r4, r2		# r4: this lane's page
	ldc.64	r8, [8]			# r8: control
	mulwu	r2, r0, 4
	ldc.64	r10, [16]
	add.64	r10, r10, r2		# r10: this lane's place in seen
	ldc.64	r12, [24]
	add.64	r12, r12, r2		# r12: in parked
	ldc.64	r14, [32]
	add.64	r14, r14, r2		# r14: in looks
	add.64	r16, r8, 12		# r16: stale
	mov	r20, 0			# r20: looks

look:
	ld.32	r21, [r8 + 8]
	brnz	r21, done		# stop
	ld.32	r21, [r8 + 4]
	fence				# the page is not touched any more before this is told
	st.32	[r12], r21
	brnz	r21, next		# hold
	ld.32	r22, [r8]
	fence				# generation first, then the page
	ld.32	r23, [r4]
	ult	r21, r23, r22
	brz	r21, fresh
	atom.add rz, [r16], 1
fresh:
	add	r20, r20, 1
	st.32	[r14], r20
	fence
	st.32	[r10], r23
next:
	bra	look
done:
	exit
