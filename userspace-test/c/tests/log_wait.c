// SPDX-License-Identifier: GPL-2.0
/*
 * To wait for the log of calls: by read(2), and by poll(2), select(2) and epoll(7), which are
 * compared with those of a pipe and an eventfd; and what comes of it if several read, or switch it
 * off.
 */
#include "log.h"
#include "pending.h"
#include "sleeping.h"

#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <sys/uio.h>

/* A thread that reads once, and what came of it. */
struct reader {
	pthread_t thread;
	int fd;
	atomic_int tid;
	atomic_bool done;
	long result;
};

static void *read_once(void *arg)
{
	struct reader *reader = arg;

	atomic_store(&reader->tid, gettid());
	reader->result = next_seq(reader->fd);
	atomic_store(&reader->done, true);
	return NULL;
}

/* Starts it, and gives it the time that it needs to wait. */
static int start_reader(struct reader *reader, int fd)
{
	reader->fd = fd;
	atomic_store(&reader->done, false);
	atomic_store(&reader->tid, 0);
	if (pthread_create(&reader->thread, NULL, read_once, reader))
		return -1;
	while (!atomic_load(&reader->tid))
		pause_for(MILLISECOND);
	return !is_asleep(reader->tid);
}

/* Time for others to end, if they would. */
static void pause_a_little(void)
{
	usleep(50000);
}

TEST(who_reads_waits_for_a_call)
{
	int fd = open_log(0, 8);
	struct reader reader;

	ASSERT_LE(0, fd);
	for (int i = 0; i < 5; i++) {
		ASSERT_EQ(0, start_reader(&reader, fd));
		pause_a_little();
		EXPECT_FALSE(atomic_load(&reader.done));
		make_calls(fd, 1);
		pthread_join(reader.thread, NULL);
		EXPECT_EQ(i, reader.result);
	}
	close(fd);
}

#define READERS 4

static int count_done(struct reader readers[READERS])
{
	int done = 0;

	for (int i = 0; i < READERS; i++)
		done += atomic_load(&readers[i].done);
	return done;
}

TEST(one_call_is_for_one_reader)
{
	struct reader readers[READERS];
	int fd = open_log(0, 8);
	bool seen[READERS] = { false };

	ASSERT_LE(0, fd);
	for (int i = 0; i < READERS; i++)
		ASSERT_EQ(0, start_reader(&readers[i], fd));
	pause_a_little();
	for (int calls = 1; calls <= READERS; calls++) {
		int done = 0;

		make_calls(fd, 1);
		/* As many at least, however long it takes; and no more. */
		for (int i = 0; i < 20000 && done < calls; i++) {
			pause_for(MILLISECOND);
			done = count_done(readers);
		}
		pause_a_little();
		EXPECT_EQ(calls, count_done(readers));
	}
	for (int i = 0; i < READERS; i++) {
		pthread_join(readers[i].thread, NULL);
		ASSERT_LE(0, readers[i].result);
		ASSERT_GT(READERS, readers[i].result);
		EXPECT_FALSE(seen[readers[i].result]);
		seen[readers[i].result] = true;
	}
	close(fd);
}

TEST(who_waits_is_told_when_it_is_switched_off)
{
	struct reader readers[READERS];
	int fd = open_log(0, 8);

	ASSERT_LE(0, fd);
	for (int i = 0; i < READERS; i++)
		ASSERT_EQ(0, start_reader(&readers[i], fd));
	pause_a_little();
	ASSERT_EQ(0, sysdemo_log(fd, SYSDEMO_LOG_OFF, 0, NULL));
	for (int i = 0; i < READERS; i++) {
		pthread_join(readers[i].thread, NULL);
		EXPECT_EQ(-ENODATA, readers[i].result);
	}
	close(fd);
}

