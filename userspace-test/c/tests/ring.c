// SPDX-License-Identifier: GPL-2.0
/*
 * Calls by the rings: the same calls with the same results as by an ioctl, nothing lost, and
 * nothing but nonsense for who writes nonsense into the memory that is shared.
 */
#include "tester.h"

#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/time.h>
#include <time.h>

#define ENTRIES 8
#define PAGE ((size_t)sysconf(_SC_PAGESIZE))

static int error_of(long result)
{
	return result < 0 ? errno : 0;
}

static int set_up(int fd, __u32 entries, __u32 flags)
{
	struct sysdemo_ring ring = { .entries = entries, .flags = flags };

	return error_of(ioctl(fd, SYSDEMO_IOC_RING, &ring));
}

static long enter(int fd, unsigned long count)
{
	return ioctl(fd, SYSDEMO_IOC_ENTER, count);
}

/* Puts a call in. Whether there is a place for it. */
static bool put(struct sysdemo_rings *rings, __u32 nr, __u64 user_data, __u64 a0, __u64 a1,
		__u64 a2)
{
	struct sysdemo_submission *submission = sysdemo_next_submission(rings);

	if (!submission)
		return false;
	*submission = (struct sysdemo_submission) {
		.nr = nr, .user_data = user_data, .args = { a0, a1, a2, 4, 5, 6 },
	};
	return true;
}

FIXTURE(ring) {
	int fd;
	struct sysdemo_rings rings;
};

FIXTURE_SETUP(ring)
{
	self->fd = sysdemo_open(device);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, sysdemo_open_rings(self->fd, ENTRIES, &self->rings))
		TH_LOG("%s", strerror(errno));
}

FIXTURE_TEARDOWN(ring)
{
	EXPECT_EQ(0, sysdemo_unmap_rings(&self->rings));
	close(self->fd);
}

TEST_F(device, what_rings_there_can_be)
{
	static const __u32 none[] = { 3, 5, 6, 255, 257, 512, 1U << 16, 1U << 31, -1U, -2U };
	struct sysdemo_ring ring = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(none); i++)
		EXPECT_EQ(EINVAL, set_up(self->fd, none[i], 0));
	for (int bit = 0; bit < 32; bit++) {
		EXPECT_EQ(EINVAL, set_up(self->fd, 1, 1U << bit));
		EXPECT_EQ(EINVAL, set_up(self->fd, 0, 1U << bit));
	}
	/* Nothing of that has made any. */
	memset(&ring, 0x5a, sizeof(ring));
	ring.entries = 0;
	ring.flags = 0;
	ASSERT_EQ(0, ioctl(self->fd, SYSDEMO_IOC_RING, &ring));
	EXPECT_EQ(0, ring.size | ring.sq_entries | ring.cq_entries | ring.sq | ring.cq | ring.pad);
	EXPECT_EQ(-1, enter(self->fd, 1));
	EXPECT_EQ(ENXIO, errno);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, PAGE, PROT_READ, MAP_SHARED, self->fd,
				   SYSDEMO_MMAP_RING));
	EXPECT_EQ(ENXIO, errno);

	for (__u32 entries = 1; entries <= SYSDEMO_RING_ENTRIES_MAX; entries *= 2) {
		struct sysdemo_ring asked = { 0 };
		int fd = sysdemo_open(device);

		ring = (struct sysdemo_ring) { .entries = entries };
		ASSERT_EQ(0, ioctl(fd, SYSDEMO_IOC_RING, &ring));
		EXPECT_EQ(entries, ring.entries);
		EXPECT_EQ(entries, ring.sq_entries);
		EXPECT_EQ(2 * entries, ring.cq_entries);
		EXPECT_LE(sizeof(struct sysdemo_ring_head), ring.sq);
		EXPECT_LE(ring.sq + entries * sizeof(struct sysdemo_submission), ring.cq);
		EXPECT_LE(ring.cq + 2 * entries * sizeof(struct sysdemo_completion), ring.size);
		EXPECT_EQ(0, ring.size % PAGE);
		/* Once for all who have the device; it tells of them as often as it is asked. */
		EXPECT_EQ(EBUSY, set_up(fd, entries, 0));
		EXPECT_EQ(EBUSY, set_up(fd, 1, 0));
		EXPECT_EQ(EINVAL, set_up(fd, 3, 0));
		ASSERT_EQ(0, ioctl(fd, SYSDEMO_IOC_RING, &asked));
		EXPECT_EQ(0, asked.entries);
		asked.entries = entries;
		EXPECT_EQ(0, memcmp(&ring, &asked, sizeof(ring)));
		close(fd);
	}
}

