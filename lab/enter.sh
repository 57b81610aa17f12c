# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Going into the lab: a chroot with mount and process namespaces of its own. When this process ends, by
# whichever signal, all processes in there end, and no mount stays behind.
#
# The checkout is at /mirage/src (read-only) and its build directory at /mirage/build, wherever they are on the host, so
# that nothing built depends on where that is. /mirage/guest shows the same tree to guests: the root as it is on disk,
# with the checkout and what was built, and none of the host's /dev, /proc or /sys.

# in_lab [DIR=PLACE]... -- COMMAND...: DIR of the host appears at PLACE (from the root's top), which must exist.
in_lab() {
	local binds=()
	while [ "$1" != -- ]; do
		binds+=("$1")
		shift
	done
	shift
	setpriv --pdeathsig KILL unshare --mount --pid --fork --kill-child=KILL --propagation private -- \
		bash "$MIRAGE_SRC/lab/namespace.sh" "$root" "$MIRAGE_SRC=mirage/src" "$build=mirage/build" \
		"${binds[@]}" -- "$@"
}
