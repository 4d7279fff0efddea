// SPDX-License-Identifier: GPL-2.0
/*
 * A module that does for each use of sysdemo's device what is right as long as one comes after the
 * other: of two who come at once, both free the same memory. For tests only.
 */
#include <linux/module.h>
#include <linux/slab.h>

#include "users.h"

static int *last;

static void replace_last(bool compat, long nr, const unsigned long *args)
{
	int *new = kzalloc(sizeof(*new), GFP_KERNEL), *old = READ_ONCE(last);

	if (!new)
		return;
	*new = old ? *old + 1 : 1;
	WRITE_ONCE(last, new);
	kfree(old);
}

static int __init crowd_init(void)
{
	return watch_users(replace_last);
}
module_init(crowd_init);

static void __exit crowd_exit(void)
{
	ignore_users();
	kfree(last);
}
module_exit(crowd_exit);

MODULE_DESCRIPTION("Does harm when sysdemo is used by several at once, for the tests");
MODULE_LICENSE("GPL");
