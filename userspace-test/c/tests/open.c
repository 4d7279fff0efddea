// SPDX-License-Identifier: GPL-2.0
/*
 * Opening in the tree: flags, what each stage refuses, and that nothing is left of what fails. What
 * openat2(2) says of the same in a tmpfs is what is expected.
 */
#include "tree.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

/* Flags that this tree has no use for, and refuses. */
#define REFUSED ((__u64)(O_PATH | O_DIRECT | (O_TMPFILE & ~O_DIRECTORY) | O_EMPTYPATH))

/* Both worlds: "file" has three bytes in it, "folder" an empty file. */
static int furnish(int fd, int folder)
{
	int file = openat(folder, "file", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	int inner;

	if (file < 0 || write(file, "abc", 3) != 3 || mkdirat(folder, "folder", 0755))
		return -1;
	inner = openat(folder, "folder/inner", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	close(file);
	close(inner);
	if (inner < 0 || sysdemo_mkdir(fd, "folder", 0755))
		return -1;
	return make_file(fd, "file", 0644, "abc") || make_file(fd, "folder/inner", 0644, "");
}

/* What opening ends in: 0 or an error. What it opens is closed. */
static int try_ours(int fd, const char *path, __u64 flags, __u64 mode, __u64 resolve)
{
	struct sysdemo_open_how how = { .flags = flags, .mode = mode, .resolve = resolve };
	int file = sysdemo_open_file(fd, path, &how, sizeof(how));

	if (file < 0)
		return errno;
	close(file);
	return 0;
}

static int try_theirs(int folder, const char *path, __u64 flags, __u64 mode, __u64 resolve)
{
	int file = open_for_real(folder, path, flags, mode, resolve);

	if (file < 0)
		return errno;
	close(file);
	return 0;
}

static const char * const paths[] = { "file", "folder", "new", "new/", "file/", "folder/", "/",
				      "none/new", "file/new", "folder/..", "folder/inner/.", "" };

/* A path that starts with a slash starts at the root, which the tmpfs has to be told. */
static __u64 in_root(const char *path)
{
	return path[0] == '/' ? RESOLVE_IN_ROOT : 0;
}

/* One flag and the access modes that it could come with, with and without O_CREAT. */
static void try_flag(struct __test_metadata *_metadata, TREE_DATA *self, __u64 flag)
{
	/* What is not known at all is refused before anything is looked at. */
	const bool unknown = try_theirs(self->folder, "file", flag, 0, 0) == EINVAL;

	for (size_t i = 0; i < (unknown ? 1 : ARRAY_SIZE(paths)); i += stride) {
		for (__u64 access = O_RDONLY; access <= 3; access++) {
			for (int create = 0; create <= 1; create++) {
				__u64 flags = flag | access | (create ? O_CREAT : 0);
				__u64 mode = flags & O_CREAT ? 0600 : 0;
				__u64 resolve = in_root(paths[i]);
				int ours = try_ours(self->fd, paths[i], flags, mode, resolve);
				int theirs = try_theirs(self->folder, paths[i], flags, mode,
							resolve);

				if (flags & REFUSED) {
					theirs = EINVAL;
					unlinkat(self->folder, "new", 0);
				}
				EXPECT_EQ(theirs, ours)
					TH_LOG("\"%s\", flags %#llx", paths[i],
					       (long long)flags);
				/* Both have made it, or neither. */
				EXPECT_EQ(error_of(unlinkat(self->folder, "new", 0)),
					  error_of(sysdemo_unlink(self->fd, "new")));
			}
		}
	}
}

TEST_F_TIMEOUT(tree, every_flag_as_openat2, SLOW)
{
	ASSERT_EQ(0, furnish(self->fd, self->folder));
	for (int bit = 0; bit < 64; bit++)
		try_flag(_metadata, self, 1ULL << bit);
}

TEST_F_TIMEOUT(tree, pairs_of_flags_as_openat2, SLOW)
{
	static const __u64 flags[] = { O_EXCL, O_TRUNC, O_APPEND, O_DIRECTORY, O_NONBLOCK,
				       O_NOFOLLOW, O_CLOEXEC, O_NOATIME, OPENAT2_REGULAR };

	ASSERT_EQ(0, furnish(self->fd, self->folder));
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		for (size_t j = 0; j < i; j++)
			try_flag(_metadata, self, flags[i] | flags[j]);
	}
}

TEST_F(tree, every_bit_of_the_mode_as_openat2)
{
	for (int bit = 0; bit < 64; bit++) {
		for (int create = 0; create <= 1; create++) {
			__u64 flags = O_RDWR | (create ? O_CREAT : 0);
			int ours = try_ours(self->fd, "new", flags, 1ULL << bit, 0);

			EXPECT_EQ(try_theirs(self->folder, "new", flags, 1ULL << bit, 0), ours)
				TH_LOG("bit %d, create %d", bit, create);
			unlinkat(self->folder, "new", 0);
			sysdemo_unlink(self->fd, "new");
		}
	}
}

TEST_F(tree, every_bit_of_resolve_as_openat2)
{
	ASSERT_EQ(0, furnish(self->fd, self->folder));
	for (int bit = 0; bit < 64; bit++) {
		/* Only what starts in the folder can be compared without RESOLVE_IN_ROOT. */
		for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
			__u64 resolve = 1ULL << bit;
			int ours, theirs;

			if (paths[i][0] == '/' && resolve != RESOLVE_BENEATH)
				resolve |= RESOLVE_IN_ROOT;
			ours = try_ours(self->fd, paths[i], O_RDONLY, 0, resolve);
			theirs = try_theirs(self->folder, paths[i], O_RDONLY, 0, resolve);
			/* What the kernel has to look for may be known here at once. */
			if (resolve & RESOLVE_CACHED && theirs == EAGAIN && ours)
				continue;
			EXPECT_EQ(theirs, ours)
				TH_LOG("\"%s\", resolve %#llx", paths[i], (long long)resolve);
		}
	}
}

