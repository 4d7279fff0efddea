// SPDX-License-Identifier: GPL-2.0
/*
 * What of x86 is a macro or an inline function in C, for Rust to call.
 */
#include <linux/ptrace.h>
#include <linux/sched/task_stack.h>
#include <linux/types.h>

#include <asm/compat.h>
#include <asm/cpufeature.h>
#include <asm/msr.h>

#include "../../../uapi/linux/sysdemo.h"
#include "../shims.h"

/* The user registers of the running task, valid while it is in a system call. */
const struct pt_regs *sysdemo_current_pt_regs(void)
{
	return current_pt_regs();
}

/*
 * Whether the running task came by an entry of 32-bit programs, whose arguments are in other
 * registers. The compat door of ioctl is open to x32 programs as well, whose are not.
 */
int sysdemo_in_ia32_syscall(void)
{
	return in_ia32_syscall();
}

/* A model-specific register. One that the CPU does not know ends in an error. */
int sysdemo_read_msr(unsigned int number, unsigned long long *value)
{
	return rdmsrq_safe(number, value);
}

/* SYSDEMO_ENTRY_* bits of what is enabled. */
unsigned long long sysdemo_entry_features(void)
{
	unsigned long long features = 0;

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

/* Whether the CPU enters by FRED's events instead of SYSCALL's registers. */
int sysdemo_entry_is_fred(void)
{
	return cpu_feature_enabled(X86_FEATURE_FRED);
}
