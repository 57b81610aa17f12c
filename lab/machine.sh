#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# One machine, from its GPUs to its end. Runs in the lab; vm.sh gives it all it needs as LAB_ variables and files in
# /mirage/run, and reads there what came of it: io/status, or else "trouble" with the reason.
#
# A machine is a QEMU, a virtiofsd for its root (read-only) and one for the run's directory, and a process per GPU. The
# command's output arrives in two files that are followed as they grow.
set -euo pipefail

run=/mirage/run
io=$run/io
cd $run

# shellcheck source=lab/hang.sh
. /mirage/src/lab/hang.sh

trouble() {
	printf '%s\n' "$@" >>trouble
}

# The lab's processes die with this one, as the first process of their namespace's child goes: no cleaning up needed.
give_up() {
	trouble "$@"
	exit 125
}

# wait_for PID LOG SOCKET...: until the sockets are there; their maker must live till then.
wait_for() {
	local pid=$1 log=$2 socket tries
	shift 2
	for socket; do
		for ((tries = 0; ; tries++)); do
			[ ! -S "$socket" ] || break
			kill -0 "$pid" 2>/dev/null || give_up "the process that makes ${socket##*/} ended at once:" "$(tail -n 5 "$log")"
			[ $tries -lt 1000 ] || give_up "${socket##*/} did not appear in 10 s: see ${log##*/}"
			read -rt 0.01 <>/proc/self/fd/9 || true
		done
	done
}

# A descriptor that never has anything to read: waiting on it with a time-out starts no process.
mkfifo /tmp/never
exec 9<>/tmp/never

