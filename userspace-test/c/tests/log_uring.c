// SPDX-License-Identifier: GPL-2.0
/*
 * The log of calls read by io_uring, which asks for what is there without waiting, and waits
 * itself.
 */
#include "log.h"

#include <linux/io_uring.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <sys/uio.h>

#define ENTRIES 8

/* A ring, as far as one request at a time needs it. */
struct uring {
	int fd;
	atomic_uint *sq_tail, *cq_head, *cq_tail;
	unsigned int *sq_array, sq_mask, cq_mask;
	struct io_uring_sqe *sqes;
	struct io_uring_cqe *cqes;
};

static int open_uring(struct uring *ring)
{
	struct io_uring_params params = { 0 };
	char *memory;
	size_t size;

	ring->fd = syscall(SYS_io_uring_setup, ENTRIES, &params);
	if (ring->fd < 0 || !(params.features & IORING_FEAT_SINGLE_MMAP))
		return -1;
	size = params.cq_off.cqes + params.cq_entries * sizeof(*ring->cqes);
	if (size < params.sq_off.array + params.sq_entries * sizeof(*ring->sq_array))
		size = params.sq_off.array + params.sq_entries * sizeof(*ring->sq_array);
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring->fd,
		      IORING_OFF_SQ_RING);
	ring->sqes = mmap(NULL, params.sq_entries * sizeof(*ring->sqes), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_POPULATE, ring->fd, IORING_OFF_SQES);
	if (memory == MAP_FAILED || ring->sqes == MAP_FAILED)
		return -1;
	ring->sq_tail = (void *)(memory + params.sq_off.tail);
	ring->sq_array = (void *)(memory + params.sq_off.array);
	ring->sq_mask = *(unsigned int *)(memory + params.sq_off.ring_mask);
	ring->cq_head = (void *)(memory + params.cq_off.head);
	ring->cq_tail = (void *)(memory + params.cq_off.tail);
	ring->cq_mask = *(unsigned int *)(memory + params.cq_off.ring_mask);
	ring->cqes = (void *)(memory + params.cq_off.cqes);
	return 0;
}

/* Asks for something; 0 if it was taken. */
static int submit(struct uring *ring, const struct io_uring_sqe *sqe)
{
	unsigned int tail = atomic_load(ring->sq_tail);

	ring->sqes[tail & ring->sq_mask] = *sqe;
	ring->sq_array[tail & ring->sq_mask] = tail & ring->sq_mask;
	atomic_store(ring->sq_tail, tail + 1);
	return syscall(SYS_io_uring_enter, ring->fd, 1, 0, 0, NULL, 0) == 1 ? 0 : -1;
}

static bool is_done(struct uring *ring)
{
	return atomic_load(ring->cq_tail) != atomic_load(ring->cq_head);
}

/* Waits for what was asked for, and gives what came of it. */
static int wait_for_it(struct uring *ring)
{
	unsigned int head = atomic_load(ring->cq_head);
	int result;

	while (!is_done(ring)) {
		if (syscall(SYS_io_uring_enter, ring->fd, 0, 1, IORING_ENTER_GETEVENTS, NULL,
			    0) < 0)
			return -errno;
	}
	result = ring->cqes[head & ring->cq_mask].res;
	atomic_store(ring->cq_head, head + 1);
	return result;
}

static struct sysdemo_log_record record;

static int submit_read_with(struct uring *ring, int fd, int flags)
{
	const struct io_uring_sqe sqe = {
		.opcode = IORING_OP_READ, .fd = fd, .off = -1, .rw_flags = flags,
		.addr = (uintptr_t)&record, .len = sizeof(record),
	};

	memset(&record, 0x5a, sizeof(record));
	return submit(ring, &sqe);
}

static int submit_read(struct uring *ring, int fd)
{
	return submit_read_with(ring, fd, 0);
}

FIXTURE(uring) {
	struct uring ring;
	int fd;
};

