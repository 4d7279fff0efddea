// SPDX-License-Identifier: GPL-2.0
/*
 * Commands by io_uring: the answers of ioctl(2), whatever kind of ring it is and whoever makes
 * them, and entries that change while they are read.
 */
#include "tester.h"
#include "uring.h"

#include <pthread.h>

/* The kinds of rings there are. */
static const unsigned int kinds[] = {
	0, IORING_SETUP_SQE128, IORING_SETUP_CQE32, IORING_SETUP_SQE128 | IORING_SETUP_CQE32,
	IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_SINGLE_ISSUER,
	IORING_SETUP_SQE128 | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_SINGLE_ISSUER,
};

/* An entry for a command, with its argument. */
static struct io_uring_sqe *put_command(struct uring *ring, int fd, unsigned int command, __u64 arg)
{
	struct io_uring_sqe *sqe = next_sqe(ring);

	memset(sqe, 0, sizeof(*sqe) << ring->sqe_shift);
	sqe->opcode = IORING_OP_URING_CMD;
	sqe->fd = fd;
	sqe->cmd_op = command;
	memcpy(sqe->cmd, &arg, sizeof(arg));
	return sqe;
}

static int do_command(struct uring *ring, int fd, unsigned int command, void *arg, int flags)
{
	put_command(ring, fd, command, (uintptr_t)arg)->flags = flags;
	return submit_next(ring) ? -errno : wait_for_it(ring);
}

/* A call with its record where the ring has room for it. `all` is its result, if that is told. */
static int do_call(struct uring *ring, int fd, struct sysdemo_call *call, int flags, __s64 *all)
{
	struct io_uring_sqe *sqe = put_command(ring, fd, SYSDEMO_IOC_CALL, (uintptr_t)call);
	const struct io_uring_cqe *cqe;

	if (ring->sqe_shift)
		memcpy(sqe->cmd, call, sizeof(*call));
	sqe->flags = flags;
	cqe = submit_next(ring) ? NULL : wait_for_cqe(ring);
	if (!cqe)
		return -errno;
	if (ring->cqe_shift)
		*all = cqe->big_cqe[0];
	else if (!ring->sqe_shift)
		*all = call->ret;
	else
		*all = cqe->res;
	return cqe->res;
}

FIXTURE(uring) {
	struct uring rings[ARRAY_SIZE(kinds)];
	int fd;
};

FIXTURE_SETUP(uring)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		ASSERT_EQ(0, open_uring_with(&self->rings[i], kinds[i]))
			TH_LOG("flags %#x: %s", kinds[i], strerror(errno));
	}
	self->fd = sysdemo_open(device);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(uring)
{
	close(self->fd);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		close(self->rings[i].fd);
}

static const int ways[] = { 0, IOSQE_ASYNC, IOSQE_IO_DRAIN };

TEST_F(uring, calls)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct uring *ring = &self->rings[i];

		for (size_t j = 0; j < ARRAY_SIZE(ways); j++) {
			struct sysdemo_call sum = {
				.nr = SYSDEMO_NR_SUM6, .args = { 1, 2, 3, 4, 5, 6 }, .ret = 77,
			};
			struct sysdemo_call pid = { .nr = SYSDEMO_NR_GETPID };
			struct sysdemo_call none = { .nr = SYSDEMO_NR_CALLS };
			__s64 all = 0;

			EXPECT_EQ(21, do_call(ring, self->fd, &sum, ways[j], &all));
			EXPECT_EQ(21, all);
			/* What is in the entry is not written. */
			EXPECT_EQ(ring->sqe_shift ? 77 : 21, sum.ret);
			EXPECT_EQ(getpid(), do_call(ring, self->fd, &pid, ways[j], &all));
			EXPECT_EQ(getpid(), all);
			EXPECT_EQ(-ENOSYS, do_call(ring, self->fd, &none, ways[j], &all));
			EXPECT_EQ(-ENOSYS, all);
		}
	}
}

