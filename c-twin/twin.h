/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of the twin share: the open device, the context of a call, and who does what.
 */
#ifndef SDC_TWIN_H
#define SDC_TWIN_H

#include <linux/fs.h>
#include <linux/spinlock.h>
#include <linux/sysdemo.h>
#include <linux/types.h>
#include <linux/uaccess.h>
#include <linux/wait.h>

struct pid_namespace;
struct sdc_ring;
struct seq_file;

/*
 * Which calls may be made: a set that can only become smaller.
 *
 * Twin: rust_sysdemo/syscall/restrict.rs
 */
struct sdc_restriction {
	atomic64_t allowed[SYSDEMO_RESTRICT_WORDS];
	/* Whether calls that there is no bit for are refused. */
	bool in_force;
};

/* A call that was made. */
struct sdc_log_entry {
	ktime_t time;
	u64 seq;
	s64 ret;
	u32 nr;
	u32 tid;
};

/*
 * The log of an open device. All is guarded by the lock in @wqh; for who makes a call @on is a
 * hint.
 *
 * Twin: rust_sysdemo/device/log.rs, ring.rs
 */
struct sdc_log {
	bool on;
	/* Somebody is switching it on. It is off until the ring is there. */
	bool switching;
	/* A ring: where the oldest is that waits, how many wait, how many are with readers. */
	unsigned int capacity, first, waiting, taken;
	struct sdc_log_entry *ring;
	/* How often it was switched on: which of its rings this is. */
	u64 round;
	u64 next_seq;
	u64 dropped;
	struct pid_namespace *pid_ns;
	wait_queue_head_t wqh;
};

/* Who waits for a word, in the order in which they came: see wait.c. */
struct sdc_wait_queue {
	/* Of list and count, and of who is in the list. */
	spinlock_t lock;
	struct list_head list;
	unsigned int count;
};

/* A label, with zeros behind it, at least one. */
struct sdc_label {
	char text[SYSDEMO_LABEL_MAX + 1];
};

/*
 * What one open() of the device holds, shared by all who have its descriptor.
 *
 * Twin: rust_sysdemo/device/session.rs
 */
struct sdc_session {
	/* How many calls came in. */
	atomic64_t calls;
	struct sdc_restriction restriction;
	struct sdc_log log;
	/* Of the label: nothing is done under it but copy that. */
	spinlock_t label_lock;
	struct sdc_label label;
	struct sdc_wait_queue waiters;
	/* The rings, once they were asked for. */
	struct sdc_ring *ring;
	/* Bit 0: a file was opened through it, so the file system stays mounted. */
	unsigned long mounted;
};

/*
 * What a call may know besides its arguments, and what it may leave for who answers the caller.
 *
 * Twin: Context in rust_sysdemo/syscall/dispatch.rs
 */
struct sdc_context {
	struct sdc_session *session;
	/* The open device, which knows who opened it. */
	struct file *file;
	/* The caller came by the door of 32-bit programs. */
	bool compat;
	/*
	 * A signal ended the call, whose result is for the kernel's way out of the system call. A
	 * flag, as a sum may be the same number.
	 */
	bool interrupted;
	/* A file that was opened, and its descriptor. They become the caller's with the answer. */
	int fd;
	struct file *opened;
};

typedef s64 (*sdc_call_fn)(struct sdc_context *ctx, const u64 *args);

/* table.c */
extern const sdc_call_fn sdc_table[SYSDEMO_NR_CALLS];
long sdc_describe_call(struct sysdemo_table __user *arg);
/* vvar.c: counts, and gives how often the device was opened and closed. */
void sdc_count_opens(u64 opens, u64 closes, u64 *opened, u64 *closed);

long sdc_describe_device(struct sdc_context *ctx, void __user *arg, size_t size);

/* Each call, and what there is to tell of it. */
#define SDC_CALL(nr, name)							\
	s64 sdc_call_##name(struct sdc_context *ctx, const u64 *args);		\
	extern const struct sysdemo_table sdc_description_##name;
#include "calls.h"
#undef SDC_CALL

/* dispatch.c */
int sdc_make_call(struct sdc_context *ctx, struct sysdemo_call __user *record, bool batch,
		  s64 *result);
void sdc_restrict(struct sdc_restriction *restriction, const u64 *mask);

/* main.c: any command but the one to make a call. */
long sdc_other_command(struct sdc_context *ctx, unsigned int cmd, void __user *arg);

/* batch.c */
long sdc_batch(struct sdc_context *ctx, struct sysdemo_batch __user *arg);

/* log.c */
void sdc_log_init(struct sdc_log *log);
void sdc_log_destroy(struct sdc_log *log);
void sdc_log_add(struct sdc_log *log, u32 nr, s64 ret);
ssize_t sdc_log_read(struct sdc_log *log, struct iov_iter *to, bool may_wait);
__poll_t sdc_log_poll(struct sdc_log *log, struct file *file, struct poll_table_struct *table);
void sdc_log_show(struct sdc_log *log, struct seq_file *m);
long sdc_log_command(struct sdc_log *log, struct sysdemo_log __user *arg);

/* wait.c */
void sdc_wait_queue_init(struct sdc_wait_queue *queue);
unsigned int sdc_waiting(struct sdc_wait_queue *queue);

/* Whether a call may be made, whose number has to be one that can be used in speculation. */
static inline bool sdc_allows(const struct sdc_restriction *restriction, unsigned int nr)
{
	return atomic64_read(&restriction->allowed[nr / 64]) >> (nr % 64) & 1;
}

/*
 * Refuses a size that no version of a structure can have, before anything is asked that a caller
 * might not be allowed.
 *
 * Twin: rust_sysdemo/syscall/user_struct.rs
 */
static inline int sdc_check_size(size_t size, size_t first_version)
{
	if (size < first_version)
		return -EINVAL;
	if (size > PAGE_SIZE)
		return -E2BIG;
	return 0;
}

#endif /* SDC_TWIN_H */
