// SPDX-License-Identifier: GPL-2.0
/*
 * What of the virtual file system is a macro or an inline function, for bridge/pseudo_fs.rs and
 * bridge/open_file.rs; and of the task, for bridge/task.rs.
 */
#include <linux/dcache.h>
#include <linux/fs.h>
#include <linux/fs_struct.h>
#include <linux/pseudo_fs.h>
#include <linux/sched/signal.h>

#include "shims.h"

/*
 * What /proc/<pid>/fd shows: there is no path to show, for the tree is mounted nowhere. As
 * dynamic_dname(), which is not for modules, it goes to the end of the buffer.
 */
static char *sysdemo_dname(struct dentry *dentry, char *buffer, int size)
{
	char name[32];
	int len = scnprintf(name, sizeof(name), "sysdemo:[%llu]", d_inode(dentry)->i_ino) + 1;

	if (len > size)
		return ERR_PTR(-ENAMETOOLONG);
	return memcpy(buffer + size - len, name, len);
}

static const struct dentry_operations sysdemo_dentry_operations = {
	.d_dname = sysdemo_dname,
};

int sysdemo_init_pseudo(struct fs_context *fc, const struct super_operations *ops)
{
	struct pseudo_fs_context *context = init_pseudo(fc, SYSDEMO_FS_MAGIC);

	if (!context)
		return -ENOMEM;
	context->ops = ops;
	context->dops = &sysdemo_dentry_operations;
	return 0;
}

int sysdemo_inode_is_new(struct inode *inode)
{
	return inode_state_read_once(inode) & I_NEW;
}

void sysdemo_lock_inode(struct inode *inode)
{
	inode_lock(inode);
}

void sysdemo_unlock_inode(struct inode *inode)
{
	inode_unlock(inode);
}

void sysdemo_set_size(struct inode *inode, long long size)
{
	i_size_write(inode, size);
}

/* As do_dentry_open() does for a regular file; alloc_file_pseudo() leaves it to its caller. */
void sysdemo_allow_positions(struct file *file)
{
	file->f_mode |= FMODE_PREAD | FMODE_PWRITE | FMODE_ATOMIC_POS;
}

int sysdemo_may_read(const struct file *file)
{
	return !!(file->f_mode & FMODE_READ);
}

int sysdemo_may_write(const struct file *file)
{
	return !!(file->f_mode & FMODE_WRITE);
}

/* Also for pwritev2() with RWF_APPEND. */
int sysdemo_appends(const struct kiocb *iocb)
{
	return !!(iocb->ki_flags & IOCB_APPEND);
}

void sysdemo_lock_position(struct file *file)
{
	mutex_lock(&file->f_pos_lock);
}

void sysdemo_unlock_position(struct file *file)
{
	mutex_unlock(&file->f_pos_lock);
}

int sysdemo_is_being_killed(void)
{
	return fatal_signal_pending(current);
}

int sysdemo_current_umask(void)
{
	return current_umask();
}
