// SPDX-License-Identifier: GPL-2.0
/*
 * Files of the tree once they are open: reading and writing by system calls and by calls of the
 * device, the position, what becomes of them when they are unlinked or truncated, and who keeps the
 * module. What a file of a tmpfs does is what is expected.
 */
#include "pending.h"
#include "tree.h"

#include <linux/fs.h>
#include <poll.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <limits.h>
#include <stdatomic.h>

/* A file of each world, the same in both. */
static int open_both(TREE_DATA *self, const char *path, __u64 flags, int *theirs)
{
	__u64 mode = flags & O_CREAT ? 0600 : 0;
	int ours = open_in_tree(self->fd, path, flags, mode);

	*theirs = open_for_real(self->folder, path, flags, mode, 0);
	return *theirs < 0 ? -1 : ours;
}

static ssize_t by_system_call(TREE_DATA *self, bool writes, int file, void *buffer,
			      size_t count)
{
	(void)self;
	return writes ? write(file, buffer, count) : read(file, buffer, count);
}

static ssize_t by_call(TREE_DATA *self, bool writes, int file, void *buffer, size_t count)
{
	return writes ? sysdemo_write(self->fd, file, buffer, count) :
			sysdemo_read(self->fd, file, buffer, count);
}

/* The two ways to do the same. */
static ssize_t (* const ways[])(TREE_DATA *self, bool writes, int file, void *buffer,
				size_t count) = { by_system_call, by_call };

TEST_F(tree, what_is_written_is_read)
{
	for (size_t way = 0; way < ARRAY_SIZE(ways); way++) {
		char text[] = "some words", got[64] = "";
		int file = open_in_tree(self->fd, "file", O_RDWR | O_CREAT | O_TRUNC, 0600);

		ASSERT_LE(0, file);
		EXPECT_EQ(10, ways[way](self, true, file, text, 10));
		/* At the end. */
		EXPECT_EQ(0, ways[way](self, false, file, got, sizeof(got)));
		EXPECT_EQ(0, lseek(file, 0, SEEK_SET));
		EXPECT_EQ(4, ways[way](self, false, file, got, 4));
		EXPECT_EQ(6, ways[way](self, false, file, got + 4, sizeof(got) - 4));
		EXPECT_STREQ(text, got);
		close(file);
	}
}

/* Both ways have one position, and so have copies of a descriptor. */
TEST_F(tree, position_is_shared)
{
	int file = open_in_tree(self->fd, "file", O_RDWR | O_CREAT, 0600);
	int copy = dup(file), other = open_in_tree(self->fd, "file", O_RDWR, 0);
	char got[8] = "";
	pid_t child;

	ASSERT_LE(0, file);
	ASSERT_LE(0, copy);
	ASSERT_LE(0, other);
	EXPECT_EQ(3, write(file, "abc", 3));
	EXPECT_EQ(3, sysdemo_write(self->fd, copy, "def", 3));
	child = fork();
	if (!child)
		_exit(sysdemo_write(self->fd, copy, "ghi", 3) != 3);
	EXPECT_EQ(0, wait_for(child));
	EXPECT_EQ(9, lseek(file, 0, SEEK_CUR));
	/* Another open file has its own. */
	EXPECT_EQ(0, lseek(other, 0, SEEK_CUR));
	EXPECT_EQ(4, sysdemo_read(self->fd, other, got, 4));
	EXPECT_EQ(4, read(other, got + 4, 4));
	EXPECT_EQ(0, memcmp(got, "abcdefgh", 8));
	/* With an offset it does not move. */
	EXPECT_EQ(2, pwrite(other, "XY", 2, 0));
	EXPECT_EQ(3, pread(other, got, 3, 0));
	EXPECT_EQ(0, memcmp(got, "XYc", 3));
	EXPECT_EQ(8, lseek(other, 0, SEEK_CUR));
	close(file);
	close(copy);
	close(other);
}

TEST_F(tree, access_modes)
{
	static const int modes[] = { O_RDONLY, O_WRONLY, O_RDWR, 3 };
	char byte = 'x';

	ASSERT_EQ(0, make_file(self->fd, "file", 0600, "abc"));
	close(openat(self->folder, "file", O_CREAT | O_WRONLY, 0600));
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		int theirs, ours = open_both(self, "file", modes[i], &theirs);

		ASSERT_LE(0, ours);
		for (size_t way = 0; way < ARRAY_SIZE(ways); way++) {
			EXPECT_EQ(error_of(read(theirs, &byte, 1)),
				  error_of(ways[way](self, false, ours, &byte, 1)))
				TH_LOG("mode %d, way %zu", modes[i], way);
			EXPECT_EQ(error_of(write(theirs, &byte, 1)),
				  error_of(ways[way](self, true, ours, &byte, 1)))
				TH_LOG("mode %d, way %zu", modes[i], way);
		}
		EXPECT_EQ(error_of(ftruncate(theirs, 1)), error_of(ftruncate(ours, 1)));
		close(ours);
		close(theirs);
	}
}

/* The calls are for files of the tree alone. */
TEST_F(tree, foreign_descriptors_are_ebadf)
{
	int pipes[2], closed;
	char byte = 'x';

	ASSERT_EQ(0, pipe(pipes));
	closed = dup(pipes[0]);
	ASSERT_LE(0, closed);
	close(closed);
	const int foreign[] = {
		-1, -2, INT_MAX, INT_MIN, closed, pipes[0], pipes[1], self->fd, self->folder,
		memfd_create("foreign", MFD_CLOEXEC), open("/dev/zero", O_RDWR | O_CLOEXEC),
		socket(AF_UNIX, SOCK_STREAM, 0),
	};

	for (size_t i = 0; i < ARRAY_SIZE(foreign); i++) {
		EXPECT_EQ(EBADF, error_of(sysdemo_read(self->fd, foreign[i], &byte, 1)))
			TH_LOG("number %zu", i);
		EXPECT_EQ(EBADF, error_of(sysdemo_write(self->fd, foreign[i], &byte, 1)))
			TH_LOG("number %zu", i);
		EXPECT_EQ(EBADF, error_of(sysdemo_read(self->fd, foreign[i], NULL, 0)));
	}
}

