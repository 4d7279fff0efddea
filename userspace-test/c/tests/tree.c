// SPDX-License-Identifier: GPL-2.0
/*
 * The tree: names that come and go, what is told of them, and lists of them. What the system calls
 * of the same name say of a tmpfs is what is expected.
 */
#include "tree.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>

/* Both worlds: a file, an empty directory and a full one. */
static int furnish(TREE_DATA *self)
{
	int inner;

	if (mkdirat(self->folder, "empty", 0755) || mkdirat(self->folder, "full", 0755))
		return -1;
	close(openat(self->folder, "file", O_WRONLY | O_CREAT, 0644));
	inner = openat(self->folder, "full/inner", O_WRONLY | O_CREAT, 0644);
	close(inner);
	return inner < 0 || sysdemo_mkdir(self->fd, "empty", 0755) ||
	       sysdemo_mkdir(self->fd, "full", 0755) || make_file(self->fd, "file", 0644, "") ||
	       make_file(self->fd, "full/inner", 0644, "");
}

/* In the tmpfs "/" and ".." of its root are something else: those are in a table of their own. */
static const char * const paths[] = {
	"", "new", "new/", "new/new", "new/..", "file", "file/", "file/.", "file/..", "file/new",
	"empty", "empty/", "empty//", "empty/.", "empty/./", "empty/..", "empty/new", "full",
	"full/", "full/.", "full/..", "full/inner", "full/inner/", "full/inner/new", "./file",
	"empty/../file", "full//inner", "empty/../full/../file", ".",
};

static int our_mkdir(int fd, const char *path)
{
	return error_of(sysdemo_mkdir(fd, path, 0755));
}

static int their_mkdir(int folder, const char *path)
{
	return error_of(mkdirat(folder, path, 0755));
}

static int our_unlink(int fd, const char *path)
{
	return error_of(sysdemo_unlink(fd, path));
}

static int their_unlink(int folder, const char *path)
{
	return error_of(unlinkat(folder, path, 0));
}

static int our_rmdir(int fd, const char *path)
{
	return error_of(sysdemo_rmdir(fd, path));
}

static int their_rmdir(int folder, const char *path)
{
	return error_of(unlinkat(folder, path, AT_REMOVEDIR));
}

static int our_stat(int fd, const char *path)
{
	struct sysdemo_stat stat;

	return error_of(sysdemo_stat(fd, path, &stat, sizeof(stat)));
}

static int their_stat(int folder, const char *path)
{
	struct stat stat;

	return error_of(fstatat(folder, path, &stat, 0));
}

static int our_list(int fd, const char *path)
{
	return count_names(fd, path) < 0 ? errno : 0;
}

static int their_list(int folder, const char *path)
{
	int fd = openat(folder, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

static const struct {
	const char *name;
	int (*ours)(int fd, const char *path);
	int (*theirs)(int folder, const char *path);
} calls[] = {
	{ "mkdir", our_mkdir, their_mkdir },
	{ "unlink", our_unlink, their_unlink },
	{ "rmdir", our_rmdir, their_rmdir },
	{ "stat", our_stat, their_stat },
	{ "list", our_list, their_list },
};

TEST_F_TIMEOUT(tree, every_path_as_in_a_tmpfs, SLOW)
{
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(paths); j++) {
			int theirs;

			ASSERT_EQ(0, furnish(self));
			theirs = calls[i].theirs(self->folder, paths[j]);
			EXPECT_EQ(theirs, calls[i].ours(self->fd, paths[j]))
				TH_LOG("%s of \"%s\"", calls[i].name, paths[j]);
			/* Both as before. */
			unlinkat(self->folder, "full/inner", 0);
			unlinkat(self->folder, "full", AT_REMOVEDIR);
			unlinkat(self->folder, "empty/new", AT_REMOVEDIR);
			unlinkat(self->folder, "empty", AT_REMOVEDIR);
			unlinkat(self->folder, "new", AT_REMOVEDIR);
			unlinkat(self->folder, "file", 0);
			ASSERT_EQ(0, clear_tree(self->fd));
		}
	}
}

/* The root of all is the root directory of the kernel's own. */
TEST_F(tree, the_root_as_that_of_the_kernel)
{
	static const char * const roots[] = { "/", "//", "/.", "/..", "..", "../..", "/../." };

	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(roots); j++) {
			char theirs[16];

			/* From the root directory ".." leads nowhere else. */
			snprintf(theirs, sizeof(theirs), "/%s", roots[j]);
			EXPECT_EQ(calls[i].theirs(AT_FDCWD, theirs),
				  calls[i].ours(self->fd, roots[j]))
				TH_LOG("%s of \"%s\"", calls[i].name, roots[j]);
		}
	}
}

