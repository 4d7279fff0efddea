// SPDX-License-Identifier: GPL-2.0
/*
 * A path of the caller's, and the way along it, as link_path_walk() goes it: under the lock of all
 * names, so nothing changes meanwhile. To every directory on the way one question is asked, before
 * anything in it is looked for: may the caller search it?
 *
 * Twin: rust_sysdemo/fs/path.rs, walk.rs
 */
#include <linux/err.h>
#include <linux/openat2.h>
#include <linux/slab.h>

#include "tree.h"

/* Reads a path, as getname() does. To be freed with kfree(). */
char *sdc_get_path(const char __user *string)
{
	/* Not accounted, as that of a real system call is not: it lasts as long as the call. */
	char *path = kmalloc(PATH_MAX, GFP_KERNEL);
	long len;

	if (!path)
		return ERR_PTR(-ENOMEM);
	len = strncpy_from_user(path, string, PATH_MAX);
	if (len >= PATH_MAX)
		len = -ENAMETOOLONG;
	else if (!len)
		len = -ENOENT;
	if (len < 0) {
		kfree(path);
		return ERR_PTR(len);
	}
	return path;
}

static const char *skip_slashes(const char *path)
{
	while (*path == '/')
		path++;
	return path;
}

static enum sdc_last kind_of(const char *name, size_t len)
{
	if (name[0] != '.' || len > 2)
		return SDC_NAME;
	if (len == 1)
		return SDC_DOT;
	return name[1] == '.' ? SDC_DOTDOT : SDC_NAME;
}

/* The name that a path ends with, and its length. 0 if it ends with none. */
size_t sdc_last_name(const char *path, const char **name)
{
	size_t len = 0;

	for (path = skip_slashes(path); *path; path = skip_slashes(path + len)) {
		*name = path;
		len = strchrnul(path, '/') - path;
	}
	return len && kind_of(*name, len) == SDC_NAME ? len : 0;
}

/*
 * What an error is to who wants only what can be had at once: openat2(2) would have to look again
 * to be sure of one, and does not do that for such a caller.
 */
static int error_on_the_way(const struct sdc_walk *walk, int err)
{
	return walk->resolve & RESOLVE_CACHED ? -EAGAIN : err;
}

/* Goes up. The root is above itself. */
int sdc_walk_up(struct sdc_walk *walk)
{
	if (walk->at != sdc_root)
		walk->at = walk->at->parent;
	else if (walk->resolve & RESOLVE_BENEATH)
		return error_on_the_way(walk, -EXDEV);
	return 0;
}

/* What has the walk's name where it has got to. */
struct sdc_node *sdc_child(const struct sdc_walk *walk)
{
	struct sdc_node *node = ERR_PTR(-ENAMETOOLONG);

	if (walk->len <= NAME_MAX) {
		node = sdc_find_name(walk->at, walk->name, walk->len);
		if (!node)
			node = ERR_PTR(-ENOENT);
	}
	/* As on a tmpfs, that it is not there is not known without looking. */
	if (IS_ERR(node) && walk->resolve & RESOLVE_CACHED)
		return ERR_PTR(-EAGAIN);
	return node;
}

/* Goes through what is not the last of a path. */
static int step(struct sdc_walk *walk)
{
	struct sdc_node *child;

	switch (walk->last) {
	case SDC_DOTDOT:
		return sdc_walk_up(walk);
	case SDC_NAME:
		child = sdc_child(walk);
		if (IS_ERR(child))
			return PTR_ERR(child);
		if (!sdc_is_directory(child))
			return error_on_the_way(walk, -ENOTDIR);
		walk->at = child;
		return 0;
	default:
		return 0;
	}
}

/* Goes to the directory that a path ends in. What it ends with there has not been looked for. */
int sdc_walk_to_parent(struct sdc_walk *walk, const char *path, u64 resolve)
{
	int err;

	walk->at = sdc_root;
	walk->resolve = resolve;
	walk->last = SDC_ROOT;
	if (*path == '/' && resolve & RESOLVE_BENEATH)
		return -EXDEV;
	path = skip_slashes(path);
	while (*path) {
		const char *end = strchrnul(path, '/');

		err = sdc_may(walk->at, MAY_EXEC);
		if (err)
			return error_on_the_way(walk, err);
		walk->name = path;
		walk->len = end - path;
		walk->last = kind_of(path, walk->len);
		walk->slash = *end;
		path = skip_slashes(end);
		if (!*path)
			return 0;
		err = step(walk);
		if (err)
			return err;
	}
	return 0;
}

/* Goes to the end of a path, and gives what is there. */
struct sdc_node *sdc_walk_to_end(struct sdc_walk *walk, const char *path)
{
	struct sdc_node *node;
	int err;

	err = sdc_walk_to_parent(walk, path, 0);
	if (err)
		return ERR_PTR(err);
	switch (walk->last) {
	case SDC_DOTDOT:
		err = sdc_walk_up(walk);
		return err ? ERR_PTR(err) : walk->at;
	case SDC_NAME:
		node = sdc_child(walk);
		if (!IS_ERR(node) && walk->slash && !sdc_is_directory(node))
			return ERR_PTR(-ENOTDIR);
		return node;
	default:
		return walk->at;
	}
}