static int map_error(int fd, size_t size, int prot, int flags, off_t offset)
{
	void *memory = mmap(NULL, size, prot, flags, fd, offset);

	if (memory == MAP_FAILED)
		return errno;
	munmap(memory, size);
	return 0;
}

TEST_F(ring, how_it_can_be_mapped)
{
	const size_t size = self->rings.size;
	const int both = PROT_READ | PROT_WRITE;
	char *memory;
	int fd;

	EXPECT_EQ(0, map_error(self->fd, size, both, MAP_SHARED, SYSDEMO_MMAP_RING));
	EXPECT_EQ(0, map_error(self->fd, size, PROT_READ, MAP_SHARED, SYSDEMO_MMAP_RING));
	EXPECT_EQ(EPERM, map_error(self->fd, size, both | PROT_EXEC, MAP_SHARED,
				   SYSDEMO_MMAP_RING));
	EXPECT_EQ(EINVAL, map_error(self->fd, size, both, MAP_PRIVATE, SYSDEMO_MMAP_RING));
	EXPECT_EQ(EINVAL, map_error(self->fd, size, PROT_READ, MAP_PRIVATE, SYSDEMO_MMAP_RING));
	EXPECT_EQ(EINVAL, map_error(self->fd, size + PAGE, both, MAP_SHARED, SYSDEMO_MMAP_RING));
	EXPECT_EQ(EINVAL, map_error(self->fd, size - PAGE, both, MAP_SHARED, SYSDEMO_MMAP_RING));
	for (off_t offset = -2; offset <= 2; offset++) {
		if (offset)
			EXPECT_EQ(EINVAL, map_error(self->fd, size, both, MAP_SHARED,
						    SYSDEMO_MMAP_RING + offset * PAGE));
	}
	EXPECT_EQ(EACCES, error_of(mprotect(self->rings.head, size, PROT_READ | PROT_EXEC)));
	EXPECT_EQ(0, error_of(mprotect(self->rings.head, size, PROT_READ)));
	EXPECT_EQ(0, error_of(mprotect(self->rings.head, size, both)));
	memory = mremap(self->rings.head, size, 2 * size, MREMAP_MAYMOVE);
	EXPECT_EQ(MAP_FAILED, memory);

	/* Who may not write to the device may not write here. */
	fd = open(device, O_RDONLY | O_CLOEXEC);
	ASSERT_EQ(0, set_up(fd, ENTRIES, 0));
	EXPECT_EQ(EACCES, map_error(fd, size, both, MAP_SHARED, SYSDEMO_MMAP_RING));
	EXPECT_EQ(EINVAL, map_error(fd, size, PROT_READ, MAP_SHARED, SYSDEMO_MMAP_RING));
	close(fd);
}

