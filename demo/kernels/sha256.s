# SPDX-License-Identifier: MIT
#
# SHA-256 (FIPS 180-4) of many pieces of memory, one piece to a lane.
#
# The pieces may differ in size: a lane that is done waits at the end while the
# others go on. Words of the message are kept in shared memory, 16 for each lane, and
# turn into the next 16 in place. Groups have 32 work items: 2048 bytes of shared memory.
#
# Arguments
#   0   pieces    (64)  array of { address (64), size (64), digest (8 x 32) }, 48 bytes each
#   8   count     (32)  how many; pieces start at multiples of 4 and are smaller than 512 MiB
#  12   zero
#  16   start     (8 x 32)  the initial digest
#  48   round     (64 x 32) the round constants

.shared 2048

	s2r	r0, group_x
	s2r	r1, group_size_x
	s2r	r26, local_x
	mad	r0, r0, r1, r26
	ldc	r1, [8]
	ult	r1, r0, r1
	brnz	r1, mine
	exit
mine:
	shl	r26, r26, 6		# r26: this lane's 16 words in shared memory
	ldc.64	r2, [0]
	mulwu	r4, r0, 48
	add.64	r2, r2, r4		# r2: the piece
	ld.64	r4, [r2]		# r4: its first byte
	ld.32	r6, [r2 + 8]		# r6: its size
	add	r7, r6, 8
	shr	r7, r7, 6
	shl	r7, r7, 6		# r7: position of the last block, which holds the length
	ldc	r16, [16]		# r16 to r23: the digest
	ldc	r17, [20]
	ldc	r18, [24]
	ldc	r19, [28]
	ldc	r20, [32]
	ldc	r21, [36]
	ldc	r22, [40]
	ldc	r23, [44]
	mov	r24, 0			# r24: position of the block

block:
	mov	r25, 0			# r25: byte in the block
load:
	add	r27, r24, r25		# r27: position in the piece
	zext.64	r34, r27
	add.64	r34, r34, r4
	add	r28, r27, 4
	ult	r28, r6, r28
	brnz	r28, padding
	ld.32	r29, [r34]		# four bytes of the message, most significant first
	bswap	r29, r29
	bra	loaded
padding:
	# The message ends in or before this word: what is left of it, one 0x80, zeros.
	mov	r29, 0
	mov	r30, 0
pad_byte:
	shl	r29, r29, 8
	add	r31, r27, r30
	ult	r32, r31, r6
	brz	r32, no_data
	ld.u8	r33, [r34]
	or	r29, r29, r33
no_data:
	eq	r32, r31, r6
	and	r32, r32, 0x80
	or	r29, r29, r32
	add.64	r34, r34, 1
	add	r30, r30, 1
	ult	r32, r30, 4
	brnz	r32, pad_byte
loaded:
	add	r28, r26, r25
	sts.32	[r28], r29
	add	r25, r25, 4
	ult	r28, r25, 64
	brnz	r28, load

	ne	r28, r24, r7
	brnz	r28, start_rounds
	shr	r29, r6, 29		# last block: the length in bits
	sts.32	[r26 + 56], r29
	shl	r29, r6, 3
	sts.32	[r26 + 60], r29
start_rounds:
	mov	r8, r16			# r8 to r15: a to h
	mov	r9, r17
	mov	r10, r18
	mov	r11, r19
	mov	r12, r20
	mov	r13, r21
	mov	r14, r22
	mov	r15, r23
	mov	r25, 0			# r25: round
round:
	and	r28, r25, 15
	shl	r28, r28, 2
	add	r28, r28, r26		# r28: place of word[round % 16]
	lds.32	r29, [r28]		# r29: that word
	ult	r30, r25, 16
	brnz	r30, scheduled
	add	r30, r25, 1		# + sigma0(word[round - 15])
	and	r30, r30, 15
	shl	r30, r30, 2
	add	r30, r30, r26
	lds.32	r31, [r30]
	ror	r32, r31, 7
	ror	r33, r31, 18
	xor	r32, r32, r33
	shr	r33, r31, 3
	xor	r32, r32, r33
	add	r29, r29, r32
	add	r30, r25, 9		# + word[round - 7]
	and	r30, r30, 15
	shl	r30, r30, 2
	add	r30, r30, r26
	lds.32	r31, [r30]
	add	r29, r29, r31
	add	r30, r25, 14		# + sigma1(word[round - 2])
	and	r30, r30, 15
	shl	r30, r30, 2
	add	r30, r30, r26
	lds.32	r31, [r30]
	ror	r32, r31, 17
	ror	r33, r31, 19
	xor	r32, r32, r33
	shr	r33, r31, 10
	xor	r32, r32, r33
	add	r29, r29, r32
	sts.32	[r28], r29
scheduled:
	shl	r30, r25, 2
	ldc	r30, [r30 + 48]
	add	r29, r29, r30		# r29: t1 = word + constant + h + sum1(e) + choice(e, f, g)
	add	r29, r29, r15
	ror	r31, r12, 6
	ror	r32, r12, 11
	xor	r31, r31, r32
	ror	r32, r12, 25
	xor	r31, r31, r32
	add	r29, r29, r31
	xor	r31, r13, r14		# choice as g ^ (e & (f ^ g))
	and	r31, r31, r12
	xor	r31, r31, r14
	add	r29, r29, r31
	ror	r31, r8, 2		# r31: t2 = sum0(a) + majority(a, b, c)
	ror	r32, r8, 13
	xor	r31, r31, r32
	ror	r32, r8, 22
	xor	r31, r31, r32
	or	r32, r8, r9		# majority as (a & b) | (c & (a | b))
	and	r32, r32, r10
	and	r33, r8, r9
	or	r32, r32, r33
	add	r31, r31, r32
	mov	r15, r14
	mov	r14, r13
	mov	r13, r12
	add	r12, r11, r29
	mov	r11, r10
	mov	r10, r9
	mov	r9, r8
	add	r8, r29, r31
	add	r25, r25, 1
	ult	r30, r25, 64
	brnz	r30, round

	add	r16, r16, r8
	add	r17, r17, r9
	add	r18, r18, r10
	add	r19, r19, r11
	add	r20, r20, r12
	add	r21, r21, r13
	add	r22, r22, r14
	add	r23, r23, r15
	add	r24, r24, 64
	ule	r28, r24, r7
	brnz	r28, block

	st.32	[r2 + 16], r16
	st.32	[r2 + 20], r17
	st.32	[r2 + 24], r18
	st.32	[r2 + 28], r19
	st.32	[r2 + 32], r20
	st.32	[r2 + 36], r21
	st.32	[r2 + 40], r22
	st.32	[r2 + 44], r23
	exit
