# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# ./mirage vm, and the running of machines for the other commands: options, the run's directory, and what is said when
# a run ends. The machine itself is machine.sh, in the lab.

# shellcheck source=lab/build.sh
. "$MIRAGE_SRC/lab/build.sh"
# shellcheck source=lab/accel.sh
. "$MIRAGE_SRC/lab/accel.sh"

vm_usage() {
	cat <<'EOF'
usage: ./mirage vm [OPTIONS] [-- COMMAND...]

Runs COMMAND as root in a new guest with the driver loaded; standard input and output, and the
exit status, are COMMAND's. Without COMMAND: a shell. The guest's root file system is the lab's,
and changes to it are lost when the guest ends.

  --share DIR        DIR appears, writable, at /mnt/share
  --gpus N           GPUs in the machine (default 1)
  --switch           put them behind one PCIe switch, where they reach each other's memory
  --vram SIZE        VRAM of each, with K, M or G (default 256M)
  --knob NAME=VALUE  give each GPU this knob; may be repeated
  --mem SIZE         the machine's memory, with M or G, at least 256M (default 2G)
  --cpus N           its processors (default: as many as the host has, at most 4)
  --iommu            put the GPUs behind an IOMMU
  --kernel KERNEL    stock (the default), a version of Debian's archive such as 7.2.12, debug or
                     debug:VERSION (with KASAN, lockdep and more, built when first asked for), or
                     a directory: a built kernel tree, or linux-image and linux-headers packages
                     unpacked there. Without KERNEL: list the kernels, and which were tested
  --timeout SECONDS  end the guest after that time, and log what it was doing
  --gdb              offer gdb a stub, which ./mirage gdb uses
  --dump             leave a dump of the memory of a guest that panics or hangs among its logs
  --no-driver        leave the driver's modules unloaded
  --keep             keep the logs of a run without a failure too, and print their directory
  --package NAME     install this Debian package in the guest as well; may be repeated

Exit status 125 is the lab's own: the guest did not come up, died, or was ended by --timeout.
EOF
}

is_number() {
	[[ $1 =~ ^[0-9]+$ ]]
}

is_size() {
	[[ $1 =~ ^[1-9][0-9]{0,8}[KMG]$ ]]
}

# The least memory, in MiB, that the stock kernel comes up with and leaves a command some of.
least_mem=256

# check_mem SIZE: refuse what QEMU would, or the kernel, after long.
check_mem() {
	local mib=${1%?} host
	[[ $1 != *G ]] || mib=$((mib * 1024))
	host=$(awk '/^MemTotal:/ { print int($2 / 1024) }' /proc/meminfo)
	[ "$mib" -ge $least_mem ] || usage_error "--mem: $1 is less than the ${least_mem}M that a guest needs" vm
	[ "$mib" -le "$host" ] || usage_error "--mem: $1 is more than the ${host}M that this machine has" vm
}

vm_defaults() {
	vm_gpus=1
	vm_switch=0
	vm_vram=256M
	vm_mem=2G
	vm_cpus=$(nproc)
	[ "$vm_cpus" -le 4 ] || vm_cpus=4
	vm_iommu=0
	vm_kernel=stock
	vm_timeout=0
	vm_share=
	vm_driver=1
	vm_keep=0
	vm_gdb=0
	vm_dump=0
	vm_knobs=()

	# Not options, but what the other commands set.
	vm_append=	# more for the kernel's command line
	vm_binds=()	# more for the lab to show, as in in_lab
	vm_modules=()	# more modules to load, after the driver's
	vm_results=	# where to put what the guest left in /run/lab
	vm_silence=0	# seconds without a line in the kernel's log after which it hangs; 0: it may be quiet
}

# vm_switch_option OPTION: take one that has no value; fails where it is none.
vm_switch_option() {
	case $1 in
	--switch) vm_switch=1 ;;
	--iommu) vm_iommu=1 ;;
	--no-driver) vm_driver=0 ;;
	--gdb) vm_gdb=1 ;;
	--dump) vm_dump=1 ;;
	--keep) vm_keep=1 ;;
	*) return 1 ;;
	esac
}

