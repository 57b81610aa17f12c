# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Reading the files of this directory, and putting a defect into a tree.
#
# A file NAME.mutant has lines KEY VALUE; other lines begin with #, and say why the defect would do harm:
#
#   file PATH     the file that gets it, from the top of the tree
#   test NAME     the test that must fail: BINARY@SUBTEST of the guest, else the name of a native one
#   sed PROGRAM   of sed -E; it has to change one line and no other, or to remove one
#   crash yes     the guest may hang or go down instead
#   times N       the test of the guest may need so many runs, as it has to hit a moment
#
# shellcheck disable=SC2034 # its users read them

# mutant_read FILE: sets mutant_file, mutant_test, mutant_sed, mutant_crash and mutant_times; or mutant_error, and fails.
mutant_read() {
	local key value
	mutant_file='' mutant_test='' mutant_sed='' mutant_crash=no mutant_times=1 mutant_error=''
	while read -r key value; do
		case $key in
		'' | '#'*) ;;
		file) mutant_file=$value ;;
		test) mutant_test=$value ;;
		sed) mutant_sed=$value ;;
		crash) mutant_crash=$value ;;
		times) mutant_times=$value ;;
		*) mutant_error="no key '$key'" ;;
		esac
	done <"$1"
	[ -n "$mutant_file" ] && [ -n "$mutant_test" ] && [ -n "$mutant_sed" ] || mutant_error="it lacks file, test or sed"
	[[ $mutant_crash =~ ^(yes|no)$ ]] || mutant_error="crash is yes or no"
	[[ $mutant_times =~ ^[1-9][0-9]*$ ]] || mutant_error="times is a number"
	[ -z "$mutant_error" ]
}

# mutant_apply TREE: put what mutant_read has read into a tree. Fails where that changes more or less than a line.
mutant_apply() {
	local changed
	changed=$(sed -E -e "$mutant_sed" "$1/$mutant_file" | diff "$1/$mutant_file" - | grep '^[<>]')
	[ "$(grep -c '^<' <<<"$changed")" = 1 ] && [ "$(grep -c '^>' <<<"$changed")" -le 1 ] || return 1
	sed -E -i -e "$mutant_sed" "$1/$mutant_file"
}
