// SPDX-License-Identifier: GPL-2.0
/*
 * The log of calls: what is in it, what it is told in, and what happens if it is full or off.
 */
#include "log.h"

#include <sys/eventfd.h>
#include <sys/uio.h>
#include <time.h>

static __u64 now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000ULL + time.tv_nsec;
}

TEST_F(device, a_log_is_off_at_first)
{
	struct sysdemo_log_record record;
	struct sysdemo_log told;

	make_calls(self->fd, 3);
	/* There is nothing to wait for: also who may wait does not. */
	EXPECT_EQ(-1, sysdemo_read_log(self->fd, &record, 1));
	EXPECT_EQ(ENODATA, errno);
	EXPECT_EQ(POLLHUP, polled(self->fd));
	ASSERT_EQ(0, sysdemo_log(self->fd, 0, 0, &told));
	EXPECT_EQ(SYSDEMO_LOG_OFF, told.state);
	EXPECT_EQ(0, told.room);
	EXPECT_EQ(0, told.dropped);
	/* To switch off what is off is done at once. */
	EXPECT_EQ(0, sysdemo_log(self->fd, SYSDEMO_LOG_OFF, 0, &told));
	EXPECT_EQ(SYSDEMO_LOG_OFF, told.state);
}

TEST_F(log, each_call_leaves_a_record)
{
	struct sysdemo_log_record records[16];
	__u64 before = now(), after;

	sysdemo_null(self->fd);
	sysdemo_getpid(self->fd);
	sysdemo_syscall(self->fd, SYSDEMO_NR_SUM6, 1, 2, 3, 4, 5, 6);
	sysdemo_syscall(self->fd, SYSDEMO_NR_SUM3, 1ULL << 62, 1ULL << 62, 0, 0, 0, 0);
	after = now();
	ASSERT_EQ(4, sysdemo_read_log(self->fd, records, 16));
	for (int i = 0; i < 4; i++) {
		EXPECT_EQ(i, records[i].seq);
		EXPECT_EQ(gettid(), records[i].tid);
		EXPECT_LE(i ? records[i - 1].time : before, records[i].time);
		EXPECT_GE(after, records[i].time);
	}
	EXPECT_EQ(SYSDEMO_NR_NULL, records[0].nr);
	EXPECT_EQ(0, records[0].ret);
	EXPECT_EQ(SYSDEMO_NR_GETPID, records[1].nr);
	EXPECT_EQ(getpid(), records[1].ret);
	EXPECT_EQ(21, records[2].ret);
	EXPECT_EQ(INT64_MIN, records[3].ret);
	EXPECT_EQ(-EAGAIN, next_seq(self->fd));
}

/* What is refused and what there is none of too, as the tracepoints have it. */
TEST_F(log, calls_that_fail_leave_a_record)
{
	static const __u32 only_getpid[] = { SYSDEMO_NR_GETPID };
	static const __u32 numbers[] = { 9, SYSDEMO_NR_CALLS, 1000, 0xffffffff, SYSDEMO_NR_ECHO };
	struct sysdemo_log_record record;

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		sysdemo_syscall(self->fd, numbers[i], 0, 0, -1, 0, 0, 0);
		ASSERT_EQ(1, sysdemo_read_log(self->fd, &record, 1));
		EXPECT_EQ(numbers[i], record.nr);
		EXPECT_EQ(numbers[i] == SYSDEMO_NR_ECHO ? -E2BIG : -ENOSYS, record.ret);
	}
	ASSERT_EQ(0, sysdemo_allow_only(self->fd, only_getpid, 1));
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		sysdemo_syscall(self->fd, numbers[i], 0, 0, 0, 0, 0, 0);
		ASSERT_EQ(1, sysdemo_read_log(self->fd, &record, 1));
		EXPECT_EQ(numbers[i], record.nr);
		EXPECT_EQ(-EPERM, record.ret);
	}
}

