// SPDX-License-Identifier: GPL-2.0
/*
 * How much there may be: of files and directories, and of what is in them. What is counted of a
 * file is its pages, not its size: what was never written takes none. Who pays is the owner,
 * whoever writes.
 *
 * Twin: rust_sysdemo/fs/quota.rs
 */
#include <linux/minmax.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "tree.h"

struct usage {
	unsigned long nodes, pages;
};

/* What an administrator allows in all, and to one user. */
static struct usage total_limit, user_limit;
size_t sdc_file_size_max;

/* What is used, and by whom. */
static DEFINE_SPINLOCK(lock);
static struct usage total;
static struct rb_root users = RB_ROOT;

/* Takes the module's parameters. Parts of a page are not counted. */
void sdc_quota_init(u64 tree_bytes, u64 tree_nodes, u64 user_bytes, u64 user_nodes, u64 file_bytes)
{
	total_limit.nodes = min(tree_nodes, ULONG_MAX);
	total_limit.pages = min(tree_bytes >> PAGE_SHIFT, ULONG_MAX);
	user_limit.nodes = min(user_nodes, ULONG_MAX);
	user_limit.pages = min(user_bytes >> PAGE_SHIFT, ULONG_MAX);
	sdc_file_size_max = min(file_bytes, SZ_1G);
}

/* Room to count what a user has, for sdc_charge_node(). */
struct sdc_user *sdc_user_alloc(void)
{
	return kzalloc_obj(struct sdc_user, GFP_KERNEL_ACCOUNT);
}

static int compare_users(const void *uid, const struct rb_node *rb)
{
	const struct sdc_user *user = rb_entry(rb, struct sdc_user, rb);

	if (uid_lt(*(const kuid_t *)uid, user->uid))
		return -1;
	return uid_gt(*(const kuid_t *)uid, user->uid);
}

/* The user with an id, who is @spare if there is none yet. */
static struct sdc_user *find_or_add(struct sdc_user *spare)
{
	struct rb_node **link = &users.rb_node, *parent = NULL;

	while (*link) {
		struct sdc_user *user = rb_entry(*link, struct sdc_user, rb);

		parent = *link;
		if (uid_lt(spare->uid, user->uid))
			link = &parent->rb_left;
		else if (uid_gt(spare->uid, user->uid))
			link = &parent->rb_right;
		else
			return user;
	}
	rb_link_node(&spare->rb, parent, link);
	rb_insert_color(&spare->rb, &users);
	return spare;
}

/* Whether more may be counted of a user, whose limit is looked at first. */
static int check(const struct sdc_user *user, unsigned long nodes, unsigned long pages)
{
	/* Nobody has more than the limit, which never changes. */
	if (nodes > user_limit.nodes - user->nodes || pages > user_limit.pages - user->pages)
		return -EDQUOT;
	if (nodes > total_limit.nodes - total.nodes || pages > total_limit.pages - total.pages)
		return -ENOSPC;
	return 0;
}

/* Whether the owner of a node may have one more, as things are. */
int sdc_check_node(const struct sdc_node *node, const struct sdc_user *none)
{
	const struct sdc_user *user = none;
	const struct rb_node *at;
	int err;

	spin_lock(&lock);
	at = rb_find(&node->uid, &users, compare_users);
	if (at)
		user = rb_entry(at, struct sdc_user, rb);
	err = check(user, 1, 0);
	spin_unlock(&lock);
	return err;
}

/* Counts more of a user. */
static int charge(struct sdc_user *user, unsigned long nodes, unsigned long pages)
{
	int err = check(user, nodes, pages);

	if (err)
		return err;
	user->nodes += nodes;
	user->pages += pages;
	total.nodes += nodes;
	total.pages += pages;
	return 0;
}

/* Forgets a user who has nothing any more. */
static struct sdc_user *forget(struct sdc_user *user)
{
	if (user->nodes || user->pages)
		return NULL;
	rb_erase(&user->rb, &users);
	return user;
}

/* Counts a node of its owner, whom it gets. The spare is taken if the owner is new. */
int sdc_charge_node(struct sdc_node *node, struct sdc_user **spare)
{
	struct sdc_user *user;
	int err;

	(*spare)->uid = node->uid;
	spin_lock(&lock);
	user = find_or_add(*spare);
	err = charge(user, 1, 0);
	if (err)
		forget(user);
	else if (user == *spare)
		*spare = NULL;
	spin_unlock(&lock);
	if (!err)
		node->user = user;
	return err;
}

int sdc_charge_pages(struct sdc_node *node, unsigned long pages)
{
	int err;

	spin_lock(&lock);
	err = charge(node->user, 0, pages);
	spin_unlock(&lock);
	return err;
}

void sdc_uncharge(struct sdc_user *user, unsigned long nodes, unsigned long pages)
{
	struct sdc_user *gone;

	spin_lock(&lock);
	user->nodes -= nodes;
	user->pages -= pages;
	total.nodes -= nodes;
	total.pages -= pages;
	gone = forget(user);
	spin_unlock(&lock);
	kfree(gone);
}