/* Of a register only the lower half is the descriptor, as for read(2). */
TEST_F(tree, descriptors_are_cut)
{
	int file = open_in_tree(self->fd, "file", O_RDWR | O_CREAT, 0600);
	char byte = 'x';

	ASSERT_LE(0, file);
	EXPECT_EQ(1, sysdemo_syscall(self->fd, SYSDEMO_NR_WRITE, file | 0xdeadbeef00000000,
				     (uintptr_t)&byte, 1, 0, 0, 0));
	EXPECT_EQ(1, lseek(file, 0, SEEK_CUR));
	close(file);
}

TEST_F(tree, directories_are_not_read)
{
	int theirs, ours;
	char byte;

	ASSERT_EQ(0, sysdemo_mkdir(self->fd, "folder", 0700));
	ASSERT_EQ(0, mkdirat(self->folder, "folder", 0700));
	ours = open_both(self, "folder", O_RDONLY | O_DIRECTORY, &theirs);
	ASSERT_LE(0, ours);
	for (size_t size = 0; size <= 1; size++) {
		EXPECT_EQ(EISDIR, error_of(read(theirs, &byte, size)));
		for (size_t way = 0; way < ARRAY_SIZE(ways); way++) {
			EXPECT_EQ(EISDIR, error_of(ways[way](self, false, ours, &byte, size)))
				TH_LOG("way %zu, %zu bytes", way, size);
			EXPECT_EQ(EBADF, error_of(ways[way](self, true, ours, &byte, size)))
				TH_LOG("way %zu, %zu bytes", way, size);
		}
	}
	/* What ends nowhere is wrong before that. */
	EXPECT_EQ(LLONG_MAX, lseek64(ours, LLONG_MAX, SEEK_SET));
	EXPECT_EQ(LLONG_MAX, lseek64(theirs, LLONG_MAX, SEEK_SET));
	EXPECT_EQ(EINVAL, error_of(read(theirs, &byte, 1)));
	for (size_t way = 0; way < ARRAY_SIZE(ways); way++) {
		EXPECT_EQ(EINVAL, error_of(ways[way](self, false, ours, &byte, 1)))
			TH_LOG("way %zu", way);
	}
	/* It has positions, but no end that would be one. */
	EXPECT_EQ(0, lseek(ours, 0, SEEK_SET));
	EXPECT_EQ(0, lseek(ours, 0, SEEK_CUR));
	EXPECT_EQ(EINVAL, error_of(lseek(ours, 0, SEEK_END)));
	EXPECT_EQ(EINVAL, error_of(lseek(ours, 0, SEEK_DATA)));
	close(ours);
	close(theirs);
}

/* Memory ends in the middle of what is read or written. */
TEST_F_TIMEOUT(tree, partial_copies, SLOW)
{
	size_t page = sysconf(_SC_PAGESIZE);
	char *memory = map_with_guard(), *end = memory + page;
	static const size_t there[] = { 0, 1, 7, 100, 4095, 4096 };

	ASSERT_NE(NULL, memory);
	for (size_t way = 0; way < ARRAY_SIZE(ways); way++) {
		for (size_t i = 0; i < ARRAY_SIZE(there); i++) {
			int file = open_in_tree(self->fd, "file", O_RDWR | O_CREAT | O_TRUNC, 0600);
			ssize_t got;

			ASSERT_LE(0, file);
			memset(memory, 'a', page);
			/* What was copied is told; nothing is lost, and nothing made up. */
			got = ways[way](self, true, file, end - there[i], 8192);
			if (!there[i]) {
				EXPECT_EQ(-1, got);
				EXPECT_EQ(EFAULT, errno);
				got = 0;
			} else {
				EXPECT_LT(0, got)
					TH_LOG("way %zu, %zu there: %s", way, there[i],
					       strerror(errno));
				EXPECT_GE((ssize_t)there[i], got);
			}
			EXPECT_EQ(got, lseek(file, 0, SEEK_CUR));
			EXPECT_EQ(got, lseek(file, 0, SEEK_END));

			ASSERT_EQ(0, ftruncate(file, 0));
			ASSERT_EQ(page, pwrite(file, memory, page, 0));
			ASSERT_EQ(page, pwrite(file, memory, page, page));
			ASSERT_EQ(0, lseek(file, 0, SEEK_SET));
			memset(memory, 'b', page);
			got = ways[way](self, false, file, end - there[i], 8192);
			if (!there[i]) {
				EXPECT_EQ(-1, got);
				EXPECT_EQ(EFAULT, errno);
				got = 0;
			} else {
				EXPECT_LT(0, got)
					TH_LOG("way %zu, %zu there: %s", way, there[i],
					       strerror(errno));
				EXPECT_GE((ssize_t)there[i], got);
			}
			EXPECT_EQ(got, lseek(file, 0, SEEK_CUR));
			for (ssize_t j = 0; j < got; j++)
				EXPECT_EQ('a', end[j - there[i]]);
			close(file);
		}
	}
	munmap(memory, 2 * page);
}

/* Several areas, the last of which is not there. */
TEST_F(tree, vectors)
{
	char first[] = "abc", second[] = "defg", got[2][4];
	struct iovec vector[] = {
		{ first, 3 }, { second, 4 }, { NULL, 5 },
	};
	struct iovec into[] = { { got[0], 2 }, { NULL, 0 }, { got[1], 4 } };
	int theirs, ours = open_both(self, "file", O_RDWR | O_CREAT, &theirs);

	ASSERT_LE(0, ours);
	EXPECT_EQ(7, writev(ours, vector, 2));
	EXPECT_EQ(7, writev(theirs, vector, 2));
	EXPECT_EQ(writev(theirs, vector, 3), writev(ours, vector, 3));
	EXPECT_EQ(lseek(theirs, 0, SEEK_END), lseek(ours, 0, SEEK_END));
	EXPECT_EQ(6, preadv(ours, into, 3, 1));
	EXPECT_EQ(0, memcmp(got[0], "bc", 2));
	EXPECT_EQ(0, memcmp(got[1], "defg", 4));
	close(ours);
	close(theirs);
}

