// SPDX-License-Identifier: GPL-2.0
/*
 * A module that does one wrong thing when it is loaded, to see whether the harness notices.
 * For tests only: it is never part of what a user runs.
 */
#include <linux/fs.h>
#include <linux/irqflags.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>

static char *what = "";
module_param(what, charp, 0);
MODULE_PARM_DESC(what, "what to do: the name of one of the functions below");

static void warn(void)
{
	WARN(1, "a planted warning\n");
}

static void oops(void)
{
	*(int *)ZERO_SIZE_PTR = 0;
}

/* On every CPU on which it is loaded, nothing happens any more. */
static void stop(void)
{
	local_irq_disable();
	for (;;)
		halt();
}

static void use_after_free(void)
{
	char *p = kmalloc(64, GFP_KERNEL);

	kfree(p);
	if (p)
		WRITE_ONCE(*p, 1);
}

static void out_of_bounds(void)
{
	char *p = kmalloc(64, GFP_KERNEL);
	size_t beyond = 64;

	/* What the compiler can see it would not compile. */
	OPTIMIZER_HIDE_VAR(beyond);
	if (p)
		WRITE_ONCE(p[beyond], 1);
	kfree(p);
}

static void leak(void)
{
	void *p;
	int i;

	/* Several: a pointer to one of them may be left in a register or on a stack. */
	for (i = 0; i < 16; i++) {
		p = kmalloc(4000, GFP_KERNEL);
		OPTIMIZER_HIDE_VAR(p);
	}
}

static DEFINE_SPINLOCK(spinlock);

static void sleep_in_atomic(void)
{
	spin_lock(&spinlock);
	might_sleep();
	spin_unlock(&spinlock);
}

static DEFINE_MUTEX(one);
static DEFINE_MUTEX(two);

/* There need not be a deadlock for it to be found. */
static void lock_inversion(void)
{
	mutex_lock(&one);
	mutex_lock(&two);
	mutex_unlock(&two);
	mutex_unlock(&one);

	mutex_lock(&two);
	mutex_lock(&one);
	mutex_unlock(&one);
	mutex_unlock(&two);
}

static void shift_too_far(void)
{
	unsigned int by = 32;

	OPTIMIZER_HIDE_VAR(by);
	WRITE_ONCE(what, 1u << by ? what : NULL);
}

/* Opens the device and never closes it: whoever uses a module keeps it from being unloaded. */
static void hold(void)
{
	struct file *file = filp_open("/dev/sysdemo", O_RDWR, 0);

	if (IS_ERR(file))
		pr_err("the device cannot be opened: %pe\n", file);
}

static const struct {
	const char *name;
	void (*run)(void);
} things[] = {
	{ "warn", warn },
	{ "oops", oops },
	{ "stop", stop },
	{ "use_after_free", use_after_free },
	{ "out_of_bounds", out_of_bounds },
	{ "leak", leak },
	{ "sleep_in_atomic", sleep_in_atomic },
	{ "lock_inversion", lock_inversion },
	{ "shift_too_far", shift_too_far },
	{ "hold", hold },
};

static int __init broken_init(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(things); i++) {
		if (!strcmp(what, things[i].name)) {
			things[i].run();
			return 0;
		}
	}
	return -EINVAL;
}
module_init(broken_init);

static void __exit broken_exit(void)
{
}
module_exit(broken_exit);

MODULE_DESCRIPTION("Does one wrong thing, for the tests of the harness");
MODULE_LICENSE("GPL");
