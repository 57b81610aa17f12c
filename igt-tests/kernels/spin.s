# SPDX-License-Identifier: MIT
# Never ends.
again:
	bra	again
