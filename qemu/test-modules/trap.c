// SPDX-License-Identifier: GPL-2.0
/*
 * A module that plants a bug into the calls of sysdemo, to see whether the fuzzer finds it: certain
 * arguments of a certain call do harm. It gets at them by the tracepoint sys_enter. For tests only.
 */
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/tracepoint.h>

/* SYSDEMO_NR_SUM6, and what the low bits of its second argument have to be. */
#define TRAP_NR		3
#define TRAP_ARGUMENT	0xd

static char *what = "";
module_param(what, charp, 0);
MODULE_PARM_DESC(what, "what to do: bounds or panic");

/* Behind an object of this size there are bytes of nobody: a write to them does no harm. */
#define SIZE		13

static u8 *bytes;

static void planted_enter(void *data, unsigned int nr, const unsigned long long *args)
{
	if (nr != TRAP_NR || (args[1] & 0xf) != TRAP_ARGUMENT)
		return;
	if (!strcmp(what, "panic"))
		panic("a planted panic\n");
	if (!strcmp(what, "bounds"))
		WRITE_ONCE(bytes[SIZE], 1);
}

static int planted_module(struct notifier_block *self, unsigned long state, void *data)
{
	struct tp_module *module = data;
	int i;

	if (strcmp(module->mod->name, "sysdemo"))
		return NOTIFY_OK;
	for (i = 0; i < module->mod->num_tracepoints; i++) {
		struct tracepoint *tp = tracepoint_ptr_deref(&module->mod->tracepoints_ptrs[i]);

		if (strcmp(tp->name, "sys_enter"))
			continue;
		if (state == MODULE_STATE_COMING)
			tracepoint_probe_register(tp, planted_enter, NULL);
		else if (state == MODULE_STATE_GOING)
			tracepoint_probe_unregister(tp, planted_enter, NULL);
	}
	return NOTIFY_OK;
}

static struct notifier_block planted_notifier = { .notifier_call = planted_module };

static int __init planted_init(void)
{
	int status;

	if (strcmp(what, "bounds") && strcmp(what, "panic"))
		return -EINVAL;
	bytes = kzalloc(SIZE, GFP_KERNEL);
	if (!bytes)
		return -ENOMEM;
	/* Is told of those that are loaded already as well. */
	status = register_tracepoint_module_notifier(&planted_notifier);
	if (status)
		kfree(bytes);
	return status;
}
module_init(planted_init);

static void __exit planted_exit(void)
{
	/* Is told of those that stay as if they went. */
	unregister_tracepoint_module_notifier(&planted_notifier);
	tracepoint_synchronize_unregister();
	kfree(bytes);
}
module_exit(planted_exit);

MODULE_DESCRIPTION("Plants a bug into calls, for the tests of the fuzzer");
MODULE_LICENSE("GPL");
