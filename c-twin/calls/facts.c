// SPDX-License-Identifier: GPL-2.0
/*
 * The time, and how often the device was opened and closed.
 *
 * Twin: rust_sysdemo/calls/facts.rs
 */
#include <linux/ktime.h>
#include <linux/time_namespace.h>
#include <linux/timekeeping.h>

#include "define.h"

static u64 for_current(struct timespec64 time)
{
	timens_add_monotonic(&time);
	return max(timespec64_to_ns(&time), 0);
}

SDC_DEFINE2(facts, struct sysdemo_facts __user *, out, size_t, size)
{
	struct sysdemo_facts facts;
	struct timespec64 time;
	int err;

	err = sdc_check_size(size, SYSDEMO_FACTS_SIZE_VER0);
	if (err)
		return err;
	sdc_count_opens(0, 0, &facts.opened, &facts.closed);
	ktime_get_ts64(&time);
	facts.time = for_current(time);
	ktime_get_coarse_ts64(&time);
	facts.coarse = for_current(time);
	return copy_struct_to_user(out, size, &facts, sizeof(facts), NULL);
}
