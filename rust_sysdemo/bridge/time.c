// SPDX-License-Identifier: GPL-2.0
/*
 * What Rust cannot ask of time namespaces: timens_add_monotonic() is an inline function.
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