/* A count that would be negative if it had a sign, and one that is cut to what one call may do. */
TEST_F(tree, counts)
{
	static const size_t counts[] = { (size_t)-1, (size_t)1 << (sizeof(size_t) * 8 - 1) };
	int theirs, ours = open_both(self, "file", O_RDWR | O_CREAT, &theirs);
	char buffer[4] = "abc";

	ASSERT_LE(0, ours);
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
#ifdef __LP64__
		EXPECT_EQ(error_of(syscall(SYS_read, theirs, buffer, counts[i])),
			  error_of(sysdemo_read(self->fd, ours, buffer, counts[i])));
		EXPECT_EQ(error_of(syscall(SYS_write, theirs, buffer, counts[i])),
			  error_of(sysdemo_write(self->fd, ours, buffer, counts[i])));
#endif
		EXPECT_EQ(error_of(syscall(SYS_read, theirs, buffer, counts[i])),
			  error_of(syscall(SYS_read, ours, buffer, counts[i])));
	}
	EXPECT_EQ(EFAULT, error_of(sysdemo_syscall(self->fd, SYSDEMO_NR_READ, ours,
						   (uintptr_t)buffer, -1ULL, 0, 0, 0)));
	EXPECT_EQ(EFAULT, error_of(sysdemo_syscall(self->fd, SYSDEMO_NR_WRITE, ours,
						   (uintptr_t)buffer, 1ULL << 63, 0, 0, 0)));
	EXPECT_EQ(0, lseek(ours, 0, SEEK_END));
	/* Beyond the last position that there is. */
	ASSERT_EQ(LLONG_MAX, lseek64(ours, LLONG_MAX, SEEK_SET));
	EXPECT_EQ(EINVAL, error_of(sysdemo_read(self->fd, ours, buffer, 4)));
	EXPECT_EQ(EINVAL, error_of(read(ours, buffer, 4)));
	EXPECT_EQ(EINVAL, error_of(sysdemo_write(self->fd, ours, buffer, 4)));
	EXPECT_EQ(EINVAL, error_of(write(ours, buffer, 4)));
	close(ours);
	close(theirs);
}

/*
 * What would end beyond the last position, were it not cut to what one call may do. It is not: the
 * kernel asks first, and cuts then.
 */