# may NUMBER: whether this process has that capability, as linux/capability.h counts them.
may() {
	local have
	have=$(sed -n 's/^CapEff:[[:space:]]*//p' /proc/self/status)
	(((16#$have >> $1) & 1))
}

# virtiofsd ends where it lacks a capability that it may never use, and a container's root lacks some. Without CAP_MKNOD
# the guest makes no device nodes in a shared directory; without CAP_DAC_READ_SEARCH there is an open file for each inode
# that the guest knows, in place of a handle.
share_dir() {
	local name=$1 options=()
	shift
	may 27 || options+=(--modcaps=-mknod)
	! may 2 || options+=(--inode-file-handles=prefer)
	/usr/libexec/virtiofsd --socket-path="$run/$name.sock" --sandbox=none "${options[@]}" \
		--log-level=error "$@" >"$name.log" 2>&1 9<&- &
	daemons+=($!)
}

# module_chain NAME: the files of a module of the kernel's and of those that it needs, in the order to load them. None where
# it is built in.
module_chain() {
	modprobe -d "$LAB_tree" -S "$LAB_release" --show-depends "$1" | sed -n 's/^insmod \([^ ]*\).*/\1/p'
}

# The files that hold the modules, in the order to load them: what ours need first.
module_files() {
	local dir=$1 ko name names
	names=$(for ko in "$dir"/*.ko; do modinfo -F depends "$ko"; done | tr ',' '\n' | sort -u)
	for name in $names; do
		[ ! -e "$dir/$name.ko" ] || continue
		module_chain "$name"
	done | awk '!seen[$0]++'
	# Ours in the order of their own dependencies.
	for ko in "$dir"/hmm_mirror.ko "$dir"/mirage.ko; do
		[ ! -e "$ko" ] || echo "$ko"
	done
}

start_gpus() {
	local i knob knobs=()
	while read -r knob; do
		[ -z "$knob" ] || knobs+=(--knob "$knob")
	done <knobs
	mkdir -p "$run/peers"
	for ((i = 0; i < LAB_gpus; i++)); do
		/mirage/build/main/hw/model/mirage-gpu --peers "$run/peers" --socket "$run/gpu$i.sock" --vram "$LAB_vram" "${knobs[@]}" \
			--log "$run/gpu$i.log" >"gpu$i.out.log" 2>&1 9<&- &
		gpus+=($!)
	done
	for ((i = 0; i < LAB_gpus; i++)); do
		wait_for "${gpus[i]}" "gpu$i.out.log" "$run/gpu$i.sock"
	done
}

# kernel_arguments: sets $append to the kernel's command line.
kernel_arguments() {
	append="console=ttyS0,115200 mitigations=off rootfstype=virtiofs root=root ro panic=-1 oops=panic"
	append+=" init=/mirage/build/main/lab/guest/init sysrq_always_enabled printk.time=1 $LAB_append"
	# For init, which finds them in its environment.
	append+=" lab_overlay=$(module_chain overlay | paste -sd,) lab_tree=$LAB_tree"
	# Symbols are where the linker put them.
	[ "$LAB_gdb$LAB_dump" = 00 ] || append+=" nokaslr"
	# A later word for the same parameter counts: a kernel that panics stays, and can be dumped.
	[ "$LAB_dump" = 0 ] || append+=" panic=0"
	[ "$LAB_iommu" = 0 ] || append+=" intel_iommu=on iommu=nopt"
	# While the first processor's features are read, KASAN takes the kernel for one of four page-table levels, and any
	# interrupt for a wild access where it has five.
	[ "$LAB_slow" = 0 ] || append+=" no5lvl"
	if [ "$LAB_accel" = tcg ]; then
		# virtiofsd writes into a page past QEMU, which would go on executing its translation of the code that was
		# in that page before. The zeroing of pages tells QEMU of each reuse.
		append+=" init_on_alloc=1"
		# The kernel tries the timer's interrupt for a moment of real time, and panics where a busy host gives the
		# emulated processor none of it.
		append+=" no_timer_check"
	fi
}

# machine_arguments: the machine with its processors and memory, its kernel, its console, and QEMU's monitor.
machine_arguments() {
	local machine=q35,memory-backend=mem append
	kernel_arguments
	# The kernel leaves there what a reader of its dump has to know.
	[ "$LAB_dump" = 0 ] || qemu+=(-device vmcoreinfo)
	[ "$LAB_iommu" = 0 ] || machine+=,kernel-irqchip=off
	case $LAB_accel in
	kvm) qemu+=(-accel kvm -cpu host) ;;
	tcg) qemu+=(-accel "tcg,thread=multi" -cpu max) ;;
	esac
	qemu+=(-M "$machine" -smp "$LAB_cpus" -m "$LAB_mem" -nodefaults -no-user-config -vga none -display none -no-reboot
		-object "memory-backend-memfd,id=mem,size=$LAB_mem,share=on"
		-kernel "$LAB_image" -append "$append"
		# telnet, since its BREAK is how a key for the kernel's debugging gets onto a serial line.
		-chardev "socket,id=console,path=$run/console.sock,server=on,wait=off,telnet=on,logfile=$run/kernel.log"
		-serial chardev:console
		-qmp "unix:$run/monitor.sock,server=on,wait=off")
	[ "$LAB_iommu" = 0 ] || qemu+=(-device "intel-iommu,caching-mode=on")
}

# The shared directories stay as they are while the guest is suspended: virtiofs can neither save nor restore, and
# need not where its device keeps its state without power, which needs a PCI Express port above it.
share_arguments() {
	local i
	for i in root io; do
		qemu+=(-chardev "socket,id=$i,path=$run/$i.sock"
			-device "pcie-root-port,id=$i-port,chassis=$((100 + ${#i})),slot=$((100 + ${#i}))"
			-device "vhost-user-fs-pci,bus=$i-port,chardev=$i,tag=$i,queue-size=1024,x-pcie-pm-no-soft-reset=on")
	done
}

gpu_arguments() {
	local i bus port
	if [ "$LAB_switch" = 1 ]; then
		qemu+=(-device "pcie-root-port,id=root,chassis=100,slot=100" -device "x3130-upstream,id=switch,bus=root")
	fi
	for ((i = 0; i < LAB_gpus; i++)); do
		bus=port$i
		port=pcie-root-port
		[ "$LAB_switch" = 0 ] || port="xio3130-downstream,bus=switch"
		if [ "$LAB_iommu" = 1 ]; then
			# After S3, QEMU does not map anew what a device behind a port had mapped: it seems to look before the
			# ports have their bus numbers back.
			bus=pcie.0
		else
			qemu+=(-device "$port,id=$bus,chassis=$((i + 1)),slot=$((i + 1))")
		fi
		qemu+=(-device "{\"driver\":\"vfio-user-pci\",\"id\":\"gpu$i\",\"bus\":\"$bus\",\"socket\":{\"type\":\"unix\",\"path\":\"$run/gpu$i.sock\"}}")
	done
}

# dma_arguments: the device of mirage_odp.ko, a DMA engine of QEMU's own that costs nothing while its driver is not loaded.
dma_arguments() {
	qemu+=(-device "edu,dma_mask=0xffffffffffffffff")
}

# input_arguments: the ways in from outside, gdb's and those of the command's input.
input_arguments() {
	if [ "$LAB_gdb" = 1 ]; then
		qemu+=(-gdb "unix:$run/gdb.sock,server=on,wait=off")
	fi
	if [ "$LAB_tty" = 1 ]; then
		qemu+=(-chardev "stdio,id=tty,mux=on,signal=off" -serial chardev:tty -mon chardev=tty)
	elif [ -e $io/stdin ]; then
		mkfifo stdin.fifo
		qemu+=(-chardev "file,id=stdin,path=/dev/null,input-path=$run/stdin.fifo" -device virtio-serial-pci
			-device "virtserialport,chardev=stdin,name=lab.stdin")
	fi
}

# qemu_arguments: fills the array qemu. A device that others sit behind stands before them.
qemu_arguments() {
	machine_arguments
	share_arguments
	gpu_arguments
	dma_arguments
	input_arguments
}

follow() {
	tail -c +1 -s 0.1 -f --pid="$vm" "$1" 9<&- &
	followers+=($!)
}

# Ctrl-C is the command's own from when it runs. Until then it ends the machine, though QEMU has taken that key for the guest as
# soon as it opened the terminal.
keep_interrupt() {
	until [ -e $io/started ]; do
		[[ $(stty -a <&8) != *-isig* ]] || stty isig <&8
		read -rt 0.3 <&9 || true
	done
	stty -isig <&8
}

# silent_for SECONDS [PATTERN]: true once the kernel's log has not grown for so long, false when it has a line like PATTERN.
silent_for() {
	local quiet=0 size=0 now
	while [ "$quiet" -lt "$1" ]; do
		if [ -n "${2:-}" ] && grep -qa "$2" kernel.log 2>/dev/null; then
			return 1
		fi
		now=$(stat -c %s kernel.log 2>/dev/null || echo 0)
		[ "$now" -eq "$size" ] && quiet=$((quiet + 1)) || quiet=0
		size=$now
		read -rt 1 <&9 || true
	done
}

# Ends when the guest hangs: with 1 where its kernel said nothing for long before it started its first process, with 2
# where it did so later and is known to speak often. With 0 when there is nothing more to watch.
watch_log() {
	! silent_for "$boot_timeout" 'Run /mirage' || return 1
	[ "$LAB_silence" -gt 0 ] || return 0
	! silent_for "$LAB_silence" || return 2
}

# Ends when the kernel has said that it panics, and all that it then says.
watch_panic() {
	until grep -qa 'Kernel panic - not syncing' kernel.log 2>/dev/null; do
		read -rt 1 <&9 || true
	done
	hang_settle kernel.log
}

# end_machine: with what is to be learned from it before.
end_machine() {
	hang_report "$run/hang.txt"
	if [ "$LAB_dump" = 1 ]; then
		dump_memory "$run/vmcore" || trouble "QEMU made no dump of the guest's memory"
	fi
	kill -KILL "$vm"
}

# A guest that is about to fall asleep writes something new to io/wake, and 0 when it has woken up. Until then a key is
# pressed now and then, which wakes it from whichever sleep; before it sleeps, a key may keep it awake, and so the pauses,
# in half seconds, grow.
wake_guest() {
	local asked seen=0 pause=2 waited=0
	while :; do
		asked=$(<$io/wake)
		if [ "$asked" != "$seen" ]; then
			seen=$asked
			pause=2
			waited=0
		elif [ "$asked" != 0 ] && [ $((++waited)) -ge $pause ]; then
			hang_monitor "sendkey shift" >/dev/null
			pause=$((pause + 2))
			waited=0
		fi
		read -rt 0.5 <&9 || true
	done
}

# Wait for the machine's end. A GPU that ends before it is a failure, and so is its time running out.
watch_machine() {
	local ended ended_status i
	while kill -0 "$vm" 2>/dev/null; do
		ended=
		ended_status=0
		wait -n -p ended "$vm" "${gpus[@]}" ${timer:+"$timer"} ${watch:+"$watch"} ${panic:+"$panic"} || ended_status=$?
		if [ "$ended" = "$vm" ] || [ -z "$ended" ]; then
			break
		fi
		if [ "$ended" = "$watch" ]; then
			watch=
			case $ended_status in
			0) continue ;;
			1)
				: >boot-hang
				trouble "the guest's kernel logged nothing for $boot_timeout s before it started a process"
				;;
			*)
				trouble "the guest's kernel logged nothing for $LAB_silence s; what it was doing is at the end of kernel.log and in hang.txt"
				;;
			esac
			end_machine
			return
		fi
		if [ "$ended" = "$panic" ]; then
			trouble "the guest's kernel panicked: $(grep -am 1 'Kernel panic' kernel.log | sed 's/^\[[^]]*\] //')"
			end_machine
			return
		fi
		if [ "$ended" = "$timer" ]; then
			trouble "the guest had not ended after $LAB_timeout s; what it was doing is at the end of kernel.log and in hang.txt"
			end_machine
			return
		fi
		# A GPU goes when its machine goes, and may be the first of both to be seen gone.
		for ((i = 0; i < 300; i++)); do
			kill -0 "$vm" 2>/dev/null || return 0
			read -rt 0.01 <&9 || true
		done
		for i in "${!gpus[@]}"; do
			[ "${gpus[i]}" != "$ended" ] || trouble "the process of GPU $i ended while the machine was running: see gpu$i.log"
		done
		end_machine
		return
	done
}

daemons=()
gpus=()
followers=()
qemu=()
timer=
panic=

# Seconds without a line of the kernel's log that are too many; a loaded host under emulation is slow.
boot_timeout=120
[ "$LAB_slow" = 0 ] || boot_timeout=400

# list_modules: writes the modules for the guest to load, in that order, where its init reads them.
list_modules() {
	if [ "$LAB_driver" = 1 ]; then
		module_files "$LAB_built" >$io/modules
	else
		: >$io/modules
	fi
	[ "$LAB_dump" = 0 ] || module_chain qemu_fw_cfg >>$io/modules
	grep . modules >>$io/modules || true
}

# start_helpers: the processes that QEMU connects to.
start_helpers() {
	echo 0 >$io/wake
	share_dir root --shared-dir=/mirage/guest --no-announce-submounts --readonly --cache=auto
	share_dir io --shared-dir=$io --no-announce-submounts --cache=auto
	start_gpus
	wait_for "${daemons[0]}" root.log $run/root.sock
	wait_for "${daemons[1]}" io.log $run/io.sock
}

# start_qemu: sets $vm to its process, and connects the command's input and output.
start_qemu() {
	qemu_arguments
	if [ "$LAB_tty" = 1 ]; then
		qemu-system-x86_64 "${qemu[@]}" <&0 2>qemu.log 9<&- &
	else
		qemu-system-x86_64 "${qemu[@]}" </dev/null >qemu.log 2>&1 9<&- &
	fi
	vm=$!
	if [ "$LAB_tty" = 1 ]; then
		exec 8<&0
		keep_interrupt &
	fi
	if [ -p stdin.fifo ]; then
		cat <&0 >stdin.fifo 9<&- &
	fi
	if [ "$LAB_tty" = 0 ]; then
		follow $io/stdout
		follow $io/stderr >&2
	fi
}

# start_watchers: the processes that watch_machine waits for next to the machine itself.
start_watchers() {
	watch_log &
	watch=$!
	if [ "$LAB_dump" = 1 ]; then
		watch_panic &
		panic=$!
	fi
	wake_guest &
	if [ "$LAB_timeout" -gt 0 ]; then
		sleep "$LAB_timeout" 9<&- &
		timer=$!
	fi
}

end_gpus() {
	local gpu_status i
	# A model ends with its machine; one that does not is ended.
	{ read -rt 30 <&9 || kill -KILL "${gpus[@]}"; } 2>/dev/null &
	local reaper=$!
	for i in "${!gpus[@]}"; do
		gpu_status=0
		{ wait "${gpus[i]}" || gpu_status=$?; } 2>/dev/null
		[ "$gpu_status" -eq 0 ] || trouble "GPU $i ended with status $gpu_status: $(tail -n 3 "gpu$i.out.log" "gpu$i.log" 2>&1 | tr '\n' ' ')"
	done
	kill "$reaper" 2>/dev/null || true
}

# judge_end STATUS: finds out whether the command ended by itself. STATUS is QEMU's.
judge_end() {
	if [ -e $io/no-driver ]; then
		trouble "the driver's modules did not load: $(grep -m 1 'mirage-lab: loading' kernel.log | sed 's/.*mirage-lab: //')"
	elif [ ! -e $io/status ] && [ ! -e trouble ]; then
		if grep -q 'Kernel panic' kernel.log; then
			trouble "the guest's kernel panicked: $(grep -m 1 'Kernel panic' kernel.log | sed 's/^\[[^]]*\] //')"
		elif [ "$1" -ne 0 ]; then
			trouble "QEMU ended with status $1:" "$(tail -n 5 qemu.log)"
		else
			trouble "the guest went down before the command ended:" "$(tail -n 3 kernel.log)"
		fi
	fi
}

# A function, so that the whole of this file was read before anything runs: it may change while a machine does.
main() {
	list_modules
	start_helpers
	start_qemu
	start_watchers

	watch_machine
	local machine_status=0
	{ wait "$vm" || machine_status=$?; } 2>/dev/null
	# The GPUs would wait for a machine that never was, and then be blamed for it.
	if [ "$machine_status" -ne 0 ] && [ ! -s kernel.log ] && [ ! -e trouble ]; then
		give_up "QEMU did not start the machine (status $machine_status): $(tail -n 5 qemu.log)"
	fi
	[ ${#followers[@]} -eq 0 ] || wait "${followers[@]}" || true
	end_gpus
	judge_end "$machine_status"
	[ ! -e trouble ] || exit 125
	exit "$(cat $io/status)"
}

main
