// SPDX-License-Identifier: GPL-2.0
/*
 * Sleeping: how long, and what each kind of signal makes of it. Where nanosleep(2) says the same,
 * it is asked as well. That bad pointers and sizes are refused is in matrix.c.
 */
#include "sleeping.h"

#include <stdatomic.h>
#include <sys/ptrace.h>

/* Long enough for a slow machine to do something else meanwhile, and too long to be waited for. */
#define SHORT (20 * MILLISECOND)
#define LONG (100 * SECOND)

FIXTURE(sleep) {
	int fd;
};

FIXTURE_SETUP(sleep)
{
	self->fd = sysdemo_open(device);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, handle(SIGALRM, 0));
}

FIXTURE_TEARDOWN(sleep)
{
	alarm_in(0);
	close(self->fd);
}

static __s64 do_sleep(int fd, __u64 flags, __s64 ns)
{
	struct sysdemo_time time = { .flags = flags, .time = ns };

	return sysdemo_sleep(fd, &time, sizeof(time));
}

TEST_F(sleep, a_sleep_takes_its_time)
{
	static const __s64 times[] = { 0, 1, 1000, MILLISECOND, SHORT };

	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		struct sysdemo_time time = { .time = times[i] };
		__s64 start = now();

		EXPECT_EQ(0, sysdemo_sleep(self->fd, &time, sizeof(time)));
		EXPECT_LE(times[i], now() - start);
		/* Nothing is written when nothing remains to be told. */
		EXPECT_EQ(times[i], time.time);
	}
}

TEST_F(sleep, a_sleep_until_a_time)
{
	struct sysdemo_time time = { .flags = SYSDEMO_TIME_ABSOLUTE, .time = now() + SHORT };
	const struct sysdemo_time sent = time;

	EXPECT_EQ(0, sysdemo_sleep(self->fd, &time, sizeof(time)));
	EXPECT_LE(time.time, now());
	EXPECT_EQ(0, memcmp(&time, &sent, sizeof(time)));
	/* That time is past now. */
	EXPECT_EQ(0, sysdemo_sleep(self->fd, &time, sizeof(time)));
	EXPECT_EQ(0, do_sleep(self->fd, SYSDEMO_TIME_ABSOLUTE, 0));
	EXPECT_EQ(0, do_sleep(self->fd, SYSDEMO_TIME_ABSOLUTE, 1));
}

TEST_F(sleep, negative_times_are_einval)
{
	static const __s64 times[] = { -1, -1000000000LL, INT64_MIN };
	const struct timespec negative = { .tv_sec = -1 };

	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		for (__u64 flags = 0; flags <= SYSDEMO_TIME_ABSOLUTE; flags++) {
			EXPECT_EQ(-1, do_sleep(self->fd, flags, times[i]));
			EXPECT_EQ(EINVAL, errno);
		}
	}
	EXPECT_EQ(-1, nanosleep(&negative, NULL));
	EXPECT_EQ(EINVAL, errno);
}

TEST_F(sleep, unknown_time_flags_are_einval)
{
	for (int bit = 0; bit < 64; bit++) {
		if (1ULL << bit & SYSDEMO_TIME_ABSOLUTE)
			continue;
		EXPECT_EQ(-1, do_sleep(self->fd, 1ULL << bit, 0));
		EXPECT_EQ(EINVAL, errno);
	}
}

/* The longest time there is does not overflow into a short one. */
TEST_F(sleep, the_longest_time)
{
	for (__u64 flags = 0; flags <= SYSDEMO_TIME_ABSOLUTE; flags++) {
		struct sysdemo_time time = { .flags = flags, .time = INT64_MAX };

		alarm_in(SHORT);
		EXPECT_EQ(-1, sysdemo_sleep(self->fd, &time, sizeof(time)));
		EXPECT_EQ(EINTR, errno);
		/* The clock does not go further, so less than that remains. */
		EXPECT_LT(INT64_MAX / 2, time.time);
	}
}

/* With SA_RESTART as well as without: nobody could tell a handler how much time it took. */
TEST_F(sleep, a_handler_ends_it_and_what_remains_is_told)
{
	static const int flags[] = { 0, SA_RESTART };

	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		struct sysdemo_time time = { .time = LONG };
		struct timespec theirs = { .tv_sec = LONG / SECOND };
		__s64 start = now();

		ASSERT_EQ(0, handle(SIGALRM, flags[i]));
		alarm_in(SHORT);
		EXPECT_EQ(-1, sysdemo_sleep(self->fd, &time, sizeof(time)));
		EXPECT_EQ(EINTR, errno);
		/* How long it took to get to sleep, once the alarm was set, nobody knows. */
		EXPECT_GT(LONG, time.time);
		EXPECT_LE(LONG - (now() - start), time.time);

		alarm_in(SHORT);
		EXPECT_EQ(-1, nanosleep(&theirs, &theirs));
		EXPECT_EQ(EINTR, errno);
		EXPECT_GT(LONG / SECOND, theirs.tv_sec);
	}
}

