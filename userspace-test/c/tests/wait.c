// SPDX-License-Identifier: GPL-2.0
/*
 * Waiting for a word and waking who waits for it: nobody is forgotten, nobody is woken who was not
 * counted. Where futex(2) says the same, it is asked as well. That a bad time is refused is in
 * matrix.c.
 */
#include "sleeping.h"

#include <linux/futex.h>
#include <stdatomic.h>

#define SHORT (20 * MILLISECOND)
#define LONG (100 * SECOND)

/* More than a machine of two processors has. */
#define THREADS 8

static __u32 word;

FIXTURE(wait) {
	int fd;
};

FIXTURE_SETUP(wait)
{
	self->fd = sysdemo_open(device);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, handle(SIGALRM, 0));
}

FIXTURE_TEARDOWN(wait)
{
	alarm_in(0);
	close(self->fd);
}

static int futex(const void *address, int operation, __u32 value, const struct timespec *time)
{
	return syscall(SYS_futex, address, operation | FUTEX_PRIVATE_FLAG, value, time, NULL, 0);
}

static int wait_for_ever(int fd, const void *address, __u32 expected)
{
	return sysdemo_wait(fd, address, expected, NULL, 0);
}

static int wait_shortly(int fd, const void *address, __u32 expected, __s64 ns)
{
	struct sysdemo_time time = { .time = ns };

	return sysdemo_wait(fd, address, expected, &time, sizeof(time));
}

/* A thread that waits: for what, how, and what came of it. */
struct waiter {
	pthread_t thread;
	int fd;
	const __u32 *word;
	__u32 expected;
	__s64 time;
	int number;
	atomic_int *order;
	atomic_int tid;
	/* 0, or the error. */
	int result;
	/* The how many-th it was to be woken. */
	int place;
};

static void *wait_in_thread(void *arg)
{
	struct waiter *waiter = arg;
	int ret;

	atomic_store(&waiter->tid, gettid());
	if (waiter->time)
		ret = wait_shortly(waiter->fd, waiter->word, waiter->expected, waiter->time);
	else
		ret = wait_for_ever(waiter->fd, waiter->word, waiter->expected);
	waiter->result = ret < 0 ? errno : ret;
	if (waiter->order)
		waiter->place = atomic_fetch_add(waiter->order, 1);
	return NULL;
}

static int start_waiter(struct waiter *waiter)
{
	int before = waiting_on(waiter->fd);

	if (pthread_create(&waiter->thread, NULL, wait_in_thread, waiter))
		return -1;
	return have_come(waiter->fd, before + 1) ? 0 : -1;
}

TEST_F(wait, another_value_is_eagain)
{
	static const struct timespec none;

	for (__u32 value = 1; value; value <<= 1) {
		word = value;
		EXPECT_EQ(-1, wait_for_ever(self->fd, &word, 0));
		EXPECT_EQ(EAGAIN, errno);
		EXPECT_EQ(-1, wait_for_ever(self->fd, &word, ~value));
		EXPECT_EQ(EAGAIN, errno);
		EXPECT_EQ(-1, wait_shortly(self->fd, &word, value, 0));
		EXPECT_EQ(ETIMEDOUT, errno);
		/* The register's upper half is nobody's. */
		EXPECT_EQ(-1, sysdemo_syscall(self->fd, SYSDEMO_NR_WAIT, (uintptr_t)&word,
					      ~(__u64)value, 0, 0, 0, 0));
		EXPECT_EQ(EAGAIN, errno);
		EXPECT_EQ(-1, futex(&word, FUTEX_WAIT, ~value, &none));
		EXPECT_EQ(EAGAIN, errno);
	}
	EXPECT_EQ(0, waiting_on(self->fd));
}

