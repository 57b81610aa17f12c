#!/bin/bash
# SPDX-License-Identifier: MIT
# The results of an igt_runner that did not come to its end, as its machine hung or went down: DIR of its results. In the lab.
#
# The runner writes results.json last, and what each test printed at once (--sync). So all tests that ended before have their
# results, and the one that ran then is "incomplete".
set -euo pipefail

[ -e "$1/joblist.txt" ] || exit 1
LD_LIBRARY_PATH=/opt/igt/usr/lib/x86_64-linux-gnu /opt/igt/usr/bin/igt_results "$1" >"$1/igt_results.log" 2>&1
[ -e "$1/results.json" ]