TEST_F(ring, calls_are_made_in_order)
{
	struct sysdemo_completion completion;
	struct sysdemo_info info;

	ASSERT_TRUE(put(&self->rings, SYSDEMO_NR_GETPID, 11, 0, 0, 0));
	ASSERT_TRUE(put(&self->rings, SYSDEMO_NR_SUM6, -1ULL, 1, 2, 3));
	ASSERT_TRUE(put(&self->rings, SYSDEMO_NR_CALLS, 33, 0, 0, 0));
	ASSERT_TRUE(put(&self->rings, SYSDEMO_NR_NULL, 44, 0, 0, 0));
	EXPECT_FALSE(sysdemo_next_completion(&self->rings, &completion));
	/* Not more than it was told to. */
	EXPECT_EQ(0, sysdemo_enter(&self->rings, 0));
	EXPECT_EQ(1, sysdemo_enter(&self->rings, 1));
	ASSERT_TRUE(sysdemo_next_completion(&self->rings, &completion));
	EXPECT_EQ(11, completion.user_data);
	EXPECT_EQ(getpid(), completion.ret);
	EXPECT_FALSE(sysdemo_next_completion(&self->rings, &completion));
	/* Nor more than there are. */
	EXPECT_EQ(3, enter(self->fd, ULONG_MAX));
	EXPECT_EQ(0, enter(self->fd, ULONG_MAX));
	ASSERT_TRUE(sysdemo_next_completion(&self->rings, &completion));
	EXPECT_EQ(-1ULL, completion.user_data);
	EXPECT_EQ(21, completion.ret);
	ASSERT_TRUE(sysdemo_next_completion(&self->rings, &completion));
	EXPECT_EQ(33, completion.user_data);
	EXPECT_EQ(-ENOSYS, completion.ret);
	ASSERT_TRUE(sysdemo_next_completion(&self->rings, &completion));
	EXPECT_EQ(44, completion.user_data);
	EXPECT_EQ(0, completion.ret);
	ASSERT_EQ(0, ioctl(self->fd, SYSDEMO_IOC_INFO, &info));
	EXPECT_EQ(4, info.calls_made);
	EXPECT_EQ(0, self->rings.head->refused);
}

/* One call by the rings: its result. */
static __s64 call_by_ring(struct sysdemo_rings *rings, __u32 nr, const __u64 *args)
{
	struct sysdemo_submission *submission = sysdemo_next_submission(rings);
	struct sysdemo_completion completion;

	*submission = (struct sysdemo_submission) { .nr = nr, .user_data = nr };
	memcpy(submission->args, args, sizeof(submission->args));
	if (sysdemo_enter(rings, 1) != 1 || !sysdemo_next_completion(rings, &completion) ||
	    completion.user_data != nr)
		return INT64_MIN;
	return completion.ret;
}

/* Whatever the arguments are, what can be asked twice is answered alike by both doors. */
TEST_F(ring, results_are_those_of_the_ioctl)
{
	const __u32 calls[] = {
		SYSDEMO_NR_NULL, SYSDEMO_NR_GETPID, SYSDEMO_NR_GETTID, SYSDEMO_NR_SUM6,
		SYSDEMO_NR_SUM3, SYSDEMO_NR_ECHO, SYSDEMO_NR_FILL, SYSDEMO_NR_IDENTITY,
		SYSDEMO_NR_SET_LABEL, SYSDEMO_NR_GET_LABEL, SYSDEMO_NR_REGS, SYSDEMO_NR_ENTRY,
		SYSDEMO_NR_WAIT, SYSDEMO_NR_WAKE, SYSDEMO_NR_STAT, SYSDEMO_NR_LIST,
		SYSDEMO_NR_READ, SYSDEMO_NR_WRITE, SYSDEMO_NR_FACTS, 9, SYSDEMO_NR_CALLS, -1U,
	};
	static char memory[8192];
	const __u64 words[] = {
		0, 1, 2, 32, 64, 4096, 4097, -1ULL, 1ULL << 32, (uintptr_t)memory,
		(uintptr_t)memory + 4096, 0xffffffff81000000,
	};

	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		for (unsigned int j = 0; j < 300; j += stride) {
			__u64 args[SYSDEMO_ARGS_MAX];
			__s64 ret;

			for (int k = 0; k < SYSDEMO_ARGS_MAX; k++)
				args[k] = words[(j * 31 + j / 12 * k * 7 + k * 5) %
						ARRAY_SIZE(words)];
			/* Without a time limit it waits until somebody wakes it. */
			if (calls[i] == SYSDEMO_NR_WAIT && !args[2] && !args[3])
				continue;
			memset(memory, 0, sizeof(memory));
			ASSERT_EQ(0, sysdemo_call_raw(self->fd, calls[i], args, &ret));
			memset(memory, 0, sizeof(memory));
			EXPECT_EQ(ret, call_by_ring(&self->rings, calls[i], args))
				TH_LOG("call %u: %#llx %#llx %#llx %#llx", calls[i],
				       (long long)args[0], (long long)args[1], (long long)args[2],
				       (long long)args[3]);
		}
	}
}

