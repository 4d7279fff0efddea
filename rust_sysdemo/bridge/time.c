// SPDX-License-Identifier: GPL-2.0
/*
 * What Rust cannot ask of time namespaces, as these are inline functions: the CLOCK_MONOTONIC of
 * the task that is running may be set off from the kernel's own.
 */
#include <linux/time64.h>
#include <linux/time_namespace.h>

#include "shims.h"

long long sysdemo_monotonic_for_current(long long time)
{
	struct timespec64 told = ns_to_timespec64(time);

	timens_add_monotonic(&told);
	return timespec64_to_ns(&told);
}

long long sysdemo_monotonic_to_host(long long time)
{
	return timens_ktime_to_host(CLOCK_MONOTONIC, time);
}