TEST_F(tree, counts_that_end_nowhere)
{
	const __u64 far = (__u64)LLONG_MAX - (1ULL << 35), count = 1ULL << 40;
	int file = open_in_tree(self->fd, "file", O_RDWR | O_CREAT, 0600);
	/* So low that all of the count is in the part of memory that is the caller's. */
	void *low = mmap((void *)(16 << 20), 4096, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	const __u64 address = (uintptr_t)low;

	ASSERT_LE(0, file);
	ASSERT_NE(MAP_FAILED, low);
	ASSERT_EQ((long long)far, lseek64(file, far, SEEK_SET));
	for (__u32 nr = SYSDEMO_NR_READ; nr <= SYSDEMO_NR_WRITE; nr++) {
		EXPECT_EQ(EINVAL, error_of(sysdemo_syscall(self->fd, nr, file, address, count,
							   0, 0, 0)));
#ifdef __LP64__
		EXPECT_EQ(EINVAL, error_of(syscall(nr == SYSDEMO_NR_READ ? SYS_read : SYS_write,
						   file, low, count)));
#endif
	}
	/* What ends at the last position is only cut, and there is nothing. */
	EXPECT_EQ(0, sysdemo_syscall(self->fd, SYSDEMO_NR_READ, file, address, 1ULL << 35,
				     0, 0, 0));
	EXPECT_EQ(EFBIG, error_of(sysdemo_syscall(self->fd, SYSDEMO_NR_WRITE, file, address,
						  1ULL << 35, 0, 0, 0)));
	EXPECT_EQ((long long)far, lseek64(file, 0, SEEK_CUR));
	munmap(low, 4096);
	close(file);
}

/* What is written in several pieces is all there, and ends where memory does. */
TEST_F(tree, long_writes)
{
	const size_t length = 3 * SYSDEMO_COPY_MAX, page = sysconf(_SC_PAGESIZE);
	unsigned char *text = mmap(NULL, length + page, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned char *got = malloc(length);

	ASSERT_NE(MAP_FAILED, (void *)text);
	ASSERT_NE(NULL, got);
	ASSERT_EQ(0, munmap(text + length, page));
	for (size_t i = 0; i < length; i++)
		text[i] = i % 251;
	for (size_t way = 0; way < ARRAY_SIZE(ways); way++) {
		for (int append = 0; append <= 1; append++) {
			int flags = O_RDWR | O_CREAT | O_TRUNC | (append ? O_APPEND : 0);
			int file = open_in_tree(self->fd, "file", flags, 0600);

			ASSERT_LE(0, file);
			EXPECT_EQ(5, ways[way](self, true, file, text, 5));
			EXPECT_EQ(length - 5, ways[way](self, true, file, text + 5, length));
			EXPECT_EQ(length, lseek(file, 0, SEEK_CUR));
			EXPECT_EQ(length, lseek(file, 0, SEEK_END));
			EXPECT_EQ(length, pread(file, got, length, 0));
			EXPECT_EQ(0, memcmp(got, text, length));
			EXPECT_EQ(EFAULT, error_of(ways[way](self, true, file, text + length, 1)));
			close(file);
		}
	}
	munmap(text, length);
	free(got);
}

TEST_F(tree, appending)
{
	int file, other, theirs;
	char got[16] = "";

	ASSERT_EQ(0, make_file(self->fd, "file", 0600, "abc"));
	file = open_both(self, "file", O_RDWR | O_APPEND | O_CREAT, &theirs);
	other = open_in_tree(self->fd, "file", O_RDWR | O_APPEND, 0);
	ASSERT_LE(0, file);
	ASSERT_LE(0, other);
	ASSERT_EQ(3, write(theirs, "abc", 3));
	EXPECT_EQ(1, write(file, "d", 1));
	EXPECT_EQ(1, sysdemo_write(self->fd, other, "e", 1));
	EXPECT_EQ(0, lseek(file, 0, SEEK_SET));
	EXPECT_EQ(1, sysdemo_write(self->fd, file, "f", 1));
	EXPECT_EQ(6, lseek(file, 0, SEEK_CUR));
	EXPECT_EQ(6, pread(other, got, sizeof(got), 0));
	EXPECT_STREQ("abcdef", got);
	/* An offset counts for nothing: Linux has it so. */
	EXPECT_EQ(pwrite(theirs, "g", 1, 0), pwrite(file, "g", 1, 0));
	EXPECT_EQ(7, lseek(file, 0, SEEK_END));
	EXPECT_EQ(4, lseek(theirs, 0, SEEK_END));
	/* It can be taken away and given. */
	ASSERT_EQ(0, fcntl(file, F_SETFL, 0));
	EXPECT_EQ(1, pwrite(file, "A", 1, 0));
	EXPECT_EQ(7, lseek(file, 0, SEEK_END));
	close(file);
	close(other);
	close(theirs);
}

TEST_F(tree, unlinked_files_last_until_they_are_closed)
{
	int file = open_in_tree(self->fd, "file", O_RDWR | O_CREAT, 0640), second;
	struct stat stat;
	char got[8] = "";

	ASSERT_LE(0, file);
	ASSERT_EQ(3, write(file, "abc", 3));
	ASSERT_EQ(0, fstat(file, &stat));
	EXPECT_EQ(1, stat.st_nlink);
	ASSERT_EQ(0, sysdemo_unlink(self->fd, "file"));
	EXPECT_EQ(ENOENT, error_of(open_in_tree(self->fd, "file", O_RDWR, 0)));
	ASSERT_EQ(0, fstat(file, &stat));
	EXPECT_EQ(0, stat.st_nlink);
	EXPECT_EQ(S_IFREG | 0640, stat.st_mode);
	EXPECT_EQ(3, stat.st_size);
	EXPECT_EQ(3, sysdemo_write(self->fd, file, "def", 3));
	EXPECT_EQ(6, pread(file, got, sizeof(got), 0));
	EXPECT_STREQ("abcdef", got);
	/* The name is free for another file. */
	second = open_in_tree(self->fd, "file", O_RDWR | O_CREAT | O_EXCL, 0600);
	ASSERT_LE(0, second);
	EXPECT_EQ(0, pread(second, got, sizeof(got), 0));
	close(second);
	close(file);
}

TEST_F(tree, reading_what_is_truncated)
{
	int file = open_in_tree(self->fd, "file", O_RDWR | O_CREAT, 0600);
	char got[16];

	ASSERT_LE(0, file);
	ASSERT_EQ(6, write(file, "abcdef", 6));
	ASSERT_EQ(0, ftruncate(file, 3));
	/* The position stays where it was. */
	EXPECT_EQ(6, lseek(file, 0, SEEK_CUR));
	EXPECT_EQ(0, read(file, got, sizeof(got)));
	EXPECT_EQ(0, sysdemo_read(self->fd, file, got, sizeof(got)));
	/* What is cut off does not come back. */
	ASSERT_EQ(0, ftruncate(file, 8));
	EXPECT_EQ(8, pread(file, got, sizeof(got), 0));
	EXPECT_EQ(0, memcmp(got, "abc\0\0\0\0\0", 8));
	/* Nor between the end and what is written beyond it. */
	ASSERT_EQ(0, ftruncate(file, 1));
	EXPECT_EQ(1, pwrite(file, "z", 1, 5));
	EXPECT_EQ(6, pread(file, got, sizeof(got), 0));
	EXPECT_EQ(0, memcmp(got, "a\0\0\0\0z", 6));
	close(file);
}

TEST_F(tree, seeking_as_in_a_tmpfs)
{
	static const off_t offsets[] = { 0, 1, 3, 4, 100, -1, -3, -4, -100, LONG_MIN };
	int theirs, ours = open_both(self, "file", O_RDWR | O_CREAT, &theirs);

	ASSERT_LE(0, ours);
	ASSERT_EQ(3, write(ours, "abc", 3));
	ASSERT_EQ(3, write(theirs, "abc", 3));
	for (int whence = -1; whence < 8; whence++) {
		/* Where data is and where holes are is not told by every file system. */
		if (whence == SEEK_DATA || whence == SEEK_HOLE)
			continue;
		for (size_t i = 0; i < ARRAY_SIZE(offsets); i++) {
			off_t expected = lseek(theirs, offsets[i], whence);
			int error = error_of(expected);
			off_t got = lseek(ours, offsets[i], whence);

			EXPECT_EQ(expected, got)
				TH_LOG("lseek(%ld, %d)", (long)offsets[i], whence);
			EXPECT_EQ(error, error_of(got));
		}
	}
	close(ours);
	close(theirs);
}

TEST_F(tree, fstat_as_in_a_tmpfs)
{
	int theirs, ours = open_both(self, "file", O_RDWR | O_CREAT, &theirs);
	struct stat our, their;
	struct sysdemo_stat told;

	ASSERT_LE(0, ours);
	ASSERT_EQ(5, pwrite(ours, "abcde", 5, 10000));
	ASSERT_EQ(5, pwrite(theirs, "abcde", 5, 10000));
	ASSERT_EQ(0, fstat(ours, &our));
	ASSERT_EQ(0, fstat(theirs, &their));
	EXPECT_EQ(their.st_mode, our.st_mode);
	EXPECT_EQ(their.st_uid, our.st_uid);
	EXPECT_EQ(their.st_gid, our.st_gid);
	EXPECT_EQ(their.st_nlink, our.st_nlink);
	EXPECT_EQ(their.st_size, our.st_size);
	EXPECT_EQ(their.st_blocks, our.st_blocks);
	/* Both were made in the same second, or nearly so. */
	EXPECT_GE(2, labs(our.st_mtime - their.st_mtime));
	EXPECT_GE(2, labs(our.st_ctime - their.st_ctime));

	ASSERT_EQ(0, sysdemo_stat(self->fd, "file", &told, sizeof(told)));
	EXPECT_EQ(our.st_ino, told.ino);
	EXPECT_EQ(our.st_mode, told.mode);
	EXPECT_EQ(our.st_size, told.size);
	EXPECT_EQ(our.st_blocks, told.blocks);
	EXPECT_EQ(our.st_nlink, told.nlink);
	EXPECT_EQ(our.st_uid, told.uid);
	EXPECT_EQ(our.st_gid, told.gid);
	EXPECT_EQ(our.st_mtim.tv_sec * 1000000000ULL + our.st_mtim.tv_nsec, told.mtime);
	EXPECT_EQ(our.st_ctim.tv_sec * 1000000000ULL + our.st_ctim.tv_nsec, told.ctime);
	EXPECT_LE(told.btime, told.mtime);
	close(ours);
	close(theirs);
}

TEST_F(tree, sendfile_and_splice_out)
{
	int file = open_in_tree(self->fd, "file", O_RDWR | O_CREAT, 0600), pipes[2];
	int elsewhere = memfd_create("elsewhere", MFD_CLOEXEC);
	static char text[10000], got[10000];
	off_t offset = 5000;
	loff_t from = 100;

	ASSERT_LE(0, file);
	ASSERT_LE(0, elsewhere);
	ASSERT_EQ(0, pipe(pipes));
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = i * 7 + i / 256;
	ASSERT_EQ(sizeof(text), write(file, text, sizeof(text)));
	ASSERT_EQ(0, lseek(file, 0, SEEK_SET));
	EXPECT_EQ(sizeof(text), sendfile(elsewhere, file, NULL, 1 << 20));
	EXPECT_EQ(sizeof(text), pread(elsewhere, got, sizeof(got), 0));
	EXPECT_EQ(0, memcmp(text, got, sizeof(text)));
	EXPECT_EQ(sizeof(text), lseek(file, 0, SEEK_CUR));
	/* From an offset, which moves in place of the position. */
	EXPECT_EQ(100, sendfile(elsewhere, file, &offset, 100));
	EXPECT_EQ(5100, offset);
	EXPECT_EQ(sizeof(text), lseek(file, 0, SEEK_CUR));

	EXPECT_EQ(1000, splice(file, &from, pipes[1], NULL, 1000, 0));
	EXPECT_EQ(1100, from);
	EXPECT_EQ(1000, read(pipes[0], got, sizeof(got)));
	EXPECT_EQ(0, memcmp(text + 100, got, 1000));
	close(pipes[0]);
	close(pipes[1]);
	close(elsewhere);
	close(file);
}

/* From one part of a file to another, by one open file, by a copy of it, and by two. */
TEST_F(tree, sendfile_within_a_file)
{
	int file = open_in_tree(self->fd, "file", O_RDWR | O_CREAT, 0600), copy = dup(file);
	int other = open_in_tree(self->fd, "file", O_RDWR, 0);
	const int outs[] = { file, copy, other };
	static char text[10000], got[20000];

	ASSERT_LE(0, file);
	ASSERT_LE(0, copy);
	ASSERT_LE(0, other);
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = i * 7 + i / 256;
	for (size_t i = 0; i < ARRAY_SIZE(outs); i++) {
		off_t from = 0;

		ASSERT_EQ(0, ftruncate(file, 0));
		ASSERT_EQ(sizeof(text), pwrite(file, text, sizeof(text), 0));
		/* To behind the end. */
		ASSERT_EQ(sizeof(text), lseek(outs[i], sizeof(text), SEEK_SET));
		EXPECT_EQ(sizeof(text), sendfile(outs[i], file, &from, sizeof(text)));
		EXPECT_EQ(2 * sizeof(text), pread(file, got, sizeof(got), 0));
		EXPECT_EQ(0, memcmp(text, got, sizeof(text)));
		EXPECT_EQ(0, memcmp(text, got + sizeof(text), sizeof(text)));
		/* Where the two overlap it is not said what comes out, but that it ends. */
		ASSERT_EQ(1, lseek(outs[i], 1, SEEK_SET));
		from = 0;
		EXPECT_EQ(5000, sendfile(outs[i], file, &from, 5000));
		ASSERT_EQ(0, lseek(file, 0, SEEK_SET));
		ASSERT_EQ(1, lseek(outs[i], 1, SEEK_SET));
		EXPECT_LT(0, sendfile(outs[i], file, NULL, 5000));
	}
	close(file);
	close(copy);
	close(other);
}

TEST_F(tree, fdinfo_tells_of_the_file)
{
	int file = open_in_tree(self->fd, "file", O_RDWR | O_CREAT | O_APPEND, 0600);
	char path[64], text[1024], *line;

	ASSERT_LE(0, file);
	ASSERT_EQ(3, write(file, "abc", 3));
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", file);
	ASSERT_LT(0, read_file(path, text, sizeof(text)));
	line = strstr(text, "pos:\t");
	ASSERT_NE(NULL, line);
	EXPECT_EQ(3, atoi(line + strlen("pos:\t")));
	line = strstr(text, "flags:\t");
	ASSERT_NE(NULL, line);
	EXPECT_EQ(O_RDWR | O_APPEND, strtol(line + strlen("flags:\t"), NULL, 8) & ~0100000);
	close(file);
}

TEST_F(tree, files_are_always_ready)
{
	int theirs, ours = open_both(self, "file", O_RDWR | O_CREAT, &theirs);
	struct pollfd files[] = { { .fd = ours, .events = POLLIN | POLLOUT },
				  { .fd = theirs, .events = POLLIN | POLLOUT } };

	ASSERT_LE(0, ours);
	EXPECT_EQ(2, poll(files, 2, 0));
	EXPECT_EQ(files[1].revents, files[0].revents);
	close(ours);
	close(theirs);
}

/* The commands of the device are not for its files. */
TEST_F(tree, files_are_no_devices)
{
	int file = open_in_tree(self->fd, "file", O_RDWR | O_CREAT, 0600);
	struct sysdemo_call call = { .nr = SYSDEMO_NR_NULL };

	ASSERT_LE(0, file);
	EXPECT_EQ(-1, ioctl(file, SYSDEMO_IOC_CALL, &call));
	EXPECT_EQ(ENOTTY, errno);
	close(file);
}

/* What is not made for these files is refused, and says so. */
/* There is no path to it: what is told is a name as those of pipes are. */
TEST_F(tree, what_proc_calls_it)
{
	int file = open_in_tree(self->fd, "file", O_RDWR | O_CREAT, 0600);
	char path[64], told[64] = "", wanted[64];
	struct stat stat;

	ASSERT_LE(0, file);
	ASSERT_EQ(0, fstat(file, &stat));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	snprintf(wanted, sizeof(wanted), "sysdemo:[%llu]", (unsigned long long)stat.st_ino);
	EXPECT_EQ((ssize_t)strlen(wanted), readlink(path, told, sizeof(told) - 1));
	EXPECT_STREQ(wanted, told);
	close(file);
}

TEST_F(tree, what_is_not_offered_is_refused)
{
	int file = open_in_tree(self->fd, "file", O_RDWR | O_CREAT, 0600), folder;
	char path[64], buffer[64];

	ASSERT_LE(0, file);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, 4096, PROT_READ, MAP_SHARED, file, 0));
	EXPECT_EQ(ENODEV, errno);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, file, 0));
	EXPECT_EQ(ENODEV, errno);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	EXPECT_EQ(ENXIO, error_of(open(path, O_RDWR | O_CLOEXEC)));
	EXPECT_EQ(EOPNOTSUPP, error_of(fchmod(file, 0777)));
	EXPECT_EQ(EOPNOTSUPP, error_of(fchown(file, ALICE, ALICE)));
	EXPECT_EQ(EOPNOTSUPP, error_of(futimens(file, NULL)));
	EXPECT_EQ(EINVAL, error_of(fcntl(file, F_SETFL, O_DIRECT)));
	EXPECT_EQ(EINVAL, error_of(fcntl(file, F_SETLEASE, F_WRLCK)));
	close(file);

	ASSERT_EQ(0, sysdemo_mkdir(self->fd, "folder", 0700));
	folder = open_in_tree(self->fd, "folder", O_RDONLY | O_DIRECTORY, 0);
	ASSERT_LE(0, folder);
	/* By SYSDEMO_NR_LIST only. */
	EXPECT_EQ(ENOTDIR, error_of(syscall(SYS_getdents64, folder, buffer, sizeof(buffer))));
	EXPECT_EQ(EOPNOTSUPP, error_of(fchmod(folder, 0777)));
	/* Nor is a path of the kernel's own looked up from there. */
	EXPECT_EQ(-1, openat(folder, "x", O_RDWR | O_CREAT | O_CLOEXEC, 0600));
	close(folder);
}

