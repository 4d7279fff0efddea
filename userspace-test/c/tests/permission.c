// SPDX-License-Identifier: GPL-2.0
/*
 * Who may do what in the tree: modes, times every relation that a caller can have to the owner,
 * times what can be done. What the kernel says of the same in a tmpfs is what is expected.
 */
#include "tree.h"

#include <grp.h>
#include <sys/stat.h>

#define CAPABILITY(name) (1U << (name))

static const gid_t team[] = { TEAM };

/* Who asks. Effective capabilities are set after the user is: to change that takes them away. */
static int be_owner(void)
{
	return be_user(ALICE, ALICE, 0, NULL);
}

static int be_of_the_group(void)
{
	return be_user(BOB, TEAM, 0, NULL);
}

static int be_of_the_group_too(void)
{
	return be_user(BOB, BOB, 1, team);
}

static int be_another(void)
{
	return be_user(EVE, EVE, 0, NULL);
}

static int be_owner_and_of_the_group(void)
{
	return be_user(ALICE, TEAM, 1, team);
}

static int be_root_without_capabilities(void)
{
	return be_root() || set_effective(0);
}

static int may_override(void)
{
	return be_another() || set_effective(CAPABILITY(CAP_DAC_OVERRIDE));
}

static int may_read_and_search(void)
{
	return be_another() || set_effective(CAPABILITY(CAP_DAC_READ_SEARCH));
}

static int is_owner_of_all(void)
{
	return be_another() || set_effective(CAPABILITY(CAP_FOWNER));
}

/* The effective user is root, the one for files is not: that is the one which counts. */
static int be_another_for_files_alone(void)
{
	setfsuid(EVE);
	setfsgid(EVE);
	return 0;
}

/* Root of a user namespace with such maps, which the parent writes: it may map anybody. */
static int be_container_root(const char *users, const char *groups)
{
	int ready[2], status;
	pid_t self = getpid(), child;
	char byte = 0;

	if (pipe(ready))
		return -1;
	child = fork();
	if (!child) {
		char path[64];
		int error;

		if (read(ready[0], &byte, 1) != 1)
			_exit(1);
		snprintf(path, sizeof(path), "/proc/%d/uid_map", self);
		error = write_file(path, "%s", users);
		snprintf(path, sizeof(path), "/proc/%d/gid_map", self);
		error |= write_file(path, "%s", groups);
		_exit(error ? 2 : 0);
	}
	if (unshare(CLONE_NEWUSER) || write(ready[1], &byte, 1) != 1 ||
	    waitpid(child, &status, 0) != child || status)
		return -1;
	close(ready[0]);
	close(ready[1]);
	return setresgid(0, 0, 0) || setgroups(0, NULL) || setresuid(0, 0, 0);
}

/* It has nothing to do with the owner: its capabilities are for others. */
static int be_root_of_a_strange_container(void)
{
	return be_container_root("0 100000 1000", "0 100000 1000");
}

/* Owner and group have a meaning there: its capabilities count. */
static int be_root_of_the_owners_container(void)
{
	return be_container_root("0 100000 1000\n1001 1001 1", "0 100000 1000\n2000 2000 1");
}

/* Only the owner has: they do not count. */
static int be_root_where_the_group_is_unknown(void)
{
	return be_container_root("0 100000 1000\n1001 1001 1", "0 100000 1000");
}

FIXTURE(permission) {
	int fd;
	int folder;
};

/* What a test has of it, for a function that has a part in the test. */
#define PERMISSION_DATA FIXTURE_DATA(permission)

FIXTURE_VARIANT(permission) {
	int (*become)(void);
};

FIXTURE_VARIANT_ADD(permission, owner) {
	.become = be_owner,
};

FIXTURE_VARIANT_ADD(permission, of_the_group) {
	.become = be_of_the_group,
};

FIXTURE_VARIANT_ADD(permission, of_the_group_too) {
	.become = be_of_the_group_too,
};

FIXTURE_VARIANT_ADD(permission, another) {
	.become = be_another,
};

FIXTURE_VARIANT_ADD(permission, owner_and_of_the_group) {
	.become = be_owner_and_of_the_group,
};

FIXTURE_VARIANT_ADD(permission, root) {
	.become = be_root,
};

FIXTURE_VARIANT_ADD(permission, root_without_capabilities) {
	.become = be_root_without_capabilities,
};

