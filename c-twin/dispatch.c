// SPDX-License-Identifier: GPL-2.0
/*
 * A record in the caller's memory, read once, answered once; and what of the way in is rare.
 *
 * Twin: rust_sysdemo/device/record.rs, rust_sysdemo/syscall/restrict.rs
 */
#include <linux/file.h>

#include "dispatch.h"

/* A word is never added to, so no order of words and flag can allow a call that was not before. */
void sdc_restrict(struct sdc_restriction *restriction, const u64 *mask)
{
	int i;

	WRITE_ONCE(restriction->in_force, true);
	for (i = 0; i < SYSDEMO_RESTRICT_WORDS; i++)
		atomic64_and(mask[i], &restriction->allowed[i]);
}

/* What a number beyond the table gives. */
s64 sdc_error_beyond_table(const struct sdc_restriction *restriction, u32 nr)
{
	bool allowed;

	if (nr < SYSDEMO_RESTRICT_CALLS)
		allowed = sdc_allows(restriction, array_index_nospec(nr, SYSDEMO_RESTRICT_CALLS));
	else
		allowed = !READ_ONCE(restriction->in_force);
	return allowed ? -ENOSYS : -EPERM;
}

/* Gives the caller what a call has opened: the last that is done, as it cannot be taken back. */
void sdc_install(struct sdc_context *ctx)
{
	fd_install(ctx->fd, ctx->opened);
	ctx->opened = NULL;
}

static void discard(struct sdc_context *ctx)
{
	fput(ctx->opened);
	put_unused_fd(ctx->fd);
	ctx->opened = NULL;
}

/* Writes the result of a call into its record. */
int sdc_answer(struct sdc_context *ctx, struct sysdemo_call __user *record, s64 ret)
{
	if (put_user(ret, &record->ret)) {
		if (ctx->opened)
			discard(ctx);
		return -EFAULT;
	}
	if (unlikely(ctx->opened))
		sdc_install(ctx);
	return 0;
}

/*
 * Makes the call that a record describes, and writes the result into it. If a signal ended the
 * call, what it gave is this function's result, for this system call is that call; unless it is one
 * of a @batch, which cannot start again.
 */
int sdc_make_call(struct sdc_context *ctx, struct sysdemo_call __user *record, bool batch,
		  s64 *result)
{
	struct sysdemo_call call;
	int err;

	err = sdc_read_call(&call, record);
	if (err)
		return err;
	if (batch) {
		*result = sdc_dispatch_once(ctx, call.nr, call.args);
	} else {
		*result = sdc_dispatch(ctx, call.nr, call.args);
		if (unlikely(ctx->interrupted))
			return *result;
	}
	return sdc_answer(ctx, record, *result);
}
