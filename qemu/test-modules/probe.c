// SPDX-License-Identifier: GPL-2.0
/*
 * A module that tries whether a word of the kernel's memory can be written, by writing what is
 * there. For tests only. Loading it always fails; the error is the answer: EROFS, it cannot be
 * written, ECANCELED, it can, EFAULT, it cannot even be read.
 */
#include <linux/errno.h>
#include <linux/module.h>
#include <linux/uaccess.h>

static unsigned long address;
module_param(address, ulong, 0);
MODULE_PARM_DESC(address, "the word's address");

static int __init probe_init(void)
{
	unsigned long word;

	/* A user's address would be an oops: only the kernel's own memory can be tried. */
	if ((long)address >= 0)
		return -EINVAL;
	__get_kernel_nofault(&word, (void *)address, unsigned long, unreadable);
	__put_kernel_nofault((void *)address, &word, unsigned long, unwritable);
	return -ECANCELED;
unreadable:
	return -EFAULT;
unwritable:
	return -EROFS;
}
module_init(probe_init);

MODULE_DESCRIPTION("Tries whether a word can be written, for tests");
MODULE_LICENSE("GPL");
