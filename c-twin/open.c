// SPDX-License-Identifier: GPL-2.0
/*
 * open(), in stages: reserve a descriptor, go the way, ask whether the caller may, make the file,
 * and give a name to what is new or cut what was there. If one fails, what the earlier ones did is
 * undone. The order is the kernel's: who has no descriptor left is told so before anything is
 * looked at, and makes nothing.
 *
 * The last stage, fd_install(), cannot be taken back. A real system call's answer is a register,
 * but ours has to be written to the caller's memory, which can fail, and would leave a descriptor
 * that nobody knows of. So the file is left in the context, and who answers the caller installs it.
 *
 * And what an open file does. The caller's memory is copied to and from a buffer, without any lock
 * of ours: a page of the caller's that takes its time to appear holds up nobody else who has the
 * file, apart from who shares its position.
 *
 * Twin: rust_sysdemo/fs/open.rs, open_file.rs, rust_sysdemo/bridge/open_file.rs
 */
#include <linux/cleanup.h>
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/openat2.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uio.h>

#include "tree.h"

/* What a file keeps in its private_data: what the device that opened it was allowed. */
#define MAY_READ_FILE BIT(0)
#define MAY_WRITE_FILE BIT(1)

/* What is known of the flags of openat2(2). */
#define KNOWN_FLAGS (O_ACCMODE | O_CLOEXEC | O_CREAT | O_EXCL | O_TRUNC | O_APPEND |	\
		     O_DIRECTORY | OPENAT2_REGULAR | O_NOATIME | O_NOCTTY | O_NONBLOCK | \
		     O_NOFOLLOW | O_LARGEFILE | O_SYNC | FASYNC)

#define KNOWN_RESOLVE (RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS |	\
		       RESOLVE_BENEATH | RESOLVE_IN_ROOT | RESOLVE_CACHED)

/* Flags that are for the opening, and not for the file. */
#define ONCE_FLAGS (O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_CLOEXEC)

/* How something is to be opened: what a caller says, understood. */
struct how {
	u64 flags;
	/* As the kernel keeps them with an open file. */
	unsigned int file_flags;
	umode_t mode;
	u64 resolve;
	/* MAY_* bits: what it takes of what is there. */
	int want;
};

/* As build_open_flags(). */
static int understand(struct how *how, const struct sysdemo_open_how *given)
{
	bool create = given->flags & O_CREAT;

	if (given->flags & ~KNOWN_FLAGS || given->resolve & ~(u64)KNOWN_RESOLVE)
		return -EINVAL;
	if (given->resolve & RESOLVE_BENEATH && given->resolve & RESOLVE_IN_ROOT)
		return -EINVAL;
	if (given->mode & ~(create ? (u64)S_IALLUGO : 0))
		return -EINVAL;
	if (given->flags & O_DIRECTORY && given->flags & (O_CREAT | OPENAT2_REGULAR))
		return -EINVAL;
	if (given->resolve & RESOLVE_CACHED && given->flags & (O_CREAT | O_TRUNC))
		return -EAGAIN;

	how->flags = given->flags;
	how->file_flags = given->flags & ~ONCE_FLAGS;
	if (how->file_flags & __O_SYNC)
		how->file_flags |= O_DSYNC;
	if (IS_ENABLED(CONFIG_64BIT))
		how->file_flags |= O_LARGEFILE;
	how->mode = given->mode & 01777;
	how->resolve = given->resolve;
	/* To cut is to write. */
	how->want = ACC_MODE(given->flags) | (given->flags & O_TRUNC ? MAY_WRITE : 0);
	return 0;
}

/* Goes to what is to be opened; NULL if nothing is there, and it is to be made. */
static struct sdc_node *find(struct sdc_walk *walk, const char *path, const struct how *how)
{
	bool as_directory = how->flags & O_DIRECTORY;
	bool create = how->flags & O_CREAT;
	struct sdc_node *node;
	int err;

