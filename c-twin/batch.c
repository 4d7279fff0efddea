// SPDX-License-Identifier: GPL-2.0
/*
 * Several calls for one trip into the kernel.
 *
 * Twin: rust_sysdemo/device/batch.rs
 */
#include <linux/sched/signal.h>

#include "twin.h"

/* Makes the calls; gives how many, and says why it ended before the last. */
static u32 make_calls(struct sdc_context *ctx, const struct sysdemo_batch *batch, int *status)
{
	struct sysdemo_call __user *next = u64_to_user_ptr(batch->calls);
	u32 done;
	s64 ret;

	for (done = 0; done < batch->count; done++, next++) {
		/*
		 * Between records, so that a batch that is sent a signal again and again gets on as
		 * well.
		 */
		if (done && signal_pending(current)) {
			*status = -EINTR;
			return done;
		}
		*status = sdc_make_call(ctx, next, true, &ret);
		if (*status)
			return done;
		if (ret < 0 && ret >= -MAX_ERRNO && !(batch->flags & SYSDEMO_BATCH_CONTINUE)) {
			*status = ret;
			return done + 1;
		}
	}
	return done;
}

/* SYSDEMO_IOC_BATCH */
long sdc_batch(struct sdc_context *ctx, struct sysdemo_batch __user *arg)
{
	struct sysdemo_batch batch;
	int status = 0;
	u32 done;

	if (copy_from_user(&batch, arg, sizeof(batch)))
		return -EFAULT;
	if (batch.flags & ~SYSDEMO_BATCH_CONTINUE)
		return -EINVAL;
	if (batch.count > SYSDEMO_BATCH_MAX)
		return -EINVAL;
	done = make_calls(ctx, &batch, &status);
	if (put_user(done, &arg->done) || put_user(status, &arg->status))
		return -EFAULT;
	return 0;
}
