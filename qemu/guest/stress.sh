# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# What the programs in stress/ share: how a foreign tool is run on the device for a while. To be
# sourced, not run.

device=$1
# A word of the kernel's command line, which the kernel puts into init's environment. There are four
# programs that share the time.
seconds=$((${stress_seconds:-20} / 4))
[ "$seconds" -gt 0 ] || seconds=1
# The device's hits are counted by a module: how they come about is not ours to see otherwise.
counter=/sys/kernel/debug/sysdemo_hits
log=/tmp/stress.log
number=0

plan() {
	echo "TAP version 13"
	echo "1..$1"
	insmod /usr/lib/sysdemo/hits.ko || exit
	trap 'rmmod hits' EXIT
	before=$(hits)
	sysdemo-call null >/dev/null
	if [ "$(hits)" = "$before" ]; then
		echo "# what is done with the device is not counted"
		exit 1
	fi
}

# hits: how many ioctls of the device there were.
hits() {
	awk '$1 != "other" && $1 != "compat" { sum += $2 } END { print sum + 0 }' "$counter"
}

# result STATUS NAME: one result line.
result() {
	number=$((number + 1))
	if [ "$1" = 0 ]; then
		echo "ok $number $2"
	else
		sed 's/^/# /' "$log"
		echo "not ok $number $2"
		failed=1
	fi
}

# unmet: the kinds of uses that are wanted and were not seen since a command was started, and `ioctls` if there
# were not enough of them. Nothing if all is well.
unmet() {
	awk -v wanted="$wanted" -v least="$least" '
		NR == FNR { old[$1] = $2; next }
		{ count[$1] = $2 - old[$1] }
		$1 != "other" && $1 != "compat" { ioctls += count[$1] }
		END {
			for (i = split(wanted, kinds, " "); i; i--)
				if (!count[kinds[i]])
					printf " %s", kinds[i]
			if (ioctls < least)
				printf " ioctls"
		}' /tmp/before "$counter"
}

# try NAME LEAST KINDS COMMAND...: runs a command that has to end well, to make that many ioctls, and to use the
# device in each of these ways, by the names that the counter has for them.
try() {
	name=$1 least=$2 wanted=$3
	shift 3
	cp "$counter" /tmp/before
	"$@" >"$log" 2>&1
	status=$?
	[ "$status" = 0 ] || echo "# $name: exit status $status"
	echo "# $name: $(awk 'NR == FNR { old[$1] = $2; next }
		{ printf "%s%s %d", (FNR > 1 ? ", " : ""), $1, $2 - old[$1] }' /tmp/before "$counter")"
	lacking=$(unmet)
	[ -z "$lacking" ] || echo "# $name: too few:$lacking"
	[ "$status" = 0 ] && [ -z "$lacking" ]
	result $? "$name"
}