TEST_F(tree, files_outlive_the_device)
{
	int fd = sysdemo_open(device), file;
	char got[4] = "";

	ASSERT_LE(0, fd);
	file = open_in_tree(fd, "file", O_RDWR | O_CREAT, 0600);
	ASSERT_LE(0, file);
	close(fd);
	EXPECT_EQ(3, write(file, "abc", 3));
	EXPECT_EQ(3, pread(file, got, 3, 0));
	EXPECT_STREQ("abc", got);
	/* By another device it is as good. */
	EXPECT_EQ(1, sysdemo_write(self->fd, file, "d", 1));
	close(file);
}

TEST_F(tree, module_with_an_open_file_cannot_be_unloaded)
{
	const char *name = strrchr(device, '/');
	int file = open_in_tree(self->fd, "file", O_RDWR | O_CREAT, 0600);

	ASSERT_LE(0, file);
	close(self->fd);
	EXPECT_EQ(-1, syscall(SYS_delete_module, name ? name + 1 : device, O_NONBLOCK));
	EXPECT_EQ(EWOULDBLOCK, errno);
	EXPECT_EQ(1, write(file, "x", 1));
	close(file);
	self->fd = sysdemo_open(device);
	ASSERT_LE(0, self->fd);
}

/* Sends a descriptor over a socket, and receives it. */
static int pass(int socket, int fd)
{
	char control[CMSG_SPACE(sizeof(int))] = { 0 }, byte = 'x';
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	if (fd < 0) {
		if (recvmsg(socket, &message, MSG_CMSG_CLOEXEC) != 1)
			return -1;
		header = CMSG_FIRSTHDR(&message);
		if (!header || header->cmsg_type != SCM_RIGHTS)
			return -1;
		memcpy(&fd, CMSG_DATA(header), sizeof(int));
		return fd;
	}
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &fd, sizeof(int));
	return sendmsg(socket, &message, 0) == 1 ? 0 : -1;
}

