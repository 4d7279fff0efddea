// SPDX-License-Identifier: GPL-2.0
/*
 * The page with facts: what it tells, compared with the vDSO and with the call that tells the same;
 * that nobody can write it; and that it is read as a whole, whatever changes meanwhile.
 */
#include "tester.h"

#include <pthread.h>
#include <stdint.h>
#include <sys/ptrace.h>
#include <sys/timex.h>
#include <sys/uio.h>
#include <time.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

#define PAGE ((size_t)sysconf(_SC_PAGESIZE))

static __u64 clock_now(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return time.tv_sec * 1000000000ULL + time.tv_nsec;
}

/* The page, or what mmap(2) has to say. */
static int map_error(int fd, size_t size, int prot, int flags, off_t offset)
{
	void *page = mmap(NULL, size, prot, flags, fd, offset);

	if (page == MAP_FAILED)
		return errno;
	munmap(page, size);
	return 0;
}

static int error_of(long result)
{
	return result < 0 ? errno : 0;
}

FIXTURE(vvar) {
	int fd;
	const struct sysdemo_vvar *page;
};

FIXTURE_SETUP(vvar)
{
	self->fd = sysdemo_open(device);
	ASSERT_LE(0, self->fd);
	self->page = sysdemo_map_vvar(self->fd);
	ASSERT_NE(NULL, self->page)
		TH_LOG("%s", strerror(errno));
}

FIXTURE_TEARDOWN(vvar)
{
	if (self->page)
		EXPECT_EQ(0, sysdemo_unmap_vvar(self->page));
	close(self->fd);
}

TEST_F(vvar, it_tells_its_version)
{
	EXPECT_EQ(SYSDEMO_VVAR_VERSION, self->page->version);
	EXPECT_EQ(sizeof(struct sysdemo_vvar), self->page->size);
	EXPECT_EQ(0, self->page->counters.pad);
	/* Nothing of the kernel's is in the rest of the page. */
	for (size_t i = sizeof(*self->page); i < PAGE; i++)
		EXPECT_EQ(0, ((const char *)self->page)[i]);
}

/* The coarse time is the vDSO's own: both are written at the same moment. */
TEST_F(vvar, the_coarse_time_is_that_of_the_vdso)
{
	unsigned int same = 0;

	for (int i = 0; i < 20000; i++) {
		__u64 before = clock_now(CLOCK_MONOTONIC_COARSE);
		__u64 time = sysdemo_vvar_coarse(self->page);
		__u64 after = clock_now(CLOCK_MONOTONIC_COARSE);

		ASSERT_LE(before, time);
		ASSERT_LE(time, after);
		same += before == after;
	}
	EXPECT_LT(10000, same);
}

/* The kernel says by which counter it goes. */
static bool kernel_uses_tsc(void)
{
	char name[32];

	return read_file("/sys/devices/system/clocksource/clocksource0/current_clocksource", name,
			 sizeof(name)) > 0 && !strcmp(name, "tsc\n");
}

TEST_F(vvar, the_time_is_that_of_the_vdso)
{
	__u64 last = 0;

	EXPECT_EQ(kernel_uses_tsc() ? SYSDEMO_CLOCK_TSC : SYSDEMO_CLOCK_NONE,
		  self->page->clock.mode);
	if (self->page->clock.mode != SYSDEMO_CLOCK_TSC) {
		EXPECT_EQ(0, sysdemo_vvar_time(self->page));
		SKIP(return, "the kernel does not take its time from the TSC");
	}
	for (int i = 0; i < 200000; i++) {
		__u64 before = clock_now(CLOCK_MONOTONIC);
		__u64 time = sysdemo_vvar_time(self->page);
		__u64 after = clock_now(CLOCK_MONOTONIC);

		ASSERT_LE(before, time);
		ASSERT_LE(time, after);
		ASSERT_LE(last, time);
		last = time;
	}
}

TEST_F(vvar, the_call_tells_the_same)
{
	for (int i = 0; i < 2000; i++) {
		__u64 before = clock_now(CLOCK_MONOTONIC);
		__u64 coarse_before = sysdemo_vvar_coarse(self->page);
		struct sysdemo_counters counters;
		struct sysdemo_facts facts;

		ASSERT_EQ(0, sysdemo_facts(self->fd, &facts, sizeof(facts)));
		sysdemo_vvar_counters(self->page, &counters);
		EXPECT_EQ(counters.opened, facts.opened);
		EXPECT_EQ(counters.closed, facts.closed);
		EXPECT_LE(before, facts.time);
		EXPECT_LE(facts.time, clock_now(CLOCK_MONOTONIC));
		EXPECT_LE(coarse_before, facts.coarse);
		EXPECT_LE(facts.coarse, sysdemo_vvar_coarse(self->page));
	}
}

