// SPDX-License-Identifier: GPL-2.0
/*
 * What Rust cannot ask of time namespaces, as these are inline functions: the CLOCK_MONOTONIC of
 * the task that is running may be set off from the kernel's own.
 */
#include <linux/ktime.h>
#include <linux/overflow.h>
#include <linux/time64.h>
#include <linux/time_namespace.h>

#include "shims.h"

/* The offset is what is converted, not the time: that way it takes no division. */
long long sysdemo_monotonic_for_current(long long time)
{
	struct timespec64 offset = { 0 };
	long long told;

	timens_add_monotonic(&offset);
	if (check_add_overflow(time, timespec64_to_ns(&offset), &told))
		return time < 0 ? KTIME_MIN : KTIME_MAX;
	return told;
}

long long sysdemo_monotonic_to_host(long long time)
{
	return timens_ktime_to_host(CLOCK_MONOTONIC, time);
}
