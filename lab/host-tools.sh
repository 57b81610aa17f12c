# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# The programs of this machine that the lab needs: a few of Debian's that are nearly always there, and the bootstrap tool, which
# seldom is. Nothing is installed: the tool's packages are downloaded into the cache, with lists of their own, and run from
# there.

# The programs, and the package of each.
host_programs='mount:mount unshare:util-linux setpriv:util-linux flock:util-linux chroot:coreutils apt-get:apt dpkg:dpkg
	perl:perl-base'

# check_host: name all that is missing, before anything is made.
check_host() {
	local entry missing=() packages
	for entry in $host_programs; do
		command -v "${entry%:*}" >/dev/null || missing+=("$entry")
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	packages=$(printf '%s\n' "${missing[@]#*:}" | sort -u | xargs)
	die "this machine lacks these commands: $(printf '%s\n' "${missing[@]%:*}" | xargs)" "install them with: apt-get install $packages"
}

# The host's own mirror of Debian, so that the lab comes from where the host's packages come from. Empty where the
# host's configuration names none: the bootstrap tool then knows a default.
host_mirror() {
	local codename uri
	codename=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
	uri=$(apt-get indextargets --format '$(RELEASE)|$(COMPONENT)|$(ORIGIN)|$(LABEL)|$(REPO_URI)' 'Created-By: Packages' |
		awk -F'|' -v r="$codename" '
			$1 == r && $2 == "main" && ($3 == "Debian" || $3 == "" || $3 ~ /^\$/) { print $5; exit }')
	case $uri in
	mirror+file:*) uri=$(sed -n 's/^\([a-z]*:[^[:space:]]*\).*/\1/p' "${uri#mirror+file:}" | head -n 1) ;;
	esac
	printf '%s' "${uri%/}"
}

# Where the host reaches the archive through a proxy, so must everything here.
proxy_env() {
	local http='' https=''
	eval "$(apt-config shell http Acquire::http::Proxy https Acquire::https::Proxy)"
	[ -z "$http" ] || [ "$http" = DIRECT ] || export http_proxy=$http
	[ -z "$https" ] || [ "$https" = DIRECT ] || export https_proxy=$https
}

# host_apt PROGRAM COMMAND...: apt-get or apt-cache by the host's configuration, with lists and downloads in the cache.
host_apt() {
	local dir=$cache/host-apt program=$1
	shift
	mkdir -p "$dir/lists/partial" "$dir/cache/archives/partial"
	"$program" -o Dir::State::lists="$dir/lists" -o Dir::Cache="$dir/cache" -o APT::Sandbox::User=root "$@"
}

# The tool itself, and the rest of the host's own perl, of which a small system has a part only.
fetch_tools() {
	local dir=$1.tmp deb modules
	rm -rf "$1" "$dir"
	mkdir -p "$dir/debs"
	host_apt apt-get update || return
	mapfile -t modules < <(host_apt apt-cache depends perl | sed -n 's/.*Depends: \(libperl5[^ ]*\|perl-modules-[^ ]*\)$/\1/p')
	(cd "$dir/debs" && host_apt apt-get download mmdebstrap perl "${modules[@]}") || return
	for deb in "$dir"/debs/*.deb; do
		dpkg -x "$deb" "$dir" || return
	done
	rm -r "$dir/debs"
	mv "$dir" "$1"
}

# host_tools: sets the array mmdebstrap to the words that run it. Its packages' files are the cache's where the machine does
# not have it.
host_tools() {
	local dir=$cache/host-tools perl
	check_host
	mmdebstrap=(mmdebstrap)
	! command -v mmdebstrap >/dev/null || return 0
	if [ ! -d "$dir" ]; then
		proxy_env
		say "fetching the bootstrap tool into the cache"
		hint="install the package mmdebstrap by hand and run the command again" \
			logged "$logs/host-tools.log" "fetching mmdebstrap" fetch_tools "$dir"
	fi
	perl=$(perl -e 'printf "%vd", $^V' | cut -d. -f1,2)
	# It starts programs of its own package by name.
	mmdebstrap=(env "PATH=$PATH:$dir/usr/bin" "PERL5LIB=$dir/usr/share/perl/$perl:$dir/usr/lib/x86_64-linux-gnu/perl/$perl:$dir/usr/share/perl5"
		perl "$dir/usr/bin/mmdebstrap")
}