TEST_F(sleep, a_sleep_until_a_time_stays_as_it_is)
{
	struct sysdemo_time time = { .flags = SYSDEMO_TIME_ABSOLUTE, .time = now() + LONG };
	const struct sysdemo_time sent = time;

	alarm_in(SHORT);
	EXPECT_EQ(-1, sysdemo_sleep(self->fd, &time, sizeof(time)));
	EXPECT_EQ(EINTR, errno);
	EXPECT_EQ(0, memcmp(&time, &sent, sizeof(time)));
}

/* Made again with what remains, it sleeps the whole time, however often it is interrupted. */
TEST_F(sleep, a_sleep_goes_on)
{
	struct sysdemo_time time = { .time = 5 * SHORT };
	__s64 start = now();
	int interrupted = 0;

	do {
		alarm_in(SHORT);
		if (!sysdemo_sleep(self->fd, &time, sizeof(time)))
			break;
		ASSERT_EQ(EINTR, errno);
		interrupted++;
	} while (1);
	EXPECT_LT(0, interrupted);
	EXPECT_LE(5 * SHORT, now() - start);
}

/* It is the ioctl that is interrupted: the record has no result. */
TEST_F(sleep, an_interrupted_call_has_no_result)
{
	struct sysdemo_time time = { .time = LONG };
	struct sysdemo_call call = {
		.nr = SYSDEMO_NR_SLEEP,
		.args = { (uintptr_t)&time, sizeof(time) },
		.ret = 7777,
	};

	alarm_in(SHORT);
	EXPECT_EQ(-1, ioctl(self->fd, SYSDEMO_IOC_CALL, &call));
	EXPECT_EQ(EINTR, errno);
	EXPECT_EQ(7777, call.ret);
}

/* It cannot start again with what remains if that cannot be told: the record says so then. */
TEST_F(sleep, what_remains_cannot_be_written)
{
	size_t page = sysconf(_SC_PAGESIZE);
	struct sysdemo_time *time = (void *)map_with_guard();
	struct sysdemo_call call = {
		.nr = SYSDEMO_NR_SLEEP,
		.args = { (uintptr_t)time, sizeof(*time) },
		.ret = 7777,
	};

	ASSERT_NE(NULL, time);
	time->time = LONG;
	ASSERT_EQ(0, mprotect(time, page, PROT_READ));
	alarm_in(SHORT);
	EXPECT_EQ(0, ioctl(self->fd, SYSDEMO_IOC_CALL, &call));
	EXPECT_EQ(-EINTR, call.ret);
	EXPECT_EQ(LONG, time->time);
	/* Until a time: nothing has to be written. */
	ASSERT_EQ(0, mprotect(time, page, PROT_READ | PROT_WRITE));
	*time = (struct sysdemo_time){ .flags = SYSDEMO_TIME_ABSOLUTE, .time = now() + LONG };
	ASSERT_EQ(0, mprotect(time, page, PROT_READ));
	call.ret = 7777;
	EXPECT_EQ(-1, ioctl(self->fd, SYSDEMO_IOC_CALL, &call));
	EXPECT_EQ(EINTR, errno);
	EXPECT_EQ(7777, call.ret);
	munmap(time, 2 * page);
}

/*
 * A child that sleeps for some time, is stopped and goes on. What became of it; -1 if it was not
 * stopped in its sleep.
 */
static int sleep_through_one_stop(int fd, __u64 flags, bool writable, __s64 length)
{
	struct sysdemo_time *time = (void *)map_with_guard();
	__s64 start = now();
	bool stopped;
	pid_t child;
	int status;

	time->flags = flags;
	time->time = length + (flags ? start : 0);
	if (!writable)
		mprotect(time, sysconf(_SC_PAGESIZE), PROT_READ);
	child = fork();
	if (!child) {
		struct sysdemo_call call = {
			.nr = SYSDEMO_NR_SLEEP,
			.args = { (uintptr_t)time, sizeof(*time) },
			.ret = 77,
		};

		if (ioctl(fd, SYSDEMO_IOC_CALL, &call))
			_exit(errno);
		if (!call.ret && now() < start + length)
			_exit(101);
		_exit(-call.ret);
	}
	munmap(time, 2 * sysconf(_SC_PAGESIZE));
	stopped = is_asleep(child);
	kill(child, SIGSTOP);
	if (waitpid(child, &status, WUNTRACED) != child || !WIFSTOPPED(status))
		return -1;
	kill(child, SIGCONT);
	status = wait_for(child);
	return stopped ? status : -1;
}