# vm_option ARGUMENTS...: take one option; sets $taken to the number of arguments that it was, 0 where it is none.
vm_option() {
	taken=1
	vm_switch_option "$1" && return
	taken=2
	case $1 in
	--share | --gpus | --vram | --mem | --cpus | --knob | --timeout) need_value $# "$1" vm ;;
	esac
	case $1 in
	--share)
		vm_share=$2
		[ -d "$2" ] || die "--share: $2 is not a directory"
		;;
	--gpus)
		vm_gpus=$2
		is_number "$2" && [ "$2" -le 16 ] || usage_error "--gpus: $2 is not a number up to 16" vm
		;;
	--vram)
		vm_vram=$2
		is_size "$2" || usage_error "--vram: $2 is not a size, such as 256M" vm
		;;
	--mem)
		vm_mem=$2
		is_size "$2" && [[ $2 != *K ]] || usage_error "--mem: $2 is not a size, such as 2G" vm
		check_mem "$2"
		;;
	--cpus)
		vm_cpus=$2
		is_number "$2" && [ "$2" -ge 1 ] && [ "$2" -le 64 ] || usage_error "--cpus: $2 is not a number from 1 to 64" vm
		;;
	--knob)
		[[ $2 == ?*=* ]] || usage_error "--knob: $2 is not NAME=VALUE" vm
		vm_knobs+=("$2")
		;;
	--kernel)
		kernel_option "${2:-}"
		;;
	--timeout)
		vm_timeout=$2
		is_number "$2" || usage_error "--timeout: $2 is not a number of seconds" vm
		;;
	*) taken=0 ;;
	esac
}