TEST_F(ring, unknown_submission_flags_are_einval)
{
	struct sysdemo_completion completion;
	struct sysdemo_info info;

	for (int bit = 0; bit < 32; bit++) {
		ASSERT_TRUE(put(&self->rings, SYSDEMO_NR_GETPID, bit, 0, 0, 0));
		self->rings.submissions[bit & self->rings.sq_mask].flags = 1U << bit;
		ASSERT_EQ(1, sysdemo_enter(&self->rings, 1));
		ASSERT_TRUE(sysdemo_next_completion(&self->rings, &completion));
		EXPECT_EQ(bit, completion.user_data);
		EXPECT_EQ(-EINVAL, completion.ret);
	}
	ASSERT_EQ(0, ioctl(self->fd, SYSDEMO_IOC_INFO, &info));
	EXPECT_EQ(0, info.calls_made);
}

TEST_F(ring, a_restriction_holds_by_the_rings)
{
	static const __u32 only[] = { SYSDEMO_NR_GETPID };
	const __u64 args[SYSDEMO_ARGS_MAX] = { 0 };

	ASSERT_EQ(0, sysdemo_allow_only(self->fd, only, 1));
	EXPECT_EQ(getpid(), call_by_ring(&self->rings, SYSDEMO_NR_GETPID, args));
	EXPECT_EQ(-EPERM, call_by_ring(&self->rings, SYSDEMO_NR_NULL, args));
	EXPECT_EQ(-EPERM, call_by_ring(&self->rings, SYSDEMO_NR_CALLS, args));
}

/* Many times around, in rings of every size, with as many at once as the turn has it. */
TEST_F(device, nothing_is_lost)
{
	for (__u32 entries = 1; entries <= SYSDEMO_RING_ENTRIES_MAX; entries *= 4) {
		__u64 sent = 0, got = 0, total = 20000 / stride;
		struct sysdemo_completion completion;
		struct sysdemo_rings rings;
		int fd = sysdemo_open(device);
		unsigned int turn = 0;

		ASSERT_EQ(0, sysdemo_open_rings(fd, entries, &rings));
		while (got < total) {
			__u32 some = 1 + turn++ * 7 % (2 * entries), taken = turn % 5 * entries;
			int made;

			while (some-- && sent < total &&
			       put(&rings, SYSDEMO_NR_SUM3, sent, sent, 1, 2))
				sent++;
			made = sysdemo_enter(&rings, 1 + turn % (entries + 1));
			ASSERT_TRUE(made >= 0 || errno == EAGAIN);
			/* Not always, and not always all. */
			while (taken-- && sysdemo_next_completion(&rings, &completion)) {
				ASSERT_EQ(got, completion.user_data);
				ASSERT_EQ((__s64)got + 3, completion.ret);
				got++;
			}
		}
		EXPECT_EQ(total, sent);
		EXPECT_FALSE(sysdemo_next_completion(&rings, &completion));
		EXPECT_EQ(0, sysdemo_enter(&rings, 1));
		EXPECT_EQ(0, sysdemo_unmap_rings(&rings));
		close(fd);
	}
}

TEST_F(ring, what_has_no_room_waits_and_is_counted)
{
	struct sysdemo_completion completion;
	__u64 sent = 0, got = 0;

	/* As many completions as there is room for. */
	for (int i = 0; i < 2; i++) {
		while (put(&self->rings, SYSDEMO_NR_NULL, sent, 0, 0, 0))
			sent++;
		ASSERT_EQ(ENTRIES, sysdemo_enter(&self->rings, ENTRIES));
	}
	EXPECT_EQ(2 * ENTRIES, sent);
	EXPECT_EQ(0, self->rings.head->refused);
	while (put(&self->rings, SYSDEMO_NR_NULL, sent, 0, 0, 0))
		sent++;
	for (int i = 1; i < 4; i++) {
		EXPECT_EQ(-1, sysdemo_enter(&self->rings, ENTRIES));
		EXPECT_EQ(EAGAIN, errno);
		EXPECT_EQ(i, self->rings.head->refused);
	}
	/* To be told to do nothing, or to have nothing to do, is not to be refused. */
	EXPECT_EQ(0, sysdemo_enter(&self->rings, 0));
	EXPECT_EQ(3, self->rings.head->refused);
	ASSERT_TRUE(sysdemo_next_completion(&self->rings, &completion));
	EXPECT_EQ(got++, completion.user_data);
	EXPECT_EQ(1, sysdemo_enter(&self->rings, ENTRIES));
	EXPECT_EQ(4, self->rings.head->refused);
	EXPECT_EQ(1, enter(self->fd, 0) + 1);
	while (got < sent) {
		while (sysdemo_next_completion(&self->rings, &completion)) {
			EXPECT_EQ(got, completion.user_data);
			got++;
		}
		sysdemo_enter(&self->rings, ENTRIES);
	}
	EXPECT_EQ(3 * ENTRIES, got);
}

