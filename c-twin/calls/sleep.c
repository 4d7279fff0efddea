// SPDX-License-Identifier: GPL-2.0
/*
 * A call that takes its time, and how a signal ends it.
 *
 * Twin: rust_sysdemo/calls/sleep.rs
 */
#include "define.h"
#include "wait.h"

SDC_DEFINE2(sleep, struct sysdemo_time __user *, time, size_t, size)
{
	struct sdc_timeout timeout;
	int err;

	err = sdc_read_timeout(&timeout, time, size);
	if (err)
		return err;
	/* As for nanosleep(2): a signal that comes as the time is up ends nothing. */
	if (sdc_sleep(&timeout) == SDC_SIGNAL && sdc_remaining(&timeout))
		return sdc_interrupted_with_timeout(ctx, &timeout);
	return 0;
}
