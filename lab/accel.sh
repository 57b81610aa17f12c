# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# KVM or emulation. A /dev/kvm that can be opened is no proof: on some hosts of hosts a stock kernel does not come up on
# it. So the first run boots one there, and the answer is kept for this host.

# choose_accel: sets $vm_accel.
choose_accel() {
	local key verdict
	vm_accel=tcg
	[ -w /dev/kvm ] || return 0
	key=$({ uname -r; grep -m 1 'model name' /proc/cpuinfo; echo "$kernel"; } | sha256sum | cut -c1-12)
	verdict=$cache/accel-$key
	[ -e "$verdict" ] || with_lock accel probe_kvm "$verdict"
	vm_accel=$(cat "$verdict")
}

probe_kvm() {
	local verdict=$1
	[ ! -e "$verdict" ] || return 0
	say "trying KVM (once): booting a stock kernel on it"
	if (
		vm_defaults
		vm_gpus=0
		vm_driver=0
		vm_timeout=15
		use_root base
		use_kernel
		vm_accel=kvm
		vm_run true
	) </dev/null >"$logs/kvm.log" 2>&1; then
		echo kvm >"$verdict"
	else
		echo tcg >"$verdict"
		say "no stock kernel comes up on this host's KVM: emulating (see $logs/kvm.log)"
	fi
}