/* As eventfd has it: a signal ends the wait, or the wait goes on after it. */
TEST(signals_interrupt_who_waits)
{
	int fds[] = { open_log(0, 8), eventfd(0, 0) };

	ASSERT_LE(0, fds[0]);
	ASSERT_LE(0, fds[1]);
	ASSERT_EQ(0, handle(SIGUSR1, 0));
	ASSERT_EQ(0, handle(SIGUSR2, SA_RESTART));
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		struct reader reader;
		__u64 one = 1;

		ASSERT_EQ(0, start_reader(&reader, fds[i]));
		pause_a_little();
		pthread_kill(reader.thread, SIGUSR2);
		pause_a_little();
		EXPECT_TRUE(is_asleep(reader.tid));
		EXPECT_FALSE(atomic_load(&reader.done));
		pthread_kill(reader.thread, SIGUSR1);
		pthread_join(reader.thread, NULL);
		EXPECT_EQ(-EINTR, reader.result);

		/* A signal that comes first does not lose what comes then. */
		ASSERT_EQ(0, start_reader(&reader, fds[i]));
		pause_a_little();
		pthread_kill(reader.thread, SIGUSR2);
		if (fds[i] == fds[0])
			make_calls(fds[0], 1);
		else
			EXPECT_EQ(8, write(fds[1], &one, 8));
		pthread_join(reader.thread, NULL);
		/* What is read of an eventfd is shorter than a record, and then no error is set. */
		EXPECT_EQ(0, reader.result);
		close(fds[i]);
	}
}

/* A reader that is killed in the middle of its wait leaves the log as it was. */
TEST(who_waits_can_be_killed)
{
	int fd = open_log(0, 8);
	pid_t child;

	ASSERT_LE(0, fd);
	child = fork();
	if (!child)
		_exit(next_seq(fd) != 0);
	pause_a_little();
	ASSERT_EQ(0, kill(child, SIGKILL));
	EXPECT_EQ(128 + SIGKILL, wait_for(child));
	make_calls(fd, 1);
	EXPECT_EQ(0, next_seq(fd));
	close(fd);
}

/* Whether to wait is asked of the open device, and can change. */
TEST(o_nonblock_can_be_changed)
{
	int fd = open_log(0, 8);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, fcntl(fd, F_SETFL, O_NONBLOCK));
	EXPECT_EQ(-EAGAIN, next_seq(fd));
	ASSERT_EQ(0, fcntl(fd, F_SETFL, 0));
	make_calls(fd, 1);
	EXPECT_EQ(0, next_seq(fd));
	close(fd);
}

/* The same asked for one read alone, of a file that may wait; as of an eventfd. */
TEST(one_read_may_be_told_not_to_wait)
{
	int fds[] = { open_log(0, 8), eventfd(0, 0) };
	struct sysdemo_log_record record;
	struct iovec vector = { &record, sizeof(record) };

	ASSERT_LE(0, fds[0]);
	ASSERT_LE(0, fds[1]);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		EXPECT_EQ(-1, preadv2(fds[i], &vector, 1, -1, RWF_NOWAIT));
		EXPECT_EQ(EAGAIN, errno);
	}
	make_calls(fds[0], 1);
	EXPECT_EQ(RECORD, preadv2(fds[0], &vector, 1, -1, RWF_NOWAIT));
	EXPECT_EQ(0, record.seq);
	close(fds[0]);
	close(fds[1]);
}

static void *sleep_long(void *arg)
{
	struct sysdemo_time time = { .time = 100 * SECOND };
	struct reader *sleeper = arg;

	atomic_store(&sleeper->tid, gettid());
	sysdemo_syscall(sleeper->fd, SYSDEMO_NR_SLEEP, (uintptr_t)&time, sizeof(time), 0, 0, 0, 0);
	return NULL;
}

