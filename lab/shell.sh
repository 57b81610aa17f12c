# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# ./mirage shell: into the lab itself, without a machine.

# shellcheck source=lab/root.sh
. "$MIRAGE_SRC/lab/root.sh"
# shellcheck source=lab/enter.sh
. "$MIRAGE_SRC/lab/enter.sh"

shell_usage() {
	cat <<-'EOF'
		usage: ./mirage shell [--share DIR] [[--] COMMAND...]

		Runs COMMAND, or a shell, as root in the lab's root file system: the checkout is at
		/mirage/src (read-only), its build at /mirage/build/main. The tools that were
		built are in the PATH, and pkg-config finds libmirage.

		  --share DIR        DIR appears, writable, at /mnt/share, as in ./mirage vm
	EOF
}

cmd_shell() {
	local binds=() share= before= status=0
	while [ $# -gt 0 ]; do
		case $1 in
		--help)
			shell_usage
			return
			;;
		--share)
			need_value $# --share shell
			[ -d "$2" ] || die "--share: $2 is not a directory"
			share=$2
			binds+=("$(realpath "$2")=mnt/share")
			shift 2
			;;
		--)
			shift
			break
			;;
		-*) usage_error "no option '$1'" shell ;;
		*) break ;;
		esac
	done
	use_root base
	before=$(mktemp)
	in_lab "${binds[@]}" -- "${@:-bash}" || status=$?
	[ -z "$share" ] || give_share "$share" "$before"
	rm "$before"
	return $status
}