/* As above; on a slow machine the time may be over before the child is stopped: then with more. */
static int sleep_through_a_stop(int fd, __u64 flags, bool writable)
{
	int status = -1;

	for (__s64 length = 10 * SHORT; status == -1 && length < LONG; length *= 4)
		status = sleep_through_one_stop(fd, flags, writable, length);
	return status;
}

TEST_F(sleep, a_stop_does_not_end_it)
{
	EXPECT_EQ(0, sleep_through_a_stop(self->fd, 0, true));
	EXPECT_EQ(0, sleep_through_a_stop(self->fd, SYSDEMO_TIME_ABSOLUTE, true));
	EXPECT_EQ(0, sleep_through_a_stop(self->fd, SYSDEMO_TIME_ABSOLUTE, false));
	/* Without a place for what remains it cannot go on. */
	EXPECT_EQ(EINTR, sleep_through_a_stop(self->fd, 0, false));
}

/* A call that is taken away while it sleeps does not start again. */
TEST_F(sleep, a_restriction_holds_for_the_rest)
{
	static const __u32 only_getpid[] = { SYSDEMO_NR_GETPID };
	pid_t child = fork();
	int status;

	if (!child) {
		do_sleep(self->fd, 0, LONG);
		_exit(errno);
	}
	EXPECT_TRUE(is_asleep(child));
	kill(child, SIGSTOP);
	EXPECT_EQ(child, waitpid(child, &status, WUNTRACED));
	EXPECT_EQ(0, sysdemo_allow_only(self->fd, only_getpid, 1));
	kill(child, SIGCONT);
	EXPECT_EQ(EPERM, wait_for(child));
}

TEST_F(sleep, a_signal_that_does_nothing_does_not_end_it)
{
	__s64 start = now();
	pid_t child = fork();

	if (!child) {
		signal(SIGUSR1, SIG_IGN);
		_exit(do_sleep(self->fd, 0, 10 * SHORT) ? errno : 0);
	}
	EXPECT_TRUE(is_asleep(child));
	kill(child, SIGUSR1);
	kill(child, SIGCONT);
	kill(child, SIGWINCH);
	EXPECT_EQ(0, wait_for(child));
	EXPECT_LE(10 * SHORT, now() - start);
}

TEST_F(sleep, killed_while_asleep)
{
	static const int signals[] = { SIGKILL, SIGTERM };

	for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
		__s64 start = now();
		pid_t child = fork();

		if (!child)
			_exit(do_sleep(self->fd, 0, INT64_MAX));
		EXPECT_TRUE(is_asleep(child));
		kill(child, signals[i]);
		EXPECT_EQ(128 + signals[i], wait_for(child));
		EXPECT_GT(LONG, now() - start);
	}
}

/* A debugger that stops it is no signal to it, and sees no number that programs do not know. */
TEST_F(sleep, a_debugger_may_look)
{
	pid_t child = fork();
	int status;

	if (!child)
		_exit(do_sleep(self->fd, 0, 10 * SHORT) ? errno : 0);
	EXPECT_TRUE(is_asleep(child));
	ASSERT_EQ(0, ptrace(PTRACE_SEIZE, child, NULL, NULL));
	ASSERT_EQ(0, ptrace(PTRACE_INTERRUPT, child, NULL, NULL));
	EXPECT_EQ(child, waitpid(child, &status, __WALL));
	EXPECT_TRUE(WIFSTOPPED(status));
	ASSERT_EQ(0, ptrace(PTRACE_DETACH, child, NULL, NULL));
	EXPECT_EQ(0, wait_for(child));
}

