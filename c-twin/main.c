// SPDX-License-Identifier: GPL-2.0
/*
 * sysdemo_c.ko: the module sysdemo.ko, written in C.
 *
 * It gives /dev/sysdemo_c, which does all that /dev/sysdemo does: the whole of
 * uapi/linux/sysdemo.h, with the same results and error numbers, found in the same order. To the
 * tests it is the oracle, to the benchmarks the yardstick, and to who knows the kernel in C a way
 * to read it in Rust: at its top each file says which Rust files it is the twin of.
 *
 * The way of a call: main.c takes the ioctl, dispatch.c reads the record and answers, dispatch.h
 * looks the call up in the table of table.c, a wrapper that define.h makes turns registers into
 * typed arguments, and a function in calls/ does the work. The other doors, batch.c, ring.c and
 * uring.c, meet it in dispatch.h.
 *
 * It is not a translation. What C does otherwise is done as it is in C: the macros are those of
 * SYSCALL_DEFINE, one lock guards the log and its wait queue, who waits is on the stack and not in
 * memory that has to be taken, a file's pages are in an XArray, a directory has what is in it.
 *
 * What makes no sense twice is left out:
 *
 * - the tracepoints sysdemo:*: they would have the same names, and are no part of the ABI;
 * - the module's own tests (KUnit), which are about the insides of the other one;
 * - what tests know of sysdemo.ko by its name alone: the bugs that are planted, the faults that are
 *   made, and what is counted of its code.
 *
 * Two modules cannot have one state: labels, the tree and its quotas are each one's own.
 */
#include <linux/compat.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "shared.h"
#include "tree.h"
#include "twin.h"
#include "uring.h"

static unsigned long long tree_bytes = 16777216;
module_param(tree_bytes, ullong, 0);
MODULE_PARM_DESC(tree_bytes, "Bytes that all files of the tree may have in memory");

static unsigned long long tree_nodes = 16384;
module_param(tree_nodes, ullong, 0);
MODULE_PARM_DESC(tree_nodes, "Files and directories that there may be in the tree");

static unsigned long long user_bytes = 8388608;
module_param(user_bytes, ullong, 0);
MODULE_PARM_DESC(user_bytes, "Bytes that the files of one user may have in memory");

static unsigned long long user_nodes = 8192;
module_param(user_nodes, ullong, 0);
MODULE_PARM_DESC(user_nodes, "Files and directories that one user may have in the tree");

static unsigned long long file_bytes = 4194304;
module_param(file_bytes, ullong, 0);
MODULE_PARM_DESC(file_bytes, "Largest size of a file of the tree, at most 1 GiB");

/* The most memory that an open device takes: what it is, and the records of its log. */
static_assert(sizeof(struct sdc_session) <= 1024 &&
	      sizeof(struct sdc_log_entry) * SYSDEMO_LOG_CAPACITY_MAX <= 4096);

/* A stream: it has no position, and is told that it may be asked not to wait. */
static int session_open(struct inode *inode, struct file *file)
{
	struct sdc_session *session;
	int i;

	/* On the account of who opens, so that a memory limit bounds how often that can be done. */
	session = kzalloc_obj(*session, GFP_KERNEL_ACCOUNT);
	if (!session)
		return -ENOMEM;
	for (i = 0; i < SYSDEMO_RESTRICT_WORDS; i++)
		atomic64_set(&session->restriction.allowed[i], U64_MAX);
	spin_lock_init(&session->label_lock);
	sdc_wait_queue_init(&session->waiters);
	sdc_log_init(&session->log);
	file->private_data = session;
	file->f_mode |= FMODE_NOWAIT;
	sdc_count_opens(1, 0, NULL, NULL);
	return stream_open(inode, file);
}

static int session_release(struct inode *inode, struct file *file)
{
	struct sdc_session *session = file->private_data;

	sdc_log_destroy(&session->log);
	sdc_ring_free(session->ring);
	if (session->mounted)
		sdc_unmount();
	kfree(session);
	sdc_count_opens(0, 1, NULL, NULL);
	return 0;
}

/* SYSDEMO_IOC_RESTRICT */
static long restrict_session(struct sdc_session *session, struct sysdemo_restrict __user *arg)
{
	struct sysdemo_restrict request;

	if (copy_from_user(&request, arg, sizeof(request)))
		return -EFAULT;
	sdc_restrict(&session->restriction, request.allowed);
	return 0;
}

