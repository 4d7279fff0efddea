/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The one way in: all doors meet here.
 *
 * Twin: rust_sysdemo/syscall/dispatch.rs, restart.rs
 */
#ifndef SDC_DISPATCH_H
#define SDC_DISPATCH_H

#include <linux/nospec.h>

#include "twin.h"

/* dispatch.c */
s64 sdc_error_beyond_table(const struct sdc_restriction *restriction, u32 nr);
void sdc_install(struct sdc_context *ctx);
int sdc_answer(struct sdc_context *ctx, struct sysdemo_call __user *record, s64 ret);

/*
 * Reads what is asked for in a record: all but the result, which is only written. What is checked
 * is what is used, whatever becomes of the record meanwhile.
 */
static __always_inline int sdc_read_call(struct sysdemo_call *call,
					 const struct sysdemo_call __user *record)
{
	if (copy_from_user(call, record, offsetof(struct sysdemo_call, ret)))
		return -EFAULT;
	return call->flags ? -EINVAL : 0;
}

/* Runs the call if it may be made and if there is one. */
static __always_inline s64 sdc_run(struct sdc_context *ctx, u32 nr, const u64 *args)
{
	const struct sdc_restriction *restriction = &ctx->session->restriction;
	sdc_call_fn call;

	BUILD_BUG_ON(SYSDEMO_NR_CALLS > SYSDEMO_RESTRICT_CALLS);

	if (unlikely(nr >= SYSDEMO_NR_CALLS))
		return sdc_error_beyond_table(restriction, nr);
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
static __always_inline s64 sdc_dispatch(struct sdc_context *ctx, u32 nr, const u64 *args)
{
	struct sdc_log *log = &ctx->session->log;
	s64 ret;

	atomic64_inc(&ctx->session->calls);
	ret = sdc_run(ctx, nr, args);
	if (unlikely(READ_ONCE(log->on)))
		sdc_log_add(log, nr, ctx->interrupted ? -EINTR : ret);
	return ret;
}

/* The same for a door that is not the system call itself: a call does not start again there. */
static __always_inline s64 sdc_dispatch_once(struct sdc_context *ctx, u32 nr, const u64 *args)
{
	s64 ret = sdc_dispatch(ctx, nr, args);

	if (unlikely(ctx->interrupted)) {
		ctx->interrupted = false;
		ret = -EINTR;
	}
	return ret;
}

#endif /* SDC_DISPATCH_H */
