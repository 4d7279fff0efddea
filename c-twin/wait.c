// SPDX-License-Identifier: GPL-2.0
/*
 * Sleeping, and who waits for which word of user memory: the idea of a futex.
 *
 * To look at a word and to start to wait has to be one for a program, and yet the word cannot be
 * looked at under a lock: it may have to be read from a disk first. So who waits
 *
 * 1. is put into the queue, as one who is in doubt;
 * 2. looks at the word, with no lock held;
 * 3. if it has the value, and nobody woke for this word since 1, becomes a waiter; if somebody did,
 *    goes on with 2;
 * 4. sleeps.
 *
 * Who wakes counts waiters only, and tells those who are in doubt to look again. So no wake-up is
 * lost, and none is taken by who does not need it.
 *
 * A waiter is on its task's stack. Nobody else looks at it but under the queue's lock, which the
 * task takes before it goes.
 *
 * Twin: rust_sysdemo/bridge/wait_queue.rs, pinned_list.rs, sleep.rs, time.rs,
 * rust_sysdemo/calls/time.rs
 */
#include <linux/hrtimer.h>
#include <linux/ktime.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/time_namespace.h>

#include "wait.h"

enum waiter_state {
	/* In the queue, in doubt about the word. */
	DOUBTS,
	/* As before, and somebody woke for the word since. */
	DISTURBED,
	/* In the queue, to be woken. */
	WAITS,
	/* Taken out of the queue by who woke it. */
	WOKEN,
};

/* Somebody in a queue. */
struct waiter {
	struct list_head entry;
	struct sdc_key key;
	struct task_struct *task;
	enum waiter_state state;
};

/* Reads a time; if it is from now on, that is now. */
int sdc_read_timeout(struct sdc_timeout *timeout, struct sysdemo_time __user *time, size_t size)
{
	struct sysdemo_time given;
	int err;

	err = sdc_check_size(size, SYSDEMO_TIME_SIZE_VER0);
	if (err)
		return err;
	err = copy_struct_from_user(&given, sizeof(given), time, size);
	if (err)
		return err;
	if (given.flags & ~SYSDEMO_TIME_ABSOLUTE || given.time < 0)
		return -EINVAL;
	if (given.flags & SYSDEMO_TIME_ABSOLUTE) {
		ktime_t deadline = timens_ktime_to_host(CLOCK_MONOTONIC, given.time);

		/* What is before the clock's beginning is past as well. */
		timeout->deadline = max(deadline, 0);
		timeout->remaining = NULL;
	} else {
		timeout->deadline = ktime_add_safe(ktime_get(), given.time);
		timeout->remaining = &time->time;
	}
	return 0;
}

/* How many nanoseconds are left; 0 if it is over. */
s64 sdc_remaining(const struct sdc_timeout *timeout)
{
	return max(ktime_to_ns(ktime_sub(timeout->deadline, ktime_get())), 0);
}

/*
 * A signal ended the call. On the way out of the kernel, and nowhere else, it is known whether it
 * has a handler, and so whether the system call is made again.
 */
s64 sdc_interrupted(struct sdc_context *ctx, s64 ret)
{
	ctx->interrupted = true;
	return ret;
}

/*
 * The same for a call that has a time: the caller is told what remains. Made again, the call goes
 * on with that; if it cannot be told, the call must not be made again. There is no way to tell a
 * handler with SA_RESTART how much time it took, so such a one ends the call.
 */
s64 sdc_interrupted_with_timeout(struct sdc_context *ctx, const struct sdc_timeout *timeout)
{
	if (timeout->remaining && put_user(sdc_remaining(timeout), timeout->remaining))
		return -EINTR;
	return sdc_interrupted(ctx, -ERESTARTNOHAND);
}

/* Sleeps until somebody wakes the waiter, if there is one, or the time is up, if there is one. */
static enum sdc_ending sleep_until(const struct sdc_timeout *timeout, const struct waiter *waiter)
{
	ktime_t deadline = timeout ? timeout->deadline : 0;

	might_sleep();
	for (;;) {
		int left;

		/* Who wakes changes the waiter's state before it looks at the task's. */
		set_current_state(TASK_INTERRUPTIBLE | TASK_FREEZABLE);
		if (waiter && READ_ONCE(waiter->state) == WOKEN) {
			__set_current_state(TASK_RUNNING);
			return SDC_WOKEN;
		}
		left = schedule_hrtimeout_range(timeout ? &deadline : NULL,
						current->timer_slack_ns, HRTIMER_MODE_ABS);
		if (waiter && READ_ONCE(waiter->state) == WOKEN)
			return SDC_WOKEN;
		if (!left)
			return SDC_TIMED_OUT;
		if (signal_pending(current))
			return SDC_SIGNAL;
	}
}

