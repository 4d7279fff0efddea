// SPDX-License-Identifier: GPL-2.0
/*
 * The tree: what can be done to names.
 *
 * Each directory has what is in it twice: by name, to look for one, and by number, to list them in
 * an order that nothing disturbs.
 *
 * Twin: rust_sysdemo/fs/tree.rs, names.rs, node.rs
 */
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/fs_struct.h>
#include <linux/minmax.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/timekeeping.h>

#include "tree.h"

/* Bits of a mode that are kept: permissions, and the sticky one. */
#define MODE 01777

/* Of all names, and of the last number. */
DEFINE_MUTEX(sdc_tree_lock);
struct sdc_node *sdc_root;
static u64 last_number;

static u64 now(void)
{
	return ktime_get_coarse_real_ns();
}

static void node_free(struct kref *ref)
{
	struct sdc_node *node = container_of(ref, struct sdc_node, ref);

	sdc_free_contents(node);
	if (node->user)
		sdc_uncharge(node->user, 1, 0);
	kfree(node);
}

/*
 * It may be the last that held a file, and to free that takes its time: not under a lock, unless it
 * never had anything in it.
 */
void sdc_node_put(struct sdc_node *node)
{
	kref_put(&node->ref, node_free);
}

/* Notes that what is in it has changed. */
void sdc_modified(struct sdc_node *node)
{
	u64 time = now();

	WRITE_ONCE(node->mtime, time);
	WRITE_ONCE(node->ctime, time);
}

/* Makes a node of memory that is zero but for the name, once it may be there. */
static void node_init(struct sdc_node *node, umode_t mode)
{
	kref_init(&node->ref);
	node->number = ++last_number;
	node->mode = mode;
	node->btime = now();
	node->mtime = node->btime;
	node->ctime = node->btime;
	/* A directory has its own ".", too. */
	node->nlink = S_ISDIR(mode) ? 2 : 1;
	mutex_init(&node->lock);
	xa_init_flags(&node->pages, XA_FLAGS_ACCOUNT);
}

/* Takes what is needed for what a path ends with. */
int sdc_spare_alloc(struct sdc_spare *spare, const char *path)
{
	const char *name = "";
	/* What is longer is found to be before it is needed. */
	size_t len = min(sdc_last_name(path, &name), NAME_MAX);

	spare->node = kzalloc_flex(*spare->node, name, len, GFP_KERNEL_ACCOUNT);
	spare->user = sdc_user_alloc();
	if (!spare->node || !spare->user) {
		sdc_spare_free(spare);
		return -ENOMEM;
	}
	memcpy(spare->node->name, name, len);
	spare->node->name_len = len;
	return 0;
}

/* Frees what was not needed. */
void sdc_spare_free(struct sdc_spare *spare)
{
	kfree(spare->node);
	kfree(spare->user);
	spare->node = NULL;
	spare->user = NULL;
}

/*
 * Makes a node of the caller's, for a directory, where it is to be put. It is counted when it is:
 * nobody has to do without another for the sake of one that nobody sees.
 */
struct sdc_node *sdc_prepare(struct sdc_node *directory, struct sdc_spare *spare, umode_t mode)
{
	struct sdc_node *node = spare->node;
	int err;

	err = sdc_may(directory, MAY_WRITE | MAY_EXEC);
	if (err)
		return ERR_PTR(err);
	node->uid = current_fsuid();
	node->gid = current_fsgid();
	node_init(node, mode & (S_IFMT | MODE) & ~current_umask());
	spare->node = NULL;
	return node;
}

/* Names are sorted by their bytes. Nobody sees that order. */
static int compare_names(const char *a, size_t a_len, const char *b, size_t b_len)
{
	int order = memcmp(a, b, min(a_len, b_len));

	return order ?: (int)a_len - (int)b_len;
}

static bool less_by_name(struct rb_node *a, const struct rb_node *b)
{
	const struct sdc_node *left = rb_entry(a, struct sdc_node, by_name);
	const struct sdc_node *right = rb_entry(b, struct sdc_node, by_name);

	return compare_names(left->name, left->name_len, right->name, right->name_len) < 0;
}