TEST_F(log, what_is_no_call_leaves_none)
{
	struct sysdemo_call call = { .nr = SYSDEMO_NR_NULL, .flags = 1 };
	struct sysdemo_info info;

	EXPECT_EQ(-1, ioctl(self->fd, SYSDEMO_IOC_CALL, &call));
	EXPECT_EQ(-1, ioctl(self->fd, SYSDEMO_IOC_CALL, NULL));
	EXPECT_EQ(0, ioctl(self->fd, SYSDEMO_IOC_INFO, &info));
	EXPECT_EQ(-EAGAIN, next_seq(self->fd));
	EXPECT_EQ(0, polled(self->fd));
}

/* It has been made, and its result is lost to the caller alone. */
TEST_F(log, a_call_whose_result_cannot_be_written_leaves_a_record)
{
	struct sysdemo_call *call = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
					 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct sysdemo_log_record record;

	ASSERT_NE(MAP_FAILED, (void *)call);
	call->nr = SYSDEMO_NR_GETPID;
	ASSERT_EQ(0, mprotect(call, 4096, PROT_READ));
	EXPECT_EQ(-1, ioctl(self->fd, SYSDEMO_IOC_CALL, call));
	EXPECT_EQ(EFAULT, errno);
	ASSERT_EQ(1, sysdemo_read_log(self->fd, &record, 1));
	EXPECT_EQ(getpid(), record.ret);
	munmap(call, 4096);
}

TEST_F(log, the_calls_of_a_batch_leave_one_each)
{
	struct sysdemo_call calls[4] = {
		{ .nr = SYSDEMO_NR_GETTID }, { .nr = SYSDEMO_NR_CALLS },
		{ .nr = SYSDEMO_NR_NULL }, { .flags = 1 },
	};
	struct sysdemo_log_record records[16];

	EXPECT_EQ(3, sysdemo_batch(self->fd, calls, 4, SYSDEMO_BATCH_CONTINUE, NULL));
	ASSERT_EQ(3, sysdemo_read_log(self->fd, records, 16));
	EXPECT_EQ(gettid(), records[0].ret);
	EXPECT_EQ(-ENOSYS, records[1].ret);
	EXPECT_EQ(0, records[2].ret);
}

TEST_F(device, requests_that_mean_nothing_are_einval)
{
	static const struct {
		__u32 flags, capacity;
	} wrong[] = {
		{ SYSDEMO_LOG_ON, 0 }, { SYSDEMO_LOG_ON, SYSDEMO_LOG_CAPACITY_MAX + 1 },
		{ SYSDEMO_LOG_ON, 0x80000000 }, { SYSDEMO_LOG_ON, -1U }, { SYSDEMO_LOG_OFF, 1 },
		{ 0, 1 }, { SYSDEMO_LOG_ON | SYSDEMO_LOG_OFF, 1 },
		{ SYSDEMO_LOG_ON | SYSDEMO_LOG_OFF, 0 },
	};
	struct sysdemo_log told;

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		EXPECT_EQ(-1, sysdemo_log(self->fd, wrong[i].flags, wrong[i].capacity, NULL));
		EXPECT_EQ(EINVAL, errno)
			TH_LOG("flags %#x, capacity %u", wrong[i].flags, wrong[i].capacity);
	}
	for (int bit = 2; bit < 32; bit++) {
		EXPECT_EQ(-1, sysdemo_log(self->fd, 1U << bit, 0, NULL));
		EXPECT_EQ(EINVAL, errno);
		EXPECT_EQ(-1, sysdemo_log(self->fd, SYSDEMO_LOG_ON | 1U << bit, 1, NULL));
		EXPECT_EQ(EINVAL, errno);
	}
	ASSERT_EQ(0, sysdemo_log(self->fd, 0, 0, &told));
	EXPECT_EQ(SYSDEMO_LOG_OFF, told.state);
}

TEST_F(device, a_log_that_is_on_is_not_switched_on)
{
	struct sysdemo_log told;

	ASSERT_EQ(0, sysdemo_log(self->fd, SYSDEMO_LOG_ON, 1, &told));
	EXPECT_EQ(SYSDEMO_LOG_ON, told.state);
	EXPECT_EQ(1, told.room);
	EXPECT_EQ(-1, sysdemo_log(self->fd, SYSDEMO_LOG_ON, 2, NULL));
	EXPECT_EQ(EBUSY, errno);
	ASSERT_EQ(0, sysdemo_log(self->fd, 0, 0, &told));
	EXPECT_EQ(1, told.room);
}