/* Results that do not fit, and some that mean something else to io_uring or to the kernel. */
TEST_F(uring, results)
{
	static const __s64 wanted[] = {
		0, 1, INT32_MAX, INT32_MAX + 1LL, INT32_MIN, INT32_MIN - 1LL, INT64_MAX, INT64_MIN,
		-EAGAIN, -529, -512, -514, -EINTR, -1, -4095, -4096, 1LL << 32,
	};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(wanted) * ARRAY_SIZE(ways); j++) {
			const __s64 value = wanted[j % ARRAY_SIZE(wanted)];
			struct sysdemo_call call = { .nr = SYSDEMO_NR_SUM3, .args = { value } };
			struct sysdemo_info before, after;
			__s64 all = 0;
			int res;

			ASSERT_EQ(0, ioctl(self->fd, SYSDEMO_IOC_INFO, &before));
			res = do_call(&self->rings[i], self->fd, &call,
				      ways[j / ARRAY_SIZE(wanted)], &all);
			ASSERT_EQ(0, ioctl(self->fd, SYSDEMO_IOC_INFO, &after));
			EXPECT_EQ(before.calls_made + 1, after.calls_made);
			if (value == (int)value) {
				EXPECT_EQ(value, res);
				EXPECT_EQ(value, all);
			} else {
				EXPECT_EQ(-EOVERFLOW, res);
				if (kinds[i] & IORING_SETUP_CQE32 ||
				    !(kinds[i] & IORING_SETUP_SQE128))
					EXPECT_EQ(value, all);
			}
		}
	}
}

/* Every command, with zeros: as by ioctl(2). */
TEST_F(uring, commands)
{
	static const unsigned int commands[] = {
		SYSDEMO_IOC_BATCH, SYSDEMO_IOC_TABLE, SYSDEMO_IOC_INFO, SYSDEMO_IOC_LOG,
		SYSDEMO_IOC_RING, SYSDEMO_IOC_ENTER, SYSDEMO_IOC_CALL + 1,
		SYSDEMO_IOC_INFO ^ 1 << 16, 0, 1, -1U, 0x5401,
	};
	char by_ioctl[1024], by_uring[1024];

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(commands); j++) {
			for (size_t k = 0; k < ARRAY_SIZE(ways); k++) {
				int wanted;

				memset(by_ioctl, 0, sizeof(by_ioctl));
				memset(by_uring, 0, sizeof(by_uring));
				wanted = ioctl(self->fd, commands[j], by_ioctl);
				wanted = wanted < 0 ? -errno : wanted;
				EXPECT_EQ(wanted, do_command(&self->rings[i], self->fd, commands[j],
							     by_uring, ways[k]))
					TH_LOG("command %#x", commands[j]);
				EXPECT_EQ(0, memcmp(by_ioctl, by_uring, sizeof(by_ioctl)))
					TH_LOG("command %#x", commands[j]);
			}
		}
	}
}

TEST_F(uring, addresses_that_are_none)
{
	static const unsigned int commands[] = {
		SYSDEMO_IOC_CALL, SYSDEMO_IOC_BATCH, SYSDEMO_IOC_TABLE, SYSDEMO_IOC_INFO,
		SYSDEMO_IOC_RESTRICT, SYSDEMO_IOC_LOG, SYSDEMO_IOC_RING,
	};
	static const __u64 addresses[] = {
		0, 1, 0xfff, 0xffffffffULL, 0x00007ffffffff000, 0x0000800000000000,
		0xffff888000001000, 0xffffffff81000000, -1ULL, -4096ULL,
	};
	struct uring *ring = &self->rings[0];

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(addresses); j++) {
			for (size_t k = 0; k < ARRAY_SIZE(ways); k++) {
				put_command(ring, self->fd, commands[i], addresses[j])->flags =
					ways[k];
				ASSERT_EQ(0, submit_next(ring));
				EXPECT_EQ(-EFAULT, wait_for_it(ring))
					TH_LOG("%#x: %#llx", commands[i], (long long)addresses[j]);
			}
		}
	}
	EXPECT_EQ(getpid(), sysdemo_getpid(self->fd));
}

