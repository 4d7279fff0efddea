// SPDX-License-Identifier: GPL-2.0
/*
 * Commands by io_uring with liburing, as most programs in C use it.
 */
#include "tests/tester.h"

#include <liburing.h>
#include <stdint.h>

#define ENTRIES 64

FIXTURE(liburing) {
	struct io_uring ring, wide;
	int fd;
};

FIXTURE_SETUP(liburing)
{
	ASSERT_EQ(0, io_uring_queue_init(ENTRIES, &self->ring, 0));
	ASSERT_EQ(0, io_uring_queue_init(ENTRIES, &self->wide,
					 IORING_SETUP_SQE128 | IORING_SETUP_CQE32));
	self->fd = sysdemo_open(device);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(liburing)
{
	close(self->fd);
	io_uring_queue_exit(&self->ring);
	io_uring_queue_exit(&self->wide);
}

/* Puts a command in, with its argument. */
static struct io_uring_sqe *prepare(struct io_uring *ring, int fd, unsigned int command, void *arg)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);
	const __u64 address = (uintptr_t)arg;

	memset(sqe, 0, sizeof(*sqe) << !!(ring->flags & IORING_SETUP_SQE128));
	sqe->opcode = IORING_OP_URING_CMD;
	sqe->fd = fd;
	sqe->cmd_op = command;
	memcpy(sqe->cmd, &address, sizeof(address));
	return sqe;
}

/* Puts a call in that is in the entry. */
static struct io_uring_sqe *prepare_call(struct io_uring *ring, int fd,
					 const struct sysdemo_call *call)
{
	struct io_uring_sqe *sqe = prepare(ring, fd, SYSDEMO_IOC_CALL, NULL);

	memcpy(sqe->cmd, call, sizeof(*call));
	return sqe;
}

TEST_F(liburing, calls_at_every_depth)
{
	struct sysdemo_call calls[ENTRIES];

	for (unsigned int depth = 1; depth <= ENTRIES; depth++) {
		struct io_uring_cqe *cqe;
		unsigned int head, seen = 0;

		for (unsigned int i = 0; i < depth; i++) {
			calls[i] = (struct sysdemo_call) {
				.nr = SYSDEMO_NR_SUM3, .args = { depth, i },
			};
			prepare(&self->ring, self->fd, SYSDEMO_IOC_CALL, &calls[i])->user_data = i;
		}
		ASSERT_EQ(depth, io_uring_submit_and_wait(&self->ring, depth));
		io_uring_for_each_cqe(&self->ring, head, cqe) {
			EXPECT_EQ(depth + cqe->user_data, cqe->res);
			seen++;
		}
		io_uring_cq_advance(&self->ring, seen);
		EXPECT_EQ(depth, seen);
		for (unsigned int i = 0; i < depth; i++)
			EXPECT_EQ(depth + i, calls[i].ret);
	}
}

TEST_F(liburing, calls_in_entries)
{
	for (unsigned int depth = 1; depth <= ENTRIES; depth *= 2) {
		struct io_uring_cqe *cqe;
		unsigned int head, seen = 0;

		for (unsigned int i = 0; i < depth; i++) {
			struct sysdemo_call call = {
				.nr = SYSDEMO_NR_SUM3, .args = { 1ULL << 40, i },
			};

			prepare_call(&self->wide, self->fd, &call)->user_data = i;
		}
		ASSERT_EQ(depth, io_uring_submit_and_wait(&self->wide, depth));
		io_uring_for_each_cqe(&self->wide, head, cqe) {
			EXPECT_EQ(-EOVERFLOW, cqe->res);
			EXPECT_EQ((1ULL << 40) + cqe->user_data, cqe->big_cqe[0]);
			seen++;
		}
		io_uring_cq_advance(&self->wide, seen);
		EXPECT_EQ(depth, seen);
	}
}

/* One after the other, and none after one that fails. */
TEST_F(liburing, calls_that_are_linked)
{
	struct sysdemo_call pid = { .nr = SYSDEMO_NR_GETPID }, none = { .nr = SYSDEMO_NR_CALLS };
	const int wanted[] = { getpid(), -ENOSYS, -ECANCELED };
	struct io_uring_cqe *cqe;

	for (int i = 0; i < 3; i++)
		io_uring_sqe_set_flags(prepare_call(&self->wide, self->fd, i == 1 ? &none : &pid),
				       i < 2 ? IOSQE_IO_LINK : 0);
	ASSERT_EQ(3, io_uring_submit_and_wait(&self->wide, 3));
	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(0, io_uring_wait_cqe(&self->wide, &cqe));
		EXPECT_EQ(wanted[i], cqe->res);
		io_uring_cqe_seen(&self->wide, cqe);
	}
}

/* A sleep with a time limit of io_uring's own. */
TEST_F(liburing, a_sleep_with_a_timeout)
{
	struct __kernel_timespec limit = { .tv_nsec = 50000000 };
	struct sysdemo_time time = { .time = INT64_MAX };
	struct sysdemo_call sleep = {
		.nr = SYSDEMO_NR_SLEEP, .args = { (uintptr_t)&time, sizeof(time) },
	};
	struct io_uring_sqe *sqe;
	struct io_uring_cqe *cqe;

	sqe = prepare(&self->ring, self->fd, SYSDEMO_IOC_CALL, &sleep);
	sqe->user_data = 1;
	io_uring_sqe_set_flags(sqe, IOSQE_IO_LINK);
	sqe = io_uring_get_sqe(&self->ring);
	io_uring_prep_link_timeout(sqe, &limit, 0);
	sqe->user_data = 2;
	ASSERT_EQ(2, io_uring_submit_and_wait(&self->ring, 2));
	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(0, io_uring_wait_cqe(&self->ring, &cqe));
		if (cqe->user_data == 1)
			EXPECT_EQ(-EINTR, cqe->res);
		io_uring_cqe_seen(&self->ring, cqe);
	}
	EXPECT_EQ(-EINTR, sleep.ret);
}

/* The device as a registered file. */
TEST_F(liburing, a_registered_device)
{
	struct sysdemo_call pid = { .nr = SYSDEMO_NR_GETPID };
	struct io_uring_cqe *cqe;

	ASSERT_EQ(0, io_uring_register_files(&self->wide, &self->fd, 1));
	io_uring_sqe_set_flags(prepare_call(&self->wide, 0, &pid), IOSQE_FIXED_FILE);
	ASSERT_EQ(1, io_uring_submit_and_wait(&self->wide, 1));
	ASSERT_EQ(0, io_uring_wait_cqe(&self->wide, &cqe));
	EXPECT_EQ(getpid(), cqe->res);
	io_uring_cqe_seen(&self->wide, cqe);
}

TESTER_MAIN