/* Numbers that no program means bring calls that it did not mean, or none. */
TEST_F(ring, numbers_that_are_nonsense)
{
	static const __u32 nonsense[] = { 1U << 31, -1U, 0x7fffffff, ENTRIES + 1, 1000 };
	struct sysdemo_ring_head *head = self->rings.head;
	const __u64 args[SYSDEMO_ARGS_MAX] = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(nonsense); i++) {
		__u32 tail = head->cq_tail, submissions = head->sq_head;

		/* More than there is room for: what is there is taken, each of it once. */
		head->sq_tail = submissions + nonsense[i];
		head->cq_head = tail;
		EXPECT_EQ(ENTRIES, enter(self->fd, -1U));
		EXPECT_EQ(submissions + ENTRIES, head->sq_head);
		EXPECT_EQ(tail + ENTRIES, head->cq_tail);

		/* More taken out than there ever was. */
		tail = head->cq_tail;
		head->sq_tail = head->sq_head + 1;
		head->cq_head = tail + 1 + nonsense[i] % (1U << 30);
		EXPECT_EQ(-1, enter(self->fd, 1));
		EXPECT_EQ(EAGAIN, errno);
		EXPECT_EQ(tail, head->cq_tail);
		head->cq_head = tail;
		EXPECT_EQ(1, enter(self->fd, 1));

		/* What the module has written it does not read: it knows better. */
		submissions = head->sq_head;
		tail = head->cq_tail;
		head->sq_head = nonsense[i];
		head->cq_tail = nonsense[i];
		head->refused = nonsense[i];
		head->cq_head = tail;
		head->sq_tail = submissions + 2;
		EXPECT_EQ(2, enter(self->fd, 9));
		EXPECT_EQ(submissions + 2, head->sq_head);
		EXPECT_EQ(tail + 2, head->cq_tail);
	}
	self->rings.sq_tail = head->sq_head;
	self->rings.cq_head = head->cq_tail;
	head->cq_head = head->cq_tail;
	EXPECT_EQ(getpid(), call_by_ring(&self->rings, SYSDEMO_NR_GETPID, args));
}

static atomic_bool stop;

/* Writes everywhere, numbers that are small or not, all the time. */
static void *scribble(void *arg)
{
	struct sysdemo_rings *rings = arg;
	volatile __u32 *words = (volatile __u32 *)rings->head;
	__u64 random = 88172645463325252ULL;

	while (!atomic_load(&stop)) {
		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		/* No address that can be made of this is one of this program's memory. */
		words[random % (rings->size / 4)] = random >> 32 & 1 ? random >> 48 :
						    random >> 33 & 31;
		/* What the head has in it, more often. */
		if (!(random >> 40 & 31))
			words[random >> 20 & 3] = random >> 50;
	}
	return NULL;
}

/* How many calls have to be made, and how many refused, while somebody scribbles. */
#define ENOUGH 100