/* A batch never starts again: the calls that have been made would be made again. */
TEST_F(sleep, a_signal_ends_a_sleep_in_a_batch)
{
	static const int actions[] = { 0, SA_RESTART };

	for (size_t i = 0; i < 2 * ARRAY_SIZE(actions); i++) {
		struct sysdemo_time time = { .time = LONG };
		struct sysdemo_call calls[] = {
			{ .nr = SYSDEMO_NR_GETPID, .ret = 7777 },
			{ .nr = SYSDEMO_NR_SLEEP, .args = { (uintptr_t)&time, sizeof(time) },
			  .ret = 7777 },
			{ .nr = SYSDEMO_NR_GETPID, .ret = 7777 },
		};
		int status = 1;

		ASSERT_EQ(0, handle(SIGALRM, actions[i / 2]));
		alarm_in(SHORT);
		EXPECT_EQ(2, sysdemo_batch(self->fd, calls, ARRAY_SIZE(calls),
					   i % 2 ? SYSDEMO_BATCH_CONTINUE : 0, &status));
		EXPECT_EQ(-EINTR, status);
		EXPECT_EQ(getpid(), calls[0].ret);
		EXPECT_EQ(-EINTR, calls[1].ret);
		EXPECT_EQ(7777, calls[2].ret);
		EXPECT_GT(LONG, time.time);
	}
}

TEST_F(sleep, a_stop_ends_a_sleep_in_a_batch)
{
	pid_t child = fork();
	int status;

	if (!child) {
		struct sysdemo_time time = { .time = LONG };
		struct sysdemo_call calls[] = {
			{ .nr = SYSDEMO_NR_NULL },
			{ .nr = SYSDEMO_NR_SLEEP, .args = { (uintptr_t)&time, sizeof(time) } },
		};

		if (sysdemo_batch(self->fd, calls, 2, 0, &status) != 2)
			_exit(101);
		_exit(-status);
	}
	EXPECT_TRUE(is_asleep(child));
	kill(child, SIGSTOP);
	EXPECT_EQ(child, waitpid(child, &status, WUNTRACED));
	kill(child, SIGCONT);
	EXPECT_EQ(EINTR, wait_for(child));
}

static atomic_int sleeper;

static void *sleep_shortly(void *fd)
{
	atomic_store(&sleeper, gettid());
	return (void *)(long)do_sleep((long)fd, 0, 10 * SHORT);
}

/* Whoever sleeps in a call holds the device, also if nobody else has it open any more. */
TEST_F(sleep, closing_and_unloading_while_another_thread_sleeps)
{
	pthread_t thread;
	void *result;

	ASSERT_EQ(0, pthread_create(&thread, NULL, sleep_shortly, (void *)(long)self->fd));
	while (!atomic_load(&sleeper))
		sched_yield();
	EXPECT_TRUE(is_asleep(sleeper));
	EXPECT_EQ(0, close(self->fd));
	EXPECT_EQ(-1, syscall(SYS_delete_module, module_name(), O_NONBLOCK));
	EXPECT_EQ(EWOULDBLOCK, errno);
	ASSERT_EQ(0, pthread_join(thread, &result));
	EXPECT_EQ(NULL, result);
	self->fd = sysdemo_open(device);
	EXPECT_LE(0, self->fd);
}

TEST_F(sleep, nobody_may_sleep)
{
	pid_t child = fork();

	if (!child) {
		if (setresuid(NOBODY, NOBODY, NOBODY))
			_exit(101);
		_exit(do_sleep(self->fd, 0, MILLISECOND) ? errno : 0);
	}
	EXPECT_EQ(0, wait_for(child));
}

/* The caller's clock may be another one than the kernel's: that of its time namespace. */
TEST_F(sleep, time_namespaces)
{
	pid_t child;

	/* A kernel without them, as the debug kernel is, says so in two ways. */
	if (access("/proc/self/ns/time", F_OK)) {
		EXPECT_EQ(-1, unshare(CLONE_NEWTIME));
		EXPECT_EQ(EINVAL, errno);
		return;
	}
	ASSERT_EQ(0, unshare(CLONE_NEWTIME));
	ASSERT_EQ(0, write_file("/proc/self/timens_offsets", "monotonic 1000 0"));
	/* Its children are in it. */
	child = fork();
	if (!child) {
		__s64 start = now();

		if (start < 1000 * SECOND)
			_exit(101);
		if (do_sleep(self->fd, SYSDEMO_TIME_ABSOLUTE, start + SHORT))
			_exit(errno);
		if (now() < start + SHORT || now() > start + LONG)
			_exit(102);
		/* Before that clock began. */
		if (do_sleep(self->fd, SYSDEMO_TIME_ABSOLUTE, SECOND))
			_exit(103);
		_exit(0);
	}
	EXPECT_EQ(0, wait_for(child));
}

TESTER_MAIN