/* What is asked for stays in the structure, and what is told is not taken for it. */
TEST_F(device, a_request_can_be_used_again)
{
	struct sysdemo_log ask = { 0 }, on = {
		.flags = SYSDEMO_LOG_ON, .capacity = 2,
		.state = -1U, .room = -1U, .dropped = -1ULL,
	};

	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(0, ioctl(self->fd, SYSDEMO_IOC_LOG, &ask));
		EXPECT_EQ(SYSDEMO_LOG_OFF, ask.state);
		EXPECT_EQ(0, ask.room);
	}
	ASSERT_EQ(0, ioctl(self->fd, SYSDEMO_IOC_LOG, &on));
	EXPECT_EQ(SYSDEMO_LOG_ON, on.flags);
	EXPECT_EQ(2, on.capacity);
	EXPECT_EQ(SYSDEMO_LOG_ON, on.state);
	EXPECT_EQ(2, on.room);
	EXPECT_EQ(0, on.dropped);
	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(0, ioctl(self->fd, SYSDEMO_IOC_LOG, &ask));
		EXPECT_EQ(0, ask.flags);
		EXPECT_EQ(0, ask.capacity);
		EXPECT_EQ(SYSDEMO_LOG_ON, ask.state);
		EXPECT_EQ(2, ask.room);
	}
	EXPECT_EQ(-1, ioctl(self->fd, SYSDEMO_IOC_LOG, &on));
	EXPECT_EQ(EBUSY, errno);
}

TEST_F(log, the_oldest_are_dropped_and_counted)
{
	struct sysdemo_log told;

	make_calls(self->fd, 40);
	ASSERT_EQ(0, sysdemo_log(self->fd, 0, 0, &told));
	EXPECT_EQ(24, told.dropped);
	EXPECT_EQ(16, told.room);
	for (int seq = 24; seq < 40; seq++)
		EXPECT_EQ(seq, next_seq(self->fd));
	EXPECT_EQ(-EAGAIN, next_seq(self->fd));
	/* What is read makes room. */
	make_calls(self->fd, 16);
	ASSERT_EQ(0, sysdemo_log(self->fd, 0, 0, &told));
	EXPECT_EQ(24, told.dropped);
	EXPECT_EQ(40, next_seq(self->fd));
}

/* Whole records or none, for every size of the buffer; as eventfd has it, if there is no room. */
TEST_F(log, only_whole_records_are_given)
{
	char buffer[4 * RECORD];
	int event = eventfd(1, EFD_NONBLOCK);

	ASSERT_LE(0, event);
	for (size_t size = 0; size <= sizeof(buffer); size++) {
		ssize_t wanted = size / RECORD * RECORD;

		make_calls(self->fd, 3);
		if (wanted > (ssize_t)(3 * RECORD))
			wanted = 3 * RECORD;
		memset(buffer, 0x5a, sizeof(buffer));
		if (!wanted) {
			EXPECT_EQ(-1, read(event, buffer, size < 8 ? size : 7));
			EXPECT_EQ(EINVAL, errno);
			EXPECT_EQ(-1, read(self->fd, buffer, size));
			EXPECT_EQ(EINVAL, errno);
			wanted = 0;
		} else {
			EXPECT_EQ(wanted, read(self->fd, buffer, size));
		}
		for (size_t i = wanted; i < sizeof(buffer); i++)
			ASSERT_EQ(0x5a, buffer[i]);
		while (next_seq(self->fd) >= 0)
			;
	}
	/* The question of room is asked before that of records. */
	EXPECT_EQ(-1, read(self->fd, buffer, RECORD - 1));
	EXPECT_EQ(EINVAL, errno);
	ASSERT_EQ(0, sysdemo_log(self->fd, SYSDEMO_LOG_OFF, 0, NULL));
	EXPECT_EQ(-1, read(self->fd, buffer, RECORD - 1));
	EXPECT_EQ(EINVAL, errno);
	close(event);
}

