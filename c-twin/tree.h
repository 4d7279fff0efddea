/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A tree of names, and files in memory.
 *
 * Locks, from the outside in:
 *
 * 1. the lock of a file's position, and an inode's, which are the kernel's;
 * 2. sdc_tree_lock, of all names, never held while the caller's memory is touched or memory is
 *    taken: who is kept waiting for memory, by memory.high say, keeps nobody else;
 * 3. a node's lock of what is in it, alike;
 * 4. the lock of the quotas, under which nothing is done but count.
 *
 * Twin: rust_sysdemo/fs/mod.rs
 */
#ifndef SDC_TREE_H
#define SDC_TREE_H

#include <linux/kref.h>
#include <linux/mutex.h>
#include <linux/rbtree.h>
#include <linux/uidgid.h>
#include <linux/xarray.h>

#include "twin.h"

/* What a user owns of the tree. There is one as long as that is anything. */
struct sdc_user {
	struct rb_node rb;
	kuid_t uid;
	unsigned long nodes;
	unsigned long pages;
};

/*
 * A file or directory. It lasts for as long as it has a name or is open.
 *
 * Twin: rust_sysdemo/fs/node.rs, names.rs, contents.rs
 */
struct sdc_node {
	struct kref ref;
	/* Its number, which no other one ever had: it says when it was made. */
	u64 number;
	kuid_t uid;
	kgid_t gid;
	/* Type, permissions, and the sticky bit. */
	umode_t mode;
	/* Who it is counted of, from when it gets its name. */
	struct sdc_user *user;

	/* Told as they are found: read and written once, under whatever lock. */
	u64 btime, mtime, ctime;
	/* 0 once it has no name. Changed under the lock of all names. */
	unsigned int nlink;

	/* What is in a file, under its lock: the size, and the pages that were ever written. */
	struct mutex lock;
	size_t size;
	unsigned long nr_pages;
	struct xarray pages;

	/* Under the lock of all names: where it is, and what is in a directory. */
	struct sdc_node *parent;
	struct rb_node by_name, by_number;
	struct rb_root names, numbers;
	unsigned int name_len;
	char name[];
};

static inline bool sdc_is_directory(const struct sdc_node *node)
{
	return S_ISDIR(node->mode);
}

/* quota.c */
extern size_t sdc_file_size_max;
struct sdc_user *sdc_user_alloc(void);
int sdc_check_node(const struct sdc_node *node, const struct sdc_user *none);
int sdc_charge_node(struct sdc_node *node, struct sdc_user **spare);
int sdc_charge_pages(struct sdc_node *node, unsigned long pages);
void sdc_uncharge(struct sdc_user *user, unsigned long nodes, unsigned long pages);
void sdc_quota_init(u64 tree_bytes, u64 tree_nodes, u64 user_bytes, u64 user_nodes, u64 file_bytes);

/* How many pages a write can be in: it is no longer than a piece. */
#define SDC_PAGES_MAX (SYSDEMO_COPY_MAX / PAGE_SIZE + 1)

/*
 * Memory for a write, taken while the lock of what is in the file is not held: pages, and in the
 * XArray the places for them. At first there is nothing, and nothing is reserved.
 */
struct sdc_fresh {
	/* What a write has found to lack: so many of these pages. */
	unsigned long lack, first, last;
	/* What has been taken: so many pages, and whether places from first to last. */
	unsigned long count;
	bool reserved;
	unsigned long pages[SDC_PAGES_MAX];
};

/* contents.c */
size_t sdc_size(struct sdc_node *node);
size_t sdc_read_contents(struct sdc_node *node, size_t position, void *to, size_t len);
int sdc_fresh_alloc(struct sdc_fresh *fresh, struct sdc_node *node);
void sdc_fresh_free(struct sdc_fresh *fresh, struct sdc_node *node);
int sdc_write_contents(struct sdc_node *node, size_t position, const void *from, size_t len,
		       struct sdc_fresh *fresh);
int sdc_truncate_contents(struct sdc_node *node, size_t size);
void sdc_free_contents(struct sdc_node *node);

/* access.c */
int sdc_may(const struct sdc_node *node, int mask);
int sdc_may_remove(const struct sdc_node *directory, const struct sdc_node *node);
bool sdc_is_owner(const struct sdc_node *node);

/* What a path ends with. */
enum sdc_last { SDC_ROOT, SDC_DOT, SDC_DOTDOT, SDC_NAME };

/*
 * A way along a path, under the lock of all names.
 *
 * Twin: rust_sysdemo/fs/walk.rs
 */
struct sdc_walk {
	/* Where it has got to. */
	struct sdc_node *at;
	/* RESOLVE_* */
	u64 resolve;
	/* What the path ends with there: a name, maybe with a slash after it. */
	enum sdc_last last;
	const char *name;
	size_t len;
	bool slash;
};

/* walk.c */
char *sdc_get_path(const char __user *string);
size_t sdc_last_name(const char *path, const char **name);
int sdc_walk_to_parent(struct sdc_walk *walk, const char *path, u64 resolve);
int sdc_walk_up(struct sdc_walk *walk);
struct sdc_node *sdc_child(const struct sdc_walk *walk);
struct sdc_node *sdc_walk_to_end(struct sdc_walk *walk, const char *path);

/* Memory for a node and its name, taken before the lock of all names is. */
struct sdc_spare {
	struct sdc_node *node;
	struct sdc_user *user;
};

/* tree.c */
extern struct mutex sdc_tree_lock;
extern struct sdc_node *sdc_root;
int sdc_tree_init(void);
void sdc_tree_destroy(void);
void sdc_node_put(struct sdc_node *node);
void sdc_modified(struct sdc_node *node);
int sdc_spare_alloc(struct sdc_spare *spare, const char *path);
void sdc_spare_free(struct sdc_spare *spare);
struct sdc_node *sdc_prepare(struct sdc_node *directory, struct sdc_spare *spare, umode_t mode);
int sdc_name(struct sdc_node *directory, struct sdc_node *node, struct sdc_spare *spare);
struct sdc_node *sdc_find_name(const struct sdc_node *directory, const char *name, size_t len);
struct sdc_node *sdc_next(const struct sdc_node *directory, u64 number);
int sdc_make_directory(const char *path, umode_t mode);
int sdc_unlink_file(const char *path);
int sdc_remove_directory(const char *path);
struct sdc_node *sdc_find_path(const char *path);

static inline struct sdc_node *sdc_node_get(struct sdc_node *node)
{
	kref_get(&node->ref);
	return node;
}

/* open.c */
int sdc_open_path(struct sdc_context *ctx, const char __user *path,
		  const struct sysdemo_open_how *how);
int sdc_truncate(struct inode *inode, loff_t size);
int sdc_file_may_write(const struct file *file);
ssize_t sdc_read_file(int fd, void __user *buffer, size_t count);
ssize_t sdc_write_file(int fd, const void __user *buffer, size_t count);

/* pseudo_fs.c */
int sdc_mount(void);
void sdc_unmount(void);
struct file *sdc_make_file(struct sdc_node *node, unsigned int flags,
			   const struct file_operations *fops);

#endif /* SDC_TREE_H */