/* What is found on the way is not sure to who must not look again; what is at its end is. */
TEST_F(tree, errors_of_what_is_cached_as_openat2)
{
	static const struct {
		const char *path;
		__u64 resolve, flags;
	} cases[] = {
		{ "file/new", 0, 0 }, { "file/..", 0, 0 }, { "file/", 0, 0 },
		{ "..", RESOLVE_BENEATH, 0 }, { "folder/../..", RESOLVE_BENEATH, 0 },
		{ "/file", RESOLVE_BENEATH, 0 }, { "file", 0, O_DIRECTORY },
		{ "folder", 0, O_WRONLY }, { "closed/inner", 0, 0 },
	};

	ASSERT_EQ(0, furnish(self->fd, self->folder));
	ASSERT_EQ(0, mkdirat(self->folder, "closed", 0700));
	ASSERT_EQ(0, sysdemo_mkdir(self->fd, "closed", 0700));
	ASSERT_EQ(0, be_user(ALICE, ALICE, 0, NULL));
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		__u64 resolve = cases[i].resolve | RESOLVE_CACHED;

		EXPECT_EQ(try_theirs(self->folder, cases[i].path, cases[i].flags, 0, resolve),
			  try_ours(self->fd, cases[i].path, cases[i].flags, 0, resolve)) {
			TH_LOG("%s", cases[i].path);
		}
	}
	ASSERT_EQ(0, be_root());
}

