// SPDX-License-Identifier: GPL-2.0
/*
 * What the entry saved of the caller, and how this CPU enters the kernel.
 *
 * Twin: rust_sysdemo/calls/regs.rs, entry.rs, rust_sysdemo/bridge/arch/
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/ptrace.h>
#include <linux/sched/task_stack.h>
#include <linux/security.h>

#include "define.h"

#ifdef CONFIG_X86_64

#include <asm/compat.h>
#include <asm/cpufeature.h>
#include <asm/msr.h>

static int get_registers(struct sysdemo_regs *told, bool compat)
{
	const struct pt_regs *regs = current_pt_regs();

	*told = (struct sysdemo_regs) {
		.nr = regs->orig_ax,
		.ip = regs->ip,
		.sp = regs->sp,
		.flags = regs->flags,
		.cx = regs->cx,
		.r11 = regs->r11,
		.cs = regs->cs,
		.ss = regs->ss,
		.compat = compat,
	};
	/* The compat door of ioctl is open to x32 programs as well, whose entry is the other. */
	if (in_ia32_syscall()) {
		told->args[0] = regs->bx;
		told->args[1] = regs->cx;
		told->args[2] = regs->dx;
		told->args[3] = regs->si;
		told->args[4] = regs->di;
		told->args[5] = regs->bp;
	} else {
		/* SYSCALL puts the address to return to into rcx: r10 takes its place. */
		told->args[0] = regs->di;
		told->args[1] = regs->si;
		told->args[2] = regs->dx;
		told->args[3] = regs->r10;
		told->args[4] = regs->r8;
		told->args[5] = regs->r9;
	}
	return 0;
}

static u64 entry_features(void)
{
	u64 features = 0;

	if (cpu_feature_enabled(X86_FEATURE_SMEP))
		features |= SYSDEMO_ENTRY_SMEP;
	if (cpu_feature_enabled(X86_FEATURE_SMAP))
		features |= SYSDEMO_ENTRY_SMAP;
	if (cpu_feature_enabled(X86_FEATURE_UMIP))
		features |= SYSDEMO_ENTRY_UMIP;
	if (cpu_feature_enabled(X86_FEATURE_PTI))
		features |= SYSDEMO_ENTRY_PTI;
	if (cpu_feature_enabled(X86_FEATURE_FSGSBASE))
		features |= SYSDEMO_ENTRY_FSGSBASE;
	if (cpu_feature_enabled(X86_FEATURE_IBT))
		features |= SYSDEMO_ENTRY_IBT;
	if (cpu_feature_enabled(X86_FEATURE_USER_SHSTK))
		features |= SYSDEMO_ENTRY_USER_SHSTK;
	if (cpu_feature_enabled(X86_FEATURE_RETPOLINE))
		features |= SYSDEMO_ENTRY_RETPOLINE;
	if (cpu_feature_enabled(X86_FEATURE_KERNEL_IBRS))
		features |= SYSDEMO_ENTRY_IBRS;
	if (cpu_feature_enabled(X86_FEATURE_UNRET))
		features |= SYSDEMO_ENTRY_UNRET;
	if (cpu_feature_enabled(X86_FEATURE_CLEAR_CPU_BUF))
		features |= SYSDEMO_ENTRY_CLEAR_BUF;
	return features;
}

static int get_entry(struct sysdemo_entry *told)
{
	u64 star, lstar, fmask;

	if (rdmsrq_safe(MSR_STAR, &star) || rdmsrq_safe(MSR_LSTAR, &lstar) ||
	    rdmsrq_safe(MSR_SYSCALL_MASK, &fmask))
		return -EIO;
	*told = (struct sysdemo_entry) {
		.mechanism = cpu_feature_enabled(X86_FEATURE_FRED) ? SYSDEMO_ENTRY_FRED :
								     SYSDEMO_ENTRY_SYSCALL,
		.kernel_cs = star >> 32,
		.user_cs = star >> 48,
		.lstar = lstar,
		.fmask = fmask,
		.features = entry_features(),
	};
	return 0;
}

#else

static int get_registers(struct sysdemo_regs *told, bool compat)
{
	return -EOPNOTSUPP;
}

static int get_entry(struct sysdemo_entry *told)
{
	return -EOPNOTSUPP;
}

#endif

SDC_DEFINE2(regs, struct sysdemo_regs __user *, out, size_t, size)
{
	struct sysdemo_regs told;
	int err;

	err = sdc_check_size(size, SYSDEMO_REGS_SIZE_VER0);
	if (err)
		return err;
	err = get_registers(&told, ctx->compat);
	if (err)
		return err;
	return copy_struct_to_user(out, size, &told, sizeof(told), NULL);
}

SDC_DEFINE2(entry, struct sysdemo_entry __user *, out, size_t, size)
{
	struct sysdemo_entry told;
	int err;

	err = sdc_check_size(size, SYSDEMO_ENTRY_SIZE_VER0);
	if (err)
		return err;
	if (!capable(CAP_SYS_RAWIO))
		return -EPERM;
	err = security_locked_down(LOCKDOWN_DBG_READ_KERNEL);
	if (err)
		return err;
	err = get_entry(&told);
	if (err)
		return err;
	/*
	 * The address gives the kernel's place in memory away. To leave it out is no failure, so
	 * the question is not for the audit.
	 */
	if (!ns_capable_noaudit(&init_user_ns, CAP_SYSLOG))
		told.lstar = 0;
	return copy_struct_to_user(out, size, &told, sizeof(told), NULL);
}