TEST_F(tree, the_root_is_like_tmp)
{
	struct sysdemo_stat stat;

	ASSERT_EQ(0, sysdemo_stat(self->fd, "/", &stat, sizeof(stat)));
	EXPECT_EQ(S_IFDIR | 01777, stat.mode);
	EXPECT_EQ(0, stat.uid);
	EXPECT_EQ(0, stat.gid);
	EXPECT_EQ(2, stat.nlink);
}

/* Who made it, with which permissions: what umask leaves of those that are asked for. */
TEST_F_TIMEOUT(tree, owner_and_mode_as_in_a_tmpfs, SLOW)
{
	static const mode_t masks[] = { 0, 022, 077, 0777, 0111 };

	ASSERT_EQ(0, be_user(ALICE, TEAM, 0, NULL));
	for (size_t i = 0; i < ARRAY_SIZE(masks); i++) {
		/* A prime: each bit with each other one, and not all that there are. */
		for (unsigned int mode = 0; mode <= 01777; mode += 7 * stride) {
			struct sysdemo_stat ours;
			struct stat theirs;
			int file;

			umask(masks[i]);
			ASSERT_EQ(0, sysdemo_mkdir(self->fd, "new", mode));
			ASSERT_EQ(0, mkdirat(self->folder, "new", mode));
			ASSERT_EQ(0, sysdemo_stat(self->fd, "new", &ours, sizeof(ours)));
			ASSERT_EQ(0, fstatat(self->folder, "new", &theirs, 0));
			ASSERT_EQ(theirs.st_mode, ours.mode);
			ASSERT_EQ(theirs.st_uid, ours.uid);
			ASSERT_EQ(theirs.st_gid, ours.gid);
			ASSERT_EQ(0, sysdemo_rmdir(self->fd, "new"));
			ASSERT_EQ(0, unlinkat(self->folder, "new", AT_REMOVEDIR));
			if (mode > 0777)
				continue;

			file = open_in_tree(self->fd, "new", O_RDWR | O_CREAT, mode);
			ASSERT_LE(0, file);
			close(file);
			file = openat(self->folder, "new", O_RDWR | O_CREAT, mode);
			ASSERT_LE(0, file);
			close(file);
			ASSERT_EQ(0, sysdemo_stat(self->fd, "new", &ours, sizeof(ours)));
			ASSERT_EQ(0, fstatat(self->folder, "new", &theirs, 0));
			ASSERT_EQ(theirs.st_mode, ours.mode);
			ASSERT_EQ(theirs.st_uid, ours.uid);
			ASSERT_EQ(theirs.st_gid, ours.gid);
			ASSERT_EQ(0, sysdemo_unlink(self->fd, "new"));
			ASSERT_EQ(0, unlinkat(self->folder, "new", 0));
		}
	}
	umask(0);
	be_root();
}

/* Bits that the mode of a new directory can have no use for. */
TEST_F(tree, modes_of_any_bits)
{
	for (int bit = 0; bit < 32; bit++) {
		struct sysdemo_stat ours;
		struct stat theirs;

		EXPECT_EQ(error_of(mkdirat(self->folder, "new", 1U << bit)),
			  error_of(sysdemo_mkdir(self->fd, "new", 1U << bit)))
			TH_LOG("bit %d", bit);
		ASSERT_EQ(0, fstatat(self->folder, "new", &theirs, 0));
		ASSERT_EQ(0, sysdemo_stat(self->fd, "new", &ours, sizeof(ours)));
		EXPECT_EQ(theirs.st_mode, ours.mode)
			TH_LOG("bit %d", bit);
		sysdemo_rmdir(self->fd, "new");
		unlinkat(self->folder, "new", AT_REMOVEDIR);
	}
}

TEST_F(tree, links_and_times_of_directories)
{
	struct sysdemo_stat before, after;

	ASSERT_EQ(0, sysdemo_mkdir(self->fd, "folder", 0755));
	ASSERT_EQ(0, sysdemo_stat(self->fd, "folder", &before, sizeof(before)));
	EXPECT_EQ(2, before.nlink);
	EXPECT_EQ(0, before.size);
	EXPECT_EQ(before.btime, before.mtime);
	/* More than a tick of any clock. */
	usleep(20000);
	ASSERT_EQ(0, sysdemo_mkdir(self->fd, "folder/inner", 0755));
	ASSERT_EQ(0, sysdemo_stat(self->fd, "folder", &after, sizeof(after)));
	EXPECT_EQ(3, after.nlink);
	EXPECT_EQ(before.ino, after.ino);
	EXPECT_EQ(before.btime, after.btime);
	EXPECT_LT(before.mtime, after.mtime);
	EXPECT_EQ(after.mtime, after.ctime);
	before = after;
	usleep(20000);
	ASSERT_EQ(0, sysdemo_rmdir(self->fd, "folder/inner"));
	ASSERT_EQ(0, sysdemo_stat(self->fd, "folder", &after, sizeof(after)));
	EXPECT_EQ(2, after.nlink);
	EXPECT_LT(before.mtime, after.mtime);
}