/* A descriptor that the caller cannot be told of is not left behind. */
TEST_F(tree, an_answer_that_cannot_be_written_opens_nothing)
{
	const size_t page = sysconf(_SC_PAGESIZE);
	struct sysdemo_open_how how = { .flags = O_RDWR | O_CREAT, .mode = 0600 };
	struct sysdemo_batch batch = { .count = 1 };
	int files = count_open_files();
	struct sysdemo_call *call = mmap(NULL, page, PROT_READ | PROT_WRITE,
					 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(MAP_FAILED, (void *)call);
	call->nr = SYSDEMO_NR_OPEN;
	call->args[0] = (uintptr_t)"file";
	call->args[1] = (uintptr_t)&how;
	call->args[2] = sizeof(how);
	batch.calls = (uintptr_t)call;
	ASSERT_EQ(0, mprotect(call, page, PROT_READ));
	EXPECT_EQ(EFAULT, error_of(ioctl(self->fd, SYSDEMO_IOC_CALL, call)));
	EXPECT_EQ(files, count_open_files());
	EXPECT_EQ(0, ioctl(self->fd, SYSDEMO_IOC_BATCH, &batch));
	EXPECT_EQ(0, batch.done);
	EXPECT_EQ(-EFAULT, batch.status);
	EXPECT_EQ(files, count_open_files());
	/* The call was made: the name is there, but nothing holds the file. */
	EXPECT_EQ(0, sysdemo_unlink(self->fd, "file"));
	/* The same where it can be written. */
	ASSERT_EQ(0, mprotect(call, page, PROT_READ | PROT_WRITE));
	EXPECT_EQ(0, ioctl(self->fd, SYSDEMO_IOC_BATCH, &batch));
	EXPECT_EQ(1, batch.done);
	EXPECT_EQ(files + 1, count_open_files());
	EXPECT_EQ(0, close(call->ret));
	munmap(call, page);
}

TEST_F(tree, ways_out_of_the_tree)
{
	static const struct {
		const char *path;
		__u64 resolve;
		int error;
	} cases[] = {
		{ "..", 0, 0 },
		{ "../../..", 0, 0 },
		{ "/../..", 0, 0 },
		{ "folder/../../file", 0, 0 },
		{ "..", RESOLVE_IN_ROOT, 0 },
		{ "/..", RESOLVE_IN_ROOT, 0 },
		{ "..", RESOLVE_BENEATH, EXDEV },
		{ "folder/../..", RESOLVE_BENEATH, EXDEV },
		{ "/", RESOLVE_BENEATH, EXDEV },
		{ "/file", RESOLVE_BENEATH, EXDEV },
		{ "../file", RESOLVE_BENEATH, EXDEV },
		{ "folder/..", RESOLVE_BENEATH, 0 },
		{ "none/..", RESOLVE_BENEATH, ENOENT },
		{ "none/..", 0, ENOENT },
		{ "file/..", 0, ENOTDIR },
		{ "file", RESOLVE_BENEATH | RESOLVE_IN_ROOT, EINVAL },
	};

	ASSERT_EQ(0, furnish(self->fd, self->folder));
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		EXPECT_EQ(cases[i].error,
			  try_ours(self->fd, cases[i].path, O_RDONLY, 0, cases[i].resolve))
			TH_LOG("%s, %#llx", cases[i].path, (long long)cases[i].resolve);
		/* Without a flag a path may leave the folder in the other world. */
		if (cases[i].resolve)
			EXPECT_EQ(cases[i].error, try_theirs(self->folder, cases[i].path, O_RDONLY,
							     0, cases[i].resolve));
	}
}

/* Lengths of names and of paths around the limits, as openat2 has them. */
TEST_F_TIMEOUT(tree, lengths_as_openat2, SLOW)
{
	static char path[PATH_MAX + 64];

	for (size_t length = 250; length < 260; length++) {
		memset(path, 'x', length);
		path[length] = '\0';
		EXPECT_EQ(try_theirs(self->folder, path, O_WRONLY | O_CREAT, 0600, 0),
			  try_ours(self->fd, path, O_WRONLY | O_CREAT, 0600, 0))
			TH_LOG("a name of %zu bytes", length);
		/* In the middle, where nothing is. */
		memcpy(path + length, "/y", 3);
		EXPECT_EQ(try_theirs(self->folder, path, O_RDONLY, 0, 0),
			  try_ours(self->fd, path, O_RDONLY, 0, 0))
			TH_LOG("a directory's name of %zu bytes", length);
	}
	for (size_t length = PATH_MAX - 5; length < PATH_MAX + 5; length++) {
		for (size_t i = 0; i < length; i++)
			path[i] = i % 2 ? '/' : '.';
		path[length - 1] = 'x';
		path[length] = '\0';
		EXPECT_EQ(try_theirs(self->folder, path, O_WRONLY | O_CREAT, 0600, 0),
			  try_ours(self->fd, path, O_WRONLY | O_CREAT, 0600, 0))
			TH_LOG("a path of %zu bytes", length);
	}
}