TEST_F_TIMEOUT(ring, scribbling_does_no_harm, 120)
{
	/* So long it may take until the other threads have got in the way often enough. */
	const time_t end = time(NULL) + 60;
	unsigned int made = 0, refused = 0;
	pthread_t threads[2];

	/* Nothing that is kept, and nothing that takes its time. */
	static const __u32 calls[] = {
		SYSDEMO_NR_NULL, SYSDEMO_NR_GETPID, SYSDEMO_NR_GETTID, SYSDEMO_NR_SUM6,
		SYSDEMO_NR_ECHO, SYSDEMO_NR_FILL, SYSDEMO_NR_IDENTITY, SYSDEMO_NR_GET_LABEL,
		SYSDEMO_NR_REGS, SYSDEMO_NR_ENTRY, SYSDEMO_NR_SUM3, SYSDEMO_NR_WAKE,
		SYSDEMO_NR_STAT, SYSDEMO_NR_LIST, SYSDEMO_NR_FACTS,
	};

	ASSERT_EQ(0, sysdemo_allow_only(self->fd, calls, ARRAY_SIZE(calls)));
	atomic_store(&stop, false);
	for (int i = 0; i < 2; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, scribble, &self->rings));
	for (int i = 0; i < 100000 / stride || made <= ENOUGH || refused <= ENOUGH; i++) {
		long result;

		if (i >= 100000 / stride && time(NULL) > end)
			break;
		/* What would be right, were there nobody else. */
		self->rings.head->cq_head = made;
		self->rings.head->sq_tail = made + ENTRIES;
		result = enter(self->fd, 1 + i % ENTRIES);
		if (result < 0) {
			ASSERT_EQ(EAGAIN, errno);
			refused++;
		} else {
			ASSERT_GE(1 + i % ENTRIES, result);
			made += result;
		}
	}
	atomic_store(&stop, true);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	EXPECT_LT(ENOUGH, made);
	EXPECT_LT(ENOUGH, refused);
	/* All else is as it was. */
	EXPECT_EQ(getpid(), sysdemo_getpid(self->fd));
}

/* The rings' own memory is memory as any other, to a call. */
TEST_F(ring, calls_may_work_on_the_rings_themselves)
{
	struct sysdemo_submission *next;
	struct sysdemo_completion completion;
	__u32 nr = SYSDEMO_NR_GETPID;

	/* The first changes what the second is. */
	next = &self->rings.submissions[1];
	ASSERT_TRUE(put(&self->rings, SYSDEMO_NR_ECHO, 1, (uintptr_t)&next->nr, (uintptr_t)&nr,
			sizeof(nr)));
	self->rings.submissions[0].args[3] = 0;
	ASSERT_TRUE(put(&self->rings, SYSDEMO_NR_NULL, 2, 0, 0, 0));
	ASSERT_EQ(2, sysdemo_enter(&self->rings, 2));
	ASSERT_TRUE(sysdemo_next_completion(&self->rings, &completion));
	EXPECT_EQ(sizeof(nr), completion.ret);
	ASSERT_TRUE(sysdemo_next_completion(&self->rings, &completion));
	EXPECT_EQ(getpid(), completion.ret);
}

TEST_F(ring, what_is_opened_is_open)
{
	struct sysdemo_open_how how = { .flags = O_CREAT | O_RDWR | O_CLOEXEC, .mode = 0600 };
	const __u64 args[SYSDEMO_ARGS_MAX] = {
		(uintptr_t)"by-ring", (uintptr_t)&how, sizeof(how)
	};
	const __u64 name[SYSDEMO_ARGS_MAX] = { (uintptr_t)"by-ring" };
	__s64 file = call_by_ring(&self->rings, SYSDEMO_NR_OPEN, args);

	ASSERT_LT(2, file);
	EXPECT_EQ(3, write(file, "abc", 3));
	close(file);
	EXPECT_EQ(0, call_by_ring(&self->rings, SYSDEMO_NR_UNLINK, name));
	EXPECT_EQ(-ENOENT, call_by_ring(&self->rings, SYSDEMO_NR_UNLINK, name));
}

static __u32 word;

static void *wait_in_the_rings(void *arg)
{
	return (void *)(long)sysdemo_enter(arg, 2);
}

static __s64 wait_until_somebody_waits(int fd)
{
	__s64 woken;

	do {
		usleep(1000);
		woken = sysdemo_wake(fd, &word, 1);
	} while (!woken);
	return woken;
}

