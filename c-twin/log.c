// SPDX-License-Identifier: GPL-2.0
/*
 * The log of an open device: the calls that were made through it, for who reads them.
 *
 * Who makes a call never waits for a reader: if there is no room for a record, the oldest is
 * dropped, and counted. Who reads never holds a lock while its memory is touched: it takes a record
 * out, copies it, and says that it is done, or gives it back. A record that is out keeps its place,
 * so that it can be given back.
 *
 * As in a timerfd, one lock guards the log and the queue of those who wait for it: the queue's own.
 *
 * Twin: rust_sysdemo/device/log.rs, ring.rs
 */
#include <linux/pid_namespace.h>
#include <linux/poll.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/time_namespace.h>
#include <linux/uio.h>

#include "twin.h"

/* A record that a reader has taken. */
struct taken {
	struct sdc_log_entry entry;
	/* Which of the log's rings it is from. */
	u64 round;
	/* The thread id means something to the reader. */
	bool ours;
};

/* Where in the ring the place is that comes so many places after the first. */
static unsigned int place(const struct sdc_log *log, unsigned int distance)
{
	unsigned int at = log->first + distance;

	return at < log->capacity ? at : at - log->capacity;
}

/* Nothing will be there to be read until the log is switched on. */
static bool is_over(const struct sdc_log *log)
{
	return !log->on && !log->waiting && !log->taken;
}

/*
 * All who wait are woken, though one record is for one of them: who is woken alone may be one who
 * does not read (EPOLLEXCLUSIVE), and keeps it.
 */
static void wake_all(struct sdc_log *log)
{
	wake_up_all_locked(&log->wqh);
}

void sdc_log_init(struct sdc_log *log)
{
	init_waitqueue_head(&log->wqh);
}

void sdc_log_destroy(struct sdc_log *log)
{
	kfree(log->ring);
	if (log->pid_ns)
		put_pid_ns(log->pid_ns);
}

/* Adds a record of a call. */
void sdc_log_add(struct sdc_log *log, u32 nr, s64 ret)
{
	struct sdc_log_entry *entry;

	spin_lock(&log->wqh.lock);
	if (!log->on)
		goto unlock;
	if (log->waiting + log->taken >= log->capacity) {
		log->dropped++;
		/* If all are with readers it is this one that is dropped. */
		if (!log->waiting) {
			log->next_seq++;
			goto wake;
		}
		log->first = place(log, 1);
		log->waiting--;
	}
	entry = &log->ring[place(log, log->waiting)];
	/* Under the lock: the order of times is that of numbers. */
	entry->time = ktime_get();
	entry->seq = log->next_seq++;
	entry->ret = ret;
	entry->nr = nr;
	entry->tid = task_pid_nr_ns(current, log->pid_ns);
	log->waiting++;
wake:
	wake_all(log);
unlock:
	spin_unlock(&log->wqh.lock);
}

/*
 * Takes the oldest record, and waits for one if it may. -ENODATA: there will be none, as the log is
 * off and no other reader can give one back.
 */
static int take(struct sdc_log *log, bool may_wait, struct taken *taken)
{
	int err = 0;

	spin_lock(&log->wqh.lock);
	/* As for a pipe, what is there is read before a signal is looked at. */
	if (may_wait)
		err = wait_event_interruptible_locked(log->wqh, log->waiting || is_over(log));
	if (log->waiting) {
		taken->entry = log->ring[log->first];
		taken->round = log->round;
		taken->ours = log->pid_ns == task_active_pid_ns(current);
		log->first = place(log, 1);
		log->waiting--;
		log->taken++;
		err = 0;
	} else if (is_over(log)) {
		err = -ENODATA;
	} else if (!may_wait) {
		err = -EAGAIN;
	}
	spin_unlock(&log->wqh.lock);
	return err;
}

/* The reader has it; or, if it was not @delivered, it is the next one to be read. */
static void put(struct sdc_log *log, const struct taken *taken, bool delivered)
{
	spin_lock(&log->wqh.lock);
	if (log->round == taken->round) {
		log->taken--;
		if (!delivered) {
			/* There is a place that none waits in: the one before the first. */
			log->first = (log->first ?: log->capacity) - 1;
			log->ring[log->first] = taken->entry;
			log->waiting++;
		}
	} else if (!delivered) {
		/* The ring that it is from is gone. */
		log->dropped++;
	}
	/* It can be read again, or those who waited for that learn that it is the end. */
	if (!delivered || is_over(log))
		wake_all(log);
	spin_unlock(&log->wqh.lock);
}

/* A point in time on the clock of the task that is running; 0 if that had not started. */
static u64 time_for_current(ktime_t time)
{
	struct timespec64 told = ktime_to_timespec64(time);

	timens_add_monotonic(&told);
	return max(timespec64_to_ns(&told), 0);
}

static size_t copy_record(const struct taken *taken, struct iov_iter *to)
{
	const struct sysdemo_log_record record = {
		.time = time_for_current(taken->entry.time),
		.seq = taken->entry.seq,
		.ret = taken->entry.ret,
		.nr = taken->entry.nr,
		/* What is given back keeps it, for another reader. */
		.tid = taken->ours ? taken->entry.tid : 0,
	};

	return copy_to_iter(&record, sizeof(record), to);
}

