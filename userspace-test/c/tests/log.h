/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the testers of the log share.
 */
#ifndef LOG_H
#define LOG_H

#include "tester.h"

#include <poll.h>
#include <stdint.h>

#define RECORD sizeof(struct sysdemo_log_record)

/* Opens the device anew, with its log on. */
static inline int open_log(int flags, __u32 capacity)
{
	int fd = open(device, O_RDWR | O_CLOEXEC | flags);

	if (fd < 0 || sysdemo_log(fd, SYSDEMO_LOG_ON, capacity, NULL))
		return -1;
	return fd;
}

/* What poll(2) says at once. */
static inline int polled(int fd)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN | POLLOUT | POLLPRI };

	return poll(&poll_fd, 1, 0) < 0 ? -1 : poll_fd.revents;
}

static inline void make_calls(int fd, int count)
{
	while (count--)
		sysdemo_null(fd);
}

/* Reads one record and gives its number, or the error as a negative number. */
static inline long next_seq(int fd)
{
	struct sysdemo_log_record record;

	return sysdemo_read_log(fd, &record, 1) == 1 ? (long)record.seq : -errno;
}

FIXTURE(log) {
	int fd;
};

/* With room for 16, and so that no test waits by mistake. */
FIXTURE_SETUP(log)
{
	self->fd = open_log(O_NONBLOCK, 16);
	ASSERT_LE(0, self->fd)
		TH_LOG("%s: %s", device, strerror(errno));
}

FIXTURE_TEARDOWN(log)
{
	close(self->fd);
}

#endif /* LOG_H */