FIXTURE_SETUP(uring)
{
	ASSERT_EQ(0, open_uring(&self->ring))
		TH_LOG("io_uring: %s", strerror(errno));
	self->fd = open_log(0, 8);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(uring)
{
	close(self->fd);
	close(self->ring.fd);
}

TEST_F(uring, a_read_gets_what_is_there)
{
	make_calls(self->fd, 2);
	for (unsigned int seq = 0; seq < 2; seq++) {
		ASSERT_EQ(0, submit_read(&self->ring, self->fd));
		EXPECT_EQ(RECORD, wait_for_it(&self->ring));
		EXPECT_EQ(seq, record.seq);
		EXPECT_EQ(gettid(), record.tid);
	}
}

TEST_F(uring, a_read_waits_for_a_call)
{
	for (unsigned int seq = 0; seq < 3; seq++) {
		ASSERT_EQ(0, submit_read(&self->ring, self->fd));
		usleep(20000);
		EXPECT_FALSE(is_done(&self->ring));
		make_calls(self->fd, 1);
		EXPECT_EQ(RECORD, wait_for_it(&self->ring));
		EXPECT_EQ(seq, record.seq);
	}
}

TEST_F(uring, a_read_that_waits_is_told_when_it_is_switched_off)
{
	ASSERT_EQ(0, submit_read(&self->ring, self->fd));
	usleep(20000);
	ASSERT_EQ(0, sysdemo_log(self->fd, SYSDEMO_LOG_OFF, 0, NULL));
	EXPECT_EQ(-ENODATA, wait_for_it(&self->ring));
}

/* Who may wait, and who must not, is as with an eventfd: by the file, by the request, by both. */
TEST_F(uring, a_read_waits_or_not_as_of_an_eventfd)
{
	static const int modes[] = { 0, O_NONBLOCK }, flags[] = { 0, RWF_NOWAIT };
	int event = eventfd(0, 0);
	const __u64 one = 1;

	ASSERT_LE(0, event);
	for (int i = 0; i < 4; i++) {
		int fds[] = { self->fd, event };
		int results[2], waits[2];

		for (int j = 0; j < 2; j++) {
			ASSERT_EQ(0, fcntl(fds[j], F_SETFL, modes[i / 2]));
			ASSERT_EQ(0, submit_read_with(&self->ring, fds[j], flags[i % 2]));
			usleep(20000);
			waits[j] = !is_done(&self->ring);
			if (waits[j] && !j)
				make_calls(self->fd, 1);
			else if (waits[j])
				ASSERT_EQ(8, write(event, &one, 8));
			results[j] = wait_for_it(&self->ring);
		}
		EXPECT_EQ(waits[1], waits[0])
			TH_LOG("mode %#x, flags %#x", modes[i / 2], flags[i % 2]);
		if (waits[0]) {
			EXPECT_EQ(RECORD, results[0]);
		} else {
			EXPECT_EQ(-EAGAIN, results[0]);
			EXPECT_EQ(results[1], results[0]);
		}
	}
	close(event);
}

TEST_F(uring, a_poll_is_told)
{
	const struct io_uring_sqe sqe = {
		.opcode = IORING_OP_POLL_ADD, .fd = self->fd, .poll32_events = POLLIN,
	};

	ASSERT_EQ(0, submit(&self->ring, &sqe));
	usleep(20000);
	EXPECT_FALSE(is_done(&self->ring));
	make_calls(self->fd, 1);
	EXPECT_EQ(POLLIN, wait_for_it(&self->ring));
	EXPECT_EQ(0, next_seq(self->fd));
}

/* The ring and the device are closed while a read waits: nothing of it is left. */
TEST_F(uring, a_read_that_waits_ends_with_the_ring)
{
	struct uring other;
	int fd = open_log(0, 8);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, open_uring(&other));
	ASSERT_EQ(0, submit_read(&other, fd));
	close(fd);
	close(other.fd);
}

TESTER_MAIN
