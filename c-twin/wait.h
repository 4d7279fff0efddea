/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How long a call sleeps, who it sleeps for, and what becomes of it when a signal comes.
 */
#ifndef SDC_WAIT_H
#define SDC_WAIT_H

#include "twin.h"

/* How a sleep ended. */
enum sdc_ending { SDC_WOKEN, SDC_TIMED_OUT, SDC_SIGNAL };

/* A time that a call sleeps for. */
struct sdc_timeout {
	ktime_t deadline;
	/* Where the caller is told what remains, if it said how long instead of until when. */
	s64 __user *remaining;
};

int sdc_read_timeout(struct sdc_timeout *timeout, struct sysdemo_time __user *time, size_t size);
s64 sdc_remaining(const struct sdc_timeout *timeout);
s64 sdc_interrupted(struct sdc_context *ctx, s64 ret);
s64 sdc_interrupted_with_timeout(struct sdc_context *ctx, const struct sdc_timeout *timeout);
enum sdc_ending sdc_sleep(const struct sdc_timeout *timeout);

/* A word in the memory of a task that cannot go away: see sdc_word_key(). */
struct sdc_key {
	struct mm_struct *mm;
	unsigned long address;
};

int sdc_word_key(struct sdc_key *key, const u32 __user *word);
int sdc_wait(struct sdc_wait_queue *queue, const struct sdc_key *key, u32 expected,
	     const struct sdc_timeout *timeout, enum sdc_ending *ending);
u32 sdc_wake(struct sdc_wait_queue *queue, const struct sdc_key *key, u32 count);

#endif /* SDC_WAIT_H */