/* Of a call that a signal ends the log tells what a caller may see: EINTR. */
TEST(a_call_that_a_signal_ends_leaves_eintr)
{
	struct reader sleeper = { .fd = open_log(0, 8) };
	struct sysdemo_log_record record;

	ASSERT_LE(0, sleeper.fd);
	ASSERT_EQ(0, handle(SIGUSR1, 0));
	ASSERT_EQ(0, pthread_create(&sleeper.thread, NULL, sleep_long, &sleeper));
	while (!atomic_load(&sleeper.tid))
		pause_for(MILLISECOND);
	ASSERT_TRUE(is_asleep(sleeper.tid));
	pthread_kill(sleeper.thread, SIGUSR1);
	ASSERT_EQ(1, sysdemo_read_log(sleeper.fd, &record, 1));
	EXPECT_EQ(SYSDEMO_NR_SLEEP, record.nr);
	EXPECT_EQ(-EINTR, record.ret);
	pthread_join(sleeper.thread, NULL);
	close(sleeper.fd);
}

/* A pipe and the log: what fills the one by a byte fills the other by a record. */
struct pair {
	int log, pipe[2];
};

static int make_pair(struct pair *pair)
{
	pair->log = open_log(O_NONBLOCK, 16);
	return pair->log < 0 || pipe2(pair->pipe, O_NONBLOCK);
}

static void close_pair(struct pair *pair)
{
	close(pair->log);
	close(pair->pipe[0]);
	close(pair->pipe[1]);
}

static void fill_pair(struct pair *pair)
{
	sysdemo_null(pair->log);
	if (write(pair->pipe[1], "", 1) != 1)
		abort();
}

static void drain_pair(struct pair *pair)
{
	char byte;

	if (next_seq(pair->log) < 0 || read(pair->pipe[0], &byte, 1) != 1)
		abort();
}

TEST(poll_says_as_of_a_pipe)
{
	struct pair pair;

	ASSERT_EQ(0, make_pair(&pair));
	EXPECT_EQ(polled(pair.pipe[0]), polled(pair.log));
	EXPECT_EQ(0, polled(pair.log));
	for (int i = 0; i < 3; i++)
		fill_pair(&pair);
	for (int i = 0; i < 3; i++) {
		EXPECT_EQ(polled(pair.pipe[0]), polled(pair.log));
		EXPECT_EQ(POLLIN, polled(pair.log));
		drain_pair(&pair);
	}
	EXPECT_EQ(0, polled(pair.log));
	/* The end: nobody can write to the pipe, and nothing does to the log. */
	fill_pair(&pair);
	close(pair.pipe[1]);
	ASSERT_EQ(0, sysdemo_log(pair.log, SYSDEMO_LOG_OFF, 0, NULL));
	EXPECT_EQ(polled(pair.pipe[0]), polled(pair.log));
	EXPECT_EQ(POLLIN | POLLHUP, polled(pair.log));
	drain_pair(&pair);
	EXPECT_EQ(polled(pair.pipe[0]), polled(pair.log));
	close_pair(&pair);
}

/* Which of the three sets of select(2) a descriptor is in, at once. */
static int selected(int fd)
{
	struct timeval none = { 0 };
	fd_set sets[3];

	for (int i = 0; i < 3; i++) {
		FD_ZERO(&sets[i]);
		FD_SET(fd, &sets[i]);
	}
	if (select(fd + 1, &sets[0], &sets[1], &sets[2], &none) < 0)
		return -1;
	return (FD_ISSET(fd, &sets[0]) ? 1 : 0) + (FD_ISSET(fd, &sets[1]) ? 2 : 0) +
	       (FD_ISSET(fd, &sets[2]) ? 4 : 0);
}

TEST(select_says_as_of_a_pipe)
{
	struct pair pair;

	ASSERT_EQ(0, make_pair(&pair));
	EXPECT_EQ(selected(pair.pipe[0]), selected(pair.log));
	EXPECT_EQ(0, selected(pair.log));
	fill_pair(&pair);
	EXPECT_EQ(selected(pair.pipe[0]), selected(pair.log));
	EXPECT_EQ(1, selected(pair.log));
	drain_pair(&pair);
	EXPECT_EQ(0, selected(pair.log));
	close(pair.pipe[1]);
	ASSERT_EQ(0, sysdemo_log(pair.log, SYSDEMO_LOG_OFF, 0, NULL));
	EXPECT_EQ(selected(pair.pipe[0]), selected(pair.log));
	close_pair(&pair);
}

