// SPDX-License-Identifier: GPL-2.0
/*
 * The table of calls, and what the device says of them and of itself.
 *
 * Twin: rust_sysdemo/syscall/table.rs, rust_sysdemo/device/describe.rs
 */
#include <linux/nospec.h>

#include "twin.h"

/* The calls by their numbers; a hole is a call that does not exist. */
#define SDC_CALL(nr, name) \
	[nr] = sdc_call_##name,
const sdc_call_fn sdc_table[SYSDEMO_NR_CALLS] = {
#include "calls.h"
};

#undef SDC_CALL

#define SDC_CALL(nr, name) \
	[nr] = &sdc_description_##name,
static const struct sysdemo_table *const descriptions[SYSDEMO_NR_CALLS] = {
#include "calls.h"
};

#undef SDC_CALL

/* SYSDEMO_IOC_TABLE. The number stays as it is; all behind it is written. */
long sdc_describe_call(struct sysdemo_table __user *arg)
{
	const struct sysdemo_table *description;
	u32 nr;

	if (get_user(nr, &arg->nr))
		return -EFAULT;
	if (nr >= SYSDEMO_NR_CALLS)
		return -ENOSYS;
	description = descriptions[array_index_nospec(nr, SYSDEMO_NR_CALLS)];
	if (!description)
		return -ENOSYS;
	if (copy_to_user(&arg->count, &description->count,
			 sizeof(*description) - offsetof(struct sysdemo_table, count)))
		return -EFAULT;
	return 0;
}

/* SYSDEMO_IOC_INFO, whose structure has the size that the command's number says. */
long sdc_describe_device(struct sdc_context *ctx, void __user *arg, size_t size)
{
	const struct sysdemo_info info = {
		.abi = SYSDEMO_ABI,
		.calls = SYSDEMO_NR_CALLS,
		.features = SYSDEMO_FEATURE_BATCH | SYSDEMO_FEATURE_RESTRICT |
			    SYSDEMO_FEATURE_LOG | SYSDEMO_FEATURE_FILES |
			    SYSDEMO_FEATURE_VVAR | SYSDEMO_FEATURE_RING | SYSDEMO_FEATURE_URING |
			    (IS_ENABLED(CONFIG_X86_64) ? SYSDEMO_FEATURE_REGS : 0),
		.calls_made = atomic64_read(&ctx->session->calls),
		.batch_max = SYSDEMO_BATCH_MAX,
		.restricted = READ_ONCE(ctx->session->restriction.in_force),
	};

	return copy_struct_to_user(arg, size, &info, sizeof(info), NULL);
}