TEST_F(wait, the_time_runs_out)
{
	static const __s64 times[] = { 0, 1, MILLISECOND, SHORT };

	word = 5;
	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		struct sysdemo_time time = { .time = times[i] };
		struct timespec theirs = { .tv_nsec = times[i] };
		__s64 start = now();

		EXPECT_EQ(-1, sysdemo_wait(self->fd, &word, 5, &time, sizeof(time)));
		EXPECT_EQ(ETIMEDOUT, errno);
		EXPECT_LE(times[i], now() - start);
		EXPECT_EQ(times[i], time.time);

		time.flags = SYSDEMO_TIME_ABSOLUTE;
		time.time = now() + times[i];
		EXPECT_EQ(-1, sysdemo_wait(self->fd, &word, 5, &time, sizeof(time)));
		EXPECT_EQ(ETIMEDOUT, errno);
		EXPECT_LE(time.time, now());

		EXPECT_EQ(-1, futex(&word, FUTEX_WAIT, 5, &theirs));
		EXPECT_EQ(ETIMEDOUT, errno);
	}
}

TEST_F(wait, misaligned_words_are_einval)
{
	char *memory = map_with_guard();
	struct timespec none = { 0 };

	ASSERT_NE(NULL, memory);
	for (int offset = 1; offset < 4; offset++) {
		/* Where there is memory, where there is none, and where there can be none. */
		char * const places[] = { memory, memory + sysconf(_SC_PAGESIZE), NULL,
					  (char *)-4096L };

		for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
			char *place = places[i] + offset;

			EXPECT_EQ(-1, wait_for_ever(self->fd, place, 0));
			EXPECT_EQ(EINVAL, errno);
			EXPECT_EQ(-1, sysdemo_wake(self->fd, (void *)place, 1));
			EXPECT_EQ(EINVAL, errno);
			EXPECT_EQ(-1, futex(place, FUTEX_WAIT, 0, &none));
			EXPECT_EQ(EINVAL, errno);
			EXPECT_EQ(-1, futex(place, FUTEX_WAKE, 1, NULL));
			EXPECT_EQ(EINVAL, errno);
		}
	}
	munmap(memory, 2 * sysconf(_SC_PAGESIZE));
}

/* What there is no word at, futex(2) and these say the same of: also that nobody waits there. */
TEST_F(wait, words_that_are_not_there)
{
	char *memory = map_with_guard();
	struct timespec none = { 0 };
	const uintptr_t places[] = {
		0, 4, 0x800, (uintptr_t)memory + sysconf(_SC_PAGESIZE), UINTPTR_MAX - 3,
		UINTPTR_MAX - 4095,
#ifdef __x86_64__
		0x00007fffffffeff0, 0x00007ffffffff000, 0x0000800000000000, 0xfffe000000000000,
		0xffff888000001000, 0xffffffff81000000, 0xffffffffff600000,
#else
		0xffffe000,
#endif
	};

	ASSERT_NE(NULL, memory);
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		void *place = (void *)places[i];
		int ours, theirs;

		EXPECT_EQ(-1, wait_shortly(self->fd, place, 0, 0));
		ours = errno;
		EXPECT_EQ(-1, futex(place, FUTEX_WAIT, 0, &none));
		EXPECT_EQ(errno, ours)
			TH_LOG("wait, %p", place);
		theirs = futex(place, FUTEX_WAKE, 1, NULL) < 0 ? errno : 0;
		ours = sysdemo_wake(self->fd, place, 1) < 0 ? errno : 0;
		EXPECT_EQ(theirs, ours)
			TH_LOG("wake, %p", place);
	}
	EXPECT_EQ(0, waiting_on(self->fd));
	munmap(memory, 2 * sysconf(_SC_PAGESIZE));
}

/* No structure is NULL and no size; what is neither the one nor the other is refused. */
TEST_F(wait, a_size_without_a_time)
{
	struct sysdemo_time time = { 0 };

	word = 0;
	EXPECT_EQ(-1, sysdemo_wait(self->fd, &word, 0, &time, 0));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, sysdemo_wait(self->fd, &word, 0, NULL, 1));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, sysdemo_wait(self->fd, &word, 0, NULL, sizeof(time)));
	EXPECT_EQ(EFAULT, errno);
	time.time = -1;
	EXPECT_EQ(-1, sysdemo_wait(self->fd, &word, 0, &time, sizeof(time)));
	EXPECT_EQ(EINVAL, errno);
	time.time = 0;
	time.flags = SYSDEMO_TIME_ABSOLUTE << 1;
	EXPECT_EQ(-1, sysdemo_wait(self->fd, &word, 0, &time, sizeof(time)));
	EXPECT_EQ(EINVAL, errno);
}

