// SPDX-License-Identifier: GPL-2.0
/*
 * Restrictions: once taken away, a call does not come back, for nobody who has the open device.
 */
#include "tester.h"

#include <pthread.h>

static const __u32 only_getpid[] = { SYSDEMO_NR_GETPID };
static const __u32 some[] = { SYSDEMO_NR_NULL, SYSDEMO_NR_GETPID, 100, 255 };

TEST_F(device, what_is_not_allowed_is_eperm)
{
	ASSERT_EQ(0, sysdemo_allow_only(self->fd, only_getpid, 1));
	EXPECT_EQ(getpid(), sysdemo_getpid(self->fd));
	for (__u32 nr = 0; nr < 1000; nr++) {
		if (nr == SYSDEMO_NR_GETPID)
			continue;
		EXPECT_EQ(-1, sysdemo_syscall(self->fd, nr, 0, 0, 0, 0, 0, 0));
		EXPECT_EQ(EPERM, errno)
			TH_LOG("number %u", nr);
	}
	EXPECT_EQ(-1, sysdemo_syscall(self->fd, 0xffffffff, 0, 0, 0, 0, 0, 0));
	EXPECT_EQ(EPERM, errno);
}

TEST_F(device, what_is_allowed_but_is_not_there_is_enosys)
{
	ASSERT_EQ(0, sysdemo_allow_only(self->fd, some, ARRAY_SIZE(some)));
	EXPECT_EQ(-1, sysdemo_syscall(self->fd, 100, 0, 0, 0, 0, 0, 0));
	EXPECT_EQ(ENOSYS, errno);
	EXPECT_EQ(-1, sysdemo_syscall(self->fd, 255, 0, 0, 0, 0, 0, 0));
	EXPECT_EQ(ENOSYS, errno);
	/* Beyond what a restriction can speak of nothing is allowed. */
	EXPECT_EQ(-1, sysdemo_syscall(self->fd, 256, 0, 0, 0, 0, 0, 0));
	EXPECT_EQ(EPERM, errno);
}

TEST_F(device, restrictions_only_shrink)
{
	const struct sysdemo_restrict everything = { .allowed = { -1ULL, -1ULL, -1ULL, -1ULL } };
	const struct sysdemo_restrict nothing = { .allowed = { 0 } };

	ASSERT_EQ(0, sysdemo_allow_only(self->fd, some, ARRAY_SIZE(some)));
	ASSERT_EQ(0, ioctl(self->fd, SYSDEMO_IOC_RESTRICT, &everything));
	EXPECT_EQ(0, sysdemo_null(self->fd));
	EXPECT_EQ(-1, sysdemo_gettid(self->fd));
	EXPECT_EQ(EPERM, errno);

	ASSERT_EQ(0, sysdemo_allow_only(self->fd, only_getpid, 1));
	EXPECT_EQ(-1, sysdemo_null(self->fd));
	EXPECT_EQ(EPERM, errno);
	EXPECT_EQ(getpid(), sysdemo_getpid(self->fd));

	ASSERT_EQ(0, ioctl(self->fd, SYSDEMO_IOC_RESTRICT, &nothing));
	EXPECT_EQ(-1, sysdemo_getpid(self->fd));
	EXPECT_EQ(EPERM, errno);
}

TEST_F(device, every_bit_is_its_own_call)
{
	static const __u32 real[] = {
		SYSDEMO_NR_NULL, SYSDEMO_NR_GETPID, SYSDEMO_NR_GETTID, SYSDEMO_NR_SUM6,
		SYSDEMO_NR_ECHO, SYSDEMO_NR_FILL, SYSDEMO_NR_IDENTITY, SYSDEMO_NR_SET_LABEL,
		SYSDEMO_NR_GET_LABEL, SYSDEMO_NR_CLEAR_LABEL, SYSDEMO_NR_REGS, SYSDEMO_NR_ENTRY,
		SYSDEMO_NR_SUM3, SYSDEMO_NR_SLEEP, SYSDEMO_NR_WAIT, SYSDEMO_NR_WAKE,
		SYSDEMO_NR_OPEN, SYSDEMO_NR_MKDIR, SYSDEMO_NR_UNLINK, SYSDEMO_NR_RMDIR,
		SYSDEMO_NR_STAT, SYSDEMO_NR_LIST, SYSDEMO_NR_READ, SYSDEMO_NR_WRITE,
		SYSDEMO_NR_FACTS,
	};

	for (__u32 nr = 0; nr < SYSDEMO_RESTRICT_CALLS; nr++) {
		int fd = sysdemo_open(device);

		ASSERT_LE(0, fd);
		ASSERT_EQ(0, sysdemo_allow_only(fd, &nr, 1));
		for (size_t i = 0; i < ARRAY_SIZE(real); i++) {
			__u64 args[SYSDEMO_ARGS_MAX] = { 99 };
			__s64 ret;

			ASSERT_EQ(0, sysdemo_call_raw(fd, real[i], args, &ret));
			/* Root opened it, so what is allowed gives no EPERM of its own. */
			EXPECT_EQ(real[i] != nr, ret == -EPERM);
		}
		close(fd);
	}
}