TEST_F(vvar, opens_and_closes_are_counted)
{
	struct sysdemo_counters before, after;
	int fd, copy;

	sysdemo_vvar_counters(self->page, &before);
	EXPECT_LT(before.closed, before.opened);
	fd = sysdemo_open(device);
	copy = dup(fd);
	sysdemo_vvar_counters(self->page, &after);
	EXPECT_EQ(before.opened + 1, after.opened);
	EXPECT_EQ(before.closed, after.closed);
	EXPECT_LE(before.changed, after.changed);
	close(fd);
	sysdemo_vvar_counters(self->page, &after);
	EXPECT_EQ(before.closed, after.closed);
	close(copy);
	sysdemo_vvar_counters(self->page, &after);
	EXPECT_EQ(before.closed + 1, after.closed);
	EXPECT_LE(after.changed, sysdemo_vvar_coarse(self->page));
}

static const int kinds[] = { MAP_SHARED, MAP_PRIVATE, MAP_SHARED_VALIDATE };

TEST_F(vvar, it_is_mapped_to_be_read_only)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		EXPECT_EQ(0, map_error(self->fd, PAGE, PROT_READ, kinds[i], SYSDEMO_MMAP_VVAR));
		EXPECT_EQ(0, map_error(self->fd, PAGE, PROT_NONE, kinds[i], SYSDEMO_MMAP_VVAR));
		for (int prot = 1; prot < 8; prot++) {
			if (!(prot & (PROT_WRITE | PROT_EXEC)))
				continue;
			EXPECT_EQ(EPERM, map_error(self->fd, PAGE, prot, kinds[i],
						   SYSDEMO_MMAP_VVAR))
				TH_LOG("protection %d", prot);
		}
	}
}

TEST_F(vvar, it_never_becomes_anything_else)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		for (int first = PROT_NONE; first <= PROT_READ; first++) {
			char *page = mmap(NULL, PAGE, first, kinds[i], self->fd,
					  SYSDEMO_MMAP_VVAR);

			ASSERT_NE(MAP_FAILED, page);
			for (int prot = 1; prot < 8; prot++) {
				int wanted = prot & (PROT_WRITE | PROT_EXEC) ? EACCES : 0;

				EXPECT_EQ(wanted, error_of(mprotect(page, PAGE, prot)))
					TH_LOG("protection %d", prot);
			}
			EXPECT_EQ(SYSDEMO_VVAR_VERSION, *(__u32 *)page);
			munmap(page, PAGE);
		}
	}
}

/* Nor by who may write into a program that it debugs, or into itself by way of /proc. */
TEST_F(vvar, nobody_writes_it)
{
	__u32 version = 77;
	struct iovec from = { &version, sizeof(version) };
	int memory = open("/proc/self/mem", O_RDWR | O_CLOEXEC), status;
	pid_t child;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		void *page = mmap(NULL, PAGE, PROT_READ, kinds[i], self->fd, SYSDEMO_MMAP_VVAR);
		struct iovec to = { page, sizeof(version) };

		ASSERT_NE(MAP_FAILED, page);
		EXPECT_EQ(-1, process_vm_writev(getpid(), &from, 1, &to, 1, 0));
		EXPECT_EQ(-1, pwrite(memory, &version, sizeof(version), (uintptr_t)page));
		/* The kernel itself finds that it cannot be written. */
		EXPECT_EQ(-1, sysdemo_echo(self->fd, page, &version, sizeof(version), 0));
		EXPECT_EQ(EFAULT, errno);

		child = fork();
		if (!child) {
			ptrace(PTRACE_TRACEME, 0, 0, 0);
			raise(SIGSTOP);
			_exit(*(volatile __u32 *)page != SYSDEMO_VVAR_VERSION);
		}
		ASSERT_EQ(child, waitpid(child, &status, 0));
		ASSERT_TRUE(WIFSTOPPED(status));
		EXPECT_EQ(-1, ptrace(PTRACE_POKEDATA, child, page, 77));
		EXPECT_EQ(0, ptrace(PTRACE_CONT, child, 0, 0));
		EXPECT_EQ(0, wait_for(child));
		EXPECT_EQ(SYSDEMO_VVAR_VERSION, *(volatile __u32 *)page);
		munmap(page, PAGE);
	}
	close(memory);
}