/* An epoll of one descriptor. */
static int epoll_of(int fd, __u32 events)
{
	struct epoll_event event = { .events = events };
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event))
		return -1;
	return epoll;
}

/* What epoll_wait(2) has at once: 0 for nothing. */
static int waited(int epoll)
{
	struct epoll_event event = { 0 };
	int count = epoll_wait(epoll, &event, 1, 0);

	return count == 1 ? (int)event.events : count;
}

/* Waits until there is something. */
static void *wait_for_event(void *epoll)
{
	struct epoll_event event;

	epoll_wait(*(int *)epoll, &event, 1, -1);
	return NULL;
}

/* The same steps by both, in every mode: each answer is the same. */
TEST(epoll_says_as_of_a_pipe)
{
	static const __u32 modes[] = {
		EPOLLIN, EPOLLIN | EPOLLET, EPOLLIN | EPOLLONESHOT, EPOLLIN | EPOLLEXCLUSIVE,
		EPOLLIN | EPOLLET | EPOLLONESHOT, EPOLLOUT, 0,
	};
	/* f fills, d drains, w asks, e ends, s asks to be told again after a shot. */
	static const char steps[] = "wfwwfwdwwdwffwwdwdwfswdwfweswwdsww";

	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		struct epoll_event again = { .events = modes[i] };
		int by_log, by_pipe, told = 0;
		struct pair pair;

		ASSERT_EQ(0, make_pair(&pair));
		by_log = epoll_of(pair.log, modes[i]);
		by_pipe = epoll_of(pair.pipe[0], modes[i]);
		ASSERT_LE(0, by_log);
		ASSERT_LE(0, by_pipe);
		for (const char *step = steps; *step; step++) {
			if (*step == 'f') {
				fill_pair(&pair);
			} else if (*step == 'd') {
				drain_pair(&pair);
			} else if (*step == 'e') {
				close(pair.pipe[1]);
				ASSERT_EQ(0, sysdemo_log(pair.log, SYSDEMO_LOG_OFF, 0, NULL));
			} else if (*step == 's') {
				if (modes[i] & EPOLLEXCLUSIVE)
					continue;
				ASSERT_EQ(0, epoll_ctl(by_log, EPOLL_CTL_MOD, pair.log, &again));
				ASSERT_EQ(0, epoll_ctl(by_pipe, EPOLL_CTL_MOD, pair.pipe[0],
						       &again));
			} else {
				int ours = waited(by_log), theirs = waited(by_pipe);

				EXPECT_EQ(theirs, ours)
					TH_LOG("mode %#x, step %td", modes[i], step - steps);
				told |= ours;
			}
		}
		EXPECT_TRUE(told & EPOLLHUP);
		EXPECT_EQ(modes[i] & EPOLLIN, told & EPOLLIN);
		close(by_log);
		close(by_pipe);
		close_pair(&pair);
	}
}

/*
 * Somebody waits for something else on the same queue, as one who is woken alone (EPOLLEXCLUSIVE),
 * and was there first: who reads is woken all the same.
 */
TEST(who_waits_for_something_else_takes_no_wake_up)
{
	static const __u32 others[] = { EPOLLOUT | EPOLLEXCLUSIVE, EPOLLHUP | EPOLLEXCLUSIVE };

	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		struct reader readers[2] = { 0 };
		pthread_t pollers[2];
		int epolls[2], pipes[2];

		readers[0].fd = open_log(0, 8);
		ASSERT_LE(0, readers[0].fd);
		ASSERT_EQ(0, pipe(pipes));
		readers[1].fd = pipes[0];
		for (int j = 0; j < 2; j++) {
			epolls[j] = epoll_of(readers[j].fd, others[i]);
			ASSERT_LE(0, epolls[j]);
			ASSERT_EQ(0, pthread_create(&pollers[j], NULL, wait_for_event,
						    &epolls[j]));
			pause_a_little();
			ASSERT_EQ(0, start_reader(&readers[j], readers[j].fd));
		}
		pause_a_little();
		make_calls(readers[0].fd, 1);
		EXPECT_EQ(1, write(pipes[1], "", 1));
		for (int j = 0; j < 2; j++)
			pthread_join(readers[j].thread, NULL);
		EXPECT_EQ(0, readers[0].result);
		/* For the pollers: the end. */
		ASSERT_EQ(0, sysdemo_log(readers[0].fd, SYSDEMO_LOG_OFF, 0, NULL));
		close(pipes[1]);
		for (int j = 0; j < 2; j++) {
			pthread_join(pollers[j], NULL);
			close(epolls[j]);
			close(readers[j].fd);
		}
	}
}

