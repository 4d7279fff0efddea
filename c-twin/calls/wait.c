// SPDX-License-Identifier: GPL-2.0
/*
 * Waiting for another thread, by way of a word of memory.
 *
 * Twin: rust_sysdemo/calls/wait.rs
 */
#include "define.h"
#include "wait.h"

/* Without a time limit if @time is NULL and @size is 0. */
SDC_DEFINE4(wait, const __u32 __user *, word, __u32, expected, struct sysdemo_time __user *, time,
	    size_t, size)
{
	struct sdc_timeout timeout;
	bool limited = time || size;
	enum sdc_ending ending;
	struct sdc_key key;
	int err;

	if (limited) {
		err = sdc_read_timeout(&timeout, time, size);
		if (err)
			return err;
	}
	err = sdc_word_key(&key, word);
	if (err)
		return err;
	err = sdc_wait(&ctx->session->waiters, &key, expected, limited ? &timeout : NULL, &ending);
	if (err)
		return err;
	switch (ending) {
	case SDC_WOKEN:
		return 0;
	case SDC_TIMED_OUT:
		return -ETIMEDOUT;
	case SDC_SIGNAL:
		break;
	}
	if (limited)
		return sdc_interrupted_with_timeout(ctx, &timeout);
	return sdc_interrupted(ctx, -ERESTARTSYS);
}

/* The word is not looked at: it need not be there. */
SDC_DEFINE2(wake, const __u32 __user *, word, __u32, count)
{
	struct sdc_key key;
	int err;

	err = sdc_word_key(&key, word);
	if (err)
		return err;
	return sdc_wake(&ctx->session->waiters, &key, count);
}