TEST_F(vvar, sizes_and_offsets)
{
	static const off_t offsets[] = { 1, 2, 7, 15, 17, 255, 0x7fff };

	EXPECT_EQ(EINVAL, map_error(self->fd, 0, PROT_READ, MAP_SHARED, SYSDEMO_MMAP_VVAR));
	EXPECT_EQ(0, map_error(self->fd, 1, PROT_READ, MAP_SHARED, SYSDEMO_MMAP_VVAR));
	EXPECT_EQ(EINVAL, map_error(self->fd, PAGE + 1, PROT_READ, MAP_SHARED, SYSDEMO_MMAP_VVAR));
	EXPECT_EQ(EINVAL, map_error(self->fd, 2 * PAGE, PROT_READ, MAP_SHARED, SYSDEMO_MMAP_VVAR));
	EXPECT_EQ(EINVAL, map_error(self->fd, 64 * PAGE, PROT_READ, MAP_PRIVATE,
				    SYSDEMO_MMAP_VVAR));
	EXPECT_EQ(EINVAL, map_error(self->fd, PAGE, PROT_READ, MAP_SHARED, 1));
	for (size_t i = 0; i < ARRAY_SIZE(offsets); i++) {
		EXPECT_EQ(EINVAL, map_error(self->fd, PAGE, PROT_READ, MAP_SHARED,
					    offsets[i] * PAGE))
			TH_LOG("page %ld", (long)offsets[i]);
	}
}

TEST_F(vvar, it_cannot_be_made_larger)
{
	char *page = (char *)self->page;

	EXPECT_EQ(MAP_FAILED, mremap(page, PAGE, 2 * PAGE, 0));
	EXPECT_EQ(MAP_FAILED, mremap(page, PAGE, 2 * PAGE, MREMAP_MAYMOVE));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(SYSDEMO_VVAR_VERSION, self->page->version);
	/* It can be moved. */
	page = mremap(page, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, page + 64 * PAGE);
	ASSERT_NE(MAP_FAILED, page);
	self->page = (void *)page;
	EXPECT_EQ(SYSDEMO_VVAR_VERSION, self->page->version);
}

TEST_F(vvar, advice_does_no_harm)
{
	static const int advice[] = {
		MADV_DONTNEED, MADV_FREE, MADV_REMOVE, MADV_COLD, MADV_PAGEOUT, MADV_HUGEPAGE,
		MADV_MERGEABLE, MADV_WIPEONFORK, MADV_DONTFORK, MADV_DOFORK, MADV_POPULATE_READ,
		MADV_POPULATE_WRITE,
	};
	pid_t child;

	for (size_t i = 0; i < ARRAY_SIZE(advice); i++) {
		child = fork();
		if (!child) {
			madvise((void *)self->page, PAGE, advice[i]);
			_exit(self->page->version != SYSDEMO_VVAR_VERSION);
		}
		/* What was thrown away is not there any more: that is all. */
		EXPECT_EQ(advice[i] == MADV_DONTNEED ? 128 + SIGBUS : 0, wait_for(child))
			TH_LOG("advice %d", advice[i]);
	}
	EXPECT_EQ(0, error_of(mlock(self->page, PAGE)));
	EXPECT_EQ(SYSDEMO_VVAR_VERSION, self->page->version);
}

/* As any file: to map it to be read, it has to be open for that. */
TEST(descriptors_that_can_map_it)
{
	static const int modes[] = { O_RDONLY, O_WRONLY, O_RDWR, O_PATH };
	static const int wanted[] = { 0, EACCES, 0, EBADF };

	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		int fd = open(device, modes[i] | O_CLOEXEC);

		ASSERT_LE(0, fd);
		EXPECT_EQ(wanted[i], map_error(fd, PAGE, PROT_READ, MAP_SHARED,
					       SYSDEMO_MMAP_VVAR));
		EXPECT_EQ(wanted[i], map_error(fd, PAGE, PROT_READ, MAP_PRIVATE,
					       SYSDEMO_MMAP_VVAR));
		close(fd);
	}
}