FIXTURE_VARIANT_ADD(permission, may_override) {
	.become = may_override,
};

FIXTURE_VARIANT_ADD(permission, may_read_and_search) {
	.become = may_read_and_search,
};

FIXTURE_VARIANT_ADD(permission, is_owner_of_all) {
	.become = is_owner_of_all,
};

FIXTURE_VARIANT_ADD(permission, another_for_files_alone) {
	.become = be_another_for_files_alone,
};

FIXTURE_VARIANT_ADD(permission, root_of_a_strange_container) {
	.become = be_root_of_a_strange_container,
};

FIXTURE_VARIANT_ADD(permission, root_of_the_owners_container) {
	.become = be_root_of_the_owners_container,
};

FIXTURE_VARIANT_ADD(permission, root_where_the_group_is_unknown) {
	.become = be_root_where_the_group_is_unknown,
};

FIXTURE_SETUP(permission)
{
	umask(0);
	self->fd = sysdemo_open(device);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, clear_tree(self->fd));
	ASSERT_EQ(0, unshare(CLONE_NEWNS));
	ASSERT_EQ(0, mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	ASSERT_EQ(0, mount("tmpfs", "/tmp", "tmpfs", 0, "mode=1777"));
	self->folder = open("/tmp", O_PATH | O_DIRECTORY | O_CLOEXEC);
	ASSERT_LE(0, self->folder);
}

FIXTURE_TEARDOWN(permission)
{
	close(self->folder);
	close(self->fd);
}

/*
 * Of the 512 modes those 64 in which each two of the three digits come together in every way: the
 * third one is what makes the three even.
 */
#define MODES 64

static unsigned int mode_of(int i)
{
	return (i / 8) << 6 | (i % 8) << 3 | (i / 8 ^ i % 8);
}

