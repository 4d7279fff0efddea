// SPDX-License-Identifier: GPL-2.0
/*
 * The log of calls read by io_uring, which asks for what is there without waiting, and waits
 * itself.
 */
#include "log.h"
#include "uring.h"

#include <sys/eventfd.h>
#include <sys/uio.h>

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