TEST(everybody_may_map_it)
{
	pid_t child = fork();

	if (!child) {
		const struct sysdemo_vvar *page;
		struct sysdemo_facts facts;
		int fd;

		if (setgid(NOBODY) || setuid(NOBODY))
			_exit(10);
		fd = sysdemo_open(device);
		page = sysdemo_map_vvar(fd);
		if (!page || page->version != SYSDEMO_VVAR_VERSION)
			_exit(11);
		if (sysdemo_facts(fd, &facts, sizeof(facts)))
			_exit(12);
		if (map_error(fd, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE,
			      SYSDEMO_MMAP_VVAR) != EPERM)
			_exit(13);
		_exit(sysdemo_vvar_coarse(page) > clock_now(CLOCK_MONOTONIC));
	}
	EXPECT_EQ(0, wait_for(child));
}

/* What is no call needs the right to the call that tells the same. */
TEST_F(vvar, who_may_not_ask_may_not_map)
{
	static const __u32 without[] = { SYSDEMO_NR_NULL }, with[] = { SYSDEMO_NR_FACTS };
	int fd = sysdemo_open(device);

	ASSERT_EQ(0, sysdemo_allow_only(fd, with, 1));
	EXPECT_EQ(0, map_error(fd, PAGE, PROT_READ, MAP_SHARED, SYSDEMO_MMAP_VVAR));
	ASSERT_EQ(0, sysdemo_allow_only(fd, without, 1));
	EXPECT_EQ(EPERM, map_error(fd, PAGE, PROT_READ, MAP_SHARED, SYSDEMO_MMAP_VVAR));
	close(fd);
	/* What is mapped stays. */
	ASSERT_EQ(0, sysdemo_allow_only(self->fd, without, 1));
	EXPECT_EQ(SYSDEMO_VVAR_VERSION, self->page->version);
}

TEST_F(vvar, a_mapping_keeps_the_device_open)
{
	const struct sysdemo_vvar *other = sysdemo_map_vvar(self->fd);
	struct sysdemo_counters before, after;
	int fd;

	ASSERT_NE(NULL, other);
	fd = sysdemo_open(device);
	ASSERT_EQ(0, sysdemo_unmap_vvar(self->page));
	self->page = sysdemo_map_vvar(fd);
	ASSERT_NE(NULL, self->page);
	close(self->fd);
	self->fd = fd;
	sysdemo_vvar_counters(self->page, &before);

	/* By way of no descriptor any more; and the module stays. */
	close(fd);
	self->fd = -1;
	EXPECT_EQ(-1, syscall(SYS_delete_module, module_name(), O_NONBLOCK));
	EXPECT_EQ(EWOULDBLOCK, errno);
	sysdemo_vvar_counters(other, &after);
	EXPECT_EQ(before.closed, after.closed);
	EXPECT_EQ(0, sysdemo_unmap_vvar(other));
	sysdemo_vvar_counters(self->page, &after);
	EXPECT_EQ(before.closed + 1, after.closed);
	EXPECT_EQ(-1, syscall(SYS_delete_module, module_name(), O_NONBLOCK));
	EXPECT_EQ(EWOULDBLOCK, errno);
}

TEST_F(vvar, children_inherit_it)
{
	pid_t child = fork();

	if (!child) {
		__u64 time = sysdemo_vvar_coarse(self->page);

		close(self->fd);
		usleep(50000);
		if (sysdemo_vvar_coarse(self->page) <= time)
			_exit(10);
		_exit(sysdemo_unmap_vvar(self->page));
	}
	ASSERT_EQ(0, sysdemo_unmap_vvar(self->page));
	self->page = NULL;
	EXPECT_EQ(0, wait_for(child));
}

/* The clock in it is not that of a time namespace, so it is not for who is in one. */
TEST(not_for_other_clocks)
{
	pid_t child;

	ASSERT_EQ(0, unshare(CLONE_NEWTIME));
	ASSERT_EQ(0, write_file("/proc/self/timens_offsets", "monotonic 1000000 0"));
	child = fork();
	if (!child) {
		int fd = sysdemo_open(device);
		__u64 before = clock_now(CLOCK_MONOTONIC);
		struct sysdemo_facts facts;

		if (map_error(fd, PAGE, PROT_READ, MAP_SHARED, SYSDEMO_MMAP_VVAR) != EOPNOTSUPP)
			_exit(10);
		/* The call tells what is right there. */
		if (sysdemo_facts(fd, &facts, sizeof(facts)))
			_exit(11);
		_exit(facts.time < before || facts.time > clock_now(CLOCK_MONOTONIC) ||
		      facts.coarse > facts.time || facts.coarse < before - 1000000000);
	}
	EXPECT_EQ(0, wait_for(child));
}