TEST_F(uring, what_has_to_be_zero)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct uring *ring = &self->rings[i];
		size_t room = ring->sqe_shift ? 80 : 16;

		for (size_t byte = ring->sqe_shift ? 64 : 8; byte < room; byte++) {
			struct sysdemo_call call = { .nr = SYSDEMO_NR_NULL };
			struct sysdemo_info info;
			struct io_uring_sqe *sqe;

			sqe = put_command(ring, self->fd, SYSDEMO_IOC_INFO, (uintptr_t)&info);
			sqe->cmd[byte] = 1;
			ASSERT_EQ(0, submit_next(ring));
			EXPECT_EQ(-EINVAL, wait_for_it(ring));
			put_command(ring, self->fd, SYSDEMO_IOC_CALL, (uintptr_t)&call);
			if (ring->sqe_shift)
				memcpy(next_sqe(ring)->cmd, &call, sizeof(call));
			next_sqe(ring)->cmd[byte] = 1;
			ASSERT_EQ(0, submit_next(ring));
			EXPECT_EQ(-EINVAL, wait_for_it(ring));
		}
		for (int bit = 0; bit < 32; bit++) {
			struct sysdemo_call call = { .flags = 1U << bit };
			struct io_uring_sqe *sqe;
			__s64 all;

			EXPECT_EQ(-EINVAL, do_call(ring, self->fd, &call, 0, &all));
			sqe = put_command(ring, self->fd, SYSDEMO_IOC_ENTER, 0);
			sqe->uring_cmd_flags = 1U << bit;
			ASSERT_EQ(0, submit_next(ring));
			EXPECT_EQ(-EINVAL, wait_for_it(ring));
		}
	}
	EXPECT_EQ(0, sysdemo_null(self->fd));
}

TEST_F(uring, what_is_no_open_device)
{
	struct sysdemo_call call = { .nr = SYSDEMO_NR_NULL };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), path = open(device, O_PATH | O_CLOEXEC);

	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		__s64 all;

		EXPECT_EQ(-EBADF, do_call(&self->rings[0], -1, &call, ways[i], &all));
		EXPECT_EQ(-EBADF, do_call(&self->rings[0], 1000, &call, ways[i], &all));
		EXPECT_EQ(-EBADF, do_call(&self->rings[0], path, &call, ways[i], &all));
		/* Whatever /dev/null does with commands, it makes no calls. */
		EXPECT_NE(-EFAULT, do_call(&self->rings[0], null, &call, ways[i], &all));
	}
	close(null);
	close(path);
}

TEST_F(uring, restrictions_and_rights)
{
	static const __u32 only[] = { SYSDEMO_NR_GETPID, SYSDEMO_NR_SET_LABEL };

	ASSERT_EQ(0, sysdemo_allow_only(self->fd, only, 2));
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(ways); j++) {
			struct sysdemo_call call = { .nr = SYSDEMO_NR_NULL };
			__s64 all;

			EXPECT_EQ(-EPERM, do_call(&self->rings[i], self->fd, &call, ways[j], &all));
		}
	}
}

/* Rights are those of who submits, also where a worker makes the call. */
TEST(everybody_may_but_not_more)
{
	pid_t child = fork();

	if (!child) {
		struct sysdemo_call call = {
			.nr = SYSDEMO_NR_SET_LABEL,
			.args = { SYSDEMO_LABEL_MODULE, (uintptr_t)"nobody" },
		};
		struct sysdemo_call pid = { .nr = SYSDEMO_NR_GETPID };
		struct uring ring;
		__s64 all;
		int fd;

		if (setgid(NOBODY) || setuid(NOBODY))
			_exit(10);
		fd = sysdemo_open(device);
		if (open_uring(&ring))
			_exit(11);
		for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
			if (do_call(&ring, fd, &call, ways[i], &all) != -EPERM)
				_exit(12);
			if (do_call(&ring, fd, &pid, ways[i], &all) != getpid())
				_exit(13);
		}
		_exit(0);
	}
	EXPECT_EQ(0, wait_for(child));
}

static __u64 now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000ULL + time.tv_nsec;
}

