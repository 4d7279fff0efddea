// SPDX-License-Identifier: GPL-2.0
/*
 * Batches: in order, as far as they go, and honest about how far that was.
 */
#include "tester.h"

#include <pthread.h>
#include <sys/time.h>

#define COUNT 8

static void prepare(struct sysdemo_call *calls, int count, __u32 nr)
{
	memset(calls, 0, count * sizeof(*calls));
	for (int i = 0; i < count; i++) {
		calls[i].nr = nr;
		calls[i].ret = 7777;
	}
}

TEST_F(device, calls_are_made_in_order)
{
	struct sysdemo_call calls[COUNT];
	char text[] = "abcdefgh";
	int status = 1;

	/* Each moves the text on by one byte: the order shows in the result. */
	prepare(calls, 7, SYSDEMO_NR_ECHO);
	for (int i = 0; i < 7; i++) {
		calls[i].args[0] = (uintptr_t)(text + i + 1);
		calls[i].args[1] = (uintptr_t)(text + i);
		calls[i].args[2] = 1;
	}
	EXPECT_EQ(7, sysdemo_batch(self->fd, calls, 7, 0, &status));
	EXPECT_EQ(0, status);
	EXPECT_STREQ("aaaaaaaa", text);
	for (int i = 0; i < 7; i++)
		EXPECT_EQ(1, calls[i].ret);
}

TEST_F(device, an_empty_batch_is_done)
{
	int status = 1;

	EXPECT_EQ(0, sysdemo_batch(self->fd, NULL, 0, 0, &status));
	EXPECT_EQ(0, status);
}

TEST_F(device, an_error_ends_a_batch)
{
	struct sysdemo_call calls[COUNT];
	int status;

	prepare(calls, COUNT, SYSDEMO_NR_GETPID);
	calls[3].nr = SYSDEMO_NR_CALLS;
	EXPECT_EQ(4, sysdemo_batch(self->fd, calls, COUNT, 0, &status));
	EXPECT_EQ(-ENOSYS, status);
	EXPECT_EQ(getpid(), calls[2].ret);
	EXPECT_EQ(-ENOSYS, calls[3].ret);
	EXPECT_EQ(7777, calls[4].ret);
}

TEST_F(device, an_error_does_not_end_a_batch_that_continues)
{
	struct sysdemo_call calls[COUNT];
	int status;

	prepare(calls, COUNT, SYSDEMO_NR_GETPID);
	calls[3].nr = SYSDEMO_NR_CALLS;
	calls[5].nr = SYSDEMO_NR_ECHO;
	calls[5].args[2] = SYSDEMO_COPY_MAX + 1;
	EXPECT_EQ(COUNT, sysdemo_batch(self->fd, calls, COUNT, SYSDEMO_BATCH_CONTINUE, &status));
	EXPECT_EQ(0, status);
	EXPECT_EQ(-ENOSYS, calls[3].ret);
	EXPECT_EQ(-E2BIG, calls[5].ret);
	EXPECT_EQ(getpid(), calls[7].ret);
}

TEST_F(device, a_bad_record_ends_a_batch_always)
{
	struct sysdemo_call calls[COUNT];
	int status;

	for (__u32 flags = 0; flags <= SYSDEMO_BATCH_CONTINUE; flags++) {
		prepare(calls, COUNT, SYSDEMO_NR_GETPID);
		calls[2].flags = 1;
		EXPECT_EQ(2, sysdemo_batch(self->fd, calls, COUNT, flags, &status));
		EXPECT_EQ(-EINVAL, status);
		EXPECT_EQ(7777, calls[2].ret);
	}
}

TEST_F(device, records_that_end_in_nothing)
{
	size_t page = sysconf(_SC_PAGESIZE);
	char *memory = map_with_guard();
	struct sysdemo_call *calls = (void *)(memory + page - 3 * sizeof(*calls));
	int status;

	ASSERT_NE(NULL, memory);
	prepare(calls, 3, SYSDEMO_NR_GETPID);
	EXPECT_EQ(3, sysdemo_batch(self->fd, calls, 4, 0, &status));
	EXPECT_EQ(-EFAULT, status);
	EXPECT_EQ(getpid(), calls[2].ret);
	munmap(memory, 2 * page);
}

/* A call whose registers are not there is not made, also if it has no use for them. */
TEST_F(device, records_that_are_there_in_part)
{
	static const __u32 numbers[] = { SYSDEMO_NR_NULL, SYSDEMO_NR_SUM6 };
	size_t page = sysconf(_SC_PAGESIZE);
	char *memory = map_with_guard();

	ASSERT_NE(NULL, memory);
	for (size_t i = 0; i < 2 * sizeof(struct sysdemo_call); i += sizeof(__u64)) {
		const size_t second = i % sizeof(struct sysdemo_call);
		const size_t size = sizeof(struct sysdemo_call) + second;
		const __u32 nr = numbers[i / sizeof(struct sysdemo_call)];
		struct sysdemo_info before, after;
		struct sysdemo_call calls[2];
		int status;

		prepare(calls, 2, nr);
		memcpy(memory + page - size, calls, size);
		ASSERT_EQ(0, ioctl(self->fd, SYSDEMO_IOC_INFO, &before));
		EXPECT_EQ(1, sysdemo_batch(self->fd, (void *)(memory + page - size), 2, 0,
					   &status));
		EXPECT_EQ(-EFAULT, status);
		ASSERT_EQ(0, ioctl(self->fd, SYSDEMO_IOC_INFO, &after));
		/* With all but the result it is made, and its result is nowhere. */
		EXPECT_EQ(second == 7 * sizeof(__u64) ? 2 : 1,
			  after.calls_made - before.calls_made);
	}
	munmap(memory, 2 * page);
}

