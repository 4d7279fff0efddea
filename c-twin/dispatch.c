// SPDX-License-Identifier: GPL-2.0
/*
 * The one way in: a record in the caller's memory, read once, answered once.
 *
 * Twin: rust_sysdemo/syscall/dispatch.rs, restrict.rs, restart.rs, rust_sysdemo/device/record.rs
 */
#include <linux/file.h>
#include <linux/nospec.h>

#include "twin.h"

/* A word is never added to, so no order of words and flag can allow a call that was not before. */
void sdc_restrict(struct sdc_restriction *restriction, const u64 *mask)
{
	int i;

	WRITE_ONCE(restriction->in_force, true);
	for (i = 0; i < SYSDEMO_RESTRICT_WORDS; i++)
		atomic64_and(mask[i], &restriction->allowed[i]);
}

/* What a number beyond the table gives. */
static noinline s64 error_beyond_table(const struct sdc_restriction *restriction, u32 nr)
{
	bool allowed;

	if (nr < SYSDEMO_RESTRICT_CALLS)
		allowed = sdc_allows(restriction, array_index_nospec(nr, SYSDEMO_RESTRICT_CALLS));
	else
		allowed = !READ_ONCE(restriction->in_force);
	return allowed ? -ENOSYS : -EPERM;
}

/* Runs the call if it may be made and if there is one. */
static __always_inline s64 run(struct sdc_context *ctx, u32 nr, const u64 *args)
{
	const struct sdc_restriction *restriction = &ctx->session->restriction;
	sdc_call_fn call;

	BUILD_BUG_ON(SYSDEMO_NR_CALLS > SYSDEMO_RESTRICT_CALLS);

	if (unlikely(nr >= SYSDEMO_NR_CALLS))
		return error_beyond_table(restriction, nr);
	nr = array_index_nospec(nr, SYSDEMO_NR_CALLS);
	/* As seccomp does, before anything is said of whether there is such a call. */
	if (unlikely(!sdc_allows(restriction, nr)))
		return -EPERM;
	call = sdc_table[nr];
	if (unlikely(!call))
		return -ENOSYS;
	return call(ctx, args);
}

/*
 * Makes one call. What the twin in Rust does besides is to hit its tracepoints, before and after.
 */
static __always_inline s64 dispatch(struct sdc_context *ctx, u32 nr, const u64 *args)
{
	struct sdc_log *log = &ctx->session->log;
	s64 ret;

	atomic64_inc(&ctx->session->calls);
	ret = run(ctx, nr, args);
	if (unlikely(READ_ONCE(log->on)))
		sdc_log_add(log, nr, ctx->interrupted ? -EINTR : ret);
	return ret;
}

static noinline void install(struct sdc_context *ctx)
{
	fd_install(ctx->fd, ctx->opened);
	ctx->opened = NULL;
}

static noinline void discard(struct sdc_context *ctx)
{
	fput(ctx->opened);
	put_unused_fd(ctx->fd);
	ctx->opened = NULL;
}

/*
 * Makes the call that a record describes, and writes the result into it. If a signal ended the
 * call, what it gave is this function's result, for this system call is that call; unless it is one
 * of a @batch, which cannot start again.
 */
int sdc_make_call(struct sdc_context *ctx, struct sysdemo_call __user *record, bool batch,
		  s64 *result)
{
	/* What is checked is what is used, whatever becomes of the record meanwhile. */
	struct sysdemo_call call;
	s64 ret;

	if (copy_from_user(&call, record, sizeof(call)))
		return -EFAULT;
	if (call.flags)
		return -EINVAL;
	ret = dispatch(ctx, call.nr, call.args);
	if (unlikely(ctx->interrupted)) {
		if (!batch)
			return ret;
		ctx->interrupted = false;
		ret = -EINTR;
	}
	if (put_user(ret, &record->ret)) {
		if (ctx->opened)
			discard(ctx);
		return -EFAULT;
	}
	/* The last that is done, as it cannot be taken back: see open.c. */
	if (unlikely(ctx->opened))
		install(ctx);
	*result = ret;
	return 0;
}