/* What sleeps does not hold up who submits it; batches and rings may. */
TEST_F(uring, who_submits_does_not_sleep)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct uring *ring = &self->rings[i];
		struct sysdemo_time time = { .time = 300000000 };
		struct sysdemo_call call = {
			.nr = SYSDEMO_NR_SLEEP, .args = { (uintptr_t)&time, sizeof(time) },
		};
		struct sysdemo_batch batch = { .calls = (uintptr_t)&call, .count = 1 };
		__u64 start = now();

		put_command(ring, self->fd, SYSDEMO_IOC_CALL, (uintptr_t)&call);
		if (ring->sqe_shift)
			memcpy(next_sqe(ring)->cmd, &call, sizeof(call));
		ASSERT_EQ(0, submit_next(ring));
		EXPECT_GT(start + 200000000, now());
		EXPECT_FALSE(is_done(ring));
		EXPECT_EQ(0, wait_for_it(ring));
		EXPECT_LE(start + 300000000, now());

		start = now();
		put_command(ring, self->fd, SYSDEMO_IOC_BATCH, (uintptr_t)&batch);
		ASSERT_EQ(0, submit_next(ring));
		EXPECT_GT(start + 200000000, now());
		EXPECT_FALSE(is_done(ring));
		EXPECT_EQ(0, wait_for_it(ring));
		EXPECT_EQ(1, batch.done);
		EXPECT_EQ(0, batch.status);
	}
}

static int cancel(struct uring *ring, __u64 user_data)
{
	const struct io_uring_sqe sqe = {
		.opcode = IORING_OP_ASYNC_CANCEL, .fd = -1, .addr = user_data, .user_data = 2,
	};

	memset(next_sqe(ring), 0, sizeof(sqe) << ring->sqe_shift);
	return submit(ring, &sqe);
}

TEST_F(uring, a_sleep_is_cancelled)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct uring *ring = &self->rings[i];
		struct sysdemo_time time = { .time = INT64_MAX };
		struct sysdemo_call call = {
			.nr = SYSDEMO_NR_SLEEP, .args = { (uintptr_t)&time, sizeof(time) },
		};
		struct sysdemo_info before, info;
		int res[2] = { 77, 77 };

		ASSERT_EQ(0, ioctl(self->fd, SYSDEMO_IOC_INFO, &before));
		put_command(ring, self->fd, SYSDEMO_IOC_CALL, (uintptr_t)&call)->user_data = 1;
		if (ring->sqe_shift)
			memcpy(next_sqe(ring)->cmd, &call, sizeof(call));
		ASSERT_EQ(0, submit_next(ring));
		do {
			usleep(10000);
			ASSERT_EQ(0, ioctl(self->fd, SYSDEMO_IOC_INFO, &info));
		} while (info.calls_made == before.calls_made);
		usleep(20000);
		ASSERT_EQ(0, cancel(ring, 1));
		for (int j = 0; j < 2; j++) {
			const struct io_uring_cqe *cqe = wait_for_cqe(ring);

			ASSERT_NE(NULL, cqe);
			res[cqe->user_data - 1] = cqe->res;
		}
		EXPECT_EQ(-EINTR, res[0]);
		/* It was running, so it is said that it may take a while. */
		EXPECT_EQ(-EALREADY, res[1]);
		/* What remains is told, as for any sleep that a signal ends. */
		EXPECT_GT(INT64_MAX, time.time);
	}
}

/* Both are closed while a call waits, and then the program ends: nothing of it is left. */
TEST_F(uring, a_wait_ends_with_its_program)
{
	static __u32 word;
	pid_t child = fork();

	if (!child) {
		struct sysdemo_call call = {
			.nr = SYSDEMO_NR_WAIT, .args = { (uintptr_t)&word },
		};
		struct uring ring;

		if (open_uring(&ring))
			_exit(10);
		put_command(&ring, self->fd, SYSDEMO_IOC_CALL, (uintptr_t)&call);
		if (submit_next(&ring))
			_exit(11);
		close(self->fd);
		usleep(50000);
		_exit(0);
	}
	EXPECT_EQ(0, wait_for(child));
	/* Nobody waits any more: the place is free. */
	EXPECT_EQ(0, sysdemo_wake(self->fd, &word, 1));
}

TEST_F(uring, what_is_opened_by_it_is_open)
{
	struct sysdemo_open_how how = { .flags = O_CREAT | O_RDWR | O_CLOEXEC, .mode = 0600 };

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(ways); j++) {
			struct sysdemo_call call = {
				.nr = SYSDEMO_NR_OPEN,
				.args = { (uintptr_t)"by-uring", (uintptr_t)&how, sizeof(how) },
			};
			__s64 all;
			int file = do_call(&self->rings[i], self->fd, &call, ways[j], &all);

			ASSERT_LT(2, file);
			EXPECT_EQ(file, all);
			EXPECT_EQ(3, write(file, "abc", 3));
			close(file);
		}
	}
	EXPECT_EQ(0, sysdemo_unlink(self->fd, "by-uring"));
}