/* Who sleeps in a call has its turn; nobody waits for it, and other doors are open. */
TEST_F(ring, one_at_a_time)
{
	struct sysdemo_completion completion;
	pthread_t thread;
	void *made;

	ASSERT_TRUE(put(&self->rings, SYSDEMO_NR_WAIT, 1, (uintptr_t)&word, 0, 0));
	memset(&self->rings.submissions[0].args[2], 0, 32);
	ASSERT_TRUE(put(&self->rings, SYSDEMO_NR_NULL, 2, 0, 0, 0));
	ASSERT_EQ(0, pthread_create(&thread, NULL, wait_in_the_rings, &self->rings));
	while (enter(self->fd, 0) != -1)
		usleep(1000);
	EXPECT_EQ(EBUSY, errno);
	EXPECT_EQ(0, sysdemo_null(self->fd));
	EXPECT_EQ(EBUSY, set_up(self->fd, 1, 0));
	EXPECT_EQ(1, wait_until_somebody_waits(self->fd));
	ASSERT_EQ(0, pthread_join(thread, &made));
	EXPECT_EQ(2, (long)made);
	EXPECT_EQ(0, enter(self->fd, 0));
	ASSERT_TRUE(sysdemo_next_completion(&self->rings, &completion));
	EXPECT_EQ(0, completion.ret);
}

static void be_interrupted(int signal)
{
	(void)signal;
}

TEST_F(ring, a_signal_ends_it_after_its_call)
{
	const struct sigaction action = { .sa_handler = be_interrupted, .sa_flags = SA_RESTART };
	const struct itimerval soon = { { 0, 20000 }, { 0, 20000 } }, never = { 0 };
	struct sysdemo_time time = { .time = INT64_MAX };
	struct sysdemo_completion completion;
	int made;

	ASSERT_EQ(0, sigaction(SIGALRM, &action, NULL));
	ASSERT_TRUE(put(&self->rings, SYSDEMO_NR_NULL, 1, 0, 0, 0));
	ASSERT_TRUE(put(&self->rings, SYSDEMO_NR_SLEEP, 2, (uintptr_t)&time, sizeof(time), 0));
	ASSERT_TRUE(put(&self->rings, SYSDEMO_NR_NULL, 3, 0, 0, 0));
	ASSERT_EQ(0, setitimer(ITIMER_REAL, &soon, NULL));
	made = sysdemo_enter(&self->rings, 3);
	setitimer(ITIMER_REAL, &never, NULL);
	EXPECT_EQ(2, made);
	ASSERT_TRUE(sysdemo_next_completion(&self->rings, &completion));
	ASSERT_TRUE(sysdemo_next_completion(&self->rings, &completion));
	EXPECT_EQ(2, completion.user_data);
	EXPECT_EQ(-EINTR, completion.ret);
	EXPECT_GT(INT64_MAX, time.time);
	/* The third is not lost. */
	EXPECT_EQ(1, sysdemo_enter(&self->rings, 3));
	ASSERT_TRUE(sysdemo_next_completion(&self->rings, &completion));
	EXPECT_EQ(3, completion.user_data);
}

/* Who is killed in a call leaves the rings to others. */
TEST_F(ring, killed_in_the_rings)
{
	struct sysdemo_time time = { .time = INT64_MAX };
	const __u64 args[SYSDEMO_ARGS_MAX] = { 0 };
	struct sysdemo_completion completion;
	pid_t child;

	ASSERT_TRUE(put(&self->rings, SYSDEMO_NR_SLEEP, 1, (uintptr_t)&time, sizeof(time), 0));
	child = fork();
	if (!child) {
		sysdemo_enter(&self->rings, 1);
		_exit(10);
	}
	while (enter(self->fd, 0) != -1)
		usleep(1000);
	EXPECT_EQ(EBUSY, errno);
	kill(child, SIGKILL);
	EXPECT_EQ(128 + SIGKILL, wait_for(child));
	ASSERT_TRUE(sysdemo_next_completion(&self->rings, &completion));
	EXPECT_EQ(-EINTR, completion.ret);
	EXPECT_EQ(getpid(), call_by_ring(&self->rings, SYSDEMO_NR_GETPID, args));
}

