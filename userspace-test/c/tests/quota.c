// SPDX-License-Identifier: GPL-2.0
/*
 * How much there may be in the tree: what is refused beyond, and that all of it can be had again.
 */
#include "tree.h"

#include <pthread.h>

/* A limit: what the module was loaded with, where the environment tells, or what it has without. */
static size_t limit(const char *name, size_t otherwise)
{
	const char *told = getenv(name);

	return told ? strtoul(told, NULL, 10) : otherwise;
}

#define FILE_BYTES limit("file_bytes", 4 << 20)
#define TREE_NODES ((int)limit("tree_nodes", 16384))
#define USER_NODES ((int)limit("user_nodes", 8192))

#define PAGE 4096
#define CHUNK (64 * PAGE)

static char chunk[CHUNK];

/* Makes a file as a user and fills it until it is refused; the error, or 0 at the largest size. */
static int fill(int fd, uid_t user, const char *path, size_t *size)
{
	int file, error = 0;

	*size = 0;
	if (be_user(user, user, 0, NULL))
		return -1;
	file = open_in_tree(fd, path, O_RDWR | O_CREAT | O_EXCL, 0666);
	if (file < 0)
		return errno;
	while (!error && *size < FILE_BYTES) {
		size_t step = CHUNK;
		ssize_t written = write(file, chunk, step);

		if (written < 0 && step > PAGE) {
			/* Page by page to the end. */
			step = PAGE;
			written = write(file, chunk, step);
		}
		if (written < 0)
			error = errno;
		else
			*size += written;
	}
	close(file);
	return be_root() ? -1 : error;
}

TEST_F(tree, largest_file)
{
	int file = open_in_tree(self->fd, "file", O_RDWR | O_CREAT, 0600);
	char text[4] = "abc";

	ASSERT_LE(0, file);
	/* What fits, then nothing. */
	EXPECT_EQ(1, pwrite(file, text, 3, FILE_BYTES - 1));
	EXPECT_EQ(EFBIG, error_of(pwrite(file, text, 3, FILE_BYTES)));
	EXPECT_EQ(EFBIG, error_of(pwrite64(file, text, 3, 1LL << 40)));
	EXPECT_EQ(EFBIG, error_of(pwrite64(file, text, 1, LLONG_MAX - 1)));
	EXPECT_EQ(EFBIG, error_of(ftruncate(file, FILE_BYTES + 1)));
	EXPECT_EQ(FILE_BYTES, lseek(file, 0, SEEK_END));
	EXPECT_EQ(EFBIG, error_of(sysdemo_write(self->fd, file, text, 1)));
	EXPECT_EQ(0, write(file, text, 0));
	EXPECT_EQ(0, ftruncate(file, FILE_BYTES));
	close(file);
}

/* Of a hole nothing is counted: many files may be large that have little in them. */
TEST_F(tree, holes_take_nothing)
{
	struct sysdemo_stat stat;
	char path[16];

	for (int i = 0; i < 20; i++) {
		int file;

		snprintf(path, sizeof(path), "file-%d", i);
		file = open_in_tree(self->fd, path, O_RDWR | O_CREAT, 0600);
		ASSERT_LE(0, file);
		EXPECT_EQ(1, pwrite(file, "x", 1, FILE_BYTES - 1));
		close(file);
		ASSERT_EQ(0, sysdemo_stat(self->fd, path, &stat, sizeof(stat)));
		EXPECT_EQ(FILE_BYTES, stat.size);
		EXPECT_EQ(PAGE / 512, stat.blocks);
	}
}

TEST_F_TIMEOUT(tree, bytes_of_one_user, 120)
{
	int file, reader;
	size_t size;

	EXPECT_EQ(0, fill(self->fd, ALICE, "one", &size));
	EXPECT_EQ(0, fill(self->fd, ALICE, "two", &size));
	EXPECT_EQ(EDQUOT, fill(self->fd, ALICE, "three", &size));
	EXPECT_EQ(0, size);
	/* Who owns it pays, whoever writes. What is refused leaves the file as it was. */
	file = open_in_tree(self->fd, "three", O_RDWR, 0);
	ASSERT_LE(0, file);
	EXPECT_EQ(EDQUOT, error_of(write(file, chunk, 1)));
	EXPECT_EQ(EDQUOT, error_of(sysdemo_write(self->fd, file, chunk, 1)));
	EXPECT_EQ(0, lseek(file, 0, SEEK_END));
	/* What is there can be written over. */
	close(file);
	file = open_in_tree(self->fd, "two", O_RDWR, 0);
	ASSERT_LE(0, file);
	EXPECT_EQ(CHUNK, pwrite(file, chunk, CHUNK, 0));
	/* Another user has its own. */
	EXPECT_EQ(0, fill(self->fd, BOB, "four", &size));

	/* An unlinked file counts until it is closed. */
	ASSERT_EQ(0, sysdemo_unlink(self->fd, "two"));
	ASSERT_EQ(0, sysdemo_unlink(self->fd, "three"));
	EXPECT_EQ(EDQUOT, fill(self->fd, ALICE, "three", &size));
	close(file);
	ASSERT_EQ(0, sysdemo_unlink(self->fd, "three"));
	EXPECT_EQ(0, fill(self->fd, ALICE, "three", &size));
	/* A truncated one counts no more, whoever has it open. */
	reader = open_in_tree(self->fd, "one", O_RDONLY, 0);
	ASSERT_LE(0, reader);
	close(open_in_tree(self->fd, "one", O_WRONLY | O_TRUNC, 0));
	EXPECT_EQ(0, fill(self->fd, ALICE, "five", &size));
	close(reader);
}