/* The kernel reads an entry while another thread writes it: each word is one or the other. */
static atomic_bool stop;

static void *scribble(void *arg)
{
	struct uring *ring = arg;
	unsigned int turn = 0;

	while (!atomic_load(&stop)) {
		for (unsigned int i = 0; i <= ring->sq_mask; i++) {
			struct io_uring_sqe *sqe = &ring->sqes[i << ring->sqe_shift];
			volatile __u32 *words = (volatile __u32 *)sqe->cmd;

			words[0] = turn % 3 ? SYSDEMO_NR_SUM3 : SYSDEMO_NR_CALLS + turn % 7;
			words[1] = turn % 5 == 4;
			words[2] = turn % 11;
			*(volatile __u32 *)&sqe->cmd_op = turn % 4 ? SYSDEMO_IOC_CALL : turn % 16;
			words[18] = turn % 9 == 8;
			turn++;
		}
	}
	return NULL;
}

TEST_F_TIMEOUT(uring, changing_entries_do_no_harm, 120)
{
	struct uring *ring = &self->rings[3];
	unsigned int sums = 0, errors = 0;
	pthread_t thread;

	atomic_store(&stop, false);
	ASSERT_EQ(0, pthread_create(&thread, NULL, scribble, ring));
	for (int i = 0; i < 50000 / stride; i++) {
		struct sysdemo_call call = { .nr = SYSDEMO_NR_SUM3 };
		__s64 all = 0;
		int res = do_call(ring, self->fd, &call, i % 64 ? 0 : IOSQE_ASYNC, &all);

		EXPECT_TRUE(res == -ENOSYS || res == -EINVAL || res == -ENOTTY ||
			    (res >= 0 && res < 11))
			TH_LOG("%d", res);
		sums += res >= 0;
		errors += res < 0;
	}
	atomic_store(&stop, true);
	pthread_join(thread, NULL);
	EXPECT_LT(10, sums);
	EXPECT_LT(10, errors);
}

/* A thread of the kernel's looks for entries by itself. */
TEST(by_a_thread_that_polls)
{
	struct sysdemo_call pid = { .nr = SYSDEMO_NR_GETPID };
	int fd = sysdemo_open(device);
	struct uring ring;

	ASSERT_EQ(0, open_uring_with(&ring, IORING_SETUP_SQPOLL));
	for (int i = 0; i < 100; i++) {
		unsigned int tail = atomic_load(ring.sq_tail);

		pid.ret = 0;
		put_command(&ring, fd, SYSDEMO_IOC_CALL, (uintptr_t)&pid);
		ring.sq_array[tail & ring.sq_mask] = tail & ring.sq_mask;
		atomic_store(ring.sq_tail, tail + 1);
		syscall(SYS_io_uring_enter, ring.fd, 1, 0, IORING_ENTER_SQ_WAKEUP, NULL, 0);
		EXPECT_EQ(getpid(), wait_for_it(&ring));
		EXPECT_EQ(getpid(), pid.ret);
	}
	close(ring.fd);
	close(fd);
}

/* The caller's registers are those of io_uring_enter(2), or of a worker: never anything else's. */
TEST_F(uring, regs_by_uring)
{
	struct sysdemo_regs regs;
	struct sysdemo_call call = {
		.nr = SYSDEMO_NR_REGS, .args = { (uintptr_t)&regs, sizeof(regs) },
	};
	__s64 all;

	EXPECT_EQ(0, do_call(&self->rings[0], self->fd, &call, 0, &all));
	EXPECT_EQ(SYS_io_uring_enter, regs.nr);
	EXPECT_EQ((unsigned int)self->rings[0].fd, regs.args[0]);
	memset(&regs, 0, sizeof(regs));
	EXPECT_EQ(0, do_call(&self->rings[0], self->fd, &call, IOSQE_ASYNC, &all));
	/* A worker has no user space: no address of that, and none of the kernel's. */
	EXPECT_EQ(0, regs.ip);
	EXPECT_EQ(0, regs.sp);
}

TESTER_MAIN
