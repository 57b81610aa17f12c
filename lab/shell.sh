# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# ./mirage shell: into the lab itself, without a machine.

# shellcheck source=lab/root.sh
. "$MIRAGE_SRC/lab/root.sh"
# shellcheck source=lab/enter.sh
. "$MIRAGE_SRC/lab/enter.sh"

cmd_shell() {
	if [ "${1:-}" = --help ]; then
		cat <<-'EOF'
			usage: ./mirage shell [COMMAND...]

			Runs COMMAND, or a shell, as root in the lab's root file system: the checkout is at
			/mirage/src (read-only), what was built of it at /mirage/build/main.
		EOF
		return
	fi
	use_root base
	in_lab -- "${@:-bash}"
}