TEST_F(log, a_record_over_several_areas)
{
	char parts[7][5];
	struct iovec vector[7];
	struct sysdemo_log_record record;
	char *bytes = (char *)&record;

	for (int i = 0; i < 7; i++)
		vector[i] = (struct iovec) { parts[i], sizeof(parts[i]) };
	sysdemo_getpid(self->fd);
	EXPECT_EQ(RECORD, readv(self->fd, vector, 7));
	for (size_t i = 0; i < RECORD; i++)
		bytes[i] = parts[i / 5][i % 5];
	EXPECT_EQ(getpid(), record.ret);
	EXPECT_EQ(gettid(), record.tid);
}

TEST_F(log, what_cannot_be_written_is_not_lost)
{
	size_t page = sysconf(_SC_PAGESIZE);
	char *memory = map_with_guard();
	struct sysdemo_log told;

	ASSERT_NE(NULL, memory);
	make_calls(self->fd, 5);
	EXPECT_EQ(-1, sysdemo_read_log(self->fd, NULL, 1));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(-1, read(self->fd, memory + page, 2 * RECORD));
	EXPECT_EQ(EFAULT, errno);
	/* A part of the first. */
	EXPECT_EQ(-1, read(self->fd, memory + page - RECORD + 1, 2 * RECORD));
	EXPECT_EQ(EFAULT, errno);
	/* Two of them, and a part of the third. */
	EXPECT_EQ(2 * RECORD, read(self->fd, memory + page - 3 * RECORD + 8, 5 * RECORD));
	for (int seq = 2; seq < 5; seq++)
		EXPECT_EQ(seq, next_seq(self->fd));
	EXPECT_EQ(-EAGAIN, next_seq(self->fd));
	ASSERT_EQ(0, sysdemo_log(self->fd, 0, 0, &told));
	EXPECT_EQ(0, told.dropped);
	munmap(memory, 2 * page);
}

TEST_F(log, a_log_is_a_stream)
{
	struct sysdemo_log_record record;

	sysdemo_null(self->fd);
	EXPECT_EQ(-1, pread(self->fd, &record, RECORD, 0));
	EXPECT_EQ(ESPIPE, errno);
	EXPECT_EQ(-1, lseek(self->fd, 0, SEEK_CUR));
	EXPECT_EQ(ESPIPE, errno);
	EXPECT_EQ(-1, write(self->fd, &record, RECORD));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(0, next_seq(self->fd));
}

/* As with every file, to read takes a descriptor that may: unlike to call. */
TEST(only_those_who_may_read_can)
{
	int fd = open(device, O_WRONLY | O_CLOEXEC);

	ASSERT_LE(0, fd);
	EXPECT_EQ(0, sysdemo_log(fd, SYSDEMO_LOG_ON, 1, NULL));
	make_calls(fd, 1);
	EXPECT_EQ(-EBADF, next_seq(fd));
	close(fd);
	fd = open(device, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, sysdemo_log(fd, SYSDEMO_LOG_ON, 1, NULL));
	make_calls(fd, 1);
	EXPECT_EQ(0, next_seq(fd));
	close(fd);
}

TEST_F(log, a_log_that_is_off_can_be_read_to_its_end)
{
	struct sysdemo_log told;

	make_calls(self->fd, 2);
	ASSERT_EQ(0, sysdemo_log(self->fd, SYSDEMO_LOG_OFF, 0, &told));
	EXPECT_EQ(SYSDEMO_LOG_OFF, told.state);
	EXPECT_EQ(16, told.room);
	make_calls(self->fd, 5);
	EXPECT_EQ(POLLIN | POLLHUP, polled(self->fd));
	EXPECT_EQ(0, next_seq(self->fd));
	EXPECT_EQ(1, next_seq(self->fd));
	EXPECT_EQ(-ENODATA, next_seq(self->fd));
	EXPECT_EQ(POLLHUP, polled(self->fd));
	/* Numbers go on, so that nobody takes a new record for an old one. */
	ASSERT_EQ(0, sysdemo_log(self->fd, SYSDEMO_LOG_ON, 3, &told));
	EXPECT_EQ(3, told.room);
	make_calls(self->fd, 1);
	EXPECT_EQ(2, next_seq(self->fd));
}