static volatile bool stop;

/* Counts the device up and down. */
static void *open_and_close(void *arg)
{
	while (!stop)
		close(sysdemo_open(device));
	return arg;
}

/* Sets the clock going anew, with the speed that it has. */
static void *update_clock(void *arg)
{
	struct timex speed = { 0 };

	adjtimex(&speed);
	speed.modes = ADJ_FREQUENCY;
	while (!stop)
		adjtimex(&speed);
	return arg;
}

/* How much is read: by a program of 32 bits less, which reads the same page. */
#define READS (sizeof(long) == 8 ? 10000000 : 2000000)
#define THREADS 2

/* The time at which a clock was set going. */
static __u64 time_of(const struct sysdemo_clock *clock)
{
	return clock->base + (clock->rest >> clock->shift);
}

/* To change its speed moves the kernel's clock by less than that where it was set going. */
#define SLACK 100000

/* Whether two readings of a clock, which may be the same one, can be one after the other. */
static bool clocks_agree(const struct sysdemo_clock *last, const struct sysdemo_clock *clock)
{
	__u64 passed = time_of(clock) - time_of(last);

	if (last->seq == clock->seq)
		return !memcmp(last, clock, sizeof(*clock));
	if (clock->seq & 1 || clock->shift != last->shift || clock->coarse < last->coarse ||
	    clock->coarse > time_of(clock) + SLACK || passed + SLACK > 1000000000000ULL)
		return false;
	/* Some other counter may have been through all its bits. */
	if (clock->mode != SYSDEMO_CLOCK_TSC)
		return true;
	/* What the counter says and what the clock says. */
	return passed + SLACK - (((clock->cycles - last->cycles) * last->mult) >> last->shift) <
	       2 * SLACK;
}

/*
 * Nothing that is read is of two updates: what belongs together is together, and time does not go
 * back.
 */
TEST_F_TIMEOUT(vvar, no_torn_read_in_ten_million, 240)
{
	struct sysdemo_counters counters, last_counters;
	struct sysdemo_clock clock, last_clock;
	unsigned int updates[2] = { 0 };
	pthread_t threads[THREADS + 1];
	bool agree = true;

	stop = false;
	for (int i = 0; i < THREADS; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, open_and_close, NULL));
	ASSERT_EQ(0, pthread_create(&threads[THREADS], NULL, update_clock, NULL));
	sysdemo_vvar_counters(self->page, &last_counters);
	sysdemo_vvar_clock(self->page, &last_clock);
	for (int i = 0; i < READS && agree; i++) {
		if (i % 2) {
			sysdemo_vvar_counters(self->page, &counters);
			updates[0] += counters.seq != last_counters.seq;
			/* This one is open all the while, and so may be one of each thread's. */
			agree = counters.opened - counters.closed - 1 <= THREADS &&
				!(counters.seq & 1) && !counters.pad &&
				counters.changed >= last_counters.changed &&
				/* Each update changes one of both by one. */
				counters.opened - last_counters.opened + counters.closed -
				last_counters.closed == (counters.seq - last_counters.seq) / 2;
			if (agree)
				last_counters = counters;
		} else {
			sysdemo_vvar_clock(self->page, &clock);
			updates[1] += clock.seq != last_clock.seq;
			agree = clocks_agree(&last_clock, &clock);
			if (agree)
				last_clock = clock;
		}
	}
	stop = true;
	for (int i = 0; i <= THREADS; i++)
		pthread_join(threads[i], NULL);
	EXPECT_TRUE(agree) {
		TH_LOG("counters: %llu - %llu at %llu after %llu - %llu at %llu", counters.opened,
		       counters.closed, counters.changed, last_counters.opened,
		       last_counters.closed, last_counters.changed);
		TH_LOG("clock: %llu %llu %llu %llu after %llu %llu %llu %llu", clock.coarse,
		       clock.base, clock.rest, clock.cycles, last_clock.coarse, last_clock.base,
		       last_clock.rest, last_clock.cycles);
	}
	/* There was something to be torn. */
	EXPECT_LT(100, updates[0]);
	EXPECT_LT(100, updates[1]);
	TH_LOG("%u updates of the counters and %u of the clock were seen", updates[0], updates[1]);
}

TESTER_MAIN
