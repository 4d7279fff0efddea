// SPDX-License-Identifier: GPL-2.0
/*
 * Calls with a path, apart from that which opens a file.
 *
 * Twin: rust_sysdemo/calls/mkdir.rs, unlink.rs, rmdir.rs, stat.rs, list.rs
 */
#include <linux/cleanup.h>
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/fs_dirent.h>
#include <linux/minmax.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>

#include "define.h"
#include "tree.h"

SDC_DEFINE2(mkdir, const char __user *, path, __u32, mode)
{
	char *name __free(kfree) = sdc_get_path(path);

	return IS_ERR(name) ? PTR_ERR(name) : sdc_make_directory(name, mode);
}

SDC_DEFINE1(unlink, const char __user *, path)
{
	char *name __free(kfree) = sdc_get_path(path);

	return IS_ERR(name) ? PTR_ERR(name) : sdc_unlink_file(name);
}

SDC_DEFINE1(rmdir, const char __user *, path)
{
	char *name __free(kfree) = sdc_get_path(path);

	return IS_ERR(name) ? PTR_ERR(name) : sdc_remove_directory(name);
}

/* Gives 1 if there was something to say that the caller's structure has no room for. */
SDC_DEFINE3(stat, const char __user *, path, struct sysdemo_stat __user *, out, size_t, size)
{
	char *name __free(kfree) = NULL;
	struct sysdemo_stat stat;
	struct sdc_node *node;
	bool left_out;
	int err;

	err = sdc_check_size(size, SYSDEMO_STAT_SIZE_VER0);
	if (err)
		return err;
	name = sdc_get_path(path);
	if (IS_ERR(name))
		return PTR_ERR(name);
	node = sdc_find_path(name);
	if (IS_ERR(node))
		return PTR_ERR(node);
	stat = (struct sysdemo_stat) {
		.ino = node->number,
		.mtime = READ_ONCE(node->mtime),
		.ctime = READ_ONCE(node->ctime),
		.btime = node->btime,
		.mode = node->mode,
		.nlink = READ_ONCE(node->nlink),
		.uid = from_kuid_munged(current_user_ns(), node->uid),
		.gid = from_kgid_munged(current_user_ns(), node->gid),
	};
	mutex_lock(&node->lock);
	stat.size = node->size;
	stat.blocks = node->nr_pages * (PAGE_SIZE / SECTOR_SIZE);
	mutex_unlock(&node->lock);
	sdc_node_put(node);
	err = copy_struct_to_user(out, size, &stat, sizeof(stat), &left_out);
	return err ?: left_out;
}

/* How long the record of a name is. */
static size_t record_size(const struct sdc_node *node)
{
	return ALIGN(sizeof(struct sysdemo_dirent) + node->name_len + 1, 8);
}

static void put_record(void *to, const struct sdc_node *node)
{
	const struct sysdemo_dirent head = {
		.ino = node->number,
		.cursor = node->number,
		.size = record_size(node),
		.name_len = node->name_len,
		.type = sdc_is_directory(node) ? DT_DIR : DT_REG,
	};
	void *name = to + sizeof(head);

	memcpy(to, &head, sizeof(head));
	memcpy(name, node->name, node->name_len);
	memset(name + node->name_len, 0, head.size - sizeof(head) - node->name_len);
}

/* Puts the names after a cursor into a buffer, under the lock of all names. */
static ssize_t list_names(const char *path, void *buffer, size_t room, u64 cursor)
{
	struct sdc_node *directory, *node;
	struct sdc_walk walk;
	size_t done = 0;
	int err;

	directory = sdc_walk_to_end(&walk, path);
	if (IS_ERR(directory))
		return PTR_ERR(directory);
	if (!sdc_is_directory(directory))
		return -ENOTDIR;
	err = sdc_may(directory, MAY_READ);
	if (err)
		return err;
	for (node = sdc_next(directory, cursor); node; node = sdc_next(directory, node->number)) {
		size_t size = record_size(node);

		if (room - done < size)
			return done ?: -EINVAL;
		put_record(buffer + done, node);
		done += size;
	}
	return done;
}

SDC_DEFINE4(list, const char __user *, path, void __user *, buffer, size_t, size, __u64, cursor)
{
	char *name __free(kfree) = sdc_get_path(path);
	void *records __free(kvfree) = NULL;
	size_t room = min(size, SYSDEMO_COPY_MAX);
	ssize_t len;

	if (IS_ERR(name))
		return PTR_ERR(name);
	/* All of it now: nobody should wait for memory while the names are looked at. */
	records = kvmalloc(room, GFP_KERNEL_ACCOUNT);
	if (!records)
		return -ENOMEM;
	mutex_lock(&sdc_tree_lock);
	len = list_names(name, records, room, cursor);
	mutex_unlock(&sdc_tree_lock);
	if (len > 0 && copy_to_user(buffer, records, len))
		return -EFAULT;
	return len;
}