/* A reader that takes the records there are into memory that is not there yet. */
struct slow_reader {
	pthread_t thread;
	int fd;
	char *memory;
	long result;
};

static void *read_slowly(void *arg)
{
	struct slow_reader *reader = arg;
	long result = read(reader->fd, reader->memory, RECORD);

	reader->result = result < 0 ? -errno : result;
	return NULL;
}

/*
 * The last record is with a reader, and the log is off. Whether that is the end is known when that
 * reader has it; until then others wait. With `fails` it is given back.
 */
static void the_last_is_taken(struct __test_metadata *_metadata, bool fails)
{
	const size_t page = sysconf(_SC_PAGESIZE);
	struct slow_reader slow = { .fd = open_log(0, 1) };
	struct pollfd fault = { .events = POLLIN };
	struct reader reader;
	int flags;

	ASSERT_LE(0, slow.fd);
	slow.memory = map_pending(0, &fault.fd);
	ASSERT_NE(NULL, slow.memory)
		TH_LOG("userfaultfd: %s", strerror(errno));
	make_calls(slow.fd, 1);
	ASSERT_EQ(0, pthread_create(&slow.thread, NULL, read_slowly, &slow));
	ASSERT_EQ(1, poll(&fault, 1, 20000));
	/* There is no other place: the new one is dropped. */
	make_calls(slow.fd, 1);
	ASSERT_EQ(0, sysdemo_log(slow.fd, SYSDEMO_LOG_OFF, 0, NULL));

	EXPECT_EQ(0, polled(slow.fd));
	flags = fcntl(slow.fd, F_GETFL);
	ASSERT_EQ(0, fcntl(slow.fd, F_SETFL, flags | O_NONBLOCK));
	EXPECT_EQ(-EAGAIN, next_seq(slow.fd));
	ASSERT_EQ(0, fcntl(slow.fd, F_SETFL, flags));
	ASSERT_EQ(0, start_reader(&reader, slow.fd));
	pause_a_little();
	EXPECT_FALSE(atomic_load(&reader.done));

	ASSERT_EQ(0, fails ? munmap(slow.memory, page) :
			     no_longer_pending(slow.memory, 0, fault.fd));
	/* Who still waits for it goes on. */
	close(fault.fd);
	pthread_join(slow.thread, NULL);
	pthread_join(reader.thread, NULL);
	EXPECT_EQ(fails ? -EFAULT : (long)RECORD, slow.result);
	EXPECT_EQ(fails ? 0 : -ENODATA, reader.result);
	EXPECT_EQ(POLLHUP, polled(slow.fd));
	EXPECT_EQ(-ENODATA, next_seq(slow.fd));
	close(slow.fd);
}

TEST(the_last_is_taken_and_given_back)
{
	the_last_is_taken(_metadata, true);
}

TEST(the_last_is_taken_and_kept)
{
	the_last_is_taken(_metadata, false);
}

/* Who asks before the log was ever on learns of its first record. */
TEST_F(device, an_edge_that_comes_with_the_log)
{
	int epoll = epoll_of(self->fd, EPOLLIN | EPOLLET);

	ASSERT_LE(0, epoll);
	EXPECT_EQ(EPOLLHUP, waited(epoll));
	EXPECT_EQ(0, waited(epoll));
	ASSERT_EQ(0, sysdemo_log(self->fd, SYSDEMO_LOG_ON, 4, NULL));
	EXPECT_EQ(0, waited(epoll));
	sysdemo_null(self->fd);
	EXPECT_EQ(EPOLLIN, waited(epoll));
	EXPECT_EQ(0, waited(epoll));
	close(epoll);
}