/* Names are bytes: all but the slash and the zero. */
TEST_F(tree, names_of_any_bytes)
{
	for (int byte = 1; byte < 256; byte++) {
		char name[] = { 'n', byte, '\0' };

		if (byte == '/')
			continue;
		EXPECT_EQ(0, make_file(self->fd, name, 0600, ""))
			TH_LOG("byte %#x: %s", byte, strerror(errno));
	}
	EXPECT_EQ(254, count_names(self->fd, "/"));
}

struct failing {
	const char *what;
	const char *path;
	__u64 flags, mode, resolve;
	int error;
};

static void check_nothing_left(struct __test_metadata *_metadata, TREE_DATA *self,
			       const struct failing *failing)
{
	int files = count_open_files(), names = count_names(self->fd, "/");
	int inner = count_names(self->fd, "/folder"), file;
	char byte;

	EXPECT_EQ(failing->error, try_ours(self->fd, failing->path, failing->flags, failing->mode,
					   failing->resolve))
		TH_LOG("%s", failing->what);
	EXPECT_EQ(files, count_open_files());
	EXPECT_EQ(names, count_names(self->fd, "/"));
	EXPECT_EQ(inner, count_names(self->fd, "/folder"));
	/* Nor is anything changed of what was there. */
	file = open_in_tree(self->fd, "file", O_RDONLY, 0);
	EXPECT_LE(0, file);
	EXPECT_EQ(1, pread(file, &byte, 1, 2));
	EXPECT_EQ('c', byte);
	close(file);
}

TEST_F(tree, a_stage_that_fails_leaves_nothing)
{
	static const struct failing cases[] = {
		{ "structure", "new", O_CREAT | O_RDWR | 1ULL << 60, 0600, 0, EINVAL },
		{ "structure", "new", O_CREAT | O_DIRECTORY, 0600, 0, EINVAL },
		{ "structure", "new", O_CREAT | O_RDWR, 010000, 0, EINVAL },
		{ "structure", "file", O_TRUNC | O_RDWR, 0600, 0, EINVAL },
		{ "path", "", O_CREAT | O_RDWR, 0600, 0, ENOENT },
		{ "way", "none/new", O_CREAT | O_RDWR, 0600, 0, ENOENT },
		{ "way", "file/new", O_CREAT | O_RDWR, 0600, 0, ENOTDIR },
		{ "way", "folder/../../new", O_CREAT | O_RDWR, 0600, RESOLVE_BENEATH, EXDEV },
		{ "what is there", "file", O_CREAT | O_EXCL | O_TRUNC | O_RDWR, 0600, 0, EEXIST },
		{ "what is there", "folder", O_CREAT | O_RDWR, 0600, 0, EISDIR },
		{ "what is there", "folder", O_RDWR, 0, 0, EISDIR },
		{ "what is there", "folder", O_RDONLY | O_TRUNC, 0, 0, EISDIR },
		{ "what is there", "file", O_DIRECTORY | O_TRUNC | O_RDWR, 0, 0, ENOTDIR },
		{ "what is there", "new/", O_CREAT | O_RDWR, 0600, 0, EISDIR },
		{ "what is there", "folder", OPENAT2_REGULAR, 0, 0, EFTYPE },
	};

	ASSERT_EQ(0, furnish(self->fd, self->folder));
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_nothing_left(_metadata, self, &cases[i]);
}