TEST_F(wait, nobody_to_be_woken)
{
	EXPECT_EQ(0, sysdemo_wake(self->fd, &word, 1));
	EXPECT_EQ(0, sysdemo_wake(self->fd, &word, 0));
	EXPECT_EQ(0, sysdemo_wake(self->fd, &word, 0xffffffff));
}

TEST_F(wait, who_came_first_is_woken_first)
{
	struct waiter waiters[THREADS];
	atomic_int order = 0;

	word = 0;
	for (int i = 0; i < THREADS; i++) {
		waiters[i] = (struct waiter){ .fd = self->fd, .word = &word, .order = &order };
		ASSERT_EQ(0, start_waiter(&waiters[i]));
	}
	EXPECT_EQ(0, sysdemo_wake(self->fd, &word, 0));
	for (int i = 0; i < THREADS; i++) {
		EXPECT_EQ(1, sysdemo_wake(self->fd, &word, 1));
		pthread_join(waiters[i].thread, NULL);
		EXPECT_EQ(0, waiters[i].result);
		EXPECT_EQ(i, waiters[i].place);
		EXPECT_EQ(THREADS - 1 - i, waiting_on(self->fd));
	}
}

TEST_F(wait, as_many_are_woken_as_said)
{
	struct waiter waiters[THREADS];
	const __u32 counts[] = { 1, 2, 0, 3, 0xffffffff };
	int left = THREADS, joined = 0;

	word = 0;
	for (int i = 0; i < THREADS; i++) {
		waiters[i] = (struct waiter){ .fd = self->fd, .word = &word };
		ASSERT_EQ(0, start_waiter(&waiters[i]));
	}
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
		int wanted = counts[i] < (__u32)left ? (int)counts[i] : left;

		EXPECT_EQ(wanted, sysdemo_wake(self->fd, &word, counts[i]));
		left -= wanted;
		EXPECT_EQ(left, waiting_on(self->fd));
		for (; joined < THREADS - left; joined++) {
			pthread_join(waiters[joined].thread, NULL);
			EXPECT_EQ(0, waiters[joined].result);
		}
	}
	EXPECT_EQ(0, left);
}

/* Only who waits for that very word is woken, whatever else is waited for. */
TEST_F(wait, words_are_their_own)
{
	static __u32 words[THREADS];
	struct waiter waiters[THREADS];

	for (int i = 0; i < THREADS; i++) {
		waiters[i] = (struct waiter){ .fd = self->fd, .word = &words[i] };
		ASSERT_EQ(0, start_waiter(&waiters[i]));
	}
	for (int i = THREADS; i--; ) {
		EXPECT_EQ(1, sysdemo_wake(self->fd, &words[i], 100));
		pthread_join(waiters[i].thread, NULL);
		EXPECT_EQ(i, waiting_on(self->fd));
	}
}

/* An open device, and not a descriptor nor a process, is where they meet. */
TEST_F(wait, open_devices_are_their_own)
{
	struct waiter waiter = { .fd = self->fd, .word = &word };
	int copy = dup(self->fd), other = sysdemo_open(device);

	word = 0;
	ASSERT_LE(0, copy);
	ASSERT_LE(0, other);
	ASSERT_EQ(0, start_waiter(&waiter));
	EXPECT_EQ(0, sysdemo_wake(other, &word, 1));
	EXPECT_EQ(0, futex(&word, FUTEX_WAKE, 1, NULL));
	EXPECT_EQ(1, sysdemo_wake(copy, &word, 1));
	pthread_join(waiter.thread, NULL);
	close(copy);
	close(other);
}

