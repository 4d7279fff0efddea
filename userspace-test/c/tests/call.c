// SPDX-License-Identifier: GPL-2.0
/*
 * The record that carries a call, and what becomes of one that is not as it should be. What can be
 * wrong with the pointer to it is in matrix.c.
 */
#include "tester.h"

#include <pthread.h>
#include <stdint.h>

TEST_F(device, null_gives_0)
{
	EXPECT_EQ(0, sysdemo_null(self->fd));
}

TEST_F(device, only_ret_is_written)
{
	struct sysdemo_call call;

	memset(&call, 0xa5, sizeof(call));
	call.nr = SYSDEMO_NR_NULL;
	call.flags = 0;
	ASSERT_EQ(0, ioctl(self->fd, SYSDEMO_IOC_CALL, &call));
	EXPECT_EQ(0, call.ret);
	EXPECT_EQ(SYSDEMO_NR_NULL, call.nr);
	EXPECT_EQ(0, call.flags);
	for (int i = 0; i < SYSDEMO_ARGS_MAX; i++)
		EXPECT_EQ(0xa5a5a5a5a5a5a5a5ULL, call.args[i]);
}

TEST_F(device, unknown_numbers_are_enosys)
{
	static const __u32 unknown[] = {
		SYSDEMO_NR_CALLS, SYSDEMO_NR_CALLS + 1, 63, 64, 255, 256, 65535, 65536,
		0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff,
	};

	for (size_t i = 0; i < ARRAY_SIZE(unknown); i++) {
		struct sysdemo_call call = { .nr = unknown[i], .ret = 1 };

		/* The request was understood, so the ioctl succeeds; the call did not. */
		EXPECT_EQ(0, ioctl(self->fd, SYSDEMO_IOC_CALL, &call));
		EXPECT_EQ(-ENOSYS, call.ret)
			TH_LOG("number %u", unknown[i]);
	}
	EXPECT_EQ(-1, sysdemo_syscall(self->fd, SYSDEMO_NR_CALLS, 0, 0, 0, 0, 0, 0));
	EXPECT_EQ(ENOSYS, errno);
}

TEST_F(device, unknown_flags_are_einval)
{
	for (int bit = 0; bit < 32; bit++) {
		struct sysdemo_call call = { .flags = 1U << bit, .ret = 1234 };

		EXPECT_EQ(-1, ioctl(self->fd, SYSDEMO_IOC_CALL, &call));
		EXPECT_EQ(EINVAL, errno);
		EXPECT_EQ(1234, call.ret);
	}
}

TEST_F(device, unknown_commands_are_enotty)
{
	static const unsigned int unknown[] = {
		_IOWR(SYSDEMO_IOC_TYPE, SYSDEMO_IOC_NR_CALL - 1, struct sysdemo_call),
		_IOWR(SYSDEMO_IOC_TYPE, 0xff, struct sysdemo_call),
		_IOWR('s', SYSDEMO_IOC_NR_CALL, struct sysdemo_call),
		/* The right number in the wrong direction or with the wrong size. */
		_IOW(SYSDEMO_IOC_TYPE, SYSDEMO_IOC_NR_CALL, struct sysdemo_call),
		_IOR(SYSDEMO_IOC_TYPE, SYSDEMO_IOC_NR_CALL, struct sysdemo_call),
		_IO(SYSDEMO_IOC_TYPE, SYSDEMO_IOC_NR_CALL),
		_IOWR(SYSDEMO_IOC_TYPE, SYSDEMO_IOC_NR_CALL, __u64),
		_IOC(_IOC_READ | _IOC_WRITE, SYSDEMO_IOC_TYPE, SYSDEMO_IOC_NR_CALL,
		     sizeof(struct sysdemo_call) + 1),
		0x5401 /* TCGETS */, 0, 0xffffffff,
	};
	struct sysdemo_call call = { .ret = 1234 };

	for (size_t i = 0; i < ARRAY_SIZE(unknown); i++) {
		EXPECT_EQ(-1, ioctl(self->fd, unknown[i], &call));
		EXPECT_EQ(ENOTTY, errno)
			TH_LOG("command %#x", unknown[i]);
	}
	EXPECT_EQ(1234, call.ret);
}

