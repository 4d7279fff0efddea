// SPDX-License-Identifier: GPL-2.0
/*
 * Labels: something to guard, with each kind of capability check. The check is the last thing
 * before the act: it marks the task as one that used its rights and may be audited, which must not
 * happen for a call that fails for another reason.
 *
 * Twin: rust_sysdemo/calls/label.rs, rust_sysdemo/bridge/capability.rs, global.rs
 */
#include <linux/capability.h>
#include <linux/cred.h>

#include "define.h"

/* The module's label. Nothing is done under its lock, or under that of a session's, but copy it. */
static DEFINE_SPINLOCK(module_lock);
static struct sdc_label module_label;

static void store(spinlock_t *lock, struct sdc_label *to, const struct sdc_label *from)
{
	spin_lock(lock);
	*to = *from;
	spin_unlock(lock);
}

SDC_DEFINE2(set_label, __u32, which, const char __user *, label)
{
	/* With room for a byte too many, which tells. */
	char text[SYSDEMO_LABEL_MAX + 2];
	struct sdc_label set = {};
	long len;

	if (which != SYSDEMO_LABEL_MODULE && which != SYSDEMO_LABEL_SESSION)
		return -EINVAL;
	len = strncpy_from_user(text, label, sizeof(text));
	if (len < 0)
		return len;
	if (len > SYSDEMO_LABEL_MAX)
		return -ENAMETOOLONG;
	memcpy(set.text, text, len);

	if (which == SYSDEMO_LABEL_MODULE) {
		if (!capable(CAP_SYS_ADMIN))
			return -EPERM;
		store(&module_lock, &module_label, &set);
	} else {
		/* Right for what is the caller's own: anybody may be root of a namespace. */
		if (!ns_capable(current_user_ns(), CAP_SYS_ADMIN))
			return -EPERM;
		store(&ctx->session->label_lock, &ctx->session->label, &set);
	}
	return 0;
}

SDC_DEFINE3(get_label, __u32, which, void __user *, buffer, size_t, size)
{
	struct sdc_label label;
	size_t len;

	/* A copy: no lock is held while the caller's memory is touched. */
	if (which == SYSDEMO_LABEL_MODULE)
		store(&module_lock, &label, &module_label);
	else if (which == SYSDEMO_LABEL_SESSION)
		store(&ctx->session->label_lock, &label, &ctx->session->label);
	else
		return -EINVAL;
	len = strlen(label.text) + 1;
	if (size < len)
		return -ERANGE;
	if (copy_to_user(buffer, label.text, len))
		return -EFAULT;
	return len;
}

/* Who calls does not matter, but who opened the device. */
SDC_DEFINE0(clear_label)
{
	static const struct sdc_label empty;

	if (!file_ns_capable(ctx->file, &init_user_ns, CAP_SYS_ADMIN))
		return -EPERM;
	store(&module_lock, &module_label, &empty);
	return 0;
}
