# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# A fresh clone in the place of an older one keeps what was built: its files are as new as the clone, and Meson's ninja, kbuild
# and the lab itself go by the times of files. So each build leaves a list of what it was made of, and a file whose content is
# still that gets back the time that it had then.
#
# The list is $build/times: a line that tells this clone from others, then TIME CONTENT PATH for each file and directory, with
# a checksum as the content of a file and the names in it as that of a directory. It holds for everything in $build: nothing
# there that was built after TIME was built of another content. That is why
#
#  - it is there only after a build that came to its end and under which nothing changed;
#  - whatever else builds takes it away first, where the checkout is another than it says (times_drop());
#  - times are given back in another clone alone, never where somebody edits: a content that comes back after a detour would
#    get a time older than what was built on the detour.
#
# Rejected: ccache, which saves the compilers' time only, and is one more package in the lab.

# times_clone: what a checkout has that another in its place has not.
times_clone() {
	stat -c '%d:%i:%W' "$MIRAGE_SRC" "$MIRAGE_SRC/.git" 2>/dev/null | paste -sd' '
}

# times_list: TIME CONTENT PATH, as the checkout is now. Names with spaces are left out: the tree has none.
times_list() (
	cd "$MIRAGE_SRC" || exit
	LC_ALL=C
	export LC_ALL
	{
		find . -path ./.git -prune -o -type f -print0 | xargs -0 -r sha256sum
		find . -path ./.git -prune -o -printf '%p\n' | sort |
			awk '{ dir = $0; if (sub("/[^/]*$", "", dir)) names[dir] = names[dir] substr($0, length(dir) + 1); }
				END { for (dir in names) print "names:" names[dir] "  " dir }'
		find . -path ./.git -prune -o \( -type f -o -type d \) -printf 'time:%T@  %p\n'
	} | awk 'NF == 2 && $1 ~ /^time:/ { time[$2] = substr($1, 6); next }
		NF == 2 { content[$2] = $1 }
		END { for (path in content) if (path in time) print time[path], content[path], path }'
)

# times_give_back: before anything looks at a file's time.
times_give_back() {
	local time path
	[ -e "$build/times" ] && [ "$(head -n 1 "$build/times")" != "$(times_clone)" ] || return 0
	times_list | awk 'NR == FNR { if (FNR > 1) was[$2 " " $3] = $1; next }
			($2 " " $3) in was && was[$2 " " $3] != $1 { print was[$2 " " $3], $3 }' "$build/times" - |
		while read -r time path; do
			touch -c -m -d "@$time" -- "$MIRAGE_SRC/$path" || return
		done || return 0
	{ times_clone && tail -n +2 "$build/times"; } >"$build/times.new" && mv "$build/times.new" "$build/times"
}

# times_drop: something is going to be built, or was. Where that is of another content than the list has, the list goes.
times_drop() {
	fresh "$build/stamp" || rm -f "$build/times"
}

# times_begin, times_end: around the build of everything. The second one keeps the list where nothing changed meanwhile.
times_begin() {
	rm -f "$build/times"
	{ times_clone && times_list; } >"$build/times.new"
}
times_end() {
	! fresh "$build/stamp" || mv "$build/times.new" "$build/times"
}