TEST_F(device, too_many_records_are_einval)
{
	static const __u32 counts[] = { SYSDEMO_BATCH_MAX + 1, 65536, 0x7fffffff, 0xffffffff };
	struct sysdemo_call call = { .ret = 7777 };

	for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
		EXPECT_EQ(-1, sysdemo_batch(self->fd, &call, counts[i], 0, NULL));
		EXPECT_EQ(EINVAL, errno);
	}
	EXPECT_EQ(7777, call.ret);
}

TEST_F(device, the_largest_batch)
{
	static struct sysdemo_call calls[SYSDEMO_BATCH_MAX];
	int status;

	prepare(calls, SYSDEMO_BATCH_MAX, SYSDEMO_NR_GETTID);
	EXPECT_EQ(SYSDEMO_BATCH_MAX,
		  sysdemo_batch(self->fd, calls, SYSDEMO_BATCH_MAX, 0, &status));
	EXPECT_EQ(0, status);
	for (int i = 0; i < SYSDEMO_BATCH_MAX; i++)
		EXPECT_EQ(gettid(), calls[i].ret);
}

TEST_F(device, unknown_batch_flags_are_einval)
{
	struct sysdemo_call call = { .ret = 7777 };

	for (int bit = 0; bit < 32; bit++) {
		if (1U << bit & SYSDEMO_BATCH_CONTINUE)
			continue;
		EXPECT_EQ(-1, sysdemo_batch(self->fd, &call, 1, 1U << bit, NULL));
		EXPECT_EQ(EINVAL, errno);
	}
	EXPECT_EQ(7777, call.ret);
}

static void nothing(int signal)
{
	(void)signal;
}

/* Calls that take a while each, so that a signal comes in between. */
TEST_F(device, a_signal_ends_a_batch_between_records)
{
	static struct sysdemo_call calls[SYSDEMO_BATCH_MAX];
	static char memory[SYSDEMO_COPY_MAX];
	const struct itimerval soon = { .it_value = { .tv_usec = 2000 } };
	struct sigaction action = { .sa_handler = nothing };
	int done = 0, status = 0;

	ASSERT_EQ(0, sigaction(SIGALRM, &action, NULL));
	for (int try = 0; try < 50 && status != -EINTR; try++) {
		prepare(calls, SYSDEMO_BATCH_MAX, SYSDEMO_NR_ECHO);
		for (int i = 0; i < SYSDEMO_BATCH_MAX; i++) {
			calls[i].args[0] = (uintptr_t)memory;
			calls[i].args[1] = (uintptr_t)memory;
			calls[i].args[2] = sizeof(memory);
		}
		ASSERT_EQ(0, setitimer(ITIMER_REAL, &soon, NULL));
		done = sysdemo_batch(self->fd, calls, SYSDEMO_BATCH_MAX, 0, &status);
	}
	ASSERT_EQ(-EINTR, status);
	EXPECT_LT(0, done);
	EXPECT_GT(SYSDEMO_BATCH_MAX, done);
	EXPECT_EQ(sizeof(memory), calls[done - 1].ret);
	EXPECT_EQ(7777, calls[done].ret);
}

/* The commands of the device are not among the calls: a batch cannot have one in it. */
TEST_F(device, batches_do_not_nest)
{
	struct sysdemo_call calls[COUNT];
	struct sysdemo_batch batch = { .calls = (uintptr_t)calls, .count = COUNT };

	prepare(calls, COUNT, SYSDEMO_NR_GETPID);
	calls[0].nr = SYSDEMO_IOC_NR_BATCH;
	calls[0].args[0] = (uintptr_t)&batch;
	EXPECT_EQ(0, ioctl(self->fd, SYSDEMO_IOC_BATCH, &batch));
	EXPECT_EQ(1, batch.done);
	EXPECT_EQ(-ENOSYS, batch.status);
}

static volatile bool stop;

/* Changes how many records there are, while they are being done. */
static void *scribble(void *arg)
{
	volatile struct sysdemo_batch *batch = arg;

	while (!stop) {
		batch->count = SYSDEMO_BATCH_MAX;
		batch->flags = 0xffffffff;
		batch->count = COUNT;
		batch->flags = 0;
	}
	return NULL;
}

TEST_F(device, a_changing_batch_does_no_harm)
{
	struct sysdemo_batch *batch;
	struct sysdemo_call *calls;
	size_t page = sysconf(_SC_PAGESIZE);
	char *memory = map_with_guard();
	pthread_t thread;

	ASSERT_NE(NULL, memory);
	batch = (void *)memory;
	/* Whoever does more than COUNT records falls off the edge. */
	calls = (void *)(memory + page - COUNT * sizeof(*calls));
	prepare(calls, COUNT, SYSDEMO_NR_NULL);
	*batch = (struct sysdemo_batch){ .calls = (uintptr_t)calls, .count = COUNT };
	stop = false;
	ASSERT_EQ(0, pthread_create(&thread, NULL, scribble, batch));
	for (int i = 0; i < 2000; i++) {
		int ret = ioctl(self->fd, SYSDEMO_IOC_BATCH, batch);

		EXPECT_TRUE(ret ? errno == EINVAL : !batch->status || batch->status == -EFAULT);
		EXPECT_GE(COUNT, batch->done);
	}
	stop = true;
	pthread_join(thread, NULL);
	munmap(memory, 2 * page);
}

TESTER_MAIN