static bool less_by_number(struct rb_node *a, const struct rb_node *b)
{
	return rb_entry(a, struct sdc_node, by_number)->number <
	       rb_entry(b, struct sdc_node, by_number)->number;
}

/*
 * Gives a node a name that is not there, and counts it; the directory has its reference from now
 * on.
 */
static int insert(struct sdc_node *directory, struct sdc_node *node, struct sdc_spare *spare)
{
	int err = sdc_charge_node(node, &spare->user);

	if (err)
		return err;
	node->parent = directory;
	rb_add(&node->by_name, &directory->names, less_by_name);
	rb_add(&node->by_number, &directory->numbers, less_by_number);
	sdc_modified(directory);
	return 0;
}

static void take_out(struct sdc_node *node)
{
	rb_erase(&node->by_name, &node->parent->names);
	rb_erase(&node->by_number, &node->parent->numbers);
}

/* Looks for a name in a directory. */
struct sdc_node *sdc_find_name(const struct sdc_node *directory, const char *name, size_t len)
{
	struct rb_node *at = directory->names.rb_node;

	while (at) {
		struct sdc_node *node = rb_entry(at, struct sdc_node, by_name);
		int order = compare_names(name, len, node->name, node->name_len);

		if (!order)
			return node;
		at = order < 0 ? at->rb_left : at->rb_right;
	}
	return NULL;
}

/* What comes next after a number in a directory; 0 is before the first. */
struct sdc_node *sdc_next(const struct sdc_node *directory, u64 number)
{
	struct rb_node *at = directory->numbers.rb_node;
	struct sdc_node *next = NULL;

	while (at) {
		struct sdc_node *node = rb_entry(at, struct sdc_node, by_number);

		if (node->number > number) {
			next = node;
			at = at->rb_left;
		} else {
			at = at->rb_right;
		}
	}
	return next;
}

/*
 * Gives a node its name in a directory, when the lock of all names has been free since it was
 * prepared: somebody else may have one of that name there by now, or the directory may be gone.
 */
int sdc_name(struct sdc_node *directory, struct sdc_node *node, struct sdc_spare *spare)
{
	int err;

	mutex_lock(&sdc_tree_lock);
	if (!directory->nlink)
		err = -ENOENT;
	else if (sdc_find_name(directory, node->name, node->name_len))
		err = -EEXIST;
	else
		err = insert(directory, node, spare);
	mutex_unlock(&sdc_tree_lock);
	return err;
}

static int make_directory(const char *path, struct sdc_spare *spare, umode_t mode)
{
	struct sdc_node *node;
	struct sdc_walk walk;
	int err;

	err = sdc_walk_to_parent(&walk, path, 0);
	if (err)
		return err;
	if (walk.last != SDC_NAME)
		return -EEXIST;
	node = sdc_child(&walk);
	if (!IS_ERR(node))
		return -EEXIST;
	if (PTR_ERR(node) != -ENOENT)
		return PTR_ERR(node);
	node = sdc_prepare(walk.at, spare, S_IFDIR | (mode & MODE));
	if (IS_ERR(node))
		return PTR_ERR(node);
	err = insert(walk.at, node, spare);
	if (err) {
		sdc_node_put(node);
		return err;
	}
	WRITE_ONCE(walk.at->nlink, walk.at->nlink + 1);
	return 0;
}

/* Makes a directory. */
int sdc_make_directory(const char *path, umode_t mode)
{
	struct sdc_spare spare;
	int err;

	err = sdc_spare_alloc(&spare, path);
	if (err)
		return err;
	mutex_lock(&sdc_tree_lock);
	err = make_directory(path, &spare, mode);
	mutex_unlock(&sdc_tree_lock);
	sdc_spare_free(&spare);
	return err;
}

/* Takes a name away. */
static void remove(struct sdc_node *directory, struct sdc_node *node)
{
	take_out(node);
	WRITE_ONCE(node->nlink, 0);
	WRITE_ONCE(node->ctime, now());
	if (sdc_is_directory(node))
		WRITE_ONCE(directory->nlink, directory->nlink - 1);
	sdc_modified(directory);
}