TEST_F(device, other_commands_stay)
{
	const struct sysdemo_restrict nothing = { .allowed = { 0 } };
	struct sysdemo_table call = { .nr = SYSDEMO_NR_NULL };
	struct sysdemo_info info;
	struct sysdemo_call record = { .nr = SYSDEMO_NR_NULL };
	int status;

	ASSERT_EQ(0, ioctl(self->fd, SYSDEMO_IOC_RESTRICT, &nothing));
	EXPECT_EQ(0, ioctl(self->fd, SYSDEMO_IOC_INFO, &info));
	EXPECT_EQ(1, info.restricted);
	EXPECT_EQ(0, ioctl(self->fd, SYSDEMO_IOC_TABLE, &call));
	/* A batch is no way around. */
	EXPECT_EQ(1, sysdemo_batch(self->fd, &record, 1, 0, &status));
	EXPECT_EQ(-EPERM, status);
}

TEST_F(device, all_who_share_the_open_device_are_restricted)
{
	int copy = dup(self->fd), other = sysdemo_open(device);
	pid_t child;

	ASSERT_LE(0, copy);
	ASSERT_LE(0, other);
	child = fork();
	if (!child)
		_exit(sysdemo_allow_only(self->fd, only_getpid, 1));
	EXPECT_EQ(0, wait_for(child));
	EXPECT_EQ(-1, sysdemo_null(self->fd));
	EXPECT_EQ(EPERM, errno);
	EXPECT_EQ(-1, sysdemo_null(copy));
	EXPECT_EQ(EPERM, errno);
	EXPECT_EQ(0, sysdemo_null(other));
	close(copy);
	close(other);
}

TEST_F(device, root_is_restricted_as_well)
{
	EXPECT_EQ(0, geteuid());
	ASSERT_EQ(0, sysdemo_allow_only(self->fd, only_getpid, 1));
	EXPECT_EQ(-1, sysdemo_set_label(self->fd, SYSDEMO_LABEL_MODULE, ""));
	EXPECT_EQ(EPERM, errno);
}

struct half {
	int fd;
	__u64 mask;
};

static void *shrink(void *arg)
{
	const struct half *half = arg;
	struct sysdemo_restrict request;

	for (int i = 0; i < SYSDEMO_RESTRICT_WORDS; i++)
		request.allowed[i] = half->mask;
	return (void *)(long)ioctl(half->fd, SYSDEMO_IOC_RESTRICT, &request);
}

/* Two threads that take away different calls at once: both must be gone. */
TEST_F(device, restrictions_at_once_add_up)
{
	for (int round = 0; round < 200; round++) {
		int fd = sysdemo_open(device);
		struct half halves[] = {
			{ fd, ~(1ULL << SYSDEMO_NR_NULL) }, { fd, ~(1ULL << SYSDEMO_NR_GETTID) },
		};
		pthread_t thread;

		ASSERT_LE(0, fd);
		ASSERT_EQ(0, pthread_create(&thread, NULL, shrink, &halves[0]));
		shrink(&halves[1]);
		pthread_join(thread, NULL);
		EXPECT_EQ(-1, sysdemo_null(fd));
		EXPECT_EQ(-1, sysdemo_gettid(fd));
		EXPECT_EQ(getpid(), sysdemo_getpid(fd));
		close(fd);
	}
}

TESTER_MAIN