/* read(2): gives the records that there are, as many as fit, and waits for the first of them. */
ssize_t sdc_log_read(struct sdc_log *log, struct iov_iter *to, bool may_wait)
{
	const size_t size = sizeof(struct sysdemo_log_record);
	struct taken taken;
	ssize_t read = 0;
	int err = 0, i;

	if (iov_iter_count(to) < size)
		return -EINVAL;
	/* Not more than a log can hold, however fast calls are made meanwhile. */
	for (i = 0; i < SYSDEMO_LOG_CAPACITY_MAX && iov_iter_count(to) >= size; i++) {
		bool delivered;

		err = take(log, may_wait && !read, &taken);
		if (err)
			break;
		delivered = copy_record(&taken, to) == size;
		put(log, &taken, delivered);
		if (!delivered) {
			err = -EFAULT;
			break;
		}
		read += size;
	}
	return read ?: err;
}

/* poll(2): there is something to read, or there will be nothing. */
__poll_t sdc_log_poll(struct sdc_log *log, struct file *file, struct poll_table_struct *table)
{
	__poll_t events = 0;

	poll_wait(file, &log->wqh, table);
	spin_lock(&log->wqh.lock);
	if (log->waiting)
		events |= EPOLLIN | EPOLLRDNORM;
	/* Not while there is nothing only because another reader has it. */
	if (!log->on && (log->waiting || is_over(log)))
		events |= EPOLLHUP;
	spin_unlock(&log->wqh.lock);
	return events;
}

/* How the log is. What was asked for stays as it is. */
static void describe(const struct sdc_log *log, struct sysdemo_log *told)
{
	told->state = log->on ? SYSDEMO_LOG_ON : SYSDEMO_LOG_OFF;
	told->room = log->capacity;
	told->dropped = log->dropped;
}

/*
 * Switches the log on. What it held before is dropped first, so that there never are two rings; by
 * one thread at a time, for the same reason.
 */
static int switch_on(struct sdc_log *log, struct sysdemo_log *request)
{
	struct pid_namespace *pid_ns;
	struct sdc_log_entry *ring;

	spin_lock(&log->wqh.lock);
	if (log->on || log->switching) {
		spin_unlock(&log->wqh.lock);
		return -EBUSY;
	}
	log->switching = true;
	ring = log->ring;
	pid_ns = log->pid_ns;
	log->ring = NULL;
	log->pid_ns = NULL;
	/* Those that a reader has may yet be delivered: if not, it counts them itself. */
	log->dropped += log->waiting;
	log->capacity = 0;
	log->first = 0;
	log->waiting = 0;
	log->taken = 0;
	log->round++;
	spin_unlock(&log->wqh.lock);
	kfree(ring);
	if (pid_ns)
		put_pid_ns(pid_ns);

	ring = kzalloc_objs(*ring, request->capacity, GFP_KERNEL_ACCOUNT);

	spin_lock(&log->wqh.lock);
	log->switching = false;
	if (ring) {
		log->ring = ring;
		log->capacity = request->capacity;
		log->pid_ns = get_pid_ns(task_active_pid_ns(current));
		WRITE_ONCE(log->on, true);
		describe(log, request);
	}
	/*
	 * Who waits for it to be on, by poll(2), looks again; and who waited for a record of the
	 * old ring that another reader has.
	 */
	wake_all(log);
	spin_unlock(&log->wqh.lock);
	return ring ? 0 : -ENOMEM;
}

/* Switches the log off. What it holds can still be read. */
static void switch_off(struct sdc_log *log, struct sysdemo_log *request)
{
	spin_lock(&log->wqh.lock);
	WRITE_ONCE(log->on, false);
	describe(log, request);
	wake_all(log);
	spin_unlock(&log->wqh.lock);
}

static void ask(struct sdc_log *log, struct sysdemo_log *request)
{
	spin_lock(&log->wqh.lock);
	describe(log, request);
	spin_unlock(&log->wqh.lock);
}

/* SYSDEMO_IOC_LOG */
long sdc_log_command(struct sdc_log *log, struct sysdemo_log __user *arg)
{
	struct sysdemo_log request;
	int err;

	if (copy_from_user(&request, arg, sizeof(request)))
		return -EFAULT;
	if (request.flags == SYSDEMO_LOG_ON) {
		if (!request.capacity || request.capacity > SYSDEMO_LOG_CAPACITY_MAX)
			return -EINVAL;
		err = switch_on(log, &request);
		if (err)
			return err;
	} else if (request.capacity) {
		return -EINVAL;
	} else if (request.flags == SYSDEMO_LOG_OFF) {
		switch_off(log, &request);
	} else if (!request.flags) {
		ask(log, &request);
	} else {
		return -EINVAL;
	}
	if (copy_to_user(arg, &request, sizeof(request)))
		return -EFAULT;
	return 0;
}

/* /proc/<pid>/fdinfo/<fd> */
void sdc_log_show(struct sdc_log *log, struct seq_file *m)
{
	struct sysdemo_log told;

	ask(log, &told);
	seq_printf(m, "sysdemo-log:\t%u\n", told.state == SYSDEMO_LOG_ON);
	seq_printf(m, "sysdemo-log-capacity:\t%u\n", told.room);
	seq_printf(m, "sysdemo-log-dropped:\t%llu\n", told.dropped);
}
