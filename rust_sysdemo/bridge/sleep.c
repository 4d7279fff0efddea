// SPDX-License-Identifier: GPL-2.0
/*
 * What of sleeping is a macro or an inline function in C, for Rust to call.
 */
#include <linux/sched.h>

#include "shims.h"

/*
 * From here on who wakes the running task keeps it from sleeping; what it waits for has to be
 * looked at after this. As for nanosleep(2), a signal wakes it, and it can be frozen.
 */
void sysdemo_begin_sleep(void)
{
	set_current_state(TASK_INTERRUPTIBLE | TASK_FREEZABLE);
}

/* It does not sleep after all. */
void sysdemo_end_sleep(void)
{
	__set_current_state(TASK_RUNNING);
}