/* The child's word is at the same address in memory of its own. */
TEST_F(wait, a_child_has_words_of_its_own)
{
	struct waiter waiter = { .fd = self->fd, .word = &word };
	pid_t child;

	word = 0;
	ASSERT_EQ(0, start_waiter(&waiter));
	child = fork();
	if (!child)
		_exit(sysdemo_wake(self->fd, &word, 1));
	EXPECT_EQ(0, wait_for(child));
	/* One that shares the memory is no other. */
	child = vfork();
	if (!child)
		_exit(sysdemo_wake(self->fd, &word, 1));
	EXPECT_EQ(1, wait_for(child));
	pthread_join(waiter.thread, NULL);

	/* And the other way round: in its parent nobody waits. */
	child = fork();
	if (!child)
		_exit(wait_for_ever(self->fd, &word, 0));
	EXPECT_TRUE(have_come(self->fd, 1));
	EXPECT_EQ(0, sysdemo_wake(self->fd, &word, 1));
	kill(child, SIGKILL);
	EXPECT_EQ(128 + SIGKILL, wait_for(child));
	EXPECT_EQ(0, waiting_on(self->fd));
}

/* The address is what counts, not what is there. */
TEST_F(wait, a_word_that_goes_away_while_it_is_waited_for)
{
	size_t page = sysconf(_SC_PAGESIZE);
	__u32 *place = (void *)map_with_guard();
	struct waiter waiter = { .fd = self->fd, .word = place };

	ASSERT_NE(NULL, place);
	ASSERT_EQ(0, start_waiter(&waiter));
	ASSERT_EQ(0, munmap(place, page));
	EXPECT_EQ(1, waiting_on(self->fd));
	EXPECT_EQ(1, sysdemo_wake(self->fd, place, 1));
	pthread_join(waiter.thread, NULL);
	EXPECT_EQ(0, waiter.result);
	/* The restart after a signal looks at the word again. */
	EXPECT_EQ(-1, wait_for_ever(self->fd, place, 0));
	EXPECT_EQ(EFAULT, errno);
	munmap((char *)place + page, page);
}

/* A handler with SA_RESTART ends only a wait for a time, as futex(2) has it. */
TEST_F(wait, handlers)
{
	struct timespec long_time = { .tv_sec = LONG / SECOND };
	struct sysdemo_time time = { .time = LONG };

	word = 0;
	alarm_in(SHORT);
	EXPECT_EQ(-1, wait_for_ever(self->fd, &word, 0));
	EXPECT_EQ(EINTR, errno);
	EXPECT_EQ(-1, sysdemo_wait(self->fd, &word, 0, &time, sizeof(time)));
	EXPECT_EQ(EINTR, errno);
	EXPECT_GT(LONG, time.time);
	EXPECT_EQ(-1, futex(&word, FUTEX_WAIT, 0, NULL));
	EXPECT_EQ(EINTR, errno);

	ASSERT_EQ(0, handle(SIGALRM, SA_RESTART));
	time = (struct sysdemo_time){ .time = LONG };
	EXPECT_EQ(-1, sysdemo_wait(self->fd, &word, 0, &time, sizeof(time)));
	EXPECT_EQ(EINTR, errno);
	EXPECT_GT(LONG, time.time);
	EXPECT_EQ(-1, futex(&word, FUTEX_WAIT, 0, &long_time));
	EXPECT_EQ(EINTR, errno);
	time = (struct sysdemo_time){ .flags = SYSDEMO_TIME_ABSOLUTE, .time = now() + LONG };
	EXPECT_EQ(-1, sysdemo_wait(self->fd, &word, 0, &time, sizeof(time)));
	EXPECT_EQ(EINTR, errno);
}

static atomic_int handled;

static void change_word(int signal)
{
	(void)signal;
	if (atomic_fetch_add(&handled, 1) == 2)
		word = 1;
}

/* It starts again by itself, and looks at the word again. */
TEST_F(wait, a_wait_restarts)
{
	const struct sigaction action = { .sa_handler = change_word, .sa_flags = SA_RESTART };

	ASSERT_EQ(0, sigaction(SIGALRM, &action, NULL));
	word = 0;
	atomic_store(&handled, 0);
	alarm_in(SHORT);
	EXPECT_EQ(-1, wait_for_ever(self->fd, &word, 0));
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_LE(3, handled);
	word = 0;
	atomic_store(&handled, 0);
	EXPECT_EQ(-1, futex(&word, FUTEX_WAIT, 0, NULL));
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_LE(3, handled);
}

