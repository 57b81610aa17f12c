# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Shared by all parts of the command: messages, the cache's layout, locks. Runs on the host: bash and Debian's
# essential packages only.

# Seconds since the command started, for the progress lines.
started=$SECONDS

say() {
	printf '[%3d s] %s\n' $((SECONDS - started)) "$*" >&2
}

note() {
	printf 'mirage: %s\n' "$*" >&2
}

# die MESSAGE...: each further argument is a line of its own. 125 is not a status of the user's own commands.
die() {
	printf 'mirage: %s\n' "$1" >&2
	shift
	[ $# -eq 0 ] || printf '        %s\n' "$@" >&2
	exit 125
}

usage_error() {
	note "$1"
	note "see ./mirage $2 --help"
	exit 2
}

# The value of an option that needs one.
need_value() {
	[ "$1" -ge 2 ] || usage_error "$2 needs a value" "$3"
}

# A program in the lab is the first process of its namespace, and ends by exit if it is interrupted: its status alone would
# not end this process, which got the same signal. $on_interrupt is a command that cleans up before.
on_interrupt=:
trap '$on_interrupt; exit 130' INT

# as_user COMMAND...: as the one who called sudo; as root, where nobody did.
as_user() {
	if [ -n "${SUDO_UID:-}" ] && [ "$(id -u)" -eq 0 ]; then
		setpriv --reuid "$SUDO_UID" --regid "${SUDO_GID:-$SUDO_UID}" --init-groups -- "$@"
	else
		"$@"
	fi
}

# as_writer DIR COMMAND...: as the user where that one may write in DIR, else as root, so that what is made there is the user's
# where it can be.
as_writer() {
	local dir=$1
	shift
	if as_user test -w "$dir"; then
		as_user "$@"
	else
		"$@"
	fi
}

# give_share DIR FILE: what was made in DIR after FILE by root, in guest or lab, is the user's whose directory it is. The time
# of birth tells it from what was root's before (Debian's find does not know it). chown follows no link, and is in the
# directory where find looked.
give_share() {
	if [ -n "${SUDO_UID:-}" ] && as_user test -w "$1"; then
		find "$1" -mindepth 1 -xdev -uid 0 -newercm "$2" -execdir bash -c '
			since=$1
			owner=$2
			for file in "${@:3}"; do
				born=$(stat -c %.9W -- "$file")
				[ "${born//[.,]/}" -le "$since" ] || chown -h -- "$owner" "$file"
			done' bash "$(stat -c %.9Y "$2" | tr -d .,)" "$SUDO_UID:${SUDO_GID:-$SUDO_UID}" {} + ||
			note "some new files in $1 still belong to root: they could not be given to user $SUDO_UID"
	fi
}

cache=$MIRAGE_CACHE

# One directory per checkout, so that several can be built at once; readable, and never the same for two of them.
checkout_key() {
	printf '%s-%s' "$(basename "$MIRAGE_SRC")" "$(printf '%s' "$MIRAGE_SRC" | sha256sum | cut -c1-12)"
}
build=$cache/build/$(checkout_key)
logs=$cache/log/$(checkout_key)

cache_init() {
	# Other programs of the user's have their files in ~/.cache, too. The cache itself belongs to root.
	as_user mkdir -p "$cache" 2>/dev/null || true
	mkdir -p "$cache/lock" "$logs" "$build" "$cache/run" ||
		die "can't make the cache directory $cache" "set MIRAGE_CACHE to a directory that can be written"
	# The checkout that they belong to, and the time of their last use.
	printf '%s\n' "$MIRAGE_SRC" | tee "$build/checkout" >"$logs/checkout"
	if [ "$(stat -f -c %T "$cache")" = nfs ]; then
		note "the cache $cache is on NFS: root file systems can fail there; set MIRAGE_CACHE to a local disk"
	fi
}

# with_lock NAME COMMAND...: one holder at a time, over all processes that use this cache. The lock goes with its
# holder's death.
with_lock() {
	local name=$1 fd status=0
	shift
	exec {fd}>>"$cache/lock/$name"
	if ! flock -n "$fd"; then
		say "waiting for another ./mirage, which holds $cache/lock/$name"
		flock "$fd"
	fi
	"$@" || status=$?
	exec {fd}>&-
	return $status
}

# log_failure LOG WHAT: say what failed, show the end, and stop.
log_failure() {
	tail -n 15 "$1" | sed 's/^/    | /' >&2
	die "$2 failed; the whole log is $1" "${hint:-remove the cause and run the command again: it continues from the steps that are complete}"
}

# logged LOG WHAT COMMAND...: run a step with its output in a log.
logged() {
	local log=$1 what=$2
	shift 2
	"$@" >"$log" 2>&1 </dev/null || log_failure "$log" "$what"
}

# progress LOG WHAT: from a pipe to LOG; of lines as ninja's, "[STEPS/ALL] ...", how far they are: in one line of a terminal,
# else in a line now and then.
progress_pause=20
progress() {
	local line at last=$SECONDS shown=0
	while IFS= read -r line; do
		printf '%s\n' "$line" >&3
		[[ $line =~ ^\[([0-9]+)/([0-9]+)\] ]] || continue
		at="${BASH_REMATCH[1]} of ${BASH_REMATCH[2]} steps"
		if [ -t 2 ]; then
			printf '\r[%3d s] %s: %s\e[K' $((SECONDS - started)) "$2" "$at" >&2
			shown=1
		elif [ $((SECONDS - last)) -ge $progress_pause ]; then
			last=$SECONDS
			say "$2: $at"
		fi
	done 3>"$1"
	[ $shown = 0 ] || echo >&2
}

# package_steps: from a pipe, the words of mmdebstrap and apt-get, with "[STEPS/ALL] " before those that begin or end a step:
# of a bootstrap, which has five, and of an installation, in which each package is fetched, unpacked and set up.
package_steps() {
	local line steps=0 all=0
	while IFS= read -r line; do
		if [[ $line =~ ^[0-9]+\ upgraded,\ ([0-9]+)\ newly\ installed ]]; then
			steps=0
			all=$((3 * BASH_REMATCH[1]))
		elif [[ $line =~ ^I:\ (running\ apt-get\ update|downloading|extracting|installing\ essential|cleaning) ]]; then
			all=5
			printf '[%d/%d] ' $((steps += 1)) $all
		elif [ $steps -lt $all ] && [[ $line =~ ^(Get:[0-9]+|Unpacking|Setting\ up)\  ]]; then
			printf '[%d/%d] ' $((steps += 1)) $all
		fi
		printf '%s\n' "$line"
	done
}

# logged_packages LOG WHAT COMMAND...: logged, for what fetches and installs packages, with how far it is.
logged_packages() {
	local log=$1 what=$2
	shift 2
	"$@" 2>&1 </dev/null | package_steps | progress "$log" "$what" || log_failure "$log" "$what"
}

# A name for a run's files that no other run has.
run_name() {
	printf '%s-%s' "$(date +%Y%m%d-%H%M%S)" "$$"
}