/* Two processes share them as they share the device: each call is made by who enters. */
TEST_F(ring, children_share_them)
{
	struct sysdemo_completion completion;
	struct sysdemo_rings rings;
	pid_t child;

	ASSERT_TRUE(put(&self->rings, SYSDEMO_NR_GETPID, 1, 0, 0, 0));
	child = fork();
	if (!child)
		_exit(sysdemo_enter(&self->rings, 1) != 1);
	EXPECT_EQ(0, wait_for(child));
	ASSERT_TRUE(sysdemo_next_completion(&self->rings, &completion));
	EXPECT_EQ(child, completion.ret);
	/* Mapped once more it is the same memory. */
	ASSERT_EQ(0, sysdemo_map_rings(self->fd, &rings));
	rings.head->reserved[4] = 7;
	EXPECT_EQ(7, self->rings.head->reserved[4]);
	EXPECT_EQ(0, sysdemo_unmap_rings(&rings));
}

TEST_F(ring, a_mapping_of_rings_keeps_the_device_open)
{
	close(self->fd);
	self->fd = -1;
	EXPECT_EQ(-1, syscall(SYS_delete_module, module_name(), O_NONBLOCK));
	EXPECT_EQ(EWOULDBLOCK, errno);
	self->rings.head->sq_tail = 77;
	EXPECT_EQ(77, self->rings.head->sq_tail);
}

TEST(everybody_may_have_rings)
{
	pid_t child = fork();

	if (!child) {
		const __u64 args[SYSDEMO_ARGS_MAX] = { 0 };
		struct sysdemo_rings rings;

		if (setgid(NOBODY) || setuid(NOBODY))
			_exit(10);
		if (sysdemo_open_rings(sysdemo_open(device), ENTRIES, &rings))
			_exit(11);
		_exit(call_by_ring(&rings, SYSDEMO_NR_GETPID, args) != getpid() ||
		      call_by_ring(&rings, SYSDEMO_NR_CLEAR_LABEL, args) != -EPERM);
	}
	EXPECT_EQ(0, wait_for(child));
}

/* Each puts in and takes out, under a lock, and enters as it likes. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
#define CALLERS 4
#define CALLS 2000

static void *caller(void *arg)
{
	struct sysdemo_rings *rings = arg;
	struct sysdemo_completion completion;
	long got = 0;

	for (int sent = 0; sent < CALLS;) {
		pthread_mutex_lock(&lock);
		if (put(rings, SYSDEMO_NR_SUM3, 0, 1, 2, 3))
			sent++;
		__atomic_store_n(&rings->head->sq_tail, rings->sq_tail, __ATOMIC_RELEASE);
		pthread_mutex_unlock(&lock);
		if (enter(rings->fd, 2) < 0 && errno != EBUSY && errno != EAGAIN)
			return (void *)-1L;
		pthread_mutex_lock(&lock);
		while (sysdemo_next_completion(rings, &completion))
			got += completion.ret == 6;
		pthread_mutex_unlock(&lock);
	}
	return (void *)got;
}

TEST_F_TIMEOUT(ring, several_at_once_lose_nothing, 120)
{
	struct sysdemo_completion completion;
	pthread_t threads[CALLERS];
	long got = 0;
	void *some;

	for (int i = 0; i < CALLERS; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, caller, &self->rings));
	for (int i = 0; i < CALLERS; i++) {
		ASSERT_EQ(0, pthread_join(threads[i], &some));
		ASSERT_LE(0, (long)some);
		got += (long)some;
	}
	do {
		while (sysdemo_next_completion(&self->rings, &completion))
			got += completion.ret == 6;
	} while (sysdemo_enter(&self->rings, ENTRIES) > 0);
	EXPECT_EQ(CALLERS * CALLS, got);
}

/* Rings are made by one of those who ask at once. */
static void *make_rings(void *arg)
{
	return (void *)(long)set_up(*(int *)arg, ENTRIES, 0);
}

TEST(made_by_one_of_many)
{
	for (int round = 0; round < 200; round++) {
		int fd = sysdemo_open(device), made = 0;
		pthread_t threads[2];
		void *error;

		for (int i = 0; i < 2; i++)
			ASSERT_EQ(0, pthread_create(&threads[i], NULL, make_rings, &fd));
		for (int i = 0; i < 2; i++) {
			ASSERT_EQ(0, pthread_join(threads[i], &error));
			EXPECT_TRUE(!error || (long)error == EBUSY);
			made += !error;
		}
		EXPECT_EQ(1, made);
		close(fd);
	}
}

TESTER_MAIN