/* A stop takes it out of the queue, and it comes back by itself. */
TEST_F(wait, a_stop_does_not_end_it)
{
	static const __s64 times[] = { 0, LONG };
	size_t page = sysconf(_SC_PAGESIZE);
	__u32 *shared = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(MAP_FAILED, shared);
	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		pid_t child;
		int status;

		*shared = 0;
		child = fork();
		if (!child) {
			if (times[i])
				wait_shortly(self->fd, shared, 0, times[i]);
			else
				wait_for_ever(self->fd, shared, 0);
			_exit(errno);
		}
		EXPECT_TRUE(have_come(self->fd, 1));
		kill(child, SIGSTOP);
		EXPECT_EQ(child, waitpid(child, &status, WUNTRACED));
		EXPECT_TRUE(WIFSTOPPED(status));
		EXPECT_EQ(0, waiting_on(self->fd));
		kill(child, SIGCONT);
		EXPECT_TRUE(have_come(self->fd, 1));
		kill(child, SIGSTOP);
		EXPECT_EQ(child, waitpid(child, &status, WUNTRACED));
		*shared = 1;
		kill(child, SIGCONT);
		EXPECT_EQ(EAGAIN, wait_for(child));
	}
	munmap(shared, page);
}

TEST_F(wait, killed_while_waiting)
{
	pid_t child = fork();

	if (!child)
		_exit(wait_for_ever(self->fd, &word, word));
	EXPECT_TRUE(have_come(self->fd, 1));
	kill(child, SIGKILL);
	EXPECT_EQ(128 + SIGKILL, wait_for(child));
	EXPECT_EQ(0, waiting_on(self->fd));
}

/* Another program begins in the midst of it: threads that wait are ended, and none is left. */
TEST_F(wait, exec_while_waiting)
{
	pid_t child;

	word = 0;
	child = fork();
	if (!child) {
		struct waiter waiter = { .fd = self->fd, .word = &word };

		if (start_waiter(&waiter))
			_exit(101);
		execl("/usr/bin/sysdemo-call", "sysdemo-call", "--device", device, "null", NULL);
		_exit(102);
	}
	EXPECT_EQ(0, wait_for(child));
	EXPECT_EQ(0, waiting_on(self->fd));
}

TEST_F(wait, a_batch_may_wait_and_wake)
{
	struct waiter waiter = { .fd = self->fd, .word = &word };
	struct sysdemo_time time = { .time = LONG };
	struct sysdemo_call calls[] = {
		{ .nr = SYSDEMO_NR_WAKE, .args = { (uintptr_t)&word, 1 } },
		{ .nr = SYSDEMO_NR_WAIT, .args = { (uintptr_t)&word, 0, (uintptr_t)&time,
						   sizeof(time) }, .ret = 7777 },
		{ .nr = SYSDEMO_NR_NULL, .ret = 7777 },
	};
	int status;

	word = 0;
	ASSERT_EQ(0, start_waiter(&waiter));
	/* With SA_RESTART too, and without a time as well: a batch does not start again. */
	for (int i = 0; i < 4; i++) {
		ASSERT_EQ(0, handle(SIGALRM, i % 2 ? SA_RESTART : 0));
		alarm_in(SHORT);
		calls[1].ret = 7777;
		EXPECT_EQ(2, sysdemo_batch(self->fd, calls, 3, SYSDEMO_BATCH_CONTINUE, &status));
		EXPECT_EQ(-EINTR, status);
		EXPECT_EQ(!i, calls[0].ret);
		EXPECT_EQ(-EINTR, calls[1].ret);
		EXPECT_EQ(7777, calls[2].ret);
		calls[1].args[2] = 0;
		calls[1].args[3] = 0;
	}
	pthread_join(waiter.thread, NULL);
	EXPECT_EQ(0, waiter.result);
}