TEST_F_TIMEOUT(tree, bytes_of_all_users, 120)
{
	size_t size;

	EXPECT_EQ(0, fill(self->fd, ALICE, "one", &size));
	EXPECT_EQ(0, fill(self->fd, ALICE, "two", &size));
	EXPECT_EQ(0, fill(self->fd, BOB, "three", &size));
	EXPECT_EQ(0, fill(self->fd, BOB, "four", &size));
	EXPECT_EQ(ENOSPC, fill(self->fd, EVE, "five", &size));
	EXPECT_EQ(0, size);
	/* Root has no more than others. */
	EXPECT_EQ(ENOSPC, fill(self->fd, 0, "six", &size));
	ASSERT_EQ(0, sysdemo_unlink(self->fd, "one"));
	EXPECT_EQ(0, fill(self->fd, EVE, "seven", &size));
}

static int make_directories(int fd, const char *folder, int count)
{
	char path[64];

	for (int i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "%s/%d", folder, i);
		if (sysdemo_mkdir(fd, path, 0700))
			return i;
	}
	return count;
}

#define RACERS 4
#define RACES 200

static int race_fd;
static pthread_barrier_t barrier;

/* Makes a file, or opens it if it is there, in each round; the last error. */
static void *make_or_open(void *arg)
{
	int error = 0;

	(void)arg;
	for (int round = 0; round < RACES; round++) {
		int file;

		pthread_barrier_wait(&barrier);
		file = open_in_tree(race_fd, "alice/last", O_CREAT | O_RDWR, 0600);
		if (file < 0)
			error = errno;
		else
			close(file);
		if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD)
			sysdemo_unlink(race_fd, "alice/last");
	}
	return (void *)(intptr_t)error;
}

/*
 * Of several who make the last file that one may have, one makes it, and the others have it: what
 * they would have made themselves takes the place of nothing.
 */
static void race_for_the_last(struct __test_metadata *_metadata, int fd)
{
	pthread_t threads[RACERS];

	race_fd = fd;
	ASSERT_EQ(0, pthread_barrier_init(&barrier, NULL, RACERS));
	/* They are whom this thread is. */
	for (int i = 0; i < RACERS; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, make_or_open, NULL));
	for (int i = 0; i < RACERS; i++) {
		void *error;

		pthread_join(threads[i], &error);
		EXPECT_EQ(0, (intptr_t)error)
			TH_LOG("%s", strerror((intptr_t)error));
	}
}

TEST_F_TIMEOUT(tree, names_of_users, 240)
{
	int files = count_open_files();

	ASSERT_EQ(0, sysdemo_mkdir(self->fd, "alice", 0777));
	ASSERT_EQ(0, sysdemo_mkdir(self->fd, "bob", 0777));
	ASSERT_EQ(0, be_user(ALICE, ALICE, 0, NULL));
	EXPECT_EQ(USER_NODES, make_directories(self->fd, "alice", USER_NODES + 1));
	EXPECT_EQ(EDQUOT, errno);
	EXPECT_EQ(EDQUOT, error_of(open_in_tree(self->fd, "alice/x", O_CREAT | O_RDWR, 0600)));
	/* What cannot be made for another reason is not made for that one. */
	EXPECT_EQ(EEXIST, error_of(sysdemo_mkdir(self->fd, "alice", 0700)));
	EXPECT_EQ(ENOENT, error_of(sysdemo_mkdir(self->fd, "none/x", 0700)));
	ASSERT_EQ(0, sysdemo_rmdir(self->fd, "alice/7"));
	race_for_the_last(_metadata, self->fd);
	EXPECT_EQ(0, sysdemo_mkdir(self->fd, "alice/x", 0700));
	EXPECT_EQ(EDQUOT, error_of(sysdemo_mkdir(self->fd, "alice/y", 0700)));

	/* Beside what users have there are the two directories, and perhaps the root. */
	ASSERT_EQ(0, be_user(BOB, BOB, 0, NULL));
	EXPECT_LE(TREE_NODES - USER_NODES - 3,
		  make_directories(self->fd, "bob", USER_NODES + 1));
	EXPECT_EQ(ENOSPC, errno);
	EXPECT_EQ(ENOSPC, error_of(open_in_tree(self->fd, "bob/x", O_CREAT | O_RDWR, 0600)));
	ASSERT_EQ(0, be_root());
	EXPECT_EQ(ENOSPC, error_of(sysdemo_mkdir(self->fd, "root", 0700)));
	EXPECT_EQ(files, count_open_files());
	ASSERT_EQ(0, clear_tree(self->fd));
	EXPECT_EQ(0, sysdemo_mkdir(self->fd, "root", 0700));
}

TESTER_MAIN