TEST_F(tree, permission_that_fails_leaves_nothing)
{
	static const struct failing cases[] = {
		{ "search", "closed/new", O_CREAT | O_RDWR, 0600, 0, EACCES },
		{ "search", "closed/inner", O_TRUNC | O_RDWR, 0, 0, EACCES },
		{ "make", "folder/new", O_CREAT | O_RDWR, 0600, 0, EACCES },
		{ "write", "file", O_RDWR, 0, 0, EACCES },
		{ "truncate", "file", O_RDONLY | O_TRUNC, 0, 0, EACCES },
		{ "truncate", "file", O_CREAT | O_TRUNC | O_WRONLY, 0600, 0, EACCES },
		{ "read", "secret", O_RDONLY, 0, 0, EACCES },
		{ "atime", "file", O_RDONLY | O_NOATIME, 0, 0, EPERM },
	};

	ASSERT_EQ(0, furnish(self->fd, self->folder));
	ASSERT_EQ(0, sysdemo_mkdir(self->fd, "closed", 0700));
	ASSERT_EQ(0, make_file(self->fd, "closed/inner", 0666, "xyz"));
	ASSERT_EQ(0, make_file(self->fd, "secret", 0600, "xyz"));
	ASSERT_EQ(0, be_user(ALICE, ALICE, 0, NULL));
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_nothing_left(_metadata, self, &cases[i]);
	ASSERT_EQ(0, be_root());
	EXPECT_EQ(1, count_names(self->fd, "closed"));
}

/* No descriptor is free: nothing has been made by then, as openat2 has it. */
TEST_F(tree, too_many_open_files)
{
	struct rlimit old, none = { 0, 0 };

	ASSERT_EQ(0, furnish(self->fd, self->folder));
	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &old));
	none.rlim_max = old.rlim_max;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &none));
	EXPECT_EQ(EMFILE, try_ours(self->fd, "new", O_CREAT | O_RDWR, 0600, 0));
	EXPECT_EQ(EMFILE, try_theirs(self->folder, "new", O_CREAT | O_RDWR, 0600, 0));
	EXPECT_EQ(EMFILE, try_ours(self->fd, "file", O_TRUNC | O_RDWR, 0, 0));
	/* Which comes first: the descriptor or the way? Whatever is wrong with the flags does. */
	EXPECT_EQ(try_theirs(self->folder, "none/new", O_RDWR, 0, 0),
		  try_ours(self->fd, "none/new", O_RDWR, 0, 0));
	EXPECT_EQ(try_theirs(self->folder, "", O_RDWR, 0, 0),
		  try_ours(self->fd, "", O_RDWR, 0, 0));
	EXPECT_EQ(EINVAL, try_ours(self->fd, "new", O_CREAT | O_DIRECTORY, 0600, 0));
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &old));
	EXPECT_EQ(2, count_names(self->fd, "/"));
	EXPECT_EQ(ENOENT, try_ours(self->fd, "new", O_RDONLY, 0, 0));
}

TEST_F(tree, the_lowest_descriptor_is_given)
{
	int low = open_in_tree(self->fd, "new", O_CREAT | O_RDWR, 0600);
	int high = open_in_tree(self->fd, "new", O_RDWR, 0);

	ASSERT_LE(0, low);
	EXPECT_EQ(low + 1, high);
	close(low);
	EXPECT_EQ(low, open_in_tree(self->fd, "new", O_RDWR, 0));
	close(low);
	close(high);
}

TEST_F(tree, status_flags_are_as_they_were_given)
{
	static const int given[] = { O_RDONLY, O_WRONLY, O_RDWR, O_RDWR | O_APPEND,
				     O_RDONLY | O_NONBLOCK, O_RDWR | O_APPEND | O_NONBLOCK,
				     O_WRONLY | O_SYNC, O_WRONLY | O_DSYNC, O_RDWR | O_NOATIME };

	for (size_t i = 0; i < ARRAY_SIZE(given); i++) {
		int ours = open_in_tree(self->fd, "new", given[i] | O_CREAT | O_TRUNC, 0600);
		int theirs = open_for_real(self->folder, "new", given[i] | O_CREAT | O_TRUNC, 0600,
					   0);

		ASSERT_LE(0, ours);
		ASSERT_LE(0, theirs);
		EXPECT_EQ(fcntl(theirs, F_GETFL), fcntl(ours, F_GETFL))
			TH_LOG("flags %#x", given[i]);
		EXPECT_EQ(0, fcntl(ours, F_GETFD));
		close(ours);
		close(theirs);
	}
}

