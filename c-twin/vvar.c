// SPDX-License-Identifier: GPL-2.0
/*
 * Facts in a page that programs map and read without a call, as they read the vDSO's variables.
 *
 * Twin: rust_sysdemo/device/vvar.rs, rust_sysdemo/bridge/timekeeper.rs
 */
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/pvclock_gtod.h>
#include <linux/spinlock.h>
#include <linux/time_namespace.h>
#include <linux/timekeeper_internal.h>
#include <linux/vmalloc.h>

#include "shared.h"

/* For all, for as long as the module is there. */
static struct sysdemo_vvar *vvar;

/* As for the vDSO: what changes together has a number, odd while it changes. */
static void begin_writing(u32 *seq)
{
	WRITE_ONCE(*seq, *seq + 1);
	/* Who sees anything of what follows sees the odd number as well. */
	smp_wmb();
}

static void end_writing(u32 *seq)
{
	/* Who sees the even number sees all of it. */
	smp_wmb();
	WRITE_ONCE(*seq, *seq + 1);
}

/* An update of the kernel's clock. Under the clock's own lock, with interrupts off. */
static int update_clock(struct notifier_block *nb, unsigned long was_set, void *data)
{
	const struct timekeeper *tk = data;
	const struct tk_read_base *base = &tk->tkr_mono;
	struct sysdemo_clock *clock = &vvar->clock;
	u32 mode = SYSDEMO_CLOCK_NONE;

#ifdef CONFIG_X86
	if (base->clock->vdso_clock_mode == VDSO_CLOCKMODE_TSC)
		mode = SYSDEMO_CLOCK_TSC;
#endif
	begin_writing(&clock->seq);
	WRITE_ONCE(clock->mode, mode);
	WRITE_ONCE(clock->coarse,
		   (tk->xtime_sec + tk->wall_to_monotonic.tv_sec) * NSEC_PER_SEC +
		   tk->coarse_nsec + tk->wall_to_monotonic.tv_nsec);
	WRITE_ONCE(clock->base, base->base);
	WRITE_ONCE(clock->rest, base->xtime_nsec);
	WRITE_ONCE(clock->cycles, base->cycle_last);
	WRITE_ONCE(clock->cycles_max, base->clock->max_cycles);
	WRITE_ONCE(clock->mult, base->mult);
	WRITE_ONCE(clock->shift, base->shift);
	end_writing(&clock->seq);
	return NOTIFY_DONE;
}

static struct notifier_block clock_updates = { .notifier_call = update_clock };

/* Counts, and gives how often the device was opened and closed. */
void sdc_count_opens(u64 opens, u64 closes, u64 *opened, u64 *closed)
{
	static DEFINE_SPINLOCK(lock);
	static u64 all_opened, all_closed;
	struct sysdemo_counters *counters = &vvar->counters;
	struct timespec64 now;

	guard(spinlock)(&lock);
	all_opened += opens;
	all_closed += closes;
	if (opened)
		*opened = all_opened;
	if (closed)
		*closed = all_closed;
	if (!opens && !closes)
		return;
	ktime_get_coarse_ts64(&now);
	begin_writing(&counters->seq);
	WRITE_ONCE(counters->opened, all_opened);
	WRITE_ONCE(counters->closed, all_closed);
	WRITE_ONCE(counters->changed, timespec64_to_ns(&now));
	end_writing(&counters->seq);
}

/* Whether the caller's clock is that of its time namespace, and set off. */
static bool is_set_off(void)
{
	struct timespec64 nothing = { };

	timens_add_monotonic(&nothing);
	return nothing.tv_sec || nothing.tv_nsec;
}

int sdc_vvar_map(struct sdc_session *session, struct vm_area_struct *vma)
{
	if (!sdc_allows(&session->restriction, SYSDEMO_NR_FACTS))
		return -EPERM;
	if (is_set_off())
		return -EOPNOTSUPP;
	return sdc_map_memory(vma, vvar, PAGE_ALIGN(sizeof(*vvar)), false);
}

int sdc_vvar_init(void)
{
	int err;

	vvar = vzalloc(PAGE_ALIGN(sizeof(*vvar)));
	if (!vvar)
		return -ENOMEM;
	vvar->version = SYSDEMO_VVAR_VERSION;
	vvar->size = sizeof(*vvar);
	/* Tells at once how the clock stands. */
	err = pvclock_gtod_register_notifier(&clock_updates);
	if (err)
		vfree(vvar);
	return err;
}

void sdc_vvar_destroy(void)
{
	pvclock_gtod_unregister_notifier(&clock_updates);
	vfree(vvar);
}
