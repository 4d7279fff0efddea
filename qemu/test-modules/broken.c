// SPDX-License-Identifier: GPL-2.0
/*
 * A module that does one wrong thing when it is loaded, to see whether the harness notices.
 * For tests only: it is never part of what a user runs.
 */
#include <linux/irqflags.h>
#include <linux/module.h>
#include <linux/string.h>

static char *what = "";
module_param(what, charp, 0);
MODULE_PARM_DESC(what, "what to do: warn, oops or spin");

static int __init broken_init(void)
{
	WARN(!strcmp(what, "warn"), "a planted warning\n");
	if (!strcmp(what, "oops"))
		*(int *)ZERO_SIZE_PTR = 0;
	if (!strcmp(what, "spin")) {
		local_irq_disable();
		for (;;)
			cpu_relax();
	}
	return 0;
}
module_init(broken_init);

static void __exit broken_exit(void)
{
}
module_exit(broken_exit);

MODULE_DESCRIPTION("Does one wrong thing, for the tests of the harness");
MODULE_LICENSE("GPL");