static void *call_later(void *fd)
{
	pause_a_little();
	sysdemo_null(*(int *)fd);
	return NULL;
}

TEST_F(log, poll_select_and_epoll_wait)
{
	int epoll = epoll_of(self->fd, EPOLLIN);

	ASSERT_LE(0, epoll);
	for (int way = 0; way < 3; way++) {
		struct pollfd poll_fd = { .fd = self->fd, .events = POLLIN };
		struct timeval long_time = { .tv_sec = 20 };
		struct epoll_event event;
		pthread_t thread;
		fd_set set;
		int told;

		FD_ZERO(&set);
		FD_SET(self->fd, &set);
		ASSERT_EQ(0, pthread_create(&thread, NULL, call_later, &self->fd));
		if (way == 0)
			told = poll(&poll_fd, 1, 20000);
		else if (way == 1)
			told = select(self->fd + 1, &set, NULL, NULL, &long_time);
		else
			told = epoll_wait(epoll, &event, 1, 20000);
		EXPECT_EQ(1, told);
		EXPECT_LE(0, next_seq(self->fd));
		pthread_join(thread, NULL);
	}
	close(epoll);
}

static void *wait_on_epoll(void *epoll)
{
	struct epoll_event event;

	/* Of a descriptor that is closed nothing is told any more: it ends by its time. */
	return (void *)(long)epoll_wait(*(int *)epoll, &event, 1, 20);
}

/* A device that is closed while an epoll has it, and waits. */
TEST(a_device_is_closed_under_an_epoll)
{
	for (int i = 0; i < 20; i++) {
		int fd = open_log(O_NONBLOCK, 4);
		int epoll = epoll_of(fd, EPOLLIN | (i % 2 ? EPOLLET : 0));
		pthread_t thread;

		ASSERT_LE(0, fd);
		ASSERT_LE(0, epoll);
		ASSERT_EQ(0, pthread_create(&thread, NULL, wait_on_epoll, &epoll));
		usleep(1000 * (i % 5));
		close(fd);
		pthread_join(thread, NULL);
		/* And the other way round. */
		fd = open_log(O_NONBLOCK, 4);
		ASSERT_EQ(0, epoll_ctl(epoll, EPOLL_CTL_ADD, fd,
				       &(struct epoll_event) { .events = EPOLLIN }));
		close(epoll);
		sysdemo_null(fd);
		close(fd);
	}
}

#define CALLERS 2
#define CALLS 5000

/* What several readers have seen of all that was called. */
struct crowd {
	int fd;
	atomic_bool torn, twice;
	atomic_uint read;
	atomic_uchar seen[CALLERS * CALLS];
};

static void *read_all(void *arg)
{
	struct crowd *crowd = arg;
	struct sysdemo_log_record records[5];

	for (;;) {
		int count = sysdemo_read_log(crowd->fd, records, 1 + gettid() % 5);

		if (count < 0)
			return (void *)(long)errno;
		for (int i = 0; i < count; i++) {
			const struct sysdemo_log_record *record = &records[i];

			/* What each call gives is made of what is asked for: see below. */
			if (record->nr != SYSDEMO_NR_SUM6 || record->seq >= CALLERS * CALLS ||
			    record->ret != 2 * (__s64)(__s32)record->tid ||
			    (i && record->seq <= records[i - 1].seq))
				atomic_store(&crowd->torn, true);
			else if (atomic_exchange(&crowd->seen[record->seq], 1))
				atomic_store(&crowd->twice, true);
			atomic_fetch_add(&crowd->read, 1);
		}
	}
}

static void *call_all(void *arg)
{
	struct crowd *crowd = arg;

	for (int i = 0; i < CALLS; i++)
		sysdemo_syscall(crowd->fd, SYSDEMO_NR_SUM6, 0, 0, 0, 0, gettid(), gettid());
	return NULL;
}

