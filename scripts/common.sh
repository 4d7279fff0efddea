# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What every script of the host shares: where things are, how a step is shown and timed, how a
# cached thing is made whole or not at all. To be sourced, not run.

set -euo pipefail

# A plain user's PATH on Debian lacks the folders that chroot is in.
PATH=$PATH:/usr/sbin:/sbin

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
# shellcheck disable=SC2034 # Used by the scripts that source this file.
build=$top/build

# Exit statuses: 1, the work was tried and failed; 2, it was asked for in a way that cannot be done.
die() {
	printf 'error: %s\n' "$*" >&2
	exit 1
}
usage() {
	printf 'error: %s\n' "$*" >&2
	exit 2
}
note() { printf '%s\n' "$*"; }

find_cache() {
	local base=${XDG_CACHE_HOME:-}
	# The XDG specification says to ignore a relative path.
	[[ $base == /* ]] || base=${HOME:-$(getent passwd "$(id -u)" | cut -d: -f6)}/.cache
	local dir=${SYSDEMO_CACHE:-$base/sysdemo}
	[[ $dir == /* ]] || usage "SYSDEMO_CACHE=$dir: give an absolute path"
	printf '%s\n' "${dir%/}"
}
cache=$(find_cache)

is_root() { [[ $(id -u) == 0 ]]; }

# stage NAME COMMAND...: runs a step of the work and notes how long it took.
stage() {
	local name=$1 start=$EPOCHREALTIME status=0
	shift
	"$@" || status=$?
	local took=$(((${EPOCHREALTIME/[.,]/} - ${start/[.,]/}) / 100000))
	local shown
	shown=$(printf '%5d.%d s  %s' $((took / 10)) $((took % 10)) "$name")
	if [[ -n ${SYSDEMO_STAGES:-} ]]; then
		printf '%s\n' "$shown" >>"$SYSDEMO_STAGES"
	fi
	((status == 0)) || return "$status"
	printf '==> %s\n' "$shown"
}

# start_stages, show_stages: the list of a whole run's stages.
start_stages() {
	mkdir -p "$build"
	SYSDEMO_STAGES=$(mktemp "$build/.stages.XXXXXX")
	export SYSDEMO_STAGES
	run_start=$EPOCHREALTIME
	trap 'rm -f "$SYSDEMO_STAGES"' EXIT
}
show_stages() {
	local took=$(((${EPOCHREALTIME/[.,]/} - ${run_start/[.,]/}) / 100000))
	printf '\nStages:\n'
	cat "$SYSDEMO_STAGES"
	printf '%5d.%d s  in all\n' $((took / 10)) $((took % 10))
}

# take_lock FILE WHAT: holds FILE until this shell and its children end. The kernel lets go of it
# however they end, so that a killed run never leaves it taken.
take_lock() {
	local file=$1 what=$2 fd
	mkdir -p "$(dirname "$file")"
	exec {fd}>"$file"
	if ! flock --nonblock "$fd"; then
		note "Another run is making $what: waiting for it."
		flock "$fd"
	fi
}

# in_userns COMMAND...: runs a command as root of a new user namespace, for a user who is not root.
# Files in the cache that belong to the user's subordinate ids can be touched from there.
in_userns() {
	if is_root; then
		"$@"
	else
		unshare --user --map-auto --map-root-user -- "$@"
	fi
}

# make_whole TARGET WHAT FUNCTION...: makes the folder TARGET by FUNCTION, which gets the name of a
# fresh folder to fill. TARGET appears by a rename, after FUNCTION has returned 0; until then all
# that an interruption can leave is a `.partial` folder, which the next run throws away.
make_whole() {
	local target=$1 what=$2
	shift 2
	if [[ -d $target ]]; then
		touch "$target"
		return
	fi
	(
		take_lock "$target.lock" "$what"
		# It may have been made while this run waited.
		[[ ! -d $target ]] || exit 0
		in_userns rm -rf -- "$target.partial"
		mkdir -p "$target.partial"
		# Expanded now: a function that fails further down may have a `target` of its own.
		# shellcheck disable=SC2064
		trap "in_userns rm -rf -- ${target@Q}.partial" EXIT
		trap 'exit 129' HUP
		trap 'exit 130' INT
		trap 'exit 143' TERM
		# Not `if "$@"`: that would switch off `set -e` within the function.
		"$@" "$target.partial"
		mv -T -- "$target.partial" "$target"
		trap - EXIT
	)
}

# prune KIND: throws away what earlier runs left of a kind: folders that never became whole, and
# those of other keys that nothing has used for a week (make_whole's `touch` says when it was).
prune() {
	local folder
	[[ -d $cache ]] || return 0
	while IFS= read -r -d '' folder; do
		(
			exec {fd}>"${folder%.partial}.lock"
			# Somebody may be at it.
			flock --nonblock "$fd" || exit 0
			in_userns rm -rf -- "$folder"
			rm -f -- "${folder%.partial}.lock"
		)
	done < <(find "$cache" -mindepth 1 -maxdepth 1 -type d -name "$1-*" \
		\( -name '*.partial' -o -mtime +7 \) -print0)
}

# need_space FOLDER MEGABYTES WHAT: stops when the disk is too full for what is about to be made.
need_space() {
	local free
	mkdir -p "$1"
	free=$(df --output=avail -m "$1" | tail -n 1)
	((free >= $2)) ||
		die "$3 needs $2 MB in $1, which has $((free)) MB free: make room, or set SYSDEMO_CACHE to a larger disk"
}

# key_of FILE...: a short name for the contents of the files.
key_of() { cat -- "$@" | sha256sum | cut -c1-12; }

supported_series() { grep -v '^#' "$top/scripts/kernel-series"; }

builder_root() {
	printf '%s/builder-%s\n' "$cache" "$(key_of "$top/scripts/builder-packages" "$top/scripts/builder-root")"
}