/* Sleeps until a time. */
enum sdc_ending sdc_sleep(const struct sdc_timeout *timeout)
{
	return sleep_until(timeout, NULL);
}

void sdc_wait_queue_init(struct sdc_wait_queue *queue)
{
	spin_lock_init(&queue->lock);
	INIT_LIST_HEAD(&queue->list);
}

/* How many wait, apart from those who are in doubt still. */
unsigned int sdc_waiting(struct sdc_wait_queue *queue)
{
	const struct waiter *waiter;
	unsigned int count = 0;

	spin_lock(&queue->lock);
	list_for_each_entry(waiter, &queue->list, entry)
		count += waiter->state == WAITS;
	spin_unlock(&queue->lock);
	return count;
}

/*
 * The key of a word of the caller's: the same for all threads that share their memory, and for
 * nobody else. While one of them is in a queue its memory cannot go away, and so its identity is
 * not given to another.
 */
int sdc_word_key(struct sdc_key *key, const u32 __user *word)
{
	key->mm = current->mm;
	key->address = (unsigned long)word;
	if (!IS_ALIGNED(key->address, sizeof(*word)))
		return -EINVAL;
	if (!access_ok(word, sizeof(*word)))
		return -EFAULT;
	return 0;
}

static bool same_key(const struct sdc_key *a, const struct sdc_key *b)
{
	return a->mm == b->mm && a->address == b->address;
}

/* Takes the last place in a queue. */
static int enter(struct sdc_wait_queue *queue, struct waiter *waiter)
{
	int err = -ENOSPC;

	spin_lock(&queue->lock);
	if (queue->count < SYSDEMO_WAITERS_MAX) {
		list_add_tail(&waiter->entry, &queue->list);
		queue->count++;
		err = 0;
	}
	spin_unlock(&queue->lock);
	return err;
}

/* Ends the doubt. False if somebody woke since the word was looked at. */
static bool settle(struct sdc_wait_queue *queue, struct waiter *waiter)
{
	bool settled;

	spin_lock(&queue->lock);
	settled = waiter->state == DOUBTS;
	waiter->state = settled ? WAITS : DOUBTS;
	spin_unlock(&queue->lock);
	return settled;
}

/* Leaves the queue. False if somebody has woken this one before. */
static bool leave(struct sdc_wait_queue *queue, struct waiter *waiter)
{
	bool left = false;

	spin_lock(&queue->lock);
	if (waiter->state != WOKEN) {
		list_del(&waiter->entry);
		queue->count--;
		left = true;
	}
	spin_unlock(&queue->lock);
	return left;
}

static int look(const struct sdc_key *key, u32 expected)
{
	u32 value;

	/* One load: a copy of four bytes may be several. */
	if (get_user(value, (const u32 __user *)key->address))
		return -EFAULT;
	return value == expected ? 0 : -EAGAIN;
}

/* Waits until somebody wakes for a word, if that has a value. */
int sdc_wait(struct sdc_wait_queue *queue, const struct sdc_key *key, u32 expected,
	     const struct sdc_timeout *timeout, enum sdc_ending *ending)
{
	struct waiter waiter = { .key = *key, .task = current, .state = DOUBTS };
	int err;

	/* To find it changed takes no place. */
	err = look(key, expected);
	if (!err)
		err = enter(queue, &waiter);
	if (err)
		return err;
	for (;;) {
		err = look(key, expected);
		if (err || settle(queue, &waiter))
			break;
		/* Somebody else has woken for this word: that is not bounded by us. */
		if (signal_pending(current)) {
			leave(queue, &waiter);
			*ending = SDC_SIGNAL;
			return 0;
		}
	}
	if (!err)
		*ending = sleep_until(timeout, &waiter);
	/* Who was counted as woken was, even if its time ran out or a signal came meanwhile. */
	if (!leave(queue, &waiter))
		*ending = SDC_WOKEN;
	return err;
}

/* Wakes at most so many of those who wait for a word; gives how many. */
u32 sdc_wake(struct sdc_wait_queue *queue, const struct sdc_key *key, u32 count)
{
	struct waiter *waiter, *next;
	u32 woken = 0;

	spin_lock(&queue->lock);
	list_for_each_entry_safe(waiter, next, &queue->list, entry) {
		if (woken == count)
			break;
		if (!same_key(&waiter->key, key))
			continue;
		if (waiter->state != WAITS) {
			waiter->state = DISTURBED;
			continue;
		}
		list_del(&waiter->entry);
		queue->count--;
		WRITE_ONCE(waiter->state, WOKEN);
		wake_up_process(waiter->task);
		woken++;
	}
	spin_unlock(&queue->lock);
	return woken;
}
