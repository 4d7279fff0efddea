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
	realpath -m -- "$dir"
}
cache=$(find_cache)

# What tells our cache from a folder of somebody's: only in a folder with this file in it is anything
# ever removed. The text is that of the Cache Directory Tagging Specification, which backups know.
cache_tag=$cache/CACHEDIR.TAG
is_our_cache() { [[ -f $cache_tag ]] && grep -q -s '^# sysdemo' "$cache_tag"; }

# claim_cache: makes the cache's folder, or refuses one that holds other things.
claim_cache() {
	! is_our_cache || return 0
	if [[ -e $cache ]]; then
		[[ -d $cache ]] || usage "SYSDEMO_CACHE=$cache: is no folder"
		[[ -z $(ls -A "$cache") ]] ||
			usage "SYSDEMO_CACHE=$cache: holds other things; give an empty or a new folder"
	fi
	mkdir -p "$cache" 2>/dev/null && [[ -w $cache ]] ||
		die "$cache cannot be written by $(id -un): give another folder by SYSDEMO_CACHE, or chown it"
	printf '%s\n' 'Signature: 8a477f597d28d172789f06886806bc55' \
		'# sysdemo: all of this can be made again by make prepare.' >"$cache_tag"
}

is_root() { [[ $(id -u) == 0 ]]; }

# stage NAME COMMAND...: runs a step of the work and notes how long it took.
stage() {
	local name=$1 start=$EPOCHREALTIME status
	shift
	# Not `"$@" || status=$?`: that would switch off `set -e` within a function.
	"$@"
	status=$?
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
	mkdir -p "$build" 2>/dev/null && [[ -w $build ]] ||
		die "$build cannot be written by $(id -un): was it made by root? Remove it, or chown it"
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
	# A folder can be locked itself; a file is made, and never removed: who waits for a lock would
	# wait for a file that is gone while the next one makes a new one.
	if [[ -d $file ]]; then
		exec {fd}<"$file"
	else
		exec {fd}>"$file"
	fi
	if ! flock --nonblock "$fd"; then
		note "Another run is making $what: waiting for it."
		flock "$fd"
	fi
}

# take_build_lock: one build at a time in this checkout. Scripts that a holder runs hold it too.
take_build_lock() {
	[[ -z ${SYSDEMO_LOCKED:-} ]] || return 0
	take_lock "$top" "this checkout's build"
	export SYSDEMO_LOCKED=1
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
	# Says when it was last used, for prune.
	if [[ -d $target ]]; then
		touch "$target.lock"
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
		trap "trap '' HUP INT TERM; in_userns rm -rf -- ${target@Q}.partial" EXIT
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
# those of other keys that nothing has used for a week (their locks' times say when it was).
prune() {
	local folder lock
	is_our_cache || return 0
	while IFS= read -r -d '' folder; do
		lock=${folder%.partial}.lock
		[[ -f $lock ]] || continue
		[[ $folder == *.partial || -n $(find "$lock" -mtime +7) ]] || continue
		(
			exec {fd}<"$lock"
			# Somebody may be at it.
			flock --nonblock "$fd" || exit 0
			in_userns rm -rf -- "$folder"
		)
	done < <(find "$cache" -mindepth 1 -maxdepth 1 -type d -name "$1-*" -print0)
}

# need_space FOLDER MEGABYTES WHAT: stops when the disk is too full for what is about to be made.
need_space() {
	local free
	free=$(df --output=avail -m "$1" | tail -n 1)
	((free >= $2)) ||
		die "$3 needs $2 MB in $1, which has $((free)) MB free: make room, or set SYSDEMO_CACHE to a larger disk"
}

# explain_full_disk WHAT: stops with the reason if it was the cache's disk that something failed for.
explain_full_disk() {
	local free
	free=$(df --output=avail -m "$cache" | tail -n 1)
	((free >= 100)) ||
		die "$1 could not be made: the disk of $cache is full. Make room, or set SYSDEMO_CACHE to a larger disk"
}

# key_of FILE...: a short name for the contents of the files.
key_of() { cat -- "$@" | sha256sum | cut -c1-12; }

supported_series() { grep -v '^#' "$top/scripts/kernel-series"; }

supported_buildroot() { grep -v '^#' "$top/scripts/buildroot-series"; }
buildroot_version() { sed -n 's/^export BR2_VERSION := //p' "$BUILDROOT/Makefile"; }

# rootfs_kind: what ROOTFS asks for: auto, initramfs, buildroot, buildroot-kernel or file.
rootfs_kind() {
	case ${ROOTFS:-auto} in
	auto | initramfs | buildroot | buildroot-kernel) echo "${ROOTFS:-auto}" ;;
	*) echo file ;;
	esac
}

# buildroot_config KIND: which of qemu/buildroot's configurations makes that kind of root file system.
buildroot_config() {
	case $1 in
	buildroot-kernel) echo qemu_x86_64 ;;
	*) echo initramfs ;;
	esac
}

# image_key: names the state of all that goes into a Buildroot image from here.
image_key() {
	(
		cd "$top"
		find build/payload/tests qemu/buildroot -type f -print0 | sort -z | xargs -0 sha256sum |
			sha256sum | cut -c1-16
	)
}

# `make update` makes all of the cache once more, beside what is there, under a new generation.
generation() { printf '%s\n' "${SYSDEMO_GENERATION:-$(cat "$cache/generation" 2>/dev/null || echo 1)}"; }

builder_root() {
	printf '%s/builder-%s-%s\n' "$cache" "$(generation)" \
		"$(key_of "$top/scripts/builder-packages" "$top/scripts/builder-root")"
}

# What can be wrong with this host, apart from missing packages. Prints the first thing and what
# mends it, separated by a tab; nothing if all is well. Used to refuse, and by the doctor.
host_obstacle() {
	if [[ $(uname -m) != x86_64 ]]; then
		printf 'the machine is %s: the stock kernel and its tools are for x86_64\tuse such a machine\n' "$(uname -m)"
	elif is_root; then
		unshare --mount -- true 2>/dev/null ||
			printf 'no mount namespace can be made here, as in most containers\tstart the container with CAP_SYS_ADMIN (docker run --privileged)\n'
	elif ! command -v newuidmap >/dev/null; then
		:
	elif ! grep -q -s -E "^($(id -un)|$(id -u)):" /etc/subuid; then
		printf '%s has no range in /etc/subuid\tsudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 %s\n' \
			"$(id -un)" "$(id -un)"
	elif ! unshare --user --map-auto --map-root-user --mount --pid --fork -- mount -t tmpfs tmpfs /mnt 2>/dev/null; then
		printf 'no user namespace can be made here\tsudo sysctl kernel.unprivileged_userns_clone=1 user.max_user_namespaces=10000 (in a container: run as root in a privileged one)\n'
	fi
}
