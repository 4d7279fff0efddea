// SPDX-License-Identifier: GPL-2.0
/*
 * The caller's memory: what is copied, and what is left alone.
 */
#include "tester.h"

#include <pthread.h>

TEST_F(device, echo_copies)
{
	static char from[SYSDEMO_COPY_MAX], to[SYSDEMO_COPY_MAX + 1];
	static const size_t sizes[] = { 1, 2, 7, 8, 63, 64, 65, 4095, 4096, 4097, 65535, 65536 };

	for (size_t i = 0; i < sizeof(from); i++)
		from[i] = i * 7;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		memset(to, 0x5a, sizeof(to));
		EXPECT_EQ(sizes[i], sysdemo_echo(self->fd, to, from, sizes[i], 0));
		EXPECT_EQ(0, memcmp(to, from, sizes[i]));
		EXPECT_EQ(0x5a, to[sizes[i]]);
	}
}

TEST_F(device, echo_reverses)
{
	char text[] = "stressed";

	EXPECT_EQ(8, sysdemo_echo(self->fd, text, text, 8, SYSDEMO_ECHO_REVERSE));
	EXPECT_STREQ("desserts", text);
}

/* As memmove() would. */
TEST_F(device, echo_of_overlapping_areas)
{
	for (int distance = -40; distance <= 40; distance++) {
		unsigned char memory[200], expected[200];

		for (size_t i = 0; i < sizeof(memory); i++)
			memory[i] = i;
		memcpy(expected, memory, sizeof(memory));
		memmove(expected + 60 + distance, expected + 60, 80);
		EXPECT_EQ(80, sysdemo_echo(self->fd, memory + 60 + distance, memory + 60, 80, 0));
		EXPECT_EQ(0, memcmp(expected, memory, sizeof(memory)))
			TH_LOG("distance %d", distance);
	}
}

TEST_F(device, echo_of_nothing_touches_nothing)
{
	EXPECT_EQ(0, sysdemo_echo(self->fd, NULL, NULL, 0, 0));
	EXPECT_EQ(0, sysdemo_echo(self->fd, (void *)-1UL, (void *)1UL, 0, 0));
}

TEST_F(device, echo_of_too_much_is_e2big)
{
	static const __u64 sizes[] = {
		SYSDEMO_COPY_MAX + 1, 1 << 20, 0x7fffffff, 0x80000000, 0xffffffff,
	};
	char byte = 'x';

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		EXPECT_EQ(-1, sysdemo_syscall(self->fd, SYSDEMO_NR_ECHO, (uintptr_t)&byte,
					      (uintptr_t)&byte, sizes[i], 0, 0, 0));
		EXPECT_EQ(E2BIG, errno);
	}
	EXPECT_EQ(-1, sysdemo_syscall(self->fd, SYSDEMO_NR_ECHO, 0, 0, -1ULL, 0, 0, 0));
	EXPECT_EQ(E2BIG, errno);
}

TEST_F(device, unknown_echo_flags_are_einval)
{
	char from = 'a', to = 'b';

	for (int bit = 0; bit < 32; bit++) {
		if (1U << bit & SYSDEMO_ECHO_REVERSE)
			continue;
		EXPECT_EQ(-1, sysdemo_echo(self->fd, &to, &from, 1, 1U << bit));
		EXPECT_EQ(EINVAL, errno);
	}
	EXPECT_EQ('b', to);
	/* The register is cut to the width of the parameter first: these bits do not exist. */
	EXPECT_EQ(1, sysdemo_syscall(self->fd, SYSDEMO_NR_ECHO, (uintptr_t)&to, (uintptr_t)&from, 1,
				     0xffffffff00000000, 0, 0));
	EXPECT_EQ('a', to);
}

/* Flags are refused before anything else is looked at. */
TEST_F(device, flags_come_first)
{
	EXPECT_EQ(-1, sysdemo_echo(self->fd, NULL, NULL, -1UL, 0x80));
	EXPECT_EQ(EINVAL, errno);
}

TEST_F(device, fill_fills)
{
	unsigned char memory[1000];
	struct sysdemo_fill how = {
		.dst = (uintptr_t)(memory + 10), .len = 700, .value = 0x33,
	};

	memset(memory, 0xee, sizeof(memory));
	EXPECT_EQ(700, sysdemo_fill(self->fd, &how, sizeof(how)));
	for (size_t i = 0; i < sizeof(memory); i++)
		EXPECT_EQ(i < 10 || i >= 710 ? 0xee : 0x33, memory[i]);

	how.flags = SYSDEMO_FILL_COUNT;
	EXPECT_EQ(700, sysdemo_fill(self->fd, &how, sizeof(how)));
	for (size_t i = 0; i < 700; i++)
		EXPECT_EQ((0x33 + i) & 0xff, memory[10 + i]);
}