/* Nobody can change a mode in the tree: there is a file and a directory of each. */
static int furnish(int fd, int folder)
{
	for (int i = 0; i < MODES; i += stride) {
		char file[32], inside[40], directory[32];
		unsigned int mode = mode_of(i);
		int opened;

		snprintf(file, sizeof(file), "file-%03o", mode);
		snprintf(directory, sizeof(directory), "dir-%03o", mode);
		if (be_user(ALICE, TEAM, 0, NULL) || make_file(fd, file, mode, "abc") ||
		    sysdemo_mkdir(fd, directory, mode) || mkdirat(folder, directory, mode))
			return -1;
		opened = openat(folder, file, O_WRONLY | O_CREAT | O_CLOEXEC, mode);
		if (opened < 0 || close(opened))
			return -1;
		/* What is in the directory is everybody's, but for the way to it. */
		snprintf(inside, sizeof(inside), "%s/inner", directory);
		if (be_root() || make_file(fd, inside, 0666, ""))
			return -1;
		opened = openat(folder, inside, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
		if (opened < 0 || close(opened))
			return -1;
	}
	return 0;
}

static int our_open(int fd, const char *path, __u64 flags)
{
	int file = open_in_tree(fd, path, flags, flags & O_CREAT ? 0600 : 0);

	return file < 0 ? errno : close(file);
}

static int their_open(int folder, const char *path, __u64 flags)
{
	int file = open_for_real(folder, path, flags, flags & O_CREAT ? 0600 : 0, 0);

	return file < 0 ? errno : close(file);
}

/* Opens both; whether the answers are the same. */
static bool open_alike(PERMISSION_DATA *self, const char *path, __u64 flags)
{
	int ours = our_open(self->fd, path, flags);
	int theirs = their_open(self->folder, path, flags);

	if (ours != theirs)
		ksft_print_msg("%s, flags %#llx: %s instead of %s\n", path, (long long)flags,
			       strerrorname_np(ours), strerrorname_np(theirs));
	return ours == theirs;
}

static bool answers_alike(const char *what, const char *path, int ours, int theirs)
{
	if (ours != theirs)
		ksft_print_msg("%s of %s: %s instead of %s\n", what, path, strerrorname_np(ours),
			       strerrorname_np(theirs));
	return ours == theirs;
}

static void try_files(struct __test_metadata *_metadata, PERMISSION_DATA *self)
{
	static const __u64 flags[] = { O_RDONLY, O_WRONLY, O_RDWR, 3, O_RDONLY | O_TRUNC,
				       O_WRONLY | O_APPEND, O_RDONLY | O_NOATIME,
				       O_WRONLY | O_CREAT, O_RDWR | O_CREAT | O_EXCL };

	for (int i = 0; i < MODES; i += stride) {
		char path[32];

		snprintf(path, sizeof(path), "file-%03o", mode_of(i));
		for (size_t j = 0; j < ARRAY_SIZE(flags); j++)
			EXPECT_TRUE(open_alike(self, path, flags[j]));
	}
}

static void try_directories(struct __test_metadata *_metadata,
			    PERMISSION_DATA *self)
{
	for (int i = 0; i < MODES; i += stride) {
		char directory[32], inside[40], new[40];
		struct sysdemo_stat ours;
		struct stat theirs;
		int error;

		snprintf(directory, sizeof(directory), "dir-%03o", mode_of(i));
		snprintf(inside, sizeof(inside), "%s/inner", directory);
		snprintf(new, sizeof(new), "%s/new", directory);
		EXPECT_TRUE(open_alike(self, directory, O_RDONLY | O_DIRECTORY));
		error = count_names(self->fd, directory) < 0 ? errno : 0;
		EXPECT_TRUE(answers_alike("list", directory, error,
					  their_open(self->folder, directory,
						     O_RDONLY | O_DIRECTORY)));
		EXPECT_TRUE(open_alike(self, inside, O_RDWR));
		error = error_of(sysdemo_stat(self->fd, inside, &ours, sizeof(ours)));
		EXPECT_TRUE(answers_alike("stat", inside, error,
					  error_of(fstatat(self->folder, inside, &theirs, 0))));
		EXPECT_TRUE(open_alike(self, new, O_RDONLY));
		EXPECT_TRUE(open_alike(self, new, O_RDWR | O_CREAT | O_EXCL));
		error = error_of(sysdemo_unlink(self->fd, new));
		EXPECT_TRUE(answers_alike("unlink", new, error,
					  error_of(unlinkat(self->folder, new, 0))));
		error = error_of(sysdemo_mkdir(self->fd, new, 0700));
		EXPECT_TRUE(answers_alike("mkdir", new, error,
					  error_of(mkdirat(self->folder, new, 0700))));
		error = error_of(sysdemo_rmdir(self->fd, new));
		EXPECT_TRUE(answers_alike("rmdir", new, error,
					  error_of(unlinkat(self->folder, new, AT_REMOVEDIR))));
		error = error_of(sysdemo_unlink(self->fd, inside));
		EXPECT_TRUE(answers_alike("unlink", inside, error,
					  error_of(unlinkat(self->folder, inside, 0))));
		/* It is in a sticky directory. */
		error = error_of(sysdemo_rmdir(self->fd, directory));
		EXPECT_TRUE(answers_alike("rmdir", directory, error,
					  error_of(unlinkat(self->folder, directory,
							    AT_REMOVEDIR))));
	}
}

/* Whose it is, as the caller's user namespace tells it. */
static void try_owners(struct __test_metadata *_metadata, PERMISSION_DATA *self)
{
	struct sysdemo_stat ours;
	struct stat theirs;

	ASSERT_EQ(0, sysdemo_stat(self->fd, "file-000", &ours, sizeof(ours)));
	ASSERT_EQ(0, fstatat(self->folder, "file-000", &theirs, 0));
	EXPECT_EQ(theirs.st_uid, ours.uid);
	EXPECT_EQ(theirs.st_gid, ours.gid);
	/* And what is the caller's own. */
	EXPECT_TRUE(open_alike(self, "own", O_CREAT | O_RDWR));
	ASSERT_EQ(0, sysdemo_stat(self->fd, "own", &ours, sizeof(ours)));
	ASSERT_EQ(0, fstatat(self->folder, "own", &theirs, 0));
	EXPECT_EQ(theirs.st_uid, ours.uid);
	EXPECT_EQ(theirs.st_gid, ours.gid);
}

TEST_F_TIMEOUT(permission, as_in_a_tmpfs, SLOW)
{
	ASSERT_EQ(0, furnish(self->fd, self->folder));
	ASSERT_EQ(0, variant->become());
	try_owners(_metadata, self);
	try_files(_metadata, self);
	try_directories(_metadata, self);
}

TESTER_MAIN
