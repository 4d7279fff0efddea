/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the testers of the tree share: an empty tree, beside it an empty directory of a tmpfs to
 * compare it with, users to be, and small helpers.
 */
#ifndef TREE_H
#define TREE_H

#include "tester.h"

#include <dirent.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/openat2.h>
#include <sys/fsuid.h>
#include <sys/mount.h>

/* Newer than the headers of some C libraries. */
#ifndef O_EMPTYPATH
#define O_EMPTYPATH (1 << 26)
#endif
#ifndef OPENAT2_REGULAR
#define OPENAT2_REGULAR (1ULL << 32)
#endif
#ifndef EFTYPE
#define EFTYPE 134
#endif

/* Seconds that a test may take which does a lot: a kernel that checks everything needs them. */
#define SLOW 180

/* The users of these tests, and a group. */
#define ALICE 1001
#define BOB 1002
#define EVE 1003
#define TEAM 2000

static inline int error_of(__s64 ret)
{
	return ret < 0 ? errno : 0;
}

static inline int open_in_tree(int fd, const char *path, __u64 flags, __u64 mode)
{
	struct sysdemo_open_how how = { .flags = flags, .mode = mode };

	return sysdemo_open_file(fd, path, &how, sizeof(how));
}

/* The kernel's own: what the module's answers are compared with. */
static inline int open_for_real(int folder, const char *path, __u64 flags, __u64 mode,
				__u64 resolve)
{
	struct open_how how = { .flags = flags, .mode = mode, .resolve = resolve };

	return syscall(SYS_openat2, folder, path, &how, sizeof(how));
}

/* Makes a file that has something in it. */
static inline int make_file(int fd, const char *path, __u64 mode, const char *contents)
{
	int file = open_in_tree(fd, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	ssize_t length = strlen(contents);

	if (file < 0)
		return -1;
	if (write(file, contents, length) != length)
		length = -1;
	close(file);
	return length < 0 ? -1 : 0;
}

/* How many names there are in a directory. */
static inline int count_names(int fd, const char *path)
{
	__u64 buffer[256], cursor = 0;
	int count = 0;
	__s64 got;

	while ((got = sysdemo_list(fd, path, buffer, sizeof(buffer), cursor)) > 0) {
		for (char *at = (char *)buffer, *end = at + got; at < end; count++) {
			const struct sysdemo_dirent *entry = (void *)at;

			cursor = entry->cursor;
			at += entry->size;
		}
	}
	return got < 0 ? -1 : count;
}

/* Removes all that is in a directory. The path has room for the longest. */
static inline int clear_folder(int fd, char *path)
{
	const size_t length = strlen(path);
	/* The first one each time: that one has the longest name is enough. */
	__u64 buffer[(sizeof(struct sysdemo_dirent) + 256) / 8];
	const struct sysdemo_dirent *entry = (void *)buffer;
	__s64 got;

	while ((got = sysdemo_list(fd, length ? path : "/", buffer, sizeof(buffer), 0)) > 0) {
		path[length] = '/';
		memcpy(path + length + 1, entry + 1, entry->name_len + 1);
		if (entry->type == DT_DIR ?
		    clear_folder(fd, path) || sysdemo_rmdir(fd, path) : sysdemo_unlink(fd, path))
			return -1;
		path[length] = '\0';
	}
	return got < 0 ? -1 : 0;
}

static inline int clear_tree(int fd)
{
	char path[PATH_MAX] = "";

	return clear_folder(fd, path);
}

/* How many files this process has open. */
static inline int count_open_files(void)
{
	DIR *folder = opendir("/proc/self/fd");
	int count = 0;

	if (!folder)
		return -1;
	while (readdir(folder))
		count++;
	closedir(folder);
	return count;
}

/* A file system user with a group and further groups; its rights are those of nobody else. */
static inline int be_user(uid_t user, gid_t group, size_t count, const gid_t *groups)
{
	/* By number: the C library would ask all threads. */
	if (syscall(SYS_setgroups, count, groups))
		return -1;
	setfsgid(group);
	setfsuid(user);
	return setfsuid(-1) != (int)user || setfsgid(-1) != (int)group ? -1 : 0;
}

static inline int be_root(void)
{
	setfsuid(0);
	setfsgid(0);
	return syscall(SYS_setgroups, 0, NULL);
}

/* Changes effective capabilities of the first 32: what is permitted stays. */
static inline int set_effective(__u32 capabilities)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &header, data))
		return -1;
	data[0].effective = capabilities & data[0].permitted;
	return syscall(SYS_capset, &header, data);
}

/* A test fixture that has the device open, with nothing in the tree, and an empty directory. */
FIXTURE(tree) {
	int fd;
	int folder;
};

/* What a test has of it, for a function that has a part in the test. */
#define TREE_DATA FIXTURE_DATA(tree)

FIXTURE_SETUP(tree)
{
	umask(0);
	self->fd = sysdemo_open(device);
	ASSERT_LE(0, self->fd)
		TH_LOG("%s: %s", device, strerror(errno));
	ASSERT_EQ(0, clear_tree(self->fd))
		TH_LOG("the tree cannot be cleared: %s", strerror(errno));
	/* It is gone with this process. */
	ASSERT_EQ(0, unshare(CLONE_NEWNS));
	ASSERT_EQ(0, mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	ASSERT_EQ(0, mount("tmpfs", "/tmp", "tmpfs", 0, "mode=1777"));
	self->folder = open("/tmp", O_PATH | O_DIRECTORY | O_CLOEXEC);
	ASSERT_LE(0, self->folder);
}

FIXTURE_TEARDOWN(tree)
{
	clear_tree(self->fd);
	close(self->folder);
	close(self->fd);
}

#endif /* TREE_H */