/* The record can be read, but its result not be written: the call has been made by then. */
TEST_F(device, results_that_cannot_be_written)
{
	size_t page = sysconf(_SC_PAGESIZE);
	char *memory = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct sysdemo_call *call = (void *)(memory + page - offsetof(struct sysdemo_call, ret));
	struct sysdemo_info info;
	char label[64];
	int status;

	ASSERT_NE(MAP_FAILED, memory);
	*call = (struct sysdemo_call){
		.nr = SYSDEMO_NR_SET_LABEL,
		.args = { SYSDEMO_LABEL_SESSION, (uintptr_t)"done" },
	};
	ASSERT_EQ(0, mprotect(memory + page, page, PROT_READ));
	EXPECT_EQ(-1, ioctl(self->fd, SYSDEMO_IOC_CALL, call));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(5, sysdemo_get_label(self->fd, SYSDEMO_LABEL_SESSION, label, sizeof(label)));
	EXPECT_STREQ("done", label);

	EXPECT_EQ(0, sysdemo_batch(self->fd, call, 1, 0, &status));
	EXPECT_EQ(-EFAULT, status);
	ASSERT_EQ(0, ioctl(self->fd, SYSDEMO_IOC_INFO, &info));
	EXPECT_EQ(3, info.calls_made);
	munmap(memory, 2 * page);
}