/* Finds the file that a path is of, to be taken away. */
static struct sdc_node *find_file(struct sdc_walk *walk, const char *path)
{
	struct sdc_node *node;
	int err;

	err = sdc_walk_to_parent(walk, path, 0);
	if (err)
		return ERR_PTR(err);
	if (walk->last != SDC_NAME)
		return ERR_PTR(-EISDIR);
	node = sdc_child(walk);
	if (IS_ERR(node))
		return node;
	if (walk->slash)
		return ERR_PTR(sdc_is_directory(node) ? -EISDIR : -ENOTDIR);
	err = sdc_may_remove(walk->at, node);
	if (err)
		return ERR_PTR(err);
	return sdc_is_directory(node) ? ERR_PTR(-EISDIR) : node;
}

/* Finds the directory that a path is of, to be taken away. */
static struct sdc_node *find_directory(struct sdc_walk *walk, const char *path)
{
	struct sdc_node *node;
	int err;

	err = sdc_walk_to_parent(walk, path, 0);
	if (err)
		return ERR_PTR(err);
	switch (walk->last) {
	case SDC_ROOT:
		return ERR_PTR(-EBUSY);
	case SDC_DOT:
		return ERR_PTR(-EINVAL);
	case SDC_DOTDOT:
		return ERR_PTR(-ENOTEMPTY);
	case SDC_NAME:
		break;
	}
	node = sdc_child(walk);
	if (IS_ERR(node))
		return node;
	err = sdc_may_remove(walk->at, node);
	if (err)
		return ERR_PTR(err);
	if (!sdc_is_directory(node))
		return ERR_PTR(-ENOTDIR);
	return RB_EMPTY_ROOT(&node->names) ? node : ERR_PTR(-ENOTEMPTY);
}

static int remove_found(const char *path,
			struct sdc_node *find(struct sdc_walk *walk, const char *path))
{
	struct sdc_node *node;
	struct sdc_walk walk;

	mutex_lock(&sdc_tree_lock);
	node = find(&walk, path);
	if (!IS_ERR(node))
		remove(walk.at, node);
	mutex_unlock(&sdc_tree_lock);
	if (IS_ERR(node))
		return PTR_ERR(node);
	sdc_node_put(node);
	return 0;
}

/* Takes the name of a file away. */
int sdc_unlink_file(const char *path)
{
	return remove_found(path, find_file);
}

/* Takes an empty directory away. */
int sdc_remove_directory(const char *path)
{
	return remove_found(path, find_directory);
}

/* Gives what is at the end of a path, with a reference. */
struct sdc_node *sdc_find_path(const char *path)
{
	struct sdc_node *node;
	struct sdc_walk walk;

	mutex_lock(&sdc_tree_lock);
	node = sdc_walk_to_end(&walk, path);
	if (!IS_ERR(node))
		sdc_node_get(node);
	mutex_unlock(&sdc_tree_lock);
	return node;
}

/* Makes the root: everybody may make something in it, and take away what is theirs. */
int sdc_tree_init(void)
{
	struct sdc_spare spare;
	int err;

	err = sdc_spare_alloc(&spare, "/");
	if (err)
		return err;
	spare.node->uid = GLOBAL_ROOT_UID;
	spare.node->gid = GLOBAL_ROOT_GID;
	err = sdc_charge_node(spare.node, &spare.user);
	if (!err) {
		node_init(spare.node, S_IFDIR | 01777);
		sdc_root = spare.node;
		spare.node = NULL;
	}
	sdc_spare_free(&spare);
	return err;
}

/* Nothing is open any more. Goes down and up, so that no tree is too deep. */
void sdc_tree_destroy(void)
{
	struct sdc_node *node = sdc_root;

	while (node) {
		struct sdc_node *parent = node->parent;
		struct rb_node *first = rb_first(&node->names);

		if (first) {
			node = rb_entry(first, struct sdc_node, by_name);
			continue;
		}
		if (parent)
			take_out(node);
		sdc_node_put(node);
		node = parent;
	}
}