/* A directory that is open when it is taken away: nothing can be made in it any more. */
TEST_F(tree, removed_directories)
{
	struct stat stat;
	int folder;

	ASSERT_EQ(0, sysdemo_mkdir(self->fd, "folder", 0755));
	folder = open_in_tree(self->fd, "folder", O_RDONLY | O_DIRECTORY, 0);
	ASSERT_LE(0, folder);
	ASSERT_EQ(0, sysdemo_rmdir(self->fd, "folder"));
	ASSERT_EQ(0, fstat(folder, &stat));
	EXPECT_EQ(0, stat.st_nlink);
	EXPECT_EQ(S_IFDIR | 0755, stat.st_mode);
	EXPECT_EQ(ENOENT, error_of(open_in_tree(self->fd, "folder/new", O_CREAT | O_RDWR, 0600)));
	/* The next of that name is another one. */
	ASSERT_EQ(0, sysdemo_mkdir(self->fd, "folder", 0700));
	ASSERT_EQ(0, fstat(folder, &stat));
	EXPECT_EQ(0, stat.st_nlink);
	close(folder);
}

/* Numbers are never used again. */
TEST_F(tree, numbers_are_never_used_again)
{
	struct sysdemo_stat stat;
	__u64 last = 0;

	for (int i = 0; i < 100; i++) {
		ASSERT_EQ(0, make_file(self->fd, "file", 0600, ""));
		ASSERT_EQ(0, sysdemo_stat(self->fd, "file", &stat, sizeof(stat)));
		EXPECT_NE(last, stat.ino);
		EXPECT_NE(0, stat.ino);
		last = stat.ino;
		ASSERT_EQ(0, sysdemo_unlink(self->fd, "file"));
	}
}

/* In a sticky directory names are their owners' and the directory's owner's. */
TEST_F_TIMEOUT(tree, sticky_directories_as_in_a_tmpfs, SLOW)
{
	static const uid_t users[] = { 0, ALICE, BOB, EVE };

	for (int mode = 0777; mode <= 01777; mode += 01000) {
		for (size_t who = 0; who < ARRAY_SIZE(users); who++) {
			int ours, theirs, inner;

			ASSERT_EQ(0, be_user(ALICE, ALICE, 0, NULL));
			ASSERT_EQ(0, sysdemo_mkdir(self->fd, "folder", mode));
			ASSERT_EQ(0, mkdirat(self->folder, "folder", mode));
			ASSERT_EQ(0, be_user(BOB, BOB, 0, NULL));
			ASSERT_EQ(0, make_file(self->fd, "folder/file", 0666, ""));
			ASSERT_EQ(0, sysdemo_mkdir(self->fd, "folder/inner", 0777));
			inner = openat(self->folder, "folder/file", O_CREAT | O_RDWR, 0666);
			ASSERT_LE(0, inner);
			close(inner);
			ASSERT_EQ(0, mkdirat(self->folder, "folder/inner", 0777));

			ASSERT_EQ(0, be_user(users[who], users[who], 0, NULL));
			ours = error_of(sysdemo_unlink(self->fd, "folder/file"));
			theirs = error_of(unlinkat(self->folder, "folder/file", 0));
			EXPECT_EQ(theirs, ours)
				TH_LOG("mode %o, user %u", mode, users[who]);
			ours = error_of(sysdemo_rmdir(self->fd, "folder/inner"));
			theirs = error_of(unlinkat(self->folder, "folder/inner", AT_REMOVEDIR));
			EXPECT_EQ(theirs, ours)
				TH_LOG("mode %o, user %u", mode, users[who]);

			ASSERT_EQ(0, be_root());
			unlinkat(self->folder, "folder/file", 0);
			unlinkat(self->folder, "folder/inner", AT_REMOVEDIR);
			unlinkat(self->folder, "folder", AT_REMOVEDIR);
			ASSERT_EQ(0, clear_tree(self->fd));
		}
	}
}

#define MANY 100