TEST_F(tree, close_on_exec)
{
	for (int keeps = 0; keeps <= 1; keeps++) {
		int file = open_in_tree(self->fd, "new", O_CREAT | O_RDWR | (keeps ? 0 : O_CLOEXEC),
					0600);
		char number[16];
		pid_t child;

		ASSERT_LE(0, file);
		EXPECT_EQ(keeps ? 0 : FD_CLOEXEC, fcntl(file, F_GETFD));
		snprintf(number, sizeof(number), "%d", file);
		child = fork();
		if (!child) {
			execl("/proc/self/exe", "open", "--is-open", number, NULL);
			_exit(10);
		}
		EXPECT_EQ(keeps ? 0 : EBADF, wait_for(child));
		close(file);
	}
}

TEST_F(tree, truncation_empties)
{
	struct stat stat;
	int reader, file;
	char byte;

	ASSERT_EQ(0, make_file(self->fd, "file", 0600, "abc"));
	reader = open_in_tree(self->fd, "file", O_RDONLY, 0);
	ASSERT_LE(0, reader);
	file = open_in_tree(self->fd, "file", O_WRONLY | O_TRUNC, 0);
	ASSERT_LE(0, file);
	ASSERT_EQ(0, fstat(file, &stat));
	EXPECT_EQ(0, stat.st_size);
	EXPECT_EQ(0, read(reader, &byte, 1));
	close(file);
	close(reader);
}

#define RACERS 4
#define ROUNDS 200

static int race_fd;
static pthread_barrier_t barrier;

static void *make_exclusively(void *arg)
{
	int *won = arg;

	for (int round = 0; round < ROUNDS; round++) {
		int file;

		pthread_barrier_wait(&barrier);
		file = open_in_tree(race_fd, "lock", O_CREAT | O_EXCL | O_WRONLY, 0600);
		won[round] = file < 0 ? -errno : 1;
		if (file >= 0)
			close(file);
		if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD)
			sysdemo_unlink(race_fd, "lock");
	}
	return NULL;
}

/* Of many who make the same file at once, one does. */
TEST_F_TIMEOUT(tree, exclusive_creation_has_one_winner, SLOW)
{
	static int won[RACERS][ROUNDS];
	pthread_t threads[RACERS];

	race_fd = self->fd;
	ASSERT_EQ(0, pthread_barrier_init(&barrier, NULL, RACERS));
	for (int i = 0; i < RACERS; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, make_exclusively, won[i]));
	for (int i = 0; i < RACERS; i++)
		pthread_join(threads[i], NULL);
	for (int round = 0; round < ROUNDS; round++) {
		int winners = 0;

		for (int i = 0; i < RACERS; i++) {
			winners += won[i][round] == 1;
			EXPECT_TRUE(won[i][round] == 1 || won[i][round] == -EEXIST)
				TH_LOG("round %d: %d", round, won[i][round]);
		}
		EXPECT_EQ(1, winners)
			TH_LOG("round %d", round);
	}
}

static void *make_or_open(void *arg)
{
	__u64 *number = arg;

	for (int round = 0; round < ROUNDS; round++) {
		struct stat stat = { 0 };
		int file;

		pthread_barrier_wait(&barrier);
		file = open_in_tree(race_fd, "shared", O_CREAT | O_RDWR, 0600);
		if (file < 0 || fstat(file, &stat))
			number[round] = -errno;
		else
			number[round] = stat.st_ino;
		if (file >= 0)
			close(file);
		if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD)
			sysdemo_unlink(race_fd, "shared");
	}
	return NULL;
}

/*
 * Of many who make the same file at once, and take one that is there as well, all have the same.
 * The open file of a new one is made before it has its name: then another may have taken that.
 */