	err = sdc_walk_to_parent(walk, path, how->resolve);
	if (err)
		return ERR_PTR(err);
	if (walk->last == SDC_NAME) {
		if (create && walk->slash)
			return ERR_PTR(-EISDIR);
		as_directory |= walk->slash;
		node = sdc_child(walk);
		if (IS_ERR(node))
			return create && PTR_ERR(node) == -ENOENT ? NULL : node;
	} else {
		err = walk->last == SDC_DOTDOT ? sdc_walk_up(walk) : 0;
		if (err)
			return ERR_PTR(err);
		node = walk->at;
	}
	if (create && how->flags & O_EXCL)
		return ERR_PTR(-EEXIST);
	if (create && sdc_is_directory(node))
		return ERR_PTR(-EISDIR);
	if (how->flags & OPENAT2_REGULAR && sdc_is_directory(node))
		return ERR_PTR(-EFTYPE);
	if (as_directory && !sdc_is_directory(node))
		return ERR_PTR(-ENOTDIR);
	return node;
}

/* Whether the caller may open what is there. */
static int may_open(const struct sdc_node *node, const struct how *how, unsigned long allowed)
{
	int err;

	if (sdc_is_directory(node) && how->want & MAY_WRITE)
		return -EISDIR;
	err = sdc_may(node, how->want);
	if (err)
		return err;
	if (how->flags & O_NOATIME && !sdc_is_owner(node))
		return -EPERM;
	if (how->flags & O_TRUNC && !(allowed & MAY_WRITE_FILE))
		return -EPERM;
	return 0;
}

static const struct file_operations file_operations, directory_operations;

/* Makes an open file of a node. */
static struct file *make(struct sdc_node *node, const struct how *how, unsigned long allowed)
{
	struct file *file = sdc_make_file(node, how->file_flags, sdc_is_directory(node) ?
					  &directory_operations : &file_operations);

	if (!IS_ERR(file))
		file->private_data = (void *)allowed;
	return file;
}

/* Opens a new file, and gives it its name: there is both in the end, or neither. */
static struct file *open_new(struct sdc_node *directory, struct sdc_node *node,
			     struct sdc_spare *spare, const struct how *how, unsigned long allowed)
{
	struct file *file = make(node, how, allowed);
	int err = PTR_ERR_OR_ZERO(file);

	if (!err) {
		err = sdc_name(directory, node, spare);
		if (err)
			fput(file);
	}
	if (!err)
		return file;
	sdc_node_put(node);
	return ERR_PTR(err);
}

/* Opens what is there. */
static struct file *open_node(struct sdc_node *node, const struct how *how, unsigned long allowed)
{
	struct file *file = make(node, how, allowed);
	int err;

	if (!IS_ERR(file) && how->flags & O_TRUNC) {
		inode_lock(file_inode(file));
		err = sdc_truncate(file_inode(file), 0);
		inode_unlock(file_inode(file));
		if (err) {
			fput(file);
			return ERR_PTR(err);
		}
	}
	return file;
}

/*
 * Goes the way, and asks for permission. Gives what is there, with a reference; or something new,
 * and the directory that it is to be in, with one as well. It is named later, and then it is known
 * whether there was still room.
 */
static struct sdc_node *find_or_prepare(const char *path, const struct how *how,
					unsigned long allowed, struct sdc_spare *spare,
					struct sdc_node **directory)
{
	struct sdc_node *node;
	struct sdc_walk walk;
	int err;

	*directory = NULL;
	if (how->flags & O_CREAT) {
		err = sdc_spare_alloc(spare, path);
		if (err)
			return ERR_PTR(err);
	}
	mutex_lock(&sdc_tree_lock);
	node = find(&walk, path, how);
	if (!node) {
		node = sdc_prepare(walk.at, spare, S_IFREG | how->mode);
		err = IS_ERR(node) ? 0 : sdc_check_node(node, spare->user);
		if (err) {
			sdc_node_put(node);
			node = ERR_PTR(err);
		}
		if (!IS_ERR(node))
			*directory = sdc_node_get(walk.at);
	} else if (!IS_ERR(node)) {
		err = may_open(node, how, allowed);
		node = err ? ERR_PTR(err) : sdc_node_get(node);
	}
	mutex_unlock(&sdc_tree_lock);
	return node;
}

/* Opens a file or directory. What takes memory does so without the lock of all names. */
static struct file *open_path(const char *path, const struct how *how, unsigned long allowed)
{
	struct sdc_node *node, *directory;
	struct file *file;