/* Not inlined: a call would pay for each command that is added. */
noinline long sdc_other_command(struct sdc_context *ctx, unsigned int cmd, void __user *arg)
{
	switch (cmd) {
	case SYSDEMO_IOC_BATCH:
		return sdc_batch(ctx, arg);
	case SYSDEMO_IOC_TABLE:
		return sdc_describe_call(arg);
	case SYSDEMO_IOC_RESTRICT:
		return restrict_session(ctx->session, arg);
	case SYSDEMO_IOC_LOG:
		return sdc_log_command(&ctx->session->log, arg);
	case SYSDEMO_IOC_RING:
		return sdc_ring_set_up(ctx->session, arg);
	case SYSDEMO_IOC_ENTER:
		/* This argument is a number. */
		return sdc_ring_enter(ctx, (unsigned long)arg);
	}
	/* In whatever version of its structure. */
	if (extensible_ioctl_valid(cmd, SYSDEMO_IOC_INFO, SYSDEMO_INFO_SIZE_VER0))
		return sdc_describe_device(ctx, arg, _IOC_SIZE(cmd));
	return -ENOTTY;
}

static __always_inline long command(struct file *file, unsigned int cmd, void __user *arg,
				    bool compat)
{
	struct sdc_context ctx = {
		.session = file->private_data,
		.file = file,
		.compat = compat,
	};
	s64 ret;

	if (likely(cmd == SYSDEMO_IOC_CALL))
		return sdc_make_call(&ctx, arg, false, &ret);
	return sdc_other_command(&ctx, cmd, arg);
}

static long session_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	return command(file, cmd, (void __user *)arg, false);
}

#ifdef CONFIG_COMPAT
/* All layouts are the same for 32-bit callers. */
static long session_compat_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	return command(file, cmd, compat_ptr(arg), true);
}
#endif

static ssize_t session_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	struct sdc_session *session = iocb->ki_filp->private_data;
	bool may_wait = !(iocb->ki_flags & IOCB_NOWAIT) &&
			!(READ_ONCE(iocb->ki_filp->f_flags) & O_NONBLOCK);

	return sdc_log_read(&session->log, to, may_wait);
}

static __poll_t session_poll(struct file *file, struct poll_table_struct *table)
{
	struct sdc_session *session = file->private_data;

	return sdc_log_poll(&session->log, file, table);
}

static int session_mmap(struct file *file, struct vm_area_struct *vma)
{
	return sdc_map(file->private_data, vma);
}

static void session_show_fdinfo(struct seq_file *m, struct file *file)
{
	struct sdc_session *session = file->private_data;

	seq_printf(m, "sysdemo-calls:\t%llu\n", (u64)atomic64_read(&session->calls));
	seq_printf(m, "sysdemo-restricted:\t%u\n", READ_ONCE(session->restriction.in_force));
	seq_printf(m, "sysdemo-waiting:\t%u\n", sdc_waiting(&session->waiters));
	sdc_log_show(&session->log, m);
}

static const struct file_operations session_fops = {
	.owner = THIS_MODULE,
	.open = session_open,
	.release = session_release,
	.read_iter = session_read_iter,
	.poll = session_poll,
	.mmap = session_mmap,
	.uring_cmd = sdc_uring_cmd,
	.unlocked_ioctl = session_ioctl,
#ifdef CONFIG_COMPAT
	.compat_ioctl = session_compat_ioctl,
#endif
	.show_fdinfo = session_show_fdinfo,
};

/*
 * For everybody, as system calls are. What a caller may do is decided call by call, from its
 * credentials.
 */
static struct miscdevice device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "sysdemo_c",
	.fops = &session_fops,
	.mode = 0666,
};

static int __init twin_init(void)
{
	int err;

	sdc_quota_init(tree_bytes, tree_nodes, user_bytes, user_nodes, file_bytes);
	err = sdc_tree_init();
	if (err)
		return err;
	err = sdc_vvar_init();
	if (err)
		goto destroy_tree;
	err = misc_register(&device);
	if (err)
		goto destroy_vvar;
	return 0;

destroy_vvar:
	sdc_vvar_destroy();
destroy_tree:
	sdc_tree_destroy();
	return err;
}
module_init(twin_init);

static void __exit twin_exit(void)
{
	misc_deregister(&device);
	sdc_vvar_destroy();
	sdc_tree_destroy();
}
module_exit(twin_exit);

MODULE_AUTHOR("The rust_sysdemo developers");
MODULE_DESCRIPTION("System calls in small: the same in C");
MODULE_LICENSE("GPL");
