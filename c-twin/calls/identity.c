// SPDX-License-Identifier: GPL-2.0
/*
 * Who is calling.
 *
 * Twin: rust_sysdemo/calls/identity.rs, rust_sysdemo/bridge/cred.rs, task.rs
 */
#include <linux/cred.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <linux/user_namespace.h>

#include "define.h"

SDC_DEFINE0(getpid)
{
	return task_tgid_vnr(current);
}

SDC_DEFINE0(gettid)
{
	return task_pid_vnr(current);
}

static u32 seccomp_mode_of_current(void)
{
#ifdef CONFIG_SECCOMP
	return READ_ONCE(current->seccomp.mode);
#else
	return 0;
#endif
}

/* Gives 1 if there was something to say that the caller's structure has no room for. */
SDC_DEFINE2(identity, struct sysdemo_identity __user *, out, size_t, size)
{
	const struct cred *cred = current_cred();
	struct user_namespace *ns = cred->user_ns;
	struct sysdemo_identity identity;
	bool left_out;
	int err;

	err = sdc_check_size(size, SYSDEMO_IDENTITY_SIZE_VER0);
	if (err)
		return err;
	identity = (struct sysdemo_identity) {
		.uid = from_kuid_munged(ns, cred->uid),
		.euid = from_kuid_munged(ns, cred->euid),
		.suid = from_kuid_munged(ns, cred->suid),
		.fsuid = from_kuid_munged(ns, cred->fsuid),
		.gid = from_kgid_munged(ns, cred->gid),
		.egid = from_kgid_munged(ns, cred->egid),
		.sgid = from_kgid_munged(ns, cred->sgid),
		.fsgid = from_kgid_munged(ns, cred->fsgid),
		.cap_effective = cred->cap_effective.val,
		.user_ns_level = ns->level,
		.no_new_privs = task_no_new_privs(current),
		.seccomp_mode = seccomp_mode_of_current(),
	};
	err = copy_struct_to_user(out, size, &identity, sizeof(identity), &left_out);
	return err ?: left_out;
}