/* Who was built with the first version has no value to give, and gets 0. */
TEST_F(device, fill_of_the_first_version)
{
	char memory[4] = "abc";
	struct sysdemo_fill how = { .dst = (uintptr_t)memory, .len = 4, .value = 0x55 };

	EXPECT_EQ(4, sysdemo_fill(self->fd, &how, SYSDEMO_FILL_SIZE_VER0));
	EXPECT_EQ(0, memcmp("\0\0\0", memory, 4));
}

TEST_F(device, unknown_fill_flags_are_einval)
{
	char byte = 'x';

	for (int bit = 0; bit < 64; bit++) {
		struct sysdemo_fill how = {
			.dst = (uintptr_t)&byte, .len = 1, .flags = 1ULL << bit,
		};

		if (how.flags & SYSDEMO_FILL_COUNT)
			continue;
		EXPECT_EQ(-1, sysdemo_fill(self->fd, &how, sizeof(how)));
		EXPECT_EQ(EINVAL, errno);
	}
	EXPECT_EQ('x', byte);
}

TEST_F(device, fill_values_are_bytes)
{
	static const __u64 values[] = { 256, 0xffff, 1ULL << 32, 1ULL << 63, -1ULL };
	char byte = 'x';

	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		struct sysdemo_fill how = {
			.dst = (uintptr_t)&byte, .len = 1, .value = values[i],
		};

		EXPECT_EQ(-1, sysdemo_fill(self->fd, &how, sizeof(how)));
		EXPECT_EQ(EINVAL, errno);
	}
	EXPECT_EQ('x', byte);
}

TEST_F(device, fill_of_too_much_is_e2big)
{
	static const __u64 lengths[] = { SYSDEMO_COPY_MAX + 1, 0x7fffffff, 0xffffffff };

	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		struct sysdemo_fill how = { .len = lengths[i] };

		EXPECT_EQ(-1, sysdemo_fill(self->fd, &how, sizeof(how)));
		EXPECT_EQ(E2BIG, errno);
	}
}

static volatile bool stop;

/* Changes where and how much is to be filled, between good and bad. */
static void *scribble(void *arg)
{
	volatile struct sysdemo_fill *how = arg;

	while (!stop) {
		how->len = 1ULL << 40;
		how->value = 1000;
		how->len = 16;
		how->value = 1;
	}
	return NULL;
}

TEST_F(device, a_changing_structure_does_no_harm)
{
	char memory[32];
	struct sysdemo_fill how = { .dst = (uintptr_t)memory, .len = 16, .value = 1 };
	pthread_t thread;

	memset(memory, 0x5a, sizeof(memory));
	stop = false;
	ASSERT_EQ(0, pthread_create(&thread, NULL, scribble, &how));
	for (int i = 0; i < 10000; i++) {
		__s64 ret = sysdemo_fill(self->fd, &how, sizeof(how));

		/* 0: the copy got a length with neither of the two bits that change in it. */
		EXPECT_TRUE(ret < 0 ? errno == E2BIG || errno == EINVAL : ret == 16 || ret == 0);
	}
	stop = true;
	pthread_join(thread, NULL);
	for (int i = 16; i < 32; i++)
		EXPECT_EQ(0x5a, memory[i]);
}

/* Memory that comes and goes while the kernel copies. */
static void *unmap(void *arg)
{
	size_t page = sysconf(_SC_PAGESIZE);

	while (!stop) {
		mprotect(arg, page, PROT_NONE);
		mprotect(arg, page, PROT_READ | PROT_WRITE);
	}
	return NULL;
}

TEST_F(device, memory_that_comes_and_goes)
{
	size_t page = sysconf(_SC_PAGESIZE);
	char *memory = mmap(NULL, 4 * page, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pthread_t thread;

	ASSERT_NE(MAP_FAILED, memory);
	stop = false;
	ASSERT_EQ(0, pthread_create(&thread, NULL, unmap, memory + page));
	for (int i = 0; i < 2000; i++) {
		__s64 ret = sysdemo_echo(self->fd, memory, memory + page, 2 * page, 0);

		EXPECT_TRUE(ret < 0 ? errno == EFAULT : (size_t)ret == 2 * page);
	}
	stop = true;
	pthread_join(thread, NULL);
	munmap(memory, 4 * page);
}

TESTER_MAIN