/* What is open is open, whoever has it: rights were asked for when it was opened. */
TEST_F(tree, files_can_be_passed)
{
	int sockets[2], file;
	pid_t child;
	char byte;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_SEQPACKET, 0, sockets));
	child = fork();
	if (!child) {
		if (setgid(NOBODY) || setuid(NOBODY))
			_exit(10);
		file = pass(sockets[1], -1);
		if (file < 0)
			_exit(11);
		if (open_in_tree(self->fd, "secret", O_RDWR, 0) >= 0 || errno != EACCES)
			_exit(12);
		_exit(write(file, "ab", 2) != 2 || sysdemo_write(self->fd, file, "c", 1) != 1);
	}
	file = open_in_tree(self->fd, "secret", O_RDWR | O_CREAT, 0600);
	ASSERT_LE(0, file);
	ASSERT_EQ(0, pass(sockets[0], file));
	EXPECT_EQ(0, wait_for(child));
	EXPECT_EQ(3, lseek(file, 0, SEEK_CUR));
	EXPECT_EQ(1, pread(file, &byte, 1, 2));
	EXPECT_EQ('c', byte);
	close(file);
	close(sockets[0]);
	close(sockets[1]);
}

/* What a device has given up, files do not have that it opens afterwards. */
TEST_F(tree, restrictions_are_handed_on)
{
	static const __u32 no_write[] = { SYSDEMO_NR_OPEN, SYSDEMO_NR_READ };
	static const __u32 no_read[] = { SYSDEMO_NR_OPEN, SYSDEMO_NR_WRITE };
	char text[] = "abc", got[4];
	struct iovec iov = { text, 3 };

	for (int reads = 0; reads <= 1; reads++) {
		int fd = sysdemo_open(device), before, after, again, copy, pipes[2];

		ASSERT_LE(0, fd);
		ASSERT_EQ(0, pipe(pipes));
		before = open_in_tree(fd, "file", O_RDWR | O_CREAT, 0600);
		ASSERT_LE(0, before);
		ASSERT_EQ(3, write(before, text, 3));
		ASSERT_EQ(0, sysdemo_allow_only(fd, reads ? no_write : no_read, 2));
		after = open_in_tree(fd, "file", O_RDWR, 0);
		ASSERT_LE(0, after);
		copy = dup(after);
		/* A device that may do all does not help. */
		EXPECT_EQ(reads ? 0 : EPERM, error_of(read(after, got, 1)));
		EXPECT_EQ(reads ? 0 : EPERM, error_of(read(copy, got, 1)));
		EXPECT_EQ(reads ? 0 : EPERM, error_of(pread(after, got, 1, 0)));
		EXPECT_EQ(reads ? 0 : EPERM, error_of(sysdemo_read(self->fd, after, got, 1)));
		EXPECT_EQ(reads ? 0 : EPERM, error_of(sendfile(pipes[1], after, NULL, 1)));
		EXPECT_EQ(reads ? EPERM : 0, error_of(write(after, text, 1)));
		EXPECT_EQ(reads ? EPERM : 0, error_of(pwrite(after, text, 1, 0)));
		EXPECT_EQ(reads ? EPERM : 0, error_of(writev(after, &iov, 1)));
		EXPECT_EQ(reads ? EPERM : 0, error_of(sysdemo_write(self->fd, after, text, 1)));
		EXPECT_EQ(reads ? EPERM : 0, error_of(sysdemo_write(fd, after, text, 1)));
		/* What ends nowhere is wrong before that. */
		EXPECT_EQ(LLONG_MAX - 1, lseek64(after, LLONG_MAX - 1, SEEK_SET));
		for (size_t way = 0; way < ARRAY_SIZE(ways); way++) {
			EXPECT_EQ(EINVAL, error_of(ways[way](self, reads, after, got, 2)))
				TH_LOG("way %zu", way);
		}
		EXPECT_EQ(0, lseek(after, 0, SEEK_SET));
		/* To cut is to write. */
		EXPECT_EQ(reads ? EPERM : 0, error_of(ftruncate(after, 3)));
		again = open_in_tree(fd, "file", O_RDONLY | O_TRUNC, 0);
		EXPECT_EQ(reads ? EPERM : 0, error_of(again));
		close(again);
		EXPECT_EQ(reads ? 3 : 0, lseek(before, 0, SEEK_END));
		EXPECT_EQ(3, pwrite(before, text, 3, 0));
		/* What was open before is what it was, but the device does not do it. */
		EXPECT_EQ(0, error_of(pread(before, got, 1, 0)));
		EXPECT_EQ(0, error_of(pwrite(before, text, 1, 0)));
		EXPECT_EQ(reads ? EPERM : 0, error_of(sysdemo_write(fd, before, text, 1)));
		EXPECT_EQ(reads ? 0 : EPERM, error_of(sysdemo_read(fd, before, got, 1)));
		close(pipes[0]);
		close(pipes[1]);
		close(copy);
		close(after);
		close(before);
		close(fd);
	}
}

