# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Finds out why a guest makes no progress: asks its kernel over the serial line, and QEMU, which answers
# even if the kernel does not. Runs in the lab, beside the machine, in its run directory.

# hang_report FILE: whether the machine runs, and the processors' registers, twice, into FILE; the tasks' stacks, blocked
# tasks and each processor's backtrace, from the kernel, at the end of its own log.
hang_report() {
	local file=$1 key
	{
		echo "== status"
		hang_monitor "info status"
		echo "== registers"
		hang_monitor "info registers -a"
		for key in w l t; do
			# A telnet BREAK (IAC BRK), then the key.
			printf '\xff\xf3%s' "$key" | timeout 5 socat -t 0.2 - UNIX-CONNECT:console.sock >/dev/null || true
			hang_settle kernel.log
		done
		echo "== registers, later"
		hang_monitor "info registers -a"
	} >"$file" 2>&1
}

# dump_memory FILE: the guest's memory as an ELF core file, as /proc/vmcore is one. Bounded; fails where QEMU does.
dump_memory() {
	local i state
	hang_monitor "dump-guest-memory -d $1" >/dev/null
	for ((i = 0; i < 240; i++)); do
		state=$(hang_monitor "info dump" | sed -n 's/^Status: //p')
		case $state in
		completed*)
			# Most of it is zeroes.
			fallocate --dig-holes "$1"
			return
			;;
		failed*) return 1 ;;
		esac
		read -rt 0.5 <&9 || true
	done
	return 1
}

# hang_monitor COMMAND: the answer of QEMU's human monitor, asked for over its machine protocol, which does not echo.
hang_monitor() {
	printf '%s\n' '{"execute":"qmp_capabilities"}' \
		"{\"execute\":\"human-monitor-command\",\"arguments\":{\"command-line\":\"$1\"}}" |
		timeout 10 socat -t 1 - UNIX-CONNECT:monitor.sock |
		sed -n 's/^{"return": "\(.*\)"}.*$/\1/p' | sed 's/\\r\\n/\n/g' | grep . || echo "(no answer)"
}

# Until a log has not grown for half a second; at most 20 s.
hang_settle() {
	local before=-1 now i
	for ((i = 0; i < 40; i++)); do
		now=$(stat -c %s "$1")
		[ "$now" -ne "$before" ] || return 0
		before=$now
		read -rt 0.5 <&9 || true
	done
}
