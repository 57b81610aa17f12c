# SPDX-License-Identifier: MIT
#
# How often each byte value occurs. Each group counts in its shared memory (256 words,
# 1024 bytes) and then adds its counts to the result with atomics.
#
# Arguments
#   0   data      (64)
#   8   bins      (64)  256 words that start at 0; here they lie on the CPU's stack
#  16   size      (32)  bytes of data, below 2^31

.shared 1024

	s2r	r0, local_x
	s2r	r1, group_x
	s2r	r2, group_size_x
	s2r	r3, grid_x
	mul	r4, r2, r3		# r4: work items in all
	mad	r5, r1, r2, r0		# r5: position of this work item's byte
	ldc	r6, [16]		# r6: size
	ldc.64	r8, [0]			# r8: data

	mov	r10, r0
zero:
	ult	r11, r10, 256
	brz	r11, count_start
	shl	r12, r10, 2
	sts.32	[r12], rz
	add	r10, r10, r2
	bra	zero
count_start:
	bar				# no one counts before all bins are 0
count:
	ult	r11, r5, r6
	brz	r11, counted
	zext.64	r12, r5
	add.64	r12, r12, r8
	ld.u8	r14, [r12]		# lanes next to each other read bytes next to each other
	shl	r14, r14, 2
	atoms.add rz, [r14], 1
	add	r5, r5, r4
	bra	count
counted:
	bar				# no one adds up before all have counted
	mov	r10, r0
	ldc.64	r18, [8]		# r18: bins
flush:
	ult	r11, r10, 256
	brz	r11, flushed
	shl	r12, r10, 2
	lds.32	r14, [r12]
	brz	r14, next_bin		# nothing to add: leave the bin alone
	zext.64	r16, r12
	add.64	r16, r16, r18
	atom.add rz, [r16], r14
next_bin:
	add	r10, r10, r2
	bra	flush
flushed:
	exit
