// SPDX-License-Identifier: GPL-2.0
/*
 * Who may do what: generic_permission() and its companions, for a node.
 *
 * Twin: rust_sysdemo/fs/access.rs, rust_sysdemo/bridge/capability.rs
 */
#include <linux/capability.h>
#include <linux/cred.h>

#include "tree.h"

/* As capable_wrt_inode_uidgid(): root of a container is root over what its users own. */
static bool capable_over(const struct sdc_node *node, int capability)
{
	struct user_namespace *ns = current_user_ns();

	return kuid_has_mapping(ns, node->uid) && kgid_has_mapping(ns, node->gid) &&
	       ns_capable(ns, capability);
}

/* Whether the permissions alone allow it: those of the first that the caller is. */
static bool is_permitted(const struct sdc_node *node, int mask)
{
	umode_t mode = node->mode;

	if (uid_eq(current_fsuid(), node->uid))
		mode >>= 6;
	else if (in_group_p(node->gid))
		mode >>= 3;
	return !(mask & ~mode & (MAY_READ | MAY_WRITE | MAY_EXEC));
}

/* Whether the caller may do what the MAY_* bits say. Capabilities last, as to use one is noted. */
int sdc_may(const struct sdc_node *node, int mask)
{
	bool only_looks;

	if (is_permitted(node, mask))
		return 0;
	only_looks = sdc_is_directory(node) ? !(mask & MAY_WRITE) : mask == MAY_READ;
	if (only_looks && capable_over(node, CAP_DAC_READ_SEARCH))
		return 0;
	if (capable_over(node, CAP_DAC_OVERRIDE))
		return 0;
	return -EACCES;
}

/* As inode_owner_or_capable(). */
bool sdc_is_owner(const struct sdc_node *node)
{
	struct user_namespace *ns = current_user_ns();

	return uid_eq(current_fsuid(), node->uid) ||
	       (kuid_has_mapping(ns, node->uid) && ns_capable(ns, CAP_FOWNER));
}

/* Whether the caller may take something out of a directory: may_delete(). */
int sdc_may_remove(const struct sdc_node *directory, const struct sdc_node *node)
{
	int err = sdc_may(directory, MAY_WRITE | MAY_EXEC);

	if (err)
		return err;
	if (directory->mode & S_ISVTX && !uid_eq(current_fsuid(), node->uid) &&
	    !uid_eq(current_fsuid(), directory->uid) && !capable_over(node, CAP_FOWNER))
		return -EPERM;
	return 0;
}
