/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who uses the device: a function that is called for each system call whose first argument is the
 * descriptor of sysdemo's open device, in the caller's context, before it is done.
 *
 * By the kernel's tracepoint at the start of system calls, so that nothing of sysdemo changes.
 * Which calls take a descriptor is not known here: brk(3) is met as well if 3 is the device's, and
 * so is a pointer of which the low half is that. For tests that is good enough, for nothing else.
 */
#ifndef SYSDEMO_USERS_H
#define SYSDEMO_USERS_H

#include <linux/file.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/tracepoint.h>
#include <asm/syscall.h>

typedef void (*use_function)(bool compat, long nr, const unsigned long *args);

static use_function on_use;
static struct tracepoint *sys_enter;

static bool is_device(unsigned int fd)
{
	struct file *file = fget_raw(fd);
	bool is = false;

	if (!file)
		return false;
	/* An open file keeps its module: the name is there. */
	if (file->f_op->owner)
		is = !strcmp(file->f_op->owner->name, "sysdemo");
	fput(file);
	return is;
}

static void at_sys_enter(void *unused, struct pt_regs *regs, long nr)
{
	unsigned long args[6];

	syscall_get_arguments(current, regs, args);
	if (is_device(args[0]))
		on_use(in_compat_syscall(), nr, args);
}

static void find_sys_enter(struct tracepoint *tracepoint, void *unused)
{
	if (!strcmp(tracepoint->name, "sys_enter"))
		sys_enter = tracepoint;
}

static inline int watch_users(use_function function)
{
	on_use = function;
	for_each_kernel_tracepoint(find_sys_enter, NULL);
	return sys_enter ? tracepoint_probe_register(sys_enter, at_sys_enter, NULL) : -ENOENT;
}

static inline void ignore_users(void)
{
	tracepoint_probe_unregister(sys_enter, at_sys_enter, NULL);
	tracepoint_synchronize_unregister();
}

#endif
