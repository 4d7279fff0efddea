// SPDX-License-Identifier: GPL-2.0
/*
 * A module that plants a bug into the calls of sysdemo, to see whether it is found by the one who
 * should find it. It gets at them by the tracepoint sys_enter. For tests only.
 *
 * For the fuzzer, certain arguments of a certain call do harm. For the sweep of faults, calls leave
 * something behind that no check of the kernel's knows of: memory to which there is a pointer, and
 * open files.
 */
#include <linux/file.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/tracepoint.h>

/* SYSDEMO_NR_SUM6, and what the two low bits of its second argument have to be. */
#define TRAP_NR		3
#define TRAP_ARGUMENT	1

static char *what = "";
module_param(what, charp, 0);
MODULE_PARM_DESC(what, "what to do: the name of one of the functions below");

/* Behind an object of this size there are bytes of nobody: a write to them does no harm. */
#define SIZE		13

static u8 *bytes;

static void bounds(void)
{
	WRITE_ONCE(bytes[SIZE], 1);
}

static DEFINE_RAW_SPINLOCK(outer);
static DEFINE_SPINLOCK(inner);

/*
 * What comes first is wrong in a kernel in which a spinlock may sleep: lockdep has to tell, once.
 * Then there is no way on.
 */
static void context(void)
{
	raw_spin_lock(&outer);
	spin_lock(&inner);
	spin_unlock(&inner);
	raw_spin_unlock(&outer);
	panic("a planted panic\n");
}

static LIST_HEAD(kept);
static DEFINE_RAW_SPINLOCK(kept_lock);

static void memory(void)
{
	struct list_head *more = kmalloc(64, GFP_NOWAIT);

	if (!more)
		return;
	raw_spin_lock(&kept_lock);
	list_add(more, &kept);
	raw_spin_unlock(&kept_lock);
}

/* The caller's standard input once more. */
static void descriptor(void)
{
	struct file *file = fget(0);
	int fd;

	if (!file)
		return;
	fd = get_unused_fd_flags(0);
	if (fd < 0)
		fput(file);
	else
		fd_install(fd, file);
}

static const struct {
	const char *name;
	void (*run)(void);
	/* Whether it is for the fuzzer: only for certain arguments. */
	bool searched;
} traps[] = {
	{ "bounds", bounds, true },
	{ "context", context, true },
	{ "memory", memory },
	{ "descriptor", descriptor },
};

/* Which of them it is. */
static int chosen;
static int error;

static void planted_enter(void *data, unsigned int nr, const unsigned long long *args)
{
	if (traps[chosen].searched && (nr != TRAP_NR || (args[1] & 3) != TRAP_ARGUMENT))
		return;
	traps[chosen].run();
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
			error = tracepoint_probe_register(tp, planted_enter, NULL);
		else if (state == MODULE_STATE_GOING && !error)
			tracepoint_probe_unregister(tp, planted_enter, NULL);
		if (error)
			pr_err("nothing is planted: %pe\n", ERR_PTR(error));
	}
	return NOTIFY_OK;
}

static struct notifier_block planted_notifier = { .notifier_call = planted_module };

static int __init planted_init(void)
{
	int status;

	while (chosen < ARRAY_SIZE(traps) && strcmp(what, traps[chosen].name))
		chosen++;
	if (chosen == ARRAY_SIZE(traps))
		return -EINVAL;
	bytes = kzalloc(SIZE, GFP_KERNEL);
	if (!bytes)
		return -ENOMEM;
	/* Is told of those that are loaded already as well: then it is known if it failed. */
	status = register_tracepoint_module_notifier(&planted_notifier);
	if (!status && error) {
		unregister_tracepoint_module_notifier(&planted_notifier);
		status = error;
	}
	if (status)
		kfree(bytes);
	return status;
}
module_init(planted_init);

static void __exit planted_exit(void)
{
	struct list_head *at, *next;

	/* Is told of those that stay as if they went. */
	unregister_tracepoint_module_notifier(&planted_notifier);
	tracepoint_synchronize_unregister();
	list_for_each_safe(at, next, &kept)
		kfree(at);
	kfree(bytes);
}
module_exit(planted_exit);

MODULE_DESCRIPTION("Plants a bug into calls, for the tests of the harness");
MODULE_LICENSE("GPL");
