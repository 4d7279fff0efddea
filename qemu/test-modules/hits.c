// SPDX-License-Identifier: GPL-2.0
/*
 * Counts what is done with sysdemo's device, whoever does it: a tool that is to stress it and does
 * not even reach it proves nothing.
 *
 * /sys/kernel/debug/sysdemo_hits has a line for each ioctl command of the device, and for commands
 * that are not its own, for other system calls on it, and for those of 32-bit callers among all.
 */
#include <linux/debugfs.h>
#include <linux/seq_file.h>
#include <linux/sysdemo.h>

#include "users.h"

/* The number of ioctl(2) in the table of i386. */
#define I386_NR_IOCTL 54

enum { CALL, BATCH, TABLE, INFO, RESTRICT, LOG, UNKNOWN, OTHER, COMPAT, HITS };

static const char * const names[HITS] = {
	"CALL", "BATCH", "TABLE", "INFO", "RESTRICT", "LOG", "unknown", "other", "compat",
};

static atomic_t hits[HITS];
static struct dentry *file;

static int kind_of(unsigned int cmd)
{
	switch (cmd) {
	case SYSDEMO_IOC_CALL:
		return CALL;
	case SYSDEMO_IOC_BATCH:
		return BATCH;
	case SYSDEMO_IOC_TABLE:
		return TABLE;
	case SYSDEMO_IOC_RESTRICT:
		return RESTRICT;
	case SYSDEMO_IOC_LOG:
		return LOG;
	}
	/* In whatever size. */
	cmd &= ~IOCSIZE_MASK;
	return cmd == (SYSDEMO_IOC_INFO & ~IOCSIZE_MASK) ? INFO : UNKNOWN;
}

static void hit(bool compat, long nr, const unsigned long *args)
{
	bool ioctl = nr == (compat ? I386_NR_IOCTL : __NR_ioctl);

	atomic_inc(&hits[ioctl ? kind_of(args[1]) : OTHER]);
	if (compat)
		atomic_inc(&hits[COMPAT]);
}

static int hits_show(struct seq_file *seq, void *unused)
{
	int i;

	for (i = 0; i < HITS; i++)
		seq_printf(seq, "%s %u\n", names[i], atomic_read(&hits[i]));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(hits);

static int __init hits_init(void)
{
	int error = watch_users(hit);

	if (error)
		return error;
	file = debugfs_create_file("sysdemo_hits", 0400, NULL, NULL, &hits_fops);
	return 0;
}
module_init(hits_init);

static void __exit hits_exit(void)
{
	debugfs_remove(file);
	ignore_users();
}
module_exit(hits_exit);

MODULE_DESCRIPTION("Counts what is done with sysdemo's device, for the tests");
MODULE_LICENSE("GPL");