static void make_many(struct __test_metadata *_metadata, int fd)
{
	char path[64];

	ASSERT_EQ(0, sysdemo_mkdir(fd, "folder", 0755));
	for (int i = 0; i < MANY; i++) {
		snprintf(path, sizeof(path), "folder/%0*d", i % 40 + 3, i);
		ASSERT_EQ(0, i % 3 ? make_file(fd, path, 0600, "") : sysdemo_mkdir(fd, path, 0700));
	}
}

/* Buffers of every size: each name once, in order, and no record is cut. */
TEST_F_TIMEOUT(tree, lists_in_pieces, SLOW)
{
	make_many(_metadata, self->fd);
	for (size_t size = 0; size < 400; size += size < 90 ? stride : 31) {
		__u64 buffer[52], cursor = 0;
		int next = 0;
		__s64 got;

		memset(buffer, 0x5a, sizeof(buffer));
		while ((got = sysdemo_list(self->fd, "folder", buffer, size, cursor)) > 0) {
			char *at = (char *)buffer, *end = at + got;

			ASSERT_GE((__s64)size, got);
			while (at < end) {
				const struct sysdemo_dirent *entry = (void *)at;
				size_t room = entry->size - sizeof(*entry);
				const char *name = (const char *)(entry + 1);
				struct sysdemo_stat stat;
				char path[64];

				ASSERT_EQ(0, entry->size % 8);
				ASSERT_LE(entry->name_len + 1, room);
				ASSERT_GT(entry->name_len + 9, room);
				ASSERT_EQ(next % 40 + 3, entry->name_len);
				for (size_t i = entry->name_len; i < room; i++)
					ASSERT_EQ(0, name[i]);
				ASSERT_EQ(next, atoi(name));
				ASSERT_EQ(next % 3 ? DT_REG : DT_DIR, entry->type);
				ASSERT_EQ(0, entry->pad);
				ASSERT_NE(0, entry->cursor);
				snprintf(path, sizeof(path), "folder/%s", name);
				ASSERT_EQ(0, sysdemo_stat(self->fd, path, &stat, sizeof(stat)));
				ASSERT_EQ(stat.ino, entry->ino);
				cursor = entry->cursor;
				at += entry->size;
				next++;
			}
			/* Beyond what it says it wrote it writes nothing. */
			for (char *beyond = end; beyond < (char *)(buffer + 52); beyond++)
				ASSERT_EQ(0x5a, *beyond);
			memset(buffer, 0x5a, sizeof(buffer));
		}
		if (got < 0) {
			EXPECT_EQ(EINVAL, errno);
			/* The longest name has 42 bytes. */
			EXPECT_GT(sizeof(struct sysdemo_dirent) + 48, size);
		} else {
			EXPECT_EQ(MANY, next)
				TH_LOG("size %zu", size);
			EXPECT_LE(sizeof(struct sysdemo_dirent) + 43, size);
		}
	}
}

/* Names that come and go between two pieces do no harm to the others. */
TEST_F(tree, lists_while_names_change)
{
	bool seen[MANY] = { false };
	__u64 buffer[16], cursor = 0;
	int pieces = 0;
	char path[256];
	__s64 got;

	make_many(_metadata, self->fd);
	while ((got = sysdemo_list(self->fd, "folder", buffer, sizeof(buffer), cursor)) > 0) {
		char *at = (char *)buffer, *end = at + got;

		while (at < end) {
			const struct sysdemo_dirent *entry = (void *)at;
			const char *name = (const char *)(entry + 1);

			cursor = entry->cursor;
			at += entry->size;
			if (*name == 'n')
				continue;
			ASSERT_FALSE(seen[atoi(name)])
				TH_LOG("%s twice", name);
			seen[atoi(name)] = true;
		}
		/* The name where the list stands goes, another comes. */
		if (pieces % 2) {
			snprintf(path, sizeof(path), "folder/%s",
				 (const char *)((struct sysdemo_dirent *)buffer + 1));
			sysdemo_unlink(self->fd, path);
			sysdemo_rmdir(self->fd, path);
		}
		snprintf(path, sizeof(path), "folder/new-%d", pieces++);
		if (pieces < 40)
			ASSERT_EQ(0, make_file(self->fd, path, 0600, ""));
	}
	EXPECT_EQ(0, got);
	for (int i = 0; i < MANY; i++) {
		EXPECT_TRUE(seen[i])
			TH_LOG("%d is missing", i);
	}
}