TEST_F(wait, closing_and_unloading_while_another_thread_waits)
{
	struct waiter waiter = { .fd = self->fd, .word = &word, .time = 20 * SHORT };

	word = 0;
	ASSERT_EQ(0, start_waiter(&waiter));
	EXPECT_EQ(0, close(self->fd));
	EXPECT_EQ(-1, syscall(SYS_delete_module, module_name(), O_NONBLOCK));
	EXPECT_EQ(EWOULDBLOCK, errno);
	pthread_join(waiter.thread, NULL);
	EXPECT_EQ(ETIMEDOUT, waiter.result);
	self->fd = sysdemo_open(device);
	EXPECT_LE(0, self->fd);
}

TEST_F(wait, restricted)
{
	static const __u32 only_wake[] = { SYSDEMO_NR_WAKE };

	word = 0;
	ASSERT_EQ(0, sysdemo_allow_only(self->fd, only_wake, 1));
	EXPECT_EQ(-1, wait_for_ever(self->fd, &word, 0));
	EXPECT_EQ(EPERM, errno);
	EXPECT_EQ(0, sysdemo_wake(self->fd, &word, 1));
}

TEST_F(wait, nobody_may_wait_and_wake)
{
	pid_t child = fork();

	if (!child) {
		if (setresuid(NOBODY, NOBODY, NOBODY))
			_exit(101);
		if (wait_shortly(self->fd, &word, word, 0) != -1 || errno != ETIMEDOUT)
			_exit(102);
		_exit(sysdemo_wake(self->fd, &word, 1));
	}
	EXPECT_EQ(0, wait_for(child));
}

/* Queues are bounded: who shares an open device can make the others walk no further than that. */
TEST_F_TIMEOUT(wait, too_many_are_enospc, 60)
{
	static struct waiter waiters[SYSDEMO_WAITERS_MAX];
	int other = sysdemo_open(device);
	pthread_attr_t attributes;

	ASSERT_LE(0, other);
	word = 0;
	ASSERT_EQ(0, pthread_attr_init(&attributes));
	ASSERT_EQ(0, pthread_attr_setstacksize(&attributes, 32768));
	for (int i = 0; i < SYSDEMO_WAITERS_MAX; i++) {
		waiters[i] = (struct waiter){ .fd = self->fd, .word = &word };
		ASSERT_EQ(0, pthread_create(&waiters[i].thread, &attributes, wait_in_thread,
					    &waiters[i]));
	}
	EXPECT_TRUE(have_come(self->fd, SYSDEMO_WAITERS_MAX));
	EXPECT_EQ(-1, wait_shortly(self->fd, &word, 0, SECOND));
	EXPECT_EQ(ENOSPC, errno);
	/* Of another open device that is no business. */
	EXPECT_EQ(-1, wait_shortly(other, &word, 0, 0));
	EXPECT_EQ(ETIMEDOUT, errno);
	/* There is room again for who comes next. */
	EXPECT_EQ(1, sysdemo_wake(self->fd, &word, 1));
	EXPECT_EQ(-1, wait_shortly(self->fd, &word, 0, 0));
	EXPECT_EQ(ETIMEDOUT, errno);
	EXPECT_EQ(SYSDEMO_WAITERS_MAX - 1, sysdemo_wake(self->fd, &word, 0xffffffff));
	for (int i = 0; i < SYSDEMO_WAITERS_MAX; i++) {
		pthread_join(waiters[i].thread, NULL);
		EXPECT_EQ(0, waiters[i].result);
	}
	close(other);
}

/*
 * A lock of three states, as in Drepper's "Futexes Are Tricky": 0 free, 1 taken, 2 taken and
 * somebody may wait.
 */
static void lock(int fd, atomic_uint *state)
{
	unsigned int old = 0;

	if (atomic_compare_exchange_strong(state, &old, 1))
		return;
	if (old != 2)
		old = atomic_exchange(state, 2);
	while (old) {
		wait_for_ever(fd, state, 2);
		old = atomic_exchange(state, 2);
	}
}

static void unlock(int fd, atomic_uint *state)
{
	if (atomic_exchange(state, 0) == 2)
		sysdemo_wake(fd, (const __u32 *)state, 1);
}

#define ROUNDS 1000

static struct {
	int fd;
	atomic_uint state;
	unsigned int count;
} locked;