TEST_F_TIMEOUT(tree, creation_at_once_makes_one_file, SLOW)
{
	static __u64 number[RACERS][ROUNDS];
	pthread_t threads[RACERS];

	race_fd = self->fd;
	ASSERT_EQ(0, pthread_barrier_init(&barrier, NULL, RACERS));
	for (int i = 0; i < RACERS; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, make_or_open, number[i]));
	for (int i = 0; i < RACERS; i++)
		pthread_join(threads[i], NULL);
	for (int round = 0; round < ROUNDS; round++) {
		EXPECT_GT((__u64)LLONG_MAX, number[0][round])
			TH_LOG("round %d: %s", round, strerror(-number[0][round]));
		for (int i = 1; i < RACERS; i++)
			EXPECT_EQ(number[0][round], number[i][round])
				TH_LOG("round %d", round);
	}
	EXPECT_EQ(0, count_names(self->fd, "/"));
}

/* So often it is tried at most, until both have happened. */
#define MOST (2000 * ROUNDS)

static atomic_bool stop_removing;

static void *remove_and_make(void *arg)
{
	while (!atomic_load(&stop_removing)) {
		sysdemo_rmdir(race_fd, "folder");
		sysdemo_mkdir(race_fd, "folder", 0777);
	}
	return arg;
}

/* Nothing is made in a directory that goes meanwhile. */
TEST_F_TIMEOUT(tree, creation_in_a_directory_that_goes, SLOW)
{
	int made = 0, missed = 0;
	pthread_t thread;

	race_fd = self->fd;
	atomic_store(&stop_removing, false);
	ASSERT_EQ(0, pthread_create(&thread, NULL, remove_and_make, NULL));
	for (int i = 0; i < MOST && (i < MOST / 100 / stride || !made || !missed); i++) {
		int file = open_in_tree(self->fd, "folder/new", O_CREAT | O_RDWR, 0600);

		if (file < 0) {
			ASSERT_EQ(ENOENT, errno);
			missed++;
			continue;
		}
		made++;
		close(file);
		/* While it is there nobody can remove the directory. */
		ASSERT_EQ(0, sysdemo_unlink(self->fd, "folder/new"));
	}
	atomic_store(&stop_removing, true);
	pthread_join(thread, NULL);
	EXPECT_LT(0, made);
	EXPECT_LT(0, missed);
}

/* Nobody who has no rights is kept out of the tree: it is like /tmp. */
TEST_F(tree, unprivileged_users_may_open)
{
	pid_t child = fork();

	if (!child) {
		struct stat stat;
		int fd, file;

		if (setgid(NOBODY) || setuid(NOBODY))
			_exit(10);
		fd = sysdemo_open(device);
		file = open_in_tree(fd, "mine", O_CREAT | O_RDWR, 0640);
		if (file < 0 || fstat(file, &stat))
			_exit(11);
		if (stat.st_uid != NOBODY || stat.st_gid != NOBODY ||
		    stat.st_mode != (S_IFREG | 0640))
			_exit(12);
		_exit(sysdemo_write(fd, file, "x", 1) != 1 || sysdemo_unlink(fd, "mine"));
	}
	EXPECT_EQ(0, wait_for(child));
}

/* Who has no id outside of its user namespace can own nothing. */
TEST_F(tree, ids_without_meaning_make_nothing)
{
	pid_t child = fork();

	if (!child) {
		int ours, theirs;

		/* Nobody is mapped: the ids are the overflow ids, but only as they are told. */
		if (unshare(CLONE_NEWUSER))
			_exit(10);
		setfsuid(7);
		ours = try_ours(self->fd, "new", O_CREAT | O_RDWR, 0600, 0);
		theirs = try_theirs(self->folder, "new", O_CREAT | O_RDWR, 0600, 0);
		_exit(ours != theirs ? 11 : 0);
	}
	EXPECT_EQ(0, wait_for(child));
}

static int is_open(const char *number)
{
	return fcntl(atoi(number), F_GETFD) < 0 ? errno : 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "--is-open"))
		return is_open(argv[2]);
	return run_tests(argc, argv);
}
