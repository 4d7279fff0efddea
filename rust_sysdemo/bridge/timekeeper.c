// SPDX-License-Identifier: GPL-2.0
/*
 * What Rust cannot read of the timekeeper, which is in no bindings. The vDSO is given the same, and
 * at the same moment (kernel/time/vsyscall.c); so is KVM, by the same notifier.
 */
#include <linux/pvclock_gtod.h>
#include <linux/time64.h>
#include <linux/timekeeper_internal.h>

#include "shims.h"

void sysdemo_read_timekeeper(const struct timekeeper *tk, struct sysdemo_timekeeper *out)
{
	const struct tk_read_base *base = &tk->tkr_mono;

	out->coarse = (tk->xtime_sec + tk->wall_to_monotonic.tv_sec) * NSEC_PER_SEC +
		      tk->coarse_nsec + tk->wall_to_monotonic.tv_nsec;
	out->base = base->base;
	out->rest = base->xtime_nsec;
	out->cycles = base->cycle_last;
	out->cycles_max = base->clock->max_cycles;
	out->mult = base->mult;
	out->shift = base->shift;
#ifdef CONFIG_X86
	out->is_tsc = base->clock->vdso_clock_mode == VDSO_CLOCKMODE_TSC;
#else
	out->is_tsc = 0;
#endif
}