static void *count_up(void *arg)
{
	(void)arg;
	for (int i = 0; i < ROUNDS; i++) {
		unsigned int before;

		lock(locked.fd, &locked.state);
		before = locked.count;
		/* Somebody else comes. */
		if (i % 16 == 0)
			sched_yield();
		locked.count = before + 1;
		unlock(locked.fd, &locked.state);
	}
	return NULL;
}

TEST_F_TIMEOUT(wait, a_lock, 60)
{
	pthread_t threads[THREADS];

	locked.fd = self->fd;
	atomic_store(&locked.state, 0);
	locked.count = 0;
	for (int i = 0; i < THREADS; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, count_up, NULL));
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	EXPECT_EQ(THREADS * ROUNDS, locked.count);
	EXPECT_EQ(0, locked.state);
	EXPECT_EQ(0, waiting_on(self->fd));
}

/* Two who wait for each other in turn: if one wake-up is lost, both wait for ever. */
static struct {
	int fd;
	atomic_uint turn;
} game;

static void play(unsigned int mine)
{
	for (int i = 0; i < ROUNDS; i++) {
		while (atomic_load(&game.turn) != mine)
			wait_for_ever(game.fd, &game.turn, !mine);
		atomic_store(&game.turn, !mine);
		sysdemo_wake(game.fd, (const __u32 *)&game.turn, 1);
	}
}

static void *play_second(void *arg)
{
	(void)arg;
	play(1);
	return NULL;
}

TEST_F_TIMEOUT(wait, ping_pong, 60)
{
	pthread_t thread;

	game.fd = self->fd;
	atomic_store(&game.turn, 0);
	ASSERT_EQ(0, pthread_create(&thread, NULL, play_second, NULL));
	play(0);
	pthread_join(thread, NULL);
	EXPECT_EQ(0, game.turn);
}

/*
 * Who waits leaves for all reasons at once: it is woken, its time is up, a signal comes, the word
 * has changed. Each wake-up that was counted has woken one, and nobody else was woken.
 */
static struct {
	int fd;
	atomic_uint word;
	atomic_bool stop;
	atomic_uint woken, timed_out, interrupted, changed, others;
} storm;

static void *wait_in_storm(void *arg)
{
	__u64 random = (uintptr_t)arg + 1;

	while (!atomic_load(&storm.stop)) {
		int error = 0;

		random = random * 6364136223846793005ULL + 1442695040888963407ULL;
		if (wait_shortly(storm.fd, &storm.word, atomic_load(&storm.word),
				 (random >> 33) % 300000))
			error = errno;
		atomic_fetch_add(error == 0 ? &storm.woken : error == ETIMEDOUT ? &storm.timed_out :
				 error == EINTR ? &storm.interrupted : error == EAGAIN ?
				 &storm.changed : &storm.others, 1);
	}
	return NULL;
}

TEST_F_TIMEOUT(wait, each_wake_up_that_is_counted_wakes_one, 60)
{
	pthread_t threads[THREADS];
	unsigned int counted = 0;
	__s64 start = now();

	memset(&storm, 0, sizeof(storm));
	storm.fd = self->fd;
	for (long i = 0; i < THREADS; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, wait_in_storm, (void *)i));
	for (unsigned int i = 0; now() - start < 2 * SECOND || i < 1000; i++) {
		__s64 woken;

		if (i % 4 == 0)
			atomic_fetch_add(&storm.word, 1);
		if (i % 8 == 0)
			pthread_kill(threads[i / 8 % THREADS], SIGALRM);
		woken = sysdemo_wake(self->fd, (const __u32 *)&storm.word, i % 3);
		ASSERT_LE(0, woken);
		ASSERT_GE(i % 3, woken);
		counted += woken;
		if (i % 16 == 0)
			sched_yield();
	}
	atomic_store(&storm.stop, true);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	EXPECT_EQ(counted, storm.woken);
	EXPECT_EQ(0, storm.others);
	EXPECT_LT(0, storm.timed_out);
	EXPECT_LT(0, storm.woken);
	TH_LOG("%u woken, %u timed out, %u interrupted, %u saw the word change", storm.woken,
	       storm.timed_out, storm.interrupted, storm.changed);
	EXPECT_EQ(0, waiting_on(self->fd));
}

TESTER_MAIN
