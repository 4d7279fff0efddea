// SPDX-License-Identifier: GPL-2.0
/*
 * A module that does one wrong thing when it is loaded, to see whether the harness notices.
 * For tests only: it is never part of what a user runs.
 */
#include <linux/completion.h>
#include <linux/fs.h>
#include <linux/irqflags.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/timer.h>
#include <linux/uaccess.h>

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

static DEFINE_RAW_SPINLOCK(raw_spinlock);

/* In a kernel for real time a spinlock may sleep. It is the first report of lockdep or none. */
static void invalid_wait_context(void)
{
	raw_spin_lock(&raw_spinlock);
	spin_lock(&spinlock);
	spin_unlock(&spinlock);
	raw_spin_unlock(&raw_spinlock);
}

static void do_nothing(struct timer_list *timer)
{
}

/* Frees a timer that is to go off. What notices stops it as well: no harm is done. */
static void object_in_use(void)
{
	struct timer_list *timer = kmalloc(sizeof(*timer), GFP_KERNEL);

	if (!timer)
		return;
	timer_setup(timer, do_nothing, 0);
	mod_timer(timer, jiffies + 1000 * HZ);
	kfree(timer);
}

/* Longer than a task may by kernel.hung_task_timeout_secs, which is to be set to 1 before. */
static void hang(void)
{
	set_current_state(TASK_UNINTERRUPTIBLE);
	schedule_timeout(6 * HZ);
}

static DECLARE_COMPLETION(started);

static int copy_beyond(void *unused)
{
	char *p = kmalloc(64, GFP_KERNEL);
	size_t beyond = 65;

	complete(&started);
	/* What the compiler knows to be too much would be noticed without looking at the object. */
	OPTIMIZER_HIDE_VAR(p);
	OPTIMIZER_HIDE_VAR(beyond);
	if (p && copy_to_user(NULL, p, beyond))
		pr_err("nothing has stopped it\n");
	kfree(p);
	return 0;
}

/*
 * What notices kills who does it: that is a thread of its own, so that the module can be unloaded.
 * The guest goes on if kernel.panic_on_oops is set to 0 before.
 */
static void usercopy_beyond(void)
{
	struct task_struct *thread = kthread_create(copy_beyond, NULL, "broken");

	if (IS_ERR(thread))
		return;
	get_task_struct(thread);
	wake_up_process(thread);
	wait_for_completion(&started);
	kthread_stop(thread);
	put_task_struct(thread);
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
	{ "invalid_wait_context", invalid_wait_context },
	{ "object_in_use", object_in_use },
	{ "hang", hang },
	{ "usercopy_beyond", usercopy_beyond },
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