TEST_F(tree, limit_of_the_file_size)
{
	struct rlimit limit = { 5, 5 };
	pid_t child;

	for (size_t way = 0; way < ARRAY_SIZE(ways); way++) {
		child = fork();
		if (!child) {
			int theirs, ours = open_both(self, "file", O_RDWR | O_CREAT | O_TRUNC,
						     &theirs);
			char text[] = "abcdefgh";

			if (ours < 0 || setrlimit(RLIMIT_FSIZE, &limit))
				_exit(10);
			signal(SIGXFSZ, SIG_IGN);
			/* What fits, then nothing. */
			if (ways[way](self, true, ours, text, 8) != write(theirs, text, 8))
				_exit(11);
			if (ways[way](self, true, ours, text, 1) != -1 || errno != EFBIG)
				_exit(12);
			if (write(theirs, text, 1) != -1 || errno != EFBIG)
				_exit(13);
			if (error_of(ftruncate(theirs, 6)) != error_of(ftruncate(ours, 6)))
				_exit(14);
			/* And the signal. */
			signal(SIGXFSZ, SIG_DFL);
			ways[way](self, true, ours, text, 1);
			_exit(15);
		}
		EXPECT_EQ(128 + SIGXFSZ, wait_for(child));
	}
}

/* What somebody appends whose memory is not there yet from the second piece on. */
struct slow_append {
	int file;
	const char *memory;
	size_t size;
	ssize_t result;
};

static void *append_slowly(void *arg)
{
	struct slow_append *append = arg;

	append->result = write(append->file, append->memory, append->size);
	return NULL;
}

/*
 * Others append as well, up to the limit, in the middle of a write: it is shorter then, and that
 * tells it all. The signal is for who could write nothing.
 */
TEST_F(tree, no_signal_of_the_limit_after_a_part)
{
	const size_t piece = SYSDEMO_COPY_MAX;
	struct rlimit limit = { 3 * piece, RLIM_INFINITY };
	struct slow_append append = { .size = piece + 1 };
	struct pollfd fault = { .events = POLLIN };
	struct stat stat;
	pthread_t thread;
	int other;

	append.file = open_in_tree(self->fd, "file", O_WRONLY | O_CREAT | O_APPEND, 0600);
	ASSERT_LE(0, append.file);
	other = open_in_tree(self->fd, "file", O_WRONLY | O_APPEND, 0);
	ASSERT_LE(0, other);
	append.memory = map_pending(piece, &fault.fd);
	ASSERT_NE(NULL, append.memory)
		TH_LOG("userfaultfd: %s", strerror(errno));
	/* If it came it would end this. */
	ASSERT_EQ(0, setrlimit(RLIMIT_FSIZE, &limit));
	ASSERT_EQ(0, pthread_create(&thread, NULL, append_slowly, &append));
	ASSERT_EQ(1, poll(&fault, 1, 20000));
	ASSERT_EQ((ssize_t)(2 * piece), write(other, calloc(2, piece), 2 * piece));
	ASSERT_EQ(0, no_longer_pending(append.memory, piece, fault.fd));
	pthread_join(thread, NULL);
	EXPECT_EQ((ssize_t)piece, append.result);
	EXPECT_EQ((off_t)piece, lseek(append.file, 0, SEEK_CUR));
	ASSERT_EQ(0, fstat(other, &stat));
	EXPECT_EQ((off_t)(3 * piece), stat.st_size);
	signal(SIGXFSZ, SIG_IGN);
	EXPECT_EQ(EFBIG, error_of(write(append.file, append.memory, 1)));
	close(fault.fd);
	close(other);
	close(append.file);
}

/*
 * The same from the first piece on: there was room when it began, there is none when it goes on,
 * and nothing is written.
 */
TEST_F(tree, signal_of_the_limit_if_others_take_all)
{
	const size_t piece = SYSDEMO_COPY_MAX;
	pid_t child = fork();

	if (!child) {
		struct rlimit limit = { piece, RLIM_INFINITY };
		struct slow_append append = { .size = 1 };
		struct pollfd fault = { .events = POLLIN };
		pthread_t thread;
		int other;

		append.file = open_in_tree(self->fd, "file", O_WRONLY | O_CREAT | O_APPEND, 0600);
		other = open_in_tree(self->fd, "file", O_WRONLY | O_APPEND, 0);
		append.memory = map_pending(0, &fault.fd);
		if (append.file < 0 || other < 0 || !append.memory ||
		    setrlimit(RLIMIT_FSIZE, &limit) ||
		    pthread_create(&thread, NULL, append_slowly, &append))
			_exit(10);
		if (poll(&fault, 1, 20000) != 1 ||
		    write(other, calloc(1, piece), piece) != (ssize_t)piece)
			_exit(11);
		no_longer_pending(append.memory, 0, fault.fd);
		pthread_join(thread, NULL);
		_exit(12);
	}
	EXPECT_EQ(128 + SIGXFSZ, wait_for(child));
}

#define WRITERS 4
#define RECORDS 400
#define RECORD 96

static int race_fd, race_files[WRITERS];
static atomic_bool stop;

