// SPDX-License-Identifier: GPL-2.0
/*
 * A small file system of our own, so that what is opened in the tree is a file like any other: one
 * that nobody can mount and that has no names, as pipes and sockets have one. An inode of it stands
 * for a node of the tree for as long as that is open. To the kernel all of these are regular files:
 * a directory among them would be one that paths could lead into.
 *
 * A file system keeps its module loaded for as long as it is mounted, and it has to be mounted for
 * as long as a file of it is open. So it cannot be mounted all the time, or the module could not be
 * unloaded. It is mounted as long as a file is open, or a device that one was opened through.
 *
 * Twin: rust_sysdemo/bridge/pseudo_fs.rs, open_file.rs
 */
#include <linux/dcache.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mount.h>
#include <linux/pseudo_fs.h>
#include <linux/time64.h>

#include "tree.h"

/* What fstatfs(2) tells: "sysd". */
#define MAGIC 0x73797364

static struct vfsmount *mount;
static int mount_count;

/* What /proc/<pid>/fd shows: there is no path to show. As dynamic_dname(), not for modules. */
static char *dentry_name(struct dentry *dentry, char *buffer, int size)
{
	char name[32];
	int len = scnprintf(name, sizeof(name), "sysdemo:[%llu]", d_inode(dentry)->i_ino) + 1;

	if (len > size)
		return ERR_PTR(-ENAMETOOLONG);
	return memcpy(buffer + size - len, name, len);
}

static const struct dentry_operations dentry_operations = {
	.d_dname = dentry_name,
};

/* Lets go of an inode's node. The inode of the file system's own root has none. */
static void evict_inode(struct inode *inode)
{
	struct sdc_node *node = inode->i_private;

	truncate_inode_pages_final(&inode->i_data);
	clear_inode(inode);
	if (node)
		sdc_node_put(node);
}

static const struct super_operations super_operations = {
	.statfs = simple_statfs,
	/* What is not open is kept by the tree, not by the cache of inodes. */
	.drop_inode = inode_just_drop,
	.evict_inode = evict_inode,
};

static int init_fs_context(struct fs_context *fc)
{
	struct pseudo_fs_context *context = init_pseudo(fc, MAGIC);

	if (!context)
		return -ENOMEM;
	context->ops = &super_operations;
	context->dops = &dentry_operations;
	return 0;
}

static struct file_system_type file_system = {
	.name = "sysdemo",
	.init_fs_context = init_fs_context,
	.kill_sb = kill_anon_super,
	.owner = THIS_MODULE,
};

int sdc_mount(void)
{
	return simple_pin_fs(&file_system, &mount, &mount_count);
}

void sdc_unmount(void)
{
	simple_release_fs(&mount, &mount_count);
}

/* Tells what the node tells: that it is a directory, for one. */
static int getattr(struct mnt_idmap *idmap, const struct path *path, struct kstat *stat,
		   u32 mask, unsigned int flags)
{
	struct inode *inode = d_inode(path->dentry);
	struct sdc_node *node = inode->i_private;

	generic_fillattr(idmap, mask, inode, stat);
	mutex_lock(&node->lock);
	stat->size = node->size;
	stat->blocks = node->nr_pages * (PAGE_SIZE / SECTOR_SIZE);
	mutex_unlock(&node->lock);
	stat->mode = node->mode;
	stat->nlink = READ_ONCE(node->nlink);
	stat->mtime = ns_to_timespec64(READ_ONCE(node->mtime));
	stat->ctime = ns_to_timespec64(READ_ONCE(node->ctime));
	stat->btime = ns_to_timespec64(node->btime);
	/* To read leaves no trace. */
	stat->atime = stat->btime;
	stat->result_mask |= STATX_BTIME;
	return 0;
}

/*
 * Changes a file's size, for ftruncate(2), and nothing else: truncate(2) of what /proc/<pid>/fd
 * shows would not know which file's rights to go by.
 */
static int setattr(struct mnt_idmap *idmap, struct dentry *dentry, struct iattr *attributes)
{
	const unsigned int wanted = ATTR_SIZE | ATTR_FILE;
	int err;

	if ((attributes->ia_valid & wanted) != wanted)
		return -EOPNOTSUPP;
	err = setattr_prepare(idmap, dentry, attributes);
	if (err)
		return err;
	err = sdc_file_may_write(attributes->ia_file);
	if (err)
		return err;
	return sdc_truncate(d_inode(dentry), attributes->ia_size);
}

static const struct inode_operations inode_operations = {
	.getattr = getattr,
	.setattr = setattr,
};

/* Gives the inode that stands for a node, which is known by the node's number. */
static struct inode *inode_of(struct sdc_node *node)
{
	struct inode *inode = iget_locked(mount->mnt_sb, node->number);

	if (!inode || !(inode_state_read_once(inode) & I_NEW))
		return inode;
	inode->i_mode = S_IFREG | (node->mode & ~S_IFMT);
	inode->i_uid = node->uid;
	inode->i_gid = node->gid;
	inode->i_op = &inode_operations;
	inode->i_private = sdc_node_get(node);
	i_size_write(inode, sdc_size(node));
	unlock_new_inode(inode);
	return inode;
}

/* Makes an open file of a node. It keeps the file system mounted until it is released. */
struct file *sdc_make_file(struct sdc_node *node, unsigned int flags,
			   const struct file_operations *fops)
{
	struct inode *inode;
	struct file *file;
	int err;

	err = sdc_mount();
	if (err)
		return ERR_PTR(err);
	inode = inode_of(node);
	if (!inode) {
		sdc_unmount();
		return ERR_PTR(-ENOMEM);
	}
	/* A file lets go of its operations' module when it is closed. */
	__module_get(fops->owner);
	file = alloc_file_pseudo(inode, mount, "sysdemo", flags, fops);
	if (IS_ERR(file)) {
		module_put(fops->owner);
		iput(inode);
		sdc_unmount();
		return file;
	}
	/* As do_dentry_open() does for a regular file. */
	file->f_mode |= FMODE_PREAD | FMODE_PWRITE | FMODE_ATOMIC_POS;
	return file;
}