	for (;;) {
		struct sdc_spare spare = {};

		node = find_or_prepare(path, how, allowed, &spare, &directory);
		if (IS_ERR(node)) {
			file = ERR_CAST(node);
		} else if (directory) {
			file = open_new(directory, node, &spare, how, allowed);
			sdc_node_put(directory);
		} else {
			file = open_node(node, how, allowed);
			sdc_node_put(node);
		}
		sdc_spare_free(&spare);
		if (!directory || file != ERR_PTR(-EEXIST))
			return file;
		/* Somebody else has made one of that name meanwhile: it is that one, then. */
		if (fatal_signal_pending(current))
			return ERR_PTR(-EINTR);
	}
}

/* Keeps the file system mounted for a device: to mount takes longer than to open. */
static int mount_for_session(struct sdc_session *session)
{
	int err;

	if (test_bit(0, &session->mounted))
		return 0;
	err = sdc_mount();
	if (!err && test_and_set_bit(0, &session->mounted))
		sdc_unmount();
	return err;
}

/*
 * SYSDEMO_NR_OPEN. What is wrong with the path itself is of interest, as in the kernel, only to who
 * has a descriptor.
 */
int sdc_open_path(struct sdc_context *ctx, const char __user *path,
		  const struct sysdemo_open_how *given)
{
	char *name __free(kfree) = NULL;
	const struct sdc_restriction *restriction = &ctx->session->restriction;
	unsigned long allowed = 0;
	struct file *file;
	struct how how;
	int err, fd;

	err = understand(&how, given);
	if (err)
		return err;
	name = sdc_get_path(path);
	fd = get_unused_fd_flags(how.flags & O_CLOEXEC);
	if (fd < 0)
		return fd;
	if (sdc_allows(restriction, SYSDEMO_NR_READ))
		allowed |= MAY_READ_FILE;
	if (sdc_allows(restriction, SYSDEMO_NR_WRITE))
		allowed |= MAY_WRITE_FILE;
	err = IS_ERR(name) ? PTR_ERR(name) : mount_for_session(ctx->session);
	file = err ? ERR_PTR(err) : open_path(name, &how, allowed);
	if (IS_ERR(file)) {
		put_unused_fd(fd);
		return PTR_ERR(file);
	}
	ctx->fd = fd;
	ctx->opened = file;
	return fd;
}

static int sdc_file_may_read(const struct file *file)
{
	return (unsigned long)file->private_data & MAY_READ_FILE ? 0 : -EPERM;
}

/* Whether the device that a file was opened through was allowed to write. */
int sdc_file_may_write(const struct file *file)
{
	return (unsigned long)file->private_data & MAY_WRITE_FILE ? 0 : -EPERM;
}

/* Changes the size of a file, whoever may, under the inode's lock. */
int sdc_truncate(struct inode *inode, loff_t size)
{
	struct sdc_node *node = inode->i_private;
	int err;

	mutex_lock(&node->lock);
	err = sdc_truncate_contents(node, size);
	if (!err) {
		i_size_write(inode, size);
		sdc_modified(node);
	}
	mutex_unlock(&node->lock);
	return err;
}

static struct sdc_node *node_of(const struct file *file)
{
	return file_inode(file)->i_private;
}

static loff_t file_llseek(struct file *file, loff_t offset, int whence)
{
	struct sdc_node *node = node_of(file);

	/* The end of a directory is no place. */
	if (sdc_is_directory(node) && whence != SEEK_SET && whence != SEEK_CUR)
		return -EINVAL;
	return generic_file_llseek_size(file, offset, whence, MAX_LFS_FILESIZE, sdc_size(node));
}