static void *append_records(void *arg)
{
	long number = (long)arg;
	char record[RECORD];

	for (int i = 0; i < RECORDS; i++) {
		memset(record, 'a' + number, sizeof(record));
		if ((i % 2 ? write(race_files[number], record, sizeof(record)) :
			     sysdemo_write(race_fd, race_files[number], record,
					   sizeof(record))) != sizeof(record))
			return "a write is not whole";
	}
	return NULL;
}

/* Records of several writers, on files of their own: none is torn, none is lost. */
TEST_F_TIMEOUT(tree, appended_records_are_whole, SLOW)
{
	pthread_t threads[WRITERS];
	int counts[WRITERS] = { 0 };
	char record[RECORD];

	race_fd = self->fd;
	for (long i = 0; i < WRITERS; i++) {
		race_files[i] = open_in_tree(self->fd, "log", O_RDWR | O_CREAT | O_APPEND, 0600);
		ASSERT_LE(0, race_files[i]);
	}
	for (long i = 0; i < WRITERS; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, append_records, (void *)i));
	for (int i = 0; i < WRITERS; i++) {
		void *wrong;

		pthread_join(threads[i], &wrong);
		EXPECT_EQ(NULL, wrong);
	}
	EXPECT_EQ(WRITERS * RECORDS * RECORD, lseek(race_files[0], 0, SEEK_END));
	for (int i = 0; i < WRITERS * RECORDS; i++) {
		ASSERT_EQ(RECORD, pread(race_files[0], record, RECORD, (off_t)i * RECORD));
		for (int j = 1; j < RECORD; j++)
			ASSERT_EQ(record[0], record[j]);
		ASSERT_TRUE(record[0] >= 'a' && record[0] < 'a' + WRITERS);
		counts[record[0] - 'a']++;
	}
	for (int i = 0; i < WRITERS; i++) {
		EXPECT_EQ(RECORDS, counts[i]);
		close(race_files[i]);
	}
}

/* Writers that share a position: each byte has one place. */
TEST_F_TIMEOUT(tree, a_shared_position_loses_nothing, SLOW)
{
	pthread_t threads[WRITERS];
	int counts[WRITERS] = { 0 };
	char record[RECORD];
	int file = open_in_tree(self->fd, "log", O_RDWR | O_CREAT, 0600);

	ASSERT_LE(0, file);
	race_fd = self->fd;
	for (long i = 0; i < WRITERS; i++) {
		race_files[i] = dup(file);
		ASSERT_LE(0, race_files[i]);
	}
	for (long i = 0; i < WRITERS; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, append_records, (void *)i));
	for (int i = 0; i < WRITERS; i++)
		pthread_join(threads[i], NULL);
	EXPECT_EQ(WRITERS * RECORDS * RECORD, lseek(file, 0, SEEK_CUR));
	EXPECT_EQ(WRITERS * RECORDS * RECORD, lseek(file, 0, SEEK_END));
	for (int i = 0; i < WRITERS * RECORDS; i++) {
		ASSERT_EQ(RECORD, pread(file, record, RECORD, (off_t)i * RECORD));
		for (int j = 1; j < RECORD; j++)
			ASSERT_EQ(record[0], record[j]);
		counts[record[0] - 'a']++;
	}
	for (int i = 0; i < WRITERS; i++) {
		EXPECT_EQ(RECORDS, counts[i]);
		close(race_files[i]);
	}
	close(file);
}

/* A page and a bit: more than is copied at once. */
#define BLOCK 9000

static void *overwrite(void *arg)
{
	static char blocks[2][BLOCK];
	int file = *(int *)arg;

	memset(blocks[0], 'x', BLOCK);
	memset(blocks[1], 'y', BLOCK);
	for (int i = 0; !atomic_load(&stop); i++) {
		if (pwrite(file, blocks[i % 2], BLOCK, 0) != BLOCK)
			return "a write is not whole";
	}
	return NULL;
}

/* A write is seen as a whole or not at all. */
TEST_F_TIMEOUT(tree, writes_are_seen_as_a_whole, SLOW)
{
	int file = open_in_tree(self->fd, "file", O_RDWR | O_CREAT, 0600);
	static char block[BLOCK];
	pthread_t thread;
	void *wrong;

	ASSERT_LE(0, file);
	memset(block, 'x', BLOCK);
	ASSERT_EQ(BLOCK, pwrite(file, block, BLOCK, 0));
	atomic_store(&stop, false);
	ASSERT_EQ(0, pthread_create(&thread, NULL, overwrite, &file));
	for (int i = 0; i < 1000; i++) {
		/* Within what is copied at once: 64 bytes. */
		ASSERT_EQ(64, pread(file, block, 64, 4096 - 32));
		for (int j = 1; j < 64; j++)
			ASSERT_EQ(block[0], block[j]);
	}
	atomic_store(&stop, true);
	pthread_join(thread, &wrong);
	EXPECT_EQ(NULL, wrong);
	close(file);
}

static void *truncate_often(void *arg)
{
	int file = *(int *)arg;

	while (!atomic_load(&stop)) {
		if (ftruncate(file, 0) || ftruncate(file, 5000))
			return "it cannot be truncated";
	}
	return NULL;
}

/* Nothing but zeros and what was written is ever read, whoever truncates meanwhile. */
TEST_F_TIMEOUT(tree, truncation_at_any_time, SLOW)
{
	int file = open_in_tree(self->fd, "file", O_RDWR | O_CREAT, 0600);
	static char block[BLOCK];
	pthread_t thread;
	void *wrong;

	ASSERT_LE(0, file);
	atomic_store(&stop, false);
	ASSERT_EQ(0, pthread_create(&thread, NULL, truncate_often, &file));
	for (int i = 0; i < 1000; i++) {
		ssize_t got;

		memset(block, 'x', BLOCK);
		ASSERT_EQ(BLOCK, pwrite(file, block, BLOCK, 0));
		memset(block, '?', BLOCK);
		got = pread(file, block, BLOCK, 0);
		ASSERT_LE(0, got);
		for (ssize_t j = 0; j < got; j++)
			ASSERT_TRUE(block[j] == 'x' || block[j] == 0);
		for (ssize_t j = got; j < BLOCK; j++)
			ASSERT_EQ('?', block[j]);
	}
	atomic_store(&stop, true);
	pthread_join(thread, &wrong);
	EXPECT_EQ(NULL, wrong);
	close(file);
}

TESTER_MAIN