/* Each record once, whole, or counted as dropped. */
TEST_F_TIMEOUT(device, several_readers_get_each_record_once, 120)
{
	static struct crowd crowd;
	pthread_t readers[READERS], callers[CALLERS];
	struct sysdemo_log told;
	void *error;

	crowd.fd = self->fd;
	ASSERT_EQ(0, sysdemo_log(crowd.fd, SYSDEMO_LOG_ON, 32, NULL));
	for (int i = 0; i < READERS; i++)
		ASSERT_EQ(0, pthread_create(&readers[i], NULL, read_all, &crowd));
	for (int i = 0; i < CALLERS; i++)
		ASSERT_EQ(0, pthread_create(&callers[i], NULL, call_all, &crowd));
	for (int i = 0; i < CALLERS; i++)
		pthread_join(callers[i], NULL);
	ASSERT_EQ(0, sysdemo_log(crowd.fd, SYSDEMO_LOG_OFF, 0, NULL));
	for (int i = 0; i < READERS; i++) {
		pthread_join(readers[i], &error);
		EXPECT_EQ(ENODATA, (long)error);
	}
	ASSERT_EQ(0, sysdemo_log(crowd.fd, 0, 0, &told));
	TH_LOG("%u records read, %llu dropped", crowd.read, (long long)told.dropped);
	EXPECT_FALSE(crowd.torn);
	EXPECT_FALSE(crowd.twice);
	EXPECT_LT(0, crowd.read);
	EXPECT_EQ(CALLERS * CALLS, crowd.read + told.dropped);
}

static void *toggle(void *arg)
{
	const int fd = *(int *)arg;

	for (int i = 0; i < 2000; i++) {
		if (sysdemo_log(fd, SYSDEMO_LOG_ON, 1 + i % SYSDEMO_LOG_CAPACITY_MAX, NULL) &&
		    errno != EBUSY)
			return "cannot be switched on";
		if (sysdemo_log(fd, SYSDEMO_LOG_OFF, 0, NULL))
			return "cannot be switched off";
	}
	return NULL;
}

static atomic_bool toggled;

/* Reads whatever there is, now and then into nothing. */
static void *read_in_spite(void *arg)
{
	const int fd = *(int *)arg;
	struct sysdemo_log_record records[3];
	long last = -1;

	for (int i = 0; !atomic_load(&toggled); i++) {
		int count = sysdemo_read_log(fd, i % 7 ? records : NULL, 3);

		if (count < 0) {
			if (errno != EAGAIN && errno != ENODATA && (i % 7 || errno != EFAULT))
				return "a read fails otherwise";
			continue;
		}
		/* The only reader: numbers go up, though what it gave back may be gone. */
		for (int j = 0; j < count; j++) {
			if ((long)records[j].seq <= last)
				return "a record comes twice";
			last = records[j].seq;
		}
	}
	return NULL;
}

static void *call_in_spite(void *arg)
{
	while (!atomic_load(&toggled)) {
		if (sysdemo_null(*(int *)arg))
			return "a call fails";
	}
	return NULL;
}

TEST_F_TIMEOUT(device, the_log_is_switched_while_it_is_used, 120)
{
	static void *(* const what[])(void *) = {
		toggle, toggle, read_in_spite, call_in_spite,
	};
	pthread_t threads[ARRAY_SIZE(what)];
	void *wrong;

	ASSERT_EQ(0, fcntl(self->fd, F_SETFL, O_NONBLOCK));
	atomic_store(&toggled, false);
	for (size_t i = 0; i < ARRAY_SIZE(what); i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, what[i], &self->fd));
	for (size_t i = 0; i < ARRAY_SIZE(what); i++) {
		pthread_join(threads[i], &wrong);
		EXPECT_EQ(NULL, wrong)
			TH_LOG("%s", (char *)wrong);
		if (i == 1)
			atomic_store(&toggled, true);
	}
}

TESTER_MAIN