TEST_F(tree, cursors_of_any_value)
{
	static const __u64 cursors[] = { 1, 2, 1000, 1ULL << 31, 1ULL << 32, 1ULL << 62,
					 (1ULL << 63) - 1, 1ULL << 63, -2ULL, -1ULL };
	__u64 buffer[64];

	make_many(_metadata, self->fd);
	for (size_t i = 0; i < ARRAY_SIZE(cursors); i++) {
		__s64 got = sysdemo_list(self->fd, "folder", buffer, sizeof(buffer), cursors[i]);

		/* It is a place: there is something behind it, or nothing. */
		EXPECT_LE(0, got)
			TH_LOG("cursor %#llx", (long long)cursors[i]);
	}
	EXPECT_EQ(0, sysdemo_list(self->fd, "folder", buffer, sizeof(buffer), -1ULL));
}

/* However large the buffer is, one call does no more than so much. */
TEST_F_TIMEOUT(tree, lists_are_bounded, SLOW)
{
	static char buffer[2 * SYSDEMO_COPY_MAX];
	char path[64];
	__s64 got;

	for (int i = 0; i < 1000; i++) {
		snprintf(path, sizeof(path), "%060d", i);
		ASSERT_EQ(0, make_file(self->fd, path, 0600, ""))
			TH_LOG("%d: %s", i, strerror(errno));
	}
	got = sysdemo_list(self->fd, "/", buffer, sizeof(buffer), 0);
	EXPECT_LT(SYSDEMO_COPY_MAX / 2, got);
	EXPECT_GE(SYSDEMO_COPY_MAX, got);
	EXPECT_EQ(1000, count_names(self->fd, "/"));
}

#define DEPTH 400

/* A directory in a directory in a directory. */
TEST_F_TIMEOUT(tree, deep_directories, SLOW)
{
	char path[2 * DEPTH + 1] = "";

	for (int depth = 0; depth < DEPTH; depth++) {
		strcat(path, "/d");
		ASSERT_EQ(0, sysdemo_mkdir(self->fd, path, 0700))
			TH_LOG("%d: %s", depth, strerror(errno));
	}
	EXPECT_EQ(ENOTEMPTY, error_of(sysdemo_rmdir(self->fd, "d")));
	for (int depth = DEPTH; depth > 0; depth--) {
		path[2 * depth] = '\0';
		ASSERT_EQ(0, sysdemo_rmdir(self->fd, path));
	}
}

/* One's own tree is everybody's. */
TEST_F(tree, there_is_one_tree_for_all)
{
	int other = sysdemo_open(device);

	ASSERT_LE(0, other);
	ASSERT_EQ(0, make_file(self->fd, "file", 0600, "abc"));
	EXPECT_EQ(1, count_names(other, "/"));
	EXPECT_EQ(0, sysdemo_unlink(other, "file"));
	EXPECT_EQ(0, count_names(self->fd, "/"));
	close(other);
}

#define RACERS 4
#define ROUNDS 500

static int race_fd;
static atomic_int made, taken;

static void *make_and_take(void *arg)
{
	(void)arg;
	for (int i = 0; i < ROUNDS; i++) {
		int error = error_of(sysdemo_mkdir(race_fd, "a", 0700));

		if (!error)
			atomic_fetch_add(&made, 1);
		else if (error != EEXIST)
			return "mkdir";
		error = error_of(sysdemo_mkdir(race_fd, "a/b", 0700));
		if (!error)
			atomic_fetch_add(&made, 1);
		else if (error != EEXIST && error != ENOENT)
			return "mkdir of an inner one";
		error = error_of(sysdemo_rmdir(race_fd, "a/b"));
		if (!error)
			atomic_fetch_add(&taken, 1);
		else if (error != ENOENT)
			return "rmdir of an inner one";
		error = error_of(sysdemo_rmdir(race_fd, "a"));
		if (!error)
			atomic_fetch_add(&taken, 1);
		else if (error != ENOENT && error != ENOTEMPTY)
			return "rmdir";
	}
	return NULL;
}

/* What was made was taken away as often, and all of it is gone at last. */
TEST_F_TIMEOUT(tree, names_that_come_and_go_at_once, SLOW)
{
	pthread_t threads[RACERS];

	race_fd = self->fd;
	for (int i = 0; i < RACERS; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, make_and_take, NULL));
	for (int i = 0; i < RACERS; i++) {
		void *wrong;

		pthread_join(threads[i], &wrong);
		EXPECT_EQ(NULL, wrong)
			TH_LOG("%s", (const char *)wrong);
	}
	if (!sysdemo_rmdir(self->fd, "a/b"))
		atomic_fetch_add(&taken, 1);
	if (!sysdemo_rmdir(self->fd, "a"))
		atomic_fetch_add(&taken, 1);
	EXPECT_EQ(made, taken);
	EXPECT_LT(ROUNDS / 2, made);
	EXPECT_EQ(0, count_names(self->fd, "/"));
}

TESTER_MAIN
