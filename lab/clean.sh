# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# ./mirage clean: remove the cache, or parts of it.

clean_usage() {
	cat <<EOF
usage: ./mirage clean --list
       ./mirage clean [kernels | roots | builds | logs | old | all | NAME]...

Removes parts of the cache, $cache; without an argument, all of it.

  --list             list the entries: part, size, last use and name
  kernels            kernels but the lab's own, their symbols, peers of the bench, and whether this
                     host's KVM boots the lab's
  roots              the lab's root file systems, and the tool that makes them
  builds             the builds of each checkout, and the copies with deliberate defects
  logs               logs and results, of each checkout
  old                what is unused for $old_days days, and the entries of checkouts that are gone
  NAME               one thing, by the name that --list shows
EOF
}

old_days=14

# cache_entries: a line "PART PATH" for each thing that can go by itself, a root before those that are linked to it.
cache_entries() {
	local part path
	for part in kernels roots builds logs; do
		case $part in
		kernels) set -- "$cache"/linux-* "$cache"/debug-kernel-* "$cache"/symbols-* "$cache"/peer-* "$cache"/accel-* ;;
		roots) set -- "$cache"/root-* "$cache"/host-tools "$cache"/host-apt "$cache"/container-image-* ;;
		builds) set -- "$cache"/build/* "$cache"/mutants/* ;;
		logs) set -- "$cache"/log/* "$cache"/results ;;
		esac
		for path; do
			[ ! -e "$path" ] || printf '%s %s\n' "$part" "$path"
		done
	done
}

# entry_name PATH: as --list shows it.
entry_name() {
	printf '%s' "${1#"$cache/"}"
}

# entry_used PATH: when, in seconds of the epoch. A root and what belongs to a checkout keep that in a file.
entry_used() {
	local file=$1
	[ ! -e "$1/etc/mirage-used" ] || file=$1/etc/mirage-used
	[ ! -e "$1/checkout" ] || file=$1/checkout
	stat -c %Y "$file"
}

# entry_age PATH: why it is old; nothing where it is not.
entry_age() {
	if [ -e "$1/checkout" ] && [ ! -d "$(cat "$1/checkout")" ]; then
		echo "the checkout is gone"
	elif [ $((EPOCHSECONDS - $(entry_used "$1"))) -gt $((old_days * 86400)) ]; then
		echo "not used for $old_days days"
	fi
}

clean_list() {
	local part path size age entries=()
	mapfile -t entries < <(cache_entries)
	[ ${#entries[@]} -gt 0 ] || return 0
	# Each file counts once: a derived root shares most of its files with the one above it.
	printf '%-8s %8s  %-10s  %s\n' part MiB 'last used' name
	while read -r size path; do
		part=$(printf '%s\n' "${entries[@]}" | awk -v path="$path" 'substr($0, index($0, " ") + 1) == path { print $1 }')
		age=$(entry_age "$path")
		printf '%-8s %8s  %(%F)T  %s%s%s\n' "$part" "$size" "$(entry_used "$path")" "$(entry_name "$path")" \
			"$([ ! -e "$path/checkout" ] || sed 's/^/, of /' "$path/checkout")" "${age:+ (old: $age)}"
	done < <(du -sm -- "${entries[@]#* }")
}

# hold_locks: no other mirage may use the cache meanwhile. The locks go with this process.
hold_locks() {
	local lock fd
	for lock in "$cache"/lock/*; do
		[ -e "$lock" ] || continue
		exec {fd}>>"$lock"
		flock -n "$fd" || die "another ./mirage uses the cache and holds $lock: wait until it has ended, or end it"
	done
}

# clean_choose WORDS...: adds to the caller's paths what they name; sets its all where that is the whole cache.
clean_choose() {
	local word part path found
	for word; do
		found=0
		case $word in
		--list) usage_error "--list removes nothing and takes no other word" clean ;;
		-*) usage_error "no option '$word'" clean ;;
		all)
			all=1
			found=1
			;;
		kernels | roots | builds | logs | old) found=1 ;;
		esac
		while read -r part path; do
			if [ "$part" = "$word" ] || [ "$(entry_name "$path")" = "$word" ] ||
				{ [ "$word" = old ] && [ -n "$(entry_age "$path")" ]; }; then
				paths+=("$path")
				found=1
			fi
		done < <(cache_entries)
		[ $found = 1 ] || usage_error "'$word' is neither a part of the cache nor a name that --list shows" clean
	done
}

cmd_clean() {
	local path paths=() all=0
	case ${1:-} in
	--help | -h)
		clean_usage
		return
		;;
	esac
	if [ ! -d "$cache" ]; then
		note "nothing is cached in $cache"
		return
	fi
	# A directory that is not ours stays: MIRAGE_CACHE may have been set to anything.
	if [ ! -d "$cache/lock" ] || [ ! -d "$cache/log" ]; then
		die "$cache does not look like this command's cache: not removed"
	fi

	[ $# -gt 0 ] || all=1
	if [ "$*" = --list ]; then
		clean_list
		return
	fi
	clean_choose "$@"

	hold_locks
	if [ $all = 1 ]; then
		say "removing $cache"
		rm -rf --one-file-system -- "$cache"
		return
	fi
	for path in "${paths[@]}"; do
		say "removing $path"
		rm -rf --one-file-system -- "$path"
	done
}