/* Reads at a position, and moves it. */
static ssize_t file_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	void *buffer __free(kfree) = NULL;
	struct sdc_node *node = node_of(iocb->ki_filp);
	size_t start = iocb->ki_pos, wanted = iov_iter_count(to), size, done = 0;
	int err;

	err = sdc_file_may_read(iocb->ki_filp);
	if (err)
		return err;
	if (iocb->ki_pos < 0)
		return -EINVAL;
	/*
	 * No more than there is now. If the file grows meanwhile, a buffer for the little that
	 * there was would be a slow way to read it.
	 */
	size = sdc_size(node);
	wanted = min(wanted, size > start ? size - start : 0);
	size = min(wanted, PAGE_SIZE);
	if (!size)
		return 0;
	buffer = kmalloc(size, GFP_KERNEL_ACCOUNT);
	if (!buffer)
		return -ENOMEM;
	while (done < wanted) {
		size_t room = min(size, wanted - done);
		size_t got = sdc_read_contents(node, start + done, buffer, room);
		size_t copied = copy_to_iter(buffer, got, to);

		done += copied;
		if (copied < got && !done)
			return -EFAULT;
		if (got < room || copied < got || fatal_signal_pending(current))
			break;
	}
	iocb->ki_pos = start + done;
	return done;
}

/* How much may be written at a position, for the file's sake and the caller's. */
static size_t room_at(size_t position)
{
	/* RLIM_INFINITY is more than any size. */
	size_t end = min(rlimit(RLIMIT_FSIZE), sdc_file_size_max);

	return end - min(position, end);
}

/*
 * What it means that nothing at all could be written at a position. If it is the caller who may
 * not, a signal tells that as well; who has written something gets none.
 */
static int no_room(size_t position)
{
	if (position >= rlimit(RLIMIT_FSIZE))
		send_sig(SIGXFSZ, current, 0);
	return -EFBIG;
}

static ssize_t write_locked(struct inode *inode, size_t *start, const void *piece, size_t len,
			    bool append, struct sdc_fresh *fresh)
{
	struct sdc_node *node = inode->i_private;
	ssize_t ret;

	if (append) {
		*start = node->size;
		len = min(len, room_at(*start));
		if (!len)
			return 0;
	}
	ret = sdc_write_contents(node, *start, piece, len, fresh);
	if (ret)
		return ret;
	*start += len;
	i_size_write(inode, node->size);
	sdc_modified(node);
	return len;
}

/*
 * Writes a piece at a place, or at the end, and moves the place behind it. Gives how much of it
 * there was room for. If nothing is written, the place may be where the end is.
 */
static ssize_t write_piece(struct file *file, size_t *start, const void *piece, size_t len,
			   bool append)
{
	struct inode *inode = file_inode(file);
	struct sdc_node *node = inode->i_private;
	struct sdc_fresh fresh;
	ssize_t ret;

	fresh.count = 0;
	fresh.reserved = false;
	for (;;) {
		/* The kernel looks at the size under that lock. */
		inode_lock(inode);
		mutex_lock(&node->lock);
		ret = write_locked(inode, start, piece, len, append, &fresh);
		mutex_unlock(&node->lock);
		inode_unlock(inode);
		if (ret != -EAGAIN)
			break;
		ret = sdc_fresh_alloc(&fresh, node);
		if (ret)
			break;
	}
	sdc_fresh_free(&fresh, node);
	return ret;
}

/*
 * Writes at a position, or at the end, and moves the position behind what was written. What is no
 * longer than SYSDEMO_COPY_MAX is written at once; nobody has more of the kernel's memory than that
 * for what is still to be written.
 */
static ssize_t file_write_iter(struct kiocb *iocb, struct iov_iter *from)
{
	void *buffer __free(kvfree) = NULL;
	bool append = iocb->ki_flags & IOCB_APPEND;
	struct file *file = iocb->ki_filp;
	size_t start = iocb->ki_pos, wanted = iov_iter_count(from), room, size, done = 0;
	size_t behind = start;
	ssize_t ret;

	ret = sdc_file_may_write(file);
	if (ret)
		return ret;
	if (!wanted)
		return 0;
	if (iocb->ki_pos < 0)
		return -EINVAL;
	if (append)
		start = sdc_size(node_of(file));
	room = room_at(start);
	if (!room)
		return no_room(start);
	wanted = min(wanted, room);
	size = min(wanted, SYSDEMO_COPY_MAX);
	buffer = kvmalloc(size, GFP_KERNEL_ACCOUNT);
	if (!buffer)
		return -ENOMEM;
	for (;;) {
		size_t part = min(size, wanted - done);
		size_t copied = copy_from_iter(buffer, part, from);

		ret = -EFAULT;
		if (!copied)
			break;
		ret = write_piece(file, &start, buffer, copied, append);
		if (ret < 0)
			break;
		/* Others have written as well, up to where there is no more room. */
		if (!ret) {
			if (!done)
				return no_room(start);
			break;
		}
		done += ret;
		behind = start;
		if (ret < part || done == wanted)
			break;
		/* As generic_perform_write() does. Other signals wait. */
		ret = -EINTR;
		if (fatal_signal_pending(current))
			break;
	}
	if (!done)
		return ret;
	iocb->ki_pos = behind;
	return done;
}