TEST_F(device, sum3_takes_whole_registers)
{
	const struct {
		__u64 args[SYSDEMO_ARGS_MAX];
		__s64 sum;
	} cases[] = {
		{ { 1ULL << 62, 1ULL << 40, 5 }, (1LL << 62) + (1LL << 40) + 5 },
		/* The kernel's size_t is 64 bits wide, whoever calls. */
		{ { 1, 0, 1ULL << 32 }, 1 + (1LL << 32) },
		/* Modulo 2^64: nothing overflows. */
		{ { -1ULL, -1ULL, -1ULL }, -3 },
		{ { 1ULL << 63, 1ULL << 63, 7 }, 7 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		__s64 ret;

		ASSERT_EQ(0, sysdemo_call_raw(self->fd, SYSDEMO_NR_SUM3, cases[i].args, &ret));
		EXPECT_EQ(cases[i].sum, ret);
	}
}

FIXTURE(sum6) {
	int fd;
};

FIXTURE_VARIANT(sum6) {
	__u64 args[6];
	__s64 sum;
};

FIXTURE_SETUP(sum6)
{
	self->fd = sysdemo_open(device);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(sum6)
{
	close(self->fd);
}

/* Every register is cut to its parameter's width, and a signed one takes its sign from there. */
FIXTURE_VARIANT_ADD(sum6, zero) {
	.args = { 0 },
	.sum = 0,
};

FIXTURE_VARIANT_ADD(sum6, ones) {
	.args = { 1, 1, 1, 1, 1, 1 },
	.sum = 6,
};

FIXTURE_VARIANT_ADD(sum6, s8_negative) {
	.args = { 0x80 },
	.sum = -128,
};

FIXTURE_VARIANT_ADD(sum6, s8_dirty) {
	.args = { 0xffffffffffffff7f },
	.sum = 127,
};

FIXTURE_VARIANT_ADD(sum6, u8_largest) {
	.args = { 0, 0xff },
	.sum = 255,
};

FIXTURE_VARIANT_ADD(sum6, u8_dirty) {
	.args = { 0, 0xdeadbeefdeadbe01 },
	.sum = 1,
};

FIXTURE_VARIANT_ADD(sum6, s16_negative) {
	.args = { 0, 0, 0x8000 },
	.sum = -32768,
};

FIXTURE_VARIANT_ADD(sum6, s16_dirty) {
	.args = { 0, 0, 0xffffffffffff7fff },
	.sum = 32767,
};

FIXTURE_VARIANT_ADD(sum6, u16_largest) {
	.args = { 0, 0, 0, 0xffff },
	.sum = 65535,
};

FIXTURE_VARIANT_ADD(sum6, u16_dirty) {
	.args = { 0, 0, 0, 0xdeadbeefdead0002 },
	.sum = 2,
};

FIXTURE_VARIANT_ADD(sum6, s32_negative) {
	.args = { 0, 0, 0, 0, 0x80000000 },
	.sum = -2147483648LL,
};

FIXTURE_VARIANT_ADD(sum6, s32_dirty) {
	.args = { 0, 0, 0, 0, 0xffffffff7fffffff },
	.sum = 2147483647,
};

FIXTURE_VARIANT_ADD(sum6, u32_largest) {
	.args = { 0, 0, 0, 0, 0, 0xffffffff },
	.sum = 4294967295LL,
};

FIXTURE_VARIANT_ADD(sum6, u32_dirty) {
	.args = { 0, 0, 0, 0, 0, 0xdeadbeef00000003 },
	.sum = 3,
};

FIXTURE_VARIANT_ADD(sum6, all_bits) {
	.args = { -1ULL, -1ULL, -1ULL, -1ULL, -1ULL, -1ULL },
	.sum = -3 + 255 + 65535 + 4294967295LL,
};

TEST_F(sum6, sum)
{
	__s64 ret;

	ASSERT_EQ(0, sysdemo_call_raw(self->fd, SYSDEMO_NR_SUM6, variant->args, &ret));
	EXPECT_EQ(variant->sum, ret);
}

#ifdef __x86_64__
/* A 64-bit program may use the 32-bit entry as well: its ioctl is then the compat one. */
static long int80_ioctl(int fd, unsigned int cmd, void *arg)
{
	return sysdemo_int80(I386_NR_IOCTL, fd, cmd, (long)arg);
}

TEST_F(device, compat_callers_use_the_same_records)
{
	size_t page = sysconf(_SC_PAGESIZE);
	struct sysdemo_call *call = mmap(NULL, page, PROT_READ | PROT_WRITE,
					 MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);

	ASSERT_NE(MAP_FAILED, call);
	*call = (struct sysdemo_call){ .nr = SYSDEMO_NR_GETPID };
	EXPECT_EQ(0, int80_ioctl(self->fd, SYSDEMO_IOC_CALL, call));
	EXPECT_EQ(getpid(), call->ret);
	*call = (struct sysdemo_call){ .nr = SYSDEMO_NR_CALLS };
	EXPECT_EQ(0, int80_ioctl(self->fd, SYSDEMO_IOC_CALL, call));
	EXPECT_EQ(-ENOSYS, call->ret);
	EXPECT_EQ(-ENOTTY, int80_ioctl(self->fd, SYSDEMO_IOC_CALL + 1, call));
	EXPECT_EQ(-EFAULT, int80_ioctl(self->fd, SYSDEMO_IOC_CALL, (void *)0xfffff000));
	call->flags = 1;
	EXPECT_EQ(-EINVAL, int80_ioctl(self->fd, SYSDEMO_IOC_CALL, call));
	munmap(call, page);
}
#endif

enum { THREADS = 4, ROUNDS = 2000 };

static int shared_fd;

static void *call_often(void *wrong)
{
	pid_t tid = gettid();

	for (int i = 0; i < ROUNDS; i++) {
		if (sysdemo_gettid(shared_fd) != tid || sysdemo_getpid(shared_fd) != getpid())
			__atomic_add_fetch((int *)wrong, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

TEST_F(device, threads_share_a_descriptor)
{
	pthread_t threads[THREADS];
	int wrong = 0;

	shared_fd = self->fd;
	for (int i = 0; i < THREADS; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, call_often, &wrong));
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	EXPECT_EQ(0, wrong);
}

/* Two sets of arguments that differ within a byte each, so that a copy cannot have half of one. */
static const __u64 sets[2][SYSDEMO_ARGS_MAX] = {
	{ 1, 2, 4, 8, 16, 32 },
	{ 0 },
};

/* Puts now the one, now the other set into the record, and flags in between. */
static void *scribble(void *arg)
{
	volatile struct sysdemo_call *call = arg;

	while (!__atomic_load_n(&shared_fd, __ATOMIC_RELAXED))
		;
	for (int set = 0; __atomic_load_n(&shared_fd, __ATOMIC_RELAXED); set = !set) {
		call->flags = 1;
		for (int i = 0; i < SYSDEMO_ARGS_MAX; i++)
			call->args[i] = sets[set][i];
		call->flags = 0;
	}
	return NULL;
}

/*
 * A record that changes while it is copied in is any mixture of what it was and what it becomes,
 * and then it is what it is: refused for its flags, or a call with arguments from the two sets.
 */
TEST_F(device, changing_records_do_no_harm)
{
	struct sysdemo_call call = { .nr = SYSDEMO_NR_SUM6 };
	int wrong = 0, made = 0, refused = 0;
	pthread_t thread;

	memcpy(call.args, sets[0], sizeof(call.args));
	__atomic_store_n(&shared_fd, 0, __ATOMIC_RELAXED);
	ASSERT_EQ(0, pthread_create(&thread, NULL, scribble, &call));
	__atomic_store_n(&shared_fd, 1, __ATOMIC_RELAXED);
	for (int i = 0; i < 10 * ROUNDS || ((!made || !refused) && i < 1000 * ROUNDS); i++) {
		int ret = ioctl(self->fd, SYSDEMO_IOC_CALL, &call);

		if (ret == -1 && errno == EINVAL) {
			refused++;
			continue;
		}
		made++;
		if (ret || call.ret < 0 || call.ret > 63)
			wrong++;
	}
	__atomic_store_n(&shared_fd, 0, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	EXPECT_EQ(0, wrong)
		TH_LOG("%d of %d", wrong, made);
	EXPECT_LT(0, made);
	EXPECT_LT(0, refused);
}

TESTER_MAIN