TEST_F(log, what_is_not_read_when_it_is_switched_on_anew_is_dropped)
{
	struct sysdemo_log told;

	make_calls(self->fd, 5);
	ASSERT_EQ(0, sysdemo_log(self->fd, SYSDEMO_LOG_OFF, 0, NULL));
	ASSERT_EQ(0, sysdemo_log(self->fd, SYSDEMO_LOG_ON, 2, &told));
	EXPECT_EQ(5, told.dropped);
	EXPECT_EQ(-EAGAIN, next_seq(self->fd));
}

TEST_F(log, fdinfo_tells_of_the_log)
{
	char path[64], text[1024];

	make_calls(self->fd, 17);
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", self->fd);
	ASSERT_LT(0, read_file(path, text, sizeof(text)));
	EXPECT_NE(NULL, strstr(text, "sysdemo-log:\t1\n"));
	EXPECT_NE(NULL, strstr(text, "sysdemo-log-capacity:\t16\n"));
	EXPECT_NE(NULL, strstr(text, "sysdemo-log-dropped:\t1\n"));
}

TEST_F(log, each_open_device_has_its_own)
{
	int other = open_log(O_NONBLOCK, 4), copy = dup(self->fd);
	pid_t child;

	ASSERT_LE(0, other);
	ASSERT_LE(0, copy);
	child = fork();
	if (!child)
		_exit(sysdemo_null(copy));
	EXPECT_EQ(0, wait_for(child));
	EXPECT_EQ(-EAGAIN, next_seq(other));
	EXPECT_EQ(0, next_seq(self->fd));
	EXPECT_EQ(-EAGAIN, next_seq(copy));
	close(copy);
	close(other);
}

TEST_F(log, nobody_may_log_and_read)
{
	pid_t child = fork();

	if (!child) {
		struct sysdemo_log_record record;
		int fd;

		if (setgid(NOBODY) || setuid(NOBODY))
			_exit(10);
		fd = open_log(0, SYSDEMO_LOG_CAPACITY_MAX);
		if (fd < 0)
			_exit(11);
		sysdemo_getpid(fd);
		_exit(sysdemo_read_log(fd, &record, 1) != 1 || record.ret != getpid());
	}
	EXPECT_EQ(0, wait_for(child));
}

/* Forks into new namespaces. */
static pid_t fork_into(unsigned long namespaces)
{
	return syscall(SYS_clone, namespaces | SIGCHLD, NULL, NULL, NULL, NULL);
}

/*
 * Thread ids are told in the namespace of who switched the log on. A reader elsewhere, to whom they
 * would be those of others or of nobody, does not get them.
 */
TEST_F(log, ids_do_not_leave_their_pid_namespace)
{
	struct sysdemo_log_record record;
	pid_t child;

	sysdemo_null(self->fd);
	child = fork_into(CLONE_NEWPID);
	if (!child) {
		int bad = sysdemo_read_log(self->fd, &record, 1) != 1 || record.tid;

		/* Left for the parent, whose child it is: there it has an id. */
		sysdemo_null(self->fd);
		_exit(bad);
	}
	EXPECT_EQ(0, wait_for(child));
	ASSERT_EQ(1, sysdemo_read_log(self->fd, &record, 1));
	EXPECT_EQ(child, record.tid);

	/* Who does not get the id cannot take it from others by giving the record back. */
	sysdemo_null(self->fd);
	child = fork_into(CLONE_NEWPID);
	if (!child)
		_exit(sysdemo_read_log(self->fd, NULL, 1) != -1 || errno != EFAULT);
	EXPECT_EQ(0, wait_for(child));
	ASSERT_EQ(1, sysdemo_read_log(self->fd, &record, 1));
	EXPECT_EQ(gettid(), record.tid);

	/* The other way round: the outer caller has no id in there. */
	ASSERT_EQ(0, sysdemo_log(self->fd, SYSDEMO_LOG_OFF, 0, NULL));
	child = fork_into(CLONE_NEWPID);
	if (!child) {
		int bad = sysdemo_log(self->fd, SYSDEMO_LOG_ON, 4, NULL) ||
			  sysdemo_gettid(self->fd) != 1 ||
			  sysdemo_read_log(self->fd, &record, 1) != 1 || record.tid != 1;

		sysdemo_null(self->fd);
		_exit(bad);
	}
	EXPECT_EQ(0, wait_for(child));
	sysdemo_null(self->fd);
	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(1, sysdemo_read_log(self->fd, &record, 1));
		EXPECT_EQ(0, record.tid);
	}
}

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

