// SPDX-License-Identifier: GPL-2.0
/*
 * Two threads that add to the same number for two seconds when the module is loaded, to see whether
 * the harness notices a data race; or one that adds too much, to see whether it notices that. For
 * tests only: it is never part of what a user runs.
 */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/sched/task.h>
#include <linux/string.h>

#include "adding.h"

static char *how = "";
module_param(how, charp, 0);
MODULE_PARM_DESC(how, "how to add: the name of one of the functions below, or overflow_in_rust");

static unsigned long number;

static noinline void plain_in_c(unsigned long *number)
{
	++*number;
}

static noinline void marked_in_c(unsigned long *number)
{
	WRITE_ONCE(*number, READ_ONCE(*number) + 1);
}

static const struct {
	const char *name;
	void (*add)(unsigned long *number);
} ways[] = {
	{ "plain_in_c", plain_in_c },
	{ "marked_in_c", marked_in_c },
	{ "plain_in_rust", plain_in_rust },
	{ "marked_in_rust", marked_in_rust },
};

static int thread(void *data)
{
	void (*add)(unsigned long *number) = data;

	while (!kthread_should_stop()) {
		add(&number);
		cond_resched();
	}
	return 0;
}

static int run(void (*add)(unsigned long *number))
{
	struct task_struct *one, *two;

	one = kthread_run(thread, add, "racing/1");
	if (IS_ERR(one))
		return PTR_ERR(one);
	two = kthread_run(thread, add, "racing/2");
	msleep(2000);
	kthread_stop(one);
	if (IS_ERR(two))
		return PTR_ERR(two);
	kthread_stop(two);
	return 0;
}

static DECLARE_COMPLETION(started);

static int overflow(void *unused)
{
	complete(&started);
	overflow_in_rust(&number);
	pr_err("nothing has stopped it\n");
	return 0;
}

/* Who does it is killed: the guest goes on if kernel.panic_on_oops is set to 0 before. */
static int run_overflow(void)
{
	struct task_struct *one = kthread_create(overflow, NULL, "racing");

	if (IS_ERR(one))
		return PTR_ERR(one);
	get_task_struct(one);
	wake_up_process(one);
	wait_for_completion(&started);
	kthread_stop(one);
	put_task_struct(one);
	return 0;
}

static int __init racing_init(void)
{
	int i;

	if (!strcmp(how, "overflow_in_rust"))
		return run_overflow();
	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		if (!strcmp(how, ways[i].name))
			return run(ways[i].add);
	}
	return -EINVAL;
}
module_init(racing_init);

static void __exit racing_exit(void)
{
}
module_exit(racing_exit);

MODULE_DESCRIPTION("Two threads that add to a number, for the tests of the harness");
MODULE_LICENSE("GPL");