cmd_vm() {
	more_packages=()
	vm_defaults
	while [ $# -gt 0 ]; do
		case $1 in
		--help | -h)
			vm_usage
			return
			;;
		--)
			shift
			[ $# -gt 0 ] || usage_error "no command after --" vm
			break
			;;
		--package)
			need_value $# "$1" vm
			[[ $2 =~ ^[a-z0-9][a-z0-9+.-]+$ ]] || usage_error "--package: $2 is not a name of a Debian package" vm
			more_packages+=("$2")
			shift 2
			continue
			;;
		esac
		vm_option "$@"
		[ "$taken" -gt 0 ] || usage_error "no option '$1'" vm
		shift "$taken"
	done

	if [ ${#more_packages[@]} -gt 0 ]; then
		use_root more
	else
		use_root base
	fi
	use_kernel
	build_all
	choose_accel
	vm_run "$@"
}

# run_lives DIR: whether the run that DIR belongs to is not over: it holds a lock on it.
run_lives() {
	! flock -n "$1" true 2>/dev/null
}

# Directories of runs that are over, whatever ended them.
remove_dead_runs() {
	local dir
	for dir in "$cache"/run/*/; do
		if [ -d "$dir" ] && ! run_lives "$dir"; then
			rm -rf --one-file-system -- "$dir"
		fi
	done
	# Of the logs that were kept, the last ones.
	find "$logs" -mindepth 1 -maxdepth 1 -type d -name 'vm-*' | sort -r | tail -n +21 | xargs -r rm -rf --
}

# keep_logs DIR: take the logs out of a run's directory, and say where they are.
keep_logs() {
	vm_kept=$logs/vm-$(basename "$1")
	mkdir -p "$vm_kept"
	# A debugger needs these beside a dump.
	if [ -e "$1/vmcore" ]; then
		mv "$1/kernel" "$vm_kept/"
		# Missing where the kernel did not come as far as to load modules.
		touch "$1/io/sections"
		mv "$1/io/sections" "$vm_kept/"
	fi
	find "$1" -maxdepth 1 -type f \( -name kernel.log -o -name vmcore -o \( -name '*.log' -o -name '*.txt' \) -size +0 \) -exec mv -t "$vm_kept" {} +
	[ ! -e "$1/io/leaks" ] || mv "$1/io/leaks" "$vm_kept/leaks.txt"
	if [ -s "$vm_kept/kernel.log" ]; then
		note "kernel log: $vm_kept/kernel.log (beside it: $(find "$vm_kept" -type f ! -name kernel.log -printf '%f\n' | sort | xargs))"
	else
		note "no guest had started; logs: $vm_kept ($(find "$vm_kept" -type f -printf '%f\n' | sort | xargs))"
	fi
}

# vm_clean: take away what a machine leaves that ended, or that the user ended.
vm_dir=
vm_stty=
vm_clean() {
	[ -z "$vm_stty" ] || stty "$vm_stty"
	vm_stty=
	[ -z "$vm_dir" ] || rm -rf --one-file-system -- "$vm_dir"
	vm_dir=
}

# How the command's standard streams reach it.
prepare_streams() {
	local run=$1
	vm_tty=0
	: >"$run/io/stdout"
	: >"$run/io/stderr"
	if [ -t 0 ] && [ -t 1 ] && [ -t 2 ]; then
		vm_tty=1
		vm_stty=$(stty -g)
		stty size >"$run/io/tty"
		printf 'TERM=%s\0' "${TERM:-dumb}" >"$run/io/env"
		note "Ctrl-A x ends the machine, Ctrl-A h lists what else Ctrl-A does"
	elif [ ! -t 0 ] && [ "$(readlink /proc/self/fd/0)" != /dev/null ]; then
		: >"$run/io/stdin"
	fi
}

# check_gpus: the model knows which options are right; it is asked before there is a machine that would fail.
check_gpus() {
	local knob words=() why
	[ "$vm_vram${#vm_knobs[@]}" != 256M0 ] || return 0
	for knob in "${vm_knobs[@]}"; do
		words+=(--knob "$knob")
	done
	if ! why=$(in_lab -- /mirage/build/main/hw/model/mirage-gpu --check --vram "$vm_vram" "${words[@]}" 2>&1); then
		note "${why#mirage-gpu: }"
		exit 2
	fi
}

# judge RUN: look at the files of a machine that has ended; sets $vm_findings to the number of lines in its kernel log that tell of a bug.
judge() {
	local run=$1
	vm_findings=0
	vm_kept=
	if [ -e "$run/kernel.log" ] && ! bash "$MIRAGE_SRC/lab/check-log" "$run/kernel.log" >"$run/findings.txt"; then
		vm_findings=$(wc -l <"$run/findings.txt")
		note "the guest's kernel log has $vm_findings line(s) that tell of a bug, the first of them:"
		head -n 3 "$run/findings.txt" | sed 's/^/    | /' >&2
	fi
	[ ! -e "$run/trouble" ] || sed 's/^/mirage: /' "$run/trouble" >&2
	if [ "$vm_findings" -gt 0 ] || [ -e "$run/trouble" ] || [ -e "$run/io/leaks" ] || [ "$vm_keep" = 1 ]; then
		keep_logs "$run"
	fi
}

# vm_run [COMMAND...]: one machine, as the vm_ variables say. Returns COMMAND's status; 125 where there is none. A kernel
# that hung before its first process is booted once more: under emulation one in some hundred does, whatever runs in it.
vm_run() {
	local status=0
	check_gpus
	vm_boot_hang=0
	vm_once "$@" || status=$?
	if [ "$vm_boot_hang" = 1 ]; then
		note "the kernel hung before its first process: booting it a second time"
		status=0
		vm_once "$@" || status=$?
	fi
	return $status
}

vm_once() {
	local run status=0 lock
	# A model knows the other's memory by its bus address, and what an IOMMU maps to it, by none.
	[ "$vm_switch$vm_iommu" != 11 ] || die "--switch and --iommu exclude each other: behind an IOMMU the GPUs do not reach each other"
	remove_dead_runs
	run=$cache/run/$(run_name)
	mkdir -p "$run/io"
	vm_dir=$run
	on_interrupt=vm_clean
	exec {lock}<"$run"
	flock "$lock"

	[ -z "$vm_share" ] || mkdir "$run/io/share"
	[ $# -eq 0 ] || printf '%s\0' "$@" >"$run/io/argv"
	printf '%s\n' "${vm_knobs[@]}" >"$run/knobs"
	printf '%s\n' "${vm_modules[@]}" >"$run/modules"
	declare -p kernel_release kernel_dir kernel_source kernel_binds >"$run/kernel"
	prepare_streams "$run"

	local binds=("$run=mirage/run" "${kernel_binds[@]}" "${vm_binds[@]}") slow=0
	! kernel_is_slow || slow=1
	[ -z "$vm_share" ] || binds+=("$(realpath "$vm_share")=mirage/run/io/share")
	LAB_gpus=$vm_gpus LAB_switch=$vm_switch LAB_vram=$vm_vram LAB_mem=$vm_mem LAB_cpus=$vm_cpus LAB_iommu=$vm_iommu \
		LAB_release=$kernel_release LAB_image=$kernel_image LAB_tree=$kernel_tree LAB_slow=$slow \
		LAB_gdb=$vm_gdb LAB_dump=$vm_dump LAB_built=/mirage/build/kernels/$kernel_key LAB_timeout=$vm_timeout LAB_driver=$vm_driver \
		LAB_accel=$vm_accel LAB_append=$vm_append LAB_tty=$vm_tty LAB_silence=$vm_silence \
		in_lab "${binds[@]}" -- bash /mirage/src/lab/machine.sh || status=$?

	[ -z "$vm_share" ] || give_share "$vm_share" "$run/kernel"
	# Killed before it could say anything: by the user, who knows.
	if [ -e "$run/kernel.log" ] || [ -e "$run/trouble" ]; then
		judge "$run"
	fi
	if [ -n "$vm_results" ]; then
		mkdir -p "$vm_results"
		cp -a "$run/io/." "$vm_results/"
	fi
	[ ! -e "$run/trouble" ] || status=125
	# The part of standard input that was read went with the first machine.
	[ ! -e "$run/boot-hang" ] || [ -e "$run/io/stdin" ] || vm_boot_hang=1
	vm_clean
	exec {lock}<&-
	return $status
}