/* There are no leases: who opens does not ask for them. */
static int file_setlease(struct file *file, int argument, struct file_lease **lease, void **private)
{
	return -EINVAL;
}

static int file_release(struct inode *inode, struct file *file)
{
	sdc_unmount();
	return 0;
}

static const struct file_operations file_operations = {
	.owner = THIS_MODULE,
	.llseek = file_llseek,
	.read_iter = file_read_iter,
	.write_iter = file_write_iter,
	.release = file_release,
	.fsync = noop_fsync,
	.splice_read = copy_splice_read,
	.splice_write = iter_file_splice_write,
	.setlease = file_setlease,
};

static const struct file_operations directory_operations = {
	.owner = THIS_MODULE,
	.llseek = file_llseek,
	.read = generic_read_dir,
	.release = file_release,
	.fsync = noop_fsync,
	.setlease = file_setlease,
};

/*
 * Whether a descriptor is one of ours, open for @mode, and a buffer the caller's. What read(2)
 * would do with another one has to be asked of read(2).
 */
static int check_file(struct file *file, fmode_t mode, const void __user *buffer, size_t count)
{
	if (!file || (file->f_op != &file_operations && file->f_op != &directory_operations))
		return -EBADF;
	if (!(file->f_mode & mode))
		return -EBADF;
	return access_ok(buffer, count) ? 0 : -EFAULT;
}

/*
 * Whether so many bytes at a position end somewhere. rw_verify_area() asks for that as well, but
 * here of what import_ubuf() left of them, and for read(2) and write(2) of all.
 */
static int check_end(loff_t pos, size_t count)
{
	return count > (u64)(LLONG_MAX - pos) ? -EINVAL : 0;
}

/* SYSDEMO_NR_READ: read(2), the kernel's way. */
ssize_t sdc_read_file(int fd, void __user *buffer, size_t count)
{
	struct iov_iter iter;
	struct file *file;
	ssize_t ret;
	loff_t pos;

	CLASS(fd, f)(fd);
	file = fd_file(f);
	ret = check_file(file, FMODE_READ, buffer, count);
	if (!ret)
		ret = import_ubuf(ITER_DEST, buffer, count, &iter);
	if (ret)
		return ret;
	mutex_lock(&file->f_pos_lock);
	pos = READ_ONCE(file->f_pos);
	ret = check_end(pos, count);
	if (!ret && sdc_is_directory(node_of(file)))
		ret = -EISDIR;
	/* The kernel's way ends early if nothing is wanted. */
	if (!ret)
		ret = sdc_file_may_read(file);
	if (!ret)
		ret = vfs_iter_read(file, &iter, &pos, 0);
	if (ret >= 0)
		WRITE_ONCE(file->f_pos, pos);
	mutex_unlock(&file->f_pos_lock);
	return ret;
}

/* SYSDEMO_NR_WRITE: write(2), the kernel's way. */
ssize_t sdc_write_file(int fd, const void __user *buffer, size_t count)
{
	struct iov_iter iter;
	struct file *file;
	ssize_t ret;
	loff_t pos;

	CLASS(fd, f)(fd);
	file = fd_file(f);
	ret = check_file(file, FMODE_WRITE, buffer, count);
	if (!ret)
		ret = import_ubuf(ITER_SOURCE, (void __user *)buffer, count, &iter);
	if (ret)
		return ret;
	mutex_lock(&file->f_pos_lock);
	pos = READ_ONCE(file->f_pos);
	ret = check_end(pos, count);
	if (!ret)
		ret = sdc_file_may_write(file);
	if (!ret)
		ret = vfs_iter_write(file, &iter, &pos, 0);
	if (ret >= 0)
		WRITE_ONCE(file->f_pos, pos);
	mutex_unlock(&file->f_pos_lock);
	return ret;
}