/* The clock is the reader's, wherever the call was made. */
TEST_F(log, times_are_those_of_the_time_namespace)
{
	pid_t child;

	ASSERT_EQ(0, unshare(CLONE_NEWTIME));
	ASSERT_EQ(0, write_file("/proc/self/timens_offsets", "monotonic 1000000 0"));
	sysdemo_null(self->fd);
	child = fork();
	if (!child) {
		struct sysdemo_log_record record;
		__u64 time = now();

		if (sysdemo_read_log(self->fd, &record, 1) != 1)
			_exit(10);
		/* Between what was a minute ago here and now. */
		_exit(record.time > time || record.time < time - 60000000000ULL);
	}
	EXPECT_EQ(0, wait_for(child));
}

/* Of what was before the clock of the reader's namespace started, that is told. */
TEST_F(log, a_time_before_the_clock_started)
{
	pid_t child;

	sysdemo_null(self->fd);
	usleep(1100000);
	sysdemo_null(self->fd);
	ASSERT_EQ(0, unshare(CLONE_NEWTIME));
	ASSERT_EQ(0, write_file("/proc/self/timens_offsets", "monotonic -%llu 0",
				(long long)(now() / 1000000000)));
	child = fork();
	if (!child) {
		struct sysdemo_log_record records[2];
		__u64 time;

		sysdemo_null(self->fd);
		if (sysdemo_read_log(self->fd, records, 2) != 2 || records[0].time)
			_exit(10);
		if (sysdemo_read_log(self->fd, records, 1) != 1)
			_exit(11);
		time = now();
		_exit(!records[0].time || records[0].time > time);
	}
	EXPECT_EQ(0, wait_for(child));
}

/*
 * How much of the allocator's memory is in use, and how much of it is on somebody's account. The
 * size of an object is taken from its cache's name: what a debug kernel puts around each does not
 * count.
 */
static int slab_use(__u64 *all, __u64 *accounted)
{
	static char text[1 << 17];
	char *line, *rest = text;

	if (read_file("/proc/slabinfo", text, sizeof(text)) < 0)
		return -1;
	*all = *accounted = 0;
	while ((line = strsep(&rest, "\n"))) {
		unsigned long active, size;
		char name[64], *unit;

		if (sscanf(line, "%63s %lu", name, &active) != 2 || strncmp(name, "kmalloc-", 8))
			continue;
		size = strtoul(strrchr(name, '-') + 1, &unit, 10);
		if (*unit == 'k')
			size *= 1024;
		*all += (__u64)active * size;
		if (!strncmp(name, "kmalloc-cg-", 11))
			*accounted += (__u64)active * size;
	}
	return *all ? 0 : -1;
}

#define OPEN 900

/* The most memory that an open device takes, its log at its largest: as the allocator counts it. */
TEST(an_open_device_takes_8_kib_at_most)
{
	static int fds[OPEN];
	__u64 all[2], accounted[2], log[2];

	ASSERT_EQ(0, slab_use(&all[0], &accounted[0]));
	for (int i = 0; i < OPEN; i++) {
		fds[i] = open_log(0, SYSDEMO_LOG_CAPACITY_MAX);
		ASSERT_LE(0, fds[i]);
	}
	ASSERT_EQ(0, slab_use(&all[1], &accounted[1]));
	for (int i = 0; i < OPEN; i++)
		close(fds[i]);
	log[0] = (all[1] - all[0]) / OPEN;
	log[1] = (accounted[1] - accounted[0]) / OPEN;
	TH_LOG("%llu bytes for each of %d, %llu of them on the opener's account",
	       (long long)log[0], OPEN, (long long)log[1]);
	EXPECT_GE(8192, log[0]);
	/*
	 * The records at least: otherwise nothing was measured. Some of the memory was in use
	 * before, as the allocator has it: what others freed, and it keeps at hand.
	 */
	EXPECT_LE(3072, log[0]);
	/* A kernel without memory control groups has no such caches. */
	if (accounted[1])
		EXPECT_LE(3072, log[1]);
}

TESTER_MAIN
